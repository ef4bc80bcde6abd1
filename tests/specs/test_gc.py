"""What is special to the garbage collector: shortest executions counted along the source, and the findings."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.search import Exploration, Limits


def explored(name: str, scenario: str, *bugs: str, **bounds: Any) -> Exploration:
    inst = instance(catalog.load(name), scenario, bounds).with_bugs(*bugs)
    return CompiledEngine().explore(trace(inst), Limits())


# The shortest way to the decision that marking is done, along the source: the trigger, S1 to S3; a worker begins (W1,
# W2), claims and marks two root jobs (W3, W4, twice), finds no third (W3) and no object (W5), and comes to gcMarkDone
# (W7 to W9); that looks at three things (D1 to D4), has each of two Ps flush (D5, D6, D6), stops the world (D7, D8).
BEGIN, ROOTS, NOTHING, LOOK, BARRIER, STOP = 4, 2 + 4, 2 + 3, 4, 3, 2
CYCLE = BEGIN + ROOTS + NOTHING + LOOK + BARRIER + STOP
SHORTEST = {
    # a goroutine looks at the flag, and the phase changes in the last step of the beginning
    "g2_1": ("start", "gc.barrier_first", 1 + BEGIN),
    # the globals are cleared, so that nothing is to be scanned; the step that forgets scans comes later, but comes
    "g2_2": ("mark", "gc.every_stack_scanned", 1 + CYCLE),
    # and before that the goroutine loads what was in them
    "g2_4": ("mark", "gc.sound", 2 + CYCLE),
    # a worker begins, does the globals, claims the stack; so does another one, that begins; both scan it
    "g2_5": ("mark", "scanned_once", BEGIN + 2 + 2 + 1 + 3 + 2),
    # a worker begins
    "g3_8": ("mark", "nwait_exact", BEGIN + 2),
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_shortest_counterexamples_are_as_long_as_counted(bug: str) -> None:
    scenario, prop, length = SHORTEST[bug]
    assert explored("gc", scenario, f"gc.{bug}", mutators=1).violations[prop].length == length


# docs/findings/gc-global-work.md: the goroutine takes object 1 (2 steps); the cycle begins; the globals are scanned
# (W1 to W4); it stores object 1 there with P 1's buffer and forgets it (2); its stack is scanned (2); it loads it
# again (1); the worker finds nothing (5), gcMarkDone begins, P 0 flushes (D1 to D6); the goroutine stores on P 0,
# whose buffer is full (2); a worker begins there, gives one object away, scans the other (5); P 1 flushes, the world
# is to be stopped (2); the worker ends (W5, W7, W8); gcMarkDone decides.
LEFT_OVER = 2 + BEGIN + 4 + 2 + 2 + 1 + 5 + 6 + 2 + 5 + 2 + 3 + 1


def test_marking_may_end_with_work_in_the_global_list() -> None:
    found = explored("gc", "shared")
    assert {name: v.length for name, v in found.violations.items()} == {
        "gc.no_work_is_left": LEFT_OVER,
        "queue_empty": LEFT_OVER + 1,
    }


@pytest.mark.parametrize(
    "bounds", [{"objects": 2}, {"procs": 1}, {"agents": 1}, {"pointers": False}, {"checked": True}], ids=str
)
def test_that_takes_two_objects_two_workers_and_two_ps(bounds: dict[str, Any]) -> None:
    """What is queued is to be given away by a worker while another one holds markDoneSema; one P is never behind."""
    assert explored("gc", "shared", **bounds).violations == {}


def test_gc_does_not_return_when_the_number_of_cycles_wraps_around() -> None:
    """docs/findings/gc-cycle-wraparound.md: the call, the number of cycles, and parked."""
    bounds = {"callers": 1, "allocators": 0}
    assert explored("gctrigger", "wraparound", **bounds).violations["deadlock"].length == 3
    for first in (0, 1, 12):  # with as many more cycles as can begin it does not wrap
        assert explored("gctrigger", "all", first=first, **bounds).violations == {}


def test_without_a_wraparound_at_most_five_cycles_begin() -> None:
    """Two calls, two goroutines that allocate, the time: 15 is too many to begin with, 9 is not."""
    assert explored("gctrigger", "all", first=9).violations == {}

"""What is special to channels: counts by hand, how long the shortest counterexamples are, and the finding."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Exploration, Limits

# One sender of one value and one receiver, nobody closes.  The receiver comes first: it has queued (with the lock), is
# waiting, asleep, handed the value, readied: 5 states.  With a buffer the sender coming first is 1 state, the value in
# the buffer; without, 5 as for the receiver.  Besides, the beginning and the end.  Each path is a line of steps.
LINES = [(0, 5 + 5 + 2, 6 + 6), (1, 5 + 1 + 2, 6 + 2), (2, 5 + 1 + 3, 6 + 2)]


def explored(scenario: str, *bugs: str, engine: Any = None, **bounds: Any) -> Exploration:
    inst = instance(catalog.load("chan"), scenario, bounds).with_bugs(*(f"chan.{bug}" for bug in bugs))
    return (engine or CompiledEngine()).explore(trace(inst), Limits())


@pytest.mark.parametrize("engine", [CompiledEngine(), ReferenceEngine()], ids=["compiled", "reference"])
@pytest.mark.parametrize(("cap", "states", "transitions"), LINES)
def test_one_value_takes_the_steps_that_are_counted_by_hand(
    cap: int, states: int, transitions: int, engine: Any
) -> None:
    """With cap 2 the end of the path through the buffer is another state, as its indices have moved."""
    found = explored("rounds", engine=engine, cap=cap, senders=1, receivers=1, values=1, takes=1)
    assert (found.states, found.transitions) == (states, transitions)


def test_on_a_nil_channel_each_of_five_goroutines_takes_one_step() -> None:
    found = explored("nil")
    assert (found.states, found.transitions) == (2**5, 5 * 2**4)


# Counted by hand along the source.  A park takes 3 steps.
SHORTEST = {
    # r0 parks; s0 unlinks it (without a copy), copies: the slot changes while its goroutine stands in no queue
    "c5": ("close cap 0", "chan.direct_write_once", 3 + 2),
    # s0 parks, with the lock already released; r0 unlinks it and readies it before it waits
    "hasty": ("close cap 0", "ready_waits", 1 + 1 + 1),
    # s0 fills the buffer, s1 parks, r0 takes the first value and leaves sendx
    "c11": ("close cap 2", "chan.ring_index", 2 + 3 + 1),
    # t0 tries, sees an empty buffer; a value is sent; a closer comes, closes; t0 sees that and does not look again
    "c9": ("try cap 1", "chan.drain_then_zero", 2 + 1 + 2 + 1),
    # both are about to close; one closes and unlocks (nobody waits), the other closes again
    "reclose": ("two closers", "chan.close_once", 2 + 2 + 1),
    # a sender stores into the buffer for one, and again
    "c17": ("close cap 1", "chan.ring_index", 2),
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_counterexamples_are_as_short_as_counted(bug: str) -> None:
    scenario, prop, length = SHORTEST[bug]
    assert explored(scenario, bug).violations[prop].length == length


def test_a_shrunk_stack_loses_a_value_without_parking_on_chan() -> None:
    """Not only the flags are wrong: what a sender has written is overwritten."""
    assert {"chan.direct_write_once", "chan.bounded_queue"} <= explored("shrink", "c7").violations.keys()


def never_full(**bounds: Any) -> int | None:
    """Steps to a non-blocking send that fails though the channel was never open and full; None: there is none."""
    bugs = ("swapsend",) if bounds.pop("swapped", False) else ()
    found = explored("try cap 0", *bugs, senders=0, tryreceivers=0, **bounds).reached
    return found["send_fails_never_full"].length if "send_fails_never_full" in found else None


def test_the_finding_about_non_blocking_sends() -> None:
    """docs/findings/chan-nonblocking.md: the receiver parks (3 steps), try, S1, close, C1, C2, S1."""
    assert never_full() == 3 + 1 + 1 + 3 + 1
    assert never_full(swapped=True) is None
    assert never_full(cap=1) is None

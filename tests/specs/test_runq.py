"""The run queue of a P: shortest counterexamples that can be counted by hand, and controls."""

from __future__ import annotations

import random
from collections import deque

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.concrete import Runner
from gomodel.run.search import Limits
from gomodel.run.trace import Trace


def explored(bug: str = "", **bounds: object):  # type: ignore[no-untyped-def]
    inst = instance(catalog.load("runq"), "steal", bounds)
    return CompiledEngine().explore(trace(inst.with_bugs(bug) if bug else inst), Limits())


def test_a_tail_stored_before_its_slot_shows_after_three_steps() -> None:
    """next, load head, store tail: the slot is nil, and covered."""
    assert explored("q5", puts=1, gs=1).violations["published"].length == 3


NEXT = ("next", "N1", "N2")  # the owner puts into runnext,
RING = ("next", "P1", "P3", "P4")  # and into the ring
GRAB = ("whom", "a", "b", "e", "f")  # a thief takes what is in the ring,
GRAB_NEXT = ("whom", "a", "b", "a", "b", "c", "d")  # and in its last round runnext


@pytest.mark.parametrize(
    ("bug", "prop", "steps"),
    [
        # The second goroutine kicks the first out of runnext, and nobody has it then.
        ("kick", "nothing_lost", (*NEXT, *NEXT)),
        # A ring of two with one in it.
        ("early", "slow_only_when_full", (*RING, "next", "P1")),
        # Owner and thief both have read the head and take what is there; either may be the one that does not look.
        ("q1", "unique", (*RING, "next", "g1", "g3", "g6", *GRAB)),
        ("q2", "unique", (*RING, "next", "g1", "g3", "g6", *GRAB)),
        # The same with runnext.
        ("grab", "unique", (*NEXT, "next", "g1", "g2", *GRAB_NEXT)),
        # runqput has read runnext, which is stolen; then it kicks out whom the thief runs.
        ("store", "unique", (*NEXT, *NEXT, *GRAB_NEXT)),
    ],
)
def test_shortest_counterexamples(bug: str, prop: str, steps: tuple[str, ...]) -> None:
    assert explored(bug, puts=3, gs=2).violations[prop].length == len(steps)


@pytest.mark.parametrize("bug", ["swap", "check"])
def test_either_half_of_the_bug_alone_does_no_harm(bug: str) -> None:
    found = explored(bug, puts=3, gs=2)
    assert found.complete
    assert not found.violations
    assert "ring_bounds" in explored("q6", puts=3, gs=2).violations


def test_the_ring_is_a_queue() -> None:
    """A random walk of the owner alone, in CPython, next to a deque; a ring of two overflows, and half of it leaves."""
    inst = instance(catalog.load("runq"), "steal", {"puts": 9, "gs": 4, "nexts": False, "thieves": 0})
    runner, chance = Runner(inst, trace(inst)), random.Random(1)
    walked, ring, taken, spilled = Trace(next(runner.initial())), deque[int](), 0, 0
    for _ in range(90):
        moves = [move for move, outcome, _ in runner.successors(walked) if outcome.kind == "commit"]
        move = chance.choice(moves)
        runner.replay(walked)
        q = runner.model.q
        p = runner.model.o0
        head, there = q.head[p], [q.queued[g] for g in range(1, 5)]
        runner.move(move)
        walked = Trace(walked.init, (*walked.moves, move))
        gone = [g for g in range(1, 5) if q.queued[g] < there[g - 1]]
        if move.label == "P4 store tail":
            ring.append(q.ring[p][(q.tail[p] - 1) % 2])
        elif move.label == "g6 CAS head" and gone:
            assert [ring.popleft()] == gone
            taken += 1
        elif move.label == "S2 CAS head" and q.head[p] > head:
            assert q.batch[p][0] == ring.popleft()
            spilled += 1
        assert len(ring) == q.tail[p] - q.head[p]
    assert taken > 1
    assert spilled > 0

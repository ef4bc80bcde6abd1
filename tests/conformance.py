"""The conformance suite: what every engine must find, on models whose answers are known by other means.

Subclass ``Conformance``, set ``engine``, and let pytest collect it::

    class TestReference(Conformance):
        engine = ReferenceEngine()
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from gomodel.language.instance import Instance, instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.concrete import Runner
from gomodel.run.counterexample import confirm
from gomodel.run.memory import resident
from gomodel.run.search import FIRST, INTERRUPTED, Engine, Exploration, Found, Limits, Progress

from .models import concurrent, everything, graphs, puzzles
from .models.plain import Answer


@dataclass(frozen=True)
class Fixture:
    """A model at bounds and what an exhaustive search must find there."""

    model: type[Model]
    answer: Answer
    bounds: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return " ".join([self.model.name, *(f"{k}={v}" for k, v in self.bounds)])


def _fixtures() -> list[Fixture]:
    found = [
        Fixture(graphs.Graph, graphs.graph_answer()),
        Fixture(graphs.Clock, graphs.CLOCK),
        Fixture(graphs.Chain, graphs.chain_answer(50)),
        Fixture(puzzles.River, puzzles.river_answer()),
        Fixture(puzzles.Missionaries, puzzles.missionaries_answer()),
        Fixture(puzzles.Jugs, puzzles.jugs_answer()),
        Fixture(puzzles.Hanoi, puzzles.HANOI),
        Fixture(concurrent.Philosophers, concurrent.philosophers_answer()),
        Fixture(concurrent.Peterson, concurrent.peterson_answer()),
        Fixture(concurrent.BrokenLock, concurrent.broken_lock_answer()),
        Fixture(concurrent.Channel, concurrent.channel_answer()),
        Fixture(concurrent.Election, concurrent.election_answer()),
        Fixture(everything.Everything, everything.EVERYTHING),
    ]
    for k, n in ((1, 2), (2, 5), (3, 4), (0, 3)):
        bounds = (("counters", k), ("size", n))
        found.append(Fixture(graphs.Counters, graphs.counters_answer(k, n), bounds))
    return found


FIXTURES = _fixtures()


def explore(
    engine: Engine, fixture: Fixture, limits: Limits | None = None
) -> tuple[Instance, TransitionSystem, Exploration]:
    """Trace the fixture's model and let ``engine`` explore it."""
    inst = instance(fixture.model, "", dict(fixture.bounds))
    system = trace(inst)
    return inst, system, engine.explore(system, limits or Limits())


def shortest(found: dict[str, Found]) -> dict[str, int]:
    assert all(f.length == len(f.trace) for f in found.values())
    return {name: f.length for name, f in found.items()}


# 102,400,000 states: more than any engine explores while a test waits.
LARGE = Fixture(graphs.Counters, Answer(0, 0, 0), (("counters", 5), ("size", 40)))
COUNTERS = next(f for f in FIXTURES if f.name == "counters counters=3 size=4")
EVERYTHING = next(f for f in FIXTURES if f.model is everything.Everything)


class Conformance:
    """Tests of one engine."""

    engine: ClassVar[Engine]

    @pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.name)
    def test_it_finds_the_known_answer(self, fixture: Fixture) -> None:
        _, _, result = explore(self.engine, fixture)
        expected = fixture.answer
        assert result.complete
        assert (result.states, result.transitions, result.depth) == (
            expected.states,
            expected.transitions,
            expected.depth,
        )
        assert shortest(result.violations) == expected.violations
        assert shortest(result.reached) == expected.reached
        assert {name.split(":")[0]: n for name, n in shortest(result.errors).items()} == expected.errors

    @pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.name)
    def test_cpython_confirms_what_it_finds(self, fixture: Fixture) -> None:
        inst, system, result = explore(self.engine, fixture)
        for found in [*result.violations.values(), *result.errors.values()]:
            confirm(inst, system, found)
        for found in result.reached.values():
            assert Runner(inst, system).replay(found.trace).kind == "commit"

    def test_it_says_what_was_reached(self) -> None:
        _, system, result = explore(self.engine, EVERYTHING)
        labels = {(kind, system.kinds[kind].labels[pc]) for kind, pc in result.labels}
        assert labels == everything.LABELS
        assert result.rules == {"reset"}
        assert {branch.rsplit(":", 1)[1] for branch in result.branches} == {
            str(line) for line in everything.taken_lines()
        }
        assert result.premises == {("low_when_reset", 0)}

    # --- limits ----------------------------------------------------------------------------------------------

    def test_a_limit_of_states_ends_it(self) -> None:
        _, _, result = explore(self.engine, COUNTERS, Limits(max_states=20))
        assert not result.complete
        assert result.stopped == "the limit of 20 states"
        assert 20 <= result.states < 64

    def test_a_limit_that_is_not_hit_changes_nothing(self) -> None:
        _, _, limited = explore(self.engine, COUNTERS, Limits(max_states=1000, timeout=60))
        _, _, free = explore(self.engine, COUNTERS)
        assert limited.complete
        assert (limited.states, limited.transitions, limited.depth) == (free.states, free.transitions, free.depth)

    def test_a_time_limit_ends_it(self) -> None:
        _, _, result = explore(self.engine, LARGE, Limits(timeout=0.3))
        assert result.stopped == "the time limit of 0.3 s"
        assert 0 < result.states < 102_400_000
        assert result.seconds < 5

    def test_a_limit_of_memory_ends_it_before_more_is_used(self) -> None:
        most = resident() + (48 << 20)
        _, _, result = explore(self.engine, LARGE, Limits(max_memory=most))
        assert result.stopped == f"the memory limit of {most / (1 << 20):,.0f} MiB"
        assert 1000 < result.states < 102_400_000
        assert resident() < most + (8 << 20)

    def test_a_limit_of_memory_that_is_passed_already_ends_it_at_once(self) -> None:
        _, _, result = explore(self.engine, LARGE, Limits(max_memory=1 << 20))
        assert result.stopped == "the memory limit of 1 MiB"

    def test_first_stops_at_the_first_violation(self) -> None:
        _, _, result = explore(self.engine, COUNTERS, Limits(first=True))
        assert result.stopped == FIRST
        assert shortest(result.violations) == {"none_full": 3}
        assert result.states < 64

    def test_until_stops_at_the_violation_that_is_looked_for(self) -> None:
        _, _, result = explore(self.engine, EVERYTHING, Limits(until=frozenset({"low"})))
        assert result.stopped == "the violation that was looked for"
        assert "low" in result.violations
        _, _, result = explore(self.engine, EVERYTHING, Limits(until=frozenset({"no such property"})))
        assert result.complete

    def test_ctrl_c_keeps_what_was_found(self) -> None:
        def interrupt(progress: Progress) -> None:
            raise KeyboardInterrupt

        system = trace(instance(LARGE.model, "", dict(LARGE.bounds)))
        result = self.engine.explore(system, Limits(), interrupt)
        assert result.stopped == INTERRUPTED
        assert 0 < result.states < 102_400_000

    def test_it_reports_its_progress(self) -> None:
        seen: list[Progress] = []
        system = trace(instance(LARGE.model, "", dict(LARGE.bounds)))
        self.engine.explore(system, Limits(timeout=1.6), seen.append)
        assert len(seen) >= 2
        assert all(x.states <= y.states and x.seconds < y.seconds for x, y in pairwise(seen))
        assert all(p.queue > 0 and p.depth > 0 and p.transitions >= p.states - 1 for p in seen)
        assert all(p.memory > 1 << 20 for p in seen)

    def test_the_same_again(self) -> None:
        _, _, one = explore(self.engine, EVERYTHING)
        _, _, two = explore(self.engine, EVERYTHING)
        for first, second in ((one.violations, two.violations), (one.reached, two.reached)):
            assert first == second
            assert {n: f.trace for n, f in first.items()} == {n: f.trace for n, f in second.items()}

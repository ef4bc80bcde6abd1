"""The models of the benchmarks find what plain searches find, and their bugs."""

from __future__ import annotations

import pytest

from benchmarks.models.channel import Channel
from benchmarks.models.philosophers import Philosophers
from benchmarks.models.tricolour import Tricolour
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.check import check, check_bugs
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import DEADLOCK, Limits

from ..conformance import shortest
from ..models.plain import Answer
from .channel import channel
from .philosophers import philosophers
from .tricolour import tricolour

MODELS = (Philosophers, Tricolour, Channel)


def found(model: type[Model], *bugs: str, **bounds: int) -> Answer:
    """What the reference engine finds, in the form of what a plain search finds."""
    result = ReferenceEngine().explore(trace(instance(model, "", bounds).with_bugs(*bugs)), Limits())
    assert result.complete
    assert not result.errors
    return Answer(
        result.states, result.transitions, result.depth, shortest(result.violations), shortest(result.reached)
    )


@pytest.mark.parametrize("n", [2, 3, 7])
def test_philosophers(n: int) -> None:
    assert found(Philosophers, philosophers=n) == philosophers(n)
    assert found(Philosophers, "greedy", philosophers=n) == philosophers(n, greedy=True)


@pytest.mark.parametrize(
    ("mutators", "registers", "objects", "fields"), [(1, 1, 1, 1), (1, 2, 2, 1), (2, 1, 2, 1), (1, 1, 2, 2)]
)
def test_tricolour(mutators: int, registers: int, objects: int, fields: int) -> None:
    bounds = {"mutators": mutators, "registers": registers, "objects": objects, "fields": fields}
    assert found(Tricolour, **bounds) == tricolour(**bounds)


def test_tricolour_at_the_bounds_that_are_counted_by_hand() -> None:
    assert tricolour(1, 1, 1, 1).states == 61


def test_tricolour_without_the_barrier() -> None:
    answer = tricolour(1, 2, 2, 1, barrier=False)
    assert answer.violations.keys() == {"nothing_lost", "marked", "strong"}
    assert found(Tricolour, "no barrier") == answer


@pytest.mark.parametrize(
    ("senders", "receivers", "capacity", "values"), [(1, 1, 0, 1), (2, 2, 1, 2), (2, 3, 0, 2), (3, 1, 2, 2)]
)
def test_channel(senders: int, receivers: int, capacity: int, values: int) -> None:
    bounds = {"senders": senders, "receivers": receivers, "capacity": capacity, "values": values}
    assert found(Channel, **bounds) == channel(**bounds)


def test_channel_at_the_bounds_that_are_counted_by_hand() -> None:
    for capacity, states, transitions in ((0, 10, 11), (1, 7, 7)):
        answer = channel(1, 1, capacity, 1)
        assert (answer.states, answer.transitions) == (states, transitions)


@pytest.mark.parametrize("model", MODELS)
def test_all_is_well_at_the_declared_bounds(model: type[Model]) -> None:
    assert check(model).exit_code == 0


@pytest.mark.parametrize("model", MODELS)
def test_every_bug_is_found_and_every_property_has_one(model: type[Model]) -> None:
    results = check_bugs(model)
    assert [r.bug for r in results if not r.passed] == []
    properties = trace(instance(model)).properties.values()
    stated = {p.name for p in properties if p.kind != "reachable"}
    assert stated <= {name for bug in model.bugs.values() for name in bug.broken()} | {DEADLOCK}

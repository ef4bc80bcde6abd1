"""The real Mutex with two goroutines: CPython runs the spec's generators to the very graph that is traced from them."""

from __future__ import annotations

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Limits
from tests.concretely import explore_concretely


def test_the_mutex_with_two_goroutines_agrees_with_cpython() -> None:
    inst = instance(catalog.load("mutex"), "loop", {"goroutines": 2})
    system = trace(inst)
    graph = explore_concretely(inst, system)
    result = ReferenceEngine().explore(system, Limits())
    assert result.complete
    assert (graph.states, graph.transitions, graph.depth) == (result.states, result.transitions, result.depth)
    assert graph.fatals == frozenset()
    assert not graph.errors
    assert not result.violations
    assert not result.errors

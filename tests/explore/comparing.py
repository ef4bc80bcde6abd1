"""One transition system, explored by both engines: everything that they report must be the same."""

from __future__ import annotations

import ctypes
from typing import Any

from gomodel.explore.engine import CompiledEngine
from gomodel.explore.layout import Layout
from gomodel.language.system import State, TransitionSystem
from gomodel.run.reference import _Search as ReferenceSearch
from gomodel.run.search import Exploration, Found, Limits

ENGINE = CompiledEngine()


def stored(system: TransitionSystem, count: int) -> list[State]:
    """The states that the last exploration left, in the order of their numbers."""
    layout = Layout(system)
    assert ENGINE._arena is not None
    words = (ctypes.c_uint64 * (count * layout.words)).from_address(ENGINE._arena.states.address)
    return [layout.unpack(words[n * layout.words : (n + 1) * layout.words]) for n in range(count)]


def lengths(found: dict[str, Found]) -> dict[str, Any]:
    return {name: (f.kind, f.text, f.where, len(f.trace)) for name, f in found.items()}


def summary(result: Exploration) -> dict[str, Any]:
    return {
        "counts": (result.states, result.transitions, result.depth, result.stopped),
        "violations": lengths(result.violations),
        "errors": lengths(result.errors),
        "reached": lengths(result.reached),
        "labels": result.labels,
        "branches": result.branches,
        "premises": result.premises,
        "rules": result.rules,
    }


def compare(system: TransitionSystem) -> Exploration:
    """Explore by both; raises AssertionError where states, their order, or what was found differ."""
    search = ReferenceSearch(system, Limits(), None)
    search.run()
    search.result.states = len(search.states)
    result = ENGINE.explore(system, Limits())
    assert summary(result) == summary(search.result)
    assert stored(system, result.states) == list(search.states)
    return result


def compare_beginning(system: TransitionSystem, count: int) -> None:
    """The same for a system that is too large: its first ``count`` states, and what is found among them for sure."""
    search = ReferenceSearch(system, Limits(max_states=count), None)
    search.run()
    result = ENGINE.explore(system, Limits(max_states=count))
    assert result.states == count
    assert stored(system, count) == list(search.states)[:count]
    for mine, theirs in ((result.violations, search.result.violations), (result.reached, search.result.reached)):
        shallow = {n: v for n, v in lengths(theirs).items() if v[-1] < result.depth}
        assert {n: v for n, v in lengths(mine).items() if v[-1] < result.depth} == shallow

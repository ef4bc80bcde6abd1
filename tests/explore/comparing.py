"""One transition system, explored by both engines: everything that they report must be the same."""

from __future__ import annotations

from typing import Any

from gomodel.explore.alerts import TAIL
from gomodel.explore.cache import Cache, cache_folder
from gomodel.explore.engine import CompiledEngine, Search
from gomodel.explore.liveness import Liveness, judge_liveness
from gomodel.language.declare import LIVENESS
from gomodel.language.system import State, TransitionSystem
from gomodel.run.reference import Search as ReferenceSearch
from gomodel.run.search import Exploration, Found, Limits

ENGINE = CompiledEngine()
MEMORY, CACHE = Liveness(), Cache(cache_folder())


def stored(search: Search) -> list[State]:
    """The states in the order of their numbers."""
    return [search.layout.unpack(search.words_of(n)) for n in range(search.words[TAIL])]


def explored(system: TransitionSystem, limits: Limits | None = None) -> tuple[Search, Exploration]:
    """A finished search; its states are there until the next."""
    search = ENGINE.prepare(system, limits or Limits())
    search.run()
    return search, search.finish()


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


def lassos(result: Exploration) -> dict[str, Any]:
    """Of liveness: everything but the time and memory that it took."""
    found = {n: f for n, f in result.violations.items() if f.kind in LIVENESS}
    return {
        "open": result.open,
        "cut": result.cut,
        "violated": {n: (f.length, f.arguments, f.trace.cycle) for n, f in found.items()},
        "traces": {n: f.trace for n, f in found.items()},
    }


def compare(system: TransitionSystem) -> Exploration:
    """Explore by both; raises AssertionError where states, their order, or what was found differ.

    All liveness is judged, wherever it is stated: also its open states, and the very lassos, must be the same.
    """
    reference = ReferenceSearch(system, Limits(), None)
    reference.run()
    reference.result.states = len(reference.states)
    search, result = explored(system)
    assert summary(result) == summary(reference.result)
    assert stored(search) == list(reference.states)
    live = [p.name for p in system.properties.values() if p.kind in LIVENESS]
    if live and not result.errors:
        reference.judge_liveness(live)
        judge_liveness(search, live, MEMORY, CACHE)
        assert list(result.open) == live
        assert lassos(result) == lassos(reference.result)
    return result


def compare_beginning(system: TransitionSystem, count: int) -> None:
    """The same for a system that is too large: its first ``count`` states, and what is found among them for sure."""
    reference = ReferenceSearch(system, Limits(max_states=count), None)
    reference.run()
    search, result = explored(system, Limits(max_states=count))
    assert result.states == count
    assert stored(search) == list(reference.states)[:count]
    theirs = reference.result
    for mine, other in ((result.violations, theirs.violations), (result.reached, theirs.reached)):
        shallow = {n: v for n, v in lengths(other).items() if v[-1] < result.depth}
        assert {n: v for n, v in lengths(mine).items() if v[-1] < result.depth} == shallow

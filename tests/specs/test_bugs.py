"""Every shipped bug is found by the property it names, and every property has a bug that breaks it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import Instance, all_bugs
from gomodel.language.tracer import trace
from gomodel.run.check import check_bugs, instances
from gomodel.run.judge import promised
from gomodel.run.report import BugResult
from gomodel.run.search import DEADLOCK, Limits

# Lengths of shortest counterexamples that a hand-written checker over the same steps found; a bug is "found" only
# when breadth-first search gives exactly these.
LENGTHS = {
    "mutex.m1": 18,
    "mutex.m5": 12,
    "mutex.m6": 19,
    "mutex.m7": 16,
    "mutex.m8": 16,
    "mutex.m11": 24,
    "mutex.m17": 28,
}

NOBODY_WAITS = {"mapflags", "runq", "storebuffer"}  # no step has a guard, so nobody can be blocked


# Tracing these with every bug, or finding a bug for each of their properties, takes long; `gomodel guard` judges their
# bugs, too.
LARGE = ("chan", "gc", "map", "mutex", "runq", "select", "swissmap", "sweep", "syscall", "syscall23")
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in catalog.names()]


@pytest.mark.parametrize("name", NAMES)
def test_every_bug_is_judged_as_declared_and_every_property_is_broken(name: str) -> None:
    results = check_bugs(catalog.load(name))
    assert results
    assert [r.bug for r in results if not r.passed] == []
    assert unbroken(name, violated(results)) == set()


@pytest.mark.parametrize("bug", LENGTHS)
def test_counterexamples_at_the_smallest_bounds_are_as_short_as_known(bug: str) -> None:
    model = catalog.load("mutex")
    chosen = instances(model, preset="quick", bugs=[bug])
    breaks = all_bugs(chosen[0])[bug][1].broken()
    found: list[int] = []
    while not found:  # in the first scenario that shows it
        violations = CompiledEngine().explore(trace(chosen.pop(0)), Limits()).violations
        found = [f.length for name, f in violations.items() if name.rsplit(".", 1)[-1] in breaks]
    assert min(found) == LENGTHS[bug]


def violated(results: list[BugResult]) -> set[str]:
    return {prop for r in results if not r.harmless for prop in r.found}


def unbroken(name: str, broken: set[str]) -> set[str]:
    """The model's own properties that neither are in ``broken`` nor violated under any bug."""
    model = catalog.load(name)
    first = instances(model)[0]
    system = trace(first)
    engine = CompiledEngine()
    left = {p.name for p in system.properties.values() if p.kind != "reachable" and p.own}
    if system.kinds and name not in NOBODY_WAITS:
        left.add(DEADLOCK)
    left -= broken
    facts = {name: bug for name, (component, bug) in all_bugs(first).items() if component._meta.own}
    bugs = [name for name, bug in facts.items() if not bug.harmless]
    for prop in sorted(left):  # bugs that name the property come first
        for bug in sorted(bugs, key=lambda b: prop.rsplit(".", 1)[-1] not in facts[b].broken()):
            for inst in instances(model, bugs=[bug]) if prop in left else []:
                limits = Limits(max_states=500_000, until=frozenset({prop}))
                bugged = trace(inst)
                left -= engine.explore(bugged, limits, None, promised(bugged, inst)).violations.keys()
    return left


def ways(inst: Instance) -> list[tuple[str, object]]:
    """Every action of the traced system with its ways through; terms are shared, so equal means the same."""
    system = trace(inst, every_kind=False)
    return sorted(((a.name, a.leaves) for a in system.actions()), key=lambda pair: pair[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_bug_edits_the_algorithm_and_nothing_is_left_of_it_when_off(name: str) -> None:
    """A bug that changes no step would be found by accident, or "harmless" because it does nothing."""
    model = catalog.load(name)
    scenarios = instances(model)
    correct = {inst: ways(inst) for inst in scenarios[:1]}
    for bug, (component, facts) in all_bugs(scenarios[0]).items():
        if not component._meta.own:
            continue  # it is judged where its component comes from
        likely = [replace(inst, bugs=frozenset()) for inst in instances(model, bugs=[bug]) if facts.scenario]
        for inst in dict.fromkeys([*likely, *scenarios]):
            correct[inst] = correct.get(inst) or ways(inst)
            if ways(inst.with_bugs(bug)) != correct[inst]:
                break
        else:
            pytest.fail(f"{bug} changes no step")
    assert ways(scenarios[0]) == correct[scenarios[0]]

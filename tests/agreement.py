"""State by state: what the traced system does, what CPython does, and whether that is the same.

``tests.agreeing`` compares totals; this compares every step, so that a difference names the state and the move.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gomodel.language.instance import Instance
from gomodel.language.properties import find_property
from gomodel.language.system import State, TransitionSystem
from gomodel.run.actors import actors, initial_states, shown
from gomodel.run.concrete import Runner
from gomodel.run.pycode import predicate
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import DEADLOCK, Limits
from gomodel.run.trace import Move, Trace

ERRORS = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
Steps = dict[Move, tuple[str, Any]]  # move → ("commit", state), ("fatal", property) or ("error", None)


class Traced:
    """The traced system as a function from a state to its steps."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.actors = actors(system)

    def initial(self) -> dict[tuple[Any, ...], State]:
        found = {}
        for leaf in self.system.initial:
            if leaf.kind == "commit":
                for choices, state in initial_states(self.system, leaf):
                    by = shown(leaf, choices)
                    assert by not in found, f"two initial states by the choices {by}"
                    found[by] = state
        return found

    def steps(self, state: State) -> Steps:
        found: Steps = {}
        for actor in self.actors:
            action, ways = actor.steps(state)
            for leaf, choices, after in ways:
                assert action is not None
                move = Move(actor.name, action.step.label, shown(leaf, choices))
                how = (leaf.kind, after if leaf.kind == "commit" else leaf.prop or None)
                assert move not in found or found[move] == how == ("error", None), (
                    f"two ways for {move}: {found[move]}, {how}"
                )
                found[move] = how
        return found


@dataclass
class Explored:
    """What CPython found up to the limit."""

    states: dict[State, Trace] = field(default_factory=dict)
    transitions: int = 0
    depth: int = 0
    fatals: dict[str, int] = field(default_factory=dict)  # property → length of a shortest trace
    false: dict[str, int] = field(default_factory=dict)  # invariant → length of a shortest trace
    errors: bool = False
    deadlock: int | None = None
    complete: bool = True


def compare(inst: Instance, system: TransitionSystem, *, max_states: int = 150) -> Explored:
    """Explore by CPython, breadth first; raises AssertionError where the traced system does anything else."""
    runner, traced = Runner(inst, system), Traced(system)
    found = Explored()
    starts = {}
    for outcome in runner.vectors(runner.start):
        if outcome.kind == "commit":
            starts[outcome.choices] = runner.state()
        elif outcome.kind == "fatal":
            found.fatals.setdefault(outcome.prop, 0)
        else:
            found.errors |= outcome.kind == "error"
    assert starts == traced.initial()
    holds = {p.name: (predicate(system, p.term), [predicate(system, e) for e, _ in p.errors])
             for p in system.properties.values() if p.kind == "invariant" and p.term is not None}  # fmt: skip
    level: list[State] = []
    for choices, state in starts.items():
        _add(found, level, state, Trace(choices))
    while level:
        following: list[State] = []
        for state in level:
            if len(found.states) > max_states:
                found.complete = False
                return found
            trace = found.states[state]
            steps = _concrete_steps(runner, trace)
            expected = traced.steps(state)
            assert steps == expected, _difference(system, trace, state, steps, expected)
            _note(found, runner, trace, steps)
            _compare_properties(found, runner, trace, state, holds)
            for move, (kind, after) in steps.items():
                if kind == "commit":
                    _add(found, following, after, Trace(trace.init, (*trace.moves, move)))
        found.depth += bool(following)
        level = following
    _compare_search(found, system)
    return found


def _add(found: Explored, level: list[State], state: State, trace: Trace) -> None:
    if state not in found.states:
        found.states[state] = trace
        level.append(state)


def _concrete_steps(runner: Runner, trace: Trace) -> Steps:
    steps: Steps = {}
    for move, outcome, after in runner.successors(trace):
        assert move not in steps, f"CPython enumerates {move} twice behind {trace}"
        steps[move] = (outcome.kind, after if outcome.kind == "commit" else outcome.prop or None)
    return steps


def _note(found: Explored, runner: Runner, trace: Trace, steps: Steps) -> None:
    for kind, detail in steps.values():
        if kind == "commit":
            found.transitions += 1
        elif kind == "fatal":
            found.fatals.setdefault(detail, len(trace) + 1)
        else:
            found.errors = True
    runner.replay(trace)
    able = {move.actor for move in steps}
    waiting = {n: p.step.rest for n, p in runner.processes.items() if p.step is not None}
    moved = any(rest is not True and n in able for n, rest in waiting.items())
    stuck = any(rest is False and n not in able for n, rest in waiting.items())
    if found.deadlock is None and stuck and not moved:
        found.deadlock = len(trace)


def _compare_properties(found: Explored, runner: Runner, trace: Trace, state: State, holds: dict[str, Any]) -> None:
    for name, (predicate_of, errors) in holds.items():
        component, fn, _ = find_property(runner.model, name)
        try:
            value: bool | None = bool(fn(component))
        except ERRORS:
            value = None
        wrong = any(e(state) for e in errors)
        assert (value is None) == wrong, f"{name} in {state} by {trace}: CPython says {value}, errors: {wrong}"
        if value is None:
            found.errors = True
            continue
        assert predicate_of(state) == value, f"{name} in {state} by {trace} is {value} in CPython"
        if not value:
            found.false.setdefault(name, len(trace))


def _compare_search(found: Explored, system: TransitionSystem) -> None:
    result = ReferenceEngine().explore(system, Limits())
    assert (result.states, result.transitions, result.depth) == (len(found.states), found.transitions, found.depth)
    assert bool(result.errors) == found.errors
    lengths = {name: len(f.trace) for name, f in result.violations.items() if f.kind == "fatal"}
    assert lengths == found.fatals
    assert result.violations.get(DEADLOCK) is None or found.deadlock == len(result.violations[DEADLOCK].trace)
    assert (found.deadlock is None) == (DEADLOCK not in result.violations)
    false = {name: len(f.trace) for name, f in result.violations.items() if f.kind == "invariant"}
    assert {n: k for n, k in found.false.items() if n in false} == false


def _difference(system: TransitionSystem, trace: Trace, state: State, cpython: Steps, traced: Steps) -> str:
    lines = [f"behind {[(m.actor, m.label, m.choices) for m in trace.moves]} from {trace.init}"]
    lines.append(f"in {dict(zip(system.variables, state, strict=True))}")
    for name, steps, other in (("CPython", cpython, traced), ("traced", traced, cpython)):
        lines += [
            f"  only {name}: {m.actor} {m.label} {m.choices} {how}" for m, how in steps.items() if other.get(m) != how
        ]
    return "\n".join(lines)

"""k-induction at known bounds (Sheeran, Singh and Stålmarck, FMCAD 2000), and counterexamples to induction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import z3

from ..language.domains import Domain, Plain
from ..language.errors import UsageError
from ..language.instance import Instance
from ..language.system import State, TransitionSystem
from ..run.actors import process_names
from ..run.differences import differences, parts
from ..run.execution import short_local
from ..run.report import Change, Counterexample, StepView
from ..run.search import INDUCTION
from ..run.trace import Trace
from . import values as v
from .finite import Bad, Finite
from .walker import Walker


class Unknown(Exception):
    """Z3 did not decide; the text is its reason."""


@dataclass(frozen=True)
class Stuck:
    """A counterexample to induction: ``states`` satisfy all that is assumed but the last, which violates ``name``.

    Where ``name`` is a failing step there is no state behind it.
    """

    name: str
    states: tuple[State, ...]
    trace: Trace  # the moves between them; it begins in no initial state


class Induction:
    """Does what holds for ``k`` states on end hold in the next one too?

    ``assumed`` are invariants, taken together; ``never`` the failures that must not happen, besides model errors.
    Raises UsageError for numbers beyond 62 bits.
    """

    def __init__(
        self, system: TransitionSystem, assumed: Collection[str], steps: Collection[str], never: Collection[str]
    ) -> None:
        self.system, self.steps, self.never = system, steps, never
        self.finite = Finite(system)
        self.goals = [p for p in system.properties.values() if p.name in assumed and p.kind == "invariant"]
        terms = [p.term for p in self.goals if p.term is not None]
        self.holds = v.conjunction(self.finite.domains(), *map(self.finite.walker.value, terms))
        self.step = self.finite.step()

    def stuck(self, k: int = 1, timeout: float | None = None) -> Stuck | None:
        """A counterexample to induction, None where there is none; raises Unknown."""
        solver = z3.SolverFor("QF_FD")
        if timeout:
            solver.set("timeout", max(1, int(1000 * timeout)))
        for time in range(k):
            solver.add(self._copy(self.holds, time))
            if time < k - 1:
                solver.add(self._copy(self.step, time))
        found = self._failing(solver, k - 1)
        if found is None:
            solver.add(self._copy(self.step, k - 1))
            found = self._violating(solver, k)
        return found

    def _copy(self, formula: v.Value, time: int) -> z3.BoolRef:
        copied = self.finite.at(formula, time)
        return z3.BoolVal(copied) if isinstance(copied, bool) else copied

    def _failing(self, solver: z3.Solver, time: int) -> Stuck | None:
        bad = [x for x in self.finite.bad() if x.where == "failure" and (x.kind == "error" or x.name in self.never)]
        return self._any(solver, bad, time, time)

    def _violating(self, solver: z3.Solver, time: int) -> Stuck | None:
        after = Walker(self.finite.numbers, self.finite.before)
        bad = [Bad(p.name, p.kind, v.negation(after.value(p.term)), "state") for p in self.goals if p.term is not None]
        found = self._any(solver, bad, time, time)
        if found is not None:
            return found
        steps = [x for x in self.finite.bad() if x.where == "step" and x.name in self.steps]
        return self._any(solver, steps, time - 1, time)

    def _any(self, solver: z3.Solver, bad: list[Bad], time: int, end: int) -> Stuck | None:
        formulas = [self._copy(x.formula, time) for x in bad]
        if not formulas:
            return None
        solver.push()
        solver.add(z3.Or(*formulas))
        verdict = solver.check()
        if verdict == z3.unknown:
            raise Unknown(solver.reason_unknown())
        if verdict == z3.unsat:
            solver.pop()
            return None
        model = solver.model()
        hit = next(x for x, f in zip(bad, formulas, strict=True) if z3.is_true(model.eval(f, True)))
        fails = hit.where == "failure"
        moves = tuple(self.finite.move(model, t) for t in range(end + fails))
        states = tuple(self.finite.state(model, t) for t in range(end + 1))
        return Stuck(hit.name, states, Trace((), moves))


# --- showing it ------------------------------------------------------------------------------------------------------


def shown(inst: Instance, system: TransitionSystem, stuck: Stuck, command: str) -> Counterexample:
    """The counterexample to induction as any other is shown: the first state whole, then what each step changes."""
    names = process_names(system)
    steps = tuple(_step(system, stuck, k, names) for k in range(len(stuck.trace.moves)))
    prop = system.properties.get(stuck.name)
    last = stuck.states[-1]
    return Counterexample(
        stuck.name,
        INDUCTION,
        prop.text if prop else "",
        inst.scenario,
        str(prop.where or "") if prop else "",
        stuck.trace,
        tuple(Change(name, "", value) for name, value in _fields(system, stuck.states[0])),
        steps,
        (),
        tuple(_fields(system, last)),
        command,
        tuple((names[n], label) for n, label in _standing(system, last)),
    )


def _standing(system: TransitionSystem, state: State) -> Iterator[tuple[int, str]]:
    for kind in system.kinds.values():
        for k, pc in enumerate(state[system.order().index(kind.pc_name)]):
            yield kind.lo + k, kind.labels[pc]


def _fields(system: TransitionSystem, state: State) -> Iterator[tuple[str, str]]:
    """Every field, where each process stands, and the locals that matter there."""
    for variable, value in zip(system.variables.values(), state, strict=True):
        if variable.kind is None:
            yield from parts(variable.name, variable.domain, value)
    names = process_names(system)
    for number, label in _standing(system, state):
        yield names[number], f'at "{label}"'
        for name, domain, value in _locals(system, state, number):
            yield from parts(f"{names[number]}.{short_local(name)}", domain, value)


def _locals(system: TransitionSystem, state: State, number: int) -> Iterator[tuple[str, Domain, Plain]]:
    order = system.order()
    kind = next(k for k in system.kinds.values() if k.lo <= number <= k.hi)
    pc = state[order.index(kind.pc_name)][number - kind.lo]
    for name in kind.locals:
        if name in kind.live.get(pc, ()):
            yield name, kind.locals[name], state[order.index(name)][number - kind.lo]


def _step(system: TransitionSystem, stuck: Stuck, k: int, names: dict[int, str]) -> StepView:
    move = stuck.trace.moves[k]
    numbers = {name: number for number, name in names.items()}
    number = numbers.get(move.actor)
    action = next(a for a in system.actions() if a.step.label == move.label)
    go = (action.step.go,) if isinstance(action.step.go, str) else tuple(action.step.go or ())
    if k + 1 >= len(stuck.states):
        return StepView(k + 1, move.actor, move.label, go, move.choices, failed=stuck.name)
    before, after = stuck.states[k], stuck.states[k + 1]
    changes: list[Change] = []
    for variable, x, y in zip(system.variables.values(), before, after, strict=True):
        if variable.kind is None:
            changes += differences(variable.name, variable.domain, x, y)
    label = ""
    if number is not None:
        label = dict(_standing(system, after))[number]
        old = {n: x for n, _, x in _locals(system, before, number)}
        for name, domain, value in _locals(system, after, number):
            own = f"{names[number]}.{short_local(name)}"
            changes += differences(own, domain, old.get(name, domain.default()), value)
    return StepView(k + 1, move.actor, move.label, go, move.choices, tuple(changes), label)


def invariants(system: TransitionSystem) -> list[str]:
    """The invariants of a model; raises UsageError where it has none."""
    found = [p.name for p in system.properties.values() if p.kind == "invariant"]
    if not found:
        raise UsageError(f"model {system.model} has no invariant to prove")
    return found

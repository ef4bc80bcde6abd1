"""k-induction at known bounds (Sheeran, Singh and Stålmarck, FMCAD 2000), and counterexamples to induction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import z3

from ..language.domains import Domain, Plain
from ..language.errors import InternalError
from ..language.instance import Instance
from ..language.system import Action, Property, State, TransitionSystem
from ..run.actors import process_names
from ..run.differences import differences, parts
from ..run.execution import short_local
from ..run.report import Change, Counterexample, StepView
from ..run.search import INDUCTION, Found
from ..run.trace import Trace
from . import values as v
from .finite import Bad, Finite
from .solving import again, ask
from .values import formula_of

LOGIC = "QF_FD"  # Z3's solver for finite domains
OUTSIDE = "a value leaves its domain"  # the tracer rules it out; an obligation all the same


@dataclass(frozen=True)
class Stuck:
    """A counterexample to induction: ``states`` satisfy all that is assumed but the last, which violates ``name``.

    Where ``name`` is a failing step there is no state behind it.
    """

    name: str
    states: tuple[State, ...]
    trace: Trace  # the moves between them; it begins in no initial state
    actions: tuple[Action, ...]  # of these moves


class Induction:
    """Does what holds for ``k`` states on end hold in the next one too, and at first?

    ``goals`` are invariants, taken together; ``steps`` step invariants beside them; ``never`` the failures that must
    not happen, besides model errors.  Raises UsageError for numbers beyond 62 bits.  ``deadline``: see ``solving``.
    """

    def __init__(
        self,
        system: TransitionSystem,
        goals: Collection[Property],
        steps: Collection[Property],
        never: Collection[str],
        deadline: float,
    ) -> None:
        self.system, self.deadline = system, deadline
        self.finite = Finite(system)
        domains = self.finite.domains()
        self.holds = v.conjunction(domains, *(self.finite.walker.value(p.term) for p in goals if p.term is not None))
        self.step = self.finite.step()
        wrong = [bad for prop in (*goals, *steps) for bad in self.finite.wrong(prop)]
        failing = [bad for bad in self.finite.failures() if bad.kind == "error" or bad.name in never]
        self.init = [bad for bad in failing if bad.where == "init"]
        self.now = [bad for bad in failing if bad.where == "failure"]  # judged where all that is assumed holds
        self.now += [bad for bad in wrong if bad.where == "state" and bad.kind == "error"]
        self.then = [bad for bad in wrong if bad.where == "state" and bad.kind != "error"]  # judged behind the step
        self.then.append(Bad(OUTSIDE, "error", v.negation(domains), "state"))
        self.between = [bad for bad in wrong if bad.where == "step"]
        self.claims: list[list[z3.BoolRef]] = []  # what has no model

    def violated(self, k: int) -> Found | None:
        """An execution that is too short for induction to begin, and goes wrong; raises Unknown."""
        path: list[z3.BoolRef] = []
        moments = [(self.init, 0), (self.then + self.now, 0)]
        moments += [moment for t in range(k - 1) for moment in ((self.between, t), (self.then + self.now, t + 1))]
        for number, (bad, time) in enumerate(moments):
            hit = self._any(path, bad, time)
            if hit is not None:
                return self.finite.found(*hit, time)
            if number == 0:
                path.append(self._copy(self.finite.start(), 0))
            elif bad is not self.between:
                path.append(self._copy(self.step, time))
        return None

    def stuck(self, k: int) -> Stuck | None:
        """A counterexample to induction, None where there is none; raises Unknown."""
        path = [self._copy(self.holds, time) for time in range(k)]
        path += [self._copy(self.step, time) for time in range(k - 1)]
        onwards = [*path, self._copy(self.step, k - 1)]
        for before, bad, time in (path, self.now, k - 1), (onwards, self.then, k), (onwards, self.between, k - 1):
            hit = self._any(before, bad, time)
            if hit is not None:
                return self._stuck(*hit, k)
        return None

    def _stuck(self, bad: Bad, model: z3.ModelRef, k: int) -> Stuck:
        moves = k - 1 if bad in self.now and bad.where == "state" else k
        end = k - 1 if bad in self.now else k
        states = tuple(self.finite.state(model, t) for t in range(end + 1))
        trace = Trace((), tuple(self.finite.move(model, t) for t in range(moves)))
        return Stuck(bad.name, states, trace, tuple(self.finite.action(model, t) for t in range(moves)))

    def again(self) -> None:
        """Ask everything once more that had no model; raises Unknown."""
        for claim in self.claims:
            again("an obligation at bounds", claim, self.deadline, LOGIC)

    def _copy(self, formula: v.Value, time: int) -> z3.BoolRef:
        return formula_of(self.finite.at(formula, time))

    def _any(self, path: list[z3.BoolRef], bad: list[Bad], time: int) -> tuple[Bad, z3.ModelRef] | None:
        """One of ``bad`` that can be at ``time`` of an execution along ``path``, with a model of it."""
        formulas = [self._copy(x.formula, time) for x in bad]
        claim = [*path, z3.Or(*formulas)]
        model = ask(z3.SolverFor(LOGIC), self.deadline, *claim)
        if model is None:
            self.claims.append(claim)
            return None
        hit = next(x for x, f in zip(bad, formulas, strict=True) if z3.is_true(model.eval(f, True)))
        if hit.name == OUTSIDE:
            raise InternalError(f"a step of {self.system.model} leaves the domains, unnoticed")
        return hit, model


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
    action = stuck.actions[k]
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

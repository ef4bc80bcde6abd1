"""From a model's Python source to its ``TransitionSystem``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import build as b
from . import calls
from .deadlocals import find_live, reset_dead
from .declare import listed
from .domains import Array, Enum
from .errors import SpecError, UsageError, Where, suggestion
from .fairness import check_fairness, default_fairness
from .instance import Instance
from .leaves import LeafTracer, initial_value, pick_domains
from .lint import check_granularity
from .machine import DeadPath, Exits, Machine, MustFork, State
from .model import Model, ProcessDecl, RuleDecl, check_bound
from .observer import StepsNeeded
from .primitives import Step
from .process_trace import Tracing, check_generator
from .properties import trace_properties
from .source import class_where, function_of
from .symbols import merge_value
from .system import Action, Kind, Leaf, Property, TransitionSystem, Variable
from .terms import Term


def trace(
    inst: Instance, *, symbolic: tuple[str, ...] = (), reset: bool = True, every_kind: bool = True
) -> TransitionSystem:
    """Trace ``inst``; raises SpecError for what the language does not accept.

    ``symbolic`` bounds stay parameters.  ``reset=False`` turns the reset of dead locals off, for comparing
    state counts with other tools.  ``every_kind=False`` leaves out the steps of process kinds that have no process at
    these bounds, where nothing needs them: that takes less time.
    """
    wanted: set[str] = set()
    while True:
        try:
            return _Tracer(inst, symbolic, None if every_kind else wanted).run(reset)
        except StepsNeeded as needed:
            wanted.add(needed.kind)


class _Tracer(LeafTracer):
    def __init__(self, inst: Instance, symbolic: tuple[str, ...], wanted: set[str] | None) -> None:
        self.inst, self.wanted = inst, wanted  # kinds to trace even if they are empty; None: all
        self.model = inst.build(symbolic)
        super().__init__(self.model)
        self.symbolic = symbolic

    def run(self, reset: bool) -> TransitionSystem:
        kinds = {name: self._kind(name, decl) for name, decl in self.model.declarations(ProcessDecl).items()}
        rules = {name: self.rule(name, decl) for name, decl in self.model.declarations(RuleDecl).items()}
        if not kinds and not rules:
            raise SpecError(
                f"model {type(self.model).__name__} has no process and no rule",
                where=class_where(type(self.model)),
                mend="give it a @process or a @rule",
            )
        for kind in kinds.values():
            self._variables_of(kind)
        params = {n: b.leaf("param", n, getattr(self.model, n).sort) for n in self.symbolic}
        system = TransitionSystem(
            self.inst.model.name, self.variables, (), kinds, rules, {}, self._branches(), params=params
        )
        system.initial = self._initial(kinds)
        system.properties = trace_properties(self.model, system, self.fatals)
        self._fairness(system)
        check_granularity(system)
        find_live(system, keep_all=not reset)
        return reset_dead(system)

    def _fairness(self, system: TransitionSystem) -> None:
        edited = bool(self.inst.bugs)
        try:
            declared = listed(self.model.fairness)
            check_fairness(system, declared, None, edited=edited)
        except SpecError as error:
            error.where = class_where(type(self.model))
            raise
        for prop in system.properties.values():
            self._place(prop)
            elsewhere = prop.scenario not in ("", self.inst.scenario)  # it need not fit here
            check_fairness(system, prop.under or (), prop.where, edited=edited or elsewhere, params=prop.params)
        system.fairness = default_fairness(system, declared)

    def _place(self, prop: Property) -> None:
        """Raises SpecError where a property names a scenario or a bound that its model does not have."""
        if "." in prop.name:
            return  # of a component, which may be part of several models
        model = type(self.model)
        try:
            if prop.scenario and prop.scenario not in model.scenarios:
                mend = suggestion(prop.scenario, model.scenarios, "its scenarios are")
                raise UsageError(f"model {model.name} has no scenario {prop.scenario!r}", mend=mend)
            for name, value in prop.bounds:
                check_bound(model, name, value)
        except UsageError as error:
            raise SpecError(error.message, where=prop.where, mend=error.mend) from None

    def _branches(self) -> dict[str, Where]:
        """The source branches that some run should take."""
        places = ((name, name.rsplit(":", 1)) for name, arm in self.arms.items() if arm.expected)
        return {name: Where(file, int(line)) for name, (file, line) in places}

    # --- processes -------------------------------------------------------------------------------------------

    def _kind(self, name: str, decl: ProcessDecl) -> Kind:
        procs = getattr(self.model, name)
        kind = Kind(name, procs.lo, procs.hi)
        if self.wanted is not None and name not in self.wanted and kind.empty:
            kind.traced = False
            return kind
        fn = function_of(decl.fn)
        check_generator(fn)
        if len(fn.params) not in (1, 2):
            raise SpecError(f"process {name} takes self and its own id", where=fn.where(), mend=f"def {name}(self, g):")
        tracing = Tracing(kind, fn, self.model, procs.domain)
        numbers: dict[Any, int] = {}
        bound: dict[Any, tuple[frozenset[str], ...]] = {}
        start = self._start(tracing)
        kind.initial = start[2]
        work = [start[0]]
        numbers[start[0]], bound[start[0]] = 1, start[1]
        kind.start = 1
        positions = [None, start[0]]
        traced: dict[Any, Action] = {}
        while work:
            position = work.pop(0)
            tracing.bound = list(bound[position])
            step, where = tracing.steps[position]
            arrivals: list[tuple[Any, tuple[frozenset[str], ...]]] = []
            traced[position] = self._step(tracing, position, step, where, arrivals)
            for target, names in arrivals:
                if target not in numbers:
                    numbers[target] = len(positions)
                    positions.append(target)
                    bound[target] = names
                    work.append(target)
                    continue
                both = tuple(x & y for x, y in zip(bound[target], names, strict=True))
                if both != bound[target]:
                    bound[target] = both
                    if target not in work:
                        work.append(target)
        for position in positions[1:]:
            kind.sites.append(tracing.sites[position])
            _name_label(kind, tracing.steps[position][0].label)
        for position, action in traced.items():
            pc = numbers[position]
            leaves = tuple(replace(x, target=0 if x.target is None else numbers[x.target]) if x.kind == "commit" else x
                           for x in action.leaves)  # fmt: skip
            kind.actions[pc] = replace(action, pc=pc, name=f"{name}: {action.step.label}", leaves=leaves)
        return kind

    def _start(self, tracing: Tracing) -> tuple[Any, tuple[frozenset[str], ...], dict[str, Term]]:
        """Run the code before the first yield: it only sets locals."""
        m = self._machine()
        m.generator = tracing
        m.before = dict(m.state.cells)
        m.pure = "the code before the first yield"
        try:
            exits = tracing.start(m, ())
        except MustFork:
            exits = Exits()
        wrong = next((e for e in m.events if e.kind == "error"), None)
        if wrong is not None and wrong.cond is b.TRUE:
            raise SpecError(f"{wrong.text}, before the first yield of {tracing.kind.name}", where=wrong.where)
        if m.events or len(exits.yields) != 1 or exits.fall or exits.ret or m.touched:
            raise SpecError(
                f"the code before the first yield of {tracing.kind.name} only sets locals",
                where=tracing.fn.where(),
                mend='begin with a `yield step("…")` and do the rest behind it',
            )
        state, (position, names) = exits.yields[0]
        initial = {n: state.cells.get(n, b.const(d.default(), d)) for n, d in tracing.kind.locals.items()}
        return position, names, initial

    def _step(self, tracing: Tracing, position: Any, step: Step, where: Where, arrivals: list[Any]) -> Action:
        def make() -> Machine:
            m = self._machine()
            m.generator = tracing
            m.state.cells.update({n: tracing.initial_cell(n) for n in tracing.kind.locals})
            m.before = dict(m.state.cells)
            return m

        def run(m: Machine) -> list[tuple[State, Any]]:
            exits = tracing.start(m, position)
            by_target: dict[Any, State] = {}
            ends = [(s, t) for s, t in exits.yields]
            for state in (exits.fall, exits.ret[0] if exits.ret else None):
                if state is not None:
                    for n, d in tracing.kind.locals.items():
                        state.cells[n] = b.const(d.default(), d)
                    ends.append((state, (None, ())))
            for state, (target, names) in ends:
                if target is not None:
                    arrivals.append((target, names))
                for n, d in tracing.kind.locals.items():
                    m.before.setdefault(n, tracing.initial_cell(n))
                    state.cells.setdefault(n, b.const(d.default(), d))
                known = by_target.get(target)
                by_target[target] = state if known is None else m.merge(("target", target), known, state)
            return [(s, t) for t, s in by_target.items()]

        leaves, m, touched = self.explore(make, run, where)
        words = tuple((w, max(1, len(i))) for w, i in touched.items())
        return Action(step.label, tracing.kind.name, -1, step, where, tuple(leaves), pick_domains(m), words)

    def _variables_of(self, kind: Kind) -> None:
        domain = getattr(self.model, kind.name).domain
        self.variables[kind.pc_name] = Variable(kind.pc_name, Array(Enum(*kind.labels), domain), kind.name)
        for name, local in kind.locals.items():
            array = Array(local, domain)
            array.ghost = local.ghost
            self.variables[name] = Variable(name, array, kind.name)

    # --- rules and the initial state -------------------------------------------------------------------------

    def _initial(self, kinds: dict[str, Kind]) -> tuple[Leaf, ...]:
        fields = {n: v for n, v in self.variables.items() if v.kind is None}

        def make() -> Machine:
            m = Machine(merge_value)
            m.state.cells.update({n: initial_value(v.domain) for n, v in fields.items()})
            m.before = {}
            return m

        def run(m: Machine) -> list[tuple[State, Any]]:
            try:
                calls.function(m, type(self.model).init, (self.model,), {})
            except DeadPath:
                return []
            return [(m.state, 0)]

        if type(self.model).init is Model.init:
            values = tuple((n, initial_value(v.domain)) for n, v in fields.items())
            return (Leaf("commit", (), b.TRUE, updates=values),)
        where = function_of(type(self.model).init).where()
        leaves, _, _ = self.explore(make, run, where)
        if not leaves:
            raise SpecError("init allows no initial state", where=where)
        return tuple(leaves)


def _name_label(kind: Kind, label: str) -> None:
    """Add a program counter; the same label at two positions gets a mark, so that names stay distinct."""
    name, k = label, 1
    while name in kind.labels:
        k += 1
        name = f"{label}·{k}"
    kind.labels.append(name)

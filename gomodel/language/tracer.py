"""From a model's Python source to its ``TransitionSystem``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import build as b
from . import calls
from .containers import in_domain
from .deadlocals import find_live, reset_dead
from .domains import Array, Domain, Enum
from .errors import SpecError, Where
from .fairness import check_fairness, default_fairness
from .instance import Instance
from .lint import check_ghost_reads, check_granularity
from .machine import MAX_LEAVES, Arm, DeadPath, Event, Exits, Machine, MustFork, Oracle, State, simplify_under
from .model import Model, ProcessDecl, RuleDecl
from .parameters import arguments
from .places import flat
from .primitives import Step
from .process_trace import Tracing, check_generator
from .properties import trace_properties
from .source import class_where, function_of
from .symbols import merge_value
from .system import Action, Choice, Kind, Leaf, TransitionSystem, Variable
from .terms import Term


def trace(inst: Instance, *, symbolic: tuple[str, ...] = (), reset: bool = True) -> TransitionSystem:
    """Trace ``inst``; raises SpecError for what the language does not accept.

    ``symbolic`` bounds stay parameters.  ``reset=False`` turns the reset of dead locals off, for comparing
    state counts with other tools.
    """
    return _Tracer(inst, symbolic).run(reset)


class _Tracer:
    def __init__(self, inst: Instance, symbolic: tuple[str, ...]) -> None:
        self.inst = inst
        self.model = inst.build(symbolic)
        self.variables: dict[str, Variable] = {}
        for component in self.model.all_components():
            prefix = component._meta.path
            for name, domain in component._meta.fields.items():
                word = f"{prefix}.{name}".lstrip(".")
                for leaf, leaf_domain in flat(domain, word):
                    self.variables[leaf] = Variable(leaf, leaf_domain, None, word)
        self.arms: dict[str, Arm] = {}
        self.fatals: dict[str, tuple[str, Where | None]] = {}
        self.symbolic = symbolic

    def run(self, reset: bool) -> TransitionSystem:
        kinds = {name: self._kind(name, decl) for name, decl in self.model.declarations(ProcessDecl).items()}
        rules = {name: self._rule(name, decl) for name, decl in self.model.declarations(RuleDecl).items()}
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
        declared, edited = tuple(self.model.fairness), bool(self.inst.bugs)
        check_fairness(system, declared, class_where(type(self.model)), edited=edited)
        for prop in system.properties.values():
            check_fairness(system, prop.under or (), prop.where, edited=edited, params=prop.params)
        system.fairness = default_fairness(system, declared)

    # --- machines --------------------------------------------------------------------------------------------

    def _machine(self) -> Machine:
        m = Machine(merge_value)
        m.state.cells.update({n: b.var(n, v.domain) for n, v in self.variables.items()})
        return m

    def explore(
        self, make: Callable[[], Machine], run: Callable[[Machine], list[tuple[State, Any]]], where: Where
    ) -> tuple[list[Leaf], Machine, dict[str, set[Any]]]:
        """Every vector of choices through one step: its leaves.  ``run`` gives the exits with their targets."""
        fork_at: set[Any] = set()
        touched: dict[str, set[Any]] = {}
        while True:
            leaves: dict[Leaf, None] = {}
            arms: list[tuple[str, Arm]] = []
            pending: list[tuple[int, ...]] = [()]
            try:
                while pending:
                    m = make()
                    m.started_at = where
                    m.fork_at, m.oracle = fork_at, Oracle(pending.pop())
                    exits = run(m)
                    pending += m.oracle.open
                    for leaf in self._leaves(m, exits):
                        leaves[leaf] = None
                    arms += m.arms.items()
                    for word, indices in m.touched.items():
                        touched.setdefault(word, set()).update(indices)
                    if len(leaves) > MAX_LEAVES:
                        raise self._too_many(fork_at, where)
                self._note(arms, m)
                return list(leaves), m, touched
            except MustFork as fork:
                if fork_at.issuperset(fork.nodes):
                    raise SpecError("the branches here cannot be joined or forked", where=where) from None
                fork_at.update(fork.nodes)

    def _too_many(self, fork_at: set[Any], where: Where) -> SpecError:
        nodes = [k[1] for k in fork_at]
        lines = ", ".join(sorted({str(n.lineno) for n in nodes if hasattr(n, "lineno")}))
        mend = f"let the branches at line {lines} assign only, so that they join" if lines else "choose less often"
        return SpecError(
            f"this step has more than {MAX_LEAVES} ways through", where=where, mend=f"split it with a yield, or {mend}"
        )

    # --- leaves ----------------------------------------------------------------------------------------------

    def _leaves(self, m: Machine, exits: list[tuple[State, Any]]) -> list[Leaf]:
        made = tuple(Choice(t, d) for t, d in m.choices)
        found = []
        for k, event in enumerate(m.events):
            if event.kind == "fatal":
                self.fatals.setdefault(event.prop, (event.text, event.where))
            if event.kind in ("error", "fatal"):
                guard = _excluding(b.conjuncts(event.cond), m.events[:k])
                if guard is not b.FALSE:
                    found.append(
                        Leaf(
                            event.kind,
                            made[: event.choices],
                            guard,
                            text=event.text,
                            prop=event.prop,
                            where=event.where,
                        )
                    )
        for state, target in exits:
            found += self._commit(m, state, target, made)
        return found

    def _commit(self, m: Machine, state: State, target: Any, made: tuple[Choice, ...]) -> list[Leaf]:
        """The leaf of one exit, and an error leaf for each domain that it may leave."""
        guard = _excluding(tuple(state.path), m.events)
        if guard is b.FALSE:
            return []
        known = list(b.conjuncts(guard))
        updates: list[tuple[str, Term]] = []
        local: list[tuple[str, Term]] = []
        leaves: list[Leaf] = []
        before = m.before
        self._check_ghosts(m, state)
        for name, term in state.cells.items():
            if not isinstance(name, str) or before.get(name) is term:
                continue
            variable = self.variables.get(name)
            domain = variable.domain if variable else m.generator.kind.locals[name]
            term = simplify_under(term, known)
            inside = in_domain(term, domain)
            if inside is not b.TRUE:
                outside = b.and_(guard, simplify_under(b.not_(inside), known))
                if outside is not b.FALSE:
                    text = f"{name} leaves its domain {domain!r}"
                    leaves.append(Leaf("error", made, outside, text=text, where=m.written_at.get(name)))
                guard = b.and_(guard, inside)
            (updates if variable else local).append((name, term))
        if guard is not b.FALSE:
            covers = _conditions(m.covers, known)
            outcomes = _conditions(m.outcomes, known)
            leaves.append(Leaf("commit", made, guard, target, tuple(updates), tuple(local), covers, outcomes))
        return leaves

    def _note(self, arms: list[tuple[str, Arm]], m: Machine) -> None:
        """What the ways through one step show of branches, unless no process can take it at these bounds."""
        kind = m.generator.kind if m.generator else None
        if kind is None or not isinstance(kind.hi, int) or kind.hi >= kind.lo:
            for name, arm in arms:
                self.arms[name] = self.arms.get(name, arm) | arm

    def _branches(self) -> dict[str, Where]:
        """The source branches that some run should take."""
        places = ((name, name.rsplit(":", 1)) for name, arm in self.arms.items() if arm.expected)
        return {name: Where(file, int(line)) for name, (file, line) in places}

    def _check_ghosts(self, m: Machine, state: State) -> None:
        locals_ = m.generator.kind.locals if m.generator else {}
        domains = {n: v.domain for n, v in self.variables.items()} | locals_
        ghosts = frozenset(n for n, d in domains.items() if d.ghost)
        if ghosts:
            terms = [*state.path, *(e.cond for e in m.events if e.kind != "error")]
            terms += [
                t for n, t in state.cells.items() if isinstance(n, str) and n not in ghosts and t is not m.before.get(n)
            ]
            check_ghost_reads(ghosts, terms, m.started_at)

    # --- processes -------------------------------------------------------------------------------------------

    def _kind(self, name: str, decl: ProcessDecl) -> Kind:
        procs = getattr(self.model, name)
        kind = Kind(name, procs.lo, procs.hi)
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
        return Action(step.label, tracing.kind.name, -1, step, where, tuple(leaves), _picks(m), words)

    def _variables_of(self, kind: Kind) -> None:
        domain = getattr(self.model, kind.name).domain
        self.variables[kind.pc_name] = Variable(kind.pc_name, Array(Enum(*kind.labels), domain), kind.name)
        for name, local in kind.locals.items():
            array = Array(local, domain)
            array.ghost = local.ghost
            self.variables[name] = Variable(name, array, kind.name)

    # --- rules and the initial state -------------------------------------------------------------------------

    def _rule(self, name: str, decl: RuleDecl) -> Action:
        fn = function_of(decl.fn)
        if fn.is_generator:
            raise SpecError(
                f"rule {name} has a yield: it is one atomic action", where=fn.where(), mend="make it a @process"
            )

        def run(m: Machine) -> list[tuple[State, Any]]:
            args = arguments(m, fn, self.model, fn.params[1:])
            try:
                calls.run_function(m, fn, (self.model, *args), {}, None)
            except DeadPath:
                return []
            return [(m.state, 0)]

        leaves, m, touched = self.explore(self._plain_machine, run, fn.where())
        words = tuple((w, max(1, len(i))) for w, i in touched.items())
        step = Step(name, rest=not decl.fair)
        return Action(name, None, -1, step, fn.where(), tuple(leaves), _picks(m), words)

    def _plain_machine(self) -> Machine:
        m = self._machine()
        m.before = dict(m.state.cells)
        return m

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


def initial_value(domain: Domain) -> Term:
    """The initial value of a field as a term; sizes may be symbolic."""
    if isinstance(domain, Array) and not isinstance(domain.size, int):
        return b.fill(domain, initial_value(domain.elem))
    if not isinstance(domain, Array) and hasattr(domain, "array") and not isinstance(domain.array.size, int):
        cell = domain.array.elem
        return b.fill(domain, b.const(cell.default(), cell))
    return b.const(domain.initial(), domain)


def _picks(m: Machine) -> tuple[Domain, ...]:
    return tuple(p.sort for p in m.picks)


def _conditions(pairs: list[tuple[str, Term]], known: list[Term]) -> tuple[tuple[str, Term], ...]:
    found = [(name, simplify_under(cond, known)) for name, cond in pairs]
    return tuple((name, cond) for name, cond in found if cond is not b.FALSE)


def _excluding(path: tuple[Term, ...], events: list[Event]) -> Term:
    """The path's condition where none of ``events`` ended it before."""
    guard = b.and_(*path)
    for event in events:
        if guard is b.FALSE:
            break
        parts = set(b.conjuncts(guard))
        rest = [c for c in b.conjuncts(event.cond) if c not in parts]
        if any(b.not_(c) in parts for c in rest):
            continue
        guard = b.and_(guard, b.not_(b.and_(*rest)))
    return guard


def _name_label(kind: Kind, label: str) -> None:
    """Add a program counter; the same label at two positions gets a mark, so that names stay distinct."""
    name, k = label, 1
    while name in kind.labels:
        k += 1
        name = f"{label}·{k}"
    kind.labels.append(name)

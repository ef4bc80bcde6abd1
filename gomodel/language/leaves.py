"""Atomic actions traced to leaves: every way through a step of a process, or through a rule, as guard and updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import build as b
from . import calls
from .containers import in_domain
from .domains import Array, Domain
from .errors import SpecError, Where
from .lint import check_ghost_reads
from .machine import MAX_LEAVES, Arm, DeadPath, Event, Machine, MustFork, Oracle, State, simplify_under
from .model import Component, RuleDecl
from .parameters import arguments
from .places import flat
from .primitives import Step
from .source import function_of
from .symbols import merge_value
from .system import Action, Choice, Leaf, Variable
from .terms import Term


class LeafTracer:
    """Traces actions over the fields of ``component`` and of what is embedded in it."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self.variables = fields_of(component)
        self._cells: dict[str, Term] = {}
        self.arms: dict[str, Arm] = {}
        self.fatals: dict[str, tuple[str, Where | None, bool]] = {}  # property → text, first place, whether it is own

    def _machine(self) -> Machine:
        m = Machine(merge_value)
        if len(self._cells) != len(self.variables):
            self._cells = {n: b.var(n, v.domain) for n, v in self.variables.items()}
        m.state.cells.update(self._cells)
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
                text, where, own = self.fatals.get(event.prop, (event.text, event.where, False))
                self.fatals[event.prop] = text, where, own or event.own
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
        if kind is None or not kind.empty:
            for name, arm in arms:
                self.arms[name] = self.arms.get(name, arm) | arm

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

    # --- rules -----------------------------------------------------------------------------------------------

    def rule(self, name: str, decl: RuleDecl) -> Action:
        fn = function_of(decl.fn)
        if fn.is_generator:
            raise SpecError(
                f"rule {name} has a yield: it is one atomic action", where=fn.where(), mend="make it a @process"
            )

        def run(m: Machine) -> list[tuple[State, Any]]:
            args = arguments(m, fn, self.component, fn.params[1:])
            try:
                calls.run_function(m, fn, (self.component, *args), {}, None)
            except DeadPath:
                return []
            return [(m.state, 0)]

        leaves, m, touched = self.explore(self._plain_machine, run, fn.where())
        words = tuple((w, max(1, len(i))) for w, i in touched.items())
        step = Step(name, rest=not decl.fair)
        return Action(name, None, -1, step, fn.where(), tuple(leaves), pick_domains(m), words)

    def _plain_machine(self) -> Machine:
        m = self._machine()
        m.before = dict(m.state.cells)
        return m


def fields_of(component: Component) -> dict[str, Variable]:
    """The variables that store the fields of ``component`` and of what is embedded in it."""
    found = {}
    for part in component.all_components():
        for name, domain in part._meta.fields.items():
            word = f"{part._meta.path}.{name}".lstrip(".")
            for leaf, leaf_domain in flat(domain, word):
                found[leaf] = Variable(leaf, leaf_domain, None, word)
    return found


def initial_value(domain: Domain) -> Term:
    """The initial value of a field as a term; sizes may be symbolic."""
    if isinstance(domain, Array) and not isinstance(domain.size, int):
        return b.fill(domain, initial_value(domain.elem))
    if not isinstance(domain, Array) and hasattr(domain, "array") and not isinstance(domain.array.size, int):
        cell = domain.array.elem
        return b.fill(domain, b.const(cell.default(), cell))
    return b.const(domain.initial(), domain)


def pick_domains(m: Machine) -> tuple[Domain, ...]:
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

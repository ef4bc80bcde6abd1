"""Induction for any number of processes, from action templates with the stepping process as a variable.

Processes are integers of an unbounded range, their program counters and locals arrays over it, queues arrays with a
head and a size.  No formula that a solver sees has a quantifier:

* What holds for all processes, or all places of a queue, is used only at the *terms at hand*: the process that steps,
  those that it names, and the ones that the goal is about.  Using less than all is sound.
* To refute "for all", one unknown process is taken (Skolem).
* ``count(φ(g) for g in …)`` is an integer variable.  A step changes it by what φ gains or loses at the processes that
  the step writes; that φ stays as it is at every other process is an obligation of its own.  Any such number is at
  least that of the different terms at hand that satisfy φ, and at most all but those that do not.  Elsewhere than at
  the top of a formula, "some process" is a count above 0, and "all processes" a count of 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from ..language import build as b
from ..language.domains import Array, Domain, Seq
from ..language.processes import Pid
from ..language.system import Action, Kind, Leaf, Property, TransitionSystem, picks_of
from ..language.terms import Term, walk
from . import values as v
from .anystep import AnyWalker, Obligation, State, Step
from .finite import reached
from .sizes import INTEGERS, Hand, Sizes, rings
from .values import Ring, Table, Value, formula_of
from .walker import Bound, mapped


class Induction:
    """The obligations: all ``goals`` hold at first, and each step from a state where they hold leads to one.

    ``goals`` are invariants, taken together; ``steps`` are step invariants to prove beside them, and ``fatals`` the
    names of what must not happen.  Model errors must not happen either.
    """

    def __init__(
        self, system: TransitionSystem, goals: list[Property], steps: list[Property], fatals: set[str]
    ) -> None:
        self.system, self.goals, self.steps, self.fatals = system, goals, steps, fatals
        self.sizes = Sizes(system)
        self.kinds = {n: k for n, k in system.kinds.items() if not k.empty}
        self.state = {n: self.sizes.fresh(x.domain, n) for n, x in system.variables.items() if self._exists(n)}
        self.counters: dict[Term, Any] = {}
        self.before = AnyWalker(self, self.state, self.counter)
        self._apart: list[list[Term]] | None = None
        self._known: dict[Any, tuple[Hand, z3.BoolRef]] = {}
        for t in walk(p.term for p in (*goals, *steps) if p.term is not None):  # what their counts say is known at once
            if t.op == "count" and self.sizes.grows(t.data[1]) and not self.before.free(t) and not _looks_on(t):
                self.counter(t)

    def _exists(self, name: str) -> bool:
        kind = self.system.variables[name].kind
        return kind is None or kind in self.kinds

    def counter(self, t: Term) -> Any:
        known = self.counters.get(t)
        if known is None:
            known = self.counters[t] = z3.Int(f"count {len(self.counters)}")
        return known

    def constant_table(self, elem: Domain, value: Value) -> Table:
        shape = self.sizes.fresh(elem, "cell")

        def filled(cell: Any, part: Value) -> Any:
            plain = z3.BoolVal(part) if isinstance(part, bool) else z3.IntVal(part) if v.known(part) else part
            return z3.K(z3.IntSort(), plain)

        return Table(mapped(filled, shape, value), elem)

    # --- using and refuting formulas -------------------------------------------------------------------------

    def uses(self, t: Term, walker: AnyWalker, hand: Hand, bound: Bound = ()) -> list[Value]:
        """Formulas that follow from ``t``: its quantifiers at the terms at hand."""
        split = self._quantified(t)
        if split is None:
            return [walker.value(t, bound)]
        if t.op == "and":
            return [u for a in t.args for u in self.uses(a, walker, hand, bound)]
        if t.op == "or":
            rest = v.disjunction(*(walker.value(a, bound) for a in t.args if a is not split))
            return [v.disjunction(rest, u) for u in self.uses(split, walker, hand, bound)]
        depth, domain, body = _forall(t)
        found = []
        for value in hand.of(domain):
            outside = v.negation(self.sizes.inside(domain, value))
            found += [v.disjunction(outside, u) for u in self.uses(body, walker, hand, (*bound, (depth, value)))]
        return found

    def refutes(self, t: Term, walker: AnyWalker, hand: Hand, bound: Bound = ()) -> Iterator[tuple[Value, Hand]]:
        """The ways in which ``t`` fails: what then holds, and the terms that are at hand then."""
        split = self._quantified(t)
        if split is None:
            yield v.negation(walker.value(t, bound)), hand
        elif t.op == "and":
            for a in t.args:
                yield from self.refutes(a, walker, hand, bound)
        elif t.op == "or":
            rest = [v.negation(walker.value(a, bound)) for a in t.args if a is not split]
            for formula, more in self.refutes(split, walker, hand, bound):
                yield v.conjunction(*rest, formula), more
        else:
            depth, domain, body = _forall(t)
            more = hand.copy()
            some = more.choose(domain)
            inside = self.sizes.inside(domain, some)
            for formula, most in self.refutes(body, walker, more, (*bound, (depth, some))):
                yield v.conjunction(inside, formula), most

    def _quantified(self, t: Term) -> Term | None:
        """The part of ``t`` that is to be used at the terms at hand: itself, or one argument of an ``or``."""
        match t.op:
            case "forall" | "not" if _forall_of(t) is not None and self.sizes.grows(_forall(t)[1]):
                return t
            case "and" if any(self._quantified(a) for a in t.args):
                return t
            case "or":
                found = [a for a in t.args if self._quantified(a) is not None]
                return found[0] if len(found) == 1 else None
        return None

    # --- what is known of a state ----------------------------------------------------------------------------

    def reach(self, hand: Hand) -> Hand:
        """The terms at hand, and the processes that their locals name, or that stand at a place."""
        found = hand.copy()
        for name, variable in self.system.variables.items():
            value = self.state.get(name)
            domain: Any = variable.domain
            if isinstance(value, Table) and isinstance(domain.elem, Pid):
                for process in hand.processes:
                    found.add(self.before.load(value, process), domain.elem)
            for ring in rings(value):
                if isinstance(ring.cells.elem, Pid):
                    for place in hand.places:
                        found.add(self.before.load(ring.cells, ring.head + place), ring.cells.elem)
        return found

    def known(self, hand: Hand) -> list[Value]:
        """All goals at the terms at hand, the domains of what is read there, and what counters say of them."""
        facts = [p >= 1 for p in self.sizes.params.values()]
        facts += [
            self.sizes.inside(x.domain, self.state[n]) for n, x in self.system.variables.items() if n in self.state
        ]
        facts += self.typing(hand)
        for goal in self.goals:
            assert goal.term is not None
            facts += self.uses(goal.term, self.before, hand)
        for t in list(self.counters):
            facts += self.counting([t], hand)
        for apart in self.apart():
            facts += self.counting(apart, hand)
        return facts

    def apart(self) -> list[list[Term]]:
        """Groups of counts that no process is counted in twice, so that together they count each at most once."""
        if self._apart is None:
            groups: list[list[Term]] = []
            for seed in self.counters:
                if any(seed in group for group in groups):
                    continue
                groups.append([seed])
                for t in self.counters:
                    if all(self._excludes(t, other) for other in groups[-1]):
                        groups[-1].append(t)
            self._apart = [g for g in groups if len(g) > 1]
        return self._apart

    def _excludes(self, s: Term, t: Term) -> bool:
        if s is t or s.data[1] != t.data[1]:
            return False
        some = Hand().choose(s.data[1])
        both = (self.before.value(x.args[0], ((x.data[0], some),)) for x in (s, t))
        solver = z3.Solver()
        solver.add(*map(formula_of, both))
        return bool(solver.check() == z3.unsat)

    def typing(self, hand: Hand) -> list[Value]:
        """Cells lie in their domains, where their index does."""
        facts = []
        for name, variable in self.system.variables.items():
            value, domain = self.state.get(name), variable.domain
            if isinstance(value, Table):
                array: Any = getattr(domain, "array", domain)
                for index in hand.of(array.index):
                    cell = self.before.load(value, index)
                    fits = self.sizes.inside(array.elem, cell)
                    if variable.kind and name == self.kinds[variable.kind].pc_name:
                        fits = v.disjunction(*(v.equal(cell, pc) for pc in reached(self.kinds[variable.kind])))
                    facts.append(v.implied(self.sizes.inside(array.index, index), fits))
            for ring in rings(value):
                for place in hand.places:
                    used = v.conjunction(place >= 0, place < ring.size)
                    cell = self.before.load(ring.cells, ring.head + place)
                    facts.append(v.implied(used, self.sizes.inside(ring.cells.elem, cell)))
        return facts

    def counting(self, counts: list[Term], hand: Hand) -> list[Value]:
        """Counts of different processes: from those at hand that satisfy a condition to all but those that do not."""
        domain = counts[0].data[1]
        lo, hi = self.sizes.ends(domain)
        having, lacking = [], []
        for value, new in self.distinct(hand.of(domain), domain):
            holds = v.disjunction(*(self.before.value(t.args[0], ((t.data[0], value),)) for t in counts))
            having.append(INTEGERS.as_number(v.conjunction(new, holds)))
            lacking.append(INTEGERS.as_number(v.conjunction(new, v.negation(holds))))
        counter = v.total([self.counters[t] for t in counts])
        return [counter >= v.total(having), counter <= hi - lo + 1 - v.total(lacking)]

    def distinct(self, values: list[Value], domain: Domain) -> Iterator[tuple[Value, Value]]:
        """Each value with "it lies in the domain and is none of the earlier ones"."""
        for k, value in enumerate(values):
            others = (v.negation(v.equal(value, earlier)) for earlier in values[:k])
            yield value, v.conjunction(self.sizes.inside(domain, value), *others)

    # --- obligations -----------------------------------------------------------------------------------------

    def obligations(self) -> Iterator[Obligation]:
        yield from self._first()
        for kind in self.kinds.values():
            for action in kind.actions.values():
                for leaf in action.leaves:
                    yield from self._leaf(action, leaf, kind)
        for rule in self.system.rules.values():
            for leaf in rule.leaves:
                yield from self._leaf(rule, leaf, None)
        for goal in self.goals:
            for condition, text in goal.errors:
                for wrong, hand in self.refutes(b.not_(condition), self.before, Hand()):
                    yield self.obligation(f"{goal.name}: {text}", goal.name, [], wrong, hand)

    def obligation(self, goal: str, step: str, facts: list[Value], wrong: Value, hand: Hand) -> Obligation:
        if hand.key not in self._known:
            self._known[hand.key] = hand, z3.And(*map(formula_of, self.known(self.reach(hand))))
        return Obligation(goal, step, (self._known[hand.key][1], *map(formula_of, facts)), formula_of(wrong))

    def _leaf(self, action: Action, leaf: Leaf, kind: Kind | None) -> Iterator[Obligation]:
        step = Step(self, action, leaf, kind)
        if leaf.kind != "commit":
            if leaf.kind == "error" or leaf.prop in self.fatals:
                yield self.obligation(leaf.prop or leaf.text, action.name, [], step.taken, step.hand)
            return
        for goal in self.goals:
            assert goal.term is not None
            for wrong, hand in self.refutes(goal.term, step.walker(), step.hand):
                yield self.obligation(goal.name, action.name, [step.taken], wrong, hand)
        for goal in self.steps:
            assert goal.term is not None
            wanted = [(goal.name, goal.term), *((f"{goal.name}: {text}", b.not_(bad)) for bad, text in goal.errors)]
            for name, term in wanted:
                for wrong, hand in self.refutes(term, step.both(), step.hand):
                    yield self.obligation(name, action.name, [step.taken], wrong, hand)
        yield from step.frames()

    def _first(self) -> Iterator[Obligation]:
        for leaf in self.system.initial:
            if picks_of(leaf):
                raise NotImplementedError("init with choices")
            facts = [AnyWalker(self, {}, self.counter).value(leaf.guard), *(p >= 1 for p in self.sizes.params.values())]
            if leaf.kind != "commit":
                if leaf.kind == "error" or leaf.prop in self.fatals:
                    yield Obligation(leaf.prop or leaf.text, "init", (), formula_of(v.conjunction(*facts)))
                continue
            state = self._initial(leaf)
            counts: dict[Term, Value] = {}
            walker = AnyWalker(self, state, lambda t, counts=counts, state=state: self._at_first(t, counts, state))
            for goal in self.goals:
                assert goal.term is not None
                for wrong, _ in self.refutes(goal.term, walker, Hand()):
                    yield Obligation(goal.name, "init", tuple(map(formula_of, facts)), formula_of(wrong))

    def _initial(self, leaf: Leaf) -> State:
        walker = AnyWalker(self, {}, self.counter)
        state = {name: walker.value(term) for name, term in leaf.updates}
        for name in self.state:
            if name not in state:
                kind = self.kinds[self.system.variables[name].kind or ""]
                domain: Any = self.system.variables[name].domain
                term = kind.initial.get(name)
                start = kind.start if name == kind.pc_name else walker.value(term) if term is not None else 0
                if self.sizes.grows(domain.index):
                    state[name] = self.constant_table(domain.elem, start)
                else:
                    state[name] = (start,) * domain.size
            elif isinstance(self.system.variables[name].domain, (Seq, Array)):
                state[name] = self._any_length(self.system.variables[name].domain, state[name])
        return state

    def _any_length(self, domain: Any, value: Value) -> Value:
        """An initial value in the structure that the domain has here: an empty queue is a ring."""
        if isinstance(domain, Seq) and not isinstance(value, Ring):
            if not (v.known(value.size) and value.size == 0):
                raise NotImplementedError("a queue that is not empty at first")
            blank = self.constant_table(domain.elem, v.default(domain.elem))
            return Ring(z3.IntVal(0), z3.IntVal(0), blank)
        if isinstance(domain, Array) and isinstance(value, tuple):
            return tuple(self._any_length(domain.elem, cell) for cell in value)
        return value

    def _at_first(self, t: Term, counts: dict[Term, Value], state: State) -> Value:
        """A count in the initial state, in which all processes are alike: none, or all."""
        if t not in counts:
            some = Hand().choose(t.data[1])
            walker = AnyWalker(self, state, lambda inner: self._at_first(inner, counts, state))
            holds = z3.simplify(formula_of(walker.value(t.args[0], ((t.data[0], some),))))
            lo, hi = self.sizes.ends(t.data[1])
            if not (z3.is_true(holds) or z3.is_false(holds)):
                raise NotImplementedError(f"a count of processes that differ at first: {t}")
            counts[t] = hi - lo + 1 if z3.is_true(holds) else 0
        return counts[t]


def _forall_of(t: Term) -> Term | None:
    if t.op == "forall":
        return t
    if t.op == "not" and t.args[0].op == "exists":
        return t.args[0]
    return None


def _forall(t: Term) -> tuple[int, Domain, Term]:
    """Depth, domain and body of a universal statement, also of "not some"."""
    inner = _forall_of(t)
    assert inner is not None
    body = inner.args[0] if t.op == "forall" else b.not_(inner.args[0])
    return inner.data[0], inner.data[1], body


def _looks_on(t: Term) -> bool:
    """Whether it is of the state after a step."""
    return any(x.op == "next" for x in walk([t]))

"""Induction for any number of processes, from action templates with the stepping process as a variable.

Processes are integers of an unbounded range, their program counters and locals arrays over it, queues arrays with a head
and a size.  No formula that a solver sees has a quantifier:

* What holds for all processes, or all places of a queue, is used only at the *terms at hand*: the process that steps,
  those that it names, and the ones that the goal is about.  Using less than all is sound.
* To refute "for all", one unknown process is taken (Skolem).
* ``count(φ(g) for g in …)`` is an integer variable.  A step changes it by what φ gains or loses at the processes that
  the step writes; that φ stays as it is at every other process is an obligation of its own.  Any such number is at least
  the number of different terms at hand that satisfy φ, and at most all but those that do not.  Elsewhere than at the top
  of a formula, "some process" is a count above 0, and "all processes" a count of 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import z3

from ..language import build as b
from ..language.declare import STEPS
from ..language.domains import Array, Bool, Domain, Enum, Int, Option, Seq, Set, Struct
from ..language.processes import Pid
from ..language.system import Action, Kind, Leaf, Property, TransitionSystem, picks_of
from ..language.terms import Term, walk
from . import values as v
from .values import Maybe, Numbers, Ring, Table, Value
from .walker import Bound, Walker, _map

INTEGERS = Numbers()
State = dict[str, Value]


@dataclass
class Hand:
    """Terms at hand: processes and places in a queue."""

    processes: list[Value] = field(default_factory=list)
    places: list[Value] = field(default_factory=list)
    unknown: int = 0  # how many of them a refutation has chosen

    def of(self, domain: Domain) -> list[Value]:
        return self.processes if isinstance(domain, Pid) else self.places

    def add(self, value: Value, domain: Domain) -> None:
        known = self.of(domain)
        if not any(value is k or (z3.is_expr(value) and z3.is_expr(k) and value.eq(k)) for k in known):
            known.append(value)

    def copy(self) -> Hand:
        return Hand(list(self.processes), list(self.places), self.unknown)

    def choose(self, domain: Domain) -> Any:
        """An unknown process or place, different from those chosen before."""
        self.unknown += 1
        some = z3.Int(f"{'process' if isinstance(domain, Pid) else 'place'} {self.unknown}")
        self.add(some, domain)
        if not isinstance(domain, Pid):
            for near in (some + 1, some - 1):  # where a push or a pop moves it to
                self.add(near, domain)
        return some

    @property
    def key(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(value.get_id() for value in values) for values in (self.processes, self.places))


@dataclass(frozen=True)
class Obligation:
    """``known`` and ``wrong`` together must have no model.  Obligations of one step may share what is known."""

    goal: str  # the lemma, property, or failing leaf
    step: str  # the action, "init", or the property itself
    known: tuple[z3.BoolRef, ...]
    wrong: z3.BoolRef


class Sizes:
    """The symbolic bounds and the domains that depend on them."""

    def __init__(self, system: TransitionSystem) -> None:
        self.params = {name: z3.Int(name) for name in system.params}
        self.walker = Walker(INTEGERS, {}, params=self.params)

    def number(self, size: Any) -> Value:
        return self.walker.value(size) if isinstance(size, Term) else size

    def ends(self, domain: Any) -> tuple[Value, Value]:
        if isinstance(domain, Bool):
            return 0, 1
        if isinstance(domain, Enum):
            return 0, len(domain.names) - 1
        return self.number(domain.lo), self.number(domain.hi)

    def inside(self, domain: Domain, value: Value) -> Value:
        """Whether a value without cells of unknown number lies in its domain."""
        match domain:
            case Bool():
                return True
            case Option():
                return v.implied(value.there, self.inside(domain.elem, value.value))
            case Struct():
                return v.conjunction(*map(self.inside, domain.fields.values(), value))
            case Seq() if isinstance(value, Ring):
                return v.conjunction(value.size >= 0, value.size <= self.number(domain.capacity))
            case Set() if isinstance(value, tuple):
                return self.inside(domain.array, value)
            case Array() if isinstance(value, tuple):
                return v.conjunction(*(self.inside(domain.elem, cell) for cell in value))
            case Array() | Set():
                return True  # see Induction.typing
        lo, hi = self.ends(domain)
        return v.conjunction(lo <= value, value <= hi)

    def grows(self, domain: Any) -> bool:
        """Whether the number of its values is symbolic."""
        return isinstance(getattr(domain, "hi", None), Term)

    def fresh(self, domain: Domain, name: str) -> Value:
        match domain:
            case Bool():
                return z3.Bool(name)
            case Option():
                return Maybe(z3.Bool(f"{name}?"), self.fresh(domain.elem, name))
            case Struct():
                return tuple(self.fresh(d, f"{name}.{n}") for n, d in domain.fields.items())
            case Set():
                return self.fresh(domain.array, name)
            case Array() if self.grows(domain.index):
                return self._table(domain.elem, name)
            case Array():
                return tuple(self.fresh(domain.elem, f"{name}[{k}]") for k in range(domain.size))
            case Seq():
                return Ring(z3.Int(f"{name}.head"), z3.Int(f"{name}.size"), self._table(domain.elem, name))
        return z3.Int(name)

    def _table(self, elem: Domain, name: str) -> Table:
        if isinstance(elem, (Array, Set, Seq)):
            raise NotImplementedError(f"{name}: a container for each process")
        cells = _map(lambda cell: z3.Array(cell.decl().name(), z3.IntSort(), cell.sort()), self.fresh(elem, name))
        return Table(cells, elem)


class AnyWalker(Walker):
    """A walker in which counts over processes are variables: ``counted`` gives the value of each."""

    def __init__(self, induction: Induction, state: State, counted: Any, **others: Any) -> None:
        super().__init__(INTEGERS, state, params=induction.sizes.params, **others)
        self.induction, self.counted = induction, counted

    def quantifier(self, t: Term, bound: Bound) -> Value:
        domain = t.data[1]
        if not self.induction.sizes.grows(domain):
            return super().quantifier(t, bound)
        if bound:
            raise NotImplementedError(f"a quantifier inside another one: {t}")
        if t.op == "forall":
            return self.counted(_count(t, b.not_(t.args[0]))) == 0
        if t.op == "exists":
            return self.counted(_count(t, t.args[0])) > 0
        if t.op == "sum":
            raise NotImplementedError(f"a sum over any number of processes: {t}")
        return self.counted(t)

    def _container(self, t: Term, a: list[Value]) -> Value:
        if t.op == "fill" and self.induction.sizes.grows(getattr(t.sort, "array", t.sort).index):  # type: ignore[attr-defined]
            return self.induction.constant_table(getattr(t.sort, "array", t.sort).elem, a[0])  # type: ignore[attr-defined]
        if t.op == "at" and v.known(a[0].size) and not isinstance(a[0], Ring):
            raise NotImplementedError("a constant queue")
        return super()._container(t, a)


def _count(t: Term, body: Term) -> Term:
    return b.quantify("count", t.data[0], t.data[1], body)


class Induction:
    """The obligations: all ``goals`` hold at first, and each step from a state where they hold leads to one.

    ``goals`` are invariants, taken together; ``steps`` are step invariants to prove beside them, and ``fatals`` the
    names of what must not happen.  Model errors must not happen either.
    """

    def __init__(self, system: TransitionSystem, goals: list[Property], steps: list[Property], fatals: set[str]) -> None:
        self.system, self.goals, self.steps, self.fatals = system, goals, steps, fatals
        self.sizes = Sizes(system)
        self.kinds = {n: k for n, k in system.kinds.items() if not k.empty}
        self.state = {n: self.sizes.fresh(x.domain, n) for n, x in system.variables.items() if self._exists(n)}
        self.counters: dict[Term, Any] = {}
        self.before = AnyWalker(self, self.state, self._counter)
        self._apart: list[list[Term]] | None = None
        self._known: dict[Any, tuple[Hand, z3.BoolRef]] = {}
        for goal in (*goals, *steps):  # so that all counts are known
            for t in walk([goal.term] if goal.term is not None else []):
                if t.op in ("count", "forall", "exists") and self.sizes.grows(t.data[1]) and not self.before.free(t):
                    self._note(t)

    def _exists(self, name: str) -> bool:
        kind = self.system.variables[name].kind
        return kind is None or kind in self.kinds

    def _note(self, t: Term) -> None:
        """Counters for what stands elsewhere than at the top; those of the top are found when they are met."""
        if t.op == "count":
            self._counter(t)

    def _counter(self, t: Term) -> Any:
        known = self.counters.get(t)
        if known is None:
            known = self.counters[t] = z3.Int(f"count {len(self.counters)}")
        return known

    def constant_table(self, elem: Domain, value: Value) -> Table:
        shape = self.sizes.fresh(elem, "cell")

        def filled(cell: Any, part: Value) -> Any:
            plain = z3.BoolVal(part) if isinstance(part, bool) else z3.IntVal(part) if v.known(part) else part
            return z3.K(z3.IntSort(), plain)

        return Table(_map(filled, shape, value), elem)

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
        if t.op == "ite":
            return self.uses(_as_or(t), walker, hand, bound)
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
        elif t.op == "ite":
            yield from self.refutes(_as_or(t), walker, hand, bound)
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
            for ring in _rings(value):
                if isinstance(ring.cells.elem, Pid):
                    for place in hand.places:
                        found.add(self.before.load(ring.cells, ring.head + place), ring.cells.elem)
        return found

    def known(self, hand: Hand) -> list[Value]:
        """All goals at the terms at hand, the domains of what is read there, and what counters say of them."""
        facts = [p >= 1 for p in self.sizes.params.values()]
        facts += [self.sizes.inside(x.domain, self.state[n]) for n, x in self.system.variables.items() if n in self.state]
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
            for t in self.counters:
                home = next((g for g in groups if all(self._excludes(t, other) for other in g)), None)
                if home is None:
                    groups.append([t])
                else:
                    home.append(t)
            self._apart = [g for g in groups if len(g) > 1]
        return self._apart

    def _excludes(self, s: Term, t: Term) -> bool:
        if s.data[1] != t.data[1]:
            return False
        some = Hand().choose(s.data[1])
        both = (self.before.value(x.args[0], ((x.data[0], some),)) for x in (s, t))
        solver = z3.Solver()
        solver.add(*map(_formula, both))
        return bool(solver.check() == z3.unsat)

    def typing(self, hand: Hand) -> list[Value]:
        """Cells lie in their domains, where their index does."""
        facts = []
        for name, variable in self.system.variables.items():
            value, domain = self.state.get(name), variable.domain
            if isinstance(value, Table):
                array: Any = getattr(domain, "array", domain)
                for index in hand.of(array.index):
                    fits = self.sizes.inside(array.elem, self.before.load(value, index))
                    facts.append(v.implied(self.sizes.inside(array.index, index), fits))
            for ring in _rings(value):
                for place in hand.places:
                    used = v.conjunction(0 <= place, place < ring.size)
                    cell = self.before.load(ring.cells, ring.head + place)
                    facts.append(v.implied(used, self.sizes.inside(ring.cells.elem, cell)))
        return facts

    def counting(self, counts: list[Term], hand: Hand) -> list[Value]:
        """Counts of different processes: between those at hand that satisfy a condition, and all but those that do not."""
        domain = counts[0].data[1]
        lo, hi = self.sizes.ends(domain)
        having, lacking = [], []
        for value, new in self._distinct(hand.of(domain), domain):
            holds = v.disjunction(*(self.before.value(t.args[0], ((t.data[0], value),)) for t in counts))
            having.append(INTEGERS.as_number(v.conjunction(new, holds)))
            lacking.append(INTEGERS.as_number(v.conjunction(new, v.negation(holds))))
        counter = v.total([self.counters[t] for t in counts])
        return [counter >= v.total(having), counter <= hi - lo + 1 - v.total(lacking)]

    def _distinct(self, values: list[Value], domain: Domain) -> Iterator[tuple[Value, Value]]:
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
        for goal in (*self.goals, *self.steps):
            for condition, text in goal.errors:
                for wrong, hand in self.refutes(b.not_(condition), self.before, Hand()):
                    yield self._obligation(f"{goal.name}: {text}", goal.name, [], wrong, hand)

    def _obligation(self, goal: str, step: str, facts: list[Value], wrong: Value, hand: Hand) -> Obligation:
        if hand.key not in self._known:
            self._known[hand.key] = hand, z3.And(*map(_formula, self.known(self.reach(hand))))
        return Obligation(goal, step, (self._known[hand.key][1], *map(_formula, facts)), _formula(wrong))

    def _leaf(self, action: Action, leaf: Leaf, kind: Kind | None) -> Iterator[Obligation]:
        step = _Step(self, action, leaf, kind)
        if leaf.kind != "commit":
            if leaf.kind == "error" or leaf.prop in self.fatals:
                yield self._obligation(leaf.prop or leaf.text, action.name, [], step.taken, step.hand)
            return
        for goal in self.goals:
            assert goal.term is not None
            for wrong, hand in self.refutes(goal.term, step.walker(), step.hand):
                yield self._obligation(goal.name, action.name, [step.taken], wrong, hand)
        for goal in self.steps:
            assert goal.term is not None
            both = step.both()
            for wrong, hand in self.refutes(goal.term, both, step.hand):
                yield self._obligation(goal.name, action.name, [step.taken], wrong, hand)
        yield from step.frames()

    def _first(self) -> Iterator[Obligation]:
        for leaf in self.system.initial:
            state, guard = self._initial(leaf)
            counts: dict[Term, Value] = {}
            walker = AnyWalker(self, state, lambda t, counts=counts, state=state: self._at_first(t, counts, state))
            facts = [guard, *(p >= 1 for p in self.sizes.params.values())]
            for goal in self.goals:
                assert goal.term is not None
                for wrong, _ in self.refutes(goal.term, walker, Hand()):
                    yield Obligation(goal.name, "init", tuple(map(_formula, facts)), _formula(wrong))

    def _initial(self, leaf: Leaf) -> tuple[State, Value]:
        if picks_of(leaf):
            raise NotImplementedError("init with choices")
        walker = AnyWalker(self, {}, self._counter)
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
        return state, walker.value(leaf.guard)

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
            walker = AnyWalker(self, state, self._counter)
            holds = z3.simplify(_formula(walker.value(t.args[0], ((t.data[0], some),))))
            lo, hi = self.sizes.ends(t.data[1])
            if not (z3.is_true(holds) or z3.is_false(holds)):
                raise NotImplementedError(f"a count of processes that differ at first: {t}")
            counts[t] = hi - lo + 1 if z3.is_true(holds) else 0
        return counts[t]


class _Step:
    """One way through an action: when it is taken, and the state after it."""

    def __init__(self, induction: Induction, action: Action, leaf: Leaf, kind: Kind | None) -> None:
        self.induction, self.action, self.leaf = induction, action, leaf
        sizes, state = induction.sizes, induction.state
        self.me = z3.Int("self") if kind else None
        picks = {p.data[0]: p.data[1] for p in picks_of(leaf)}
        drawn = {k: sizes.fresh(d, f"pick {k}") for k, d in picks.items()}
        walker = AnyWalker(induction, state, induction._counter, me=self.me, picks=drawn)
        here: list[Value] = [sizes.inside(d, drawn[k]) for k, d in picks.items()]
        self.hand = Hand()
        if kind is not None:
            pid: Any = induction.system.variables[kind.pc_name].domain
            here += [sizes.inside(pid.index, self.me), v.equal(self._own(walker, kind.pc_name), action.pc)]
            self.hand.add(self.me, pid.index)
        self.taken = v.conjunction(*here, walker.value(leaf.guard))
        self.after = dict(state)
        for name, term in leaf.updates:
            self.after[name] = walker.value(term)
        for name, value in ((n, walker.value(t)) for n, t in leaf.locals) if kind else ():
            self.after[name] = self._put(walker, name, value)
        if kind is not None and leaf.kind == "commit":
            self.after[kind.pc_name] = self._put(walker, kind.pc_name, leaf.target)
        self._at_hand(walker)
        self.written = self._written(walker)

    def _own(self, walker: AnyWalker, name: str) -> Value:
        cells = self.induction.state[name]
        domain: Any = self.induction.system.variables[name].domain
        return walker.load(cells, self.me) if isinstance(cells, Table) else walker.at(cells, self.me, domain.index.lo, 0)

    def _put(self, walker: AnyWalker, name: str, value: Value) -> Value:
        cells = self.induction.state[name]
        if isinstance(cells, Table):
            return walker.store(cells, self.me, value)
        domain: Any = self.induction.system.variables[name].domain
        lo = domain.index.lo
        return tuple(INTEGERS.choose(self.me == lo + k, value, cell) for k, cell in enumerate(cells))

    def _terms(self) -> list[Term]:
        leaf = self.leaf
        return walk([leaf.guard, *(t for _, t in leaf.updates), *(t for _, t in leaf.locals)])

    def _at_hand(self, walker: AnyWalker) -> None:
        """Every process that the step names, and the ends of the queues."""
        for t in self._terms():
            if isinstance(t.sort, Pid) and not walker.free(t) and t.op != "const":
                self.hand.add(walker.value(t), t.sort)
        for value in self.induction.state.values():
            for ring in _rings(value):
                self.hand.add(z3.IntVal(0), Int(0, None))
                self.hand.add(ring.size - 1, Int(0, None))

    def _written(self, walker: AnyWalker) -> list[Value]:
        """The processes at which the step writes."""
        found = Hand([self.me] if self.me is not None else [])
        for t in self._terms():
            if t.op == "store" and isinstance(t.args[1].sort, Pid):
                found.add(walker.value(t.args[1]), t.args[1].sort)
        return found.processes

    def walker(self) -> AnyWalker:
        return AnyWalker(self.induction, self.after, self._counted)

    def both(self) -> AnyWalker:
        """For properties of both ends: ``var`` is the state before."""
        return AnyWalker(self.induction, self.induction.state, self.induction._counter, after=self.after)

    def _counted(self, t: Term) -> Value:
        """A count after the step: as before, and what changes where the step writes."""
        counter = self.induction._counter(t)
        gains = []
        for value, new in self.induction._distinct(self.written, t.data[1]):
            was, is_ = self._both_sides(t, value)
            gains.append(INTEGERS.choose(new, INTEGERS.as_number(is_) - INTEGERS.as_number(was), 0))
        return v.total([counter, *gains])

    def _both_sides(self, t: Term, value: Value) -> tuple[Value, Value]:
        bound = ((t.data[0], value),)
        after = AnyWalker(self.induction, self.after, self.induction._counter)
        return self.induction.before.value(t.args[0], bound), after.value(t.args[0], bound)

    def frames(self) -> Iterator[Obligation]:
        """What is counted stays as it is at processes at which the step does not write."""
        for t in list(self.induction.counters):
            hand = self.hand.copy()
            other = hand.choose(t.data[1])
            was, is_ = self._both_sides(t, other)
            if was is is_ or (z3.is_expr(was) and z3.is_expr(is_) and was.eq(is_)):
                continue
            apart = [v.negation(v.equal(other, w)) for w in self.written]
            facts = [self.taken, self.induction.sizes.inside(t.data[1], other), *apart]
            wrong = v.negation(v.equal(was, is_))
            yield self.induction._obligation("what is counted", self.action.name, facts, wrong, hand)


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


def _as_or(t: Term) -> Term:
    condition, yes, no = t.args
    return b.and_(b.or_(b.not_(condition), yes), b.or_(condition, no))


def _rings(value: Value) -> Iterable[Ring]:
    if isinstance(value, Ring):
        return [value]
    return [r for part in value for r in _rings(part)] if isinstance(value, tuple) else []


def _formula(value: Value) -> z3.BoolRef:
    return z3.BoolVal(value) if isinstance(value, bool) else value

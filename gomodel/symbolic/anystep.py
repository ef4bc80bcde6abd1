"""One step of a system of any size: when it is taken, the state after it, and what becomes of counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import z3

from ..language import build as b
from ..language.domains import Int
from ..language.processes import Pid
from ..language.system import Action, Kind, Leaf, picks_of
from ..language.terms import Term, rewrite, walk
from . import values as v
from .sizes import INTEGERS, Hand, rings
from .values import Ring, Table, Value
from .walker import Bound, Walker

if TYPE_CHECKING:
    from .anysize import Induction

State = dict[str, Value]


@dataclass(frozen=True)
class Obligation:
    """``known`` and ``wrong`` together must have no model.  Obligations of one step may share what is known."""

    goal: str  # the lemma, property, or failing leaf
    step: str  # the action, "init", or the property itself
    known: tuple[z3.BoolRef, ...]
    wrong: z3.BoolRef


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
            return self.counted(count_of(t, b.not_(t.args[0]))) == 0
        if t.op == "exists":
            return self.counted(count_of(t, t.args[0])) > 0
        if t.op == "sum":
            raise NotImplementedError(f"a sum over any number of processes: {t}")
        return self.counted(t)

    def _container(self, t: Term, a: list[Value]) -> Value:
        if t.op == "fill" and self.induction.sizes.grows(b.cells_of(t.sort).index):
            return self.induction.constant_table(b.cells_of(t.sort).elem, a[0])
        if t.op == "at" and v.known(a[0].size) and not isinstance(a[0], Ring):
            raise NotImplementedError("a constant queue")
        return super()._container(t, a)


def count_of(t: Term, body: Term) -> Term:
    return b.quantify("count", t.data[0], t.data[1], body)


class Step:
    """One way through an action: when it is taken, and the state after it."""

    def __init__(self, induction: Induction, action: Action, leaf: Leaf, kind: Kind | None) -> None:
        self.induction, self.action, self.leaf = induction, action, leaf
        sizes, state = induction.sizes, induction.state
        self.me = z3.Int("the process") if kind else None
        picks = {p.data[0]: p.data[1] for p in picks_of(leaf)}
        drawn = {k: sizes.fresh(d, f"pick {k}") for k, d in picks.items()}
        walker = AnyWalker(induction, state, induction.counter, me=self.me, picks=drawn)
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
        return (
            walker.load(cells, self.me) if isinstance(cells, Table) else walker.at(cells, self.me, domain.index.lo, 0)
        )

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
            for ring in rings(value):
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
        return AnyWalker(self.induction, self.induction.state, self._counted_at_its_end, after=self.after)

    def _counted_at_its_end(self, t: Term) -> Value:
        """A count of one end of the step."""
        ends = {x.op for x in walk([t])} & {"var", "next"}
        if "next" not in ends:
            return self.induction.counter(t)
        if "var" in ends:
            raise NotImplementedError(f"a count over both ends of a step: {t}")
        return self._counted(rewrite(t, lambda x: b.leaf("var", x.data, x.sort) if x.op == "next" else None))

    def _counted(self, t: Term) -> Value:
        """A count after the step: as before, and what changes where the step writes."""
        counter = self.induction.counter(t)
        gains = []
        for value, new in self.induction.distinct(self.written, t.data[1]):
            was, is_ = self._both_sides(t, value)
            gains.append(INTEGERS.choose(new, INTEGERS.as_number(is_) - INTEGERS.as_number(was), 0))
        return v.total([counter, *gains])

    def _both_sides(self, t: Term, value: Value) -> tuple[Value, Value]:
        bound = ((t.data[0], value),)
        return self.induction.before.value(t.args[0], bound), self.walker().value(t.args[0], bound)

    def frames(self) -> Iterator[Obligation]:
        """What is counted stays as it is at processes at which the step does not write."""
        done: set[Term] = set()
        while todo := [t for t in self.induction.counters if t not in done]:  # a count in a count comes to light here
            for t in todo:
                yield from self._frame(t)
            done.update(todo)

    def _frame(self, t: Term) -> Iterator[Obligation]:
        hand = self.hand.copy()
        other = hand.choose(t.data[1])
        was, is_ = self._both_sides(t, other)
        if was is is_ or (z3.is_expr(was) and z3.is_expr(is_) and was.eq(is_)):
            return
        apart = [v.negation(v.equal(other, w)) for w in self.written]
        facts = [self.taken, self.induction.sizes.inside(t.data[1], other), *apart]
        wrong = v.negation(v.equal(was, is_))
        yield self.induction.obligation("what is counted", self.action.name, facts, wrong, hand)

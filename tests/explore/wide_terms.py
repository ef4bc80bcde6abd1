"""Random terms over domains of every kind and size, and code that computes them.

What is drawn is defined wherever it counts: what an operation gives outside its domain is behind an ``ite``.
Numbers may leave their domains on the way, also those stored in containers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from gomodel.explore.assembly import Word
from gomodel.explore.layout import Layout
from gomodel.explore.packed import Value
from gomodel.explore.shapes import Number, Shape, Truth, shape_of
from gomodel.explore.term_shapes import Shapes
from gomodel.explore.values import UNROLL, Process, Values
from gomodel.language import build as b
from gomodel.language.domains import Array, Bag, Bool, Domain, Enum, Int, Option, Plain, Queue, Seq, Set, Struct
from gomodel.language.processes import Pid
from gomodel.language.system import State
from gomodel.language.terms import BOOL, INT, Term, leaves_of
from gomodel.run.pycode import predicate

from .compiling import Function, Machine
from .drawing import LABELS, processes, system

P = processes("p", 1, 3)
FLAG, COLOUR, LABEL, PID = Bool(), Enum("red", "green", "blue"), Enum(*LABELS[:3]), Pid(P)
SMALL, NUMBER, ONE = Int(0, 2), Int(-3, 4), Int(5, 5)
WIDE, WHOLE = Int(-(2**40), 2**40), Int(-(2**62), 2**62)  # 42 and 64 bits
MANY = Int(-1, UNROLL + 8)  # a quantifier over these is a loop
PAIR = Struct(f=FLAG, n=NUMBER, c=COLOUR)
EXACT = Struct(a=Int(0, 2**32 - 1), b=Int(-(2**31), 2**31 - 1))  # 64 bits
BIG = Struct(a=WIDE, n=NUMBER, b=WIDE, r=Array(PAIR, 2))  # two words
FIELDS: dict[str, Domain] = {
    "flag": FLAG, "colour": COLOUR, "label": LABEL, "pid": PID, "small": SMALL, "number": NUMBER, "one": ONE,
    "wide": WIDE, "wider": WIDE, "whole": WHOLE, "pair": PAIR, "exact": EXACT, "big": BIG,
    "maybe": Option(NUMBER), "maybe_flag": Option(FLAG), "maybe_colour": Option(COLOUR), "maybe_pid": Option(PID),
    "maybe_pair": Option(PAIR), "maybe_big": Option(BIG), "maybe_one": Option(ONE), "maybe_whole": Option(WHOLE),
    "row": Array(NUMBER, 3), "long": Array(NUMBER, MANY), "flags": Array(FLAG, COLOUR), "by_flag": Array(SMALL, FLAG),
    "below": Array(SMALL, Int(-2, 1)), "bigs": Array(BIG, 2), "wholes": Array(WHOLE, 2), "ones": Array(ONE, 4),
    "pairs": Array(PAIR, 3), "single": Array(NUMBER, 1), "options": Array(Option(NUMBER), 2),
    "line": Queue(NUMBER, 4), "short": Queue(NUMBER, 2), "long_line": Queue(NUMBER, 25), "pair_line": Queue(PAIR, 3),
    "exact_line": Queue(EXACT, 1), "exact_lines": Queue(EXACT, 2), "big_line": Queue(BIG, 2),
    "one_line": Queue(ONE, 3), "flag_line": Queue(FLAG, 64), "pid_line": Queue(PID, 3),
    "set": Set(SMALL), "pids": Set(PID), "many": Set(Int(0, 69)), "bag": Bag(NUMBER, 3),
}  # fmt: skip
LOCALS: dict[str, Domain] = {
    "n": NUMBER, "f": FLAG, "line": Queue(NUMBER, 4), "big": BIG, "maybe": Option(NUMBER),
}  # fmt: skip
SYSTEM = system(FIELDS, {"q": (0, 1, {"n": SMALL}), "p": (1, 3, LOCALS)})
LOCALS["pc"] = LABEL
LAYOUT = Layout(SYSTEM)
VARIABLES = {n: v.domain for n, v in SYSTEM.variables.items()}
LONE = b.const(0, processes("q", 0, 1).domain)
PICKS = (SMALL, COLOUR, FLAG, MANY)
SORTS = list(dict.fromkeys(VARIABLES.values()))
NUMBERS = (SMALL, NUMBER, ONE)  # what is computed with: the others would soon leave 64 bits


def _held(domain: Any) -> Iterable[Domain]:
    """What can be taken out of a container."""
    if isinstance(domain, Struct):
        return domain.fields.values()
    return (domain.array.elem if isinstance(domain, Set) else domain.elem,)


@cache
def holders(domain: Domain) -> list[Domain]:
    """The containers that hold elements of ``domain``."""
    same = _same(domain)
    return [c for c in SORTS if not c.scalar and any(d in same for d in _held(c))]


@cache
def named(domain: Domain) -> list[str]:
    return [n for n, d in VARIABLES.items() if d in _same(domain)]


@cache
def local(domain: Domain) -> list[str]:
    return [n for n, d in LOCALS.items() if d in _same(domain)]


def _same(domain: Domain) -> tuple[Domain, ...]:
    return NUMBERS if domain == INT else (domain,)


class Terms:
    """Draws terms of a domain; ``INT`` is that of all small numbers."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.bound: list[tuple[Domain, Term]] = []

    def pick(self, options: Any) -> Any:
        return options[self.rng.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def term(self, domain: Domain, depth: int) -> Term:
        if domain in NUMBERS:
            domain = INT
        bound = self._bound(domain)
        if bound and self.chance(25):
            return self.pick(bound)  # type: ignore[no-any-return]
        if depth <= 0 or self.chance(5):
            return self.leaf(domain)
        if self.bound and domain.scalar and self.chance(10):
            return self._alone(domain, depth)
        makers = [self._chosen, self._taken, *self._own(domain) * 3]
        make: Callable[[Any, int], Term] = self.pick(makers)
        return make(domain, depth - 1)

    def _bound(self, domain: Domain) -> list[Term]:
        """The variables of quantifiers around."""
        return [t for d, t in self.bound if d in _same(domain) or (isinstance(d, Int) and domain == INT)]

    def _alone(self, domain: Domain, depth: int) -> Term:
        """A term made outside of all quantifiers: one in it may number its variable as the one around it does."""
        outside, self.bound = self.bound, []
        found = self.term(domain, depth)
        self.bound = outside
        return found

    def _own(self, domain: Domain) -> list[Callable[[Any, int], Term]]:
        match domain:
            case Bool():
                return [self._logic, self._order, self._same, self._is_some, self._decided]
            case Int() if domain == INT:
                return [self._arithmetic, self._arithmetic, self._length, self._folded]
            case Int() if domain == WIDE:
                return [self._arithmetic]
            case Struct():
                return [self._record]
            case Option():
                return [self._some]
            case Array() | Set():
                return [self._stored, self._filled]
            case Seq():
                return [self._changed, self._changed]
        return []

    # --- terms of any domain ---------------------------------------------------------------------------------

    def leaf(self, domain: Domain) -> Term:
        same = _same(domain)
        leaves = [b.var(n, VARIABLES[n], self.pick(("var", "next"))) for n in named(domain)] * 2
        leaves += [b.leaf("pick", k, d) for k, d in enumerate(PICKS) if d in same]
        leaves += self._bound(domain) * 5
        leaves += [self._local(n, LOCALS[n]) for n in local(domain)]
        if domain == INT:
            leaves += [b.integer(self.pick((-7, -1, 0, 1, 2, 3))), b.select(b.var("q.n", VARIABLES["q.n"]), LONE)]
        elif domain == PID:
            leaves += [b.leaf("self", "p", PID)] * 3
        else:
            leaves.append(b.const(self._outside(domain), domain))
        return self.pick(leaves)  # type: ignore[no-any-return]

    def _local(self, name: str, domain: Domain) -> Term:
        array = b.var(f"p.{name}", Array(domain, P), self.pick(("var", "next")))
        who = [b.leaf("self", "p", PID), b.var("pid", PID), b.const(2, PID), *(t for d, t in self.bound if d == PID)]
        return b.select(array, self.pick(who))

    def _outside(self, domain: Any) -> Plain:
        """A value whose parts may lie outside of their domains."""
        if domain in NUMBERS:
            return self.rng.randrange(-9, 10)
        match domain:
            case Struct():
                return tuple(map(self._outside, domain.fields.values()))
            case Seq():
                return tuple(self._outside(domain.elem) for _ in range(self.rng.randrange(domain.capacity + 1)))
            case Option():
                return None if self.chance(50) else self._outside(domain.elem)
            case Bag():
                return tuple(self.rng.randrange(8) for _ in domain.elem.values())
        return random_plain(self.rng, domain)

    def _chosen(self, domain: Domain, d: int) -> Term:
        return b.ite(self.term(BOOL, d), self.term(domain, d), self.term(domain, d))

    def _taken(self, domain: Domain, d: int) -> Term:
        """A part of a container."""
        if not holders(domain):
            return self.leaf(domain)
        holder = self.pick(holders(domain))
        whole = self.term(holder, d)
        match holder:
            case Struct():
                fields = [k for k, f in enumerate(_held(holder)) if f in _same(domain)]
                return b.field(whole, self.pick(fields))
            case Option():
                return self._where(b.is_some(whole), b.get(whole), domain)
            case Seq():
                at = self.term(INT, d) if self.chance(70) else b.integer(self.rng.randrange(2))
                return self._where(_among(at, b.length(whole)), b.at(whole, at), domain)
        index, inside = self._index(holder, d)
        return self._where(inside, b.select(whole, index), domain)

    def _where(self, defined: Term, use: Term, domain: Domain) -> Term:
        return b.ite(defined, use, self.leaf(domain))

    def _index(self, holder: Any, d: int) -> tuple[Term, Term]:
        """An index and whether it lies in the array."""
        domain = b.cells_of(holder).index
        if not isinstance(domain, Int):
            return self.term(domain, d), b.TRUE
        index = self.term(INT, d) if self.chance(70) else b.integer(self.pick(list(domain.values())))
        return index, b.and_(b.le(b.integer(domain.lo), index), b.le(index, b.integer(domain.hi)))

    # --- numbers and conditions ------------------------------------------------------------------------------

    def _arithmetic(self, domain: Domain, d: int) -> Term:
        op: Callable[[Term, Term], Term] = self.pick((b.add, b.sub, b.mul, b.div, b.mod))
        return op(self.term(domain, d), self.term(self.pick((INT, domain)), d))

    def _length(self, _: Domain, d: int) -> Term:
        return b.length(self.term(self.pick([s for s in SORTS if isinstance(s, Seq)]), d))

    def _folded(self, _: Domain, d: int) -> Term:
        op = self.pick(("count", "sum"))
        return self._quantified(op, BOOL if op == "count" else INT, d)

    def _decided(self, _: Domain, d: int) -> Term:
        return self._quantified(self.pick(("forall", "exists")), BOOL, d)

    def _quantified(self, op: str, of: Domain, d: int) -> Term:
        depth, domain = len(self.bound), self.pick((SMALL, FLAG, COLOUR, PID, MANY))
        self.bound.append((domain, b.leaf("bound", depth, domain)))
        body = self.term(of, d)
        self.bound.pop()
        return b.quantify(op, depth, domain, body)

    def _logic(self, _: Domain, d: int) -> Term:
        parts = [self.term(BOOL, d) for _ in range(self.pick((2, 2, 3)))]
        return self.pick((b.and_(*parts), b.or_(*parts), b.not_(parts[0])))  # type: ignore[no-any-return]

    def _order(self, _: Domain, d: int) -> Term:
        op: Callable[[Term, Term], Term] = self.pick((b.lt, b.le))
        domain = self.pick((INT, INT, WIDE, WHOLE))
        return op(self.term(domain, d), self.term(domain, d))

    def _same(self, _: Domain, d: int) -> Term:
        domain = self.pick(SORTS)
        other = self.pick((Queue(NUMBER, 4), Queue(NUMBER, 2))) if domain == Queue(NUMBER, 4) else domain
        return b.eq(self.term(domain, d), self.term(other, d))

    def _is_some(self, _: Domain, d: int) -> Term:
        return b.is_some(self.term(self.pick([s for s in SORTS if isinstance(s, Option)]), d))

    # --- containers ------------------------------------------------------------------------------------------

    def _record(self, domain: Struct, d: int) -> Term:
        return b.record(domain, *(self.term(part, d) for part in domain.fields.values()))

    def _some(self, domain: Option, d: int) -> Term:
        return b.some(self.term(domain.elem, d), domain)

    def _stored(self, domain: Any, d: int) -> Term:
        whole, value = self.term(domain, d), self.term(b.cells_of(domain).elem, d)
        index, inside = self._index(domain, d)
        return b.ite(inside, b.store(whole, index, value), whole)

    def _filled(self, domain: Any, d: int) -> Term:
        cells = b.cells_of(domain)
        if cells.size <= 4 and self.chance(70):
            return b.mkarray(domain, tuple(self.term(cells.elem, d) for _ in range(cells.size)))
        return b.fill(domain, self.term(cells.elem, d))

    def _changed(self, domain: Seq, d: int) -> Term:
        queue, at = self.term(domain, d), self.term(INT, d) if self.chance(70) else b.integer(self.rng.randrange(3))
        op = self.pick(("push", "push", "push_front", "push_front", "pop", "pop_back", "remove_at", "set_at"))
        size = b.length(queue)
        match op:
            case "push" | "push_front":
                defined = b.lt(size, b.integer(domain.capacity))
            case "pop" | "pop_back":
                defined = b.lt(b.integer(0), size)
            case _:
                defined = _among(at, size)
        value = self.term(domain.elem, d)
        arguments = {"push": (value,), "push_front": (value,), "remove_at": (at,), "set_at": (at, value)}.get(op, ())
        return b.ite(defined, b.seq_op(op, queue, *arguments), queue)


def _among(at: Term, size: Term) -> Term:
    return b.and_(b.le(b.integer(0), at), b.lt(at, size))


# --- states ----------------------------------------------------------------------------------------------------


def random_plain(rng: random.Random, domain: Any) -> Plain:
    """A plain value of ``domain``."""
    match domain:
        case Option():
            return None if rng.randrange(2) else random_plain(rng, domain.elem)
        case Struct():
            return tuple(random_plain(rng, d) for d in domain.fields.values())
        case Seq():
            size = rng.choice((0, 1, domain.capacity - 1, domain.capacity, rng.randrange(domain.capacity + 1)))
            return tuple(random_plain(rng, domain.elem) for _ in range(size))
        case Set():
            return random_plain(rng, domain.array)
        case Array():
            return tuple(random_plain(rng, domain.elem) for _ in range(domain.size))
        case Bool():
            return rng.randrange(2) == 1
        case Enum():
            return rng.randrange(len(domain.names))
    ends = (domain.lo, domain.hi, rng.randint(domain.lo, domain.hi))
    return rng.choice(ends)


@dataclass(frozen=True)
class Moment:
    """What a term may look at: the state, the one after it, the process that steps, what was chosen."""

    state: State
    after: State
    process: int
    picks: tuple[Plain, ...]


def random_moment(rng: random.Random) -> Moment:
    state, after = (tuple(random_plain(rng, d) for d in VARIABLES.values()) for _ in range(2))
    return Moment(state, after, random_plain(rng, PID), tuple(random_plain(rng, d) for d in PICKS))


def moment_with(moment: Moment, **fields: Plain) -> Moment:
    """The same but for some fields of the state."""
    return replace(moment, state=tuple(fields.get(n, v) for n, v in zip(VARIABLES, moment.state, strict=True)))


def in_python(term: Term) -> Callable[[Moment], Plain]:
    """The term as the reference engine computes it."""
    function = predicate(SYSTEM, term)
    picks = max((t.data[0] for t in leaves_of([term], "pick")), default=-1) + 1
    return lambda m: function(m.state, m.after, m.process, *m.picks[:picks])


# --- code ------------------------------------------------------------------------------------------------------


class Compiled:
    """Terms as machine code.  Raises UsageError where one may not fit in 64 bits."""

    def __init__(self, terms: list[tuple[Term, Domain]]) -> None:
        self._shapes: list[tuple[Shape, Shape]] = []
        self._machine = Machine([self._function(term, domain) for term, domain in terms])

    def _function(self, term: Term, domain: Domain) -> Function:
        """It gives the value as it is held in a step, then as it is stored in the domain."""
        function, shapes = Function(), Shapes(LAYOUT)
        state, after = ([function.take() for _ in range(LAYOUT.words)] for _ in range(2))
        parts: list[Word] = [function.take() for _ in LAYOUT.records["p"].parts]
        me = Process("p", function.take(), parts)
        values = Values(function.code, shapes, list(state), list(after), me)
        values.picks = {k: _given(function, d) for k, d in enumerate(PICKS)}
        held = shapes.of(term)
        stored = held if domain == INT else shape_of(domain)
        function.give(*values.words_of(term, held), *values.words_of(term, stored))
        self._shapes.append((held, stored))
        return function

    def value(self, number: int, moment: Moment) -> tuple[tuple[Shape, list[int]], tuple[Shape, list[int]]]:
        """The words of a term, in both shapes."""
        words = self._machine.run(number, _given_in(moment))
        held, stored = self._shapes[number]
        return (held, words[: len(held.widths)]), (stored, words[len(held.widths) :])


@cache
def _given_in(moment: Moment) -> list[int]:
    before = LAYOUT.pack(moment.state)
    parts = [part[moment.process - P.lo].get(before) for part in LAYOUT.records["p"].parts]
    return [*before, *LAYOUT.pack(moment.after), *parts, moment.process, *map(int, moment.picks)]


def _given(function: Function, domain: Domain) -> Value:
    word = function.take()
    shape = shape_of(domain)
    assert isinstance(shape, Number | Truth)
    return function.code.low_bit(word) if isinstance(shape, Truth) else word

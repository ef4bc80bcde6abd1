"""From terms to Z3: one walker over the DAG, for states of a known size and for those of any size.

A state is a dictionary from variables to values (see ``values``).  Where a container has a known number of cells it is
a tuple and quantifiers are unrolled; else its operations are those of Z3's arrays, and ``quantifier`` says what a
quantifier over an index of any size means.
"""

from __future__ import annotations

from typing import Any

import z3

from ..language.build import cells_of
from ..language.domains import Array, Bool, Domain, Enum, Int, Option, Seq, Set, Struct, index_base
from ..language.terms import Term
from . import values as v
from .values import Line, Maybe, Numbers, Ring, Table, Value

QUANTIFIERS = ("forall", "exists", "count", "sum")
_free: dict[Term, frozenset[int]] = {}  # see Walker.free; terms live as long as the program
Bound = tuple[tuple[int, Any], ...]  # what the variables of enclosing quantifiers stand for, by depth


class Walker:
    """The values of terms in one state; ``after`` is the next one, ``me`` the process that steps, ``picks`` its draws.

    Raises NotImplementedError for what has no counterpart here.
    """

    def __init__(
        self,
        numbers: Numbers,
        state: dict[str, Value],
        after: dict[str, Value] | None = None,
        me: Value = None,
        picks: dict[int, Value] | None = None,
        params: dict[str, Value] | None = None,
    ) -> None:
        self.numbers, self.state, self.after, self.me = numbers, state, after, me
        self.picks, self.params = picks or {}, params or {}
        self._memo: dict[tuple[Term, tuple[Any, ...]], Value] = {}
        self._alive: dict[int, Value] = {}  # what keys name by number

    def value(self, term: Term, bound: Bound = ()) -> Value:
        stack: list[tuple[Term, bool]] = [(term, False)]
        while stack:
            t, ready = stack.pop()
            key = self._key(t, bound)
            if key in self._memo:
                continue
            if ready:
                args = [self._memo[self._key(a, bound)] for a in t.args] if t.op not in QUANTIFIERS else []
                self._memo[key] = self._compute(t, args, self._seen_by(t, bound))
                continue
            stack.append((t, True))
            if t.op not in QUANTIFIERS:
                stack.extend((a, False) for a in t.args)
        return self._memo[self._key(term, bound)]

    def _key(self, term: Term, bound: Bound) -> tuple[Term, tuple[Any, ...]]:
        """Z3's expressions are known by their numbers: comparing them makes more of them."""
        if not bound:
            return term, ()
        seen = self._seen_by(term, bound)
        for _, value in seen:
            if z3.is_expr(value):
                self._alive[value.get_id()] = value
        return term, tuple((d, ("z3", value.get_id()) if z3.is_expr(value) else value) for d, value in seen)

    def _seen_by(self, term: Term, bound: Bound) -> Bound:
        """The part of ``bound`` that occurs in ``term``."""
        if not bound:
            return ()
        free = self.free(term)
        return tuple(pair for pair in bound if pair[0] in free) if free else ()

    def free(self, term: Term) -> frozenset[int]:
        """The depths of quantifiers around ``term`` whose variables occur in it."""
        known = _free.get(term)
        if known is None:
            known = frozenset({term.data[0]}) if term.op == "bound" else frozenset().union(*map(self.free, term.args))
            if term.op in QUANTIFIERS:
                known -= {term.data[0]}
            _free[term] = known
        return known

    # --- nodes -----------------------------------------------------------------------------------------------

    def _compute(self, t: Term, a: list[Value], bound: Bound) -> Value:
        match t.op:
            case "const":
                return v.constant(t.sort, t.data)
            case "var":
                return self.state[t.data]
            case "next":
                if self.after is None:
                    raise NotImplementedError(f"a look at the next state here: {t}")
                return self.after[t.data]
            case "param":
                return self.params[t.data[0]]
            case "self":
                return self.me
            case "pick":
                return self.picks[t.data[0]]
            case "bound":
                return next(value for depth, value in bound if depth == t.data[0])
            case "forall" | "exists" | "count" | "sum":
                return self.quantifier(t, bound)
            case "not":
                return v.negation(a[0])
            case "and":
                return v.conjunction(*a)
            case "or":
                return v.disjunction(*a)
            case "ite":
                return self.numbers.choose(a[0], a[1], a[2])
            case "eq":
                return v.equal(a[0], a[1])
        return self._number(t, a)

    def _number(self, t: Term, a: list[Value]) -> Value:
        match t.op:
            case "lt":
                return a[0] < a[1]
            case "le":
                return a[0] <= a[1]
            case "add":
                return v.total(a)
            case "mul":
                return a[0] * a[1]
            case "div":
                return self.numbers.divide(a[0], a[1])[0]
            case "mod":
                return self.numbers.divide(a[0], a[1])[1]
            case "some":
                return Maybe(True, a[0])
            case "is_some":
                return a[0].there
            case "get":
                return a[0].value
            case "record" | "mkarray":
                return tuple(a)
            case "field":
                return a[0][t.data]
        return self._container(t, a)

    def _container(self, t: Term, a: list[Value]) -> Value:
        match t.op, a[0]:
            case "select", Table():
                return self.load(a[0], self._index(a[1]))
            case "store", Table():
                return self.store(a[0], self._index(a[1]), a[2])
            case "select", _:
                array = cells_of(t.args[0].sort)
                return self.at(a[0], self._index(a[1]), index_base(array.index), v.default(array.elem))
            case "store", _:
                base = index_base(cells_of(t.sort).index)
                return tuple(self.numbers.choose(self._here(a[1], base + k), a[2], c) for k, c in enumerate(a[0]))
            case "fill", _:
                return (a[0],) * cells_of(t.sort).size
            case "len", _:
                return a[0].size
            case "at", Line():
                return self.at(a[0].cells, a[1], 0, v.default(t.sort))
            case "at", Ring():
                return self.load(a[0].cells, a[0].head + a[1])
            case _, Ring():
                return self._ring(t.op, a[0], a[1:])
        return self._line(t, a[0], a[1:])

    def _index(self, value: Value) -> Value:
        """An index as a number: an array over Bool is indexed by a truth value."""
        return self.numbers.as_number(value) if isinstance(value, bool) or z3.is_bool(value) else value

    def _here(self, index: Value, k: int) -> Value:
        return v.equal(self._index(index), k)

    def at(self, cells: tuple[Value, ...], index: Value, base: int, blank: Value) -> Value:
        """``cells[index - base]``; outside, where it never matters, some cell, or ``blank`` if there is none."""
        if not cells:
            return blank
        if v.known(index):
            at = int(index) - base
            return cells[at] if 0 <= at < len(cells) else cells[-1]
        found = cells[-1]
        for k, cell in enumerate(cells[:-1]):
            found = self.numbers.choose(v.equal(index, base + k), cell, found)
        return found

    def _line(self, t: Term, line: Line, a: list[Value]) -> Line:
        sort: Any = t.sort
        blank, cells, size = v.default(sort.elem), line.cells, line.size
        room = max(sort.capacity, len(cells))
        pick = self.numbers.choose
        cells = cells + (blank,) * (room - len(cells))
        full, empty = v.equal(size, room), v.equal(size, 0)
        up, down = (blank, *cells[:-1]), (*cells[1:], blank)
        match t.op:
            case "push":
                placed = tuple(pick(v.equal(size, k), a[0], c) for k, c in enumerate(cells))
                return Line(pick(full, size, size + 1), placed)
            case "push_front":
                return Line(pick(full, size, size + 1), (a[0], *up[1:]))
            case "pop":
                return Line(pick(empty, 0, size - 1), down)
            case "pop_back":
                return Line(
                    pick(empty, 0, size - 1), tuple(pick(v.equal(size, k + 1), blank, c) for k, c in enumerate(cells))
                )
            case "remove_at":
                inside = v.conjunction(a[0] >= 0, a[0] < size)
                moved = tuple(pick(v.conjunction(inside, a[0] <= k), down[k], c) for k, c in enumerate(cells))
                return Line(pick(inside, size - 1, size), moved)
            case "set_at":
                placed = tuple(pick(v.conjunction(v.equal(a[0], k), k < size), a[1], c) for k, c in enumerate(cells))
                return Line(size, placed)
        raise NotImplementedError(t.op)

    # --- containers of any size ------------------------------------------------------------------------------

    def load(self, table: Table, index: Value) -> Value:
        return mapped(lambda part: z3.Select(part, self._lifted(index)), table.parts)

    def store(self, table: Table, index: Value, value: Value) -> Table:
        def put(part: Any, cell: Value) -> Any:
            if not v.known(cell):
                return z3.Store(part, self._lifted(index), cell)
            return z3.Store(part, self._lifted(index), z3.BoolVal(cell) if isinstance(cell, bool) else cell)

        return Table(mapped(put, table.parts, value), table.elem)

    def _lifted(self, value: Value) -> Value:
        return self.numbers.lift(value) if v.known(value) else value

    def _ring(self, op: str, ring: Ring, a: list[Value]) -> Ring:
        match op:
            case "push":
                return Ring(ring.head, ring.size + 1, self.store(ring.cells, ring.head + ring.size, a[0]))
            case "push_front":
                return Ring(ring.head - 1, ring.size + 1, self.store(ring.cells, ring.head - 1, a[0]))
            case "pop":
                return Ring(ring.head + 1, ring.size - 1, ring.cells)
            case "pop_back":
                return Ring(ring.head, ring.size - 1, ring.cells)
            case "set_at":
                return Ring(ring.head, ring.size, self.store(ring.cells, ring.head + a[0], a[1]))
        raise NotImplementedError(f"{op} on a queue of any length")

    # --- quantifiers -----------------------------------------------------------------------------------------

    def quantifier(self, t: Term, bound: Bound) -> Value:
        """Unrolled over the values of its domain."""
        depth, domain = t.data
        bodies = [self.value(t.args[0], (*bound, (depth, v.constant(domain, plain)))) for plain in domain.values()]
        match t.op:
            case "forall":
                return v.conjunction(*bodies)
            case "exists":
                return v.disjunction(*bodies)
            case "count":
                return v.total([self.numbers.as_number(body) for body in bodies])
        return v.total(bodies)


def mapped(f: Any, *structures: Value) -> Value:
    """Apply ``f`` to the scalar parts of structures that are alike."""
    first = structures[0]
    if isinstance(first, tuple):
        return tuple(mapped(f, *parts) for parts in zip(*structures, strict=True))
    if isinstance(first, Maybe):
        there = mapped(f, *(s.there for s in structures))
        return Maybe(there, mapped(f, *(s.value for s in structures)))
    if isinstance(first, Line):
        size = mapped(f, *(s.size for s in structures))
        return Line(size, mapped(f, *(s.cells for s in structures)))
    return f(*structures)


def fresh(numbers: Numbers, domain: Domain, name: str) -> Value:
    """Unknown values in the structure of ``domain``, whose size is known."""
    match domain:
        case Bool():
            return z3.Bool(name)
        case Option():
            return Maybe(z3.Bool(f"{name}?"), fresh(numbers, domain.elem, name))
        case Struct():
            return tuple(fresh(numbers, d, f"{name}.{n}") for n, d in domain.fields.items())
        case Set():
            return fresh(numbers, domain.array, name)
        case Array():
            return tuple(fresh(numbers, domain.elem, f"{name}[{k}]") for k in range(domain.size))
        case Seq():
            cells = tuple(fresh(numbers, domain.elem, f"{name}[{k}]") for k in range(domain.capacity))
            return Line(numbers.variable(f"{name}.len"), cells)
    return numbers.variable(name)


def scalars(value: Value) -> list[Any]:
    """The scalar parts, in a fixed order."""
    match value:
        case tuple():
            return [s for part in value for s in scalars(part)]
        case Maybe():
            return [*scalars(value.there), *scalars(value.value)]
        case Line():
            return [*scalars(value.size), *scalars(value.cells)]
    return [value]


def inside(domain: Domain, value: Value) -> Value:
    """Whether ``value`` is one of ``domain`` in its normal form."""
    match domain:
        case Bool():
            return True
        case Enum():
            return v.conjunction(value >= 0, value <= len(domain.names) - 1)
        case Int():
            return v.conjunction(domain.lo <= value, value <= domain.hi)
        case Option():
            blank = v.equal(value.value, v.default(domain.elem))
            return v.conjunction(inside(domain.elem, value.value), v.disjunction(value.there, blank))
        case Struct():
            return v.conjunction(*map(inside, domain.fields.values(), value))
        case Set():
            return inside(domain.array, value)
        case Array():
            return v.conjunction(*(inside(domain.elem, cell) for cell in value))
        case Seq():
            blank = v.default(domain.elem)
            used = (
                v.conjunction(inside(domain.elem, c), v.disjunction(k < value.size, v.equal(c, blank)))
                for k, c in enumerate(value.cells)
            )
            return v.conjunction(value.size >= 0, value.size <= domain.capacity, *used)
    return v.conjunction(domain.lo <= value, value <= domain.hi)  # type: ignore[attr-defined]


def plain(domain: Domain, value: Value, model: z3.ModelRef) -> Any:
    """The plain value of ``domain`` that a Z3 model gives to ``value``."""
    match domain:
        case Bool():
            return bool(value) if isinstance(value, bool) else z3.is_true(model.eval(value, True))
        case Option():
            return plain(domain.elem, value.value, model) if plain(Bool(), value.there, model) else None
        case Struct():
            return tuple(plain(d, part, model) for d, part in zip(domain.fields.values(), value, strict=True))
        case Set():
            return plain(domain.array, value, model)
        case Array():
            return tuple(plain(domain.elem, cell, model) for cell in value)
        case Seq():
            return tuple(plain(domain.elem, c, model) for c in value.cells[: number(value.size, model)])
    return number(value, model)


def number(value: Value, model: z3.ModelRef) -> int:
    if v.known(value):
        return int(value)
    found = model.eval(value, True)
    return int(found.as_signed_long()) if z3.is_bv(found) else int(found.as_long())

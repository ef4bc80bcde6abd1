"""Values of the language as Z3 terms.

A number is an ``int`` or a Z3 integer or bit-vector, a truth value a ``bool`` or a Z3 Bool: what is known stays
Python's own.  Records and arrays with a known number of cells are tuples of values; the other containers stand below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import z3

from ..language.domains import Array, Domain, Int, Option, Plain, Seq, Set, Struct

Value = Any  # int, bool, z3.ExprRef, tuple, Maybe, Line, Table, Ring


@dataclass(frozen=True)
class Maybe:
    """An option; without one ``value`` is the default of its domain."""

    there: Value
    value: Value


@dataclass(frozen=True)
class Line:
    """A sequence in finitely many cells, the head first; cells behind the last element hold the default."""

    size: Value
    cells: tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """An array over an index of any size, as a Z3 array for each scalar part of an element."""

    parts: Value  # Z3 arrays in the structure of an element
    elem: Domain


@dataclass(frozen=True)
class Ring:
    """A sequence of any length: the elements are those of ``cells`` from ``head`` on."""

    head: Value
    size: Value
    cells: Table


def known(value: Value) -> bool:
    return isinstance(value, (int, bool))


# --- logic -----------------------------------------------------------------------------------------------------------


def conjunction(*values: Value) -> Value:
    kept = [v for v in values if v is not True]
    if any(v is False for v in kept):
        return False
    return True if not kept else kept[0] if len(kept) == 1 else z3.And(*kept)


def disjunction(*values: Value) -> Value:
    kept = [v for v in values if v is not False]
    if any(v is True for v in kept):
        return True
    return False if not kept else kept[0] if len(kept) == 1 else z3.Or(*kept)


def negation(value: Value) -> Value:
    return not value if isinstance(value, bool) else z3.Not(value)


def implied(premise: Value, value: Value) -> Value:
    return disjunction(negation(premise), value)


# --- any structure ---------------------------------------------------------------------------------------------------


def equal(a: Value, b: Value) -> Value:
    match a, b:
        case tuple(), tuple():
            return conjunction(*map(equal, a, b))
        case Maybe(), Maybe():
            return conjunction(equal(a.there, b.there), equal(a.value, b.value))
        case Line(), Line():
            return conjunction(equal(a.size, b.size), *map(equal, *_padded(a, b)))
        case (Ring() | Table(), _) | (_, Ring() | Table()):
            raise NotImplementedError("containers of any size are compared element by element only")
    if known(a) and known(b):
        return bool(a == b)
    if isinstance(b, bool):
        a, b = b, a
    if isinstance(a, bool):
        return b if a else negation(b)
    return a == b


class Numbers:
    """What numbers are: integers, or bit-vectors of ``bits`` bits with a sign."""

    def __init__(self, bits: int | None = None) -> None:
        self.bits = bits

    def lift(self, n: int) -> z3.ExprRef:
        return z3.IntVal(n) if self.bits is None else z3.BitVecVal(n, self.bits)

    def variable(self, name: str) -> z3.ExprRef:
        return z3.Int(name) if self.bits is None else z3.BitVec(name, self.bits)

    def sort(self) -> z3.SortRef:
        return z3.IntSort() if self.bits is None else z3.BitVecSort(self.bits)

    def choose(self, condition: Value, a: Value, b: Value) -> Value:
        """``a`` if ``condition`` else ``b``."""
        if condition is True or a is b:
            return a
        if condition is False:
            return b
        pick = partial(self.choose, condition)
        match a, b:
            case tuple(), tuple():
                return tuple(map(pick, a, b))
            case Maybe(), Maybe():
                return Maybe(pick(a.there, b.there), pick(a.value, b.value))
            case Line(), Line():
                return Line(pick(a.size, b.size), tuple(map(pick, *_padded(a, b))))
            case Table(), Table():
                return Table(pick(a.parts, b.parts), a.elem)
            case Ring(), Ring():
                return Ring(pick(a.head, b.head), pick(a.size, b.size), pick(a.cells, b.cells))
        if known(a) and known(b) and a == b:
            return a
        if isinstance(a, bool):
            return disjunction(condition, b) if a else conjunction(negation(condition), b)
        if isinstance(b, bool):
            return disjunction(negation(condition), a) if b else conjunction(condition, a)
        return z3.If(condition, self.lift(a) if known(a) else a, self.lift(b) if known(b) else b)

    def as_number(self, truth: Value) -> Value:
        """1 or 0."""
        return int(truth) if isinstance(truth, bool) else self.choose(truth, 1, 0)

    def divide(self, a: Value, b: Value) -> tuple[Value, Value]:
        """Quotient and remainder as Python's ``//`` and ``%``; 0 for a divisor of 0."""
        if known(b) and b == 0:
            return 0, 0
        if known(a) and known(b):
            return a // b, a % b
        if self.bits is None:
            if not known(b) or b < 0:
                raise NotImplementedError("a divisor that is not a positive number")
            return self.lift(a) / b if known(a) else a / b, self.lift(a) % b if known(a) else a % b
        a, b = self.lift(a) if known(a) else a, self.lift(b) if known(b) else b
        rest = a % b  # with the sign of the divisor
        zero_ = b == 0
        return z3.If(zero_, self.lift(0), (a - rest) / b), z3.If(zero_, self.lift(0), rest)


def _padded(a: Line, b: Line) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """The cells of both, as many; those that a shorter one lacks are never used by it."""
    most = max(len(a.cells), len(b.cells))
    spare = (a.cells if len(a.cells) == most else b.cells)[min(len(a.cells), len(b.cells)) :]
    blank = tuple(map(zero, spare))
    return a.cells + blank[: most - len(a.cells)], b.cells + blank[: most - len(b.cells)]


def zero(value: Value) -> Value:
    """The default in the structure of ``value``, for domains whose default is 0."""
    match value:
        case tuple():
            return tuple(map(zero, value))
        case Maybe():
            return Maybe(False, zero(value.value))
        case Line():
            return Line(0, tuple(map(zero, value.cells)))
        case bool():
            return False
    return False if z3.is_bool(value) else 0


def constant(sort: Domain, plain: Plain) -> Value:
    """A plain value of ``sort``."""
    match sort:
        case Option():
            return Maybe(plain is not None, constant(sort.elem, sort.elem.default() if plain is None else plain))
        case Struct():
            return tuple(constant(d, v) for d, v in zip(sort.fields.values(), plain, strict=True))
        case Set():
            return constant(sort.array, plain)
        case Array():
            return tuple(constant(sort.elem, v) for v in plain)
        case Seq():
            cells = [constant(sort.elem, v) for v in plain]
            room = max(sort.capacity, len(plain)) if isinstance(sort.capacity, int) else len(plain)
            blank = constant(sort.elem, sort.elem.default())
            return Line(len(plain), tuple(cells + [blank] * (room - len(plain))))
    return plain if isinstance(plain, bool) else int(plain)


def default(sort: Domain) -> Value:
    if isinstance(sort, Int) and sort.lo is None:
        return 0
    return constant(sort, sort.default())


def total(values: list[Value]) -> Value:
    """The sum; a truth value counts as 0 or 1."""
    return reduce(lambda a, b: a + b, values, 0)


def formula_of(truth: Value) -> z3.BoolRef:
    """A truth value as a Z3 formula."""
    return z3.BoolVal(truth) if isinstance(truth, bool) else truth

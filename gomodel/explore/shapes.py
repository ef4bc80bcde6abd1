"""Shapes: how values are packed into 64-bit words.

A shape is a domain without names: what matters for storing a value.  A shape of at most 64 bits takes one
word; a larger one takes several, and no element straddles two of them.  Unused cells are zero bits, so that
equal values are equal words.

Inside a step a number may leave its domain for a while, so shapes also serve values in registers: ``hull``
joins two shapes into one that holds the values of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from ..language.domains import Array, Bool, Domain, Enum, Int, Option, Plain, Seq, Set, Struct, index_base, index_size
from ..language.processes import Pid

WORD = 64


class Shape:
    """``widths`` are the used bits of each word."""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        raise NotImplementedError

    def pack(self, plain: Plain) -> list[int]:
        """The words of a plain value."""
        raise NotImplementedError

    def unpack(self, words: list[int]) -> Plain:
        raise NotImplementedError


@dataclass(frozen=True)
class Truth(Shape):
    """A boolean."""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return (1,)

    def pack(self, plain: Plain) -> list[int]:
        return [int(plain)]

    def unpack(self, words: list[int]) -> Plain:
        return bool(words[0])


@dataclass(frozen=True)
class Number(Shape):
    """A number lo..hi (also the plain value of an Enum or Pid), stored as its distance from ``lo``."""

    lo: int
    hi: int

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return (max(self.hi - self.lo, 0).bit_length(),)

    def pack(self, plain: Plain) -> list[int]:
        return [int(plain) - self.lo]

    def unpack(self, words: list[int]) -> Plain:
        return words[0] + self.lo


@dataclass(frozen=True)
class Record(Shape):
    """Several values side by side: small ones share words, first fit."""

    parts: tuple[Shape, ...]

    @cached_property
    def _placed(self) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
        places: list[tuple[int, int]] = []
        widths: list[int] = []
        for part in self.parts:
            if len(part.widths) > 1:
                places.append((len(widths), 0))
                widths += part.widths
                continue
            bits = part.widths[0]
            word = next((w for w, used in enumerate(widths) if used + bits <= WORD), len(widths))
            if word == len(widths):
                widths.append(0)
            places.append((word, widths[word]))
            widths[word] += bits
        return tuple(places), tuple(widths) or (0,)

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """(word, shift) of each part."""
        return self._placed[0]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return self._placed[1]

    def pack(self, plain: Plain) -> list[int]:
        words = [0] * len(self.widths)
        for part, place, value in zip(self.parts, self.places, plain, strict=True):
            _put(words, place, part.pack(value))
        return words

    def unpack(self, words: list[int]) -> Plain:
        pairs = zip(self.parts, self.places, strict=True)
        return tuple(part.unpack(_get(words, place, part)) for part, place in pairs)


@dataclass(frozen=True)
class Cells(Shape):
    """An array (a set and a bag too): ``size`` elements, the first at index ``base``."""

    elem: Shape
    base: int
    size: int

    @cached_property
    def per_word(self) -> int:
        """How many elements share a word; 0 when one takes several words."""
        if len(self.elem.widths) > 1:
            return 0
        return WORD // self.elem.widths[0] if self.elem.widths[0] else max(self.size, 1)

    def place(self, at: int) -> tuple[int, int]:
        """(word, shift) of the element at position ``at``, counted from 0."""
        if not self.per_word:
            return at * len(self.elem.widths), 0
        return at // self.per_word, at % self.per_word * self.elem.widths[0]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        if not self.per_word:
            return self.elem.widths * self.size or (0,)
        full, rest = divmod(self.size, self.per_word)
        bits = self.elem.widths[0]
        return ((bits * self.per_word,) * full + ((bits * rest,) if rest else ())) or (0,)

    def pack(self, plain: Plain) -> list[int]:
        words = [0] * len(self.widths)
        for at, value in enumerate(plain):
            _put(words, self.place(at), self.elem.pack(value))
        return words

    def unpack(self, words: list[int]) -> Plain:
        return tuple(self.elem.unpack(_get(words, self.place(at), self.elem)) for at in range(self.size))


@dataclass(frozen=True)
class Line(Shape):
    """A sequence: its cells, the head first, then its length."""

    elem: Shape
    capacity: int

    @cached_property
    def record(self) -> Record:
        return Record((Cells(self.elem, 0, self.capacity), Number(0, self.capacity)))

    @property
    def cells(self) -> Cells:
        cells = self.record.parts[0]
        assert isinstance(cells, Cells)
        return cells

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return self.record.widths

    def pack(self, plain: Plain) -> list[int]:
        words = [0] * len(self.widths)
        for at, value in enumerate(plain):
            _put(words, self.cells.place(at), self.elem.pack(value))
        word, shift = self.record.places[1]
        words[word] |= len(plain) << shift
        return words

    def unpack(self, words: list[int]) -> Plain:
        size = _get(words, self.record.places[1], self.record.parts[1])[0]
        return tuple(self.elem.unpack(_get(words, self.cells.place(at), self.elem)) for at in range(size))


@dataclass(frozen=True)
class Maybe(Shape):
    """``None``, all bits zero, or a value: a number one up, anything else beside a bit that says it is there."""

    elem: Shape

    @cached_property
    def record(self) -> Record:
        if isinstance(self.elem, Number):
            return Record((Number(0, self.elem.hi - self.elem.lo + 1),))
        return Record((Truth(), self.elem))

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return self.record.widths

    def pack(self, plain: Plain) -> list[int]:
        if plain is None:
            return [0] * len(self.widths)
        if isinstance(self.elem, Number):
            return [int(plain) - self.elem.lo + 1]
        return self.record.pack((True, plain))

    def unpack(self, words: list[int]) -> Plain:
        if not any(words):
            return None
        if isinstance(self.elem, Number):
            return words[0] - 1 + self.elem.lo
        return self.record.unpack(words)[1]


def _put(words: list[int], place: tuple[int, int], value: list[int]) -> None:
    word, shift = place
    for k, part in enumerate(value):
        words[word + k] |= part << shift


def _get(words: list[int], place: tuple[int, int], shape: Shape) -> list[int]:
    word, shift = place
    return [words[word + k] >> shift & (1 << bits) - 1 for k, bits in enumerate(shape.widths)]


@cache
def shape_of(domain: Domain) -> Shape:
    """The shape that stores the values of ``domain``."""
    match domain:
        case Bool():
            return Truth()
        case Enum():
            return Number(0, len(domain.names) - 1)
        case Int() if domain.lo is None:
            return Number(0, 0)  # no bounds are declared: those of the values decide, see hull
        case Int() | Pid():
            return Number(domain.lo, domain.hi)
        case Option():
            return Maybe(shape_of(domain.elem))
        case Struct():
            return Record(tuple(map(shape_of, domain.fields.values())))
        case Set():
            return shape_of(domain.array)
        case Array():
            return Cells(shape_of(domain.elem), index_base(domain.index), index_size(domain.index))
        case Seq():
            return Line(shape_of(domain.elem), domain.capacity)
    raise TypeError(f"no shape for {domain!r}")


@cache
def hull(a: Shape, b: Shape) -> Shape:
    """The smallest shape that holds the values of both."""
    if a == b:
        return a
    match a, b:
        case Number(), Number():
            return Number(min(a.lo, b.lo), max(a.hi, b.hi))
        case Maybe(), Maybe():
            return Maybe(hull(a.elem, b.elem))
        case Record(), Record():
            return Record(tuple(hull(x, y) for x, y in zip(a.parts, b.parts, strict=True)))
        case Cells(), Cells() if (a.base, a.size) == (b.base, b.size):
            return Cells(hull(a.elem, b.elem), a.base, a.size)
        case Line(), Line():
            return Line(hull(a.elem, b.elem), max(a.capacity, b.capacity))
    raise TypeError(f"{a} and {b} hold values of different kinds")


def shape_of_value(sort: Domain, plain: Any) -> Shape:
    """A shape for values of ``sort`` that also holds ``plain``, which may lie outside of it."""
    match sort:
        case Int():
            return Number(plain, plain)
        case Option():
            own = shape_of(sort.elem)
            return Maybe(own if plain is None else hull(own, shape_of_value(sort.elem, plain)))
        case Struct():
            pairs = zip(sort.fields.values(), plain, strict=True)
            return Record(tuple(hull(shape_of(d), shape_of_value(d, v)) for d, v in pairs))
        case Set():
            return shape_of_value(sort.array, plain)
        case Array():
            return Cells(_elements(sort.elem, plain), index_base(sort.index), index_size(sort.index))
        case Seq():
            return Line(_elements(sort.elem, plain), max(sort.capacity, len(plain)))
    return shape_of(sort)


def _elements(domain: Domain, plain: Any) -> Shape:
    shape = shape_of(domain)
    for value in plain:
        shape = hull(shape, shape_of_value(domain, value))
    return shape

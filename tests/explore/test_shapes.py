"""Shapes: packing and unpacking, where the elements lie, and the shape that holds the values of two others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel.explore.shapes import Cells, Line, Maybe, Number, Record, Shape, Truth, hull, shape_of, shape_of_value
from gomodel.language.domains import Array, Bag, Bool, Domain, Enum, Int, Option, Plain, Queue, Set, Struct
from gomodel.language.processes import Pid

from .drawing import bits, domains, processes, values, variants

Piece = tuple[int, int, int]  # word, shift, bits

BYTE, NIBBLE = Int(0, 255), Int(0, 15)
LARGE = Struct(a=Int(0, 2**40 - 1), b=Int(0, 2**40 - 1), c=Int(0, 2**20 - 1))


def pieces(shape: Any, word: int = 0, shift: int = 0) -> Iterator[Piece]:
    """Where the numbers and truth values of a shape lie, told from its places."""
    match shape:
        case Truth() | Number():
            yield word, shift, shape.widths[0]
            return
        case Maybe() | Line():
            yield from pieces(shape.record, word, shift)
            return
        case Record():
            parts = list(zip(shape.parts, shape.places, strict=True))
        case Cells():
            parts = [(shape.elem, shape.place(k)) for k in range(shape.size)]
    for part, (at, up) in parts:
        yield from pieces(part, word + at, shift + up)


@given(domains)
@settings(suppress_health_check=list(HealthCheck))
def test_nothing_straddles_words_or_overlaps(domain: Domain) -> None:
    shape = shape_of(domain)
    used = [0] * len(shape.widths)
    for word, shift, width in pieces(shape):
        assert shift + width <= shape.widths[word] <= 64 or not width
        mask = (1 << width) - 1 << shift
        assert not used[word] & mask
        used[word] |= mask
    assert used == [(1 << width) - 1 for width in shape.widths]  # and there are no gaps
    assert sum(shape.widths) == bits(domain)
    assert len(shape.widths) == 1 or bits(domain) > 64


@given(st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_what_is_packed_is_unpacked(data: st.DataObject) -> None:
    domain = data.draw(domains)
    shape, value = shape_of(domain), data.draw(values(domain))
    words = shape.pack(value)
    assert shape.unpack(words) == value
    assert all(0 <= word < 1 << width for word, width in zip(words, shape.widths, strict=True))
    other = data.draw(values(domain))
    assert (shape.pack(other) == words) == (other == value)


@given(domains.filter(lambda domain: not isinstance(domain, Option)))
@settings(suppress_health_check=list(HealthCheck))
def test_nothing_is_all_zero_bits(domain: Domain) -> None:
    for shape, empty in ((shape_of(Option(domain)), None), (shape_of(Queue(domain, 3)), ())):
        assert not any(shape.pack(empty))
        assert shape.unpack([0] * len(shape.widths)) == empty


@given(st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_hull_holds_both(data: st.DataObject) -> None:
    one = data.draw(domains)
    two = data.draw(variants(one))
    shape = hull(shape_of(one), shape_of(two))
    assert shape == hull(shape_of(two), shape_of(one))
    assert hull(shape, shape_of(one)) == shape
    for domain in (one, two):
        value = data.draw(values(domain))
        assert shape.unpack(shape.pack(value)) == value


@given(st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_value_outside_its_sort_has_a_shape(data: st.DataObject) -> None:
    sort = data.draw(domains)
    value = data.draw(values(data.draw(variants(sort))))
    shape = shape_of_value(sort, value)
    assert shape.unpack(shape.pack(value)) == value
    hull(shape, shape_of(sort))  # of the same kind


def test_hulls_by_hand() -> None:
    assert hull(Number(1, 3), Number(-2, 2)) == Number(-2, 3)
    assert hull(Maybe(Number(0, 1)), Maybe(Number(5, 6))) == Maybe(Number(0, 6))
    assert hull(Cells(Number(0, 1), -1, 3), Cells(Number(2, 2), -1, 3)) == Cells(Number(0, 2), -1, 3)
    assert hull(Line(Number(0, 1), 3), Line(Number(0, 0), 5)) == Line(Number(0, 1), 5)
    assert hull(Record((Number(0, 1), Truth())), Record((Number(3, 4), Truth()))) == Record((Number(0, 4), Truth()))
    for other in (Truth(), Record((Number(0, 1),)), Cells(Number(0, 1), 0, 2), Line(Number(0, 1), 2)):
        with pytest.raises(TypeError, match="different kinds"):
            hull(Number(0, 1), other)
    with pytest.raises(TypeError, match="different kinds"):
        hull(Cells(Truth(), 0, 2), Cells(Truth(), 1, 2))


@pytest.mark.parametrize(
    ("domain", "widths"),
    [
        (Bool(), (1,)),
        (Int(0, 0), (0,)),
        (Int(7, 7), (0,)),
        (Int(-3, 4), (3,)),
        (Int(0, 4), (3,)),
        (Int(-(2**62), 2**62), (64,)),
        (Enum("a"), (0,)),
        (Enum("a", "b", "c"), (2,)),
        (Pid(processes("p", 4, 3)), (2,)),
        (Pid(processes("p", 4, 0)), (0,)),  # of no processes
        (Option(Int(5, 7)), (2,)),
        (Option(Int(5, 8)), (3,)),  # five values
        (Option(Pid(processes("p", 0, 3))), (2,)),
        (Option(Bool()), (2,)),
        (Struct(f=Bool(), n=Int(-1, 2)), (3,)),
        (LARGE, (60, 40)),  # the third is put beside the first
        (Struct(r=Array(BYTE, 9), f=Bool()), (64, 9)),  # the flag beside the ninth
        (Array(Int(0, 7), 21), (63,)),
        (Array(Int(0, 7), 22), (63, 3)),
        (Array(Int(3, 3), 100), (0,)),
        (Array(LARGE, 2), (60, 40, 60, 40)),
        (Array(LARGE, processes("p", 0, 0)), (0,)),
        (Queue(Bool(), 58), (64,)),  # and 6 bits for 0..58
        (Queue(Bool(), 62), (62, 6)),
        (Queue(LARGE, 1), (61, 40)),
        (Queue(LARGE, 0), (0,)),
        (Queue(Int(3, 3), 3), (2,)),
        (Set(Int(-2, 7)), (10,)),
        (Bag(Int(0, 2), 3), (6,)),
    ],
)
def test_widths_by_hand(domain: Domain, widths: tuple[int, ...]) -> None:
    assert shape_of(domain).widths == widths


@pytest.mark.parametrize(
    ("domain", "value", "words"),
    [
        (Int(-3, 4), 4, [7]),
        (Struct(f=Bool(), n=Int(-1, 2)), (True, 1), [0b10_1]),
        (Option(Int(5, 8)), 5, [1]),
        (Option(Bool()), False, [0b01]),
        (Array(NIBBLE, 3), (1, 2, 3), [0x321]),
        (Array(BYTE, 9), (1, 0, 0, 0, 0, 0, 0, 0, 2), [1, 2]),
        (Queue(NIBBLE, 3), (9, 8), [0x2_089]),
        (Queue(NIBBLE, 3), (0, 0), [0x2_000]),
        (Queue(Int(-1, 2), 3), (-1,), [0b01_000000]),
        (Set(Int(-2, 1)), (True, False, False, True), [0b1001]),
        (LARGE, (1, 2, 3), [3 << 40 | 1, 2]),
        (Queue(LARGE, 1), ((1, 2, 3),), [1 << 60 | 3 << 40 | 1, 2]),
    ],
)
def test_words_by_hand(domain: Domain, value: Plain, words: list[int]) -> None:
    shape: Shape = shape_of(domain)
    assert shape.pack(value) == words
    assert shape.unpack(words) == value

"""Code that folds constants computes what code that does not know them computes, and both what the words say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel.explore.assembly import Code, mask
from gomodel.explore.assembly import signed as folded

from .compiling import MASK, Function, Machine, signed

WORDS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-9, 9),
    st.sampled_from((-(2**63), 2**63 - 1, -(2**62), 2**62, 2**32, 2**32 - 1)),
    st.integers(0, 62).map(lambda n: 1 << n),
)
SHIFTS = st.one_of(st.integers(0, 63), st.integers(0, 200))


@dataclass(frozen=True)
class Op:
    """A method on words: what it means for signed numbers, and from where its arguments are drawn."""

    meaning: Callable[..., int]
    arguments: tuple[st.SearchStrategy[int], ...] = (WORDS, WORDS)
    call: Callable[..., Any] | None = None  # where it takes other things than words


def unsigned(a: int) -> int:
    return a & MASK


def field(word: int, shift: int, bits: int) -> int:
    return unsigned(word) >> shift % 64 & (1 << bits) - 1


def replace(word: int, shift: int, bits: int, value: int) -> int:
    hole = ((1 << bits) - 1) << shift % 64
    return unsigned(word) & ~hole | (value & (1 << bits) - 1) << shift % 64 & hole


OPS = {
    "add": Op(lambda a, b: a + b),
    "sub": Op(lambda a, b: a - b),
    "mul": Op(lambda a, b: a * b),
    "band": Op(lambda a, b: a & b),
    "bor": Op(lambda a, b: a | b),
    "bxor": Op(lambda a, b: a ^ b),
    "shl": Op(lambda a, n: a << n % 64, (WORDS, SHIFTS)),
    "lshr": Op(lambda a, n: unsigned(a) >> n % 64, (WORDS, SHIFTS)),
    "quotient": Op(lambda a, b: a // b if b else 0, call=lambda code, a, b: code.divide(a, b)[0]),
    "rest": Op(lambda a, b: a % b if b else 0, call=lambda code, a, b: code.divide(a, b)[1]),
    "eq": Op(lambda a, b: a == b, call=lambda code, a, b: code.word(code.eq(a, b))),
    "ne": Op(lambda a, b: a != b, call=lambda code, a, b: code.word(code.ne(a, b))),
    "slt": Op(lambda a, b: a < b, call=lambda code, a, b: code.word(code.slt(a, b))),
    "sle": Op(lambda a, b: a <= b, call=lambda code, a, b: code.word(code.sle(a, b))),
    "select": Op(
        lambda c, a, b: a if c & 1 else b,
        (WORDS, WORDS, WORDS),
        lambda code, c, a, b: code.select(code.low_bit(c), a, b),
    ),
    **{
        f"field of {bits}": Op(
            lambda word, shift, bits=bits: field(word, shift, bits),
            (WORDS, SHIFTS),
            lambda code, word, shift, bits=bits: code.field(word, shift, bits),
        )
        for bits in (0, 1, 3, 31, 63, 64)
    },
    **{
        f"replace of {bits}": Op(
            lambda word, shift, value, bits=bits: replace(word, shift, bits, value),
            (WORDS, SHIFTS, WORDS),
            lambda code, word, shift, value, bits=bits: code.replace(word, shift, bits, code.band(value, mask(bits))),
        )
        for bits in (0, 1, 3, 31, 63, 64)
    },
}

Case = tuple[tuple[int, ...], tuple[bool, ...]]  # arguments, which of them are known


def cases(name: str) -> st.SearchStrategy[list[Case]]:
    kinds = OPS[name].arguments
    known = st.tuples(*(st.booleans() for _ in kinds))
    return st.lists(st.tuples(st.tuples(*kinds), known), min_size=10, max_size=30)


def emitted(code: Code, name: str, arguments: Sequence[Any]) -> Any:
    call = OPS[name].call
    return call(code, *arguments) if call else getattr(code, name)(*arguments)


@pytest.mark.parametrize("name", OPS)
@given(data=st.data())
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_words(name: str, data: st.DataObject) -> None:
    drawn = data.draw(cases(name))
    if OPS[name].arguments == (WORDS, WORDS):
        drawn += [((a, b), (False, False)) for a in (-(2**63), 2**63 - 1) for b in (-1, 0)]
    functions = []
    for arguments, known in drawn:
        function = Function()
        functions.append(function)
        words = [function.take() for _ in arguments]
        mixed = [a if k else w for a, w, k in zip(arguments, words, known, strict=True)]
        function.give(emitted(function.code, name, mixed))
    machine = Machine(functions)
    for number, (arguments, _) in enumerate(drawn):
        expected = folded(OPS[name].meaning(*arguments))
        code = Code()
        assert emitted(code, name, arguments) == expected
        assert code.lines == []
        assert [signed(w) for w in machine.run(number, arguments)] == [expected]


BITS: dict[str, tuple[int, Callable[..., bool]]] = {
    "bit_not": (1, lambda a: not a),
    "bit_and": (2, lambda a, b: a and b),
    "bit_or": (2, lambda a, b: a or b),
    "bit_eq": (2, lambda a, b: a == b),
    "bit_select": (3, lambda c, a, b: a if c else b),
    "select": (3, lambda c, a, b: a if c else b),
}


@pytest.mark.parametrize("name", BITS)
def test_bits(name: str) -> None:
    count, meaning = BITS[name]
    drawn = list(product(product((False, True), repeat=count), product((False, True), repeat=count)))
    functions = []
    for values, known in drawn:
        function = Function()
        functions.append(function)
        code = function.code
        bits = [v if k else code.low_bit(function.take()) for v, k in zip(values, known, strict=True)]
        if name == "select":
            bits[1:] = [code.word(b) for b in bits[1:]]
        found = getattr(code, name)(*bits)
        function.give(found if name == "select" else code.word(found))
    machine = Machine(functions)
    for number, (values, known) in enumerate(drawn):
        given_ = [int(v) for v, k in zip(values, known, strict=True) if not k]
        assert machine.run(number, given_) == [meaning(*values)], (values, known)


def test_the_same_bit_twice() -> None:
    function = Function()
    code = function.code
    a = code.low_bit(function.take())
    function.give(*(code.word(f(a, a)) for f in (code.bit_and, code.bit_or, code.bit_eq)))
    assert code.bit_eq(a, a) is True
    machine = Machine([function])
    assert machine.run(0, [0]) == [0, 0, 1]
    assert machine.run(0, [1]) == [1, 1, 1]


def test_equal_instructions_are_shared_within_their_scope() -> None:
    function = Function()
    code = function.code
    a = function.take()
    slot = code.slot()
    code.line(f"store i64 0, ptr {slot}")
    with code.when(code.eq(a, 7)):
        inside = code.add(a, 1)
        assert code.add(a, 1) is inside
        code.line(f"store i64 {inside}, ptr {slot}")
    behind = code.add(a, 1)  # not the one that is computed only where a is 7
    assert behind != inside
    function.give(behind, code.effect(f"load i64, ptr {slot}"))
    machine = Machine([function])
    assert machine.run(0, [7]) == [8, 8]
    assert machine.run(0, [5]) == [6, 0]


def test_a_condition_that_is_known_needs_no_branch() -> None:
    function = Function()
    code = function.code
    for known in (False, True):
        slot = code.slot()
        code.line(f"store i64 0, ptr {slot}")
        with code.when(known):
            code.line(f"store i64 1, ptr {slot}")
        function.give(code.effect(f"load i64, ptr {slot}"))
    assert not any("br i1" in line for line in code.lines)
    assert Machine([function]).run(0, []) == [0, 1]

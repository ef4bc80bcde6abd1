"""Machine code for terms gives what Python gives, and equal values are equal words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel.explore.shapes import Number
from gomodel.explore.values import UNROLL, Shapes, Values
from gomodel.language import build as b
from gomodel.language.domains import Array, Domain, Int, Option, Plain, Seq, Set, Struct, index_base, index_size
from gomodel.language.errors import UsageError
from gomodel.language.terms import INT, Term
from tests.naive import Env, evaluate

from .compiling import Function, Machine, signed
from .drawing import processes
from .wide_terms import (
    COLOUR,
    FLAG,
    LAYOUT,
    MANY,
    NUMBERS,
    PICKS,
    PID,
    SMALL,
    SORTS,
    VARIABLES,
    WHOLE,
    WIDE,
    Compiled,
    Moment,
    P,
    Terms,
    in_python,
    moment_with,
    random_moment,
)


def check(compiled: Compiled, number: int, expected: Plain, domain: Domain, told: object) -> None:
    """The term's value is what is expected, in the words that stand for it, also as its domain stores it."""
    (held, words), (stored, kept) = compiled.value(number, told[1])
    assert words == held.pack(expected), told
    assert held.unpack(words) == expected, told
    if domain != INT and domain.contains(expected):
        assert kept == stored.pack(expected), told


def value_of(term: Term, moment: Moment) -> Plain:
    """The value of one term, which is also what Python computes."""
    expected = in_python(term)(moment)
    check(Compiled([(term, INT)]), 0, expected, INT, (term, moment))
    return expected


# --- random terms --------------------------------------------------------------------------------------------


def drawn(rng: random.Random) -> tuple[Term, Domain]:
    domain = rng.choice(SORTS)
    domain = INT if domain in NUMBERS else domain
    return Terms(rng).term(domain, rng.choice((2, 3, 4, 5))), domain


def fits(term: Term) -> bool:
    try:
        Shapes(LAYOUT).of(term)
    except UsageError:
        return False
    return True


@cache
def moments() -> list[Moment]:
    rng = random.Random(0)
    return [random_moment(rng) for _ in range(60)]


def test_random_terms_compute_what_python_computes() -> None:
    rng = random.Random(0)
    found = [drawn(rng) for _ in range(500)]
    terms = [(t, d) for t, d in found if fits(t)]
    assert len(terms) > 450
    compiled = Compiled(terms)
    for number, (term, domain) in enumerate(terms):
        function = in_python(term)
        for moment in rng.sample(moments(), 8):
            check(compiled, number, function(moment), domain, (term, moment))


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_any_term_computes_what_python_computes(rng: random.Random) -> None:
    term, domain = drawn(rng)
    if fits(term):
        moment = random_moment(rng)
        check(Compiled([(term, domain)]), 0, in_python(term)(moment), domain, (term, moment))


# --- each operation on each container ------------------------------------------------------------------------

Use = tuple[Term, Domain, Term]  # a term, its domain, and where it is defined
AT = b.leaf("pick", PICKS.index(MANY), MANY)


def element(domain: Domain, op: str = "next") -> Term:
    """Some term of ``domain`` that is not known: a variable, or parts of one."""
    for name, there in VARIABLES.items():
        if there == domain:
            return b.var(name, there, op)  # type: ignore[arg-type]
    raise LookupError(domain)


def uses(name: str) -> Iterator[Use]:
    domain: Any = VARIABLES[name]
    whole = b.var(name, domain)
    yield b.eq(whole, b.var(name, domain, "next")), FLAG, b.TRUE
    yield b.ite(b.var("flag", FLAG), whole, b.var(name, domain, "next")), domain, b.TRUE
    match domain:
        case Option():
            yield b.is_some(whole), FLAG, b.TRUE
            yield b.get(whole), domain.elem, b.is_some(whole)
            yield b.some(element(domain.elem), domain), domain, b.TRUE
        case Struct():
            yield from ((b.field(whole, k), d, b.TRUE) for k, d in enumerate(domain.fields.values()))
        case Array() | Set():
            yield from _of_arrays(whole, domain)
        case Seq():
            yield from _of_sequences(whole, domain)


def _of_arrays(whole: Term, domain: Any) -> Iterator[Use]:
    cells = b.cells_of(domain)
    base, size = index_base(cells.index), index_size(cells.index)
    value = element(cells.elem) if cells.elem in VARIABLES.values() else b.select(b.var(whole.data, domain, "next"), _index(cells.index)[0])
    known = [b.const(i, cells.index) for i in (base, base + size // 2, base + size - 1)]
    for index, inside in [_index(cells.index), *((i, b.TRUE) for i in known)]:
        yield b.select(whole, index), cells.elem, inside
        yield b.store(whole, index, value), domain, inside
    yield b.fill(domain, value), domain, b.TRUE
    if size <= 4:
        yield b.mkarray(domain, tuple(b.select(whole, i) for i in reversed([b.const(base + k, cells.index) for k in range(size)]))), domain, b.TRUE


def _index(domain: Any) -> tuple[Term, Term]:
    if isinstance(domain, Int):
        return AT, b.and_(b.le(b.integer(domain.lo), AT), b.le(AT, b.integer(domain.hi)))
    return element(domain), b.TRUE


def _of_sequences(whole: Term, domain: Any) -> Iterator[Use]:
    size, value = b.length(whole), element(domain.elem)
    room, some = b.lt(size, b.integer(domain.capacity)), b.lt(b.integer(0), size)
    yield size, INT, b.TRUE
    for op in ("push", "push_front"):
        yield b.seq_op(op, whole, value), domain, room
    for op in ("pop", "pop_back"):
        yield b.seq_op(op, whole), domain, some
    for at in (AT, b.integer(0), b.integer(domain.capacity - 1)):
        inside = b.and_(b.le(b.integer(0), at), b.lt(at, size))
        yield b.at(whole, at), domain.elem, inside
        yield b.seq_op("remove_at", whole, at), domain, inside
        yield b.seq_op("set_at", whole, at, value), domain, inside

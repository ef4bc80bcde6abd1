"""Machine code for terms gives what Python gives, and equal values are equal words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel.explore.assembly import Word
from gomodel.explore.layout import Layout
from gomodel.explore.shapes import shape_of
from gomodel.explore.term_shapes import Shapes
from gomodel.explore.values import UNROLL, Process, Values
from gomodel.language import build as b
from gomodel.language.domains import Array, Domain, Int, Option, Plain, Queue, Seq, Set, Struct, index_base, index_size
from gomodel.language.errors import UsageError
from gomodel.language.terms import INT, Term
from tests.naive import Env, evaluate

from .compiling import Function, Machine
from .drawing import processes, system
from .wide_terms import (
    FLAG,
    LAYOUT,
    LOCALS,
    MANY,
    NUMBER,
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


def check(compiled: Compiled, number: int, term: Term, domain: Domain, moment: Moment, expected: Plain) -> None:
    """The term's value is what is expected, in the words that stand for it, and as its domain stores it."""
    (held, words), (stored, kept) = compiled.value(number, moment)
    assert words == held.pack(expected), (term, moment)
    assert held.unpack(words) == expected, (term, moment)
    if domain != INT and domain.contains(expected):
        assert kept == stored.pack(expected), (term, moment)


def naively(term: Term, moment: Moment) -> Plain:
    state, after = (dict(zip(VARIABLES, s, strict=True)) for s in (moment.state, moment.after))
    return evaluate(term, Env(state, after, moment.process, moment.picks))


def values_of(term: Term, moments: list[Moment]) -> list[Plain]:
    """What a term is at each moment, by machine code."""
    compiled = Compiled([(term, INT)])
    return [held.unpack(words) for (held, words), _ in (compiled.value(0, m) for m in moments)]


def fits(term: Term) -> bool:
    try:
        Shapes(LAYOUT).of(term)
    except UsageError:
        return False
    return True


@cache
def moments() -> list[Moment]:
    rng = random.Random(0)
    found = [random_moment(rng) for _ in range(60)]
    return [replace(m, picks=(*m.picks[:-1], k % 6 - 1)) if k % 2 else m for k, m in enumerate(found)]


# --- random terms --------------------------------------------------------------------------------------------


def drawn(rng: random.Random) -> tuple[Term, Domain]:
    domain = rng.choice(SORTS)
    domain = INT if domain in NUMBERS else domain
    return Terms(rng).term(domain, rng.choice((2, 3, 4, 5))), domain


def test_random_terms_compute_what_python_computes() -> None:
    rng = random.Random(0)
    found = [drawn(rng) for _ in range(500)]
    terms = [(t, d) for t, d in found if fits(t)]
    assert len(terms) > 450
    compiled = Compiled(terms)
    for number, (term, domain) in enumerate(terms):
        function = in_python(term)
        for moment in rng.sample(moments(), 8):
            check(compiled, number, term, domain, moment, function(moment))


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_any_term_computes_what_python_computes(rng: random.Random) -> None:
    term, domain = drawn(rng)
    if fits(term):
        moment = random_moment(rng)
        check(Compiled([(term, domain)]), 0, term, domain, moment, in_python(term)(moment))


# --- each operation on each container ------------------------------------------------------------------------

Use = tuple[Term, Domain, Term]  # a term, its domain, and where it is defined
AT = b.leaf("pick", PICKS.index(MANY), MANY)


def uses(name: str) -> Iterator[Use]:
    """The operations on a variable."""
    domain: Any = VARIABLES[name]
    whole, other = b.var(name, domain), b.var(name, domain, "next")
    yield whole, domain, b.TRUE
    yield b.eq(whole, other), FLAG, b.TRUE
    yield b.ite(b.var("flag", FLAG), whole, other), domain, b.TRUE
    match domain:
        case Option():
            yield b.is_some(whole), FLAG, b.TRUE
            yield b.get(whole), domain.elem, b.is_some(whole)
            yield from ((b.some(value, domain), domain, b.TRUE) for value in some_values(domain.elem))
        case Struct():
            yield from ((b.field(whole, k), d, b.TRUE) for k, d in enumerate(domain.fields.values()))
        case Array() | Set():
            yield from uses_of_array(whole, other, domain)
        case Seq():
            yield from uses_of_sequence(whole, domain)


def some_values(domain: Domain) -> list[Term]:
    """Terms for what may be put into a container: variables, and numbers that leave their domain."""
    there = [b.var(n, d, "next") for n, d in VARIABLES.items() if d == domain]
    return there + ([b.mul(there[0], b.integer(-3))] if domain in NUMBERS else [])


def uses_of_array(whole: Term, other: Term, domain: Any) -> Iterator[Use]:
    cells = b.cells_of(domain)
    base, size = index_base(cells.index), index_size(cells.index)
    known = [b.const(base + k, cells.index) for k in range(size)]
    values = [*some_values(cells.elem), b.select(other, known[0])]
    indices = [(i, b.TRUE) for i in (known[0], known[size // 2], known[-1])]
    if isinstance(cells.index, Int):
        indices.append((AT, b.and_(b.le(b.integer(base), AT), b.lt(AT, b.integer(base + size)))))
    else:
        indices += [(value, b.TRUE) for value in some_values(cells.index)]
    for index, inside in indices:
        yield b.select(whole, index), cells.elem, inside
        yield from ((b.store(whole, index, value), domain, inside) for value in values)
    yield from ((b.fill(domain, value), domain, b.TRUE) for value in values)
    yield b.mkarray(domain, tuple(b.select(whole, i) for i in reversed(known))), domain, b.TRUE


def uses_of_sequence(whole: Term, domain: Any) -> Iterator[Use]:
    size, values = b.length(whole), some_values(domain.elem)
    yield size, INT, b.TRUE
    for op, value in product(("push", "push_front"), values):
        yield b.seq_op(op, whole, value), domain, b.lt(size, b.integer(domain.capacity))
    for op in ("pop", "pop_back"):
        yield b.seq_op(op, whole), domain, b.lt(b.integer(0), size)
    for at in (AT, b.integer(0), b.integer(domain.capacity - 1)):
        inside = b.and_(b.le(b.integer(0), at), b.lt(at, size))
        yield b.at(whole, at), domain.elem, inside
        yield b.seq_op("remove_at", whole, at), domain, inside
        yield from ((b.seq_op("set_at", whole, at, value), domain, inside) for value in values)


@pytest.mark.parametrize("name", [n for n, d in VARIABLES.items() if not d.scalar])
def test_operations_on_containers(name: str) -> None:
    found = list(uses(name))
    compiled = Compiled([(term, domain) for term, domain, _ in found])
    for number, (term, domain, defined) in enumerate(found):
        there = [m for m in moments() if naively(defined, m)]
        assert there, term
        for moment in there:
            check(compiled, number, term, domain, moment, naively(term, moment))


# --- numbers -------------------------------------------------------------------------------------------------


def test_division_rounds_down_whatever_the_signs() -> None:
    x, y = b.var("wide", WIDE), b.var("wider", WIDE)
    pairs = [*product(range(-9, 10), repeat=2), (2**40, -1), (-(2**40), -1), (-(2**40), 3), (2**40, -(2**40))]
    there = [moment_with(moments()[0], wide=v, wider=w) for v, w in pairs]
    assert values_of(b.div(x, y), there) == [v // w if w else 0 for v, w in pairs]
    assert values_of(b.mod(x, y), there) == [v % w if w else 0 for v, w in pairs]
    for w in (-8, -3, -1, 0, 1, 2, 3, 8, 2**40):
        assert values_of(b.div(x, b.integer(w)), there) == [v // w if w else 0 for v, _ in pairs]
        assert values_of(b.mod(x, b.integer(w)), there) == [v % w if w else 0 for v, _ in pairs]


def test_numbers_up_to_the_limit_are_exact() -> None:
    x, whole = b.var("wide", WIDE), b.var("whole", WHOLE)
    there = [moment_with(moments()[0], wide=v, whole=-v << 22) for v in (-(2**40), 2**40, 12345)]
    assert values_of(b.mul(x, b.integer(2**22)), there) == [-(2**62), 2**62, 12345 << 22]
    assert values_of(whole, there) == [2**62, -(2**62), -12345 << 22]
    assert values_of(b.lt(b.mul(x, b.integer(2**22)), whole), there) == [True, False, False]
    assert values_of(b.eq(b.mul(x, b.integer(-(2**22))), whole), there) == [True, True, True]


@pytest.mark.parametrize(
    "term",
    [
        b.add(b.var("whole", WHOLE), b.integer(1)),
        b.sub(b.var("whole", WHOLE), b.integer(1)),
        b.mul(b.var("wide", WIDE), b.integer(2**22 + 1)),
        b.mul(b.var("wide", WIDE), b.var("wider", WIDE)),
        b.integer(2**62 + 1),
        b.integer(-(2**62) - 1),
        b.quantify("sum", 0, SMALL, b.var("whole", WHOLE)),
        b.quantify("sum", 0, MANY, b.mul(b.var("wide", WIDE), b.integer(2**20))),
        b.mod(b.add(b.var("whole", WHOLE), b.var("number", NUMBER)), b.integer(2)),
    ],
    ids=repr,
)
def test_numbers_beyond_the_limit_are_refused(term: Term) -> None:
    inside = b.eq(b.ite(b.var("flag", FLAG), term, b.var("number", NUMBER)), b.var("whole", WHOLE))
    for whole in (term, inside):
        with pytest.raises(UsageError, match=r"64 bits.*may reach -?\d+\n.*--engine reference"):
            Shapes(LAYOUT).of(whole)


# --- quantifiers ---------------------------------------------------------------------------------------------

BOUND = {d: [b.leaf("bound", k, d) for k in range(2)] for d in (SMALL, MANY, FLAG, PID)}


@pytest.mark.parametrize("size", [1, UNROLL, UNROLL + 1])
def test_quantifiers_unrolled_and_in_loops(size: int) -> None:
    domain = Int(-1, size - 2)
    x, bound = b.var("wide", WIDE), b.leaf("bound", 0, domain)
    there = [moment_with(moments()[0], wide=v) for v in range(-3, size + 1)]
    for op, of, expected in (
        ("forall", b.le(x, bound), lambda v: v <= -1),
        ("exists", b.eq(x, bound), lambda v: -1 <= v <= size - 2),
        ("count", b.lt(x, bound), lambda v: sum(v < k for k in range(-1, size - 1))),
        ("sum", b.mul(x, bound), lambda v: v * sum(range(-1, size - 1))),
    ):
        found = values_of(b.quantify(op, 0, domain, of), there)
        assert found == [expected(v) for v in range(-3, size + 1)], op


def test_quantifiers_over_no_values() -> None:
    nobody = processes("p", 1, 0).domain
    body = b.eq(b.leaf("bound", 0, nobody), b.var("pid", PID))
    assert [values_of(b.quantify(op, 0, nobody, body), moments()[:1]) for op in ("forall", "exists", "count")] == [
        [True],
        [False],
        [0],
    ]


@pytest.mark.parametrize(("outer", "inner"), list(product((SMALL, MANY), repeat=2)), ids=repr)
def test_a_closed_quantifier_inside_another_of_its_depth(outer: Int, inner: Int) -> None:
    flags = b.var("many", VARIABLES["many"])  # of 0..69; what is made first is computed first
    inside = b.quantify("count", 0, inner, b.select(flags, b.add(BOUND[inner][0], b.integer(1))))
    whole = b.quantify("count", 0, outer, b.lt(BOUND[outer][0], inside))
    again = b.quantify("sum", 0, outer, b.ite(b.lt(inside, BOUND[outer][0]), BOUND[outer][0], inside))
    for term in (whole, again):
        assert values_of(term, moments()[:9]) == [naively(term, m) for m in moments()[:9]]


@pytest.mark.parametrize(("outer", "inner"), list(product((SMALL, MANY), repeat=2)), ids=repr)
def test_quantifiers_inside_each_other(outer: Int, inner: Int) -> None:
    x, y = BOUND[outer][0], BOUND[inner][1]
    row = b.var("long", VARIABLES["long"])
    pair = b.lt(b.select(row, x), b.add(b.select(row, y), b.mul(x, y)))
    term = b.quantify("count", 0, outer, b.quantify("exists", 1, inner, pair))
    assert values_of(term, moments()[:9]) == [naively(term, m) for m in moments()[:9]]


# --- values at hand ------------------------------------------------------------------------------------------


def test_locals_of_each_process() -> None:
    found = []
    for name, domain in LOCALS.items():
        array = b.var(f"p.{name}", Array(domain, P))
        numbers = [b.const(n, PID) for n in range(P.lo, P.hi + 1)]
        found += [b.select(array, index) for index in (b.leaf("self", "p", PID), b.var("pid", PID), *numbers)]
        found += [b.select(b.var(f"p.{name}", Array(domain, P), "next"), b.leaf("self", "p", PID))]
        bound = BOUND[PID][0]
        found += [b.quantify("count", 0, PID, b.eq(b.select(array, bound), b.select(array, numbers[0])))]
    compiled = Compiled([(t, INT) for t in found])
    for moment, (number, term) in product(moments()[:20], enumerate(found)):
        check(compiled, number, term, INT, moment, naively(term, moment))


def test_locals_that_share_bits() -> None:
    locals_ = {"n": NUMBER, "line": Queue(NUMBER, 4), "maybe": Option(NUMBER), "never": NUMBER}
    live = [set(), {"n", "line"}, {"maybe"}]
    layout = Layout(system({}, {"p": (1, 3, locals_)}, {"p": live}))
    names = ["p.pc", *(f"p.{n}" for n in locals_)]
    for me, (name, domain) in product((1, 2, 3), locals_.items()):
        function = Function()
        words: list[Word] = [function.take() for _ in range(layout.words)]
        parts: list[Word] = [function.take() for _ in layout.records["p"].parts]
        values = Values(function.code, Shapes(layout), words, me=Process("p", me, parts))
        array = b.var(f"p.{name}", Array(domain, P))
        for index in (b.leaf("self", "p", PID), b.const(me, PID)):
            function.give(*values.words_of(b.select(array, index), shape_of(domain)))
        machine = Machine([function])
        for pcs in product(range(3), repeat=3):
            if name in live[pcs[me - 1]] or name == "never":
                state = dict.fromkeys(names, ()) | {"p.pc": pcs}
                for n, d in locals_.items():
                    state[f"p.{n}"] = tuple(SOME[n] if n in live[pc] else d.default() for pc in pcs)
                before = layout.pack(tuple(state.values()))
                given_ = [*before, *(part[me - 1].get(before) for part in layout.records["p"].parts)]
                assert machine.run(0, given_) == 2 * shape_of(domain).pack(state[f"p.{name}"][me - 1])


SOME = {"n": -2, "line": (4, -3), "maybe": 3}


def test_what_was_computed_on_one_way_is_not_at_hand_on_another() -> None:
    function = Function()
    code = function.code
    values = Values(code, Shapes(LAYOUT), [function.take() for _ in range(LAYOUT.words)])
    term = b.quantify("sum", 0, MANY, b.mul(b.var("wide", WIDE), BOUND[MANY][0]))
    slot = code.slot()
    code.line(f"store i64 0, ptr {slot}")
    with code.when(values.bit(b.var("flag", FLAG))), values.scope():
        code.line(f"store i64 {values.word(term)}, ptr {slot}")
    function.give(values.word(term), code.effect(f"load i64, ptr {slot}"))
    machine = Machine([function])
    for flag in (False, True):
        moment = moment_with(moments()[0], flag=flag, wide=7)
        total = 7 * sum(MANY.values())
        assert machine.run(0, LAYOUT.pack(moment.state)) == [total, total if flag else 0]


def test_a_term_of_a_thousand_levels_with_shared_parts() -> None:
    x, flag = b.var("number", NUMBER), b.var("flag", FLAG)
    term = x
    for k in range(1000):
        term = b.mod(b.add(b.ite(flag, term, b.add(term, term)), b.integer(k)), b.integer(101))
    there = [moment_with(moments()[0], number=v, flag=f) for v, f in product((-3, 4), (False, True))]
    values = []
    for v, f in product((-3, 4), (False, True)):
        for k in range(1000):
            v = ((v if f else v + v) + k) % 101
        values.append(v)
    assert values_of(term, there) == values


def test_sequences_of_different_capacities_are_compared_and_joined() -> None:
    line, short = b.var("line", VARIABLES["line"]), b.var("short", VARIABLES["short"])
    terms = [b.eq(line, short), b.ite(b.var("flag", FLAG), line, short), b.ite(b.var("flag", FLAG), short, line)]
    for term in terms:
        assert values_of(term, moments()) == [naively(term, m) for m in moments()]
    same = [moment_with(m, line=v, short=v) for m, v in product(moments()[:1], [(), (4,), (-3, 4)])]
    assert values_of(terms[0], same) == [True] * 3

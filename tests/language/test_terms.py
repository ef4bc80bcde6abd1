"""Every constructor of terms simplifies without changing the meaning: random terms against a naive evaluator.

A recipe is a tree of constructor names.  It is run twice: by ``gomodel.language.build`` (which simplifies), then
evaluated by ``tests.naive``; and by the plain functions of this file, which know nothing of terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gomodel.language import build as b
from gomodel.language.domains import Array, Bool, Enum, Int, Option, Queue, Struct
from gomodel.language.terms import WIDE, Term, rewrite, show, walk
from tests.naive import Env, evaluate

LOW, HIGH, SIZE = -2, 3, 3
NUMBER = Int(LOW, HIGH)
ARRAY = Array(NUMBER, SIZE)
OPTION = Option(NUMBER)
QUEUE = Queue(NUMBER, SIZE)
PAIR = Struct(flag=Bool(), n=NUMBER)
MODE = Enum("idle", "busy", "gone")

VALUES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "bool": (Bool(), st.booleans()),
    "int": (NUMBER, st.integers(LOW, HIGH)),
    "array": (ARRAY, st.tuples(*[st.integers(LOW, HIGH)] * SIZE)),
    "option": (OPTION, st.none() | st.integers(LOW, HIGH)),
    "queue": (QUEUE, st.lists(st.integers(LOW, HIGH), max_size=SIZE).map(tuple)),
    "pair": (PAIR, st.tuples(st.booleans(), st.integers(LOW, HIGH))),
    "mode": (MODE, st.integers(0, 2)),
}


class Undefined(Exception):
    """An operation outside its domain: there it has some value, which the tracer never looks at."""


def _at(cells: tuple[Any, ...], i: int) -> Any:
    if not 0 <= i < len(cells):
        raise Undefined
    return cells[i]


def _put(cells: tuple[Any, ...], i: int, value: Any) -> tuple[Any, ...]:
    _at(cells, i)
    return (*cells[:i], value, *cells[i + 1 :])


def _without(cells: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    _at(cells, i)
    return cells[:i] + cells[i + 1 :]


def _longer(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(cells) > SIZE:
        raise Undefined
    return cells


Form = tuple[str, tuple[str, ...], Callable[..., Term], Callable[..., Any]]  # result, arguments, builder, meaning

FORMS: dict[str, Form] = {
    "not": ("bool", ("bool",), b.not_, lambda a: not a),
    "and": ("bool", ("bool", "bool"), b.and_, lambda x, y: x and y),
    "or": ("bool", ("bool", "bool"), b.or_, lambda x, y: x or y),
    "and3": ("bool", ("bool", "bool", "bool"), b.and_, lambda x, y, z: x and y and z),
    "or3": ("bool", ("bool", "bool", "bool"), b.or_, lambda x, y, z: x or y or z),
    "implies": ("bool", ("bool", "bool"), b.implies, lambda x, y: not x or y),
    "lt": ("bool", ("int", "int"), b.lt, lambda x, y: x < y),
    "le": ("bool", ("int", "int"), b.le, lambda x, y: x <= y),
    "add": ("int", ("int", "int"), b.add, lambda x, y: x + y),
    "sub": ("int", ("int", "int"), b.sub, lambda x, y: x - y),
    "neg": ("int", ("int",), b.neg, lambda x: -x),
    "mul": ("int", ("int", "int"), b.mul, lambda x, y: x * y),
    "div": ("int", ("int", "int"), b.div, lambda x, y: x // y if y else 0),
    "mod": ("int", ("int", "int"), b.mod, lambda x, y: x % y if y else 0),
    "some": ("option", ("small",), lambda x: b.some(x, OPTION), lambda x: x),
    "is_some": ("bool", ("option",), b.is_some, lambda x: x is not None),
    "get": ("small", ("option",), b.get, lambda x: 0 if x is None else x),
    "select": ("small", ("array", "int"), b.select, _at),
    "store": ("array", ("array", "int", "small"), b.store, _put),
    "fill": ("array", ("small",), lambda x: b.fill(ARRAY, x), lambda x: (x,) * SIZE),
    "mkarray": ("array", ("small",) * SIZE, lambda *c: b.mkarray(ARRAY, c), lambda *c: c),
    "record": ("pair", ("bool", "small"), lambda x, y: b.record(PAIR, x, y), lambda x, y: (x, y)),
    "flag": ("bool", ("pair",), lambda p: b.field(p, 0), lambda p: p[0]),
    "n": ("small", ("pair",), lambda p: b.field(p, 1), lambda p: p[1]),
    "len": ("int", ("queue",), b.length, len),
    "at": ("small", ("queue", "int"), b.at, _at),
    "push": ("queue", ("queue", "small"), lambda q, x: b.seq_op("push", q, x), lambda q, x: _longer((*q, x))),
    "push_front": (
        "queue",
        ("queue", "small"),
        lambda q, x: b.seq_op("push_front", q, x),
        lambda q, x: _longer((x, *q)),
    ),
    "pop": ("queue", ("queue",), lambda q: b.seq_op("pop", q), lambda q: _without(q, 0)),
    "pop_back": ("queue", ("queue",), lambda q: b.seq_op("pop_back", q), lambda q: _without(q, len(q) - 1)),
    "set_at": ("queue", ("queue", "index", "small"), lambda q, i, x: b.seq_op("set_at", q, i, x), _put),
    "remove_at": ("queue", ("queue", "index"), lambda q, i: b.seq_op("remove_at", q, i), _without),
    **{f"eq_{kind}": ("bool", (kind, kind), b.eq, lambda x, y: x == y) for kind in VALUES},
    **{f"ite_{kind}": (kind, ("bool", kind, kind), b.ite, lambda c, x, y: x if c else y) for kind in VALUES},
    "ite_small": ("small", ("bool", "small", "small"), b.ite, lambda c, x, y: x if c else y),
}
# A "small" number lies in NUMBER, and so may be stored; an "index" is not negative.
BASE = {"small": "int", "index": "index"}


def recipes(kind: str, depth: int) -> st.SearchStrategy[Any]:
    """Trees: ``(form, arguments)``, or ``("var", kind, 0 or 1)``, or ``("const", kind, value)``."""
    if kind == "index":
        return st.integers(0, SIZE - 1).map(lambda v: ("const", "int", v))
    base = BASE.get(kind, kind)
    leaf = st.tuples(st.just("var"), st.just(base), st.integers(0, 1))
    leaf |= st.tuples(st.just("const"), st.just(base), VALUES[base][1])
    forms = [name for name, form in FORMS.items() if form[0] == kind or (kind == "int" and form[0] == "small")]
    if depth == 0 or not forms:
        return leaf

    def with_arguments(name: str) -> st.SearchStrategy[Any]:
        return st.tuples(st.just(name), *(recipes(argument, depth - 1) for argument in FORMS[name][1]))

    return leaf | st.sampled_from(forms).flatmap(with_arguments)


def built(recipe: Any) -> Term:
    match recipe:
        case ("var", kind, number):
            return b.var(f"{kind}{number}", VALUES[kind][0])
        case ("const", kind, value):
            return b.const(value, VALUES[kind][0])
    return FORMS[recipe[0]][2](*(built(argument) for argument in recipe[1:]))


def meant(recipe: Any, state: dict[str, Any]) -> Any:
    match recipe:
        case ("var", kind, number):
            return state[f"{kind}{number}"]
        case ("const", _, value):
            return value
    return FORMS[recipe[0]][3](*(meant(argument, state) for argument in recipe[1:]))


STATES = st.fixed_dictionaries({f"{kind}{k}": values for kind, (_, values) in VALUES.items() for k in (0, 1)})
RECIPES = st.sampled_from([*VALUES, "small"]).flatmap(lambda kind: recipes(kind, 4))


def within(term: Term, value: Any) -> bool:
    return (term.lo is None or term.lo <= value) and (term.hi is None or value <= term.hi)


@settings(max_examples=500)
@given(RECIPES, st.lists(STATES, min_size=1, max_size=4))
def test_building_keeps_the_meaning(recipe: Any, states: list[dict[str, Any]]) -> None:
    term = built(recipe)
    for state in states:
        try:
            wanted = meant(recipe, state)
        except Undefined:
            continue
        value = evaluate(term, Env(state))
        assert value == wanted
        if isinstance(term.sort, Int):
            assert within(term, value), f"{value} is outside {term.lo}..{term.hi} of {term}"


@settings(max_examples=120)
@given(RECIPES, STATES)
def test_putting_values_in_gives_the_value(recipe: Any, state: dict[str, Any]) -> None:
    """A term whose variables are all replaced folds to a constant, wherever it is defined."""
    term = built(recipe)

    def value_of(t: Term) -> Term | None:
        return b.const(state[t.data], t.sort) if t.op == "var" else None

    try:
        wanted = meant(recipe, state)
    except Undefined:
        return
    assert rewrite(term, value_of) is b.const(wanted, term.sort)


@settings(max_examples=120)
@given(RECIPES)
def test_rebuilding_changes_nothing(recipe: Any) -> None:
    """Terms are in the form that their own constructors give them, and equal terms are one object."""
    term = built(recipe)
    assert rewrite(term, lambda t: b.var(f"{t.data}", t.sort) if t.op == "var" else None) is term
    assert built(recipe) is term


@settings(max_examples=120)
@given(recipes("bool", 3), recipes("int", 2), STATES)
def test_quantifiers(body: Any, number: Any, state: dict[str, Any]) -> None:
    """Over i in 0..2, with ``int0`` as the bound variable: exists, forall, count and sum as Python has them."""
    domain = Int(0, SIZE - 1)
    bound = b.leaf("bound", 0, domain)

    def bind(t: Term) -> Term | None:
        return bound if t.op == "var" and t.data == "int0" else None

    inside, summand = rewrite(built(body), bind), rewrite(built(number), bind)
    cases = [{**state, "int0": i} for i in range(SIZE)]
    try:
        truths, numbers = [bool(meant(body, s)) for s in cases], [meant(number, s) for s in cases]
    except Undefined:
        return
    for op, part, wanted in (
        ("exists", inside, any(truths)),
        ("forall", inside, all(truths)),
        ("count", inside, sum(truths)),
        ("sum", summand, sum(numbers)),
    ):
        term = b.quantify(op, 0, domain, part)
        value = evaluate(term, Env(state))
        assert value == wanted
        assert not isinstance(term.sort, Int) or within(term, value)


def test_simplifications() -> None:
    """What the tracer counts on: complements cancel, comparisons have one form, stores are seen through."""
    x, y = b.var("bool0", Bool()), b.var("bool1", Bool())
    i, a = b.var("int0", NUMBER), b.var("array0", ARRAY)
    one = b.integer(1)
    assert b.and_(x, b.not_(x)) is b.FALSE
    assert b.or_(x, b.not_(x)) is b.TRUE
    assert b.and_(x, b.and_(y, x)) is b.and_(y, x)
    assert b.ite(x, y, y) is y
    assert b.ite(b.not_(x), b.integer(2), one) is b.ite(x, one, b.integer(2))
    assert b.not_(b.not_(x)) is x
    assert b.eq(b.const(None, OPTION), b.some(i, OPTION)) is b.FALSE
    assert b.not_(b.lt(i, one)) is b.le(one, i)
    assert b.lt(i, one) is b.le(i, b.integer(0))
    assert b.le(b.integer(LOW), i) is b.TRUE  # by the interval of i
    assert b.lt(b.integer(HIGH), i) is b.FALSE
    assert b.eq(i, b.integer(HIGH + 1)) is b.FALSE
    assert b.sub(b.add(i, one), one) is i
    assert b.eq(b.add(i, one), one) is b.eq(i, b.integer(0))
    assert b.select(b.store(a, i, one), i) is one
    assert b.select(b.store(a, one, b.integer(2)), b.integer(0)) is b.select(a, b.integer(0))
    assert b.store(b.store(a, i, one), i, b.integer(2)) is b.store(a, i, b.integer(2))
    assert b.store(a, i, b.select(a, i)) is a
    assert b.length(b.seq_op("push", b.var("queue0", QUEUE), one)) is b.add(b.length(b.var("queue0", QUEUE)), one)


def test_deep_branches_are_not_walked_as_a_tree() -> None:
    """40 nested conditionals that share what stands below: 2 ** 40 ways down, 40 nodes."""
    a, i = b.var("array0", ARRAY), b.var("int0", NUMBER)
    n: Term = i
    for k in range(40):
        c = b.var(f"c{k}", Bool())
        a = b.ite(c, b.store(a, i, b.integer(k % 4)), a)
        n = b.ite(c, b.add(n, b.integer(1)), n)
    selected = b.select(a, b.integer(0))
    assert len(walk([selected])) < 400
    assert len(walk([b.le(n, b.integer(3)), b.eq(n, b.integer(3)), b.not_(b.le(n, b.integer(3)))])) < 4000


def test_a_shared_term_is_shown_in_a_short_time() -> None:
    """As a tree it has 2**200 leaves; texts are bounded, and different for different terms."""
    terms = [b.var("x", Bool()), b.var("y", Bool())]
    for _ in range(200):
        terms = [b.eq(*terms), b.ite(terms[0], b.not_(terms[1]), terms[1])]
    shown = [show(term) for term in terms]
    assert max(map(len, shown)) <= WIDE + 7
    assert shown[0] != shown[1]

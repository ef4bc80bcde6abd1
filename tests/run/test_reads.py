"""What a term reads: nothing else can change its value."""

from __future__ import annotations

import random
from typing import Any

from gomodel.language import build as b
from gomodel.language.domains import Array, Set
from gomodel.language.terms import BOOL
from gomodel.run.reads import Reader
from tests.naive import Env, evaluate
from tests.run.test_random_terms import (
    LINE,
    MAYBE,
    MEMBERS,
    NUMBER,
    PAIR,
    ROW,
    SMALL,
    VARIABLES,
    Terms,
    random_state,
)

POSITION = {name: k for k, name in enumerate(VARIABLES)}


def reader(env: Env) -> Reader:
    return Reader(
        POSITION, tuple(env.state.values()), tuple(env.after.values()), env.process, dict(enumerate(env.picks))
    )


def mixed(name: str, kept: set[int | None], mine: Any, other: Any) -> Any:
    """``other``, but for the cells of ``mine`` that are kept; None is all of them."""
    if None in kept:
        return mine
    if isinstance(VARIABLES[name], (Array, Set)):
        return tuple(mine[k] if k in kept else value for k, value in enumerate(other))  # their first index is 0
    return other


def test_values_are_those_of_another_evaluator_and_hang_on_nothing_that_was_not_read() -> None:
    for seed in range(1500):
        rng = random.Random(seed)
        term = Terms(rng).term(rng.choice([NUMBER, BOOL, BOOL, PAIR, MAYBE, ROW, LINE, MEMBERS]), rng.randrange(1, 5))
        env = Env(random_state(rng), random_state(rng), rng.randrange(3), (rng.randrange(3),))
        value, reads = reader(env)(term)
        assert value == evaluate(term, env), (term, env)
        kept: dict[tuple[str, bool], set[int | None]] = {}
        for name, at, after in reads:
            kept.setdefault((name, after), set()).add(at)
        other, later = random_state(rng), random_state(rng)
        state = {n: mixed(n, kept.get((n, False), set()), env.state[n], other[n]) for n in VARIABLES}
        after_state = {n: mixed(n, kept.get((n, True), set()), env.after[n], later[n]) for n in VARIABLES}
        assert evaluate(term, Env(state, after_state, env.process, env.picks)) == value, (seed, term)


def test_only_what_decides_is_read() -> None:
    env = Env(random_state(random.Random(0)) | {"number0": 1, "flag0": True, "flag1": False, "row0": (2, 0, 1)})
    number, row = b.var("number0", NUMBER), b.var("row0", ROW)
    first, second = b.var("flag0", BOOL), b.var("flag1", BOOL)
    read = reader(Env(env.state, env.state))
    assert read(b.select(row, number)) == (0, {("number0", None, False), ("row0", 1, False)})
    assert read(b.or_(first, second)) == (True, {("flag0", None, False)})
    assert read(b.and_(first, second)) == (False, {("flag1", None, False)})
    assert read(b.ite(second, number, b.integer(7))) == (7, {("flag1", None, False)})
    bound = b.leaf("bound", 0, SMALL)
    some = b.quantify("exists", 0, SMALL, b.eq(b.select(row, bound), b.integer(0)))
    assert read(some) == (True, {("row0", 1, False)})
    assert read.element(b.store(row, b.integer(0), number), 2) == (1, {("row0", 2, False)})

"""Random terms: the Python code that the reference engine runs gives what a tree-walking evaluator gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel.language import build as b
from gomodel.language.domains import Array, Bool, Domain, Enum, Int, Option, Queue, Set, Struct
from gomodel.language.system import TransitionSystem, Variable
from gomodel.language.terms import BOOL, Term
from gomodel.run.pycode import predicate
from tests.naive import Env, evaluate, values_of

NUMBER, SMALL, COLOUR = Int(-1, 2), Int(0, 2), Enum("red", "green", "blue")
PAIR = Struct(f=Bool(), n=SMALL)
MAYBE, ROW, FLAGS = Option(SMALL), Array(SMALL, 3), Array(Bool(), COLOUR)
LINE, PAIRS, MEMBERS = Queue(SMALL, 3), Queue(PAIR, 2), Set(SMALL)
SORTS: dict[str, Domain] = {
    "number": NUMBER, "small": SMALL, "flag": Bool(), "colour": COLOUR, "pair": PAIR,
    "maybe": MAYBE, "row": ROW, "flags": FLAGS, "line": LINE, "pairs": PAIRS, "members": MEMBERS,
}  # fmt: skip
VARIABLES = {f"{sort}{k}": domain for sort, domain in SORTS.items() for k in range(2)}
SYSTEM = TransitionSystem("terms", {n: Variable(n, d) for n, d in VARIABLES.items()}, (), {}, {}, {}, {})


class Terms:
    """Draws terms of a sort."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.bound: list[Term] = []

    def pick(self, options: Any) -> Any:
        return options[self.rng.randrange(len(options))]

    def leaf(self, domain: Domain) -> Term:
        names = [n for n, d in VARIABLES.items() if d == domain or (isinstance(domain, Int) and isinstance(d, Int))]
        name = self.pick(names)
        leaves = [b.var(name, VARIABLES[name], self.pick(("var", "next")))] * 3
        if isinstance(domain, Int):
            leaves += [b.integer(self.pick((-1, 0, 1, 2))), b.leaf("self", "p", SMALL), b.leaf("pick", 0, SMALL)]
            leaves += self.bound * 3
        else:
            leaves.append(b.const(random_plain(self.rng, domain), domain))
        return self.pick(leaves)  # type: ignore[no-any-return]

    def term(self, domain: Domain, depth: int) -> Term:
        if depth <= 0:
            return self.leaf(domain)
        if self.rng.randrange(100) < 20:
            return b.ite(self.term(BOOL, depth - 1), self.term(domain, depth - 1), self.term(domain, depth - 1))
        make: Callable[[int], Term] = self.pick([getattr(self, f"_{name}") for name in _makers(domain)])
        return make(depth - 1)

    def number(self, d: int) -> Term:
        return self.term(NUMBER, d)

    def _arithmetic(self, d: int) -> Term:
        op: Callable[[Term, Term], Term] = self.pick((b.add, b.sub, b.mul, b.div, b.mod))
        return op(self.number(d), self.number(d))

    def _length(self, d: int) -> Term:
        return b.length(self.term(self.pick((LINE, PAIRS)), d))

    def _parts(self, d: int) -> Term:
        pair, queue, position = self.term(PAIR, d), self.term(LINE, d), self.number(d)
        cell = b.select(self.term(ROW, d), position)
        return self.pick((b.field(pair, 1), b.at(queue, position), cell, b.get(self.term(MAYBE, d))))  # type: ignore[no-any-return]

    def _folded(self, d: int) -> Term:
        op = self.pick(("count", "sum"))
        return self._quantified(op, lambda: self.term(BOOL, d) if op == "count" else self.number(d))

    def _quantified(self, op: str, body: Callable[[], Term]) -> Term:
        depth = len(self.bound)
        self.bound.append(b.leaf("bound", depth, SMALL))
        inside = body()
        self.bound.pop()
        return b.quantify(op, depth, SMALL, inside)

    def _logic(self, d: int) -> Term:
        parts = [self.term(BOOL, d) for _ in range(2)]
        return self.pick((b.and_(*parts), b.or_(*parts), b.not_(parts[0]), b.implies(*parts)))  # type: ignore[no-any-return]

    def _order(self, d: int) -> Term:
        op: Callable[[Term, Term], Term] = self.pick((b.lt, b.le, b.eq))
        return op(self.number(d), self.number(d))

    def _same(self, d: int) -> Term:
        domain = self.pick((COLOUR, PAIR, MAYBE, ROW, LINE, MEMBERS, BOOL))
        return b.eq(self.term(domain, d), self.term(domain, d))

    def _asked(self, d: int) -> Term:
        member = b.select(self.term(MEMBERS, d), self.number(d))
        flag = b.select(self.term(FLAGS, d), self.term(COLOUR, d))
        return self.pick((b.is_some(self.term(MAYBE, d)), b.field(self.term(PAIR, d), 0), member, flag))  # type: ignore[no-any-return]

    def _decided(self, d: int) -> Term:
        return self._quantified(self.pick(("forall", "exists")), lambda: self.term(BOOL, d))

    def _record(self, d: int) -> Term:
        return b.record(PAIR, self.term(BOOL, d), self.term(SMALL, d))

    def _front(self, d: int) -> Term:
        return b.at(self.term(PAIRS, d), self.number(d))

    def _some(self, d: int) -> Term:
        return b.some(self.term(SMALL, d), MAYBE)

    def _store_row(self, d: int) -> Term:
        return b.store(self.term(ROW, d), self.number(d), self.term(SMALL, d))

    def _row(self, d: int) -> Term:
        return self.pick(
            (b.fill(ROW, self.term(SMALL, d)), b.mkarray(ROW, tuple(self.term(SMALL, d) for _ in range(3))))
        )  # type: ignore[no-any-return]

    def _store_flags(self, d: int) -> Term:
        return b.store(self.term(FLAGS, d), self.term(COLOUR, d), self.term(BOOL, d))

    def _store_members(self, d: int) -> Term:
        return b.store(self.term(MEMBERS, d), self.number(d), self.term(BOOL, d))

    def _line(self, d: int) -> Term:
        queue, value, at = self.term(LINE, d), self.term(SMALL, d), self.number(d)
        inside = b.and_(b.le(b.integer(0), at), b.lt(at, b.length(queue)))  # elsewhere its value is anything
        op = self.pick(("push", "push_front", "pop", "pop_back", "remove_at", "set_at"))
        arguments = {"push": (value,), "push_front": (value,), "remove_at": (at,), "set_at": (at, value)}.get(op, ())
        changed = b.seq_op(op, queue, *arguments)
        return b.ite(inside, changed, queue) if at in arguments else changed

    def _pairs(self, d: int) -> Term:
        queue = self.term(PAIRS, d)
        return self.pick((b.seq_op("push", queue, self.term(PAIR, d)), b.seq_op("pop", queue)))  # type: ignore[no-any-return]

    def _leaf_colour(self, d: int) -> Term:
        return self.leaf(COLOUR)


def _makers(domain: Domain) -> tuple[str, ...]:
    match domain:
        case Bool():
            return ("logic", "logic", "order", "same", "asked", "decided")
        case Int():
            return ("arithmetic", "arithmetic", "length", "parts", "folded")
    return {
        COLOUR: ("leaf_colour",), PAIR: ("record", "front"), MAYBE: ("some",), ROW: ("store_row", "row"),
        FLAGS: ("store_flags",), MEMBERS: ("store_members",), LINE: ("line",), PAIRS: ("pairs",),
    }[domain]  # fmt: skip


def random_plain(rng: random.Random, domain: Any) -> Any:
    """A random plain value of ``domain``."""
    match domain:
        case Option():
            return None if rng.randrange(2) else random_plain(rng, domain.elem)
        case Struct():
            return tuple(random_plain(rng, d) for d in domain.fields.values())
        case Queue():
            return tuple(random_plain(rng, domain.elem) for _ in range(rng.randrange(domain.capacity + 1)))
        case Array():
            return tuple(random_plain(rng, domain.elem) for _ in range(domain.size))
        case Set():
            return random_plain(rng, domain.array)
    values = values_of(domain)
    return values[rng.randrange(len(values))]


def random_state(rng: random.Random) -> dict[str, Any]:
    return {name: random_plain(rng, domain) for name, domain in VARIABLES.items()}


def check_term(rng: random.Random) -> None:
    term = Terms(rng).term(rng.choice([NUMBER, BOOL, BOOL, PAIR, MAYBE, ROW, LINE, MEMBERS]), rng.randrange(1, 5))
    compiled = predicate(SYSTEM, term)
    for _ in range(3):
        env = Env(random_state(rng), random_state(rng), rng.randrange(3), (rng.randrange(3),))
        picks = env.picks if "p0" in compiled.__code__.co_varnames[: compiled.__code__.co_argcount] else ()
        value = compiled(tuple(env.state.values()), tuple(env.after.values()), env.process, *picks)
        expected = evaluate(term, env)
        assert value == expected, (term, env)
        if isinstance(term.sort, Int):  # its interval is a promise to every engine
            assert term.lo is None or term.lo <= value, (term, env)
            assert term.hi is None or value <= term.hi, (term, env)


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_code_means_what_the_term_means(rng: random.Random) -> None:
    check_term(rng)


def test_code_means_what_the_term_means_for_seeded_terms() -> None:
    for seed in range(1500):
        check_term(random.Random(seed))


def test_the_naive_evaluator_by_hand() -> None:
    # An evaluator that compares with another is worth something only if it is right itself: values worked out by hand.
    n, row, line = b.var("number0", NUMBER), b.var("row0", ROW), b.var("line0", LINE)
    env = Env(random_state(random.Random(0)) | {"number0": -1, "row0": (2, 0, 1), "line0": (1, 2)})
    assert evaluate(b.div(n, b.integer(2)), env) == -1  # floors, as Python does
    assert evaluate(b.mod(n, b.integer(3)), env) == 2
    assert evaluate(b.select(row, b.add(n, b.integer(1))), env) == 2
    assert evaluate(b.store(row, b.integer(1), b.integer(1)), env) == (2, 1, 1)
    assert evaluate(b.seq_op("push_front", line, n), env) == (-1, 1, 2)
    assert evaluate(b.seq_op("remove_at", line, b.integer(0)), env) == (2,)
    bound = b.leaf("bound", 0, SMALL)
    assert evaluate(b.quantify("sum", 0, SMALL, b.select(row, bound)), env) == 3
    assert evaluate(b.quantify("exists", 0, SMALL, b.eq(b.select(row, bound), b.integer(1))), env) is True
    assert evaluate(b.quantify("forall", 0, SMALL, b.lt(b.select(row, bound), b.integer(2))), env) is False

"""``while`` and ``for``, with yields inside them or without."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from . import build as b
from . import expressions as ex
from . import operators, statements
from .exits import accumulate, either, join_exits
from .iteration import items_of
from .machine import DeadPath, Exits, Machine, State
from .places import Place
from .source import has_yield
from .symbols import symbolic, truth
from .terms import Term

MAX_ROUNDS = 2000


def run_while(m: Machine, node: ast.While, resume: Any) -> Exits:
    total = Exits()
    if resume is not None and resume[0] == 1:
        total = _arm_else(m, node.orelse, resume[1:])
        return total
    inside = None if resume is None else resume[1:]
    for _ in range(MAX_ROUNDS):
        if inside is None:
            done, entered = _loop_test(m, node)
            if done is not None:
                m.state = done
                after = _arm_else(m, node.orelse, ())
                accumulate(m, total, after)
                total.fall = either(m, _key(m, node), total.fall, after.fall)
            if entered is None:
                return total
            m.state = entered
        exits = _arm_loop(m, node.body, inside or ())
        inside = None
        total.fall = either(m, _key(m, node), total.fall, exits.brk)
        exits.brk = None
        again = either(m, _key(m, node), exits.fall, exits.cont)
        exits.fall = exits.cont = None
        accumulate(m, total, exits)
        if again is None:
            return total
        m.state = again
    raise m.fail(
        "this loop goes round without reaching a yield",
        "put a `yield step(…)` on every way round, or loop over a concrete range",
    )


def _key(m: Machine, node: ast.stmt) -> tuple[Any, ...]:
    return m.here(node)


def _arm_loop(m: Machine, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    return _positioned(m, 0, body, resume)


def _arm_else(m: Machine, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    return _positioned(m, 1, body, resume)


def _positioned(m: Machine, mark: Any, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    tracing = m.generator
    if tracing is not None:
        tracing.position.append(mark)
    try:
        return statements.run_block(m, body, resume)
    finally:
        if tracing is not None:
            tracing.position.pop()


def _loop_test(m: Machine, node: ast.While) -> tuple[State | None, State | None]:
    """``(state where the loop ends, state where it goes on)``."""
    try:
        test = ex.evaluate_test(m, node.test)
        if not symbolic(test):
            return (None, m.state) if operators.native(m, bool, test) else (m.state, None)
        cond = m.simplify(truth(m, test))
    except DeadPath:
        return None, None
    if cond.op == "const":
        return (None, m.state) if cond.data else (m.state, None)
    if not has_yield(node):
        raise m.fail(
            "the condition of a `while` without a yield must be concrete",
            "write `for i in range(N): if not …: break`",
        )
    key = m.here(node)
    if key in m.fork_at:
        m.fork_here()
        first = m.oracle.decide(2) == 0
        m.state.assume(cond if first else b.not_(cond))
        return (None, m.state) if first else (m.state, None)
    ends, goes = m.state.copy(), m.state
    result: list[State | None] = []
    for state, c in ((ends, b.not_(cond)), (goes, cond)):
        try:
            state.split(key, c)
            result.append(state)
        except DeadPath:
            result.append(None)
    return result[0], result[1]


def run_for(m: Machine, node: ast.For, resume: Any) -> Exits:
    total = Exits()
    yields = has_yield(node)
    if resume is not None and resume[0] == -1:
        return _positioned(m, -1, node.orelse, resume[1:])
    items = items_of(m, ex.evaluate(m, node.iter))
    if yields and any(g is not b.TRUE or _mutable_view(v) for g, v in items):
        raise m.fail("a `for` around a yield goes over constants only", "use an index: `for i in range(N)`")
    if yields and any(v == u for i, (_, v) in enumerate(items) for _, u in items[:i]):
        raise m.fail("a `for` around a yield goes over distinct values", "use an index: `for i in range(N)`")
    start = 0 if resume is None else resume[0]
    for k in range(start, len(items)):
        guard, value = items[k]
        here = resume[1:] if resume is not None and k == start else ()
        again = _round(m, node, k, guard, value, here, total)
        if again is None:
            return total
        m.state = again
    after = _positioned(m, -1, node.orelse, ())
    accumulate(m, total, after)
    total.fall = either(m, _key(m, node), total.fall, after.fall)
    return total


def _mutable_view(value: Any) -> bool:
    return isinstance(value, Place)


def _round(
    m: Machine, node: ast.For, k: int, guard: Term, value: Any, resume: tuple[Any, ...], total: Exits
) -> State | None:
    """One round of a ``for``; the state in which the next begins, or None."""

    def body() -> Exits:
        statements.bind(m, node.target, value)
        if m.frame is None or not has_yield(node):
            return _positioned(m, k, node.body, resume)
        static, known = m.frame.static, dict(_bindings(node.target, value))
        static.update(known)
        try:
            return _positioned(m, k, node.body, resume)
        finally:
            for name in known:  # behind the loop they are part of no program counter
                del static[name]

    if guard is b.TRUE:
        try:
            exits = body()
        except DeadPath:
            return None
    else:
        exits = m.branch(node, guard, body, lambda: Exits(fall=m.state), join_exits(m))
    total.fall = either(m, _key(m, node), total.fall, exits.brk)
    exits.brk = None
    again = either(m, _key(m, node), exits.fall, exits.cont)
    exits.fall = exits.cont = None
    accumulate(m, total, exits)
    return again


def _bindings(target: ast.expr, value: Any) -> Iterator[tuple[str, Any]]:
    """The names that a loop's target binds, with their values."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        for t, v in zip(target.elts, value, strict=True):
            yield from _bindings(t, v)

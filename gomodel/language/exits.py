"""Joining the ways out of blocks: each kind of exit at most once, with one state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .machine import Exits, Machine, State


def accumulate(m: Machine, total: Exits, one: Exits) -> None:
    """Add the non-falling exits of a later statement to those of the statements before it."""
    key = total.ret_key or one.ret_key
    total.brk = either(m, key, total.brk, one.brk)
    total.cont = either(m, key, total.cont, one.cont)
    total.ret = either_return(m, key, total.ret, one.ret)
    total.ret_key = key
    total.yields += one.yields


def either(m: Machine, key: Any, x: State | None, y: State | None) -> State | None:
    if x is None or y is None:
        return x or y
    return m.merge(key, x, y)


def either_return(m: Machine, key: Any, x: Any, y: Any) -> Any:
    if x is None or y is None:
        return x or y
    before = m.state
    value = m.join_values(key, (x[1], x[0]), (y[1], y[0]))
    joined = m.state, value
    m.state = before
    return joined


def join_exits(m: Machine) -> Callable[..., Exits]:
    """How ``Machine.branch`` combines the two sides of a statement."""

    def join(key: tuple[Any, ...], one: Any, two: Any) -> Exits:
        if one is None or two is None:
            exits: Exits = (one or two)[0]
            exits.ret_key = exits.ret_key or key
            return exits
        x, y = one[0], two[0]
        return Exits(
            either(m, key, x.fall, y.fall),
            either(m, key, x.brk, y.brk),
            either(m, key, x.cont, y.cont),
            either_return(m, key, x.ret, y.ret),
            key,
            x.yields + y.yields,
        )

    return join

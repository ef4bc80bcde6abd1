"""Python's operators on symbolic values: arithmetic, comparison, membership, length."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from . import build as b
from . import iteration
from .domains import Array, Bool, Enum, Int, Option, Seq, Set
from .errors import SpecError
from .machine import DeadPath, Machine, MustFork
from .places import Place, read
from .processes import Pid, ProcessId, ProcessSet
from .symbols import domain_of, lift, position, set_size, symbolic, truth, unwrap
from .terms import BOOL, INT, Term

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.Div: operator.truediv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_SIGNS: dict[type[ast.AST], str] = {ast.Pow: "**", ast.Div: "/", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&",
                                    ast.BitOr: "|", ast.BitXor: "^", ast.Invert: "~", ast.UAdd: "+"}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_SYMBOLIC: dict[type[ast.operator], Callable[[Term, Term], Term]] = {
    ast.Add: b.add,
    ast.Sub: b.sub,
    ast.Mult: b.mul,
    ast.FloorDiv: b.div,
    ast.Mod: b.mod,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda x, y: x in y,
    ast.NotIn: lambda x, y: x not in y,
}


def native(m: Machine, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call CPython on concrete values; what it raises becomes an error on this path."""
    try:
        return fn(*args, **kwargs)
    except (DeadPath, MustFork):
        raise
    except SpecError as e:
        e.where = e.where or m.where()
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as e:
        if m.pure or m.state.path or isinstance(e, (ArithmeticError, LookupError)):
            m.error(b.TRUE, f"{type(e).__name__}: {e}")
        raise m.fail(f"{type(e).__name__}: {e}") from None


def binary(m: Machine, op: type[ast.operator], x: Any, y: Any) -> Any:
    """``x op y``; floors like Python; a divisor 0 is an error on its path."""
    if not symbolic(x) and not symbolic(y):
        return native(m, _BINARY[op], x, y)
    if op is ast.BitOr and isinstance(x, ProcessSet):
        return native(m, operator.or_, x, y)
    if op in (ast.BitAnd, ast.BitOr) and is_boolean(x) and is_boolean(y):
        return unwrap(m, (b.and_ if op is ast.BitAnd else b.or_)(lift(m, x, BOOL), lift(m, y, BOOL)))
    if op is ast.BitXor and is_boolean(x) and is_boolean(y):
        return unwrap(m, b.not_(b.eq(lift(m, x, BOOL), lift(m, y, BOOL))))
    if isinstance(x, (tuple, list)) and op is ast.Add and type(x) is type(y):
        return native(m, operator.add, x, y)
    if op not in _SYMBOLIC:
        raise m.fail(
            f"`{_SIGNS[op]}` of a symbolic value is not part of the language", "use + - * // %, or a struct of flags"
        )
    _no_pids(m, x, y)
    left, right = lift(m, x, INT), lift(m, y, INT)
    if op in (ast.FloorDiv, ast.Mod):
        m.error(b.eq(right, b.integer(0)), "division by zero")
    return unwrap(m, _SYMBOLIC[op](left, right))


def is_boolean(x: Any) -> bool:
    return isinstance(x, bool) or (isinstance(x, Term) and isinstance(x.sort, Bool))


def _no_pids(m: Machine, *values: Any) -> None:
    for v in values:
        if isinstance(v, ProcessId) or (isinstance(v, Term) and isinstance(v.sort, Pid)):
            raise m.fail("a process id is compared, stored and used as an index, never computed with")


def unary(m: Machine, op: type[ast.unaryop], x: Any) -> Any:
    """``not x``, ``-x``, …"""
    if op is ast.Not:
        return unwrap(m, b.not_(truth(m, x))) if symbolic(x) else not x
    if not symbolic(x):
        return native(m, _UNARY[op], x)
    if op is ast.USub:
        _no_pids(m, x)
        return unwrap(m, b.neg(lift(m, x, INT)))
    raise m.fail(f"{_SIGNS[op]} of a symbolic value is not part of the language")


def compare(m: Machine, op: type[ast.cmpop], x: Any, y: Any) -> Any:
    """``x op y`` for one comparison operator."""
    if op in (ast.Is, ast.IsNot) and (x is None or y is None):
        op = ast.Eq if op is ast.Is else ast.NotEq
    if op in (ast.In, ast.NotIn):
        inside = contains(m, x, y)
        return inside if op is ast.In else unwrap(m, b.not_(truth(m, inside)))
    if not symbolic(x) and not symbolic(y):
        return native(m, _COMPARE[op], x, y)
    if op in (ast.Eq, ast.NotEq):
        same = equal(m, x, y)
        return unwrap(m, same if op is ast.Eq else b.not_(same))
    if op in (ast.Is, ast.IsNot):
        raise m.fail("`is` is for None only", "use ==")
    if isinstance(x, Place) or isinstance(y, Place):
        raise m.fail("containers are compared with == only")
    _no_pids(m, x, y)
    left, right = lift(m, x, INT), lift(m, y, INT)
    if op in (ast.Gt, ast.GtE):
        left, right = right, left
    return unwrap(m, b.lt(left, right) if op in (ast.Lt, ast.Gt) else b.le(left, right))


def equal(m: Machine, x: Any, y: Any) -> Term:
    """``x == y``, by value."""
    if isinstance(x, (tuple, list)) and isinstance(y, (tuple, list)):
        if len(x) != len(y):
            return b.FALSE
        return b.and_(*(truth(m, compare(m, ast.Eq, u, v)) for u, v in zip(x, y, strict=True)))
    if x is None or y is None:
        other = y if x is None else x
        if isinstance(other, Term) and isinstance(other.sort, Option):
            return b.not_(b.is_some(other))
        return b.boolean(x is None and y is None)
    dx, dy = domain_of(x), domain_of(y)
    for d, v, w in ((dx, x, y), (dy, y, x)):
        if isinstance(d, Option):
            if isinstance(domain_of(w), Option):
                return b.eq(v, w)
            inner = b.eq(b.get(v), lift(m, w, d.elem))
            return b.and_(b.is_some(v), inner)
    if isinstance(x, Place) or isinstance(y, Place):
        d = dx if isinstance(x, Place) else dy
        return b.eq(lift(m, x, d), lift(m, y, d))  # type: ignore[arg-type]
    if isinstance(dx, Enum) or isinstance(dy, Enum):
        d = dx if isinstance(dx, Enum) else dy
        return b.eq(lift(m, x, d), lift(m, y, d))  # type: ignore[arg-type]
    if isinstance(dx, Pid) or isinstance(dy, Pid):
        if not (isinstance(dx, Pid) and isinstance(dy, Pid)):
            raise m.fail("a process id is compared with process ids only")
        return b.eq(lift(m, x, dx), lift(m, y, dy))
    if isinstance(dx, Bool) and isinstance(dy, Bool):
        return b.eq(lift(m, x, BOOL), lift(m, y, BOOL))
    if isinstance(dx, (Int, Bool)) and isinstance(dy, (Int, Bool)):
        return b.eq(lift(m, x, INT), lift(m, y, INT))
    return b.FALSE


def contains(m: Machine, x: Any, y: Any) -> Any:
    if isinstance(y, ProcessSet):
        from .symbols import _outside

        term = lift(m, x, y.domain)
        return unwrap(m, b.not_(_outside(term, y.domain)))
    if isinstance(y, Place) and isinstance(y.domain, Set):
        i = position(m, y.domain.elem, x)
        cell = b.select(read(m, y), i)
        return unwrap(m, truth(m, cell))
    if not symbolic(x) and not symbolic(y):
        return native(m, operator.contains, y, x)
    return unwrap(m, iteration.some_element(m, y, lambda v: truth(m, compare(m, ast.Eq, x, v))))


def container_length(m: Machine, place: Place) -> Any:
    if isinstance(place.domain, Seq):
        return unwrap(m, b.length(read(m, place)))
    if isinstance(place.domain, Set):
        return unwrap(m, set_size(m, place))
    if isinstance(place.domain, Array):
        return place.domain.size
    raise m.fail("a struct has no length")

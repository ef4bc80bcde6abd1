"""Symbolic values: what an expression of a spec evaluates to while it is traced.

A value is either concrete (an ordinary Python object: numbers, strings, components, functions, process ids)
or one of

* ``Term``    an immutable symbolic scalar or option; never a constant (constants are concrete),
* ``Place``   a view of a container: a field, a part of one, or an anonymous box (see ``places``),
* ``Locals``  the locals of a process (``self.client[g]``),
* ``Guarded`` elements with the condition under which each is there (a filtered comprehension, a set).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import build as b
from .domains import Array, Bag, Bool, Domain, Enum, Int, Option, Seq, Set, Struct, index_base
from .errors import suggestion
from .machine import DeadPath, Machine, Unjoined
from .places import Place, box, read
from .processes import Pid, ProcessId, ProcessSet
from .terms import BOOL, INT, Term
from .values import Container, coerce


@dataclass(frozen=True)
class OldView:
    """A component as it was before the step (in a ``step_invariant``)."""

    component: Any


@dataclass(frozen=True)
class Locals:
    """The locals of one process; ``prefix`` after ``self.client[g].lock``."""

    procs: ProcessSet
    pid: Term
    old: bool = False
    prefix: str = ""


@dataclass(frozen=True)
class Guarded:
    """Elements that are there only under their condition."""

    items: tuple[tuple[Term, Any], ...]


# --- reading ------------------------------------------------------------------------------


def view(m: Machine, place: Place) -> Any:
    """A place as a value: containers stay views, scalars and options are read."""
    if isinstance(place.domain, (Struct, Array, Seq, Set)):
        return place
    return unwrap(m, read(m, place))


def unwrap(m: Machine, term: Term) -> Any:
    """A term as a value: constants become concrete, containers become (frozen) boxes."""
    sort = term.sort
    if isinstance(sort, (Struct, Array, Seq, Set)):
        return box(m, term, sort, frozen=True)
    if term.op != "const":
        return term
    if isinstance(sort, Option):
        return None if term.data is None else unwrap(m, b.const(term.data, sort.elem))
    return term.data if isinstance(sort, Int) else sort.decode(term.data)


def require_some(m: Machine, term: Term) -> Any:
    """The value of an option where one is needed; None there is an error on that path."""
    m.error(b.not_(b.is_some(term)), "None where a value is needed")
    return unwrap(m, b.get(term))


# --- from values to terms ------------------------------------------------------------------------------------


def lift(m: Machine, value: Any, domain: Domain) -> Term:
    """``value`` as a term of ``domain``; raises SpecError where its kind cannot fit."""
    if isinstance(value, Place):
        if not _alike(value.domain, domain):
            if isinstance(domain, Option):
                return b.some(lift(m, value, domain.elem), domain)
            raise m.fail(f"{value.domain!r} does not fit {domain!r}")
        return read(m, value)
    if isinstance(value, Term):
        return _lift_term(m, value, domain)
    if isinstance(domain, (Array, Seq)) and isinstance(value, (list, tuple)):
        if isinstance(domain, Array):
            if len(value) != domain.size:
                raise m.fail(f"{len(value)} values do not fill {domain!r}")
            return b.mkarray(domain, tuple(lift(m, v, domain.elem) for v in value))
        from .containers import pushed

        term = b.const((), domain)
        for v in value:
            term = pushed(m, domain, term, v)
        return term
    if isinstance(domain, Enum) and isinstance(value, str) and value not in domain.names:
        raise m.fail(f"{value!r} is not one of {domain}", suggestion(value, domain.names, "its names are"))
    try:
        return b.const(domain.encode(coerce(domain, value)), domain)
    except (TypeError, ValueError) as e:
        raise m.fail(str(e)) from None


def _lift_term(m: Machine, value: Term, domain: Domain) -> Term:
    sort = value.sort
    if isinstance(domain, Option):
        return value if isinstance(sort, Option) else b.some(lift(m, value, domain.elem), domain)
    if isinstance(sort, Option):
        return lift(m, require_some(m, value), domain)
    if isinstance(domain, Int) and isinstance(sort, Bool):
        return b.ite(value, b.integer(1), b.integer(0))
    if not _alike(sort, domain):
        raise m.fail(f"a value of {sort!r} does not fit {domain!r}")
    return value


def _alike(a: Domain, d: Domain) -> bool:
    """Whether values of ``a`` are of the kind that ``d`` holds (ranges aside)."""
    match a, d:
        case (Bool(), Bool()) | (Int(), Int()) | (Pid(), Pid()):
            return True
        case Enum(), Enum():
            return a.names == d.names
        case Option(), Option():
            return _alike(a.elem, d.elem)
        case Struct(), Struct():
            pairs = zip(a.fields.items(), d.fields.items(), strict=False)
            return len(a.fields) == len(d.fields) and all(n == k and _alike(x, y) for (n, x), (k, y) in pairs)
        case Array(), Array():
            return a.index == d.index and _alike(a.elem, d.elem)
        case Seq(), Seq():
            return _alike(a.elem, d.elem)
        case Set(), Set():
            return _alike(a.array, d.array) and isinstance(a, Bag) == isinstance(d, Bag)
    return False


def domain_of(value: Any) -> Domain | None:
    """The kind of a value, None where it is no value of any domain."""
    match value:
        case Place():
            return value.domain
        case Term():
            return value.sort
        case bool():
            return BOOL
        case int():
            return INT
        case ProcessId():
            return Pid(ProcessSet((), value.number, value.number, [value] * (value.number + 1), None))
        case Container():
            return value.domain  # type: ignore[no-any-return]
    return None


def symbolic(value: Any) -> bool:
    """Whether anything inside ``value`` is symbolic."""
    if isinstance(value, (Term, Place, Locals, Guarded, OldView)):
        return True
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(symbolic(v) for v in value)
    return isinstance(value, dict) and any(symbolic(v) for v in value.values())


def truth(m: Machine, value: Any) -> Term:
    """The truth value of ``value`` as a term."""
    if isinstance(value, Place):
        if isinstance(value.domain, Seq):
            return b.lt(b.integer(0), b.length(read(m, value)))
        if isinstance(value.domain, Set):
            return b.lt(b.integer(0), set_size(m, value))
        raise m.fail(f"a {type(value.domain).__name__} has no truth value")
    if isinstance(value, Term):
        if isinstance(value.sort, Bool):
            return value
        if isinstance(value.sort, Int):
            return b.not_(b.eq(value, b.integer(0)))
        hint = "write `is not None`" if isinstance(value.sort, Option) else "compare it with a value"
        raise m.fail(f"{value.sort!r} has no truth value", hint)
    if isinstance(value, ProcessId):
        raise m.fail("a process id has no truth value", "compare it with another, or with None")
    if isinstance(value, Guarded):
        raise m.fail("a filtered collection has no truth value here", "use any(…)")
    return b.boolean(bool(value))


def set_size(m: Machine, place: Place) -> Term:
    """How many elements a set or bag holds."""
    sort: Set = place.domain  # type: ignore[assignment]
    depth, m.depth = m.depth, m.depth + 1
    cell = b.select(read(m, place), b.leaf("bound", depth, sort.elem))
    m.depth = depth
    return b.quantify("sum" if isinstance(sort, Bag) else "count", depth, sort.elem, cell)


def position(m: Machine, index_domain: Domain, value: Any) -> Term:
    """``value`` as an index; an error on the path where it is outside ``index_domain``."""
    i = lift(m, value, index_domain)
    if isinstance(index_domain, Int):
        size_hi = index_domain.hi if isinstance(index_domain.hi, Term) else b.integer(index_domain.hi)
        inside = b.and_(b.le(b.integer(index_base(index_domain)), i), b.le(i, size_hi))
        m.error(b.not_(inside), f"index outside {index_domain!r}")
    elif isinstance(index_domain, Pid) and isinstance(i.sort, Pid):
        outside = _outside(i, index_domain)
        m.error(outside, f"index outside {index_domain!r}")
    return i


def _outside(i: Term, domain: Pid) -> Term:
    have: Pid = i.sort  # type: ignore[assignment]
    parts = []
    if have.lo < domain.lo:
        parts.append(b.lt(i, b.const(domain.lo, domain)))
    if isinstance(domain.hi, int) and not (isinstance(have.hi, int) and have.hi <= domain.hi):
        parts.append(b.lt(b.const(domain.hi, domain), i))
    return b.or_(*parts)


def merge_value(m: Machine, d: Term, x: Any, y: Any, key: tuple[Any, ...]) -> Any:
    """``x`` where ``d`` holds, else ``y``; Unjoined when there is no such single value."""
    if x is y or (isinstance(x, (Place, Locals, OldView)) and x == y):
        return x
    if isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
        parts = tuple(merge_value(m, d, u, v, key) for u, v in zip(x, y, strict=True))
        return Unjoined(key) if any(isinstance(p, Unjoined) for p in parts) else parts
    if not _joinable(x) or not _joinable(y):
        return x if _same(x, y) else Unjoined(key)
    sort = _common(x, y)
    if sort is None:
        return Unjoined(key)
    try:
        one, two = lift(m, x, sort), lift(m, y, sort)
    except DeadPath:
        return Unjoined(key)
    return unwrap(m, b.ite(d, one, two))


def _same(x: Any, y: Any) -> bool:
    try:
        return type(x) is type(y) and bool(x == y)
    except TypeError:
        return False


def _joinable(x: Any) -> bool:
    return x is None or isinstance(x, (bool, int, str, ProcessId, Term))


def _common(x: Any, y: Any) -> Domain | None:
    """A domain that holds both values, or None."""
    dx, dy = domain_of(x), domain_of(y)
    if x is None or y is None:
        other = dy if x is None else dx
        return None if other is None else other if isinstance(other, Option) else Option(_sized(other))
    if isinstance(x, str) or isinstance(y, str):
        enum = dx if isinstance(y, str) else dy
        return enum if isinstance(enum, Enum) else None
    if dx is None or dy is None:
        return None
    if isinstance(dx, Option) or isinstance(dy, Option):
        return dx if isinstance(dx, Option) else dy
    if isinstance(dx, Pid) and isinstance(dy, Pid):
        return _wider(dx, dy)
    if isinstance(dx, (Int, Bool)) and isinstance(dy, (Int, Bool)):
        return dx if type(dx) is type(dy) else None
    return dx if _alike(dx, dy) else None


def _wider(x: Pid, y: Pid) -> Pid | None:
    """The one of them that has all processes of the other."""
    for wide, narrow in ((x, y), (y, x)):
        known = isinstance(wide.hi, int) and isinstance(narrow.hi, int)
        if wide.lo <= narrow.lo and (wide.hi is narrow.hi or (known and wide.hi >= narrow.hi)):
            return wide
    return None


def _sized(domain: Domain) -> Domain:
    return domain

"""The methods of containers, symbolically: the counterpart of ``values``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from . import build as b
from .domains import Array, Bag, Domain, Int, Option, Seq, Set, Struct
from .machine import Machine
from .places import Place, box, read, write
from .processes import Pid
from .symbols import _outside, lift, position, unwrap
from .terms import INT, Term


def in_domain(term: Term, domain: Domain, overwritten: tuple[Term, ...] = ()) -> Term:
    """The condition that ``term`` lies in ``domain``.

    Parts that are state variables lie in their domain already, so only what a step computes is checked;
    ``overwritten`` are array indices whose cells a later store replaced.
    """
    match domain:
        case Int():
            return b.and_(b.le(_bound(domain.lo), term), b.le(term, _bound(domain.hi)))
        case Pid() if isinstance(term.sort, Pid):
            return b.not_(_outside(term, domain))
        case Struct():
            parts = enumerate(domain.fields.values())
            return b.and_(*(in_domain(b.field(term, i), d) for i, d in parts))
        case Option():
            return b.implies(b.is_some(term), in_domain(b.get(term), domain.elem))
        case Array():
            return _array_in_domain(term, domain, overwritten)
        case Bag():
            return _array_in_domain(term, domain.array, ())
        case Seq():
            return _seq_in_domain(term, domain)
    return b.TRUE  # Bool and Enum by kind


@cache
def _array_in_domain(term: Term, domain: Array, overwritten: tuple[Term, ...]) -> Term:
    if overwritten and _array_in_domain(term, domain, ()) is b.TRUE:
        return b.TRUE  # the usual case, remembered without what is overwritten: linear in the size of the term
    if term.op == "store":
        rest, i, value = term.args
        here = b.or_(_among(i, overwritten), in_domain(value, domain.elem))
        return b.and_(_array_in_domain(rest, domain, (*overwritten, i)), here)
    if term.op == "ite":
        cond, yes, no = term.args
        one, two = (_array_in_domain(t, domain, overwritten) for t in (yes, no))
        return b.ite(cond, one, two)
    if b.within(term, domain):
        return b.TRUE
    if isinstance(domain.size, int):
        indices = (b.const(i, domain.index) for i in domain.index.values())
        return b.and_(*(b.or_(_among(i, overwritten), in_domain(b.select(term, i), domain.elem)) for i in indices))
    if term.op == "fill":
        return in_domain(term.args[0], domain.elem)
    cell = b.select(term, b.leaf("bound", 0, domain.index))
    return b.quantify("forall", 0, domain.index, in_domain(cell, domain.elem))


def _seq_in_domain(term: Term, domain: Seq) -> Term:
    """Elements are checked when they go in; another sequence that is assigned as a whole is checked here."""
    if all(t.sort == domain for t in _sequences(term)):
        return b.TRUE
    size = b.length(term)
    if size.hi is None:
        return b.le(size, _bound(domain.capacity))
    inside = (in_domain(b.at(term, b.integer(k)), domain.elem) for k in range(size.hi))
    there = (b.implies(b.lt(b.integer(k), size), c) for k, c in enumerate(inside))
    return b.and_(b.le(size, _bound(domain.capacity)), *there)


def _sequences(term: Term) -> list[Term]:
    """The sequences that ``term`` was made from by pushes, pops and joins."""
    found, work = [], [term]
    while work:
        t = work.pop()
        if t.op == "ite":
            work += t.args[1:]
        elif t.op in ("push", "push_front", "pop", "pop_back", "remove_at", "set_at"):
            work.append(t.args[0])
        else:
            found.append(t)
    return found


def _among(i: Term, indices: tuple[Term, ...]) -> Term:
    return b.or_(*(b.eq(i, j) for j in indices))


def _bound(limit: Any) -> Term:
    return limit if isinstance(limit, Term) else b.integer(limit)


def _element(m: Machine, domain: Domain, value: Any) -> Term:
    term = lift(m, value, domain)
    m.error(b.not_(in_domain(term, domain)), f"the element is outside {domain!r}")
    return term


# --- sequences -----------------------------------------------------------------------------------------------


def pushed(m: Machine, domain: Seq, term: Term, value: Any, op: str = "push") -> Term:
    """The sequence ``term`` with one more element; an error where it is full or the element does not fit."""
    full = b.le(_bound(domain.capacity), b.length(term))
    m.error(full, f"push on a full queue (capacity {domain.capacity})")
    return b.seq_op(op, term, _element(m, domain.elem, value))


def _push(op: str) -> Callable[[Machine, Place, Any], None]:
    def method(m: Machine, q: Place, value: Any) -> None:
        write(m, q, pushed(m, q.domain, read(m, q), value, op))  # type: ignore[arg-type]

    return method


def _pop(op: str) -> Callable[[Machine, Place], Any]:
    def method(m: Machine, q: Place) -> Any:
        term = read(m, q)
        size = b.length(term)
        m.error(b.eq(size, b.integer(0)), "pop of an empty queue")
        value = b.at(term, b.integer(0) if op == "pop" else b.add(size, b.integer(-1)))
        write(m, q, b.seq_op(op, term))
        return unwrap(m, value)

    return method


def _remove(m: Machine, q: Place, value: Any) -> None:
    domain: Seq = q.domain  # type: ignore[assignment]
    if not isinstance(domain.capacity, int):
        raise m.fail("remove needs a concrete capacity")
    term, x = read(m, q), lift(m, value, domain.elem)
    size = b.length(term)
    result, found = term, b.FALSE
    for k in reversed(range(domain.capacity)):
        i = b.integer(k)
        here = b.and_(b.lt(i, size), b.eq(b.at(term, i), x))
        result = b.ite(here, b.seq_op("remove_at", term, i), result)
        found = b.or_(found, here)
    m.error(b.not_(found), "remove of an element that is not in the queue")
    write(m, q, result)


def set_element(m: Machine, q: Place, index: Any, value: Any) -> None:
    """``q[index] = value`` for a sequence."""
    domain: Seq = q.domain  # type: ignore[assignment]
    term, i = read(m, q), lift(m, index, INT)
    inside = b.and_(b.le(b.integer(0), i), b.lt(i, b.length(term)))
    m.error(b.not_(inside), "index outside the queue")
    write(m, q, b.seq_op("set_at", term, i, _element(m, domain.elem, value)))


# --- arrays, sets, bags --------------------------------------------------------------------------------------


def _fill(m: Machine, a: Place, value: Any) -> None:
    domain: Array = a.domain  # type: ignore[assignment]
    write(m, a, b.fill(domain, lift(m, value, domain.elem)))


def _put(value: Term) -> Callable[[Machine, Place, Any], None]:
    def method(m: Machine, s: Place, item: Any) -> None:
        domain: Set = s.domain  # type: ignore[assignment]
        write(m, s, b.store(read(m, s), position(m, domain.elem, item), value))

    return method


def _bag_add(m: Machine, s: Place, item: Any) -> None:
    domain: Bag = s.domain  # type: ignore[assignment]
    i, cells = position(m, domain.elem, item), read(m, s)
    m.error(b.le(b.integer(domain.most), b.select(cells, i)), f"the bag holds it {domain.most} times already")
    write(m, s, b.store(cells, i, b.add(b.select(cells, i), b.integer(1))))


def _bag_remove(m: Machine, s: Place, item: Any) -> None:
    domain: Bag = s.domain  # type: ignore[assignment]
    i, cells = position(m, domain.elem, item), read(m, s)
    m.error(b.eq(b.select(cells, i), b.integer(0)), "remove of an element that is not in the bag")
    write(m, s, b.store(cells, i, b.add(b.select(cells, i), b.integer(-1))))


def _bag_count(m: Machine, s: Place, item: Any) -> Any:
    domain: Bag = s.domain  # type: ignore[assignment]
    return unwrap(m, b.select(read(m, s), position(m, domain.elem, item)))


def _clear(m: Machine, place: Place) -> None:
    write(m, place, b.const(place.domain.default(), place.domain) if _sized(place.domain) else _empty(place.domain))


def _sized(domain: Domain) -> bool:
    return not isinstance(domain, Set) or isinstance(domain.array.size, int)


def _empty(domain: Domain) -> Term:
    cell = b.cells_of(domain).elem
    return b.fill(domain, b.const(cell.default(), cell))


def _copy(m: Machine, place: Place) -> Place:
    return box(m, read(m, place), place.domain)


_COMMON: dict[str, Callable[..., Any]] = {"copy": _copy}
_METHODS: list[tuple[type[Domain], dict[str, Callable[..., Any]]]] = [
    (Bag, {"add": _bag_add, "remove": _bag_remove, "count": _bag_count, "clear": _clear}),
    (Set, {"add": _put(b.TRUE), "discard": _put(b.FALSE), "clear": _clear}),
    (
        Seq,
        {
            "push": _push("push"),
            "append": _push("push"),
            "push_front": _push("push_front"),
            "pop": _pop("pop"),
            "pop_back": _pop("pop_back"),
            "remove": _remove,
            "clear": _clear,
        },
    ),
    (Array, {"fill": _fill}),
    (Struct, {}),
]


def method_of(m: Machine, place: Place, name: str) -> Callable[..., Any]:
    """The method ``name`` of a container; raises SpecError when it has none of that name."""
    for kind, methods in _METHODS:
        if isinstance(place.domain, kind):
            available = _COMMON | methods
            if name not in available:
                what = "field or method" if kind is Struct else "method"
                raise m.fail(
                    f"a {type(place.domain).__name__} has no {what} {name!r}",
                    f"it has: {', '.join(_names(place.domain, available))}",
                )
            return available[name]
    raise m.fail(f"{place.domain!r} has no method {name!r}")


def _names(domain: Domain, methods: dict[str, Any]) -> list[str]:
    return [*domain.fields, *methods] if isinstance(domain, Struct) else list(methods)

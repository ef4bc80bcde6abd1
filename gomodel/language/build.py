"""Constructors of terms.  Each simplifies what it can see locally; none ever changes the meaning.

All operations are *total*: outside their domain (an index out of range, ``get`` of None, a divisor 0) they
have some value, which never matters because the tracer emits the definedness condition beside them.

What goes down into the branches of an ``ite`` is remembered: a DAG walked as a tree takes exponential time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from .domains import Array, Bool, Domain, Int, Option, Seq, Set, Struct, index_base, index_size
from .terms import BOOL, INT, Term, intern


def const(value: Any, sort: Domain) -> Term:
    if isinstance(sort, Bool):
        return TRUE if value else FALSE
    if isinstance(sort, Int):
        return intern("const", (), int(value), INT, int(value), int(value))
    return intern("const", (), value, sort)


TRUE = intern("const", (), True, BOOL)
FALSE = intern("const", (), False, BOOL)


def boolean(value: bool) -> Term:
    return TRUE if value else FALSE


def var(name: str, sort: Domain, op: str = "var") -> Term:
    """A state variable (``var``, or ``next`` for its value after the step), bound or process id."""
    known = _variables.get((op, name))
    if known is None or known[0] is not sort:  # hashing a domain takes longer than all the rest
        known = _variables[op, name] = sort, intern(op, (), name, sort, *_limits(sort))
    return known[1]


_variables: dict[tuple[str, str], tuple[Domain, Term]] = {}  # the last use of each name


def _limits(sort: Domain) -> tuple[int | None, int | None]:
    if not isinstance(sort, Int):
        return None, None
    return (
        sort.lo if isinstance(sort.lo, int) else getattr(sort.lo, "lo", None),
        sort.hi if isinstance(sort.hi, int) else getattr(sort.hi, "hi", None),
    )


def leaf(op: str, data: Any, sort: Domain) -> Term:
    """``self``, ``pick``, ``bound`` and ``param`` nodes."""
    lo, hi = _limits(sort)
    return intern(op, (), (data, sort), sort, lo, hi)


# --- logic ---------------------------------------------------------------------------------------------------


def not_(a: Term) -> Term:
    if a is TRUE:
        return FALSE
    if a is FALSE:
        return TRUE
    if a.op == "not":
        return a.args[0]
    if a.op == "lt":
        return le(a.args[1], a.args[0])
    if a.op == "le":
        return lt(a.args[1], a.args[0])
    return intern("not", (a,), None, BOOL)


def conjuncts(a: Term) -> tuple[Term, ...]:
    return a.args if a.op == "and" else () if a is TRUE else (a,)


def and_(*terms: Term) -> Term:
    parts: dict[Term, None] = {}
    for term in terms:
        for t in conjuncts(term):
            if t is FALSE or not_(t) in parts:
                return FALSE
            parts[t] = None
    return _nary("and", parts, TRUE)


def or_(*terms: Term) -> Term:
    parts: dict[Term, None] = {}
    for term in terms:
        for t in term.args if term.op == "or" else () if term is FALSE else (term,):
            if t is TRUE or not_(t) in parts:
                return TRUE
            parts[t] = None
    if len(parts) > 1:
        shared = set.intersection(*(set(conjuncts(t)) for t in parts))
        if shared:  # (c and x) or (c and y) = c and (x or y): paths that split and meet again collapse
            common = [t for t in conjuncts(next(iter(parts))) if t in shared]
            return and_(*common, or_(*(and_(*(c for c in conjuncts(t) if c not in shared)) for t in parts)))
    return _nary("or", parts, FALSE)


def _nary(op: str, parts: dict[Term, None], unit: Term) -> Term:
    if not parts:
        return unit
    if len(parts) == 1:
        return next(iter(parts))
    return intern(op, tuple(sorted(parts, key=lambda t: t.id)), None, BOOL)


def implies(a: Term, b: Term) -> Term:
    return or_(not_(a), b)


def ite(c: Term, a: Term, b: Term) -> Term:
    if c is TRUE or a is b:
        return a
    if c is FALSE:
        return b
    if c.op == "not":
        return ite(c.args[0], b, a)
    if isinstance(a.sort, Bool):
        if a is TRUE:
            return or_(c, b)
        if a is FALSE:
            return and_(not_(c), b)
        if b is TRUE:
            return or_(not_(c), a)
        if b is FALSE:
            return and_(c, a)
    if a.op == "ite" and a.args[0] is c:
        a = a.args[1]
    if b.op == "ite" and b.args[0] is c:
        b = b.args[2]
    if a is b:
        return a
    if isinstance(a.sort, Struct):
        pairs = range(len(a.sort.fields))
        return record(a.sort, *(ite(c, field(a, i), field(b, i)) for i in pairs))
    lo = None if a.lo is None or b.lo is None else min(a.lo, b.lo)
    hi = None if a.hi is None or b.hi is None else max(a.hi, b.hi)
    return intern("ite", (c, a, b), None, INT if isinstance(a.sort, Int) else a.sort, lo, hi)


@cache
def eq(a: Term, b: Term) -> Term:
    if a is b:
        return TRUE
    if a.op == "const" and b.op == "const":
        return boolean(a.data == b.data)
    if isinstance(a.sort, Bool):
        for x, y in ((a, b), (b, a)):
            if x is TRUE:
                return y
            if x is FALSE:
                return not_(y)
    if _disjoint(a, b):
        return FALSE
    if isinstance(a.sort, Struct):
        return and_(*(eq(field(a, i), field(b, i)) for i in range(len(a.sort.fields))))
    if a.op == "some" and b.op == "some":
        return eq(a.args[0], b.args[0])
    for x, y in ((a, b), (b, a)):
        if y.op == "const" and isinstance(y.sort, Option) and y.data is None:
            return not_(is_some(x))
        if x.op == "ite" and y.op == "const" and (x.args[1].op == "const" or x.args[2].op == "const"):
            return ite(x.args[0], eq(x.args[1], y), eq(x.args[2], y))
        if y.op == "const" and x.op == "add" and x.args[1].op == "const":
            return eq(x.args[0], integer(y.data - x.args[1].data))
        if y.op == "some" and x.op == "const" and x.data is not None:
            return eq(y.args[0], const(x.data, y.sort.elem))  # type: ignore[attr-defined]
    return intern("eq", (a, b) if a.id < b.id else (b, a), None, BOOL)


def _disjoint(a: Term, b: Term) -> bool:
    return (a.hi is not None and b.lo is not None and a.hi < b.lo) or (
        b.hi is not None and a.lo is not None and b.hi < a.lo
    )


def lt(a: Term, b: Term) -> Term:
    """``a < b``; against a constant it becomes ``<=``, so that each condition has one form."""
    if a is b:
        return FALSE
    if a.hi is not None and b.lo is not None and a.hi < b.lo:
        return TRUE
    if a.lo is not None and b.hi is not None and a.lo >= b.hi:
        return FALSE
    if b.op == "const" and isinstance(b.sort, Int):
        return le(a, integer(b.data - 1))
    if a.op == "const" and isinstance(a.sort, Int):
        return le(integer(a.data + 1), b)
    return intern("lt", (a, b), None, BOOL)


@cache
def le(a: Term, b: Term) -> Term:
    if a is b:
        return TRUE
    if a.hi is not None and b.lo is not None and a.hi <= b.lo:
        return TRUE
    if a.lo is not None and b.hi is not None and a.lo > b.hi:
        return FALSE
    for x, k in ((a, b), (b, a)):
        if k.op == "const" and x.op == "add" and x.args[1].op == "const":
            rest, shifted = x.args[0], integer(k.data - x.args[1].data)
            return le(rest, shifted) if x is a else le(shifted, rest)
    for x, other in ((a, b), (b, a)):
        if x.op == "ite" and other.op == "const":
            one, two = (le(y, b) if x is a else le(a, y) for y in x.args[1:])
            if one.op == "const" or two.op == "const":
                return ite(x.args[0], one, two)
    return intern("le", (a, b), None, BOOL)


# --- integers ------------------------------------------------------------------------------------------------


def integer(value: int) -> Term:
    return const(value, INT)


def add(a: Term, b: Term) -> Term:
    if a.op == "const" and b.op == "const":
        return integer(a.data + b.data)
    if a.op == "const":
        a, b = b, a
    if b.op == "const":
        if b.data == 0:
            return a
        if a.op == "add" and a.args[1].op == "const":
            return add(a.args[0], integer(a.args[1].data + b.data))
    lo = None if a.lo is None or b.lo is None else a.lo + b.lo
    hi = None if a.hi is None or b.hi is None else a.hi + b.hi
    return intern("add", (a, b), None, INT, lo, hi)


def neg(a: Term) -> Term:
    return mul(a, integer(-1))


def sub(a: Term, b: Term) -> Term:
    return integer(0) if a is b else add(a, neg(b))


def mul(a: Term, b: Term) -> Term:
    if a.op == "const" and b.op == "const":
        return integer(a.data * b.data)
    if a.op == "const":
        a, b = b, a
    if b.op == "const" and b.data in (0, 1):
        return a if b.data else integer(0)
    if b.op == "const" and a.op == "mul" and a.args[1].op == "const":
        return mul(a.args[0], integer(a.args[1].data * b.data))
    if a.lo is None or a.hi is None or b.lo is None or b.hi is None:
        return intern("mul", (a, b), None, INT)
    corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return intern("mul", (a, b), None, INT, min(corners), max(corners))


def div(a: Term, b: Term) -> Term:
    if a.op == "const" and b.op == "const":
        return integer(a.data // b.data if b.data else 0)
    if b.op == "const" and b.data == 1:
        return a
    if a.lo is not None and a.hi is not None and b.lo is not None and b.lo > 0:
        top = b.hi if b.hi is not None else max(abs(a.lo), abs(a.hi)) + 1
        corners = [x // y for x in (a.lo, a.hi) for y in (b.lo, top)]
        return intern("div", (a, b), None, INT, min(corners), max(corners))
    return intern("div", (a, b), None, INT)


def mod(a: Term, b: Term) -> Term:
    if a.op == "const" and b.op == "const":
        return integer(a.data % b.data if b.data else 0)
    if b.lo is not None and b.lo > 0:
        if a.lo is not None and a.lo >= 0 and a.hi is not None and a.hi < b.lo:
            return a
        return intern("mod", (a, b), None, INT, 0, None if b.hi is None else b.hi - 1)
    return intern("mod", (a, b), None, INT)


# --- options and structs -------------------------------------------------------------------------------------


def some(a: Term, sort: Option) -> Term:
    return const(a.data, sort) if a.op == "const" else intern("some", (a,), sort, sort)


@cache
def is_some(a: Term) -> Term:
    if a.op == "const":
        return boolean(a.data is not None)
    if a.op == "some":
        return TRUE
    if a.op == "ite":
        return ite(a.args[0], is_some(a.args[1]), is_some(a.args[2]))
    return intern("is_some", (a,), None, BOOL)


def get(a: Term) -> Term:
    elem: Domain = a.sort.elem  # type: ignore[attr-defined]
    if a.op == "const":
        return const(elem.default() if a.data is None else a.data, elem)
    if a.op == "some":
        return a.args[0]
    return _element("get", (a,), elem)


def _element(op: str, args: tuple[Term, ...], elem: Domain) -> Term:
    if isinstance(elem, Struct):
        raw = intern(op, args, None, elem)
        return record(elem, *(field(raw, i) for i in range(len(elem.fields))))
    return _part(op, args, None, elem)


def _part(op: str, args: tuple[Term, ...], data: Any, domain: Domain) -> Term:
    """A scalar taken out of a container, with the interval of its domain where it is sure to lie in it."""
    if not isinstance(domain, Int):
        return intern(op, args, data, domain)
    lo, hi = _limits(domain) if within(args[0], args[0].sort) else (None, None)
    return intern(op, args, data, INT, lo, hi)


@cache
def within(t: Term, domain: Domain) -> bool:
    """Whether the values in ``t`` surely lie in ``domain``: inside a step one may leave it for a while.

    Lengths of sequences are not looked at.
    """
    elem = cells_of(domain).elem if isinstance(domain, (Array, Set)) else getattr(domain, "elem", domain)
    match t.op:
        case "ite":
            return within(t.args[1], domain) and within(t.args[2], domain)
        case "const" if not domain.scalar:
            return _contents_within(t.data, domain, elem)
        case "record" if isinstance(domain, Struct):
            return all(within(a, d) for a, d in zip(t.args, domain.fields.values(), strict=True))
        case "store" | "set_at":
            return within(t.args[0], domain) and within(t.args[2], elem)
        case "push" | "push_front":
            return within(t.args[0], domain) and within(t.args[1], elem)
        case "fill" | "mkarray" | "some":
            return all(within(a, elem) for a in t.args)
        case "pop" | "pop_back" | "remove_at":
            return within(t.args[0], domain)
        case "select" | "field" | "get" | "at" if not domain.scalar:
            return _narrower(t.sort, domain) and within(t.args[0], t.args[0].sort)
    if isinstance(domain, Int):
        return t.sort == domain or _inside(t.lo, t.hi, domain)
    return _narrower(t.sort, domain)


def _contents_within(data: Any, domain: Domain, elem: Domain) -> bool:
    if isinstance(domain, Struct):
        return all(within(const(v, d), d) for v, d in zip(data, domain.fields.values(), strict=True))
    parts = set(data) if isinstance(data, tuple) and not isinstance(domain, Option) else {data} - {None}
    return all(within(const(v, elem), elem) for v in parts)


def _inside(lo: Any, hi: Any, domain: Int) -> bool:
    """Whether lo..hi lies in ``domain``; a symbolic bound is never known to hold."""
    above = domain.lo is None or (isinstance(lo, int) and isinstance(domain.lo, int) and domain.lo <= lo)
    below = domain.hi is None or (isinstance(hi, int) and isinstance(domain.hi, int) and hi <= domain.hi)
    return above and below


def _narrower(sort: Domain, domain: Domain) -> bool:
    """Whether every value of ``sort`` has parts that lie in ``domain``, for two domains of one kind."""
    match sort, domain:
        case _ if sort is domain or sort == domain:
            return True
        case Int(), Int():
            return _inside(sort.lo, sort.hi, domain)
        case Struct(), Struct():
            pairs = zip(sort.fields.values(), domain.fields.values(), strict=True)
            return all(_narrower(x, y) for x, y in pairs)
        case ((Array() | Set()), (Array() | Set())):
            return _narrower(cells_of(sort).elem, cells_of(domain).elem)
        case (Option(), Option()) | (Seq(), Seq()):
            return _narrower(sort.elem, domain.elem)  # type: ignore[attr-defined]
    return True


def record(sort: Struct, *values: Term) -> Term:
    if all(v.op == "const" for v in values):
        return const(tuple(v.data for v in values), sort)
    first = values[0]
    if first.op == "field" and first.args[0].sort == sort:
        base = first.args[0]
        if all(v.op == "field" and v.args[0] is base and v.data == i for i, v in enumerate(values)):
            return base
    return intern("record", values, sort, sort)


@cache
def field(a: Term, position: int) -> Term:
    domain = list(a.sort.fields.values())[position]  # type: ignore[attr-defined]
    if a.op == "record":
        return a.args[position]
    if a.op == "const":
        return const(a.data[position], domain)
    if a.op == "ite":
        return ite(a.args[0], field(a.args[1], position), field(a.args[2], position))
    return _part("field", (a,), position, domain)


# --- arrays --------------------------------------------------------------------------------------------------


def cells_of(sort: Domain) -> Array:
    """The array that stores a container: an array itself, the membership or counts of a set or bag."""
    if isinstance(sort, Set):
        return sort.array
    assert isinstance(sort, Array), sort
    return sort


@cache
def select(a: Term, i: Term) -> Term:
    sort = cells_of(a.sort)
    while a.op == "store":
        same = eq(a.args[1], i)
        if same is TRUE:
            return a.args[2]
        if same is not FALSE:
            break
        a = a.args[0]
    if a.op == "fill":
        return a.args[0]
    if i.op == "const":
        at: int = i.data - index_base(sort.index)
        size = sort.size
        if isinstance(size, int) and 0 <= at < size:
            if a.op == "const":
                return const(a.data[at], sort.elem)
            if a.op == "mkarray":
                return a.args[at]
    if a.op == "const" and len(set(a.data)) == 1:
        return const(a.data[0], sort.elem)
    if a.op == "ite" and (a.args[1].op in ("const", "fill", "store") or a.args[2].op in ("const", "fill", "store")):
        return ite(a.args[0], select(a.args[1], i), select(a.args[2], i))
    return _element("select", (a, i), sort.elem)


def store(a: Term, i: Term, value: Term) -> Term:
    if a.op == "store" and a.args[1] is i:
        return store(a.args[0], i, value)
    if value.op == "select" and value.args == (a, i):
        return a
    if a.op == "const" and i.op == "const" and value.op == "const":
        at = i.data - index_base(cells_of(a.sort).index)
        if 0 <= at < len(a.data):
            return const((*a.data[:at], value.data, *a.data[at + 1 :]), a.sort)
    return intern("store", (a, i, value), None, a.sort)


def fill(sort: Domain, value: Term) -> Term:
    size = cells_of(sort).size
    if value.op == "const" and isinstance(size, int):
        return const((value.data,) * size, sort)
    return intern("fill", (value,), None, sort)


def mkarray(sort: Domain, cells: tuple[Term, ...]) -> Term:
    if all(c.op == "const" for c in cells):
        return const(tuple(c.data for c in cells), sort)
    return intern("mkarray", cells, None, sort)


# --- sequences -----------------------------------------------------------------------------------------------


@cache
def length(q: Term) -> Term:
    sort: Seq = q.sort  # type: ignore[assignment]
    match q.op:
        case "const":
            return integer(len(q.data))
        case "push" | "push_front":
            return add(length(q.args[0]), integer(1))
        case "pop" | "pop_back" | "remove_at":
            return add(length(q.args[0]), integer(-1))
        case "set_at":
            return length(q.args[0])
        case "ite":
            return ite(q.args[0], length(q.args[1]), length(q.args[2]))
    top = sort.capacity if isinstance(sort.capacity, int) else sort.capacity.hi
    return intern("len", (q,), None, INT, 0, top)


def at(q: Term, i: Term) -> Term:
    sort: Seq = q.sort  # type: ignore[assignment]
    if q.op == "const" and i.op == "const" and 0 <= i.data < len(q.data):
        return const(q.data[i.data], sort.elem)
    if q.op == "push_front" and i.op == "const":
        return q.args[1] if i.data == 0 else at(q.args[0], integer(i.data - 1))
    return _element("at", (q, i), sort.elem)


def seq_op(op: str, q: Term, *args: Term) -> Term:
    """``push``, ``push_front``, ``pop`` (head), ``pop_back``, ``remove_at``, ``set_at``."""
    if q.op == "const" and all(a.op == "const" for a in args):
        return const(apply_seq(op, q.data, *(a.data for a in args)), q.sort)
    return intern(op, (q, *args), None, q.sort)


def apply_seq(op: str, q: tuple[Any, ...], *args: Any) -> tuple[Any, ...]:
    """The meaning of the sequence operations on plain tuples, total."""
    match op:
        case "push":
            return (*q, args[0])
        case "push_front":
            return (args[0], *q)
        case "pop":
            return q[1:]
        case "pop_back":
            return q[:-1]
        case "remove_at":
            return tuple(v for i, v in enumerate(q) if i != args[0])
        case _:
            return tuple(args[1] if i == args[0] else v for i, v in enumerate(q))


# --- quantifiers ---------------------------------------------------------------------------------------------


def quantify(op: str, depth: int, domain: Domain, body: Term) -> Term:
    """``forall``/``exists``/``count``/``sum`` of ``body`` over all values of ``domain``, bound as ``bound[depth]``."""
    if op in ("forall", "exists"):
        if body is TRUE or body is FALSE:
            return body
        return intern(op, (body,), (depth, domain), BOOL)
    size = index_size(domain)
    top = size if isinstance(size, int) else size.hi
    if op == "count":
        return integer(0) if body is FALSE else intern(op, (body,), (depth, domain), INT, 0, top)
    if body.op == "const" and body.data == 0:
        return body
    lo = None if body.lo is None or top is None else min(0, body.lo * top)
    hi = None if body.hi is None or top is None else max(0, body.hi * top)
    return intern(op, (body,), (depth, domain), INT, lo, hi)


def rebuild(t: Term, args: tuple[Term, ...]) -> Term:
    """The same operation on other arguments, simplified anew."""
    plain = _PLAIN.get(t.op)
    if plain is not None:
        return plain(*args)
    match t.op:
        case "some":
            return some(args[0], t.data)
        case "record":
            return record(t.data, *args)
        case "field":
            return field(args[0], t.data)
        case "fill":
            return fill(t.sort, args[0])
        case "mkarray":
            return mkarray(t.sort, args)
        case "forall" | "exists" | "count" | "sum":
            return quantify(t.op, t.data[0], t.data[1], args[0])
        case _:
            return seq_op(t.op, *args)


_PLAIN: dict[str, Callable[..., Term]] = {
    "not": not_,
    "and": and_,
    "or": or_,
    "ite": ite,
    "eq": eq,
    "lt": lt,
    "le": le,
    "add": add,
    "mul": mul,
    "div": div,
    "mod": mod,
    "is_some": is_some,
    "get": get,
    "select": select,
    "store": store,
    "len": length,
    "at": at,
}

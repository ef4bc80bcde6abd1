"""Expressions as one hash-consed DAG.

A ``Term`` is immutable and unique: two terms are equal exactly when they are the same object, so identity
is the equality that every walker uses.  The constructor functions in ``build`` simplify; this module only
holds the node, the table of nodes and the generic walks.

Ops (args → meaning); ``data`` in brackets:

=========== ============================================ =====================================
const       [plain value]                                 a constant of ``sort``
var         [name]                                        a state variable, before the step
next        [name]                                        the same variable, after the step
param       [name, Domain]                                a symbolic bound, e.g. a process count
self        [kind, Domain]                                the process that takes the step
pick        [position, Domain]                            a choice drawn from a whole domain
bound       [depth, Domain]                               the variable of an enclosing quantifier
not and or ite eq lt le                                   logic (``and``/``or`` take any number)
add mul div mod                                           integers, ``div``/``mod`` floor as Python
some is_some get                                          options
record field[position]                                    structs
select store fill mkarray                                 arrays (index is a plain value)
len at push push_front pop pop_back remove_at set_at      sequences
forall exists count sum                                   quantifier over ``data`` = (depth, Domain)
=========== ============================================ =====================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from .domains import Bool, Domain, Int

BOOL = Bool()
INT = Int(None, None)


class Term:
    """One node of the DAG.  ``lo``/``hi`` is an interval that holds for every Int term (None: unbounded)."""

    __slots__ = ("args", "data", "hi", "id", "lo", "op", "sort")

    op: str
    args: tuple[Term, ...]
    data: Any
    sort: Domain
    lo: int | None
    hi: int | None
    id: int

    def __repr__(self) -> str:
        return show(self)

    def __add__(self, other: int) -> Term:
        """For sizes computed from a symbolic bound."""
        from .build import add, integer

        return add(self, integer(other))

    def __sub__(self, other: int) -> Term:
        return self + -other

    def __bool__(self) -> bool:
        raise TypeError("a symbolic value has no truth value here")


_table: dict[tuple[Any, ...], Term] = {}


def intern(
    op: str, args: tuple[Term, ...], data: Any, sort: Domain, lo: int | None = None, hi: int | None = None
) -> Term:
    """The unique node for (op, args, data, sort); ``lo``/``hi`` are functions of those and come along."""
    key = (op, args, type(data), data, sort if op in ("const", "next", "var", "fill", "mkarray") else None)
    term = _table.get(key)
    if term is None:
        term = Term()
        term.op, term.args, term.data, term.sort = op, args, data, sort
        term.lo, term.hi, term.id = lo, hi, len(_table)
        _table[key] = term
    return term


def is_int(term: Term) -> bool:
    return isinstance(term.sort, Int)


def walk(roots: Iterable[Term]) -> list[Term]:
    """Every node below ``roots``, arguments before users, each once."""
    seen: set[Term] = set()
    order: list[Term] = []
    stack: list[tuple[Term, bool]] = [(r, False) for r in reversed(list(roots))]
    while stack:
        term, expanded = stack.pop()
        if expanded:
            order.append(term)
        elif term not in seen:
            seen.add(term)
            stack.append((term, True))
            stack.extend((a, False) for a in reversed(term.args) if a not in seen)
    return order


def leaves_of(roots: Iterable[Term], *ops: str) -> set[Term]:
    """The nodes with one of ``ops`` below ``roots``."""
    return {t for t in walk(roots) if t.op in ops}


def rewrite(term: Term, replace: Callable[[Term], Term | None], memo: dict[Term, Term] | None = None) -> Term:
    """Bottom-up rebuild: ``replace`` sees each node before its arguments and may give another for it."""
    from .build import rebuild

    memo = {} if memo is None else memo
    stack: list[tuple[Term, bool]] = [(term, False)]
    while stack:
        t, expanded = stack.pop()
        if t in memo:
            continue
        if expanded:
            args = tuple(memo[a] for a in t.args)
            memo[t] = t if args == t.args else rebuild(t, args)
            continue
        new = replace(t)
        if new is not None:
            memo[t] = new
        elif not t.args:
            memo[t] = t
        else:
            stack.append((t, True))
            stack.extend((a, False) for a in t.args if a not in memo)
    return memo[term]


WIDE = 600  # characters
_INFIX = {"and": " and ", "or": " or ", "add": " + ", "mul": " * ", "eq": " == ", "lt": " < ", "le": " <= "}


def show(term: Term, known: dict[Term, str] | None = None) -> str:
    """One line for people, close to Python, and the same in every run, whatever was built before.

    Shared terms are shown once for each use, so a text may be exponentially longer than its term: beyond ``WIDE``
    characters a digest stands for the rest.  ``known`` keeps texts from one call to the next.
    """
    known = {} if known is None else known
    for t in walk([term]):
        if t not in known:
            text = _text(t, [known[a] for a in t.args])
            known[t] = text if len(text) <= WIDE else f"{text[:WIDE]}…{sha256(text.encode()).hexdigest()[:6]}"
    return known[term]


def _text(term: Term, a: list[str]) -> str:
    if term.op in ("and", "or", "eq", "add", "mul"):
        a.sort()
    match term.op:
        case "const":
            return term.sort.show(term.data) if term.sort is not INT else str(term.data)
        case "var":
            return str(term.data)
        case "next":
            return f"{term.data}'"
        case "param" | "self":
            return str(term.data[0])
        case "pick" | "bound":
            return f"{term.op[0]}{term.data[0]}"
        case "not":
            return f"not {a[0]}"
        case "ite":
            return f"({a[1]} if {a[0]} else {a[2]})"
        case "select" | "at":
            return f"{a[0]}[{a[1]}]"
        case "field":
            return f"{a[0]}.{term.data}"
        case op if op in _INFIX:
            return "(" + _INFIX[op].join(a) + ")"
        case op if op in ("forall", "exists", "count", "sum"):
            return f"{op} b{term.data[0]}: {a[0]}"
        case op:
            return f"{op}({', '.join(a)})"

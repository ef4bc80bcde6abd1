"""The value of a term in one state, and what was read to compute it.

Evaluation is lazy: a branch that is not taken, an operand behind one that decides, and the cells of an array that are
not asked for are not read.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..language.build import apply_seq, cells_of
from ..language.domains import Bool, Domain, Enum, Int, index_base
from ..language.system import State
from ..language.terms import Term

# A part of the state: a variable, the index of one of its cells (None: all of it, or it has none), and whether it is
# meant after the step instead of before.
Cell = tuple[str, int | None]
Read = tuple[str, int | None, bool]
Reads = frozenset[Read]
NOTHING: Reads = frozenset()

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "div": lambda a, b: a // b if b else 0,
    "mod": lambda a, b: a % b if b else 0,
}


@dataclass
class Reader:
    """Evaluates terms between ``before`` and ``after``; ``process`` and ``picks`` are those of the step."""

    position: dict[str, int]  # of each variable in a state
    before: State
    after: State | None = None
    process: int = 0
    picks: dict[int, Any] = field(default_factory=dict)
    bound: dict[int, Any] = field(default_factory=dict)
    _known: dict[Any, tuple[Any, Reads]] = field(default_factory=dict)

    def __call__(self, term: Term) -> tuple[Any, Reads]:
        """The plain value, and what it took."""
        key = term, tuple(sorted(self.bound.items()))
        if key not in self._known:
            self._known[key] = self._evaluate(term)
        return self._known[key]

    def element(self, cells: Term, at: Any) -> tuple[Any, Reads]:
        """One cell of an array, of which the others are not read."""
        match cells.op:
            case "var" | "next":
                whole, _ = self(cells)
                value = _cell(whole, at, cells.sort)
                return value, frozenset({(cells.data, at, cells.op == "next")})
            case "store":
                index, read = self(cells.args[1])
                value, more = self(cells.args[2]) if index == at else self.element(cells.args[0], at)
                return value, read | more
            case "ite":
                condition, read = self(cells.args[0])
                value, more = self.element(cells.args[1 if condition else 2], at)
                return value, read | more
            case "fill":
                return self(cells.args[0])
            case "mkarray":
                k = at - index_base(cells_of(cells.sort).index)
                return self(cells.args[k]) if 0 <= k < len(cells.args) else (_default(cells.sort), NOTHING)
        whole, read = self(cells)
        return _cell(whole, at, cells.sort), read

    def _evaluate(self, t: Term) -> tuple[Any, Reads]:
        match t.op:
            case "const":
                return t.data, NOTHING
            case "var" | "next":
                state = self.before if t.op == "var" or self.after is None else self.after
                return state[self.position[t.data]], frozenset({(t.data, None, t.op == "next")})
            case "self":
                return self.process, NOTHING
            case "pick":
                return self.picks[t.data[0]], NOTHING
            case "bound":
                return self.bound[t.data[0]], NOTHING
            case "and" | "or":
                return self._first_to_decide(t)
            case "ite":
                condition, read = self(t.args[0])
                value, more = self(t.args[1 if condition else 2])
                return value, read | more
            case "select":
                at, read = self(t.args[1])
                value, more = self.element(t.args[0], at)
                return value, read | more
            case "forall" | "exists" | "count" | "sum":
                return self._quantified(t)
        values, reads = [], NOTHING
        for argument in t.args:
            value, read = self(argument)
            values.append(value)
            reads |= read
        return _apply(t, values), reads

    def _first_to_decide(self, t: Term) -> tuple[Any, Reads]:
        reads = NOTHING
        for argument in t.args:
            value, read = self(argument)
            if bool(value) == (t.op == "or"):
                return value, read  # it alone decides
            reads |= read
        return t.op == "and", reads

    def _quantified(self, t: Term) -> tuple[Any, Reads]:
        depth, domain = t.data
        outside = self.bound
        values, reads = [], NOTHING
        for bound in _values(domain):
            self.bound = {**outside, depth: bound}
            value, read = self(t.args[0])
            if t.op in ("forall", "exists") and bool(value) == (t.op == "exists"):
                self.bound = outside
                return value, read
            values.append(value)
            reads |= read
        self.bound = outside
        match t.op:
            case "forall" | "exists":
                return t.op == "forall", reads
            case "count":
                return sum(map(bool, values)), reads
            case _:
                return sum(values), reads


def _apply(t: Term, a: list[Any]) -> Any:
    """An operation on plain values, total as in the engines."""
    if t.op in _BINARY:
        return _BINARY[t.op](*a)
    match t.op:
        case "not":
            return not a[0]
        case "add":
            return sum(a)
        case "mul":
            return a[0] * a[1]
        case "some":
            return a[0]
        case "is_some":
            return a[0] is not None
        case "get":
            return _default_of(t) if a[0] is None else a[0]
        case "record" | "mkarray":
            return tuple(a)
        case "field":
            return a[0][t.data]
        case "store":
            k = a[1] - index_base(cells_of(t.sort).index)
            return (*a[0][:k], a[2], *a[0][k + 1 :]) if 0 <= k < len(a[0]) else a[0]
        case "fill":
            return (a[0],) * cells_of(t.sort).size
        case "len":
            return len(a[0])
        case "at":
            return a[0][a[1]] if 0 <= a[1] < len(a[0]) else _default_of(t)
        case op:
            return apply_seq(op, *a)


def _cell(cells: Any, at: Any, sort: Domain) -> Any:
    k = at - index_base(cells_of(sort).index)
    return cells[k] if 0 <= k < len(cells) else _default(sort)


def _default(sort: Domain) -> Any:
    return cells_of(sort).elem.default()


def _default_of(t: Term) -> Any:
    return 0 if isinstance(t.sort, Int) and t.sort.lo is None else t.sort.default()


def _values(domain: Domain) -> range | tuple[bool, bool]:
    if isinstance(domain, Bool):
        return False, True
    if isinstance(domain, Enum):
        return range(len(domain.names))
    return range(domain.lo, domain.hi + 1)  # type: ignore[attr-defined]

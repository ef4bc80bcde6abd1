"""Terms evaluated by walking the tree: the meaning of every operation spelled out once more, for comparing with.

Nothing is shared with ``gomodel.language.build`` or ``gomodel.run.pycode``: no simplification, no code, no sharing.
As there, operations are total: outside its domain an operation has the default value of its sort.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gomodel.language.domains import Bool, Domain, Enum, Int, Set
from gomodel.language.terms import Term


@dataclass(frozen=True)
class Env:
    """What the leaves of a term stand for."""

    state: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    process: int = 0
    picks: tuple[Any, ...] = ()
    bound: Mapping[int, Any] = field(default_factory=dict)
    params: Mapping[str, int] = field(default_factory=dict)


def values_of(domain: Any) -> list[Any]:
    """All plain values of a scalar domain."""
    if isinstance(domain, Bool):
        return [False, True]
    if isinstance(domain, Enum):
        return list(range(len(domain.names)))
    return list(range(domain.lo, domain.hi + 1))


def default_of(sort: Domain) -> Any:
    """What an operation gives outside its domain."""
    return 0 if isinstance(sort, Int) and sort.lo is None else sort.default()


def _first(sort: Any) -> int:
    """The plain value of the index of an array's first cell."""
    index = sort.array.index if isinstance(sort, Set) else sort.index
    return int(values_of(index)[0])


def evaluate(t: Term, env: Env) -> Any:
    """The plain value of ``t``."""
    if t.op in _LEAVES:
        return _LEAVES[t.op](t, env)
    if t.op in ("forall", "exists", "count", "sum"):
        depth, domain = t.data
        parts = [evaluate(t.args[0], replace(env, bound={**env.bound, depth: v})) for v in values_of(domain)]
        return {"forall": all, "exists": any, "sum": sum, "count": lambda ps: sum(map(bool, ps))}[t.op](parts)
    return _OPERATIONS[t.op](t, *(evaluate(a, env) for a in t.args))


def _select(t: Term, cells: Any, index: Any) -> Any:
    at = index - _first(t.args[0].sort)
    return cells[at] if 0 <= at < len(cells) else default_of(t.sort)


def _store(t: Term, cells: Any, index: Any, value: Any) -> Any:
    at = index - _first(t.sort)
    return tuple(value if i == at else c for i, c in enumerate(cells))


def _fill(t: Term, value: Any) -> Any:
    index = t.sort.array.index if isinstance(t.sort, Set) else t.sort.index  # type: ignore[attr-defined]
    return (value,) * len(values_of(index))


_LEAVES: dict[str, Callable[[Term, Env], Any]] = {
    "const": lambda t, env: t.data,
    "var": lambda t, env: env.state[t.data],
    "next": lambda t, env: env.after[t.data],
    "self": lambda t, env: env.process,
    "pick": lambda t, env: env.picks[t.data[0]],
    "bound": lambda t, env: env.bound[t.data[0]],
    "param": lambda t, env: env.params[t.data[0]],
}

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "not": lambda t, a: not a,
    "and": lambda t, *parts: all(parts),
    "or": lambda t, *parts: any(parts),
    "ite": lambda t, c, a, b: a if c else b,
    "eq": lambda t, a, b: a == b,
    "lt": lambda t, a, b: a < b,
    "le": lambda t, a, b: a <= b,
    "add": lambda t, a, b: a + b,
    "mul": lambda t, a, b: a * b,
    "div": lambda t, a, b: a // b if b else 0,
    "mod": lambda t, a, b: a % b if b else 0,
    "some": lambda t, a: a,
    "is_some": lambda t, a: a is not None,
    "get": lambda t, a: default_of(t.sort) if a is None else a,
    "record": lambda t, *cells: cells,
    "field": lambda t, cells: cells[t.data],
    "select": _select,
    "store": _store,
    "fill": _fill,
    "mkarray": lambda t, *cells: cells,
    "len": lambda t, q: len(q),
    "at": lambda t, q, i: q[i] if 0 <= i < len(q) else default_of(t.sort),
    "push": lambda t, q, v: (*q, v),
    "push_front": lambda t, q, v: (v, *q),
    "pop": lambda t, q: q[1:],
    "pop_back": lambda t, q: q[:-1],
    "remove_at": lambda t, q, i: tuple(v for k, v in enumerate(q) if k != i),
    "set_at": lambda t, q, i, v: tuple(v if k == i else old for k, old in enumerate(q)),
}

"""Domains whose number of values is symbolic: their ends, unknown values of them, and the terms at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import z3

from ..language.domains import Array, Bool, Domain, Enum, Option, Seq, Set, Struct
from ..language.processes import Pid
from ..language.system import TransitionSystem
from ..language.terms import Term
from . import values as v
from .values import Maybe, Numbers, Ring, Table, Value
from .walker import Walker, mapped

INTEGERS = Numbers()


@dataclass
class Hand:
    """Terms at hand: processes and places in a queue."""

    processes: list[Value] = field(default_factory=list)
    places: list[Value] = field(default_factory=list)
    unknown: int = 0  # how many of them a refutation has chosen

    def of(self, domain: Domain) -> list[Value]:
        return self.processes if isinstance(domain, Pid) else self.places

    def add(self, value: Value, domain: Domain) -> None:
        known = self.of(domain)
        if not any(value is k or (z3.is_expr(value) and z3.is_expr(k) and value.eq(k)) for k in known):
            known.append(value)

    def copy(self) -> Hand:
        return Hand(list(self.processes), list(self.places), self.unknown)

    def choose(self, domain: Domain) -> Any:
        """An unknown process or place, different from those chosen before."""
        self.unknown += 1
        some = z3.Int(f"{'process' if isinstance(domain, Pid) else 'place'} {self.unknown}")
        self.add(some, domain)
        if not isinstance(domain, Pid):
            for near in (some + 1, some - 1):  # where a push or a pop moves it to
                self.add(near, domain)
        return some

    @property
    def key(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(value.get_id() for value in values) for values in (self.processes, self.places))


class Sizes:
    """The symbolic bounds and the domains that depend on them."""

    def __init__(self, system: TransitionSystem) -> None:
        self.params = {name: z3.Int(name) for name in system.params}
        self.walker = Walker(INTEGERS, {}, params=self.params)

    def number(self, size: Any) -> Value:
        return self.walker.value(size) if isinstance(size, Term) else size

    def ends(self, domain: Any) -> tuple[Value, Value]:
        if isinstance(domain, Bool):
            return 0, 1
        if isinstance(domain, Enum):
            return 0, len(domain.names) - 1
        return self.number(domain.lo), self.number(domain.hi)

    def inside(self, domain: Domain, value: Value) -> Value:
        """Whether a value without cells of unknown number lies in its domain."""
        match domain:
            case Bool():
                return True
            case Option():
                return v.implied(value.there, self.inside(domain.elem, value.value))
            case Struct():
                return v.conjunction(*map(self.inside, domain.fields.values(), value))
            case Seq() if isinstance(value, Ring):
                return v.conjunction(value.size >= 0, value.size <= self.number(domain.capacity))
            case Set() if isinstance(value, tuple):
                return self.inside(domain.array, value)
            case Array() if isinstance(value, tuple):
                return v.conjunction(*(self.inside(domain.elem, cell) for cell in value))
            case Array() | Set():
                return True  # see Induction.typing
        lo, hi = self.ends(domain)
        return v.conjunction(lo <= value, value <= hi)

    def grows(self, domain: Any) -> bool:
        """Whether the number of its values is symbolic."""
        return isinstance(getattr(domain, "hi", None), Term)

    def fresh(self, domain: Domain, name: str) -> Value:
        match domain:
            case Bool():
                return z3.Bool(name)
            case Option():
                return Maybe(z3.Bool(f"{name}?"), self.fresh(domain.elem, name))
            case Struct():
                return tuple(self.fresh(d, f"{name}.{n}") for n, d in domain.fields.items())
            case Set():
                return self.fresh(domain.array, name)
            case Array() if self.grows(domain.index):
                return self._table(domain.elem, name)
            case Array():
                return tuple(self.fresh(domain.elem, f"{name}[{k}]") for k in range(domain.size))
            case Seq():
                return Ring(z3.Int(f"{name}.head"), z3.Int(f"{name}.size"), self._table(domain.elem, name))
        return z3.Int(name)

    def _table(self, elem: Domain, name: str) -> Table:
        if isinstance(elem, (Array, Set, Seq)):
            raise NotImplementedError(f"{name}: a container for each process")
        cells = mapped(lambda cell: z3.Array(cell.decl().name(), z3.IntSort(), cell.sort()), self.fresh(elem, name))
        return Table(cells, elem)


def rings(value: Value) -> Iterable[Ring]:
    """The queues in a field's value."""
    if isinstance(value, Ring):
        return [value]
    return [r for part in value for r in rings(part)] if isinstance(value, tuple) else []

"""Random expressions of the modelling language as source text, well typed by construction (see ``random_models``)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SCALARS = ("int", "bool", "enum", "opt", "pid", "optpid")
CONSTANTS = {
    "int": ("0", "1", "2"),
    "bool": ("True", "False"),
    "enum": ('"x"', '"y"', '"z"'),
    "opt": ("None", "0", "1"),
    "pid": ("self.p",),
    "optpid": ("None",),
}


def _by_type() -> dict[str, list[str]]:
    return {t: [] for t in SCALARS}


@dataclass
class Scope:
    """What the code being written may name.  ``temps`` are ordinary Python locals: they end at a yield."""

    places: dict[str, list[str]] = field(default_factory=_by_type)
    temps: dict[str, list[str]] = field(default_factory=_by_type)
    readonly: dict[str, list[str]] = field(default_factory=_by_type)
    arrays: list[tuple[str, str, str]] = field(default_factory=list)  # name, index type, element type
    queues: list[tuple[str, str]] = field(default_factory=list)
    sets: list[tuple[str, str]] = field(default_factory=list)
    bags: list[str] = field(default_factory=list)  # of int
    structs: list[str] = field(default_factory=list)
    struct_queues: list[str] = field(default_factory=list)
    struct_arrays: list[str] = field(default_factory=list)
    helpers: list[tuple[str, str, str, bool]] = field(default_factory=list)  # name, argument, result, pure
    operations: list[tuple[str, str, str]] = field(default_factory=list)  # name, argument, result

    def copy(self) -> Scope:
        new = Scope()
        for name, value in vars(self).items():
            copied = {t: list(v) for t, v in value.items()} if isinstance(value, dict) else list(value)
            setattr(new, name, copied)
        return new


class Expressions:
    """Draws expressions over ``scope``; ``pure`` forbids choices and effects in them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.numbers = itertools.count()
        self.scope = Scope()
        self.pure = 0

    # --- drawing ---------------------------------------------------------------------------------------------

    def pick(self, options: Any) -> Any:
        options = list(options)
        return options[self.rng.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def fresh(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    @contextmanager
    def purely(self) -> Iterator[None]:
        self.pure += 1
        try:
            yield
        finally:
            self.pure -= 1

    # --- expressions of any type -----------------------------------------------------------------------------

    def expr(self, kind: str, depth: int = 2) -> str:
        """An expression of scalar type ``kind``."""
        if depth <= 0 or self.chance(25):
            return self.atom(kind)
        general = [self._conditional, self._element, self._helper, self._front]
        if not self.pure:
            general += [self._chosen, self._popped]
        own: list[Callable[[int], str]] = self._own[kind]
        at = self.rng.randrange(len(general) + 2 * len(own))
        return general[at](kind, depth - 1) if at < len(general) else own[at % len(own)](depth - 1)

    @property
    def _own(self) -> dict[str, list[Callable[[int], str]]]:
        compare, logic, arithmetic = self._compare, self._logic, self._arithmetic
        return {
            "int": [arithmetic, arithmetic, arithmetic, self._size, self._sum, self._walrus, self._coalesce],
            "bool": [compare, compare, logic, logic, logic, self._member, self._aggregate, self._is_none],
            "enum": [],
            "opt": [lambda d: self.expr("int", d)],
            "pid": [],
            "optpid": [lambda d: self.expr("pid", d)],
        }

    def value(self, kind: str) -> str:
        """An expression to be stored: mostly inside the domain."""
        text = self.expr(kind)
        return f"({text}) % 3" if kind == "int" and self.chance(85) else text

    def atom(self, kind: str) -> str:
        scope = self.scope
        named = scope.places[kind] + scope.temps[kind] + scope.readonly[kind]
        if named and self.chance(85):
            return str(self.pick(named))
        if kind == "bool" and scope.places["int"] and self.chance(80):
            return f"({self.pick(scope.places['int'])} {self.pick(('==', '<', '>='))} {self.pick((0, 1, 2))})"
        return str(self.pick(CONSTANTS[kind]))

    def _conditional(self, kind: str, d: int) -> str:
        return f"({self.expr(kind, d)} if {self.expr('bool', d)} else {self.expr(kind, d)})"

    def _element(self, kind: str, d: int) -> str:
        arrays = [a for a in self.scope.arrays if a[2] == kind]
        if kind in ("int", "bool") and self.scope.struct_arrays and (not arrays or self.chance(50)):
            return f"{self.pick(self.scope.struct_arrays)}[{self.expr('int', d)}].{'n' if kind == 'int' else 'f'}"
        if not arrays:
            return self.atom(kind)
        name, index, _ = self.pick(arrays)
        return f"{name}[{self.expr(index, d)}]"

    def _front(self, kind: str, d: int) -> str:
        queues = [q for q, elem in self.scope.queues if elem == kind]
        if not queues:
            return self.atom(kind)
        queue = self.pick(queues)
        item = f"{queue}[{self.pick(('0', '0', self.expr('int', d)))}]"
        return item if self.chance(40) else f"({item} if {queue} else {self.atom(kind)})"

    def _helper(self, kind: str, d: int) -> str:
        helpers = [h for h in self.scope.helpers if h[2] == kind and (h[3] or not self.pure)]
        if not helpers:
            return self.atom(kind)
        name, argument, _, _ = self.pick(helpers)
        return f"{name}({self.expr(argument, d)})"

    def _chosen(self, kind: str, d: int) -> str:
        if kind == "int" and self.chance(30):
            return "choose(Int(0, 1))"
        if kind == "pid" and self.chance(70):
            return "choose(self.a)"
        named = [s for s, elem in (*self.scope.sets, *self.scope.queues) if elem == kind != "pid"]
        if named and self.chance(30):
            return f"choose({self.pick(named)})"
        return f"choose({self.expr(kind, 0)}, {self.expr(kind, d)})"

    def _popped(self, kind: str, d: int) -> str:
        queues = [q for q, elem in self.scope.queues if elem == kind]
        if not queues:
            return self.atom(kind)
        queue = self.pick(queues)
        item = f"{queue}.{self.pick(('pop', 'pop_back'))}()"
        return item if self.chance(40) else f"({item} if {queue} else {self.atom(kind)})"

    # --- numbers ---------------------------------------------------------------------------------------------

    def _arithmetic(self, d: int) -> str:
        x, y = self.expr("int", d), self.expr(self.pick(("int", "int", "int", "bool")), d)
        if self.scope.places["opt"] and self.chance(10):
            y = self.pick(self.scope.places["opt"])  # None is an error there
        form = self.pick(
            ("({} + {})", "({} - {})", "({} * {})", "({} // {})", "({} % {})", "min({}, {})", "max({}, {})")
        )
        return str(form).format(x, y)

    def _size(self, d: int) -> str:
        scope = self.scope
        named = [n for n, _ in (*scope.queues, *scope.sets)] + scope.struct_queues + scope.bags
        if not named:
            return f"abs({self.expr('int', d)})"
        if scope.bags and self.chance(40):
            return f"{self.pick(scope.bags)}.count({self.expr('int', d)})"
        return f"len({self.pick(named)})"

    def _sum(self, d: int) -> str:
        with self.purely():
            source, item, there = self._source()
            if there != "int":
                return f"count({self._over(item, there, d)} for {item} in {source})"
            kept = f" if {self._over(item, there, d)}" if self.chance(40) else ""
            return f"sum({item} for {item} in {source}{kept})"

    def _walrus(self, d: int) -> str:
        if self.pure or not self.scope.temps["int"]:
            return self.atom("int")
        return f"({self.pick(self.scope.temps['int'])} := {self.expr('int', d)})"

    def _coalesce(self, d: int) -> str:
        return f"({self.expr('int', d)} {self.pick(('and', 'or'))} {self.expr('int', d)})"

    # --- conditions ------------------------------------------------------------------------------------------

    def _compare(self, d: int) -> str:
        kind = self.pick(("int", "int", "enum", "opt", "pid", "optpid", "word"))
        if kind == "word":
            structs = self.scope.structs
            return f"({self.pick(structs)} == {self.pick(structs)})" if structs else self.atom("bool")
        x, y = self.expr(kind, d), self.expr(kind, d)
        if x == y:
            return self.atom("bool")
        if kind != "int" or self.chance(30):
            return f"({x} {self.pick(('==', '!='))} {y})"
        if self.chance(25):
            return f"({x} <= {y} < {self.expr('int', d)})"
        return f"({x} {self.pick(('<', '<=', '>', '>='))} {y})"

    def _logic(self, d: int) -> str:
        if self.chance(20):
            return f"(not {self.expr('bool', d)})"
        parts = [self.expr("bool", d) for _ in range(2 + self.chance(20))]
        return f"({self.pick((' and ', ' or ')).join(parts)})"

    def _member(self, d: int) -> str:
        named = [*self.scope.sets, *self.scope.queues, *((b, "int") for b in self.scope.bags)]
        if not named or self.chance(30):
            return f"({self.expr('int', d)} {self.pick(('in', 'not in'))} (0, {self.expr('int', d)}))"
        name, elem = self.pick(named)
        return f"({self.expr(elem, d)} {self.pick(('in', 'not in'))} {name})"

    def _is_none(self, d: int) -> str:
        named = self.scope.places["opt"] + self.scope.places["optpid"] + self.scope.readonly["opt"]
        return f"({self.pick(named)} is {self.pick(('', 'not '))}None)" if named else self.atom("bool")

    def _aggregate(self, d: int) -> str:
        with self.purely():
            source, item, there = self._source()
            kept = f" if {self._over(item, there, d)}" if self.chance(25) else ""
            return f"{self.pick(('any', 'all'))}({self._over(item, there, d)} for {item} in {source}{kept})"

    def _source(self) -> tuple[str, str, str]:
        """Something to iterate in an aggregate, a name for the element, and its type."""
        sources = [("self.a", "pid"), ("self.a", "pid"), ("range(2)", "int")]
        sources += [(n, e) for n, _, e in self.scope.arrays] + self.scope.queues + self.scope.sets
        source, there = self.pick(sources)
        return source, self.fresh("v"), there

    def _over(self, item: str, there: str, d: int) -> str:
        outer, self.scope = self.scope, self.scope.copy()
        self.scope.readonly[there].append(item)
        text = self.expr("bool", max(d, 1))
        self.scope = outer
        return text

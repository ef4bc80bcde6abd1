"""Process identities: a scalarset, typed by process kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from .domains import Concrete, Domain, Plain


class ProcessId:
    """One process.  Compared, stored, used as an index; never computed with."""

    __slots__ = ("base", "name", "number")

    def __init__(self, number: int, base: int, name: str) -> None:
        self.number, self.base, self.name = number, base, name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ProcessId):
            return self.number == other.number
        if other is None:
            return False
        raise TypeError(f"a process id is compared with process ids only, not with {other!r}")

    def __hash__(self) -> int:
        return hash(self.number)

    def __index__(self) -> int:
        return self.number - self.base

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a process id is compared, stored and used as an index, never computed with")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __mod__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __int__ = __bool__ = _refuse

    def __repr__(self) -> str:
        return self.name


class Pid(Domain):
    """The processes of a ``ProcessSet`` as a domain: ``Queue(Pid(self.client), 3)``, ``Option(Pid(self.procs))``."""

    def __init__(self, procs: ProcessSet) -> None:
        self.procs = procs

    @property
    def lo(self) -> int:
        return self.procs.lo

    @property
    def hi(self) -> Any:
        return self.procs.hi

    def default(self) -> Plain:
        return self.lo

    def contains(self, plain: Plain) -> bool:
        return bool(self.lo <= plain <= self.hi)

    def encode(self, value: Concrete) -> Plain:
        return value.number

    def decode(self, plain: Plain) -> Concrete:
        return self.procs.member(plain)

    def show(self, plain: Plain) -> str:
        return self.procs.member(plain).name

    def values(self) -> Iterator[Plain]:
        return iter(range(self.lo, self.hi + 1))

    def key(self) -> tuple[Any, ...]:
        return ("Pid", self.lo, self.hi, self.procs.signature())

    def __repr__(self) -> str:
        return f"Pid({' | '.join(self.procs.kinds)})"


class ProcessSet:
    """The processes of one kind, or of neighbouring kinds (``self.sender | self.receiver``).

    ``lo``/``hi`` number the members among all processes of the model, in the order of declaration; ``hi``
    is a term when the count is a symbolic bound (such a set cannot be iterated, only quantified over).
    """

    def __init__(self, kinds: tuple[str, ...], lo: int, hi: Any, members: list[ProcessId], model: Any) -> None:
        self.kinds, self.lo, self.hi = kinds, lo, hi
        self._members = members  # of the whole model; filled once all counts are known
        self._model = model
        self._signature: tuple[Any, ...] | None = None
        self.domain = Pid(self)

    def signature(self) -> tuple[Any, ...]:
        """What tells these processes from those of another model at the same numbers."""
        last = self.hi if isinstance(self.hi, int) else self.lo - 1
        if self._signature is None and len(self._members) > last:
            self._signature = (*self.kinds, *((p.name, p.base) for p in self._members[self.lo : last + 1]))
        return self._signature or self.kinds

    def member(self, number: int) -> ProcessId:
        return self._members[number]

    def __iter__(self) -> Iterator[ProcessId]:
        return (self.member(n) for n in range(self.lo, self.hi + 1))

    @property
    def size(self) -> Any:
        """How many there are: a number, or a term where the count is a symbolic bound (``len`` needs a number)."""
        return self.hi - (self.lo - 1)

    def __len__(self) -> int:
        if not isinstance(self.hi, int):
            raise TypeError(f"the number of {self} is a symbolic bound here: write .size instead of len()")
        return int(self.size)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, ProcessId) and self.lo <= item.number <= self.hi

    def __or__(self, other: ProcessSet) -> ProcessSet:
        empty = next((p for p in (self, other) if isinstance(p.hi, int) and p.hi < p.lo), None)
        kinds = self.kinds + other.kinds
        if empty is not None:
            some = other if empty is self else self
            return ProcessSet(kinds, some.lo, some.hi, self._members, self._model)
        first, second = (self, other) if self.lo < other.lo else (other, self)
        if first.hi + 1 != second.lo:
            raise ValueError(f"{first} and {second} are not neighbours: declare their processes next to each other")
        return ProcessSet(kinds, first.lo, second.hi, self._members, self._model)

    def at(self, g: ProcessId, *labels: str) -> bool:
        """Whether process ``g`` stands before the step with one of ``labels`` (``"done"``: it has returned)."""
        return self._model._runtime.label_of(g) in self._model._runtime.known_labels(self.kinds, labels)

    def __getitem__(self, g: ProcessId) -> Any:
        """The locals of process ``g``: ``self.client[g].awoke``."""
        return self._model._runtime.locals_of(g)

    def __repr__(self) -> str:
        return " | ".join(self.kinds)

"""Finite domains: what a field, a local or a parameter may hold.

A domain is at once the declaration a spec writes (``Int(0, 3)``) and the sort of a term in the traced
system.  Two encodings of a value exist: the *concrete* one that CPython computes with (``"idle"``,
``Pid``, a mutable container) and the *plain* one that engines store (ints, bools, ``None`` and nested
tuples).  ``encode``/``decode`` convert; plain values are hashable and in normal form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Plain = Any
Concrete = Any


class Domain:
    """Base of all domains.  ``scalar`` domains hold one number; the others are containers."""

    scalar = True
    ghost = False

    def default(self) -> Plain:
        """The value of an unused cell and of a field without ``init``."""
        raise NotImplementedError

    def initial(self) -> Plain:
        return self.default()

    def contains(self, plain: Plain) -> bool:
        raise NotImplementedError

    def encode(self, value: Concrete) -> Plain:
        """Concrete → plain; the caller has checked the type (see ``values``)."""
        return value

    def decode(self, plain: Plain) -> Concrete:
        return plain

    def show(self, plain: Plain) -> str:
        return str(plain)

    def values(self) -> Iterator[Plain]:
        """All plain values of a scalar domain, in order; raises TypeError for other domains."""
        raise TypeError(f"{self} has no enumeration")

    def key(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Domain) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


class Bool(Domain):
    """True or False."""

    def __init__(self, *, init: bool = False) -> None:
        self.init = init

    def default(self) -> Plain:
        return False

    def initial(self) -> Plain:
        return self.init

    def contains(self, plain: Plain) -> bool:
        return bool(plain in (0, 1))

    def encode(self, value: Concrete) -> Plain:
        return bool(value)

    def decode(self, plain: Plain) -> Concrete:
        return bool(plain)

    def show(self, plain: Plain) -> str:
        return "1" if plain else "0"

    def values(self) -> Iterator[Plain]:
        return iter((False, True))

    def key(self) -> tuple[Any, ...]:
        return ("Bool",)

    def __repr__(self) -> str:
        return "Bool()"


class Int(Domain):
    """Whole numbers lo..hi, both ends included.  ``hi`` may be a symbolic bound (a term)."""

    def __init__(self, lo: Any, hi: Any, *, init: int | None = None) -> None:
        if isinstance(lo, int) and isinstance(hi, int) and lo > hi:
            raise ValueError(f"Int({lo}, {hi}) is empty")
        self.lo, self.hi, self.init = lo, hi, init
        if init is not None and isinstance(lo, int) and isinstance(hi, int) and not self.contains(init):
            raise ValueError(f"the initial value {init} is outside Int({lo}, {hi})")

    def default(self) -> Plain:
        if isinstance(self.lo, int) and self.lo > 0:
            return self.lo
        if isinstance(self.hi, int) and self.hi < 0:
            return self.hi
        return 0

    def initial(self) -> Plain:
        return self.default() if self.init is None else self.init

    def contains(self, plain: Plain) -> bool:
        return bool(self.lo <= plain <= self.hi)

    def encode(self, value: Concrete) -> Plain:
        return int(value)

    def values(self) -> Iterator[Plain]:
        return iter(range(self.lo, self.hi + 1))

    def key(self) -> tuple[Any, ...]:
        return ("Int", self.lo, self.hi)

    def __repr__(self) -> str:
        return "Int()" if self.lo is None else f"Int({self.lo}, {self.hi})"


class Enum(Domain):
    """A few names: ``Enum("idle", "running")``; a spec reads and writes the strings."""

    def __init__(self, *names: str, init: str | None = None) -> None:
        if len(set(names)) != len(names) or not names:
            raise ValueError("Enum needs distinct names, at least one")
        if init is not None and init not in names:
            raise ValueError(f"the initial value {init!r} is not one of {', '.join(map(repr, names))}")
        self.names = names
        self.init = init

    def default(self) -> Plain:
        return 0

    def initial(self) -> Plain:
        return 0 if self.init is None else self.names.index(self.init)

    def contains(self, plain: Plain) -> bool:
        return bool(0 <= plain < len(self.names))

    def encode(self, value: Concrete) -> Plain:
        return self.names.index(value)

    def decode(self, plain: Plain) -> Concrete:
        return self.names[plain]

    def show(self, plain: Plain) -> str:
        return self.names[plain]

    def values(self) -> Iterator[Plain]:
        return iter(range(len(self.names)))

    def key(self) -> tuple[Any, ...]:
        return ("Enum", self.names)

    def __repr__(self) -> str:
        return f"Enum({', '.join(map(repr, self.names))})"


class Option(Domain):
    """``None`` or a value of ``elem``.  Reads as plain Python: compare with ``is None``."""

    scalar = False

    def __init__(self, elem: Domain) -> None:
        self.elem = _held("Option", elem)
        if isinstance(elem, Option):
            raise ValueError("an Option of an Option: None would mean two things")

    def default(self) -> Plain:
        return None

    def contains(self, plain: Plain) -> bool:
        return plain is None or self.elem.contains(plain)

    def encode(self, value: Concrete) -> Plain:
        return None if value is None else self.elem.encode(value)

    def decode(self, plain: Plain) -> Concrete:
        return None if plain is None else self.elem.decode(plain)

    def show(self, plain: Plain) -> str:
        return "nil" if plain is None else self.elem.show(plain)

    def key(self) -> tuple[Any, ...]:
        return ("Option", self.elem)

    def __repr__(self) -> str:
        return f"Option({self.elem!r})"


class Struct(Domain):
    """Named fields: ``Struct(locked=Bool(), waiters=Int(0, 3))``; one machine word for the granularity lint.

    Calling the domain makes a value: ``Word(locked=True)``; omitted fields take their default.
    """

    scalar = False

    def __init__(self, **fields: Domain) -> None:
        if not fields:
            raise ValueError("Struct needs at least one field")
        self.fields = {name: _held(f"the field {name} of a Struct", d) for name, d in fields.items()}

    def __call__(self, **values: Any) -> Any:
        from .values import struct_value

        return struct_value(self, values)

    def default(self) -> Plain:
        return tuple(d.default() for d in self.fields.values())

    def initial(self) -> Plain:
        return tuple(d.initial() for d in self.fields.values())

    def contains(self, plain: Plain) -> bool:
        return all(d.contains(v) for d, v in zip(self.fields.values(), plain, strict=True))

    def encode(self, value: Concrete) -> Plain:
        return value.plain()

    def decode(self, plain: Plain) -> Concrete:
        from .values import StructValue

        return StructValue(self, plain)

    def show(self, plain: Plain) -> str:
        cells = (f"{n}: {d.show(v)}" for (n, d), v in zip(self.fields.items(), plain, strict=True))
        return "{" + ", ".join(cells) + "}"

    def key(self) -> tuple[Any, ...]:
        return ("Struct", tuple(self.fields.items()))

    def __repr__(self) -> str:
        return f"Struct({', '.join(f'{n}={d!r}' for n, d in self.fields.items())})"


class Array(Domain):
    """One ``elem`` for each index: ``Array(Bool(), 3)``, ``Array(Int(0, 9), self.client)``, ``Array(T, Enum(…))``."""

    scalar = False

    def __init__(self, elem: Domain, index: Any) -> None:
        self.elem = _held("Array", elem)
        self.index: Domain = index_domain(index)

    @property
    def size(self) -> Any:
        """Number of cells: an int, or a term when a bound is symbolic."""
        return index_size(self.index)

    def default(self) -> Plain:
        return (self.elem.default(),) * self.size

    def initial(self) -> Plain:
        return (self.elem.initial(),) * self.size

    def contains(self, plain: Plain) -> bool:
        return all(self.elem.contains(v) for v in plain)

    def encode(self, value: Concrete) -> Plain:
        return value.plain()

    def decode(self, plain: Plain) -> Concrete:
        from .values import ArrayValue

        return ArrayValue(self, plain)

    def show(self, plain: Plain) -> str:
        return "[" + " ".join(self.elem.show(v) for v in plain) + "]"

    def key(self) -> tuple[Any, ...]:
        return ("Array", self.elem, self.index)

    def __repr__(self) -> str:
        return f"Array({self.elem!r}, {self.index!r})"


class Seq(Domain):
    """A sequence of at most ``capacity`` elements.  Elements are values: take one out, change it, put it back."""

    scalar = False

    def __init__(self, elem: Domain, capacity: Any) -> None:
        self.elem, self.capacity = _held(type(self).__name__, elem), capacity

    def default(self) -> Plain:
        return ()

    def contains(self, plain: Plain) -> bool:
        return len(plain) <= self.capacity and all(self.elem.contains(v) for v in plain)

    def encode(self, value: Concrete) -> Plain:
        return value.plain()

    def decode(self, plain: Plain) -> Concrete:
        from .values import SeqValue

        return SeqValue(self, plain)

    def show(self, plain: Plain) -> str:
        return "[" + " ".join(self.elem.show(v) for v in plain) + "]"

    def key(self) -> tuple[Any, ...]:
        return ("Seq", self.elem, self.capacity)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.elem!r}, {self.capacity})"


class Queue(Seq):
    """First in, first out: ``push`` at the tail, ``pop`` at the head (``push_front`` for LIFO requeues)."""


class Set(Domain):
    """A set of values of a scalar domain."""

    scalar = False
    cell: Domain = Bool()

    def __init__(self, elem: Domain) -> None:
        if not _held(type(self).__name__, elem).scalar:
            raise ValueError(f"{type(self).__name__} holds scalars, not {elem!r}")
        self.elem = elem
        self.array = Array(self.cell, elem)

    def default(self) -> Plain:
        return self.array.default()

    def contains(self, plain: Plain) -> bool:
        return self.array.contains(plain)

    def encode(self, value: Concrete) -> Plain:
        return value.plain()

    def decode(self, plain: Plain) -> Concrete:
        from .values import SetValue

        return SetValue(self, plain)

    def show(self, plain: Plain) -> str:
        return "{" + ", ".join(self.elem.show(e) for e, v in zip(self.elem.values(), plain, strict=True) if v) + "}"

    def key(self) -> tuple[Any, ...]:
        return (type(self).__name__, self.array)

    def __repr__(self) -> str:
        return f"Set({self.elem!r})"


class Bag(Set):
    """A multiset of values of a scalar domain, each at most ``most`` times."""

    def __init__(self, elem: Domain, most: int) -> None:
        self.most = most
        self.cell = Int(0, most)
        super().__init__(elem)

    def decode(self, plain: Plain) -> Concrete:
        from .values import BagValue

        return BagValue(self, plain)

    def show(self, plain: Plain) -> str:
        pairs = zip(self.elem.values(), plain, strict=True)
        return "{" + ", ".join(self.elem.show(e) + (f"×{n}" if n > 1 else "") for e, n in pairs if n) + "}"

    def __repr__(self) -> str:
        return f"Bag({self.elem!r}, {self.most})"


def Ghost(domain: Domain) -> Domain:
    """A field that steps write and only properties, mappings and other ghosts read."""
    import copy

    ghost = copy.copy(_held("Ghost", domain))
    ghost.ghost = True
    return ghost


def _held(holder: str, elem: Any) -> Domain:
    if not isinstance(elem, Domain):
        raise ValueError(f"{holder} takes a domain such as Int(0, 3), not {elem!r}")
    return elem


def index_domain(index: Any) -> Domain:
    """What an ``Array`` may be indexed by: a count, a process set, or a scalar domain."""
    if isinstance(index, Domain):
        if not index.scalar:
            raise ValueError(f"an Array is indexed by a scalar domain, not by {index!r}")
        return index
    if hasattr(index, "domain"):  # a ProcessSet
        domain: Domain = index.domain
        return domain
    if isinstance(index, int) and index < 1:
        raise ValueError("an Array needs at least one cell")
    return Int(0, index - 1)


def index_base(index: Domain) -> int:
    """The plain value of an array's first cell."""
    return int(index.lo) if isinstance(index, Int) or hasattr(index, "lo") else 0


def index_size(index: Domain) -> Any:
    if isinstance(index, Bool):
        return 2
    if isinstance(index, Enum):
        return len(index.names)
    return index.hi - (index.lo - 1)  # type: ignore[attr-defined]

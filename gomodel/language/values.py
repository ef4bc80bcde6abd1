"""Concrete containers: what CPython computes with when it runs a spec.

They are mutable views with value semantics: assigning one copies its contents, ``==`` compares contents,
and elements of sequences, sets and options are values (frozen structs) rather than views.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .domains import Array, Bag, Bool, Domain, Enum, Int, Option, Plain, Seq, Set, Struct, index_base
from .processes import Pid, ProcessId


def coerce(domain: Domain, value: Any, *, frozen: bool = False) -> Any:
    """``value`` as a fresh concrete value of ``domain``; raises TypeError or ValueError where the kind differs.

    Ranges are not checked here: leaving a domain is judged when the step commits.
    """
    match domain:
        case Bool():
            if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
                return bool(value)
        case Int():
            if isinstance(value, int):
                return int(value)
        case Enum():
            if isinstance(value, str):
                if value not in domain.names:
                    raise ValueError(f"{value!r} is not one of {domain}")
                return value
        case Pid():
            if isinstance(value, ProcessId):
                return value
        case Option():
            return None if value is None else coerce(domain.elem, value, frozen=True)
        case Struct():
            if isinstance(value, StructValue) and tuple(value.domain.fields) == tuple(domain.fields):
                return StructValue(domain, value.plain(), frozen=frozen)
        case Array() | Seq() | Set():
            if isinstance(value, Container) and type(value.domain) is type(domain):
                return domain.decode(value.plain())
            if isinstance(value, (list, tuple, set, frozenset)) and not isinstance(domain, Array):
                return _from_iterable(domain, value)
            if isinstance(value, (list, tuple)) and isinstance(domain, Array) and len(value) == domain.size:
                cells = (domain.elem.encode(coerce(domain.elem, v)) for v in value)
                return domain.decode(tuple(cells))
    raise TypeError(f"{value!r} does not fit {domain}")


def _from_iterable(domain: Domain, items: Iterable[Any]) -> Any:
    container = domain.decode(domain.default())
    for item in items:
        (container.push if isinstance(domain, Seq) else container.add)(item)
    return container


class Container:
    """What all containers share: ``plain()`` contents, ``copy()``, comparison by value."""

    domain: Any

    def plain(self) -> Plain:
        raise NotImplementedError

    def assign(self, plain: Plain) -> None:
        """Overwrite the contents in place, so that views stay views."""
        raise NotImplementedError

    def copy(self) -> Any:
        return self.domain.decode(self.plain())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Container):
            return bool(self.plain() == other.plain())
        if isinstance(other, (list, tuple, set, frozenset)):
            return bool(self.plain() == coerce(self.domain, other).plain())
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(self.domain.show(self.plain()))


def struct_value(domain: Struct, values: dict[str, Any]) -> StructValue:
    """``Word(locked=True)``: a value of a struct domain, omitted fields at their default."""
    result = StructValue(domain, domain.initial())
    for name, value in values.items():
        setattr(result, name, value)
    return result


class StructValue(Container):
    __slots__ = ("_cells", "domain", "frozen")

    def __init__(self, domain: Struct, plain: Plain, *, frozen: bool = False) -> None:
        object.__setattr__(self, "domain", domain)
        object.__setattr__(self, "frozen", frozen)
        pairs = zip(domain.fields.items(), plain, strict=True)
        object.__setattr__(self, "_cells", {n: d.decode(v) for (n, d), v in pairs})

    def plain(self) -> Plain:
        return tuple(d.encode(self._cells[n]) for n, d in self.domain.fields.items())

    def assign(self, plain: Plain) -> None:
        for (name, domain), value in zip(self.domain.fields.items(), plain, strict=True):
            if _in_place(domain):
                self._cells[name].assign(value)
            else:
                self._cells[name] = domain.decode(value)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_cells")[name]
        except KeyError:
            raise AttributeError(f"the struct has no field {name!r}, only {', '.join(self._cells)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if self.frozen:
            raise TypeError("an element of a queue, set or option is a value: take it out, change a copy, put it back")
        if name not in self._cells:
            raise AttributeError(f"the struct has no field {name!r}, only {', '.join(self._cells)}")
        put(self._cells, name, self.domain.fields[name], value)


def put(cells: Any, key: Any, domain: Domain, value: Any) -> None:
    """``cells[key] = value`` with value semantics: containers are overwritten in place."""
    new = coerce(domain, value)
    if _in_place(domain):
        cells[key].assign(new.plain())
    else:
        cells[key] = new


def _in_place(domain: Domain) -> bool:
    """Whether a cell of ``domain`` is one container for ever; an option's contents come and go as values."""
    return isinstance(domain, (Struct, Array, Seq, Set))


class ArrayValue(Container):
    def __init__(self, domain: Array, plain: Plain) -> None:
        self.domain = domain
        self._cells = [domain.elem.decode(v) for v in plain]

    def plain(self) -> Plain:
        return tuple(self.domain.elem.encode(c) for c in self._cells)

    def assign(self, plain: Plain) -> None:
        for i, value in enumerate(plain):
            if _in_place(self.domain.elem):
                self._cells[i].assign(value)
            else:
                self._cells[i] = self.domain.elem.decode(value)

    def _position(self, index: Any) -> int:
        index_domain = self.domain.index
        at: int = index_domain.encode(coerce(index_domain, index)) - index_base(index_domain)
        if not 0 <= at < len(self._cells):
            raise IndexError(f"index {index} is outside {index_domain}")
        return at

    def __getitem__(self, index: Any) -> Any:
        return self._cells[self._position(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        put(self._cells, self._position(index), self.domain.elem, value)

    def fill(self, value: Any) -> None:
        """Set every cell."""
        for i in range(len(self._cells)):
            put(self._cells, i, self.domain.elem, value)

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._cells))


class SeqValue(Container):
    """``Queue`` and ``Seq``: push, push_front, pop (at the head), pop_back, remove, clear, indexing."""

    def __init__(self, domain: Seq, plain: Plain) -> None:
        self.domain = domain
        self._cells = [self._freeze(domain.elem.decode(v)) for v in plain]

    @staticmethod
    def _freeze(value: Any) -> Any:
        if isinstance(value, StructValue):
            object.__setattr__(value, "frozen", True)
        return value

    def plain(self) -> Plain:
        return tuple(self.domain.elem.encode(c) for c in self._cells)

    def assign(self, plain: Plain) -> None:
        self._cells = [self._freeze(self.domain.elem.decode(v)) for v in plain]

    def _fit(self, value: Any) -> Any:
        new = coerce(self.domain.elem, value, frozen=True)
        if not self.domain.elem.contains(self.domain.elem.encode(new)):
            raise ValueError(f"{value!r} is outside {self.domain.elem}")
        return new

    def _room(self) -> None:
        if len(self._cells) >= self.domain.capacity:
            raise IndexError(f"push on a full queue (capacity {self.domain.capacity})")

    def push(self, value: Any) -> None:
        self._room()
        self._cells.append(self._fit(value))

    append = push

    def push_front(self, value: Any) -> None:
        self._room()
        self._cells.insert(0, self._fit(value))

    def pop(self) -> Any:
        if not self._cells:
            raise IndexError("pop of an empty queue")
        return self._cells.pop(0)

    def pop_back(self) -> Any:
        if not self._cells:
            raise IndexError("pop of an empty queue")
        return self._cells.pop()

    def remove(self, value: Any) -> None:
        """Remove the first element equal to ``value``; an error if there is none."""
        if value not in self._cells:
            raise ValueError("remove of an element that is not in the queue")
        self._cells.remove(value)

    def clear(self) -> None:
        self._cells.clear()

    def _position(self, index: int) -> int:
        if not 0 <= index < len(self._cells):
            raise IndexError(f"index {index} is outside a queue of {len(self._cells)}")
        return index

    def __getitem__(self, index: int) -> Any:
        return self._cells[self._position(index)]

    def __setitem__(self, index: int, value: Any) -> None:
        self._cells[self._position(index)] = self._fit(value)

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._cells))

    def __contains__(self, value: object) -> bool:
        return value in self._cells


class SetValue(Container):
    def __init__(self, domain: Set, plain: Plain) -> None:
        self.domain = domain
        self._cells = list(plain)

    def plain(self) -> Plain:
        return tuple(self._cells)

    def assign(self, plain: Plain) -> None:
        self._cells = list(plain)

    def _position(self, value: Any) -> int:
        elem = self.domain.elem
        at: int = elem.encode(coerce(elem, value)) - index_base(elem)
        if not 0 <= at < len(self._cells):
            raise IndexError(f"{value!r} is outside {elem}")
        return at

    def add(self, value: Any) -> None:
        self._cells[self._position(value)] = True

    def discard(self, value: Any) -> None:
        self._cells[self._position(value)] = False

    def clear(self) -> None:
        self._cells = [v * 0 if not isinstance(v, bool) else False for v in self._cells]

    def __contains__(self, value: Any) -> bool:
        return bool(self._cells[self._position(value)])

    def __len__(self) -> int:
        return sum(self._cells)

    def __iter__(self) -> Iterator[Any]:
        elem = self.domain.elem
        return iter([elem.decode(e) for e, v in zip(elem.values(), self._cells, strict=True) if v])


class BagValue(SetValue):
    domain: Bag

    def add(self, value: Any) -> None:
        at = self._position(value)
        if self._cells[at] >= self.domain.most:
            raise IndexError(f"the bag holds {value!r} {self.domain.most} times already")
        self._cells[at] += 1

    def remove(self, value: Any) -> None:
        at = self._position(value)
        if not self._cells[at]:
            raise IndexError(f"{value!r} is not in the bag")
        self._cells[at] -= 1

    def count(self, value: Any) -> int:
        return int(self._cells[self._position(value)])

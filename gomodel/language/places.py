"""Places: views of the state while a step is traced, and how containers are laid out in variables.

Structs are stored field by field: a field ``word`` of struct domain is the variables ``word.locked``,
``word.waiters``, …, and an array of structs is one array for each of their fields.  A write to one field then
leaves the others alone, in the expressions as in the state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import build as b
from .domains import Array, Domain, Ghost, Plain, Set, Struct
from .machine import Machine
from .terms import Term


class Box:
    """An anonymous cell: a copied container, a popped element, a struct that the step builds."""


@dataclass(frozen=True)
class Place:
    """A view: ``base`` (the path of a variable, or a Box) and the accessors from there.

    Under a variable ``path`` holds array indices only, as fields are part of the variable's path; under a Box it
    holds field positions (int) and indices (Term).  ``old`` views the state before the step.
    """

    domain: Domain
    base: Any
    path: tuple[Any, ...] = ()
    old: bool = False
    frozen: bool = False
    word: str | None = None  # the declared field it belongs to, for the lint; "" for ghosts, None for locals and boxes


def flat(domain: Domain, base: str) -> list[tuple[str, Domain]]:
    """The variables that store a field or local: names and domains."""
    if isinstance(domain, Struct):
        return [leaf for n, d in domain.fields.items() for leaf in flat(_like(d, domain), f"{base}.{n}")]
    if holds_struct(domain):
        assert isinstance(domain, Array)
        return [(name, _like(Array(d, domain.index), d)) for name, d in flat(_like(domain.elem, domain), base)]
    return [(base, domain)]


def split(domain: Domain, plain: Plain) -> list[Plain]:
    """A plain value as the values of its variables, in the order of ``flat``."""
    if isinstance(domain, Struct):
        pairs = zip(domain.fields.values(), plain, strict=True)
        return [part for d, value in pairs for part in split(d, value)]
    if holds_struct(domain):
        assert isinstance(domain, Array)
        return [tuple(column) for column in zip(*(split(domain.elem, v) for v in plain), strict=True)]
    return [plain]


def holds_struct(domain: Domain) -> bool:
    """Whether ``domain`` is an array, of arrays, …, of structs."""
    while isinstance(domain, Array) and not isinstance(domain, Set):
        domain = domain.elem
        if isinstance(domain, Struct):
            return True
    return False


def _like(domain: Domain, parent: Domain) -> Domain:
    return Ghost(domain) if parent.ghost and not domain.ghost else domain


def read(m: Machine, place: Place) -> Term:
    """The whole contents of a place as a term."""
    cells = m.old if place.old and m.old is not None else m.state.cells
    if isinstance(place.base, str):
        m.reads += 1
        touch(m, place)
        if isinstance(place.domain, Struct):
            return b.record(place.domain, *(read(m, field(place, n)) for n in place.domain.fields))
        if holds_struct(place.domain):
            return b.mkarray(place.domain, tuple(read(m, cell) for cell in _cells(m, place)))
        _check_there(m, place)
    term = cells[place.base]
    for accessor in place.path:
        term = b.field(term, accessor) if isinstance(accessor, int) else b.select(term, accessor)
    return term


def write(m: Machine, place: Place, value: Term) -> None:
    """Overwrite the contents of a place."""
    if place.old:
        raise m.fail("the state before the step is read only")
    if place.frozen:
        raise m.fail("an element of a queue, set or option is a value", "take it out, change a copy, put it back")
    if isinstance(place.base, str):
        if place.word is not None and place.base not in m.mapped:
            m.forbid_effects("change the state")
        touch(m, place)
        if isinstance(place.domain, Struct):
            for i, name in enumerate(place.domain.fields):
                write(m, field(place, name), b.field(value, i))
            return
        if holds_struct(place.domain):
            for cell in _cells(m, place):
                write(m, cell, b.select(value, cell.path[-1]))
            return
        _check_there(m, place)
        m.written_at[place.base] = m.where()  # type: ignore[assignment]
    m.state.cells[place.base] = _updated(m.state.cells.get(place.base, value), place.path, value)


def _check_there(m: Machine, place: Place) -> None:
    """Refuse the field of a component that is not part of what is traced: an abstract one has its own fields only."""
    if place.word is not None and place.base not in m.state.cells:
        raise m.fail(f"{place.base} is no field of the abstract component", "let the mapping assign it to one that is")


def touch(m: Machine, place: Place) -> None:
    """Note for the granularity lint that the step uses this word."""
    if place.word:
        m.touched.setdefault(place.word, set()).update(i for i in place.path if isinstance(i, Term))


def _cells(m: Machine, place: Place) -> list[Place]:
    """The elements of an array of structs."""
    domain = b.cells_of(place.domain)
    if not isinstance(domain.size, int):
        raise m.fail("an array of structs is copied or compared whole only where its size is a number")
    indices = (b.const(i, domain.index) for i in domain.index.values())
    return [replace(place, domain=domain.elem, path=(*place.path, i)) for i in indices]


def _updated(term: Term, path: tuple[Any, ...], value: Term) -> Term:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, Term):
        return b.store(term, head, _updated(b.select(term, head), rest, value))
    sort: Struct = term.sort  # type: ignore[assignment]
    parts = [b.field(term, i) for i in range(len(sort.fields))]
    parts[head] = _updated(parts[head], rest, value)
    return b.record(sort, *parts)


def field(place: Place, name: str) -> Place:
    """The place of a field of a struct; the caller knows that it exists."""
    struct: Struct = place.domain  # type: ignore[assignment]
    if isinstance(place.base, str):
        return replace(place, domain=struct.fields[name], base=f"{place.base}.{name}")
    at = list(struct.fields).index(name)
    return replace(place, domain=struct.fields[name], path=(*place.path, at))


def field_of(m: Machine, place: Place, name: str) -> Place:
    """The place of a field of a struct; raises SpecError when it has none of that name."""
    struct: Struct = place.domain  # type: ignore[assignment]
    if name not in struct.fields:
        raise m.fail(f"the struct has no field {name!r}", f"its fields are {', '.join(struct.fields)}")
    return field(place, name)


def box(m: Machine, term: Term, domain: Domain, *, frozen: bool = False) -> Place:
    """A fresh anonymous container holding ``term``."""
    base = Box()
    m.state.cells[base] = term
    return Place(domain, base, (), False, frozen)

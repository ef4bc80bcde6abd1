"""A plain value of a field part by part, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator

from ..language.domains import Array, Domain, Plain, Set, Struct, index_base
from .report import Change


def differences(name: str, domain: Domain, before: Plain, after: Plain) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(domain, Struct):
        for (field, inner), x, y in zip(domain.fields.items(), before, after, strict=True):
            yield from differences(f"{name}.{field}", inner, x, y)
    elif isinstance(domain, Array) and not isinstance(domain, Set):
        if len(before) == 1:
            yield from differences(name, domain.elem, before[0], after[0])
            return
        for k, (x, y) in enumerate(zip(before, after, strict=True)):
            index = domain.index.show(k + index_base(domain.index))
            yield from differences(f"{name}[{index}]", domain.elem, x, y)
    else:
        yield Change(name, domain.show(before), domain.show(after))


def parts(name: str, domain: Domain, value: Plain) -> Iterator[tuple[str, str]]:
    """The name and the value, in words, of each part that ``differences`` tells apart."""
    if isinstance(domain, Struct):
        for (field, inner), x in zip(domain.fields.items(), value, strict=True):
            yield from parts(f"{name}.{field}", inner, x)
    elif isinstance(domain, Array) and not isinstance(domain, Set):
        if len(value) == 1:
            yield from parts(name, domain.elem, value[0])
            return
        for k, x in enumerate(value):
            yield from parts(f"{name}[{domain.index.show(k + index_base(domain.index))}]", domain.elem, x)
    else:
        yield name, domain.show(value)

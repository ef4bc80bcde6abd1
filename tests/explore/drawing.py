"""Random domains, plain values and systems for Hypothesis, and a second reckoning of how many bits they take."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gomodel.language.domains import Array, Bag, Bool, Domain, Enum, Int, Option, Plain, Queue, Seq, Set, Struct
from gomodel.language.processes import Pid, ProcessId, ProcessSet
from gomodel.language.system import Kind, TransitionSystem, Variable


def processes(kind: str, lo: int, count: int) -> ProcessSet:
    """``count`` processes that are numbered from ``lo`` up."""
    members = [ProcessId(n, lo, f"{kind}{n - lo}") for n in range(lo + count)]
    return ProcessSet((kind,), lo, lo + count - 1, members, None)


def system(
    fields: dict[str, Domain],
    kinds: dict[str, tuple[int, int, dict[str, Domain]]],
    live: dict[str, list[set[str]]] | None = None,
) -> TransitionSystem:
    """A system of nothing but variables; a kind is its first process, how many there are, and their locals.

    ``live`` are the locals that are live at each of its labels, where it is not all of them.
    """
    variables = {n: Variable(n, d) for n, d in fields.items()}
    found = {}
    for name, (lo, count, locals_) in kinds.items():
        kind = found[name] = Kind(name, lo, lo + count - 1, list(LABELS[:3]))
        kind.locals = {f"{name}.{n}": d for n, d in locals_.items()}
        at = (live or {}).get(name) or [set(locals_)] * len(kind.labels)
        kind.live = {pc: frozenset(f"{name}.{n}" for n in names) for pc, names in enumerate(at)}
        index = processes(name, lo, count)
        for local, domain in {kind.pc_name: Enum(*kind.labels), **kind.locals}.items():
            variables[local] = Variable(local, Array(domain, index), name)
    return TransitionSystem("drawn", variables, (), found, {}, {}, {})


LABELS = ("done", "one", "two", "three", "four")


# --- domains -------------------------------------------------------------------------------------------------

SIZES = st.sampled_from((1, 2, 3, 5, 21, 64, 65))


@st.composite
def ints(draw: st.DrawFn) -> Int:
    bits = draw(st.sampled_from((0, 1, 2, 3, 8, 16, 31, 33, 62)))
    size = draw(st.integers((1 << bits) // 2, (1 << bits) - 1))  # values beyond the first
    lo = draw(st.one_of(st.integers(-9, 9), st.just(-(size // 2))))
    return Int(lo, lo + size)


enums = st.integers(1, 5).map(lambda n: Enum(*LABELS[:n]))
pids = st.builds(processes, st.just("p"), st.integers(0, 3), st.integers(1, 5)).map(Pid)
scalars = st.one_of(st.just(Bool()), ints(), enums, pids)
indices = st.one_of(
    st.just(Bool()), enums, pids, st.builds(lambda lo, n: Int(lo, lo + n - 1), st.integers(-3, 3), SIZES)
)


def _containers(elem: st.SearchStrategy[Domain]) -> st.SearchStrategy[Domain]:
    return st.one_of(
        st.builds(Option, elem.filter(lambda d: not isinstance(d, Option))),
        st.lists(elem, min_size=1, max_size=4).map(lambda parts: Struct(**dict(zip("abcd", parts, strict=False)))),
        st.builds(Array, elem, indices),
        st.builds(Queue, elem, st.one_of(st.integers(0, 4), SIZES)),
        st.builds(Set, indices),
        st.builds(Bag, indices, st.integers(0, 9)),
    )


domains = st.recursive(scalars, _containers, max_leaves=4)


def values(domain: Any) -> st.SearchStrategy[Plain]:
    """Plain values of ``domain``."""
    match domain:
        case Bool():
            return st.booleans()
        case Enum():
            return st.integers(0, len(domain.names) - 1)
        case Int() | Pid():
            return st.one_of(st.sampled_from((domain.lo, domain.hi)), st.integers(domain.lo, domain.hi))
        case Option():
            return st.one_of(st.none(), values(domain.elem))
        case Struct():
            return st.tuples(*map(values, domain.fields.values()))
        case Seq():
            return st.lists(values(domain.elem), max_size=domain.capacity).map(tuple)
        case Set():
            return values(domain.array)
        case Array():
            return st.lists(values(domain.elem), min_size=domain.size, max_size=domain.size).map(tuple)
    raise TypeError(domain)


def size(domain: Any) -> int:
    """How many values a scalar domain has."""
    return len(list(domain.values())) if not isinstance(domain, Int) else domain.hi - domain.lo + 1


def bits(domain: Any) -> int:
    """Bits that hold a value: enough for the number of values of each scalar, containers the sum of their parts."""
    match domain:
        case Option() if not domain.elem.scalar or isinstance(domain.elem, Bool):
            return 1 + bits(domain.elem)
        case Option():
            return enough_for(size(domain.elem) + 1)
        case Struct():
            return sum(map(bits, domain.fields.values()))
        case Seq():
            return domain.capacity * bits(domain.elem) + enough_for(domain.capacity + 1)
        case Set():
            return size(domain.elem) * bits(domain.cell)
        case Array():
            return size(domain.index) * bits(domain.elem)
    return enough_for(size(domain))


def enough_for(values: int) -> int:
    count = 0
    while 1 << count < values:
        count += 1
    return count


@st.composite
def variants(draw: st.DrawFn, domain: Any) -> Domain:
    """A domain of the same kind whose numbers and sequences have other limits."""
    match domain:
        case Int():
            return draw(ints())
        case Option():
            return Option(draw(variants(domain.elem)))
        case Struct():
            return Struct(**{n: draw(variants(d)) for n, d in domain.fields.items()})
        case Queue():
            return Queue(draw(variants(domain.elem)), draw(SIZES))
        case Bag():
            return Bag(domain.elem, draw(SIZES))
        case Array():
            return Array(draw(variants(domain.elem)), domain.index)
    return domain  # type: ignore[no-any-return]

"""Reset of dead locals, found on the leaves of the traced steps rather than on the source.

A local is live at a program counter when some leaf there reads it in a guard, in an update of a field or
in an update of a local that is live at the leaf's target; when it is live at the target and not assigned on
the way; or when a property may read it there.  A local that is not live holds its domain's default value.
Whatever properties are selected, all declared ones count, so that state counts do not depend on flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from . import build as b
from .domains import Domain
from .system import Kind, Leaf, Property, TransitionSystem
from .terms import Term, rewrite, walk

QUANTIFIERS = ("forall", "exists", "count", "sum")


def find_live(system: TransitionSystem, *, keep_all: bool = False) -> None:
    """Fill ``Kind.live`` of every kind."""
    for kind in system.kinds.values():
        pcs = range(len(kind.labels))
        if keep_all:
            kind.live = {pc: frozenset(kind.locals) for pc in pcs}
            continue
        live = {pc: set(names) for pc, names in property_roots(system, kind).items()}
        reads = _Reads(kind)
        ways = [(pc, _Way(leaf, reads)) for pc, action in kind.actions.items() for leaf in action.leaves]
        changed = True
        while changed:
            changed = False
            for pc, way in ways:
                needed = way.needed(live)
                if not needed <= live[pc]:
                    live[pc] |= needed
                    changed = True
        kind.live = {pc: frozenset(live[pc]) for pc in pcs}


class _Reads:
    """Which locals of a kind a term reads, remembered per term."""

    def __init__(self, kind: Kind) -> None:
        self.names = set(kind.locals)
        self.memo: dict[Term, frozenset[str]] = {}

    def of(self, term: Term) -> frozenset[str]:
        known = self.memo.get(term)
        if known is None:
            known = self.memo[term] = frozenset(t.data for t in walk([term]) if t.op == "var" and t.data in self.names)
        return known


class _Way:
    """What a leaf reads: in any case, and for each local that it assigns."""

    def __init__(self, leaf: Leaf, reads: _Reads) -> None:
        terms = [leaf.guard, *(c for _, c in leaf.covers), *(c for _, c in leaf.outcomes)]
        terms += [c.term for c in leaf.choices if isinstance(c.term, Term)]
        terms += [t for _, t in leaf.updates] if leaf.kind == "commit" else []
        self.always = frozenset().union(*map(reads.of, terms))
        self.target = leaf.target if leaf.kind == "commit" else None
        self.assigned = {name: reads.of(term) for name, term in leaf.locals}

    def needed(self, live: dict[int, set[str]]) -> set[str]:
        needed = set(self.always)
        for name in live[self.target] if self.target is not None else ():
            needed.update(self.assigned.get(name, (name,)))
        return needed


def property_roots(system: TransitionSystem, kind: Kind) -> dict[int, set[str]]:
    """For each program counter, the locals that some property may read of a process standing there."""
    roots: dict[int, set[str]] = {pc: set() for pc in range(len(kind.labels))}
    for term in {t for p in system.properties.values() for t in terms_of(p)}:
        for scope, reader, names in _local_reads(term, kind):
            if reader.process is None:
                for live in roots.values():
                    live |= names
                continue
            for pc in roots:
                if not names <= roots[pc]:
                    roots[pc] |= names & _reads_in(_standing_at(scope, kind, reader, pc), kind).get(reader, set())
    return roots


def terms_of(prop: Property) -> Iterable[Term]:
    """Every term of a property."""
    yield from (t for t in (prop.term, prop.conclusion, prop.initially) if t is not None)
    yield from (cond for cond, _ in prop.errors)
    yield from (p.term for p in prop.premises)


class _Reader(NamedTuple):
    """Of which process locals are read, and on which side of a step: ``var`` or ``next``."""

    op: str
    process: Term | None  # None for reads that are not of one process


def _local_reads(term: Term, kind: Kind) -> Iterator[tuple[Term, _Reader, set[str]]]:
    """Where locals are read, of which process, and which.

    Where the variable of a quantifier occurs in the index, the place is the body of the innermost such quantifier:
    another one may use the same variable for another process.
    """
    nodes = walk([term])
    if not any(_is_local(t, kind) for t in nodes):
        return
    for reader, names in _reads_in(term, kind).items():
        if reader.process is None or not _free(reader.process):
            yield term, reader, names
    for t in nodes:
        if t.op in QUANTIFIERS:
            for reader, names in _reads_in(t.args[0], kind).items():
                if reader.process is not None and t.data[0] in _free(reader.process):
                    yield t.args[0], reader, names


def _reads_in(scope: Term, kind: Kind) -> dict[_Reader, set[str]]:
    """Reader → locals read, but below quantifiers that give the index another meaning."""
    found: dict[_Reader, set[str]] = {}
    start: tuple[Term, frozenset[int]] = scope, frozenset()
    seen, work = {start}, [start]
    while work:
        t, bound = work.pop()
        inside = bound | {t.data[0]} if t.op in QUANTIFIERS else bound
        args: tuple[Term, ...] = t.args
        if t.op == "select" and _is_local(t.args[0], kind):
            args = t.args[1:]
            if not bound & _free(t.args[1]):
                found.setdefault(_Reader(t.args[0].op, t.args[1]), set()).add(t.args[0].data)
        elif _is_local(t, kind):
            found.setdefault(_Reader(t.op, None), set()).add(t.data)
        following = {(a, inside) for a in args} - seen
        seen |= following
        work += following
    return found


def _free(term: Term) -> frozenset[int]:
    """The quantified variables that occur free in ``term``, which is small: an index."""
    if term.op == "bound":
        return frozenset({term.data[0]})
    found: frozenset[int] = frozenset().union(*map(_free, term.args))
    return found - {term.data[0]} if term.op in QUANTIFIERS else found


def _is_local(term: Term, kind: Kind) -> bool:
    return term.op in ("var", "next") and term.data in kind.locals


def _standing_at(scope: Term, kind: Kind, reader: _Reader, pc: int) -> Term:
    """``scope`` where the process stands at ``pc`` on the reader's side of the step; on the other it may not."""
    op, index = reader
    variables = frozenset() if index is None else _free(index)

    def replace_pc(t: Term) -> Term | None:
        if t.op == "select" and t.args[1] is index and t.args[0].op == op and t.args[0].data == kind.pc_name:
            return b.const(pc, t.sort)
        return t if t.op in QUANTIFIERS and t.data[0] in variables else None

    return rewrite(scope, replace_pc)


def reset_dead(system: TransitionSystem) -> TransitionSystem:
    """Make every leaf set the locals that die on it to their default; drops updates of dead locals."""
    for kind in system.kinds.values():
        for pc, action in kind.actions.items():
            leaves = tuple(_reset(leaf, kind, pc) for leaf in action.leaves)
            kind.actions[pc] = replace(action, leaves=leaves)
        for name, domain in kind.locals.items():
            if name not in kind.live[kind.start] or name not in kind.initial:
                kind.initial[name] = _default(domain)
    return system


def _reset(leaf: Leaf, kind: Kind, pc: int) -> Leaf:
    if leaf.kind != "commit":
        return leaf
    assigned = dict(leaf.locals)
    updates = []
    for name, domain in kind.locals.items():
        if name in kind.live[leaf.target]:
            if name in assigned:
                updates.append((name, assigned[name]))
        elif name in kind.live[pc]:
            updates.append((name, _default(domain)))
    return replace(leaf, locals=tuple(updates))


def _default(domain: Domain) -> Term:
    return b.const(domain.default(), domain)

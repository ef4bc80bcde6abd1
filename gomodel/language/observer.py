"""What properties see: fields, and labels and locals of processes, as terms over the variables of a system."""

from __future__ import annotations

import difflib
from typing import Any

from . import build as b
from .domains import Array, Domain, Enum
from .machine import Machine
from .places import Place, flat
from .processes import ProcessSet
from .symbols import Locals, lift, merge_value, unwrap, view
from .system import DONE, TransitionSystem
from .terms import Term


class StepsNeeded(Exception):
    """A property reads locals of a process kind whose steps were left out."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind


def observer(system: TransitionSystem, what: str, *, edited: bool, op: str = "var") -> Machine:
    """A machine that evaluates ``what`` and changes nothing, over the state before a step (``next``: after it).

    ``edited``: a bug is switched on, which may have removed a label.
    """
    m = Machine(merge_value)
    m.state.cells.update({n: b.var(n, v.domain, op) for n, v in system.variables.items()})
    m.pure = what
    reader = _Reader(system, op, edited)
    m.locals_reader, m.label_reader = reader.local, reader.label
    return m


class _Reader:
    """Labels and locals of processes, as terms over the program counters and locals of the system."""

    def __init__(self, system: TransitionSystem, op: str, bugs: bool) -> None:
        self.system, self.op, self.bugs = system, op, bugs

    def label(self, m: Machine, procs: ProcessSet, args: tuple[Any, ...], old: bool) -> Any:
        if len(args) < 2 or not all(isinstance(a, str) for a in args[1:]):
            raise m.fail("at() takes a process and labels", 'e.g. `self.client.at(g, "critical section")`')
        g = lift(m, args[0], procs.domain)
        wanted = set(args[1:])
        known: dict[str, None] = {}
        found: list[Term] = []
        for name in procs.kinds:
            kind = self.system.kinds[name]
            sort = Array(Enum(*kind.labels), self._domain(name))
            cell = b.select(b.var(kind.pc_name, sort, "var" if old else self.op), g)
            labels = {pc: DONE if pc == 0 else kind.actions[pc].step.label for pc in range(len(kind.labels))}
            known.update(dict.fromkeys(labels.values()))
            here = b.or_(*(b.eq(cell, b.const(pc, sort.elem)) for pc, label in labels.items() if label in wanted))
            if len(procs.kinds) > 1:
                inside = b.and_(b.le(b.const(kind.lo, procs.domain), g), b.le(g, b.const(kind.hi, procs.domain)))
                here = b.and_(inside, here)
            found.append(here)
        unsure = self.bugs or any(self.system.kinds[name].empty for name in procs.kinds)
        for label in () if unsure else wanted - set(known):  # an edit may have removed a step
            near = difflib.get_close_matches(label, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"its labels are: {', '.join(map(repr, known))}"
            raise m.fail(f"{procs} has no label {label!r}", hint)
        return unwrap(m, b.or_(*found))

    def _domain(self, kind: str) -> Any:
        domain: Array = self.system.variables[f"{kind}.pc"].domain  # type: ignore[assignment]
        return domain.index

    def local(self, m: Machine, locals_: Locals, name: str) -> Any:
        kinds = [self.system.kinds[k] for k in locals_.procs.kinds]
        if len(kinds) > 1:
            raise m.fail("the locals of a process are read through its own kind", f"self.{kinds[0].name}[g].{name}")
        kind = kinds[0]
        if not kind.traced:
            raise StepsNeeded(kind.name)
        wanted = f"{locals_.prefix}.{name}".lstrip(".")
        declared_locals = {base: d for sites in kind.sites for s in sites for _, base, d in s.scope}
        hits = [base for base in declared_locals if base.endswith(f".{wanted}")]
        if not hits:
            if any(f".{wanted}." in base for base in declared_locals):
                return Locals(locals_.procs, locals_.pid, locals_.old, wanted)
            names = sorted({base.split(".", 1)[1] for base in declared_locals})
            near = difflib.get_close_matches(wanted, [n.rsplit(".", 1)[-1] for n in names], 1)
            hint = f"did you mean {near[0]}?" if near else f"its locals are: {', '.join(names) or 'none'}"
            raise m.fail(f"{kind.name} has no local {wanted!r} with a domain", hint)
        if len(hits) > 1:
            raise m.fail(f"{kind.name} has several locals {wanted!r}", f"write one of: {', '.join(hits)}")
        op = "var" if locals_.old else self.op
        return self._read(m, hits[0], declared_locals[hits[0]], self._domain(kind.name), locals_.pid, op)

    def _read(self, m: Machine, base: str, domain: Domain, index: Domain, pid: Term, op: str) -> Any:
        """The local of one process as a read-only place of its own."""
        own = f"{base}@{op}{pid.id}"
        for (leaf, leaf_domain), (cell, _) in zip(flat(domain, base), flat(domain, own), strict=True):
            m.state.cells[cell] = b.select(b.var(leaf, Array(leaf_domain, index), op), pid)
        return view(m, Place(domain, own))

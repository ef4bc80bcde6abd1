"""Tracing of properties: invariants, witnesses, leads-to, over fields, labels and locals."""

from __future__ import annotations

import difflib
from typing import Any

from . import build as b
from . import calls
from .declare import LIVENESS, Declared
from .domains import Array, Domain, Enum
from .errors import InternalError, SpecError, Where
from .machine import DeadPath, Machine, MustFork
from .model import Component, Model
from .parameters import arguments
from .places import Place, flat
from .processes import ProcessSet
from .source import function_of
from .symbols import Locals, OldView, lift, merge_value, truth, unwrap, view
from .system import DONE, Property, TransitionSystem
from .terms import Term


def declared(component: Component) -> dict[str, tuple[Any, Declared]]:
    """The property methods of a component, in the order of declaration, base classes first."""
    found: dict[str, tuple[Any, Declared]] = {}
    for base in reversed(type(component).__mro__):
        for name, member in vars(base).items():
            mark = getattr(member, "__gomodel__", None)
            if isinstance(mark, Declared):
                found[name] = (member, mark)
    return found


def trace_properties(
    model: Model, system: TransitionSystem, fatals: dict[str, tuple[str, Where | None]]
) -> dict[str, Property]:
    """Every declared property of the model and its components, and one for each ``fatal``."""
    found: dict[str, Property] = {}
    for component in model.all_components():
        for name, (fn, mark) in declared(component).items():
            if mark.kind == "reachable" and "." in component._meta.path:
                continue  # a component embedded deeper has a model of its own, where its witnesses are judged
            path = f"{component._meta.path}.{name}".lstrip(".")
            try:
                found[path] = _property(model, component, path, fn, mark, system)
            except SpecError as error:
                error.where = error.where or function_of(fn).where()
                raise
    for prop, (text, where) in fatals.items():
        if prop in found:
            raise SpecError(f"fatal(…, prop={prop!r}) has the name of another property", where=where)
        found[prop] = Property(prop, "fatal", text, where)
    return found


def _property(
    model: Model, component: Component, path: str, fn: Any, mark: Declared, system: TransitionSystem
) -> Property:
    info = function_of(fn)
    two_states = mark.kind == "step_invariant"
    m = Machine(merge_value)
    op = "next" if two_states else "var"
    m.state.cells.update({n: b.var(n, v.domain, op) for n, v in system.variables.items()})
    m.old = {n: b.var(n, v.domain) for n, v in system.variables.items()} if two_states else None
    m.pure = "a property"
    reader = _Reader(system, op, bool(model._meta.active))
    m.locals_reader, m.label_reader = reader.local, reader.label
    args = (component, OldView(component)) if two_states else (component,)
    params = info.params[1:] if mark.kind in LIVENESS else []
    if len(info.params) != len(args) + len(params) or info.is_generator:
        takes = "self, before" if two_states else "self"
        raise SpecError(f"property {path} is a plain method of {takes}", mend=f"def {fn.__name__}({takes}): return …")
    args = (*args, *arguments(m, info, component, params))
    try:
        value = calls.function(m, fn, args, {})
    except DeadPath:
        raise SpecError(f"property {path} cannot be evaluated: {m.events[-1].text}", where=m.events[-1].where) from None
    except MustFork:
        raise SpecError(f"property {path} has branches that give different kinds of values") from None
    conclusion = None
    if mark.kind == "leads_to":
        if not isinstance(value, tuple) or len(value) != 2:
            raise SpecError("a leads_to returns `premise, conclusion`", mend="return …, …")
        conclusion = truth(m, value[1])
        value = value[0]
    elif mark.kind in LIVENESS and value is not None:
        conclusion, value = truth(m, value), True
    if value is None:
        raise SpecError(f"property {path} returns nothing", mend="end it with `return …`")
    term = truth(m, value)
    errors = tuple((e.cond, f"{e.text} ({e.where})") for e in m.events)
    wrong = b.or_(*(cond for cond, _ in errors))  # there it is an error, neither violated nor reached
    term = b.and_(term, b.not_(wrong)) if mark.kind in ("reachable", *LIVENESS) else b.or_(term, wrong)
    premises = tuple(m.premises)
    return Property(
        path,
        mark.kind,
        mark.text,
        info.where(),
        term,
        conclusion,
        errors,
        premises,
        mark.scenario,
        mark.bounds,
        mark.under,
        tuple(zip(params, (p.sort for p in m.picks), strict=True)),
    )


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
        for label in () if self.bugs else wanted - set(known):  # an edit may have removed a step
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


def find_property(model: Component, name: str) -> tuple[Component, Any, str]:
    """The component, method and kind of a property path such as ``mutex.sema.nwait_exact``."""
    for component in model.all_components():
        for local, (fn, mark) in declared(component).items():
            if f"{component._meta.path}.{local}".lstrip(".") == name:
                return component, fn, mark.kind
    raise InternalError(f"there is no property {name}")

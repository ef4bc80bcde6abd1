"""Tracing of properties: invariants, witnesses, leads-to, over fields, labels and locals."""

from __future__ import annotations

from typing import Any

from . import build as b
from . import calls
from .declare import LIVENESS, Declared
from .errors import InternalError, SpecError, Where
from .machine import DeadPath, MustFork
from .model import Component, Model
from .observer import observer
from .parameters import arguments
from .refinement import trace_refinement
from .source import function_of
from .symbols import OldView, truth
from .system import Premise, Property, TransitionSystem


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
    model: Model, system: TransitionSystem, fatals: dict[str, tuple[str, Where | None, bool]]
) -> dict[str, Property]:
    """Every declared property of the model and its components, and one for each ``fatal``."""
    found: dict[str, Property] = {}
    for component in model.all_components():
        for name, (fn, mark) in declared(component).items():
            if mark.kind == "reachable" and not component._meta.own:
                continue  # it has a model of its own, where its witnesses are judged
            path = f"{component._meta.path}.{name}".lstrip(".")
            try:
                how = trace_refinement if mark.kind == "refinement" else _property
                found[path] = how(model, component, path, fn, mark, system)
            except SpecError as error:
                error.where = error.where or function_of(fn).where()
                raise
    for prop, (text, where, own) in fatals.items():
        if prop in found:
            raise SpecError(f"fatal(…, prop={prop!r}) has the name of another property", where=where)
        found[prop] = Property(prop, "fatal", text, where, own=own)
    return found


def _property(
    model: Model, component: Component, path: str, fn: Any, mark: Declared, system: TransitionSystem
) -> Property:
    info = function_of(fn)
    two_states = mark.kind == "step_invariant"
    m = observer(system, "a property", edited=bool(model._meta.active), op="next" if two_states else "var")
    m.old = {n: b.var(n, v.domain) for n, v in system.variables.items()} if two_states else None
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
    premises = tuple(Premise(cond, f"the premise at {place} never holds") for place, cond in m.premises)
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
        component._meta.own,
    )


def find_property(model: Component, name: str) -> tuple[Component, Any, Declared]:
    """The component, method and declaration of a property path such as ``mutex.sema.nwait_exact``.

    What stands behind a colon tells variants of one property apart.
    """
    for component in model.all_components():
        for local, (fn, mark) in declared(component).items():
            if f"{component._meta.path}.{local}".lstrip(".") == name.split(":")[0]:
                return component, fn, mark
    raise InternalError(f"there is no property {name}")

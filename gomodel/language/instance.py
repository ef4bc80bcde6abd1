"""A model at concrete bounds: which class, scenario, bounds and bugs; and building it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from . import build as b
from .domains import Int
from .errors import GomodelError, SpecError, UsageError, suggestion
from .model import Bug, Component, Model, ProcessDecl, check_bound
from .processes import ProcessId, ProcessSet
from .source import function_of, raised_at


@dataclass(frozen=True)
class Instance:
    """One thing to explore.  ``bounds`` are complete and sorted; ``bugs`` are full paths such as ``mutex.m5``."""

    model: type[Model]
    scenario: str
    bounds: tuple[tuple[str, Any], ...]
    bugs: frozenset[str] = frozenset()

    def build(self, symbolic: tuple[str, ...] = ()) -> Model:
        """A fresh model object in its initial state.  ``symbolic`` bounds become parameters (tracing only)."""
        values: dict[str, Any] = dict(self.bounds)
        for name in symbolic:
            values[name] = b.leaf("param", name, Int(1, None))
        try:
            model: Model = self.model.__new__(self.model)
            model.__init__()  # type: ignore[misc]
            model.__dict__.update(values)
            add_processes(model, values)
            model._adopt("", self.bugs)
        except GomodelError as error:
            error.where = error.where or raised_at(error)
            raise
        except Exception as error:  # state() is the user's code: whatever it raises is the user's to mend
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            raise SpecError(f"{kind}{error}", where=raised_at(error)) from error
        return model

    def with_bugs(self, *names: str) -> Instance:
        """The same with these bugs on; names may leave out leading parts of the path (``m5``, ``sema.s1``)."""
        known = all_bugs(self)
        return replace(self, bugs=frozenset(resolve(n, known, "bug", self.model.name) for n in names))

    def describe(self) -> str:
        return ", ".join(f"{k}={_show(v)}" for k, v in self.bounds)


def _show(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def instance(
    model: type[Model], scenario: str = "", bounds: dict[str, Any] | None = None, preset: str = ""
) -> Instance:
    """Defaults ← preset ← scenario ← what the user sets; raises UsageError for what does not exist or fit."""
    if scenario and scenario not in model.scenarios:
        known = ", ".join(model.scenarios) or "none"
        raise UsageError(f"model {model.name} has no scenario {scenario!r}", mend=f"its scenarios are: {known}")
    values = {name: bound.default for name, bound in model.bounds().items()}
    layers = [model.presets[preset].bounds if preset in model.presets else {}]
    layers.append(model.scenarios[scenario].bounds if scenario else {})
    for layer in (*layers, bounds or {}):
        for name, value in layer.items():
            values[name] = check_bound(model, name, value)
    return Instance(model, scenario, tuple(sorted(values.items())))


def add_processes(model: Model, values: dict[str, Any]) -> None:
    """Give ``model`` its process sets, numbered through in the order of declaration."""
    members: list[ProcessId] = []
    lo = 0
    declarations = model.declarations(ProcessDecl)
    counters: dict[str, Any] = {}
    for name, decl in declarations.items():
        count = _count(model, name, decl, values)
        hi = lo + count - 1 if isinstance(count, int) else b.add(count, b.integer(lo - 1))
        if isinstance(hi, int):
            prefix = process_prefix(decl)
            counter = counters.setdefault(prefix, itertools.count())
            members += [ProcessId(n, lo, f"{prefix}{next(counter)}") for n in range(lo, hi + 1)]
        elif name != list(declarations)[-1]:
            raise UsageError(f"only the last process kind can have a symbolic count, not {name}")
        model.__dict__[name] = ProcessSet((name,), lo, hi, members, model)
        lo = hi + 1 if isinstance(hi, int) else -1


def _count(model: Model, name: str, decl: ProcessDecl, values: dict[str, Any]) -> Any:
    """How many processes of a kind there are: a number, or a term when a bound is symbolic."""
    if isinstance(decl.count, str) and decl.count not in values:
        mend = suggestion(decl.count, values, "its bounds are")
        raise SpecError(
            f"process {name}: there is no bound {decl.count!r}", where=function_of(decl.fn).where(), mend=mend
        )
    count = values[decl.count] if isinstance(decl.count, str) else decl.count
    if callable(count):
        count = count(model)
    if isinstance(count, int) and count < 0:
        raise UsageError(
            f"these bounds leave {count} processes {name}", mend="raise or lower a bound that it is counted from"
        )
    return count


def process_prefix(decl: ProcessDecl) -> str:
    """Processes are named after the parameter that stands for them: ``def client(self, g)`` gives g0, g1, …"""
    params = function_of(decl.fn).params
    return params[1] if len(params) > 1 else function_of(decl.fn).name


def all_bugs(inst: Instance) -> dict[str, tuple[Component, Bug]]:
    """Full path → (component, bug) for every bug of the model and what is embedded in it."""
    model = replace(inst, bugs=frozenset()).build()
    found = {}
    for component in model.all_components():
        for name, bug in type(component).bugs.items():
            found[f"{component._meta.path}.{name}".lstrip(".")] = (component, bug)
    return found


def resolve(name: str, known: Iterable[str], what: str, model: str) -> str:
    """The full path that ends in ``name``; raises UsageError when there is none, or more than one."""
    known = list(known)
    if name in known:
        return name
    hits = [k for k in known if k.endswith(f".{name}")]
    if len(hits) == 1:
        return hits[0]
    if hits:
        shortest = min(hits, key=lambda h: h.count("."))
        if [h.count(".") for h in hits].count(shortest.count(".")) == 1:
            return shortest
        raise UsageError(f"{what} {name!r} of {model} is ambiguous", mend=f"write one of: {', '.join(hits)}")
    short = {k.rsplit(".", 1)[-1]: k for k in known}
    near = difflib.get_close_matches(name, [*known, *short], 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    raise UsageError(f"model {model} has no {what} {name!r}", mend=hint)

"""An execution to look at: run again in CPython, left where another step was possible, and gone on from there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .. import __version__, catalog
from ..language.errors import GomodelError, InternalError, UsageError, short_path
from ..language.instance import Instance, instance
from ..language.system import TransitionSystem
from ..language.tracer import trace as traced
from ..run.concrete import Runner
from ..run.counterexample import broken, build
from ..run.execution import Execution, changed
from ..run.report import Change, Counterexample
from ..run.search import RUN, Found
from ..run.trace import Move, Trace, Value, choice_value
from .store import Stored, stored_from


@dataclass(frozen=True)
class Option:
    """A step that is possible somewhere: what it would change, or how it would fail."""

    move: Move
    changes: tuple[Change, ...]
    next_label: str  # where the process would stand
    failed: str = ""  # why there would be no state behind it
    breaks: tuple[str, ...] = ()  # invariants and step invariants that would be violated


@dataclass
class Playback:
    """A trace of one instance.  ``found`` is what it is a counterexample to, None for any other execution."""

    inst: Instance
    system: TransitionSystem
    target: str  # how the command line names the model
    trace: Trace
    found: Found | None = None
    note: str = ""  # what there is to say of how it was made

    @cached_property
    def run(self) -> Execution:
        """The states and steps; raises InternalError where the trace does not fit the model."""
        return Execution(self.inst, self.system, self.trace)

    @cached_property
    def counterexample(self) -> Counterexample:
        """Everything about it, as it is shown; raises InternalError where CPython does not confirm it."""
        return build(self.inst, self.system, self.found or self._plain(), self.target)

    def _plain(self) -> Found:
        return Found("", RUN, len(self.trace), lambda: self.trace)

    def options(self, k: int) -> list[Option]:
        """Every step that is possible after ``k`` steps; the one that was taken is among them."""
        before = self.run.states[k]
        behind = Trace(self.trace.init, self.trace.moves[:k])
        runner, here = Runner(self.inst, self.system), Runner(self.inst, self.system)
        here.replay(behind, check=False)
        found = []
        for move, outcome, after in runner.successors(behind):
            changes = tuple(changed(runner, before, after, move.actor)) if after is not None else ()
            process = runner.processes.get(move.actor)
            failed = "" if after is not None else outcome.text or outcome.kind
            label = process.label if process and after is not None else ""
            breaks = broken(runner, here) if after is not None else ()
            found.append(Option(move, changes, label, failed, breaks))
        return found

    def leave(self, k: int, move: Move) -> Playback:
        """The same up to ``k`` steps, and then ``move``."""
        return replace(self, trace=Trace(self.trace.init, (*self.trace.moves[:k], move)), found=None, note="")

    def to_store(self) -> Stored:
        """As it is kept."""
        return stored_from(
            self.counterexample,
            model=self.inst.model.name,
            target=self.target,
            bounds=dict(self.inst.bounds),
            bugs=self.inst.bugs,
            specs=catalog.digests(self.inst),
        )


def begin(inst: Instance, target: str, init: tuple[Value, ...] = ()) -> Playback:
    """An execution that has not taken a step; ``init`` are the choices of the initial state."""
    return Playback(inst, traced(inst, every_kind=False), target, Trace(init))


def starts(inst: Instance, system: TransitionSystem, most: int = 1000) -> list[tuple[Value, ...]]:
    """The choices that give an initial state each, the first ``most`` of them."""
    return list(itertools.islice(Runner(inst, system).initial(), most))


def resume(stored: Stored) -> Playback:
    """A stored trace as the model runs it today.

    Raises UsageError where the model is not there any more or does not run it; the file stays as it is.
    """
    name = stored.id if stored.path is None else short_path(str(stored.path))
    try:
        model = catalog.load(stored.target)
        bounds = {n: tuple(v) if isinstance(v, list) else v for n, v in stored.bounds.items()}
        inst = instance(model, stored.scenario, bounds)
        inst = inst.with_bugs(*stored.bugs) if stored.bugs else inst
        system = traced(inst, every_kind=False)
        text = stored.text if stored.kind in ("fatal", "error") else ""
        found = None
        if stored.kind != RUN:
            found = found_of(system, stored.property, stored.kind, stored.arguments, stored.trace, text)
    except GomodelError as error:
        raise _outdated(name, stored, f"{error}") from None
    edited = changed_specs(stored, inst)
    playback = Playback(inst, system, stored.target, stored.trace, found)
    try:
        _ = playback.counterexample
    except InternalError as error:
        if not edited and stored.version == __version__ and _as_written(stored):
            raise
        raise _outdated(name, stored, str(error), edited) from None
    if edited:
        playback.note = f"{', '.join(edited)} changed since this trace was found, and the model still runs it"
    return playback


def found_of(
    system: TransitionSystem, name: str, kind: str, arguments: Sequence[str], trace: Trace, text: str = ""
) -> Found:
    """``trace`` as a counterexample to a property, whose arguments are in words; UsageError where there is none."""
    prop = system.properties.get(name)
    if prop is None and kind not in ("deadlock", "error"):
        raise UsageError(f"model {system.model} has no property {name!r}")
    domains = [domain for _, domain in prop.params] if prop else []
    if len(domains) != len(arguments):
        raise UsageError(f"{name} has {len(domains)} parameters, not {len(arguments)}")
    values = []
    for domain, wanted in zip(domains, arguments, strict=True):
        hits = [v for v in (choice_value(domain.decode(p)) for p in domain.values()) if str(v) == wanted]
        if not hits:
            raise UsageError(f"a parameter of {name} is never {wanted!r}")
        values.append(hits[0])
    return Found(name, kind, len(trace), lambda: trace, text, arguments=tuple(values))


def _outdated(name: str, stored: Stored, why: str, changed: Iterable[str] = ()) -> UsageError:
    files = ", ".join(changed)
    since = f"{files} changed since then" if files else "was it made with another version, or edited?"
    return UsageError(
        f"the model does not run the trace {name}: {why}",
        mend=f"{since}; the trace is kept; `gomodel check {stored.target}` finds a new one",
    )


def _as_written(stored: Stored) -> bool:
    return stored.path is not None and stored.path.stem == stored.id


# --- what a model is made from ---------------------------------------------------------------------------------------


def changed_specs(stored: Stored, inst: Instance) -> list[str]:
    """The files that are not as they were when the trace was found."""
    now = catalog.digests(inst)
    return sorted(name for name in stored.specs.keys() | now.keys() if stored.specs.get(name) != now.get(name))

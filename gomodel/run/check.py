"""Checking a model: every scenario explored, every property judged, every finding replayed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from .. import __version__, catalog
from ..explore.checkpoint import remove
from ..language.errors import UsageError
from ..language.instance import Instance, all_bugs, instance, resolve
from ..language.model import Bug, Component, Model, Scenario
from ..language.system import TransitionSystem
from ..language.tracer import trace
from .counterexample import confirm
from .judge import Explored, Judge, promised
from .report import BugResult, Report, ScenarioResult
from .search import DEADLOCK, FIRST, INTERRUPTED, Engine, Exploration, Keep, Limits, Watch

# Where engines are, by name; the first is the default.  They are imported when asked for.
ENGINES = {
    "compiled": ("gomodel.explore.engine", "CompiledEngine"),
    "reference": ("gomodel.run.reference", "ReferenceEngine"),
}
DEFAULT_ENGINE = next(iter(ENGINES))


def engine_named(name: str) -> Engine:
    """The engine of that name; raises UsageError when there is none."""
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", mend=f"there are: {', '.join(ENGINES)}")
    module, attribute = ENGINES[name]
    engine: Engine = getattr(import_module(module), attribute)()
    return engine


def check(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    scenarios: list[str] | None = None,
    preset: str = "",
    bugs: list[str] | None = None,
    limits: Limits | None = None,
    engine: str | Engine = DEFAULT_ENGINE,
    safety_only: bool = False,
    reset: bool = True,
    witnesses: list[str] | None = None,
    watch: Watch | None = None,
    spec: str = "",
    target: str = "",
    keep: float | None = None,
    resume: bool = False,
) -> Report:
    """Explore ``model`` and judge its properties.

    ``bounds`` override defaults, preset and scenario.  ``bugs`` are switched on together; a single bug brings the
    scenario and bounds where it is judged, unless the caller names some.  ``target`` is how the command line names
    the model; ``keep`` is how often, in seconds, a search is written to disk, and with ``resume`` it goes on from what
    an earlier check has written; ``witnesses`` are ``@reachable`` properties whose executions are wanted.  Raises
    UsageError or SpecError for what is the user's to mend.
    """
    started = time.monotonic()
    limits = limits or Limits()
    chosen = instances(model, bounds, scenarios, preset, bugs)
    explorer = engine_named(engine) if isinstance(engine, str) else engine
    if keep is not None and engine != DEFAULT_ENGINE:
        raise UsageError(f"engine {engine} keeps no checkpoints", mend=f"use --engine {DEFAULT_ENGINE}")
    explored: Explored = []
    for inst in chosen:
        system = trace(inst, reset=reset, every_kind=False)
        live = [] if safety_only else promised(system, inst)
        kept = None if keep is None else Keep(_checkpoint_folder(inst, reset), keep, resume)
        explored.append((inst, system, explorer.explore(system, replace(limits, keep=kept), watch, live)))
        found = explored[-1][2]
        first = limits.first and bool(found.violations or found.errors)
        if first and inst != chosen[-1]:
            found.stopped = found.stopped or FIRST  # as later scenarios are left out
        if first or INTERRUPTED in (found.stopped, found.cut):
            break
    if keep is not None and all(found.complete for *_, found in explored):
        for inst in chosen:
            remove(_checkpoint_folder(inst, reset))
    names = chosen[0].bugs
    report = Report(
        model.name or model.__name__,
        _title(model),
        spec,
        model.go,
        tuple(model.source),
        explorer.name,
        tuple(sorted(names)),
    )
    report.scenarios = [_scenario_result(*e) for e in explored]
    judge = Judge(report, explored, preset, bool(bounds), bool(scenarios), safety_only, target or report.model)
    judge.run(witnesses or [])
    report.seconds = time.monotonic() - started
    return report


def _checkpoint_folder(inst: Instance, reset: bool) -> Path:
    """Where its search is kept: for this version of the model, its bounds and bugs alone."""
    key = [__version__, inst.scenario, inst.bounds, sorted(inst.bugs), reset, catalog.digests(inst)]
    name = sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return Path.cwd() / ".gomodel" / "checkpoints" / f"{inst.model.name}-{name}"


def _title(model: type[Model]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0]


def instances(
    model: type[Model],
    bounds: dict[str, str] | None = None,
    scenarios: list[str] | None = None,
    preset: str = "",
    bugs: list[str] | None = None,
) -> list[Instance]:
    """What a check explores: the named scenarios, else the preset's, else the default ones."""
    bounds, scenarios, bugs = bounds or {}, scenarios or [], bugs or []
    if preset and preset not in model.presets and preset not in ("quick", "default", "nightly"):
        known = ", ".join(dict.fromkeys(("quick", "default", "nightly", *model.presets)))
        raise UsageError(f"there is no preset {preset!r}", mend=f"there are: {known}")
    chosen = model.presets.get(preset)
    names = scenarios or (list(chosen.scenarios) if chosen else [])
    names = names or [n for n, s in model.scenarios.items() if s.default] or [""]
    found = []
    for name in names:
        inst = instance(model, name, bounds, preset)
        if bugs:
            inst = inst.with_bugs(*bugs)
            if len(inst.bugs) == 1:
                inst = _where_judged(inst, bounds, bool(scenarios), preset)
        if inst not in found:
            found.append(inst)
    return found


def _where_judged(inst: Instance, bounds: dict[str, Any], named: bool, preset: str) -> Instance:
    """The scenario and bounds that the one bug of ``inst`` names, except for what the caller set."""
    _, bug = all_bugs(inst)[next(iter(inst.bugs))]
    scenario = bug.scenario if bug.scenario and not named else inst.scenario
    return replace(instance(inst.model, scenario, {**bug.bounds, **bounds}, preset), bugs=inst.bugs)


def _scenario_result(inst: Instance, system: TransitionSystem, found: Exploration) -> ScenarioResult:
    scenario = inst.model.scenarios.get(inst.scenario)
    return ScenarioResult(
        inst.scenario,
        scenario.text if scenario else "",
        dict(inst.bounds),
        found.states,
        found.transitions,
        found.depth,
        found.seconds,
        found.stopped,
        found.cut,
        found.live_seconds,
        found.live_memory,
        found.resumed,
    )


# --- bugs ----------------------------------------------------------------------------------------------------


def check_bugs(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    preset: str = "",
    limits: Limits | None = None,
    engine: str = DEFAULT_ENGINE,
    notify: Callable[[BugResult], None] | None = None,
) -> list[BugResult]:
    """Switch on every bug in turn: each must be found by a property it names, a harmless one by none.

    Judged are the bugs of the model and of its own components; those from other specs have a model of their own.
    """
    results = []
    explorer = engine_named(engine)
    for name, (component, bug) in all_bugs(instances(model)[0]).items():
        if not component._meta.own:
            continue
        result = check_bug(model, name, bug, component, bounds or {}, preset, limits or Limits(), explorer)
        results.append(result)
        if notify:
            notify(result)
        if result.stopped == INTERRUPTED:
            break
    return results


def check_bug(
    model: type[Model],
    name: str,
    bug: Bug,
    component: Component,
    bounds: dict[str, str],
    preset: str,
    limits: Limits,
    explorer: Engine,
) -> BugResult:
    """One bug: its scenario, or the default ones until it is found."""
    started = time.monotonic()
    found: dict[str, int] = {}
    states = 0
    note = stopped = ""
    expected: tuple[str, ...] = ()
    chosen = instances(model, bounds, [bug.scenario] if bug.scenario else [], preset, [name])
    for inst in chosen:
        system = trace(inst, every_kind=False)
        known = [DEADLOCK, *system.properties]
        expected = tuple(_expected(p, component, known, model) for p in bug.broken())
        search = limits if bug.harmless else replace(limits, until=frozenset(expected))
        live = [p for p in promised(system, inst) if bug.harmless or p in expected]
        explored = explorer.explore(system, search, None, live)
        states += explored.states
        for violation in explored.violations.values():
            confirm(inst, system, violation)
            found[violation.name] = min(violation.length, found.get(violation.name, 10**9))
        if bug.harmless and explored.errors:
            note = next(iter(explored.errors))
        if search.until & set(found):
            break
        if explored.stopped or explored.cut:
            stopped = explored.stopped or explored.cut or ""
            note = f"stopped at {stopped}"
        if stopped == INTERRUPTED:
            break
    hits = [found[e] for e in expected if e in found]
    passed = not found and not note if bug.harmless else bool(hits)
    undecided = "" if passed or (bug.harmless and found) else stopped
    return BugResult(
        name, bug.title, bug.harmless, expected, tuple(found), min(hits, default=None), inst.scenario,
        dict(inst.bounds), passed, note, time.monotonic() - started, states, undecided,
    )  # fmt: skip


def _expected(name: str, component: Component, known: list[str], model: type[Model]) -> str:
    """The full name of a property that a bug of ``component`` names; its own component's comes first."""
    own = f"{component._meta.path}.{name}".lstrip(".")
    return own if own in known else resolve(name, known, "property", model.name)


def describe(model: type[Model]) -> dict[str, Any]:
    """What ``gomodel list --json`` says of a model."""
    inst = instances(model)[0]
    system = trace(inst, every_kind=False)
    bugs = all_bugs(inst)
    properties = [
        {"name": p.name, "kind": p.kind, "text": p.text} for p in system.properties.values() if p.kind != "reachable"
    ]
    return {
        "name": model.name,
        "title": _title(model),
        "go": model.go,
        "source": list(model.source),
        "scenarios": [_describe_scenario(n, s) for n, s in model.scenarios.items()],
        "presets": [
            {"name": n, "scenarios": list(p.scenarios), "bounds": p.bounds, "unreached": list(p.unreached)}
            for n, p in model.presets.items()
        ],
        "bounds": [
            {
                "name": n,
                "default": bound.default,
                "min": bound.min,
                "max": bound.max,
                "one_of": list(bound.one_of),
                "help": bound.help,
            }
            for n, bound in model.bounds().items()
        ],
        "properties": properties,
        "witnesses": [{"name": p.name, "text": p.text} for p in system.properties.values() if p.kind == "reachable"],
        "bugs": [
            {"name": n, "title": bug.title, "breaks": list(bug.broken()), "harmless": bug.harmless, "go": bug.go}
            for n, (component, bug) in bugs.items()
        ],
    }


def _describe_scenario(name: str, scenario: Scenario) -> dict[str, Any]:
    return {"name": name, "text": scenario.text, "default": scenario.default, "bounds": scenario.bounds}

"""Checking a model: every scenario explored, every property judged, every finding replayed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from ..language import build as b
from ..language.errors import UsageError
from ..language.instance import Instance, all_bugs, instance, resolve
from ..language.model import Bug, Component, Model, Scenario
from ..language.system import Property, TransitionSystem
from ..language.tracer import trace
from .counterexample import build
from .report import BugResult, Counterexample, PropertyResult, Report, ScenarioResult, Verdict
from .search import DEADLOCK, FIRST, INTERRUPTED, Engine, Exploration, Limits, Watch

# Where engines are, by name; the first is the default.  They are imported when asked for.
ENGINES = {
    "compiled": ("gomodel.explore.engine", "CompiledEngine"),
    "reference": ("gomodel.run.reference", "ReferenceEngine"),
}
DEFAULT_ENGINE = next(iter(ENGINES))

Explored = list[tuple[Instance, TransitionSystem, Exploration]]


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
    engine: str = DEFAULT_ENGINE,
    safety_only: bool = False,
    reset: bool = True,
    witnesses: list[str] | None = None,
    watch: Watch | None = None,
    spec: str = "",
    target: str = "",
) -> Report:
    """Explore ``model`` and judge its properties.

    ``bounds`` override defaults, preset and scenario.  ``bugs`` are switched on together; a single bug brings the
    scenario and bounds where it is judged, unless the caller names some.  ``target`` is how the command line names
    the model; ``witnesses`` are ``@reachable`` properties whose executions are wanted.  Raises UsageError or
    SpecError for what is the user's to mend.
    """
    started = time.monotonic()
    limits = limits or Limits()
    chosen = instances(model, bounds, scenarios, preset, bugs)
    explorer = engine_named(engine)
    explored: Explored = []
    for inst in chosen:
        system = trace(inst, reset=reset)
        explored.append((inst, system, explorer.explore(system, limits, watch)))
        found = explored[-1][2]
        if limits.first and (found.violations or found.errors):
            found.stopped = found.stopped or FIRST  # also where later scenarios are left out
        if found.stopped in (INTERRUPTED, FIRST):
            break
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
    judge = _Judge(report, explored, preset, bool(bounds), bool(scenarios), safety_only, target or report.model)
    judge.run(witnesses or [])
    report.seconds = time.monotonic() - started
    return report


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
    )


class _Judge:
    """Verdicts over all scenarios of one check."""

    def __init__(
        self,
        report: Report,
        explored: Explored,
        preset: str,
        own_bounds: bool,
        own_scenarios: bool,
        safety_only: bool,
        target: str,
    ) -> None:
        self.report, self.explored, self.safety_only, self.target = report, explored, safety_only, target
        self.model = explored[0][0].model
        self.complete = all(found.complete for _, _, found in explored)
        chosen = self.model.presets.get(preset)
        self.excused = set(chosen.unreached) if chosen else set()
        # Vacuity is judged on complete runs at declared bounds with no bug on.
        self.declared = self.complete and not own_bounds and not own_scenarios and not report.bugs

    def run(self, wanted: list[str]) -> None:
        report = self.report
        properties: dict[str, Property] = {}
        for _, system, _ in self.explored:
            properties.update(system.properties)
        for name, prop in properties.items():
            if prop.kind != "reachable":
                report.properties.append(self._property(name, prop))
        if any(system.kinds for _, system, _ in self.explored):
            text = "some process can always move, or all are at rest"
            report.properties.append(self._property(DEADLOCK, Property(DEADLOCK, "deadlock", text, None)))
        report.properties += [self._witness(n, p) for n, p in properties.items() if p.kind == "reachable"]
        known = [n for n, p in properties.items() if p.kind == "reachable"]
        names = {resolve(n, known, "witness", report.model) for n in wanted}
        report.witnesses = self._collect(lambda found: {n: f for n, f in found.reached.items() if n in names})
        report.counterexamples = self._collect(lambda found: found.violations)
        errors = self._collect(lambda found: found.errors)
        if not (report.bugs and report.counterexamples):  # behind a violation an edit may break anything
            report.errors = errors
        if self.declared and not report.counterexamples and not report.errors:
            report.vacuous = self._never_reached()

    def _collect(self, select: Callable[[Exploration], Any]) -> list[Counterexample]:
        """The shortest counterexample of each property over the scenarios."""
        best: dict[str, tuple[Instance, TransitionSystem, Any]] = {}
        for inst, system, exploration in self.explored:
            for name, found in select(exploration).items():
                if name not in best or found.length < best[name][2].length:
                    best[name] = inst, system, found
        ordered = sorted(best.values(), key=lambda entry: entry[2].length)
        return [build(inst, system, found, self.target) for inst, system, found in ordered]

    def _shortest(self, name: str, select: Callable[[Exploration], Any]) -> tuple[int, str] | None:
        hits = [(f.length, i.scenario) for i, _, e in self.explored if (f := select(e).get(name))]
        return min(hits, key=lambda hit: hit[0]) if hits else None  # of equals the first, as for the trace shown

    def _property(self, name: str, prop: Property) -> PropertyResult:
        where = str(prop.where or "")
        hit = self._shortest(name, lambda e: e.violations)
        if hit:
            return PropertyResult(name, prop.kind, prop.text, Verdict.VIOLATED, where, *hit)
        if prop.kind == "leads_to":
            verdict = Verdict.LEFT_OUT if self.safety_only else Verdict.NOT_CHECKED
            note = "needs liveness checking" + (", left out by --safety" if self.safety_only else "")
            return PropertyResult(name, prop.kind, prop.text, verdict, where, note=note)
        if not self.complete:
            return PropertyResult(name, prop.kind, prop.text, Verdict.INCOMPLETE, where)
        if self.declared:
            dead = [
                p for k, p in enumerate(prop.premises) if not any((name, k) in e.premises for *_, e in self.explored)
            ]
            empty = [p.note for p in dead if p.needed]
            if prop.term is b.TRUE and not empty:
                empty = ["it folds to true"]
            if empty:
                return PropertyResult(name, prop.kind, prop.text, Verdict.VACUOUS, where, note=empty[0])
            note = "; ".join(p.note for p in dead)
            return PropertyResult(name, prop.kind, prop.text, Verdict.OK, where, note=note)
        return PropertyResult(name, prop.kind, prop.text, Verdict.OK, where)

    def _witness(self, name: str, prop: Property) -> PropertyResult:
        where = str(prop.where or "")
        hit = self._shortest(name, lambda e: e.reached)
        if hit:
            return PropertyResult(name, prop.kind, prop.text, Verdict.REACHED, where, *hit)
        note = self._excuse(name, prop)
        if note or not self.declared:
            verdict = Verdict.UNREACHED if self.complete else Verdict.INCOMPLETE
            return PropertyResult(name, prop.kind, prop.text, verdict, where, note=note)
        return PropertyResult(name, prop.kind, prop.text, Verdict.VACUOUS, where, note="never reached")

    def _excuse(self, name: str, prop: Property) -> str:
        """Why a witness need not be reached by this run, or nothing."""
        if self.excused & {name, name.rsplit(".", 1)[-1]}:
            return "not expected at this preset"
        if prop.scenario and all(inst.scenario != prop.scenario for inst, _, _ in self.explored):
            return f"judged in scenario {prop.scenario}"
        for inst, _, _ in self.explored:
            have = dict(inst.bounds)
            if prop.scenario in ("", inst.scenario) and all(
                k not in have or not _smaller(have[k], v) for k, v in prop.bounds
            ):
                return ""
        return "judged at " + ", ".join(f"{k}={v}" for k, v in prop.bounds)

    def _never_reached(self) -> list[str]:
        """Labels, rules and source branches that no scenario reached."""
        wanted: dict[str, str] = {}
        seen: set[str] = set()
        for _, system, found in self.explored:
            for kind in system.kinds.values():
                targets = {leaf.target for a in kind.actions.values() for leaf in a.leaves if leaf.kind == "commit"}
                for pc, sites in enumerate(kind.sites):
                    if kind.hi < kind.lo or (pc == 0 and 0 not in targets) or (sites and "." in sites[-1].owner):
                        continue
                    label = "done" if pc == 0 else kind.actions[pc].step.label
                    key = f"{kind.name}: {label}"
                    place = f"{sites[-1].file}:{sites[-1].line}" if sites else ""
                    wanted.setdefault(key, f"step {label!r} of {kind.name} is never reached ({place})")
                    if (kind.name, pc) in found.labels:
                        seen.add(key)
            for name, rule in system.rules.items():
                wanted.setdefault(f"rule {name}", f"rule {name} is never taken ({rule.where})")
            seen |= {f"rule {n}" for n in found.rules}
            for branch, at in system.branches.items():
                wanted.setdefault(branch, f"the branch at {at} is never taken")
            seen |= found.branches
        return [line for key, line in wanted.items() if key not in seen]


def _smaller(have: Any, wanted: Any) -> bool:
    return bool(have < wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else have != wanted)


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

    Judged are the bugs of the model and of the components it embeds directly; deeper ones have a model of their own.
    """
    results = []
    explorer = engine_named(engine)
    for name, (component, bug) in all_bugs(instances(model)[0]).items():
        if "." in component._meta.path:
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
        system = trace(inst)
        known = [DEADLOCK, *system.properties]
        expected = tuple(_expected(p, component, known, model) for p in bug.broken())
        search = limits if bug.harmless else replace(limits, until=frozenset(expected))
        explored = explorer.explore(system, search)
        states += explored.states
        for violation in explored.violations.values():
            build(inst, system, violation, model.name)  # replayed, or it raises
            found[violation.name] = min(violation.length, found.get(violation.name, 10**9))
        if bug.harmless and explored.errors:
            note = next(iter(explored.errors))
        if search.until & set(found):
            break
        if explored.stopped:
            stopped = explored.stopped
            note = f"stopped at {stopped}"
        if explored.stopped == INTERRUPTED:
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
    system = trace(inst)
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
            {"name": n, "default": bound.default, "min": bound.min, "max": bound.max, "help": bound.help}
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

"""Verdicts: what the explorations of all scenarios say of each property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..language import build as b
from ..language.declare import LIVENESS
from ..language.instance import Instance, resolve
from ..language.system import Property, TransitionSystem
from .counterexample import build
from .report import Counterexample, PropertyResult, Report, Verdict
from .search import DEADLOCK, INTERRUPTED, Exploration

Explored = list[tuple[Instance, TransitionSystem, Exploration]]


def promised(system: TransitionSystem, inst: Instance) -> list[str]:
    """The liveness properties that are judged at this scenario and these bounds."""
    return [p.name for p in system.properties.values() if p.kind in LIVENESS and judged_at(p, inst)]


def judged_at(prop: Property, inst: Instance) -> bool:
    bounds = dict(inst.bounds)
    return prop.scenario in ("", inst.scenario) and all(bounds.get(k) == v for k, v in prop.bounds)


def _place(prop: Property) -> str:
    """``in scenario loop, at goroutines=2``."""
    bounds = ", ".join(f"{k}={v}" for k, v in prop.bounds)
    return ", ".join(filter(None, (prop.scenario and f"in scenario {prop.scenario}", bounds and f"at {bounds}")))


class Judge:
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
        self._forget_witnesses_from_elsewhere()
        self.complete = all(found.complete and found.cut != INTERRUPTED for _, _, found in explored)
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

    def _forget_witnesses_from_elsewhere(self) -> None:
        """Where the scenario that a witness names was explored, what another one reached does not count."""
        names = {inst.scenario for inst, _, _ in self.explored}
        for inst, system, found in self.explored:
            for name in [n for n in found.reached if n in system.properties]:
                wanted = system.properties[name].scenario
                if wanted in names and wanted != inst.scenario and wanted:
                    del found.reached[name]

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
        if prop.kind in LIVENESS:
            verdict, note = self._promise(name)
            return PropertyResult(name, prop.kind, prop.text, verdict, where, note=note)
        if not self.complete:
            return PropertyResult(name, prop.kind, prop.text, Verdict.INCOMPLETE, where)
        if self.declared and prop.own:
            dead = [
                p for k, p in enumerate(prop.premises) if not any((name, k) in e.premises for *_, e in self.explored)
            ]
            empty = [p.note for p in dead if p.needed]
            terms = [system.properties[name].term for _, system, _ in self.explored if name in system.properties]
            if not empty and terms and all(term is b.TRUE for term in terms):
                empty = ["it folds to true"]
            if empty:
                return PropertyResult(name, prop.kind, prop.text, Verdict.VACUOUS, where, note=empty[0])
            note = "; ".join(p.note for p in dead)
            return PropertyResult(name, prop.kind, prop.text, Verdict.OK, where, note=note)
        return PropertyResult(name, prop.kind, prop.text, Verdict.OK, where)

    def _promise(self, name: str) -> tuple[Verdict, str]:
        """What is said of liveness that was not violated, and why."""
        if self.safety_only:
            bounded = self.report.engine == "bmc"
            return Verdict.LEFT_OUT, "no liveness in so many steps" if bounded else "liveness is left out by --safety"
        hosts = [(inst, system.properties[name], e) for inst, system, e in self.explored if name in system.properties]
        judged = [e for inst, prop, e in hosts if judged_at(prop, inst)]
        if not judged:
            return Verdict.LEFT_OUT, f"judged {_place(hosts[0][1])}"
        missing = [e for e in judged if name not in e.open]
        if missing or not self.complete:
            cut = next((e.cut for e in missing if e.cut), None)
            if cut is None and any(e.errors for e in missing):
                return Verdict.INCOMPLETE, "not judged, as the model is wrong"
            return Verdict.INCOMPLETE, f"stopped at {cut}" if cut else ""
        if self.declared and hosts[0][1].own and not any(e.open[name] for e in judged):
            return Verdict.VACUOUS, "nothing is promised: no state has the premise without the conclusion"
        return Verdict.OK, ""

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
        return f"judged {_place(replace(prop, scenario=''))}"

    def _never_reached(self) -> list[str]:
        """Labels, rules and source branches that no scenario reached."""
        wanted: dict[str, str] = {}
        seen: set[str] = set()
        for _, system, found in self.explored:
            for kind in system.kinds.values():
                targets = {leaf.target for a in kind.actions.values() for leaf in a.leaves if leaf.kind == "commit"}
                for pc, sites in enumerate(kind.sites):
                    if kind.hi < kind.lo or (pc == 0 and 0 not in targets) or (sites and not sites[-1].own):
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

"""Whether liveness needs all the fairness that it assumes: each member is weakened in turn, which must break it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..language.declare import LIVENESS, Fairness
from ..language.errors import SpecError
from ..language.instance import Instance
from ..language.model import Model
from ..language.system import Property, TransitionSystem
from ..language.tracer import trace
from .check import DEFAULT_ENGINE, engine_named, instances
from .counterexample import build, reproduce
from .judge import judged_at
from .report import Counterexample, Verdict
from .search import INTERRUPTED, Exploration, Limits, Watch


@dataclass(frozen=True)
class AssumptionResult:
    """What becomes of a liveness property that holds where one member of its own fairness is weaker.

    ``needed``: it is violated in some scenario; None where a limit came first.
    """

    assumption: str  # the member as it is written
    weaker: str  # what stands in its place; nothing where it is dropped
    needed: bool | None
    counterexample: Counterexample | None  # a lasso that only the member forbids


@dataclass(frozen=True)
class AssumingResult:
    """A liveness property with fairness of its own: whether it holds, and if so what it needs of that.

    ``stopped`` is the limit that left something undecided, or nothing.
    """

    property: str
    scenarios: tuple[str, ...]  # where it is judged
    verdict: Verdict  # under its fairness as it is written: ok, violated or incomplete
    stopped: str
    counterexample: Counterexample | None  # where it is violated
    assumptions: tuple[AssumptionResult, ...]  # none where it is violated: what is weaker breaks it too


def assumptions(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    scenarios: list[str] | None = None,
    preset: str = "",
    limits: Limits | None = None,
    engine: str = DEFAULT_ENGINE,
    watch: Watch | None = None,
    target: str = "",
) -> list[AssumingResult]:
    """One result for each liveness property with ``under=[…]`` that is judged in these scenarios.

    ``target`` is how the command line names the model.  Raises SpecError where the model is wrong.
    """
    explorer = engine_named(engine)
    target = target or model.name
    judged: dict[str, list[_Judged]] = {}
    interrupted = False
    for inst in instances(model, bounds, scenarios, preset):
        system = trace(inst, every_kind=False)
        own = [p for p in system.properties.values() if p.kind in LIVENESS and p.under and judged_at(p, inst)]
        if not own:
            continue
        weaker = {p.name: list(variants(p)) for p in own}
        system.properties.update({v.prop.name: v.prop for found in weaker.values() for v in found})
        result = Exploration(stopped=INTERRUPTED)
        if not interrupted:
            names = [*weaker, *(v.prop.name for found in weaker.values() for v in found)]
            result = explorer.explore(system, limits or Limits(), watch, names)
        for error in result.errors.values():
            raise SpecError(
                f"the model is wrong: {error.text or error.name}",
                where=error.where,
                mend=f"{reproduce(inst, target, error)} shows how",
            )
        interrupted = INTERRUPTED in (result.stopped, result.cut)
        for name, found in weaker.items():
            judged.setdefault(name, []).append(_Judged(inst, system, result, found))
    return [_result(name, where, target) for name, where in judged.items()]


@dataclass(frozen=True)
class Variant:
    """A property with one member of its assumption weakened."""

    name: str
    member: Fairness
    weaker: str
    prop: Property


def variants(prop: Property) -> Iterator[Variant]:
    """``prop`` under each weaker fairness: weak for strong, none for weak."""
    under = prop.under or ()
    for k, member in enumerate(under):
        instead = (replace(member, strength="weak"),) if member.strength == "strong" else ()
        changed = replace(prop, name=f"{prop.name}:{k}", under=(*under[:k], *instead, *under[k + 1 :]))
        yield Variant(prop.name, member, "".join(map(str, instead)), changed)


@dataclass(frozen=True)
class _Judged:
    """A property in one scenario."""

    inst: Instance
    system: TransitionSystem
    result: Exploration
    variants: list[Variant]


def _result(name: str, where: Sequence[_Judged], target: str) -> AssumingResult:
    members: list[AssumptionResult] = []
    broken = _counterexample(name, where, target)
    if broken is None:
        for variant in where[0].variants:
            cex = _counterexample(variant.prop.name, where, target)
            if cex is not None:
                cex = replace(cex, property=name, reproduce=_reproduce(cex.reproduce))
            needed = True if cex else False if _settled(variant.prop.name, where) else None
            members.append(AssumptionResult(str(variant.member), variant.weaker, needed, cex))
    verdict = Verdict.VIOLATED if broken else Verdict.OK if _settled(name, where) else Verdict.INCOMPLETE
    open_ends = broken is None and any(m.needed is None for m in members)
    stopped = next((s for w in where for s in (w.result.stopped, w.result.cut) if s), "") if open_ends else ""
    return AssumingResult(name, tuple(w.inst.scenario for w in where), verdict, stopped, broken, tuple(members))


def _settled(name: str, where: Sequence[_Judged]) -> bool:
    return all(name in w.result.open for w in where)


def _counterexample(name: str, where: Sequence[_Judged], target: str) -> Counterexample | None:
    """The shortest over the scenarios, or None."""
    broken = [w for w in where if name in w.result.violations]
    if not broken:
        return None
    first = min(broken, key=lambda w: w.result.violations[name].length)
    return build(first.inst, first.system, first.result.violations[name], target)


def _reproduce(command: str) -> str:
    return command.replace("gomodel check", "gomodel fairness", 1) + " --lassos"


def to_json(result: AssumingResult) -> dict[str, Any]:
    """Plain data; counterexamples as in ``Report.to_json``."""
    data = asdict(result)
    found = (result.counterexample, *(a.counterexample for a in result.assumptions))
    for cex, shown in zip(found, (data, *data["assumptions"]), strict=True):
        if cex is not None:
            shown["counterexample"]["trace"] = cex.trace.to_json()
    return data

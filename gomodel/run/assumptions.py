"""Whether liveness needs all the fairness that it assumes: each member is weakened in turn, which must break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..language.declare import LIVENESS, Fairness
from ..language.instance import Instance
from ..language.model import Model
from ..language.system import Property
from ..language.tracer import trace
from .check import DEFAULT_ENGINE, engine_named, instances
from .counterexample import build
from .judge import judged_at
from .report import Counterexample
from .search import Exploration, Limits, Watch


@dataclass(frozen=True)
class AssumptionResult:
    """What becomes of a liveness property where one member of its own fairness is weaker.

    ``needed`` is None where a limit ended the search first.
    """

    property: str
    scenario: str
    assumption: str  # the member as it is written
    weaker: str  # what stands in its place; nothing where it is dropped
    needed: bool | None
    counterexample: Counterexample | None  # a lasso that only the member forbids


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
) -> list[AssumptionResult]:
    """One result for each member of each ``under=[…]`` that is judged in these scenarios, in the order of the spec."""
    explorer = engine_named(engine)
    found: list[AssumptionResult] = []
    for inst in instances(model, bounds, scenarios, preset):
        system = trace(inst)
        weaker = [
            variant
            for prop in system.properties.values()
            if prop.kind in LIVENESS and prop.under and judged_at(prop, inst)
            for variant in variants(prop)
        ]
        if not weaker:
            continue
        system.properties.update({v.prop.name: v.prop for v in weaker})
        names = [v.prop.name for v in weaker]
        result = explorer.explore(system, limits or Limits(), watch, names)
        for variant in weaker:
            cex = None
            if variant.prop.name in result.violations:
                cex = build(inst, system, result.violations[variant.prop.name], target or model.name)
                cex = replace(cex, property=variant.name, reproduce=_reproduce(cex.reproduce))
            found.append(_result(inst, variant, result, cex))
    return found


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


def _result(inst: Instance, variant: Variant, result: Exploration, cex: Counterexample | None) -> AssumptionResult:
    judged = variant.prop.name in result.open
    needed = None if not judged else cex is not None
    return AssumptionResult(variant.name, inst.scenario, str(variant.member), variant.weaker, needed, cex)


def _reproduce(command: str) -> str:
    return command.replace("gomodel check", "gomodel fairness", 1)


def to_json(result: AssumptionResult) -> dict[str, Any]:
    """Plain data; the counterexample as in ``Report.to_json``."""
    data = asdict(result)
    if result.counterexample is not None:
        data["counterexample"]["trace"] = result.counterexample.trace.to_json()
    return data

"""``gomodel diff``: two versions of a model, scenario by scenario."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.text import Text

from ..language.errors import UsageError
from ..language.instance import Instance
from ..language.model import Model
from ..language.tracer import trace
from ..run.check import instances
from ..run.search import Limits, Watch
from ..trace.page import Page
from .behaviour import NEW, OLD, Comparison, compare
from .difference_text import Side, comparison_line, divergence_lines
from .revisions import model_at


@dataclass
class VersionsCompared:
    """What ``gomodel diff`` found; ``lines`` is how it reads."""

    old: str
    new: str
    scenarios: dict[str, Comparison] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # scenario → the version that alone has it
    lines: list[Text] = field(default_factory=list)

    @property
    def differ(self) -> bool:
        return bool(self.missing) or any(c.found or c.old_only or c.new_only for c in self.scenarios.values())

    @property
    def complete(self) -> bool:
        return all(c.stopped is None for c in self.scenarios.values())

    def to_json(self) -> dict[str, Any]:
        found = []
        for name, comparison in self.scenarios.items():
            data = asdict(comparison)
            if comparison.found is not None:
                data["found"]["trace"] = comparison.found.trace.to_json()
            found.append({"scenario": name, **data})
        return {
            "schema": 1,
            "old": self.old,
            "new": self.new,
            "differ": self.differ,
            "complete": self.complete,
            "missing": self.missing,
            "scenarios": found,
        }


def compare_versions(
    old: str,
    new: str,
    bounds: dict[str, str],
    scenarios: list[str],
    preset: str,
    bugs: list[str],
    limits: Limits,
    watch: Watch | None,
    width: int,
) -> VersionsCompared:
    """Explore both versions together; raises UsageError where one of them is not there or has no such bounds."""
    result = VersionsCompared(old, new)
    page = Page(width)
    with ExitStack() as stack:  # a model of another revision can be read only within
        mine = _sides(stack.enter_context(model_at(old)), bounds, scenarios, preset, [])
        yours = _sides(stack.enter_context(model_at(new)), bounds, scenarios, preset, bugs)
        shortest: tuple[int, str] | None = None
        for name in dict.fromkeys((*mine, *yours)):
            if name not in mine or name not in yours:
                result.missing[name] = OLD if name in mine else NEW
                page.add(f"scenario {name}: only the {result.missing[name]} one has it", style="bold red")
                continue
            found = result.scenarios[name] = compare(mine[name][1], yours[name][1], limits, watch)
            page.add(comparison_line(name, found), style="bold red" if found.found else "")
            for side, fields in ((OLD, found.old_only), (NEW, found.new_only)):
                if fields:
                    page.add(f"  only the {side} one has, or has so: {', '.join(fields)}")
            if found.found and (shortest is None or len(found.found.trace) < shortest[0]):
                shortest = len(found.found.trace), name
        if shortest is not None:
            name = shortest[1]
            divergence = result.scenarios[name].found
            assert divergence is not None
            page.gap()
            page.lines += divergence_lines(divergence, {OLD: mine[name], NEW: yours[name]}, width=width)
    result.lines = page.lines
    return result


def _sides(
    model: type[Model], bounds: dict[str, str], scenarios: list[str], preset: str, bugs: list[str]
) -> dict[str, Side]:
    """Scenario → the instance and its transition system."""
    unknown = [name for name in bounds if name not in model.bounds()]
    if unknown:
        raise UsageError(f"one version of {model.name} has no bound {unknown[0]!r}")
    chosen: list[Instance] = instances(model, bounds, scenarios, preset)
    chosen = [inst.with_bugs(*bugs) if bugs else inst for inst in chosen]
    return {inst.scenario: (inst, trace(inst)) for inst in chosen}

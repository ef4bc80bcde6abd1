"""Comparing variants of one model: each scenario at the same bounds, and what each property says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..language.errors import UsageError
from ..language.model import Model
from .check import DEFAULT_ENGINE, check
from .report import SCHEMA, Exit, PropertyResult
from .search import INTERRUPTED, Limits, Watch


@dataclass(frozen=True)
class Row:
    """One scenario; ``cells`` are in the order of the columns, None where it has no such property."""

    scenario: str
    text: str
    bounds: dict[str, Any]
    states: int
    stopped: str  # the limit that ended the search, "" if none did
    error: str  # what is wrong with the model, "" if nothing
    cells: tuple[PropertyResult | None, ...]


@dataclass(frozen=True)
class ComparisonTable:
    """``columns`` are names of properties, each with its text in ``texts``."""

    model: str
    title: str  # first line of the model's docstring
    settings: dict[str, Any]  # the bounds that every row was given
    columns: tuple[str, ...]
    texts: dict[str, str]
    rows: tuple[Row, ...]

    @property
    def exit_code(self) -> int:
        """A violated property is a finding of the table, not a failure of the command."""
        if any(row.error for row in self.rows):
            return Exit.ERROR
        return Exit.INCOMPLETE if any(row.stopped for row in self.rows) else Exit.OK

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self), "exit_code": self.exit_code}


def compare(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    scenarios: list[str] | None = None,
    preset: str = "",
    limits: Limits | None = None,
    engine: str = DEFAULT_ENGINE,
    watch: Watch | None = None,
) -> ComparisonTable:
    """Check each scenario of ``model.comparison``, or those named, by itself; raises UsageError where there is none."""
    declared = model.comparison
    names = scenarios or list(declared.scenarios) or list(model.scenarios)
    if not names:
        raise UsageError(f"{model.name} has no scenarios to compare")
    wanted: dict[str, Any] = {**declared.bounds, **(bounds or {})}
    columns, rows, texts = list(declared.properties), [], {}
    for name in names:
        report = check(model, bounds=wanted, scenarios=[name], preset=preset, limits=limits, engine=engine, watch=watch)
        found = {p.name: p for p in report.properties if p.kind != "reachable"}
        if not declared.properties:
            columns += [n for n in found if n not in columns]
        texts.update({n: p.text for n, p in found.items()})
        result = report.scenarios[0]
        rows.append((result, report.errors[0].property if report.errors else "", found))
        if INTERRUPTED in (result.stopped, result.cut):
            break
    unknown = [c for c in columns if c not in texts]
    if unknown:
        raise UsageError(f"{model.name}.comparison names a property that does not exist: {unknown[0]}")
    return ComparisonTable(
        model.name,
        report.title,
        wanted,
        tuple(columns),
        {c: texts[c] for c in columns},
        tuple(
            Row(r.scenario, r.text, r.bounds, r.states, r.stopped or r.cut or "", error, tuple(map(found.get, columns)))
            for r, error, found in rows
        ),
    )

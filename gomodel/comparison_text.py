"""The table of ``gomodel table``: a line for each variant, and how soon it breaks what it does not keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from .report_text import show_bounds, show_value
from .run.comparison import ComparisonTable, Row
from .run.report import Exit, PropertyResult, Verdict
from .trace.page import Page

_HEADING = 14  # columns of a heading, which is broken at underscores
_STYLES = {Verdict.OK: "green", Verdict.VIOLATED: "bold red"}


def comparison_lines(table: ComparisonTable, target: str, *, width: int = 80) -> list[Text]:
    """The table, what its rows and columns are, and how to see a counterexample."""
    page = Page(width)
    page.add(table.title, prefix=Text(f"{table.model}: ", style="bold"))
    if _shared(table):
        page.add(show_bounds(_shared(table)), prefix="  the same in every row  ", style="dim")
    page.gap()
    page.lines += _grid(table)
    page.gap()
    for name in table.columns:
        page.add(table.texts[name], prefix=f"  {name}  ")
    page.gap()
    side = max(len(row.scenario) for row in table.rows)
    for row in table.rows:
        page.add(row.text, prefix=f"  {row.scenario:<{side}}  ")
    page.gap()
    page.add("A number is the length of a shortest counterexample, in steps; liveness, of a short one.  To see one:")
    settings = "".join(f" -b {n}={show_value(v)}" for n, v in table.settings.items())
    broken = [row for row in table.rows if any(c and c.verdict is Verdict.VIOLATED for c in row.cells)]
    page.add_verbatim(f"  gomodel check {target} --scenario {(broken or table.rows)[0].scenario}{settings}")
    if table.exit_code != Exit.OK:
        page.gap()
        page.add(Text(_verdict(table), style="bold yellow" if table.exit_code == Exit.INCOMPLETE else "bold red"))
    return page.lines


def _grid(table: ComparisonTable) -> list[Text]:
    headings = [_heading(name) for name in table.columns]
    height = max(map(len, headings), default=0)
    side = max(len(row.scenario) for row in table.rows)
    widths = [max(len(part) for part in (*heading, "model error")) for heading in headings]
    lines = []
    for i in range(height):
        parts = [h[i - height + len(h)] if i >= height - len(h) else "" for h in headings]
        lines.append(_line("", side, zip(parts, [""] * len(parts), widths, strict=True)))
    for row in table.rows:
        cells = [_cell(row, c) for c in row.cells]
        lines.append(_line(row.scenario, side, ((t, s, w) for (t, s), w in zip(cells, widths, strict=True))))
    return lines


def _line(name: str, side: int, cells: Iterable[tuple[str, str, int]]) -> Text:
    line = Text(f"  {name:<{side}}")
    for text, style, width in cells:
        line.append("   ")
        line.append(f"{text:<{width}}", style=style)
    line.rstrip()
    return line


def _heading(name: str) -> list[str]:
    """``nothing_in_use_is_freed`` in lines of at most ``_HEADING`` columns, broken behind underscores."""
    lines = [""]
    for word in name.replace("_", "_ ").split():
        if lines[-1] and len(lines[-1]) + len(word) > _HEADING:
            lines.append("")
        lines[-1] += word
    return lines


def _cell(row: Row, found: PropertyResult | None) -> tuple[str, str]:
    if row.error:
        return "model error", "bold red"
    if found is None:
        return "-", "dim"
    if found.verdict is Verdict.VIOLATED:
        return f"{found.length}", _STYLES[Verdict.VIOLATED]
    return ("holds" if found.verdict is Verdict.OK else str(found.verdict)), _STYLES.get(found.verdict, "yellow")


def _shared(table: ComparisonTable) -> dict[str, Any]:
    """The bounds that are the same in all rows."""
    first, *rest = (row.bounds for row in table.rows)
    return {n: v for n, v in first.items() if all(other.get(n) == v for other in rest)}


def _verdict(table: ComparisonTable) -> str:
    for row in table.rows:
        if row.error:
            return f"model error: {row.error}, in scenario {row.scenario}"
    cut = [row.scenario for row in table.rows if row.stopped]
    return f"incomplete: stopped at {next(r.stopped for r in table.rows if r.stopped)}: {', '.join(cut)}"

"""``gomodel list`` as text: what each model offers, from the same data as ``--json`` writes."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from .report_text import show_bounds, show_value
from .trace.page import Page


def description_lines(description: dict[str, Any], *, width: int = 80) -> list[Text]:
    """One model as ``gomodel.run.check.describe`` gives it."""
    page = Page(width)
    page.add(description["title"], prefix=Text(f"{description['name']}: ", style="bold"))
    follows = ", ".join(filter(None, (description["go"], *description["source"])))
    if follows:
        page.add(follows, prefix=_heading("follows"))
    for bound in description["bounds"]:
        page.add(_bound(bound), prefix=_heading("bound"))
    for scenario in description["scenarios"]:
        page.add(_scenario(scenario), prefix=_heading("scenario"))
    for section in ("presets", "properties", "witnesses", "bugs"):
        if description[section]:
            page.add(", ".join(entry["name"] for entry in description[section]), prefix=_heading(section))
    return page.lines


def _heading(text: str) -> Text:
    return Text(f"  {text:<12}", style="dim")


def _bound(bound: dict[str, Any]) -> str:
    low, high = bound["min"], bound["max"]
    limits = (
        f" ({'…' if low is None else low} to {'…' if high is None else high})" if (low, high) != (None, None) else ""
    )
    if bound["one_of"]:
        limits = f" ({', '.join(bound['one_of'])})"
    tail = f": {bound['help']}" if bound["help"] else ""
    return f"{bound['name']}={show_value(bound['default'])}{limits}{tail}"


def _scenario(scenario: dict[str, Any]) -> str:
    optional = "" if scenario["default"] else " (only when asked for)"
    bounds = f" [{show_bounds(scenario['bounds'])}]" if scenario["bounds"] else ""
    return f"{scenario['name']}{optional}: {scenario['text']}{bounds}"

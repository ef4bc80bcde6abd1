"""The stored traces as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from ..language.errors import short_path
from ..run.search import RUN
from .page import Page
from .store import Stored


def listing_lines(traces: Sequence[Stored], *, width: int = 80) -> list[Text]:
    """One trace a row: its id, when it was stored, how long it is, of which model, and what it shows."""
    page = Page(width)
    if not traces:
        page.add("no trace is stored here; `gomodel check` stores what it finds")
    for stored in traces:
        head = Text.assemble((stored.id, "bold"), f"  {_when(stored)}  {_length(stored):>9}  ")
        page.add(_what(stored), prefix=head)
    return page.lines


def row(stored: Stored) -> dict[str, Any]:
    """One trace as ``--json`` has it."""
    return {**stored.to_json(), "id": stored.id, "file": short_path(str(stored.path)), "length": len(stored.trace)}


def _when(stored: Stored) -> str:
    assert stored.path is not None
    return f"{datetime.fromtimestamp(stored.path.stat().st_mtime):%Y-%m-%d %H:%M}"


def _length(stored: Stored) -> str:
    steps = len(stored.trace)
    return f"{steps} step{'' if steps == 1 else 's'}"


def _what(stored: Stored) -> str:
    shows = {RUN: "an execution", "reachable": f"reaches {stored.property}"}.get(stored.kind, stored.property)
    where = f", scenario {stored.scenario}" if stored.scenario else ""
    bugs = f", bug {', '.join(stored.bugs)}" if stored.bugs else ""
    return f"{stored.model}: {shows}{where}{bugs}"

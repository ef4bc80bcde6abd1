"""The steps, one a row, with a lane for every process."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from ..lanes import BLOCKED, Lanes
from ..page import Page
from ..show import title
from ..steps import add_notes
from .rows import Rows
from .timeline import Timeline, printable
from .view import BAD, GOOD, View, change_words, words

_NUMBER = 5  # columns
_LABEL = 24  # columns for labels, at most: what changed stands behind them


@dataclass(frozen=True)
class _Row:
    position: int | None  # None of a note
    note: Text | None = None


class StepRows(Rows):
    """The steps of an execution; the picked one is where one stands."""

    class Beyond(Message):
        """The user goes on behind the last step, or before the first."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: list[_Row] = []
        self.view: View | None = None
        self.lanes: Lanes | None = None
        self.label = 0  # columns

    def show(self, view: View) -> None:
        if self.view is None or self.view.timeline is not view.timeline:
            self.lanes = Lanes(view.timeline.cex)
            self.label = min(_LABEL, max((len(step.label) for step in view.timeline.cex.steps), default=0))
        self.view = view
        self.rows = _rows(view)
        at = next(i for i, row in enumerate(self.rows) if row.position == view.position)
        self.fill(len(self.rows), at)
        if view.position == view.timeline.end:
            self.see(self.count - 1)

    def position(self, index: int) -> int:
        """The position that a row stands for."""
        found = self.rows[index].position
        assert found is not None
        return found

    def pickable(self, index: int) -> bool:
        return index < len(self.rows) and self.rows[index].position is not None

    def beyond(self, by: int) -> None:
        self.post_message(self.Beyond(by))

    def line(self, index: int) -> Text:
        row = self.rows[index]
        if row.position is None:
            return Text.assemble(" " * (_NUMBER + 3), row.note or "")
        assert self.view is not None
        mark = "▶" if row.position == self.view.position else "•" if row.position in self.view.hits else " "
        head = Text.assemble((mark, "bold"), (f"{row.position:>{_NUMBER - 1}}  ", "dim"))
        return Text.assemble(
            head, self._lanes(self.view, row.position), " ", _what(self.view, row.position, self.label)
        )

    def _lanes(self, view: View, k: int) -> Text:
        assert self.lanes is not None
        step, text = view.timeline.step(k), Text()
        for name, sign, width in zip(self.lanes.names, self.lanes.signs(step), self.lanes.widths, strict=True):
            hue = view.hue(name)
            acts = step is not None and name == step.actor
            style = f"bold {hue}" if acts else "dim" if sign == BLOCKED else f"dim {hue}"
            text.append(f"{sign:<{width}}", style=style)
        return text


def _rows(view: View) -> list[_Row]:
    """The steps that pass the filters, and what there is to say between them."""
    rows = []
    hidden: list[int] = []
    notes = _notes(view.timeline)
    for k in range(view.timeline.end + 1):
        if view.shows(k):
            rows += _hidden(hidden)
            rows.append(_Row(k))
            hidden = []
        else:
            hidden.append(k)
        if k in notes or k in view.left:
            rows += _hidden(hidden)
            hidden = []
            rows += [_Row(None, note) for note in notes.get(k, ())]
            rows += [_Row(None, Text("you left the path here; u goes back", style="italic"))] * (k in view.left)
    return rows + _hidden(hidden) + [_Row(None, note) for note in _ending(view.timeline)]


def _hidden(steps: list[int]) -> list[_Row]:
    if not steps:
        return []
    return [_Row(None, Text(f"… {len(steps)} step{'s' if len(steps) > 1 else ''} hidden", style="dim italic"))]


def _notes(timeline: Timeline) -> dict[int, list[Text]]:
    """Where a promise stays open, and where a cycle begins."""
    cex = timeline.cex
    found = {}
    for k in {mark for mark in (cex.since, cex.trace.cycle) if mark is not None}:
        page = Page(200)
        add_notes(page, [cex], k)
        found[k] = [Text(printable(line.plain), style=BAD) for line in page.lines if line.plain]
    return found


def _ending(timeline: Timeline) -> list[Text]:
    cex = timeline.cex
    lines = []
    if cex.trace.cycle is not None and cex.trace.cycle < timeline.end:
        behind = f"step {cex.trace.cycle}" if cex.trace.cycle else "the start"
        lines.append(Text(f"↺ as behind {behind}: it goes on with step {cex.trace.cycle + 1}", style=BAD))
    if timeline.violated:
        lines.append(words(title(cex), BAD))
    elif cex.kind == "reachable":
        lines.append(words(title(cex), f"bold {GOOD}"))
    return lines


def _what(view: View, k: int, label: int) -> Text:
    """The label of a step and what it chose, ``label`` columns wide; how it failed, and what it changed."""
    step = view.timeline.step(k)
    if step is None:
        return Text("the initial state", style="italic")
    relevant = view.timeline.relevant
    text = words(step.label, "" if relevant is None else "bold" if k in relevant else "dim")
    if step.choices:
        text.append_text(words(f", {', '.join(map(str, step.choices))}", "italic"))
    text.append(" " * (label - text.cell_len))
    if step.failed:
        text.append_text(words(f"   fails: {step.failed}", BAD))
    if breaks := view.timeline.breaks(k):
        text.append_text(words(f"   violates {', '.join(breaks)}", BAD))
    for i, change in enumerate(step.changes):
        text.append("; " if i else "   ")
        text.append_text(change_words(change.variable, change.old, change.new, dim="dim"))
    return text


class StepsPane(Vertical):
    """The names of the lanes, and the steps below them."""

    def compose(self) -> ComposeResult:
        yield Static(id="lanes", markup=False)
        yield StepRows(id="rows")

    @property
    def rows(self) -> StepRows:
        return self.query_one(StepRows)

    def show(self, view: View) -> None:
        rows = self.rows
        rows.show(view)
        assert rows.lanes is not None
        heads = [Text.assemble(" " * (_NUMBER + 2), words(head, "bold")) for head in rows.lanes.heading()]
        self.query_one("#lanes", Static).update(Text("\n").join(heads[: max(1, self.size.height // 3)]))

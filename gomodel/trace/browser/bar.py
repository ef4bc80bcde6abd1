"""The names of the panes in a row, where there is room for one pane only."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.content import Content
from textual.widgets import Static


class PaneBar(Static):
    """Shows which pane is seen; a click on another one shows that."""

    def __init__(self, names: Mapping[str, str], *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self.names = names
        self._spans: list[tuple[int, int, str]] = []

    def show(self, active: str, note: str = "") -> None:
        """Mark the pane that is seen; ``note`` stands at the right, where there is room."""
        text, self._spans = Content(""), []
        for i, (name, shown) in enumerate(self.names.items(), 1):
            cell = f" {i} {shown} "
            self._spans.append((text.cell_length, text.cell_length + len(cell), name))
            text += Content(cell).stylize("bold reverse") if name == active else Content(cell)
        room = self.content_size.width - text.cell_length
        if len(note) < room:
            text += Content(f"{note:>{room}}")
        self.update(text)

    async def on_click(self, event: events.Click) -> None:
        x = event.x - self.gutter.left
        for first, behind, name in self._spans:
            if first <= x < behind:
                await self.app.run_action(f"pane('{name}')")

"""The whole state as a tree, with what the last step changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from ...run.report import Change
from .rows import Rows
from .timeline import prefixes
from .view import CHANGED, View, words


@dataclass(frozen=True)
class _Node:
    path: str
    depth: int
    name: str  # the last part of the path
    value: str | None  # None of a group


class StatePane(Rows):
    """A row for every field and for every group of them; groups can be folded."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "fold", show=False)]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.folded: set[str] = set()
        self.nodes: list[_Node] = []
        self.changes: dict[str, Change] = {}
        self.view: View | None = None

    def show(self, view: View) -> None:
        moved = self.view is None or (self.view.timeline, self.view.position) != (view.timeline, view.position)
        picked = self.nodes[self.at].path if self.at < len(self.nodes) else ""
        self.view = view
        self.changes = view.timeline.changes(view.position)
        self.nodes = [n for n in _tree(view.timeline.cells(view.position)) if not self._hidden(n.path)]
        paths = [node.path for node in self.nodes]
        changed = [i for i, path in enumerate(paths) if self._changes(path)]
        if moved and changed:
            at = changed[0] if self.nodes[changed[0]].value is not None else changed[-1]
        else:
            at = paths.index(picked) if picked in paths else 0
        self.fill(len(self.nodes), at)

    def reveal(self) -> None:
        """The picked row, what else changed below it, and the groups that it is in, as far as there is room."""
        if not (self.nodes and self.is_mounted):
            return
        room, path = max(1, self.size.height), self.nodes[self.at].path
        last = max((i for i, node in enumerate(self.nodes) if self._changes(node.path)), default=self.at)
        above = [i for i in range(self.at) if self.nodes[i].path in prefixes(path)]
        self.see(max(self.at, min(last, self.at + room - 1)))
        self.see(next((i for i in above if self.at - i < room), self.at))
        self.see(self.at)

    def _hidden(self, path: str) -> bool:
        return any(prefix in self.folded for prefix in prefixes(path)[:-1])

    def _changes(self, path: str) -> bool:
        """Whether a value changed that this row stands for."""
        if path in self.folded:
            return any(path in prefixes(name) for name in self.changes)
        return path in self.changes

    def picked(self) -> str:
        """The path of the picked row."""
        return self.nodes[self.at].path if self.nodes else ""

    def line(self, index: int) -> Text:
        node, view = self.nodes[index], self.view
        assert view is not None
        ghost = any(prefix in view.timeline.ghosts for prefix in prefixes(node.path))
        quiet = "dim" if ghost else ""
        sign = "*" if self._changes(node.path) else " "
        text = Text.assemble((f"{sign} ", CHANGED), "  " * node.depth)
        if node.value is None:
            folded = node.path in self.folded
            text.append_text(Text.assemble(("▸ " if folded else "▾ ", "dim"), words(node.name, quiet)))
            if folded:
                size = sum(node.path in prefixes(cell) for cell in view.timeline.cells(view.position))
                text.append(f"  {size} values", style="dim")
            return text
        text.append_text(words(f"  {node.name} = ", quiet))
        change = self.changes.get(node.path)
        if change:
            text.append_text(Text.assemble(words(change.old), (" → ", "dim"), words(change.new, CHANGED)))
        else:
            text.append_text(words(node.value, quiet or "bold"))
        if ghost and node.path in view.timeline.ghosts:
            text.append("  ghost", style="dim italic")
        return self._with_last(text, node.path, view)

    def _with_last(self, text: Text, path: str, view: View) -> Text:
        """The last step that changed a value, at the right edge where there is room."""
        last = view.timeline.last_change(path, view.position)
        said = f"step {last}" if last and last != view.position else ""
        room = self.scrollable_content_region.width - text.cell_len - len(said) - 1
        if said and room >= 2:
            text.append(" " * room + said, style="dim")
        return text

    def action_fold(self) -> None:
        """Fold a group, or the one that a value is in."""
        if self.view is None or not self.nodes:
            return
        node = self.nodes[self.at]
        path = node.path if node.value is None else next(iter(prefixes(node.path)[-2:-1]), "")
        if path:
            self.folded ^= {path}
            self.show(self.view)
            self.pick(next((i for i, n in enumerate(self.nodes) if n.path == path), self.at))


def _tree(cells: dict[str, str]) -> Iterator[_Node]:
    """Groups with their values behind them, in the order in which they come first."""
    below: dict[str, dict[str, None]] = {"": {}}
    for name in cells:
        above = ""
        for path in prefixes(name):
            below.setdefault(above, {})[path] = None
            above = path
    yield from _nodes("", 0, below, cells)


def _nodes(group: str, depth: int, below: dict[str, dict[str, None]], cells: dict[str, str]) -> Iterator[_Node]:
    for path in below[group]:
        name = path[len(group) :].removeprefix(".")
        if path in below:
            yield _Node(path, depth, name, None)
            yield from _nodes(path, depth + 1, below, cells)
        if path in cells:
            yield _Node(path, depth, name, cells[path])

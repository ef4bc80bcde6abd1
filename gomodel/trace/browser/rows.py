"""Lines in a box that scrolls: only those that are seen are made, so there may be many."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

_AROUND = 2  # rows above and below the picked one that are seen too


class Rows(ScrollView, can_focus=True):
    """``count`` lines, which a subclass makes; one of them is picked where ``picks``."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--picked", "rows--picked-elsewhere"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("right", "app.go(1)", show=False),
        Binding("left", "app.go(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "jump(False)", show=False),
        Binding("end", "jump(True)", show=False),
        Binding("enter", "choose", show=False),
    ]
    picks = True
    wide = False  # whether lines may be wider than the box, which then scrolls sideways

    class Picked(Message):
        """Another row was picked by the user."""

        def __init__(self, rows: Rows, index: int) -> None:
            super().__init__()
            self.rows, self.index = rows, index

    class Chosen(Picked):
        """Enter was pressed on a row, or it was clicked twice."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.count = 0
        self.at = 0

    def line(self, index: int) -> Text:
        """Row ``index``."""
        raise NotImplementedError

    def pickable(self, index: int) -> bool:
        """Whether row ``index`` is more than a heading."""
        return True

    def fill(self, count: int, at: int = 0, width: int = 0) -> None:
        """Show ``count`` rows, with row ``at`` picked and in sight."""
        self.count = count
        self.virtual_size = Size(width if self.wide else 0, count)
        self.pick(at)
        self.refresh()

    def pick(self, index: int) -> None:
        """Pick a row without telling anybody."""
        self.at = max(0, min(index, self.count - 1))
        self.reveal()
        self.refresh()

    def reveal(self) -> None:
        """Bring what matters into sight: the picked row, and some around it."""
        if self.picks and self.is_mounted:
            self.see(min(self.at + _AROUND, self.count - 1))
            self.see(max(self.at - _AROUND, 0))
            self.see(self.at)

    def on_resize(self) -> None:
        self.reveal()

    def see(self, index: int, *, centre: bool = False) -> None:
        """Scroll until row ``index`` is in sight."""
        region = Region(0, index, max(1, self.scrollable_content_region.width), 1)
        self.scroll_to_region(region, animate=False, center=centre, force=True, x_axis=False)

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        width = self.scrollable_content_region.width
        index = y + top
        if index >= self.count:
            return Strip.blank(width, self.rich_style)
        text = self.line(index)
        text.stylize_before(text.style)  # rendering leaves it to a console to add it
        if not self.wide:
            text.truncate(width, overflow="ellipsis")
        strip = Strip(text.render(self.app.console)).crop(x, x + width).extend_cell_length(width)
        if self.picks and index == self.at and self.pickable(index):
            name = "rows--picked" if self.has_focus else "rows--picked-elsewhere"
            return strip.apply_style(self.rich_style + self.get_component_rich_style(name))
        return strip.apply_style(self.rich_style)

    # --- keys and mouse --------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        if not self.picks:
            self.scroll_relative(y=by, animate=False)
            return
        index = self.at + by
        while 0 <= index < self.count and not self.pickable(index):
            index += by
        if 0 <= index < self.count:
            self._tell(index)
        else:
            self.beyond(by)

    def beyond(self, by: int) -> None:
        """The user wants to go on behind the last row, or before the first."""

    def action_page(self, by: int) -> None:
        rows = max(1, self.scrollable_content_region.height - 1)
        if not self.picks:
            self.scroll_relative(y=by * rows, animate=False)
            return
        self._nearest(self.at + by * rows, -by)

    def action_jump(self, last: bool) -> None:
        if not self.picks:
            self.scroll_to(y=self.count if last else 0, animate=False)
            return
        self._nearest(self.count - 1 if last else 0, -1 if last else 1)

    def _nearest(self, index: int, by: int) -> None:
        """Pick row ``index``, or the next one in a direction that can be picked."""
        index = max(0, min(index, self.count - 1))
        while 0 <= index < self.count:
            if self.pickable(index):
                self._tell(index)
                return
            index += by

    def action_choose(self) -> None:
        if self.picks and self.at < self.count and self.pickable(self.at):
            self.post_message(self.Chosen(self, self.at))

    def on_click(self, event: events.Click) -> None:
        index = event.y - self.gutter.top + self.scroll_offset.y
        if self.picks and 0 <= index < self.count and self.pickable(index):
            self._tell(index)
            if event.chain > 1:
                self.action_choose()

    def _tell(self, index: int) -> None:
        self.pick(index)
        self.post_message(self.Picked(self, self.at))

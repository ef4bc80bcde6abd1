"""What the browser asks for: one of several things, or a line of text; and its help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from .rows import Rows
from .timeline import printable


class _Items(Rows):
    """Rows of a chooser, made when they are seen."""

    def __init__(self, describe: Callable[[int], Text]) -> None:
        super().__init__(id="items")
        self.describe = describe
        self.shown: list[int] = []

    def line(self, index: int) -> Text:
        return Text.assemble("  ", self.describe(self.shown[index]))


class Chooser(ModalScreen[int | None]):
    """Pick one of ``names`` by its number; what is typed leaves those that contain it.  None where nothing is picked.

    ``describe`` is how one is shown, its name if it is not given.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back"),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def __init__(
        self, heading: str, names: Sequence[str], describe: Callable[[int], Text] | None = None, at: int = 0
    ) -> None:
        super().__init__()
        self.heading, self.names, self.start = heading, names, at
        self.describe = describe or (lambda i: Text(printable(names[i])))

    def compose(self) -> ComposeResult:
        with Vertical(id="chooser") as box:
            box.border_title = Content(printable(self.heading))
            box.border_subtitle = Content("type to filter · Enter picks · Esc leaves")
            yield Input(placeholder="filter")
            yield _Items(self.describe)

    def on_mount(self) -> None:
        self._filter("")
        self.query_one(_Items).pick(self.start)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    def _filter(self, text: str) -> None:
        items = self.query_one(_Items)
        wanted = text.casefold()
        items.shown = [i for i, name in enumerate(self.names) if wanted in name.casefold()]
        items.fill(len(items.shown))

    def action_move(self, by: int) -> None:
        self.query_one(_Items).action_move(by)

    def action_page(self, by: int) -> None:
        self.query_one(_Items).action_page(by)

    def on_input_submitted(self) -> None:
        items = self.query_one(_Items)
        if items.shown:
            self.dismiss(items.shown[items.at])

    def on_rows_chosen(self) -> None:
        self.on_input_submitted()


class Prompt(ModalScreen[str | None]):
    """A line of text below everything else; None where it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "back")]

    def __init__(self, sign: str, text: str = "") -> None:
        super().__init__()
        self.sign, self.text = sign, text

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield Static(Content(self.sign), id="sign")
            yield Input(self.text, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


HELP = (
    ("Moving", ""),
    ("↓ ↑ j k", "the next and the previous row"),
    ("→ ← l h", "a step forward and back, from any pane"),
    ("PgDn PgUp Home End", "further"),
    ("g", "to a step by its number"),
    ("Tab, 1 to 5", "to the next pane, to one of them"),
    ("Looking", ""),
    ("/ then n N", "search labels, variables, values, Go files"),
    ("v then ] [", "choose a variable; its next and previous change"),
    ("Enter on the state", "choose that variable, or that group of them"),
    ("Space on the state", "fold and unfold"),
    ("p", "only the steps of one process"),
    ("d", "only the steps that the violation depends on"),
    ("Esc", "no filter, no search, back to the steps"),
    ("Going elsewhere", ""),
    ("4 then Enter", "take a step that is possible, go on from there"),
    ("u", "back to the path that was left"),
    ("s", "store this path among the traces"),
    ("Signs", ""),
    ("●  ○", "a step: the violation depends on it, or not"),
    ("│  ┊", "could step, is blocked"),
    ("▶  •", "where you are, what you look for"),
)


class Help(ModalScreen[None]):
    """The keys and signs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "back")]

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as box:
            box.border_title = Content("keys")
            yield _HelpRows(id="keys")


class _HelpRows(Rows):
    picks = False

    def on_mount(self) -> None:
        self.fill(len(HELP))
        self.focus()

    def line(self, index: int) -> Text:
        keys, text = HELP[index]
        return Text.assemble((f"  {keys:<20}", "bold #e5c07b"), text) if text else Text(keys, style="bold underline")

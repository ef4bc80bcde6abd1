"""The panes beside the steps: the step itself, the Go source around it, what could happen next, and why it failed."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from rich.syntax import Syntax
from rich.text import Span, Text

from ...language.system import DONE
from ...run.search import RUN
from ..playback import Option
from ..show import title, violated_lines
from ..steps import step_lines
from .rows import Rows
from .timeline import printable
from .view import BAD, CHANGED, GOOD, View, change_words, move_words, words

_MOVE = 36  # columns for a step that is possible, at most: what it changes stands behind it


class TextPane(Rows):
    """Lines to read."""

    picks = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.lines: list[Text] = []
        self.view: View | None = None

    def line(self, index: int) -> Text:
        return self.lines[index].copy()

    @property
    def columns(self) -> int:
        return max(20, self.scrollable_content_region.width)

    def show(self, view: View) -> None:
        moved = self.view is None or (self.view.timeline, self.view.position) != (view.timeline, view.position)
        self.view = view
        self.lines = [_safe(line) for line in self.made(view)]
        self.fill(len(self.lines), width=max((line.cell_len for line in self.lines), default=0))
        if moved:
            self.scroll_home(animate=False, force=True, immediate=True)

    def made(self, view: View) -> list[Text]:
        """The lines for a view, ``columns`` wide."""
        raise NotImplementedError

    def on_resize(self) -> None:
        if self.view is not None:
            self.show(self.view)
            self.reveal()


def _safe(line: Text) -> Text:
    """The same with every character printable; all stay one character long, so that styles stay in place."""
    line.plain = printable(line.plain)
    return line


# --- the step, and the processes behind it ---------------------------------------------------------------------------


class StepPane(TextPane):
    """What the step did, and where every process stands behind it."""

    def made(self, view: View) -> list[Text]:
        timeline, k = view.timeline, view.position
        lines = []
        if timeline.step(k) is None:
            lines.append(Text("the initial state", style="bold"))
            lines += [
                Text.assemble("  ", change.variable, " = ", (change.new, "bold")) for change in timeline.cex.initial
            ]
        else:
            lines += step_lines(timeline.cex, k, width=self.columns)
            actor = timeline.cex.steps[k - 1].actor
            lines[0].stylize(f"bold {view.hue(actor)}", 0, len(actor))
        if k == timeline.end and timeline.cex.kind != RUN:
            style = BAD if timeline.violated else f"bold {GOOD}"
            lines += [Text(), *Text(title(timeline.cex), style=style).wrap(self.app.console, self.columns)]
        if timeline.has_state(k):
            lines += [Text(), *_processes(view)]
        return lines


def _processes(view: View) -> list[Text]:
    """Name, label, whether it can step, and where it is in Go."""
    run, k = view.timeline.run, view.position
    wide = max((len(name) for name, _ in run.standing[k]), default=0)
    lines = []
    for name, label in run.standing[k]:
        place = f'{name} at "{label}"'
        blocked = place in run.blocked[k]
        style = "dim" if label == DONE else "" if blocked else "bold"
        text = Text.assemble((f"{name:<{wide}}  ", f"bold {view.hue(name)}"), (label, style))
        if blocked:
            guard = run.guards.get(place)
            text.append(f"  ┊ blocked{f' until {guard}' if guard else ''}", style="dim")
        elif label != DONE and run.next_go[k].get(name):
            text.append(f"  {', '.join(run.next_go[k][name])}", style="dim")
        lines.append(text)
    return lines


# --- Go --------------------------------------------------------------------------------------------------------------


class GoPane(TextPane):
    """The Go source around the step, or around one that could be taken."""

    wide = True
    _CONTEXT = 60  # lines, above and below

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.places: tuple[str, ...] = ()
        self.heading = ""

    def show_places(self, view: View, places: tuple[str, ...], heading: str) -> None:
        """The source of ``places``, under the words ``heading``."""
        self.places, self.heading = places, heading
        self.show(view)
        self.reveal()

    def reveal(self) -> None:
        """The line of the step."""
        marked = next((i for i, line in enumerate(self.lines) if line.plain.startswith("▶")), 0)
        if self.is_mounted:
            self.see(marked, centre=True)

    def made(self, view: View) -> list[Text]:
        head = Text(self.heading, style="bold")
        if not self.places:
            return [head, Text("no line of Go: this step is the model's own", style="dim")]
        if view.source.root is None:
            lines = [Text.assemble((place, CHANGED)) for place in self.places]
            missing = Text(f"not shown: {view.source.missing}", style="dim")
            return [head, *lines, *missing.wrap(self.app.console, self.columns)]
        groups = _near(self.places)
        around = self._CONTEXT if len(groups) == 1 else max(2, self.size.height // (2 * len(groups)) - 1)
        lines = []
        for group in groups:
            lines += [Text(), *self._excerpt(view, group, around)] if lines else self._excerpt(view, group, around)
        return lines

    def _excerpt(self, view: View, places: list[str], around: int) -> list[Text]:
        """The source around some lines of one file."""
        at = {_number(place) for place in places}
        found = view.source.excerpt(places[0], around, around + max(at) - min(at))
        if found is None:
            return [Text(f"{place}: {view.source.version} has no such line", style=BAD) for place in places]
        function = f", {found.function}" if found.function else ""
        lines = [] if len(places) == len(self.places) else [Text.assemble((places[0], CHANGED), (function, "bold"))]
        for number, coloured in enumerate(_coloured(found.lines), found.first):
            here, line = number in at, coloured.copy()
            head = Text.assemble(("▶" if here else " ", CHANGED), (f"{number:>5} ", CHANGED if here else "dim"))
            if here:
                line.stylize("bold on #3b4252")
            lines.append(head + line)
        return lines

    def title(self, view: View) -> str:
        """The place, for the pane's title."""
        found = view.source.excerpt(self.places[0], 0, 0) if len(_near(self.places)) == 1 else None
        return f"{', '.join(self.places)}{f' {found.function}' if found and found.function else ''}"


_NEAR = 12  # lines: places of a file that are no further apart are shown together


def _near(places: tuple[str, ...]) -> list[list[str]]:
    """The places, those that are near each other together."""
    groups: list[list[str]] = []
    for place in sorted(places, key=lambda place: (place.rpartition(":")[0], _number(place))):
        last = groups[-1][-1] if groups else ""
        same = last.rpartition(":")[0] == place.rpartition(":")[0]
        if groups and same and _number(place) - _number(last) <= _NEAR:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _number(place: str) -> int:
    """The line of ``runtime/proc.go:3230``; 0 where none is named."""
    number = place.rpartition(":")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0


@lru_cache(maxsize=64)
def _coloured(lines: tuple[str, ...]) -> list[Text]:
    """The lines as Go is usually coloured."""
    text = Syntax("", "go", theme="nord-darker").highlight("\n".join(lines))
    text = Text(text.plain, spans=[Span(s.start, s.end, _foreground(s.style)) for s in text.spans])
    found = list(text.split("\n", allow_blank=True))
    return [*found, *[Text()] * (len(lines) - len(found))]


def _foreground(style: str | Style) -> Style:
    found = Style.parse(style) if isinstance(style, str) else style
    return Style(color=found.color, bold=found.bold, italic=found.italic)


# --- what could happen -----------------------------------------------------------------------------------------------


class NextPane(Rows):
    """The steps that are possible where one stands: Enter takes one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.options: list[Option] | None = None
        self.column = 0  # where what a step changes begins
        self.view: View | None = None

    def show(self, view: View, *, again: bool = False) -> None:
        """``again`` where the options have become known since it was shown last."""
        moved = again or self.view is None or (self.view.timeline, self.view.position) != (view.timeline, view.position)
        self.view = view
        self.options = view.timeline.known_options(view.position)
        taken = view.timeline.taken(view.position)
        at = next((i for i, option in enumerate(self.options or ()) if option.move == taken), 0)
        moves = (move_words(option.move, "").cell_len for option in self.options or ())
        self.column = min(_MOVE, max(moves, default=0))
        self.fill(len(self.options or ()) or 1, at if moved else self.at)

    def pickable(self, index: int) -> bool:
        return bool(self.options) and index < len(self.options or ())

    def option(self) -> Option | None:
        """The picked one."""
        return self.options[self.at] if self.options and self.at < len(self.options) else None

    def line(self, index: int) -> Text:
        assert self.view is not None
        if self.options is None:
            return Text("  …", style="dim")
        if not self.options:
            return self._nothing(self.view)
        option = self.options[index]
        taken = option.move == self.view.timeline.taken(self.view.position)
        move = move_words(option.move, self.view.hue(option.move.actor))
        move.append(" " * (self.column - move.cell_len))
        text = Text.assemble(("▶ " if taken else "  ", "bold"), move)
        if option.failed:
            text.append_text(words(f"   fails: {option.failed}", BAD))
        if option.breaks:
            text.append_text(words(f"   violates {', '.join(option.breaks)}", BAD))
        for i, change in enumerate(option.changes):
            text.append("; " if i else "   ")
            text.append_text(change_words(change.variable, change.old, change.new, dim="dim"))
        return text

    def _nothing(self, view: View) -> Text:
        if not view.timeline.has_state(view.position):
            return Text("  the execution ends here: the step failed", style=BAD)
        if all(label == DONE for _, label in view.timeline.run.standing[view.position]):
            return Text("  nothing: all are done")
        return Text("  nothing: nobody can step", style=BAD)


# --- why -------------------------------------------------------------------------------------------------------------


class WhyPane(TextPane):
    """What is violated, why the execution is fair, and the values of the property's parts."""

    def made(self, view: View) -> list[Text]:
        cex = view.timeline.cex
        if cex.kind == RUN:
            return [Text("nothing is violated here: this is an execution", style="dim")]
        return [Text(f"after step {view.timeline.end}", style="dim"), *violated_lines(cex, width=self.columns)]

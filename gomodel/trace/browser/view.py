"""What the browser shows at the moment: an execution, where in it, and what is picked out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rich.text import Text

from ...run.trace import Move
from ..gosource import GoSource, go_source
from .timeline import Timeline, printable

# Told apart by hue; names and signs say the same, for those who see no colours.
_HUES = ("#61afef", "#e5c07b", "#98c379", "#c678dd", "#56b6c2", "#e06c75", "#d19a66", "#abb2bf")
CHANGED = "bold #e5c07b"
GOOD = "#98c379"
BAD = "bold #ff6b6b"


@dataclass(frozen=True)
class View:
    """Everything that the panes are drawn from."""

    timeline: Timeline
    position: int = 0
    turn: int = 1  # of a lasso: how often its cycle was entered
    variable: str = ""  # whose changes are looked for
    needle: str = ""  # the text that is looked for
    process: str = ""  # only its steps
    relevant: bool = False  # only steps that the violation depends on
    left: tuple[int, ...] = ()  # positions at which earlier executions were left
    hits: frozenset[int] = field(default=frozenset())  # the steps that fit ``variable`` or ``needle``

    @property
    def source(self) -> GoSource:
        return go_source(self.timeline.playback.inst.model.go)

    def with_hits(self) -> View:
        """The same, with the steps that fit what is looked for."""
        found: list[int] = []
        if self.variable:
            found += self.timeline.changing(self.variable)
        if self.needle:
            found += self.timeline.hits(self.needle)
        return replace(self, hits=frozenset(found))

    def shows(self, k: int) -> bool:
        """Whether the step that leads to position ``k`` passes the filters; where one stands is always shown."""
        step = self.timeline.step(k)
        if step is None or k == self.position:
            return True
        relevant = self.timeline.relevant
        return (not self.process or step.actor == self.process) and (
            not self.relevant or relevant is None or k in relevant
        )

    def hue(self, actor: str) -> str:
        """The colour of a process or rule."""
        names = self.timeline.run.runner.processes
        return _HUES[list(names).index(actor) % len(_HUES)] if actor in names else _HUES[-1]


def words(text: str, style: str = "") -> Text:
    """What comes from a model, as it can be shown."""
    return Text(printable(text), style=style)


def change_words(variable: str, old: str, new: str, *, dim: str = "") -> Text:
    """``a.b: 0 → 1``."""
    return Text.assemble(words(f"{variable}: {old} → ", dim), words(new, CHANGED))


def move_words(move: Move, hue: str) -> Text:
    """Who, which label, and what it chooses."""
    text = Text.assemble(words(move.actor, f"bold {hue}"), "  ", words(move.label))
    if move.choices:
        text.append_text(words(f", {', '.join(map(str, move.choices))}", "italic"))
    return text

"""A lane for every process: who stepped, who could, who is blocked, who is done."""

from __future__ import annotations

from ..language.system import DONE
from ..run.report import Counterexample, StepView

_WIDEST = 30  # columns of lanes that are headed by names side by side
STEPPED, OTHER, CAN_STEP, BLOCKED, ENDED = "●", "○", "│", "┊", " "
LEGEND = f"{STEPPED} a step that the violation depends on, {OTHER} another, {CAN_STEP} can step, {BLOCKED} blocked"


class Lanes:
    """The lanes of an execution; where its violation depends on some of the steps only, those are told apart."""

    def __init__(self, cex: Counterexample, *, marks: bool = True) -> None:
        self.names = list(dict.fromkeys([*(name for name, _ in cex.processes), *(s.actor for s in cex.steps)]))
        self._relevant = frozenset(cex.relevant) if marks and 0 < len(cex.relevant) < len(cex.steps) else None
        named = sum(len(name) + 1 for name in self.names) <= _WIDEST
        self.widths = [len(name) + 1 if named else 2 for name in self.names]
        self._waiting = cex.waiting
        self._done = {name for name, label in cex.processes if label == DONE}
        self._last = {step.actor: step.number for step in cex.steps}

    @property
    def width(self) -> int:
        """Columns of all lanes together."""
        return sum(self.widths)

    def heading(self) -> list[str]:
        """The names above the lanes: side by side where there is room, else downwards."""
        height = 1 if self.width > 2 * len(self.names) else max(map(len, self.names), default=0)
        rows = []
        for row in range(height):
            cells = [name if height == 1 else name[row : row + 1] for name in self.names]
            rows.append("".join(f"{cell:<{width}}" for cell, width in zip(cells, self.widths, strict=True)))
        return rows

    def signs(self, step: StepView | None) -> list[str]:
        """One for each lane, of a step and where everybody stands behind it; None is the start."""
        blocked = {place.split(' at "')[0] for place in (step.blocked if step else self._waiting)}
        number = step.number if step else 0
        return [
            self._steps(number)
            if step and name == step.actor
            else BLOCKED
            if name in blocked
            else ENDED
            if name in self._done and self._last.get(name, 0) <= number
            else CAN_STEP
            for name in self.names
        ]

    def _steps(self, number: int) -> str:
        return OTHER if self._relevant is not None and number not in self._relevant else STEPPED

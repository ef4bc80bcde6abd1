"""An execution as the browser moves along it; what a position needs is computed when it is asked for.

A position is a number of steps: position 0 is the initial state, position k what holds after step k.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

from ...run.report import Change, StepView
from ...run.search import RUN
from ...run.trace import Move
from ..playback import Option, Playback
from ..steps import matches

_INDEX = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


def printable(text: str) -> str:
    """``text`` with what could drive a terminal, or turn the direction of a line, as question marks."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)


class Timeline:
    """A playback, and what the browser asks of it."""

    def __init__(self, playback: Playback, *, known: Timeline | None = None, same: int = 0) -> None:
        """``known`` is the same up to position ``same``, where there is one."""
        self.playback = playback
        self.cex = playback.counterexample
        self.run = playback.run
        self.ghosts = self.run.ghosts()
        self._cells: dict[int, dict[str, str]] = {}
        self._options: dict[int, list[Option]] = {}
        if known is not None:
            self._cells = {k: cells for k, cells in known._cells.items() if k <= same}
            self._options = {k: options for k, options in known._options.items() if k <= same}

    @property
    def end(self) -> int:
        return len(self.cex.steps)

    @property
    def violated(self) -> bool:
        """Whether it is a counterexample, and not just an execution."""
        return self.cex.kind not in (RUN, "reachable")

    def step(self, k: int) -> StepView | None:
        """The step that leads to position ``k``; None to the initial state."""
        return self.cex.steps[k - 1] if k else None

    def has_state(self, k: int) -> bool:
        """Whether there is a state: not behind a step that fails."""
        return k < len(self.run.states)

    # --- along it --------------------------------------------------------------------------------------------

    def forward(self, k: int) -> int | None:
        """The next position; behind the end of a lasso, the one behind the first step of its cycle."""
        if k < self.end:
            return k + 1
        cycle = self.cex.trace.cycle
        return None if cycle is None or cycle == self.end else cycle + 1

    def taken(self, k: int) -> Move | None:
        """The step that the execution takes from position ``k``."""
        following = self.forward(k)
        return self.cex.trace.moves[following - 1] if following else None

    @cached_property
    def relevant(self) -> frozenset[int] | None:
        """The steps that the violation depends on; None where that tells nothing apart."""
        steps = frozenset(self.cex.relevant)
        return steps if 0 < len(steps) < self.end else None

    # --- states ----------------------------------------------------------------------------------------------

    def cells(self, k: int) -> dict[str, str]:
        """The whole state at position ``k``: path → value; the last one there is, behind a step that fails."""
        k = min(k, len(self.run.states) - 1)
        if k < 0:
            return {}
        if k not in self._cells:
            self._cells[k] = self.run.cells(k)
        return self._cells[k]

    def changes(self, k: int) -> dict[str, Change]:
        """What step ``k`` changed, ghosts too, by the path."""
        step = self.step(k)
        if step is None or not self.has_state(k):
            return {}
        before, now = self.cells(k - 1), self.cells(k)
        found = {c.variable: c for c in step.changes}
        found |= {n: Change(n, before[n], v) for n, v in now.items() if before.get(n, v) != v}
        return found

    @cached_property
    def _written(self) -> dict[str, list[int]]:
        """Path → the steps that changed it."""
        found: dict[str, list[int]] = {}
        for k in range(1, self.end + 1):
            for name in self.changes(k):
                found.setdefault(name, []).append(k)
        return found

    def last_change(self, name: str, k: int) -> int:
        """The last step up to ``k`` that changed it, 0 if none did."""
        steps = self._written.get(name, [])
        at = bisect_right(steps, k)
        return steps[at - 1] if at else 0

    def changing(self, variable: str) -> list[int]:
        """The steps that changed ``variable``, or a part of it."""
        hits = (steps for name, steps in self._written.items() if name == variable or matches(name, [variable]))
        return sorted({k for steps in hits for k in steps})

    @cached_property
    def variables(self) -> list[str]:
        """Every path that has a value or changes somewhere, and every group of them, in the order of the state."""
        names = dict.fromkeys(self.cells(0))
        for k in range(1, len(self.run.states)):
            names |= dict.fromkeys(self.cells(k))
        names |= dict.fromkeys(self._written)
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys(prefixes(name))
        return list(found)

    # --- what else could happen ------------------------------------------------------------------------------

    def known_options(self, k: int) -> list[Option] | None:
        """What could happen at position ``k``; None where it is not computed yet."""
        return self._options.get(k) if self.has_state(k) else []

    def compute_options(self, k: int) -> list[Option]:
        """The same, computed; a while where the execution is long."""
        if k not in self._options:
            self._options[k] = self.playback.options(k)
        return self._options[k]

    def breaks(self, k: int) -> tuple[str, ...]:
        """The invariants that step ``k`` violates, as far as that is known."""
        options = self._options.get(k - 1, ()) if k else ()
        return next((option.breaks for option in options if option.move == self.cex.trace.moves[k - 1]), ())

    # --- search ----------------------------------------------------------------------------------------------

    def hits(self, text: str) -> list[int]:
        """The steps whose process, label, places in Go, choices or changes contain ``text``; case does not matter."""
        wanted = text.casefold()
        return [step.number for step in self.cex.steps if wanted in self._said(step)]

    def _said(self, step: StepView) -> str:
        changes = (f"{c.variable}: {c.old} → {c.new}" for c in step.changes)
        words = (step.actor, step.label, *step.go, *map(str, step.choices), *changes, step.failed)
        return "\n".join(words).casefold()


def prefixes(path: str) -> list[str]:
    """``a.b[1].c`` → ``a``, ``a.b``, ``a.b[1]``, ``a.b[1].c``."""
    return [path[: m.end()] for m in _INDEX.finditer(path)] or [path]


def following(steps: Iterable[int], k: int) -> int | None:
    """The first of the sorted ``steps`` behind ``k``; the first of all where there is none."""
    found = list(steps)
    return found[bisect_right(found, k) % len(found)] if found else None


def preceding(steps: Iterable[int], k: int) -> int | None:
    """The last of the sorted ``steps`` before ``k``; the last of all where there is none."""
    found = list(steps)
    return found[bisect_left(found, k) - 1] if found else None

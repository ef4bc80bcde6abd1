"""What stands above everything, and above the steps."""

from __future__ import annotations

from textual.content import Content

from ..show import length_in_words, title
from .timeline import printable
from .view import View


def head_line(view: View, width: int) -> Content:
    """What the execution is, and where in it one stands."""
    cex, inst = view.timeline.cex, view.timeline.playback.inst
    at = f"step {view.position} of {view.timeline.end}" if view.position else "at the start"
    turn = f", turn {view.turn}" if view.turn > 1 else ""
    what = "your own path" if view.left else title(cex)
    where = [
        inst.scenario,
        ", ".join(sorted(inst.bugs)),
        "" if view.left or cex.trace.cycle is None else length_in_words(cex),
    ]
    right = at + turn
    head = f"{inst.model.name}: {what}"
    room = width - len(right) - 2
    for part in (part for part in where if part):
        head += f" · {part}" if len(head) + len(part) + 3 <= room else ""
    head = head if len(head) <= room else f"{head[: room - 1]}…"
    return Content(printable(f"{head:<{room}}  {right}"))


def steps_title(view: View) -> str:
    """The title of the steps: filters, and what is looked for."""
    parts = ["steps"]
    if view.process:
        parts.append(f"only {view.process}")
    if view.relevant:
        parts.append("only what the violation depends on")
    if view.needle:
        parts.append(f"/{view.needle}: {_place(view.timeline.hits(view.needle), view.position)}")
    if view.variable:
        parts.append(f"{view.variable} changes: {_place(view.timeline.changing(view.variable), view.position)}")
    return " · ".join(parts)


def _place(steps: list[int], k: int) -> str:
    return f"{steps.index(k) + 1} of {len(steps)}" if k in steps else f"{len(steps)}"

"""Two executions side by side: what they have in common, and where and how they part."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from rich.text import Text

from ..language.errors import UsageError
from ..run.report import StepView
from ..run.search import RUN
from .page import Page
from .playback import Playback

CONTEXT = 3  # steps in common that are shown around a difference


def difference_lines(old: Playback, new: Playback, *, width: int = 80) -> list[Text]:
    """The steps of both, aligned; ``-`` stands before those of ``old`` alone, ``+`` before those of ``new`` alone.

    Then the states where they part, and at the end.  Raises UsageError for traces of different models.
    """
    if old.inst.model.name != new.inst.model.name:
        names = f"{old.inst.model.name} and {new.inst.model.name}"
        raise UsageError(f"these are traces of different models, {names}", mend="compare two traces of one model")
    page = Page(width)
    page.add(_title(old), prefix=Text("- ", style="red"))
    page.add(_title(new), prefix=Text("+ ", style="green"))
    for line in _settings(old, new):
        page.add(line, prefix="  ")
    common = _common(old, new)
    page.gap()
    if common == len(old.trace) == len(new.trace):
        page.add("both take the same steps")
    else:
        _add_steps(page, old.run.steps, new.run.steps)
        _add_states(page, old, new, common, f"behind the {common} steps in common" if common else "at the start")
    _add_states(page, old, new, -1, "at the end")
    return page.lines


def _title(playback: Playback) -> str:
    cex = playback.counterexample
    kinds = {RUN: "an execution", "reachable": f"reaches {cex.property}"}
    shows = kinds.get(cex.kind, f"violates {cex.property}" if cex.property != cex.kind else cex.kind)
    steps = len(playback.trace)
    return f"{steps} step{'' if steps == 1 else 's'}, {shows}"


def _settings(old: Playback, new: Playback) -> Iterator[str]:
    """Scenario, bounds and bugs where they differ."""
    mine, yours = (
        {"scenario": p.inst.scenario, **dict(p.inst.bounds), "bugs": ", ".join(sorted(p.inst.bugs))} for p in (old, new)
    )
    for name in [n for n in mine | yours if mine.get(n) != yours.get(n)]:
        yield f"{name}: {mine.get(name, '')} → {yours.get(name, '')}"


def _key(step: StepView) -> tuple[object, ...]:
    return step.actor, step.label, step.choices


def _common(old: Playback, new: Playback) -> int:
    """How many steps both begin with, from the same initial state."""
    if old.trace.init != new.trace.init:
        return 0
    pairs = zip(old.run.steps, new.run.steps, strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if _key(a) != _key(b)), min(len(old.trace), len(new.trace)))


def _add_steps(page: Page, old: list[StepView], new: list[StepView]) -> None:
    matcher = SequenceMatcher(None, [_key(s) for s in old], [_key(s) for s in new], autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if group[0][1] or group[0][3]:
            page.add("…", prefix=" " * 6, style="dim")
        for tag, i, j, k, m in group:
            if tag == "equal":
                for a, b in zip(old[i:j], new[k:m], strict=True):
                    _add_step(page, " ", a, "dim", b.number)
                continue
            for step in old[i:j]:
                _add_step(page, "-", step, "red")
            for step in new[k:m]:
                _add_step(page, "+", step, "green")


def _add_step(page: Page, sign: str, step: StepView, style: str, other: int | None = None) -> None:
    number = f"{step.number}" if other in (None, step.number) else f"{step.number}/{other}"
    changes = "; ".join(f"{c.variable}: {c.old} → {c.new}" for c in step.changes)
    text = f"{step.actor}  {step.label}" + (f"   {changes}" if changes else "")
    page.add(text, prefix=Text(f"{sign} {number:>7}  ", style=style), style=style)


def _add_states(page: Page, old: Playback, new: Playback, k: int, place: str) -> None:
    """Where everybody stands and what everything is after k steps, as far as it differs."""
    mine, yours = _state(old, k), _state(new, k)
    differs = [name for name in dict.fromkeys((*mine, *yours)) if mine.get(name) != yours.get(name)]
    if differs:
        page.gap()
        page.add(f"{place}:", style="bold")
    for name in differs:
        was, now = mine.get(name, "—"), yours.get(name, "—")
        page.add(Text.assemble((was, "red"), " | ", (now, "green")), prefix=f"  {name}: ")


def _state(playback: Playback, k: int) -> dict[str, str]:
    run = playback.run
    k = k if k >= 0 else len(run.states) - 1
    return {**{f"{name} at": label for name, label in run.standing[k]}, **run.cells(k)}

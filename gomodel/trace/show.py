"""A counterexample as prose: turns of one process, steps with their Go source, and what each step changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from rich.text import Text

from ..language.system import DONE
from ..run.fair_cycle import NEVER_ENABLED
from ..run.report import AbstractStep, Change, Counterexample, StepView
from ..run.search import RUN
from .page import Page

_HEAD = 6  # columns of a step's number, before its label
_DETAIL = " " * (_HEAD + 2)


def counterexample_lines(cex: Counterexample, *others: Counterexample, width: int = 80) -> list[Text]:
    """Everything about one execution and what it violates, from its title to the line to paste for reproducing it.

    ``others`` are further properties that the same execution violates.
    """
    page = Page(width)
    for found in (cex, *others):
        page.add(Text(_title(found), style="bold green" if found.kind in ("reachable", RUN) else "bold red"))
    page.add(
        ", ".join(part for part in (length_in_words(cex), cex.scenario and f"scenario {cex.scenario}") if part),
        prefix="  ",
    )
    if cex.initial:
        page.gap()
        page.add("initially", style="bold")
        for change in cex.initial:
            page.add(Text.assemble(change.variable, " = ", (change.new, "bold")), prefix="  ")
    if cex.waiting:
        page.gap()
        page.add("; ".join(cex.waiting), prefix="blocked from the start: ", style="yellow")
    _add_notes(page, cex, others, 0)
    before = cex.waiting
    for turn in _turns(cex, *others):
        page.gap()
        _add_turn(page, turn, before)
        before = turn[-1].blocked
        _add_notes(page, cex, others, turn[-1].number)
    page.gap()
    for found in (cex, *others):
        if found.kind != RUN:
            _add_violated(page, found)
    _add_end(page, cex)
    page.add("to reproduce:")
    page.add_verbatim(f"  {cex.reproduce}")
    if cex.id:
        page.add("to look closer:")
        page.add_verbatim(f"  gomodel trace browse {cex.id}")
    return page.lines


def _title(cex: Counterexample) -> str:
    match cex.kind:
        case "deadlock":
            return "deadlock: some process waits, and none can move"
        case "error":
            return f"model error: {cex.text or cex.property}"
        case "reachable":
            return f"{cex.property} is reached"
        case "run":
            return "an execution"
        case _:
            return f"{cex.property}{_arguments(cex)} is violated"


def length_in_words(cex: Counterexample) -> str:
    """``after 7 steps``, or ``after 1 step 3 steps repeat for ever``."""
    cycle = cex.trace.cycle
    steps = len(cex.steps) if cycle is None else cycle
    after = "in the initial state" if steps == 0 else f"after {steps} step{'s' if steps > 1 else ''}"
    if cycle is None:
        return after
    if cycle == len(cex.steps):
        return f"{after} nothing more happens"
    return f"{after} {_several(len(cex.steps) - cycle)} for ever"


def _several(steps: int) -> str:
    return "1 step repeats" if steps == 1 else f"{steps} steps repeat"


def _turns(*found: Counterexample) -> Iterator[list[StepView]]:
    """Consecutive steps of one actor; where something is noted, a new turn begins."""
    marks = {mark for cex in found for mark in (cex.trace.cycle, cex.since) if mark is not None}
    for _, steps in itertools.groupby(found[0].steps, lambda s: (s.actor, sum(s.number > mark for mark in marks))):
        yield list(steps)


def _add_notes(page: Page, cex: Counterexample, others: Iterable[Counterexample], number: int) -> None:
    """What a lasso says behind its first ``number`` steps: where a promise stays open, and where it repeats."""
    for found in (cex, *others):
        if found.since == number:
            page.gap()
            page.add(f"from here on {found.property}{_arguments(found)} stays open", style="bold yellow")
    if cex.trace.cycle == number:
        steps = len(cex.steps) - number
        text = "from here on nothing more happens" if steps == 0 else f"from here on {_several(steps)} for ever"
        page.gap()
        page.add(text, style="bold red")


def _arguments(cex: Counterexample) -> str:
    return f"({', '.join(f'{name}={value}' for name, value in cex.arguments)})" if cex.arguments else ""


def _add_turn(page: Page, turn: list[StepView], blocked_before: tuple[str, ...]) -> None:
    first, last = turn[0], turn[-1]
    span = f"step {first.number}" if first is last else f"steps {first.number} to {last.number}"
    page.add(Text.assemble((first.actor, "bold"), f", {span}"))
    blocked = blocked_before
    for step in turn:
        _add_step(page, step, blocked)
        blocked = step.blocked
    if last.next_label and not last.failed:
        page.add(_standing(last.actor, last.next_label, last.blocked, "now "), prefix=" " * _HEAD, style="dim")


def _standing(actor: str, label: str, blocked: tuple[str, ...], verb: str) -> str:
    """``now at "parked", blocked``, or ``now done``."""
    place = label if label == DONE else f'at "{label}"'
    return f"{verb}{place}{', blocked' if _at(actor, label) in blocked else ''}"


def _at(actor: str, label: str) -> str:
    return f'{actor} at "{label}"'


def _add_step(page: Page, step: StepView, blocked_before: tuple[str, ...]) -> None:
    left = Text.assemble((f"{step.number:>{_HEAD - 2}}  ", "dim"), step.label)
    page.add_pair(left, ", ".join(step.go), indent=_HEAD)
    if step.choices:
        page.add("chose " + ", ".join(map(str, step.choices)), prefix=_DETAIL)
    for change in step.changes:
        page.add(_change(change), prefix=_DETAIL)
    for text in _new(step.blocked, blocked_before):
        if text != _at(step.actor, step.next_label):  # said where the turn ends
            page.add(f"blocked from here: {text}", prefix=_DETAIL, style="yellow")
    for text in _new(blocked_before, step.blocked):
        page.add(f"no longer blocked: {text}", prefix=_DETAIL, style="green")
    if step.failed:
        page.add(f"fails: {step.failed}", prefix=_DETAIL, style="bold red")


def _change(change: Change) -> Text:
    return Text.assemble(f"{change.variable}: {change.old} → ", (change.new, "bold"))


def _new(now: Iterable[str], before: tuple[str, ...]) -> list[str]:
    return [text for text in now if text not in before]


def _add_violated(page: Page, cex: Counterexample) -> None:
    label = {"error": "model error: ", "reachable": "reached: "}.get(cex.kind, "violated: ")
    kind = "" if cex.kind in ("error", "reachable", cex.property) else f" ({cex.kind.replace('_', ' ')})"
    page.add(Text.assemble((cex.property, "bold red"), kind), prefix=label)
    if cex.text and cex.text != cex.property:
        page.add(cex.text, prefix="  ")
    if cex.where:
        stated = "" if cex.kind in ("error", "fatal") else "stated "
        page.add(f"{stated}at {cex.where}", prefix="  ", style="dim")
    if cex.since is not None:
        _add_fairness(page, cex)
    if cex.abstract:
        _add_abstract(page, cex.abstract)


def _add_fairness(page: Page, cex: Counterexample) -> None:
    """Why this execution is one that fairness allows."""
    if not cex.fairness:
        page.add("it assumes no fairness: nothing has to happen", prefix="  ")
        return
    page.add("the execution is fair:", prefix="  ")
    for view in cex.fairness:
        if view.why != NEVER_ENABLED:
            page.add(f"{view.condition}: {view.why}", prefix="    ")
    never = [view.condition for view in cex.fairness if view.why == NEVER_ENABLED]
    if never:
        page.add("; ".join(never), prefix=f"    {NEVER_ENABLED}: ")


def _add_abstract(page: Page, found: AbstractStep) -> None:
    """The abstract state, what became of it, and what each rule would have made of it."""
    verb, then = (" before", "  and after: ") if found.rules else (" at the start", "  but mapped to: ")
    page.add(", ".join(f"{n} = {v}" for n, v in found.before), prefix=f"  abstract {found.component}{verb}: ")
    page.add(", ".join(f"{c.variable}: {c.old} → {c.new}" for c in found.changes), prefix=then)
    if found.rules:
        page.add("no rule does that:", prefix="  ")
    for name, text in found.rules:
        page.add(Text.assemble((name, "bold"), f" {text}"), prefix="    ")


def _add_end(page: Page, cex: Counterexample) -> None:
    """Where everybody stands, and what is not as it was at the start; the whole state is in the JSON."""
    if not (cex.processes or cex.end or cex.ghosts):
        return
    page.add("at the end, where it differs from the start:")
    for name, label in cex.processes:
        page.add(_standing(name, label, cex.blocked, f"{name} "), prefix="  ")
    for change in cex.end:
        page.add(f"{change.variable} = {change.new}", prefix="  ")
    if cex.ghosts:
        page.add(", ".join(f"{c.variable} = {c.new}" for c in cex.ghosts), prefix="  ghosts: ", style="dim")

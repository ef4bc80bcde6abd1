"""A counterexample as prose: turns of one process, steps with their Go source, and what each step changed."""

from __future__ import annotations

from rich.text import Text

from ..run.fair_cycle import NEVER_ENABLED
from ..run.report import AbstractStep, Counterexample
from ..run.search import INDUCTION, RUN
from .page import Page
from .steps import View, add_steps, arguments_of, several, standing

_HEAD = 6  # columns of a step's number, before its label
_DETAIL = " " * (_HEAD + 2)


def counterexample_lines(
    cex: Counterexample, *others: Counterexample, width: int = 80, view: View | None = None
) -> list[Text]:
    """Everything about one execution and what it violates, from its title to the line to paste for reproducing it.

    ``others`` are further properties that the same execution violates.  ``view`` says what to show of the steps, and
    adds what only a close look wants: which steps matter, and why the property fails.
    """
    page = Page(width)
    view = view or View(marks=False)
    for found in (cex, *others):
        page.add(Text(title(found), style="bold green" if found.kind in ("reachable", RUN) else "bold red"))
    page.add(
        ", ".join(part for part in (length_in_words(cex), cex.scenario and f"scenario {cex.scenario}") if part),
        prefix="  ",
    )
    if cex.initial:
        page.gap()
        page.add("from this state, which satisfies them all" if cex.kind == INDUCTION else "initially", style="bold")
        for change in cex.initial:
            page.add(Text.assemble(change.variable, " = ", (change.new, "bold")), prefix="  ")
    if cex.waiting:
        page.gap()
        page.add("; ".join(cex.waiting), prefix="blocked from the start: ", style="yellow")
    add_steps(page, cex, others, view)
    page.gap()
    for found in (cex, *others):
        if found.kind != RUN:
            _add_violated(page, found)
            if view.marks:
                _add_why(page, found)
    _add_end(page, cex)
    page.add("to reproduce:")
    page.add_verbatim(f"  {cex.reproduce}")
    if cex.id:
        page.add("to look closer:")
        page.add_verbatim(f"  gomodel trace browse {cex.id}")
    return page.lines


def title(cex: Counterexample) -> str:
    """What the execution shows, in a line."""
    match cex.kind:
        case "deadlock":
            return "deadlock: some process waits, and none can move"
        case "error":
            return f"model error: {cex.text or cex.property}"
        case "reachable":
            return f"{cex.property} is reached"
        case "run":
            return "an execution"
        case "induction":
            return f"counterexample to induction: {cex.property}"
        case _:
            return f"{cex.property}{arguments_of(cex)} is violated"


def length_in_words(cex: Counterexample) -> str:
    """``after 7 steps``, or ``after 1 step 3 steps repeat for ever``."""
    cycle = cex.trace.cycle
    steps = len(cex.steps) if cycle is None else cycle
    after = "in the initial state" if steps == 0 else f"after {steps} step{'s' if steps > 1 else ''}"
    if cycle is None:
        return after
    if cycle == len(cex.steps):
        return f"{after} nothing more happens"
    return f"{after} {several(len(cex.steps) - cycle)} for ever"


def violated_lines(cex: Counterexample, *, width: int) -> list[Text]:
    """What an execution violates: the property, why the execution is fair, and the values of the property's parts."""
    page = Page(width)
    _add_violated(page, cex)
    _add_why(page, cex)
    return page.lines


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


def _add_why(page: Page, cex: Counterexample) -> None:
    """The values of the property's subexpressions."""
    if cex.why:
        page.add("its parts:", prefix="  ")
    for part in cex.why:
        page.add(f"{part.text} = {part.value}" if part.value else part.text, prefix="  " * (part.depth + 2))


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
        page.add(standing(name, label, cex.blocked, f"{name} "), prefix="  ")
    for change in cex.end:
        page.add(f"{change.variable} = {change.new}", prefix="  ")
    if cex.ghosts:
        page.add(", ".join(f"{c.variable} = {c.new}" for c in cex.ghosts), prefix="  ghosts: ", style="dim")

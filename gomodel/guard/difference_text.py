"""A behavioural difference as text."""

from __future__ import annotations

from rich.text import Text

from ..language.instance import Instance
from ..language.system import TransitionSystem
from ..run.counterexample import build
from ..run.search import RUN, Found
from ..run.trace import Trace
from ..trace.page import Page
from ..trace.steps import View, add_steps
from .behaviour import NEW, OLD, Comparison, Divergence

Side = tuple[Instance, TransitionSystem]


def comparison_line(scenario: str, result: Comparison) -> str:
    """One scenario: whether the two behave alike there."""
    where = f"scenario {scenario}: " if scenario else ""
    pairs = f"{result.pairs:,} pair{'' if result.pairs == 1 else 's'} of states"
    if result.found is not None:
        return f"{where}they part after {len(result.found.trace)} steps"
    if result.stopped:
        return f"{where}no difference until {result.stopped}"
    return f"{where}alike, {pairs}, depth {result.depth}"


def divergence_lines(found: Divergence, sides: dict[str, Side], *, width: int = 80) -> list[Text]:
    """The steps that both take, and then what only one of them does."""
    page = Page(width)
    inst, system = sides[OLD]
    shown = Found("", RUN, len(found.trace), lambda: found.trace)
    cex = build(inst, system, shown, inst.model.name)
    if cex.initial:
        page.add(", ".join(f"{c.variable} = {c.new}" for c in cex.initial), prefix="initially ")
    if cex.steps:
        page.add("both take these steps:", style="bold")
        add_steps(page, cex, (), View(marks=False))
        page.gap()
    if found.only:
        _add_move(page, found, sides)
    else:
        page.add("and then their fields differ:", style="bold")
        for change in found.changes:
            text = Text.assemble((change.old, "red"), " in the old one, ", (change.new, "green"), " in the new one")
            page.add(text, prefix=f"  {change.variable}: ")
    return page.lines


def _add_move(page: Page, found: Divergence, sides: dict[str, Side]) -> None:
    style = "red" if found.only == OLD else "green"
    other = NEW if found.only == OLD else OLD
    after = "and then " if len(found.trace) else ""
    if found.move is None:
        page.add(f"only the {found.only} one begins with the choices {found.trace.init}", style=style)
        return
    page.add(f"{after}only the {found.only} one goes on with", style="bold")
    inst, system = sides[found.only]
    trace = Trace(found.trace.init, (*found.trace.moves, found.move))
    last = build(inst, system, Found("", RUN, len(trace), lambda: trace), inst.model.name).steps[-1]
    choices = f", choosing {', '.join(map(str, last.choices))}" if last.choices else ""
    page.add_pair(Text(f"  {last.actor}  {last.label}{choices}", style=style), ", ".join(last.go), indent=2)
    for change in last.changes:
        page.add(f"{change.variable}: {change.old} → {change.new}", prefix="      ")
    if last.failed:
        page.add(f"fails: {last.failed}", prefix="      ")
    page.add(f"in the {other} one: {found.other}", prefix="  ")

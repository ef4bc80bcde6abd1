"""What ``gomodel prove`` says."""

from __future__ import annotations

from rich.text import Text

from ..report_text import duration, number, show_bounds
from ..trace.page import Page
from .proofs import PROVED, REFUTED, VIOLATED, Proved

_STYLES = {PROVED: "bold green", REFUTED: "bold red", VIOLATED: "bold red"}
MOST = 12  # failing pairs that are shown


def proof_lines(found: Proved, *, width: int = 80) -> list[Text]:
    """The statement, what it rests on, where it fails, and the verdict."""
    from ..trace.show import counterexample_lines

    page = Page(width)
    page.add(Text(f"{found.model}: {found.statement}", style="bold"))
    page.add(sizes(found), prefix="  for       ")
    if found.scenario and not found.any:
        page.add(found.scenario, prefix="  scenario  ")
    page.add(", ".join(found.proves), prefix="  proves    ")
    page.add(", ".join(found.lemmas) or "none", prefix="  lemmas    ")
    page.add("; ".join(found.assumes) or "nothing else", prefix="  assumes   ")
    if found.bugs:
        page.add(", ".join(found.bugs), prefix="  bugs on   ")
    if found.weak:
        page.gap()
        page.add("too weak for the step", style="bold")
        for goal, step in found.weak[:MOST]:
            page.add(f"{goal}: {step}", prefix="  ")
        if len(found.weak) > MOST:
            page.add(f"and {number(len(found.weak) - MOST, 'more')}", prefix="  ")
    if found.invariant:
        page.gap()
        page.add("the invariant that Spacer found", style="bold")
        for line in found.invariant:
            page.add(line, prefix="  ")
    if found.cex:
        page.gap()
        page.lines += counterexample_lines(found.cex, width=width)
    page.gap()
    page.add(verdict(found))
    return page.lines


def sizes(found: Proved) -> str:
    """For which bounds."""
    if found.any:
        return f"all values of {' and '.join(found.any)}"
    return f"{show_bounds(found.bounds) or 'this model'} only"


def verdict(found: Proved) -> Text:
    """The last line."""
    texts = {
        PROVED: f"proved, and checked again: for {sizes(found)}",
        REFUTED: "not inductive: from the state above the step leads out of the invariant",
    }
    text = texts.get(found.verdict, f"{found.verdict}: {found.note}")
    counted = f"{number(found.obligations, 'obligation')}, " if found.obligations else ""
    return Text(f"{text} ({counted}{duration(found.seconds)})", style=_STYLES.get(found.verdict, "bold yellow"))


def table_lines(results: list[Proved], *, width: int = 80) -> list[Text]:
    """All proofs, one after the other, in short."""
    page = Page(width)
    for found in results:
        page.gap()
        page.add(Text(f"{found.model}: {found.statement}", style="bold"))
        page.add(sizes(found), prefix="  for       ")
        page.add(f"{len(found.lemmas)}: {', '.join(found.lemmas)}", prefix="  lemmas    ")
        page.add("; ".join(found.assumes) or "nothing else", prefix="  assumes   ")
        page.add(verdict(found), prefix="  ")
    return page.lines

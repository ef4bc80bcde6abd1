"""What mutation testing says."""

from __future__ import annotations

from rich.text import Text

from ..trace.page import Page
from .mutants import OPERATORS
from .mutation import EQUIVALENT, GOAL, INVALID, KILLED, OPEN, SURVIVED, Mutation


def mutation_lines(found: Mutation, *, width: int = 80) -> list[Text]:
    """Counts by operator, the survivors, and the score."""
    page = Page(width)
    page.add(Text(f"{found.model}: {len(found.judged)} mutants at preset {found.preset}", style="bold"))
    verdicts = (KILLED, SURVIVED, OPEN, EQUIVALENT, INVALID)
    for operator, meaning in OPERATORS.items():
        mine = [j for j in found.judged if j.operator == operator]
        counts = ((sum(j.verdict == verdict for j in mine), verdict) for verdict in verdicts)
        page.add(", ".join(f"{n} {verdict}" for n, verdict in counts if n) or "none", prefix=f"  {meaning}: ")
    for judged in found.judged:
        if judged.verdict in (SURVIVED, OPEN):
            reason = found.reason(judged)
            page.gap()
            note = f" ({judged.by})" if judged.by else ""
            page.add(f"{judged.mutant}{note}", prefix=Text(f"  {judged.verdict}  ", style="yellow"))
            page.add(f"reviewed: {reason}" if reason else "no reason is given", prefix=" " * 12)
            page.add(judged.where, prefix=" " * 12, style="dim")
    for name in found.stale:
        page.gap()
        page.add(f"{name}: a reason is given for it, and it does not survive", prefix="  stale     ")
    page.gap()
    page.add(verdict_line(found))
    return page.lines


def verdict_line(found: Mutation) -> Text:
    """``mutation score 91 %: 100 of 110 mutants killed``."""
    tally = found.tally
    counted = tally[KILLED] + tally[SURVIVED] + tally[OPEN]
    text = f"{found.model}: mutation score {found.score:.0%}, {tally[KILLED]} of {counted} mutants killed"
    wrong = [f"the goal is {GOAL:.0%}"] if found.score < GOAL else []
    wrong += [f"{len(found.unexplained)} without a reason"] if found.unexplained else []
    wrong += [f"{len(found.stale)} stale reasons"] if found.stale else []
    return Text("; ".join([text, *wrong]), style="bold green" if found.passed else "bold yellow")

"""The results of ``gomodel fairness`` as text: one line for each assumption, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from .report_text import number
from .run.assumptions import AssumptionResult
from .run.report import Exit
from .trace.page import Page
from .trace.show import counterexample_lines

_WORDS = {True: ("needed", "green"), False: ("not needed", "bold yellow"), None: ("incomplete", "yellow")}


def assumptions_code(results: Sequence[AssumptionResult]) -> int:
    """The exit code: an assumption that is not needed says nothing, as a premise that never holds."""
    found = {r.needed for r in results}
    return Exit.VACUOUS if False in found else Exit.INCOMPLETE if None in found else Exit.OK


def assumption_lines(model: str, results: Sequence[AssumptionResult], *, lassos: bool, width: int) -> list[Text]:
    """A paragraph for each property; with ``lassos``, the execution that each assumption forbids."""
    page = Page(width)
    for (name, scenario), group in groupby(results, lambda r: (r.property, r.scenario)):
        page.add(Text.assemble((name, "bold"), f", scenario {scenario}" if scenario else ""))
        for result in group:
            word, style = _WORDS[result.needed]
            page.add(f"{result.assumption}: {_finding(result)}", prefix=Text.assemble("  ", (f"{word:<12}", style)))
            if lassos and result.counterexample:
                page.gap()
                page.lines += counterexample_lines(result.counterexample, width=width)
                page.gap()
        page.gap()
    page.add(_verdict(model, results))
    return page.lines


def _finding(result: AssumptionResult) -> str:
    instead = "weak instead" if result.weaker else "dropped"
    if result.counterexample is None:
        return f"{instead}, and it still holds" if result.needed is False else f"{instead}, and a limit was hit"
    stem = result.counterexample.trace.cycle or 0
    cycle = len(result.counterexample.trace) - stem
    if cycle == 0:
        return f"{instead}, nothing happens after {number(stem, 'step')}"
    return f"{instead}, {number(cycle, 'step')} repeat after {stem}"


def _verdict(model: str, results: Sequence[AssumptionResult]) -> Text:
    if not results:
        return Text(f"{model}: no liveness property names its own fairness", style="bold yellow")
    idle = [f"{r.property}: {r.assumption}" for r in results if r.needed is False]
    if idle:
        return Text(f"{model}: not needed: {'; '.join(idle)}", style="bold yellow")
    if any(r.needed is None for r in results):
        return Text(f"{model}: incomplete", style="bold yellow")
    return Text(f"{model}: each of {number(len(results), 'assumption')} is needed", style="bold green")

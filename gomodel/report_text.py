"""A ``Report`` and bug results as text: what was explored, one line per property, and a verdict in honest words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from .run.report import BugResult, Counterexample, Exit, PropertyResult, Report, ScenarioResult, Verdict
from .trace.page import Page
from .trace.show import counterexample_lines

_STYLES = {
    Verdict.OK: "green",
    Verdict.REACHED: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.VACUOUS: "bold yellow",
    Verdict.INCOMPLETE: "yellow",
    Verdict.UNREACHED: "dim",
    Verdict.LEFT_OUT: "dim",
}
_PLAIN = (Verdict.OK, Verdict.REACHED, Verdict.LEFT_OUT)  # the name of the property says enough
_VERDICT_WIDTH = max(map(len, Verdict))
_FINAL_STYLES = {Exit.OK: "bold green", Exit.VIOLATED: "bold red", Exit.ERROR: "bold red"}


def report_lines(report: Report, *, width: int = 80) -> list[Text]:
    """The whole report; counterexamples stand before the final line, which says what the result is worth."""
    page = Page(width)
    _add_head(page, report)
    for scenario in report.scenarios:
        page.gap()
        _add_scenario(page, scenario, every_state=report.engine != "bmc")
    witnesses = [p for p in report.properties if p.kind == "reachable"]
    _add_properties(page, "properties", [p for p in report.properties if p.kind != "reachable"])
    _add_properties(page, "witnesses", witnesses)
    if report.vacuous:
        page.gap()
        page.add("never reached", style="bold")
        for line in report.vacuous:
            page.add(line, prefix="  ")
    for same in _by_trace([*report.witnesses, *report.errors, *report.counterexamples]):
        page.gap()
        page.lines += counterexample_lines(*same, width=width)
    page.gap()
    page.add(Text(verdict(report), style=_FINAL_STYLES.get(report.exit_code, "bold yellow")))
    return page.lines


def _by_trace(found: list[Counterexample]) -> list[list[Counterexample]]:
    """What one and the same execution violates is shown together."""
    groups: dict[Any, list[Counterexample]] = {}
    for cex in found:
        ends = cex.trace.cycle in (None, len(cex.trace))  # a deadlock, and a promise that stays open for that reason
        repeats = None if ends else cex.trace.cycle
        key = cex.kind == "error", cex.reproduce, cex.trace.init, cex.trace.moves, repeats, cex.steps
        groups.setdefault(key, []).append(cex)
    return list(groups.values())


def verdict(report: Report) -> str:
    """One line for the whole report: what follows from it, and what does not."""
    stopped = "; ".join(f"{s.scenario or 'the search'} stopped at {s.stopped}" for s in report.scenarios if s.stopped)
    by_verdict = {v: [p.name for p in report.properties if p.verdict is v] for v in Verdict}
    early = f" (incomplete: {stopped})" if stopped else ""
    match report.exit_code:
        case Exit.ERROR:
            return f"model error: the model is wrong, so nothing is said about the properties{early}"
        case Exit.VIOLATED:
            return f"violated: {', '.join(dict.fromkeys(c.property for c in report.counterexamples))}{early}"
        case Exit.VACUOUS:
            idle = [*by_verdict[Verdict.VACUOUS], *(["code never reached"] if report.vacuous else [])]
            return f"vacuous: {', '.join(idle)}; no violation was found, but a part of the model says nothing{early}"
        case Exit.INCOMPLETE if stopped:
            return f"incomplete: {stopped}; no violation was found until then"
        case Exit.INCOMPLETE:
            cuts = dict.fromkeys(f"liveness stopped at {s.cut}" for s in report.scenarios if s.cut)
            left = ", ".join(by_verdict[Verdict.INCOMPLETE])
            return "; ".join([f"incomplete: {left}", *cuts, "all else holds, exhaustive at these bounds"])
    parts = [f"{n} {what}" for n, what in _tally(by_verdict) if n]
    return f"ok: {' and '.join(parts) or 'no model error'}, exhaustive at these bounds"


def _tally(by_verdict: dict[Verdict, list[str]]) -> list[tuple[int, str]]:
    held, reached = len(by_verdict[Verdict.OK]), len(by_verdict[Verdict.REACHED])
    return [
        (held, "property holds" if held == 1 else "properties hold"),
        (reached, "witness is reached" if reached == 1 else "witnesses are reached"),
    ]


def _add_head(page: Page, report: Report) -> None:
    page.add(report.title, prefix=Text(f"{report.model}: ", style="bold"))
    if report.go or report.source:
        page.add(", ".join(filter(None, (report.go, *report.source))), prefix="  follows ")
    page.add(f"{report.spec}, engine {report.engine}", prefix="  spec    ")
    if report.bugs:
        page.add(Text(", ".join(report.bugs), style="bold"), prefix="  bugs on ")


def _add_scenario(page: Page, found: ScenarioResult, *, every_state: bool) -> None:
    if found.scenario:
        page.add(found.text, prefix=Text.assemble("scenario ", (found.scenario, "bold"), ": " if found.text else ""))
    if found.bounds:
        page.add(show_bounds(found.bounds), prefix="  bounds  ")
    depth = f"depth {found.depth:,}, {duration(found.seconds)}"
    if every_state:
        page.add(
            f"{number(found.states, 'state')}, {number(found.transitions, 'transition')}, {depth}", prefix="  visited "
        )
    else:
        page.add(depth, prefix="  reached ")
    if found.resumed:
        page.add(f"{number(found.resumed, 'state')} of an earlier run", prefix="  resumed ")
    if found.stopped:
        page.add(Text(found.stopped, style="bold yellow"), prefix="  stopped ")
    if found.cut:
        page.add(Text(f"liveness, at {found.cut}", style="bold yellow"), prefix="  stopped ")


def _add_properties(page: Page, title: str, results: Sequence[PropertyResult]) -> None:
    if not results:
        return
    page.gap()
    page.add(title, style="bold")
    for result in results:
        head = Text.assemble("  ", (f"{result.verdict:<{_VERDICT_WIDTH}}", _STYLES[result.verdict]), "  ")
        page.add(": ".join(part for part in (result.name, _details(result)) if part), prefix=head)
        if result.verdict not in _PLAIN and result.text not in ("", result.name):
            page.add(result.text, prefix=" " * head.cell_len, style="dim")


def _details(result: PropertyResult) -> str:
    steps = "" if result.length is None else number(result.length, "step")
    return ", ".join(filter(None, (steps, result.scenario and f"scenario {result.scenario}", result.note)))


# --- bugs ------------------------------------------------------------------------------------------------------------


def bug_lines(result: BugResult, *, width: int = 80) -> list[Text]:
    """One bug that was switched on: whether the checker found what it should, and how."""
    page = Page(width)
    mark = Text("passed", style="green") if result.passed else Text("FAILED", style="bold red")
    if result.stopped:
        mark = Text("open", style="yellow")
    page.add(Text.assemble((result.bug, "bold"), f": {result.title}"), prefix=Text("  ") + mark + Text("  "))
    indent = " " * 10
    page.add(_finding(result), prefix=indent)
    where = [result.scenario and f"scenario {result.scenario}", show_bounds(result.bounds)]
    cost = f"{number(result.states, 'state')}, {duration(result.seconds)}"
    page.add("; ".join([*filter(None, where), cost]), prefix=indent, style="dim")
    if result.note:
        page.add(result.note, prefix=indent)
    return page.lines


def _finding(result: BugResult) -> str:
    if result.harmless:
        return f"harmless, but it broke {', '.join(result.found)}" if result.found else "harmless: nothing found"
    by = [name for name in result.expected if name in result.found]
    if by:
        length = "" if result.length is None else f" in {number(result.length, 'step')}"
        return f"found by {', '.join(by)}{length}"
    found = f"; {', '.join(result.found)} broke instead" if result.found else "; nothing was found"
    return f"not found by {' or '.join(result.expected) or 'any property'}{found}"


def bugs_verdict(model: str, results: Sequence[BugResult]) -> Text:
    """The final line of ``check --bugs``."""
    failed = [r.bug for r in results if not (r.passed or r.stopped)]
    undecided = [r.bug for r in results if r.stopped]
    if not results:
        return Text(f"{model}: no bugs are declared", style="bold yellow")
    if failed:
        return Text(f"{model}: {len(failed)} of {len(results)} bugs failed: {', '.join(failed)}", style="bold red")
    if undecided:
        text = f"{model}: {len(undecided)} of {len(results)} bugs could not be judged: {', '.join(undecided)}"
        return Text(text, style="bold yellow")
    every = "the one bug is" if len(results) == 1 else f"all {len(results)} bugs are"
    return Text(f"{model}: {every} judged as declared", style="bold green")


# --- small words -----------------------------------------------------------------------------------------------------


def show_bounds(bounds: dict[str, Any]) -> str:
    """``goroutines=2 rounds=2,1``: the values as ``-b`` takes them."""
    return " ".join(f"{name}={show_value(value)}" for name, value in bounds.items())


def show_value(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value)) or "()"
    return str(value)


def number(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"

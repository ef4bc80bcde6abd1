"""The results of ``gomodel fairness`` as text: what each assumption forbids, and what follows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from .run.assumptions import AssumingResult, AssumptionResult
from .run.report import Counterexample, Exit, Verdict
from .trace.page import Page
from .trace.show import counterexample_lines, length_in_words

_WORDS = {True: ("needed", "green"), False: ("not needed", "bold yellow"), None: ("incomplete", "yellow")}
_INDENT = " " * 14


def assumptions_code(results: Sequence[AssumingResult]) -> int:
    """The exit code: an assumption that is not needed says nothing, as a premise that never holds."""
    if any(r.verdict is Verdict.VIOLATED for r in results):
        return Exit.VIOLATED
    found = {a.needed for r in results for a in r.assumptions}
    return Exit.VACUOUS if False in found else Exit.INCOMPLETE if None in found else Exit.OK


def assumption_lines(model: str, results: Sequence[AssumingResult], *, lassos: bool, width: int) -> list[Text]:
    """A paragraph for each property; with ``lassos``, the execution that each assumption forbids."""
    page = Page(width)
    for result in results:
        page.add(Text.assemble((result.property, "bold"), _places(result.scenarios)))
        if result.counterexample:
            _add(page, ("violated", "bold red"), f"as it stands: {length_in_words(result.counterexample)}")
            if lassos:
                _add_lasso(page, result.counterexample)
            else:
                page.add_verbatim(f"{_INDENT}{result.counterexample.reproduce}")
        if result.stopped and all(a.needed is None for a in result.assumptions):
            _add(page, _WORDS[None], f"stopped at {result.stopped}")
            page.gap()
            continue
        for assumption in result.assumptions:
            _add(page, _WORDS[assumption.needed], assumption.assumption, _finding(result, assumption))
            if lassos and assumption.counterexample:
                _add_lasso(page, assumption.counterexample)
        if page.lines[-1]:
            page.gap()
    code = assumptions_code(results) if results else Exit.VACUOUS
    style = {Exit.OK: "bold green", Exit.VIOLATED: "bold red"}.get(code, "bold yellow")
    page.add(Text(f"{model}: {_verdict(results)}", style=style))
    return page.lines


def _add(page: Page, word: tuple[str, str], text: str, finding: str = "") -> None:
    page.add(text, prefix=Text.assemble("  ", (f"{word[0]:<12}", word[1])))
    if finding:
        page.add(finding, prefix=_INDENT)


def _add_lasso(page: Page, found: Counterexample) -> None:
    page.gap()
    page.lines += counterexample_lines(found, width=page.width)
    page.gap()


def _places(scenarios: Sequence[str]) -> str:
    named = [s for s in scenarios if s]
    return f", scenario{'s' if len(named) > 1 else ''} {', '.join(named)}" if named else ""


def _finding(result: AssumingResult, assumption: AssumptionResult) -> str:
    instead = "weak instead" if assumption.weaker else "dropped"
    if assumption.counterexample:
        place = f", in scenario {assumption.counterexample.scenario}" if len(result.scenarios) > 1 else ""
        return f"{instead}: {length_in_words(assumption.counterexample)}{place}"
    return f"{instead}: it still holds" if assumption.needed is False else f"{instead}: stopped at {result.stopped}"


def _verdict(results: Sequence[AssumingResult]) -> str:
    every = [a.needed for r in results for a in r.assumptions]
    if not results:
        return "no liveness property that is judged here names its own fairness"
    violated = [r.property for r in results if r.counterexample]
    parts = [f"violated: {', '.join(violated)}"] if violated else []
    for needed, text in ((False, "not needed"), (None, "not decided")):
        if needed in every:
            count = every.count(needed)
            which = "the one assumption" if len(every) == 1 else f"{count} of {len(every)} assumptions"
            parts.append(f"{which} {'is' if count == 1 else 'are'} {text}")
    if parts:
        return "; ".join(parts)
    return "the one assumption is needed" if len(every) == 1 else f"each of {len(every)} assumptions is needed"

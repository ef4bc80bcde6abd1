"""How the results of ``gomodel fairness`` read, to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gomodel.assumptions_text import assumption_lines, assumptions_code
from gomodel.run.assumptions import AssumingResult, AssumptionResult
from gomodel.run.report import Counterexample, Exit, Verdict
from gomodel.run.trace import Trace
from gomodel.trace.page import plain

WEAK, STRONG = "weak('client')", "strong('g', 'L2 load after a failed CAS', 'the mutex is seen free')"
LIMIT = "the time limit of 1 s"

EACH = """\
served, scenario loop
  needed      weak('client')
              dropped: after 1 step nothing more happens
  needed      strong('g', 'L2 load after a failed CAS', 'the mutex is seen
              free')
              weak instead: after 1 step 2 steps repeat for ever

m: each of 2 assumptions is needed
"""

MIXED = """\
served, scenarios loop, rounds
  needed      weak('client')
              dropped: after 1 step nothing more happens, in scenario loop
  not needed  strong('g', 'L2 load after a failed CAS', 'the mutex is seen
              free')
              weak instead: it still holds
  incomplete  weak('client')
              dropped: stopped at the time limit of 1 s

free
  violated    as it stands: after 1 step 2 steps repeat for ever
              gomodel check mutex --scenario loop

m: violated: free; 1 of 3 assumptions is not needed; 1 of 3 assumptions is not
decided
"""


def stops(cex: Counterexample) -> Counterexample:
    return replace(cex, trace=Trace(moves=cex.trace.moves[:1], cycle=1), steps=cex.steps[:1], since=1)


def repeats(cex: Counterexample) -> Counterexample:
    command = "gomodel check mutex --scenario loop"
    return replace(cex, trace=Trace(moves=cex.trace.moves, cycle=1), since=1, reproduce=command)


def needed(assumption: str, found: Counterexample, weaker: str = "") -> AssumptionResult:
    return AssumptionResult(assumption, weaker, True, found)


def holds(*members: AssumptionResult, stopped: str = "", where: tuple[str, ...] = ("loop",)) -> AssumingResult:
    return AssumingResult("served", where, Verdict.OK, stopped, None, members)


def text_of(results: Sequence[AssumingResult], *, lassos: bool = False) -> str:
    return plain(assumption_lines("m", results, lassos=lassos, width=80))


@pytest.fixture
def each(counterexample: Counterexample) -> AssumingResult:
    return holds(needed(WEAK, stops(counterexample)), needed(STRONG, repeats(counterexample), "weak(…)"))


def test_each_is_needed(each: AssumingResult) -> None:
    assert text_of([each]) == EACH
    assert assumptions_code([each]) == Exit.OK


def test_everything_at_once(counterexample: Counterexample) -> None:
    idle, undecided = AssumptionResult(STRONG, "weak(…)", False, None), AssumptionResult(WEAK, "", None, None)
    members = needed(WEAK, stops(counterexample)), idle, undecided
    mixed = holds(*members, stopped=LIMIT, where=("loop", "rounds"))
    broken = AssumingResult("free", ("",), Verdict.VIOLATED, "", repeats(counterexample), ())
    assert text_of([mixed, broken]) == MIXED
    assert assumptions_code([mixed, broken]) == Exit.VIOLATED
    assert assumptions_code([mixed]) == Exit.VACUOUS


def test_where_nothing_is_decided_the_limit_is_said_once() -> None:
    undecided = AssumptionResult(WEAK, "", None, None)
    result = AssumingResult("served", ("",), Verdict.INCOMPLETE, LIMIT, None, (undecided, undecided))
    assert text_of([result]) == (
        "served\n  incomplete  stopped at the time limit of 1 s\n\nm: 2 of 2 assumptions are not decided\n"
    )
    assert assumptions_code([result]) == Exit.INCOMPLETE


def test_one_and_none(counterexample: Counterexample) -> None:
    one = holds(needed(WEAK, stops(counterexample)))
    assert text_of([one]).endswith("\nm: the one assumption is needed\n")
    idle = holds(AssumptionResult(WEAK, "", False, None))
    assert text_of([idle]).endswith("\nm: the one assumption is not needed\n")
    assert text_of([]) == "m: no liveness property that is judged here names its own fairness\n"
    assert assumptions_code([]) == Exit.OK


def test_lassos_stand_below_what_forbids_them(each: AssumingResult, counterexample: Counterexample) -> None:
    text = text_of([each], lassos=True)
    lines = text.splitlines()
    at = lines.index("              dropped: after 1 step nothing more happens")
    assert lines[at + 1 : at + 3] == ["", "mutual_exclusion is violated"]
    assert text.count("to reproduce:") == 2
    assert "\n\n\n" not in text
    broken = AssumingResult("free", ("",), Verdict.VIOLATED, "", repeats(counterexample), ())
    shown = text_of([broken], lassos=True)
    assert shown.count("gomodel check mutex --scenario loop") == 1
    assert "\n\n\n" not in shown


@pytest.mark.parametrize("width", [40, 60, 100])
def test_it_keeps_to_the_width(each: AssumingResult, width: int) -> None:
    assert max(line.cell_len for line in assumption_lines("m", [each], lassos=False, width=width)) <= width

"""How reports and bug results read, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gomodel.report_text import bug_lines, bugs_verdict, duration, report_lines, show_bounds, verdict
from gomodel.run.report import BugResult, Counterexample, Exit, PropertyResult, Report, Verdict
from gomodel.trace.page import joined, plain

ALL_HOLDS = """\
mutex: sync.Mutex, normal and starvation mode
  follows go1.27.3, internal/sync/mutex.go, runtime/sema.go
  spec    specs/sync/mutex.py, engine reference

scenario loop: lock and unlock for ever
  bounds  goroutines=2 rounds=2,1
  visited 3,412 states, 9,120 transitions, depth 61, 0.42 s

properties
  ok           mutual_exclusion
  ok           deadlock

witnesses
  reached      starvation_mode: 12 steps, scenario loop

ok: 2 properties hold and 1 witness is reached, exhaustive at these bounds
"""

FAILURES = """\
properties
  violated     mutual_exclusion: 3 steps, scenario loop
               At most one client holds the lock.
  incomplete   progress: stopped at the time limit of 1 s
               Who waits gets the lock.

witnesses
  vacuous      handoff: not reached

never reached
  client "L9 handoff" (specs/sync/mutex.py:140)

mutual_exclusion is violated
"""

BUGS = """\
  passed  mutex.m5: unlock does not set woken
          found by no_throw in 9 steps
          scenario loop; goroutines=2; 1,200 states, 0.30 s
  passed  sema.s2: a second check too many
          harmless: nothing found
          goroutines=2; 1,200 states, 0.30 s
  FAILED  mutex.m6: the waiter count is not lowered
          not found by no_throw or deadlock; mutual_exclusion broke instead
          goroutines=2; 1,200 states, 0.30 s
          stopped by the limit of 1200 states
"""


def text_of(report: Report) -> str:
    return plain(report_lines(report))


def failing(report: Report, counterexample: Counterexample) -> Report:
    found = PropertyResult(
        "mutual_exclusion", "invariant", "At most one client holds the lock.", Verdict.VIOLATED, "", 3, "loop"
    )
    note = "stopped at the time limit of 1 s"
    progress = PropertyResult("progress", "leads_to", "Who waits gets the lock.", Verdict.INCOMPLETE, note=note)
    witness = PropertyResult("handoff", "reachable", "", Verdict.VACUOUS, note="not reached")
    report.properties = [found, progress, witness]
    report.counterexamples = [counterexample]
    report.vacuous = ['client "L9 handoff" (specs/sync/mutex.py:140)']
    return report


def test_all_holds(report: Report) -> None:
    assert text_of(report) == ALL_HOLDS


def test_failures_stand_out_and_the_trace_follows(report: Report, counterexample: Counterexample) -> None:
    text = text_of(failing(report, counterexample))
    assert FAILURES in text
    assert text.endswith("\n\nviolated: mutual_exclusion\n")


def test_only_what_the_same_execution_violates_is_shown_together(
    report: Report, counterexample: Counterexample
) -> None:
    stuck = replace(counterexample, property="deadlock", kind="deadlock")
    longer = replace(stuck, property="quiet", steps=(*stuck.steps, stuck.steps[-1]))
    elsewhere = replace(stuck, property="no_throw", reproduce="gomodel check mutex --scenario rounds")
    report.counterexamples = [counterexample, stuck, longer, elsewhere]
    assert text_of(report).count("to reproduce:") == 3


def test_it_never_says_verified(report: Report, counterexample: Counterexample) -> None:
    assert "verified" not in text_of(report) + text_of(failing(report, counterexample))


def test_bugs_that_are_on_are_named(report: Report) -> None:
    report.bugs = ("mutex.m5", "mutex.sema.s1")
    assert "\n  bugs on mutex.m5, mutex.sema.s1\n" in text_of(report)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_it_keeps_to_the_width(report: Report, width: int) -> None:
    assert max(line.cell_len for line in report_lines(report, width=width)) <= width


def test_a_limit_is_incomplete_and_said_twice(report: Report) -> None:
    report.scenarios[0] = replace(report.scenarios[0], stopped="the limit of 1000 states")
    report.properties = [replace(p, verdict=Verdict.INCOMPLETE) for p in report.properties]
    assert report.exit_code == Exit.INCOMPLETE
    text = text_of(report)
    assert "\n  stopped the limit of 1000 states\n" in text
    assert "incomplete: loop stopped at the limit of 1000 states; no violation was found until then" in unfold(text)
    assert "exhaustive" not in text


def test_verdicts_in_words(report: Report, counterexample: Counterexample) -> None:
    assert verdict(report).startswith("ok: ")
    progress = PropertyResult("progress", "leads_to", "", Verdict.INCOMPLETE)
    report.properties.append(progress)
    assert verdict(report) == "incomplete: progress; all else holds, exhaustive at these bounds"
    report.properties.append(PropertyResult("handoff", "reachable", "", Verdict.VACUOUS))
    assert verdict(report).startswith("vacuous: handoff; ")
    report.counterexamples = [counterexample, counterexample]
    assert verdict(report) == "violated: mutual_exclusion"
    report.errors = [replace(counterexample, kind="error")]
    assert verdict(report).startswith("model error: ")


def bug(name: str, title: str, **facts: object) -> BugResult:
    facts = {"harmless": False, "expected": (), "found": (), "length": None, "scenario": "", "passed": True, **facts}
    return BugResult(name, title, bounds={"goroutines": 2}, seconds=0.3, states=1200, **facts)  # type: ignore[arg-type]


def test_bugs() -> None:
    expected = ("no_throw", "deadlock")
    results = [
        bug("mutex.m5", "unlock does not set woken", expected=expected, found=("no_throw",), length=9, scenario="loop"),
        bug("sema.s2", "a second check too many", harmless=True),
        bug(
            "mutex.m6",
            "the waiter count is not lowered",
            expected=expected,
            found=("mutual_exclusion",),
            passed=False,
            note="stopped by the limit of 1200 states",
        ),
    ]
    assert "".join(plain(bug_lines(r)) for r in results) == BUGS
    assert bugs_verdict("mutex", results).plain == "mutex: 1 of 3 bugs failed: mutex.m6"
    assert bugs_verdict("mutex", results[:2]).plain == "mutex: all 2 bugs are judged as declared"
    assert bugs_verdict("mutex", []).plain == "mutex: no bugs are declared"


def test_small_words() -> None:
    assert show_bounds({"goroutines": 2, "rounds": (2, 1), "lifo": True}) == "goroutines=2 rounds=2,1 lifo=True"
    assert show_bounds({"rounds": ()}) == "rounds=()"  # what -b takes for no rounds
    assert [duration(s) for s in (0.0, 9.994, 12.3, 3600.0)] == ["0.00 s", "9.99 s", "12 s", "3,600 s"]
    assert joined([]) == []


def unfold(text: str) -> str:
    return " ".join(text.split())

"""Checking a model: limits, verdicts, exit codes, scenarios and bounds, bugs, the report."""

from __future__ import annotations

import json

import pytest

from gomodel.language.model import Model
from gomodel.report_text import verdict as report_verdict
from gomodel.run.check import check
from gomodel.run.report import Exit, Report, Verdict
from gomodel.run.search import FIRST, INTERRUPTED, Limits, Progress, Stop
from gomodel.run.trace import Trace
from tests.models.concurrent import BrokenLock, Channel, Peterson, Philosophers
from tests.models.everything import Everything
from tests.models.graphs import Counters
from tests.models.puzzles import Jugs, River
from tests.small import length, model, verdict

COUNTING = """
def state(self):
    self.n = Int(0, 3)

@process()
def client(self, g):
    while True:
        yield step("count")
        self.n = self.n + 1 if self.n < 2 else 0
"""


# --- shortest traces -------------------------------------------------------------------------------------------------


def test_it_finds_the_seven_crossings_and_never_more() -> None:
    report = check(River, witnesses=["solved"])
    assert length(report, "solved") == 7
    (witness,) = report.witnesses
    moves = [(m.label, *m.choices) for m in witness.trace.moves]
    # Over with the goat, back alone, over with another, back with the goat, over with the third, back, the goat again.
    wolf, goat, cabbage = 0, 1, 2
    middle = moves[2][1]
    assert middle in (wolf, cabbage)
    with_, alone = "cross_with", "cross_alone"
    assert moves == [
        (with_, goat), (alone,), (with_, middle), (with_, goat), (with_, 2 - middle), (alone,), (with_, goat),
    ]  # fmt: skip


def test_it_goes_on_past_a_violation_and_keeps_each_propertys_shortest_trace() -> None:
    report = check(Everything)
    assert {c.property: len(c.trace) for c in report.counterexamples} == {
        "low": 2,
        "four": 2,
        "never_down": 3,
        "ends_low": 3,
    }
    assert report.scenarios[0].states == 12  # all of them
    lengths = [len(c.trace) for c in report.counterexamples]
    assert lengths == sorted(lengths)


def test_first_stops_at_the_first_violation() -> None:
    report = check(Jugs, limits=Limits(first=True))
    assert report.scenarios[0].stopped == FIRST
    assert report.scenarios[0].states < 16
    assert length(report, "not_four") == 6
    assert report.exit_code == Exit.VIOLATED


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_limit_that_is_hit_is_incomplete_and_never_ok() -> None:
    report = check(Peterson, limits=Limits(max_states=10))
    assert report.scenarios[0].stopped == "the limit of 10 states"
    assert not report.complete
    assert {p.verdict for p in report.properties} <= {Verdict.INCOMPLETE, Verdict.REACHED}
    assert report.exit_code == Exit.INCOMPLETE
    assert check(Peterson).exit_code == Exit.OK


def test_a_violation_before_the_limit_counts() -> None:
    report = check(Counters, limits=Limits(max_states=60))
    assert verdict(report, "none_full") is Verdict.VIOLATED
    assert verdict(report, "all_full") is Verdict.INCOMPLETE  # the last state of all
    assert report.exit_code == Exit.VIOLATED


def test_ctrl_c_keeps_what_was_found_and_leaves_later_scenarios() -> None:
    counting = model("""
top: int = 400

scenarios = {"one": Scenario("one"), "two": Scenario("two", top=401)}

def state(self):
    self.count = Array(Int(0, self.top), self.client)

@process(count=3)
def client(self, g):
    while True:
        yield step("count")
        self.count[g] = (self.count[g] + 1) % self.top

@invariant
def not_two(self):
    return all(n != 2 for n in self.count)
""")

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    report = check(counting, watch=interrupt)
    assert [(s.scenario, s.stopped) for s in report.scenarios] == [("one", INTERRUPTED)]
    assert length(report, "not_two") == 2
    assert report.exit_code == Exit.VIOLATED


def test_progress_is_reported_while_it_runs() -> None:
    seen: list[Progress] = []
    check(Counters, bounds={"counters": "5", "size": "20"}, limits=Limits(timeout=0.6), watch=seen.append)
    assert seen
    assert all(p.states > 0 for p in seen)


# --- deadlock, rest, terminal ----------------------------------------------------------------------------------------


def test_a_deadlock_names_who_is_blocked() -> None:
    report = check(Philosophers)
    assert verdict(report, "deadlock") is Verdict.VIOLATED
    (cex,) = report.counterexamples
    assert len(cex.trace) == 3
    assert cex.blocked == tuple(f'p{i} at "take right"' for i in range(3))
    assert report.exit_code == Exit.VIOLATED


WAITING = """
def state(self):
    self.open = Bool()
    self.passed = Bool()

@process()
def client(self, g):
    yield step("wait", when=lambda: self.open{rest})
    self.passed = True

@process()
def opener(self, o):
    yield step("open", rest=True)
    self.open = True
"""


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", Verdict.VIOLATED),  # a process waits, and nobody is forced to open
        (", rest=True", Verdict.OK),
        (', rest="blocked"', Verdict.OK),
    ],
)
def test_who_waits_at_rest_is_no_deadlock(rest: str, expected: Verdict) -> None:
    report = check(model(WAITING.format(rest=rest)))
    assert verdict(report, "deadlock") is expected


@pytest.mark.parametrize(
    ("rest", "length_found"),
    [
        (", rest=True", 0),  # at once, and behind "open": nobody need come
        (', rest="blocked"', 0),
    ],
)
def test_terminal_says_what_may_rest(rest: str, length_found: int) -> None:
    text = WAITING.format(rest=rest) + "\n@terminal\ndef all_passed(self):\n    return self.passed\n"
    report = check(model(text))
    assert length(report, "all_passed") == length_found
    assert verdict(report, "deadlock") is Verdict.OK
    held = (
        WAITING.format(rest=rest) + "\n@terminal\ndef passed_if_open(self):\n    return self.passed or not self.open\n"
    )
    assert length(check(model(held)), "passed_if_open") == (1 if rest == ", rest=True" else None)


def test_terminal_holds_where_all_is_done() -> None:
    report = check(Channel)
    assert verdict(report, "all_received") is Verdict.OK
    assert report.exit_code == Exit.OK


# --- fatals and model errors -----------------------------------------------------------------------------------------


def test_a_fatal_is_a_violated_property() -> None:
    report = check(Everything)
    (cex,) = [c for c in report.counterexamples if c.property == "four"]
    assert (cex.kind, cex.steps[-1].failed) == ("fatal", "four")
    assert cex.where.split(":")[0].endswith("everything.py")


def test_a_fatal_that_is_not_reached_holds() -> None:
    report = check(model(COUNTING + '        if self.n == 3:\n            fatal("three")\n'))
    assert verdict(report, "three") is Verdict.OK
    assert report.exit_code == Exit.OK  # a branch of nothing but fatal need not be reached


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ("self.n = 4", "n leaves its domain"),
        ("self.n = 1 // (2 - self.n)", "division by zero"),
        ("self.n = (1, 2)[self.n]", "index outside"),
        ("assert self.n < 2", "AssertionError"),
    ],
)
def test_a_model_error_has_a_trace_and_exit_code_2(last: str, text: str) -> None:
    report = check(model(COUNTING + f"        if self.n == 2:\n            {last}\n"))
    (error,) = report.errors
    assert text in error.property
    assert len(error.trace) == 2  # the second count makes it 2
    assert report.exit_code == Exit.ERROR


# --- vacuity ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addition", "what"),
    [
        ('        if self.n == 3:\n            yield step("never")\n', "step 'never' of client is never reached"),
        ("        if self.n == 3:\n            self.n = 0\n", "is never taken"),
        ("\n@rule\ndef never(self):\n    require(self.n == 3)\n    self.n = 0\n", "rule never is never taken"),
    ],
)
def test_what_is_never_reached_is_vacuous(addition: str, what: str) -> None:
    report = check(model(COUNTING + addition))
    assert any(what in line for line in report.vacuous)
    assert report.exit_code == Exit.VACUOUS
    assert check(model(COUNTING)).exit_code == Exit.OK


@pytest.mark.parametrize(
    ("prop", "note"),
    [
        ("@reachable\ndef p(self):\n    return self.n == 3\n", "never reached"),
        ("@invariant\ndef p(self):\n    return implies(self.n == 3, self.n > 0)\n", "premise"),
        ("@invariant\ndef p(self):\n    return self.n >= 0\n", "folds to true"),
    ],
)
def test_a_property_that_says_nothing_is_vacuous(prop: str, note: str) -> None:
    report = check(model(COUNTING + "\n" + prop))
    (found,) = [p for p in report.properties if p.name == "p"]
    assert found.verdict is Verdict.VACUOUS
    assert note in found.note
    assert report.exit_code == Exit.VACUOUS


def test_vacuity_is_judged_on_complete_runs_at_declared_bounds_without_bugs() -> None:
    text = (
        "top: int = 3\n\nbugs = {'two': Bug('wraps at two', breaks='small')}\n"
        + COUNTING.replace("< 2", "< (1 if self.bug('two') else self.top - 1)")
        + "\n@reachable\ndef two(self):\n    return self.n == 2\n"
        + "\n@invariant\ndef small(self):\n    return self.n < 3\n"
    )
    counting = model(text)
    assert check(counting).exit_code == Exit.OK
    for report in (check(counting, bounds={"top": "2"}), check(counting, bugs=["two"])):
        assert verdict(report, "two") is Verdict.UNREACHED
        assert report.exit_code == Exit.OK
    assert verdict(check(counting, limits=Limits(max_states=2)), "two") is Verdict.INCOMPLETE


# --- exit codes ------------------------------------------------------------------------------------------------------

VIOLATED = "\n@invariant\ndef small(self):\n    return self.n < 2\n"
UNREACHED = "\n@reachable\ndef three(self):\n    return self.n == 3\n"
PROMISE = '\n@leads_to(under=[weak("client")])\ndef comes_back(self):\n    return self.n == 1, self.n == 0\n'
WRONG = "\n@invariant\ndef wrong(self):\n    return 1 // (self.n - 1) < 7\n"


@pytest.mark.parametrize(
    ("additions", "code"),
    [
        ("", Exit.OK),
        (PROMISE, Exit.OK),
        (PROMISE + UNREACHED, Exit.VACUOUS),
        (PROMISE + UNREACHED + VIOLATED, Exit.VIOLATED),
        (PROMISE + UNREACHED + VIOLATED + WRONG, Exit.ERROR),
    ],
)
def test_the_first_exit_code_that_applies(additions: str, code: int) -> None:
    assert check(model(COUNTING + additions)).exit_code == code


def test_liveness_that_is_left_out_says_so() -> None:
    assert verdict(check(model(COUNTING + PROMISE)), "comes_back") is Verdict.OK
    left_out = check(model(COUNTING + PROMISE), safety_only=True)
    assert verdict(left_out, "comes_back") is Verdict.LEFT_OUT
    assert left_out.exit_code == Exit.OK


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("cut", ["limit", "ctrl-c"])
def test_liveness_that_is_cut_short_is_incomplete(engine: str, cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends in time; the search for fair cycles does not."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt if cut == "ctrl-c" else Stop("the time limit of 1 s")

    home = {"compiled": "gomodel.explore.liveness", "reference": "gomodel.run.reference"}[engine]
    monkeypatch.setattr(f"{home}.judge", stop)
    report = check(model(COUNTING + PROMISE), engine=engine)
    assert verdict(report, "comes_back") is Verdict.INCOMPLETE
    assert verdict(report, "deadlock") is (Verdict.OK if cut == "limit" else Verdict.INCOMPLETE)
    assert report.exit_code == Exit.INCOMPLETE
    words = "Ctrl-C" if cut == "ctrl-c" else "the time limit of 1 s"
    assert f"liveness stopped at {words}" in report_verdict(report)


# --- the report ------------------------------------------------------------------------------------------------------


def plain(report: Report) -> str:
    """The report as JSON, without what the clock says."""
    data = report.to_json()
    data["seconds"] = 0
    for scenario in data["scenarios"]:
        scenario["seconds"] = 0
    return json.dumps(data)


@pytest.mark.parametrize("checked", [Everything, Philosophers, Channel, BrokenLock], ids=lambda m: m.name)
def test_the_report_is_plain_data_and_the_same_every_time(checked: type[Model]) -> None:
    one, two = check(checked), check(checked)
    assert plain(one) == plain(two)
    data = json.loads(plain(one))
    assert data["schema"] == 1
    assert data["exit_code"] == one.exit_code
    assert data["complete"] is True
    for cex, shown in zip(data["counterexamples"], one.counterexamples, strict=True):
        assert Trace.from_json(cex["trace"]) == shown.trace
        assert len(cex["steps"]) == len(shown.trace)

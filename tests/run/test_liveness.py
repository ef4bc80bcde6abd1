"""Liveness: the classics through every engine and the oracle, and what a check says of promises."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from gomodel.language.model import Model
from gomodel.run.check import check, check_bugs
from gomodel.run.counterexample import confirm
from gomodel.run.report import Exit, Report, Verdict
from gomodel.run.search import DEADLOCK, Engine, Limits
from gomodel.run.trace import Trace
from tests.live_engines import each_engine, prepared, subject
from tests.models import fair, fair_small
from tests.models.fair import Answer, Lasso
from tests.small import length, model, verdict


class Case(NamedTuple):
    """A property of a model, with what is known of it."""

    model: type[Model]
    name: str
    lasso: Lasso | None


def cases(of: type[Model], answer: Answer) -> list[Case]:
    assert sorted(answer) == sorted(subject(of).live), f"{of.name}: every promise has its answer"
    return [Case(of, name, lasso) for name, lasso in answer.items()]


CLASSICS = [
    *cases(fair.Peterson, fair.PETERSON),
    *cases(fair.TicketLock, fair.TICKET_LOCK),
    *cases(fair.SpinLock, fair.SPIN_LOCK),
    *cases(fair.RetryLock, fair.RETRY_LOCK),
    *cases(fair.LoadLock, fair.LOAD_LOCK),
    *cases(fair.Philosophers, fair.PHILOSOPHERS),
    *cases(fair.Butler, fair.BUTLER),
    *cases(fair_small.Lazy, fair_small.LAZY),
    *cases(fair_small.Waiting, fair_small.WAITING),
    *cases(fair_small.Chooser, fair_small.CHOOSER),
    *cases(fair_small.Doorbell, fair_small.DOORBELL),
    *cases(fair_small.Light, fair_small.LIGHT),
]
classics = pytest.mark.parametrize("case", CLASSICS, ids=lambda c: f"{c.model.name}-{c.name}")


@classics
def test_the_oracle_says_what_is_known(case: Case) -> None:
    oracle = subject(case.model).oracle
    assert oracle.violated(case.name) == (None if case.lasso is None else case.lasso.arguments)
    if case.lasso is None:
        assert oracle.open_states(case.name) > 0
    else:
        assert oracle.shortest(case.name, case.lasso.arguments) == case.lasso.stem + case.lasso.cycle


@each_engine
@classics
def test_an_engine_finds_what_is_known(engine: Engine, case: Case) -> None:
    found = subject(case.model).explored(engine)
    assert found.complete
    assert found.cut is None
    assert (case.name in found.violations) == (case.lasso is not None)
    assert found.open[case.name] > 0
    if case.lasso is None:
        assert found.open[case.name] == subject(case.model).oracle.open_states(case.name)
        return
    lasso, trace = found.violations[case.name], found.violations[case.name].trace
    assert lasso.arguments == case.lasso.arguments
    assert lasso.length == len(trace)
    assert trace.cycle is not None
    if case.lasso.exact:
        assert (trace.cycle, len(trace) - trace.cycle) == (case.lasso.stem, case.lasso.cycle)
    assert lasso.length >= case.lasso.stem + case.lasso.cycle


@each_engine
@classics
def test_cpython_confirms_what_an_engine_finds(engine: Engine, case: Case) -> None:
    known = subject(case.model)
    if case.lasso is not None:
        confirm(known.inst, known.system, known.explored(engine).violations[case.name])


@each_engine
def test_only_what_is_asked_for_is_judged(engine: Engine) -> None:
    known = subject(fair.SpinLock)
    found = engine.explore(known.system, Limits(), None, ["strong_outcome", "weakly"])
    assert set(found.open) == {"strong_outcome", "weakly"}
    assert set(found.violations) == {"weakly"}
    assert not engine.explore(known.system, Limits()).open


@each_engine
def test_whose_cycle_it_is(engine: Engine) -> None:
    # In the only weakly fair cycle of SpinLock g0 waits at its CAS, once it has come there, while g1 goes round.
    trace = subject(fair.SpinLock).explored(engine).violations["weakly"].trace
    assert [(m.actor, m.label) for m in trace.moves] == [
        ("g0", "idle"), ("g1", "idle"), ("g1", "CAS"), ("g1", "critical"),
    ]  # fmt: skip


RING = """
def state(self):
    self.token = Int(0, 69)
    self.asked = Bool()
    self.place = tuple(range(70))

@process(count=70)
def p(self, g):
    while True:
        yield step("pass", when=lambda: self.token == self.place[g])
        self.token = (self.token + 1) % 70

@always_eventually(under=[weak("p"), strong("p", "pass")])
def comes(self, k: Int(0, 69)):
    return self.token == k

@always_eventually(under=[weak("p"), strong("p", "pass")])
def comes_asked(self):
    return self.asked and self.token == 3

@process()
def q(self, g):
    while True:
        yield step("ask", rest=True)
        self.asked = not self.asked
"""


@each_engine
def test_more_conditions_than_a_word_has_bits(engine: Engine) -> None:
    # 140 conditions.  A token that has to go on comes everywhere.  That somebody asks is up to q, who may rest while
    # the token goes round: 70 steps, which meet all the conditions.
    found = prepared(model(RING)).explored(engine)
    assert set(found.open) == {"comes", "comes_asked"}
    assert set(found.violations) == {"comes_asked"}
    trace = found.violations["comes_asked"].trace
    assert (trace.cycle, len(trace)) == (0, 70)


# --- what a check says -----------------------------------------------------------------------------------------------

COUNTING = """
goal: int = 3
fairness = (weak("client"),)
scenarios = {"two": Scenario("up to two", goal=2), "three": Scenario("up to three", goal=3)}

def state(self):
    self.n = Int(0, 4)

@process()
def client(self, g):
    while True:
        yield step("count")
        self.n = self.n + 1 if self.n < self.goal else 0
"""


def counted(engine: Engine, prop: str, *, safety_only: bool = False, **bounds: str) -> Report:
    return check(model(COUNTING + prop), engine=engine.name, safety_only=safety_only, bounds=bounds)


def note(report: Report, name: str) -> str:
    return next(p.note for p in report.properties if p.name == name)


@each_engine
def test_a_promise_that_is_kept_is_ok(engine: Engine) -> None:
    report = counted(engine, "@leads_to\ndef back(self):\n    return self.n == 1, self.n == 0\n")
    assert verdict(report, "back") is Verdict.OK
    assert report.exit_code == Exit.OK


@each_engine
def test_a_promise_that_is_broken_has_a_counterexample(engine: Engine) -> None:
    text = "@leads_to(under=[])\ndef back(self, k: Int(1, 2)):\n    return self.n == k, self.n == 0\n"
    report = counted(engine, text)
    assert verdict(report, "back") is Verdict.VIOLATED
    assert length(report, "back") == 1  # it counts to one and stops
    assert report.exit_code == Exit.VIOLATED
    (cex,) = report.counterexamples
    assert (cex.kind, cex.since, cex.arguments, cex.fairness) == ("leads_to", 1, (("k", "1"),), ())
    assert (cex.trace.cycle, len(cex.steps)) == (1, 1)
    (shown,) = report.to_json()["counterexamples"]
    assert Trace.from_json(shown["trace"]) == cex.trace
    assert (shown["since"], shown["arguments"]) == (1, (("k", "1"),))


@each_engine
def test_without_fairness_whatever_is_open_stays_open(engine: Engine) -> None:
    # By stopping where it is first open: after as many steps as it takes to get there.
    for k in range(4):
        report = counted(engine, f"@leads_to(under=[])\ndef p(self):\n    return self.n == {k}, self.n != {k}\n")
        assert length(report, "p") == k


@each_engine
def test_it_is_judged_in_its_scenario_only(engine: Engine) -> None:
    text = '@leads_to(scenario="three")\ndef three(self):\n    return self.n == 2, self.n == 3\n'
    assert verdict(counted(engine, text), "three") is Verdict.OK  # in the other it would be violated: see below
    elsewhere = check(model(COUNTING + text), engine=engine.name, scenarios=["two"])
    assert verdict(elsewhere, "three") is Verdict.LEFT_OUT
    assert note(elsewhere, "three") == "judged in scenario three"
    assert elsewhere.exit_code == Exit.OK
    everywhere = counted(engine, text.replace('(scenario="three")', ""))
    assert verdict(everywhere, "three") is Verdict.VIOLATED
    assert everywhere.counterexamples[0].scenario == "two"
    assert length(everywhere, "three") == 2 + 3  # up to two, and round: 2, 0, 1, 2


@each_engine
def test_it_is_judged_at_its_bounds_only(engine: Engine) -> None:
    text = "@leads_to(goal=3)\ndef three(self):\n    return self.n == 2, self.n == 3\n"
    assert verdict(counted(engine, text), "three") is Verdict.OK
    elsewhere = counted(engine, text, goal="2")
    assert verdict(elsewhere, "three") is Verdict.LEFT_OUT
    assert note(elsewhere, "three") == "judged at goal=3"


@each_engine
@pytest.mark.parametrize(
    ("premise", "expected"),
    [
        ("self.n == 4", Verdict.VACUOUS),  # never true
        ("self.n == 1 and self.goal > 0", Verdict.OK),
        ("self.n == 0", Verdict.VACUOUS),  # true only where the conclusion is
    ],
)
def test_a_promise_that_is_never_open_is_vacuous(engine: Engine, premise: str, expected: Verdict) -> None:
    text = f"@leads_to\ndef p(self):\n    return {premise}, self.n == 0\n"
    report = counted(engine, text)
    assert verdict(report, "p") is expected
    assert report.exit_code == (Exit.VACUOUS if expected is Verdict.VACUOUS else Exit.OK)
    assert verdict(counted(engine, text, goal="2"), "p") is Verdict.OK  # vacuity is judged at declared bounds


@each_engine
def test_safety_leaves_it_out(engine: Engine) -> None:
    report = counted(engine, "@eventually\ndef four(self):\n    return self.n == 4\n", safety_only=True)
    assert verdict(report, "four") is Verdict.LEFT_OUT
    assert report.exit_code == Exit.OK


@each_engine
def test_a_limit_leaves_it_undecided(engine: Engine) -> None:
    text = COUNTING + "@eventually\ndef four(self):\n    return self.n == 4\n"
    report = check(model(text), engine=engine.name, limits=Limits(max_states=2))
    assert verdict(report, "four") is Verdict.INCOMPLETE
    assert report.exit_code == Exit.INCOMPLETE


@each_engine
def test_a_model_error_leaves_it_undecided(engine: Engine) -> None:
    wrong = "@leads_to\ndef p(self):\n    return 1 // (2 - self.n) == 0, self.n == 0\n"
    report = counted(engine, wrong)
    assert "division by zero" in report.errors[0].property
    assert verdict(report, "p") is Verdict.INCOMPLETE
    assert report.exit_code == Exit.ERROR


@each_engine
def test_it_is_judged_beside_violations_of_safety(engine: Engine) -> None:
    report = check(fair.Philosophers, engine=engine.name)
    assert verdict(report, DEADLOCK) is Verdict.VIOLATED
    assert verdict(report, "begins") is Verdict.OK
    assert verdict(report, "eats") is Verdict.VIOLATED
    assert {c.property for c in report.counterexamples} == {DEADLOCK, "eats", "begins_weakly"}


# --- bugs ------------------------------------------------------------------------------------------------------------

BUGGY = """
fairness = (weak("client"), weak("client", "hand over"))
bugs = {
    "keeps": Bug("never gives the lock back", breaks="served"),
    "skips": Bug("a step is left out", harmless=True),
}

def state(self):
    self.turn = Int(0, 1)
    self.first = Pid(self.client)

@process(count=2)
def client(self, g):
    while True:
        yield step("wait", when=lambda: self.turn == (0 if g == self.first else 1))
        if not self.bug("skips"):
            yield step("hand over")
        if not self.bug("keeps"):
            self.turn = 1 - self.turn

@leads_to
def served(self, k: Int(0, 1)):
    return self.turn != k, self.turn == k
"""


@each_engine
def test_a_bug_is_found_by_the_promise_it_breaks(engine: Engine) -> None:
    results = {r.bug: r for r in check_bugs(model(BUGGY), engine=engine.name)}
    assert results["keeps"].passed
    assert results["keeps"].found == ("served",)
    # g0 goes round with its own turn for ever: two steps, from the start.
    assert results["keeps"].length == 2
    assert results["skips"].passed  # though the label that fairness names is gone

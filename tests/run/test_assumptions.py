"""Which fairness a property needs: small models whose answers are known by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gomodel.language.declare import strong, weak
from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.assumptions import AssumingResult, assumptions, to_json, variants
from gomodel.run.check import ENGINES
from gomodel.run.report import Verdict
from gomodel.run.search import INTERRUPTED, Exploration, Limits, Progress
from gomodel.run.trace import Trace
from tests.models import fair, fair_small
from tests.small import model

each_engine = pytest.mark.parametrize("engine", ENGINES)


def only(found: list[AssumingResult], name: str) -> AssumingResult:
    return next(r for r in found if r.property == name)


def needs(result: AssumingResult) -> list[tuple[str, str, bool | None]]:
    return [(a.assumption, a.weaker, a.needed) for a in result.assumptions]


def lasso(result: AssumingResult, number: int) -> tuple[int | None, int]:
    """Of an assumption, how long the stem and the cycle are without it."""
    cex = result.assumptions[number].counterexample
    assert cex is not None
    assert cex.trace.cycle is not None
    return cex.trace.cycle, len(cex.trace) - cex.trace.cycle


# --- one property ----------------------------------------------------------------------------------------------------


@each_engine
def test_a_test_and_set_lock_needs_both_of_its_assumptions(engine: str) -> None:
    # Without fairness of "critical" g1 locks and stays; with weak fairness of winning it goes round: see ``fair``.
    result = only(assumptions(fair.SpinLock, engine=engine), "strong_outcome")
    assert (result.verdict, result.stopped, result.counterexample) == (Verdict.OK, "", None)
    assert needs(result) == [
        ("weak('p')", "", True),
        ("strong('p', 'CAS', 'won')", "weak('p', 'CAS', 'won')", True),
    ]
    weakly, alone = fair.SPIN_LOCK["weakly"], fair.SPIN_LOCK["strong_outcome_alone"]
    assert weakly
    assert alone
    assert lasso(result, 0) == (alone.stem, alone.cycle)
    assert lasso(result, 1) == (weakly.stem, weakly.cycle)


@each_engine
def test_each_of_three(engine: str) -> None:
    result = only(assumptions(fair.LoadLock, engine=engine), "strong_both")
    assert [a.needed for a in result.assumptions] == [True, True, True]
    without_load, without_won = fair.LOAD_LOCK["strong_outcome"], fair.LOAD_LOCK["strong_load"]
    assert without_load
    assert without_won
    assert lasso(result, 1) == (without_load.stem, without_load.cycle)
    assert lasso(result, 2) == (without_won.stem, without_won.cycle)


COUNTER = """
def state(self):
    self.n = Int(0, 2)

@process()
def counter(self, c):
    while True:
        yield step("count")
        self.n = (self.n + 1) % 3

@process()
def other(self, o):
    while True:
        yield step("wait", when=lambda: self.n == 2)
        self.n = 0
"""
CYCLES = '@always_eventually(under=[strong("counter"), weak("other")])\ndef back(self):\n    return self.n == 0\n'


@each_engine
def test_what_is_not_needed(engine: str) -> None:
    # Counting goes on by weak fairness, and comes back to 0 whatever the other does.
    (result,) = assumptions(model(COUNTER + CYCLES), engine=engine)
    assert needs(result) == [("strong('counter')", "weak('counter')", False), ("weak('other')", "", False)]
    assert result.verdict is Verdict.OK


def test_of_two_that_do_for_each_other_neither_is_needed() -> None:
    # "do" is enabled from the start: either fairness of it suffices, and without both the property fails.
    text = """
def state(self):
    self.done = Bool()

@process()
def lazy(self, g):
    yield step("do")
    self.done = True

@eventually(under=[weak("lazy"), weak("lazy", "do")])
def done_in_the_end(self):
    return self.done

@eventually(under=[weak("lazy")])
def done_by_one(self):
    return self.done
"""
    both, one = assumptions(model(text))
    assert [a.needed for a in both.assumptions] == [False, False]
    assert needs(one) == [("weak('lazy')", "", True)]
    assert lasso(one, 0) == (0, 0)


def test_only_fairness_of_its_own_is_judged() -> None:
    assert [r.property for r in assumptions(fair.Peterson)] == [
        "served_though_nobody_gives_way",
        "served_though_the_other_stops",
    ]  # the others take the model's, or none
    assert assumptions(model(COUNTER)) == []
    assert "done_without_fairness" not in {r.property for r in assumptions(fair_small.Lazy)}


@each_engine
def test_what_is_violated_as_it_stands_has_no_needs(engine: str) -> None:
    result = only(assumptions(fair.SpinLock, engine=engine, target="fair.py:SpinLock"), "weakly")
    assert (result.verdict, result.assumptions) == (Verdict.VIOLATED, ())
    assert result.counterexample is not None
    assert (result.counterexample.property, result.counterexample.trace.cycle) == ("weakly", 1)
    assert result.counterexample.reproduce == "gomodel check fair.py:SpinLock"


def test_the_variants_of_a_property() -> None:
    system = trace(instance(fair.SpinLock))
    prop = system.properties["strong_outcome_of_its_own"]
    found = [(v.member, v.weaker, v.prop.under) for v in variants(prop)]
    won = strong("g", "CAS", "won")
    assert found == [
        (weak("p"), "", (won,)),
        (won, "weak('g', 'CAS', 'won')", (weak("p"), weak("g", "CAS", "won"))),
    ]


# --- scenarios -------------------------------------------------------------------------------------------------------

HELPED = """
helpers: int = 0
scenarios = {
    "alone": Scenario("nobody else counts", helpers=0),
    "helped": Scenario("another one counts", helpers=1),
    "many": Scenario("two others count", default=False, helpers=2),
}

def state(self):
    self.n = Int(0, 1)

@process()
def counter(self, c):
    while True:
        yield step("count")
        self.n = 1 - self.n

@process(count="helpers")
def helper(self, h):
    while True:
        yield step("help")
        self.n = 1 - self.n

@always_eventually(under=[weak("counter"), weak("helper")])
def one(self):
    return self.n == 1
"""


@each_engine
def test_it_is_needed_where_some_scenario_needs_it(engine: str) -> None:
    # Alone the counter has to count.  With a helper, who is fair, it does not, and the helper need not either.
    found = model(HELPED)
    (result,) = assumptions(found, engine=engine)
    assert (result.scenarios, result.verdict) == (("alone", "helped"), Verdict.OK)
    assert needs(result) == [("weak('counter')", "", True), ("weak('helper')", "", False)]
    cex = result.assumptions[0].counterexample
    assert cex is not None
    assert (cex.scenario, cex.property) == ("alone", "one")
    assert cex.reproduce == "gomodel fairness m --scenario alone --lassos"
    (result,) = assumptions(found, scenarios=["helped"], engine=engine)
    assert [a.needed for a in result.assumptions] == [False, False]
    (result,) = assumptions(found, scenarios=["many"], engine=engine)
    assert result.scenarios == ("many",)


def test_bounds_are_named_where_it_is_reproduced() -> None:
    found = model(HELPED.replace("under=[", "helpers=0, under=["))
    assert assumptions(found, scenarios=["many"]) == []
    (result,) = assumptions(found, bounds={"helpers": "0"}, scenarios=["helped"])
    cex = result.assumptions[0].counterexample
    assert cex is not None
    assert cex.reproduce == "gomodel fairness m --scenario helped -b helpers=0 --lassos"


# --- what comes first ------------------------------------------------------------------------------------------------


@each_engine
def test_a_limit_leaves_it_undecided(engine: str) -> None:
    results = assumptions(fair.SpinLock, engine=engine, limits=Limits(max_states=3))
    assert {r.verdict for r in results} == {Verdict.INCOMPLETE}
    assert {r.stopped for r in results} == {"the limit of 3 states"}
    assert {a.needed for r in results for a in r.assumptions} == {None}


class Cut:
    """An engine whose search for fair cycles ends where it is told to."""

    name = "cut"

    def __init__(self, after: int, reason: str) -> None:
        self.after, self.reason, self.asked = after, reason, list[list[str]]()

    def explore(self, system: Any, limits: Limits, watch: Any = None, live: Any = ()) -> Exploration:
        self.asked.append(list(live))
        return Exploration(open=dict.fromkeys(list(live)[: self.after], 1), cut=self.reason)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(after: int, reason: str) -> Cut:
        engine = Cut(after, reason)
        monkeypatch.setattr("gomodel.run.assumptions.engine_named", lambda _: engine)
        return engine

    return use


def test_a_limit_in_between_leaves_the_rest_undecided(cut: Any) -> None:
    engine = cut(2, "the time limit of 1 s")
    (result,) = assumptions(model(COUNTER + CYCLES))
    assert engine.asked == [["back", "back:0", "back:1"]]  # the property itself is judged first
    assert (result.verdict, result.stopped) == (Verdict.OK, "the time limit of 1 s")
    assert [a.needed for a in result.assumptions] == [False, None]


def test_an_interruption_leaves_out_the_scenarios_behind_it(cut: Any) -> None:
    engine = cut(0, INTERRUPTED)
    (result,) = assumptions(model(HELPED))
    assert len(engine.asked) == 1
    assert (result.scenarios, result.verdict) == (("alone", "helped"), Verdict.INCOMPLETE)
    assert result.stopped == INTERRUPTED


@each_engine
def test_ctrl_c_is_a_limit(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def watch(_: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gomodel.run.search.Clock.due", lambda _: True)
    (result,) = assumptions(model(COUNTER + CYCLES), engine=engine, watch=watch)
    assert (result.verdict, result.stopped) == (Verdict.INCOMPLETE, INTERRUPTED)


@each_engine
def test_a_model_error_says_nothing_of_fairness(engine: str) -> None:
    wrong = COUNTER.replace("(self.n + 1) % 3", "self.n + 1") + CYCLES
    with pytest.raises(SpecError, match="the model is wrong: ") as raised:
        assumptions(model(wrong), engine=engine, target="wrong.py")
    assert raised.value.where is not None
    assert raised.value.mend == "gomodel check wrong.py shows how"


# --- as data ---------------------------------------------------------------------------------------------------------


def test_it_is_written_as_plain_data() -> None:
    found = {r.property: json.loads(json.dumps(to_json(r))) for r in assumptions(fair.SpinLock)}
    held, broken = found["strong_outcome"], found["weakly"]
    assert (held["verdict"], held["counterexample"], held["scenarios"]) == ("ok", None, [""])
    first = held["assumptions"][0]
    assert (first["assumption"], first["needed"]) == ("weak('p')", True)
    assert Trace.from_json(first["counterexample"]["trace"]).cycle == 3
    assert (broken["verdict"], broken["assumptions"]) == ("violated", [])
    assert Trace.from_json(broken["counterexample"]["trace"]).cycle == 1

"""Why a lasso is a counterexample, in CPython's own judgement; and lassos that are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gomodel.language.errors import InternalError
from gomodel.run.check import check
from gomodel.run.counterexample import confirm
from gomodel.run.fair_cycle import FairCycle, fair_cycle
from gomodel.run.report import Counterexample
from gomodel.run.search import Engine, Found
from gomodel.run.trace import Move, Trace
from tests.live_engines import ENGINES, each_engine, subject
from tests.models.fair import Peterson, RetryLock, SpinLock
from tests.models.fair_small import Chooser
from tests.small import model


def explained(engine: Engine, of: type, name: str) -> tuple[Found, FairCycle]:
    known = subject(of)
    found = known.explored(engine).violations[name]
    return found, fair_cycle(known.inst, known.system, found)


def reasons(cycle: FairCycle) -> dict[str, str]:
    return {str(condition): why for condition, why in cycle.reasons}


# --- what it explains ------------------------------------------------------------------------------------------------


@each_engine
def test_weak_fairness_is_met_by_a_step_or_by_having_none(engine: Engine) -> None:
    # g0 comes to its CAS; then g1 goes round: "idle" is rest and meets nothing, the CAS does, and after it g0's own
    # would fail, which changes nothing.
    _, cycle = explained(engine, SpinLock, "weakly")
    assert cycle.since == 1
    assert reasons(cycle) == {
        "weak fairness of g0": "not enabled after step 3",
        "weak fairness of g1": "met by step 3",
    }


@each_engine
def test_strong_fairness_is_met_where_it_is_never_enabled(engine: Engine) -> None:
    # g1 holds the lock for ever, or whenever g0 is at its CAS.
    found, cycle = explained(engine, SpinLock, "strong_outcome_alone")
    assert reasons(cycle) == {
        'strong fairness of g0 at "CAS", won': "never enabled from there on",
        'strong fairness of g1 at "CAS", won': "never enabled from there on",
    }
    assert found.trace.moves[cycle.since - 1] == Move("g0", "idle")  # from there on it waits
    found, cycle = explained(engine, RetryLock, "strong_outcome")
    won = next(k for k in range(found.trace.cycle or 0, len(found.trace)) if found.trace.moves[k] == Move("g1", "CAS"))
    assert reasons(cycle)['strong fairness of g0 at "CAS", won'] == "never enabled from there on"
    assert reasons(cycle)['strong fairness of g1 at "CAS", won'] == f"met by step {won + 1}"


def test_a_promise_may_open_again() -> None:
    # It is open at 1, kept at 2, open again at the second 1 and never kept after that.
    again = model("""
def state(self):
    self.n = Int(0, 3)

@process()
def client(self, g):
    yield step("one")
    self.n = 1
    yield step("two")
    self.n = 2
    yield step("one again")
    self.n = 1
    yield step("three")
    self.n = 3

@leads_to(under=[weak("client")])
def p(self):
    return self.n == 1, self.n == 2
""")
    for engine in ENGINES:
        found, cycle = explained(engine, again, "p")
        assert (found.length, found.trace.cycle, cycle.since) == (4, 4, 3)
        assert reasons(cycle) == {"weak fairness of g0": "never enabled from there on"}


@each_engine
def test_a_counterexample_says_it_in_words(engine: Engine) -> None:
    (cex,) = [c for c in check(SpinLock, engine=engine.name).counterexamples if c.property == "weakly"]
    assert isinstance(cex, Counterexample)
    assert (cex.since, cex.arguments) == (1, (("g", "g0"),))
    assert [(f.condition, f.why) for f in cex.fairness] == [
        ("weak fairness of g0", "not enabled after step 3"),
        ("weak fairness of g1", "met by step 3"),
    ]
    assert [step.label for step in cex.steps] == ["idle", "idle", "CAS", "critical"]


# --- what it refuses -------------------------------------------------------------------------------------------------

WEAKLY = Trace((), tuple(Move(*m) for m in (("g0", "idle"), ("g1", "idle"), ("g1", "CAS"), ("g1", "critical"))), 1)
STOPS = Trace((), tuple(Move(*m) for m in (("g0", "idle"), ("g1", "idle"), ("g1", "CAS"))), 3)
TRIES = Trace((), (Move("g0", "try", (False,)),) * 2, 0)
TRIED = Found("lucky_by_choice", "eventually", 2, lambda: TRIES)


def claimed(name: str, trace: Trace, *arguments: str, of: type = SpinLock) -> tuple[type, Found]:
    found = Found(name, "leads_to", len(trace), lambda: trace, arguments=arguments or ("g0",))
    return of, found


def judged(of: type, found: Found) -> FairCycle:
    known = subject(of)
    return fair_cycle(known.inst, known.system, found)


def test_the_lassos_that_are_tampered_with_are_counterexamples() -> None:
    assert judged(*claimed("weakly", WEAKLY)).since == 1
    assert judged(*claimed("strong_outcome_alone", STOPS)).since == 1
    assert judged(Chooser, TRIED).since == 0


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        pytest.param(claimed("weakly", replace(WEAKLY, moves=WEAKLY.moves[:-1])), "does not come back", id="no cycle"),
        pytest.param(claimed("weakly", replace(WEAKLY, cycle=0)), "does not come back", id="a longer cycle"),
        pytest.param(claimed("weakly", WEAKLY, "g1"), "the promise is kept", id="it is kept in the cycle"),
        pytest.param(
            claimed("weakly", Trace((), (*WEAKLY.moves[:1], Move("g0", "CAS")), 2)),
            "the promise is kept",
            id="it is kept at the end",
        ),
        pytest.param(
            claimed("weakly", replace(WEAKLY, init=(1,))),
            "not what is asked for",
            id="a choice that init does not make",
        ),
        pytest.param(claimed("weakly", Trace((), (), 0)), "the promise is kept", id="it is never open"),
        pytest.param(
            claimed("strong_outcome", WEAKLY),
            'strong fairness of g0 at "CAS", won is not met',
            id="enabled again and again",
        ),
        pytest.param(claimed("weakly", STOPS), "weak fairness of g1 is not met", id="it stops too early"),
        pytest.param(
            claimed("weakly", replace(STOPS, moves=(*STOPS.moves, Move("g0", "CAS")))),
            "weak fairness of g1 is not met",
            id="a step that changes nothing is none",
        ),
        pytest.param(
            claimed("served", Trace((), (Move("g0", "idle"),), 1), of=Peterson),
            "weak fairness of g0 is not met",
            id="nothing happens where something has to",
        ),
    ],
)
def test_what_is_no_fair_cycle_is_refused(lie: tuple[type, Found], words: str) -> None:
    with pytest.raises(InternalError, match=words):
        judged(*lie)
    with pytest.raises(InternalError):
        confirm(subject(lie[0]).inst, subject(lie[0]).system, lie[1])


def test_a_blocked_step_is_refused() -> None:
    # g1 may not pass where g0 gave way last and is in.
    labels = [("g1", "idle"), ("g0", "idle"), ("g0", "give way"), ("g1", "give way"), ("g1", "wait")]
    trace = Trace((), tuple(Move(*m) for m in labels), 5)
    with pytest.raises(InternalError, match="blocked"):
        judged(*claimed("served", trace, of=Peterson))


def ending(trace: Trace, last: Move) -> Trace:
    return replace(trace, moves=(*trace.moves[:-1], last))


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(claimed("weakly", ending(WEAKLY, Move("g1", "idle"))), id="another label"),
        pytest.param(claimed("weakly", ending(WEAKLY, Move("g1", "critical", (1,)))), id="a choice too many"),
        pytest.param(claimed("weakly", ending(WEAKLY, Move("g9", "critical"))), id="nobody of that name"),
        pytest.param((Chooser, replace(TRIED, find=lambda: ending(TRIES, Move("g0", "try")))), id="a choice too few"),
    ],
)
def test_a_move_that_does_not_fit_is_refused(lie: tuple[type, Found]) -> None:
    with pytest.raises(InternalError):
        judged(*lie)

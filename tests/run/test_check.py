"""Which scenarios and bounds a check explores, and how bugs are judged."""

from __future__ import annotations

import textwrap

import pytest

from gomodel.language.errors import UsageError
from gomodel.run.check import check, check_bugs
from gomodel.run.report import Exit, Report, Verdict
from gomodel.run.search import INTERRUPTED, Exploration, Limits
from tests.language.source import model_of
from tests.small import model, verdict

# --- scenarios, presets, bounds --------------------------------------------------------------------------------------

SIZED = model("""
size: int = Bound(2, min=1, max=6)
wide: bool = False
steps: tuple = (1,)

scenarios = {
    "small": Scenario("as declared"),
    "large": Scenario("more", size=3),
    "extra": Scenario("only when asked for", default=False, size=4),
}
presets = {
    "quick": Preset(scenarios=("small",), size=1, unreached=("two",)),
    "nightly": Preset(size=5),
}

def state(self):
    self.n = Int(0, 9)

@process()
def client(self, g):
    while True:
        yield step("count")
        self.n = (self.n + self.steps[0]) % (self.size * (2 if self.wide else 1))

@reachable
def two(self):
    return self.n == 2

@reachable(scenario="large", size=3)
def judged_where_named(self):
    return self.n == 2
""")


def explored(report: Report) -> dict[str, tuple[int, int]]:
    """Scenario → its size and how many states there are: as many as the counter has values."""
    return {s.scenario: (s.bounds["size"], s.states) for s in report.scenarios}


def test_bounds_come_from_defaults_preset_scenario_and_the_user_in_this_order() -> None:
    assert explored(check(SIZED)) == {"small": (2, 2), "large": (3, 3)}
    assert explored(check(SIZED, scenarios=["extra"])) == {"extra": (4, 4)}
    assert explored(check(SIZED, preset="quick")) == {"small": (1, 1)}
    assert explored(check(SIZED, preset="nightly")) == {"small": (5, 5), "large": (3, 3)}
    assert explored(check(SIZED, preset="nightly", bounds={"size": "6"})) == {"small": (6, 6), "large": (6, 6)}
    assert explored(check(SIZED, bounds={"wide": "true"})) == {"small": (2, 4), "large": (3, 6)}
    assert explored(check(SIZED, bounds={"steps": "2,1", "size": "6"}, scenarios=["small"])) == {"small": (6, 3)}


def test_a_witness_is_excused_where_the_preset_or_its_own_bounds_say_so() -> None:
    quick = {p.name: (p.verdict, p.note) for p in check(SIZED, preset="quick").properties}
    assert quick["two"] == (Verdict.UNREACHED, "not expected at this preset")
    assert quick["judged_where_named"] == (Verdict.UNREACHED, "judged in scenario large")
    assert check(SIZED, preset="quick").exit_code == Exit.OK
    small = {p.name: p for p in check(SIZED).properties}
    assert (small["two"].verdict, small["two"].scenario, small["two"].length) == (Verdict.REACHED, "large", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bounds": {"sise": "1"}},
        {"bounds": {"size": "0"}},
        {"bounds": {"size": "7"}},
        {"bounds": {"size": "two"}},
        {"bounds": {"wide": "perhaps"}},
        {"scenarios": ["medium"]},
        {"preset": "daily"},
        {"bugs": ["b1"]},
        {"engine": "warp"},
        {"witnesses": ["three"]},
    ],
    ids=str,
)
def test_what_does_not_exist_or_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        check(SIZED, **wrong)  # type: ignore[arg-type]


# --- bugs ------------------------------------------------------------------------------------------------------------

BUGGY = model("""
top: int = 2

scenarios = {"usual": Scenario("usual"), "other": Scenario("other", default=False, top=3)}

bugs = {
    "over": Bug("counts too far", breaks="small"),
    "late": Bug("counts too far from three on", breaks="small", bounds={"top": 3}),
    "there": Bug("the same, judged elsewhere", breaks=("small", "deadlock"), scenario="other"),
    "slow": Bug("counts up in two steps", harmless=True),
    "mild": Bug("is called harmless and is not", harmless=True),
    "lost": Bug("is found by another property", breaks="deadlock"),
    "wild": Bug("leaves the domain only", breaks="small"),
}

def state(self):
    self.n = Int(0, 5)

@process()
def client(self, g):
    while True:
        yield step("count")
        if self.bug("slow"):
            yield step("think")
        far = self.bug("over") or self.bug("mild") or self.bug("lost")
        far = far or (self.top == 3 and (self.bug("late") or self.bug("there")))
        if self.n < self.top or far:
            self.n = self.top + 1 if self.n == self.top else self.n + 1
        else:
            self.n = 9 if self.bug("wild") else 0
        if self.n > self.top + 1:
            self.n = 0

@invariant
def small(self):
    return self.n <= self.top
""")


def test_every_bug_is_judged_by_the_properties_it_names() -> None:
    told = []
    results = {r.bug: r for r in check_bugs(BUGGY, notify=told.append)}
    assert [r.bug for r in told] == list(results) == list(BUGGY.bugs)
    assert {name: r.passed for name, r in results.items()} == {
        "over": True,
        "late": True,
        "there": True,
        "slow": True,
        "mild": False,
        "lost": False,
        "wild": False,  # to leave a domain is a model error, and does not count as finding the bug
    }
    assert results["over"].length == 3  # 0, 1, 2 are fine
    assert (results["late"].length, results["late"].bounds["top"]) == (4, 3)
    assert (results["there"].length, results["there"].scenario) == (4, "other")
    assert results["there"].expected == ("small", "deadlock")
    assert results["mild"].found == results["lost"].found == ("small",)
    assert results["slow"].found == ()


def test_a_bug_that_a_limit_hides_is_open_not_failed() -> None:
    results = {r.bug: r for r in check_bugs(BUGGY, limits=Limits(max_states=2))}
    assert results["over"].stopped == "the limit of 2 states"
    assert not results["over"].passed
    assert results["there"].passed == (results["there"].stopped == "")


def test_ctrl_c_ends_the_judging_of_bugs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        name = "interrupted"

        def explore(self, *_: object) -> Exploration:
            return Exploration(stopped=INTERRUPTED)

    monkeypatch.setattr("gomodel.run.check.engine_named", lambda _: Interrupted())
    (result,) = check_bugs(BUGGY)
    assert (result.bug, result.passed, result.stopped) == ("over", False, INTERRUPTED)


def test_a_single_bug_brings_its_bounds_except_what_the_user_sets() -> None:
    report = check(BUGGY, bugs=["late"])
    assert [s.bounds["top"] for s in report.scenarios] == [3]
    assert verdict(report, "small") is Verdict.VIOLATED
    assert report.counterexamples[0].reproduce == "gomodel check m --scenario usual -b top=3 --bug late"
    at_two = check(BUGGY, bugs=["late"], bounds={"top": "2"})
    assert verdict(at_two, "small") is Verdict.OK
    both = check(BUGGY, bugs=["slow", "late"])
    assert [s.bounds["top"] for s in both.scenarios] == [2]  # together they name no place


SATURATING = """
class M(Model):
    name = "waits"

    def state(self):
        self.waited = Int(0, 3)
        self.starving = Bool()

    @process(count=1)
    def waiter(self, w):
        while True:
            yield step("wait")
            if self.waited < 3:
                self.waited += 1
            if self.waited > 3:
                self.starving = True
"""


def test_a_branch_whose_condition_can_never_hold_is_vacuous() -> None:
    """The counter saturates at its threshold, so the mode behind it is never entered: the domain alone says so."""
    report = check(model_of(SATURATING))
    assert report.exit_code == Exit.VACUOUS
    assert len(report.vacuous) == 1
    assert "never taken" in report.vacuous[0]
    entered = SATURATING.replace("self.waited > 3", "self.waited == 3")
    assert check(model_of(entered)).exit_code == Exit.OK


def test_a_branch_to_a_fatal_that_can_never_be_taken_is_as_it_should_be() -> None:
    fatal = SATURATING.replace("self.starving = True", "fatal('x')")
    assert check(model_of(fatal)).exit_code == Exit.OK


def test_a_witness_is_not_reached_by_another_scenario_than_it_names() -> None:
    """n gets to 2 in the larger one only."""
    body = """
    most: int = 1
    scenarios = {"one": Scenario("to 1", most=1), "two": Scenario("to 2", most=2)}

    def state(self):
        self.n = Int(0, 2)

    @process()
    def p(self, g):
        for _ in range(self.most):
            yield step("count")
            self.n += 1

    @reachable(scenario="one")
    def two(self):
        return self.n == 2
    """
    body = textwrap.dedent(body)
    report = check(model(body))
    assert verdict(report, "two") is Verdict.VACUOUS
    assert verdict(check(model(body.replace('scenario="one"', 'scenario="two"'))), "two") is Verdict.REACHED


def test_a_property_that_is_trivial_in_one_scenario_is_not_vacuous() -> None:
    """Whichever comes last: in the other one it says something."""
    body = """
    on: bool = False
    scenarios = {"yes": Scenario("on", on=True), "no": Scenario("off", on=False)}

    def state(self):
        self.n = Int(0, 2)

    @process()
    def p(self, g):
        yield step("once")
        self.n = 1

    @invariant
    def small(self):
        return not self.on or self.n < 2
    """
    report = check(model(textwrap.dedent(body)))
    assert verdict(report, "small") is Verdict.OK

"""Moving along an execution, without a terminal."""

from __future__ import annotations

import pytest

from gomodel.run.check import instances
from gomodel.run.report import Change
from gomodel.run.trace import Move
from gomodel.trace.browser.timeline import Timeline, following, preceding, prefixes, printable
from gomodel.trace.playback import begin
from tests.playing import play
from tests.small import model
from tests.trace.browser.models import lasso, violating


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(violating())


def test_what_a_step_changed_has_ghosts_too(timeline: Timeline) -> None:
    assert timeline.changes(0) == {}
    assert timeline.changes(4) == {"lock.held": Change("lock.held", "0", "1"), "loud": Change("loud", "1", "2")}
    assert timeline.ghosts == {"loud"}


def test_the_last_step_that_changed_a_variable(timeline: Timeline) -> None:
    assert [timeline.last_change("seen[w0]", k) for k in range(9)] == [0, 0, 2, 2, 2, 2, 2, 2, 8]
    assert timeline.last_change("nothing", 8) == 0


def test_the_changes_of_a_variable_are_those_of_its_parts(timeline: Timeline) -> None:
    assert timeline.changing("lock.waiters") == [5]
    assert timeline.changing("lock") == [1, 3, 4, 5, 6, 7]
    assert timeline.changing("seen") == [2, 5, 8]
    assert timeline.changing("see") == []
    assert timeline.variables == ["lock", "lock.held", "lock.waiters", "seen", "seen[w0]", "seen[w1]", "loud"]


def test_the_end_of_a_lasso_goes_on_at_the_beginning_of_its_cycle() -> None:
    timeline = Timeline(lasso())  # begin, and then up and down for ever
    assert [timeline.forward(k) for k in range(4)] == [1, 2, 3, 2]
    assert timeline.taken(3) == Move("s0", "up")
    assert timeline.violated


def test_a_finite_execution_ends(timeline: Timeline) -> None:
    assert timeline.forward(8) is None
    assert timeline.taken(8) is None
    assert timeline.taken(4) == Move("w1", "work \x1b[31m", (True,))


def test_search_looks_at_labels_values_places_and_choices(timeline: Timeline) -> None:
    assert timeline.hits("UNLOCK") == [3, 6]
    assert timeline.hits("sema.go:7") == [2, 5, 8]
    assert timeline.hits("waiters: 0 → 1") == [5]
    assert timeline.hits("true") == [5]
    assert timeline.hits("nobody") == []


def test_the_next_and_the_previous_of_some_steps_go_round() -> None:
    assert [following([2, 5], k) for k in (0, 2, 4, 5, 9)] == [2, 5, 5, 2, 2]
    assert [preceding([2, 5], k) for k in (0, 2, 4, 5, 9)] == [5, 5, 2, 2, 5]
    assert following([], 3) is None


def test_a_path_and_the_groups_that_it_is_in() -> None:
    assert prefixes("a.b[w0].c") == ["a", "a.b", "a.b[w0]", "a.b[w0].c"]
    assert prefixes("n") == ["n"]


def test_what_could_drive_a_terminal_is_not_printed() -> None:
    assert printable("a\x1b[31m\x07→\u202e\u2028ü\n") == "a\ufffd[31m\ufffd→\ufffd\ufffdü\ufffd"


def test_what_a_possible_step_would_violate(timeline: Timeline) -> None:
    """Worker 0 is about to work for the second time; the saboteur would find the lock held."""
    found = {(o.move.actor, o.move.choices): (o.breaks, o.failed) for o in timeline.compute_options(7)}
    assert found == {
        ("w0", (False,)): (("nobody_twice",), ""),
        ("w0", (True,)): (("nobody_twice",), ""),
        ("s0", ()): ((), "broken"),
    }
    assert timeline.breaks(8) == ("nobody_twice",)
    assert timeline.breaks(7) == ()


def test_step_invariants_that_a_possible_step_would_violate() -> None:
    """Its only step lowers n, which is never to fall."""
    falling = model("""
def state(self):
    self.n = Int(0, 1)

@process()
def worker(self, w):
    while True:
        yield step("turn")
        self.n = 1 - self.n

@step_invariant
def never_falls(self, before):
    return self.n >= before.n
""")
    timeline = Timeline(play(falling, ["w0"]))
    assert [[option.breaks for option in timeline.compute_options(k)] for k in (0, 1)] == [[()], [("never_falls",)]]


def test_an_execution_without_any_state() -> None:
    """The initial state leaves the domain of n."""
    wrong = model("""
def state(self):
    self.n = Int(0, 1)

def init(self):
    self.n = 2

@process()
def worker(self, w):
    yield step("idle")
""")
    inst = instances(wrong)[0]
    timeline = Timeline(begin(inst, "m"))
    assert (timeline.end, timeline.has_state(0), timeline.cells(0), timeline.known_options(0)) == (0, False, {}, [])

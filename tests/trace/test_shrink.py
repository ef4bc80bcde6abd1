"""Shrinking: what is known to be shortest comes out, and it still shows the same."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.language.errors import UsageError
from gomodel.run.check import check
from gomodel.run.counterexample import confirm
from gomodel.trace.shrink import shrink
from tests.conftest import Run
from tests.playing import play
from tests.small import model

WANDERING = model("""
def state(self):
    self.at = Int(0, 5)
    self.seen = Array(Bool(), 2)

@process()
def walker(self, a):
    while True:
        yield step("go")
        if choose(True, False):
            require(self.at < 5)
            self.at += 1
        else:
            require(self.at > 0)
            self.at -= 1

@process()
def bystander(self, b):
    yield step("look")
    self.seen[0] = True
    yield step("look again")
    self.seen[1] = True

@invariant
def below_three(self):
    return self.at < 3

@leads_to(under=[weak("walker")])
def home(self):
    return self.at > 0, self.at == 0
""")
UP, DOWN = ("a0", [True]), ("a0", [False])


def test_circles_and_bystanders_go() -> None:
    long = play(WANDERING, [UP, "b0", UP, DOWN, DOWN, UP, "b0", UP, DOWN, UP, UP], "below_three", "invariant")
    found = shrink(long)
    assert [(m.actor, m.choices) for m in found.playback.trace.moves] == [("a0", (True,))] * 3  # three times up
    assert found.whole


def test_the_stem_and_the_cycle_of_a_lasso() -> None:
    # Up, and for ever up and down above 0: the shortest such lasso has one step before its cycle of two.
    steps = [UP, DOWN, UP, "b0", UP, UP, DOWN, UP, DOWN]
    found = shrink(play(WANDERING, steps, "home", "leads_to", cycle=5)).playback
    assert (found.trace.cycle, len(found.trace)) == (1, 3)
    assert found.found is not None
    confirm(found.inst, found.system, found.found)


def test_a_long_execution_of_a_shipped_model_comes_down_to_the_shortest() -> None:
    shortest = check(catalog.load("waitq"), bugs=["c1"]).counterexamples[0]
    inst = {"bugs": ["c1"], "scenarios": [shortest.scenario]} if shortest.scenario else {"bugs": ["c1"]}
    steps = [(m.actor, m.choices) for m in shortest.trace.moves]
    found = shrink(play(catalog.load("waitq"), steps, shortest.property, shortest.kind, **inst))
    assert len(found.playback.trace) == len(shortest.trace)


def test_an_execution_that_shows_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="violates nothing"):
        shrink(play(WANDERING, [UP]))


def test_out_of_time_is_said() -> None:
    assert not shrink(play(WANDERING, [UP, DOWN, "b0", UP, UP, UP], "below_three", "invariant"), seconds=0.0).whole


def test_on_the_command_line(run: Run, found: str) -> None:
    out = run("trace", "shrink", found)[1]
    assert out.startswith("none of the 4 steps can be left out alone; ")

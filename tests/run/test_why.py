"""The values of a property's subexpressions."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.language.model import Model
from gomodel.language.properties import declared
from gomodel.language.tracer import trace
from gomodel.run import why
from gomodel.run.check import instances
from gomodel.run.concrete import Runner
from gomodel.run.report import Subvalue
from gomodel.run.trace import Trace
from tests.playing import Step, play
from tests.small import model

COUNTING = model("""
MOST = 1

def state(self):
    self.n = Array(Int(0, 3), 2)
    self.stop = Bool()

@process(count=2)
def worker(self, w):
    while True:
        yield step("add", when=lambda: not self.stop)
        k: Int(0, 1) = choose(0, 1)
        self.n[k] += 1
        if self.n[0] > 2:
            self.stop = True

def total(self, of):
    return of[0] + of[1]

@invariant
def few(self):
    total = self.total(self.n)
    return all(self.n[k] < 2 for k in range(2)) and total < 9

@step_invariant
def slow(self, before):
    return self.n[0] <= before.n[0]

@leads_to
def falls(self, k: Int(0, 1)):
    return self.n[k] > 0, self.n[k] == 0
""")


def lines(steps: list[Step], prop: str, kind: str, of: type[Model] = COUNTING, **more: object) -> list[str]:
    found: tuple[Subvalue, ...] = play(of, steps, prop, kind, **more).counterexample.why  # type: ignore[arg-type]
    return ["  " * part.depth + (f"{part.text} = {part.value}" if part.value else part.text) for part in found]


def test_every_part_that_was_evaluated_has_its_value() -> None:
    assert lines([("w0", [1]), ("w1", [0]), ("w0", [1])], "few", "invariant") == [
        "self.total(self.n) = 3",
        "  self.n = [1 2]",
        "  of[0] + of[1] = 3",
        "    of[0] = 1",
        "    of[1] = 2",
        "all(self.n[k] < 2 for k in range(2)) and total < 9 = false",
        "  all(self.n[k] < 2 for k in range(2)) = false",
        "    k=0: self.n[k] < 2 = true",
        "      self.n[k] = 1",
        "    k=1: self.n[k] < 2 = false",
        "      self.n[k] = 2",
    ]


def test_both_ends_of_a_step() -> None:
    assert lines([("w0", [0])], "slow", "step_invariant") == [
        "self.n[0] <= before.n[0] = false",
        "  self.n[0] = 1",
        "  before.n[0] = 0",
    ]


def test_a_promise_where_it_was_made_and_where_it_is_broken() -> None:
    steps: list[Step] = [("w0", [1]), ("w0", [0]), ("w0", [0]), ("w0", [0])]
    assert lines(steps, "falls", "leads_to", arguments=["1"], cycle=4) == [
        "after step 1",
        "  self.n[k] > 0 = true",
        "    self.n[k] = 1",
        "  self.n[k] == 0 = false",
        "    self.n[k] = 1",
        "where the cycle closes",
        "  self.n[k] > 0 = true",
        "    self.n[k] = 1",
        "  self.n[k] == 0 = false",
        "    self.n[k] = 1",
    ]


def test_the_guards_of_a_deadlock() -> None:
    found = lines([("w0", [0])] * 3, "deadlock", "deadlock")
    assert found == [
        'w0 at "add" waits for',
        "  not self.stop = false",
        "    self.stop = true",
        'w1 at "add" waits for',
        "  not self.stop = false",
        "    self.stop = true",
    ]


def test_an_error_in_a_property_is_shown_as_one() -> None:
    wrong = model("""
def state(self):
    self.n = Int(0, 3)

@process()
def worker(self, w):
    yield step("one")
    self.n = 1

@invariant
def divides(self):
    return 4 // (1 - self.n) > 0
""")
    assert lines(["w0"], "divides:0", "error", wrong) == []


@pytest.mark.parametrize("name", ["chan", "map", "mutex", "sema", "spin", "waitq"])
def test_noting_values_changes_none(name: str) -> None:
    """Each invariant and witness along some steps: the method as it is, and the one whose parts are noted."""
    compared = 0
    for inst in instances(catalog.load(name), preset="quick"):
        runner = Runner(inst, trace(inst, every_kind=False))
        path = Trace(next(runner.initial()), ())
        runner.start(path.init)
        for k in range(5):
            for component in runner.model.all_components():
                for fn, mark in declared(component).values():
                    if mark.kind in ("invariant", "reachable"):
                        assert why._Notes().run(fn, (component,)) == fn(component)
                        compared += 1
            moves = [move for move, _, after in runner.successors(path) if after is not None]
            if not moves:
                break
            path = Trace(path.init, (*path.moves, moves[k % len(moves)]))
            runner.replay(path)
    assert compared > 10


def test_an_explanation_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(why, "_flat", fails)
    assert lines([("w0", [0])], "slow", "step_invariant") == ["no explanation: RecursionError: too deep"]

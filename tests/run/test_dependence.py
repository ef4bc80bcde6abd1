"""The backward slice: each expectation is read off the model by hand."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.language.model import Model
from gomodel.run.check import check
from tests.playing import Step, play
from tests.small import model

COPYING = model("""
def state(self):
    self.x = Int(0, 3)
    self.y = Int(0, 3)
    self.noise = Int(0, 3)
    self.cells = Array(Int(0, 1), 2)

@process()
def setter(self, a):
    yield step("set x")
    self.x = 1
    yield step("set y")
    self.y = 1

@process()
def copier(self, b):
    yield step("copy")
    self.y = self.x + 1
    yield step("cell 0")
    self.cells[0] = 1
    yield step("cell 1")
    self.cells[1] = 1

@process()
def other(self, c):
    while True:
        yield step("noise")
        self.noise = (self.noise + self.x) % 3

@invariant
def y_is_small(self):
    return self.y < 2

@invariant
def cell_is_clear(self):
    return self.cells[0] == 0

@invariant
def never_both(self):
    return self.x == 0 or self.noise < 2
""")

DECIDING = model("""
def state(self):
    self.ready = Bool()
    self.hit = Bool()

@process()
def signal(self, a):
    yield step("tell")
    self.ready = True

@process()
def asker(self, b):
    yield step("idle")
    yield step("ask")
    if self.ready:
        yield step("hit")
        self.hit = True
    else:
        yield step("miss")

@process()
def other(self, c):
    yield step("nothing")

@invariant
def no_hit(self):
    return not self.hit
""")

WAITING = model("""
def state(self):
    self.full = Bool()
    self.other = Bool()

@process()
def filler(self, a):
    yield step("fill")
    self.full = True

@process()
def waiter(self, b):
    yield step("look aside")
    self.other = True
    yield step("wait", when=lambda: not self.full)
""")


def relevant(of: type[Model], steps: list[Step], prop: str, kind: str) -> tuple[int, ...]:
    return play(of, steps, prop, kind).counterexample.relevant


@pytest.mark.parametrize(
    ("steps", "prop", "expected"),
    [
        (["c0", "a0", "c0", "b0"], "y_is_small", (2, 4)),  # x := 1, y := x + 1
        (["b0", "c0", "b0"], "cell_is_clear", (3,)),  # cell 0, whatever was copied
        (["b0", "b0", "b0"], "cell_is_clear", (2,)),  # cell 1 is another cell
        (["a0", "c0", "c0", "b0"], "never_both", (1, 2, 3)),  # both rounds of noise add up
    ],
)
def test_a_step_matters_if_it_wrote_what_was_read(steps: list[Step], prop: str, expected: tuple[int, ...]) -> None:
    assert relevant(COPYING, steps, prop, "invariant") == expected


def test_a_write_that_is_overwritten_unread_does_not_matter() -> None:
    overwritten = model(
        """
    def state(self):
        self.y = Int(0, 2)

    @process()
    def writer(self, a):
        yield step("one")
        self.y = 1
        yield step("two")
        self.y = 2

    @invariant
    def small(self):
        return self.y < 2
    """.replace("\n    ", "\n")
    )
    assert relevant(overwritten, ["a0", "a0"], "small", "invariant") == (2,)


def test_a_write_of_the_same_value_counts() -> None:
    # Each process loads 0 and stores 1; that what it loaded is its local's default already changes nothing.
    losing = model("""
def state(self):
    self.n = Int(0, 4)

@process(count=2)
def worker(self, w):
    yield step("load")
    seen: Int(0, 2) = self.n
    yield step("store")
    self.n = seen + 1

@invariant
def all_counted(self):
    return self.n == 2 or not all(self.worker.at(w, "done") for w in self.worker)
""")
    assert relevant(losing, ["w0", "w1", "w0", "w1"], "all_counted", "invariant") == (2, 3, 4)


def test_a_step_matters_if_it_decided_where_its_process_goes() -> None:
    # "idle" can only lead to "ask", so it decides nothing; "ask" decides by what "tell" wrote.
    assert relevant(DECIDING, ["c0", "b0", "a0", "b0", "b0"], "no_hit", "invariant") == (3, 4, 5)


def test_of_a_deadlock_matters_what_the_guards_read() -> None:
    assert relevant(WAITING, ["b0", "a0"], "deadlock", "deadlock") == (2,)


def test_of_a_plain_execution_every_step_matters() -> None:
    assert relevant(COPYING, ["a0", "b0"], "", "run") == (1, 2)


def test_what_others_do_meanwhile_does_not_matter() -> None:
    # m5 with Locks that end: g2 locks and unlocks while g0 is stuck for ever, and that is beside the point.
    found = check(catalog.load("mutex"), bugs=["m5"], scenarios=["rounds"]).counterexamples
    stuck = next(c for c in found if c.property == "every_lock_returns_in_the_end")
    assert {step.actor for step in stuck.steps} == {"g0", "g1", "g2"}
    assert {stuck.steps[k - 1].actor for k in stuck.relevant} == {"g0", "g1"}


def test_what_fails_before_there_is_a_state_depends_on_no_step() -> None:
    broken = model("""
def state(self):
    self.x = Int(0, 3)

def init(self):
    self.x = 7

@rule
def never(self):
    require(self.x == 9)
""")
    (found,) = check(broken, engine="reference").errors
    assert (found.steps, found.relevant) == ((), ())

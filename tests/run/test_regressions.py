"""Models on which the traced system and CPython once disagreed, or which crashed; most were found by random models."""

from __future__ import annotations

import pytest

from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.check import check
from tests.agreement import Explored, compare
from tests.small import load

STATE = """\
from gomodel import *

Word = Struct(f=Bool(), n=Int(0, 3))

class M(Model):
    name = "regression"

    def state(self):
        self.n = Int(0, 3)
        self.m = Int(0, 3, init=1)
        self.b = Bool()
        self.o = Option(Int(0, 1))
        self.p = Pid(self.a)
        self.word = Word
        self.wide = Struct(f=Bool(), n=Int(0, 5))
        self.row = Array(Int(0, 3), 2)
        self.other = Array(Int(0, 3), 2)
        self.high = Array(Int(0, 5), 2)
        self.words = Array(Word, 2)
        self.queue = Queue(Int(0, 1), 2)
        self.longer = Queue(Int(0, 3), 8)
        self.some = Set(Int(0, 2))
        self.queued = Queue(Word, 2)

"""


def model(text: str) -> str:
    """A whole model from its methods, written at the margin."""
    return STATE + "\n".join(f"    {line}" if line else "" for line in text.strip("\n").splitlines()) + "\n"


def agree(text: str) -> Explored:
    inst = instance(load(model(text)))
    return compare(inst, trace(inst), max_states=400)


AGREE = {
    "a loop variable is part of the program counter inside its loop only": """
@process(count=2)
def a(self, g):
    while True:
        yield step("A")
        for k in range(2):
            self.n = k
            yield step("B")
""",
    "a choice among nothing but an earlier pick": """
@process(count=2)
def a(self, g):
    yield step("A")
    self.p = choose(self.a)
    self.p = choose(self.p, self.p)
""",
    "a rule that chooses in its body": """
@process()
def a(self, g):
    yield step("A")

@rule
def set(self, x: Int(0, 1)):
    self.n = choose(self.m, x)
    self.p = choose(self.a)
""",
    "an argument that is the process itself on one path only": """
def op(self, g, x: Pid(self.a)):
    yield step("B")
    self.p = x

@process(count=2)
def a(self, g):
    yield step("A")
    yield from self.op(g, g if self.p == g else choose(self.a))
""",
    "an argument that is a constant on one path only": """
def op(self, x: Int(0, 3)):
    yield step("B")
    self.n = x

@process(count=2)
def a(self, g):
    yield step("A")
    yield from self.op(1 if self.b else choose(self.m, 1))
    self.b = True
""",
    "a fork inside a joined branch": """
@process(count=2)
def a(self, g):
    yield step("A")
    if self.b:
        if self.queued and self.queued[0].f:
            self.n = 1
    self.b = not self.b
""",
    "continue in the else clause of a loop": """
@process()
def a(self, g):
    while True:
        yield step("A")
        for k in range(2):
            self.n = k
        else:
            if self.m == 1:
                continue
        yield step("B")
""",
    "break in the else clause of a while": """
@process()
def a(self, g):
    while True:
        yield step("A")
        while self.n < 2:
            yield step("B")
            self.n += 1
        else:
            break
    self.m = 3
""",
    "init chooses, and chooses among processes that it knows": """
def init(self):
    self.n = choose(0, 1)
    self.p = choose(self.p, self.p)

@process(count=2)
def a(self, g):
    yield step("A")
    self.n = 2
""",
    "init leaves a domain": """
def init(self):
    self.n = 4 * choose(0, 1)

@process()
def a(self, g):
    yield step("A")
""",
    "the target of an augmented assignment is evaluated once": """
def bump(self):
    self.m = (self.m + 1) % 2
    return 1

@process()
def a(self, g):
    yield step("A")
    self.row[choose(0, 1)] += 1
    yield step("B")
    self.row[self.m] += self.bump()
    self.words[choose(0, 1)].n += self.bump()
""",
    "sum and count of lists of numbers": """
@process(count=2)
def a(self, g):
    yield step("A")
    self.n = choose(self.m, 2, 3)
    yield step("B")
    self.m = sum([self.n, 0]) % 4
    self.n = count([self.n, self.m])
    numbers = [self.n]
    if self.b:
        numbers.append(self.m)
    self.b = sum(numbers) > 1
""",
    "a tuple of loop variables around a yield": """
@process(count=2)
def a(self, g):
    for i, (j, k) in ((0, (1, 1)), (1, (0, 1))):
        yield step("A")
        self.n = i + j
        yield step("B")
        self.m = k
""",
    "a cell outside its domain for a while": """
@process(count=2)
def a(self, g):
    yield step("A")
    self.n = choose(0, 1)
    yield step("B")
    self.row[self.n] = 5
    if self.row[self.m % 2] > 3:
        self.b = True
    self.row[self.n] = 0
""",
    "an option outside its domain for a while": """
@process(count=2)
def a(self, g):
    yield step("A")
    if self.b:
        self.o = self.n + 3
    if self.o is not None and self.o > 2:
        self.m = 2
    self.o = None
    self.b = True
""",
}
ERROR = {
    "a queue from a list with an element outside": """
@process(count=2)
def a(self, g):
    yield step("A")
    self.n += 1
    self.queue = [self.n]
""",
    "a queue from a list that is too long": """
@process(count=2)
def a(self, g):
    yield step("A")
    self.queue = [0, 1, 0] if self.b else [1]
    self.b = True
""",
    "a queue from a wider queue": """
@process()
def a(self, g):
    yield step("A")
    self.longer.push(2)
    yield step("B")
    self.queue = self.longer
""",
    "a queue from a longer queue": """
@process()
def a(self, g):
    for k in range(3):
        yield step("A")
        self.longer.push(0)
        if self.longer[0] == 0:
            self.queue = self.longer
""",
    "an array from a wider array": """
@process()
def a(self, g):
    yield step("A")
    self.high[0] = 2 * choose(1, 2)
    yield step("B")
    self.row = self.high
""",
    "a struct from a wider struct": """
@process()
def a(self, g):
    yield step("A")
    self.wide.n = 4 * choose(0, 1)
    yield step("B")
    self.word = self.wide
""",
}
REFUSED = {
    "Python list": ["mine: like(self.row) = [0, 1]"],
    "a view of the state": ["mine: like(self.some) = self.some"],
    "cannot be changed": ["mine: like(self.word) = self.queued.pop()"],
    "share its contents": [
        "mine: like(self.row) = self.row.copy()",
        "v = mine",
        "mine = self.other.copy()",
    ],
    "distinct values": ["for k in (1, 1):", '    yield step("B")'],
    "do not fill": ["self.row = [self.n]"],
}


@pytest.mark.parametrize("name", AGREE)
def test_agreement(name: str) -> None:
    found = agree(AGREE[name])
    assert found.complete
    assert found.errors == (name == "init leaves a domain")


@pytest.mark.parametrize("name", ERROR)
def test_a_container_is_checked_when_it_is_assigned_as_a_whole(name: str) -> None:
    assert agree(ERROR[name]).errors


@pytest.mark.parametrize("message", REFUSED)
def test_what_cpython_would_do_differently_is_refused(message: str) -> None:
    text = "\n    ".join(["@process()\ndef a(self, g):", 'yield step("A")', *REFUSED[message]])
    with pytest.raises(SpecError, match=message):
        trace(instance(load(model(text))))


def test_a_property_that_raises_is_an_error_and_no_violation() -> None:
    text = """
@process()
def a(self, g):
    yield step("A")
    self.n = 1

@invariant
def divides(self):
    return self.m % self.n > 5

@reachable
def divided(self):
    return self.m % self.n == 0
"""
    report = check(load(model(text)))
    # In the initial state n is 0: an error at length 0.  Where n is 1 the remainder is 0: violated, and reached.
    assert {e.property.split(":")[0]: len(e.trace) for e in report.errors} == {"divides": 0, "divided": 0}
    assert [(c.property, len(c.trace)) for c in report.counterexamples] == [("divides", 1)]
    assert {p.name: p.length for p in report.properties if p.kind == "reachable"} == {"divided": 1}
    assert report.exit_code == 2


PARAMETER = """\
from __future__ import annotations

from gomodel import *

class M(Model):
    name = "parameter"
    fairness = (weak("w"),)
    cells: int = 1

    def state(self):
        self.cell = Array(Bool(), self.cells)

    @process()
    def w(self, w):
        yield step("set")
        self.cell[0] = True

    @leads_to
    def all_set(self, i: Int(0, 1)):
        return implies(self.cell[0], self.cell[i]), True
"""


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_promise_may_go_wrong_for_some_arguments(engine: str) -> None:
    """Its errors and premises are those of all arguments: the compiled engine knew no argument there."""
    model = load(PARAMETER)
    (error,) = check(model, engine=engine).errors
    assert "index outside" in error.property
    report = check(model, engine=engine, bounds={"cells": "2"})
    assert not report.errors
    assert report.vacuous == []

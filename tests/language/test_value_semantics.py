"""Corners of value semantics where CPython's references and the traced values could part ways."""

from __future__ import annotations

import pytest

from gomodel.language.errors import SpecError
from tests.agreeing import agree
from tests.language.source import model_of

SUBEXPRESSION = """
class M(Model):
    name = "m"

    def state(self):
        self.cell = Array(Int(0, 3), 2)
        self.calls = Int(0, 5)

    def where(self):
        self.calls += 1
        return 0

    @process(count=1)
    def worker(self, g):
        yield step("add")
        self.cell[self.where()] += 1

    @invariant
    def once(self):
        return self.calls <= 1
"""

POPPED = """
class M(Model):
    name = "m"

    def state(self):
        self.item = Struct(a=Int(0, 3), b=Bool())
        self.line = Queue(Struct(a=Int(0, 3), b=Bool()), 2)

    @process(count=1)
    def worker(self, g):
        yield step("push")
        self.line.push(self.item)
        yield step("pop")
        got: like(self.item) = self.line.pop()
        got.a = 1
        yield step("look")
        self.item.a = got.a
"""

ALIAS = """
class M(Model):
    name = "m"

    def state(self):
        self.item = Struct(a=Int(0, 3))
        self.seen = Int(0, 3)

    @process(count=1)
    def worker(self, g):
        yield step("copy")
        first = self.item.copy()
        second: like(self.item) = first
        second.a = 2
        self.seen = first.a
        yield step("look")
        self.item.a = second.a
"""


def test_the_index_of_an_augmented_assignment_is_evaluated_once() -> None:
    agree(model_of(SUBEXPRESSION))


def test_a_popped_element_is_copied_before_it_is_kept() -> None:
    with pytest.raises(SpecError, match="copy"):
        agree(model_of(POPPED))
    agree(model_of(POPPED.replace("self.line.pop()", "self.line.pop().copy()")))


def test_a_copy_that_was_given_away_is_not_used_again() -> None:
    with pytest.raises(SpecError, match="copy"):
        agree(model_of(ALIAS))
    agree(model_of(ALIAS.replace("= first\n", "= first.copy()\n")))


UNPACKED = """
class M(Model):
    name = "m"

    def state(self):
        self.pair = Array(Int(0, 3), 2)
        self.sum = Int(0, 20)

    @process(count=1)
    def worker(self, g):
        yield step("set")
        self.pair[0] = choose(0, 1, 2)
        self.pair[1] = 3
        yield step("unpack")
        first, second = self.pair
        self.sum = first + second
        for i, value in enumerate(self.pair):
            self.sum += i * value
"""

READY = """
class M(Model):
    name = "m"

    def state(self):
        self.ready = Set(Pid(self.worker))
        self.last = Option(Pid(self.worker))

    @process(count=3)
    def worker(self, g):
        yield step("get ready")
        self.ready.add(g)

    @process(count=1)
    def scheduler(self, s):
        for _ in range(2):
            yield step("schedule", rest="blocked")
            self.last = choose(self.ready)
            self.ready.discard(self.last)
"""


def test_arrays_are_unpacked_and_enumerated() -> None:
    """The sum is pair[0] + 2 * pair[1], with pair[1] = 3: 6, 7 or 8."""
    assert agree(model_of(UNPACKED)).final("sum") == {6, 7, 8}


def test_choose_from_a_set_of_processes() -> None:
    """At the end one of the three is still ready and another was scheduled last; the rest is forced: 6 states.

    With nobody ready the scheduler is blocked, not at an error.
    """
    agreed = agree(model_of(READY))
    assert len({s for s in agreed.final("ready", "last") if sum(s[0]) == 1}) == 6

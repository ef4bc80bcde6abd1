"""Corners of value semantics where CPython's references and the traced values could part ways."""

from __future__ import annotations

import pytest

from gomodel.language.errors import SpecError
from tests.agreeing import agree
from tests.language.source import model_of

SUBEXPRESSION = '''
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
'''

POPPED = '''
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
'''

ALIAS = '''
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
'''


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

"""A property may look at two processes at once: what it reads of the one does not depend on where the other stands."""

from __future__ import annotations

from tests.agreeing import agree
from tests.small import load

HEAD = """\
from gomodel import *
class M(Model):
    name = "m"
    def state(self):
        self.z = Bool()
    @process(count=2)
    def p(self, g):
"""

READ_FROM_AFAR = """\
        x: Bool() = False
        yield step("a")
        x = choose(False, True)
        yield step("b")
        yield step("c")
    @invariant
    def inv(self):
        return not (any(self.p.at(g, "a") for g in self.p) and any(self.p[g].x for g in self.p))
"""

# Only "b" needs y and only "d" needs x for the steps: without the invariant they could share a bit.
TWO_LOCALS = """\
        x: Bool() = False
        yield step("a")
        y: Bool() = choose(False, True)
        yield step("b")
        self.z = y
        yield step("c")
        x = choose(False, False)
        yield step("d")
        self.z = x
    @invariant
    def inv(self):
        return not (any(self.p.at(g, "d") for g in self.p) and any(self.p[g].x for g in self.p))
"""

NESTED = """\
        x: Bool() = False
        yield step("a")
        x = choose(False, True)
        yield step("b")
        yield step("c")
    @invariant
    def inv(self):
        return all(self.p.at(g, "b") or not any(self.p[h].x for h in self.p if self.p.at(h, "c")) for g in self.p)
"""


def test_a_local_read_while_another_process_stands_elsewhere_is_live() -> None:
    found = agree(load(HEAD + READ_FROM_AFAR))
    assert found.result.violations["inv"].length == 1  # one goes to "b" with x true, the other is still at "a"


def test_a_local_that_is_never_true_is_never_seen_true() -> None:
    found = agree(load(HEAD + TWO_LOCALS))
    assert not found.result.violations
    assert found.all("p.x") == {(False, False)}


def test_one_quantifier_inside_another() -> None:
    found = agree(load(HEAD + NESTED))
    assert found.result.violations["inv"].length == 2  # one at "c" with x true, the other still at "a"


def test_a_guard_in_the_same_quantifier_still_says_where_a_local_is_read() -> None:
    guarded = READ_FROM_AFAR.replace("any(self.p[g].x for g", 'any(self.p.at(g, "b") and self.p[g].x for g')
    kind = agree(load(HEAD + guarded)).system.kinds["p"]
    live = {kind.labels[pc] for pc, names in kind.live.items() if "p.x" in names}
    assert live == {"b"}


ACROSS = """\
        yield step("a")
        x: Bool() = choose(False, True)
        yield step("b")
        self.z = 1
        if False:
            self.z = x
    @step_invariant
    def inv(self, before):
        return all(not (before.p.at(g, "a") and self.p.at(g, "b")) or not self.p[g].x for g in self.p)
"""


def test_where_a_process_stood_before_does_not_hide_what_is_read_of_it_after() -> None:
    found = agree(load(HEAD + ACROSS))
    assert found.result.violations["inv"].length == 1  # "a" with the choice True

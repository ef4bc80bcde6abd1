"""Joining branches keeps a step with much control small: one assignment to Go's classic map."""

from __future__ import annotations

from gomodel.language.instance import instance
from gomodel.language.terms import walk
from gomodel.language.tracer import trace
from tests.agreeing import agree
from tests.language.source import model_of
from tests.models.classic_map import HASH, ClassicMap


def test_one_assignment_is_one_way_through() -> None:
    """Forked at every branch it has thousands of ways: two rounds of two evacuations of 4 cells with 3 cases each."""
    action = trace(instance(ClassicMap)).rules["assign"]
    commits = [leaf for leaf in action.leaves if leaf.kind == "commit"]
    assert len(commits) == 1
    roots = [leaf.guard for leaf in action.leaves] + [term for leaf in commits for _, term in leaf.updates]
    # 24 cells of two fields and 5 numbers are written; some 70 nodes for each of them is a DAG, not a tree
    assert len(walk(roots)) < 4_000
    assert len(action.leaves) < 100


def test_the_map_agrees_with_cpython_and_keeps_its_keys() -> None:
    got = agree(ClassicMap)
    assert not got.result.violations
    assert not got.result.errors
    assert set(got.result.reached) == {"two_evacuations", "overflow_bucket"}
    assert len(got.all("present")) == 2 ** len(HASH)  # keys come in any order, so every subset is met
    # the third key makes the table grow to 2 buckets and the fourth to 4, as 8 · 3 > 13 · 1 and 8 · 4 > 13 · 2
    assert got.all("count", "b") == {(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)}
    # each of the 4 keys may be assigned in each state
    assert got.result.transitions == got.result.states * len(HASH)


REGION = """
class M(Model):
    name = "m"

    def state(self):
        self.n = Int(0, 3)
        self.flag = Bool()

    def region(self):
        if self.n == 1:
            return 1
        if self.flag:
            self.n = 0
            return 2
        return 3

    @process()
    def p(self, g):
        yield step("go")
        how = self.region()
        if how == 1:
            yield step("one")
            self.flag = True
"""


def test_early_returns_that_have_met_again_fork_no_more() -> None:
    """Three ways through the region, but only whether it was the first decides where the step ends."""
    system = trace(instance(model_of(REGION)))
    assert [len(action.leaves) for action in system.kinds["p"].actions.values()] == [2, 1]

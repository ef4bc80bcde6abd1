"""What is special to select: counts by hand, how long the shortest counterexamples are, lock orders."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.check import check
from gomodel.run.reference import ReferenceEngine
from gomodel.run.report import Exit
from gomodel.run.search import Exploration, Limits
from gomodel.specs.runtime.select_steps import lock_orders
from tests.language.source import model_of

ALONE = {"rights": 0, "senders": 0, "receivers": 0, "closers": 0, "others": 0}
each_engine = pytest.mark.parametrize("engine", [CompiledEngine(), ReferenceEngine()], ids=["compiled", "reference"])


def explored(scenario: str, *bugs: str, engine: Any = None, **bounds: Any) -> Exploration:
    inst = instance(catalog.load("select"), scenario, bounds).with_bugs(*bugs)
    return (engine or CompiledEngine()).explore(trace(inst, every_kind=False), Limits())


@each_engine
def test_a_select_with_a_default_and_nobody_there(engine: Any) -> None:
    """It locks one channel, then the other; it looks at the two cases in two orders, and is done."""
    found = explored("default", engine=engine, **ALONE)
    assert (found.states, found.transitions) == (3, 1 + 2)


@each_engine
def test_a_select_that_nobody_serves(engine: Any) -> None:
    """It locks twice, looks in two orders, queues twice, waits, and unlocks twice: seven states on one line."""
    found = explored("facing", engine=engine, **ALONE)
    assert (found.states, found.transitions) == (7, 7)


@each_engine
def test_a_select_without_channels(engine: Any) -> None:
    """The right one of shape "nil" parks for ever: two states."""
    found = explored("nil", engine=engine, lefts=0, senders=0, closers=0)
    assert (found.states, found.transitions) == (2, 1)


# Counted by hand along the source.  A select parks in 6 steps: L2, L3, L5, status, two unlocks; a close of its own
# takes 3 with one waiter to unlink: it comes, stores closed, unlinks.
SHORTEST = {
    # the right select lists b before a: it locks b, then a
    "sel.s9": ("facing", "sel.lock_order", 2),
    # the left one queues its send, and then its receive
    "sel.s2": ("one channel", "select_starts_clean", 2),
    # both channels are closed (come, store, unlock), and the select locks one and the other
    "sel.s17": ("always ready", "sel.one_case", 3 + 3 + 2),
    # one channel, so that a select parks in 4 steps: L3, L5, status, unlock; then the close comes, stores, unlinks,
    # and unlocks and readies; the select resumes, and looks
    "a.sendfirst": ("one channel", "sel.receive_wins", 4 + 3 + 2 + 2),
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_counterexamples_are_as_short_as_counted(bug: str) -> None:
    scenario, prop, length = SHORTEST[bug]
    assert explored(scenario, bug).violations[prop].length == length


def test_two_closes_share_the_selects() -> None:
    """Both park, one channel is closed and finds the left select, the other one finds the right select."""
    assert explored("receiving").reached["two_closes_share_the_selects"].length == 6 + 6 + 3 + 3


@pytest.mark.parametrize("ranks", [*product(range(2), repeat=3), (0, 1), (1, 0), (0, 0), (2, 0, 1)])
def test_lock_orders_are_ascending(ranks: tuple[int, ...]) -> None:
    """Of every order of polling one; cases of one channel come in either order."""
    orders = lock_orders(ranks, 3)
    assert {order for order, _ in orders} == set(permutations(range(len(ranks))))
    for _, locked in orders:
        assert [ranks[case] for case in locked] == sorted(ranks)
        assert sorted(locked) == list(range(len(ranks)))
    by_channel = sorted(range(len(ranks)), key=lambda case: ranks[case])
    assert (len({locked for _, locked in orders}) == 1) == (len(set(ranks)) == len(by_channel))


THREE = """
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines
from gomodel.specs.runtime.select import Select

class M(Model):
    name = "three"

    def state(self):
        self.gs = Goroutines(self.p, cases=3)
        self.a, self.b, self.c = (Channel(self.gs, 0, tokens=1) for _ in range(3))
        self.sel = Select(self.gs, self.a, self.b, self.c)

    @process()
    def p(self, g):
        cases = (("receive", self.c), ("send", self.a), ("receive", self.b))
        yield from self.sel.select(g, cases, 1, block=False)
"""


def test_three_cases() -> None:
    """Two locks, then the third one, and six orders in which nobody is found: four states on a line."""
    found = CompiledEngine().explore(trace(instance(model_of(THREE))), Limits())
    assert (found.states, found.transitions) == (4, 2 + 6)
    assert not found.violations


def test_goroutines_must_be_said_to_have_so_many_cases() -> None:
    with pytest.raises(SpecError, match=r"a select of 3 cases needs Goroutines\(…, cases=3\)"):
        trace(instance(model_of(THREE.replace("cases=3", "cases=2"))))


def test_a_shape_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SpecError, match="there is no shape 'foo'; there are: facing"):
        instance(catalog.load("select"), "", {"shape": "foo"}).build()


def test_two_against_one() -> None:
    """Two selects of one kind, and one that can meet either of them."""
    report = check(catalog.load("select"), scenarios=["twice around"], bounds={"lefts": 2, "rounds": 1})
    assert report.exit_code == Exit.OK

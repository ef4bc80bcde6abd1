"""The run queue of a P: shortest counterexamples that can be counted by hand, and controls."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.search import Limits


def explored(bug: str = "", **bounds: object):  # type: ignore[no-untyped-def]
    inst = instance(catalog.load("runq"), "steal", bounds)
    return CompiledEngine().explore(trace(inst.with_bugs(bug) if bug else inst), Limits())


def test_a_tail_stored_before_its_slot_shows_after_three_steps() -> None:
    """next, load head, store tail: the slot is nil, and covered."""
    assert explored("q5", puts=1, gs=1).violations["published"].length == 3


@pytest.mark.parametrize("bug", ["swap", "check"])
def test_either_half_of_the_bug_alone_does_no_harm(bug: str) -> None:
    found = explored(bug, puts=3, gs=2)
    assert found.complete
    assert not found.violations
    assert "ring_bounds" in explored("q6", puts=3, gs=2).violations

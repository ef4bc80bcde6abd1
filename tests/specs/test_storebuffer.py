"""Store buffers: which outcomes of the litmus tests there are, and how many states, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from tests.explore.comparing import explored, stored

NOTHING = 2  # a load that has not been done


def searched(scenario: str, **bounds: Any) -> tuple[list[dict[str, Any]], int]:
    """All states, and how many."""
    system = trace(instance(catalog.load("storebuffer"), scenario, bounds))
    search, found = explored(system)
    assert not found.violations
    return [dict(zip(system.variables, state, strict=True)) for state in stored(search)], found.states


def outcomes(scenario: str, **bounds: Any) -> set[tuple[int, ...]]:
    """What the two loads have seen, where both have been done."""
    seen = {tuple(state["seen"]) for state in searched(scenario, **bounds)[0]}
    return {pair for pair in seen if NOTHING not in pair}


# As the literature has it: x86-TSO lets a load overtake a store to another word, and nothing else.
SC = {(0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("depth", [1, 2])
def test_both_loads_of_sb_may_see_nothing(depth: int) -> None:
    assert outcomes("SB", depth=depth) == {(0, 0), *SC}


@pytest.mark.parametrize(("scenario", "depth"), [("SB fenced", 1), ("SB fenced", 2), ("SB strong", 0)])
def test_with_fences_or_without_buffers_one_of_them_sees_the_other(scenario: str, depth: int) -> None:
    assert outcomes(scenario, depth=depth) == SC


@pytest.mark.parametrize(("scenario", "depth"), [("MP", 0), ("MP", 1), ("MP", 2), ("MP fenced", 2)])
def test_who_sees_the_flag_sees_the_data(scenario: str, depth: int) -> None:
    """Flag and data: all but the flag without the data."""
    assert outcomes(scenario, depth=depth) == {(0, 0), (0, 1), (1, 1)}


def test_states_of_sb_without_buffers() -> None:
    """Each is at one of three places.  A load that comes after both stores sees 1, else either."""
    no_load, one_load, both_loads = 4, 2 * (1 + 2), len(SC)
    assert searched("SB strong")[1] == no_load + one_load + both_loads


def test_states_of_own() -> None:
    """Before the store; then the store has arrived or not, and the load is done or not."""
    assert searched("OWN")[1] == 1 + 2 * 2

"""The scheduler's search for work: executions counted by hand, and where lost work is and is not found."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.judge import promised
from gomodel.run.search import Exploration, Limits

LOST = "no_lost_work"


def explored(scenario: str, *bugs: str, **bounds: Any) -> Exploration:
    inst = instance(catalog.load("spin"), scenario, bounds).with_bugs(*(f"sched.{bug}" for bug in bugs))
    system = trace(inst, every_kind=False)
    return CompiledEngine().explore(system, Limits(), None, promised(system, inst))


# Steps along the source, from an M that is woken for one G.
START = 2  # it has a P, and finds the G in the local queue
READY = 2  # the G readies another one: run, runqput
WAKE = 2 + 1 + 2  # wakep: load and CAS of nmspinning; an idle P; an M; wake it up
BLOCK = 2  # the G blocks, and the next one is found
LOOK = 5  # the M that is woken: its P, its queue, the global one, the other P is in use, nothing to steal
DROP, UNCOUNT, PARK = 1, 1, 1
SHORTEST = {
    "nowakep": START + READY,
    # what is readied after the steal, and before nmspinning is lowered: the load of nmspinning sees 1
    "recheck": START + READY + WAKE + BLOCK + LOOK + READY + 1 + DROP + UNCOUNT + PARK,
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_work_is_lost_as_soon_as_counted(bug: str) -> None:
    assert explored("two", bug).violations[LOST].length == SHORTEST[bug]


def test_work_is_lost_without_needspinning() -> None:
    """golang/go#45867, of Go 1.17 to 1.19: both who readies a G and who spun have seen the other one busy."""
    assert LOST in explored("two", "45867").violations


@pytest.mark.parametrize("scenario", ["two", "tick", "fits", "locked batch", "tso"])
def test_no_work_is_lost_where_both_windows_are_closed(scenario: str) -> None:
    found = explored(scenario)
    assert found.complete
    assert not found.violations


@pytest.mark.parametrize(
    ("scenario", "witness", "length"), [("batch", "work_left_behind", 32), ("window", "woken_in_vain", 41)]
)
def test_work_is_left_behind_in_the_two_windows(scenario: str, witness: str, length: int) -> None:
    """docs/findings/spin-windows.md: there the properties are not asked for, and the lengths are as printed."""
    found = explored(scenario)
    assert found.reached[witness].length == length
    assert not found.violations


def test_a_plain_store_of_the_tail_is_wrong_only_with_store_buffers() -> None:
    assert not explored("two", "plain").violations
    assert explored("tso", "plain").violations.keys() >= {LOST}


@pytest.mark.slow
def test_a_third_m_changes_nothing_with_two_ps() -> None:
    assert not explored("two", ms=3).violations


@pytest.mark.slow
@pytest.mark.parametrize("bounds", [{}, {"cap": 2, "gs": 5}])
def test_three_ps(bounds: dict[str, int]) -> None:
    assert not explored("three", **bounds).violations


@pytest.mark.slow
def test_a_third_m_changes_nothing_for_the_network() -> None:
    assert not explored("net three").violations


# The descriptor is ready, sysmon loads lastpoll, polls, queues the G, and finds an idle P: nobody is woken for it.
def test_a_start_that_is_left_out_is_found_as_soon_as_the_g_is_queued() -> None:
    begin = 2  # the first M has its P, and runs its G
    arrive, load, poll, inject, start = 1, 1, 1, 1, 1
    assert explored("net", "idle").violations[LOST].length == begin + arrive + load + poll + inject + start


def test_nobody_polls_for_a_program_that_only_runs_unless_sysmon_does() -> None:
    """An M runs for ever, the other one has gone to sleep before anybody waited for the network."""
    assert "network_is_polled" in explored("net", "sysmon").violations
    assert not explored("net").violations

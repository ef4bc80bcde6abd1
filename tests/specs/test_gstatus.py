"""Parking and readying: shortest executions, counted by hand, and what a bug alone and with another one breaks."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.search import Exploration, Limits

START = 3  # F1, E1, E2: an M takes a G and runs it


def explore(scenario: str, *bugs: str) -> Exploration:
    inst = instance(catalog.load("gstatus"), scenario, {}).with_bugs(*bugs)
    return CompiledEngine().explore(trace(inst), Limits())


def test_a_goroutine_runs_elsewhere_before_unlockf_returns() -> None:
    """The parker starts and comes to P4; the waker starts, wakes it, parks, and its M runs the parker's G."""
    parker = START + len(("user", "W1", "P1", "P2", "P3"))
    woken = START + len(("user", "V1", "R1", "R2", "R3"))
    assert explore("lock").reached["readied_early"].length == parker + woken
    parks = len(("user", "W1", "P1", "P2", "P3", "P4"))
    assert explore("lock").reached["runs_early"].length == parker + woken + parks + START


def test_unlockf_says_no_when_the_event_comes_between() -> None:
    parker = START + len(("user", "W1", "P1", "P2", "P3"))
    assert explore("commit").reached["said_no"].length == parker + START + len(("user", "V1"))


@pytest.mark.parametrize(
    ("bug", "scenario", "prop", "length"),
    [
        # The waker comes right behind W1, where the parker is registered and still Running; R1 looks.
        ("early", "lock", "ready_waiting", START + 2 + START + 3),
        # The same, but R2 takes the G from Running to Runnable.
        ("m5", "lock", "legal", START + 2 + START + 4),
        # As soon as unlockf has written the G into the word it can be readied, and park_m makes it Runnable, too.
        ("m3", "commit", "minded", START + 5),
        # E2 does nothing, so user code runs in a G that is Runnable.
        ("m7", "lock", "once", START),
    ],
)
def test_shortest_counterexamples(bug: str, scenario: str, prop: str, length: int) -> None:
    assert explore(scenario, f"rt.{bug}").violations[prop].length == length


def test_dropg_behind_unlockf_lets_a_goroutine_lose_its_m() -> None:
    """It must have come to run elsewhere first: only then is there something to clear."""
    found = explore("lock", "rt.m6").violations
    assert "curg" in found
    assert "legal" not in found


def test_the_check_of_ready_is_what_finds_an_early_waker() -> None:
    """Alone it is idle; without it the same early waker waits in its CAS, and the G is readied all the same."""
    assert not explore("lock", "rt.check").violations
    assert "ready_waiting" in explore("lock", "rt.early").violations
    assert "ready_waiting" not in explore("lock", "rt.early", "rt.check").violations

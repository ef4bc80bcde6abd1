"""System calls in both protocols: executions counted along the source, and what sets the two protocols apart."""

from __future__ import annotations

import pytest

from gomodel import Model, catalog, strong
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.judge import promised
from gomodel.run.search import Exploration, Limits

START = len(("start", "M2", "F1", "E1", "E2"))  # an M gets a P, takes a G and runs it
ASKED = len(("start", "M2", "F2", "F4", "E1", "E2"))  # the same where an M asks first whether it is to stop
LOOK = len(("B1", "B2", "B3", "B4", "B5", "B6", "B7"))  # sysmon has the scan bit and knows that the links are right


def explore(model: type[Model], scenario: str, *bugs: str, until: str = "", **bounds: object) -> Exploration:
    inst = instance(model, scenario, bounds).with_bugs(*(f"rt.{bug}" for bug in bugs))
    system = trace(inst)
    limits = Limits(max_states=1_000_000, until=frozenset({until})) if until else Limits()
    return CompiledEngine().explore(system, limits, None, promised(system, inst))


def named(name: str) -> type[Model]:
    return catalog.load(name)


@pytest.mark.parametrize(
    ("name", "states"),
    [
        # Three steps bring an M to its G, nine more round the system call or three to the queue, with one state each.
        ("syscall", START + len(("user", "S1", "kernel", "X1", "X2")) + len(("Y1", "D1", "Y2"))),
        (
            "syscall23",
            START + len(("user", "S1", "S2", "S3", "kernel", "X1", "X2", "W1", "X5")) + len(("Y1", "D1", "Y2")),
        ),
    ],
)
def test_one_m_alone_is_always_in_one_of_so_many_places(name: str, states: int) -> None:
    """One G, one P and nobody else: every step leads on, and nothing but the place tells the states apart."""
    found = explore(named(name), "one P", gs=1, sysmon=0)
    assert found.states == states


@pytest.mark.parametrize(
    ("name", "bug", "prop", "length"),
    [
        # In a system call, sysmon has the scan bit, and X1 does not wait for it.
        ("syscall", "s4", "legal", START + len(("user", "S1", "kernel")) + LOOK - 2 + len(("X1",))),
        # sysmon clears p.m, then the scan bit: the M leaves, and m.p is still there.
        ("syscall", "s3", "own", START + len(("user", "S1", "kernel")) + LOOK + len(("K1", "T1", "B8", "X1", "X2"))),
        ("syscall", "cas", "running_once", START),
        # The M has its P back and runs when sysmon stores the status that it wanted before.
        (
            "syscall23",
            "o6",
            "own",
            START + len(("user", "S1", "S2", "S3", "kernel", "X1", "X2", "W1", "X5")) + len(("K1", "K2")),
        ),
        # Back from the first system call, wirep looks at m.p.
        ("syscall23", "s9", "wirep_free", START + len(("user", "S1", "S2", "S3", "kernel", "X1", "X2", "W1"))),
    ],
)
def test_shortest_counterexamples(name: str, bug: str, prop: str, length: int) -> None:
    assert explore(named(name), "one P", bug, until=prop).violations[prop].length == length


def test_without_a_second_look_at_the_links_a_p_is_taken_from_who_has_it() -> None:
    """sysmon has read P 0's M and its G; this M runs the other G now, and another M this one, in a system call."""
    first = START + len(("user", "Y1", "D1", "Y2", "F1", "E1", "E2"))
    second = START + len(("user", "S1"))
    taken = LOOK + len(("K1", "T1"))
    found = explore(named("syscall"), "two Ps", "s1", until="own")
    assert found.violations["own"].length == first + second + taken


def test_a_p_must_be_given_up_before_its_g_is_in_the_system_call() -> None:
    found = explore(named("syscall"), "block", "after", until="releasep_state", gs=1, apart=False)
    blocked = len(("user", "L2", "L1"))
    assert found.violations["releasep_state"].length == ASKED + blocked + LOOK + len(("K1", "T1"))


# --- the two protocols -----------------------------------------------------------------------------------------------


def test_the_world_stops_without_sysmon_in_the_old_protocol_only() -> None:
    """docs/findings/stop-the-world.md"""
    old = explore(named("syscall23"), "asleep")
    assert old.complete
    assert not old.violations
    new = explore(named("syscall"), "asleep")
    assert new.violations.keys() == {"world_stops", "deadlock"}
    stopper = ASKED + len(("user", "Z1", "B1 of its own P", "B1", "B2", "B3", "B4", "Z5"))
    caller = ASKED + len(("user", "S3", "S1"))
    third = len(("start",))
    assert new.violations["deadlock"].length == stopper + caller + third == 24


def test_what_the_old_protocol_needs_is_the_look_behind_the_store() -> None:
    """An M that does not look at gcwaiting enters when stopTheWorld has passed, as in the new protocol."""
    found = explore(named("syscall23"), "asleep", "blind").violations
    assert {"world_stops", "deadlock"} <= found.keys()
    stopper = ASKED + len(("user", "Z1", "Z2", "Z2", "Z5"))
    assert found["deadlock"].length == stopper + ASKED + len(("user", "S1", "S2", "S3")) + len(("start",))


def test_the_collector_makes_stop_the_world_pass_a_p_over() -> None:
    """docs/findings/stop-the-world.md: the second way, up to the CAS that fails."""
    stopper = ASKED + len(("user", "Z1", "B1 of its own P", "B1", "B2", "B3", "B4"))
    caller = ASKED + len(("user", "S3", "S1"))
    found = explore(named("syscall"), "again")
    assert not found.violations
    assert found.reached["scanned"].length == stopper + caller + len(("idle", "C1")) - 1


@pytest.mark.slow
def test_the_look_at_gcwaiting_on_entry_is_an_optimisation_where_sysmon_comes() -> None:
    found = explore(named("syscall"), "stop", "blind")
    assert found.complete
    assert not found.violations


# --- fairness --------------------------------------------------------------------------------------------------------


def without_luck() -> type[Model]:
    """Nobody promises X1 the moment when nobody has the scan bit."""
    shipped = named("syscall")
    lucky = strong("thread", "X1 CAS Syscall→Running")
    assert lucky in shipped.fairness
    return type("WithoutLuck", (shipped,), {"fairness": tuple(f for f in shipped.fairness if f != lucky)})


@pytest.mark.slow
def test_with_two_ps_sysmon_may_look_whenever_a_g_wants_to_leave() -> None:
    """It takes a P from the other G again and again, so nothing is said against its leaving this one."""
    assert "call_returns" not in explore(named("syscall"), "two Ps").violations
    assert "call_returns" in explore(without_luck(), "two Ps").violations


@pytest.mark.parametrize(("scenario", "gs"), [("one P", 2), ("two Ps", 1)])
def test_with_one_p_or_one_g_nobody_needs_luck(scenario: str, gs: int) -> None:
    """Whoever's P sysmon takes in the end is rid of it."""
    assert not explore(without_luck(), scenario, gs=gs).violations

"""The shipped specs, as they are and with every bug: both engines agree in everything."""

from __future__ import annotations

import itertools

import pytest

from gomodel import catalog
from gomodel.language.instance import Instance, all_bugs, instance
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.search import Limits
from tests.explore.comparing import ENGINE, compare, compare_beginning

# What a spec embeds from another one is compared there.
CASES = [
    (name, bug)
    for name, model in catalog.models().items()
    for bug in ("", *(b for b, (component, _) in all_bugs(instances(model)[0]).items() if component._meta.own))
]
# Compiling takes most of the time, so one bug in five stands for the others of its model.
SOME = [
    pytest.param(name, bug, marks=[] if k % 5 == 0 else [pytest.mark.slow])
    for name, cases in itertools.groupby(CASES, lambda case: case[0])
    for k, (_, bug) in enumerate(cases)
]
SYSCALL = {"gs": 1, "apart": False, "sysmon": 0}
SMALL = {  # scenarios of a few thousand states
    "chan": [("close cap 1", {"values": 1}), ("try cap 0", {"senders": 0}), ("nil", {}), ("shrink", {"receivers": 1})],
    "select": [
        ("facing", {"senders": 0, "receivers": 0, "others": 0}),
        ("one channel", {"rounds": 1, "senders": 0}),
        ("twice", {"others": 0, "senders": 0}),
        ("receiving", {"senders": 0, "others": 0}),
        ("twice around", {"rounds": 1}),
        ("always ready", {}),
    ],
    "swissmap": [
        ("churn", {}),
        ("nan", {"nans": 1, "keys": 2, "turns": 1, "changes": 1}),
        ("directory", {"keys": 2, "dir_bits": 1, "changes": 1, "deletes": False}),
        ("emptied", {"changes": 1}),
    ],
    "map": [
        ("keys", {"keys": 2, "slots": 1, "most_b": 1, "hashes": (0, 5)}),
        ("nan", {"during": 1, "odd": 1, "slots": 1, "most_b": 1}),
    ],
    "mapflags": [("panic", {}), ("writers", {"rounds": 1}), ("all", {"rangers": 0})],
    "mbarrier": [
        *((scenario, {"objects": 2, "registers": 1}) for scenario in ("go", "rescan", "snapshot", "documented")),
        *((scenario, {"mutators": 1}) for scenario in ("buffered", "four")),
        ("pair", {"objects": 2}),
    ],
    "sweep": [
        ("blocking", {"spans": 1, "directs": 0, "cycles": 1}),
        ("partial", {"spans": 1, "nelems": 1, "cycles": 1}),
        ("two Ps", {"spans": 1, "cycles": 1}),
    ],
    "gc": [
        ("mark", {"objects": 2, "procs": 1, "agents": 1, "mutators": 1}),
        ("start", {}),
        ("cycles", {"objects": 2, "procs": 1, "agents": 1}),
    ],
    "gctrigger": [("all", {"callers": 1, "allocators": 1})],
    "spin": [("fits", {"gs": 1}), ("batch", {"gs": 2}), ("window", {"gs": 2}), ("tso", {"gs": 1})],
    "runq": [
        ("steal", {"puts": 2, "gs": 2}),
        ("inject", {"puts": 1, "gs": 2}),
        ("batch", {}),
        ("empty", {"puts": 2, "gs": 2}),
    ],
    "gstatus": [("lock", {}), ("commit", {})],
    "syscall": [("one P", {"gs": 1}), ("two Ps", {"gs": 1}), *((name, SYSCALL) for name in ("stop", "ask", "block"))],
    "syscall23": [("one P", {"gs": 1}), ("two Ps", {"gs": 1}), *((name, SYSCALL) for name in ("stop", "ask", "block"))],
    "mutex": [("loop", {"goroutines": 2}), ("rounds", {"goroutines": 2})],
}


def small(name: str, bug: str) -> list[Instance]:
    """All of them, or with a bug the one where it is judged: each is compiled, which takes longer than exploring it."""
    model = catalog.load(name)
    named = [instance(model, scenario, bounds) for scenario, bounds in SMALL.get(name, [])]
    if not named or not bug:
        return named or instances(model, preset="quick")
    wanted = all_bugs(named[0])[bug][1].scenario
    return [next((inst for inst in named if inst.scenario == wanted), named[0])]


def agree(system: TransitionSystem, most: int) -> None:
    """In everything where there are at most so many states, else at the beginning."""
    if ENGINE.explore(system, Limits(max_states=most + 1)).complete:
        compare(system)
    else:
        compare_beginning(system, most)


@pytest.mark.parametrize(("name", "bug"), SOME, ids=lambda case: case or "no-bug")
def test_the_engines_agree(name: str, bug: str) -> None:
    for inst in small(name, bug):
        agree(trace(inst.with_bugs(bug) if bug else inst), 6_000)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bug"), CASES, ids=lambda case: case or "no-bug")
def test_the_engines_agree_at_the_bounds_where_bugs_are_judged(name: str, bug: str) -> None:
    for inst in instances(catalog.load(name), preset="quick", bugs=[bug] if bug else None):
        agree(trace(inst), 200_000)

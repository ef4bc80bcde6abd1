"""What is special to the Swiss map: sizes as in Go, counts by hand, shortest counterexamples, and the findings."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Exploration, Limits


def explored(scenario: str, *bugs: str, engine: Any = None, until: str = "", **bounds: Any) -> Exploration:
    inst = instance(catalog.load("swissmap"), scenario, bounds).with_bugs(*(f"map.{bug}" for bug in bugs))
    limits = Limits(until=frozenset({until})) if until else Limits()
    return (engine or CompiledEngine()).explore(trace(inst), limits)


# --- the same code with Go's numbers, run by CPython -----------------------------------------------------------------

GO = {"slots": 8, "load": (7, 8), "h2_bits": 7}


def go_map(**bounds: Any) -> Any:
    """A map as Go has it, but for how large its directory may get."""
    bits = 64 - 7 - bounds["dir_bits"]
    model = instance(catalog.load("swissmap"), "small", {**GO, "h1_bits": bits, **bounds}).build()
    model._reset()
    model.init()
    return model.map


def layout(m: Any) -> list[tuple[int, int]]:
    """Capacity and growthLeft of each table, in the order of the directory."""
    places = [m.dir[i] for i in range(m.dir_len)]
    return [(m.tables[at].capacity, m.tables[at].growth_left) for at in dict.fromkeys(places)]


def insert(m: Any, key: int, hash: int) -> int:
    """The whole assignment, and how many times it had to make room."""
    rounds = 0
    m.assign(key, hash, 0)
    while m.writing != "no":
        rounds += 1
        m.make_room(0)
        if m.writing == "again":
            m.finish(m.put_in_table(key, m.hash[key], 0), key, 0)
    return rounds


def test_a_map_grows_where_go_s_does() -> None:
    """Measured in go1.27.3: the 9th key makes a table of 16 with room for 5, the 15th one of 32, the 29th of 64."""
    m, draw = go_map(keys=57, max_table=64, dir_bits=3), random.Random(1)
    seen = {}
    for key in range(57):
        before = layout(m)
        insert(m, key, draw.getrandbits(64))
        if layout(m)[:1] and [c for c, _ in layout(m)] != [c for c, _ in before]:
            seen[key + 1] = layout(m)
    assert seen[9] == [(16, 5)]
    assert seen[15] == [(32, 28 - 15)]
    assert seen[29] == [(64, 56 - 29)]
    assert list(seen) == [9, 15, 29, 57]
    assert [c for c, _ in seen[57]] == [64, 64]  # a table of 64, were it the largest, takes 56 and is then split
    assert sum(left for _, left in seen[57]) == 2 * 56 - 57


# Tables made for so many entries, as measured in go1.27.3.
HINTS = {8: [], 9: [16], 14: [16], 15: [32], 28: [32], 29: [64], 112: [128], 113: [256], 448: [512], 449: [1024]}
HINTS |= {896: [1024], 897: [512] * 2, 1792: [1024] * 2, 1793: [512] * 4}


@pytest.mark.parametrize(("hint", "tables"), HINTS.items())
def test_a_hint_makes_the_tables_that_it_makes_in_go(hint: int, tables: list[int]) -> None:
    m = go_map(keys=1, max_table=1024, dir_bits=2, hint=hint)
    assert [capacity for capacity, _ in layout(m)] == tables


def test_a_full_table_of_16_keeps_half_of_its_slots_as_tombstones() -> None:
    """As measured: 14 keys fill one of the two groups; deleting all leaves 8 tombstones, and room for 6."""
    m = go_map(keys=14, max_table=64, dir_bits=0)
    for key in range(14):
        insert(m, key, (key << 7 | key) if key < 8 else key)  # 4 + 4, then the rest in group 0: it is full first
    for key in range(14):
        m.delete(key)
    assert layout(m) == [(16, 6)]
    assert sum(slot.ctrl == 1 for slot in m.tables[0].slots) == 8


# --- counts by hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [CompiledEngine(), ReferenceEngine()], ids=["compiled", "reference"])
def test_one_key_in_a_small_map(engine: Any) -> None:
    """Absent, or present with one of the 4 hashes: 5 states.

    4 insertions and a clear of the empty map, which changes nothing; in each of the others an assignment, a deletion, a
    clear.
    """
    found = explored("small", engine=engine, keys=1, loops=False)
    assert (found.states, found.transitions) == (1 + 4, 5 + 4 * 3)


SHORTEST = {
    # two keys fill a group, a third one of that group goes to the next; one of the two is deleted
    "c7": ("tombstones", {"max_table": 4}, "map.probe_reach", 3 + 1),
    # two keys, and the first one again: the third step finds no room
    "c4": ("small", {}, "map.update_no_grow", 3),
    # fill a group, a third key goes to the next one; delete from the full group; assign the third key again
    "c8": ("tombstones", {"max_table": 4}, "map.found_once", 3 + 1 + 1),
    # two keys fill a group, one is deleted, one is inserted in its place
    "c11": ("tombstones", {"max_table": 4}, "map.growth_left_ok", 2 + 1 + 1),
    # two keys fill a small map, the third one makes it grow
    "tight": ("small", {}, "room_for_all", 3 + 1),
    # a key, and no key
    "count": ("churn", {}, "map.used_sum", 2),
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_counterexamples_are_as_short_as_counted(bug: str) -> None:
    scenario, bounds, prop, steps = SHORTEST[bug]
    assert explored(scenario, bug, until=prop, **bounds).violations[prop].length == steps


# --- the findings ----------------------------------------------------------------------------------------------------


def test_an_entry_is_produced_twice_only_under_another_seed() -> None:
    """Two keys, the loop, a Next; a third key, which splits the table in two more steps; clear; a key; three Nexts."""
    assert explored("emptied").reached["map.produced_twice"].length == 2 + 2 + 3 + 1 + 1 + 3
    for repair in ("noseed", "seed"):
        assert "map.produced_twice" not in explored("emptied", repair).reached


def test_two_keys_that_come_and_go_make_a_table_grow_only_without_pruning() -> None:
    assert explored("generic").reached["map.grown"].length == 7
    assert "map.grown" not in explored("churn", max_table=8).reached

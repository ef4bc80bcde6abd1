"""What is special to maps: the table at Go's own sizes, counts by hand, shortest counterexamples, and the finding."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import Model, catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Exploration, Limits
from gomodel.specs.runtime.map import GoMap
from gomodel.specs.runtime.maptable import ABSENT
from tests.specs.test_source import ROOTS, source_line


def explored(scenario: str, *bugs: str, engine: Any = None, **bounds: Any) -> Exploration:
    inst = instance(catalog.load("map"), scenario, bounds).with_bugs(*(f"map.{bug}" for bug in bugs))
    return (engine or CompiledEngine()).explore(trace(inst), Limits())


# --- the classes of the model, with plain numbers, at the sizes of Go ------------------------------------------------


class RealSizes(Model):
    """Buckets of 8, load factor 13/2."""

    name = "real_sizes"

    def state(self) -> None:
        self.map = GoMap(
            slots=8, links=2, most=5, keys=110, odd=0, values=2, hashes=(2**16 - 1,), shift=8, load=(13, 2), many=15
        )

    def put(self, key: int) -> int:
        """Assign; how often the table began to grow."""
        hash = key * 40503 % 2**16
        self.map.hash[key] = hash
        rounds = 0
        while not self.map.again(key, 0, hash, 0):
            rounds += 1
        return rounds


def real() -> Any:
    return instance(RealSizes).build()


def test_the_table_grows_where_the_real_one_does() -> None:
    """B becomes 1 at the 9th key, and so on, as measured on go1.22 and go1.23."""
    model, sizes = real(), {}
    for n in range(1, 106):
        before = model.map.b
        assert model.put(n) <= 1
        if model.map.b != before:
            sizes[n] = model.map.b
    assert sizes == {9: 1, 14: 2, 27: 3, 53: 4, 105: 5}
    assert all(model.map.access(n) == 0 for n in range(1, 106))
    assert model.map.access(0) == ABSENT
    assert model.map.access(106) == ABSENT


@pytest.mark.parametrize(("last", "old"), [(9, 1), (14, 2), (27, 4), (53, 8), (105, 16)])
def test_a_growth_ends_within_as_many_writes_as_there_were_buckets(last: int, old: int) -> None:
    """The write that begins it evacuates two buckets, or one; each that follows one at least, also of the same key."""
    model = real()
    for n in range(1, last + 1):
        model.put(n)
    writes = 0
    while model.map.growing:
        model.put(1)
        writes += 1
    assert writes <= old - 1
    assert (writes == 0) == (old <= 2)


# --- counts by hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [CompiledEngine(), ReferenceEngine()], ids=["compiled", "reference"])
def test_two_keys_that_only_come(engine: Any) -> None:
    """Nothing, the first key with either hash, both keys with either: 1 + 2 + 4 states.

    From nothing 2 insertions; from one key its update, its lookup, and 2 insertions; from two an update and a lookup of
    each.
    """
    found = explored("keys", engine=engine, keys=2, hashes=(0, 1), deletes=False, clears=False)
    assert (found.states, found.transitions) == (1 + 2 + 4, 2 + 2 * 4 + 4 * 4)


# What stands at the lines that bugs edit.
EDITED = {
    "b1": "markBucketsEmpty(h.buckets, bucketMask(h.B))",
    "b2": "b.tophash[offi] != evacuatedX",
    "b6": "tooManyOverflowBuckets(h.noverflow, h.B)",
    "b10": "c := h.oldbuckets",
    "b11a": "m >>= 1",
    "b11b": "m >>= 1",
    "b12": "newbit := h.noldbuckets()",
    "b13": "growWork(t, h, bucket)",
    "b15": "i == abi.MapBucketCount-1",
    "b17": "hash&bucketMask(it.B) != checkBucket",
    "b21": "h.count == 0",
    "recount": "typedmemmove(t.Key, k, key)",
    "late": "count > abi.MapBucketCount",
    "regrow": "!h.growing()",
    "noback": "b.tophash[i] = emptyRest",
    "markold": "h.hash0 = uint32(rand())",
    "nooverflow": "h.noverflow = 0",
    "nopromote": "flags |= oldIterator",
    "stop": "isEmpty(top)",
    "nomark": "oldbucket == h.nevacuate",
    "direct": "b.tophash[offi] != evacuatedX",
    "again": "!evacuated(b)",
    "short": "hash >> (goarch.PtrSize*8 - 8)",
    "noskip": "bucketEvacuated(t, h, h.nevacuate)",
    "noseed": "h.hash0 = uint32(rand())",
}


@pytest.mark.skipif("go1.23.9" not in ROOTS, reason="needs the source of go1.23.9, see test_source")
@pytest.mark.parametrize("bug", GoMap.bugs)
def test_bugs_edit_the_lines_that_they_name(bug: str) -> None:
    assert EDITED[bug] in source_line(GoMap.bugs[bug].go, "go1.23.9")


SHORTEST = {  # counted along the source; an insertion that makes the table grow takes two steps
    "recount": ("keys", "map.count_ok", 1 + 1),  # insert, update
    "noback": ("keys", "map.empty_rest_complete", 1 + 1),  # insert, delete
    "b15": ("keys", "map.empty_rest_sound", 2 + 1),  # two in a bucket, the first is deleted
    "b21": ("keys", "found_once", 2 + 1),  # two, one is deleted, the other one has no place any more
    "b12": ("keys", "found_once", 2 + 2),  # the third key makes the table grow
    "b10": ("grow", "found_once", 3 + 1),  # the fourth key makes it grow; nothing is found in the old buckets
}


@pytest.mark.parametrize("bug", SHORTEST)
def test_counterexamples_are_as_short_as_counted(bug: str) -> None:
    scenario, prop, length = SHORTEST[bug]
    assert explored(scenario, bug).violations[prop].length == length


# --- findings --------------------------------------------------------------------------------------------------------


def test_a_clear_does_not_stop_an_iteration_over_nans() -> None:
    """docs/findings/map-clear-nan.md: two insertions, iterate, next, a third that takes two steps, clear, next."""
    assert explored("nan").reached["cleared_entry_is_produced"].length == 2 + 2 + 2 + 1 + 1
    assert "cleared_entry_is_produced" not in explored("nan", keys=1, odd=1).reached  # the table does not grow
    assert "cleared_entry_is_produced" not in explored("nan 1.24").reached

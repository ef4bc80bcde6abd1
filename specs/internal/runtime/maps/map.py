"""The Swiss map.

Checklist:

"""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Int,
    Model,
    Preset,
    Scenario,
    fatal,
    implies,
    invariant,
    leads_to,
    reachable,
    refines,
    require,
    rule,
    step_invariant,
)
from gomodel.specs.abstract.dictionary import Dictionary
from gomodel.specs.internal.runtime.maps.iter import Iteration
from gomodel.specs.internal.runtime.maps.table import DELETED, EMPTY, FULL

GO = "internal/runtime/maps"


class SwissMap(Iteration):
    """A map and an iterator over it."""

    def __init__(self, **sizes):
        self.shape(**sizes)

    def state(self):
        self.fields()
        self.iterator()

    # --- properties ------------------------------------------------------------------------------------------

    def in_use(self, at):
        return any(i < self.dir_len and self.dir[i] == at for i in range(self.room))

    def all_tables(self, holds):
        return all(not self.in_use(at) or holds(self.tables[at]) for at in range(self.room))

    @invariant
    def found_once(self):
        """A lookup finds exactly the keys that are in the map, and each stands in one slot (FoundOnce)."""
        return all(
            self.look_up(k)[0] == self.live[k] and self.slots_with(k) == (1 if self.live[k] else 0)
            for k in range(self.keys)
        )

    def slots_with(self, key):
        if self.dir_len == 0:
            return sum(1 for slot in self.small if slot.ctrl >= FULL and slot.key == key)
        tables = [self.tables[at] for at in range(self.room)]
        return sum(1 for t in tables for slot in t.slots if slot.ctrl >= FULL and slot.key == key)

    @invariant
    def probe_reach(self):
        """No group on the way to a key that equals itself has an empty slot (ProbeReach)."""
        return self.all_tables(self.reached)

    def reached(self, t):
        passed = self.passed(t)
        return all(not passed.group[g] or not self.any_empty(t, g) for g in range(self.max_table // self.slots))

    def passed(self, t):
        """The groups that some key of the table has on its way."""
        passed = self.Marks()
        most = self.max_table // self.slots
        for g in range(most):
            for i in range(self.slots):
                slot = t.slots[g * self.slots + i]
                walking = slot.ctrl >= FULL and slot.key < self.keys
                offset = self.h1(self.hash[min(slot.key, self.keys - 1)]) % self.groups(t)
                for n in range(most):
                    walking = walking and offset != g
                    passed.group[offset] = passed.group[offset] or walking
                    offset = (offset + n + 1) % self.groups(t)
        return passed

    @invariant
    def has_empty(self):
        """Each table has an empty slot, so that every probe ends (HasEmpty)."""
        return self.all_tables(lambda t: any(n < t.capacity and t.slots[n].ctrl == EMPTY for n in range(len(t.slots))))

    @invariant
    def no_mixed_group(self):
        """No group holds both an empty slot and a tombstone (NoMixedGroup)."""
        return self.all_tables(lambda t: all(self.unmixed(t, g) for g in range(self.max_table // self.slots)))

    def unmixed(self, t, g):
        return not self.any_empty(t, g) or all(t.slots[g * self.slots + i].ctrl != DELETED for i in range(self.slots))

    @invariant
    def growth_left_ok(self):
        """growthLeft is the load limit less entries and tombstones, and so not less than 0 (GrowthLeftOK, Load)."""
        return self.all_tables(self.counts)

    def counts(self, t):
        used = sum(1 for slot in t.slots if slot.ctrl >= FULL)
        deleted = sum(1 for slot in t.slots if slot.ctrl == DELETED)
        return t.used == used and t.growth_left == self.max_growth_left(t.capacity) - used - deleted

    @invariant
    def used_sum(self):
        """Map.used counts the entries of the small group, or of all tables (UsedSum)."""
        if self.dir_len == 0:
            return self.used == sum(1 for slot in self.small if slot.ctrl >= FULL)
        return self.used == sum(self.tables[at].used for at in range(self.room) if self.in_use(at))

    @invariant
    def dir_ok(self):
        """A table stands exactly in the directory's entries for the first bits of its keys' hashes (DirOK)."""
        return all(i >= self.dir_len or self.entry_ok(i) for i in range(self.room))

    def entry_ok(self, i):
        t = self.tables[self.dir[i]]
        entries = self.power[self.global_depth - t.local_depth]
        run = t.index <= i < t.index + entries and t.index % entries == 0
        full = entries == sum(1 for j in range(self.room) if j < self.dir_len and self.dir[j] == self.dir[i])
        return run and full and all(self.routed(t, slot, entries) for slot in t.slots)

    def routed(self, t, slot, entries):
        if slot.ctrl < FULL or slot.key >= self.keys:
            return True
        return t.index <= self.directory_index(self.hash[slot.key]) < t.index + entries

    @step_invariant
    def stale_frozen(self, before):
        """Nobody writes to a table that only the iterator has; what it has passed is dropped (StaleFrozen)."""
        old, new = before.tables[self.stale], self.tables[self.stale]
        held = before.it.tab is not None and before.it.tab == self.stale
        held = held and self.it.tab is not None and self.it.tab == self.stale
        ahead = (n for n in range(self.max_table) if n >= self.it.entry_idx)
        places = ((n + self.it.entry_offset) % old.capacity for n in ahead)
        return not held or all(n >= old.capacity or new.slots[n] == old.slots[n] for n in places)

    @invariant
    def prunes(self):
        """A table grows only if less than a tenth of it are tombstones that no key needs; not so if ``generic``."""
        if self.generic or self.writing != "full" or self.dir_len == 0:
            return True
        return 10 * self.idle_tombstones() < self.tables[self.full_table()].capacity

    def full_table(self):
        return self.dir[self.directory_index(self.hash[self.key])]

    def idle_tombstones(self):
        """How many tombstones of the full table stand in groups that no key has on its way."""
        t = self.tables[self.full_table()]
        passed = self.passed(t)
        idle = (n for n in range(self.max_table) if not passed.group[n // self.slots])
        return sum(1 for n in idle if t.slots[n].ctrl == DELETED)

    @invariant
    def update_no_grow(self):
        """To assign to a key that is there takes no room (UpdateNoGrow)."""
        return implies(self.writing != "no", not self.live[self.key])

    @invariant
    def at_most_once(self):
        """A loop produces no entry twice, unless the map was emptied under it (AtMostOnce)."""
        return self.reseeded or all(n <= 1 for n in self.times)

    @invariant
    def stay_exactly_once(self):
        """An entry that is there from the beginning of a loop to its end is produced once (StayExactlyOnce)."""
        return not self.wrong.missed

    @invariant
    def no_deleted(self):
        """A loop produces no key that is not in the map (NoDeleted)."""
        return not self.wrong.deleted

    @invariant
    def latest(self):
        """A loop produces the present value of a key (Latest)."""
        return not self.wrong.old

    @invariant
    def clear_stops(self):
        """No NaN is produced after it has been cleared (ClearStops; of other keys that is NoDeleted)."""
        return not self.wrong.cleared

    # --- witnesses -------------------------------------------------------------------------------------------

    @reachable
    def tombstone_reused(self):
        """An entry takes the place of a tombstone, and growthLeft stays as it is."""
        return self.note.reused

    @reachable
    def pruned(self):
        """Tombstones are given back."""
        return self.note.pruned

    @reachable
    def needed_tombstones(self):
        """A table grows though it has tombstones, as keys need them: hashes may be so with few entries."""
        if self.generic or self.writing != "full" or self.dir_len == 0:
            return False
        t = self.tables[self.full_table()]
        return any(slot.ctrl == DELETED for slot in t.slots)

    @reachable
    def grown(self):
        """A table is twice as large as the first one."""
        return any(self.in_use(at) and self.tables[at].capacity == 4 * self.slots for at in range(self.room))

    @reachable
    def run(self):
        """The directory has doubled, and a table that was not split stands in it twice."""
        return self.dir_len >= 2 and any(
            i + 1 < self.dir_len and self.dir[i] == self.dir[i + 1] for i in range(self.room - 1)
        )

    @reachable
    def one_round_more(self):
        """All entries of a table that was split went to the same half, and so does the new one: it is split again."""
        return self.writing == "full" and self.dir_len > 1 and self.tables[self.full_table()].used == self.used

    @reachable
    def small_grown_under_loop(self):
        """A loop goes on with the group of a map that has a table now."""
        return self.it.small and self.dir_len > 0

    @reachable
    def stale_under_loop(self):
        """A loop goes on with a table that was split, and has an entry to produce in it."""
        return any(slot.ctrl >= FULL for slot in self.tables[self.stale].slots)

    @reachable
    def doubled_under_loop(self):
        """The directory has doubled since the last Next, which was not at the first table."""
        return self.it.active and self.it.dir_idx > 0 and self.global_depth > self.it.global_depth

    @reachable
    def begins_within_run(self):
        """A loop begins at the second of a table's entries in the directory."""
        at = self.dir[self.it.dir_offset]
        fresh = self.it.active and not self.it.small and self.it.tab is None
        return fresh and self.tables[at].index < self.it.dir_offset

    @reachable
    def nan_in_stale(self):
        """A loop still has to produce a NaN of a stale table, and the map has been cleared."""
        nan = any(slot.ctrl >= FULL and slot.key >= self.keys for slot in self.tables[self.stale].slots)
        return nan and self.it.cleared

    @reachable
    def produced_twice(self):
        """A loop produces an entry twice: docs/findings/swissmap-twice.md."""
        return any(n == 2 for n in self.times)

    @refines(lambda self: Dictionary(keys=self.keys, values=self.values, most=self.nans))
    def dictionary(self, abstract):
        """What the lookups find is a dictionary."""
        for key in range(self.keys):
            found, elem = self.look_up(key)
            abstract.value[key] = elem if found else None
        abstract.odd.clear()
        for key in range(self.keys, self.ids):
            if self.live[key]:
                abstract.odd.add(self.value[key])

    bugs = {
        "c1": Bug(
            "no pruning",
            breaks=("prunes", "churn_bounded"),
            scenario="churn",
            go=f"{GO}/runtime_fast64.go:293",
            issue="golang/go#70886",
        ),
        "c4": Bug(
            "a full small map grows before it looks for the key",
            breaks="update_no_grow",
            scenario="small",
            go=f"{GO}/map.go:564",
            issue="golang/go#78853",
        ),
        "c5": Bug(
            "the keys of a stale table are not looked up",
            breaks=("no_deleted", "latest"),
            scenario="values",
            go=f"{GO}/table.go:1044",
            issue="cockroachdb/swiss#39",
        ),
        "c7": Bug(
            "delete leaves no tombstone",
            breaks=("probe_reach", "found_once", "dictionary"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:529",
        ),
        "c8": Bug(
            "the first tombstone is taken before the probe has ended",
            breaks=("found_once", "dictionary"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/runtime_fast64.go:272",
        ),
        "c10": Bug(
            "pruning takes one tombstone of a group",
            breaks="no_mixed_group",
            scenario="churn",
            go=f"{GO}/table.go:637",
        ),
        "c11": Bug(
            "to reuse a tombstone costs growthLeft",
            breaks="growth_left_ok",
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/runtime_fast64.go:289",
        ),
        "c12": Bug(
            "a table that was replaced keeps its index",
            breaks=("no_deleted", "latest"),
            scenario="directory",
            bounds={"changes": 2},
            go=f"{GO}/table.go:1283",
        ),
        "c14": Bug(
            "dirIdx is not doubled with the directory",
            breaks="stay_exactly_once",
            scenario="directory",
            bounds={"changes": 1},
            go=f"{GO}/table.go:972",
        ),
        "c15": Bug(
            "a split tests the bit of the old depth",
            breaks=("dir_ok", "found_once"),
            scenario="split",
            go=f"{GO}/table.go:1251",
        ),
        "c17": Bug(
            "a map that is empty but for tombstones is not cleared",
            breaks="clear_empties",
            scenario="churn",
            go=f"{GO}/map.go:757",
        ),
        "c18": Bug(
            "the iterator does not look at clearSeq",
            breaks="clear_stops",
            scenario="nan",
            go=f"{GO}/table.go:851",
        ),
        "needed": Bug(
            "pruning takes tombstones that keys need",
            breaks=("probe_reach", "found_once"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:603",
        ),
        "right": Bug(
            "right.index is left.index + 1",
            breaks="dir_ok",
            scenario="directory",
            bounds={"dir_bits": 3, "loops": False},
            go=f"{GO}/map.go:412",
        ),
        "full": Bug(
            "a table may be filled",
            breaks=("has_empty", "probe_ends"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:106",
        ),
        "tight": Bug(
            "a small map grows into a single group", breaks="room_for_all", scenario="small", go=f"{GO}/map.go:629"
        ),
        "count": Bug(
            "delete does not lower Map.used",
            breaks="used_sum",
            scenario="churn",
            go=f"{GO}/table.go:496",
        ),
        "same": Bug(
            "a table is replaced by one of its own size",
            breaks="assignment_ends",
            scenario="tombstones",
            bounds={"keys": 4, "h1_bits": 1},
            go=f"{GO}/table.go:1224",
        ),
        "stay": Bug(
            "delete goes to the table that the iterator has",
            breaks=("stale_frozen", "found_once"),
            scenario="directory",
            go=f"{GO}/map.go:689",
        ),
        "run": Bug(
            "the iterator does not skip a table's other entries in the directory",
            breaks="at_most_once",
            scenario="directory",
            bounds={"changes": 1},
            go=f"{GO}/table.go:816",
        ),
        "align": Bug(
            "the iterator begins within a table's run of entries",
            breaks=("at_most_once", "stay_exactly_once"),
            scenario="directory",
            bounds={"changes": 0},
            go=f"{GO}/table.go:998",
        ),
        "noseed": Bug(
            "a map that is emptied keeps its seed",
            harmless=True,
            scenario="churn",
            go=f"{GO}/map.go:699",
        ),
        "seed": Bug(
            "no key of a stale table is produced after the map was emptied",
            harmless=True,
            scenario="emptied",
            go=f"{GO}/table.go:826",
        ),
    }


class SwissMapModel(Model):
    """A map of Go since 1.24, an iterator over it, and hashes as bad as can be."""

    name = "swissmap"
    go = "go1.27.3"
    source = tuple(f"{GO}/{file}.go" for file in ("map", "table", "group", "runtime", "runtime_fast64"))

    keys: int = Bound(3, min=1, max=9, help="keys that equal themselves")
    nans: int = Bound(0, min=0, max=2, help="entries at a time whose key is a NaN")
    values: int = Bound(1, min=1, max=2, help="different values")
    slots: int = Bound(2, min=1, max=8, help="slots of a group")
    load: tuple = Bound((3, 4), help="the part of its slots that a table may use")
    max_table: int = Bound(4, min=1, max=1024, help="slots of a table before it is split")
    h2_bits: int = Bound(0, min=0, max=7, help="bits of a hash in a control byte")
    h1_bits: int = Bound(1, min=0, max=57, help="bits of a hash above them")
    dir_bits: int = Bound(0, min=0, max=10, help="bits of a hash above those: the largest directory looks at them")
    hint: int = Bound(0, min=0, max=4096, help="how many entries the map is made for")
    loops: bool = Bound(True, help="whether there is an iterator")
    deletes: bool = Bound(True, help="whether keys are deleted one by one")
    turns: int = Bound(8, min=1, max=1024, help="at how many slots of a table a loop may begin")
    changes: int = Bound(2, min=0, max=9, help="assignments, deletions and clears that a loop sees at most")
    generic: bool = Bound(False, help="the assignment for any type of key, which does not prune")
    notes: bool = Bound(False, help="remember which branches were taken")

    scenarios = {
        "small": Scenario("a small map, which grows into a table", h2_bits=1, changes=3),
        "values": Scenario("the same, with two values", values=2, h1_bits=0),
        "nan": Scenario("the same, with keys that do not equal themselves", keys=1, nans=2),
        "tombstones": Scenario(
            "one table, without a loop", hint=3, max_table=8, h1_bits=2, loops=False, notes=True
        ),
        "churn": Scenario(
            "the same, with so few keys that no table runs full", keys=2, hint=3, h1_bits=2, loops=False
        ),
        "generic": Scenario(
            "one table, where the assignment does not prune",
            keys=2, hint=3, max_table=8, h1_bits=2, loops=False, generic=True,
        ),
        "split": Scenario("tables that are split, without a loop", keys=4, h1_bits=0, dir_bits=2, loops=False),
        "directory": Scenario(
            "a loop over two tables or more", load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1
        ),
        "emptied": Scenario(
            "the same without single deletions, with more changes during the loop",
            load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1, deletes=False, changes=3,
        ),
        "nan tables": Scenario(
            "and with NaNs", keys=1, nans=2, load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1
        ),
    }  # fmt: skip
    presets = {
        "quick": Preset(scenarios=("nan", "tombstones", "churn", "emptied"), unreached=("map.nan_in_stale",)),
        "nightly": Preset(changes=3),
    }

    def state(self):
        self.map = SwissMap(
            keys=self.keys,
            nans=self.nans,
            values=self.values,
            slots=self.slots,
            load=self.load,
            max_table=self.max_table,
            h2_bits=self.h2_bits,
            h1_bits=self.h1_bits,
            dir_bits=self.dir_bits,
            generic=self.generic,
            notes=self.notes,
        )
        self.hashes = 2**self.map.bits
        self.draws = 2 ** (self.map.bits * self.nans)
        self.changed = Int(0, self.changes)  # since the loop has begun

    def init(self):
        self.map.new_map(self.hint)

    # --- operations ------------------------------------------------------------------------------------------

    def quiet(self):
        """There is one goroutine, and it is between two operations."""
        require(self.map.writing == "no" and not self.map.it.inside)

    def change(self):
        self.quiet()
        if self.map.it.active:
            require(self.changed < self.changes)
            self.changed += 1

    @rule
    def assign(self, k: Int(0, self.keys + self.nans - 1), h: Int(0, self.hashes - 1), v: Int(0, self.values - 1)):
        """A key keeps its hash while the seed stays; else it is any."""
        self.change()
        if self.map.drawn[k]:
            require(h == self.map.hash[k])
        else:
            require(self.map.next_name(k))
        self.map.assign(k, h, v)

    @rule(fair=True)
    def grow(self, drawn: Int(0, self.draws - 1)):
        """``drawn`` is what the NaNs hash to this time."""
        require(self.map.writing == "full" and not self.map.exhausted())
        self.map.make_room(drawn)

    @rule(fair=True)
    def again(self):
        require(self.map.writing == "again")
        key, elem = self.map.key, self.map.elem
        self.map.finish(self.map.put_in_table(key, self.map.hash[key], elem), key, elem)

    @rule
    def delete(self, k: Int(0, self.keys - 1)):
        self.change()
        require(self.deletes and self.map.look_up(k)[0])
        self.map.delete(k)

    @rule
    def clear(self):
        self.change()
        self.map.clear()
        if any(slot.ctrl == DELETED for t in self.map.tables for slot in t.slots):
            fatal("a map that was cleared has tombstones", prop="clear_empties")

    @rule
    def loop(self, entry_offset: Int(0, self.max_table - 1), dir_offset: Int(0, 2**self.dir_bits - 1)):
        self.quiet()
        require(self.loops and not self.map.it.active and self.map.used > 0)
        require(entry_offset < min(self.turns, self.slots if self.map.dir_len == 0 else self.max_table))
        require(dir_offset < max(self.map.dir_len, 1))
        self.map.init_iterator(entry_offset, dir_offset)

    @rule
    def next(self):
        require(self.loops and self.map.it.active and self.map.writing == "no")
        self.map.next()
        if not self.map.it.active:
            self.changed = 0

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def churn_bounded(self):
        """With no more keys than a group has slots, no table runs full; not so if ``generic`` (ChurnBounded)."""
        few = self.keys + self.nans <= self.slots and not self.generic
        return not few or self.map.writing != "full" or self.map.dir_len == 0

    @leads_to
    def assignment_ends(self):
        """An assignment that finds no room ends, if the hashes in the full table and its own do not all agree.

        Not so with NaNs: those of a table may be drawn alike each time that it is split.  A loop changes nothing here.
        """
        judged = self.nans == 0 and not self.loops
        return judged and self.map.writing != "no" and not self.map.hopeless(), self.map.writing == "no"

    @reachable(scenario="generic")
    def grows_without_need(self):
        """A table grows for tombstones that no key needs: docs/findings/swissmap-prune.md."""
        full = self.map.writing == "full" and self.map.dir_len > 0
        return full and self.map.idle_tombstones() * 10 >= self.map.tables[self.map.full_table()].capacity

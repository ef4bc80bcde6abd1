"""What is judged of the Swiss map, and what it should look like from outside.

Part of ``swissmap``; the checklist stands in ``map.py``.
"""

from __future__ import annotations

from gomodel import implies, invariant, reachable, refines, step_invariant
from gomodel.specs.abstract.dictionary import Dictionary
from gomodel.specs.internal.runtime.maps.iter import Iteration
from gomodel.specs.internal.runtime.maps.table import DELETED, EMPTY, FULL


class Judged(Iteration):
    """A map, an iterator, and their properties."""

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

"""The Swiss map.

Checklist:

"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Int,
    Model,
    Preset,
    Scenario,
    invariant,
    reachable,
    refines,
    require,
    rule,
)
from gomodel.specs.abstract.dictionary import Dictionary
from gomodel.specs.internal.runtime.maps.iter import Iteration
from gomodel.specs.internal.runtime.maps.table import DELETED, EMPTY, FULL


class SwissMap(Iteration):
    """A map and an iterator over it."""

    def __init__(self, *, generic=False, **sizes):
        self.generic = generic
        self.shape(**sizes)

    def state(self):
        self.fields()
        self.iterator()

    # --- properties ------------------------------------------------------------------------------------------

    def in_use(self, at):
        return any(i < self.dir_len and self.dir[i] == at for i in range(self.room))

    @invariant
    def used_sum(self):
        """Map.used counts the entries of all tables (UsedSum)."""
        if self.dir_len == 0:
            return self.used == sum(1 for slot in self.small if slot.ctrl >= FULL)
        return self.used == sum(self.tables[at].used for at in range(self.room) if self.in_use(at))

    @invariant
    def growth_left_ok(self):
        """growthLeft is the load limit less entries and tombstones (GrowthLeftOK, Load)."""
        return all(not self.in_use(at) or self.counts(self.tables[at]) for at in range(self.room))

    def counts(self, t):
        used = sum(1 for slot in t.slots if slot.ctrl >= FULL)
        deleted = sum(1 for slot in t.slots if slot.ctrl == DELETED)
        return t.used == used and t.growth_left == self.max_growth_left(t.capacity) - used - deleted

    @invariant
    def at_most_once(self):
        return self.reseeded or all(n <= 1 for n in self.times)

    @invariant
    def stay_exactly_once(self):
        return not self.wrong.missed

    @invariant
    def no_deleted(self):
        return not self.wrong.deleted

    @invariant
    def clear_stops(self):
        return not self.wrong.cleared

    @invariant
    def latest(self):
        return not self.wrong.old

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
        "c4": Bug("a full small map grows before it looks for the key", breaks="update_no_grow"),
        "c5": Bug("entries of a stale table are not looked up", breaks="no_deleted"),
        "c7": Bug("delete leaves no tombstone", breaks="dictionary"),
        "c8": Bug("the first tombstone is taken before the probe has ended", breaks="found_once"),
        "c10": Bug("a group keeps some of its tombstones", breaks="no_mixed_group"),
        "c11": Bug("reusing a tombstone costs growthLeft", breaks="growth_left_ok"),
        "c12": Bug("a replaced table keeps its index", breaks="no_deleted"),
        "c14": Bug("dirIdx is not doubled with the directory", breaks="stay_exactly_once"),
        "c15": Bug("split tests the bit of the old depth", breaks="dir_ok"),
        "c17": Bug("clear skips a map that is empty but for tombstones", breaks="clear_restores"),
        "c18": Bug("the iterator ignores clearSeq", breaks="clear_stops"),
        "needed": Bug("pruning takes tombstones that are needed", breaks="probe_reach"),
        "right": Bug("right.index is left.index + 1", breaks="dir_ok"),
        "full": Bug("a table may be filled", breaks="probe_ends"),
    }


class SwissMapModel(Model):
    """A map of the kind that Go has since 1.24."""

    name = "swissmap"
    go = "go1.27.3"
    source = ("internal/runtime/maps/map.go", "internal/runtime/maps/table.go", "internal/runtime/maps/group.go")

    keys: int = Bound(3, min=1, max=6, help="keys that equal themselves")
    nans: int = Bound(0, min=0, max=2, help="entries at a time whose key is a NaN")
    values: int = Bound(1, min=1, max=2, help="values")
    slots: int = Bound(2, min=1, max=8, help="slots of a group")
    load: tuple = Bound((3, 4), help="the part of its slots that a table may use")
    max_table: int = Bound(4, min=1, max=1024, help="slots of a table before it is split")
    h1_bits: int = Bound(1, min=0, max=57, help="bits of a hash that choose a group, beside those below")
    h2_bits: int = Bound(1, min=0, max=7, help="bits of a hash in a control byte")
    dir_bits: int = Bound(1, min=0, max=10, help="bits of a hash that choose a table")
    hint: int = Bound(0, min=0, max=4096, help="how many entries the map is made for")
    turns: int = Bound(8, min=1, max=1024, help="at how many slots of a table a loop may begin")
    changes: int = Bound(3, min=0, max=9, help="assignments, deletions and clears that a loop sees at most")
    loops: bool = Bound(True, help="whether there is an iterator")
    generic: bool = Bound(False, help="runtime_mapassign in place of its fast variants")

    def state(self):
        self.map = SwissMap(
            keys=self.keys,
            nans=self.nans,
            values=self.values,
            slots=self.slots,
            load=self.load,
            max_table=self.max_table,
            h1_bits=self.h1_bits,
            h2_bits=self.h2_bits,
            dir_bits=self.dir_bits,
            generic=self.generic,
        )
        self.hashes = 2**self.map.bits
        self.last = 2 ** (self.map.bits * self.nans)

        self.changed = Int(0, self.changes)  # since the loop has begun

    def init(self):
        self.map.new_map(self.hint)

    def quiet(self):
        """One goroutine: between its operations."""
        require(self.map.writing == "no" and not self.map.it.inside)

    def change(self):
        self.quiet()
        if self.map.it.active:
            require(self.changed < self.changes)
            self.changed += 1

    @rule
    def assign(self, k: Int(0, self.keys + self.nans - 1), h: Int(0, self.hashes - 1), v: Int(0, self.values - 1)):
        self.change()
        if self.map.drawn[k]:
            require(h == self.map.hash[k])
        else:
            require(self.map.next_name(k))
        self.map.assign(k, h, v)

    @rule(fair=True)
    def grow(self, drawn: Int(0, self.last - 1)):
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
        require(self.map.look_up(k)[0])
        self.map.delete(k)

    @rule
    def clear(self):
        self.change()
        self.map.clear()

    @rule
    def loop(self, entry_offset: Int(0, self.max_table - 1), dir_offset: Int(0, 2**self.dir_bits - 1)):
        self.quiet()
        require(self.loops and not self.map.it.active and self.map.used > 0)
        require(entry_offset < min(self.turns, self.slots if self.map.dir_len == 0 else self.max_table))
        require(dir_offset < max(self.map.dir_len, 1))
        self.map.init_iterator(entry_offset, dir_offset)

    @rule
    def next(self):
        require(self.map.it.active and self.map.writing == "no")
        self.map.next()
        if not self.map.it.active:
            self.changed = 0

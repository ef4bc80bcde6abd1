"""The map over its tables: small map, directory, growth, split (internal/runtime/maps/map.go and table.go, go1.27.3).

Part of ``swissmap``; what is abstracted stands in ``map.py``.
"""

from __future__ import annotations

from gomodel import Array, Bool, Enum, Ghost, Int, Struct
from gomodel.specs.internal.runtime.maps.table import EMPTY, FULL, Tables


def power_above(n):
    """alignUpPow2, group.go:281-290."""
    return 1 << (n - 1).bit_length()


class Directory(Tables):
    """One group, or tables that a directory selects by the first bits of a hash."""

    def fields(self):
        any_hash = Int(0, 2**self.bits - 1)
        self.hash = Array(any_hash, self.ids)  # of each key under the present seed
        self.drawn = Array(Bool(), self.ids)  # ... once it is drawn
        self.used = Int(0, self.ids + 1)
        self.small = Array(self.Slot, self.slots)  # the group of a small map
        self.tables = Array(self.Table, self.room + 1)
        self.dir_len = Int(0, self.room)
        self.global_depth = Int(0, self.dir_bits)
        self.dir = Array(Int(0, self.room - 1), self.room)
        self.tombstone_possible = Bool()
        self.writing = Enum("no", "full", "again")  # where an assignment stands that has not found room
        self.note = Ghost(Struct(reused=Bool(), pruned=Bool()))
        self.key = Int(0, self.ids - 1)  # what is being assigned meanwhile
        self.elem = Int(0, self.values - 1)

    def new_map(self, hint):
        """NewMap, map.go:283-348."""
        if hint <= self.slots:
            return
        target = hint * self.per // self.load
        size = power_above(-(-target // self.max_table))
        self.dir_len = size
        self.global_depth = size.bit_length() - 1
        for i in range(size):
            at = i * self.room // size
            self.tables[at] = self.new_table(power_above(max(target // size, self.slots)), i, self.global_depth)
            self.dir[i] = at

    # --- hashes ----------------------------------------------------------------------------------------------

    def hash_of(self, key, drawn=0):
        """Hasher: of a NaN something else each time."""
        if key < self.keys:
            return self.hash[key]
        return drawn // self.powers[key - self.keys] % 2**self.bits

    def reseed(self):
        """A new seed: all hashes are drawn again when they are needed."""
        if self.bug("noseed"):
            self.forget()
            return
        self.hash.fill(0)
        self.drawn.fill(False)
        self.reseeded = self.it.active
        if self.bug("seed"):
            self.it.emptied = self.it.active

    def placed(self, key):
        """Whether some table has the key, if only one that the iterator remembers."""
        small = any(slot.ctrl >= FULL and slot.key == key for slot in self.small)
        return small or any(slot.ctrl >= FULL and slot.key == key for t in self.tables for slot in t.slots)

    def forget(self):
        """A key that is nowhere might as well be another one: its hash is drawn again."""
        for key in range(self.keys):
            if not self.placed(key):
                self.hash[key] = 0
                self.drawn[key] = False

    def next_name(self, key):
        """Keys that are nowhere cannot be told apart: the first of them stands for them all."""
        if key < self.keys:
            return self.placed(key) or all(self.drawn[k] or self.placed(k) for k in range(self.keys) if k < key)
        return not self.placed(key) and all(self.placed(k) for k in range(self.keys, self.ids) if k < key)

    # --- lookup ----------------------------------------------------------------------------------------------

    def directory_index(self, hash):
        """map.go:357-362."""
        return hash // self.power[self.bits - self.global_depth]

    def look_up(self, key):
        """getWithKey, map.go:426-494: whether it is there, and its value.  A key without a hash yet is in no table."""
        if self.used == 0 or key >= self.keys or not self.drawn[key]:
            return False, 0
        hash = self.hash[key]
        if self.dir_len == 0:
            for i in range(self.slots):
                if self.small[i].ctrl == FULL + self.h2(hash) and self.small[i].key == key:
                    return True, self.small[i].elem
            return False, 0
        t = self.tables[self.dir[self.directory_index(hash)]]
        found, place = self.find(t, hash, key)
        return found, t.slots[place].elem if found else 0

    # --- assignment ------------------------------------------------------------------------------------------

    def assign(self, key, hash, elem):
        """runtime_mapassign_fast64, runtime_fast64.go:182-324, up to where there is no room."""
        self.hash[key] = hash
        self.drawn[key] = True
        if self.dir_len == 0:
            done = self.put_small(key, hash, elem)
        else:
            done = self.put_in_table(key, hash, elem)
        self.finish(done, key, elem)

    def finish(self, done, key, elem):
        if done:
            self.born(key, elem)
            self.writing = "no"
            self.key = 0
            self.elem = 0
            if key >= self.keys:
                self.hash[key] = 0
                self.drawn[key] = False
        else:
            self.writing = "full"
            self.key = key
            self.elem = elem

    def put_small(self, key, hash, elem):
        """putSlotSmall, map.go:556-616: whether there was room."""
        if self.bug("c4") and self.used == self.slots:
            return False
        for i in range(self.slots):
            slot = self.small[i]
            if slot.ctrl == FULL + self.h2(hash) and self.equal(key, slot.key):
                slot.elem = elem
                return True
        for i in range(self.slots):
            slot = self.small[i]
            if slot.ctrl < FULL:
                slot.ctrl = FULL + self.h2(hash)
                slot.key = key
                slot.elem = elem
                self.used += 1
                return True
        return False

    def put_in_table(self, key, hash, elem):
        """One round of the outer loop: whether there was room."""
        at = self.dir[self.directory_index(hash)]
        t = self.tables[at].copy()
        room, new = self.put(t, hash, key, elem)
        self.tables[at] = t
        if new:
            self.used += 1
        return room

    def make_room(self, drawn):
        """What an assignment does that has found none."""
        key, hash, elem = self.key, self.hash[self.key], self.elem
        if self.dir_len == 0:
            self.grow_to_table(key, hash, elem, drawn)
            self.finish(True, key, elem)
        else:
            self.rehash(self.dir[self.directory_index(hash)], drawn)
            self.writing = "again"

    def exhausted(self):
        """The table is full, and its keys agree in all bits that the largest directory looks at."""
        t = self.tables[self.dir[self.directory_index(self.hash[self.key])]]
        return self.dir_len > 0 and 2 * t.capacity > self.max_table and t.local_depth == self.dir_bits

    def hopeless(self):
        """What is assigned and what is in its table have hashes that agree in all bits of the largest directory."""
        bit = self.power[self.bits - self.dir_bits]
        t = self.tables[self.dir[self.directory_index(self.hash[self.key])]]
        at_most = self.dir_len > 0 and 2 * t.capacity > self.max_table
        top = self.hash[self.key] // bit
        return at_most and all(slot.ctrl < FULL or self.hash[slot.key] // bit == top for slot in t.slots)

    def grow_to_table(self, key, hash, elem, drawn):
        """growToTable and the unchecked put behind it, map.go:628-666 and 525-527."""
        t = self.new_table(self.slots if self.bug("tight") else 2 * self.slots, 0, 0)
        for i in range(self.slots):
            slot = self.small[i]
            if slot.ctrl >= FULL:
                self.unchecked_put(t, self.hash_of(slot.key, drawn), slot.key, slot.elem)
        self.dir_len = 1
        self.dir[0] = 0
        self.unchecked_put(t, hash, key, elem)
        self.check_room(t)
        self.used += 1
        self.tables[0] = t
        if not self.it.small:
            self.small.fill(self.Slot())

    # --- rehash ----------------------------------------------------------------------------------------------

    def rehash(self, at, drawn):
        """table.go:1208-1231."""
        old = self.tables[at].copy()
        if 2 * old.capacity <= self.max_table or self.dir_bits == 0:
            self.grow(at, old, drawn)
        else:
            self.split(at, old, drawn)

    def grow(self, at, old, drawn):
        """table.go:1290-1322."""
        t = self.new_table(old.capacity if self.bug("same") else 2 * old.capacity, old.index, old.local_depth)
        for n in range(self.max_table if self.bug("same") else self.max_table // 2):
            slot = old.slots[n]
            if slot.ctrl >= FULL:
                self.unchecked_put(t, self.hash_of(slot.key, drawn), slot.key, slot.elem)
        self.check_room(t)
        self.replace_table(at, t.index, t.local_depth)
        self.shelve(at)
        self.tables[at] = t

    def split(self, at, old, drawn):
        """table.go:1242-1284 and installTableSplit, map.go:382-414."""
        depth = old.local_depth + 1
        left = self.new_table(self.max_table, -1, depth)
        right = self.new_table(self.max_table, -1, depth)
        bit = self.power[self.bits - (old.local_depth if self.bug("c15") else depth)]
        for n in range(self.max_table):
            slot = old.slots[n]
            if slot.ctrl >= FULL:
                hash = self.hash_of(slot.key, drawn)
                if hash // bit % 2 == 0:
                    self.unchecked_put(left, hash, slot.key, slot.elem)
                else:
                    self.unchecked_put(right, hash, slot.key, slot.elem)
        self.check_room(left)
        self.check_room(right)
        if old.local_depth == self.global_depth:
            self.double()
        left.index = self.tables[at].index
        self.replace_table(at, left.index, depth)
        entries = self.power[self.global_depth - depth]
        right.index = left.index + (1 if self.bug("right") else entries)
        beside = at + self.power[self.dir_bits - depth]
        self.replace_table(beside, right.index, depth)
        self.shelve(at)
        self.tables[at] = left
        self.tables[beside] = right

    def double(self):
        """The directory, twice as long: map.go:384-403."""
        for i in range(self.room // 2):
            if i < self.dir_len and self.tables[self.dir[i]].index == i:
                self.tables[self.dir[i]].index = 2 * i
        for i in reversed(range(self.room // 2)):
            if i < self.dir_len:
                at = self.dir[i]
                self.dir[2 * i] = at
                self.dir[2 * i + 1] = at
        self.global_depth += 1
        self.dir_len *= 2

    def replace_table(self, at, index, depth):
        """map.go:372-380."""
        entries = self.power[self.global_depth - depth]
        for i in range(self.room):
            if index <= i < index + entries:
                self.dir[i] = at

    # --- deletion --------------------------------------------------------------------------------------------

    def delete(self, key):
        """map.go:668-706, of a key that is there: of another one it does nothing."""
        hash = self.hash[key]
        if self.dir_len == 0:
            for i in range(self.slots):
                slot = self.small[i]
                if slot.ctrl == FULL + self.h2(hash) and self.equal(key, slot.key):
                    slot.ctrl = EMPTY
                    slot.key = 0
                    slot.elem = 0
        else:
            at = self.dir[self.directory_index(hash)]
            if self.bug("stay") and self.find(self.tables[self.stale], hash, key)[0]:
                at = self.stale
            t = self.tables[at].copy()
            if self.remove(t, hash, key):
                self.tombstone_possible = True
            self.tables[at] = t
        if not self.bug("count"):
            self.used -= 1
        self.die(key)
        if self.used == 0:
            self.reseed()
        else:
            self.forget()

    def clear(self):
        """map.go:756-792."""
        if self.used == 0 and not (self.tombstone_possible and not self.bug("c17")):
            return
        if self.dir_len == 0:
            self.small.fill(self.Slot())
        else:
            for at in range(self.room):
                t = self.tables[at]
                if any(i < self.dir_len and self.dir[i] == at for i in range(self.room)):
                    t.used = 0
                    t.growth_left = self.max_growth_left(t.capacity)
                    t.slots.fill(self.Slot())
            self.tombstone_possible = False
        self.used = 0
        self.it.cleared = self.it.active and self.nans > 0
        for key in range(self.ids):
            self.die(key)
        self.reseed()

"""Tables of groups: probing, insertion, deletion, pruning (internal/runtime/maps/table.go and group.go, go1.27.3).

Part of ``swissmap``; what is abstracted stands in ``map.py``.
"""

from __future__ import annotations

from gomodel import Array, Bool, Component, Int, Struct, fatal

EMPTY, DELETED, FULL = 0, 1, 2  # a control byte; FULL + h of a full slot, where h is H2 of its key


class Tables(Component):
    """The tables of a map, and what the map is made of besides its directory."""

    def shape(self, *, keys, nans, values, slots, load, max_table, h1_bits, h2_bits, dir_bits, generic, notes):
        """The sizes, and the domains that follow from them; Go's are given in brackets."""
        self.keys = keys  # that equal themselves
        self.nans = nans  # entries at a time whose key does not
        self.ids = keys + nans
        self.values = values
        self.generic = generic  # runtime_mapassign, in place of the fast variants and PutSlot
        self.notes = notes  # whether it is remembered which branches were taken
        self.slots = slots  # of a group (8)
        self.load, self.per = load  # a table takes load/per of its slots (7/8)
        self.max_table = max_table  # slots of a table (1024)
        self.h2_bits = h2_bits  # (7)
        self.bits = h2_bits + h1_bits + dir_bits  # of a hash (64)
        self.dir_bits = dir_bits  # deepest directory
        self.power = tuple(2**i for i in range(self.bits + 1))
        self.powers = tuple(2 ** (self.bits * i) for i in range(max(nans, 1)))
        self.room = 2**dir_bits  # entries of the largest directory
        self.stale = self.room  # where the table is kept that only the iterator has
        self.Slot = Struct(ctrl=Int(0, FULL + 2**h2_bits - 1), key=Int(0, self.ids - 1), elem=Int(0, values - 1))
        self.Table = Struct(
            used=Int(-1, max_table + 1, init=0),
            capacity=Int(slots, max_table, init=slots),
            growth_left=Int(0, max_table + 1),
            local_depth=Int(0, dir_bits),
            index=Int(-1, self.room - 1, init=-1),
            slots=Array(self.Slot, max_table),
        )
        self.Marks = Struct(group=Array(Bool(), max_table // slots))

    # --- hashes ----------------------------------------------------------------------------------------------

    def h1(self, hash):
        return hash // 2**self.h2_bits

    def h2(self, hash):
        return hash % 2**self.h2_bits

    def equal(self, a, b):
        """Key.Equal: nothing equals a NaN."""
        return a == b and a < self.keys

    # --- groups ----------------------------------------------------------------------------------------------

    def holds(self, t, g, i, hash, key):
        """Slot i of group g matches H2, and then the keys are compared."""
        slot = t.slots[g * self.slots + i]
        return slot.ctrl == FULL + self.h2(hash) and self.equal(key, slot.key)

    def any_empty(self, t, g):
        """matchEmpty, group.go:179."""
        return any(t.slots[g * self.slots + i].ctrl == EMPTY for i in range(self.slots))

    def any_vacant(self, t, g):
        """matchEmptyOrDeleted, group.go:200."""
        return any(t.slots[g * self.slots + i].ctrl < FULL for i in range(self.slots))

    def first_vacant(self, t, g):
        """The place of the first slot of the group that is not full."""
        for i in range(self.slots - 1):
            if t.slots[g * self.slots + i].ctrl < FULL:
                return g * self.slots + i
        return g * self.slots + self.slots - 1

    # --- tables ----------------------------------------------------------------------------------------------

    def groups(self, t):
        return max(1, min(t.capacity // self.slots, self.max_table // self.slots))

    def max_growth_left(self, capacity):
        """table.go:116-136."""
        return capacity - 1 if capacity <= self.slots else capacity * self.load // self.per

    def new_table(self, capacity, index, local_depth):
        """table.go:74-112."""
        t = self.Table()
        t.capacity = capacity
        t.index = index
        t.local_depth = local_depth
        t.growth_left = capacity if self.bug("full") else self.max_growth_left(capacity)
        return t

    def find(self, t, hash, key):
        """getWithKey, table.go:165-224: whether the key is there, and where."""
        offset = self.h1(hash) % self.groups(t)
        for n in range(self.max_table // self.slots):
            for i in range(self.slots):
                if self.holds(t, offset, i, hash, key):
                    return True, offset * self.slots + i
            if self.any_empty(t, offset):
                return False, 0
            offset = (offset + n + 1) % self.groups(t)
        return False, 0

    def fill(self, t, place, hash, key, elem):
        t.slots[place].ctrl = FULL + self.h2(hash)
        t.slots[place].key = key
        t.slots[place].elem = elem
        t.growth_left -= 1
        t.used += 1

    def put(self, t, hash, key, elem):
        """PutSlot, table.go:267-365: whether there was room, and whether it is a new entry."""
        offset = self.h1(hash) % self.groups(t)
        deleted = -1  # firstDeletedGroup and firstDeletedSlot
        for n in range(self.max_table // self.slots):
            for i in range(self.slots):
                if self.holds(t, offset, i, hash, key):
                    t.slots[offset * self.slots + i].elem = elem
                    return True, False
            if self.any_vacant(t, offset):
                place = self.first_vacant(t, offset)
                tombstone = t.slots[place].ctrl == DELETED
                if tombstone and deleted < 0:
                    deleted = place
                if not tombstone or self.bug("c8"):
                    if deleted >= 0:
                        place = deleted
                        if not self.bug("c11"):
                            t.growth_left += 1
                        if self.notes:
                            self.note.reused = True
                    if t.growth_left == 0 and not self.generic and not self.bug("c1"):
                        self.prune(t)
                    if t.growth_left > 0:
                        self.fill(t, place, hash, key, elem)
                        return True, True
                    return False, False
            offset = (offset + n + 1) % self.groups(t)
        fatal("the probe sequence finds no empty slot", prop="probe_ends")

    def unchecked_put(self, t, hash, key, elem):
        """uncheckedPutSlot and uncheckedPutSlotForAssign, table.go:383-475, but for the check (``check_room``)."""
        offset = self.h1(hash) % self.groups(t)
        for n in range(self.max_table // self.slots):
            if self.any_vacant(t, offset):
                self.fill(t, self.first_vacant(t, offset), hash, key, elem)
                return
            offset = (offset + n + 1) % self.groups(t)

    def check_room(self, t):
        """The panic at table.go:385 and 438, asked for once, behind all unchecked puts into a new table."""
        if t.growth_left < 0:
            fatal("invariant failed: growthLeft is unexpectedly 0", prop="room_for_all")

    def remove(self, t, hash, key):
        """Delete, table.go:478-550: whether it left a tombstone.  The key is there."""
        _, place = self.find(t, hash, key)
        t.used -= 1
        slot = t.slots[place]
        slot.key = 0
        slot.elem = 0
        if self.any_empty(t, place // self.slots) or self.bug("c7"):
            slot.ctrl = EMPTY
            t.growth_left += 1
            return False
        slot.ctrl = DELETED
        return True

    def tombstones(self, t):
        """table.go:651-653."""
        return t.capacity * self.load // self.per - t.used - t.growth_left

    def prune(self, t):
        """pruneTombstones, table.go:566-646."""
        if self.tombstones(t) * 10 < t.capacity:
            return
        needed = self.Marks()
        most = self.max_table // self.slots
        for g in range(most):
            for i in range(self.slots):
                slot = t.slots[g * self.slots + i]
                walking = slot.ctrl >= FULL and slot.key < self.keys  # not a NaN: nobody looks it up
                offset = self.h1(self.hash[min(slot.key, self.keys - 1)]) % self.groups(t)
                for n in range(most):
                    walking = walking and offset != g
                    if not self.bug("needed"):
                        needed.group[offset] = needed.group[offset] or (walking and self.any_vacant(t, offset))
                    offset = (offset + n + 1) % self.groups(t)
            needed.group[g] = needed.group[g] or self.any_empty(t, g)
        count = sum(1 for n in range(self.max_table) if not needed.group[n // self.slots] and t.slots[n].ctrl < FULL)
        if count * 10 < t.capacity:
            return
        if self.notes:
            self.note.pruned = True
        for g in range(most):
            if not needed.group[g]:
                first = True
                for i in range(self.slots):
                    if t.slots[g * self.slots + i].ctrl < FULL and (first or not self.bug("c10")):
                        t.slots[g * self.slots + i].ctrl = EMPTY
                        t.growth_left += 1
                        first = False

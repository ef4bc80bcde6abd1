"""The iterator (internal/runtime/maps/table.go, go1.27.3).

Part of ``swissmap``; what is abstracted stands in ``map.py``.
"""

from __future__ import annotations

from gomodel import Array, Bool, Ghost, Int, Option, Struct
from gomodel.specs.internal.runtime.maps.directory import Directory
from gomodel.specs.internal.runtime.maps.table import FULL


class Iteration(Directory):
    """One iterator over the map, and what the properties remember of its loop."""

    def iterator(self):
        self.it = Struct(
            active=Bool(),
            inside=Bool(),  # Next goes from one table to the next
            small=Bool(),  # dirIdx is -1: the map was small at Init
            entry_offset=Int(0, self.max_table - 1),
            dir_offset=Int(0, self.room - 1),
            cleared=Bool(),  # clearSeq has changed since Init
            emptied=Bool(),  # for bug "seed" alone
            global_depth=Int(0, self.dir_bits),
            dir_idx=Int(0, 2 * self.room),
            tab=Option(Int(0, self.room)),
            entry_idx=Int(0, 2 * self.max_table),
        )
        self.live = Ghost(Array(Bool(), self.ids))
        self.value = Ghost(Array(Int(0, self.values - 1), self.ids))  # of a live entry
        self.stays = Ghost(Array(Bool(), self.ids))  # live since Init
        self.times = Ghost(Array(Int(0, 3), self.ids))  # produced since it was inserted, or since Init
        self.reseeded = Ghost(Bool())  # since Init
        self.wrong = Ghost(Struct(deleted=Bool(), cleared=Bool(), old=Bool(), missed=Bool()))  # what has gone wrong

    def shelve(self, at):
        """The table is stale.  Only the iterator may still refer to it."""
        if self.it.tab is not None and self.it.tab == at:
            self.tables[self.stale] = self.tables[at]
            if not self.bug("c12"):
                self.tables[self.stale].index = -1
            self.tables[self.stale].used = 0
            self.tables[self.stale].growth_left = 0
            self.it.tab = self.stale
            self.drop_passed()

    # --- Init and Next ---------------------------------------------------------------------------------------

    def init_iterator(self, entry_offset, dir_offset):
        """table.go:741-763, of a map that is not empty."""
        self.it.active = True
        self.it.small = self.dir_len == 0
        self.it.entry_offset = entry_offset
        self.it.dir_offset = dir_offset
        self.it.global_depth = self.global_depth
        for key in range(self.ids):
            self.stays[key] = self.live[key]
            self.times[key] = 0

    def next(self):
        """table.go:873-1203.  A step goes through one table at most."""
        it = self.it
        if it.small:
            self.next_small()
            return
        if it.global_depth != self.global_depth and not it.inside:
            orders = self.global_depth - it.global_depth
            if not self.bug("c14"):
                it.dir_idx *= self.power[orders]
            it.dir_offset = it.dir_offset * self.power[orders] % self.dir_len
            it.global_depth = self.global_depth
        it.inside = False
        self.resolve()
        if self.walk():
            self.drop_passed()
            self.forget()
            return
        self.next_dir_idx()
        if it.dir_idx < self.dir_len:
            it.inside = True
        else:
            self.end()

    def next_small(self):
        """table.go:886-939."""
        it = self.it
        for _ in range(self.slots):
            if it.entry_idx < self.slots:
                slot = self.small[(it.entry_idx + it.entry_offset) % self.slots]
                it.entry_idx += 1
                if slot.ctrl >= FULL:
                    ok, elem = self.current(slot, self.dir_len > 0)
                    if ok:
                        self.produce(slot.key, elem)
                        return
        self.end()

    def resolve(self):
        """table.go:982-1002."""
        it = self.it
        if it.tab is None:
            dir_idx = (it.dir_idx + it.dir_offset) % self.dir_len
            at = self.dir[dir_idx]
            if self.tables[at].index != dir_idx and not self.bug("align"):
                diff = dir_idx - self.tables[at].index
                it.dir_offset = (it.dir_offset - diff) % self.dir_len
            it.tab = at

    def walk(self):
        """table.go:1008-1195: whether an entry of the table is produced."""
        it = self.it
        t = self.tables[it.tab].copy()
        grown = t.index == -1
        if it.entry_idx >= t.capacity:
            return False
        slot = t.slots[(it.entry_idx + it.entry_offset) % t.capacity]
        it.entry_idx += 1
        if slot.ctrl >= FULL:
            ok, elem = self.current(slot, grown)
            if ok:
                self.produce(slot.key, elem)
                return True
        for _ in range(self.max_table):
            if it.entry_idx >= t.capacity:
                return False
            place = (it.entry_idx + it.entry_offset) % t.capacity
            ahead, full = self.ahead(t, place, 0)
            it.entry_idx += ahead
            if full and it.entry_idx < t.capacity:
                slot = t.slots[place + ahead]
                ok, elem = self.current(slot, grown)
                further, _ = self.ahead(t, place + ahead, 1)
                it.entry_idx += further
                if ok:
                    self.produce(slot.key, elem)
                    return True
        return False

    def ahead(self, t, place, least):
        """How far it is to the next full slot of the group, or to the next group, and which; at least so far."""
        within = place % self.slots
        far, full = self.slots - within, False
        for i in reversed(range(self.slots)):
            if i >= within + least and t.slots[place - within + i].ctrl >= FULL:
                far, full = i - within, True
        return far, full

    def current(self, slot, grown):
        """Whether the entry in a slot still exists, and its value now: grownKeyElem, table.go:825-864, and 905-929."""
        if not grown or self.bug("c5"):
            return True, slot.elem
        found, elem = self.look_up(slot.key)
        if found and not (self.bug("seed") and self.it.emptied):
            return True, elem
        if slot.key >= self.keys and (not self.it.cleared or self.bug("c18")):
            return True, slot.elem
        return False, 0

    def drop_passed(self):
        """What a stale table holds that the iterator has passed is never read again."""
        it = self.it
        t = self.tables[self.stale]
        if it.tab is not None and it.tab == self.stale:
            for n in range(self.max_table):
                place = (n + it.entry_offset) % t.capacity
                if n < it.entry_idx:
                    t.slots[place] = self.Slot()

    def next_dir_idx(self):
        """table.go:789-821."""
        it = self.it
        entries = self.power[self.global_depth - self.tables[it.tab].local_depth]
        it.dir_idx += 1 if self.bug("run") else entries
        it.tab = None
        it.entry_idx = 0
        self.tables[self.stale] = self.Table()
        self.forget()

    # --- what the properties remember ------------------------------------------------------------------------

    def born(self, key, elem):
        if not self.live[key]:
            self.live[key] = True
            self.times[key] = 0
        self.value[key] = elem

    def die(self, key):
        self.live[key] = False
        self.value[key] = 0
        self.stays[key] = False
        self.times[key] = 0

    def produce(self, key, elem):
        self.times[key] = min(self.times[key] + 1, 3)
        gone = not self.live[key]
        self.wrong.deleted = self.wrong.deleted or (gone and key < self.keys)
        self.wrong.cleared = self.wrong.cleared or (gone and key >= self.keys)
        self.wrong.old = self.wrong.old or (not gone and self.value[key] != elem)

    def end(self):
        missed = any(self.stays[key] and self.times[key] != 1 for key in range(self.ids))
        self.wrong.missed = self.wrong.missed or missed
        self.stays.fill(False)
        self.times.fill(0)
        self.reseeded = False
        if self.dir_len > 0:
            self.small.fill(self.Slot())
        self.tables[self.stale] = self.Table()
        self.it.active = False
        self.it.small = False
        self.it.inside = False
        self.it.entry_offset = 0
        self.it.dir_offset = 0
        self.it.cleared = False
        self.it.emptied = False
        self.it.global_depth = 0
        self.it.dir_idx = 0
        self.it.tab = None
        self.it.entry_idx = 0
        self.forget()

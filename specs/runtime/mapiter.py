"""Iteration over a classic map: hiter, mapiterinit and mapiternext (runtime/map.go, go1.23.9)."""

from __future__ import annotations

from gomodel import Array, Bool, Enum, Int
from gomodel.specs.runtime.maptable import (
    ABSENT,
    EMPTY_ONE,
    EVACUATED_EMPTY,
    EVACUATED_X,
    EVACUATED_Y,
    HashTable,
)

NO_CHECK = -1
AGAIN, END = -2, -1  # in place of a key


class IteratedTable(HashTable):
    """A hash table and one iterator, which may hold on to buckets that the table has given up.

    What it points to is named by where it is now: in the buckets of the table, in its old buckets, or "gone": not
    reachable from the table, so that nothing writes to it any more.  Of that the iterator keeps copies.
    """

    def __init__(self, *, clear_seq=False, **sizes):
        super().__init__(**sizes)
        self.clear_seq = clear_seq

    def state(self):
        super().state()
        last = 2**self.most - 1
        self.active = Bool()  # an iteration is under way
        self.it_b = Int(0, self.most)
        self.it_buckets = Enum("nil", "new", "old", "gone")
        self.snapshot = Array(self.chain_domain(), 2**self.most)  # it.buckets, gone
        self.start = Int(0, last)
        self.offset = Int(0, self.slots - 1)
        self.wrapped = Bool()
        self.bucket = Int(0, last)
        self.check = Int(-1, last, init=NO_CHECK)  # checkBucket
        self.at = Enum("nil", "new", "old", "gone")  # bptr: in which array,
        self.at_bucket = Int(0, last)  # in which chain,
        self.at_link = Int(0, self.links)  # and the how manieth of its buckets
        self.at_chain = self.chain_domain()  # that chain, gone
        self.i = Int(0, self.slots)
        self.cleared = Bool()  # clearSeq of Go 1.24: the map was cleared since the iteration began

    # --- mapiterinit, 877 ------------------------------------------------------------------------------------

    def iter_init(self, start, offset):
        """Up to the call of mapiternext."""
        self.active = True
        self.it_b = self.b
        self.it_buckets = "new"
        self.start = start
        self.offset = offset
        self.bucket = start
        self.iterator = True
        self.old_iterator = True

    # --- mapiternext, 937 ------------------------------------------------------------------------------------

    def next_round(self):
        """From the label ``next`` to a result or to ``goto next``: a key and its elem, or END, or AGAIN."""
        if self.at == "nil" and self.bucket == self.start and self.wrapped:
            self.iter_done()
            return END, 0
        if self.at == "nil":
            self.next_bucket()
        chain = self.pointed_to()
        found = self.slots
        for i in reversed(range(self.slots)):
            if i >= self.i and self.is_candidate(self.slot(chain, i)):
                found = i
        cell = self.slot(chain, found)
        moved = (cell.top == EVACUATED_X or cell.top == EVACUATED_Y) and not self.bug("direct")
        golden = (not moved or cell.key == self.nan) and (not self.cleared or self.bug("b2"))
        elem = cell.elem if golden else self.access(cell.key)
        if found == self.slots:
            self.next_link(chain.links)
            return AGAIN, 0
        self.i = found + 1
        return (AGAIN, 0) if elem == ABSENT else (cell.key, elem)

    def next_bucket(self):
        old = self.bucket % self.noldbuckets() if self.growing else 0
        if self.growing and self.it_b == self.b and not self.evacuated(self.old[old]):
            self.at = "old"
            self.at_bucket = old
            self.check = self.bucket
        else:
            self.at = self.it_buckets
            self.at_bucket = self.bucket
            self.check = NO_CHECK
            if self.at == "gone":
                self.at_chain = self.snapshot[self.bucket]
                self.at_bucket = 0
        self.bucket += 1
        if self.bucket == self.size(self.it_b):
            self.bucket = 0
            self.wrapped = True

    def next_link(self, links):
        """b = b.overflow(t)"""
        self.i = 0
        if self.at_link < links:
            self.at_link += 1
        else:
            self.at = "nil"
            self.at_bucket = 0
            self.at_link = 0
            self.at_chain = self.chain[0]()
            self.check = NO_CHECK

    def pointed_to(self):
        """The chain that bptr is in."""
        chain = self.at_chain.copy()
        if self.at == "new":
            self.copy_to(chain, self.buckets[self.at_bucket])
        elif self.at == "old":
            self.copy_to(chain, self.old[self.at_bucket])
        return chain

    def slot(self, chain, i):
        return chain.cells[min(self.slots * self.at_link + (i + self.offset) % self.slots, self.width - 1)]

    def is_candidate(self, cell):
        if cell.top <= EMPTY_ONE or cell.top == EVACUATED_EMPTY:
            return False
        if self.check == NO_CHECK or self.same_size or self.bug("b17"):
            return True
        if cell.key != self.nan:
            hash = self.hash[cell.key]
            return hash is not None and hash % self.size(self.it_b) == self.check
        return self.check // self.size(max(self.it_b - 1, 0)) == cell.top % 2

    def iter_done(self):
        """The hiter is dead; the flags in the map stay."""
        self.active = False
        self.it_b = 0
        self.it_buckets = "nil"
        self.snapshot.fill(self.chain[0]())
        self.start = 0
        self.offset = 0
        self.wrapped = False
        self.bucket = 0
        self.cleared = False

    # --- memory ----------------------------------------------------------------------------------------------

    def point_to_old(self):
        if self.it_buckets == "new":
            self.it_buckets = "old"
        if self.at == "new":
            self.at = "old"

    def keep_old(self):
        if self.it_buckets == "old":
            self.it_buckets = "gone"
            self.snapshot = self.old
        if self.at == "old":
            self.at = "gone"
            self.at_chain = self.old[self.at_bucket]
            self.at_bucket = 0

    def unlink_overflow(self):
        self.cleared = self.active and self.clear_seq
        if self.at == "new" and self.at_link > 0:
            self.at = "gone"
            if self.bug("b1"):
                self.at_chain = self.buckets[self.at_bucket]
            self.at_bucket = 0
            self.at_link = 0

"""The hash table of a classic map: hmap and what assigns, looks up, deletes, clears and grows (runtime/map.go)."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Ghost, Int, Option, Struct, fatal, require

EMPTY_REST, EMPTY_ONE, EVACUATED_X, EVACUATED_Y, EVACUATED_EMPTY, MIN_TOP_HASH = range(6)
ABSENT = -1  # in place of an elem


class HashTable(Component):
    """An hmap with its buckets; each operation is a plain method, atomic, and may be called with plain numbers.

    A chain is a bucket with the overflow buckets behind it: ``cells`` of all of them, of which the first
    ``slots * (links + 1)`` are allocated.  Key ``keys`` is not equal to itself; ``odd`` entries of it may be there.
    A hash is drawn when a key is used for the first time under a seed; None is one that nobody has asked for yet.
    ``dice`` stands for the hashes that keys not equal to themselves get while they are moved: a digit for each entry.
    """

    def __init__(self, *, slots, links, most, keys, odd, values, hashes, shift, load, many, b=0):
        self.slots = slots  # abi.MapBucketCount
        self.width = slots * (links + 1)  # of the longest chain
        self.links = links
        self.most = most  # the largest B
        self.keys = keys
        self.nan = keys
        self.odd = odd
        self.values = values
        self.hashes = hashes
        self.shift = shift  # the bits of a hash above these are its top hash
        self.load = load  # loadFactorNum, loadFactorDen
        self.many = many  # the B from which on overflow buckets are not counted exactly, 15
        self.first_b = b

    def cell_domain(self):
        top = MIN_TOP_HASH + max(self.hashes) // 2**self.shift
        return Struct(top=Int(0, top), key=Int(0, self.keys), elem=Int(0, self.values - 1))

    def chain_domain(self):
        return Struct(cells=Array(self.cell_domain(), self.width), links=Int(0, self.links))

    def state(self):
        self.cell, self.chain = (self.cell_domain(),), (self.chain_domain(),)  # to make values of
        entries = self.keys + self.odd
        self.count = Int(0, entries + 1)
        self.iterator = Bool()  # flags
        self.old_iterator = Bool()
        self.same_size = Bool()
        self.b = Int(0, self.most, init=self.first_b)
        self.noverflow = Int(0, 2**self.most * self.links)
        self.hash = Array(Option(Int(0, max(self.hashes))), self.keys)  # under hash0
        self.buckets = Array(self.chain_domain(), 2**self.most)
        self.growing = Bool()  # oldbuckets is not nil
        self.old = Array(self.chain_domain(), 2**self.most)
        self.nevacuate = Int(0, 2**self.most)
        self.overgrown = Ghost(Bool())  # a growth began during another one

    # --- small functions -------------------------------------------------------------------------------------

    def size(self, b):
        return tuple(2**n for n in range(self.most + 1))[b]

    def noldbuckets(self):
        return self.size(self.b if self.same_size else self.b - 1)

    def tophash(self, hash):
        top = hash // 2 ** (self.shift + self.bug("short"))
        return top + MIN_TOP_HASH if top < MIN_TOP_HASH else top

    def equal(self, a, b):
        return a == b and a != self.nan

    def evacuated(self, chain):
        return EMPTY_ONE < chain.cells[0].top < MIN_TOP_HASH

    def copy_to(self, chain, other):
        chain.cells = other.cells
        chain.links = other.links

    def allocated(self, i, chain):
        """Whether the bucket of cell i is there."""
        return i < self.slots * (chain.links + 1)

    def over_load_factor(self, count):
        load = self.load[0] * (self.size(self.b) // self.load[1])
        return count > self.slots and count > (2 * load if self.bug("late") else load)

    def too_many_overflow_buckets(self):
        return self.noverflow >= self.size(min(self.b, self.many)) and not self.bug("b6")

    def draw(self, key, hash):
        """Hasher(key, hash0): drawn when it is asked for first, then always the same."""
        if key != self.nan:
            require(self.hash[key] is None or self.hash[key] == hash)
            self.hash[key] = hash

    def rehash(self, cell, dice):
        """The hash of a key in the table; of one that is not equal to itself, a new one each time."""
        known = self.hash[min(cell.key, self.keys - 1)]
        if self.odd == 0 or cell.key != self.nan:
            return 0 if known is None else known
        n = len(self.hashes)
        return self.hashes[dice // tuple(n**i for i in range(self.odd))[cell.elem] % n]

    # --- mapaccessK, 541 -------------------------------------------------------------------------------------

    def search(self, chain, top, key):
        """Where the key stands in a chain, and the first cell that is free; ``width`` where there is none.

        From the end, so that what comes first has the last word: an emptyRest hides all that is behind it.
        """
        at, free = self.width, self.width
        for i in reversed(range(self.width)):
            if self.allocated(i, chain):
                if chain.cells[i].top != top:
                    if chain.cells[i].top <= EMPTY_ONE:
                        free = i
                    if chain.cells[i].top == EMPTY_REST:
                        at = self.width
                elif self.equal(key, chain.cells[i].key):
                    at = i
        return at, free

    def access(self, key):
        """The elem of a key, or ABSENT.  One that nobody has inserted under this seed hashes wherever it may."""
        if self.count == 0 or key == self.nan or self.hash[key] is None:
            return ABSENT
        hash = self.hash[key]
        chain = self.buckets[hash % self.size(self.b)].copy()
        if self.growing and not self.bug("b10"):
            old = self.old[hash % self.halved(self.size(self.b))]
            if not self.evacuated(old):
                self.copy_to(chain, old)
        at, _ = self.search(chain, self.tophash(hash), key)
        return ABSENT if at == self.width else chain.cells[at].elem

    def halved(self, size):
        if (self.same_size and not self.bug("b11b")) or self.bug("b11a"):
            return size
        return size // 2

    # --- mapassign, 615 --------------------------------------------------------------------------------------

    def again(self, key, elem, hash, dice):
        """From the label to the end, or to ``goto again``: then it returns False, and has to be called again."""
        bucket = hash % self.size(self.b)
        if self.growing and not self.bug("b13"):
            self.grow_work(bucket, dice)
        top = self.tophash(hash)
        at, free = self.search(self.buckets[bucket], top, key)
        if at < self.width:
            self.buckets[bucket].cells[at].elem = elem
            if self.bug("recount"):
                self.count += 1
            return True
        full = self.over_load_factor(self.count + 1) or self.too_many_overflow_buckets()
        if (not self.growing or self.bug("regrow")) and full:
            self.hash_grow()
            return False
        if free == self.width:
            free = self.slots * (self.buckets[bucket].links + 1)
            self.new_overflow(self.buckets[bucket])
        self.buckets[bucket].cells[free] = self.cell[0](top=top, key=key, elem=elem)
        self.count += 1
        return True

    def new_overflow(self, chain):
        chain.links += 1
        self.noverflow += 1

    # --- mapdelete, 741 --------------------------------------------------------------------------------------

    def delete(self, key, dice):
        if self.count == 0 or key == self.nan:
            return
        hash = self.hash[key]
        bucket = hash % self.size(self.b)
        if self.growing:
            self.grow_work(bucket, dice)
        at, _ = self.search(self.buckets[bucket], self.tophash(hash), key)
        if at < self.width:
            chain = self.buckets[bucket].copy()
            chain.cells[at] = self.cell[0](top=EMPTY_ONE)
            if (self.is_last(chain, at) or self.bug("b15")) and not self.bug("noback"):
                chain.cells[at].top = EMPTY_REST
                back = True
                for i in reversed(range(self.width)):
                    if back and i < at:
                        back = chain.cells[i].top == EMPTY_ONE
                        if back:
                            chain.cells[i].top = EMPTY_REST
            self.buckets[bucket] = chain
            self.count -= 1
            if self.count == (1 if self.bug("b21") else 0):
                if not self.bug("noseed"):
                    self.hash.fill(None)
                if self.bug("markold"):
                    self.old.fill(self.chain[0]())

    def is_last(self, chain, at):
        """No overflow bucket, or an emptyRest, follows."""
        return not self.allocated(at + 1, chain) or chain.cells[min(at + 1, self.width - 1)].top == EMPTY_REST

    # --- mapclear, 1075 --------------------------------------------------------------------------------------

    def clear(self):
        if self.count == 0:
            return
        self.unlink_overflow()
        if self.growing:
            if not self.bug("b1"):
                self.old.fill(self.chain[0]())
            self.drop_old()
        self.same_size = False
        self.nevacuate = 0
        self.noverflow = 0
        self.count = 0
        self.hash.fill(None)
        self.buckets.fill(self.chain[0]())

    # --- hashGrow, growWork, evacuate, 1139-1392 -------------------------------------------------------------

    def hash_grow(self):
        self.overgrown = self.overgrown or self.growing
        if self.over_load_factor(self.count + 1):
            self.b += 1
        else:
            self.same_size = True
        self.old = self.buckets
        self.point_to_old()
        self.buckets.fill(self.chain[0]())
        self.old_iterator = self.iterator and not self.bug("nopromote")
        self.iterator = False
        self.growing = True
        self.nevacuate = 0
        self.noverflow = 0 if not self.bug("nooverflow") else self.noverflow

    def grow_work(self, bucket, dice):
        self.evacuate(bucket % self.noldbuckets(), dice)
        if self.growing:
            self.evacuate(self.nevacuate, dice)

    def evacuate(self, o, dice):
        newbit = self.noldbuckets()
        if not self.evacuated(self.old[o]) or self.bug("again"):
            chain = self.old[o].copy()
            x = self.buckets[o].copy()
            y = self.buckets[o if self.same_size else o + newbit].copy()
            xi, yi = 0, 0
            for i in range(self.width):
                if self.allocated(i, chain) and not (self.bug("stop") and chain.cells[i].top == EMPTY_REST):
                    if chain.cells[i].top <= EMPTY_ONE:
                        chain.cells[i].top = EVACUATED_EMPTY
                    else:
                        if chain.cells[i].top < MIN_TOP_HASH:
                            fatal("bad map state", prop="no_throw")
                        cell = chain.cells[i].copy()
                        use_y = False
                        if not self.same_size:
                            use_y = self.goes_to_y(cell, newbit, dice)
                        chain.cells[i].top = EVACUATED_Y if use_y else EVACUATED_X
                        if use_y:
                            if yi % self.slots == 0 and yi > 0:
                                self.new_overflow(y)
                            y.cells[yi] = cell
                            yi += 1
                        else:
                            if xi % self.slots == 0 and xi > 0:
                                self.new_overflow(x)
                            x.cells[xi] = cell
                            xi += 1
            if not self.old_iterator:
                for i in range(self.width):
                    chain.cells[i] = self.cell[0](top=chain.cells[i].top if i < self.slots else 0)
                chain.links = 0
            if not self.same_size:
                self.buckets[o + newbit] = y
            self.buckets[o] = x
            self.old[o] = chain
        if o == self.nevacuate and not self.bug("nomark"):
            self.advance_evacuation_mark(newbit)

    def goes_to_y(self, cell, newbit, dice):
        """Which half an entry of the old bucket moves to; its top hash may change."""
        hash = self.rehash(cell, dice)
        if self.odd > 0 and self.iterator and cell.key == self.nan:
            use_y = cell.top % 2 == 1
            cell.top = self.tophash(hash)
            return use_y
        return hash // (2 * newbit if self.bug("b12") else newbit) % 2 == 1

    def advance_evacuation_mark(self, newbit):
        self.nevacuate += 1
        for _ in range(2**self.most - 1):
            if not self.bug("noskip") and self.nevacuate < newbit and self.evacuated(self.old[self.nevacuate]):
                self.nevacuate += 1
        if self.nevacuate == newbit:
            self.drop_old()
            self.same_size = False
            self.nevacuate = 0

    # --- memory: what nobody reaches from the hmap any more, an iterator may still point to --------------------

    def drop_old(self):
        """oldbuckets = nil."""
        self.keep_old()
        self.growing = False
        self.old.fill(self.chain[0]())

    def point_to_old(self):
        """What was in the buckets is in the old buckets now."""

    def keep_old(self):
        """The table is about to give up its old buckets."""

    def unlink_overflow(self):
        """A clear is about to unlink the overflow buckets, whose cells it has marked empty."""

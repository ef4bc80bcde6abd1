"""Assignment in Go's map before the Swiss tables (runtime/map.go, go1.23), as one rule.

Buckets of 2 slots with at most one overflow bucket, so a chain is 4 cells; up to 4 buckets.  The third key makes the
table grow to 2 buckets, the fourth to 4 (load over 13/16 of the slots), and every assignment to a growing map
evacuates two old buckets.  A fixture: much control, many writes through computed indices, in a single step.
"""

from __future__ import annotations

from gomodel import Array, Bool, Ghost, Int, Model, Set, Struct, count, fatal, invariant, reachable, rule

HASH = (0, 1, 3, 1)  # of each key; keys 1 and 3 collide at every size
SLOTS, CHAIN = 2, 4
EMPTY_REST, EMPTY_ONE, MOVED_X, MOVED_Y, MOVED_EMPTY, FULL = range(6)

Cell = Struct(top=Int(0, 5), key=Int(0, len(HASH) - 1))


class ClassicMap(Model):
    name = "classic_map"

    def state(self):
        self.b = Int(0, 3)  # there are 2 ** b buckets
        self.count = Int(0, len(HASH) + 1)
        self.buckets = Array(Array(Cell, CHAIN), 4)
        self.old = Array(Array(Cell, CHAIN), 2)
        self.growing = Bool()
        self.nevacuate = Int(0, 2)
        self.present = Ghost(Set(Int(0, len(HASH) - 1)))
        self.evacuations = Ghost(Int(0, 3))  # in the last assignment

    def size(self):
        return (1, 2, 4)[self.b]

    def evacuated(self, cells):
        return MOVED_X <= cells[0].top <= MOVED_EMPTY

    def evacuate(self, i):
        """Move the old bucket ``i`` into its two halves; mapassign calls this through growWork."""
        half = self.size() // 2
        if not self.evacuated(self.old[i]):
            self.evacuations += 1
            x, y = 0, 0
            for cell in self.old[i]:
                if cell.top < FULL:
                    if cell.top != EMPTY_REST and cell.top != EMPTY_ONE:
                        fatal("bad map state")
                    cell.top = MOVED_EMPTY
                elif HASH[cell.key] % self.size() < half:
                    self.put(i, x, cell.key)
                    cell.top = MOVED_X
                    x += 1
                else:
                    self.put(i + half, y, cell.key)
                    cell.top = MOVED_Y
                    y += 1
        if i == self.nevacuate:
            for _ in range(2):
                if self.nevacuate < half and self.evacuated(self.old[self.nevacuate]):
                    self.nevacuate += 1
            if self.nevacuate == half:
                self.growing = False
                self.nevacuate = 0
                for bucket in self.old:
                    bucket.fill(Cell())

    def put(self, bucket, at, key):
        self.buckets[bucket][at] = Cell(top=FULL, key=key)

    def grow(self):
        self.old[0] = self.buckets[0]
        self.old[1] = self.buckets[1]
        for bucket in self.buckets:
            bucket.fill(Cell())
        self.b += 1
        self.growing = True
        self.nevacuate = 0

    @rule
    def assign(self, key: Int(0, len(HASH) - 1)):
        self.evacuations = 0
        done = False
        for _ in range(2):  # `again`: once more when the table has to grow
            if not done:
                at = HASH[key] % self.size()
                if self.growing:
                    self.evacuate(at % (self.size() // 2))
                    if self.growing:
                        self.evacuate(self.nevacuate)
                found, free = False, CHAIN
                for i in range(CHAIN):
                    cell = self.buckets[at][i]
                    if cell.top == FULL and cell.key == key:
                        found = True
                    if cell.top < FULL and free == CHAIN:
                        free = i
                over = self.count + 1 > SLOTS and 8 * (self.count + 1) > 13 * self.size()
                if found:
                    done = True
                elif not self.growing and over:
                    self.grow()
                else:
                    self.put(at, free, key)
                    self.count += 1
                    done = True
        self.present.add(key)

    def places(self, key):
        """How many cells hold ``key``."""
        fresh = count(c.top == FULL and c.key == key for bucket in self.buckets for c in bucket)
        return fresh + count(c.top == FULL and c.key == key for bucket in self.old for c in bucket)

    @invariant
    def each_key_once(self):
        return all(self.places(k) == (k in self.present) for k in range(len(HASH)))

    @invariant
    def counted(self):
        return self.count == len(self.present)

    @invariant
    def in_its_bucket(self):
        return all(
            self.buckets[i][j].top != FULL or HASH[self.buckets[i][j].key] % self.size() == i
            for i in range(4)
            for j in range(CHAIN)
        )

    @reachable
    def two_evacuations(self):
        return self.evacuations == 2

    @reachable
    def overflow_bucket(self):
        """More keys than slots hash to one bucket."""
        return any(bucket[SLOTS].top == FULL for bucket in self.buckets)

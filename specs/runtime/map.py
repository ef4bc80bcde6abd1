"""Maps before the Swiss tables (runtime/map.go, go1.23.9)."""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Enum,
    Ghost,
    Int,
    Model,
    Option,
    Preset,
    Scenario,
    Set,
    count,
    implies,
    invariant,
    leads_to,
    reachable,
    refines,
    require,
    rule,
    step_invariant,
    weak,
)
from gomodel.specs.abstract.dictionary import Dictionary
from gomodel.specs.runtime.mapiter import AGAIN, END, IteratedTable
from gomodel.specs.runtime.maptable import EMPTY_ONE, EMPTY_REST, EVACUATED_EMPTY, EVACUATED_X, MIN_TOP_HASH

GO = "runtime/map.go"


class GoMap(IteratedTable):
    """The table with its iterator, its properties and its bugs."""

    bugs = {
        n: Bug(n, breaks="found_once") for n in "b1 b6 b10 b11a b11b b12 b13 b13b b15 b17 b21 recount noload regrow lazy noback oneback markold clearcount nopromote nooverflow oneonly stop inverted noflag".split()
    }


class MapModel(Model):
    """A map of a few keys, and one iterator."""

    name = "map"
    go = "go1.23.9"
    source = (GO,)

    keys: int = Bound(3, min=1, max=6, help="keys")
    odd: int = Bound(0, min=0, max=3, help="entries whose key is not equal to itself")
    values: int = Bound(1, min=1, max=3, help="values")
    slots: int = Bound(2, min=1, max=8, help="slots of a bucket")
    links: int = Bound(1, min=0, max=4, help="overflow buckets of a bucket")
    first_b: int = Bound(0, min=0, max=4, help="B of the empty map")
    most_b: int = Bound(2, min=0, max=5, help="the largest B")
    load: tuple = Bound((3, 2))
    many: int = Bound(15, min=0, max=15)
    hashes: tuple = Bound((0, 1, 2, 3, 4, 5, 6, 7))
    shift: int = Bound(2, min=0, max=8)
    iterates: bool = Bound(False)
    clears: bool = Bound(True)
    clear_seq: bool = Bound(False)

    scenarios = {"keys": Scenario("no iterator")}

    def state(self):
        self.map = GoMap(
            slots=self.slots, links=self.links, most=self.most_b, keys=self.keys, odd=self.odd,
            values=max(self.values, self.odd), hashes=self.hashes, shift=self.shift, load=self.load,
            many=self.many, b=self.first_b, clear_seq=self.clear_seq,
        )  # fmt: skip
        self.dice = len(self.hashes) ** self.odd
        self.now = Enum("nothing", "assign", "next")
        self.key = Int(0, self.keys)
        self.elem = Int(0, max(self.values, self.odd) - 1)
        self.seed = Int(0, max(self.hashes))

    @rule
    def assign(self, key: Int(0, self.keys - (self.odd == 0)), elem: Int(0, max(self.values, self.odd) - 1), hash: Int(0, max(self.hashes)), dice: Int(0, self.dice - 1)):
        require(hash in self.hashes)
        if self.now == "assign":
            require(key == self.key and elem == self.elem and hash == self.seed)
        else:
            require(self.now == "nothing")
            require(self.map.active or key == 0 or key == self.keys or self.map.hash[key - 1] is not None)
            self.map.draw(key, hash)
        if self.map.again(key, elem, hash, dice):
            self.now = "nothing"
            self.key = 0
            self.elem = 0
            self.seed = 0
        else:
            self.now = "assign"
            self.key = key
            self.elem = elem
            self.seed = hash

    @rule
    def delete(self, key: Int(0, self.keys - 1), dice: Int(0, self.dice - 1)):
        require(self.now == "nothing" and self.map.hash[key] is not None)
        self.map.delete(key, dice)

    @rule
    def clear(self):
        require(self.clears and self.now == "nothing" and self.map.count > 0)
        self.map.clear()

    @rule
    def iterate(self, start: Int(0, 2**self.most_b - 1), offset: Int(0, self.slots - 1)):
        require(self.iterates and self.now == "nothing" and not self.map.active and self.map.count > 0)
        require(start < self.map.size(self.map.b))
        self.map.iter_init(start, offset)
        self.now = "next"

    @rule
    def next(self):
        require(self.iterates and self.map.active and self.now != "assign")
        key, elem = self.map.next_round()
        self.now = "next" if key == AGAIN else "nothing"

    @invariant
    def count_ok(self):
        return self.map.count == count(
            c.top >= MIN_TOP_HASH for chain in self.map.buckets for c in chain.cells
        ) + count(c.top >= MIN_TOP_HASH for chain in self.map.old for c in chain.cells)

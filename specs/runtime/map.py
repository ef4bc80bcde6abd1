"""Maps before the Swiss tables: the table, its growth, and iteration over it (runtime/map.go, go1.23.9).

What is modelled: ``mapaccessK`` (map.go:541-582, in which mapaccess1 and mapaccess2 differ only by what they return),
``mapassign`` (615-730), ``mapdelete`` (741-855), ``mapiterinit`` (877-921), ``mapiternext`` (937-1063), ``mapclear``
(1075-1137), ``hashGrow``, ``growWork``, ``evacuate``, ``advanceEvacuationMark`` (1139-1392).  ``maptable.py`` has the
table and ``mapiter.py`` the iterator, as plain methods that take plain numbers too; ``mapproperties.py`` has what is
judged.  ``mapflags`` is about concurrent use; here operations follow each other.  An operation is one rule, but for
two that are cut where they loop: at ``goto again`` in mapassign, at ``goto next`` in mapiternext.  Nothing else may
run in between, yet all that must hold of the table holds there as well.

Sizes are parameters.  A bucket has ``slots`` = 2 in place of 8.  Growth bit by bit needs 4 old buckets, as a growth of
2 is done within the operation that begins it; with Go's load factor of 13/16 that takes 7 keys, so some scenarios have
a lower one, and begin with 4 buckets as ``make`` with a hint does.  Nothing but *when* the table grows depends on it.
``many`` is the B from which on no more overflow buckets are allowed, 15 in Go.

What is abstracted, and why that is sound:

* A hash is one of ``hashes``, freely drawn when a key is hashed for the first time under a seed; its lower ``shift``
  bits choose the bucket, the rest is the top hash.  mapdelete of the last key, and mapclear, draw a new seed.
* A key that nobody has hashed under this seed is not in the table.  An iterator that looks it up finds nothing
  whatever its hash is, and what it would skip by ``checkBucket`` is deleted anyway, so no hash is drawn for it there.
* Keys that nobody can tell apart are used in order, while nobody iterates.
* Key ``keys`` is not equal to itself, as NaN; each insertion has an elem of its own, by which it is told apart here.
  Its hash is another one at each evacuation (``dice``).  To delete it, which finds nothing and only helps a growth
  along, is left out.
* Cells that are empty hold no key and no elem, as if both had pointers (map.go:796-807): nobody looks at them.
* ``buckets`` is never nil: where it may be, count is 0, and all but mapassign look at that first.
* Memory that the table has given up is kept as copies in the iterator: nothing writes to it any more.
* Overflow buckets are counted exactly, as for B < 16, and not preallocated, as for B < 4.
* A program changes the map at most ``during`` times while it iterates.  That is a bound, as are those on keys.

Where Go breaks its promise (docs/findings/map-clear-nan.md): after a clear an iteration may go on over entries of keys
that are not equal to themselves, if a growth was completed between the beginning of the iteration and the clear
(``cleared_entry_is_produced``).  ``clear_seq`` adds what Go 1.24 added.

Checklist (ids of the reference for this part):

* FoundOnce           done: ``found_once``
* OldXorNew           done: ``old_xor_new``
* EvacuatedFrozen     done: ``evacuated_frozen``
* AllOrNone           done: ``all_or_none``
* EmptyRestSound      done: ``empty_rest_sound``
* EmptyRestComplete   done: ``empty_rest_complete``
* TophashOK           done: ``tophash_ok``
* CountOK             done: ``count_ok``
* NoverflowOK         done: ``noverflow_ok``
* MarkOK              done: ``mark_ok``
* LoadBound           done: ``load_bound``, with the excess that a growth to the same size leaves (``over_the_limit``)
* NoGrowWhileGrowing  done: ``no_grow_while_growing``
* BoundedOverflow     done: ``bounded_overflow``
* AtMostOnce          done: ``at_most_once``, of an entry; a key that is deleted and inserted again is another entry
* StayExactlyOnce     done: ``stay_exactly_once``
* NoDeleted           done: ``no_deleted``
* Latest              done: ``latest``
* ClearStops          done: ``clear_stops`` for keys equal to themselves, ``clear_stops_all`` with Go 1.24's counter
* flags               done: ``iterator_flags``; hashWriting in ``mapflags``
* GrowthEnds          done: ``growth_in_time``, and ``growth_ends`` under weak fairness of assign.  Lookups, iteration
                      and deletes on an empty map help nothing (golang/go#51410, ``emptied_while_growing``)
* dictionary          ours: a refinement of ``specs/abstract/dictionary.py``
* throws              done: "bad map state" is ``no_throw``.  "bad evacuatedN" left out: it compares constants;
                      "oldoverflow is not nil" left out: for the garbage collector; "hash_iter size incorrect" likewise
* panics              left out: nil maps and unhashable keys, see ``mapflags``
* OverflowReachable KeyKeptAlive  left out: what the garbage collector keeps is not modelled
* b1 b2 b6 b10 b12 b13 b15 b17 b21  done, as bugs
* b11                 done, as bugs ``b11a`` and ``b11b``
* b3 b4               left out: maps.Clone (mapclone2), a second table
* b7                  left out: "evacuation not done in time" was thrown by go1.7 and older
* b8 b9               left out: the garbage collector
* b20                 in another small model: ``mapflags``
* b11a b11b recount late regrow noback markold nooverflow nopromote nomark stop direct again short
                      ours: plausible edits, and some that the reference lists without an id
* noskip noseed       ours: negative controls
"""

from __future__ import annotations

from typing import Any

from gomodel import Array, Bool, Bound, Bug, Enum, Ghost, Int, Option, Preset, Scenario, Set, require, rule
from gomodel.specs.runtime.mapiter import AGAIN, END
from gomodel.specs.runtime.mapproperties import JudgedTable, JudgedUse

GO = "runtime/map.go"

# Bounds at which bugs are judged: what is small is traced and compiled fast.  Buckets of one slot, two keys;
FEW: dict[str, Any] = {
    "keys": 2, "slots": 1, "first_b": 0, "most_b": 0, "load": (2, 1), "hashes": (0,), "deletes": False,
    "clears": False,
}  # fmt: skip
# the second one makes 4 buckets 8;
GROW: dict[str, Any] = {"keys": 2, "slots": 1, "load": (1, 4), "deletes": False, "clears": False}
# two in the same of 4 buckets, and an insertion makes new ones.
SAME: dict[str, Any] = {"keys": 2, "slots": 1, "most_b": 2, "load": (2, 4)}


class GoMap(JudgedTable):
    """The table with one iterator, what must be true of it, and its bugs."""

    bugs = {
        "b1": Bug(
            "clear does not mark buckets empty", breaks="clear_stops", go=f"{GO}:1103",
            issue="golang/go#59411",
            scenario="iterate grow", bounds={**GROW, "clears": True, "during": 2}),
        "b2": Bug("clearSeq is not compared", breaks="clear_stops_all", go=f"{GO}:1024", issue="golang/go#70189",
            scenario="nan 1.24", bounds={"most_b": 1}),
        "b6": Bug("no growth to the same size", breaks="bounded_overflow", go=f"{GO}:694", issue="golang/go#16070",
            scenario="same", bounds={**FEW, "keys": 3, "links": 2, "load": (3, 1)}),
        "b10": Bug("a lookup ignores the old buckets", breaks="found_once", go=f"{GO}:548",
            scenario="grow", bounds=GROW),
        "b11a": Bug("a lookup masks the old buckets as the new ones", breaks="found_once", go=f"{GO}:551",
            scenario="grow", bounds=GROW),
        "b11b": Bug("it masks one bit more also in a growth to the same size", breaks="found_once", go=f"{GO}:551",
            scenario="same", bounds=SAME),
        "b12": Bug("evacuate takes the new number of buckets for newbit",
            breaks=("found_once", "dictionary"), go=f"{GO}:1257",
            scenario="keys", bounds={**FEW, "most_b": 1, "hashes": (0, 1), "load": (3, 2)}),
        "b13": Bug("assign skips growWork", breaks="old_xor_new", go=f"{GO}:647",
            scenario="grow", bounds=GROW),
        "b15": Bug("delete writes emptyRest whatever follows", breaks="empty_rest_sound", go=f"{GO}:813",
            scenario="keys", bounds={**FEW, "slots": 2, "links": 0, "deletes": True}),
        "b17": Bug("the iterator does not test checkBucket", breaks="at_most_once", go=f"{GO}:1008",
            scenario="iterate grow", bounds=GROW),
        "b21": Bug("a new seed when one entry is left", breaks="found_once", go=f"{GO}:844",
            scenario="keys", bounds={**FEW, "slots": 2, "links": 0, "deletes": True}),
        "recount": Bug("an update counts", breaks="count_ok", go=f"{GO}:678",
            scenario="keys", bounds={**FEW, "slots": 2, "links": 0}),
        "late": Bug("the load factor is twice as high", breaks="load_bound", go=f"{GO}:1184",
            scenario="keys", bounds={"keys": 6, "links": 2, "hashes": (0, 1), "deletes": False, "clears": False}),
        "regrow": Bug("a growing map may begin to grow", breaks="no_grow_while_growing", go=f"{GO}:694",
            scenario="same", bounds={**SAME, "keys": 3, "load": (3, 4), "deletes": False}),
        "noback": Bug("delete leaves emptyOne at the end", breaks="empty_rest_complete", go=f"{GO}:823",
            scenario="keys", bounds={**FEW, "slots": 2, "links": 0, "deletes": True}),
        "markold": Bug("with the last entry the old buckets are marked empty", breaks="evacuated_frozen",
            go=f"{GO}:845",
            scenario="same", bounds=SAME),
        "nooverflow": Bug("hashGrow keeps noverflow", breaks="noverflow_ok", go=f"{GO}:1161",
            scenario="keys", bounds={**FEW, "deletes": True}),
        "nopromote": Bug("hashGrow does not hand the iterator flag on",
            breaks=("iterator_flags", "stay_exactly_once"), go=f"{GO}:1153",
            scenario="iterate", bounds={"keys": 3, "values": 1, "most_b": 1, "during": 1}),
        "stop": Bug("evacuate stops at emptyRest", breaks=("mark_ok", "all_or_none"), go=f"{GO}:1283",
            scenario="grow", bounds={**GROW, "keys": 3, "slots": 2}),
        "nomark": Bug("nevacuate stays", breaks=("growth_ends", "growth_in_time"), go=f"{GO}:1364",
            scenario="grow", bounds={**GROW, "hashes": (2,)}),
        "direct": Bug("an entry that has moved is produced from its old place", breaks=("no_deleted", "latest"),
            go=f"{GO}:1024",
            scenario="iterate delete", bounds={"values": 2, "clears": False}),
        "again": Bug("a bucket is evacuated twice", breaks="no_throw", go=f"{GO}:1258",
            scenario="grow", bounds=GROW),
        "short": Bug("the top hash is taken one bit too high", breaks="tophash_ok", go=f"{GO}:189",
            scenario="keys", bounds={**FEW, "slots": 2, "links": 0, "hashes": (0, 5)}),
        "noskip": Bug("the mark does not go past evacuated buckets", harmless=True, go=f"{GO}:1377",
            scenario="grow", bounds={"keys": 3, "slots": 1, "links": 2, "load": (2, 4)}),
        "noseed": Bug("an empty map keeps its seed", harmless=True, go=f"{GO}:845",
            scenario="keys"),
    }  # fmt: skip


class MapModel(JudgedUse):
    """A map of a few keys, used sequentially, and one iterator."""

    name = "map"
    go = "go1.23.9"
    source = (GO,)

    keys: int = Bound(3, min=1, max=6, help="keys that are equal to themselves")
    odd: int = Bound(0, min=0, max=2, help="insertions of a key that is not")
    values: int = Bound(1, min=1, max=3, help="values")
    slots: int = Bound(2, min=1, max=8, help="slots of a bucket")
    links: int = Bound(1, min=0, max=3, help="overflow buckets of a bucket")
    first_b: int = Bound(0, min=0, max=4, help="B of the empty map: make with a hint")
    most_b: int = Bound(2, min=0, max=4, help="the largest B")
    load: tuple = Bound((3, 2), help="loadFactorNum, loadFactorDen")
    many: int = Bound(15, min=0, max=15, help="the B from which on no more overflow buckets are allowed")
    hashes: tuple = Bound((0, 1, 2, 3, 5), help="hashes that a key may have")
    shift: int = Bound(2, min=0, max=8, help="bits of a hash below its top hash")
    deletes: bool = Bound(True, help="keys may be deleted")
    clears: bool = Bound(True, help="the map may be cleared")
    during: int = Bound(0, min=0, max=9, help="changes of the map during an iteration; 0: nobody iterates")
    clear_seq: bool = Bound(False, help="with the counter of clears that Go 1.24 added")

    scenarios = {
        "keys": Scenario("three keys, every combination of hashes", most_b=1),
        "grow": Scenario(
            "from 4 to 8 buckets, bit by bit", keys=4, first_b=2, most_b=3, load=(3, 4), hashes=(0, 2, 12), shift=3
        ),
        "same": Scenario(
            "from 4 to 4 buckets", keys=4, first_b=2, most_b=3, load=(3, 4), many=0, hashes=(0, 7), clears=False
        ),
        "iterate": Scenario(
            "insertions and updates across two growths", keys=4, hashes=(0, 2), during=3, deletes=False, clears=False,
            values=2,
        ),
        "iterate delete": Scenario("and whatever else happens to a map", most_b=1, hashes=(0, 1), during=2),
        "iterate grow": Scenario(
            "before and during a growth from 4 to 8 buckets",
            keys=4, first_b=2, most_b=3, load=(3, 4), hashes=(0, 2, 6), shift=3, during=1, deletes=False,
        ),
        "nan": Scenario(
            "a key that is not equal to itself", keys=1, odd=2, hashes=(0, 5), during=3, deletes=False
        ),
        "nan grow": Scenario(
            "and a growth from 4 to 8 buckets", keys=1, odd=2, first_b=2, most_b=3, load=(3, 8), hashes=(2, 15),
            shift=3, during=1, deletes=False,
        ),
        "nan 1.24": Scenario(
            "with a counter of clears", keys=1, odd=2, hashes=(0, 5), during=3, deletes=False, clear_seq=True
        ),
    }  # fmt: skip
    presets = {
        "quick": Preset(
            scenarios=("same", "iterate delete", "nan grow"),
            unreached=("two_growths_later", "cleared_entry_is_produced"),
        ),
        "nightly": Preset(),
    }

    def state(self):
        self.elems = max(self.values, self.odd)
        self.dices = len(self.hashes) ** self.odd
        self.map = GoMap(
            slots=self.slots, links=self.links, most=self.most_b, keys=self.keys, odd=self.odd, values=self.elems,
            hashes=self.hashes, shift=self.shift, load=self.load, many=self.many, b=self.first_b,
            clear_seq=self.clear_seq,
        )  # fmt: skip
        self.now = Enum("nothing", "assign", "next")  # an operation that goes on
        self.key = Int(0, self.keys)  # its key, elem and hash
        self.elem = Int(0, self.elems - 1)
        self.drawn = Int(0, max(self.hashes))
        self.used = Int(0, self.odd)  # names of odd entries that have been given away
        self.changes = Int(0, self.during)  # during this iteration
        entry = Int(0, self.keys + self.odd)
        self.value = Ghost(Array(Option(Int(0, self.elems - 1)), self.keys))  # what should be in the map
        self.odds = Ghost(Set(entry))
        self.due = Ghost(Set(entry))  # was there when the iteration began, has stayed, is still to come
        self.seen = Ghost(Set(entry))  # was produced, and is still there
        self.gone = Ghost(Set(entry))  # was cleared during the iteration
        self.wrong = Ghost(Bool())
        self.twice = Ghost(Bool())
        self.missed = Ghost(Bool())
        self.deleted = Ghost(Bool())
        self.outdated = Ghost(Bool())
        self.cleared = Ghost(Bool())  # a key was produced that a clear had removed
        self.cleared_odd = Ghost(Bool())  # the same of a key that is not equal to itself
        self.cleared_held = Ghost(Bool())  # of buckets that the map had when it was cleared, or with Go 1.24's counter
        self.given_up = Ghost(Bool())  # when it was cleared the iterator pointed to buckets that the map had given up
        self.writes = Ghost(Int(0, 2**self.most_b + 1))  # that have helped this growth, besides the one that began it

    # --- operations ------------------------------------------------------------------------------------------

    def change(self):
        require(self.now == "nothing")
        if self.map.active:
            require(self.changes < self.during)
            self.changes += 1

    def in_order(self, key):
        """Keys that nobody can tell apart are used in order."""
        require(self.map.active or key == 0 or key == self.keys or self.map.hash[key - 1] is not None)

    def helped(self, growing):
        """This write has found the map growing, and so has helped."""
        if not self.map.growing:
            self.writes = 0
        elif growing:
            self.writes = min(self.writes + 1, 2**self.most_b)

    @rule(fair=True)
    def assign(
        self,
        key: Int(0, self.keys if self.odd > 0 else self.keys - 1),
        elem: Int(0, self.elems - 1),
        h: Int(0, len(self.hashes) - 1),
        dice: Int(0, self.dices - 1),
    ):
        hash = self.hashes[h]
        growing = self.map.growing
        if self.now == "assign":
            require(key == self.key and elem == self.elem and hash == self.drawn)
        else:
            self.change()
            self.in_order(key)
            self.map.draw(key, hash)
            if key == self.keys:
                require(elem == self.used)
                self.used += 1
            else:
                require(elem < self.values)
        started = self.now == "assign"
        if self.map.again(key, elem, hash, dice):
            self.now = "nothing"
            self.key = 0
            self.elem = 0
            self.drawn = 0
            self.helped(growing and not started)
            if key == self.keys:
                self.odds.add(self.keys + elem)
            else:
                if self.value[key] is None:
                    self.gone.discard(key)
                self.value[key] = elem
        else:
            self.now = "assign"
            self.key = key
            self.elem = elem
            self.drawn = hash
            self.writes = 0

    @rule
    def delete(self, key: Int(0, self.keys - 1), h: Int(0, len(self.hashes) - 1), dice: Int(0, self.dices - 1)):
        require(self.deletes)
        self.change()
        if self.map.count > 0:
            self.in_order(key)
            self.map.draw(key, self.hashes[h])
        else:
            require(key == 0 and h == 0)
        growing = self.map.growing and self.map.count > 0  # an empty map is left as it is
        self.map.delete(key, dice)
        self.helped(growing)
        self.value[key] = None
        self.due.discard(key)
        self.seen.discard(key)

    @rule
    def clear(self):
        require(self.clears)
        self.change()
        self.given_up = self.map.it_buckets == "gone" or self.map.at == "gone"
        self.map.clear()
        self.writes = 0
        if self.map.active:
            for k in range(self.keys):
                if self.value[k] is not None:
                    self.gone.add(k)
            for e in range(self.odd):
                if self.keys + e in self.odds:
                    self.gone.add(self.keys + e)
        else:
            self.used = 0
        self.value.fill(None)
        self.odds.clear()
        self.due.clear()
        self.seen.clear()

    @rule
    def get(self, key: Int(0, self.keys - 1)):
        require(self.now == "nothing" and self.map.hash[key] is not None)
        self.wrong = self.wrong or self.map.access(key) != self.expected(key)

    @rule
    def iterate(self, start: Int(0, 2**self.most_b - 1), offset: Int(0, self.slots - 1)):
        require(self.during > 0 and self.now == "nothing" and not self.map.active and self.map.count > 0)
        require(start < self.map.size(self.map.b))
        self.map.iter_init(start, offset)
        self.now = "next"
        for k in range(self.keys):
            if self.value[k] is not None:
                self.due.add(k)
        for e in range(self.odd):
            if self.keys + e in self.odds:
                self.due.add(self.keys + e)

    @rule
    def next(self):
        require(self.during > 0 and self.map.active and self.now != "assign")
        key, elem = self.map.next_round()
        self.now = "nothing"
        if key == AGAIN:
            self.now = "next"
        elif key == END:
            self.missed = self.missed or len(self.due) > 0
            self.changes = 0
            self.due.clear()
            self.seen.clear()
            self.gone.clear()
            self.given_up = False
            if self.map.count == 0:
                self.used = 0
        else:
            entry = self.keys + elem if key == self.keys else key
            known = entry in self.odds if key == self.keys else self.value[min(key, self.keys - 1)] is not None
            after_clear = not known and entry in self.gone
            self.cleared = self.cleared or (after_clear and key != self.keys)
            self.cleared_odd = self.cleared_odd or (after_clear and key == self.keys)
            held = self.clear_seq or not self.given_up
            self.cleared_held = self.cleared_held or (after_clear and key == self.keys and held)
            self.deleted = self.deleted or not (known or entry in self.gone)
            self.twice = self.twice or (known and entry in self.seen)
            old = key != self.keys and known and self.value[min(key, self.keys - 1)] != elem
            self.outdated = self.outdated or old
            if known:
                self.seen.add(entry)
                self.due.discard(entry)

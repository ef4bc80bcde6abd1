"""The Swiss map: groups with control bytes, tables, a directory, an iterator (internal/runtime/maps, go1.27.3).

What is modelled: ``NewMap`` (map.go:283-348), lookup (map.go:426-494, table.go:165-224), assignment
(runtime_fast64.go:182-324, the same as map.go:505-616 with table.go:267-365), ``growToTable`` (map.go:628-666),
``Delete`` (map.go:668-753, table.go:478-550), ``pruneTombstones`` (table.go:566-646), ``Clear`` (map.go:756-803,
table.go:656-702), ``rehash``, ``split``, ``grow`` (table.go:1208-1322), ``installTableSplit`` (map.go:382-414), the
iterator (table.go:741-1203).  With ``generic`` the assignment is that of runtime.go:143-320, which does not prune; that
it looks for an empty slot before a tombstone makes no difference, as no group has both (``no_mixed_group``).

Control bytes and probing are in ``table``, the small map, the directory and growth in ``directory``, the iterator in
``iter``, what is judged in ``properties``.

One goroutine uses the map: a rule for each operation.  An assignment that finds its table full goes on as ``grow`` (the
rehash) and ``again`` (the next round of the outer loop), a Next as a step for each table; nothing else runs meanwhile.

What is abstracted, and why that is sound:

* The sizes are parameters.  With groups of 2 slots, tables of 4 or 8, hashes of 1 to 3 bits all of the code is reached.
  ``load`` is 3/4 or 1/2 for 7/8: of two slots, seven eighths is not a number of slots.
* A hash is any number, and is drawn when a key is inserted.  It stays while the seed stays and some table has the key,
  if only one that the iterator remembers; a key that is nowhere may stand for another one that the program uses next,
  so its hash is drawn again, and of such keys the first one is inserted.  An undrawn key is in no table: lookups of it
  fail, whatever its hash is.  A new seed (map.go:699, 786) forgets all hashes.
* A NaN is an entry with a key of its own that equals nothing.  Each call of the hasher draws another hash.
* A split that needs a directory larger than ``dir_bits`` allows does not happen: the assignment stays where it is.
  In Go it goes on to 64 bits, with a directory twice as long each time.
* Each table has its place in an array, given by the bits that its keys share; the one that only the iterator refers to
  has a place of its own, and other stale tables are garbage.  ``index`` and the directory are as in Go.  In a stale
  table the counters, and what the iterator has passed, are never read again, and are dropped.
* Keys and elems of slots that are not full are 0, as are slots beyond a table's capacity: nobody reads them.
* ``clearSeq`` is whether it has changed since Init.  ``entryOffset`` and ``dirOffset`` are taken modulo the largest
  table and the directory, which is all that is used of them.  ``it.group`` follows from ``entryIdx``.
* A map without a group is one with an empty group: Init and lookups look at ``used`` first (table.go:744, map.go:446).
* ``writing`` is not a flag that others test, as there is one goroutine; what it detects is left to the model of the
  classic map, whose protocol is the same.  Clone, indirect keys and elems, NeedKeyUpdate and the deletion of a key
  that is not there are left out: none of them changes where entries stand.
* Loops that a key's probe must end are bounded by the number of groups; beyond it is ``probe_ends``.
* A loop sees at most ``changes`` assignments, deletions and clears, which bounds the states; one that is left early
  is one that is never continued.

Where the source does not keep what one expects:

* docs/findings/swissmap-twice.md: an entry may be produced twice by one loop, if the map was emptied under it, since
  the keys of a stale table are then looked up under another seed (``produced_twice``).  ``at_most_once`` is judged
  where that did not happen.
* docs/findings/swissmap-prune.md: runtime_mapassign, for all types of keys but 4 and 8 bytes, strings and pointers,
  never prunes (``grows_without_need``); ``prunes`` and ``churn_bounded`` are judged of the others.

Checklist (ids of the reference for this part):

* FoundOnce          done: ``found_once``, ``dictionary``
* ProbeReach         done: ``probe_reach``
* HasEmpty           done: ``has_empty``, ``probe_ends``
* NoMixedGroup       done: ``no_mixed_group``
* GrowthLeftOK Load  done: ``growth_left_ok``; of a small map ``used_sum``
* UsedSum            done: ``used_sum``
* DirOK              done: ``dir_ok``
* StaleFrozen        done: ``stale_frozen``
* AtMostOnce         done: ``at_most_once``, unless the map was emptied during the loop
* StayExactlyOnce    done: ``stay_exactly_once``
* NoDeleted          done: ``no_deleted``
* Latest             done: ``latest``
* ClearStops         done: ``clear_stops`` of NaNs; of other keys it is ``no_deleted``
* ChurnBounded       done: ``prunes`` for all hashes: a table grows only if less than a tenth of it are tombstones that
                     no key has on its way.  ``churn_bounded``: with no more keys than a group has slots, none is ever
                     needed, whatever the hashes.  With more, hashes may be such that tables grow for tombstones that
                     are needed (``needed_tombstones``)
* UpdateNoGrow       done: ``update_no_grow``
* liveness           done: ``assignment_ends``, unless the hashes agree in all bits, and without NaNs, whose hashes may
                     agree each time that they are drawn
* throws             table.go:385, 438 done: ``room_for_all``; the fatal ones left out: they need two goroutines
* clear              ours: ``clear_empties``
* c1 c4 c5 c7 c8 c10 c11 c12 c14 c15 c17 c18   done, as bugs
* c2                 left out: the same edit as c1, in the variants for pointers; see docs/findings/swissmap-prune.md
* needed right full tight count same stay run align   ours: plausible edits
* noseed seed        ours: negative controls; with either of them nothing is produced twice
"""

from __future__ import annotations

from gomodel import Bound, Bug, Int, Model, Preset, Scenario, fatal, invariant, leads_to, reachable, require, rule
from gomodel.specs.internal.runtime.maps.properties import Judged
from gomodel.specs.internal.runtime.maps.table import DELETED

GO = "internal/runtime/maps"


class SwissMap(Judged):
    """A map and an iterator over it."""

    def __init__(self, **sizes):
        self.shape(**sizes)

    def state(self):
        self.fields()
        self.iterator()

    bugs = {
        "c1": Bug(
            "no pruning",
            breaks=("prunes", "churn_bounded"),
            scenario="churn",
            go=f"{GO}/runtime_fast64.go:293",
            issue="golang/go#70886",
        ),
        "c4": Bug(
            "a full small map grows before it looks for the key",
            breaks="update_no_grow",
            scenario="small",
            go=f"{GO}/map.go:564",
            issue="golang/go#78853",
        ),
        "c5": Bug(
            "the keys of a stale table are not looked up",
            breaks=("no_deleted", "latest"),
            scenario="values",
            go=f"{GO}/table.go:1044",
            issue="cockroachdb/swiss#39",
        ),
        "c7": Bug(
            "delete leaves no tombstone",
            breaks=("probe_reach", "found_once", "dictionary"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:529",
        ),
        "c8": Bug(
            "the first tombstone is taken before the probe has ended",
            breaks=("found_once", "dictionary"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/runtime_fast64.go:272",
        ),
        "c10": Bug(
            "pruning takes one tombstone of a group",
            breaks="no_mixed_group",
            scenario="churn",
            go=f"{GO}/table.go:637",
        ),
        "c11": Bug(
            "to reuse a tombstone costs growthLeft",
            breaks="growth_left_ok",
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/runtime_fast64.go:289",
        ),
        "c12": Bug(
            "a table that was replaced keeps its index",
            breaks=("no_deleted", "latest"),
            scenario="directory",
            bounds={"changes": 2},
            go=f"{GO}/table.go:1283",
        ),
        "c14": Bug(
            "dirIdx is not doubled with the directory",
            breaks="stay_exactly_once",
            scenario="directory",
            bounds={"changes": 1},
            go=f"{GO}/table.go:972",
        ),
        "c15": Bug(
            "a split tests the bit of the old depth",
            breaks=("dir_ok", "found_once"),
            scenario="split",
            go=f"{GO}/table.go:1251",
        ),
        "c17": Bug(
            "a map that is empty but for tombstones is not cleared",
            breaks="clear_empties",
            scenario="churn",
            go=f"{GO}/map.go:757",
        ),
        "c18": Bug(
            "the iterator does not look at clearSeq",
            breaks="clear_stops",
            scenario="nan",
            go=f"{GO}/table.go:851",
        ),
        "needed": Bug(
            "pruning takes tombstones that keys need",
            breaks=("probe_reach", "found_once"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:603",
        ),
        "right": Bug(
            "right.index is left.index + 1",
            breaks="dir_ok",
            scenario="directory",
            bounds={"dir_bits": 3, "loops": False},
            go=f"{GO}/map.go:412",
        ),
        "full": Bug(
            "a table may be filled",
            breaks=("has_empty", "probe_ends"),
            scenario="tombstones",
            bounds={"max_table": 4},
            go=f"{GO}/table.go:106",
        ),
        "tight": Bug(
            "a small map grows into a single group", breaks="room_for_all", scenario="small", go=f"{GO}/map.go:629"
        ),
        "count": Bug(
            "delete does not lower Map.used",
            breaks="used_sum",
            scenario="churn",
            go=f"{GO}/table.go:496",
        ),
        "same": Bug(
            "a table is replaced by one of its own size",
            breaks="assignment_ends",
            scenario="tombstones",
            bounds={"keys": 4, "h1_bits": 1},
            go=f"{GO}/table.go:1224",
        ),
        "stay": Bug(
            "delete goes to the table that the iterator has",
            breaks=("stale_frozen", "found_once"),
            scenario="directory",
            go=f"{GO}/map.go:689",
        ),
        "run": Bug(
            "the iterator does not skip a table's other entries in the directory",
            breaks="at_most_once",
            scenario="directory",
            bounds={"changes": 1},
            go=f"{GO}/table.go:816",
        ),
        "align": Bug(
            "the iterator begins within a table's run of entries",
            breaks=("at_most_once", "stay_exactly_once"),
            scenario="directory",
            bounds={"changes": 0},
            go=f"{GO}/table.go:998",
        ),
        "noseed": Bug(
            "a map that is emptied keeps its seed",
            harmless=True,
            scenario="churn",
            go=f"{GO}/map.go:699",
        ),
        "seed": Bug(
            "no key of a stale table is produced after the map was emptied",
            harmless=True,
            scenario="emptied",
            go=f"{GO}/table.go:826",
        ),
    }


class SwissMapModel(Model):
    """A map of Go since 1.24, an iterator over it, and hashes as bad as can be."""

    name = "swissmap"
    go = "go1.27.3"
    source = tuple(f"{GO}/{file}.go" for file in ("map", "table", "group", "runtime", "runtime_fast64"))

    keys: int = Bound(3, min=1, max=4096, help="keys that equal themselves")
    nans: int = Bound(0, min=0, max=2, help="entries at a time whose key is a NaN")
    values: int = Bound(1, min=1, max=2, help="different values")
    slots: int = Bound(2, min=1, max=8, help="slots of a group")
    load: tuple = Bound((3, 4), help="the part of its slots that a table may use")
    max_table: int = Bound(4, min=1, max=1024, help="slots of a table before it is split")
    h2_bits: int = Bound(0, min=0, max=7, help="bits of a hash in a control byte")
    h1_bits: int = Bound(1, min=0, max=57, help="bits of a hash above them")
    dir_bits: int = Bound(0, min=0, max=10, help="bits of a hash above those: the largest directory looks at them")
    hint: int = Bound(0, min=0, max=4096, help="how many entries the map is made for")
    loops: bool = Bound(True, help="whether there is an iterator")
    deletes: bool = Bound(True, help="whether keys are deleted one by one")
    turns: int = Bound(8, min=1, max=1024, help="at how many slots of a table a loop may begin")
    changes: int = Bound(2, min=0, max=9, help="assignments, deletions and clears that a loop sees at most")
    generic: bool = Bound(False, help="the assignment for any type of key, which does not prune")
    notes: bool = Bound(False, help="remember which branches were taken")

    scenarios = {
        "small": Scenario("a small map, which grows into a table", h2_bits=1, changes=3),
        "values": Scenario("the same, with two values", values=2, h1_bits=0),
        "nan": Scenario("the same, with keys that do not equal themselves", keys=1, nans=2),
        "tombstones": Scenario(
            "one table, without a loop", hint=3, max_table=8, h1_bits=2, loops=False, notes=True
        ),
        "churn": Scenario(
            "the same, with so few keys that no table runs full", keys=2, hint=3, h1_bits=2, loops=False
        ),
        "generic": Scenario(
            "one table, where the assignment does not prune",
            keys=2, hint=3, max_table=8, h1_bits=2, loops=False, generic=True,
        ),
        "split": Scenario("tables that are split, without a loop", keys=4, h1_bits=0, dir_bits=2, loops=False),
        "directory": Scenario(
            "a loop over two tables or more", load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1
        ),
        "emptied": Scenario(
            "the same without single deletions, with more changes during the loop",
            load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1, deletes=False, changes=3,
        ),
        "nan tables": Scenario(
            "and with NaNs", keys=1, nans=2, load=(1, 2), h1_bits=0, dir_bits=2, hint=3, turns=1
        ),
    }  # fmt: skip
    presets = {
        "quick": Preset(scenarios=("nan", "tombstones", "churn", "emptied"), unreached=("map.nan_in_stale",)),
        "nightly": Preset(changes=3),
    }

    def state(self):
        self.map = SwissMap(
            keys=self.keys,
            nans=self.nans,
            values=self.values,
            slots=self.slots,
            load=self.load,
            max_table=self.max_table,
            h2_bits=self.h2_bits,
            h1_bits=self.h1_bits,
            dir_bits=self.dir_bits,
            generic=self.generic,
            notes=self.notes,
        )
        self.hashes = 2**self.map.bits
        self.draws = 2 ** (self.map.bits * self.nans)
        self.changed = Int(0, self.changes)  # since the loop has begun

    def init(self):
        self.map.new_map(self.hint)

    # --- operations ------------------------------------------------------------------------------------------

    def quiet(self):
        """There is one goroutine, and it is between two operations."""
        require(self.map.writing == "no" and not self.map.it.inside)

    def change(self):
        self.quiet()
        if self.map.it.active:
            require(self.changed < self.changes)
            self.changed += 1

    @rule
    def assign(self, k: Int(0, self.keys + self.nans - 1), h: Int(0, self.hashes - 1), v: Int(0, self.values - 1)):
        """A key keeps its hash while the seed stays; else it is any."""
        self.change()
        if self.map.drawn[k]:
            require(h == self.map.hash[k])
        else:
            require(self.map.next_name(k))
        self.map.assign(k, h, v)

    @rule(fair=True)
    def grow(self, drawn: Int(0, self.draws - 1)):
        """``drawn`` is what the NaNs hash to this time."""
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
        require(self.deletes and self.map.look_up(k)[0])
        self.map.delete(k)

    @rule
    def clear(self):
        self.change()
        self.map.clear()
        if any(slot.ctrl == DELETED for t in self.map.tables for slot in t.slots):
            fatal("a map that was cleared has tombstones", prop="clear_empties")

    @rule
    def loop(self, entry_offset: Int(0, self.max_table - 1), dir_offset: Int(0, 2**self.dir_bits - 1)):
        self.quiet()
        require(self.loops and not self.map.it.active and self.map.used > 0)
        require(entry_offset < min(self.turns, self.slots if self.map.dir_len == 0 else self.max_table))
        require(dir_offset < max(self.map.dir_len, 1))
        self.map.init_iterator(entry_offset, dir_offset)

    @rule
    def next(self):
        require(self.loops and self.map.it.active and self.map.writing == "no")
        self.map.next()
        if not self.map.it.active:
            self.changed = 0

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def churn_bounded(self):
        """With no more keys than a group has slots, no table runs full; not so if ``generic`` (ChurnBounded)."""
        few = self.keys + self.nans <= self.slots and not self.generic
        return not few or self.map.writing != "full" or self.map.dir_len == 0

    @leads_to
    def assignment_ends(self):
        """An assignment that finds no room ends, if the hashes in the full table and its own do not all agree.

        Not so with NaNs: those of a table may be drawn alike each time that it is split.  A loop changes nothing here.
        """
        judged = self.nans == 0 and not self.loops
        return judged and self.map.writing != "no" and not self.map.hopeless(), self.map.writing == "no"

    @reachable(scenario="generic")
    def grows_without_need(self):
        """A table grows for tombstones that no key needs: docs/findings/swissmap-prune.md."""
        full = self.map.writing == "full" and self.map.dir_len > 0
        return full and self.map.idle_tombstones() * 10 >= self.map.tables[self.map.full_table()].capacity

"""What is judged of a classic map and of its use, and what it should look like from outside.

Part of ``map``; the checklist stands in ``map.py``.
"""

from __future__ import annotations

from gomodel import Model, count, implies, invariant, leads_to, reachable, refines, step_invariant
from gomodel.specs.abstract.dictionary import Dictionary
from gomodel.specs.runtime.mapiter import NO_CHECK, IteratedTable
from gomodel.specs.runtime.maptable import (
    ABSENT,
    EMPTY_ONE,
    EMPTY_REST,
    EVACUATED_EMPTY,
    EVACUATED_X,
    MIN_TOP_HASH,
)


class JudgedTable(IteratedTable):
    """The table with one iterator, and what must be true of it."""

    def live(self, cell):
        return cell.top >= MIN_TOP_HASH

    def chains(self):
        return [*(self.buckets[i] for i in range(2**self.most)), *(self.old[i] for i in range(2**self.most))]

    def entries(self):
        return sum(count(self.live(c) for c in chain.cells) for chain in self.chains())

    @invariant
    def count_ok(self):
        """count is the number of entries (CountOK)."""
        return self.count == self.entries()

    @invariant
    def old_xor_new(self):
        """While an old bucket is not evacuated, its new buckets have never been written to (OldXorNew)."""
        return all(
            not (self.growing and o < self.noldbuckets())
            or self.evacuated(self.old[o])
            or (self.untouched(o) and (self.same_size or self.untouched(o + self.noldbuckets())))
            for o in range(2**self.most)
        )

    def untouched(self, i):
        return i >= 2**self.most or (
            self.buckets[min(i, 2**self.most - 1)].links == 0
            and all(c.top == EMPTY_REST for c in self.buckets[min(i, 2**self.most - 1)].cells)
        )

    @invariant
    def all_or_none(self):
        """Of a chain all top hashes are marks of an evacuation, or none (AllOrNone)."""
        return all(
            self.is_mark(chain.cells[i].top) == self.evacuated(chain)
            for chain in self.chains()
            for i in range(self.width)
            if self.allocated(i, chain)
        )

    def is_mark(self, top):
        return EVACUATED_X <= top <= EVACUATED_EMPTY

    @invariant
    def empty_rest_sound(self):
        """Behind an emptyRest, also in overflow buckets, all is emptyRest (EmptyRestSound)."""
        return all(
            chain.cells[i].top != EMPTY_REST or chain.cells[i + 1].top == EMPTY_REST
            for chain in self.chains()
            for i in range(self.width - 1)
        )

    @invariant
    def empty_rest_complete(self):
        """The last cell that is not emptyRest is not emptyOne (EmptyRestComplete)."""
        return all(
            chain.cells[i].top != EMPTY_ONE
            or (i + 1 < self.width and chain.cells[min(i + 1, self.width - 1)].top != EMPTY_REST)
            for chain in self.chains()
            for i in range(self.width)
        )

    @invariant
    def tophash_ok(self):
        """The top hash of an entry is that of its key's hash, if the key is equal to itself (TophashOK)."""
        return all(
            not self.live(c) or c.key == self.nan or self.hash_fits(c) for chain in self.chains() for c in chain.cells
        )

    def hash_fits(self, cell):
        hash = self.hash[min(cell.key, self.keys - 1)]
        if hash is None:
            return False
        top = hash // 2**self.shift
        return cell.top == (top if top >= MIN_TOP_HASH else top + MIN_TOP_HASH)

    @invariant
    def noverflow_ok(self):
        """noverflow is the number of overflow buckets made since the last growth or clear (NoverflowOK)."""
        return self.noverflow == sum(self.buckets[i].links for i in range(2**self.most))

    @invariant
    def mark_ok(self):
        """All old buckets below nevacuate are evacuated, and there are more of them (MarkOK)."""
        return implies(
            self.growing,
            lambda: (
                self.nevacuate < self.noldbuckets()
                and all(i >= self.nevacuate or self.evacuated(self.old[i]) for i in range(2**self.most))
            ),
        )

    @invariant
    def no_grow_while_growing(self):
        """A growth begins only when the last one is done (NoGrowWhileGrowing)."""
        return not self.overgrown

    @step_invariant
    def evacuated_frozen(self, before):
        """Nothing writes the top hashes of an evacuated bucket, but for a clear (EvacuatedFrozen)."""
        return all(
            not (before.growing and self.growing and self.nevacuate > 0 and self.evacuated(before.old[o]))
            or all(before.old[o].cells[i].top == self.old[o].cells[i].top for i in range(self.width))
            for o in range(2**self.most)
        )

    @invariant
    def load_bound(self):
        """count is at most the limit and one more for each bucket: a same-size growth lets it grow (LoadBound)."""
        limit = self.load[0] * (self.size(self.b) // self.load[1])
        return self.count <= max(self.slots, limit) + self.size(self.b)

    @invariant
    def iterator_flags(self):
        """While an iterator points into the buckets its flag is set; so for the old ones (flags)."""
        new = self.it_buckets == "new" or self.at == "new"
        old = self.it_buckets == "old" or self.at == "old"
        return (not new or self.iterator) and (not old or self.old_iterator)

    @reachable
    def overflow_chain(self):
        return any(self.live(self.buckets[i].cells[self.slots]) for i in range(2**self.most))

    @reachable(scenario="grow")
    def half_evacuated(self):
        """One entry is in the buckets, another one in the old buckets still: lookups find both."""
        new = any(self.live(c) for i in range(2**self.most) for c in self.buckets[i].cells)
        return self.growing and new and any(self.live(c) for i in range(2**self.most) for c in self.old[i].cells)

    @reachable
    def deleted_in_the_middle(self):
        return any(c.top == EMPTY_ONE for i in range(2**self.most) for c in self.buckets[i].cells)

    @reachable(scenario="same")
    def same_size_growth(self):
        return self.growing and self.same_size and self.nevacuate > 0

    @reachable(scenario="same")
    def emptied_while_growing(self):
        """Nothing is left in the map, and it grows still: deletes do not help any more."""
        return self.growing and self.count == 0 and self.nevacuate > 0

    @reachable(scenario="same")
    def over_the_limit(self):
        """Not growing, and more entries than the load factor allows: left behind by a growth to the same size."""
        limit = self.load[0] * (self.size(self.b) // self.load[1])
        return not self.growing and self.count > max(self.slots, limit)

    @reachable(scenario="iterate grow")
    def iterator_from_before(self):
        """The iterator is older than a growth that is not done."""
        return self.growing and self.it_buckets == "old"

    @reachable(scenario="iterate grow")
    def iterator_from_within(self):
        """It was started during the growth, and walks an old bucket."""
        return self.growing and self.it_buckets == "new" and self.at == "old" and self.check != NO_CHECK

    @reachable(scenario="iterate")
    def two_growths_later(self):
        """Two growths are done since the iteration began."""
        return self.it_buckets == "gone" and self.b >= self.it_b + 2 and not self.growing


class JudgedUse(Model):
    """What must be true of a map that is used."""

    def expected(self, key):
        return ABSENT if self.value[key] is None else self.value[key]

    @invariant
    def found_once(self):
        """A lookup finds every key that should be there, with its value, and no other (FoundOnce)."""
        return not self.wrong and all(self.map.access(k) == self.expected(k) for k in range(self.keys))

    @invariant
    def bounded_overflow(self):
        """When an insertion is done and the map does not grow, there are not more overflow buckets than it allows."""
        return self.map.growing or self.map.noverflow <= self.map.size(min(self.map.b, self.many))

    @invariant
    def growth_in_time(self):
        """After a write that begins a growth of n old buckets, n - 1 more writes end it (GrowthEnds)."""
        return implies(
            self.map.growing and self.now != "assign", lambda: self.writes < max(self.map.noldbuckets() - 1, 1)
        )

    @leads_to(scenario="grow")
    def growth_ends(self):
        """A growth ends if assignments go on (GrowthEnds)."""
        return self.map.growing, not self.map.growing

    @invariant
    def at_most_once(self):
        """An iteration produces no entry twice; deleted and inserted again it is another one (AtMostOnce)."""
        return not self.twice

    @invariant
    def stay_exactly_once(self):
        """An entry that stays in the map during the whole iteration is produced (StayExactlyOnce)."""
        return not self.missed

    @invariant
    def no_deleted(self):
        """An entry that was deleted is not produced (NoDeleted)."""
        return not self.deleted

    @invariant
    def latest(self):
        """What is produced is the current value (Latest)."""
        return not self.outdated

    @invariant
    def clear_stops(self):
        """After a clear no key that was in the map is produced, if it is equal to itself (ClearStops)."""
        return not self.cleared

    @invariant
    def clear_stops_all(self):
        """For other keys this holds unless the iterator points to buckets that the map had given up (ClearStops).

        With Go 1.24's counter it holds for all keys.
        """
        return not self.cleared_held

    @reachable(scenario="nan")
    def cleared_entry_is_produced(self):
        """Go 1.21 to 1.23: after a clear an iteration goes on over entries that were cleared (golang/go#70189)."""
        return not self.clear_seq and self.cleared_odd

    @refines(lambda self: Dictionary(keys=self.keys, values=self.elems, most=1))
    def dictionary(self, d):
        """What lookups find, and the entries that none finds, change as those of a dictionary."""
        d.odd.clear()
        for k in range(self.keys):
            elem = self.map.access(k)
            d.value[k] = None if elem == ABSENT else elem
        for e in range(self.odd):
            if any(self.is_odd(c, e) for chain in self.map.chains() for c in chain.cells):
                d.odd.add(e)

    def is_odd(self, cell, e):
        return cell.top >= MIN_TOP_HASH and cell.key == self.keys and cell.elem == e

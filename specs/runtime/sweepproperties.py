"""What must hold of the heap while it is swept, and the edits that must be found.

Part of ``sweep``; the checklist stands in ``sweep.py``.
"""

from __future__ import annotations

from gomodel import Bug, count, invariant
from gomodel.specs.runtime.gcsweep import GC, MARK, Collector
from gomodel.specs.runtime.mcentral import CACHE, CENTRAL, MALLOC, PROC
from gomodel.specs.runtime.sweep_steps import FULL, GO, HEAP, PARTIAL


class JudgedHeap(Collector):
    """The heap, and what must hold of it."""

    @invariant
    def used_objects_are_allocated(self):
        """An object that the program uses is allocated, in a span that is in use (G6.free)."""
        return all(
            not self.held[s][o] or (self.span[s] == "in use" and (o < self.free_index[s] or self.alloc_bits[s][o]))
            for s in range(self.spans)
            for o in range(self.nelems)
        )

    @invariant
    def swept_at_most_once(self):
        """In each cycle a span is swept once, or it is new and not swept (G6.once)."""
        return all(self.readied[s] <= 1 for s in range(self.spans))

    @invariant
    def one_sweeper(self):
        """While sweepgen is sg-1 exactly one sweeper has the span, and else none (G6.once)."""
        return all(self.sweepers[s] == (1 if self.gen[s] == self.sg - 1 else 0) for s in range(self.spans))

    @invariant
    def swept_as_sweepgen_says(self):
        """A span in use whose sweepgen is sg or sg+3 has been swept in this cycle, or is new (G6.alloc)."""
        return all(
            self.span[s] != "in use" or self.gen[s] not in (self.sg, self.sg + 3) or self.readied[s] > 0
            for s in range(self.spans)
        )

    @invariant
    def done_means_swept(self):
        """Once sweeping is done, every span in use has been swept."""
        swept = all(self.span[s] != "in use" or self.gen[s] in (self.sg, self.sg + 3) for s in range(self.spans))
        return not self.is_done() or swept

    @invariant
    def nobody_sweeps_while_marking(self):
        """While the collector marks, sweeping is done (G6.mark)."""
        return not self.marking or (self.is_done() and not any(n > 0 for n in self.sweepers))

    @invariant
    def each_in_one_place(self):
        """A span is in one swept set, or one cache, or neither; its sweepgen and its state fit."""
        return all(self.fits(s, self.sets_with(s), self.caches_with(s)) for s in range(self.spans))

    def fits(self, s, listed, cached):
        gen, used = self.gen[s] - self.sg, self.span[s] == "in use"
        one = listed + cached <= 1
        return one and (listed == 0 or (used and gen == 0)) and (cached == (1 if gen in (1, 3) else 0))

    def sets_with(self, s):
        """How often the span is in the swept sets."""
        partial, full = self.swept_set(PARTIAL, self.sg), self.swept_set(FULL, self.sg)
        return count(x == s for x in self.sets[partial]) + count(x == s for x in self.sets[full])

    def caches_with(self, s):
        return count(self.cache[p] == s for p in self.ps)

    def in_unswept_set(self, s):
        return s in self.sets[self.unswept_set(PARTIAL, self.sg)] or s in self.sets[self.unswept_set(FULL, self.sg)]


# Where bugs are judged: with one span, one P that allocates, the collector and bgsweep; and with somebody else.
ALONE = {"scenario": "direct", "bounds": {"spans": 1, "directs": 0}}
OBJECTS = {"scenario": "objects", "bounds": {"directs": 0}}
DIRECT = {"scenario": "direct", "bounds": {"spans": 1}}
TWO = {"scenario": "direct", "bounds": {"directs": 0}}
HELPER = {"scenario": "helper"}

BUGS = {
    "g1": Bug(
        "tryAcquire stores instead of comparing and swapping",
        breaks=("owned_after_sweeping", "owned_before_sweeping", "one_sweeper", "swept_at_most_once"),
        go=f"{GO}:351",
        **DIRECT,
    ),
    "g2": Bug(
        "acquirep does not flush the cache",
        breaks=("allocates_where_swept", "refills_when_flushed"),
        go=f"{PROC}:6338",
        **ALONE,
    ),
    "g3": Bug("sweepgen is raised by 1", breaks="caches_are_flushed", go=f"{GC}:2073", **ALONE),
    "g4": Bug(
        "sweepgen is stored before the marks become allocation bits",
        breaks="swept_as_sweepgen_says",
        go=f"{GO}:728",
        **ALONE,
    ),
    "g5": Bug("a sweeper is deregistered before it sweeps", breaks="done_means_swept", go=f"{GO}:410", **HELPER),
    "g6": Bug("sweepone can be preempted", breaks="no_sweeper_is_left", go=f"{GO}:364", **ALONE),
    "unseen": Bug(
        "sweepone can be preempted, and marking begins although there are sweepers",
        breaks=("begin_matches_end", "nobody_sweeps_while_marking"),
        go=f"{GO}:247",
        **ALONE,
    ),
    "g7": Bug(
        "markDrained forgets how many sweepers there are",
        breaks=("begin_matches_end", "done_means_swept"),
        go=f"{GO}:199",
        **ALONE,
    ),
    "g8": Bug(
        "bgsweep parks without looking whether sweeping is done",
        breaks=("sweeping_ends", "parks_when_done"),
        go=f"{GO}:312",
        **ALONE,
    ),
    "g9": Bug(
        "prepareForSweep leaves the cache of the cycle before as it is",
        breaks=("allocates_where_swept", "caches_are_flushed"),
        go=f"{CACHE}:360",
        **OBJECTS,
    ),
    "g10": Bug(
        "a marker misses an object that the program uses",
        breaks=("used_objects_are_allocated", "allocates_free_objects", "no_zombies"),
        go=f"{MARK}:1681",
        issue="golang/go#21297",
        **OBJECTS,
    ),
    "73499": Bug(
        "bgsweep goes round without a safe point while somebody else still sweeps",
        breaks=("sweeping_ends", "the_world_goes_on"),
        go=f"{GO}:320",
        issue="golang/go#73499",
        **ALONE,
    ),
    "white": Bug(
        "objects are allocated white while marking",
        breaks=("used_objects_are_allocated",),
        go=f"{MALLOC}:1311",
        **ALONE,
    ),
    "stale": Bug(
        "uncacheSpan takes a span cached before sweeping for a swept one",
        breaks="swept_as_sweepgen_says",
        go=f"{CENTRAL}:211",
        **ALONE,
    ),
    "noreset": Bug("activeSweep is not reset", breaks="barrier_is_set", go=f"{GC}:2074", **ALONE),
    "noclear": Bug("centralIndex is not cleared", breaks="unswept_sets_are_empty", go=f"{GC}:2081", **ALONE),
    "noready": Bug("gcSweep does not wake bgsweep", breaks=("sweeping_ends", "ends_swept"), go=f"{GC}:2113", **ALONE),
    "nobarrier": Bug(
        "gcMarkTermination does not count as a sweeper while caches are flushed",
        breaks="done_means_swept",
        go=f"{GC}:1503",
        **ALONE,
    ),
    "noflush": Bug(
        "idle Ps are not asked to flush their caches", breaks="caches_are_flushed", go=f"{GC}:1561", **ALONE
    ),
    "nofinish": Bug("finishsweep_m does not sweep", breaks="unswept_sets_are_empty", go=f"{GO}:239", **ALONE),
    "preserve": Bug(
        "cacheSpan does not ask sweep to preserve the span",
        breaks="each_in_one_place",
        go=f"{CENTRAL}:128",
        **ALONE,
    ),
    "full": Bug(
        "cacheSpan does not look whether a span is still full",
        breaks="cached_spans_add_up",
        go=f"{CENTRAL}:151",
        **ALONE,
    ),
    "cached": Bug("refill stores sg+1 for sg+3", breaks=("allocates_where_swept",), go=f"{CACHE}:216", **ALONE),
    "dead": Bug(
        "sweepone takes a freed span that has been cached again for corrupt",
        breaks="listed_spans_in_use",
        go=f"{GO}:387",
        **DIRECT,
    ),
    "state": Bug("sweepone does not look whether a span is in use", harmless=True, go=f"{GO}:383", **DIRECT),
    "zero": Bug(
        "a span is zeroed when it is allocated",
        breaks=("swept_at_most_once", "each_in_one_place", "owned_before_sweeping", "one_sweeper"),
        go=f"{HEAP}:804",
        **DIRECT,
    ),
    "publish": Bug(
        "a new span is published before its sweepgen is stored",
        breaks=("unswept_is_listed", "one_sweeper", "each_in_one_place"),
        go=f"{HEAP}:1505",
        **DIRECT,
    ),
    "late": Bug(
        "a span is freed, or pushed, before its sweepgen is stored",
        breaks=("frees_swept_spans", "each_in_one_place"),
        go=f"{GO}:728",
        **ALONE,
    ),
    "locks": Bug("sweepone that finds all drained stays non-preemptible", breaks="deadlock", go=f"{GO}:370", **ALONE),
    "split": Bug("begin loads and stores", breaks=("begin_matches_end", "done_means_swept"), go=f"{GO}:154", **ALONE),
    "wait": Bug(
        "ensureSwept does not know that a swept span may be cached",
        breaks="ensure_swept_returns",
        go=f"{GO}:493",
        **DIRECT,
    ),
    "invalid": Bug("ensureSwept sweeps although all is drained", breaks="lockers_are_valid", go=f"{GO}:478", **DIRECT),
    "noend": Bug(
        "ensureSwept is not deregistered if somebody else sweeps the span",
        breaks="no_sweeper_is_left",
        go=f"{GO}:485",
        **DIRECT,
    ),
    "once": Bug(
        "a collection with the world stopped sweeps one span",
        breaks="blocking_sweeps_all",
        go=f"{GC}:2094",
        scenario="blocking",
    ),
    "load": Bug("tryAcquire does not look before it compares and swaps", harmless=True, go=f"{GO}:347", **DIRECT),
    "index": Bug("centralIndex is not raised", harmless=True, go=f"{GO}:110", **TWO),
    "again": Bug(
        "prepareForSweep does not store flushGen",
        breaks=("flushes_what_is_stale", "caches_are_flushed"),
        go=f"{CACHE}:368",
        **ALONE,
    ),
    "early": Bug("flushGen is stored before the cache is flushed", harmless=True, go=f"{CACHE}:368", **ALONE),
}

"""Sweeping.

Checklist:

* x ours
"""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Int,
    Model,
    Preset,
    Scenario,
    count,
    invariant,
    leads_to,
    process,
    reachable,
    weak,
)
from gomodel.specs.runtime.gcsweep import GC, Collector
from gomodel.specs.runtime.mcentral import CACHE, CENTRAL
from gomodel.specs.runtime.sweep_steps import GO, HEAP

MALLOC = "runtime/malloc.go"


class Heap(Collector):
    """The heap, with what must hold of it."""

    # --- properties ------------------------------------------------------------------------------------------

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
            self.span[s] != "in use" or self.gen[s] not in (self.sg, self.sg + 3) or self.readied[s] > 0 or self.sg == 0
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
        partial, full = self.swept_set(0, self.sg), self.swept_set(1, self.sg)
        return count(x == s for x in self.sets[partial]) + count(x == s for x in self.sets[full])

    def caches_with(self, s):
        return count(self.cache[p] == s for p in self.ps)

    @invariant
    def unswept_is_listed(self):
        """A span that needs sweeping is in an unswept set, or a sweeper has just popped it."""
        return all(
            self.gen[s] != self.sg - 2 or self.span[s] != "in use" or self.active.count > 0 or self.unswept(s)
            for s in range(self.spans)
        )

    def unswept(self, s):
        return s in self.sets[self.unswept_set(0, self.sg)] or s in self.sets[self.unswept_set(1, self.sg)]

    # --- bugs ------------------------------------------------------------------------------------------------

    bugs = {
        "g1": Bug(
            "tryAcquire stores instead of comparing and swapping",
            breaks=("sweeper_owns_its_span", "one_sweeper", "swept_at_most_once"),
            go=f"{GO}:351",
        ),
        "g2": Bug(
            "acquirep does not flush the cache",
            breaks=("allocates_where_swept", "refills_when_flushed"),
            go="runtime/proc.go:6338",
        ),
        "g3": Bug("sweepgen is raised by 1", breaks="caches_are_flushed", go=f"{GC}:2073"),
        "g4": Bug(
            "sweepgen is stored before the marks become allocation bits",
            breaks="swept_as_sweepgen_says",
            go=f"{GO}:728",
        ),
        "g5": Bug("a sweeper is deregistered before it sweeps", breaks="done_means_swept", go=f"{GO}:410"),
        "g6": Bug("sweepone can be preempted", breaks="no_sweeper_is_left", go=f"{GO}:364"),
        "unseen": Bug(
            "sweepone can be preempted, and marking begins although there are sweepers",
            breaks=("begin_matches_end", "nobody_sweeps_while_marking"),
            go=f"{GO}:247",
        ),
        "g7": Bug(
            "markDrained forgets how many sweepers there are",
            breaks=("begin_matches_end", "done_means_swept"),
            go=f"{GO}:199",
        ),
        "g8": Bug(
            "bgsweep parks without looking whether sweeping is done",
            breaks=("sweeping_ends", "parks_when_done"),
            go=f"{GO}:312",
        ),
        "g9": Bug(
            "uncacheSpan takes a span cached before sweeping for a swept one",
            breaks=("swept_as_sweepgen_says",),
            go=f"{CENTRAL}:211",
        ),
        "g10": Bug(
            "a marker misses an object that the program uses",
            breaks=("used_objects_are_allocated", "allocates_free_objects", "no_zombies"),
            go="runtime/mgcmark.go:1681",
            issue="golang/go#21297",
        ),
        "73499": Bug(
            "bgsweep goes round without a safe point while somebody else still sweeps",
            breaks=("sweeping_ends", "the_world_goes_on"),
            go=f"{GO}:320",
            issue="golang/go#73499",
        ),
        "white": Bug(
            "objects are allocated white while marking",
            breaks=("used_objects_are_allocated",),
            go=f"{MALLOC}:1311",
        ),
        "noreset": Bug("activeSweep is not reset", breaks="barrier_is_set", go=f"{GC}:2074"),
        "noclear": Bug("centralIndex is not cleared", breaks="unswept_sets_are_empty", go=f"{GC}:2081"),
        "noready": Bug("gcSweep does not wake bgsweep", breaks="sweeping_ends", go=f"{GC}:2113"),
        "nobarrier": Bug(
            "gcMarkTermination does not count as a sweeper while caches are flushed",
            breaks="done_means_swept",
            go=f"{GC}:1503",
        ),
        "noflush": Bug("idle Ps are not asked to flush their caches", breaks="caches_are_flushed", go=f"{GC}:1561"),
        "nofinish": Bug("finishsweep_m does not sweep", breaks="unswept_sets_are_empty", go=f"{GO}:239"),
        "preserve": Bug(
            "cacheSpan does not ask sweep to preserve the span", breaks="each_in_one_place", go=f"{CENTRAL}:128"
        ),
        "full": Bug(
            "cacheSpan does not look whether a span is still full", breaks="cached_spans_add_up", go=f"{CENTRAL}:151"
        ),
        "cached": Bug("refill stores sg+1 for sg+3", breaks=("allocates_where_swept",), go=f"{CACHE}:216"),
        "dead": Bug(
            "sweepone takes a freed span that has been cached again for corrupt",
            breaks="listed_spans_in_use",
            go=f"{GO}:387",
        ),
        "state": Bug("sweepone does not look whether a span is in use", harmless=True, go=f"{GO}:383"),
        "zero": Bug(
            "a span is zeroed when it is allocated",
            breaks=("swept_at_most_once", "each_in_one_place", "sweeper_owns_its_span", "one_sweeper"),
            go=f"{HEAP}:804",
        ),
        "publish": Bug(
            "a new span is published before its sweepgen is stored",
            breaks=("swept_at_most_once", "each_in_one_place", "sweeper_owns_its_span", "one_sweeper"),
            go=f"{HEAP}:1505",
        ),
        "late": Bug(
            "a span is freed, or pushed, before its sweepgen is stored",
            breaks=("frees_swept_spans", "each_in_one_place"),
            go=f"{GO}:728",
        ),
        "locks": Bug("sweepone that finds all drained stays non-preemptible", breaks="deadlock", go=f"{GO}:370"),
        "split": Bug("begin loads and stores", breaks=("begin_matches_end", "done_means_swept"), go=f"{GO}:154"),
        "wait": Bug(
            "ensureSwept does not know that a swept span may be cached", breaks="ensure_swept_returns", go=f"{GO}:493"
        ),
        "invalid": Bug("ensureSwept sweeps although all is drained", breaks="lockers_are_valid", go=f"{GO}:478"),
        "noend": Bug(
            "ensureSwept is not deregistered if somebody else sweeps the span",
            breaks="no_sweeper_is_left",
            go=f"{GO}:485",
        ),
        "once": Bug(
            "a collection with the world stopped sweeps one span",
            breaks="blocking_sweeps_all",
            go=f"{GC}:2094",
            scenario="blocking",
        ),
        "load": Bug("tryAcquire does not look before it compares and swaps", harmless=True, go=f"{GO}:347"),
        "index": Bug("centralIndex is not raised", harmless=True, go=f"{GO}:110"),
        "again": Bug(
            "prepareForSweep does not store flushGen",
            breaks=("flushes_what_is_stale", "caches_are_flushed"),
            go=f"{CACHE}:368",
        ),
        "early": Bug("flushGen is stored before the cache is flushed", harmless=True, go=f"{CACHE}:368"),
    }


class SweepModel(Model):
    """Cycles of the collector, with those who sweep and those who allocate meanwhile."""

    name = "sweep"
    go = "go1.27.3"
    source = (GO, CENTRAL, CACHE)

    spans: int = Bound(2, min=1, max=3, help="spans that the heap has")
    nelems: int = Bound(1, min=1, max=3, help="objects in a span")
    ps: int = Bound(1, min=1, max=3, help="Ps that allocate")
    helpers: int = Bound(0, min=0, max=2, help="Ps that call sweepone, to pay for an allocation")
    directs: int = Bound(0, min=0, max=2, help="Ps that sweep a span of their choice")
    cycles: int = Bound(2, min=1, max=4, help="cycles of the collector")
    blocking: bool = Bound(False, help="the collector sweeps with the world stopped")

    scenarios = {
        "direct": Scenario("two spans of one object; one is swept directly", directs=1),
        "objects": Scenario("one span of two objects", spans=1, nelems=2, directs=1),
        "partial": Scenario("two spans of two objects", nelems=2),
        "two Ps": Scenario("two Ps with a cache", ps=2),
        "helper": Scenario("one span; somebody sweeps to pay for an allocation", spans=1, directs=1, helpers=1),
        "blocking": Scenario("with the world stopped", blocking=True, directs=1),
    }
    fairness = (weak("bg"), weak("helper"), weak("direct"), weak("p"), weak("gc"))
    presets = {
        "quick": Preset(scenarios=("direct", "objects", "helper")),
        "nightly": Preset(cycles=3),
    }

    def state(self):
        procs = self.bg | self.helper | self.direct | self.p
        self.heap = Heap(
            procs, self.bg, self.p, blocking=self.blocking, spans=self.spans, nelems=self.nelems, cycles=self.cycles
        )

    @process()
    def bg(self, b):
        while True:
            yield from self.heap.bgsweep(b)

    @process(count="helpers")
    def helper(self, h):
        while True:
            yield from self.heap.sweepone(h, rest=True)

    @process(count="directs")
    def direct(self, d):
        while True:
            yield from self.heap.direct(d)

    @process(count="ps")
    def p(self, p):
        while True:
            yield from self.heap.malloc(p)

    @process()
    def gc(self, c):
        cycle: Int(0, self.cycles) = 0
        while cycle < self.cycles:
            yield from self.heap.collect()
            cycle += 1

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def parks_when_done(self):
        """While bgsweep is parked sweeping is done, or the collector does it with the world stopped."""
        h = self.heap
        return not h.parked or h.sg == 0 or h.is_done() or (self.blocking and h.stopping)

    @leads_to
    def sweeping_ends(self):
        """Whenever there is something to sweep, sweeping is done in the end."""
        return self.heap.sg > 0 and not self.heap.is_done(), self.heap.is_done()

    @leads_to
    def the_world_goes_on(self):
        """Whenever the world is stopped it is started again."""
        return self.heap.stopping, not self.heap.stopping

    @leads_to
    def ensure_swept_returns(self, d: self.direct):
        """Whoever waits for a span to be swept does not wait for ever."""
        return self.direct.at(d, "E5 load sweepgen"), not self.direct.at(d, "E5 load sweepgen")

    # --- witnesses -------------------------------------------------------------------------------------------

    @reachable(scenario="direct")
    def finished_by_the_collector(self):
        """The collector has to sweep a span with the world stopped, before it marks."""
        return self.heap.stopping and any(self.gc.at(c, "W2 marks become allocation bits") for c in self.gc)

    @reachable
    def cas_fails(self):
        """bgsweep has found a span unswept, and somebody else acquires it first."""
        return any(
            self.bg.at(b, "T2 CAS sg−2→sg−1") and self.heap.gen[self.bg[b].sweepone.s] > self.heap.sg - 2
            for b in self.bg
        )

    @reachable
    def drained_not_done(self):
        """All sets are drained, and two sweepers are still at it."""
        return self.heap.active.drained and self.heap.active.count == 2

    @reachable
    def waits_for_a_cached_span(self):
        """ensureSwept waits for a span that is stale in the cache of an idle P."""
        h = self.heap
        return any(
            self.direct.at(d, "E5 load sweepgen") and any(h.cache[p] is not None and not h.busy[p] for p in self.p)
            for d in self.direct
        ) and any(gen == h.sg + 1 for gen in h.gen)

    @reachable
    def flushed_by_the_collector(self):
        """The collector sweeps the span in the cache of a P that has stayed idle."""
        return not self.heap.stopping and any(self.gc.at(c, "W1 check") for c in self.gc)

    @reachable
    def freed_and_cached_again(self):
        """bgsweep has popped a span that somebody has swept, freed, and allocated and cached again since."""
        h = self.heap
        at = "S6 not in use: load sweepgen"
        return any(self.bg.at(b, at) and h.gen[self.bg[b].sweepone.s] == h.sg + 3 for b in self.bg)

    @reachable
    def still_full(self):
        """A P has swept a full span, and nothing in it was free."""
        return any(self.p.at(p, "C5 push onto the swept full set") for p in self.p)

    @reachable
    def bgsweep_goes_round(self):
        """bgsweep finds nothing to sweep, and somebody else has not finished."""
        return any(self.bg.at(b, "B2 lock; park if done") for b in self.bg) and not self.heap.is_done()

    @reachable(scenario="objects")
    def object_reused(self):
        """In a span with an object in use another one, that was freed, is allocated again."""
        h, last = self.heap, self.nelems - 1
        return last > 0 and any(
            h.alloc_bits[s][last] and not h.alloc_bits[s][0] and h.alloc_count[s] == self.nelems
            for s in range(self.spans)
        )

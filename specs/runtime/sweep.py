"""The garbage collector's sweeper: the sweepgen protocol (runtime/mgcsweep.go, mcentral.go, mcache.go, go1.27.3).

What is modelled: all of mgcsweep.go that decides who sweeps a span, what that does to it, and when sweeping is done
(nextSpanForSweep 96, activeSweep 148-223, finishsweep_m 231, bgsweep 272, tryAcquire 342, sweepone 359, ensureSwept
465, sweep 505); what a P does with spans (cacheSpan and uncacheSpan, mcentral.go:82-248; refill, releaseAll and
prepareForSweep, mcache.go:160, 290, 350; nextFree, malloc.go:996); and what the collector's cycle has to do with it
(mgc.go: gcStart 805-898, gcSweep 2065, gcMarkTermination 1503-1583).  There is one span class.  The steps of sweepers
are in ``sweep_steps.py``, those of allocating Ps in ``mcentral.py``, the collector's in ``gcsweep.py``, what must hold
and the bugs in ``sweepproperties.py``.  Processes: bgsweep; Ps that allocate objects one by one, as long as they like;
helpers, that call sweepone when they like (deductSweepCredit, mgcsweep.go:913, and the loop at mgc.go:767 are such);
direct sweepers, that sweep a span of their choice (ensureSwept, and reclaimChunk, mheap.go:903-973); the collector.

What is one step, and why that is sound:

* begin, end, markDrained, pop, centralIndex.update: loops around a CAS that only compute.  They take effect at the
  successful CAS, or at the load that makes them return.
* A sweeper's work on the bits (W2): between acquiring a span and storing its sweepgen nobody else looks at its bits and
  counts; ``one_sweeper`` says so.  The check of sweepgen at the end (710) belongs to it, that at the beginning (521) is
  a step of its own.
* push is one step: a span is in a set when its slot can be popped.  pop may return nil while the spine grows
  (mspanset.go:168): as if it came before that push.
* To allocate a span is three steps: take it from the heap, under the heap's lock; store sweepgen; publish its state.
* What the collector does with the world stopped: nobody else runs.  Its sweepone is step by step all the same.
* mheap_.sweepgen is read beside other words: it is written with the world stopped only.

What is abstracted, and why that is sound:

* Stopping the world: who is non-preemptible (``busy``: m.locks > 0) goes on to the end of that, nobody else begins
  anything, then it is stopped.  ``busy`` is set with the first atomic operation behind locks++, and reset with the last
  before locks--: in between a goroutine touches nothing that is shared.
* forEachP: a P that is asked flushes its cache when it next acquires itself, else the collector does it while the P is
  idle.  A P acquires itself before each allocation: if no cycle came in between that is a load and nothing else.  The
  other processes have Ps with empty caches; bgsweep's too must come to a safe point.
* Marking is one step for each span: any set of the objects in use is marked, and the rest is forgotten by the program.
  An object that dies before, or after, the collector comes to it is so one that was, or was not, forgotten; to choose
  it there saves a bit that nobody reads before.  What is allocated while marking is black.
* A P that finds neither a span in the sets nor a free one in the heap goes without: it would get one that the model
  does not have.  ``spanBudget`` (100 spans) is never used up.
* sweepgen starts at 0 and goes up to 2 x cycles; it does not wrap around.
* Left out, as they do not decide who sweeps what: specials, so finalizers and weak pointers; large spans (like spans of
  one object), user arenas, pinner bits, statistics; the arithmetic of proportional sweep and of page reclaiming, which
  say only when somebody sweeps; the scavenger; freeing of work buffers in bgsweep; procresize.
  The bits of Green Tea are moved to gcmarkBits by the sweeper (mgcsweep.go:655) within W2.

Liveness holds under weak fairness of each process.  #73499 is why forEachP waits for bgsweep.

Checklist (ids of the reference for this part):

* G6.once     done: ``swept_at_most_once``, ``one_sweeper``
* G6.alloc    done: ``allocates_where_swept``, ``swept_as_sweepgen_says``
* G6.mark     done: ``nobody_sweeps_while_marking``, ``no_sweeper_is_left``
* G6.free     done: ``used_objects_are_allocated``, ``allocates_free_objects``
* zombies     done: ``no_zombies`` (mgcsweep.go:667-672, reported at 893)
* inductive   done: ``each_in_one_place``, ``unswept_is_listed``, ``one_sweeper``; "drained, nobody left: nothing needs
              sweeping" is ``done_means_swept``
* liveness    done: ``sweeping_ends``, ``ensure_swept_returns``, ``the_world_goes_on``, ``ends_swept``
* parking     ours: ``parks_when_done``
* throws      done: mgcsweep.go:164, 169 ``begin_matches_end``; 248 ``no_sweeper_is_left``; 344 ``lockers_are_valid``;
              389 ``listed_spans_in_use``; 523 ``owned_before_sweeping``; 712 ``owned_after_sweeping``; 685, 893
              ``no_zombies`` (685 is for what 667 lets pass, which is nothing here); mspanset.go:256
              ``unswept_sets_are_empty``; mheap.go:1735 ``frees_swept_spans``; mcache.go:180 ``refills_when_flushed``;
              mcache.go:364, mgc.go:809 ``caches_are_flushed``; mgc.go:1505 ``barrier_is_set``; 1507
              ``blocking_sweeps_all``; mcache.go:165, 211, mcentral.go:187, 207, malloc.go:1004 ``cached_spans_add_up``.
              mgcsweep.go:715, "swept cached span", can never throw: 712 has, before.  471 and 510, "m is not locked",
              left out: whoever sweeps here is busy
* flushing    ours: ``flushes_what_is_stale``: what prepareForSweep finds in a cache was cached before this cycle
* g1 g2 g3 g4 g5 g6 g7 g8   done, as bugs (mutants 1 to 8); g1 and g2 throw what they throw in the real runtime
* g9          done, as a bug (mutant 9, the edit in prepareForSweep)
* g10         done, as a bug (mutant 10: what a missing barrier, #21297, does here)
* 73499       done, as a bug
* 15022       left out: a counter of pacing went below zero, so that sweeping was left to the stopped world, where it
              is right; the arithmetic of pacing is not modelled
* unseen white stale noreset noclear noready nobarrier noflush nofinish preserve full cached   ours: plausible edits
* dead zero publish late locks split wait invalid noend once again   ours: more of them
* state load index early   ours: negative controls
"""

from __future__ import annotations

from gomodel import (
    Bound,
    Int,
    Model,
    Preset,
    Scenario,
    invariant,
    leads_to,
    process,
    reachable,
    terminal,
    weak,
)
from gomodel.specs.runtime.mcentral import CACHE, CENTRAL
from gomodel.specs.runtime.sweep_steps import GO
from gomodel.specs.runtime.sweepproperties import BUGS, JudgedHeap

# Where sweepone stands with a span that it has popped; a P that allocates looks at no state.
RAISING = "N3 raise centralIndex"
POPPED = ("S5 load state", "T1 tryAcquire: load sweepgen", "T2 CAS sg−2→sg−1")


class Heap(JudgedHeap):
    """The heap that this model is about."""

    bugs = BUGS


class SweepModel(Model):
    """Cycles of the collector, with those who sweep and those who allocate meanwhile."""

    name = "sweep"
    go = "go1.27.3"
    source = (GO, CENTRAL, CACHE)
    left_out = {
        f"{GO}:276": "bgsweep parks for the first time, before the first cycle",
        **{f"{GO}:{n}": "statistics for traces" for n in (177, 178, 430, 433, 434, 440, 441, 442)},
        **{f"{GO}:{n}": "credit and statistics of pacing" for n in (400, 532, 774, 778, 809, 810, 814)},
        **{f"{GO}:{n}": "user arenas" for n in (746, 757, 760)},
    }

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
        "blocking": Scenario("the collector sweeps with the world stopped", blocking=True, directs=1),
        "both": Scenario("two spans, a direct sweeper and a helper", default=False, directs=1, helpers=1),
    }
    fairness = (weak("bg"), weak("helper"), weak("direct"), weak("p"), weak("gc"))
    presets = {
        "quick": Preset(scenarios=("objects", "helper", "blocking"), unreached=("finished_by_the_collector",)),
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
    def unswept_is_listed(self):
        """A span that needs sweeping is in an unswept set, or a sweeper has just popped it (inductive)."""
        h = self.heap
        return all(
            h.gen[s] != h.sg - 2 or h.span[s] != "in use" or h.in_unswept_set(s) or self.popped(s)
            for s in range(self.spans)
        )

    def popped(self, s):
        """Somebody has popped the span from an unswept set, and not acquired it yet."""
        return (
            any(self.bg.at(b, RAISING) and self.bg[b].next_span.s == s for b in self.bg)
            or any(self.bg.at(b, *POPPED) and self.bg[b].sweepone.s == s for b in self.bg)
            or any(self.helper.at(h, RAISING) and self.helper[h].next_span.s == s for h in self.helper)
            or any(self.helper.at(h, *POPPED) and self.helper[h].sweepone.s == s for h in self.helper)
            or any(self.gc.at(c, RAISING, *POPPED) for c in self.gc)  # the world is stopped: it goes on at once
            or any(self.p.at(p, *POPPED[1:]) and self.p[p].cache_span.s == s for p in self.p)
        )

    @invariant
    def parks_when_done(self):
        """While bgsweep is parked sweeping is done, or the collector does it with the world stopped."""
        h = self.heap
        return not h.parked or h.sg == 0 or h.is_done() or (self.blocking and h.stopping)

    @terminal
    def ends_swept(self):
        """Where nobody has to do anything, sweeping is done and bgsweep parked; or no cycle has begun."""
        return self.heap.sg == 0 or (self.heap.is_done() and self.heap.parked)

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

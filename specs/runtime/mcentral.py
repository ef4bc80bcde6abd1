"""Spans on their way between the heap, the central sets and the caches of Ps (mcentral.go, mcache.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Int, Pid, choose, fatal, require, step
from gomodel.specs.runtime.sweep_steps import BEGIN, END, FULL, HEAP, PARTIAL, POP, RETRIES, STEADY, Sweeping

CACHE, CENTRAL, MALLOC, PROC = "runtime/mcache.go", "runtime/mcentral.go", "runtime/malloc.go", "runtime/proc.go"
CACHED = "the span is in the cache of this P"
UNLISTED = "the span is in no set and no cache: nobody else has it"


class Central(Sweeping):
    """What a P does with spans: it allocates from one, gets another one, and flushes its cache."""

    # --- mallocgc --------------------------------------------------------------------------------------------

    def malloc(self, p):
        """A P is acquired, which flushes it if need be, and one object is allocated there."""
        yield step(
            "M1 acquirep, load flushGen",
            when=lambda: not self.stopping and not self.busy[p],
            rest=True,
            go=(f"{PROC}:6338", f"{CACHE}:359"),
            src=("pp.mcache.prepareForSweep()", "c.flushGen.Load()"),
            atomic=STEADY,
        )
        self.busy[p] = True
        if not self.bug("g2") or self.asked[p]:
            yield from self.flush(p)
        while True:
            yield step(
                "M2 next free object",
                go=(f"{MALLOC}:999", f"{MALLOC}:1018", f"{MALLOC}:1311"),
                src=("s.nextFreeIndex()", "s.allocCount++", "gcmarknewobject(span, uintptr(x))"),
                atomic=CACHED,
            )
            if self.take_free(p):
                break
            refilled = yield from self.refill(p)
            if not refilled:
                break
        self.busy[p] = False

    def take_free(self, p):
        """Whether the cached span had a free object: the first of these is allocated, black while marking."""
        if self.cache[p] is None:
            return False
        s = self.cache[p]
        o = self.next_free(s)
        if o == self.nelems:
            if self.alloc_count[s] != self.nelems:
                fatal("s.allocCount != s.nelems && freeIndex == s.nelems", prop="cached_spans_add_up")
            return False
        if self.gen[s] != self.sg + 3:
            fatal("an object is allocated in a span that is not swept, and cached since", prop="allocates_where_swept")
        if self.held[s][o]:
            fatal("an object that the program uses is allocated again", prop="allocates_free_objects")
        self.free_index[s] = o + 1
        self.alloc_count[s] += 1
        self.held[s][o] = True
        if self.marking and not self.bug("white"):
            self.mark_bits[s][o] = True
        return True

    def next_free(self, s):
        """nextFreeIndex: nelems if there is none."""
        for o in range(self.nelems):
            if o >= self.free_index[s] and not self.alloc_bits[s][o]:
                return o
        return self.nelems

    # --- mcache ----------------------------------------------------------------------------------------------

    def refill(self, p):
        """Whether the P has a span with a free object now.  If not, it would get one that is not in the model."""
        if self.cache[p] is not None:
            yield step(
                "R1 check, uncacheSpan: not stale, store sg",
                go=(f"{CACHE}:179", f"{CENTRAL}:224"),
                src=("s.sweepgen != mheap_.sweepgen+3", "atomic.Store(&s.sweepgen, sg)"),
                atomic=CACHED,
            )
            old: self.Span = self.cache[p]
            if self.gen[old] != self.sg + 3:
                fatal("bad sweepgen in refill", prop="refills_when_flushed")
            self.gen[old] = self.sg
            self.cache[p] = None
            yield from self.put_back(old)
        s: Int(-1, self.spans - 1) = -1
        s = yield from self.cache_span()
        if s < 0:
            return False
        yield step(
            "R9 store sweepgen = sg+3",
            go=(f"{CENTRAL}:186", f"{CACHE}:216", f"{CACHE}:238"),
            src=("s.allocCount == s.nelems", "s.sweepgen = mheap_.sweepgen + 3", "c.alloc[spc] = s"),
            atomic=UNLISTED,
        )
        if self.alloc_count[s] == self.nelems or self.free_index[s] == self.nelems:
            fatal("span has no free objects", prop="cached_spans_add_up")
        self.gen[s] = self.sg + (1 if self.bug("cached") else 3)
        self.cache[p] = s
        return True

    def flush(self, p: Pid(self.ps)):
        """prepareForSweep behind the load of flushGen; who has asked for it need not wait for this P any more."""
        if self.flush_gen[p] != self.sg and not (self.bug("g9") and self.flush_gen[p] == self.sg - 2):
            if self.flush_gen[p] != self.sg - 2:
                fatal("bad flushGen", prop="caches_are_flushed")
            if self.bug("early"):
                yield from self.store_flush_gen(p)
            if self.cache[p] is not None:
                yield from self.uncache(p)
            if not (self.bug("early") or self.bug("again")):
                yield from self.store_flush_gen(p)
        self.asked[p] = False

    def store_flush_gen(self, p: Pid(self.ps)):
        yield step("F9 store flushGen", go=f"{CACHE}:368", src="c.flushGen.Store(mheap_.sweepgen)", atomic=STEADY)
        self.flush_gen[p] = self.sg

    # --- mcentral --------------------------------------------------------------------------------------------

    def uncache(self, p: Pid(self.ps)):
        """uncacheSpan, where releaseAll calls it (mcentral.go:205-248, mcache.go:322)."""
        s: self.Span = self.cache[p]
        yield step(
            "U1 uncacheSpan: stale, store sg−1",
            go=(f"{CENTRAL}:206", f"{CENTRAL}:211", f"{CENTRAL}:221"),
            src=("s.allocCount == 0", "stale := s.sweepgen == sg+1", "atomic.Store(&s.sweepgen, sg-1)"),
            atomic=CACHED,
        )
        if self.alloc_count[s] == 0:
            fatal("uncaching span but s.allocCount == 0", prop="cached_spans_add_up")
        self.cache[p] = None
        if self.bug("stale"):
            self.gen[s] = self.sg
            yield from self.put_back(s)
            return
        if self.gen[s] != self.sg + 1:
            fatal("what is flushed was cached since sweeping began", prop="flushes_what_is_stale")
        self.gen[s] = self.sg - 1
        self.sweepers[s] += 1
        yield from self.sweep(s, preserve=False)

    def put_back(self, s: self.Span):
        yield step(
            "U2 push onto a swept set",
            go=(f"{CENTRAL}:241", f"{CENTRAL}:245"),
            src=("c.partialSwept(sg).push(s)", "c.fullSwept(sg).push(s)"),
            atomic=UNLISTED,
        )
        self.push(s, self.sg)

    def cache_span(self):
        """A span with a free object, out of all sets; or -1."""
        yield step("C1 pop the swept partial set", go=tuple(POP), src=tuple(POP.values()), atomic=RETRIES)
        s: Int(-1, self.spans - 1) = self.pop(self.swept_set(PARTIAL, self.sg))
        if s >= 0:
            return s
        yield step("C2 begin", go=tuple(BEGIN), src=tuple(BEGIN.values()), atomic=RETRIES)
        if self.begin():
            sg: self.Gen = self.sg
            full: Int(0, 1) = PARTIAL
            while True:
                yield step("C3 pop an unswept set", go=tuple(POP), src=tuple(POP.values()), atomic=RETRIES)
                s = self.pop(self.unswept_set(full, sg))
                if s < 0:
                    if full == FULL:
                        break
                    full = FULL
                    continue
                won = yield from self.try_acquire(s, sg, True)
                if won:
                    yield from self.sweep(s, preserve=not self.bug("preserve"))
                    if full == PARTIAL or self.next_free(s) < self.nelems or self.bug("full"):
                        break
                    yield step(
                        "C5 push onto the swept full set",
                        go=f"{CENTRAL}:157",
                        src="c.fullSwept(sg).push(s.mspan)",
                        atomic=UNLISTED,
                    )
                    self.push(s, sg)
            yield step("C6 end", go=tuple(END), src=tuple(END.values()), atomic=RETRIES)
            self.end(sg)
        if s < 0:
            s = yield from self.grow()
        return s

    def grow(self):
        """mheap.alloc: a span that the heap has; or -1, if all that the model has are in use."""
        yield step(
            "H1 take a free span",
            go=(f"{HEAP}:1254", f"{HEAP}:1304", f"{HEAP}:1306"),
            src=("lock(&h.lock)", "s = h.allocMSpanLocked()", "unlock(&h.lock)"),
            region="h.lock",
        )
        if not any(state == "free" for state in self.span):
            return -1
        s: self.Span = choose(range(self.spans))
        require(self.span[s] == "free")
        self.span[s] = "dead"
        self.alloc_bits[s].fill(False)
        self.mark_bits[s].fill(False)
        if self.bug("zero"):
            self.gen[s] = 0
        if self.bug("publish"):
            yield from self.publish(s)
        yield step("H2 store sweepgen", go=f"{HEAP}:1493", src="atomic.Store(&s.sweepgen, h.sweepgen)", atomic=STEADY)
        self.gen[s] = self.sg
        self.readied[s] = 1
        if not self.bug("publish"):
            yield from self.publish(s)
        return s

    def publish(self, s: self.Span):
        yield step("H3 set state", go=f"{HEAP}:1505", src="s.state.set(mSpanInUse)")
        self.span[s] = "in use"

"""Sweeping: who may sweep a span, sweeping it, and when all of it is done (runtime/mgcsweep.go, go1.27.3)."""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Component,
    Enum,
    Ghost,
    Int,
    Option,
    Queue,
    Struct,
    choose,
    count,
    fatal,
    require,
    step,
)

GO, SET, HEAP = "runtime/mgcsweep.go", "runtime/mspanset.go", "runtime/mheap.go"
RETRIES = "a CAS loop that only computes: the load that makes it return, or the CAS that succeeds"
STEADY = "mheap_.sweepgen is written with the world stopped only"
OWNER = "until it stores sweepgen nobody but the sweeper looks at these"
PARTIAL, FULL = 0, 1

# What begin, end and pop do, wherever they are called: place → fragment.
BEGIN = {f"{GO}:150": "a.state.Load()", f"{GO}:154": "a.state.CompareAndSwap(state, state+1)"}
END = {
    f"{GO}:163": "sl.sweepGen != mheap_.sweepgen",
    f"{GO}:167": "a.state.Load()",
    f"{GO}:171": "a.state.CompareAndSwap(state, state-1)",
}
POP = {f"{SET}:159": "b.index.load()", f"{SET}:182": "b.index.cas(headtail, makeHeadTailIndex(want+1, tail))"}
DIRECT = {f"{GO}:477": "sweep.active.begin()", f"{HEAP}:913": "sweep.active.begin()", **BEGIN}


class Sweeping(Component):
    """The words that sweepers share: of the heap, of each span of one class, of each P; and what is done to them."""

    def __init__(self, procs, bg, ps, *, spans, nelems, cycles):
        self.procs = procs  # whoever may be in the middle of something when the world is to stop
        self.bg = bg
        self.ps = ps
        self.spans = spans
        self.nelems = nelems
        self.Span = Int(0, spans - 1)
        self.Gen = Int(-2, 2 * cycles + 4)

    def state(self):
        spans, bits = self.spans, Array(Bool(), self.nelems)
        # of the heap
        self.sg = self.Gen  # mheap_.sweepgen
        self.active = Struct(drained=Bool(), count=Int(0, self.procs.size + 2))  # sweep.active.state
        self.central = Int(0, 2)  # sweep.centralIndex: 0 the full sets, 1 the partial ones, 2 sweepClassDone
        self.sets = Array(Queue(self.Span, spans + 2), 4)  # partial[0], partial[1], full[0], full[1]
        self.marking = Bool()  # gcphase is _GCmark
        self.parked = Bool(init=True)  # sweep.parked
        # of each span
        self.span = Array(Enum("free", "dead", "in use"), spans)  # in the heap; taken, not published; mSpanInUse
        self.gen = Array(self.Gen, spans)  # s.sweepgen
        self.alloc_bits = Array(bits, spans)
        self.mark_bits = Array(bits, spans)
        self.free_index = Array(Int(0, self.nelems), spans)
        self.alloc_count = Array(Int(0, self.nelems + 1), spans)
        self.held = Array(bits, spans)  # the program uses this object
        # of each P
        self.cache = Array(Option(self.Span), self.ps)  # mcache.alloc
        self.flush_gen = Array(self.Gen, self.ps)  # mcache.flushGen
        self.asked = Array(Bool(), self.ps)  # p.runSafePointFn
        # of the scheduler
        self.stopping = Bool()  # somebody stops the world, or has stopped it
        self.busy = Array(Bool(), self.procs)  # m.locks > 0: cannot be preempted
        self.readied = Ghost(Array(Int(0, 2), spans))  # how often swept or allocated since sweepgen was raised
        self.sweepers = Ghost(Array(Int(0, 3), spans))  # how many have acquired it, and not stored sweepgen yet

    # --- the world -------------------------------------------------------------------------------------------

    def stopped(self):
        """Nobody is in the middle of something.  Who is not cannot begin anything while somebody stops the world."""
        return not any(self.busy[g] for g in self.procs)

    def enter(self, who):
        """m.locks++; who is None for the collector, that has stopped the world."""
        if who is not None:
            self.busy[who] = True

    def leave(self, who):
        if who is not None:
            self.busy[who] = False

    def may_enter(self, who):
        return self.stopped() if who is None else not self.stopping

    # --- activeSweep -----------------------------------------------------------------------------------------

    def begin(self):
        """mgcsweep.go:148-158."""
        if self.active.drained:
            return False
        self.active.count += 1
        return True

    def end(self, sg):
        """mgcsweep.go:162-185."""
        if sg != self.sg:
            fatal("sweeper left outstanding across sweep generations", prop="begin_matches_end")
        if self.active.count == 0:
            fatal("mismatched begin/end of activeSweep", prop="begin_matches_end")
        self.active.count -= 1

    def is_done(self):
        """mgcsweep.go:213-215."""
        return self.active.drained and self.active.count == 0

    # --- the sets of spans -----------------------------------------------------------------------------------

    def swept_set(self, full, sg):
        """mcentral.go:65, 77."""
        return 2 * full + sg // 2 % 2

    def unswept_set(self, full, sg):
        """mcentral.go:59, 71."""
        return 2 * full + 1 - sg // 2 % 2

    def pop(self, where):
        """A span, or -1."""
        return self.sets[where].pop() if self.sets[where] else -1

    def push(self, s, sg):
        """Onto the swept set where it belongs."""
        self.sets[self.swept_set(FULL if self.alloc_count[s] == self.nelems else PARTIAL, sg)].push(s)

    # --- bgsweep ---------------------------------------------------------------------------------------------

    def bgsweep(self, b):
        """From one park to the next."""
        yield step(
            "B1 parked",
            when=lambda: not self.parked and not self.stopping,
            rest="blocked",
            go=f"{GO}:324",
            src="goparkunlock(&sweep.lock",
            atomic="while the world is stopped it does not run",
        )
        while not self.parked:
            found = yield from self.sweepone(b, spins=self.bug("73499"))
            if found:
                continue
            yield step(
                "B2 lock; park if done",
                when=lambda: not self.stopping or self.busy[b],
                go=(f"{GO}:311", f"{GO}:214", f"{GO}:316", f"{GO}:323"),
                src=("lock(&sweep.lock)", "a.state.Load()", "unlock(&sweep.lock)", "sweep.parked = true"),
                region="sweep.lock",
            )
            if self.is_done() or self.bug("g8"):
                self.parked = True
                self.leave(b)

    # --- sweepone --------------------------------------------------------------------------------------------

    def sweepone(self, who, *, rest=False, spins=False):
        """Whether it has swept a span.  Bug 73499: who spins is not preempted between two of these."""
        yield step(
            "S1 locks++, begin",
            when=lambda: self.may_enter(who) or (spins and self.busy[who]),
            rest=rest,
            go=tuple(BEGIN),
            src=tuple(BEGIN.values()),
            atomic=RETRIES,
        )
        if self.bug("split"):
            before: Int(0, self.procs.size + 2) = self.active.count
            drained: Bool() = self.active.drained
            self.enter(who)
            yield step("S1 begin: store", go=f"{GO}:154", src="a.state.CompareAndSwap(state, state+1)", atomic=RETRIES)
            if drained:
                self.leave(who)
                return False
            self.active.count = before + 1
            self.active.drained = False
        elif not self.begin():
            if spins or self.bug("locks"):
                self.enter(who)
            return False
        if not (self.bug("g6") or self.bug("unseen")):
            self.enter(who)
        sg: self.Gen = self.sg
        s: Int(-1, self.spans - 1) = -1
        while True:
            s = yield from self.next_span()
            if s < 0:
                yield step(
                    "S4 markDrained",
                    go=(f"{GO}:195", f"{GO}:199"),
                    src=("a.state.Load()", "a.state.CompareAndSwap(state, state|sweepDrainedMask)"),
                    atomic=RETRIES,
                )
                self.active.drained = True
                if self.bug("g7"):
                    self.active.count = 0
                break
            yield step("S5 load state", go=f"{GO}:383", src="s.state.get()")
            if self.span[s] != "in use" and not self.bug("state"):
                yield step("S6 not in use: load sweepgen", go=f"{GO}:387", src="s.sweepgen == sl.sweepGen")
                if self.gen[s] != sg and (self.gen[s] != sg + 3 or self.bug("dead")):
                    fatal("non in-use span in unswept list", prop="listed_spans_in_use")
                continue
            won = yield from self.try_acquire(s, sg, True)
            if won:
                if self.bug("g5"):
                    yield step("S9 end, locks--", go=tuple(END), src=tuple(END.values()), atomic=RETRIES)
                    self.end(sg)
                yield from self.sweep(s, preserve=False)
                break
        if self.bug("g5"):
            if s >= 0:
                self.leave(who)
                return True
        yield step("S9 end, locks--", go=tuple(END), src=tuple(END.values()), atomic=RETRIES)
        self.end(sg)
        if not spins:
            self.leave(who)
        return s >= 0

    def next_span(self):
        """nextSpanForSweep: a span, or -1."""
        yield step("N1 load centralIndex", go=f"{GO}:98", src="sweep.centralIndex.load()")
        sc: Int(0, 2) = self.central
        s: Int(-1, self.spans - 1) = -1
        while sc < 2 and s < 0:
            yield step("N2 pop an unswept set", go=tuple(POP), src=tuple(POP.values()), atomic=RETRIES)
            s = self.pop(self.unswept_set(FULL if sc == 0 else PARTIAL, self.sg))
            if s < 0:
                sc += 1
        yield step(
            "N3 raise centralIndex",
            go=(f"{GO}:110", f"{GO}:115"),
            src=("sweep.centralIndex.update(sc)", "sweep.centralIndex.update(sweepClassDone)"),
        )
        if not self.bug("index"):
            self.central = max(self.central, sc)
        return s

    def try_acquire(self, s: self.Span, sg: self.Gen, valid: Bool()):
        """Whether the span is ours to sweep now."""
        yield step("T1 tryAcquire: load sweepgen", go=f"{GO}:347", src="atomic.Load(&s.sweepgen) != l.sweepGen-2")
        if not valid:
            fatal("use of invalid sweepLocker", prop="lockers_are_valid")
        if self.gen[s] != sg - 2 and not self.bug("load"):
            return False
        yield step("T2 CAS sg−2→sg−1", go=f"{GO}:351", src="atomic.Cas(&s.sweepgen, l.sweepGen-2, l.sweepGen-1)")
        if self.gen[s] != sg - 2 and not self.bug("g1"):
            return False
        self.gen[s] = sg - 1
        self.sweepers[s] += 1
        return True

    # --- sweep -----------------------------------------------------------------------------------------------

    def sweep(self, s: self.Span, *, preserve):
        """A span that we own; if it is not to be preserved it goes to a swept set, or back to the heap."""
        yield step(
            "W1 check",
            go=(f"{GO}:520", f"{GO}:521"),
            src=("sweepgen := mheap_.sweepgen", "s.state.get()"),
            atomic=OWNER,
        )
        sg: self.Gen = self.sg
        if self.span[s] != "in use" or self.gen[s] != sg - 1:
            fatal("mspan.sweep: bad span state", prop="owned_before_sweeping")
        if self.bug("g4"):
            yield from self.store_sweepgen(s, sg)
        yield step(
            "W2 marks become allocation bits",
            go=(f"{GO}:679", f"{GO}:688", f"{GO}:689", f"{GO}:697", f"{GO}:698", f"{GO}:710"),
            src=(
                "s.countAlloc()",
                "s.allocCount = nalloc",
                "s.freeindex = 0",
                "s.allocBits = s.gcmarkBits",
                "s.gcmarkBits = newMarkBits",
                "s.state.get()",
            ),
            atomic=OWNER,
        )
        self.take_marks(s)
        if (self.span[s] != "in use" or self.gen[s] != sg - 1) and not self.bug("g4"):
            fatal("mspan.sweep: bad span state after sweep", prop="owned_after_sweeping")
        if not (self.bug("g4") or self.bug("late")):
            yield from self.store_sweepgen(s, sg)
        if not preserve:
            yield step(
                "W4 free, or push onto a swept set",
                go=(f"{GO}:788", f"{GO}:793", f"{GO}:795", f"{HEAP}:1733", f"{HEAP}:1775"),
                src=(
                    "mheap_.freeSpan(s)",
                    "fullSwept(sweepgen).push(s)",
                    "partialSwept(sweepgen).push(s)",
                    "s.allocCount != 0 || s.sweepgen != h.sweepgen",
                    "s.state.set(mSpanDead)",
                ),
                atomic="to free is a region under h.lock, to push one push",
            )
            if self.alloc_count[s] > 0:
                self.push(s, sg)
            else:
                if self.gen[s] != self.sg:
                    fatal("mheap.freeSpanLocked - invalid free", prop="frees_swept_spans")
                self.span[s] = "free"
        if self.bug("late"):
            yield from self.store_sweepgen(s, sg)

    def store_sweepgen(self, s: self.Span, sg: self.Gen):
        yield step(
            "W3 store sweepgen = sg",
            go=f"{GO}:728",
            src="atomic.Store(&s.sweepgen, sweepgen)",
            atomic="one store; a span that is preserved is in no list, so that it is still ours to look at",
        )
        self.gen[s] = sg
        self.sweepers[s] -= 1

    def take_marks(self, s):
        """mgcsweep.go:655-706."""
        nalloc = count(self.mark_bits[s])
        if any(
            self.mark_bits[s][o] and o >= self.free_index[s] and not self.alloc_bits[s][o] for o in range(self.nelems)
        ):
            fatal("found pointer to free object", prop="no_zombies")
        if nalloc > self.alloc_count[s]:
            fatal("sweep increased allocation count", prop="no_zombies")
        self.alloc_count[s] = nalloc
        self.free_index[s] = 0
        self.alloc_bits[s] = self.mark_bits[s]
        self.mark_bits[s].fill(False)
        self.readied[s] = min(self.readied[s] + 1, 2)

    # --- direct sweeping -------------------------------------------------------------------------------------

    def direct(self, who):
        """ensureSwept of a span with an object in use; or reclaimChunk of any span, which does not wait."""
        yield step(
            "E1 locks++, begin",
            when=lambda: self.may_enter(who),
            rest=True,
            go=tuple(DIRECT),
            src=tuple(DIRECT.values()),
            atomic=RETRIES,
        )
        s: self.Span = choose(range(self.spans))
        waits: Bool() = choose(False, True)
        require(any(self.held[s]) if waits else self.span[s] == "in use")
        valid = self.begin()
        require(valid or waits)
        sg: self.Gen = self.sg
        self.enter(who)
        won: Bool() = False
        if valid or self.bug("invalid"):
            won = yield from self.try_acquire(s, sg, valid)
            if won:
                yield from self.sweep(s, preserve=False)
            yield step("E4 end", go=tuple(END), src=tuple(END.values()), atomic=RETRIES)
            if won or not self.bug("noend"):
                self.end(sg)
        if waits and not won:
            while True:
                yield step(
                    "E5 load sweepgen",
                    go=f"{GO}:492",
                    src="atomic.Load(&s.sweepgen)",
                    atomic="one load; m.locks is its own",
                )
                if self.gen[s] == sg or (self.gen[s] == sg + 3 and not self.bug("wait")):
                    break
        self.leave(who)

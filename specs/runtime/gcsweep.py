"""What a cycle of the collector has to do with sweeping (mgc.go and finishsweep_m in mgcsweep.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Bool, Pid, choose, fatal, require, step
from gomodel.specs.runtime.mcentral import PROC, Central
from gomodel.specs.runtime.sweep_steps import BEGIN, END, FULL, GO, PARTIAL, RETRIES, STEADY

GC, MARK, SET = "runtime/mgc.go", "runtime/mgcmark.go", "runtime/mspanset.go"
STOPPED = "the world is stopped"


class Collector(Central):
    """The collector: the end of one phase of sweeping, marking, and the beginning of the next."""

    def __init__(self, procs, bg, ps, *, blocking, **sizes):
        super().__init__(procs, bg, ps, **sizes)
        self.blocking = blocking

    def collect(self):
        """One cycle: gcStart to gcMarkTermination."""
        yield step(
            "G1 check flushGen, stop the world",
            rest=True,
            go=(f"{GC}:807", f"{GC}:835"),
            src=("p.mcache.flushGen.Load()", "stopTheWorldWithSema(stwGCSweepTerm)"),
            atomic="a flushGen that is right stays so while sweepgen does",
        )
        if any(self.flush_gen[p] != self.sg for p in self.ps):
            fatal("p mcache not flushed", prop="caches_are_flushed")
        self.stopping = True
        more: Bool() = not self.bug("nofinish")
        while more:
            more = yield from self.sweepone(None)
        yield step(
            "G3 end of sweeping, marking begins",
            when=lambda: self.stopped(),
            go=(f"{GO}:247", f"{SET}:253", f"{GC}:898"),
            src=("sweep.active.sweepers() != 0", "b.index.load()", "setGCPhase(_GCmark)"),
            atomic=STOPPED,
        )
        if self.active.count != 0 and not self.bug("unseen"):
            fatal("active sweepers found at start of mark phase", prop="no_sweeper_is_left")
        if self.sets[self.unswept_set(PARTIAL, self.sg)] or self.sets[self.unswept_set(FULL, self.sg)]:
            fatal("attempt to clear non-empty span set", prop="unswept_sets_are_empty")
        self.marking = True
        self.stopping = False
        for s in range(self.spans):
            yield step(
                "G4 mark what the program uses",
                go=f"{MARK}:1681",
                src="mbits.setMarked()",
                atomic="while the collector marks nobody looks at marks",
            )
            self.mark(s)
        yield step("G5 stop the world", go=f"{GC}:1066", src="stopTheWorldWithSema(stwGCMarkTerm)")
        self.stopping = True
        yield from self.start_sweeping()

    def mark(self, s):
        """The program may have forgotten any object before the collector comes to it."""
        kept = choose(range(2**self.nelems))
        for o in range(self.nelems):
            if self.held[s][o]:
                if kept // 2**o % 2 == 1:
                    self.mark_bits[s][o] = True
                elif not self.bug("g10"):
                    self.held[s][o] = False

    def start_sweeping(self):
        """gcSweep (mgc.go:2065-2117), and what gcMarkTermination does behind it."""
        yield step(
            "G6 sweepgen += 2, ready bgsweep",
            when=lambda: self.stopped(),
            go=(f"{GC}:1403", f"{GC}:2073", f"{GO}:222", f"{GC}:2081", f"{GC}:2112"),
            src=(
                "setGCPhase(_GCoff)",
                "mheap_.sweepgen += 2",
                "a.state.Store(0)",
                "sweep.centralIndex.clear()",
                "sweep.parked = false",
            ),
            atomic=STOPPED,
        )
        self.marking = False
        self.sg += 1 if self.bug("g3") else 2
        if not self.bug("noreset"):
            self.active.drained = False
            self.active.count = 0
        if not self.bug("noclear"):
            self.central = 0
        self.readied.fill(0)
        if self.blocking:
            yield from self.sweep_all()
        elif not self.bug("noready"):
            self.parked = False
        yield step("G7 begin, start the world", go=tuple(BEGIN), src=tuple(BEGIN.values()), atomic=RETRIES)
        barrier: Bool() = not self.bug("nobarrier") and self.begin()
        if not barrier and not self.blocking and not self.bug("nobarrier"):
            fatal("failed to set sweep barrier", prop="barrier_is_set")
        if barrier and self.blocking:
            fatal("non-concurrent sweep failed to drain all sweep queues", prop="blocking_sweeps_all")
        sg: self.Gen = self.sg
        self.stopping = False
        if not self.bug("noflush"):
            yield from self.flush_all()
        if barrier:
            yield step("G9 end", go=tuple(END), src=tuple(END.values()), atomic=RETRIES)
            self.end(sg)

    def sweep_all(self):
        """gcSweep with gcForceBlockMode: the world stays stopped until all is swept."""
        self.asked.fill(True)
        while any(self.asked[p] for p in self.ps):
            yield step("G6 flush a P", go=f"{GC}:2091", src="pp.mcache.prepareForSweep()", atomic=STOPPED)
            p: Pid(self.ps) = choose(self.ps)
            require(self.asked[p])
            yield from self.flush(p)
        more: Bool() = True
        while more:
            more = yield from self.sweepone(None)
            if self.bug("once"):
                more = False

    def flush_all(self):
        """forEachP: each P flushes its cache at its next safe point, or the collector does it for one that is idle."""
        yield step(
            "G8 forEachP: ask",
            go=f"{PROC}:2172",
            src="atomic.Store(&p2.runSafePointFn, 1)",
            atomic="whoever runs between two of these stores flushes its cache without being asked",
        )
        self.asked.fill(True)
        while True:
            yield step(
                "G8 forEachP: flush one that is idle, until all have run it",
                when=lambda: self.some_idle() or self.all_ran(),
                go=(f"{PROC}:2184", f"{GC}:1562"),
                src=("atomic.Cas(&p.runSafePointFn, 1, 0)", "pp.mcache.prepareForSweep()"),
                atomic=STEADY,
            )
            if self.all_ran():
                break
            p: Pid(self.ps) = choose(self.ps)
            require(self.asked[p] and not self.busy[p])
            self.busy[p] = True
            yield from self.flush(p)
            self.busy[p] = False

    def some_idle(self):
        return any(self.asked[p] and not self.busy[p] for p in self.ps)

    def all_ran(self):
        """The P of the background sweeper has an empty cache, but it too must come to a safe point."""
        return not any(self.asked[p] for p in self.ps) and not any(self.busy[b] for b in self.bg)

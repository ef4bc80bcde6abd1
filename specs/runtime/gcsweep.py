"""What a cycle of the collector has to do with sweeping (runtime/mgc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Bool, Pid, choose, fatal, require, step
from gomodel.specs.runtime.mcentral import Central
from gomodel.specs.runtime.sweep_steps import BEGIN, GO, STEADY

GC, MARK, PROC = "runtime/mgc.go", "runtime/mgcmark.go", "runtime/proc.go"
STOPPED = "the world is stopped"


class Collector(Central):
    """The collector: from the end of one phase of sweeping to the next."""

    def collect(self):
        yield step(
            "G1 check flushGen, stop the world",
            rest=True,
            go=(f"{GC}:807", f"{GC}:835"),
            src=("p.mcache.flushGen.Load()", "stopTheWorldWithSema(stwGCSweepTerm)"),
            atomic="flushGen is not written again before sweepgen is",
        )
        if any(self.flush_gen[p] != self.sg for p in self.ps):
            fatal("p mcache not flushed", prop="caches_are_flushed")
        self.stopping = True
        more: Bool() = True
        while more:
            more = yield from self.sweepone(None)
        yield step(
            "G3 marking begins",
            go=(f"{GO}:247", f"{GO}:258", f"{GO}:259", f"{GC}:898"),
            src=(
                "sweep.active.sweepers() != 0",
                "c.partialUnswept(sg).reset()",
                "c.fullUnswept(sg).reset()",
                "setGCPhase(_GCmark)",
            ),
            atomic=STOPPED,
        )
        if self.active.count != 0:
            fatal("active sweepers found at start of mark phase", prop="no_sweeper_left")
        if self.sets[self.unswept_set(0, self.sg)] or self.sets[self.unswept_set(1, self.sg)]:
            fatal("attempt to clear non-empty span set", prop="unswept_sets_are_empty")
        self.marking = True
        self.stopping = False
        for s in range(self.spans):
            yield step("G4 mark", go="runtime/mgcmark.go:1681", src="mbits.setMarked()", atomic="x")
            self.mark(s)
        yield step("G5 stop the world", go=f"{GC}:1066", src="stopTheWorldWithSema(stwGCMarkTerm)")
        self.stopping = True
        yield step(
            "G6 sweepgen += 2",
            when=lambda: self.stopped(),
            go=(f"{GC}:1403", f"{GC}:2073", f"{GC}:2074", f"{GC}:2081", f"{GC}:2112"),
            src=(
                "setGCPhase(_GCoff)",
                "mheap_.sweepgen += 2",
                "sweep.active.reset()",
                "sweep.centralIndex.clear()",
                "sweep.parked = false",
            ),
            atomic=STOPPED,
        )
        self.raise_sweepgen()
        self.parked = False
        yield step("G7 begin, start the world", **BEGIN)
        if not self.begin():
            fatal("failed to set sweep barrier", prop="barrier_is_set")
        sg: self.Gen = self.sg
        self.stopping = False
        yield step("G8 forEachP: ask", go="runtime/proc.go:2172", src="atomic.Store(&p2.runSafePointFn, 1)", atomic="x")
        self.asked.fill(True)
        while True:
            yield step(
                "G9 forEachP: flush one that is idle, till all have run it",
                when=lambda: (
                    any(self.asked[p] and not self.busy[p] for p in self.ps) or not any(self.asked[p] for p in self.ps)
                ),
                go=f"{GC}:1562",
                src="pp.mcache.prepareForSweep()",
                atomic=STEADY,
            )
            if not any(self.asked[p] for p in self.ps):
                break
            p: Pid(self.ps) = choose(self.ps)
            require(self.asked[p] and not self.busy[p])
            self.busy[p] = True
            yield from self.flush(p)
            self.busy[p] = False
        self.end(sg)

    def can_flush(self):
        """A P is idle that has not run it, or all have."""
        return any(self.asked[p] and not self.busy[p] for p in self.ps) or not any(self.asked[p] for p in self.ps)

    def mark(self, s):
        kept = choose(range(2**self.nelems))
        for o in range(self.nelems):
            if self.held[s][o]:
                if kept // 2**o % 2 == 1:
                    self.mark_bits[s][o] = True
                else:
                    self.held[s][o] = False

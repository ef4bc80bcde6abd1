"""Sweeping.

Checklist:

"""

from __future__ import annotations

from gomodel import (
    Bound,
    Int,
    Model,
    invariant,
    process,
    step,
)
from gomodel.specs.runtime.gcsweep import Collector
from gomodel.specs.runtime.sweep_steps import GO

GC = "runtime/mgc.go"
STOPPED = "the world is stopped"


class SweepModel(Model):
    """A collector's cycles, with those who sweep and those who allocate in between."""

    name = "sweep"
    go = "go1.27.3"
    source = (GO,)

    spans: int = Bound(2, min=1, max=3, help="spans that the heap has")
    nelems: int = Bound(1, min=1, max=3, help="objects in a span")
    ps: int = Bound(1, min=0, max=3, help="Ps that allocate")
    helpers: int = Bound(0, min=0, max=2, help="Ps that call sweepone, to pay for an allocation")
    directs: int = Bound(0, min=0, max=2, help="Ps that sweep a span of their choice")
    cycles: int = Bound(2, min=1, max=4, help="cycles of the collector")

    def state(self):
        procs = self.bg | self.helper | self.direct | self.p
        self.heap = Collector(procs, self.p, spans=self.spans, nelems=self.nelems, cycles=self.cycles)

    @process()
    def bg(self, b):
        while True:
            yield step(
                "B1 parked",
                when=lambda: not self.heap.parked and not self.heap.stopping,
                rest="blocked",
                go=f"{GO}:324",
                src="goparkunlock(&sweep.lock",
                atomic="a goroutine does not run while the world is stopped",
            )
            while not self.heap.parked:
                found = yield from self.heap.sweepone(b)
                if not found:
                    yield step(
                        "B2 lock; park if done",
                        when=lambda: not self.heap.stopping,
                        go=(f"{GO}:311", f"{GO}:312", f"{GO}:316", f"{GO}:323"),
                        src=("lock(&sweep.lock)", "!isSweepDone()", "unlock(&sweep.lock)", "sweep.parked = true"),
                        region="sweep.lock",
                    )
                    if self.heap.is_done():
                        self.heap.parked = True

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

    @invariant
    def held_objects_are_allocated(self):
        h = self.heap
        return all(
            not h.held[s][o] or (h.span[s] == "in use" and (h.alloc_bits[s][o] or o < h.free_index[s]))
            for s in range(self.spans)
            for o in range(self.nelems)
        )

    @invariant
    def swept_once(self):
        h = self.heap
        return all(h.readied[s] <= 1 and h.sweepers[s] <= 1 for s in range(self.spans))

    @invariant
    def done_means_swept(self):
        h = self.heap
        swept = all(h.span[s] != "in use" or h.gen[s] in (h.sg, h.sg + 3) for s in range(self.spans))
        return not h.is_done() or swept

    bugs = {}

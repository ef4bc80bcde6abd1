"""Colours and write barriers (runtime/mbarrier.go, runtime/mwbbuf.go): what the collector knows of a changing heap."""

from __future__ import annotations

from gomodel import Array, Bool, Component


class Marking(Component):
    """What the collector has looked at, and the barrier that tells it what mutators change.

    An object is white until it is marked, grey while its slots are still to be scanned, then black.  A stack is grey
    until it is scanned.  An object in a write barrier buffer counts as grey: the collector is bound to come to it.
    """

    def __init__(self, heap, mutators, *, registers, deletion, insertion, buffered):
        self.heap = heap
        self.mutators = mutators
        self.registers = registers
        self.deletion = deletion
        self.insertion = insertion
        self.buffered = buffered

    def state(self):
        self.on = Bool()  # writeBarrier.enabled
        self.queued = Array(Bool(), self.heap.objects)  # marked, and slots still to be scanned
        self.stack = Array(Array(self.heap.Ref, self.registers), self.mutators)
        self.scanned = Array(Bool(), self.mutators)  # g.gcscandone
        if self.buffered:  # p.wbBuf as a set, without what is marked: a flush passes over that (mwbbuf.go:256)
            self.buffer = Array(Array(Bool(), self.mutators), self.heap.objects)

    # --- what the barrier does -------------------------------------------------------------------------------

    def shade(self, x):
        """shade, greyobject (mgcmark.go:1636, 1650)."""
        if x is not None and (not self.heap.marked[x] or self.bug("unmarked")):
            self.heap.marked[x] = True
            self.queued[x] = True

    def record(self, m, x):
        """Shade ``x``, or leave that to the flush of the buffer."""
        if not self.buffered:
            self.shade(x)
        elif x is not None and not self.heap.marked[x]:
            self.buffer[x][m] = True

    def shade_old(self, m, old):
        if self.deletion and not self.bug("deletion"):
            self.record(m, old)

    def shade_new(self, m, new):
        if self.insertion == "never" or self.bug("insertion"):
            return
        if self.insertion == "always" or not self.scanned[m]:
            self.record(m, new)

    def barrier(self, m, old, new):
        """What is to happen before ``new`` replaces ``old``."""
        if self.on and not self.bug("none"):
            self.shade_old(m, old)
            self.shade_new(m, new)

    def flush(self, m):
        """wbBufFlush1 (mwbbuf.go:195-280)."""
        for x in range(self.heap.objects):
            if self.buffer[x][m]:
                self.shade(x)
            self.buffer[x][m] = False

    def flush_all(self):
        """While the world is stopped (mgc.go:1085-1092)."""
        for x in range(self.heap.objects):
            if self.waits(x):
                if not self.bug("flush"):
                    self.shade(x)
                self.buffer[x].fill(False)

    # --- what properties ask ---------------------------------------------------------------------------------

    def waits(self, x):
        """Whether some buffer holds ``x``."""
        return self.buffered and any(self.buffer[x])

    def white(self, x):
        return not self.heap.marked[x] and not self.waits(x)

    def grey(self, x):
        return self.queued[x] or (not self.heap.marked[x] and self.waits(x))

    def black(self, x):
        return self.heap.marked[x] and not self.queued[x]

    def on_stack(self, x, black=False):
        """Whether a stack, or one that is black, points to ``x``."""
        return any(
            (self.scanned[m] or not black) and any(self.stack[m][r] == x for r in range(self.registers))
            for m in self.mutators
        )

    def live(self):
        """What mutators can come to: from the globals, and from every stack."""
        return self.heap.closure([x == 0 or self.on_stack(x) for x in range(self.heap.objects)])

    def protected(self):
        """What the collector will come to through white objects alone, if nobody changes anything."""
        objects = range(self.heap.objects)
        return self.heap.closure([self.grey(x) for x in objects], through=[not self.heap.marked[x] for x in objects])

"""What marking keeps: phase, buffers of each P, global list, roots, workers (runtime/mgc.go, runtime/mgcwork.go)."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Enum, Ghost, Int, choose, fatal, require
from gomodel.specs.runtime.heap import Heap


class GcWork(Component):
    """The shared words, and plain methods for what happens at once.

    Ps, mutators and objects are numbers.  ``place[o]`` says where object ``o`` is queued: ``NOWHERE``, in the gcWork of
    P p (``p + 1``), or in the global list (``FULL``).  It is queued at most once, as it is marked once.
    """

    NOWHERE = 0

    def __init__(
        self,
        *,
        objects,
        regs,
        procs,
        mutators,
        agents,
        share=False,
        checked=False,
        spawn=False,
        tiny=False,
        floats=False,
    ):
        self.objects = objects
        self.regs = regs
        self.procs = procs
        self.mutators = mutators
        self.agents = agents
        self.sharing = share  # buffers of one pointer, so that a P with two objects has something to give away
        self.checked = checked  # gcMarkDone looks at the global list too when the world is stopped
        self.spawning = spawn  # the last mutator does not exist from the beginning
        self.has_tiny = tiny
        self.floats = floats  # whether to remember what is garbage when marking begins
        self.FULL = procs + 1
        self.jobs = 1 + mutators
        self.nr = tuple(range(max(mutators, procs)))  # the number of a process
        self.collected = range(1, objects)  # all objects but the globals

    def state(self):
        ps, gs, objects = self.procs, self.mutators, self.objects
        self.heap = Heap(objects=objects, slots=1)
        self.phase = Enum("off", "mark", "termination")  # gcphase; the barrier is enabled but in "off"
        self.blacken = Bool()  # gcBlackenEnabled
        self.waiting = Bool()  # sched.gcwaiting: the world is being stopped, or is
        # of each P
        self.held = Array(Bool(), ps)  # it runs something that cannot be preempted
        self.todo = Array(Bool(), ps)  # runSafePointFn
        self.wb = Array(Array(Bool(), objects), ps)  # wbBuf: the pointers in it that a flush would not ignore
        self.flushed = Array(Bool(), ps)  # gcw.flushedWork
        self.tiny = self.heap.Ref  # mcache.tiny of P 0
        # of each object
        self.place = Array(Int(0, self.FULL), objects)
        # of each mutator
        self.alive = Array(Bool(), gs)  # the goroutine exists
        self.listed = Array(Bool(), gs)  # and did when the roots were counted: work.stackRoots
        self.stack = Array(Array(self.heap.Ref, self.regs), gs)
        self.scanned = Array(Bool(), gs)  # gcscandone
        self.inside = Array(Bool(), gs)  # between its look at the barrier's flag and its store
        self.sees = Array(Bool(), gs)  # what it saw
        # work
        self.next = Int(0, self.jobs)  # markrootNext, that does not go beyond the number of jobs here
        self.nwait = Int(-1, self.agents + 1)  # nproc stands for the number of agents
        self.pool = Int(0, self.agents)  # parked workers
        self.callers = Int(0, self.agents)  # of gcMarkDone, before markDoneSema
        self.again = Bool()  # the ragged barrier found work
        self.dead = Ghost(Array(Bool(), objects))  # unreachable when marking began
        self.ends = Ghost(Int(0, 2))  # transitions to mark termination in this cycle

    # --- reachability ----------------------------------------------------------------------------------------

    def reachable(self):
        """Of each object, whether the program can get to it: from the globals, or from a stack."""
        return self.heap.closure([o == 0 or self.on_a_stack(o) for o in range(self.objects)])

    def on_a_stack(self, o):
        return any(self.stack[i][r] == o for i in range(self.mutators) for r in range(self.regs))

    # --- marking ---------------------------------------------------------------------------------------------

    def shade(self, x, p):
        """greyobject: mark and queue (mgcmark.go:1653-1706)."""
        for o in self.collected:
            if x == o and not self.heap.marked[o]:
                self.heap.marked[o] = not self.bug("unmarked")
                self.place[o] = p + 1

    def flush(self, p):
        """wbBufFlush1 (mwbbuf.go:195-273)."""
        for o in self.collected:
            if self.wb[p][o]:
                self.shade(o, p)
            self.wb[p][o] = False

    def local(self, p):
        return [o for o in self.collected if self.place[o] == p + 1]

    def size(self, p):
        """Objects in the gcWork of P p."""
        return sum(1 if self.place[o] == p + 1 else 0 for o in self.collected)

    def full(self):
        """work.full is not empty."""
        return any(self.place[o] == self.FULL for o in self.collected)

    def share(self, p):
        """One of several objects goes to the global list: a buffer was full, or balance gave it away."""
        o = choose(self.local(p))
        self.place[o] = self.FULL
        self.published(p)

    def published(self, p):
        if not self.bug("g4_5"):
            self.flushed[p] = True

    def dispose(self, p):
        """mgcwork.go:305-350."""
        for o in self.collected:
            if self.place[o] == p + 1:
                self.place[o] = self.FULL
                self.published(p)

    def scan(self, o, p):
        """scanObject, with o known; it leaves the queue."""
        self.place[o] = self.NOWHERE
        for x in self.collected:
            if self.heap.points(o, x):
                self.shade(x, p)

    def scan_stack(self, i, p):
        """scanstack (mgcmark.go:904-1069), with i known."""
        for r in range(self.regs):
            self.shade(self.stack[i][r], p)

    # --- what mutators do ------------------------------------------------------------------------------------

    def record(self, x, p):
        """One pointer in the write barrier's buffer.  One that is marked would be ignored by the flush."""
        for o in self.collected:
            if x == o and not self.heap.marked[o]:
                self.wb[p][o] = True

    def load(self, i):
        """r = global, or r = r2.slot."""
        r, source = choose(range(self.regs)), choose(range(-1, self.regs))
        if source < 0:
            self.stack[i][r] = self.heap.slot[0][0]
        else:
            o = self.stack[i][source]
            require(o is not None)
            self.stack[i][r] = self.heap.slot[o][0]

    def store(self, i, p, on, *, pointers):
        """global = r, or r2.slot = r, or nil in place of r; the barrier comes first, with no safe point in between."""
        target, value = choose(range(-1, self.regs)), choose(range(-1, self.regs if pointers else 0))
        new = None if value < 0 else self.stack[i][value]
        o = 0
        if target >= 0:
            require(self.stack[i][target] is not None)
            o = self.stack[i][target]
        if on:
            self.record(self.heap.slot[o][0], p)
            self.record(new, p)
        self.heap.slot[o][0] = new

    def full_buffer(self, p):
        """The barrier's buffer is full: the program may have written the same pointers again and again."""
        self.flush(p)
        if self.sharing and self.size(p) > 1 and choose(False, True):
            self.share(p)

    def new(self, i, on):
        """r = new(T).  Objects that are not in use are all alike."""
        require(not all(self.heap.used))
        if self.phase == "termination":
            fatal("mallocgc called with gcphase == _GCmarktermination", prop="no_alloc")
        o = min(x for x in range(self.objects) if not self.heap.used[x])
        self.heap.allocate(o, black=on and not self.bug("white"))
        self.dead[o] = False
        self.stack[i][0] = o

    def new_tiny(self, i):
        """r = a part of the block that the P has for tiny objects."""
        require(self.tiny is not None)
        self.stack[i][0] = self.tiny

    def spawn(self, i, p, on):
        """go f(r): the argument is stored in a closure, a new object and so black, and all that the goroutine holds.

        The closure stays implicit: the argument is on the new stack at once.
        """
        last = self.mutators - 1
        require(not self.alive[last])
        self.alive[last] = True
        self.stack[last][0] = self.stack[i][0]
        if on and not self.bug("g2_3"):
            self.record(self.stack[i][0], p)

    # --- phases, under stop-the-world ------------------------------------------------------------------------

    def reset_mark_state(self):
        """gcResetMarkState (mgc.go:2129-2152)."""
        if not self.bug("old"):
            for i in range(self.mutators):
                self.scanned[i] = False

    def begin(self):
        """gcStart from setGCPhase on (mgc.go:898-915)."""
        self.phase = "mark"
        self.blacken = True
        self.nwait = self.agents
        self.next = 0
        self.ends = 0
        for i in range(self.mutators):
            self.listed[i] = self.alive[i]
        if self.has_tiny and not self.bug("g2_7"):
            self.shade(self.tiny, 0)
        if self.floats:
            for o, found in enumerate(self.reachable()):
                self.dead[o] = self.heap.used[o] and not found

    def verify(self):
        """gcMark and gcMarkRootCheck (mgc.go:1972-2037, mgcmark.go:179-205)."""
        if self.full() or self.next < self.jobs:
            fatal("non-empty mark queue after concurrent mark", prop="queue_empty")
        for i in range(self.mutators):
            if self.listed[i] and not self.scanned[i]:
                fatal("scan missed a g", prop="no_g_missed")
        for p in range(self.procs):
            if self.size(p) > 0:
                fatal("P has cached GC work at end of mark termination", prop="no_cached_work")

    def reset_buffers(self):
        for p in range(self.procs):
            for o in self.collected:
                if not self.bug("stale"):
                    self.wb[p][o] = False

    def sweep(self):
        """All at once: nobody can get to what is freed, so nobody can tell when it is."""
        for o in self.collected:
            if self.heap.used[o] and not self.heap.marked[o]:
                self.heap.free(o)
            if not self.bug("keep"):
                self.heap.marked[o] = False
        self.tiny = None

"""The queues of the scheduler, and what it keeps of Ps and Ms (runtime/proc.go, go1.27.3): see ``spin``."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Ghost, Int, Option, Pid, Queue, fatal, step
from gomodel.specs.runtime.storebuffer import StoreBuffer

GO = "runtime/proc.go"
LOCK = "sched.lock"
OWN = "one word of the scheduler; m.spinning, m.p, and the tick of its P belong to this M"
RING = "the ring of a P takes effect at one atomic operation: see the model runq"
THROW = "no_throw"


class SchedulerState(Component):
    """sched, Ps and Ms.  The local queue of a P is a number of Gs."""

    def __init__(self, ms, *, ps, gs, cap, every=0, depth=0, batches=0, apart=False, net=False):
        self.ms = ms
        self.ps = ps
        self.none = ps  # no P
        self.gs = gs
        self.cap = cap
        self.every = every  # the 61 of findRunnable; 0: never
        self.depth = depth
        self.batches = batches
        self.net = net
        self.apart = apart  # a wakep that finds no P sets needspinning and lowers nmspinning in two steps

    def state(self):
        ms, someP = self.ms, Int(0, self.ps, init=self.ps)
        # tails of the local queues; under TSO slots too, and then tails and heads are counters modulo cap + 1
        self.mem = StoreBuffer(ms, self.ps * (2 if self.depth else 1), most=self.cap, depth=self.depth)
        self.head = Array(Int(0, self.cap), self.ps)
        self.locked = Bool()  # sched.lock, where a region is more than one step
        self.nmspinning = Int(-1, ms.size + 2)
        self.needspinning = Bool()
        self.runq = Int(0, self.gs + 1)  # Gs in the global queue
        self.pidle = Queue(Int(0, self.ps - 1), self.ps)  # also idlepMask and npidle
        self.midle = Queue(Pid(ms), ms.size)
        self.tick = Array(Int(0, max(self.every - 1, 0)), self.ps)  # schedtick modulo 61
        self.spinning = Array(Bool(), ms)
        self.p = Array(someP, ms)
        self.nextp = Array(someP, ms)
        self.note = Array(Bool(), ms)
        self.hand = Array(someP, ms)  # the P that this M has taken from the list and has not given to anybody yet
        self.nmp = Array(Option(Pid(ms)), ms)  # the M that it is about to wake
        self.waiting = Int(-1, self.gs)  # Gs that somebody may ready
        # For each P, Gs that it has begun since it last took one from the global queue while that was not empty
        self.overdue = Ghost(Array(Int(0, self.every + 1), self.ps))
        self.tokens = Ghost(Int(-1, ms.size + 2))  # counted in nmspinning for an M that does not spin yet
        # Gs that an M runs, or has taken from a queue or not put yet
        self.held = Ghost(Array(Int(-1, self.gs + 1), ms))

    # --- local queues ----------------------------------------------------------------------------------------

    def size(self, m, p):
        """How many Gs the local queue of ``p`` has, as M ``m`` sees it."""
        tail = self.mem.load(m, p)
        return (tail - self.head[p]) % (self.cap + 1) if self.depth else tail

    def queued(self, p):
        """How many there are."""
        return (self.mem.memory[p] - self.head[p]) % (self.cap + 1) if self.depth else self.mem.memory[p]

    def append(self, m, p, n=1):
        """StoreRel of the tail: XCHG."""
        tail = self.mem.load(m, p) + n
        tail = tail % (self.cap + 1) if self.depth else tail
        if self.bug("plain"):
            self.mem.store(m, p, tail)
        else:
            self.mem.swap(m, p, tail)

    def take(self, m, p):
        """CasRel of the head, of a queue that is not empty: one G."""
        if self.depth:
            self.mem.fence(m)
            self.head[p] = (self.head[p] + 1) % (self.cap + 1)
            if self.mem.memory[self.ps + p] != self.head[p]:
                fatal("a slot is read before it is written", prop="published")
        else:
            self.mem.memory[p] -= 1
        self.held[m] += 1

    def put(self, m):
        """runqput of a G by M ``m``, who has P ``p[m]``."""
        room: Bool() = False
        if self.depth:
            yield step("P3 store the slot", go=f"{GO}:7562", src="pp.runq[t%uint32(len(pp.runq))].set(gp)", atomic=RING)
            room = self.size(m, self.p[m]) < self.cap
            if room:
                at = self.ps + self.p[m]
                self.mem.store(m, at, (self.mem.load(m, self.p[m]) + 1) % (self.cap + 1))
        yield step("P4 runqput", go=f"{GO}:7563", src="atomic.StoreRel(&pp.runqtail, t+1)", atomic=RING)
        if room or (not self.depth and self.size(m, self.p[m]) < self.cap):
            self.held[m] -= 1
            self.append(m, self.p[m])
        else:
            half: Int(0, 1) = 0
            if self.cap > 1:
                yield step(
                    "P5 half of the queue", go=f"{GO}:7587", src="atomic.CasRel(&pp.runqhead, h, h+n)", atomic=RING
                )
                if self.size(m, self.p[m]) < self.cap:  # a thief came first: there is room now
                    self.held[m] -= 1
                    self.append(m, self.p[m])
                    return
                half = self.cap // 2
                self.mem.memory[self.p[m]] -= half
                self.held[m] += half
            yield step(
                "P5 the queue is full: lock, globrunqputbatch, unlock", when=lambda: not self.locked,
                go=(f"{GO}:7607", f"{GO}:7608"), src=("lock(&sched.lock)", "globrunqputbatch(&q)"), region=LOCK,
            )  # fmt: skip
            self.globrunqput(m, half + 1)

    # --- under sched.lock ------------------------------------------------------------------------------------

    def globrunqput(self, m, n=1):
        self.mem.fence(m)
        self.held[m] -= n
        self.runq += n

    def globrunqget(self, m, p, most=1):
        """Gs from the global queue: one to run, others for the local queue."""
        n = min(self.runq, most)
        self.runq -= n
        for other in range(self.ps):
            if other == p or self.runq == 0:
                self.overdue[other] = 0
        self.held[m] += n
        if self.batches == 1 and n > 1:
            self.held[m] -= n - 1
            self.append(m, p, n - 1)
        return n

    def batch(self):
        """globrunqgetbatch takes at most so many."""
        return min(self.runq // self.ps + 1, self.cap + 1) if self.batches else 1

    def pidleget_spinning(self, m, need=True):
        """Whether there was an idle P; it is in the hand of ``m``."""
        self.mem.fence(m)
        if self.pidle:
            self.hand[m] = self.pidle.pop_back()
            return True
        if need and not self.bug("45867"):
            self.needspinning = True
        return False

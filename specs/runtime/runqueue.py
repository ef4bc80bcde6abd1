"""Steps of the run queues of the Ps: put, get, steal, drain, look whether one is empty (runtime/proc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Ghost, Int, Pid, Seq, fatal, step
from gomodel.specs.runtime.gqueue import GlobalQueue

GO = "runtime/proc.go"
LOCK, UNLOCK = "lock(&sched.lock)", "unlock(&sched.lock)"
OWN = "only this P writes its tail and its slots, and nobody else its list"
RUN = "who is idle is no word of Go's: a goroutine is run when it has left the queue"
GHOST = "what else is read goes to a ghost"
HAND = "slots beyond its tail and the list in hand are this P's own"


class RunQueues(Component):
    """head, tail, ring and runnext of every P, and sched.runq.  Goroutines are numbers; 0 is nil.

    ``most`` is how many goroutines are ever put: no counter exceeds it.
    """

    def __init__(self, ps, *, size, gs, most, waiting=0, own=0, watched=False):
        self.ps = ps
        self.size = size
        self.gs = gs
        self.wrap = 1 << (2 * most).bit_length()  # stands for 2^32: differences are taken modulo this
        self.waiting = waiting
        self.own = own
        self.watched = watched  # somebody calls runqempty from outside
        self.G = Int(0, gs)
        self.Count = Int(0, 2 * self.wrap)

    def state(self):
        self.head = Array(self.Count, self.ps)
        self.tail = Array(self.Count, self.ps)
        self.ring = Array(Array(self.G, self.size), self.ps)
        self.runnext = Array(self.G, self.ps)
        self.batch = Array(Seq(self.G, max(self.size, self.gs) + 1), self.ps)  # the gQueue in the hands of this P
        self.sched = GlobalQueue(self.gs)
        self.idle = Array(Bool(init=True), self.gs + 1)  # not runnable: it runs, or waits for something
        number = Array(Int(-1, 2), self.gs + 1)
        self.queued = Ghost(number)  # how often it was made runnable, less how often it was taken to be run
        self.held = Ghost(number)  # how often it is in hand besides the lists: on its way in, or stolen
        self.wanted = Ghost(Array(Array(self.G, self.size), self.ps))  # what slots from head to tail should hold
        self.disorder = Ghost(Bool())  # what left a ring was not its oldest
        self.was_empty = Ghost(Array(Bool(), self.ps))  # since this P began to look, the queue has been empty
        self.told_wrong = Ghost(Bool())

    def minus(self, t, h):
        """t-h of uint32."""
        return t - h if t >= h else t - h + self.wrap

    # --- what is remembered for the properties -----------------------------------------------------------------

    def is_empty(self, p):
        return self.head[p] == self.tail[p] and self.runnext[p] == 0

    def note(self, p):
        """The queue of ``p`` has just lost something; whoever is looking could have seen it empty."""
        if self.watched and self.is_empty(p):
            self.was_empty.fill(True)

    def readied(self, g):
        """``g`` is runnable from here on, and in the hands of a P."""
        self.idle[g] = False
        self.queued[g] += 1
        self.held[g] += 1

    def taken(self, g):
        """``g`` was in a queue, and is run."""
        if g == 0:
            fatal("nil goroutine", prop="no_nil")
        self.idle[g] = True
        self.queued[g] -= 1

    def published(self, p, g, index):
        self.wanted[p][index % self.size] = g
        self.held[g] -= 1

    def left(self, p, g, index):
        """``g`` has been taken from the ring of ``p``, as what was put there as number ``index``."""
        self.disorder = self.disorder or self.wanted[p][index % self.size] != g
        self.wanted[p][index % self.size] = 0

    # --- runqput, runqputslow ----------------------------------------------------------------------------------

    def put(self, p, g: self.G, next: Bool()):
        if next:
            while True:
                yield step("N1 read runnext", go=f"{GO}:7547", src="oldnext := pp.runnext")
                old: self.G = self.runnext[p]
                yield step("N2 CAS runnext", go=f"{GO}:7548", src="pp.runnext.cas(oldnext")
                while self.bug("retry") and self.runnext[p] != old:
                    yield step("N2 CAS runnext", go=f"{GO}:7548", src="pp.runnext.cas(oldnext")
                if self.runnext[p] == old or self.bug("store"):
                    break
            self.runnext[p] = g
            self.held[g] -= 1
            if old == 0 or self.bug("kick"):
                return
            g = old
            self.held[g] += 1
        while True:
            yield step("P1 load head", go=f"{GO}:7559", src="h := atomic.LoadAcq(&pp.runqhead)", atomic=OWN)
            h: self.Count = self.head[p]
            n = self.minus(self.tail[p], h)
            if n < (self.size - 1 if self.bug("early") else self.size):
                yield from self.put_local(p, g)
                return
            if n // 2 != self.size // 2:
                fatal("runqputslow: queue is not full", prop="slow_only_when_full")
            yield step("S2 CAS head", go=f"{GO}:7587", src="atomic.CasRel(&pp.runqhead, h, h+n)", atomic=OWN)
            if self.head[p] == h or self.bug("q3"):
                break
        self.grasp(p, h, self.size // 2)
        self.batch[p].push(g)
        self.held[g] -= 1
        yield from self.put_global(p, (f"{GO}:7607", f"{GO}:7608", f"{GO}:7609"), "globrunqputbatch(&q)")

    def put_local(self, p, g: self.G):
        if self.bug("q5"):
            yield step("P4 store tail", go=f"{GO}:7563", src="atomic.StoreRel(&pp.runqtail, t+1)", atomic=OWN)
            self.published(p, g, self.tail[p])
            self.tail[p] += 1
            yield step("P3 write slot", go=f"{GO}:7562", src="pp.runq[t%uint32(len(pp.runq))].set(gp)", atomic=OWN)
            self.ring[p][(self.tail[p] - 1) % self.size] = g
        else:
            yield step("P3 write slot", go=f"{GO}:7562", src="pp.runq[t%uint32(len(pp.runq))].set(gp)", atomic=OWN)
            self.ring[p][self.tail[p] % self.size] = g
            yield step("P4 store tail", go=f"{GO}:7563", src="atomic.StoreRel(&pp.runqtail, t+1)", atomic=OWN)
            self.published(p, g, self.tail[p])
            self.tail[p] += 1

    def grasp(self, p, h, n):
        """The head moves from ``h`` by ``n``, and what stands there goes to the list in hand."""
        for i in range(self.size):
            if i < n:
                g = self.ring[p][(h + i) % self.size]
                self.left(p, g, h + i)
                self.batch[p].push(g)
        self.head[p] = h + n
        self.note(p)

    def put_global(self, p, go, put):
        """The list in hand goes to the global queue."""
        if self.bug("q8"):
            yield step("L1 link", go=go, src=(LOCK, put, UNLOCK), atomic="a bug")
            self.sched.chain(self.batch[p])
            self.sched.join(self.batch[p][0])
            yield step("L2 tail, size", go=go, src=(LOCK, put, UNLOCK), atomic="a bug")
            self.sched.tail = self.batch[p][len(self.batch[p]) - 1]
            self.sched.size += len(self.batch[p])
        else:
            yield step("L1 lock, put, unlock", go=go, src=(LOCK, put, UNLOCK), region="sched.lock")
            self.sched.push_all(self.batch[p])
        self.batch[p].clear()

    # --- runqputbatch ------------------------------------------------------------------------------------------

    def put_batch(self, p):
        """As much of the list in hand as there is room for."""
        if not self.batch[p]:
            return
        yield step("B1 load head", go=f"{GO}:7620", src="h := atomic.LoadAcq(&pp.runqhead)", atomic=OWN)
        h: self.Count = self.head[p]
        t: self.Count = self.tail[p]
        while self.batch[p] and (self.minus(t, h) < self.size or self.bug("room")):
            yield step("B2 write slot", go=f"{GO}:7625", src="pp.runq[t%uint32(len(pp.runq))].set(gp)", atomic=HAND)
            g = self.batch[p].pop()
            self.ring[p][t % self.size] = g
            self.held[g] += 1
            t += 1
        yield step("B3 store tail", go=f"{GO}:7640", src="atomic.StoreRel(&pp.runqtail, t)", atomic=OWN)
        for i in range(self.size):
            if self.tail[p] + i < t:
                self.published(p, self.ring[p][(self.tail[p] + i) % self.size], self.tail[p] + i)
        self.tail[p] = t

    def inject(self, p):
        """The last lines of injectglist."""
        yield from self.put_batch(p)
        if self.batch[p]:
            go = (f"{GO}:4127", f"{GO}:4128", f"{GO}:4129")
            yield from self.put_global(p, go, "globrunqputbatch(&q)")

    # --- runqget, runqdrain ------------------------------------------------------------------------------------

    def get(self, p, *, ring_only=False):
        if not ring_only:
            found = yield from self.get_next(p)
            if found != 0:
                return found
        while True:
            yield step("g3 load head", go=f"{GO}:7660", src="h := atomic.LoadAcq(&pp.runqhead)", atomic=OWN)
            h: self.Count = self.head[p]
            if self.tail[p] == h:
                return 0
            yield step("g6 CAS head", go=f"{GO}:7666", src="atomic.CasRel(&pp.runqhead, h, h+1)", atomic=OWN)
            if self.head[p] == h or self.bug("q2"):
                g = self.ring[p][h % self.size]
                self.head[p] = h + 1
                self.left(p, g, h)
                self.note(p)
                self.taken(g)
                return g
            if self.bug("once"):
                return 0

    def get_next(self, p):
        yield step("g1 read runnext", go=f"{GO}:7651", src="next := pp.runnext")
        next: self.G = self.runnext[p]
        if next != 0:
            yield step("g2 CAS runnext", go=f"{GO}:7655", src="pp.runnext.cas(next, 0)", atomic=RUN)
            if self.runnext[p] == next:
                self.runnext[p] = 0
                self.note(p)
                self.taken(next)
                return next
        return 0

    def drain(self, p):
        """runqdrain, and what its only caller does with the list (mgc.go:1885-1889)."""
        yield step("D1 read runnext", go=f"{GO}:7675", src="oldNext := pp.runnext")
        next: self.G = self.runnext[p]
        if next != 0:
            yield step("D2 CAS runnext", go=f"{GO}:7676", src="pp.runnext.cas(oldNext, 0)", atomic=OWN)
            if self.runnext[p] == next:
                self.runnext[p] = 0
                self.batch[p].push(next)
                self.note(p)
        while True:
            yield step("D3 load head", go=f"{GO}:7681", src="h := atomic.LoadAcq(&pp.runqhead)", atomic=OWN)
            h: self.Count = self.head[p]
            if self.tail[p] == h:
                break
            yield step("D4 CAS head", go=f"{GO}:7691", src="atomic.CasRel(&pp.runqhead, h, h+qn)", atomic=OWN)
            if self.head[p] == h or self.bug("drain"):
                self.grasp(p, h, self.minus(self.tail[p], h))
                break
        if self.batch[p]:
            go = tuple(f"runtime/mgc.go:{n}" for n in (1886, 1887, 1888))
            yield from self.put_global(p, go, "globrunqputbatch(&drainQ)")

    # --- runqgrab, runqsteal -----------------------------------------------------------------------------------

    def steal(self, p, v: Pid(self.ps), last: Bool()):
        """``p`` steals from ``v``; ``last``: the last round, in which runnext is stolen, too."""
        while True:
            if self.bug("swap") or self.bug("q6"):
                yield step("b load tail", go=f"{GO}:7716", src="t := atomic.LoadAcq(&pp.runqtail)")
                t: self.Count = self.tail[v]
                yield step("a load head", go=f"{GO}:7715", src="h := atomic.LoadAcq(&pp.runqhead)")
                h: self.Count = self.head[v]
                there = self.minus(t, h)
            else:
                yield step("a load head", go=f"{GO}:7715", src="h := atomic.LoadAcq(&pp.runqhead)")
                h: self.Count = self.head[v]
                yield step("b load tail", go=f"{GO}:7716", src="t := atomic.LoadAcq(&pp.runqtail)")
                there = self.minus(self.tail[v], h)
            n: self.Count = there // 2 if self.bug("half") else there - there // 2
            if n == 0:
                if not last or self.bug("never"):
                    return 0
                yield step("c read runnext", go=f"{GO}:7722", src="next := pp.runnext")
                next: self.G = self.runnext[v]
                if next == 0:
                    return 0
                yield step("d CAS runnext", go=f"{GO}:7756", src="pp.runnext.cas(next, 0)", atomic=HAND)
                if self.runnext[v] == next or self.bug("grab"):
                    self.runnext[v] = 0
                    self.ring[p][self.tail[p] % self.size] = next
                    self.note(v)
                    self.taken(next)
                    return next
            elif n <= self.size // 2 or self.bug("check") or self.bug("q6"):
                i: self.Count = 0
                while i < n:
                    yield step(
                        "e copy slot", go=f"{GO}:7769", src="g := pp.runq[(h+i)%uint32(len(pp.runq))]", atomic=HAND
                    )
                    at = self.tail[v] - n + i if self.bug("newest") else h + i
                    self.ring[p][(self.tail[p] + i) % self.size] = self.ring[v][at % self.size]
                    i += 1
                yield step("f CAS head", go=f"{GO}:7772", src="atomic.CasRel(&pp.runqhead, h, h+n)", atomic=HAND)
                if self.head[v] == h or self.bug("q1"):
                    break
        self.head[v] = h + n
        for k in range(self.size):
            if k < n:
                stolen = self.ring[p][(self.tail[p] + k) % self.size]
                self.left(v, stolen, h + k)
                self.held[stolen] += 1
        self.note(v)
        if n > 1:
            yield step("T1 load own head", go=f"{GO}:7792", src="h := atomic.LoadAcq(&pp.runqhead)", atomic=OWN)
            if self.minus(self.tail[p], self.head[p]) + n - 1 >= self.size:
                fatal("runqsteal: runq overflow", prop="no_overflow")
            yield step("T2 store tail", go=f"{GO}:7796", src="atomic.StoreRel(&pp.runqtail, t+n)", atomic=OWN)
        t = self.tail[p]
        g = self.ring[p][(t + n - 1) % self.size]
        for k in range(self.size - 1):
            if k < n - 1:
                self.published(p, self.ring[p][(t + k) % self.size], t + k)
        self.tail[p] = t + n - (0 if self.bug("publish") else 1)
        self.held[g] -= 1
        self.taken(g)
        return g

    # --- the global queue, as findRunnable looks at it ---------------------------------------------------------

    def look(self, p, *, locked):
        """The first look, for which the lock is taken only if the queue does not seem to be empty; or the second."""
        if locked:
            yield step(
                "G3 lock, look, take, unlock",
                go=tuple(f"{GO}:{line}" for line in (3609, 3614, 3615, 3616)),
                src=(LOCK, "!sched.runq.empty()", "globrunqgetbatch", UNLOCK),
                region="sched.lock",
            )
            if self.sched.head == 0:
                return 0
        else:
            yield step("G1 is it empty?", go=f"{GO}:3489", src="!sched.runq.empty()")
            if self.sched.head == 0:
                return 0
            yield step(
                "G2 lock, take, unlock",
                go=tuple(f"{GO}:{line}" for line in (3490, 3491, 3492)),
                src=(LOCK, "globrunqgetbatch", UNLOCK),
                region="sched.lock",
            )
        g: self.G = self.take_global(p)
        if g == 0:
            if locked:
                fatal("global runq empty with non-zero runqsize", prop="size_tells")
            return 0
        self.held[g] += 1
        yield from self.put_batch(p)
        if self.batch[p]:
            fatal("Couldn't put Gs into empty local runq", prop="batch_fits")
        self.held[g] -= 1
        self.taken(g)
        return g

    def take_global(self, p):
        """globrunqgetbatch (proc.go:7344-7361); the rest of what is taken goes to the list in hand."""
        size = self.sched.size
        if size == 0:
            return 0
        n = min(size // self.ps.size + 1, self.gs)
        if not self.bug("whole"):
            n = min(n, self.size // 2)
        if not self.bug("q9"):
            n = min(n, size)
        first = self.sched.pop()
        for i in range(1, self.gs):
            if i < n:
                g = self.sched.pop()
                if g == 0:
                    fatal("nil goroutine", prop="no_nil")
                self.batch[p].push(g)
        return first

    # --- runqempty ---------------------------------------------------------------------------------------------

    def empty(self, o, p):
        """``o`` looks whether the queue of ``p`` is empty."""
        while True:
            yield step("E1 load head", go=f"{GO}:7504", src="head := atomic.Load(&pp.runqhead)", atomic=GHOST)
            h: self.Count = self.head[p]
            self.was_empty[o] = self.is_empty(p)
            yield step("E2 load tail", go=f"{GO}:7505", src="tail := atomic.Load(&pp.runqtail)")
            t: self.Count = self.tail[p]
            yield step("E3 load runnext", go=f"{GO}:7506", src="runnext := atomic.Loaduintptr")
            none: Bool() = self.runnext[p] == 0
            yield step("E4 load tail again", go=f"{GO}:7507", src="tail == atomic.Load(&pp.runqtail)")
            if self.tail[p] == t or self.bug("q7"):
                found = h == t and none
                self.told_wrong = self.told_wrong or (found and not self.was_empty[o])
                return found

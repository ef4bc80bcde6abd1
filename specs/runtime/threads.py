"""Goroutines, threads and processors: G, M and P, and how an M comes by a G and a P (runtime/proc.go).

The part of the scheduler that models of system calls share.  It is the same in go1.27.3 and go1.23.9, but for the lines
where it stands: ``LINES`` has both.

What is modelled: the links m.p, p.m, m.curg, g.m, the status words of G and P, the global run queue and the lists of
idle Ms and Ps; execute, dropg, wirep, stopm, startm, goschedImpl.  How an M looks for work is in ``world.py``.

What is abstracted, and why that is sound:

* A region under sched.lock is a step, and waits where somebody has the lock for longer.  What others read without the
  lock is read in steps of its own: whether the run queue and the idle list are empty, p.status, p.m.
* There are no local run queues, no timers, no network and no GC work: ready goroutines wait in the global queue.  So
  handoffp has one reason to start an M.  An M that is started although there is nothing to do gives its P back.
* Nothing spins: when the last M stops looking, it looks at the queue under the lock that guards it.
* Nobody calls wakep but who starts the world: an M that queues a G goes on to look for one itself, or looks for an idle
  P under the lock first.
* The note of a parked M is its ``nextp``: whoever takes an M off the idle list sets nextp and then wakes it, and the M
  does nothing before (proc.go:3135-3136).  startm does not make new Ms but waits for an idle one; there are so many
  that one comes.  The idle lists are sets: which P or M is taken is not said.
* The links of a P change in one step where its M is the only one to write them (wirep, releasep): a taker reads one
  word in a step, first the status and then p.m, and its reads can be moved before or behind the other stores.
"""

from __future__ import annotations

from types import SimpleNamespace

from gomodel import (
    Array,
    Bool,
    Component,
    Enum,
    Ghost,
    Int,
    Option,
    Pid,
    Queue,
    Set,
    Struct,
    choose,
    count,
    fatal,
    invariant,
    outcome,
    require,
    step,
)

GO = "runtime/proc.go"
LINES = {
    "go1.27.3": SimpleNamespace(
        mput=3021, nextp=3024, mget=3087, curg=3357, run=3360, dropg=4258, wirep=6357, gosched=4340, goput=4352,
        find=3614, handoff=3151, again=3190, pidleput=3206, m_p=6400, p_m=6401, retry=5124, got=5128,
        queued="!sched.runq.empty()",
        top=3418, topfn=3422, first=3490, last=3610, gcstopm=3325, stopped=3327, handgc=3173, handfn=3183,
        gcwaiting=1672, own=1676, pidle=1691, sleep=1706, wait=1728, isstopped=1732, resize=6136, start=1790,
        wakep=1835, block=4869, ask=2172, idlefn=2184, asked=2199, slept=2217, done=2224, ran=2228, casfn=2255,
        countfn=2260,
    ),
    "go1.23.9": SimpleNamespace(
        mput=2884, nextp=2887, mget=2950, curg=3221, run=3223, dropg=4059, wirep=5866, gosched=4123, goput=4130,
        find=3438, handoff=3014, again=3053, pidleput=3069, m_p=5905, p_m=5906, retry=4800, got=4804,
        queued="sched.runqsize != 0",
        top=3259, topfn=3263, first=3325, last=3434, gcstopm=3188, stopped=3190, handgc=3036, handfn=3046,
        gcwaiting=1554, own=1557, pidle=1580, sleep=1595, wait=1617, isstopped=1621, resize=5751, start=1676,
        wakep=1721, block=4595, ask=2039, idlefn=2051, asked=2071, slept=2091, done=2098, ran=2102, casfn=2129,
        countfn=2134,
    ),
}  # fmt: skip
OWN_LINKS = "only its own M writes these links, and a taker reads one of them in a step"


class Threads(Component):
    """What Ms, Ps and Gs are to one another."""

    def __init__(self, ms, *, gs, ps, go, stops=False, asks=False, again=False):
        self.ms = ms
        self.gs = gs
        self.ps = ps
        self.stops = stops
        self.asks = asks
        self.again = again
        self.G = Int(0, gs - 1)
        self.P = Int(0, ps - 1)
        self.line = LINES[go]

    def state(self):
        word = Struct(of=Enum("runnable", "running", "syscall"), scan=Bool())
        self.status = Array(word, self.gs)  # g.atomicstatus
        self.g_m = Array(Option(Pid(self.ms)), self.gs)
        self.curg = Array(Option(self.G), self.ms)
        self.m_p = Array(Option(self.P), self.ms)
        self.p_m = Array(Option(Pid(self.ms)), self.ps)
        self.p_status = Array(Enum("idle", "running", "syscall", "gcstop"), self.ps)
        self.nextp = Array(Option(self.P), self.ms)
        self.runq = Queue(self.G, self.gs + 1)
        self.idle_ms = Set(Pid(self.ms))
        self.idle_ps = Set(self.P)
        self.locked = Bool()  # sched.lock, where somebody has it for more than a step
        self.hand = Ghost(Array(Int(-1, 3), self.gs))  # Ms that carry this G between a queue and m.curg

    def at(self, line):
        return f"{GO}:{line}"

    def unlocked(self):
        return not self.stops or not self.locked

    # --- Ms that wait for a P --------------------------------------------------------------------------------

    def stopm(self, m):
        yield step(
            "M1 lock, mput, unlock",
            when=lambda: self.unlocked(),
            go=self.at(self.line.mput),
            src="mput(gp.m)",
            region="sched.lock",
        )
        outcome("locked")
        self.idle_ms.add(m)
        yield from self.parked(m)

    def parked(self, m):
        yield step(
            "M2 woken: acquirep(nextp)",
            when=lambda: self.nextp[m] is not None,
            rest="blocked",
            go=self.at(self.line.nextp),
            src="acquirep(gp.m.nextp.ptr())",
            atomic=OWN_LINKS,
        )
        self.wire(m, self.nextp[m])
        self.nextp[m] = None

    def wire(self, m, p):
        """wirep."""
        if self.m_p[m] is not None:
            fatal("wirep: already in go", prop="wirep_free")
        if self.p_m[p] is not None or self.p_status[p] != "idle":
            fatal("wirep: invalid p state", prop="wirep_idle")
        self.m_p[m] = p
        self.p_m[p] = m
        self.p_status[p] = "running"

    def acquirep(self, m, p: self.P):
        yield step("W1 wirep", go=self.at(self.line.wirep), src="pp.m != 0 || pp.status != _Pidle", atomic=OWN_LINKS)
        self.wire(m, p)

    def startm(self, p: self.P):
        yield step(
            "M3 lock, mget; nextp and its note",
            when=lambda: len(self.idle_ms) > 0 and self.unlocked(),
            go=self.at(self.line.mget),
            src="nmp := mget()",
            region="sched.lock; afterwards the M is in hand",
        )
        outcome("locked")
        m = choose(self.ms)
        require(m in self.idle_ms)
        self.idle_ms.discard(m)
        self.nextp[m] = p

    def pidleget(self):
        p = choose(self.P)
        require(p in self.idle_ps)
        self.idle_ps.discard(p)
        return p

    # --- Gs ------------------------------------------------------------------------------------------------

    def execute(self, m, g: self.G):
        yield step("E1 m.curg = g, g.m = m", go=self.at(self.line.curg), src="mp.curg = gp", atomic=OWN_LINKS)
        self.curg[m] = g
        self.g_m[g] = m
        self.hand[g] -= 1
        yield step(
            "E2 CAS Runnable→Running",
            go=self.at(self.line.run),
            src="casgstatus(gp, _Grunnable, _Grunning)",
            when=lambda: self.status[g].of == "runnable" and not self.status[g].scan,
        )
        if not self.bug("cas"):
            self.status[g].of = "running"

    def drop(self, m, g: self.G):
        yield step("D1 dropg", go=self.at(self.line.dropg), src="setMNoWB(&gp.m.curg.m, nil)", atomic=OWN_LINKS)
        self.g_m[g] = None
        self.curg[m] = None
        self.hand[g] += 1

    def gosched(self, m, g: self.G):
        """goschedImpl."""
        yield step(
            "Y1 CAS Running→Runnable",
            go=self.at(self.line.gosched),
            src="casgstatus(gp, _Grunning, _Grunnable)",
            when=lambda: not self.status[g].scan,
        )
        self.status[g].of = "runnable"
        yield from self.drop(m, g)
        yield step(
            "Y2 lock; globrunqput",
            when=lambda: self.unlocked(),
            go=self.at(self.line.goput),
            src="globrunqput(gp)",
            region="sched.lock",
        )
        outcome("locked")
        self.put(g)

    def put(self, g):
        self.runq.push(g)
        self.hand[g] -= 1

    @invariant
    def idle_unowned(self):
        """A P on the idle list is nobody's (S4.own)."""
        return all(
            p not in self.idle_ps
            or (self.p_status[p] == "idle" and self.p_m[p] is None and all(self.m_p[m] != p for m in self.ms))
            for p in range(self.ps)
        )

    @invariant
    def not_lost(self):
        """Each G is in the queue, the current one of an M, or in its hand: once (no G is lost or run twice)."""
        return all(
            count(h == g for h in self.runq) + count(self.curg[m] == g for m in self.ms) + self.hand[g] == 1
            for g in range(self.gs)
        )

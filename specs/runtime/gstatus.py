"""How a goroutine goes to sleep and is woken: gopark, park_m and ready (runtime/proc.go, go1.27.3).

What is modelled: park_m (proc.go:4268-4332), ready (1133-1153), execute (3342-3398), dropg (4255-4260), and casgstatus
with its throw (1308-1317); as their callers goparkunlock (473-475), and netpollblock, netpollblockcommit and
netpollunblock (runtime/netpoll.go), whose unlockf may say no.  What is promised is in ``gstatusproperties.py``.

The point of it: park_m calls unlockf when the G is Waiting already, and from inside unlockf on anybody may ready that
G, so it may run on another M before park_m comes back.

A program: each G waits for an event, or reports one, again and again, or does neither.  One event is remembered and one
G can wait ("a queue of one").  In "lock" a lock guards all that, and unlockf unlocks it; in "commit" it is a word as in
netpoll, and unlockf writes the G into it, or says no as the event has come.

What is abstracted, and why that is sound:

* Each M has a P of its own and there are as many as Gs, so an M that finds nothing waits until something is queued; how
  it is woken is wakep's part.  The run queue is one for all: stealing makes it so.  Links to Ps are in ``syscall``.
* The scan bit is left out, so casgstatus waits for nobody here: ``syscall`` has it.  Where casgstatus fails it looks
  for Runnable; the failed CAS and that look are one step, which hides a throw at most, and only in a wrong program.
* m.curg and g.m change in a step: nobody else reads them at these places.
* gopark's stores of waitunlockf and waitlock go to its own M, and nobody else reads them.
* netpollblock's two CASes are a step, and the load and CAS of netpollunblock too: what fails there changes nothing,
  and is tried again.  netpollcheckerr and closing are left out.  That one G at a time waits for a descriptor is seen
  to by fdMutex, here ``busy``.

Checklist (ids of the reference for this part):

* S3.once     done: ``once``
* S3.nolostwake  done: ``woken_runs``; that an M takes what is Runnable: ``ready_runs``
* S3.curg     done: ``curg``
* waiting     done: ``minded``, a Waiting G has exactly one who can make it Runnable
* runnable    done: ``one_place``
* legal       done: ``legal``; the transitions are listed below
* links       ours: ``unlinked``, the other direction of S3.curg
* the word    ours: ``one_word``, ``one_waits``, ``came_back``, ``events_are_taken``, ``events_are_noted``
* throws      "bad g->status in ready" done: ``ready_waiting``; "waiting for Gwaiting but is Grunnable" done:
              ``cas_waiting``; "gopark: bad g status" left out: its only caller is the running G; wirep's throws are in
              ``syscall``; pidleput's left out: no local queues
* liveness    done: ``woken_runs``, ``ready_runs``
* m2 m3 m5 m6 m7  done, as bugs; in m5 the waker is early too, as a right one never meets that check (see check)
* m4          small model: ``chan``, shrinking the stack of a G that parks (golang/go#40641); no stacks here
* m8          left out: preemptPark needs suspendG, another part of the scheduler
* early order link twowords unpolled keep held deaf  ours: plausible edits
* check queued  ours: negative controls
* Runnable→Running, Running→Waiting, Waiting→Runnable    done: execute, park_m, and ready and park_m after a no
* Running→Runnable    small model: ``syscall``, goschedImpl and exitsyscallNoP; goyield left out: another queue
* Running→Syscall, Syscall→Running    small model: ``syscall``
* Waiting→Runnable elsewhere    left out: injectglist, GC workers and the trace reader do what ready does, without its
                                look at the status
* Idle→Dead, Dead→Runnable, Dead→Waiting, Running→Dead    left out: no Gs begin or end
* Running→Copystack→Running    left out: no stacks
* Running→Preempted→Waiting    left out: preemption and suspendG
* Waiting→Leaked, Leaked→Waiting    left out: leak detection in the collector
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Component,
    Enum,
    Ghost,
    Int,
    Option,
    Pid,
    Preset,
    Queue,
    Scenario,
    choose,
    fatal,
    process,
    step,
    weak,
)
from gomodel.specs.runtime.gstatusproperties import EXECUTE, NO, RETURNS, USER, ParkingProperties

GO, POLL, SEMA = "runtime/proc.go", "runtime/netpoll.go", "runtime/sema.go"
OWN_LINKS = "m.curg is read by its own M only, and g.m by nobody here"
ONE_WORD = "event, ahead and waiter are one word; busy and back belong to the G that waits"


class Parking(Component):
    """Ms that run Gs, gopark and ready, and one place where a G can wait for an event."""

    def __init__(self, ms, *, gs, commit):
        self.ms = ms
        self.gs = gs
        self.commit = commit
        self.G = Int(0, gs - 1)

    def state(self):
        self.status = Array(Enum("runnable", "running", "waiting"), self.gs)  # g.atomicstatus
        self.g_m = Array(Option(Pid(self.ms)), self.gs)
        self.curg = Array(Option(self.G), self.ms)
        self.runq = Queue(self.G, self.gs + 1)
        # What the callers of gopark and ready share.
        self.lock = Bool()
        self.event = Bool()  # pdReady
        self.ahead = Bool()  # pdWait: somebody is about to park
        self.waiter = Option(self.G)
        self.busy = Bool()
        self.back = Array(Bool(), self.gs)  # this G goes on in netpollblock, behind gopark
        # Which G an M carries to or from the run queue, and which one it parks.
        self.hand = Ghost(Array(Option(self.G), self.ms))
        self.parks = Ghost(Array(Option(self.G), self.ms))

    # --- the scheduler -----------------------------------------------------------------------------------------

    def find(self, m):
        yield step(
            "F1 take a G",
            when=lambda: len(self.runq) > 0,
            rest="blocked",
            go=f"{GO}:4179",
            src="findRunnable()",
        )
        g = self.runq.pop()
        self.hand[m] = g
        return g

    def execute(self, m, g: self.G):
        yield step(EXECUTE, go=f"{GO}:3357", src="mp.curg = gp", atomic=OWN_LINKS)
        self.curg[m] = g
        self.g_m[g] = m
        self.hand[m] = None
        self.parks[m] = None
        yield step(
            "E2 CAS Runnable→Running",
            when=lambda: self.status[g] == "runnable",
            go=f"{GO}:3360",
            src="casgstatus(gp, _Grunnable, _Grunning)",
            atomic="back says where this G goes on",
        )
        if not self.bug("m7"):
            self.status[g] = "running"
        if self.commit and self.back[g] and not self.bug("unpolled"):
            yield from self.come_back(g)

    def ready(self, m, g: self.G):
        yield step("R1 load g.status", go=f"{GO}:1138", src="status&^_Gscan != _Gwaiting")
        careless = self.bug("check") or self.bug("m5")
        if self.status[g] != "waiting" and not careless:
            fatal("bad g->status in ready", prop="ready_waiting")
        yield step(
            "R2 CAS Waiting→Runnable",
            when=lambda: self.status[g] in ("waiting", "runnable") or self.bug("m5"),
            go=f"{GO}:1145",
            src="casgstatus(gp, _Gwaiting, _Grunnable)",
        )
        self.to_runnable(g)
        yield step("R3 runqput", go=f"{GO}:1150", src="runqput(mp.p.ptr(), gp, next)")
        self.runq.push(g)
        self.hand[m] = None

    def to_runnable(self, g):
        if self.status[g] == "runnable" and not self.bug("m5"):
            fatal("casgstatus: waiting for Gwaiting but is Grunnable", prop="cas_waiting")
        self.status[g] = "runnable"

    def dropg(self, m):
        yield step("P2 dropg", go=f"{GO}:4258", src="setMNoWB(&gp.m.curg.m, nil)", atomic=OWN_LINKS)
        if not self.bug("link"):
            self.g_m[self.curg[m]] = None
        self.curg[m] = None

    def to_waiting(self, m, g: self.G):
        yield step(
            "P1 CAS Running→Waiting",
            when=lambda: self.status[g] == "running",
            go=f"{GO}:4290",
            src="casgstatus(gp, _Grunning, _Gwaiting)",
        )
        self.status[g] = "waiting"
        self.parks[m] = g

    def park(self, m, g: self.G):
        """park_m; True if the G runs on, as unlockf has said no."""
        if not self.bug("order"):
            yield from self.to_waiting(m, g)
        if not self.bug("m6"):
            yield from self.dropg(m)
        ok: Bool() = yield from self.unlockf(g)
        if self.bug("order"):
            yield from self.to_waiting(m, g)
        if self.bug("m6"):
            yield from self.dropg(m)
        if ok:
            yield step(RETURNS, go=f"{GO}:4299", src="mp.waitunlockf = nil")
            self.parks[m] = None
            return False
        yield step(
            NO,
            when=lambda: self.status[g] in ("waiting", "runnable"),
            go=f"{GO}:4303",
            src="casgstatus(gp, _Gwaiting, _Grunnable)",
        )
        self.to_runnable(g)
        if self.bug("queued"):
            self.hand[m] = g
            self.parks[m] = None
            yield step("P6 runqput", go=f"{GO}:4311", src="execute(gp, true)")
            self.runq.push(g)
            self.hand[m] = None
            return False
        yield from self.execute(m, g)
        return True

    # --- who waits, and who wakes --------------------------------------------------------------------------------

    def unlockf(self, g: self.G):
        if self.commit:
            yield step(
                "P3 CAS pdWait→g", go=f"{POLL}:530", src="atomic.Casuintptr((*uintptr)(gpp), pdWait", atomic=ONE_WORD
            )
            ok = self.ahead
            self.ahead = ok and self.bug("twowords")
            if ok:
                self.waiter = g
            return ok and not self.bug("m3")
        yield step("P3 unlock", go=f"{GO}:4263", src="unlock((*mutex)(lock))")
        self.lock = False
        return True

    def wait(self, m, g: self.G):
        """True if the G runs on, on this M."""
        if self.commit:
            yield step(
                "W1 CAS pdReady→pdNil, or pdNil→pdWait",
                go=(f"{POLL}:557", f"{POLL}:560"),
                src=("gpp.CompareAndSwap(pdReady, pdNil)", "gpp.CompareAndSwap(pdNil, pdWait)"),
                atomic=ONE_WORD,
            )
            if self.busy:
                return True
            if self.event:
                self.event = False
                return True
            self.busy = True
            self.ahead = True
            self.back[g] = True
        else:
            if self.bug("m2"):
                yield step("W0 has the event come?", go=f"{SEMA}:179", src="for {")
                if self.event:
                    return True
            yield step(
                "W1 lock; wait, if the event has not come",
                when=lambda: not self.lock,
                go=f"{SEMA}:180",
                src="lockWithRank(&root.lock",
                region="the lock",
            )
            if self.event and not self.bug("m2"):
                self.event = False
                return True
            if self.waiter is not None:
                return True
            self.lock = True
            self.waiter = g
        on = yield from self.park(m, g)
        return on

    def come_back(self, g: self.G):
        """netpollblock behind its gopark."""
        yield step("W2 swap pdNil", go=f"{POLL}:578", src="gpp.Swap(pdNil)", atomic=ONE_WORD)
        self.event = self.event and self.bug("keep")
        self.ahead = False
        self.waiter = None
        self.busy = self.bug("held")
        self.back[g] = False

    def wake(self, m):
        if self.commit:
            yield step("V1 CAS to pdReady", go=f"{POLL}:611", src="gpp.CompareAndSwap(old, new)", atomic=ONE_WORD)
            self.ahead = False
            self.event = not self.bug("deaf")
        else:
            yield step(
                "V1 lock; who waits?",
                when=lambda: not self.lock or self.bug("early") or self.bug("m5"),
                go=f"{SEMA}:219",
                src="lockWithRank(&root.lock",
                region="the lock",
            )
            if self.waiter is None:
                self.event = not self.bug("deaf")
        if self.waiter is None:
            return
        g: self.G = self.waiter
        self.waiter = None
        self.hand[m] = g
        yield from self.ready(m, g)

    bugs = {
        "m2": Bug("the event is looked for without the lock", breaks=("woken_runs", "events_are_taken")),
        "m3": Bug(
            "unlockf says no, but the G can be readied",
            breaks=("cas_waiting", "minded"),
            go=f"{POLL}:530",
            scenario="commit",
        ),
        "m5": Bug("a waker comes early, and ready takes any status", breaks=("once", "legal"), go=f"{GO}:1138"),
        "m6": Bug("dropg behind unlockf", breaks="curg", go=f"{GO}:4295"),
        "m7": Bug("execute does not change the status", breaks=("once", "one_place", "deadlock"), go=f"{GO}:3360"),
        "early": Bug("a waker does not take the lock", breaks="ready_waiting"),
        "order": Bug("unlockf before the G is Waiting", breaks="ready_waiting", go=f"{GO}:4290"),
        "queued": Bug(
            "a G whose unlockf says no is queued, and not run at once",
            harmless=True,
            go=f"{GO}:4311",
            scenario="commit",
        ),
        "link": Bug("dropg keeps g.m", breaks="unlinked", go=f"{GO}:4258"),
        "twowords": Bug("pdWait stays where the G is written", breaks="one_word", go=f"{POLL}:530", scenario="commit"),
        "unpolled": Bug(
            "a G that was readied does not go on in netpollblock",
            breaks="came_back",
            go=f"{POLL}:578",
            scenario="commit",
        ),
        "keep": Bug("the swap leaves pdReady", breaks="events_are_taken", go=f"{POLL}:578", scenario="commit"),
        "held": Bug("fdMutex is not given back", breaks="one_waits", scenario="commit"),
        "deaf": Bug("a waker leaves no event", breaks="events_are_noted", go=f"{POLL}:611"),
        "check": Bug("ready does not look at the status", harmless=True, go=f"{GO}:1138"),
    }


class GStatusModel(ParkingProperties):
    """Goroutines park and are readied, perhaps before they have quite parked."""

    name = "gstatus"
    go = "go1.27.3"
    source = (GO, POLL, SEMA)

    gs: int = Bound(2, min=1, max=3, help="goroutines, and Ms")
    commit: bool = Bound(False, help="unlockf may say no, as in netpoll")

    scenarios = {
        "lock": Scenario("a lock, which unlockf unlocks"),
        "commit": Scenario("a word, into which unlockf writes the G unless the event has come", commit=True),
    }
    presets = {"quick": Preset(), "nightly": Preset(gs=3)}
    fairness = (weak("thread"),)

    def state(self):
        self.rt = Parking(self.thread, gs=self.gs, commit=self.commit)

    def init(self):
        for g in range(self.gs):
            self.rt.runq.push(g)

    @process(count="gs")
    def thread(self, m):
        while True:
            g: Int(0, self.gs - 1) = yield from self.rt.find(m)
            yield from self.rt.execute(m, g)
            on: Bool() = True
            while on:
                yield step(USER, rest=True)
                if choose(False, True):
                    on = yield from self.rt.wait(m, g)
                else:
                    yield from self.rt.wake(m)

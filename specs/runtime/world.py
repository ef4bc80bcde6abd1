"""Stopping the world, and the safe-point function of every P: who else takes Ps (runtime/proc.go).

What is modelled: stopTheWorldWithSema and startTheWorldWithSema, forEachPInternal and runSafePointFn, gcstopm, and what
of findRunnable, handoffp and entersyscallblock depends on them.  How a P is taken from a system call is the protocol's.

What is abstracted, and why that is sound:

* worldsema is a bit: a G asks to stop the world only where nobody else does.
* Whoever stops the world, or calls forEachP, is Waiting meanwhile in go1.27.3.  Takers ask only whether a G is in a
  system call, so its status stays Running here, as it does in go1.23.9.
* preemptall, which is called again and again, is the outcome "preempted" of who runs user code, and its fairness.
* The number of Ps stays the same, and netpoll has nothing.
* A note is its condition: stopnote is set when stopwait falls to 0, and nobody waits for it before.
* With ``again``, stopTheWorld looks at the system calls once more whenever it still has to wait.  That is no Go.
* sched.lock is held from Z1 to Z5, as there are atomic steps in between; elsewhere a region is a step.
"""

from __future__ import annotations

from gomodel import Array, Bool, Bug, Ghost, Int, fatal, invariant, outcome, step
from gomodel.specs.runtime.threads import GO, LINES, OWN_LINKS, Threads

HELD = "sched.lock, which is held until Z5"
OWN_P = "m.p is the M's own, as it runs"
ONE = {"gs": 1, "apart": False}
STOP = {"scenario": "stop", "bounds": ONE}
ASK = {"scenario": "ask", "bounds": ONE}


def shared_bugs(go, asleep):
    """Bugs of what both protocols of system calls share; in the scenario ``asleep`` the world stops without sysmon."""
    at = {name: f"{GO}:{line}" for name, line in vars(LINES[go]).items()}
    return {
        "cas": Bug("execute does not change the status", breaks=("running_once", "legal"), go=at["run"]),
        "n1": Bug(
            "a G without a P does not look for one under the lock", breaks=("deadlock", "ready_runs"), go=at["retry"]
        ),
        "n2": Bug("a G that got a P is queued, too", breaks="not_lost", go=at["got"]),
        "unseen": Bug(
            "a P is put on the idle list without a look at the queue",
            breaks=("deadlock", "ready_runs"),
            go=at["again"],
        ),
        "wired": Bug("releasep leaves p.m", breaks=("idle_unowned", "wirep_idle"), go=at["p_m"], scenario="two Ps"),
        "late": Bug(
            "a P goes idle although the world stops", breaks=("deadlock", "world_stops"), go=at["last"], **STOP
        ),
        "handed": Bug("handoffp does not stop a P", breaks=("deadlock", "world_stops"), go=at["handgc"], **STOP),
        "idle": Bug("idle Ps are not stopped", breaks=("deadlock", "world_stops"), go=at["pidle"], **STOP),
        "nowakep": Bug("the world starts without wakep", breaks="ready_runs", go=at["wakep"], scenario=asleep),
        "10618": Bug(
            "a P goes idle and has not run the function",
            breaks=("deadlock", "all_run_it"),
            go=at["last"],
            issue="golang/go#10618",
            **ASK,
        ),
        "skip": Bug("nobody runs the function for idle Ps", breaks=("deadlock", "all_run_it"), go=at["idlefn"], **ASK),
        "stays": Bug("handoffp does not clear the flag", breaks=("ran_once", "each_ran"), go=at["handfn"], **ASK),
        "s6": Bug("entering a system call does not run the function", harmless=True, scenario="ask"),
        "27660": Bug("releasep leaves m.p", breaks=("idle_unowned", "wirep_free"), go=at["m_p"], scenario="two Ps"),
    }


class World(Threads):
    """Threads that stop for one of them, or are asked to run a function for each P."""

    def state(self):
        Threads.state(self)
        self.sema = Bool()  # worldsema
        self.gcwaiting = Bool()
        self.stopwait = Int(-1, self.ps)
        self.asked = Array(Bool(), self.ps)  # p.runSafePointFn
        self.waits = Int(-1, self.ps)  # safePointWait
        self.ran = Ghost(Array(Int(0, 3), self.ps))  # how often the function has run, for this P
        self.halted = Ghost(Bool())  # between the return of stopTheWorld and startTheWorld

    # --- Ms and Ps ---------------------------------------------------------------------------------------------

    def unwire(self, m):
        """releasep."""
        p = self.m_p[m]
        if not self.bug("wired"):
            self.p_m[p] = None
        self.p_status[p] = "idle"
        if not self.bug("27660"):
            self.m_p[m] = None

    def handoffp(self, p: self.P):
        """Somebody else shall run this P, if there is anything to run."""
        yield step("H1 is anything queued?", go=self.at(self.line.handoff), src=self.line.queued)
        if not self.runq:
            yield step(
                "H2 lock; nothing queued: pidleput",
                when=lambda: self.unlocked(),
                go=(*self.others("handgc", "handfn"), self.at(self.line.again), self.at(self.line.pidleput)),
                src=(*self.asking(), self.line.queued, "pidleput(pp, 0)"),
                region="sched.lock",
            )
            outcome("locked")
            if self.stops and self.gcwaiting and not self.bug("handed"):
                self.p_status[p] = "gcstop"
                self.stopwait -= 1
                return
            if self.asks and self.asked[p]:
                self.ran[p] += 1
                if not self.bug("stays"):
                    self.asked[p] = False
                self.waits -= 1
            if not self.runq or self.bug("unseen"):
                self.idle_ps.add(p)
                return
        yield from self.startm(p)

    def others(self, stop, ask):
        lines = vars(self.line)
        return (self.at(lines[stop]),) * self.stops + (self.at(lines[ask]),) * self.asks

    def asking(self):
        return ("sched.gcwaiting.Load()",) * self.stops + ("pp.runSafePointFn != 0",) * self.asks

    def find(self, m):
        """findRunnable: the next G, or None; then the P is on the idle list."""
        if self.stops or self.asks:
            g = yield from self.find_asking(m)
            return g
        yield step(
            "F1 lock; globrunqget or pidleput", go=self.at(self.line.find), src=self.line.queued, region="sched.lock"
        )
        outcome("locked")
        if self.runq:
            g = self.runq.pop()
            self.hand[g] += 1
            return g
        self.idle_ps.add(self.m_p[m])
        self.unwire(m)
        return None

    def find_asking(self, m):
        """The same where an M looks first whether it is to stop, or to run a function."""
        while True:
            if self.stops:
                yield step("F2 load gcwaiting", go=self.at(self.line.top), src="sched.gcwaiting.Load()")
                if self.gcwaiting:
                    yield from self.gcstopm(m)
                    continue
            if self.asks:
                yield step(
                    "F3 load runSafePointFn",
                    go=self.at(self.line.topfn),
                    src="pp.runSafePointFn != 0",
                    atomic=OWN_P,
                )
                if self.asked[self.m_p[m]]:
                    yield from self.run_safe_point_fn(m)
            yield step(
                "F4 lock; globrunqget",
                when=lambda: self.unlocked(),
                go=self.at(self.line.first),
                src="lock(&sched.lock)",
                region="sched.lock",
            )
            outcome("locked")
            if self.runq:
                g = self.runq.pop()
                self.hand[g] += 1
                return g
            yield step(
                "F1 lock; globrunqget or pidleput",
                when=lambda: self.unlocked(),
                go=(self.at(self.line.last), self.at(self.line.find)),
                src=("sched.gcwaiting.Load() || pp.runSafePointFn != 0", self.line.queued),
                region="sched.lock",
            )
            outcome("locked")
            if self.stops and self.gcwaiting and not self.bug("late"):
                continue
            if self.asks and self.asked[self.m_p[m]] and not self.bug("10618"):
                continue
            if self.runq:
                g = self.runq.pop()
                self.hand[g] += 1
                return g
            self.idle_ps.add(self.m_p[m])
            self.unwire(m)
            return None

    def gcstopm(self, m):
        yield step("G1 releasep", go=self.at(self.line.gcstopm), src="pp := releasep()", atomic=OWN_LINKS)
        p: self.P = self.m_p[m]
        self.unwire(m)
        yield step(
            "G2 lock; Gcstop, stopwait--",
            when=lambda: self.unlocked(),
            go=self.at(self.line.stopped),
            src="pp.status = _Pgcstop",
            region="sched.lock",
        )
        outcome("locked")
        self.p_status[p] = "gcstop"
        self.stopwait -= 1
        yield from self.stopm(m)

    def release_and_hand_off(self, m, checked=False):
        """handoffp(releasep()), of entersyscallblock."""
        yield step("L1 releasep", go=self.at(self.line.block), src="handoffp(releasep())", atomic=OWN_LINKS)
        if checked:
            if self.m_p[m] is None:
                fatal("releasep: invalid arg", prop="releasep_arg")
            if self.p_m[self.m_p[m]] != m or self.p_status[self.m_p[m]] != "running":
                fatal("releasep: invalid p state", prop="releasep_state")
        p: self.P = self.m_p[m]
        self.unwire(m)
        yield from self.handoffp(p)

    # --- the world stops -----------------------------------------------------------------------------------------

    def stop_the_world(self, m):
        yield step(
            "Z1 lock; gcwaiting, stopwait, my P",
            when=lambda: self.unlocked(),
            go=(self.at(self.line.gcwaiting), self.at(self.line.own)),
            src=("sched.gcwaiting.Store(true)", "status = _Pgcstop"),
            region=HELD,
        )
        self.locked = True
        self.gcwaiting = True
        self.stopwait = self.ps - 1
        self.p_status[self.m_p[m]] = "gcstop"
        for p in range(self.ps):
            yield from self.stop_syscall(p)
        yield step("Z5 idle Ps; unlock", go=self.at(self.line.pidle), src="pidleget(now)", region="sched.lock")
        for p in range(self.ps):
            if p in self.idle_ps and not self.bug("idle"):
                self.idle_ps.discard(p)
                self.p_status[p] = "gcstop"
                self.stopwait -= 1
        wait: Bool() = self.stopwait > 0
        self.locked = False
        if self.again:
            yield from self.pass_again()
        elif wait:
            yield step(
                "Z6 sleep until stopwait is 0",
                when=lambda: self.stopwait == 0,
                go=self.at(self.line.sleep),
                src="notetsleep(&sched.stopnote",
            )
        yield step(
            "Z7 is everything stopped?",
            go=(self.at(self.line.wait), self.at(self.line.isstopped)),
            src=("sched.stopwait != 0", "pp.status != _Pgcstop"),
            atomic="nobody changes these words while the world is stopped",
        )
        if self.stopwait != 0:
            fatal("stopTheWorld: not stopped (stopwait != 0)", prop="stopped_count")
        if any(self.p_status[p] != "gcstop" for p in range(self.ps)):
            fatal("stopTheWorld: not stopped (status != _Pgcstop)", prop="stopped_status")
        self.halted = True

    def pass_again(self):
        """What no Go does: look at the system calls again, and again."""
        while self.stopwait > 0:
            yield step(
                "Z8 lock, once more",
                when=lambda: self.unlocked(),
                go=self.at(self.line.sleep),
                src="notetsleep(&sched.stopnote",
                region=HELD,
            )
            self.locked = True
            for p in range(self.ps):
                yield from self.stop_syscall(p)
            yield step("Z9 unlock", go=self.at(self.line.sleep), src="notetsleep(&sched.stopnote", region="sched.lock")
            self.locked = False

    def start_the_world(self, m):
        yield step(
            "V1 lock; procresize, gcwaiting",
            when=lambda: self.unlocked(),
            go=(self.at(self.line.resize), self.at(self.line.start)),
            src=("status = _Prunning", "sched.gcwaiting.Store(false)"),
            region="sched.lock",
        )
        self.halted = False
        self.gcwaiting = False
        for p in range(self.ps):
            if p == self.m_p[m]:
                self.p_status[p] = "running"
            else:
                self.p_status[p] = "idle"
                self.idle_ps.add(p)
        if not self.bug("nowakep"):
            yield step(
                "V2 wakep: pidleget",
                when=lambda: self.unlocked(),
                go=self.at(self.line.wakep),
                src="wakep()",
                region="sched.lock",
            )
            if self.idle_ps:
                q: self.P = self.pidleget()
                yield from self.startm(q)

    # --- a function for each P -----------------------------------------------------------------------------------

    def run_safe_point_fn(self, m):
        """The CAS has no branch for a failure: nobody else clears the flag of a P that has an M (see ``ran_once``)."""
        yield step(
            "R1 CAS runSafePointFn",
            go=self.at(self.line.casfn),
            src="atomic.Cas(&p.runSafePointFn, 1, 0)",
            atomic=OWN_P,
        )
        self.asked[self.m_p[m]] = False
        self.ran[self.m_p[m]] += 1
        yield step(
            "R2 lock; safePointWait--",
            when=lambda: self.unlocked(),
            go=self.at(self.line.countfn),
            src="sched.safePointWait--",
            region="sched.lock",
        )
        outcome("locked")
        self.waits -= 1

    def for_each_p(self, m):
        yield step(
            "P1 lock; ask all Ps, run for idle ones",
            when=lambda: self.unlocked(),
            go=(self.at(self.line.ask), self.at(self.line.idlefn)),
            src=("atomic.Store(&p2.runSafePointFn, 1)", "atomic.Cas(&p.runSafePointFn, 1, 0)"),
            region="sched.lock; a P that is not idle looks at its own flag, and then takes the lock",
        )
        self.waits = self.ps - 1
        for p in range(self.ps):
            self.ran[p] = 0
            if p == self.m_p[m]:
                self.ran[p] = 1
            else:
                idle = p in self.idle_ps and not self.bug("skip")
                self.asked[p] = not idle
                self.ran[p] = 1 if idle else 0
                self.waits -= 1 if idle else 0
        wait: Bool() = self.waits > 0
        for p in range(self.ps):
            took = yield from self.take_asked(p)
            if took:
                yield from self.handoffp(p)
        if wait:
            yield step(
                "P7 sleep until safePointWait is 0",
                when=lambda: self.waits == 0,
                go=self.at(self.line.slept),
                src="notetsleep(&sched.safePointNote",
            )
        yield step(
            "P8 have all run it?",
            go=(self.at(self.line.done), self.at(self.line.ran)),
            src=("sched.safePointWait != 0", "p2.runSafePointFn != 0"),
            atomic="nobody else changes these words now",
        )
        if self.waits != 0:
            fatal("forEachP: not done", prop="each_done")
        if any(self.asked[p] for p in range(self.ps)):
            fatal("forEachP: P did not run fn", prop="each_ran")

    @invariant
    def stop_counted(self):
        """While the world stops, stopwait says how many Ps are not stopped yet (S7.count)."""
        return (
            not self.gcwaiting
            or self.locked
            or self.stopwait == sum(1 for p in range(self.ps) if self.p_status[p] != "gcstop")
        )

    @invariant
    def ran_once(self):
        """The function runs once for a P at most (S7.fn)."""
        return all(n <= 1 for n in self.ran)

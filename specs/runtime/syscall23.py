"""System calls until Go 1.25: a P of its own status, _Psyscall (runtime/proc.go, go1.23.9).

What is modelled: reentersyscall (proc.go:4391-4464) with entersyscall_gcwait, entersyscallblock (4541), exitsyscall,
exitsyscallfast and exitsyscall0 (4612-4830), retake (6206-6285); stopTheWorld and forEachP are in ``world.py``.  go1.22
has the same protocol.  Entering a system call the M and the P forget one another, and the P becomes _Psyscall; who
changes that status with a CAS has the P: the M that comes back, or sysmon, stopTheWorld, forEachP.  It may also be an M
that had this P before and comes back while another M is in a system call with it.

What is abstracted is what ``syscall`` says, but for the scan bit, which nobody sets here.

The world stops without sysmon, too (``asleep``): an M stores _Psyscall and then loads gcwaiting, and stopTheWorld
stores gcwaiting and then looks at the status, so one of them sees the other.

Checklist (ids of the reference for this part):

* S4.own      done: ``own``, which says too that a P has one M at most in user code; ``idle_unowned``
* once        done: ``not_lost``, ``running_once``
* legal       done: ``legal``, the transitions of S3 that happen here
* S7.stw      done: ``stopped``, ``world_stops``
* S7.count    done: ``stop_counted``
* S7.fn       done: ``ran_once``, ``all_run_it``
* throws      "wirep: already in go" done: ``wirep_free``; "invalid p state" done: ``wirep_idle``; "stopTheWorld: not
              stopped" done: ``stopped_count``, ``stopped_status``; "forEachP: not done", "P did not run fn" done:
              ``each_done``, ``each_ran``; the others left out, as in ``syscall``, and those of releasep, since here the
              P is given up where nobody takes it
* liveness    done: ``ready_runs``, ``call_returns``, ``world_stops``, ``all_run_it``
* s5          done, as a bug
* s6          done, as a negative control, see ``syscall``
* 10618       done, as a bug of findRunnable
* 27660 s9    done, as bug ``27660`` and as bug ``s9``
* o6 o7 o8    ours: sysmon, an M on entry, and stopTheWorld store the status that they want
* blind sure  ours: entersyscall does not look at gcwaiting, or at stopwait
* late handed idle nowakep skip stays   ours: plausible edits, as in ``syscall``
* cas n1 n2 unseen wired   ours: plausible edits, as in ``syscall``
* s1 s3 s4 s7 small model: ``syscall``, or left out there
* s8          left out: incidlelocked belongs to checkdead
"""

from __future__ import annotations

from gomodel import Bug, Option, choose, outcome, reachable, step
from gomodel.specs.runtime.callers import Callers
from gomodel.specs.runtime.threads import OWN_LINKS
from gomodel.specs.runtime.world import World, shared_bugs

GO = "runtime/proc.go"


class OldSyscalls(World):
    """reentersyscall, exitsyscall and what sysmon does to them."""

    def enter(self, m, g: self.G, oldp: Option(self.P)):
        yield step("S1 CAS Running→Syscall", go=f"{GO}:4411", src="casgstatus(gp, _Grunning, _Gsyscall)")
        self.status[g].of = "syscall"
        if self.asks and not self.bug("s6"):
            yield step("S4 load runSafePointFn", go=f"{GO}:4446", src="runSafePointFn != 0")
            if self.asked[oldp]:
                yield from self.run_safe_point_fn(m)
        yield step(
            "S2 p.m = nil, m.p = nil", go=(f"{GO}:4454", f"{GO}:4456"), src=("pp.m = 0", "gp.m.p = 0"), atomic=OWN_LINKS
        )
        self.p_m[oldp] = None
        if not self.bug("s9"):
            self.m_p[m] = None
        yield step("S3 store _Psyscall", go=f"{GO}:4457", src="atomic.Store(&pp.status, _Psyscall)")
        self.p_status[oldp] = "syscall"
        if self.stops and not self.bug("blind"):
            yield step("S5 load gcwaiting", go=f"{GO}:4458", src="sched.gcwaiting.Load()")
            if self.gcwaiting:
                yield from self.stop_own(oldp)

    def stop_own(self, p: self.P):
        """entersyscall_gcwait."""
        yield step(
            "S6 lock; CAS Psyscall→Gcstop",
            when=lambda: self.unlocked(),
            go=f"{GO}:4504",
            src="sched.stopwait > 0 && atomic.Cas(&pp.status, _Psyscall, _Pgcstop)",
            region="stopwait is sched.lock's",
        )
        outcome("locked")
        if (self.stopwait > 0 or self.bug("sure")) and (self.p_status[p] == "syscall" or self.bug("o7")):
            self.p_status[p] = "gcstop"
            self.stopwait -= 1

    def block(self, m, g: self.G):
        """entersyscallblock."""
        yield step("L2 CAS Running→Syscall", go=f"{GO}:4567", src="casgstatus(gp, _Grunning, _Gsyscall)")
        self.status[g].of = "syscall"
        yield from self.release_and_hand_off(m)

    def exit(self, m, g: self.G, oldp: Option(self.P)):
        """True if the goroutine runs on, False if it is left to the scheduler."""
        yield step("X1 load oldp.status", go=f"{GO}:4712", src="oldp.status == _Psyscall")
        if oldp is not None and self.p_status[oldp] == "syscall":
            yield step("X2 CAS Psyscall→Idle", go=f"{GO}:4712", src="atomic.Cas(&oldp.status, _Psyscall, _Pidle)")
            if self.p_status[oldp] == "syscall" or self.bug("s5"):
                self.p_status[oldp] = "idle"
                yield from self.acquirep(m, oldp)
                yield from self.back(g)
                return True
        yield step("X3 load sched.pidle", go=f"{GO}:4726", src="sched.pidle != 0")
        if self.idle_ps:
            yield step(
                "X4 lock; pidleget",
                when=lambda: self.unlocked(),
                go=f"{GO}:4763",
                src="pidleget(0)",
                region="sched.lock",
            )
            outcome("locked")
            if self.idle_ps:
                p: self.P = self.pidleget()
                yield from self.acquirep(m, p)
                yield from self.back(g)
                return True
        yield step("N1 CAS Syscall→Runnable", go=f"{GO}:4786", src="casgstatus(gp, _Gsyscall, _Grunnable)")
        self.status[g].of = "runnable"
        yield from self.drop(m, g)
        yield step(
            "N2 lock; pidleget or globrunqput",
            when=lambda: self.unlocked(),
            go=(f"{GO}:4800", f"{GO}:4804"),
            src=("pidleget(0)", "globrunqput(gp)"),
            region="sched.lock",
        )
        outcome("locked")
        if self.idle_ps and not self.bug("n1"):
            q: self.P = self.pidleget()
            if self.bug("n2"):
                self.runq.push(g)
            yield from self.acquirep(m, q)
            yield from self.execute(m, g)
            return True
        self.put(g)
        yield from self.stopm(m)
        return False

    def back(self, g: self.G):
        yield step("X5 CAS Syscall→Running", go=f"{GO}:4661", src="casgstatus(gp, _Gsyscall, _Grunning)")
        self.status[g].of = "running"

    def stop_syscall(self, p):
        """What stopTheWorld does to a P in a system call."""
        yield step("Z2 load p.status", go=f"{GO}:1563", src="s := pp.status")
        if self.p_status[p] == "syscall":
            yield step(
                "Z3 CAS Psyscall→Gcstop",
                go=f"{GO}:1564",
                src="atomic.Cas(&pp.status, s, _Pgcstop)",
                region="stopwait is sched.lock's",
            )
            if self.p_status[p] == "syscall" or self.bug("o8"):
                self.p_status[p] = "gcstop"
                self.stopwait -= 1

    def take_asked(self, p):
        """What forEachP does to a P in a system call."""
        yield step("P2 load p.status", go=f"{GO}:2066", src="s := p2.status")
        if self.p_status[p] != "syscall":
            return False
        yield step("P3 load runSafePointFn", go=f"{GO}:2071", src="p2.runSafePointFn == 1")
        if not self.asked[p]:
            return False
        yield step("P4 CAS Psyscall→Idle", go=f"{GO}:2071", src="atomic.Cas(&p2.status, s, _Pidle)")
        if self.p_status[p] != "syscall":
            return False
        self.p_status[p] = "idle"
        return True

    def take(self, p: self.P, patient=False):
        """retake, for one P."""
        yield step("K1 load p.status; take the P?", go=f"{GO}:6218", src="s := pp.status")
        if self.p_status[p] != "syscall" or not choose(False, True):
            return False
        outcome("take")
        yield step("K2 CAS Psyscall→Idle", go=f"{GO}:6258", src="atomic.Cas(&pp.status, s, _Pidle)")
        if self.p_status[p] != "syscall" and not self.bug("o6"):
            return False
        self.p_status[p] = "idle"
        return True

    bugs = {
        **shared_bugs("go1.23.9", asleep="asleep"),
        "s5": Bug("exit stores the status of its P", breaks=("own", "wirep_idle"), go=f"{GO}:4712"),
        "s9": Bug("m.p is left in a system call", breaks="wirep_free", go=f"{GO}:4456", issue="golang/go#27660"),
        "sure": Bug(
            "stopwait is not looked at on entry",
            breaks="stop_counted",
            go=f"{GO}:4504",
            scenario="stop",
            bounds={"apart": False},
        ),
        "blind": Bug(
            "gcwaiting is not looked at on entry",
            breaks=("deadlock", "world_stops"),
            go=f"{GO}:4458",
            scenario="stop",
            bounds={"sysmon": 0},
        ),
        "o7": Bug("entry stores _Pgcstop", breaks=("stop_counted", "stopped_status"), go=f"{GO}:4504", scenario="stop"),
        "o8": Bug(
            "stopTheWorld stores _Pgcstop", breaks=("stop_counted", "stopped_status"), go=f"{GO}:1564", scenario="stop"
        ),
        "o6": Bug("sysmon stores the status of the P", breaks=("own", "wirep_idle"), go=f"{GO}:6258"),
    }


class OldSyscallModel(Callers):
    """Goroutines that make system calls, and sysmon: the status of the P says who has it."""

    name = "syscall23"
    go = "go1.23.9"
    source = ("runtime/proc.go",)
    legal_steps = (
        ("runnable", "running"), ("running", "runnable"), ("running", "syscall"), ("syscall", "running"),
        ("syscall", "runnable"),
    )  # fmt: skip
    leaving = ("X1 load oldp.status",)

    def state(self):
        self.rt = OldSyscalls(
            self.thread, gs=self.gs, ps=self.ps, go=self.go, stops=self.stops, asks=self.asks, again=self.again
        )

    @reachable
    def somebody_elses(self):
        """Two Ms come back to the same P, and one of them had lost it."""
        return any(
            m != n
            and self.thread.at(m, "X2 CAS Psyscall→Idle")
            and self.thread.at(n, "in the kernel", "X2 CAS Psyscall→Idle")
            for m in self.thread
            for n in self.thread
        )

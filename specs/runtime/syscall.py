"""System calls: entry and exit, against those who take the P away (runtime/proc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Component,
    Int,
    Model,
    Option,
    Pid,
    Preset,
    Scenario,
    choose,
    count,
    fatal,
    invariant,
    leads_to,
    outcome,
    process,
    reachable,
    step,
    step_invariant,
    strong,
    weak,
)
from gomodel.specs.runtime.threads import OWN_LINKS, Threads

GO = "runtime/proc.go"


class Syscalls(Threads):
    """reentersyscall, exitsyscall, setBlockOnExitSyscall and takeP."""

    def enter(self, g: self.G):
        yield step("S1 CAS Running→Syscall", go=f"{GO}:4736", src="CompareAndSwap(_Grunning, _Gsyscall)",
                   when=lambda: not self.status[g].scan)
        self.status[g].of = "syscall"

    def exit(self, m, g: self.G, oldp: self.P):
        """True if the goroutine runs on, False if it is left to the scheduler."""
        yield step("X1 CAS Syscall→Running", go=f"{GO}:4952", src="CompareAndSwap(_Gsyscall, _Grunning)",
                   when=lambda: not self.status[g].scan or self.bug("s4"))
        self.status[g].of = "running"
        self.status[g].scan = False
        yield step("X2 is m.p still there?", go=f"{GO}:4968", src="pp := gp.m.p.ptr()")
        if self.m_p[m] is not None:
            return True
        took = yield from self.take(oldp)
        if took:
            yield from self.acquirep(m, oldp)
            return True
        yield step("X3 load sched.pidle", go=f"{GO}:5084", src="sched.pidle != 0")
        if self.idle_ps:
            yield step("X4 lock; pidleget", go=f"{GO}:5086", src="pidleget(0)", region="sched.lock")
            if self.idle_ps:
                p: self.P = self.pidleget()
                yield from self.acquirep(m, p)
                return True
        yield step("N1 CAS Running→Runnable", go=f"{GO}:5109", src="casgstatus(gp, _Grunning, _Grunnable)",
                   when=lambda: not self.status[g].scan)
        self.status[g].of = "runnable"
        yield from self.drop(m, g)
        yield step("N2 lock; pidleget or globrunqput", go=(f"{GO}:5124", f"{GO}:5128"),
                   src=("pidleget(0)", "globrunqput(gp)"), region="sched.lock")
        if self.idle_ps:
            q: self.P = self.pidleget()
            yield from self.acquirep(m, q)
            yield from self.execute(m, g)
            return True
        self.runq.push(g)
        yield from self.stopm(m)
        return False

    def unscan(self, g: self.G, line):
        yield step("B8 CAS Syscall|scan→Syscall", go=f"{GO}:{line}", src="casfrom_Gscanstatus(")
        word = self.status[g]
        if not word.scan or word.of != "syscall":
            fatal("casfrom_Gscanstatus: gp->status is not in scan state", prop="scan_kept")
        self.status[g].scan = False

    def take(self, p: self.P, patient=False):
        """setBlockOnExitSyscall, takeP and resume; a patient taker may leave the P where it is."""
        yield step("B1 load p.status", go=f"{GO}:6802", src="pp.status != _Prunning")
        if self.p_status[p] != "running":
            return False
        yield step("B2 load p.m", go=f"{GO}:6816", src="mp := pp.m.ptr()")
        m: Option(Pid(self.ms)) = self.p_m[p]
        if m is None:
            return False
        yield step("B3 load m.curg", go=f"{GO}:6821", src="gp := mp.curg")
        g: Option(self.G) = self.curg[m]
        if g is None:
            return False
        yield step("B4 load g.status", go=f"{GO}:6826", src="readgstatus(gp)")
        if self.status[g].of != "syscall":
            return False
        yield step("B5 CAS Syscall→Syscall|scan", go=f"{GO}:6835", src="castogscanstatus(gp, status, status|_Gscan)")
        if self.status[g].of != "syscall" or self.status[g].scan:
            return False
        self.status[g].scan = True
        yield step("B6 load g.m", go=f"{GO}:6839", src="gp.m != mp")
        if self.g_m[g] != m and not self.bug("s1"):
            yield from self.unscan(g, 6841)
            return False
        yield step("B7 load m.p", go=f"{GO}:6839", src="gp.m.p.ptr() != pp")
        if self.m_p[m] != p and not self.bug("s1"):
            yield from self.unscan(g, 6841)
            return False
        if patient:
            yield step("K1 take the P?", go=f"{GO}:6754", src="runqempty(pp)")
            if not choose(False, True):
                yield from self.unscan(g, 6886)
                return False
            outcome("take")
        yield step("T1 p.m = nil", go=f"{GO}:6873", src="s.pp.m = 0")
        self.p_m[p] = None
        if self.bug("s3"):
            yield from self.unscan(g, 6886)
        yield step("T2 m.p = nil", go=f"{GO}:6874", src="s.mp.p = 0")
        self.m_p[m] = None
        yield step("T3 store p.status", go=f"{GO}:6875", src="atomic.Store(&s.pp.status, state)")
        self.p_status[p] = "idle"
        if not self.bug("s3"):
            yield from self.unscan(g, 6886)
        return True

    bugs = {
        "unseen": Bug("an M that goes does not look at the queue again", breaks="ready_runs", go=f"{GO}:3190"),
        "s1": Bug("the links are not looked at again", breaks="own", go=f"{GO}:6839"),
        "s3": Bug("the scan bit is cleared too early", breaks="own", go=f"{GO}:6874"),
        "s4": Bug("exit stores its status", breaks="scan_kept", go=f"{GO}:4952"),
    }


class SyscallModel(Model):
    """System calls, with the scan bit."""

    name = "syscall"
    go = "go1.27.3"
    source = ("runtime/proc.go",)

    gs: int = Bound(2, min=1, max=4, help="goroutines")
    ps: int = Bound(1, min=1, max=3, help="Ps")
    sysmon: int = Bound(1, min=0, max=1, help="sysmon")

    def state(self):
        self.rt = Syscalls(self.thread, gs=self.gs, ps=self.ps, go=self.go)
        

    def init(self):
        for p in range(self.ps):
            self.rt.idle_ps.add(p)
        for g in range(self.gs):
            self.rt.runq.push(g)

    @process(count=lambda self: self.gs + self.ps - 1)
    def thread(self, m):
        yield step("start")
        if self.rt.idle_ps:
            self.rt.nextp[m] = self.rt.pidleget()
        else:
            self.rt.idle_ms.add(m)
        yield from self.rt.parked(m)
        while True:
            g: Option(Int(0, self.gs - 1)) = yield from self.rt.find(m)
            if g is None:
                yield from self.rt.stopm(m)
            else:
                yield from self.rt.execute(m, g)
                while True:
                    yield step("user code")
                    if choose(False, True):
                        outcome("preempted")
                        yield from self.rt.gosched(m, g)
                        break
                    oldp: Int(0, self.ps - 1) = self.rt.m_p[m]
                    yield from self.rt.enter(g)
                    yield step("in the kernel", rest=True)
                    on = yield from self.rt.exit(m, g, oldp)
                    if not on:
                        break

    @process(count="sysmon")
    def monitor(self, s):
        while True:
            for p in range(self.ps):
                took = yield from self.rt.take(p, patient=True)
                if took:
                    yield from self.rt.handoffp(p)

    @invariant
    def own(self):
        return all(
            not self.thread.at(m, "user code")
            or (self.rt.m_p[m] is not None and self.rt.p_m[self.rt.m_p[m]] == m)
            for m in self.thread
        )

"""System calls: entry and exit, against those who take the P away (runtime/proc.go, go1.27.3).

What is modelled: reentersyscall (proc.go:4642-4757), entersyscallHandleGCWait, entersyscallblock (4830), exitsyscall,
exitsyscallTryGetP and exitsyscallNoP (4922-5160), setBlockOnExitSyscall, takeP, gcstopP and resume (6801-6888), retake
(6681-6772); stopTheWorld and forEachP are in ``world.py``.  In a system call a P stays with its M, and who wants it has
the scan bit of the G set, so that the G cannot leave the system call meanwhile.

The takers are sysmon, every M that comes back without a P, stopTheWorld and forEachP.  What is abstracted, besides what
``threads`` and ``world`` say:

* Time: sysmon leaves a P where it is, or takes it, as it likes.  So syscalltick, which says whether this is still the
  same system call, is left out; the other reader of it is the tracer.
* A G does not stay in Go code for ever: sysmon asks it to give the P up after 10 ms; fairness of the outcome
  "preempted" stands for that.
* sysmon never sleeps, or is not there at all (``asleep``, ``again``): sysmonwait and its note are left out.
* oldp is a local: nobody but its own M reads it.

casgstatus spins while somebody has the scan bit, and nothing promises it the moment when nobody has it: with two Ps
sysmon may look again and again and leave the P each time.  So the promises assume strong fairness of X1.  (With one P
they hold without.)  Who wants sched.lock again and again gets it, which matters where the world stops again and again.

stopTheWorld asks for the P of a system call once.  It may come too early, when the M has looked at gcwaiting and not
yet entered, or find the scan bit set by sysmon or by the collector.  Then only sysmon can help, and it sleeps while
gcwaiting is set: ``asleep`` is not kept, see docs/findings/stop-the-world.md.

Checklist (ids of the reference for this part):

* S4.own      done: ``own``, which says too that a P has one M at most in user code; ``idle_unowned``
* once        done: ``not_lost``, ``running_once``
* legal       done: ``legal``, the transitions of S3 that happen here
* S7.stw      done: ``stopped``, ``world_stops``
* S7.count    done: ``stop_counted``
* S7.fn       done: ``ran_once``, ``all_run_it``
* throws      "wirep: already in go" done: ``wirep_free``; "invalid p state" done: ``wirep_idle``; that of
              casfrom_Gscanstatus done: ``scan_kept``; "stopTheWorld: not stopped" done: ``stopped_count``,
              ``stopped_status``; "forEachP: not done", "P did not run fn" done: ``each_done``, ``each_ran``;
              "releasep: invalid arg" and "invalid p state" of entersyscallblock done: ``releasep_arg``,
              ``releasep_state``; "gcstopm: not waiting for gc", "forEachP: sched.safePointWait != 0",
              "stopTheWorld: holding locks" left out: read where nobody else can write; "attempted to release P into
              a bad state" left out: a constant
* liveness    done: ``ready_runs``, ``call_returns``, ``world_stops``, ``all_run_it``
* s1 s3 s4    done, as bugs
* s5          small model: ``syscall23``
* s6          done, as a negative control: sysmon hands such a P to somebody who runs the function.  Without sysmon
              forEachP would not come to its end even so, as the flag is read before the G is in the system call
* s7          left out: nGsyscallNoP, a counter, goes wrong with the extra Ms of cgo (golang/go#76435), not modelled
* s8          left out: incidlelocked belongs to checkdead
* 10618       done, as a bug of findRunnable
* 27660       done, as a bug of releasep
* s9          small model: ``syscall23``, where entering a system call clears m.p
* blind sure  ours, negative controls: the optimisation of entersyscall, and a test that can only be true
* late handed idle nowakep skip stays after   ours: plausible edits
* cas held slow n1 n2 unseen wired   ours: plausible edits
"""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Int,
    Option,
    Pid,
    Preset,
    Scenario,
    choose,
    fatal,
    outcome,
    process,
    reachable,
    step,
    strong,
    weak,
)
from gomodel.specs.runtime.callers import Callers
from gomodel.specs.runtime.world import World, shared_bugs

GO = "runtime/proc.go"


class Syscalls(World):
    """reentersyscall, exitsyscall, setBlockOnExitSyscall and takeP."""

    def enter(self, m, g: self.G, oldp: Option(self.P)):
        if self.asks and not self.bug("s6"):
            yield step("S2 load runSafePointFn", go=f"{GO}:4684", src="pp.runSafePointFn != 0")
            if self.asked[oldp]:
                yield from self.run_safe_point_fn(m)
        if self.stops and not self.bug("blind"):
            yield step("S3 load gcwaiting", go=f"{GO}:4721", src="sched.gcwaiting.Load()")
            if self.gcwaiting:
                yield from self.stop_own(m, oldp)
        yield step(
            "S1 CAS Running→Syscall",
            go=f"{GO}:4736",
            src="CompareAndSwap(_Grunning, _Gsyscall)",
            when=lambda: not self.status[g].scan,
        )
        self.status[g].of = "syscall"

    def stop_own(self, m, p: self.P):
        """entersyscallHandleGCWait."""
        yield step(
            "S4 lock; my P stops",
            when=lambda: self.unlocked(),
            go=(f"{GO}:4798", f"{GO}:4803"),
            src=("sched.stopwait > 0", "atomic.Store(&pp.status, _Pgcstop)"),
            region="sched.lock; the links are those of the M's own P",
        )
        outcome("locked")
        if self.stopwait > 0 or self.bug("sure"):
            self.p_m[p] = None
            self.m_p[m] = None
            self.p_status[p] = "gcstop"
            self.stopwait -= 1

    def block(self, m, g: self.G):
        """entersyscallblock."""
        if not self.bug("after"):
            yield from self.release_and_hand_off(m, checked=True)
        yield step(
            "L2 CAS Running→Syscall",
            go=f"{GO}:4877",
            src="casgstatus(gp, _Grunning, _Gsyscall)",
            when=lambda: not self.status[g].scan,
        )
        self.status[g].of = "syscall"
        if self.bug("after"):
            yield from self.release_and_hand_off(m, checked=True)

    def exit(self, m, g: self.G, oldp: Option(self.P)):
        """True if the goroutine runs on, False if it is left to the scheduler."""
        yield step(
            "X1 CAS Syscall→Running",
            go=f"{GO}:4952",
            src="CompareAndSwap(_Gsyscall, _Grunning)",
            when=lambda: not self.status[g].scan or self.bug("s4"),
        )
        self.status[g].of = "running"
        self.status[g].scan = False
        yield step("X2 is m.p still there?", go=f"{GO}:4968", src="pp := gp.m.p.ptr()")
        if self.m_p[m] is not None and not self.bug("slow"):
            return True
        if oldp is not None:
            took = yield from self.take(oldp)
            if took:
                yield from self.acquirep(m, oldp)
                return True
        yield step("X3 load sched.pidle", go=f"{GO}:5084", src="sched.pidle != 0")
        if self.idle_ps:
            yield step(
                "X4 lock; pidleget",
                when=lambda: self.unlocked(),
                go=f"{GO}:5086",
                src="pidleget(0)",
                region="sched.lock",
            )
            outcome("locked")
            if self.idle_ps:
                p: self.P = self.pidleget()
                yield from self.acquirep(m, p)
                return True
        yield step(
            "N1 CAS Running→Runnable",
            go=f"{GO}:5109",
            src="casgstatus(gp, _Grunning, _Grunnable)",
            when=lambda: not self.status[g].scan,
        )
        self.status[g].of = "runnable"
        yield from self.drop(m, g)
        yield step(
            "N2 lock; pidleget or globrunqput",
            when=lambda: self.unlocked(),
            go=(f"{GO}:5124", f"{GO}:5128"),
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

    def scan(self, g: self.G):
        """suspendG and resumeG, of a G in a system call."""
        yield step("C1 CAS Syscall→Syscall|scan", go="runtime/preempt.go:168", src="castogscanstatus(gp, s, s|_Gscan)")
        if self.status[g].of != "syscall" or self.status[g].scan:
            return
        self.status[g].scan = True
        yield step("C2 CAS Syscall|scan→Syscall", go="runtime/preempt.go:275", src="casfrom_Gscanstatus(")
        self.status[g].scan = False

    def unscan(self, g: self.G, line):
        yield step("B8 CAS Syscall|scan→Syscall", go=f"{GO}:{line}", src="casfrom_Gscanstatus(")
        word = self.status[g]
        if not word.scan or word.of != "syscall":
            fatal("casfrom_Gscanstatus: gp->status is not in scan state", prop="scan_kept")
        self.status[g].scan = False

    def take_asked(self, p):
        """What forEachP does to a P in a system call."""
        yield step("P2 load runSafePointFn", go=f"{GO}:2199", src="atomic.Load(&p2.runSafePointFn) != 1")
        if not self.asked[p]:
            return False
        took = yield from self.take(p)
        return took

    def stop_syscall(self, p):
        """What stopTheWorld does to a P in a system call."""
        yield from self.take(p, stop=True)

    def take(self, p: self.P, patient=False, stop=False):
        """setBlockOnExitSyscall, takeP or gcstopP, resume; a patient taker may leave the P where it is."""
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
        yield step(
            "T3 store p.status",
            go=f"{GO}:6875",
            src="atomic.Store(&s.pp.status, state)",
            region="stopwait is sched.lock's" if stop else "",
        )
        if stop:
            self.p_status[p] = "gcstop"
            self.stopwait -= 1
        else:
            self.p_status[p] = "idle"
        if not self.bug("s3") and not self.bug("held"):
            yield from self.unscan(g, 6886)
        return True

    bugs = {
        **shared_bugs("go1.27.3", asleep="again"),
        "s1": Bug("the links are not looked at again", breaks=("own", "wirep_idle"), go=f"{GO}:6839"),
        "s3": Bug("the scan bit is cleared before m.p", breaks="own", go=f"{GO}:6874"),
        "s4": Bug("exit stores its status", breaks=("scan_kept", "legal"), go=f"{GO}:4952"),
        "slow": Bug("a G that has its P looks for another one", breaks="wirep_free", go=f"{GO}:4968"),
        "blind": Bug("gcwaiting is not looked at on entry", harmless=True, go=f"{GO}:4721", scenario="again"),
        "sure": Bug(
            "stopwait is not looked at when entering a system call", harmless=True, go=f"{GO}:4798", scenario="again"
        ),
        "after": Bug(
            "a P is given up when its G is in the system call",
            breaks=("releasep_arg", "releasep_state"),
            go=f"{GO}:4869",
            scenario="block",
            bounds={"gs": 1, "apart": False},
        ),
        "held": Bug("the scan bit is never cleared", breaks=("deadlock", "call_returns"), go=f"{GO}:6886"),
    }


class SyscallModel(Callers):
    """Goroutines that make system calls, and sysmon: the scan bit keeps them in."""

    scans: int = Bound(0, min=0, max=1, help="stacks that are scanned")

    name = "syscall"
    go = "go1.27.3"
    source = (GO, "runtime/preempt.go")
    legal_steps = (
        ("runnable", "running"), ("running", "runnable"), ("running", "syscall"), ("syscall", "running"),
    )  # fmt: skip
    leaving = ("X1 CAS Syscall→Running",)
    fairness = (*Callers.fairness, weak("collector"), strong("thread", "X1 CAS Syscall→Running"))

    scenarios = {
        **Callers.scenarios,
        "again": Scenario(
            "so it is, a stack is scanned, and stopTheWorld looks at system calls again and again",
            ps=2,
            stops=True,
            sysmon=0,
            scans=1,
            again=True,
        ),
    }

    presets = {**Callers.presets, "quick": Preset(scenarios=("one P", "again"))}

    @process(count="scans")
    def collector(self, c):
        yield step("idle", rest=True)
        g: Int(0, self.gs - 1) = choose(Int(0, self.gs - 1))
        yield from self.rt.scan(g)

    def state(self):
        self.rt = Syscalls(
            self.thread, gs=self.gs, ps=self.ps, go=self.go, stops=self.stops, asks=self.asks, again=self.again
        )

    @reachable
    def spinning(self):
        """A G cannot leave its system call, as somebody is looking at its P."""
        return any(
            self.thread.at(m, "X1 CAS Syscall→Running")
            and self.rt.curg[m] is not None
            and self.rt.status[self.rt.curg[m]].scan
            for m in self.thread
        )

    @reachable
    def too_late(self):
        """sysmon has the scan bit of a G whose P was taken before."""
        return any(
            self.rt.m_p[m] is None and self.rt.curg[m] is not None and self.rt.status[self.rt.curg[m]].scan
            for m in self.thread
        ) and any(self.monitor.at(s, "B7 load m.p") for s in self.monitor)

    @reachable(scenario="again")
    def scanned(self):
        """stopTheWorld comes to a P in a system call, and the stack of its G is being scanned."""
        return any(self.thread.at(m, "B5 CAS Syscall→Syscall|scan") and self.rt.locked for m in self.thread) and any(
            self.collector.at(c, "C2 CAS Syscall|scan→Syscall") for c in self.collector
        )

    @reachable
    def running_without(self):
        """A G is Running and has no P."""
        return any(self.thread.at(m, "X3 load sched.pidle") and self.rt.m_p[m] is None for m in self.thread)

"""The steps of a marking phase: how it begins, workers, mutators, and how it ends (runtime/mgc.go, mgcmark.go)."""

from __future__ import annotations

from gomodel import Int, choose, fatal, step
from gomodel.specs.runtime.gcproperties import Judged

GO, MARK, TEA = "runtime/mgc.go", "runtime/mgcmark.go", "runtime/mgcmark_greenteagc.go"
FULL, ROOTS = "!work.full.empty()", "work.markrootNext.Load() < work.markrootJobs.Load()"
GCWAITING = "sched.gcwaiting.Store(true)"
STOPPED = "the world is stopped"
OURS = "the rest is the P's own, or changes only while the P may be preempted"


class Marking(Judged):
    """The operations."""

    # --- gcStart ---------------------------------------------------------------------------------------------

    def start(self):
        """One cycle, as far as its marking phase."""
        if not self.bug("g2_2"):
            yield from self.forget_scans()
        yield step("S2 stop the world", go="runtime/proc.go:1672", src=GCWAITING)
        self.waiting = True
        yield step(
            "S3 count roots, enter the marking phase, start the world",
            when=lambda: self.bug("g2_1") or self.quiet(),
            go=(f"{GO}:898", f"{GO}:901", f"{GO}:915", f"{GO}:930"),
            src=(
                "setGCPhase(_GCmark)",
                "gcPrepareMarkRoots()",
                "&gcBlackenEnabled, 1",
                "startTheWorldWithSema(0, stw)",
            ),
            atomic=STOPPED,
        )
        self.begin()
        self.waiting = False
        if self.bug("g2_2"):
            yield from self.forget_scans()

    def forget_scans(self):
        yield step(
            "S1 forget which stacks were scanned", go=f"{GO}:2133", src="gp.gcscandone = false", region="allglock"
        )
        self.reset_mark_state()

    def quiet(self):
        """No P runs anything that cannot be preempted."""
        return not any(self.held)

    # --- workers ---------------------------------------------------------------------------------------------

    def may_work(self, p, eager):
        """P p looks for something to run, and finds a worker.  ``eager``: or a goroutine that assists."""
        free = self.blacken and not (self.waiting or self.held[p] or self.todo[p]) and self.pool > 0
        work = eager or self.size(p) > 0 or self.full() or self.next < self.jobs
        return free and work and not self.bug("g5_7")

    def work(self, w, *, eager):
        """What a P does for the collector, from when it picks a worker until that parks or calls gcMarkDone."""
        yield step(
            "W1 pick a worker",
            when=lambda: self.may_work(self.nr[w], eager),
            rest="blocked",
            go=("runtime/mgcpacer.go:771", "runtime/mgcpacer.go:791"),
            src=("gcShouldScheduleWorker(pp)", "gcBgMarkWorkerPool.pop()"),
            atomic="what it looks at is a hint: the worker may find that there is nothing to do",
        )
        self.pool -= 1
        if not self.bug("loose"):
            self.held[self.nr[w]] = True
        yield step("W2 one worker less waits", go=f"{GO}:1950", src="atomic.Xadd(&work.nwait, -1)", atomic=OURS)
        self.held[self.nr[w]] = True
        if not self.blacken:
            fatal("gcBgMarkWorker: blackening not enabled", prop="blackening")
        if self.nwait > self.agents:
            fatal("work.nwait was > work.nproc", prop="nwait_in_range")
        if not self.bug("g3_8"):
            self.nwait -= 1
        yield from self.drain(w, eager)
        if self.bug("g3_8"):
            self.nwait -= 1
        yield step("W7 one worker more waits", go=f"{GO}:1961", src="atomic.Xadd(&work.nwait, +1)", atomic=OURS)
        self.nwait += 2 if self.bug("twice") else 1
        if self.nwait > self.agents:
            fatal("work.nwait > work.nproc", prop="nwait_in_range")
        if self.nwait != self.agents and not self.bug("g2_6"):
            self.park(w)
            return
        yield step("W8 look at the global list", go=f"{TEA}:1166", src=FULL, atomic=OURS)
        if self.full():
            self.park(w)
            return
        yield step("W9 look for root jobs", go=f"{TEA}:1169", src=ROOTS, atomic=OURS)
        if self.next < self.jobs:
            self.park(w)
        else:
            self.held[self.nr[w]] = False
            self.callers += 1

    def park(self, w):
        if not self.bug("releasem"):
            self.held[self.nr[w]] = False
        self.pool += 1

    def stops(self, w, eager):
        """The worker is asked to stop, and may have noticed; or the goroutine that assists has done enough."""
        return (eager or self.waiting or self.todo[self.nr[w]]) and choose(False, True)

    def drain(self, w, eager):
        """gcDrain."""
        while True:
            yield step("W3 claim a root job", go=f"{MARK}:1208", src="work.markrootNext.Add(1) - 1", atomic=OURS)
            if self.next == self.jobs:
                break
            if self.stops(w, eager):
                return
            job: Int(0, self.jobs) = self.next
            if not self.bug("g2_5"):
                self.next += 1
            if self.bug("g2_6"):
                self.held[self.nr[w]] = False
            yield step(
                "W4 mark a root",
                when=lambda: not self.is_inside(job),
                go=f"{MARK}:298",
                src="stopped := suspendG(gp)",
                atomic="a goroutine that is suspended does not run",
            )
            if self.bug("g2_5"):
                self.next = job + 1
            self.markroot(job, self.nr[w])
            self.held[self.nr[w]] = True
        while True:
            yield step(
                "W5 balance, and look for an object",
                go=(f"{MARK}:1321", f"{MARK}:1329"),
                src=("gcw.balance()", "gcw.tryGetObj()"),
                atomic=OURS,
            )
            if self.stops(w, eager):
                return
            p = self.nr[w]
            if self.size(p) == 0:
                if self.full():
                    self.fetch(p)
                else:
                    self.flush(p)
                    if self.size(p) == 0:
                        return
            elif self.sharing and not self.full() and self.size(p) > 1:
                self.share(p)
            yield step("W6 scan an object", go=f"{MARK}:1345", src="scanObject(b, gcw)", atomic=OURS)
            o = choose(self.local(self.nr[w]))
            for x in self.collected:
                if o == x:
                    self.scan(x, self.nr[w])

    def fetch(self, p):
        """trygetfull."""
        o = choose([o for o in self.collected if self.place[o] == self.FULL])
        self.place[o] = p + 1

    def is_inside(self, job):
        """It is the job of a stack whose goroutine is not at a safe point."""
        return any(self.inside[i] and job == i + 1 for i in range(self.mutators))

    def markroot(self, job, p):
        """Job 0 is the globals, each other one a stack."""
        if job == 0:
            for x in self.collected:
                if self.heap.points(0, x):
                    self.shade(x, p)
        for i in range(self.mutators):
            if job == i + 1 and self.listed[i]:
                if self.scanned[i]:
                    fatal("g already scanned", prop="scanned_once")
                if not (self.bug("g2_4") and i == 0):
                    self.scan_stack(i, p)
                self.scanned[i] = True

    # --- gcMarkDone and gcMarkTermination --------------------------------------------------------------------

    def mark_done(self):
        """gcMarkDone, by one worker after the other.  One that returns goes back to the pool."""
        yield step(
            "D1 acquire markDoneSema",
            when=lambda: self.callers > 0,
            rest="blocked",
            go=f"{GO}:1000",
            src="semacquire(&work.markDoneSema)",
            atomic="callers: who waits for it",
        )
        self.callers -= 1
        ended = yield from self.rounds()
        if not ended:
            self.pool += 1
            return
        yield step(
            "D9 mark termination",
            go=(f"{GO}:1362", f"{GO}:1979", f"{GO}:2030"),
            src=("setGCPhase(_GCmarktermination)", "work.full != 0 || next < jobs", "P has cached GC work"),
            atomic=STOPPED,
        )
        self.phase = "termination"
        self.ends = min(self.ends + 1, 2)
        self.verify()
        self.reset_buffers()
        if self.bug("early"):
            self.waiting = False
        yield step("D10 off, sweep, start the world", go=f"{GO}:1403", src="setGCPhase(_GCoff)", atomic=STOPPED)
        self.phase = "off"
        self.sweep()
        self.waiting = False
        self.pool += 1

    def rounds(self):
        """From ``top:`` to where the end is decided, or until it turns out that there is work."""
        while True:
            yield step(
                "D2 top: look at phase and nwait",
                go=f"{GO}:1944",
                src="work.nwait == work.nproc",
                atomic="the phase changes under markDoneSema, in gcStart only while nobody calls this",
            )
            if not (
                self.bug("norecheck")
                or (self.phase == "mark" and (self.nwait == self.agents or self.bug("nwait") or self.bug("g2_6")))
            ):
                return False
            yield step("D3 look at the global list", go=f"{TEA}:1166", src=FULL, atomic=OURS)
            if self.full() and not self.bug("full"):
                if self.bug("g5_6"):
                    continue
                return False
            yield step("D4 look for root jobs", go=f"{TEA}:1169", src=ROOTS, atomic=OURS)
            if self.next < self.jobs and not self.bug("roots"):
                return False
            self.again = False
            if not (self.bug("g3_9") or self.bug("norounds")):
                yield from self.ragged_barrier()
            if self.again and not self.bug("g3_3"):
                continue
            yield step("D7 stop the world", go="runtime/proc.go:1672", src=GCWAITING)
            self.waiting = True
            yield step(
                "D8 flush again, and decide",
                when=lambda: self.quiet(),
                go=(f"{GO}:1087", f"{GO}:1115", f"{GO}:1126"),
                src=("wbBufFlush1(p)", "startTheWorldWithSema(0, stw)", "atomic.Store(&gcBlackenEnabled, 0)"),
                atomic=STOPPED,
            )
            if not (self.bug("27993") or self.bug("g3_9")) and self.left_over():
                self.waiting = False
                continue
            self.blacken = False
            return True

    def ragged_barrier(self):
        """forEachP: each P runs a function at its next safe point, in any order."""
        yield step("D5 ask each P", go=f"{GO}:1024", src="forEachP(waitReasonGCMarkTermination", region="sched.lock")
        self.todo.fill(True)
        while any(self.todo):
            yield step(
                "D6 a P flushes",
                when=lambda: any(self.may_run(p) for p in range(self.procs)),
                go=(f"{GO}:1027", f"{GO}:1034", f"{GO}:1037"),
                src=("wbBufFlush1(pp)", "pp.gcw.dispose()", "if pp.gcw.flushedWork"),
                atomic=OURS,
            )
            p = choose([p for p in range(self.procs) if self.may_run(p)])
            self.safe_point(p)

    def may_run(self, p):
        return self.todo[p] and not self.held[p]

    def safe_point(self, p):
        if not (self.bug("g3_4") or self.bug("g3_4b")):
            self.flush(p)
        if self.bug("g3_6b"):
            self.flushed[p] = False
        if not self.bug("nodispose"):
            self.dispose(p)
        if self.bug("g3_6"):
            self.flushed[p] = False
        self.again = self.again or self.flushed[p]
        self.flushed[p] = False
        self.todo[p] = False

    def left_over(self):
        """P by P, up to the first that has work (mgc.go:1085-1093)."""
        for p in range(self.procs):
            if not self.bug("g3_4"):
                self.flush(p)
            if self.size(p) > 0:
                return True
            if self.bug("first"):
                break
        return self.checked and self.full()

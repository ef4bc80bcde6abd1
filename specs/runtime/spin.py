"""Who looks for work, and who wakes whom: spinning Ms (runtime/proc.go, go1.27.3).

What is modelled: findRunnable (3404) with its order of sources, becomeSpinning, wakep, startm, stopm,
resetspinning, pidlegetSpinning, checkRunqsNoP, and as submitters ready, newproc and goschedImpl.  Steps are in
``spin_steps.py``, store buffers in ``storebuffer.py``.

Abstractions: a local queue is a number of Gs with one atomic operation for put, get and steal (the ring is in ``runq``);
idle Ms are interchangeable and stand for new ones too; the four rounds of stealing are the last one, as those before
only find earlier what that one finds; a full queue sends the new G alone to the global queue.

Two windows of go1.27.3 are left to scenarios of their own, ``batch`` and ``window``, where work is left behind
(docs/findings/spin-windows.md).  Elsewhere a batch is one G, and a wakep in vain writes both words at once.

Checklist (ids of the reference, S2):

* S2.conserve    done: ``no_lost_work``; ``local_work_is_taken``, ``each_runs`` as liveness
* S2.nms         done: ``nmspinning_exact``
* S2.rest        done: ``at_rest_nobody_spins``
* S2.spinlocal   done: ``spinners_have_no_work``; #10573 (newm borrows the P) left out
* S2.one         done: ``one_owner``
* S2.poll        left out: netpoll is not modelled yet
* throws         done: ``no_throw``, but those of netpoll and "holding locks", left out
* fairness       done: ``global_work_is_taken``; #13546 left out: the promise holds without the tick at these bounds
* mutants        1 ``recheck``, 3 ``45867``, 5 ``nowakep``, 6 ``token``, 7 ``43997``, 11 ``plain``: done, as bugs;
                 10 ``last``: a negative control; 8 (#63555), 9 (#47304), 12, #44313, #52934 left out
* cas reset clear uncounted   ours
* need           ours, a negative control
"""

from __future__ import annotations

from gomodel import (
    Bool,
    Bound,
    Bug,
    Int,
    Model,
    Scenario,
    choose,
    count,
    invariant,
    leads_to,
    process,
    reachable,
    require,
    rule,
    step,
    weak,
)
from gomodel.specs.runtime.spin_steps import GO, LOCK, Spinning

TWO = {"scenario": "two"}
LOST = ("no_lost_work", "local_work_is_taken")
RUN, ASLEEP = "run", "M2 woken: clear the note, acquirep(nextp)"


class Scheduler(Spinning):
    """The scheduler, with its bugs."""

    bugs = {
        "recheck": Bug("no re-check after nmspinning − 1", breaks=LOST, go=f"{GO}:3689", **TWO),
        "45867": Bug(
            "nobody sets needspinning (Go 1.17 to 1.19)", breaks=LOST, go=f"{GO}:7489", issue="golang/go#45867", **TWO
        ),
        "nowakep": Bug("who readies a G does not call wakep", breaks=LOST, go=f"{GO}:1151", **TWO),
        "token": Bug(
            "wakep without an idle P does not take back its count", breaks=("at_rest_nobody_spins", *LOST),
            go=f"{GO}:3245", **TWO,
        ),
        "uncounted": Bug(
            "who begins to spin is not counted", breaks=("nmspinning_exact", "no_throw"), go=f"{GO}:1088", **TWO
        ),
        "43997": Bug(
            "who does not spin re-checks too, and then spins without being counted",
            breaks=("nmspinning_exact", "no_throw"), go=f"{GO}:3674", issue="golang/go#43997", **TWO,
        ),
        "last": Bug("only the last spinner re-checks", harmless=True, go=f"{GO}:3680", **TWO),
        "need": Bug("needspinning stays set: more Ms spin", harmless=True, go=f"{GO}:1089", **TWO),
        "plain": Bug(
            "the tail of a local queue is a plain store: it waits in the buffer while nmspinning is loaded",
            breaks=LOST, go=f"{GO}:7563", scenario="tso",
        ),
        "cas": Bug("wakep stores 1 instead of CAS", breaks="nmspinning_exact", go=f"{GO}:3230", **TWO),
        "reset": Bug("who has found work wakes nobody", breaks=LOST, go=f"{GO}:4049", scenario="three"),
        "clear": Bug("the note is not cleared", breaks="no_throw", go=f"{GO}:3023", **TWO),
    }  # fmt: skip


class SpinModel(Model):
    """Ms run Gs, submit others, and look for work."""

    name = "spin"
    go = "go1.27.3"
    source = (GO,)

    ps: int = Bound(2, min=1, max=4, help="Ps")
    ms: int = Bound(2, min=1, max=5, help="Ms")
    gs: int = Bound(3, min=1, max=6, help="Gs")
    cap: int = Bound(1, min=1, max=2, help="Gs that a local queue has room for")
    every: int = Bound(0, min=0, max=5, help="how often the global queue comes first: 61; 0: never")
    depth: int = Bound(0, min=0, max=2, help="stores that the buffer of a processor has room for; 0: none")

    batches: int = Bound(0, min=0, max=2, help="Gs that are taken off the global queue with the first: 0 none; "
        "1 put on the local queue under the lock, as in Go 1.23; 2 after it, as in Go 1.27")  # fmt: skip

    apart: bool = Bound(False, help="a wakep that finds no P sets needspinning and lowers nmspinning in two steps")

    scenarios = {
        "two": Scenario("two Ps"),
        "tick": Scenario("every other time a P looks at the global queue first", every=2),
        "fits": Scenario("as many Gs as Ps: each of them runs, whatever the others do", gs=2),
        "locked batch": Scenario("batches from the global queue, published under the lock (Go 1.23)", batches=1),
        "window": Scenario("a wakep that finds no P is seen between its two writes (Go 1.27)", apart=True),
        "batch": Scenario("the same, published after it (Go 1.27)", batches=2),
        "three": Scenario("three Ps", default=False, ps=3, ms=3, gs=4),
        "tso": Scenario("two Ps, with store buffers", depth=2),
    }
    fairness = (weak("m"),)

    def state(self):
        self.sched = Scheduler(
            self.m,
            ps=self.ps,
            gs=self.gs,
            cap=self.cap,
            every=self.every,
            depth=self.depth,
            batches=self.batches,
            apart=self.apart,
        )

    def init(self):
        """One G is ready on P 0, and an M has been started for it."""
        first, s = next(iter(self.m)), self.sched
        for p in range(1, self.ps):
            s.pidle.push(self.ps - p)
        for _ in range(self.ms - 1):
            m = choose(self.m)
            require(m != first and m not in s.midle)
            s.midle.push(m)
        s.mem.memory[0] = 1
        if self.depth:
            s.mem.memory[self.ps] = 1
        s.nextp[first] = 0
        s.note[first] = True
        s.waiting = self.gs - 1

    @process(count="ms")
    def m(self, m):
        yield from self.sched.park(m)
        while True:
            yield from self.sched.schedule(m)
            running: Bool() = True
            while running:
                yield step("run", rest=True)
                what = choose("ready", "yield", "block")
                if what == "ready":
                    require(self.sched.waiting > 0)
                    self.sched.waiting -= 1
                    self.sched.held[m] += 1
                    yield from self.sched.put(m)
                    if not self.sched.bug("nowakep"):
                        yield from self.sched.wakep(m)
                elif what == "yield":
                    yield step(
                        "G1 lock, globrunqput, unlock", when=lambda: not self.sched.locked,
                        go=(f"{GO}:4351", f"{GO}:4352"), src=("lock(&sched.lock)", "globrunqput(gp)"), region=LOCK,
                    )  # fmt: skip
                    self.sched.globrunqput(m)
                    yield from self.sched.wakep(m)
                    running = False
                else:
                    self.sched.waiting += 1
                    self.sched.held[m] -= 1
                    running = False

    def quiet(self):
        """Everybody runs user code, or sleeps and has not been called."""
        s = self.sched
        return all(self.m.at(m, RUN) or (self.m.at(m, ASLEEP) and not s.note[m]) for m in self.m)

    def lost(self):
        s = self.sched
        work = s.runq > 0 or any(s.queued(p) > 0 for p in range(self.ps))
        return self.quiet() and work and len(s.pidle) > 0

    @invariant
    def no_lost_work(self):
        """Where everybody runs user code or sleeps, there is no work, or no idle P for it (S2.conserve)."""
        return self.batches == 2 or self.apart or not self.lost()

    @invariant
    def at_rest_nobody_spins(self):
        """Where everybody runs user code or sleeps, nmspinning is 0 (S2.rest)."""
        return not self.quiet() or self.sched.nmspinning == 0

    @invariant
    def one_owner(self):
        """A P is on the idle list, or one M has it, in use, in its hand, or to wake up with (S2.one)."""
        s = self.sched
        return all(
            (1 if s.idle(p) else 0) + count(s.p[m] == p or s.hand[m] == p or s.nextp[m] == p for m in self.m) == 1
            for p in range(self.ps)
        )

    @invariant
    def spinners_have_no_work(self):
        """Who is woken to spin gets a P without local work (S2.spinlocal, "schedule: spinning with local work")."""
        s = self.sched
        return all(not (s.spinning[m] and s.nextp[m] == p and s.queued(p) > 0) for m in self.m for p in range(self.ps))

    @invariant
    def no_g_is_lost(self):
        """A G waits, is queued, or some M has it: none is lost, none comes twice."""
        s = self.sched
        return s.waiting + s.runq + sum(s.queued(p) for p in range(self.ps)) + sum(s.held) == self.gs

    @leads_to
    def local_work_is_taken(self, p: Int(0, 3)):
        """Work on a local queue is taken, as long as a P is idle."""
        s = self.sched
        if p >= self.ps or self.batches == 2 or self.apart:
            return False, False
        return s.queued(p) > 0 and len(s.pidle) > 0, s.queued(p) == 0 or len(s.pidle) == 0

    @leads_to(scenario="tick")
    def global_work_is_taken(self):
        """Some M comes to take from the global queue, or all run user code, also where local queues are never empty."""
        if not self.every:
            return False, False
        about = any(self.m.at(m, "F6 lock, globrunqget, unlock", "F9 lock, globrunqgetbatch, unlock") for m in self.m)
        return self.sched.runq > 0, self.sched.runq == 0 or about or all(self.m.at(m, RUN) for m in self.m)

    @invariant
    def nmspinning_exact(self):
        """nmspinning counts the Ms that spin, and those that are being started to (S2.nms)."""
        s = self.sched
        return s.nmspinning == count(s.spinning) + s.tokens

    @rule(fair=True)
    def drain(self, m: self.m):
        require(self.sched.mem.buffered(m))
        self.sched.mem.drain(m)

    @reachable(scenario="batch")
    def work_left_behind(self):
        """Work on a local queue, an idle P, and nobody looks for work: docs/findings/spin-windows.md."""
        return self.lost()

    @reachable(scenario="window")
    def woken_in_vain(self):
        """The same: docs/findings/spin-windows.md."""
        return self.lost()

    @leads_to(scenario="fits")
    def each_runs(self, p: Int(0, 1)):
        """With as many Gs as Ps local work is taken, even if every other G runs for ever."""
        return self.sched.queued(p) > 0, self.sched.queued(p) == 0

    @reachable(scenario="two")
    def recheck_finds_work(self):
        """A spinner that has given up its P takes one again, for work that came meanwhile."""
        return any(self.m.at(m, "R6 lock, pidlegetSpinning, unlock") for m in self.m)

    @reachable(scenario="two")
    def asked_to_spin(self):
        """An M that is about to give up its P sees needspinning."""
        return self.sched.needspinning and self.sched.locked

"""Who looks for work, and who wakes whom: spinning Ms (runtime/proc.go, go1.27.3).

What is modelled: findRunnable (3404) with its order of sources, becomeSpinning, wakep, startm, stopm,
resetspinning, pidlegetSpinning, checkRunqsNoP, and as submitters ready, newproc and goschedImpl.  Steps are in
``spin_steps.py``, store buffers in ``storebuffer.py``.

**Which scenarios follow go1.27.3.**  Two regions of the source have a window in which this model finds work that nobody
looks for: several Gs from the global queue are published after sched.lock is released, and a wakep that finds no idle P
sets needspinning and then lowers nmspinning.  Scenario ``batch`` has the first, ``window`` the second, each as it is in
the source; there ``no_lost_work`` and ``local_work_is_taken`` are not asked for, and witnesses show how they fail.  All
other scenarios merge both: only one G at a time comes from the global queue (``locked batch``: several, published
under the lock, as in Go 1.23), and needspinning and nmspinning change in one step.  What holds there holds of that
merged form, not of go1.27.3.  No running program has shown either window: they are candidates
(docs/findings/spin-windows.md).

With three Ps and as many Ms ``local_work_is_taken`` fails (scenario ``three``, not explored by default): an M runs for
ever and fills its queue over and over, and whoever it wakes is fed by what does not fit, from the global queue, which
comes before stealing.  Whether go1.27.3 can do that is open: there, a full queue sends half of its Gs along.

Abstractions:

* A local queue is a number of Gs with one atomic operation for put, get and steal (the ring is in ``runq``); a thief
  takes one G.  There is no runnext.
* No M is ever created.  Where the source would make one (startm without an idle M), who starts waits here for an M to
  park.  That cuts behaviours off: nothing is said of more Ms than ``ms``, neither safety nor liveness.
* Of the four rounds of stealing there is one, as those before only find earlier what the last one finds.
* A full local queue sends the new G alone to the global queue, not half of its Gs with it.
* A step of the memory is sequentially consistent, but in scenario ``tso`` (``storebuffer``).

Checklist (ids of the reference, S2):

* S2.conserve    done: ``no_lost_work``; ``local_work_is_taken``, ``each_runs`` as liveness; but see above
* S2.nms         done: ``nmspinning_exact``
* S2.rest        done: ``at_rest_nobody_spins``
* S2.spinlocal   done: ``spinners_have_no_work``
* 10573          left out: newm, which borrows the P, is not modelled
* S2.one         done: ``one_owner``
* S2.poll        left out: netpoll is not modelled yet
* throws         done: ``no_throw``, but those of netpoll, of "holding locks" and of newm, which are left out
* liveness       done: ``local_work_is_taken``, ``global_work_is_taken``, ``each_runs``
* fairness       left out: that the head of the global queue is taken within 61 ticks is not stated;
                 ``global_work_is_taken`` is less, and holds without the tick too
* inductive      left out: a proof for any number of Ps and Ms is no part of exploring
* recheck 45867 nowakep token plain   done: mutants 1, 3, 5, 6, 11
* 43997          done: mutant 7, an edit of go1.27.3; the code of Go 1.16, which had that issue, is not modelled
* last           done: mutant 10, a negative control
* 63555          left out: mutant 8, injectglist is not modelled yet
* 47304 23098    left out: mutant 9, GOMAXPROCS does not change, so allp and its snapshot are the same
* 40368          left out: mutant 12, newm and checkdead are not modelled yet
* 44313          left out: workers of the collector are not modelled yet
* 13546 52934    left out: fairness of the 61st tick, see above
* handoffp timers left out: not modelled yet, nor are injectglist, sysmon, preemption and stopping the world
* cas reset clear uncounted   ours
* keeps release unlock        ours
* need           ours, a negative control
"""

from __future__ import annotations

from gomodel import (
    Bool,
    Bound,
    Bug,
    Int,
    Model,
    Preset,
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
GLOBAL = "global_work_is_taken"
RUN, ASLEEP = "run", "M2 woken: clear the note, acquirep(nextp)"


class Scheduler(Spinning):
    """The scheduler, with its bugs."""

    bugs = {
        "recheck": Bug(
            "no re-check after nmspinning − 1", breaks=(GLOBAL, *LOST), go=f"{GO}:3689", scenario="tick"
        ),
        "45867": Bug(
            "nobody sets needspinning (Go 1.17 to 1.19)", breaks=LOST, go=f"{GO}:7489", issue="golang/go#45867", **TWO
        ),
        "nowakep": Bug(
            "who readies a G does not call wakep", breaks=("each_runs", *LOST), go=f"{GO}:1151", scenario="fits"
        ),
        "token": Bug(
            "wakep without an idle P does not take back its count", breaks=("at_rest_nobody_spins", *LOST),
            go=f"{GO}:3245", **TWO,
        ),
        "uncounted": Bug(
            "who begins to spin is not counted", breaks=("nmspinning_exact", "no_throw"), go=f"{GO}:1088", **TWO
        ),
        "43997": Bug(
            "who does not spin re-checks too, and then spins without being counted (not the code of Go 1.16)",
            breaks=("nmspinning_exact", "no_throw"), go=f"{GO}:3674", **TWO,
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
        "keeps": Bug("who has found work goes on spinning", breaks="spinners_have_no_work", go=f"{GO}:4213", **TWO),
        "release": Bug("who puts its P on the idle list keeps it", breaks="one_owner", go=f"{GO}:3631", **TWO),
        "unlock": Bug("who is asked to spin keeps sched.lock", breaks="deadlock", go=f"{GO}:3628", **TWO),
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
        "batch": Scenario("batches from the global queue, published after the unlock (Go 1.27)", batches=2),
        "three": Scenario("three Ps, where work may wait for ever", default=False, ps=3, ms=3, gs=4),
        "tso": Scenario("two Ps, with store buffers", depth=2),
    }
    presets = {
        "quick": Preset(scenarios=("two", "tick", "fits", "window", "batch", "tso")),
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
        """Where everybody runs user code or sleeps, there is no work, or no idle P for it (S2.conserve).

        Not asked for in ``batch`` and ``window``.
        """
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
    def no_g_is_lost(self):
        """A G waits, is queued, or some M has it: none is lost, none comes twice."""
        s = self.sched
        return s.waiting + s.runq + sum(s.queued(p) for p in range(self.ps)) + sum(s.held) == self.gs

    @leads_to
    def local_work_is_taken(self, p: Int(0, 3)):
        """Work on a local queue is taken, as long as a P is idle.

        Not asked for in ``batch`` and ``window``, and wrong in ``three``.
        """
        s = self.sched
        if p >= self.ps or self.batches == 2 or self.apart:
            return False, False
        return s.queued(p) > 0 and len(s.pidle) > 0, s.queued(p) == 0 or len(s.pidle) == 0

    @leads_to(scenario="tick")
    def global_work_is_taken(self):
        """Some M comes to take from the global queue, or all run user code: with as many Ms as Ps.

        With more it fails as stated, as one sleeps while the others run.  How soon is not said.
        """
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
        """The same, after a wakep that found no P: docs/findings/spin-windows.md."""
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

"""Who looks for work, and who wakes whom: spinning Ms (runtime/proc.go, go1.27.3).

What is modelled: findRunnable (3404) with its order of sources, the 61st tick, netpoll and stealing among them;
becomeSpinning, wakep, startm, stopm, resetspinning, pidlegetSpinning, checkRunqsNoP, injectglist, the poll of sysmon;
and as submitters ready, newproc, goschedImpl and the network.  Queues are in ``spin_state.py``, steps in
``spin_steps.py``, those of the network in ``spin_net.py``, store buffers in ``storebuffer.py``.

**Which scenarios follow go1.27.3.**  Two regions of the source have a window in which this model finds work that nobody
looks for: several Gs from the global queue are published after sched.lock is released, and a wakep that finds no idle P
sets needspinning and then lowers nmspinning.  Scenario ``batch`` has the first, ``window`` the second, each as it is in
the source; there ``no_lost_work`` and ``local_work_is_taken`` are not asked for, and witnesses show how they fail.  All
other scenarios merge both: only one G at a time comes from the global queue (``locked batch``: several, published
under the lock, as in Go 1.23), and needspinning and nmspinning change in one step.  What holds there holds of that
merged form, not of go1.27.3.  No running program has shown either window: they are candidates
(docs/findings/spin-windows.md).

``local_work_is_taken`` is stated for two Ps.  With three it is not true, and need not be: an M may run for ever and
fill its queue over and over, while whoever it wakes is fed by what does not fit, from the global queue, which comes
before stealing.  Its queue is never empty then, but what is in it moves: half of a full queue goes to the global one.
That no single G waits for ever cannot be said here, where Gs are counted.

Abstractions:

* A local queue is a number of Gs with one atomic operation for put, get and steal (the ring is in ``runq``); a thief
  takes one G.  There is no runnext.
* The Ms that there could be are parked from the start, so newm is startm of one of them.  Where all ``ms`` are busy,
  who would create another waits for one to park, which cuts behaviours off: nothing is said of more Ms.
* Of the four rounds of stealing there is one, as those before only find earlier what the last one finds.
* A local queue has room for one or two Gs; half of that, rounded down, goes to the global queue with one too many.
* Nothing but a ready descriptor ends a netpoll: there are no timers, and no netpollBreak.
* A step of the memory is sequentially consistent, but in scenario ``tso`` (``storebuffer``).

Checklist (ids of the reference, S2):

* S2.conserve    done: ``no_lost_work``; ``local_work_is_taken``, ``each_runs`` as liveness; but see above
* S2.nms         done: ``nmspinning_exact``
* S2.rest        done: ``at_rest_nobody_spins``
* S2.spinlocal   done: ``spinners_have_no_work``
* 10573          left out: newm, which borrows the P, is not modelled
* S2.one         done: ``one_owner``
* S2.poll        done: ``one_polls``; ``network_is_polled`` as liveness
* throws         done: ``no_throw``, but those of "holding locks", "global runq empty" and of newm, which are left out
* liveness       done: ``local_work_is_taken``, ``global_work_is_taken``, ``each_runs``
* fairness       done: ``in_time``; that the head is next is the order of a list, see ``runq``
* inductive      left out: a proof for any number of Ps and Ms is no part of exploring
* recheck 45867 nowakep token plain   done: mutants 1, 3, 5, 6, 11
* 43997          done: mutant 7, an edit of go1.27.3; the code of Go 1.16, which had that issue, is not modelled
* last           done: mutant 10, a negative control
* 63555          done: mutant 8
* 47304 23098    left out: mutant 9, GOMAXPROCS does not change, so allp and its snapshot are the same
* 40368          left out: mutant 12, it needs checkdead, which counts Ms
* 44313          left out: workers of the collector are not modelled
* 13546          done: ``in_time``
* 52934          left out: it is a matter of latency
* handoffp       left out: in ``syscall``, with the retake that needs it
* timers         left out: they add a second reason to poll and to wake; preemption and stopping the world too
* idle both lastpoll sysmon stays    ours
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
    implies,
    invariant,
    leads_to,
    process,
    reachable,
    require,
    rule,
    step,
    weak,
)
from gomodel.specs.runtime.spin_net import Polling
from gomodel.specs.runtime.spin_state import GO, LOCK

TWO, NET = {"scenario": "two"}, {"scenario": "net"}
LOST = ("no_lost_work", "local_work_is_taken")
GLOBAL = "global_work_is_taken"
RUN, ASLEEP, POLLS = "run", "M2 woken: clear the note, acquirep(nextp)", "N3 netpoll"


class Scheduler(Polling):
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
        "13546": Bug(
            "the global queue is looked at only where the local one is empty", breaks="in_time", go=f"{GO}:3458",
            issue="golang/go#13546", scenario="tick",
        ),
        "63555": Bug(
            "injectglist wakes nobody for what it puts on the local queue", breaks=LOST, go=f"{GO}:4144",
            issue="golang/go#63555", **NET,
        ),
        "idle": Bug("injectglist starts no M for the global queue", breaks=LOST, go=f"{GO}:4096", **NET),
        "both": Bug("who finds lastpoll 0 blocks in netpoll, too", breaks="one_polls", go=f"{GO}:3747", **NET),
        "lastpoll": Bug(
            "who comes back from netpoll leaves lastpoll 0", breaks="network_is_polled", go=f"{GO}:3773", **NET
        ),
        "sysmon": Bug("sysmon does not poll", breaks="network_is_polled", go=f"{GO}:6622", **NET),
        "stays": Bug("pollingNet stays 1: nobody polls on the way", harmless=True, go=f"{GO}:3512", **NET),
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

    net: bool = Bound(False, help="Gs wait for the network, and sysmon polls")
    apart: bool = Bound(False, help="a wakep that finds no P sets needspinning and lowers nmspinning in two steps")

    scenarios = {
        "two": Scenario("two Ps"),
        "tick": Scenario("every other time a P looks at the global queue first", every=2),
        "fits": Scenario("as many Gs as Ps: each of them runs, whatever the others do", gs=2),
        "locked batch": Scenario("batches from the global queue, published under the lock (Go 1.23)", batches=1),
        "window": Scenario("a wakep that finds no P is seen between its two writes (Go 1.27)", apart=True),
        "batch": Scenario("batches from the global queue, published after the unlock (Go 1.27)", batches=2),
        "net": Scenario("Gs wait for the network, and sysmon polls", net=True),
        "net three": Scenario("the same with a third M and two Gs", default=False, net=True, gs=2, ms=3),
        "three": Scenario("three Ps", default=False, ps=3, ms=3, gs=4),
        "tso": Scenario("two Ps, with store buffers", depth=2),
    }
    presets = {
        "quick": Preset(
            scenarios=("two", "tick", "fits", "tso", "net"), unreached=("work_left_behind", "woken_in_vain")
        ),
    }
    fairness = (weak("m"), weak("sysmon"))

    def state(self):
        self.sched = Scheduler(
            self.m | self.sysmon,
            ps=self.ps,
            gs=self.gs,
            cap=self.cap,
            every=self.every,
            depth=self.depth,
            batches=self.batches,
            apart=self.apart,
            net=self.net,
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
        if self.net:
            s.parked = self.gs - 1
        else:
            s.waiting = self.gs - 1

    @process(count="ms")
    def m(self, m):
        yield from self.sched.park(m)
        while True:
            yield from self.sched.schedule(m)
            running: Bool() = True
            while running:
                yield step("run", rest=True)
                what = "network" if self.net else choose("ready", "yield", "block")
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
                elif what == "network":
                    self.sched.wait_for_network(m)
                    running = False
                else:
                    self.sched.waiting += 1
                    self.sched.held[m] -= 1
                    running = False

    @process(count=lambda self: 1 if self.net else 0)
    def sysmon(self, y):
        yield from self.sched.sysmon(y)

    @rule(fair=True)
    def arrives(self):
        self.sched.arrives()

    def quiet(self):
        """Everybody runs user code, or sleeps and has not been called."""
        s = self.sched
        polls = any(self.m.at(m, POLLS) for m in self.m) if self.net else False
        settled = count(self.m.at(m, RUN) or (self.m.at(m, ASLEEP) and not s.note[m]) for m in self.m)
        return settled + (1 if polls else 0) == self.ms and s.arrived == 0 and (not self.net or self.sysmon_waits())

    def sysmon_waits(self):
        return all(self.sysmon.at(y, "Y1 load lastpoll") for y in self.sysmon)

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
            (1 if s.idle(p) else 0) + count(s.p[m] == p or s.hand[m] == p or s.nextp[m] == p for m in s.ms) == 1
            for p in range(self.ps)
        )

    @invariant
    def no_g_is_lost(self):
        """A G waits, is queued, or some M has it: none is lost, none comes twice."""
        s = self.sched
        queued = s.runq + sum(s.queued(p) for p in range(self.ps))
        return s.waiting + s.parked + s.arrived + queued + sum(s.held) == self.gs

    @leads_to
    def local_work_is_taken(self, p: Int(0, 3)):
        """A local queue with work becomes empty, as long as a P is idle: with two Ps.

        Not asked for in ``batch`` and ``window``.
        """
        s = self.sched
        if p >= self.ps or self.ps > 2 or self.batches == 2 or self.apart:
            return False, False
        return s.queued(p) > 0 and len(s.pidle) > 0, s.queued(p) == 0 or len(s.pidle) == 0

    @leads_to(scenario="tick")
    def global_work_is_taken(self):
        """Some M comes to take from the global queue, or every P has an M that runs user code.

        How soon is said by ``in_time``.
        """
        if not self.every:
            return False, False
        about = any(self.m.at(m, "F6 lock, globrunqget, unlock", "F9 lock, globrunqgetbatch, unlock") for m in self.m)
        return self.sched.runq > 0, self.sched.runq == 0 or about or count(self.m.at(m, RUN) for m in self.m) == self.ps

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

    @invariant
    def in_time(self):
        """While the global queue is not empty, a P begins at most ``every`` Gs before it takes one from there.

        It takes one then; that the head's turn comes is left to how many there are (proc.go:3458).
        """
        return all(overdue <= self.every for overdue in self.sched.overdue)

    @invariant
    def one_polls(self):
        """At most one M blocks in netpoll, and lastpoll is 0 then (S2.poll)."""
        return self.sched.blocked <= 1 and implies(self.sched.blocked == 1, not self.sched.lastpoll)

    @leads_to(scenario="net")
    def network_is_polled(self):
        """What has arrived is taken, if not everybody sleeps for another reason."""
        return self.sched.arrived > 0, self.sched.arrived == 0

    @reachable(scenario="net")
    def comes_back_without_a_p(self):
        """An M has waited for the network, and finds no idle P."""
        return any(self.m.at(m, "I6 lock, globrunqputbatch, unlock") for m in self.m) if self.net else False

    @leads_to(scenario="fits")
    def each_runs(self, p: Int(0, 1)):
        """With as many Gs as Ps local work is taken, even if every other G runs for ever."""
        if p >= self.ps:
            return False, False
        return self.sched.queued(p) > 0, self.sched.queued(p) == 0

    @reachable(scenario="two")
    def recheck_finds_work(self):
        """A spinner that has given up its P takes one again, for work that came meanwhile."""
        return any(self.m.at(m, "R6 lock, pidlegetSpinning, unlock") for m in self.m)

    @reachable(scenario="two")
    def asked_to_spin(self):
        """An M that is about to give up its P sees needspinning."""
        return self.sched.needspinning and self.sched.locked

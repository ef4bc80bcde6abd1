"""The run queue of a P: a ring that its owner fills and anybody empties, without locks (runtime/proc.go, go1.27.3).

What is modelled: ``runqput`` with ``runqputslow`` (proc.go:7529-7611), ``runqputbatch`` (7616), ``runqget`` (7649),
``runqdrain`` (7674) with its caller (mgc.go:1885-1889), ``runqgrab`` and ``runqsteal`` (7713, 7781), ``runqempty``
(7498), ``globrunqputbatch`` and ``globrunqgetbatch`` (7323, 7344), the end of ``injectglist`` (4126-4130), and of
``findRunnable`` in which order these are asked (3484-3499, 3609-3622).  The steps are in ``runqueue.py``, the global
queue is in ``gqueue.py``, what is promised in ``runqproperties.py``.  The owner does whatever the scenario allows, in
any order; thieves steal for ever.

What is one step: an atomic operation, a plain access that races, or a region under ``sched.lock``.  Plain accesses of a
P to its own tail and its own slots belong to the step before or behind: nobody else writes them.

What is abstracted, and why that is sound:

* Memory is sequentially consistent.  Everywhere but on ppc64 the acquire and release operations are the sequentially
  consistent ones; ppc64 has a barrier in `Load` and one before the store or CAS of the others.
* A ring has 2 or 4 slots, not 256.  Nothing in the code depends on the length but that it is even; batches of two, and
  thieves that have something to be robbed of, need 4.
* Counters do not wrap: 2^32 operations would have to happen within one steal.  Differences are taken modulo a power of
  two that no counter comes near, so that a tail that is behind a head gives a large number, as in Go.
* A goroutine that is taken runs and may be made ready again at once, the same one too: a CAS of runnext may succeed
  because the old value is back.
* Before a thief takes runnext it may sleep (7723-7754): a delay, no step, and so it does not matter that Go 1.22 and
  1.23 decide otherwise when to do so.
* The four rounds of a steal are two: all but the last do the same.  Whom to steal from is chosen, out of those there
  are; timers are goroutines that are in the ring of the thief at the start (``own``).
* A thief puts nothing itself, so that its runnext stays empty, and it does not look there.
* Outside here: when Ps go idle and wake up, and the race detector, which shuffles.

Checklist (ids of the reference, S1):

* S1.unique S1.nodup   done: ``unique``
* S1.nolost   done: ``nothing_lost``
* S1.bounds   done: ``ring_bounds``; ``only_forward``
* S1.publish  done: ``published``
* S1.order    done: ``in_order``
* S1.emptyOK  done: ``empty_means_empty``
* global      ours: ``global_queue``
* throws      done: ``slow_only_when_full`` (7582), ``no_overflow`` (7794), ``batch_fits`` (3495, 3621), ``size_tells``
              (3618), ``idle_is_empty`` (7428, asked by whoever finds nothing); 3131 left out: the same question,
              asked of a P on its way to a spinning M; a nil goroutine, on which the runtime crashes: ``no_nil``
* liveness    done: ``run``, under weak fairness of all Ps; ``returns``: a CAS fails only where another one succeeds
* inductive   left out: needs the symbolic engine; ``ring_bounds``, ``published`` and ``unique`` are its parts
* q1 q2 q3 q5 q6 q7 q8 q9   done, as bugs (mutants 1, 2, 3, 5, 6, 7, 8, 9)
* q10         left out: a relaxed store of the tail is q5 where memory is sequentially consistent
* 20858       done: bug ``q7``
* 40457       done: bug ``q8``, in injectglist, which has that line since; then it was in runqputbatch itself
* 38334       done: bug ``q9``, the symptom: nil is taken for a goroutine
* swap check  done, as negative controls: either half of q6 alone
* early whole room retry store grab kick once drain newest half never publish timers   ours: plausible edits
"""

from __future__ import annotations

from gomodel import (
    Bool,
    Bound,
    Bug,
    Int,
    Pid,
    Preset,
    Scenario,
    choose,
    fatal,
    process,
    require,
    step,
    weak,
)
from gomodel.specs.runtime.runqproperties import RunQueueProperties
from gomodel.specs.runtime.runqueue import RunQueues

GO = "runtime/proc.go"
TWICE = ("unique", "only_forward", "in_order")
STEAL = {"scenario": "steal", "bounds": {"puts": 3, "gs": 2}}
STOPPED = {"scenario": "stopped", "bounds": {"puts": 2, "gs": 2}}


class RunQueue(RunQueues):
    """The queues of the Ps of ``runq``, with their bugs."""

    bugs = {
        "q1": Bug("a thief stores the head", breaks=TWICE, go=f"{GO}:7772", **STEAL),
        "q2": Bug("runqget stores the head", breaks=TWICE, go=f"{GO}:7666", **STEAL),
        "q3": Bug("runqputslow stores the head", breaks=TWICE, go=f"{GO}:7587", scenario="steal", bounds={"gs": 3}),
        "q5": Bug("the tail is stored before the slot", breaks=("published", "no_nil"), go=f"{GO}:7563", **STEAL),
        "q6": Bug(
            "a thief reads the tail first, and takes more than half",
            breaks="ring_bounds",
            go=f"{GO}:7766",
            **STEAL,
        ),
        "swap": Bug("a thief reads the tail first", harmless=True, go=f"{GO}:7715", scenario="steal"),
        "check": Bug("a thief takes more than half a ring", harmless=True, go=f"{GO}:7766", scenario="steal"),
        "q7": Bug(
            "the tail is read once",
            breaks="empty_means_empty",
            go=f"{GO}:7507",
            issue="CL 20858",
            scenario="empty",
            bounds={"puts": 2, "gs": 2},
        ),
        "q8": Bug(
            "the global queue is changed without sched.lock",
            breaks=("global_queue", "size_tells", "nothing_lost"),
            go=f"{GO}:4127",
            issue="golang/go#40457",
            scenario="inject",
            bounds={"puts": 1},
        ),
        "q9": Bug(
            "more goroutines are taken from the global queue than there are",
            breaks="no_nil",
            go=f"{GO}:7351",
            issue="golang/go#38334",
            scenario="batch",
            bounds={"puts": 1, "waiting": 1, "thieves": 0, "gs": 2},
        ),
        "early": Bug(
            "the slow path is taken when one slot is left", breaks="slow_only_when_full", go=f"{GO}:7561", **STEAL
        ),
        "whole": Bug(
            "the batch may be larger than a ring",
            breaks="batch_fits",
            go=f"{GO}:3491",
            scenario="batch",
            bounds={"size": 2, "waiting": 4, "gs": 5, "puts": 1, "thieves": 0},
        ),
        "room": Bug(
            "runqputbatch does not look whether there is room",
            breaks=("ring_bounds", "published", "nothing_lost"),
            go=f"{GO}:7623",
            scenario="inject",
            bounds={"puts": 1},
        ),
        "retry": Bug(
            "runqput tries again without reading runnext again",
            breaks="returns",
            go=f"{GO}:7549",
            **STEAL,
        ),
        "store": Bug("runqput stores runnext", breaks="unique", go=f"{GO}:7548", **STEAL),
        "grab": Bug("a thief stores nil to runnext", breaks=TWICE, go=f"{GO}:7756", **STEAL),
        "kick": Bug("who is kicked out of runnext is forgotten", breaks="nothing_lost", go=f"{GO}:7555", **STEAL),
        "once": Bug("runqget tries once", breaks="idle_is_empty", go=f"{GO}:7659", **STEAL),
        "drain": Bug(
            "runqdrain stores the head", breaks=TWICE, go=f"{GO}:7691", scenario="drain", bounds={"puts": 2, "gs": 2}
        ),
        "newest": Bug("a thief takes from the tail", breaks=("in_order", "unique"), go=f"{GO}:7769", **STEAL),
        "half": Bug("half of one is none", breaks="run", go=f"{GO}:7718", **STOPPED),
        "never": Bug("runnext is not stolen", breaks="run", go=f"{GO}:3843", **STOPPED),
        "publish": Bug(
            "a thief puts what it runs into its queue, too",
            breaks=("unique", "published"),
            go=f"{GO}:7784",
            scenario="halves",
            bounds={"thieves": 1, "puts": 3},
        ),
    }


class RunQueueModel(RunQueueProperties):
    """A P that puts and gets, others that steal, and one that looks whether there is anything."""

    name = "runq"
    go = "go1.27.3"
    source = (GO, "runtime/mgc.go")

    size: int = Bound(2, min=2, max=4, help="slots of a ring; an even number")
    gs: int = Bound(3, min=1, max=8, help="goroutines")
    puts: int = Bound(4, min=1, max=9, help="goroutines that the owner puts, one after another")
    gets: bool = Bound(True, help="the owner runs goroutines in between")
    nexts: bool = Bound(True, help="the owner puts into runnext, too")
    lists: int = Bound(0, min=0, max=2, help="how often the owner puts all that are not runnable at once")
    drains: int = Bound(0, min=0, max=2, help="how often the owner drains its queue")
    stops: bool = Bound(False, help="the owner ends with a goroutine that runs for ever")
    thieves: int = Bound(1, min=0, max=3, help="Ps that steal from the owner, for ever")
    each_other: bool = Bound(False, help="thieves steal from each other, too")
    shared: bool = Bound(False, help="thieves look at the global queue, too")
    waiting: int = Bound(0, min=0, max=8, help="goroutines in the global queue at the start")
    own: int = Bound(0, min=0, max=4, help="goroutines in the ring of each thief at the start")
    watchers: int = Bound(0, min=0, max=2, help="Ps that look whether the queue of the owner is empty")

    scenarios = {
        "steal": Scenario("put, get and steal, with a full ring"),
        "thieves": Scenario("two thieves", thieves=2, puts=3, gs=2),
        "stopped": Scenario("the owner stops: all its work is stolen", stops=True, gets=False, shared=True),
        "halves": Scenario(
            "a larger ring: two at once, and thieves robbed",
            size=4,
            puts=3,
            gs=3,
            thieves=2,
            each_other=True,
            nexts=False,
            gets=False,
        ),
        "inject": Scenario("lists that do not fit", puts=1, lists=1, shared=True),
        "batch": Scenario("a list from the global queue", size=4, waiting=3, puts=1, gs=4, shared=True),
        "drain": Scenario("a queue is emptied into the global one", puts=3, drains=1),
        "empty": Scenario("is it empty?", watchers=1, thieves=0),
    }
    presets = {
        "quick": Preset(scenarios=("steal", "halves", "inject", "batch"), puts=3),
        "nightly": Preset(size=4, puts=5, gs=5),
    }
    fairness = (weak("owner"), weak("thief"), weak("watcher"))

    def state(self):
        self.ps = self.owner | self.thief | self.watcher
        self.q = RunQueue(
            self.ps,
            size=self.size,
            gs=self.gs,
            most=self.puts + self.lists * self.gs + self.waiting + self.own + 1,
            watched=self.watchers > 0,
        )

    def init(self):
        q, g = self.q, 0
        for _ in range(self.waiting):
            g += 1
            q.readied(g)
            q.held[g] -= 1
            q.batch[self.o0].push(g)
        if self.waiting:
            q.sched.push_all(q.batch[self.o0])
            q.batch[self.o0].clear()
        for k in range(self.own):  # timers of the thief have made them ready
            g += 1
            q.readied(g)
            q.ring[self.t0][k] = g
            q.published(self.t0, g, k)
        if self.own:
            q.tail[self.t0] = self.own

    @property
    def o0(self):
        return next(iter(self.owner))

    @property
    def t0(self):
        return next(iter(self.thief))

    def someone(self):
        """A goroutine that may be made runnable."""
        g = choose(Int(1, self.gs))
        require(self.q.idle[g])
        return g

    @process()
    def owner(self, p):
        puts: Int(0, self.puts) = self.puts
        lists: Int(0, self.lists) = self.lists
        drains: Int(0, self.drains) = self.drains
        while True:
            yield step("next")
            what = choose("put", "get", "list", "drain", "stop")
            require(self.gets or what != "get" or (puts == 0 and lists == 0))
            if what == "put":
                require(puts > 0)
                puts -= 1
                g: Int(0, self.gs) = self.someone()
                next: Bool() = choose(False, True)
                require(self.nexts or not next)
                self.q.readied(g)
                yield from self.q.put(p, g, next)
            elif what == "list":
                require(lists > 0)
                lists -= 1
                for g in range(1, self.gs + 1):
                    if self.q.idle[g]:
                        self.q.readied(g)
                        self.q.held[g] -= 1
                        self.q.batch[p].push(g)
                yield from self.q.inject(p)
            elif what == "drain":
                require(drains > 0)
                drains -= 1
                yield from self.q.drain(p)
            elif what == "stop":
                require(self.stops and puts == 0 and lists == 0)
                return
            else:
                require(not self.stops)
                found = yield from self.q.get(p)
                if found == 0:
                    found = yield from self.q.look(p, locked=False)
                if found == 0:
                    nothing = yield from self.q.empty(p, p)
                    if not nothing:
                        fatal("pidleput: P has non-empty run queue", prop="idle_is_empty")

    @process(count="thieves")
    def thief(self, t):
        while True:
            if self.size > 2:  # else nothing ever gets into its ring
                found = 0
                if not self.bug("timers"):
                    found = yield from self.q.get(t, ring_only=True)
            else:
                found = 0
            if found == 0:
                yield step("whom")
                victim: Pid(self.ps) = self.o0
                if self.each_other:
                    victim = choose(self.owner | self.thief)
                    require(victim != t)
                last: Bool() = False
                found = yield from self.q.steal(t, victim, last)
                if found == 0:
                    last = True
                    found = yield from self.q.steal(t, victim, last)
                if found == 0 and self.shared:
                    yield from self.q.look(t, locked=True)

    @process(count="watchers")
    def watcher(self, w):
        while True:
            yield from self.q.empty(w, self.o0)

    bugs = {
        "timers": Bug(
            "a thief whose timers have made goroutines ready steals without running these first",
            breaks="no_overflow",
            go=f"{GO}:3890",
            scenario="halves",
            bounds={"thieves": 1, "puts": 3, "gs": 6, "own": 3},
        ),
    }

"""The garbage collector: phases, roots, workers, buffers, and when marking is done (runtime/mgc.go, mgcmark.go).

What is modelled: of ``gcStart`` the change into the marking phase (mgc.go:733-952), ``gcBgMarkWorker`` (1766-1931),
``gcBeginWork`` and ``gcEndWork`` (1949-1967), ``gcMarkDone`` (997-1156), ``gcMarkTermination`` and ``gcMark`` up to the
sweep (1360-1403, 1972-2037); of mgcmark.go root jobs (109-175, 221-322, 1205-1221), ``gcDrain`` (1253-1391) and
``gcmarknewobject``; of mgcwork.go what goes to the global list and sets flushedWork; the write barrier's buffer
(mwbbuf.go).  ``gcwork.py`` has the words, ``gcmark.py`` the steps, ``gcproperties.py`` what is judged.

Processes: goroutines that do anything that a program may do (``mutator``); of each P what it does for the collector
(``worker``); who starts cycles; and ``ender``, that is whichever worker holds markDoneSema: only one can.  So a worker
is not told from another one.  Counted are those in the pool and those that wait for markDoneSema.

What is abstracted, and why that is sound:

* A goroutine runs on any P for each of its operations, as if it were preempted between any two of them.  Which P it is
  matters to stores only, since nothing else uses a P's buffers.
* The barrier and the store are one step, but for the look at ``writeBarrier.enabled`` (scenario "start").  Records of
  the old and the new pointer go into the buffer of a P that cannot be preempted until the store is done, so nobody sees
  them before, unless two goroutines race for the same slot.  Orders of barrier and store are for a model of barriers.
* The barrier's buffer is a set without what is marked: a flush ignores such pointers, and marks do not go away before
  the buffer is empty.  It may be full at any store, as a program may write the same pointers 512 times.
* A mark and its test are one step, so an object is queued once.  In Go two Ps may both find it unmarked; it is scanned
  twice then, which does nothing the second time.
* Objects wait in a set of each P or in the global list; in which order is chosen freely.  Two buffers of 253 pointers
  and Green Tea's queues of spans, which belong to a P too, are one set.  A P gives work away in the ragged barrier; in
  the scenarios "shared" also while objects are scanned (balance, a full buffer), as if a buffer held one pointer.
* An object has one slot, and the globals are one word with a barrier.  A goroutine's stack is a register or two.
* Stacks are scanned in one step, while the goroutine is at a safe point: suspendG is another model's business.
* While the world is stopped one step does what takes Go many, as nobody else runs.
* A worker that is asked to stop may take any time to notice: the flags are set before ``gp.preempt`` is.
* The counter of root jobs stays at their number; in Go it goes further, and is compared only.
* nproc is the number of workers here, and 2^32 - 1 in Go; nwait is compared with it only.
* All that is not marked is swept in one step with the world stopped.  Nobody can get to it, so nobody can tell when it
  is freed; only when it is used again matters, and Go's order of sweeping is a model of its own.
* worldsema is not modelled: in a cycle nobody but the ender and other stops of the world take it.

Where Go breaks its promise (docs/findings/gc-global-work.md): with the world stopped gcMarkDone looks at the buffers of
Ps (mgc.go:1085-1093), but not at the global list, where work may be that was given away after the ragged barrier had
found nothing.  gcMark then panics.  The scenario "shared" shows it; with one more comparison, "shared, checked", all
properties hold.  So the other scenarios, in which nothing is given away while objects are scanned, hold what Go holds
where no P has more than four objects in its buffer (mgcwork.go:364).

What is needed for what, according to the bugs and controls:

* With the look at each P under stop-the-world, the ragged barrier serves progress alone: without it (``norounds``,
  ``nodispose``) a worker may stop the world for ever while a P keeps its work to itself.  It flushes the barrier's
  buffers early, too; that saves stops only (``g3_4b``).
* nwait serves speed alone, as a worker cannot be preempted before its buffers are the P's again (``nwait``).  Where it
  can (``g2_6``), stacks are missed.
* That gcMarkDone looks for root jobs again (``roots``) is needed because a worker may wait for markDoneSema from one
  cycle into the next.

Liveness: under weak fairness of all but the program, marking ends (``marking_ends``) and garbage is freed
(``garbage_is_freed``); what cannot be reached when marking begins is freed when it ends (``freed_within_two_cycles``).

Checklist (ids of the reference for this part):

* G2.wb               done: ``barrier_first``
* G2.roots            done: ``every_stack_scanned``, ``scanned_once``, ``no_g_missed``
* G2.alloc            done: ``no_alloc``
* G3.sound            done: ``sound``, ``nothing_dangles``
* G3.nowork           done: ``no_work_is_left``, ``queue_empty``, ``no_cached_work``; not in the scenario "shared"
* G3.one              done: ``ends_once``
* G3.live             done: ``marking_ends``; ``queued_are_marked`` says that work is bounded by the heap
* G5.nwait            done: ``nwait_exact``, ``nwait_in_range``
* two-cycles          done: ``freed_within_two_cycles``, ``garbage_is_freed``
* throws              done: "work.nwait was > work.nproc" and "work.nwait > work.nproc" are ``nwait_in_range``;
                      "blackening not enabled" ``blackening``; "g already scanned" ``scanned_once``; "scan missed a g"
                      ``no_g_missed``; "non-empty mark queue" ``queue_empty``; "P has cached GC work"
                      ``no_cached_work``; "mallocgc called with gcphase == _GCmarktermination" ``no_alloc``.  Left out:
                      those about modes of workers, indices of root jobs and empty buffers: nothing here has these
* g2_1 g2_2 g2_3 g2_4 g2_5 g2_6 g2_7  done, as bugs
* g2_8 17694          left out: frames of a stack are not modelled
* g3_3 g3_4 g3_6 g3_8 g3_9  done, as bugs
* g3_4b g3_6b         done, as harmless bugs: the ragged barrier does not flush the barrier's buffers; it forgets what
                      was published before
* g4_5                done, as a bug, though it belongs to the buffers
* g5_5                in another small model: ``gctrigger``
* g5_6 g5_7           done, as bugs
* G5.rest             left out: credit of assists, how many workers run, heap goals; an assist is a worker that comes
                      without work and leaves early (scenario "assist")
* 27993               done, as a bug; ``work_after_the_barrier`` shows what it is about
* 13140 16083 17473   done: bug g2_6
* 12041 11694         done: bugs g3_9 and nodispose
* 13645 39390         left out: parked assists
* 44313               left out: which P a worker gets
* 54596 80147         left out: conservative scans and how an object is initialised
* 69803               left out: weak pointers.  Its panic is that of docs/findings/gc-global-work.md
* norounds nodispose first full roots norecheck nwait stale white old keep unmarked loose twice early releasem
                      ours: plausible edits, three of them harmless
"""

from __future__ import annotations

from typing import Any

from gomodel import (
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
    step,
    weak,
)
from gomodel.specs.runtime.gcmark import Marking

GO, MARK, WORK, TEA = "runtime/mgc.go", "runtime/mgcmark.go", "runtime/mgcwork.go", "runtime/mgcmark_greenteagc.go"

# Where most bugs are judged: one goroutine, one object besides the globals.
ONE: dict[str, Any] = {"scenario": "mark", "bounds": {"mutators": 1, "objects": 2}}
# The same, cycle after cycle.
NEXT: dict[str, Any] = {"scenario": "cycles", "bounds": {"objects": 2}}


class Collector(Marking):
    """With its bugs."""

    bugs = {
        "g2_1": Bug("the phase changes without a stop of the world", breaks="barrier_first", go=f"{GO}:898",
            scenario="start"),
        "g2_2": Bug("gcscandone is cleared when marking has begun", breaks=("every_stack_scanned", "no_g_missed"),
            go=f"{GO}:2133", **ONE),
        "g2_3": Bug("the argument of a new goroutine is on its stack without a barrier", breaks="sound",
            go=f"{MARK}:160", scenario="spawn"),
        "g2_4": Bug("one stack is not scanned", breaks=("sound", "nothing_dangles"), go=f"{MARK}:306", **ONE),
        "g2_5": Bug("a root job is claimed by a read and a write", breaks="scanned_once", go=f"{MARK}:1208", **ONE),
        "g2_6": Bug("a root job can be preempted, and nobody looks at nwait",
            breaks=("every_stack_scanned", "sound", "no_g_missed"), go=f"{MARK}:298", issue="golang/go#16083", **ONE),
        "g2_7": Bug("the block for tiny objects is not marked", breaks="sound", go=f"{GO}:908", scenario="tiny"),
        "g3_3": Bug("gcMarkDone ignores flushedWork", breaks=("no_work_is_left", "queue_empty"), go=f"{GO}:1043",
            **ONE),
        "g3_4": Bug("nobody flushes the barrier's buffers at the end", breaks=("sound", "no_work_is_left"),
            go=f"{GO}:1027", **ONE),
        "g3_4b": Bug("the ragged barrier does not flush them", harmless=True, go=f"{GO}:1027", **ONE),
        "g3_6": Bug("flushedWork is cleared before it is read", breaks=("no_work_is_left", "queue_empty"),
            go=f"{GO}:1037", **ONE),
        "g3_6b": Bug("flushedWork is cleared before the ragged barrier flushes", harmless=True, go=f"{GO}:1037",
            scenario="shared, checked", bounds={"mutators": 1}),
        "g3_8": Bug("nwait counts a worker only when it has worked", breaks="nwait_exact", go=f"{GO}:1950", **ONE),
        "g3_9": Bug("all workers waiting and an empty list are taken for the end", breaks=("sound", "no_cached_work"),
            go=f"{GO}:1024", issue="golang/go#12041", **ONE),
        "27993": Bug("no look at the Ps when the world is stopped", breaks=("sound", "no_cached_work"),
            go=f"{GO}:1088", issue="golang/go#27993", **ONE),
        "g4_5": Bug("flushedWork is not set", breaks=("no_work_is_left", "queue_empty"), go=f"{WORK}:311", **ONE),
        "g5_6": Bug("gcMarkDone waits for others to do the work", breaks="marking_ends", go=f"{GO}:1009", **ONE),
        "g5_7": Bug("no worker may run: neither a dedicated nor an idle one", breaks="marking_ends",
            go="runtime/mgcpacer.go:445", **ONE),
        "norounds": Bug("no ragged barrier", breaks="marking_ends", go=f"{GO}:1024", **ONE),
        "nodispose": Bug("the ragged barrier leaves objects with their P", breaks="marking_ends", go=f"{GO}:1034",
            issue="golang/go#11694", **ONE),
        "first": Bug("only the first P is looked at", breaks=("sound", "no_cached_work"), go=f"{GO}:1088", **ONE),
        "full": Bug("gcMarkDone does not look at the global list", breaks=("no_work_is_left", "queue_empty"),
            go=f"{TEA}:1166", **ONE),
        "roots": Bug("gcMarkDone does not look for root jobs", breaks=("every_stack_scanned", "queue_empty"),
            go=f"{TEA}:1169", **NEXT),
        "norecheck": Bug("gcMarkDone looks at neither phase nor nwait", breaks="ends_once", go=f"{GO}:1009", **ONE),
        "nwait": Bug("gcMarkDone does not look at nwait", harmless=True, go=f"{GO}:1944", **ONE),
        "stale": Bug("gcMark does not empty the barrier's buffers, which gcMarkDone has flushed", harmless=True,
            go=f"{GO}:2012", scenario="cycles"),
        "white": Bug("objects are allocated white", breaks=("sound", "nothing_dangles"), go=f"{MARK}:1773", **NEXT),
        "old": Bug("gcscandone is not cleared", breaks="scanned_once", go=f"{GO}:2133", **NEXT),
        "keep": Bug("marks outlive their cycle", breaks=("freed_within_two_cycles", "garbage_is_freed"),
            go="runtime/mgcsweep.go:698", **NEXT),
        "unmarked": Bug("an object is queued and not marked", breaks="queued_are_marked", go=f"{MARK}:1681", **ONE),
        "loose": Bug("a worker can be preempted before it begins", breaks="blackening", go=f"{GO}:1842", **ONE),
        "twice": Bug("gcEndWork counts twice", breaks="nwait_in_range", go=f"{GO}:1961", **ONE),
        "early": Bug("the world runs again before the phase is off", breaks="no_alloc", go=f"{GO}:1403", **NEXT),
        "releasem": Bug("a worker that parks keeps its P from being preempted", breaks=("deadlock", "marking_ends"),
            go=f"{GO}:1826", **ONE),
    }  # fmt: skip


class GcModel(Model):
    """The garbage collector marks while goroutines change what it marks."""

    name = "gc"
    go = "go1.27.3"
    source = (GO, MARK, WORK, "runtime/mwbbuf.go")

    objects: int = Bound(3, min=2, max=6, help="objects, the first being the globals")
    regs: int = Bound(1, min=1, max=2, help="registers of a goroutine: its stack")
    mutators: int = Bound(2, min=1, max=3, help="goroutines of the program")
    procs: int = Bound(2, min=1, max=3, help="Ps")
    agents: int = Bound(2, min=1, max=3, help="background workers")
    cycles: int = Bound(1, min=0, max=3, help="cycles; 0: again and again")
    eager: bool = Bound(False, help="goroutines assist: they come without work and may leave after any object")
    split: bool = Bound(False, help="a store looks at the barrier's flag in a step of its own, and is all there is")
    pointers: bool = Bound(True, help="pointers are stored, and not only nil")
    allocs: bool = Bound(False, help="objects are allocated")
    spawn: bool = Bound(False, help="the last goroutine is started by the first")
    tiny: bool = Bound(False, help="the last object is a P's block for tiny objects")
    share: bool = Bound(False, help="work goes to the global list also while objects are scanned")
    checked: bool = Bound(False, help="gcMarkDone looks at the global list with the world stopped, as Go does not")

    scenarios = {
        "mark": Scenario("one cycle, while goroutines load, store and forget pointers"),
        "registers": Scenario("one goroutine with two registers: any shape of the heap", mutators=1, regs=2),
        "start": Scenario("a store under way when the phase changes", mutators=1, split=True),
        "assist": Scenario("goroutines assist", mutators=1, eager=True),
        "spawn": Scenario("a goroutine is created", mutators=2, spawn=True),
        "tiny": Scenario("a block for tiny objects", mutators=1, objects=3, tiny=True),
        "cycles": Scenario("cycle after cycle, and objects are used again", mutators=1, cycles=0, allocs=True),
        "shared": Scenario("work is given away while objects are scanned", default=False, mutators=1, share=True),
        "shared, checked": Scenario("and gcMarkDone looks for that", objects=3, share=True, checked=True),
    }
    fairness = (weak("worker"), weak("ender"), weak("starter"))
    presets = {
        "quick": Preset(
            scenarios=("mark", "start", "assist", "spawn", "tiny", "cycles", "shared, checked"), mutators=1, objects=2
        ),
        "nightly": Preset(agents=3),
    }

    def state(self):
        self.gc = Collector(
            objects=self.objects,
            regs=self.regs,
            procs=self.procs,
            mutators=self.mutators,
            agents=self.agents,
            share=self.share,
            checked=self.checked,
            spawn=self.spawn,
            tiny=self.tiny,
            floats=self.cycles != 1,
        )
        self.nr = self.gc.nr

    def init(self):
        """A list of objects, from the globals on."""
        g = self.gc
        g.pool = g.nwait = self.agents
        g.next = g.jobs
        for o in range(self.objects):
            g.heap.used[o] = True
        if self.tiny:
            g.tiny = self.objects - 1
        for o in range(self.objects - 1 - self.tiny):
            g.heap.slot[o][0] = o + 1
        for i in range(self.mutators - self.spawn):
            g.alive[i] = True

    @process(count="mutators")
    def mutator(self, m):
        while True:
            if self.split:
                yield step("M1 see whether the barrier is on", when=lambda: self.runs(self.nr[m]), rest=True)
                p: Int(0, self.procs - 1) = self.take_p()
                self.gc.held[p] = self.gc.inside[self.nr[m]] = True
                self.gc.sees[self.nr[m]] = self.gc.phase != "off"
                yield step("M2 barrier and store")
                self.gc.store(self.nr[m], p, self.gc.sees[self.nr[m]], pointers=self.pointers)
                self.gc.held[p] = self.gc.inside[self.nr[m]] = self.gc.sees[self.nr[m]] = False
            else:
                yield step("M0 do anything", when=lambda: self.runs(self.nr[m]), rest=True)
                self.act(self.nr[m], self.gc.phase != "off")

    def runs(self, i):
        return self.gc.alive[i] and not self.gc.waiting

    def take_p(self):
        p = choose(range(self.procs))
        require(not self.gc.held[p])
        return p

    def act(self, i, on):
        """One thing that a program may do."""
        g = self.gc
        kind = choose(range(4 + self.allocs + self.spawn + self.tiny))
        if kind == 0:
            g.store(i, self.take_p(), on, pointers=self.pointers)
        elif kind == 1:
            g.full_buffer(self.take_p())
        elif self.spawn and kind == 4:
            require(i == 0)
            g.spawn(i, self.take_p(), on)
        else:
            require(not all(g.held))
            if kind == 2:
                g.load(i)
            elif kind == 3:
                g.stack[i][choose(range(self.regs))] = None
            elif self.tiny:
                g.new_tiny(i)
            else:
                g.new(i, on)

    @process(count="procs")
    def worker(self, w):
        while True:
            yield from self.gc.work(w, eager=self.eager)

    @process()
    def starter(self, s):
        n: Int(0, self.cycles) = 0
        while self.cycles == 0 or n < self.cycles:
            yield step("trigger", when=lambda: self.gc.phase == "off", rest=self.cycles > 0)
            yield from self.gc.start()
            if self.cycles > 0:
                n += 1

    @process()
    def ender(self, e):
        while True:
            yield from self.gc.mark_done()

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def nwait_exact(self):
        """nproc - nwait is the number of workers between gcBeginWork and gcEndWork (G5.nwait)."""
        working = count(self.worker.at(w, *WORKING) for w in self.worker)
        return self.gc.phase == "off" or self.gc.agents - self.gc.nwait == working

    @leads_to
    def marking_ends(self):
        """Marking that has begun ends, if goroutines neither stand still before a store nor assist again and again."""
        return self.gc.phase == "mark" and not (self.split or self.eager), self.gc.phase == "off"

    @leads_to(scenario="cycles")
    def garbage_is_freed(self, o: Int(1, 5)):
        """An object that cannot be reached any more is freed."""
        found = self.gc.reachable()
        garbage = any(o == x and self.gc.heap.used[x] and not found[x] for x in self.gc.collected)
        return garbage, not any(o == x and self.gc.heap.used[x] for x in self.gc.collected)

    @reachable
    def two_at_work(self):
        """Two workers have an object each."""
        return self.procs > 1 and count(self.worker.at(w, "W6 scan an object") for w in self.worker) > 1

    @reachable
    def at_work_in_the_barrier(self):
        """The ragged barrier has begun, and a worker is at work that took something since gcMarkDone looked."""
        barrier = any(self.ender.at(e, "D6 a P flushes") for e in self.ender)
        return barrier and any(self.worker.at(w, "W6 scan an object") for w in self.worker)

    @reachable
    def waits_for_the_sema(self):
        """A second worker has come to gcMarkDone."""
        return self.gc.callers > 0 and any(self.ender.at(e, "D7 stop the world") for e in self.ender)

    @reachable(scenario="spawn")
    def not_a_root(self):
        """A goroutine whose stack nobody will scan holds a pointer to an object that is not marked."""
        g = self.gc
        new = g.alive[g.mutators - 1] and not g.listed[g.mutators - 1] and g.phase == "mark"
        return new and any(g.stack[g.mutators - 1][0] == o and not g.heap.marked[o] for o in g.collected)


WORKING = (
    "W3 claim a root job",
    "W4 mark a root",
    "W5 balance, and look for an object",
    "W6 scan an object",
    "W7 one worker more waits",
)

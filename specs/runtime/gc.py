"""Garbage collection.

Checklist:
"""

from __future__ import annotations

from typing import Any

from gomodel import Bound, Bug, Int, Model, Preset, Scenario, choose, leads_to, process, require, step, weak
from gomodel.specs.runtime.gcmark import Marking

GO, MARK, WORK = "runtime/mgc.go", "runtime/mgcmark.go", "runtime/mgcwork.go"

# Bounds at which bugs are judged
ONE: dict[str, Any] = {"mutators": 1}


class Collector(Marking):
    """With its bugs."""

    bugs = {
        "g2_1": Bug(
            "the phase changes without stopping the world", breaks="barrier_first", go=f"{GO}:898", scenario="start"
        ),
        "g2_2": Bug(
            "gcscandone is cleared after marking has begun",
            breaks=("every_stack_scanned", "no_g_missed"),
            go=f"{GO}:2133",
            scenario="mark",
            bounds=ONE,
        ),
        "g2_3": Bug(
            "the argument of go is on the new stack without a barrier",
            breaks="sound",
            go=f"{MARK}:140",
            scenario="spawn",
        ),
        "g2_4": Bug(
            "one stack is not scanned",
            breaks=("sound", "nothing_dangles"),
            go=f"{MARK}:306",
            scenario="mark",
            bounds=ONE,
        ),
        "g2_5": Bug(
            "a root job is claimed by a read and a write",
            breaks="scanned_once",
            go=f"{MARK}:1208",
            scenario="mark",
            bounds=ONE,
        ),
        "16083": Bug(
            "root jobs can be preempted, and nobody looks at nwait",
            breaks=("sound", "every_stack_scanned"),
            go=f"{MARK}:298",
            issue="golang/go#16083",
            scenario="mark",
            bounds=ONE,
        ),
        "g2_7": Bug("blocks for tiny objects are not marked", breaks="sound", go=f"{GO}:908", scenario="tiny"),
        "g3_3": Bug(
            "flushedWork is ignored",
            breaks=("queue_empty", "no_work_is_left"),
            go=f"{GO}:1043",
            scenario="mark",
            bounds=ONE,
        ),
        "g3_4": Bug(
            "no barrier's buffer is flushed when marking ends",
            breaks=("sound", "no_work_is_left"),
            go=f"{GO}:1027",
            scenario="mark",
            bounds=ONE,
        ),
        "g3_4b": Bug(
            "the ragged barrier does not flush them: the world is stopped more often",
            harmless=True,
            go=f"{GO}:1027",
            scenario="mark",
            bounds=ONE,
        ),
        "g3_6": Bug(
            "flushedWork is cleared first", harmless=True, go=f"{GO}:1037", scenario="shared, checked", bounds=ONE
        ),
        "g3_8": Bug("nwait changes after the work", harmless=True, go=f"{GO}:1950", scenario="mark", bounds=ONE),
        "g3_9": Bug(
            "no worker and an empty global list are taken for the end",
            breaks=("sound", "no_cached_work"),
            go=f"{GO}:1024",
            issue="golang/go#12041",
            scenario="mark",
            bounds=ONE,
        ),
        "norounds": Bug("no ragged barrier", breaks="marking_ends", go=f"{GO}:1024", scenario="mark", bounds=ONE),
        "27993": Bug(
            "no look at the Ps with the world stopped",
            breaks=("sound", "no_cached_work"),
            go=f"{GO}:1088",
            issue="golang/go#27993",
            scenario="mark",
            bounds=ONE,
        ),
        "first": Bug(
            "only the first P is looked at",
            breaks=("sound", "no_cached_work"),
            go=f"{GO}:1088",
            scenario="mark",
            bounds=ONE,
        ),
        "g4_5": Bug(
            "putfull without flushedWork", breaks=("queue_empty",), go=f"{WORK}:160", scenario="mark", bounds=ONE
        ),
        "g5_6": Bug(
            "gcMarkDone waits until the work is done",
            breaks="marking_ends",
            go=f"{GO}:1009",
            scenario="mark",
            bounds=ONE,
        ),
        "g5_7": Bug("no worker may run", breaks="marking_ends", go=f"{GO}:1009", scenario="mark", bounds=ONE),
        "white": Bug("objects are allocated white", breaks="sound", go=f"{MARK}:1774", scenario="cycles"),
        "old": Bug("gcscandone is not cleared", breaks="scanned_once", go=f"{GO}:2133", scenario="cycles"),
        "keep": Bug(
            "marks are not cleared",
            breaks=("freed_within_two_cycles", "garbage_is_freed"),
            go=f"{GO}:2133",
            scenario="cycles",
        ),
        "stale": Bug("buffers are not reset", harmless=True, go=f"{GO}:2012", scenario="cycles"),
        "unmarked": Bug(
            "an object is queued without its mark",
            breaks="queued_are_marked",
            go=f"{GO}:2012",
            scenario="mark",
            bounds=ONE,
        ),
        "loose": Bug(
            "a worker may be preempted before it begins",
            breaks="blackening",
            go=f"{GO}:1842",
            scenario="mark",
            bounds=ONE,
        ),
        "twice": Bug("nwait + 2", breaks="nwait_in_range", go=f"{GO}:1961", scenario="mark", bounds=ONE),
        "early": Bug("the world is started too early", breaks="no_alloc", go=f"{GO}:1403", scenario="cycles"),
        "nodispose": Bug("no dispose", breaks="marking_ends", go=f"{GO}:1034", scenario="mark", bounds=ONE),
        "norecheck": Bug("no re-check at top", breaks="ends_once", go=f"{GO}:1009", scenario="mark", bounds=ONE),
        "nwait": Bug("top does not look at nwait", harmless=True, go=f"{GO}:1944", scenario="mark", bounds=ONE),
        "full": Bug(
            "top does not look at full", breaks=("sound", "queue_empty"), go=f"{GO}:1944", scenario="mark", bounds=ONE
        ),
        "roots": Bug("top does not look at root jobs", breaks="queue_empty", go=f"{GO}:1944", scenario="cycles"),
    }


class GcModel(Model):
    """The garbage collector marks while goroutines change what it marks."""

    name = "gc"
    go = "go1.27.3"
    source = (GO, MARK, WORK, "runtime/mwbbuf.go")

    objects: int = Bound(3, min=2, max=6, help="objects, the globals being the first")
    regs: int = Bound(1, min=1, max=2, help="registers of a mutator: its stack")
    mutators: int = Bound(2, min=1, max=3, help="goroutines")
    procs: int = Bound(2, min=1, max=3, help="Ps")
    agents: int = Bound(2, min=1, max=3, help="background workers")
    cycles: int = Bound(1, min=0, max=3, help="cycles; 0: again and again")
    eager: bool = Bound(False, help="goroutines assist: they begin without work, and end after any object")
    split: bool = Bound(False, help="a look at the barrier's flag is a step of its own")
    pointers: bool = Bound(True, help="pointers are stored, and not only nil")
    allocs: bool = Bound(False, help="objects are allocated")
    spawn: bool = Bound(False, help="the last goroutine is created by the first")
    tiny: bool = Bound(False, help="the last object is the block for tiny objects of a P")
    share: bool = Bound(False, help="work goes to the global list also while objects are scanned")
    checked: bool = Bound(False, help="gcMarkDone looks at the global list again with the world stopped; Go does not")

    scenarios = {
        "mark": Scenario("two goroutines on two Ps"),
        "registers": Scenario("one goroutine with two registers", mutators=1, regs=2),
        "start": Scenario("the barrier's flag is seen before the store", mutators=1, split=True),
        "assist": Scenario("goroutines assist", mutators=1, eager=True),
        "spawn": Scenario("a goroutine is created", spawn=True),
        "tiny": Scenario("tiny objects", mutators=1, tiny=True),
        "cycles": Scenario("again and again", mutators=1, cycles=0, allocs=True),
        "shared": Scenario("shared", share=True, default=False),
        "shared, checked": Scenario("shared", share=True, checked=True),
    }
    fairness = (weak("worker"), weak("ender"), weak("starter"))

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

    def runs(self, i):
        return self.gc.alive[i] and not self.gc.waiting

    @process(count="mutators")
    def mutator(self, m):
        while True:
            if self.split:
                yield step("M1 see whether the barrier is on", when=lambda: self.runs(self.nr[m]), rest=True)
                p: Int(0, self.procs - 1) = self.take_p()
                self.gc.held[p] = True
                self.gc.inside[self.nr[m]] = True
                self.gc.sees[self.nr[m]] = self.gc.phase != "off"
                yield step("M2 barrier and store")
                self.gc.store(self.nr[m], p, self.gc.sees[self.nr[m]], pointers=self.pointers)
                self.gc.held[p] = False
                self.gc.inside[self.nr[m]] = False
                self.gc.sees[self.nr[m]] = False
            else:
                yield step("M0 anything", when=lambda: self.runs(self.nr[m]), rest=True)
                self.act(self.nr[m], self.gc.phase != "off")

    def take_p(self):
        p = choose(range(self.procs))
        require(not self.gc.held[p])
        return p

    def act(self, i, on):
        """One thing that a program may do; on which P matters only to what uses the P's buffers."""
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
        n: Int(0, 3) = 0
        while self.cycles == 0 or n < self.cycles:
            yield step("trigger", when=lambda: self.gc.phase == "off", rest=self.cycles > 0)
            yield from self.gc.start()
            if self.cycles > 0:
                n += 1

    @process()
    def ender(self, e):
        while True:
            yield from self.gc.mark_done()

    @leads_to
    def marking_ends(self):
        """Marking that has begun ends."""
        return self.gc.phase == "mark" and not self.split, self.gc.phase == "off"

    @leads_to(scenario="cycles")
    def garbage_is_freed(self, o: Int(1, 2)):
        """An object that cannot be reached any more is freed."""
        found = self.gc.reachable()
        garbage = any(o == x and self.gc.heap.used[x] and not found[x] for x in self.gc.collected)
        return garbage, not self.gc.heap.used[o]

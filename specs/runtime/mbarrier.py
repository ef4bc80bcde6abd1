"""Write barriers: what Go has had, what it has, and what it might have had (runtime/mbarrier.go, go1.27.3).

Mutators change a heap while a collector marks it.  What is modelled: every pointer write of a Go program with what the
barrier does before it; scanning of objects, slot by slot, and of stacks, one at a time; the end of marking, which stops
the world and finds out whether work is left.  Object 0 is the globals.  Marking may begin with any heap that there is
at these bounds.  It happens once: a cycle leaves nothing behind that the next one reads.

A **scenario** is a barrier, put together from what it shades, in how many steps, when stacks are scanned, and the
colour of new objects.  Those that `check` explores by default are sound.  `gomodel table mbarrier` has the others
too: it shows what each one keeps, and how short the shortest way is to break what it does not.

* steps: **one**, the whole write is atomic, as papers have it; **four**: load the flag and the old pointer, shade the
  one, shade the other, store (mbarrier.go:31-35); **buffered**: record both in the buffer of the P, then store
  (asm_amd64.s:1288-1370); the buffer is flushed any time, and when the world stops.
* what is shaded: insertion shades what is written (Dijkstra and others 1978), deletion what is overwritten (Yuasa
  1990), Go both.  Deletion alone has nothing to shade when a value is sent from stack to stack.  As documented
  (mbarrier.go:31-35, proposal 17503), insertion counts while the stack of the writer is grey; what runs always
  shades, and mwbbuf.go:221-227 thinks about saving that: scenario ``saving``, which turns out sound.
* stacks are scanned **any** time; **first**, one at a time, before all objects; **stopped**, the same with the world
  stopped; or any time and **again** at the end with the world stopped, as until Go 1.7.

What is left out, and why that is sound:

* Queues of grey objects, workers, and how the end is detected are in ``gc``; here whoever looks for work finds it.
* No safe point lies between the load of the flag and the store (writebarrier.go), so a goroutine is neither stopped nor
  scanned there.  Preemption reaches every goroutine in the end: strong fairness of scanning.
* A buffer is a set, and what is marked is dropped from it: a flush passes over that (mwbbuf.go:256).  A P belongs to
  one goroutine here; one that moves to another P leaves its records behind, in a buffer that is flushed all the same.
* Memory is sequentially consistent: no barrier here reads the colour of the object that it writes to, which is where
  the order of memory would matter (mbarrier.go:70-91).
* `go f(x)` is a send to a stack that is empty and black: the closure is stored with a barrier.

Checklist (ids of the reference, G1, and its mutants by name):

* G1.sound     done: ``nothing_in_use_is_freed``
* G1.weak      done: ``weak_tricolour``
* G1.strong    done: ``strong_tricolour``
* G1.snap      done: ``snapshot_is_kept``, from the globals: a hybrid barrier scans stacks late
* G1.mono      done: ``never_back``, and ``marking_ends``
* inductive    left out: a proof for any number of objects is no part of exploring
* deletion insertion white none stack late bulk split send  done, as bugs (mutants 1 to 6, 8, 9, 11)
* post         done, as a bug (mutant 7): the invariant breaks for a moment, but as there is no safe point before the
               record nothing is ever lost
* unaligned    left out: mutant 10 (golang/go#61187); no pointer here is unaligned or half a slot
* 21297 12068  done: ``bulk``
* 71228        done: ``split``
* 19179        left out: a compiler that takes a pointer for something else
* 27993        done: ``restarted``
* flush        ours: as in ``gc``, whose part it is
* unmarked restart  ours: plausible edits
* cas          ours: a negative control
"""

from __future__ import annotations

from gomodel import (
    Bug,
    Comparison,
    Preset,
    Scenario,
    eventually,
    invariant,
    reachable,
    step_invariant,
    strong,
    weak,
)
from gomodel.specs.runtime.marking import Marking
from gomodel.specs.runtime.mbarrier_steps import BarrierSteps

MBARRIER, MWBBUF, MGC, MARK = "runtime/mbarrier.go", "runtime/mwbbuf.go", "runtime/mgc.go", "runtime/mgcmark.go"
SMALL = {"scenario": "go", "bounds": {"objects": 2, "registers": 1}}
PAIR = {"objects": 2, "mutators": 2, "registers": 1}
ALONE = {"objects": 2, "mutators": 1}


class Colours(Marking):
    """Grey and black, with the bugs of the barrier."""

    bugs = {
        "deletion": Bug(
            "what is overwritten is not shaded",
            breaks=("nothing_in_use_is_freed", "weak_tricolour", "snapshot_is_kept"),
            go=f"{MBARRIER}:32",
            **SMALL,
        ),
        "insertion": Bug(
            "what is written is not shaded",
            breaks=("nothing_in_use_is_freed", "strong_tricolour", "weak_tricolour"),
            go=f"{MBARRIER}:34",
            **SMALL,
        ),
        "none": Bug(
            "there is no barrier",
            breaks=("nothing_in_use_is_freed", "strong_tricolour", "weak_tricolour", "snapshot_is_kept"),
            go="runtime/mgc.go:259",
            **SMALL,
        ),
        "unmarked": Bug(
            "an object is queued although it is marked",
            breaks=("marking_ends", "never_back"),
            go="runtime/mgcmark.go:1668",
            **SMALL,
        ),
        "flush": Bug(
            "what is in the buffers is lost when the world stops to end marking",
            breaks="nothing_in_use_is_freed",
            go="runtime/mgc.go:1087",
            scenario="buffered",
            bounds={"objects": 2, "mutators": 1},
        ),
    }


class MBarrier(BarrierSteps):
    """Mutators change pointers while a collector marks."""

    name = "mbarrier"
    Colours = Colours
    go = "go1.27.3"
    source = (MBARRIER, MWBBUF, MGC, MARK)

    scenarios = {
        "go": Scenario("what Go's barrier shades, in one step"),
        "pair": Scenario("the same, with two goroutines", mutators=2, registers=1),
        "buffered": Scenario("Go's barrier: recorded, flushed later", **PAIR, steps="buffered"),
        "documented": Scenario("what is written is shaded while the stack is grey", insertion="grey"),
        "four": Scenario("the same, in four steps", **PAIR, insertion="grey", steps="four"),
        "saving": Scenario(
            "Go's barrier, but records that of grey stacks only", insertion="grey", steps="buffered", **PAIR
        ),
        "rescan": Scenario("insertion, and stacks again at the end (Go 1.5 to 1.7)", deletion=False, stacks="again"),
        "snapshot": Scenario("deletion, all stacks scanned at the start", insertion="never", stacks="stopped"),
        "first": Scenario(
            "deletion, stacks one by one before objects", default=False, insertion="never", stacks="first"
        ),
        "any": Scenario("deletion, stacks any time", default=False, insertion="never"),
        "dijkstra": Scenario("insertion, no stack again", default=False, deletion=False),
        "grey": Scenario("insertion while the stack is grey", default=False, deletion=False, insertion="grey"),
        "go in four": Scenario("what Go's barrier shades, in four steps", default=False, steps="four"),
        "white": Scenario("Go's, but objects are allocated white", default=False, black=False),
        "none": Scenario("no barrier", default=False, deletion=False, insertion="never"),
    }
    presets = {"quick": Preset(objects=2, registers=1, unreached=("hidden",)), "nightly": Preset(slots=2)}
    comparison = Comparison(
        scenarios=(
            *("none", "dijkstra", "grey", "rescan", "any", "first", "snapshot"),
            *("documented", "four", "go", "go in four", "buffered", "saving", "white"),
        ),
        properties=("nothing_in_use_is_freed", "weak_tricolour", "strong_tricolour", "snapshot_is_kept"),
        objects=3,
        mutators=1,
        registers=2,
        unpromised=True,
    )
    fairness = (weak("mutator"), weak("collector"), strong("collector", "mark"))

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def nothing_in_use_is_freed(self):
        """What the globals or a stack lead to has not been freed."""
        live = self.gc.live()
        return not self.freed or all(not live[x] or self.heap.used[x] for x in range(self.objects))

    @invariant
    def strong_tricolour(self):
        """No black object points to a white one."""
        if not (self.insertion == "always" or self.unpromised):
            return True
        gc, objects = self.gc, range(self.objects)
        return not self.marking() or all(
            not gc.black(o) or not self.heap.points(o, x) or not gc.white(x) for o in objects for x in objects
        )

    @invariant
    def weak_tricolour(self):
        """A white object that a black object or a black stack points to is protected by a grey object."""
        if not ((self.deletion and (self.insertion != "never" or self.stacks == "stopped")) or self.unpromised):
            return True
        protected = self.gc.protected()
        return not self.marking() or all(
            protected[x] or not self.gc.white(x) or not self.in_black(x) for x in range(self.objects)
        )

    @invariant
    def snapshot_is_kept(self):
        """What the globals led to when marking began is marked when it ends."""
        if not (self.deletion or self.unpromised):
            return True
        return not self.freed or all(not self.snapshot[x] or self.heap.marked[x] for x in range(self.objects))

    @step_invariant
    def never_back(self, before):
        """What is marked stays so, and what is black is not queued again."""
        return all(
            not before.heap.marked[x] or (self.heap.marked[x] and (before.gc.queued[x] or not self.gc.queued[x]))
            for x in range(self.objects)
        )

    @eventually
    def marking_ends(self):
        """However much mutators do, marking comes to an end."""
        return self.freed

    def marking(self):
        return self.gc.on and not self.freed

    def in_black(self, x):
        gc = self.gc
        return gc.on_stack(x, black=True) or any(gc.black(o) and self.heap.points(o, x) for o in range(self.objects))

    @reachable
    def garbage_is_freed(self):
        return self.collector.at(self.c0, "free") and any(
            self.heap.used[x] and not self.heap.marked[x] for x in range(self.objects)
        )

    @reachable
    def garbage_floats(self):
        """Garbage that has been marked."""
        live = self.gc.live()
        return self.freed and any(self.heap.used[x] and not live[x] for x in range(self.objects))

    @reachable
    def allocated_while_marking(self):
        return self.marking() and any(
            self.heap.marked[x] and self.gc.on_stack(x) and not self.snapshot[x] and not self.gc.queued[x]
            for x in range(self.objects)
        )

    @reachable(scenario="documented")
    def hidden(self):
        """A black object points to a white one, which something grey protects."""
        gc, objects = self.gc, range(self.objects)
        return any(gc.black(o) and self.heap.points(o, x) and gc.white(x) for o in objects for x in objects)

    @reachable(scenario="buffered")
    def restarted(self):
        """The world is stopped to end marking, and a buffer holds work (golang/go#27993)."""
        return self.collector.at(self.c0, "finish") and any(self.gc.waits(x) for x in range(self.objects))

    @reachable(scenario="four")
    def raced(self):
        """Somebody else has written since this mutator looked at what it overwrites."""
        if self.steps != "four":
            return False
        return any(
            self.mutator.at(m, "D3 store")
            and self.mutator[m].on
            and self.heap.slot[self.mutator[m].o][self.mutator[m].i] != self.mutator[m].old
            for m in self.mutator
        )

    @property
    def c0(self):
        return next(iter(self.collector))

    bugs = {
        "white": Bug(
            "objects are allocated white",
            breaks=("nothing_in_use_is_freed", "weak_tricolour"),
            go="runtime/malloc.go:1309",
            **SMALL,
        ),
        "stack": Bug(
            "a goroutine runs while its stack is scanned",
            breaks=("nothing_in_use_is_freed", "weak_tricolour"),
            go=f"{MARK}:300",
            scenario="go",
            bounds={"objects": 2},
        ),
        "late": Bug(
            "the barrier is switched on while goroutines are in the middle of a write",
            breaks=("nothing_in_use_is_freed", "strong_tricolour", "weak_tricolour"),
            go=f"{MGC}:835",
            scenario="buffered",
            bounds=ALONE,
        ),
        "split": Bug(
            "the compiler leaves a safe point between the record and the store",
            breaks=("nothing_in_use_is_freed", "strong_tricolour", "weak_tricolour"),
            issue="golang/go#71228",
            scenario="buffered",
            bounds=ALONE,
        ),
        "bulk": Bug(
            "whole objects are copied without a barrier",
            breaks=("nothing_in_use_is_freed", "strong_tricolour", "weak_tricolour"),
            go=f"{MBARRIER}:158",
            issue="golang/go#21297",
            scenario="go",
            bounds={"registers": 1},
        ),
        "send": Bug(
            "a value is sent from stack to stack without a barrier",
            breaks=("nothing_in_use_is_freed", "weak_tricolour"),
            go="runtime/chan.go:399",
            scenario="pair",
            bounds={"objects": 2},
        ),
        "restart": Bug(
            "the world is not started again where work is left",
            breaks=("deadlock", "marking_ends"),
            go=f"{MGC}:1115",
            scenario="buffered",
            bounds=ALONE,
        ),
        "post": Bug(
            "the barrier comes after the store",
            breaks="weak_tricolour",
            go=f"{MBARRIER}:117",
            scenario="four",
            bounds=PAIR,
        ),
        "cas": Bug(
            "some writes do not happen after their barrier", harmless=True, go="runtime/atomic_pointer.go:32", **SMALL
        ),
    }

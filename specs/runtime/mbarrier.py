"""Write barriers: those that Go has had, the one it has, and those it might have had (runtime/mbarrier.go, go1.27.3).

Mutators change a heap while a collector marks it.  What is modelled: every pointer write of a Go program with what the
barrier does before it; scanning of objects, slot by slot, and of stacks, one at a time; the end of marking, which stops
the world and finds out whether work is left.  Object 0 is the globals.  The heap that marking begins with is any that
there is at these bounds.  Marking happens once: a cycle leaves nothing behind that the next one reads.

A **scenario** is a barrier, put together from what it shades, in how many steps, when stacks are scanned, and the colour
of new objects.  What `check` explores by default is sound.  The others are for ``gomodel table mbarrier``, which shows
what each one keeps, and how short the shortest way is to break what it does not:

* one step: the whole write is atomic, as papers have it.  Four: load the flag and the old pointer, shade the one, shade
  the other, store (mbarrier.go:31-35).  A record: both go into the buffer of the P, then the store (mwbbuf.go, and the
  code that the compiler emits, asm_amd64.s:1290-1305); the buffer is flushed any time, and when the world stops.
* insertion shades what is written (Dijkstra and others 1978), deletion what is overwritten (Yuasa 1990), Go both.  The
  comment in mbarrier.go and proposal 17503 shade what is written while the stack of the writer is grey; what runs does
  so always (mwbbuf.go:221-227 says what it would take).
* stacks are scanned any time; before all objects; the same with the world stopped; or any time and again at the end, with
  the world stopped, as until Go 1.7.

What is left out, and why that is sound:

* Queues of grey objects, workers, and how the end is detected are in ``gc``; here who looks for work finds it.
* No safe point lies between the load of the flag and the store (writebarrier.go, "unsafe points"), so a goroutine is
  neither stopped nor scanned there.  Preemption reaches every goroutine in the end: strong fairness of scanning.
* A buffer is a set, and what is marked is dropped from it: a flush passes over that (mwbbuf.go:256).  A P belongs to one
  goroutine here; a goroutine that moves to another P leaves its records behind, in a buffer that is flushed all the same.
* Sequentially consistent memory: mbarrier.go:70-91 argues that no barrier here reads a mark bit to decide whether to
  shade, which is where the order of memory would matter.
* Writes through a pointer into a stack have a barrier that does more than is needed.
* `go f(x)` is a send to a stack that is empty and black: the closure is stored with a barrier (stubs.go, gobuf.ctxt).

Checklist (ids of the reference, G1):

* G1.sound     done: ``nothing_in_use_is_freed``
* G1.weak      done: ``weak_tricolour``
* G1.strong    done: ``strong_tricolour``
* G1.snap      done: ``snapshot_is_kept``, from the globals: a hybrid barrier scans stacks late
* G1.mono      done: ``never_back``, and ``marking_ends``
* inductive    left out here: proofs for any number of objects need the symbolic engine
* mutants      1 ``deletion``, 2 ``insertion``, 3 ``white``, 4 ``none``, 5 ``stack``, 6 ``late``, 8 ``bulk``, 9 ``split``,
               11 ``send``: done, as bugs; 7 ``post``: done, a negative control, see there; 10 (#61187) left out: no pointer
               here is unaligned or half a slot
* historic     #21297, #12068: ``bulk``; #71228: ``split``; #19179 left out: a compiler that is wrong about types, not
               a barrier that is; G3.4 ``flush`` here too
* ours         ``unmarked``; ``cas``, a negative control
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Comparison,
    Ghost,
    Int,
    Model,
    Pid,
    Preset,
    Scenario,
    choose,
    eventually,
    invariant,
    process,
    reachable,
    require,
    step,
    step_invariant,
    strong,
    weak,
)
from gomodel.specs.runtime.heap import Heap
from gomodel.specs.runtime.marking import SMALL, Marking

MBARRIER, MWBBUF, MGC, MARK = "runtime/mbarrier.go", "runtime/mwbbuf.go", "runtime/mgc.go", "runtime/mgcmark.go"
QUEUES = "who sets a mark bit queues the object, on its own P"
PLACE = "`safe` says where the mutator stands; no word of the program"
PAIR = {"objects": 2, "mutators": 2, "registers": 1}
ALONE = {"objects": 2, "mutators": 1}


class MBarrier(Model):
    """Mutators change pointers while a collector marks."""

    name = "mbarrier"
    go = "go1.27.3"
    source = (MBARRIER, MWBBUF, MGC, MARK)

    objects: int = Bound(3, min=1, max=5, help="objects, the globals among them")
    slots: int = Bound(1, min=1, max=3, help="pointers in each")
    mutators: int = Bound(1, min=1, max=3, help="goroutines, each with a P of its own")
    registers: int = Bound(2, min=1, max=3, help="pointers on each stack")
    deletion: bool = Bound(True, help="shade what is overwritten")
    insertion: str = Bound("always", help="shade what is written", one_of=("always", "grey", "never"))
    steps: str = Bound("one", help="steps of a write", one_of=("one", "four", "buffered"))
    stacks: str = Bound("any", help="when stacks are scanned", one_of=("any", "first", "stopped", "again"))
    black: bool = Bound(True, help="objects are black when they are allocated while marking")
    unpromised: bool = Bound(False, help="judge what this barrier does not promise, too")

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
        "white": Scenario("Go's, but objects are allocated white", default=False, black=False),
        "none": Scenario("no barrier", default=False, deletion=False, insertion="never"),
    }
    presets = {"quick": Preset(objects=2, registers=1), "nightly": Preset(slots=2)}
    comparison = Comparison(
        scenarios=("none", "dijkstra", "grey", "rescan", "any", "first", "snapshot", "documented", "go", "white")
        + ("four", "buffered", "saving"),
        properties=("nothing_in_use_is_freed", "weak_tricolour", "strong_tricolour", "snapshot_is_kept"),
        objects=3,
        mutators=1,
        registers=2,
        unpromised=True,
    )
    fairness = (weak("mutator"), weak("collector"), strong("collector", "mark"))

    def state(self):
        self.heap = Heap(objects=self.objects, slots=self.slots)
        self.gc = Marking(
            self.heap,
            self.mutator,
            registers=self.registers,
            deletion=self.deletion,
            insertion=self.insertion,
            buffered=self.steps == "buffered",
        )
        self.built = Bool()  # the heap is there
        self.safe = Array(Bool(), self.mutator)  # whoever stands at a safe point
        self.receiving = Array(Bool(), self.mutator)  # whoever waits for a value that is on its way
        self.stopping = Bool()  # the world is stopped once everybody is at a safe point
        self.rescanning = Bool()
        self.freed = Bool()
        self.snapshot = Ghost(Array(Bool(), self.objects))  # what the globals led to when marking began

    # --- mutators --------------------------------------------------------------------------------------------

    def anything(self):
        """nil, or any object that is there."""
        x = choose(Int(-1, self.objects - 1))
        require(x < 0 or self.heap.used[x])
        return None if x < 0 else x

    def register(self):
        return choose(Int(0, self.registers - 1))

    def pointer(self, m):
        """nil, or what some register holds."""
        r = choose(Int(-1, self.registers - 1))
        return None if r < 0 else self.gc.stack[m][r]

    def place(self, m):
        """An object that the mutator can name: the globals, or what some register points to."""
        r = choose(Int(-1, self.registers - 1))
        require(r < 0 or self.gc.stack[m][r] is not None)
        return 0 if r < 0 else self.gc.stack[m][r]

    @process(count="mutators")
    def mutator(self, m):
        yield step("any stack", when=lambda: self.built)
        for r in range(self.registers):
            self.gc.stack[m][r] = self.anything()
        self.safe[m] = True
        while True:
            yield step("mutate", when=lambda: not self.stopping and not self.receiving[m], rest=True)
            what = choose("load", "move", "allocate", "store", "copy", "send")
            if what == "load":
                self.gc.stack[m][self.register()] = self.heap.slot[self.place(m)][choose(Int(0, self.slots - 1))]
            elif what == "move":
                self.gc.stack[m][self.register()] = self.pointer(m)
            elif what == "allocate":
                self.allocate(m)
            elif what == "store":
                yield from self.store(m)
            elif what == "copy":
                yield from self.copy(m)
            else:
                require(self.mutators > 1)
                yield from self.send(m)

    def allocate(self, m):
        """The first object that is free; black while marking (malloc.go:1304-1309)."""
        x = choose(Int(0, self.objects - 1))
        require(not self.heap.used[x] and all(self.heap.used[y] or y >= x for y in range(self.objects)))
        self.heap.allocate(x, black=self.gc.on and self.black and not self.bug("white"))
        self.gc.stack[m][self.register()] = x

    def store(self, m):
        """*slot = new."""
        o: Int(0, self.objects - 1) = self.place(m)
        i: Int(0, self.slots - 1) = choose(Int(0, self.slots - 1))
        new: self.heap.Ref = self.pointer(m)
        old: self.heap.Ref = self.heap.slot[o][i]
        if self.steps != "four":
            self.gc.barrier(m, old, new)
        if self.steps == "buffered":
            self.safe[m] = self.bug("split")
            yield step("B2 store", go="runtime/asm_amd64.s:1305", src="MOVQ", atomic=PLACE)
        elif self.steps == "four":
            on: Bool() = self.gc.on
            self.safe[m] = False
            if self.bug("post"):
                self.heap.slot[o][i] = new
            if on:
                yield step("D1 shade the old", go=f"{MBARRIER}:32", src="shade(*slot)", atomic=QUEUES)
                self.gc.shade_old(m, old)
                yield step("D2 shade the new", go=f"{MBARRIER}:34", src="shade(ptr)", atomic=QUEUES)
                self.gc.shade_new(m, new)
            yield step("D3 store", go=f"{MBARRIER}:35", src="*slot = ptr", atomic=PLACE)
        if not (self.bug("post") or (self.bug("cas") and choose(False, True))):
            self.heap.slot[o][i] = new
        self.safe[m] = True

    def copy(self, m):
        """*p = *q, whole objects (typedmemmove, mbarrier.go:150-188)."""
        p: Int(0, self.objects - 1) = self.place(m)
        q: Int(0, self.objects - 1) = self.place(m)
        require(p != q)
        for i in range(self.slots):
            if not self.bug("bulk"):
                self.gc.barrier(m, self.heap.slot[p][i], self.heap.slot[q][i])
        if self.steps != "one":
            self.safe[m] = False
            yield step(
                "C2 move", go=f"{MBARRIER}:171", src="memmove(dst, src", atomic="who writes to the source races with it"
            )
        for i in range(self.slots):
            self.heap.slot[p][i] = self.heap.slot[q][i]
        self.safe[m] = True

    def send(self, m):
        """A value goes straight to the stack of a goroutine that waits for it (chan.go:392-414)."""
        n: Pid(self.mutator) = choose(self.mutator)
        r: Int(0, self.registers - 1) = self.register()
        new: self.heap.Ref = self.pointer(m)
        require(n != m and self.safe[n] and not self.receiving[n])
        if not self.bug("send"):
            self.gc.barrier(m, self.gc.stack[n][r], new)
        if self.steps != "one":
            self.safe[m] = False
            self.receiving[n] = True
            yield step("E2 move", go="runtime/chan.go:402", src="memmove(dst, src", atomic=PLACE)
        self.gc.stack[n][r] = new
        self.safe[m] = True
        self.receiving[n] = False

    # --- the collector ---------------------------------------------------------------------------------------

    def stopped(self):
        return all(self.safe)

    @process()
    def collector(self, c):
        yield step("any objects")
        n = choose(Int(1, self.objects))
        for x in range(self.objects):
            self.heap.used[x] = x < n
        for x in range(self.objects):
            yield step("any pointers")
            for i in range(self.slots):
                y = self.anything()
                require(self.heap.used[x] or y is None)
                self.heap.slot[x][i] = y
        self.built = True
        yield step("stop the world", go=f"{MGC}:835", src="stopTheWorldWithSema(stwGCSweepTerm)")
        self.stopping = True
        yield step(
            "start", when=lambda: self.stopped() or self.bug("late"), go=f"{MGC}:898", src="setGCPhase", region="STW"
        )
        self.gc.on = True
        self.gc.shade(0)
        led = self.heap.closure([x == 0 for x in range(self.objects)])
        for x in range(self.objects):
            self.snapshot[x] = led[x]
        self.stopping = self.stacks == "stopped"
        marking: Bool() = True
        while marking:
            yield step("mark")
            what = choose("stack", "object", "flush", "stop")
            if what == "stack":
                yield from self.scan_stack()
            elif what == "object":
                yield from self.scan_object()
            elif what == "flush":
                require(self.steps == "buffered")
                m = choose(self.mutator)
                require(any(self.gc.buffer[x][m] for x in range(self.objects)))
                self.gc.flush(m)
            else:
                require(not any(self.gc.queued) and all(self.gc.scanned))
                require(not self.stopping or self.rescanning)
                self.stopping = True
                yield step(
                    "finish", when=lambda: self.stopped(), go=f"{MGC}:1066", src="stopTheWorldWithSema", region="STW"
                )
                marking = self.more()
        yield step("free", go=f"{MGC}:1403", src="setGCPhase(_GCoff)", region="STW")
        for x in range(self.objects):
            if self.heap.used[x] and not self.heap.marked[x]:
                self.heap.free(x)
        self.freed = True

    def scan_stack(self):
        """A goroutine at a safe point is suspended and scanned (mgcmark.go:298-308)."""
        m: Pid(self.mutator) = choose(self.mutator)
        require(not self.gc.scanned[m] and self.safe[m])
        for r in range(self.registers):
            if self.bug("stack") and r > 0:
                yield step("scan more of the stack")
            self.gc.shade(self.gc.stack[m][r])
        self.gc.scanned[m] = True
        if self.stacks == "stopped" and all(self.gc.scanned):
            self.stopping = False

    def scan_object(self):
        """Slot by slot; until the last one it is grey (mgcmark.go:1528-1600)."""
        x: Int(0, self.objects - 1) = choose(Int(0, self.objects - 1))
        require(self.gc.queued[x])
        require(self.stacks not in ("first", "stopped") or all(self.gc.scanned))
        for i in range(self.slots):
            if i > 0:
                yield step("next slot")
            self.gc.shade(self.heap.slot[x][i])
        self.gc.queued[x] = False

    def more(self):
        """The world is stopped: is anything left (mgc.go:1085-1119)?"""
        self.gc.flush_all()
        again = self.stacks == "again" and not self.rescanning
        if again:
            self.rescanning = True
            self.gc.scanned.fill(False)
        elif any(self.gc.queued):
            self.stopping = False
        return again or any(self.gc.queued)

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
        "post": Bug(
            "the barrier comes after the store", harmless=True, go=f"{MBARRIER}:117", scenario="four", bounds=PAIR
        ),
        "cas": Bug(
            "some writes do not happen after their barrier", harmless=True, go="runtime/atomic_pointer.go:32", **SMALL
        ),
    }

"""draft"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
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
)
from gomodel.specs.runtime.heap import Heap
from gomodel.specs.runtime.marking import Marking

MBARRIER, MWBBUF, MGC, MARK = "runtime/mbarrier.go", "runtime/mwbbuf.go", "runtime/mgc.go", "runtime/mgcmark.go"
QUEUES = "who sets a mark bit queues the object, where no other P looks before the next safe point"
PLACE = "`safe` says where the mutator stands; it is no word of the program"
ASM = "runtime/asm_amd64.s"


class MBarrier(Model):
    """Mutators change pointers while a collector marks."""

    name = "mbarrier"
    go = "go1.27.3"
    source = (MBARRIER, MWBBUF, MGC, MARK)

    objects: int = Bound(3, min=1, max=5, help="objects, the globals among them")
    slots: int = Bound(1, min=1, max=3, help="pointers in each")
    mutators: int = Bound(1, min=1, max=3, help="goroutines, each with a P of its own")
    registers: int = Bound(1, min=1, max=3, help="pointers on each stack")
    deletion: bool = Bound(True, help="shade what is overwritten")
    insertion: str = Bound("always", help="shade what is written: always, never, or while the stack is grey")
    steps: str = Bound("one", help="the barrier is one step, four, or a record in a buffer")
    stacks: str = Bound("any", help="when stacks are scanned: any, first, stopped or again")
    black: bool = Bound(True, help="objects are allocated black while marking")
    unpromised: bool = Bound(False, help="judge invariants that this barrier does not promise, too")

    scenarios = {
        "go": Scenario("Go's barrier, as if it were one step"),
        "documented": Scenario("as documented", insertion="grey"),
        "four": Scenario("four", objects=2, mutators=2, insertion="grey", steps="four"),
        "buffered": Scenario("buf", steps="buffered"),
        "again": Scenario("again", deletion=False, stacks="again"),
        "stopped": Scenario("stopped", insertion="never", stacks="stopped"),
    }
    presets = {"quick": Preset(objects=2)}

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
        self.safe = Array(Bool(), self.mutator)  # at a safe point
        self.receiving = Array(Bool(), self.mutator)  # parked, and somebody writes to its stack
        self.stopping = Bool()  # the world is stopped as soon as everybody is at a safe point
        self.freed = Bool()
        self.snapshot = Ghost(Array(Bool(), self.objects))  # what the globals led to when marking began

    # --- mutators --------------------------------------------------------------------------------------------

    def anything(self):
        """nil, or any object."""
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
        yield step("S build a stack", when=lambda: self.built)
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
                x = choose(Int(0, self.objects - 1))
                require(not self.heap.used[x] and all(self.heap.used[y] or y >= x for y in range(self.objects)))
                self.heap.allocate(x, black=self.gc.on and self.black)
                self.gc.stack[m][self.register()] = x
            elif what == "store":
                yield from self.store(m)
            elif what == "copy":
                yield from self.copy(m)
            else:
                require(self.mutators > 1)
                yield from self.send(m)

    def store(self, m):
        """*slot = new."""
        o: Int(0, self.objects - 1) = self.place(m)
        i: Int(0, self.slots - 1) = choose(Int(0, self.slots - 1))
        new: self.heap.Ref = self.pointer(m)
        old: self.heap.Ref = self.heap.slot[o][i]
        if self.steps == "one":
            self.gc.barrier(m, old, new)
        elif self.steps == "buffered":
            self.gc.barrier(m, old, new)
            self.safe[m] = False
            yield step("B2 store")
        elif self.gc.on:
            self.safe[m] = False
            yield step("D1 shade the old", go=f"{MBARRIER}:32", src="shade(*slot)", atomic=QUEUES)
            self.gc.shade_old(m, old)
            yield step("D2 shade the new", go=f"{MBARRIER}:34", src="shade(ptr)", atomic=QUEUES)
            self.gc.shade_new(m, new)
            yield step("D3 store", go=f"{MBARRIER}:35", src="*slot = ptr", atomic=PLACE)
        self.heap.slot[o][i] = new
        self.safe[m] = True

    def copy(self, m):
        """*p = *q, for whole objects (typedmemmove)."""
        o: Int(0, self.objects - 1) = self.place(m)
        q: Int(0, self.objects - 1) = self.place(m)
        require(o != q)
        if not self.bug("bulk"):
            for i in range(self.slots):
                self.gc.barrier(m, self.heap.slot[o][i], self.heap.slot[q][i], bulk=True)
        if self.steps != "one":
            self.safe[m] = False
            yield step("C2 move")
        for i in range(self.slots):
            self.heap.slot[o][i] = self.heap.slot[q][i]
        self.safe[m] = True

    def send(self, m):
        """A value goes straight to the stack of a goroutine that waits for it (chan.go:392-414)."""
        n: Pid(self.mutator) = choose(self.mutator)
        r: Int(0, self.registers - 1) = self.register()
        new: self.heap.Ref = self.pointer(m)
        require(n != m and self.safe[n] and not self.receiving[n])
        self.gc.barrier(m, self.gc.stack[n][r], new, bulk=True)
        if self.steps != "one":
            self.safe[m] = False
            self.receiving[n] = True
            yield step("E2 move")
        self.gc.stack[n][r] = new
        self.safe[m] = True
        self.receiving[n] = False

    # --- the collector ---------------------------------------------------------------------------------------

    def stopped(self):
        return all(self.safe)

    @process()
    def collector(self, c):
        yield step("H choose objects")
        n = choose(Int(1, self.objects))
        for x in range(self.objects):
            self.heap.used[x] = x < n
        for x in range(self.objects):
            yield step("H fill an object")
            for i in range(self.slots):
                y = self.anything()
                require(self.heap.used[x] or y is None)
                self.heap.slot[x][i] = y
        self.built = True
        yield step("stop the world to start")
        self.stopping = True
        yield step("start", when=lambda: self.stopped())
        self.gc.on = True
        self.gc.shade(0)
        for x in range(self.objects):
            self.snapshot[x] = self.heap.closure([y == 0 for y in range(self.objects)])[x]
        self.stopping = self.stacks == "stopped"
        while True:
            yield step("mark")
            what = choose("stack", "object", "flush", "stop")
            if what == "stack":
                m = choose(self.mutator)
                require(not self.gc.scanned[m] and self.safe[m])
                for r in range(self.registers):
                    self.gc.shade(self.gc.stack[m][r])
                self.gc.scanned[m] = True
                if self.stacks == "stopped" and all(self.gc.scanned):
                    self.stopping = False
            elif what == "object":
                x: Int(0, self.objects - 1) = choose(Int(0, self.objects - 1))
                require(self.gc.queued[x])
                require(self.stacks not in ("first", "stopped") or all(self.gc.scanned))
                for i in range(self.slots):
                    if i > 0:
                        yield step("next slot")
                    self.gc.shade(self.heap.slot[x][i])
                self.gc.queued[x] = False
            elif what == "flush":
                require(self.steps == "buffered")
                m = choose(self.mutator)
                require(any(self.gc.buffer[m]))
                self.gc.flush(m)
            else:
                require(not any(self.gc.queued) and all(self.gc.scanned) and not self.stopping)
                self.stopping = True
                yield step("finish", when=lambda: self.stopped())
                if any(self.gc.queued) or not self.gc.buffers_are_empty():
                    self.stopping = False
                else:
                    break
        yield step("free")
        for x in range(self.objects):
            if self.heap.used[x] and not self.heap.marked[x]:
                self.heap.free(x)
        self.freed = True

    @invariant
    def nothing_in_use_is_freed(self):
        live = self.gc.live()
        return not self.freed or all(not live[x] or self.heap.used[x] for x in range(self.objects))

    @invariant
    def strong(self):
        """No black object points to a white one."""
        gc, heap = self.gc, self.heap
        return not gc.on or self.freed or all(
            not gc.black(o) or not heap.points(o, x) or not gc.white(x)
            for o in range(self.objects)
            for x in range(self.objects)
        )

    @invariant
    def weak(self):
        """What a black object or a black stack points to is not white, or protected."""
        gc, heap = self.gc, self.heap
        protected = gc.protected()
        return not gc.on or self.freed or all(
            not gc.white(x) or protected[x] or not (gc.on_stack(x, black=True) or any(
            gc.black(o) and heap.points(o, x) for o in range(self.objects)))
            for x in range(self.objects)
        )

    @invariant
    def snap(self):
        return not self.freed or all(not self.snapshot[x] or self.heap.marked[x] for x in range(self.objects))

    @eventually
    def ends(self):
        return self.freed

    bugs = {
        "bulk": Bug("x", breaks=("nothing_in_use_is_freed",)),
    }

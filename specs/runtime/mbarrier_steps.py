"""Mutators that change a heap, and a collector that marks it (runtime/mbarrier.go, runtime/mgc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Array, Bool, Bound, Ghost, Int, Model, Pid, choose, process, require, step
from gomodel.specs.runtime.heap import Heap
from gomodel.specs.runtime.marking import Marking

MBARRIER, MGC, MARK = "runtime/mbarrier.go", "runtime/mgc.go", "runtime/mgcmark.go"
SCAN = "runtime/mgcmark_greenteagc.go"
QUEUES = "who sets a mark bit queues the object, on its own P"
PLACE = "`safe` says where the mutator stands; no word of the program"


class BarrierSteps(Model):
    """Everything of ``mbarrier`` but its scenarios, properties and bugs."""

    Colours = Marking

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

    def state(self):
        self.heap = Heap(objects=self.objects, slots=self.slots)
        self.gc = self.Colours(
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
            yield step("B2 store", go="runtime/asm_amd64.s:1305", src="AX, 88(CX)", atomic=PLACE)
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
                "C2 move", go=f"{MBARRIER}:167", src="memmove(dst, src", atomic="who writes to the source races with it"
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
            yield step(
                "mark",
                go=(f"{MARK}:306", f"{MARK}:1345", "runtime/mwbbuf.go:195"),
                src=("scanstack(gp, gcw)", "scanObject(b, gcw)", "func wbBufFlush1"),
                atomic="a stack is scanned while its goroutine is suspended, an object slot by slot; " + QUEUES,
            )
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
        """Slot by slot; until the last one it is grey (mgcmark_greenteagc.go:1187-1275)."""
        x: Int(0, self.objects - 1) = choose(Int(0, self.objects - 1))
        require(self.gc.queued[x])
        require(self.stacks not in ("first", "stopped") or all(self.gc.scanned))
        for i in range(self.slots):
            if i > 0:
                yield step("next slot", go=f"{SCAN}:1270", src="greyobject(obj, b, addr-b", atomic=QUEUES)
            self.gc.shade(self.heap.slot[x][i])
        self.gc.queued[x] = False

    def more(self):
        """The world is stopped: is anything left (mgc.go:1085-1119)?"""
        self.gc.flush_all()
        again = self.stacks == "again" and not self.rescanning
        if again:
            self.rescanning = True
            self.gc.scanned.fill(False)
        elif any(self.gc.queued) and not self.bug("restart"):
            self.stopping = False
        return again or any(self.gc.queued)

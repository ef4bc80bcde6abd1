"""A concurrent mark-sweep collector: three colours, an insertion barrier, pauses in which registers are scanned.

The barrier is that of Dijkstra et al., "On-the-fly garbage collection" (Communications of the ACM 21, 1978): whoever
stores a pointer in the heap shades its target first.  Loads into registers have no barrier.  Instead the collector
stops the world and shades what the registers point to, as Go did up to 1.7 (golang.org/design/17503-eliminate-rescan),
and marking ends when such a pause leaves nothing to scan.

Each access to a field or a colour is a step of its own, but for these, where nobody can see the difference:

* The pause is one step, as nobody else moves in it.  It may come at any point, between shading and storing too.
* Taking an object from the work list (the grey objects) is one step.  So is blackening it and looking whether the list
  is empty, since this only says whether to pause next, and the pause looks again.
* Allocating takes an object from the free list and colours it; freeing clears the fields.  Nobody else has the object.

Facts by hand: 61 states with one mutator, register, object and field.  While the object is allocated, its field is nil
or points back to it, and the mutator has it in its register, or does not, or is about to store: 2 × 3 = 6 ways.  Before
the pause it has any of 3 colours; it is grey while it is taken, its field loaded, and itself blackened: 6 × 6 states.
It is grey before its target is shaded, too; the field was loaded as nil and may have been stored to since, or it was
not nil and stays so: 6 + 3.  Before the sweep it is black, or grey and newly allocated, or white and the mutator does
not have it: 6 + 6 + 2.  If it is free, the pause comes next, or the sweep: 2.

What the search over tuples in tests/benchmarks/tricolour.py counts (the last three rows are for the patient):

| mutators | registers | objects | fields |    states | transitions | depth |
|---------:|----------:|--------:|-------:|----------:|------------:|------:|
|        1 |         2 |       2 |      1 |    11,882 |      42,351 |    27 |
|        2 |         2 |       2 |      1 |   382,113 |   2,366,736 |    42 |
|        1 |         2 |       3 |      1 |   611,249 |   2,274,136 |    56 |
|        1 |         1 |       4 |      2 | 2,736,909 |   8,571,385 |    60 |
|        3 |         1 |       4 |      1 | 3,272,597 |  19,630,693 |    48 |
|        1 |         3 |       3 |      1 | 5,559,643 |  23,067,444 |    49 |
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bound,
    Bug,
    Enum,
    Int,
    Model,
    Option,
    choose,
    implies,
    invariant,
    process,
    reachable,
    require,
    step,
)


class Tricolour(Model):
    """A collector marks and sweeps while mutators load, store, drop and allocate."""

    name = "tricolour"

    mutators: int = Bound(1, min=1, max=4, help="threads that use the heap")
    registers: int = Bound(2, min=1, max=4, help="pointers that each of them holds")
    objects: int = Bound(2, min=1, max=8, help="in the heap, free or not")
    fields: int = Bound(1, min=1, max=4, help="pointers in each object")

    def state(self):
        pointer = Option(Int(0, self.objects - 1))
        self.colour = Array(Enum("free", "white", "grey", "black"), self.objects)
        self.heap = Array(Array(pointer, self.fields), self.objects)
        self.held = Array(Array(pointer, self.registers), self.mutator)

    def init(self):
        """One object, to which every register points: without it the mutators would never share anything."""
        self.colour[0] = "white"
        self.held.fill([0] * self.registers)

    def of_colour(self, colour):
        return [x for x in range(self.objects) if self.colour[x] == colour]

    def shade(self, x):
        if x is not None and self.colour[x] == "white":
            self.colour[x] = "grey"

    @process(count="mutators")
    def mutator(self, m):
        while True:
            yield step("run")
            action = choose("allocate", "drop", "load", "store")
            i: Int(0, self.registers - 1) = choose(range(self.registers))
            require((self.held[m][i] is None) == (action == "allocate"))
            if action == "allocate":
                new = choose(self.of_colour("free"))
                self.colour[new] = "white" if self.bug("born white") else "grey"
                self.held[m][i] = new
            elif action == "drop":
                self.held[m][i] = None
            else:
                f: Int(0, self.fields - 1) = choose(range(self.fields))
                j: Int(0, self.registers - 1) = choose(range(self.registers))
                if action == "load":
                    self.held[m][j] = self.heap[self.held[m][i]][f]
                    continue
                if not (self.bug("no barrier") or self.bug("late barrier")):
                    self.shade(self.held[m][j])
                yield step("store")
                self.heap[self.held[m][i]][f] = self.held[m][j]
                if self.bug("late barrier"):
                    yield step("shade")
                    self.shade(self.held[m][j])

    @process()
    def collector(self, c):
        while True:
            yield step("pause")
            if not (self.bug("one pause") and "black" in self.colour):
                for x in range(self.objects):
                    if any(x in self.held[m] for m in self.mutator):
                        self.shade(x)
            if "grey" in self.colour:
                while "grey" in self.colour:
                    yield step("take a grey object")
                    x: Int(0, self.objects - 1) = choose(self.of_colour("grey"))
                    for f in range(self.fields):
                        yield step("load a field")
                        target: Option(Int(0, self.objects - 1)) = self.heap[x][f]
                        yield step("shade its target")
                        self.shade(target)
                    yield step("blacken")
                    self.colour[x] = "black"
            else:
                swept: Int(0, self.objects) = 0
                while swept < self.objects:
                    yield step("sweep")
                    if self.colour[swept] == "white":
                        self.colour[swept] = "free"
                        self.heap[swept].fill(None)
                    elif self.colour[swept] == "black":
                        self.colour[swept] = "white"
                    swept += 1

    def live(self):
        """For each object, whether a mutator can reach it."""
        n = range(self.objects)
        live = [any(x in self.held[m] for m in self.mutator) for x in n]
        for _ in n[1:]:
            live = [live[x] or any(live[y] and x in self.heap[y] for y in n) for x in n]
        return live

    def unswept(self, x):
        return any(self.collector.at(c, "sweep") and self.collector[c].swept <= x for c in self.collector)

    @invariant
    def nothing_lost(self):
        """No object that a mutator can reach is free."""
        return all(implies(live, self.colour[x] != "free") for x, live in enumerate(self.live()))

    @invariant
    def marked(self):
        """When marking is over, what a mutator can reach is not white until it has been swept."""
        return all(implies(live and self.unswept(x), self.colour[x] != "white") for x, live in enumerate(self.live()))

    @invariant
    def strong(self):
        """Until marking is over, no black object points to a white one: the strong tricolour invariant."""
        return any(self.collector.at(c, "sweep") for c in self.collector) or all(
            implies(self.colour[x] == "black" and y in self.heap[x], self.colour[y] != "white")
            for x in range(self.objects)
            for y in range(self.objects)
        )

    @reachable
    def floating_garbage(self):
        """Garbage that outlives the cycle, as it was marked before it became garbage."""
        return any(not live and self.unswept(x) and self.colour[x] == "black" for x, live in enumerate(self.live()))

    @reachable
    def cyclic_garbage(self):
        """Garbage that points to itself is about to be freed."""
        return any(
            not live and self.unswept(x) and self.colour[x] == "white" and x in self.heap[x]
            for x, live in enumerate(self.live())
        )

    @reachable
    def found_in_a_register(self):
        """A pause after the first finds a white object in a register."""
        return "black" in self.colour and any(
            self.collector.at(c, "pause") and self.colour[x] == "white" and any(x in self.held[m] for m in self.mutator)
            for c in self.collector
            for x in range(self.objects)
        )

    bugs = {
        "no barrier": Bug("a store does not shade", breaks="nothing_lost"),
        "late barrier": Bug("a store shades its target afterwards", breaks="strong"),
        "one pause": Bug("only the first pause of a cycle shades what the registers point to", breaks="marked"),
        "born white": Bug("objects are allocated white", breaks="nothing_lost"),
    }

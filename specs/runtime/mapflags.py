"""How a classic map notices that it is used concurrently: the bit hashWriting (runtime/map.go, go1.23.9).

What is modelled: the accesses to ``h.flags`` of mapassign and mapdelete (map.go:631-638, 722-725; 760-768, 851-854 are
the same), mapclear (1086-1090, 1133-1136), mapaccess (428), mapiterinit (916-917) and mapiternext (943), each a step of
its own: they are plain loads and stores, and an atomic Or8.  ``flags ^= hashWriting`` is a load and a store.

What is abstracted, and why that is sound:

* What an operation does to the buckets between is left out: a program with such races is wrong, the buckets may then
  hold anything, and nothing is said about them.  Only *whether* a throw can be reached is asked.
* Each access is sequentially consistent.  Plain ones need not be; more interleavings would only reach more throws.
* Of the other flags there is ``iterator``, as one bit: a plain read-modify-write may lose what an Or8 has set.

The detection is the best that can be had for little, and no more: each throw is reachable (``writes_detected``, …),
and so is a race that nobody notices (``race_unnoticed``).  What must hold is that a program without a race is never
accused (``accused_of_a_race``), not even after a hash function has panicked, and leaves the bit clear.

Checklist:

* DetectPossible  done: ``writes_detected``, ``read_detected``, ``iteration_detected``, ``race_unnoticed``
* flags           done: ``clean_when_idle``: hashWriting is clear between operations
* throws          done: "concurrent map writes", "concurrent map read and map write", "concurrent map iteration and map
                  write" are the witnesses; ``accused_of_a_race``
* panics          done: scenario "panic"; "assignment to entry in nil map" left out: it comes before any access
* b7              left out: the throw "evacuation not done in time" was in go1.7 and older
* iterator        ours: ``iterator_bit_stays``, without a race
* ends            ours: ``operations_end``, ``all_writes_are_made``
* b20             done, as a bug
* forget clear quiet wait   ours: plausible edits
* set             ours: negative control: it detects less, and nothing says how much must be detected
"""

from __future__ import annotations

from gomodel import (
    Bool,
    Bound,
    Bug,
    Component,
    Enum,
    Ghost,
    Int,
    Model,
    Preset,
    Scenario,
    Struct,
    choose,
    implies,
    invariant,
    leads_to,
    like,
    process,
    reachable,
    step,
    weak,
)

GO = "runtime/map.go"


class Flags(Component):
    """h.flags, and the protocol of those who use the map."""

    def state(self):
        self.flags = Struct(writing=Bool(), iterator=Bool())
        self.thrown = Ghost(Enum("nothing", "writes", "read", "iteration"))  # the program has died of this
        self.inside = Ghost(Int(0, 9))  # operations under way
        self.writers = Ghost(Int(0, 9))  # of these, such as write
        self.raced = Ghost(Bool())  # two were under way at a time, one of them a writer
        self.ranged = Ghost(Bool())  # somebody has set the iterator bit

    def enter(self, writes):
        self.raced = self.raced or (self.inside > 0 and (writes or self.writers > 0))
        self.inside += 1
        if writes:
            self.writers += 1

    def leave(self, writes):
        self.inside -= 1
        if writes:
            self.writers -= 1

    def write(self, panicking):
        """mapassign, mapdelete, mapclear."""
        yield step("W1 test hashWriting", go=f"{GO}:631", src="h.flags&hashWriting != 0")
        self.enter(True)
        if self.flags.writing:
            if not self.bug("quiet"):
                self.thrown = "writes"
            return "thrown"
        if panicking and not self.bug("b20"):
            yield step("W2 hash", go=f"{GO}:634", src="t.Hasher(key, uintptr(h.hash0))")
            if choose(False, True):
                self.leave(True)
                return "panicked"
        yield step("W3 load flags", go=f"{GO}:638", src="h.flags ^= hashWriting")
        old: like(self.flags) = self.flags.copy()
        yield step("W3 store flags, hashWriting toggled", go=f"{GO}:638", src="h.flags ^= hashWriting")
        old.writing = self.bug("set") or not old.writing
        self.flags = old
        if panicking and self.bug("b20"):
            yield step("W2 hash", go=f"{GO}:634", src="t.Hasher(key, uintptr(h.hash0))")
            if choose(False, True):
                self.leave(True)
                return "panicked"
        yield step(
            "W4 write; test hashWriting",
            when=lambda: self.flags.writing or not self.bug("wait"),
            go=f"{GO}:722",
            src="h.flags&hashWriting == 0",
        )
        if not self.flags.writing:
            self.thrown = "writes"
            return "thrown"
        yield step("W5 load flags", go=f"{GO}:725", src="h.flags &^= hashWriting")
        last: like(self.flags) = self.flags.copy()
        yield step("W5 store flags, hashWriting cleared", go=f"{GO}:725", src="h.flags &^= hashWriting")
        last.writing = self.bug("forget")
        if self.bug("clear"):
            last.iterator = False
        self.flags = last
        self.leave(True)
        return "written"

    def read(self):
        """mapaccess1: it may read what a writer has half done from here on."""
        yield step("R1 test hashWriting", go=f"{GO}:428", src="h.flags&hashWriting != 0")
        self.enter(False)
        if self.flags.writing:
            self.thrown = "read"
            return
        yield step("R2 read", go=f"{GO}:448", src="b.tophash[i] != top")
        self.leave(False)

    def iterate(self):
        """mapiterinit, and the first mapiternext."""
        yield step("I1 load flags", go=f"{GO}:916", src="old := h.flags")
        self.enter(False)
        if not self.flags.iterator:
            yield step("I2 or", go=f"{GO}:917", src="atomic.Or8(&h.flags, iterator|oldIterator)")
            self.flags.iterator = True
        self.ranged = True
        yield step("I3 test hashWriting", go=f"{GO}:943", src="h.flags&hashWriting != 0")
        if self.flags.writing:
            self.thrown = "iteration"
            return
        self.leave(False)

    @invariant
    def accused_of_a_race(self):
        """Go throws only if two operations, one of them a write, have overlapped."""
        return implies(self.thrown != "nothing", self.raced)

    @invariant
    def clean_when_idle(self):
        """Without a race hashWriting is clear whenever nobody uses the map."""
        return implies(self.inside == 0 and not self.raced, not self.flags.writing)

    @invariant
    def iterator_bit_stays(self):
        """Without a race the iterator bit, once set, is set for good: writers load it and store it again."""
        return implies(self.ranged and not self.raced, self.flags.iterator)

    @reachable(scenario="writers")
    def writes_detected(self):
        """concurrent map writes"""
        return self.thrown == "writes"

    @reachable(scenario="all")
    def read_detected(self):
        """concurrent map read and map write"""
        return self.thrown == "read"

    @reachable(scenario="all")
    def iteration_detected(self):
        """concurrent map iteration and map write"""
        return self.thrown == "iteration"

    @reachable(scenario="writers")
    def race_unnoticed(self):
        """Two writers have overlapped, both are done, and nobody has thrown."""
        return self.raced and self.inside == 0 and self.thrown == "nothing"

    @reachable(scenario="all")
    def iterator_bit_lost(self):
        """A writer's plain store has overwritten the iterator bit that an atomic Or8 had set."""
        return self.ranged and not self.flags.iterator and self.thrown == "nothing"

    bugs = {
        "b20": Bug(
            "the bit is toggled before the hash is computed, which may panic",
            breaks=("accused_of_a_race", "clean_when_idle"),
            go=f"{GO}:638",
            scenario="panic",
        ),
        "forget": Bug("hashWriting is not cleared", breaks=("clean_when_idle", "accused_of_a_race"), go=f"{GO}:725"),
        "clear": Bug(
            "a writer clears the iterator bit too", breaks="iterator_bit_stays", go=f"{GO}:725", scenario="all"
        ),
        "quiet": Bug("mapassign gives up and does not say so", breaks="all_writes_are_made", go=f"{GO}:631"),
        "wait": Bug(
            "mapassign waits for the bit that another one has taken away",
            breaks=("operations_end", "deadlock"),
            go=f"{GO}:722",
        ),
        "set": Bug("the bit is set and not toggled", harmless=True, go=f"{GO}:638"),
    }


class MapFlagsModel(Model):
    """Goroutines that use one map without a lock."""

    name = "mapflags"
    go = "go1.23.9"
    source = (GO,)

    writers: int = Bound(2, min=0, max=3, help="goroutines that write")
    readers: int = Bound(0, min=0, max=2, help="goroutines that look up")
    rangers: int = Bound(0, min=0, max=2, help="goroutines that iterate")
    rounds: int = Bound(2, min=1, max=3, help="writes of each writer")
    panics: bool = Bound(False, help="a hash function may panic, and the program recovers")

    scenarios = {
        "writers": Scenario("two writers"),
        "all": Scenario("and a reader, and one that iterates", readers=1, rangers=1, rounds=1),
        "panic": Scenario("one writer, whose key may be unhashable", writers=1, panics=True),
    }
    presets = {"quick": Preset(), "nightly": Preset(writers=3)}

    fairness = (weak("writer"), weak("reader"), weak("ranger"))

    def state(self):
        self.map = Flags()
        self.ended = Ghost(Int(0, max(self.writers, 1) * (self.rounds + 1)))  # writes that have come to their end

    @process(count="writers")
    def writer(self, w):
        done: Int(0, self.rounds) = 0
        while done < self.rounds:
            result = yield from self.map.write(self.panics)
            if result == "thrown":
                return
            self.ended += 1
            done += 1

    @process(count="readers")
    def reader(self, r):
        yield from self.map.read()

    @process(count="rangers")
    def ranger(self, i):
        yield from self.map.iterate()

    @leads_to
    def operations_end(self, g: self.writer | self.reader | self.ranger):
        """Nobody waits for anybody: every goroutine comes to its end, be it by a throw."""
        return not self.gone(g), self.gone(g)

    def gone(self, g):
        return (self.writer | self.reader | self.ranger).at(g, "done")

    @invariant
    def all_writes_are_made(self):
        """When all writers have come to their end and nobody has thrown, each has written as often as it should."""
        ended = all(self.writer.at(w, "done") for w in self.writer)
        return implies(ended and self.map.thrown == "nothing", self.ended == self.writers * self.rounds)

"""Models that refine others, and edits of them that do not."""

from __future__ import annotations

from typing import ClassVar

from gomodel import (
    Array,
    Bool,
    Bug,
    Component,
    Enum,
    Ghost,
    Int,
    Model,
    Option,
    Pid,
    choose,
    process,
    refines,
    require,
    rule,
    step,
)


class Place(Component):
    """A channel with room for one value."""

    def state(self):
        self.holds = Option(Int(0, 1))

    @rule
    def put(self, value: Int(0, 1)):
        require(self.holds is None)
        self.holds = value

    @rule
    def take(self):
        require(self.holds is not None)
        self.holds = None


class Handshake(Model):
    """Two-phase handshake: the wires req and ack differ while a value is on its way."""

    name = "handshake"
    bugs: ClassVar = {
        "changes": Bug("the sender changes the data before the acknowledgement", breaks="channel"),
        "withdraws": Bug("the sender sends the next value before the acknowledgement", breaks="channel"),
        "early": Bug("the first request is there before anything was put", breaks="channel"),
    }

    def state(self):
        self.req = Bool(init=self.bug("early"))
        self.ack = Bool()
        self.data = Int(0, 1)
        self.got = Int(0, 1)

    @process()
    def sender(self, s):
        while True:
            yield step("data", when=lambda: self.req == self.ack, rest=True)
            self.data = choose(0, 1)
            yield step("request")
            self.req = not self.req
            if self.bug("changes"):
                yield step("change")
                self.data = 1 - self.data

    @process()
    def receiver(self, r):
        while True:
            yield step("read", when=lambda: self.req != self.ack, rest="blocked")
            self.got = self.data
            yield step("acknowledge")
            self.ack = not self.ack

    @process()
    def withdrawer(self, w):
        yield step("withdraw", when=lambda: self.bug("withdraws") and self.req != self.ack, rest="blocked")
        self.data = 1 - self.data

    @refines(lambda self: Place())
    def channel(self, place):
        """The wires are a channel with room for one value."""
        place.holds = None if self.req == self.ack else self.data


class Register(Component):
    """An atomic register."""

    def __init__(self, top):
        self.top = top

    def state(self):
        self.value = Int(0, self.top)
        self.read = Int(0, self.top)

    @rule
    def write(self, value: Int(0, self.top)):  # noqa: F821
        self.value = value

    @rule
    def look(self):
        self.read = self.value


class Bits(Model):
    """A register of two bits, written one by one under a sequence lock, read one by one."""

    name = "bits"
    bugs: ClassVar = {"torn": Bug("the reader does not look at the sequence number again", breaks="atomic")}

    def state(self):
        self.bits = Array(Bool(), 2)
        self.sequence = Int(0, 6)  # odd while a write goes on
        self.settled = Int(0, 3)  # what was written last, as a whole
        self.read = Int(0, 3)

    def number(self, bits):
        return 2 * bits[1] + bits[0]

    @process()
    def writer(self, w):
        for value in (3, 1):
            yield step("begin")
            self.sequence += 1
            yield step("low bit")
            self.bits[0] = value % 2 == 1
            yield step("high bit")
            self.bits[1] = value >= 2
            yield step("end")
            self.sequence += 1
            self.settled = value

    @process()
    def reader(self, r):
        low: Bool() = False
        seen: Int(0, 6) = 0
        while True:
            yield step("sequence", when=lambda: self.sequence % 2 == 0, rest=True)
            seen = self.sequence
            yield step("low bit")
            low = self.bits[0]
            yield step("high bit")
            high: Bool() = self.bits[1]
            yield step("sequence again")
            if self.sequence == seen or self.bug("torn"):
                self.read = 2 * high + low

    @refines(lambda self: Register(3))
    def atomic(self, register):
        """What is read is what was written last, as a whole."""
        register.value = self.settled
        register.read = self.read


class Counter(Component):
    def __init__(self, top, by=1):
        self.top = top
        self.by = by

    def state(self):
        self.n = Int(0, self.top)

    @rule
    def up(self):
        self.n += self.by


class Ticks(Model):
    """Counts to six; each mapping reads it as another counter."""

    name = "ticks"
    bugs: ClassVar = {"leap": Bug("the third tick counts four times", breaks="halves")}

    def state(self):
        self.n = Int(0, 8)

    @process()
    def clock(self, c):
        yield step("tick")
        while self.n < 6:
            self.n += 4 if self.bug("leap") and self.n == 2 else 1
            yield step("tick")

    @refines(lambda self: Counter(8))
    def same(self, counter):
        counter.n = self.n

    @refines(lambda self: Counter(4))
    def halves(self, counter):
        """Every other tick is one of a slower counter."""
        counter.n = self.n // 2


class Claims(Model):
    """Mappings that are wrong, or say nothing."""

    name = "claims"

    def state(self):
        self.n = Int(0, 3)

    @process()
    def clock(self, c):
        yield step("tick")
        while self.n < 3:
            self.n += 1
            yield step("tick")

    @refines(lambda self: Counter(3))
    def constant(self, counter):
        counter.n = 0

    @refines(lambda self: Counter(3))
    def late(self, counter):
        """It starts at 1."""
        counter.n = min(self.n + 1, 3)

    @refines(lambda self: Counter(6))
    def doubled(self, counter):
        """Each tick would be two."""
        counter.n = 2 * self.n

    @refines(lambda self: Counter(2))
    def narrow(self, counter):
        counter.n = self.n

    @refines(lambda self: Counter(3))
    def divided(self, counter):
        counter.n = 3 // (2 - self.n) - 1 if self.n > 0 else 0


class Owner(Component):
    """A lock with an owner."""

    def __init__(self, procs):
        self.procs = procs

    def state(self):
        self.owner = Option(Pid(self.procs))

    @rule
    def lock(self, g: self.procs):  # noqa: F821
        require(self.owner is None)
        self.owner = g

    @rule
    def unlock(self):
        require(self.owner is not None)
        self.owner = None


class Holding(Component):
    """Some of the processes hold something; one comes or goes at a time."""

    def __init__(self, procs):
        self.procs = procs

    def state(self):
        self.holding = Array(Bool(), self.procs)

    @rule
    def change(self):
        g = choose(self.procs)
        self.holding[g] = choose(False, True)


class Locals(Model):
    """A lock whose owner is known from labels, from locals and from a ghost."""

    name = "locals"
    size: int = 2
    bugs: ClassVar = {"barge": Bug("the lock is taken although it is held", breaks=("by_label", "by_ghost"))}

    def state(self):
        self.locked = Bool()
        self.last = Ghost(Option(Pid(self.client)))

    @process(count="size")
    def client(self, g):
        mine: Bool() = False
        while True:
            yield step("lock", when=lambda: not self.locked or self.bug("barge"), rest=True)
            self.locked = True
            self.last = g
            mine = True
            yield step("inside")
            self.locked = False
            self.last = None
            mine = False  # noqa: F841

    @refines(lambda self: Owner(self.client))
    def by_label(self, lock):
        lock.owner = None
        for g in self.client:
            if self.client.at(g, "inside"):
                lock.owner = g

    @refines(lambda self: Owner(self.client))
    def by_ghost(self, lock):
        lock.owner = self.last

    @refines(lambda self: Holding(self.client))
    def by_local(self, state):
        """Nothing but this mapping reads the local ``mine``."""
        for g in self.client:
            state.holding[g] = self.client[g].mine


class Die(Component):
    """A die: thrown once, it shows something else than before."""

    def state(self):
        self.shows = Int(1, 6)
        self.side = Enum("lying", "flying")

    @rule
    def throw(self):
        require(self.side == "lying")
        self.side = "flying"

    @rule
    def land(self, spin: Bool()):
        require(self.side == "flying")
        up = choose([n for n in range(1, 7) if n != self.shows])
        require(spin or up > self.shows)
        self.shows = up
        self.side = "lying"


class Dice(Model):
    """A die that is thrown twice; the table may not turn it."""

    name = "dice"
    bugs: ClassVar = {
        "lazy": Bug("it may fall as it lay", breaks="die"),
        "table": Bug("somebody turns it while it lies", breaks="die"),
    }

    def state(self):
        self.up = Int(1, 6)
        self.flying = Bool()

    @process()
    def player(self, p):
        for _ in range(2):
            yield step("throw")
            self.flying = True
            yield step("land")
            if self.bug("lazy"):
                self.up = choose(Int(1, 6))
            else:
                self.up = choose([n for n in range(1, 7) if n != self.up])
            self.flying = False
        yield step("turn")
        if self.bug("table"):
            self.up = 7 - self.up

    @refines(lambda self: Die())
    def die(self, die):
        die.shows = self.up
        die.side = "flying" if self.flying else "lying"

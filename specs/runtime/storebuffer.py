"""The memory of an x86 processor: stores wait in a buffer before others see them (x86-TSO).

What is modelled: the abstract machine of Sewell, Sarkar, Owens, Zappa Nardelli and Myreen, "x86-TSO: A Rigorous and
Usable Programmer's Model for x86 Multiprocessors" (CACM 53(7), 2010).  Each process has a buffer of stores, first in,
first out.  Its loads take the newest value that it has itself stored there, else that of the memory.  A fence, and
every instruction with a lock prefix, empties the buffer; so does XCHG, with or without the prefix.  What Go makes of
its atomics on amd64 (internal/runtime/atomic/atomic_amd64.s): ``Store`` and ``StoreRel`` are XCHG (173, 200), loads
are plain.

``StoreBuffer`` is for any spec: plain methods, to be called within a step, one of them for each access.  With depth 0
it is sequentially consistent memory.  Its model declares a rule that drains, and says how fair that rule is.

The model below is three litmus tests.  SB: two processes each store to a word of their own and load the other's.  MP:
one stores data and then a flag, the other loads the flag and then the data.  OWN: a process loads what it has stored.

What is abstracted, and why that is sound:

* A fence drains in one step.  Between two of its drains others may run; the rule ``drain`` has these executions.
* Who stores into a full buffer drains the oldest store in the same step, for the same reason.
* The bus lock of the abstract machine is held for one step, which is the step of the locked instruction.

Checklist:

* SB        done: ``sb_forbidden``; without the fence ``both_read_zero`` is reached
* MP        done: ``mp_forbidden``
* OWN       done: ``own_stores_are_seen``
* drains    done: ``stores_arrive``, ``messages_arrive``
* loads     done: ``loads_see_something``
* fences    done: ``fences_drain``
* nofence lifo nosnoop lazy blind weakfence   done, as bugs
* mpfence   done, a negative control: MP needs no fence
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bound,
    Bug,
    Component,
    Int,
    Model,
    Queue,
    Scenario,
    Struct,
    invariant,
    leads_to,
    process,
    reachable,
    require,
    rule,
    step,
    step_invariant,
    weak,
)

X, Y = range(2)  # the locations of the tests
DATA, FLAG = X, Y


class StoreBuffer(Component):
    """``locations`` words of 0 … ``most`` that ``procs`` share, with a buffer of ``depth`` stores for each process."""

    def __init__(self, procs, locations, *, most=1, depth=2):
        self.procs = procs
        self.locations = locations
        self.most = most
        self.depth = depth
        self.Store = Struct(at=Int(0, locations - 1), value=Int(0, most))

    def state(self):
        self.memory = Array(Int(0, self.most), self.locations)
        if self.depth:
            self.pending = Array(Queue(self.Store, self.depth), self.procs)

    def load(self, p, at):
        """What process ``p`` sees there: its own newest store, else the memory."""
        value = self.memory[at]
        if not self.bug("nosnoop"):
            for i in range(self.depth):
                if i < len(self.pending[p]) and self.pending[p][i].at == at:
                    value = self.pending[p][i].value
        return value

    def store(self, p, at, value):
        """A plain store."""
        if not self.depth:
            self.memory[at] = value
        else:
            if len(self.pending[p]) == self.depth:
                self.drain(p)
            self.pending[p].push(self.Store(at=at, value=value))

    def swap(self, p, at, value):
        """XCHG: what was there."""
        self.fence(p)
        old = self.memory[at]
        self.memory[at] = value
        return old

    def fence(self, p):
        """MFENCE, or what any locked instruction does besides."""
        if self.bug("weakfence"):
            return
        for _ in range(self.depth):
            if self.pending[p]:
                self.drain(p)

    def drain(self, p):
        """The oldest store of ``p`` reaches the memory."""
        oldest = self.pending[p].pop_back() if self.bug("lifo") else self.pending[p].pop()
        self.memory[oldest.at] = oldest.value

    def holds(self, p, at):
        """Whether a store to ``at`` waits in the buffer of ``p``."""
        return any(i < len(self.pending[p]) and self.pending[p][i].at == at for i in range(self.depth))

    def buffered(self, p):
        return self.depth > 0 and len(self.pending[p]) > 0

    bugs = {
        "nosnoop": Bug("loads do not look into the own buffer", breaks="own_stores_are_seen", scenario="OWN"),
        "weakfence": Bug("a fence drains nothing", breaks=("fences_drain", "sb_forbidden"), scenario="SB fenced"),
        "lifo": Bug("the newest store is drained first", breaks="mp_forbidden", scenario="MP"),
    }


class LitmusModel(Model):
    """Litmus tests of a store buffer."""

    name = "storebuffer"

    test: str = Bound("SB", help="the test: SB, MP or OWN")
    fenced: bool = Bound(False, help="a fence between the two accesses of each process")
    depth: int = Bound(2, min=0, max=4, help="stores that a buffer has room for; 0: sequentially consistent")

    scenarios = {
        "SB": Scenario("store, then load what the other stores", test="SB"),
        "SB fenced": Scenario("the same, with a fence in between", test="SB", fenced=True),
        "SB strong": Scenario("the same without a buffer", test="SB", depth=0, default=False),
        "MP": Scenario("data, then the flag; flag, then the data", test="MP"),
        "MP fenced": Scenario("the same, with fences", test="MP", fenced=True),
        "MP short": Scenario("and with room for one store", test="MP", depth=1),
        "OWN": Scenario("store, then load it", test="OWN"),
    }
    fairness = (weak("first"), weak("second"))

    def state(self):
        self.mem = StoreBuffer(self.first | self.second, 2, depth=self.depth)
        self.seen = Array(Int(0, 2, init=2), 2)  # what each load has seen; 2: nothing yet

    def sender_fences(self):
        return self.fenced and not self.bug("nofence") and not self.bug("mpfence")

    @process()
    def first(self, p):
        yield step("store x")
        self.mem.store(p, X, 1)
        if self.sender_fences():
            yield step("fence")
            self.mem.fence(p)
        if self.test == "MP":
            yield step("store the flag")
            self.mem.store(p, FLAG, 1)
        elif self.test == "SB":
            yield step("load y")
            if not self.bug("blind"):
                self.seen[0] = self.mem.load(p, Y)
        else:
            yield step("load x")
            self.seen[0] = self.mem.load(p, X)

    @process(count=lambda self: 0 if self.test == "OWN" else 1)
    def second(self, p):
        if self.test == "MP":
            yield step("load the flag")
            self.seen[0] = self.mem.load(p, FLAG)
            yield step("load the data")
            self.seen[1] = self.mem.load(p, DATA)
        else:
            yield step("store y")
            self.mem.store(p, Y, 1)
            if self.fenced:
                yield step("fence")
                self.mem.fence(p)
            yield step("load x")
            self.seen[1] = self.mem.load(p, X)

    @rule(fair=True)
    def drain(self, p: self.first | self.second):
        require(self.mem.buffered(p))
        if not self.bug("lazy"):
            self.mem.drain(p)

    @invariant
    def sb_forbidden(self):
        """With fences not both loads of SB see nothing."""
        strong = self.fenced or self.depth == 0
        return self.test != "SB" or not strong or not (self.seen[0] == 0 and self.seen[1] == 0)

    @invariant
    def mp_forbidden(self):
        """Who sees the flag sees the data."""
        return self.test != "MP" or not (self.seen[0] == 1 and self.seen[1] == 0)

    @invariant
    def own_stores_are_seen(self):
        """A process sees what it has stored."""
        return self.test != "OWN" or self.seen[0] != 0

    @invariant
    def loads_see_something(self):
        """Who has come to its end has seen what it loaded."""
        one = self.test == "MP" or not all(self.first.at(p, "done") for p in self.first) or self.seen[0] != 2
        ended = self.test != "OWN" and all(self.second.at(p, "done") for p in self.second)
        return one and (not ended or (self.seen[1] != 2 and (self.test == "SB" or self.seen[0] != 2)))

    @step_invariant
    def fences_drain(self, before):
        """Behind a fence nothing waits in the own buffer."""
        ok = True
        if self.sender_fences():
            ok = all(
                not before.first.at(p, "fence") or self.first.at(p, "fence") or not self.mem.buffered(p)
                for p in self.first
            )
        if self.fenced and self.test == "SB":
            ok = ok and all(
                not before.second.at(p, "fence") or self.second.at(p, "fence") or not self.mem.buffered(p)
                for p in self.second
            )
        return ok

    @leads_to
    def messages_arrive(self):
        """When the first process has come to its end, all that it stored reaches the memory."""
        stored = self.mem.memory[X] == 1 and (self.test != "MP" or self.mem.memory[FLAG] == 1)
        return all(self.first.at(p, "done") for p in self.first), stored

    @leads_to
    def stores_arrive(self, at: Int(0, 1)):
        """What somebody has stored reaches the memory."""
        waiting = any(self.mem.holds(p, at) for p in self.mem.procs)
        return waiting, self.mem.memory[at] == 1

    @reachable(scenario="SB")
    def both_read_zero(self):
        """Both loads of SB see nothing: what sequential consistency forbids."""
        return self.seen[0] == 0 and self.seen[1] == 0

    @reachable(scenario="OWN")
    def seen_before_others(self):
        """A process has seen its store, which is not in the memory yet."""
        return self.seen[0] == 1 and self.mem.memory[X] == 0

    bugs = {
        "nofence": Bug("one process of SB has no fence", breaks="sb_forbidden", scenario="SB fenced"),
        "mpfence": Bug("who sends the message has no fence", harmless=True, scenario="MP fenced"),
        "lazy": Bug("nothing is ever drained", breaks=("stores_arrive", "messages_arrive"), scenario="OWN"),
        "blind": Bug("a load sees nothing", breaks="loads_see_something", scenario="SB"),
    }

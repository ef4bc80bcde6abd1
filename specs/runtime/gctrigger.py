"""What starts a cycle of the garbage collector: the heap, the time, and runtime.GC (runtime/mgc.go).

What is modelled: ``GC`` up to its second ``gcWaitOnMark`` (mgc.go:522-558), ``gcWaitOnMark`` (645-665),
``gcTrigger.test`` (706-725); of ``gcStart`` (733-952) what decides whether a cycle begins; of ``gcMarkTermination``
that the phase is over, that waiters are woken, and that gcsema is given back (1403-1671).  The cycle itself is ``gc``.

What is abstracted, and why that is sound:

* A cycle ends at any time.  That is one step, as the world is stopped from mgc.go:1064 on, until waiters have been
  woken.  gcsema is given back when the world runs again: a step of its own.
* The heap is above its trigger or not, and two minutes have passed since the last cycle or not.  Either becomes true at
  any time while no cycle is under way, and false by a cycle, which sets the next trigger and ``last_gc_nanotime``.
* ``test`` is one step though it reads ``gcphase`` and then something else.  The phase leaves off only while startSema
  is held, so nothing can come between the two reads of the second test; the first one is a hint.
* mallocgc looks at the trigger before it calls gcStart, which looks again: two looks are one here.
* Sweeping before startSema, and what GC does after its cycle (sweeping, the heap profile), decide nothing here.
* ``work.cycles`` counts modulo 16, not 2^32.  At most 5 cycles begin, so no comparison is out of its range but where
  a scenario begins at 15.

Where Go breaks its promise (docs/findings/gc-cycle-wraparound.md): ``gcWaitOnMark`` compares numbers of cycles as they
are, though ``test`` allows for a wraparound.  A call of GC after 2^32 - 1 cycles does not return.  The scenario
"wraparound" shows it.

Checklist (ids of the reference for this part):

* heap time cycle     done: the three kinds of triggers
* G5.one              done: ``one_at_a_time``
* G5.retest           done: ``each_cycle_has_a_reason``
* G5.full             ours: ``gc_waits_for_a_full_cycle``, and ``gc_returns``
* g5_5                done, as a bug
* g5_6 g5_7           in another small model: ``gc``
* triggers            ours: ``asked_for_a_reason``, ``a_cycle_sets_the_next_trigger``, and ``waiting_is_parking``
* both nofirst same nosecond unlocked nowake stale spins early  ours: plausible edits
* nosema              ours: a negative control
* throws              left out: none is in the code that is modelled
"""

from __future__ import annotations

from typing import Any

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Ghost,
    Int,
    Model,
    Preset,
    Scenario,
    invariant,
    leads_to,
    process,
    reachable,
    step,
    step_invariant,
    weak,
)

GO = "runtime/mgc.go"
HEAP, TIME, CYCLE = range(3)
# Where bugs are judged.
FEW: dict[str, Any] = {"scenario": "all", "bounds": {"allocators": 1}}
OURS = "the phase leaves off only while startSema is held"


class TriggerModel(Model):
    """Goroutines that allocate, the one that looks after the time, and callers of runtime.GC start cycles."""

    name = "gctrigger"
    go = "go1.27.3"
    source = (GO,)

    callers: int = Bound(2, min=1, max=3, help="goroutines that call runtime.GC")
    calls: int = Bound(1, min=1, max=3, help="calls of each")
    allocators: int = Bound(2, min=0, max=3, help="goroutines that make the heap large, once")
    first: int = Bound(0, min=0, max=15, help="cycles before")
    wrap: int = Bound(16, min=16, max=16, help="cycles are counted modulo this")

    scenarios = {
        "all": Scenario("two callers of GC, two goroutines that allocate, and the time"),
        "wraparound": Scenario("after 2^32 - 1 cycles", default=False, first=15),
    }
    fairness = (weak("caller"), weak("allocator"), weak("helper"), weak("ender"))
    presets = {"quick": Preset(allocators=1), "nightly": Preset(calls=2)}

    def state(self):
        self.nr = tuple(range(self.callers))
        self.cycles = Int(0, self.wrap - 1)  # work.cycles
        self.marking = Bool()  # gcphase is not _GCoff
        self.start_sema = Bool()  # work.startSema is held
        self.gcsema = Bool()  # and gcsema
        self.large = Bool()  # heapLive >= trigger
        self.late = Bool()  # now - last_gc_nanotime > forcegcperiod
        self.parked = Array(Bool(), max(self.callers, 1))  # work.sweepWaiters.list
        # Of each call of GC: 2 until a cycle begins, 1 until that one ends
        self.owed = Ghost(Array(Int(0, 2), max(self.callers, 1)))
        self.needless = Ghost(Bool())  # a cycle began although its trigger's condition was not met
        self.double = Ghost(Bool())  # a cycle began during another one
        self.hasty = Ghost(Bool())  # a call of GC returned too early

    def init(self):
        self.cycles = self.first

    # --- gcTrigger and gcStart -------------------------------------------------------------------------------

    def condition(self, kind, n):
        if kind == HEAP:
            return self.large
        if kind == TIME:
            return self.late
        return 0 < (n - self.cycles) % self.wrap < self.wrap // 2

    def test(self, kind, n):
        return not self.marking and self.condition(kind, n)

    def start(self, kind, n: Int(0, 15)):
        yield step("S1 test the trigger", go=f"{GO}:767", src="trigger.test()", atomic="a hint")
        if not self.test(kind, n):
            return
        if not self.bug("both"):
            yield step(
                "S2 acquire startSema",
                when=lambda: not self.start_sema,
                go=f"{GO}:772",
                src="semacquire(&work.startSema)",
            )
            self.start_sema = True
        yield step("S3 test again", go=f"{GO}:774", src="if !trigger.test()", atomic=OURS)
        if not (self.test(kind, n) or self.bug("g5_5")):
            self.start_sema = False
            return
        if not (self.bug("both") or self.bug("nosema")):
            yield step("S4 acquire gcsema", when=lambda: not self.gcsema, go=f"{GO}:791", src="semacquire(&gcsema)")
            self.gcsema = True
        yield step(
            "S5 a cycle begins",
            go=(f"{GO}:859", f"{GO}:898", f"{GO}:951"),
            src=("work.cycles.Add(1)", "setGCPhase(_GCmark)", "semrelease(&work.startSema)"),
            atomic="the world is stopped",
        )
        self.needless = self.needless or not self.condition(kind, n)
        self.double = self.double or self.marking
        self.cycles = (self.cycles + 1) % self.wrap
        self.marking = True
        self.start_sema = False
        for i in range(self.callers):
            if self.owed[i] == 2:
                self.owed[i] = 1

    @process()
    def ender(self, e):
        """Mark termination."""
        while True:
            yield step(
                "E1 a cycle ends, its waiters are woken",
                when=lambda: self.marking,
                rest="blocked",
                go=(f"{GO}:1403", f"{GO}:1437", f"{GO}:1474"),
                src=("setGCPhase(_GCoff)", "&memstats.last_gc_nanotime", "injectglist(&work.sweepWaiters.list)"),
                atomic="the world is stopped",
            )
            self.marking = False
            if not self.bug("stale"):
                self.large = False
                self.late = False
            for i in range(self.callers):
                if self.owed[i] == 1:
                    self.owed[i] = 0
                if not self.bug("nowake"):
                    self.parked[i] = False
            if not self.bug("nosema"):
                yield step("E2 release gcsema", go=f"{GO}:1671", src="semrelease(&gcsema)")
                self.gcsema = False

    # --- who starts cycles -----------------------------------------------------------------------------------

    @process(count="callers")
    def caller(self, g):
        """runtime.GC."""
        for _ in range(self.calls):
            yield step("call GC", rest=True)
            self.owed[self.nr[g]] = 2
            yield step("C1 load cycles", go=f"{GO}:549", src="n := work.cycles.Load()")
            n: Int(0, 15) = self.cycles
            if not self.bug("nofirst"):
                yield from self.wait_on_mark(g, n)
            if not self.bug("same"):
                n = (n + 1) % self.wrap
            yield from self.start(CYCLE, n)
            if not self.bug("nosecond"):
                yield from self.wait_on_mark(g, n)
            yield step("C2 return")
            self.hasty = self.hasty or self.owed[self.nr[g]] != 0
            self.owed[self.nr[g]] = 0

    def wait_on_mark(self, g, n: Int(0, 15)):
        """gcWaitOnMark: until the marking phase of cycle n is over."""
        while True:
            yield step(
                "W1 look, or park", go=f"{GO}:649", src="nMarks := work.cycles.Load()", region="sweepWaiters.lock"
            )
            if self.over(n):
                return
            if self.bug("unlocked"):
                yield step("W1 look, or park")
            if not self.bug("spins"):
                self.parked[self.nr[g]] = True
            yield step("W2 parked", when=lambda: not self.parked[self.nr[g]])

    def over(self, n):
        """nMarks > n, which the counter's wraparound breaks."""
        return (self.cycles + (0 if self.marking else 1)) % self.wrap > n

    @process(count="allocators")
    def allocator(self, a):
        """mallocgc, of whose look at the trigger the first one in gcStart is a repetition."""
        yield step("allocate", rest=True)
        self.large = self.large or not self.marking
        yield from self.start(HEAP, 0)

    @process()
    def helper(self, f):
        """forcegchelper, that sysmon wakes when two minutes have passed."""
        yield step("two minutes pass", when=lambda: not self.marking, rest=True)
        if not self.bug("early"):
            self.late = True
        yield from self.start(TIME, 0)

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def one_at_a_time(self):
        """A cycle begins only when none is under way (G5.one)."""
        return not self.double

    @invariant
    def each_cycle_has_a_reason(self):
        """When a cycle begins its trigger is still met: what another goroutine did is not done again (G5.retest)."""
        return not self.needless

    @invariant
    def gc_waits_for_a_full_cycle(self):
        """When runtime.GC returns, a cycle that began after the call has come to the end of marking (G5.full)."""
        return not self.hasty

    @step_invariant
    def asked_for_a_reason(self, before):
        """Who asks for a cycle because of the heap or the time does so where they say so, or one is under way."""
        allocators = all(
            before.allocator.at(a, "S1 test the trigger") or not self.allocator.at(a, "S1 test the trigger")
            or self.large or self.marking
            for a in self.allocator
        )  # fmt: skip
        return allocators and all(
            before.helper.at(f, "S1 test the trigger") or not self.helper.at(f, "S1 test the trigger") or self.late
            for f in self.helper
        )

    @step_invariant
    def a_cycle_sets_the_next_trigger(self, before):
        """Behind a cycle the heap is below its trigger, and the two minutes begin anew."""
        return not before.marking or self.marking or not (self.large or self.late)

    @step_invariant
    def waiting_is_parking(self, before):
        """Who has to wait for a cycle parks."""
        return all(
            before.caller.at(g, "W2 parked") or not self.caller.at(g, "W2 parked") or self.parked[self.nr[g]]
            for g in self.caller
        )

    @leads_to
    def gc_returns(self, g: self.caller):
        """Every call of runtime.GC returns."""
        return self.caller.at(g, "C1 load cycles"), self.caller.at(g, "C2 return")

    @reachable
    def shared_cycle(self):
        """Two calls of GC wait for the same cycle."""
        return self.callers > 1 and self.parked[0] and self.parked[self.callers - 1]

    bugs = {
        "g5_5": Bug(
            "the trigger is not tested under startSema", breaks="each_cycle_has_a_reason", go=f"{GO}:774", **FEW
        ),
        "both": Bug(
            "neither semaphore is taken", breaks=("one_at_a_time", "each_cycle_has_a_reason"), go=f"{GO}:772", **FEW
        ),
        "nosema": Bug("gcsema is not taken: startSema and the phase do", harmless=True, go=f"{GO}:791", **FEW),
        "nofirst": Bug("GC does not wait for the cycle under way", breaks="gc_returns", go=f"{GO}:550", **FEW),
        "same": Bug(
            "GC asks for the cycle that it has seen", breaks="gc_waits_for_a_full_cycle", go=f"{GO}:555", **FEW
        ),
        "nosecond": Bug("GC does not wait for its cycle", breaks="gc_waits_for_a_full_cycle", go=f"{GO}:558", **FEW),
        "unlocked": Bug(
            "gcWaitOnMark parks without the lock", breaks=("gc_returns", "deadlock"), go=f"{GO}:648", **FEW
        ),
        "stale": Bug(
            "the end of a cycle leaves trigger and time as they were",
            breaks="a_cycle_sets_the_next_trigger",
            go=f"{GO}:1437",
            **FEW,
        ),
        "spins": Bug("gcWaitOnMark does not park", breaks="waiting_is_parking", go=f"{GO}:661", **FEW),
        "early": Bug(
            "forcegchelper does not wait for two minutes", breaks="asked_for_a_reason", go="runtime/proc.go:387", **FEW
        ),
        "nowake": Bug("the end of a cycle wakes nobody", breaks=("gc_returns", "deadlock"), go=f"{GO}:1474", **FEW),
    }

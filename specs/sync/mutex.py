"""sync.Mutex with normal and starvation mode (internal/sync/mutex.go, go1.27.3) over the runtime's semaphore.

What is modelled: Lock, lockSlow, TryLock, Unlock and unlockSlow, every load, CompareAndSwap and Add of ``m.state``
a step of its own, with ``m.sema`` the semaphore of ``specs/runtime/sema.py``.  The state word is a struct of its
bits; ``waiters`` is what stands above ``mutexWaiterShift``.

What is abstracted, and why that is sound:

* Time.  "Waited for more than 1 ms" (mutex.go:150) is a free choice after each sleep, and stays true for the rest
  of the call as in the source: every real timing is among the choices.
* canSpin (proc.go:7989) depends on processors and run queues: a free choice, at most ``spins`` times in a row
  (``iter`` < 4 in the source).  Spinning longer is the same load tried later.
* The plain loads of m.state (77, 100, 114, 151, 175, 224) are single-copy atomic on every platform that Go
  supports, and sync/atomic is sequentially consistent: interleaving is the right base.
* The race detector and profiling hooks are left out.

Checklist (ids of the reference for this part):

* M-Excl      done: ``mutual_exclusion``
* M-NoThrow   done: ``no_throw`` (mutex.go:136, 158), ``no_fatal`` (204)
* M-Quiet     done: ``quiet``
* M-NLW       done: ``no_lost_wakeup``
* M-WS        done: ``never_woken_and_starving``
* M-SemaBin   done: ``sema_binary``
* M-Handoff   done: ``starving_blocks_others`` (its first half) and ``sema.handoff_kept``; that the waiter dequeued is
              the *next* owner does not hold in Go: witness ``handoff_stolen``, docs/findings/mutex-handoff.md
* M-Atomic    ours: ``atomic``, a refinement of ``specs/abstract/lock.py``
* M-NoStuck   done: deadlock, as in every model, and ``somebody_gets_it``
* liveness    done: ``every_lock_returns_in_the_end``; for ever, ``lock_returns_by_luck``,
              ``lock_returns_by_starving``, ``sleeper_is_next``.  What does not hold: docs/findings/mutex-fairness.md
* m1 m2 m5 m6 m7 m8 m10 m11 m13 m15 m17   done, as bugs
* t1 t2       ours: plausible edits of TryLock
* double      ours: misuse by a client, so that the fatal at 204 is seen to be reachable
* m3 m4       done, as bugs that must not be found (negative controls)
* m19 m20     done, as bugs: ``queued_before_goes_first``
* m14 m21     done, as bugs: nothing unsafe happens, only starvation
* 736         done: a semaphore that ignores lifo and handoff
* 13086       small model: bug ``m21``, the algorithm of Go ≤ 1.8
* 41603 56648 left out: memory corruption, not the algorithm
* 62100       left out: broken atomics on one platform
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Component,
    Ghost,
    Int,
    Model,
    Preset,
    Scenario,
    Struct,
    choose,
    count,
    fatal,
    invariant,
    leads_to,
    like,
    outcome,
    process,
    reachable,
    refines,
    step,
    step_invariant,
    strong,
    weak,
)
from gomodel.specs.abstract.lock import AtomicLock
from gomodel.specs.runtime.sema import Semaphore

GO = "internal/sync/mutex.go"
LOAD = "old = m.state"
OWNING = ("critical section", "U1 add −locked")
WAKING = ("U2 CAS −1 waiter, woken", "U3 load")
CALL, RETURN = "L1 CAS 0→locked", "critical section"  # where a Lock begins, and where it has returned

# What a waiter needs again and again, with two goroutines, besides being scheduled at all: steps that find the mutex
# free (or, in starving mode, about to be handed over).  See docs/findings/mutex-fairness.md.
FINDS_IT_FREE = (
    strong("g", "A5 woken: ticket, or cansemacquire", "free"),
    strong("g", "L5 load", "free"),
    strong("g", "L2 load after a failed CAS", "free"),
    strong("g", "L4 CAS old→new", "owns"),
)
IN_NORMAL_MODE = (
    strong("g", "A1 cansemacquire", "free"),
    strong("g", "A2 lock, nwait++", "free"),
    strong("g", "A3 cansemacquire again", "free"),
    strong("g", "A3 nwait--, unlock", "free"),
)
IN_STARVING_MODE = (
    strong("g", "A1 cansemacquire", "over 1 ms"),
    strong("g", "A3 nwait--, unlock", "over 1 ms"),
    strong("g", "A1 cansemacquire", "handing over"),
    strong("g", "A2 lock, nwait++", "handing over"),
)


class Mutex(Component):
    """sync.Mutex: the state word and its semaphore."""

    def __init__(self, procs, *, spins=1):
        self.procs = procs
        self.spins = spins

    def state(self):
        self.word = Struct(locked=Bool(), woken=Bool(), starving=Bool(), waiters=Int(0, self.procs.size + 1))
        self.sema = Semaphore(self.procs, tell=self.tell)
        self.waited = Ghost(Array(Bool(), self.procs))  # has come back from the semaphore in this Lock call

    def tell(self):
        """Name how a waiter's step found the mutex: fairness asks for luck of that kind."""
        outcome("free", not self.word.locked and not self.word.starving)
        outcome("handing over", not self.word.locked and self.word.starving)

    def zero(self):
        w = self.word
        return not (w.locked or w.woken or w.starving or w.waiters > 0)

    def inconsistent(self):
        fatal("sync: inconsistent mutex state", prop="no_throw")

    # --- Lock ------------------------------------------------------------------------------------------------

    def lock(self, g):
        yield step("L1 CAS 0→locked", go=f"{GO}:63", src="CompareAndSwapInt32(&m.state, 0, mutexLocked)")
        if self.zero():
            self.word.locked = True
            outcome("owns")
            return
        starving: Bool() = False
        awoke: Bool() = False
        started: Bool() = False  # waitStartTime != 0
        iter: Int(0, self.spins) = 0
        yield step("L2 load", go=f"{GO}:100", src="old := m.state")
        self.tell()
        old: like(self.word) = self.word.copy()
        while True:
            if old.locked and not old.starving and iter < self.spins and choose(False, True):
                if not awoke and not old.woken and old.waiters != 0:
                    yield step(
                        "L3 spinning: CAS woken",
                        go=f"{GO}:109",
                        src="CompareAndSwapInt32(&m.state, old, old|mutexWoken)",
                    )
                    if self.word == old:
                        self.word.woken = True
                        awoke = True
                        outcome("won")
                iter += 1
                yield step("L2 load after spinning", go=f"{GO}:114", src=LOAD)
                self.tell()
                old = self.word.copy()
                continue
            if awoke and not old.woken:
                self.inconsistent()
            yield step("L4 CAS old→new", go=f"{GO}:140", src="CompareAndSwapInt32(&m.state, old, new)")
            if self.word != old:
                yield step("L2 load after a failed CAS", go=f"{GO}:175", src=LOAD)
                self.tell()
                old = self.word.copy()
                continue
            if not old.starving or self.bug("m17"):
                self.word.locked = True
            if old.locked or old.starving:
                self.word.waiters += 1
            if starving and old.locked and not self.bug("m21"):
                self.word.starving = True
            if awoke and not self.bug("m7"):
                self.word.woken = False
            if not (old.locked or old.starving):
                self.waited[g] = False
                outcome("owns")
                return
            outcome("queues")
            lifo = started or self.bug("m20")
            if self.bug("m19") or self.bug("m21") or self.bug("736"):
                lifo = False
            started = True
            yield from self.sema.acquire(g, lifo)
            self.waited[g] = True
            if not starving:
                starving = choose(False, True)
                if starving:
                    outcome("over 1 ms")
            yield step("L5 load", go=f"{GO}:151", src=LOAD)
            old = self.word.copy()
            self.tell()
            if old.starving:
                if old.locked or old.woken or old.waiters == 0:
                    self.inconsistent()
                yield step("L6 add locked, −1 waiter", go=f"{GO}:169", src="AddInt32(&m.state, delta)")
                if self.word.locked or self.word.waiters == 0:
                    fatal("the addition carries into another field", prop="no_carry")
                self.word.locked = True
                if not self.bug("m15"):
                    self.word.waiters -= 1
                if not starving or old.waiters == 1 or self.bug("m14"):
                    if not self.bug("m13"):
                        self.word.starving = False
                self.waited[g] = False
                return
            awoke = not self.bug("m8")
            iter = 0

    def try_lock(self):
        yield step("T1 load", go=f"{GO}:77", src="old := m.state")
        old: like(self.word) = self.word.copy()
        if (old.locked and not self.bug("t1")) or (old.starving and not self.bug("t2")):
            return False
        yield step("T2 CAS old→locked", go=f"{GO}:85", src="CompareAndSwapInt32(&m.state, old, old|mutexLocked)")
        if self.word != old:
            return False
        self.word.locked = True
        return True

    # --- Unlock ----------------------------------------------------------------------------------------------

    def unlock(self):
        yield step("U1 add −locked", go=f"{GO}:194", src="AddInt32(&m.state, -mutexLocked)")
        if not self.word.locked:
            fatal("sync: unlock of unlocked mutex", prop="no_fatal")
        self.word.locked = False
        if self.zero():
            return
        if self.word.starving and not self.bug("m11"):
            yield from self.sema.release(not (self.bug("m10") or self.bug("736")), owed=True)
            return
        old: like(self.word) = self.word.copy()
        while True:
            if old.waiters == 0:
                return
            if (old.locked and not self.bug("m3")) or (old.woken and not self.bug("m1")):
                return
            if old.starving and not self.bug("m2"):
                return
            yield step("U2 CAS −1 waiter, woken", go=f"{GO}:220", src="CompareAndSwapInt32(&m.state, old, new)")
            if self.word == old:
                outcome("won")
                if not self.bug("m6"):
                    self.word.waiters -= 1
                if not self.bug("m5"):
                    self.word.woken = True
                yield from self.sema.release(False)
                return
            if self.bug("m4"):
                return
            yield step("U3 load", go=f"{GO}:224", src=LOAD)
            old = self.word.copy()

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def never_woken_and_starving(self):
        """The woken and the starving bit are never set together (M-WS)."""
        return not (self.word.woken and self.word.starving)

    @invariant
    def sema_binary(self):
        """The semaphore never holds more than one token (M-SemaBin)."""
        return self.sema.value[0] <= 1

    @invariant
    def queued_before_goes_first(self):
        """Who queues again after losing the lock goes to the front; who queues for the first time, to the back."""
        return all(not self.sema.queued(g) or self.sema.came_lifo[g] == self.waited[g] for g in self.procs)

    @reachable
    def starving_mode(self):
        return self.word.starving

    @reachable
    def handoff(self):
        """A waiter is woken with the token already its own."""
        return self.word.starving and self.sema.handed() > 0 and self.sema.woken[0] > 0

    @reachable
    def lost_and_queued_in_front(self):
        return any(self.sema.queued(g) and self.sema.came_lifo[g] for g in self.procs)

    bugs = {
        "m1": Bug(
            "unlockSlow ignores the woken bit", breaks="no_throw", go=f"{GO}:215", bounds={"goroutines": 3}
        ),
        "m2": Bug(
            "unlockSlow ignores the starving bit", breaks="no_throw", go=f"{GO}:215", scenario="rounds",
            bounds={"goroutines": 3},
        ),
        "m3": Bug("unlockSlow ignores the locked bit: only extra wakeups", harmless=True, go=f"{GO}:215"),
        "m4": Bug(
            "unlockSlow gives up after a failed CAS: whoever made it fail is responsible now", harmless=True,
            go=f"{GO}:224",
        ),
        "m5": Bug("unlockSlow does not set the woken bit", breaks="no_throw", go=f"{GO}:219"),
        "m6": Bug("unlockSlow does not decrement the waiters", breaks="quiet", go=f"{GO}:219"),
        "m7": Bug("the woken goroutine does not clear the woken bit", breaks="quiet", go=f"{GO}:138"),
        "m8": Bug("awoke is not set after the semaphore", breaks="quiet", go=f"{GO}:172"),
        "m10": Bug(
            "unlock in starving mode without handoff",
            breaks=("handoff_kept", "lock_returns_by_luck", "lock_returns_by_starving", "sleeper_is_next"),
            go=f"{GO}:232",
        ),
        "m11": Bug(
            "unlock ignores starving mode", breaks=("deadlock", "somebody_gets_it", "every_lock_returns_in_the_end"),
            go=f"{GO}:206",
        ),
        "m13": Bug("starving mode is never left", breaks="quiet", go=f"{GO}:167"),
        "m14": Bug("starving mode is always left", breaks="sleeper_is_next", go=f"{GO}:160", scenario="pair"),
        "m15": Bug("the handed-off waiter stays counted", breaks="quiet", go=f"{GO}:160"),
        "m17": Bug(
            "a newcomer takes the lock in starving mode", breaks=("no_throw", "mutual_exclusion"), go=f"{GO}:119"
        ),
        "m19": Bug("a waiter that lost is queued at the tail", breaks="queued_before_goes_first", go=f"{GO}:145"),
        "m20": Bug("a waiter is queued in front the first time", breaks="queued_before_goes_first", go=f"{GO}:145"),
        "m21": Bug(
            "no starving mode: the algorithm of Go ≤ 1.8", breaks="lock_returns_by_starving", go=f"{GO}:127",
            issue="golang/go#13086", scenario="pair",
        ),
        "t1": Bug(
            "TryLock ignores the locked bit", breaks=("mutual_exclusion", "atomic"), go=f"{GO}:78", scenario="trylock"
        ),
        "t2": Bug(
            "TryLock ignores starving mode", breaks="starving_blocks_others", go=f"{GO}:78", scenario="trylock"
        ),
        "736": Bug(
            "the semaphore ignores lifo and handoff", breaks=("handoff_kept",), go=f"{GO}:149",
            issue="gopherjs/gopherjs#736",
        ),
    }  # fmt: skip


class MutexModel(Model):
    """sync.Mutex: goroutines lock and unlock."""

    name = "mutex"
    go = "go1.27.3"
    source = ("internal/sync/mutex.go", "runtime/sema.go")

    goroutines: int = Bound(3, min=1, max=6, help="goroutines in all")
    trylockers: int = Bound(0, min=0, max=2, help="of these, goroutines that TryLock once")
    handovers: int = Bound(0, min=0, max=1, help="of these, pairs of which one Locks and the other Unlocks")
    rounds: tuple = Bound((), help="rounds of each goroutine, the last number for the rest; none: for ever")
    spins: int = Bound(1, min=0, max=4, help="times in a row that a goroutine may spin")

    scenarios = {
        "loop": Scenario("goroutines that lock and unlock for ever"),
        "pair": Scenario("two of them", goroutines=2),
        "rounds": Scenario("a fixed number of rounds each", rounds=(2, 1)),
        "trylock": Scenario("and one that tries, once", goroutines=3, trylockers=1),
        "handover": Scenario(
            "and one that leaves Unlock to another goroutine, which is legal", goroutines=3, handovers=1
        ),
    }
    fairness = (weak("client"), weak("locker"), weak("unlocker"), weak("tryer"))
    presets = {
        "quick": Preset(goroutines=2),
        "nightly": Preset(goroutines=4),
    }

    def state(self):
        self.mutex = Mutex(self.locker | self.client, spins=self.spins)
        self.passed = Int(0, 2)  # owners whose Unlock another goroutine will call
        last = len(self.rounds) - 1
        self.limit = self.rounds and tuple(self.rounds[min(i, last)] for i in range(self.goroutines))

    @process(count="trylockers")
    def tryer(self, t):
        yield step("idle", rest=True)
        won = yield from self.mutex.try_lock()
        if won:
            yield step("critical section")
            yield from self.mutex.unlock()

    @process(count="handovers")
    def unlocker(self, u):
        while True:
            yield step("wait for an owner", when=lambda: self.passed > 0, rest="blocked")
            self.passed -= 1
            yield from self.mutex.unlock()

    @process(count="handovers")
    def locker(self, g):
        while True:
            yield step("idle", rest=True)
            yield from self.mutex.lock(g)
            yield step("critical section")
            self.passed += 1

    @process(count=lambda self: self.goroutines - self.trylockers - 2 * self.handovers)
    def client(self, g):
        done: Int(0, max(self.rounds, default=0)) = 0
        while not self.rounds or done < self.limit[g]:
            yield step("idle", rest=not self.rounds)
            yield from self.mutex.lock(g)
            yield step("critical section")
            yield from self.mutex.unlock()
            if self.bug("double"):
                yield from self.mutex.unlock()
            if self.rounds:
                done += 1

    def owners(self):
        inside = count(self.client.at(g, *OWNING) for g in self.client)
        tried = count(self.tryer.at(t, *OWNING) for t in self.tryer)
        locked = count(self.locker.at(g, "critical section") for g in self.locker)
        return inside + tried + locked + self.passed + count(self.unlocker.at(u, OWNING[1]) for u in self.unlocker)

    @invariant
    def mutual_exclusion(self):
        """At most one goroutine owns the lock (M-Excl)."""
        return self.owners() <= 1

    @invariant
    def quiet(self):
        """With every Lock unlocked and nobody inside, the word, the token and nwait are 0 (M-Quiet)."""
        idle = all(self.client.at(g, "idle", "done") for g in self.client)
        idle = idle and all(self.tryer.at(t, "idle", "done") for t in self.tryer)
        idle = idle and all(self.locker.at(g, "idle") for g in self.locker)
        idle = idle and self.passed == 0 and all(self.unlocker.at(u, "wait for an owner") for u in self.unlocker)
        m = self.mutex
        return not idle or (m.zero() and m.sema.value[0] == 0 and m.sema.nwait == 0)

    @invariant
    def no_lost_wakeup(self):
        """Waiters, and nobody owns, is woken or starves: some unlocker is about to wake one (M-NLW)."""
        w = self.mutex.word
        waiting = w.waiters > 0 and not (w.locked or w.woken or w.starving)
        waking = any(self.client.at(g, *WAKING) for g in self.client)
        waking = waking or any(self.tryer.at(t, *WAKING) for t in self.tryer)
        return not waiting or waking or any(self.unlocker.at(u, *WAKING) for u in self.unlocker)

    @step_invariant
    def starving_blocks_others(self, before):
        """In starving mode only a waiter that came through the semaphore takes the free lock (M-Handoff)."""
        took = before.mutex.word.starving and not before.mutex.word.locked and self.mutex.word.locked
        label = "L6 add locked, −1 waiter"
        by_client = any(before.client.at(g, label) and not self.client.at(g, label) for g in self.client)
        return (
            not took
            or by_client
            or any(before.locker.at(g, label) and not self.locker.at(g, label) for g in self.locker)
        )

    @leads_to(scenario="loop")
    def somebody_gets_it(self):
        """While somebody is in Lock, somebody gets the lock (M-NoStuck as liveness)."""
        return any(self.client.at(g, CALL) for g in self.client), any(self.client.at(g, RETURN) for g in self.client)

    @leads_to(scenario="rounds")
    def every_lock_returns_in_the_end(self, g: self.client):
        """Where nobody locks for ever, every Lock returns."""
        return self.client.at(g, CALL), self.client.at(g, RETURN)

    @leads_to(scenario="pair", under=[weak("client"), *FINDS_IT_FREE, *IN_NORMAL_MODE])
    def lock_returns_by_luck(self, g: self.client):
        """Every Lock returns to one of two goroutines that again and again finds the mutex free, in any mode."""
        return self.client.at(g, CALL), self.client.at(g, RETURN)

    @leads_to(scenario="pair", under=[weak("client"), *FINDS_IT_FREE, *IN_STARVING_MODE])
    def lock_returns_by_starving(self, g: self.client):
        """Every Lock returns to one of two goroutines that gets on while the lock is being handed over."""
        return self.client.at(g, CALL), self.client.at(g, RETURN)

    @leads_to(scenario="pair")
    def sleeper_is_next(self, g: self.client):
        """A starving waiter that saw another one takes over: of two goroutines the sleeper is next."""
        takes_over = any(
            self.client.at(h, "L6 add locked, −1 waiter")
            and self.client[h].starving
            and self.client[h].lock.old.waiters > 1
            for h in self.client
        )
        return self.mutex.sema.queued(g) and takes_over, self.client.at(g, RETURN)

    @refines(lambda self: AtomicLock(self.goroutines + 2))
    def atomic(self, lock):
        """From outside: an atomic lock, that is taken and given back before it is taken again (M-Atomic).

        Its owners are counted by where everybody stands.  A locker that leaves Unlock to another goroutine still
        counts until that one's Unlock takes effect.
        """
        lock.owners = self.owners()

    @reachable(scenario="loop", goroutines=3)
    def handoff_stolen(self):
        """A starving waiter is dequeued, and the token meant for it went to a newcomer that has never slept."""
        m, label = self.mutex, "R5 handoff: cansemacquire for the waiter"
        robbed = any(self.client.at(g, label) and m.waited[self.client[g].waiter] for g in self.client)
        thief = any(self.client.at(h, "L5 load") and not self.client[h].starving for h in self.client)
        return m.word.starving and m.sema.value[0] == 0 and robbed and thief

    @reachable
    def woken_by_spinning(self):
        """A spinning goroutine set the woken bit, so that Unlock wakes nobody."""
        label = "L2 load after spinning"
        return self.spins > 0 and any(self.client.at(g, label) and self.client[g].awoke for g in self.client)

    @reachable
    def barging(self):
        """A newcomer owns the lock while a woken waiter is on its way."""
        return self.owners() == 1 and self.mutex.sema.woken[0] > 0 and not self.mutex.word.starving

    bugs = {"double": Bug("a client unlocks twice", breaks="no_fatal", go=f"{GO}:204")}

"""sync.Mutex for any number of goroutines: one owner, every waiter counted, one woken entity, no throw, no lost wakeup.

The model is ``specs/sync/mutex.py`` with the real semaphore below it; goroutines Lock or TryLock, and Unlock, for ever.

In the words of the invariant a token is *with a waiter* from where it has taken it in the semaphore, or was given a
ticket for it, to its load of the state word (L5); *being claimed* from there to where it adds the lock (L6).  The
mutex is *being handed over* while it starves and is not locked.  With L, W, S the bits, n the counted waiters, v the
semaphore's word:

* W = 0: nobody is awake with the woken bit, no unlocker is about to release in normal mode, and there is one token, or
  release of one, or claim, exactly while the mutex is being handed over;
* W = 1: exactly one goroutine is awake, or about to be, or one token is there; and none is being handed over;
* whoever waits in the semaphore without a token is counted in n, except for the one whose wakeup is under way.
"""

from __future__ import annotations

from gomodel import Bound, Model, Proof, Scenario, choose, count, invariant, process, step
from gomodel.proofs.runtime.sema import BACK, CHECK, SLEEP, WOKEN, SemaphoreLemmas
from gomodel.specs.sync.mutex import OWNING, WAKING, Mutex

AWAKE = ("L3 spinning: CAS woken", "L2 load after spinning", "L2 load after a failed CAS", "L4 CAS old→new")
CLAIM = "L6 add locked, −1 waiter"


class MutexProof(SemaphoreLemmas, Model):
    """A mutex that goroutines lock, or try to, and unlock."""

    name = "mutex"
    go = "go1.27.3"
    source = ("internal/sync/mutex.go", "runtime/sema.go")

    goroutines: int = Bound(3, min=1, max=6, help="goroutines")
    spins: int = Bound(1, min=1, max=4, help="times in a row that a goroutine may spin")

    scenarios = {"any": Scenario("goroutines that lock, or try to, and unlock for ever")}

    proof = Proof(
        "one owner; every waiter counted; one woken entity; no throw; no wakeup lost; nothing left behind",
        proves=(
            "mutual_exclusion", "waiters_counted", "one_woken", "one_handed_over", "no_lost_wakeup", "quiet",
            "starving_for_somebody", "no_throw", "no_fatal", "no_carry", "ticket_clean",
            "mutex.never_woken_and_starving", "mutex.sema_binary",
            "mutex.sema.no_lost_wakeup", "mutex.sema.nwait_exact",
        ),
        any=("goroutines", "spins"),
        bugs=("mutex.m1", "mutex.m2", "mutex.m5", "mutex.m6", "mutex.m7", "mutex.m8", "mutex.m11", "mutex.m13",
              "mutex.m15", "mutex.m17", "mutex.t1", "mutex.sema.s1"),
        assumes=("whoever unlocks has locked", "sequentially consistent atomics, as Go's memory model gives them"),
    )  # fmt: skip

    def state(self):
        self.mutex = Mutex(self.client, spins=self.spins)

    @process(count="goroutines")
    def client(self, g):
        while True:
            yield step("idle", rest=True)
            if choose(False, True):
                won = yield from self.mutex.try_lock()
                if not won:
                    continue
            else:
                yield from self.mutex.lock(g)
            yield step("critical section")
            yield from self.mutex.unlock()

    def users(self):
        return self.client

    def semaphore(self):
        return self.mutex.sema

    # --- the statement ---------------------------------------------------------------------------------------

    @invariant
    def mutual_exclusion(self):
        """At most one goroutine owns the lock."""
        return self.at(OWNING) <= 1

    @invariant
    def waiters_counted(self):
        """Who waits without a token is counted, except for the one whose wakeup is under way."""
        word, value = self.mutex.word, self.semaphore().value[0]
        under_way = self.releases(False) + (value if word.woken else 0)
        counted = word.waiters - (self.with_token() + self.at((CLAIM,)) if self.handing_over() else 0)
        return self.without_token() == counted + under_way

    @invariant
    def one_woken(self):
        """The woken bit is set while exactly one goroutine is awake, or about to be, on behalf of all waiters."""
        awake, normal = self.awake(), self.releases(False)
        return (awake + normal + self.semaphore().value[0] + self.with_token() == 1) if self.mutex.word.woken else (
            awake + normal == 0
        )  # fmt: skip

    @invariant
    def one_handed_over(self):
        """Without the woken bit a token is on its way exactly while the mutex is being handed over."""
        release, claim = self.releases(True), self.at((CLAIM,))
        if self.mutex.word.woken:
            return release + claim == 0
        on_its_way = release + self.semaphore().value[0] + self.with_token() + claim
        return on_its_way == (1 if self.handing_over() else 0)

    @invariant
    def starving_for_somebody(self):
        """In starving mode there is a waiter."""
        return not self.mutex.word.starving or self.mutex.word.waiters >= 1

    @invariant
    def quiet(self):
        """With everybody outside, the state word, the semaphore and nwait are 0."""
        w, sema = self.mutex.word, self.semaphore()
        zero = not (w.locked or w.woken or w.starving) and w.waiters == 0
        return self.at(("idle",)) < self.goroutines or (zero and sema.value[0] == 0 and sema.nwait == 0)

    @invariant
    def no_lost_wakeup(self):
        """Waiters, and nobody owns, is woken or starves: some unlocker is about to wake one."""
        w = self.mutex.word
        waiting = w.waiters > 0 and not (w.locked or w.woken or w.starving)
        return not waiting or any(self.client.at(g, *WAKING) for g in self.client)

    # --- lemmas ----------------------------------------------------------------------------------------------

    def handing_over(self):
        return self.mutex.word.starving and not self.mutex.word.locked

    def awake(self):
        """Those that run with the woken bit set for them."""
        return count(self.client.at(g, *AWAKE) and self.client[g].awoke for g in self.client)

    def releases(self, handoff):
        """Unlockers that are about to give a token, in starving mode or in normal mode."""
        return count(self.client.at(g, "R1 add 1") and self.client[g].handoff == handoff for g in self.client)

    def with_token(self):
        return self.at((BACK,)) + self.at(("L5 load",)) + self.ready(True) + self.woken(True)

    def without_token(self):
        parked = count(self.client.at(g, WOKEN) and self.mutex.sema.parked[g] for g in self.client)
        entering = self.at(("A1 cansemacquire", "A2 lock, nwait++")) + self.at((CHECK,)) + self.at((SLEEP,))
        return entering + parked - self.ready(True) + self.woken(False)

    @invariant
    def locked_by_its_owner(self):
        """The lock is held exactly while some goroutine owns it."""
        return self.at(OWNING) == (1 if self.mutex.word.locked else 0)

    @invariant
    def starving_on(self):
        """Who claims the lock and will leave the starving bit set leaves another waiter behind."""
        return all(
            not self.client.at(g, CLAIM)
            or not self.client[g].starving
            or self.client[g].lock.old.waiters == 1
            or self.mutex.word.waiters >= 2
            for g in self.client
        )

    @invariant
    def starving_are_awake(self):
        """Who starves came through the semaphore, and is awake."""
        return all(
            not (self.client.at(g, *AWAKE) and self.client[g].starving) or self.client[g].awoke for g in self.client
        )

    @invariant
    def snapshots(self):
        """What a goroutine has found in the state word before it decided where it stands."""
        return all(self.found_when_locking(g) and self.found_when_unlocking(g) for g in self.client)

    def found_when_locking(self, g):
        me = self.client[g]
        fresh = not self.client.at(g, "L2 load") or not (me.awoke or me.starving)
        free = not self.client.at(g, "T2 CAS old→locked") or not (me.try_lock.old.locked or me.try_lock.old.starving)
        seen = me.lock.old
        spinning = seen.locked and not (seen.starving or seen.woken or me.awoke) and seen.waiters > 0
        return fresh and free and (not self.client.at(g, AWAKE[0]) or (spinning and me.iter < self.spins))

    def found_when_unlocking(self, g):
        seen = self.client[g].unlock.old
        return not self.client.at(g, WAKING[0]) or (
            seen.waiters > 0 and not (seen.locked or seen.woken or seen.starving)
        )

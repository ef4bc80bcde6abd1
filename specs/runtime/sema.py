"""The runtime's semaphore: semacquire1 and semrelease1 over one semaRoot (runtime/sema.go, go1.27.3).

What is modelled: one ``semaRoot`` with its lock, ``nwait`` and, per address that hashes to it, the list of
waiters; ``semacquire1`` (sema.go:146-201) and ``semrelease1`` (sema.go:207-289), every atomic operation and
every region under ``root.lock`` a step of its own.

What is abstracted, and why that is sound:

* The treap of addresses is a map from address to list here; ``specs/runtime/semaroot.py`` models the treap
  itself, sequentially, since it is touched under ``root.lock`` only.
* ``cansemacquire`` (sema.go:291-301) is one step, "if the word is not 0, decrement it": its load of 0 is where
  the failing call takes effect, its successful CAS where the other does; failed CASes change nothing.
* ``lock; nwait.Add(1)`` is one step: between the two nobody can tell, whoever reads nwait without the lock.
  Likewise ``nwait.Add(-1); unlock`` and ``lock; nwait.Load()``, as nwait changes under the lock only.
* goparkunlock is status, then unlock on g0 (proc.go:4290, 4298); the side that readies needs the same lock to
  find the sudog, so "queue, park, unlock" is one step.
* ``ticket`` is zero or not.  While queued it holds the treap priority (odd, so not zero, when the waiter is
  dequeued); dequeue zeroes it, a handoff sets it to 1.
* R7, goyield (sema.go:264-287), gives the processor away and changes nothing else: no step.
* Profiling (releasetime, acquiretime, waiters) is left out: nothing here reads it.

Checklist (ids of the reference for this part):

* S-Conserve      done: ``tokens_conserved``
* S-NLW           done: ``no_lost_wakeup``
* S-NwaitExact    done: ``nwait_exact``
* S-Handoff       done: ``handoff_kept``; ``tokens_conserved`` counts a ticket as one token; ``ticket_clean``
* S-FIFO/LIFO     done: ``queue_order``
* S-Atomic        ours: ``atomic``, a refinement of ``specs/abstract/semaphore.py``
* liveness        done: ``every_acquire_returns`` and ``somebody_acquires`` under weak fairness; what a particular
                  waiter may rely on: ``acquire_returns``, docs/findings/mutex-fairness.md
* throws          149 (not on the G stack) left out: no system stack in the model; 258 done: ``ticket_clean``;
                  510, 538 and the panic at 391 are in ``semaroot``
* treap           small model: ``semaroot``
* s1 s2 s3 s5 s7 s10   done, as bugs
* r5 tail         ours: plausible edits for the properties that no other bug breaks
* s8 s9           small model: ``semaroot``
* 17953           left out: performance of a linear list, no behaviour
* 35424 70454     left out: goyield while holding locks or on g0; R7 has no step here
* 33747           left out: why a handoff yields; scheduling, no behaviour of the semaphore
* 736             small model: bug ``736`` of ``mutex``, a semaphore that ignores lifo and handoff
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
    Pid,
    Preset,
    Queue,
    Scenario,
    choose,
    fatal,
    invariant,
    leads_to,
    outcome,
    process,
    reachable,
    refines,
    step,
    step_invariant,
    strong,
    weak,
)
from gomodel.specs.abstract.semaphore import AtomicSemaphore

OWN_SUDOG = "the other words belong to one goroutine: the dequeued sudog to its releaser, then to the woken waiter"


class Semaphore(Component):
    """One semaRoot and the words of the addresses that hash to it."""

    def __init__(self, procs, *, tokens=1, initial=0, addresses=1, tell=None):
        self.procs = procs
        self.tell = tell  # names outcomes of the steps of ``acquire``, for fairness
        self.tokens = tokens  # what the words never exceed in correct use
        self.initial = initial
        self.addresses = addresses

    def state(self):
        n = self.procs.size
        self.value = Array(Int(0, self.tokens + 1, init=self.initial), self.addresses)  # *addr
        self.locked = Bool()  # root.lock
        self.nwait = Int(0, n + 1)
        self.queue = Array(Queue(Pid(self.procs), n), self.addresses)
        self.parked = Array(Bool(), self.procs)  # Gwaiting
        self.ticket = Array(Bool(), self.procs)  # sudog.ticket is not zero
        self.balance = Ghost(Array(Int(-1, self.tokens + 1, init=self.initial), self.addresses))
        self.entering = Ghost(Int(0, 2))  # acquirers that have raised nwait and are not queued yet
        self.releasing = Ghost(Array(Int(0, n + 1), self.addresses))  # releasers between R1 and R6
        self.woken = Ghost(Array(Int(0, n + 1), self.addresses))  # readied, not yet at A5
        self.came_lifo = Ghost(Array(Bool(), self.procs))  # of a queued waiter: it asked for the front
        self.heir = Ghost(Array(Bool(), self.procs))  # dequeued by a handoff that no newcomer has robbed

    # --- semacquire1 -----------------------------------------------------------------------------------------

    def take(self, a):
        """cansemacquire, sema.go:291-301."""
        if self.value[a] == 0:
            return False
        self.value[a] -= 1
        self.balance[a] -= 1
        outcome("token")
        return True

    def say(self):
        if self.tell is not None:
            self.tell()

    def acquire(self, g, lifo: Bool(), a: Int(0, self.addresses - 1) = 0):
        yield step("A1 cansemacquire", go="runtime/sema.go:153", src="cansemacquire(addr)")
        self.say()
        if self.take(a):
            return
        while True:
            if self.bug("s10"):
                yield step("A3 cansemacquire without the lock", go="runtime/sema.go:184", src="cansemacquire(addr)")
                if self.take(a):
                    return
                yield step("A2 nwait++ without the lock", go="runtime/sema.go:182", src="root.nwait.Add(1)")
                self.nwait += 1
                self.entering += 1
                yield step(
                    "A2 lock",
                    when=lambda: not self.locked,
                    go="runtime/sema.go:180",
                    src="lockWithRank(&root.lock",
                    region="root.lock",
                )
                self.locked = True
            else:
                yield step(
                    "A2 lock, nwait++",
                    when=lambda: not self.locked,
                    go=("runtime/sema.go:180", "runtime/sema.go:182"),
                    src=("lockWithRank(&root.lock", "root.nwait.Add(1)"),
                    region="root.lock",
                )
                self.say()
                self.locked = True
                self.entering += 1
                if not self.bug("s2"):
                    self.nwait += 1
                if not self.bug("s1"):
                    yield step("A3 cansemacquire again", go="runtime/sema.go:184", src="cansemacquire(addr)")
                    self.say()
                    if self.take(a):
                        yield step(
                            "A3 nwait--, unlock",
                            go=("runtime/sema.go:185", "runtime/sema.go:186"),
                            src=("root.nwait.Add(-1)", "unlock(&root.lock)"),
                            region="root.lock",
                        )
                        self.say()
                        if not self.bug("s2"):
                            self.nwait -= 1
                        self.entering -= 1
                        self.locked = False
                        return
            yield step(
                "A4 queue, park, unlock",
                go=("runtime/sema.go:191", "runtime/sema.go:192"),
                src=("root.queue(addr, s, lifo)", "goparkunlock(&root.lock"),
                region="root.lock",
            )
            self.say()
            if self.bug("s2"):
                self.nwait += 1
            if lifo:
                self.queue[a].push_front(g)
            else:
                self.queue[a].push(g)
            self.came_lifo[g] = lifo
            self.entering -= 1
            self.parked[g] = True
            self.ticket[g] = True
            self.locked = False
            yield step(
                "A5 woken: ticket, or cansemacquire",
                when=lambda: not self.parked[g],
                go="runtime/sema.go:193",
                src="s.ticket != 0 || cansemacquire(addr)",
                atomic=OWN_SUDOG,
            )
            self.say()
            self.woken[a] -= 1
            self.heir[g] = False
            if self.ticket[g]:
                self.ticket[g] = False
                self.balance[a] -= 1
                outcome("token")
                return
            if self.take(a):
                return

    # --- semrelease1 -----------------------------------------------------------------------------------------

    def release(self, handoff: Bool(), a: Int(0, self.addresses - 1) = 0, owed: Bool() = False):
        """``owed``, for the properties alone: the caller counts on the handoff."""
        if self.bug("s3"):
            yield step("R2 load nwait before R1", go="runtime/sema.go:214", src="root.nwait.Load()")
            nobody: Bool() = self.nwait == 0
            yield step("R1 add 1", go="runtime/sema.go:209", src="atomic.Xadd(addr, 1)")
            self.give(a)
            if nobody:
                self.releasing[a] -= 1
                return
        else:
            yield step("R1 add 1", go="runtime/sema.go:209", src="atomic.Xadd(addr, 1)")
            self.give(a)
            yield step("R2 load nwait", go="runtime/sema.go:214", src="root.nwait.Load()")
            if self.nwait == 0:
                self.releasing[a] -= 1
                return
        yield step(
            "R3 lock, load nwait",
            when=lambda: not self.locked,
            go=("runtime/sema.go:219", "runtime/sema.go:220", "runtime/sema.go:223"),
            src=("lockWithRank(&root.lock", "root.nwait.Load()", "unlock(&root.lock)"),
            region="root.lock",
        )
        if self.nwait == 0:
            self.releasing[a] -= 1
            return
        self.locked = True
        yield step(
            "R4 dequeue, nwait--, unlock",
            go=("runtime/sema.go:226", "runtime/sema.go:228", "runtime/sema.go:230"),
            src=("root.dequeue(addr)", "root.nwait.Add(-1)", "unlock(&root.lock)"),
            region="root.lock",
        )
        self.locked = False
        if not self.queue[a]:
            self.releasing[a] -= 1
            return
        waiter: Pid(self.procs) = self.queue[a].pop_back() if self.bug("tail") else self.queue[a].pop()
        self.nwait -= 1
        self.came_lifo[waiter] = False
        self.heir[waiter] = owed
        if not self.bug("s7"):
            self.ticket[waiter] = False
        if handoff:
            yield step(
                "R5 handoff: cansemacquire for the waiter",
                go=("runtime/sema.go:257", "runtime/sema.go:260"),
                src=("s.ticket != 0", "handoff && cansemacquire(addr)"),
                atomic=OWN_SUDOG,
            )
            self.check_ticket(waiter)
            if self.value[a] > 0 and self.bug("r5"):
                pass
            elif self.value[a] > 0:
                if not self.bug("s5"):
                    self.value[a] -= 1
                self.ticket[waiter] = True
            else:
                self.heir[waiter] = False
        yield step(
            "R6 ready",
            go="runtime/sema.go:263",
            src="readyWithTime(s",
            atomic=OWN_SUDOG,
        )
        if not handoff:
            self.check_ticket(waiter)
        self.parked[waiter] = False
        self.releasing[a] -= 1
        self.woken[a] += 1

    def give(self, a):
        self.value[a] += 1
        self.balance[a] += 1
        self.releasing[a] += 1

    def check_ticket(self, waiter):
        if self.ticket[waiter]:
            fatal("corrupted semaphore ticket", prop="ticket_clean")

    # --- properties ------------------------------------------------------------------------------------------

    def queued(self, g):
        return any(g in q for q in self.queue)

    def handed(self):
        """Tokens that a releaser took on behalf of a waiter who has not returned with it yet."""
        return sum(1 for g in self.procs if self.ticket[g] and not self.queued(g))

    @invariant
    def tokens_conserved(self):
        """The words and the tickets handed over are exactly initial tokens + releases − acquires (S-Conserve)."""
        return all(b >= 0 for b in self.balance) and sum(self.balance) == sum(self.value) + self.handed()

    @invariant
    def no_lost_wakeup(self):
        """A token and a sleeper for it: some releaser or woken waiter is on its way (S-NLW)."""
        return all(
            not (self.value[a] > 0 and len(self.queue[a]) > 0) or self.releasing[a] + self.woken[a] > 0
            for a in range(self.addresses)
        )

    @invariant
    def handoff_kept(self):
        """A waiter woken by a handoff has its token, unless a newcomer took it before (S-Handoff)."""
        return all(self.ticket[g] or not (self.heir[g] and not self.parked[g]) for g in self.procs)

    @invariant
    def nwait_exact(self):
        """nwait counts the sleepers of all addresses and the acquirer that is about to sleep (S-NwaitExact)."""
        return self.nwait == sum(len(q) for q in self.queue) + self.entering

    @step_invariant
    def queue_order(self, before):
        """Waiters leave at the head, come at the tail, or at the head with lifo; order is kept (S-FIFO/LIFO)."""
        n = self.procs.size
        return all(self.queue_moved(before.queue[a], self.queue[a], n) for a in range(self.addresses))

    def queue_moved(self, old, new, n):
        if len(new) < len(old):
            return all(i >= len(new) or new[i] == old[i + 1] for i in range(n - 1))
        behind = all(i >= len(old) or new[i] == old[i] for i in range(n))
        if len(new) == len(old):
            return behind
        in_front = all(i >= len(old) or new[i + 1] == old[i] for i in range(n - 1))
        head_lifo, tail_lifo = self.came_lifo[new[0]], self.came_lifo[new[len(new) - 1]]
        return (behind and not tail_lifo) or (in_front and head_lifo)

    @refines(
        lambda self: AtomicSemaphore(self.procs, tokens=self.tokens + 1, initial=self.initial, addresses=self.addresses)
    )
    def atomic(self, abstract):
        """From outside: words with tokens, sleepers in order, and tokens handed to whom was woken (S-Atomic).

        A ticket is a token that a releaser took for its waiter, from the moment it is set until the waiter returns.
        While a waiter is queued the same word holds a priority, and means nothing.
        """
        abstract.tokens = self.value
        abstract.queue = self.queue
        abstract.handed = self.handed()

    @reachable
    def two_sleepers(self):
        return any(len(q) == 2 for q in self.queue)

    bugs = {
        "s1": Bug(
            "the second cansemacquire is dropped",
            breaks=("no_lost_wakeup", "deadlock", "every_acquire_returns", "somebody_acquires", "acquire_returns"),
            go="runtime/sema.go:184",
        ),
        "s2": Bug("nwait is raised after the check", breaks=("no_lost_wakeup",), go="runtime/sema.go:182"),
        "s3": Bug("nwait is loaded before the Xadd", breaks=("no_lost_wakeup",), go="runtime/sema.go:214"),
        "s5": Bug(
            "a handoff sets the ticket without taking the token",
            breaks=("tokens_conserved", "atomic"),
            go="runtime/sema.go:260",
        ),
        "s7": Bug("dequeue does not zero the ticket", breaks=("ticket_clean",), go="runtime/sema.go:484"),
        "s10": Bug(
            "nwait is raised without the lock, after the check", breaks=("no_lost_wakeup",), go="runtime/sema.go:182"
        ),
        "r5": Bug("a handoff leaves the token to whoever comes first", breaks="handoff_kept", go="runtime/sema.go:260"),
        "tail": Bug("dequeue takes the last waiter", breaks=("queue_order", "atomic"), go="runtime/sema.go:405"),
    }


class SemaphoreModel(Model):
    """Acquirers and releasers of a semaphore."""

    name = "sema"
    go = "go1.27.3"
    source = ("runtime/sema.go",)

    acquirers: int = Bound(2, min=0, max=6, help="goroutines that acquire")
    users: int = Bound(0, min=0, max=4, help="goroutines that acquire and release for ever; then there is one token")
    releasers: int = Bound(2, min=0, max=6, help="goroutines that release")
    rounds: int = Bound(1, min=1, max=4, help="operations of each")
    addresses: int = Bound(1, min=1, max=2, help="words that hash to the one root")

    scenarios = {
        "rounds": Scenario("as many releases as acquires; handoff and lifo are chosen each time"),
        "two addresses": Scenario("two words in one root: a releaser may find nobody on its own", addresses=2),
        "users": Scenario("one token, acquired and released for ever", acquirers=0, users=2, releasers=0),
    }
    fairness = (weak("acquirer"), weak("user"), weak("releaser"))
    presets = {"quick": Preset(), "nightly": Preset(acquirers=3, releasers=3)}

    def state(self):
        tokens, initial = (1, 1) if self.users else (self.releasers * self.rounds, 0)
        procs = self.acquirer | self.user
        self.sema = Semaphore(procs, tokens=tokens, initial=initial, addresses=self.addresses)
        self.address = tuple(i % self.addresses for i in range(max(self.acquirers, self.releasers)))

    @process(count="acquirers")
    def acquirer(self, g):
        done: Int(0, self.rounds) = 0
        while done < self.rounds:
            yield step("acquire")
            lifo: Bool() = choose(False, True)
            yield from self.sema.acquire(g, lifo, self.address[g])
            done += 1

    @process(count="users")
    def user(self, u):
        while True:
            yield step("idle", rest=True)
            lifo: Bool() = choose(False, True)
            yield from self.sema.acquire(u, lifo)
            yield step("holds the token")
            handoff: Bool() = choose(False, True)
            yield from self.sema.release(handoff, 0, handoff)

    @process(count="releasers")
    def releaser(self, r):
        done: Int(0, self.rounds) = 0
        while done < self.rounds:
            yield step("release")
            handoff: Bool() = choose(False, True)
            yield from self.sema.release(handoff, self.address[r], handoff)
            done += 1

    @invariant
    def quiet(self):
        """When everybody has returned nothing is left behind."""
        everybody = all(self.acquirer.at(g, "done") for g in self.acquirer)
        everybody = everybody and all(self.releaser.at(r, "done") for r in self.releaser)
        everybody = everybody and all(self.user.at(u, "idle") for u in self.user)
        tokens = any(v != self.sema.initial for v in self.sema.value)
        left = tokens or self.sema.nwait > 0 or any(self.sema.ticket)
        return not (everybody and left)

    @leads_to(scenario="rounds")
    def every_acquire_returns(self, g: self.acquirer):
        """With a release for every acquire, every acquire returns."""
        return self.acquirer.at(g, "acquire"), self.acquirer.at(g, "done")

    @leads_to(scenario="users")
    def somebody_acquires(self):
        """A user waits, and the token goes on to somebody."""
        waits = any(self.user.at(u, "A1 cansemacquire") for u in self.user)
        return waits, any(self.user.at(u, "holds the token") for u in self.user)

    @leads_to(
        scenario="users", users=2, under=[weak("user"), strong("u", "A5 woken: ticket, or cansemacquire", "token")]
    )
    def acquire_returns(self, u: self.user):
        """Each of two users gets the token, if once woken it is not robbed of it every time."""
        return self.user.at(u, "A1 cansemacquire"), self.user.at(u, "holds the token")

    @reachable
    def handed_over(self):
        """A waiter was woken with its token already taken for it."""
        return self.sema.handed() > 0

    @reachable(scenario="two addresses")
    def nobody_here(self):
        """A releaser searches while only the other address has a sleeper."""
        return any(
            self.releaser.at(r, "R4 dequeue, nwait--, unlock") and len(self.sema.queue[self.address[r]]) == 0
            for r in self.releaser
        )

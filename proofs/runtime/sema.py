"""The runtime's semaphore never loses a wakeup, and nwait is exact: any number of goroutines, any number of tokens.

The model is ``specs/runtime/sema.py``.  Its users here are goroutines that acquire and release at will, for ever, where
the tokens given so far and not yet acquired are at most ``tokens``; that covers every execution, as each has released
finitely often by any of its states.  There is one address.

The invariant counts goroutines by where they stand: who holds root.lock, who has raised nwait, who is about to ready a
waiter, and which of the goroutines that were woken, or are about to be, have a ticket.  Its heart is
``enough_on_the_way``: while somebody sleeps, or is about to, the tokens in the word are at most as many as the
releasers and woken waiters that will look again.

``parked_are_queued_or_dequeued`` follows from the others at every single number of goroutines, by counting the queue;
it is stated because the prover does not count a queue's elements.
"""

from __future__ import annotations

from gomodel import Bound, Int, Model, Proof, Scenario, choose, count, invariant, process, require, step
from gomodel.specs.runtime.sema import Semaphore

READY = "R6 ready"
HANDOFF = "R5 handoff: cansemacquire for the waiter"
DEQUEUE = "R4 dequeue, nwait--, unlock"
GIVEN = ("R2 load nwait", "R3 lock, load nwait")
WOKEN = "A5 woken: ticket, or cansemacquire"
SLEEP = "A4 queue, park, unlock"
CHECK = "A3 cansemacquire again"
BACK = "A3 nwait--, unlock"


class SemaphoreLemmas:
    """Lemmas about the goroutines of ``users()`` that call acquire and release of ``semaphore()``."""

    def at(self, labels):
        return count(self.users().at(g, *labels) for g in self.users())

    def ready(self, ticket):
        """Releasers about to ready a waiter that has a ticket, or has none."""
        has = self.semaphore().ticket
        return count(self.users().at(r, READY) and has[self.users()[r].waiter] == ticket for r in self.users())

    def woken(self, ticket):
        """Woken waiters that have not looked yet, with a ticket or without."""
        has, parked = self.semaphore().ticket, self.semaphore().parked
        return count(self.users().at(g, WOKEN) and not parked[g] and has[g] == ticket for g in self.users())

    def on_the_way(self):
        """Releasers and woken waiters that bring no ticket."""
        return self.at(GIVEN) + self.at((DEQUEUE,)) + self.at((HANDOFF,)) + self.ready(False) + self.woken(False)

    @invariant
    def one_holder(self):
        """Exactly one goroutine is under root.lock while it is locked, and none while it is not."""
        return self.at((CHECK, BACK)) + self.at((SLEEP,)) + self.at((DEQUEUE,)) == (1 if self.semaphore().locked else 0)

    @invariant
    def entering_counted(self):
        """The acquirers that have raised nwait and are not queued are those between A2 and A4."""
        return self.semaphore().entering == self.at((CHECK, BACK)) + self.at((SLEEP,))

    @invariant
    def on_the_way_counted(self):
        """Releasers between R1 and R6, and waiters at A5 that are not parked."""
        r, w = self.semaphore().releasing[0], self.semaphore().woken[0]
        given = self.at(GIVEN) + self.at((DEQUEUE,)) + self.at((HANDOFF,)) + self.ready(True) + self.ready(False)
        return r == given and w == self.woken(True) + self.woken(False)

    @invariant
    def queued_are_parked(self):
        """Whoever is queued waits at A5, parked."""
        return all(self.users().at(w, WOKEN) and self.semaphore().parked[w] for w in self.semaphore().queue[0])

    @invariant
    def queued_once(self):
        """Nobody is queued twice."""
        q, n = self.semaphore().queue[0], self.users().size
        return all(i >= len(q) or j >= len(q) or i == j or q[i] != q[j] for i in range(n) for j in range(n))

    @invariant
    def dequeued_are_parked(self):
        """The waiter that a releaser has dequeued and not yet readied waits at A5, parked."""
        return all(
            not self.users().at(r, HANDOFF, READY)
            or (self.users().at(self.users()[r].waiter, WOKEN) and self.semaphore().parked[self.users()[r].waiter])
            for r in self.users()
        )

    @invariant
    def dequeued_once(self):
        """Two releasers have dequeued two waiters."""
        return all(
            not (self.users().at(r, HANDOFF, READY) and self.users().at(s, HANDOFF, READY) and r != s)
            or self.users()[r].waiter != self.users()[s].waiter
            for r in self.users()
            for s in self.users()
        )

    @invariant
    def dequeued_are_not_queued(self):
        """What a releaser has dequeued is not in the queue."""
        return all(
            not self.users().at(r, HANDOFF, READY)
            or all(w != self.users()[r].waiter for w in self.semaphore().queue[0])
            for r in self.users()
        )

    @invariant
    def dequeued_without_ticket(self):
        """A releaser hands over only where it was asked to; until then the waiter has no ticket."""
        return all(
            (not self.users().at(r, HANDOFF) or self.users()[r].handoff) and self.without_ticket(r)
            for r in self.users()
        )

    def without_ticket(self, r):
        return (
            not (self.users().at(r, HANDOFF) or (self.users().at(r, READY) and not self.users()[r].handoff))
            or not self.semaphore().ticket[self.users()[r].waiter]
        )

    @invariant
    def parked_are_queued_or_dequeued(self):
        """Who is parked is in the queue, or some releaser is about to ready it."""
        dequeued = self.at((HANDOFF,)) + self.ready(True) + self.ready(False)
        parked = count(self.users().at(g, WOKEN) and self.semaphore().parked[g] for g in self.users())
        return parked == len(self.semaphore().queue[0]) + dequeued

    @invariant
    def enough_on_the_way(self):
        """While somebody sleeps, or is about to, every token in the word has somebody who will look for a sleeper."""
        nobody = len(self.semaphore().queue[0]) == 0 and self.at((SLEEP,)) == 0
        return nobody or self.semaphore().value[0] <= self.on_the_way()

    @invariant
    def tickets_are_tokens(self):
        """The tokens that may still be acquired are those in the word and the tickets."""
        return self.semaphore().balance[0] == self.semaphore().value[0] + self.ready(True) + self.woken(True)


class SemaphoreProof(SemaphoreLemmas, Model):
    """A semaphore that goroutines acquire and release at will."""

    name = "sema"
    go = "go1.27.3"
    source = ("runtime/sema.go",)

    goroutines: int = Bound(3, min=1, max=6, help="goroutines")
    tokens: int = Bound(2, min=1, max=6, help="tokens given and not yet acquired, at most")

    scenarios = {"any": Scenario("goroutines that acquire and release at will")}

    proof = Proof(
        "no wakeup is lost, nwait is exact, a ticket is clean when it is handed over",
        proves=("sema.no_lost_wakeup", "sema.nwait_exact", "ticket_clean"),
        any=("goroutines", "tokens"),
        bugs=("sema.s1", "sema.s2", "sema.s3", "sema.s7", "sema.s10"),
        assumes=("one address of the root", "sequentially consistent atomics, as Go's memory model gives them"),
    )

    def state(self):
        self.stock = Int(0, self.tokens)  # that may still be given
        self.sema = Semaphore(self.user, tokens=self.tokens)

    def init(self):
        self.stock = self.tokens

    @process(count="goroutines")
    def user(self, g):
        while True:
            yield step("idle", rest=True)
            if choose(False, True):
                require(self.stock > 0)
                self.stock -= 1
                yield from self.sema.release(choose(False, True))
            else:
                yield from self.sema.acquire(g, choose(False, True))
                yield step("has a token")
                self.stock += 1

    def users(self):
        return self.user

    def semaphore(self):
        return self.sema

    @invariant
    def tokens_are_somewhere(self):
        """A token is in stock, with a goroutine outside, in the word, or on its way with a ticket."""
        outside = count(self.user.at(g, "R1 add 1", "has a token", BACK) for g in self.user)
        return self.stock + outside + self.sema.balance[0] == self.tokens

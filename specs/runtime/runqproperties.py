"""What the models of the run queues of Ps promise, and their witnesses: see ``runq``."""

from __future__ import annotations

from gomodel import Int, Model, invariant, leads_to, reachable, step_invariant


class RunQueueProperties(Model):
    """``q`` is the queues of all Ps, ``o0`` the owner."""

    def places(self, g):
        """In how many places ``g`` is: runnext, rings, lists, hands."""
        q = self.q
        members, _ = q.sched.members()
        rings = sum(
            1
            for p in self.ps
            for i in range(self.size)
            if (i - q.head[p]) % self.size < q.tail[p] - q.head[p] and q.ring[p][i] == g
        )
        lists = sum(1 for p in self.ps for i in range(self.gs) if i < len(q.batch[p]) and q.batch[p][i] == g)
        return rings + sum(1 for p in self.ps if q.runnext[p] == g) + lists + members[g] + q.held[g]

    @invariant
    def unique(self):
        """A runnable goroutine is in one place, and none is run twice (S1.unique, S1.nodup)."""
        return all(self.places(g) <= self.q.queued[g] <= 1 and self.q.queued[g] >= 0 for g in range(1, self.gs + 1))

    @invariant
    def nothing_lost(self):
        """A runnable goroutine is somewhere (S1.nolost)."""
        return all(self.places(g) >= self.q.queued[g] for g in range(1, self.gs + 1))

    @invariant
    def ring_bounds(self):
        """No ring holds less than nothing or more than there are slots (S1.bounds)."""
        return all(0 <= self.q.tail[p] - self.q.head[p] <= self.size for p in self.ps)

    @step_invariant
    def only_forward(self, before):
        """Heads and tails never go back."""
        return all(before.q.head[p] <= self.q.head[p] and before.q.tail[p] <= self.q.tail[p] for p in self.ps)

    @invariant
    def published(self):
        """A slot from head to tail holds what was put there (S1.publish)."""
        q = self.q
        return all(
            (i - q.head[p]) % self.size >= q.tail[p] - q.head[p] or q.ring[p][i] == q.wanted[p][i] != 0
            for p in self.ps
            for i in range(self.size)
        )

    @invariant
    def in_order(self):
        """Whoever takes from a ring gets what has been there longest (S1.order)."""
        return not self.q.disorder

    @invariant
    def empty_means_empty(self):
        """runqempty does not say so of a queue that has not been empty since it was called (S1.emptyOK)."""
        return not self.q.told_wrong

    @invariant
    def global_queue(self):
        """Size and tail of the global queue are what its links say, outside of sched.lock."""
        members, last = self.q.sched.members()
        return self.q.sched.size == sum(members) and self.q.sched.tail == last

    @leads_to
    def run(self, g: Int(1, self.gs)):
        """What is runnable is run (liveness)."""
        return self.q.queued[g] > 0, self.q.queued[g] <= 0

    @leads_to
    def returns(self):
        """What the owner does comes to an end."""
        ends = self.owner.at(self.o0, "next", "done")
        return not ends, ends

    # --- witnesses -------------------------------------------------------------------------------------------

    @reachable(scenario="steal")
    def overtaken(self):
        """A thief is about to fail: somebody else has moved the head."""
        return any(self.thief.at(t, "f CAS head") and self.q.head[self.o0] != self.thief[t].steal.h for t in self.thief)

    @reachable(scenario="steal")
    def owner_overtaken(self):
        """runqputslow is about to fail: the ring is not full any more."""
        return self.owner.at(self.o0, "S2 CAS head") and self.q.head[self.o0] != self.owner[self.o0].put.h

    @reachable(scenario="steal")
    def next_before_ring(self):
        """A thief that has found the ring empty is about to win runnext, and by now the ring is not empty."""
        return any(
            self.thief.at(t, "d CAS runnext")
            and self.q.runnext[self.o0] == self.thief[t].steal.next != 0
            and self.q.head[self.o0] < self.q.tail[self.o0]
            for t in self.thief
        )

    @reachable(scenario="steal")
    def inconsistent(self):
        """A thief has read a head and a tail that are further apart than the ring is long."""
        return any(
            self.thief.at(t, "b load tail") and self.q.tail[self.o0] - self.thief[t].steal.h > self.size
            for t in self.thief
        )

    @reachable(scenario="halves")
    def thief_robbed(self):
        """A thief takes what another thief has stolen."""
        return any(
            self.thief.at(t, "f CAS head")
            and self.thief[t].steal.v != self.o0
            and self.q.head[self.thief[t].steal.v] == self.thief[t].steal.h
            for t in self.thief
        )

    @reachable(scenario="inject")
    def does_not_fit(self):
        return (
            self.owner.at(self.o0, "L1 lock, put, unlock") and self.q.tail[self.o0] - self.q.head[self.o0] == self.size
        )

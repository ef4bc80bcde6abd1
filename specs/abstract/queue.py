"""What a channel should look like from outside: a bounded queue, senders and receivers waiting in arrival order."""

from __future__ import annotations

from gomodel import Bool, Component, Int, Pid, Queue, Set, require, rule


class BoundedQueue(Component):
    """A queue with room for ``cap`` values; whatever happens to it is one step.

    Without room (``cap`` = 0) a send and a receive meet.  ``slot`` holds what a waiter offers, and what was handed to
    a receiver that waited, until its goroutine goes on; 0 is the zero value, ``nothing`` is no value.  Operations that
    fail, or panic at once, change nothing.

    ``gs`` names the waiters: a goroutine, and which case of its select.  Who waits in a select is ``fickle``: it may
    stand in both queues, and leaves all places at once, when it is served here, or at any moment without having been
    served, as it was elsewhere.
    """

    def __init__(self, gs, cap, *, nothing):
        self.gs = gs
        self.procs = gs.procs
        self.cap = cap
        self.nothing = nothing
        self.most = gs.procs.size * gs.cases

    def state(self):
        gs = self.gs
        self.closed = Bool()
        self.buffer = Queue(Int(0, self.nothing), self.cap + 1)
        self.senders = Queue(gs.Sudog, self.most)
        self.receivers = Queue(gs.Sudog, self.most)
        self.fickle = Set(Pid(self.procs))
        self.slot = gs.each(Int(0, self.nothing, init=self.nothing))

    def waits(self, g):
        places = [self.gs.sudog(g, i) for i in range(self.gs.cases)]
        return any(s in self.senders or s in self.receivers for s in places)

    def rests(self, g):
        """It does not wait, and has not been handed anything either."""
        slots = [self.gs.get(self.slot, self.gs.sudog(g, i)) for i in range(self.gs.cases)]
        return not self.waits(g) and all(v == self.nothing for v in slots)

    def leaves(self, g):
        """All the places where ``g`` waits are given up."""
        for i in range(self.gs.cases):
            s = self.gs.sudog(g, i)
            if s in self.senders:
                self.senders.remove(s)
            if s in self.receivers:
                self.receivers.remove(s)
        self.fickle.discard(g)

    @rule
    def send(self, v: Int(1, self.nothing - 1)):
        """There is room: nobody waits."""
        require(not self.closed and not self.receivers and not self.senders)
        require(len(self.buffer) < self.cap)
        self.buffer.push(v)

    @rule
    def wait_to_send(self, g: self.procs, v: Int(1, self.nothing - 1)):
        require(not self.closed and not self.receivers and len(self.buffer) == self.cap)
        require(self.rests(g))
        self.senders.push(self.gs.sudog(g, 0))
        self.gs.put(self.slot, self.gs.sudog(g, 0), v)

    @rule
    def hand_over(self, v: Int(1, self.nothing - 1)):
        """To the receiver that has waited longest."""
        require(not self.closed and len(self.receivers) > 0)
        s = self.receivers[0]
        self.gs.put(self.slot, s, v)
        self.leaves(self.gs.owner(s))

    @rule
    def receive(self):
        """The oldest value; the sender that has waited longest moves up."""
        require(len(self.buffer) > 0 or (not self.closed and len(self.senders) > 0))
        if self.senders and not self.closed:
            s = self.senders[0]
            self.buffer.push(self.gs.get(self.slot, s))
            self.gs.put(self.slot, s, self.nothing)
            self.leaves(self.gs.owner(s))
        self.buffer.pop()

    @rule
    def wait_to_receive(self, g: self.procs):
        require(not self.closed and len(self.buffer) + len(self.senders) == 0)
        require(self.rests(g))
        self.receivers.push(self.gs.sudog(g, 0))

    @rule
    def come_back(self, g: self.procs):
        """Who does not wait any more goes on, with what it was handed, if anything was."""
        require(not self.waits(g))
        for i in range(self.gs.cases):
            self.gs.put(self.slot, self.gs.sudog(g, i), self.nothing)

    @rule
    def close(self):
        """Every waiting receiver gets the zero value, every waiting sender is sent away, but for the fickle."""
        require(not self.closed)
        self.closed = True
        self.dismiss(self.receivers, 0)
        self.dismiss(self.senders, self.nothing)

    def dismiss(self, queue, told):
        """Send all away but the fickle, who keep their order."""
        n = len(queue)
        for i in range(self.most):
            if i < n:
                s = queue.pop()
                if self.gs.owner(s) in self.fickle:
                    queue.push(s)
                else:
                    self.gs.put(self.slot, s, told)

    # --- selects ---------------------------------------------------------------------------------------------

    @rule
    def wait_with_send(self, g: self.procs, i: Int(0, self.gs.cases - 1), v: Int(0, self.nothing - 1)):
        """A case of a select, beside those that wait already."""
        s = self.gs.sudog(g, i)
        require(self.gs.cases > 1 and self.may_join(s))
        require(len(self.buffer) == self.cap and all(self.gs.owner(r) == g for r in self.receivers))
        self.senders.push(s)
        self.gs.put(self.slot, s, v)
        self.fickle.add(g)

    @rule
    def wait_with_receive(self, g: self.procs, i: Int(0, self.gs.cases - 1)):
        s = self.gs.sudog(g, i)
        require(self.gs.cases > 1 and self.may_join(s))
        require(len(self.buffer) == 0 and all(self.gs.owner(r) == g for r in self.senders))
        self.receivers.push(s)
        self.fickle.add(g)

    def may_join(self, s):
        waits = s in self.senders or s in self.receivers
        return not self.closed and not waits and self.gs.get(self.slot, s) == self.nothing

    @rule
    def tell(self, g: self.procs):
        """One of the fickle is told that the channel is closed; if it waits to receive as well, it has received."""
        require(self.gs.cases > 1 and self.closed and g in self.fickle)
        told = False
        for s in self.receivers:
            if self.gs.owner(s) == g and not told:
                self.gs.put(self.slot, s, 0)
                told = True
        for s in self.senders:
            if self.gs.owner(s) == g and not told:
                self.gs.put(self.slot, s, self.nothing)
                told = True
        self.leaves(g)

    @rule
    def leave(self, g: self.procs):
        """One of the fickle was served elsewhere."""
        require(self.gs.cases > 1 and g in self.fickle)
        self.leaves(g)

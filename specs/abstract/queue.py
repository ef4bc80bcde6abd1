"""What a channel should look like from outside: a bounded queue, senders and receivers waiting in arrival order."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Int, Pid, Queue, require, rule


class BoundedQueue(Component):
    """A queue with room for ``cap`` values; whatever happens to it is one step.

    Without room (``cap`` = 0) a send and a receive meet.  ``slot`` holds what a waiting sender offers, and what was
    handed to a receiver that waited, until that one returns with it; 0 is the zero value, ``nothing`` is no value.
    Operations that fail, or panic at once, change nothing.
    """

    def __init__(self, procs, cap, *, nothing):
        self.procs = procs
        self.cap = cap
        self.nothing = nothing

    def state(self):
        n = self.procs.size
        self.closed = Bool()
        self.buffer = Queue(Int(0, self.nothing), self.cap + 1)
        self.senders = Queue(Pid(self.procs), n)
        self.receivers = Queue(Pid(self.procs), n)
        self.slot = Array(Int(0, self.nothing, init=self.nothing), self.procs)

    @rule
    def send(self, v: Int(1, self.nothing - 1)):
        """There is room: nobody waits."""
        require(not self.closed and not self.receivers and not self.senders)
        require(len(self.buffer) < self.cap)
        self.buffer.push(v)

    @rule
    def wait_to_send(self, g: self.procs, v: Int(1, self.nothing - 1)):
        require(not self.closed and not self.receivers and g not in self.senders)
        require(len(self.buffer) == self.cap and self.slot[g] == self.nothing)
        self.senders.push(g)
        self.slot[g] = v

    @rule
    def hand_over(self, v: Int(1, self.nothing - 1)):
        """To the receiver that has waited longest."""
        require(not self.closed and len(self.receivers) > 0)
        g = self.receivers.pop()
        self.slot[g] = v

    @rule
    def receive(self):
        """The oldest value; the sender that has waited longest moves up."""
        require(len(self.buffer) + len(self.senders) > 0)
        if self.senders:
            g = self.senders.pop()
            self.buffer.push(self.slot[g])
            self.slot[g] = self.nothing
        self.buffer.pop()

    @rule
    def wait_to_receive(self, g: self.procs):
        require(not self.closed and len(self.buffer) + len(self.senders) == 0)
        require(g not in self.receivers and self.slot[g] == self.nothing)
        self.receivers.push(g)

    @rule
    def come_back(self, g: self.procs):
        """A receiver returns with what it was handed."""
        require(g not in self.senders and self.slot[g] != self.nothing)
        self.slot[g] = self.nothing

    @rule
    def close(self):
        """Every waiting receiver gets the zero value, every waiting sender is sent away."""
        require(not self.closed)
        self.closed = True
        for g in self.receivers:
            self.slot[g] = 0
        for g in self.senders:
            self.slot[g] = self.nothing
        self.receivers.clear()
        self.senders.clear()

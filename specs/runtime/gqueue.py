"""The scheduler's global queue: goroutines linked through schedlink, under sched.lock (runtime/proc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Array, Component, Int


class GlobalQueue(Component):
    """sched.runq, a gQueue (proc.go:7800-7868).  Goroutines are numbers; 0 is nil.

    The schedlink of a goroutine that leaves is cleared here: it is written again before anybody reads it.
    """

    def __init__(self, gs):
        self.gs = gs

    def state(self):
        g = Int(0, self.gs)
        self.head = g
        self.tail = g
        self.size = Int(0, self.gs + 1)
        self.link = Array(g, self.gs + 1)  # g.schedlink

    def chain(self, batch):
        """The goroutines of ``batch`` linked to each other, which is done before the lock is taken."""
        for i in range(self.gs):
            if i < len(batch):
                self.link[batch[i]] = batch[i + 1] if i + 1 < len(batch) else 0

    def join(self, first):
        """The first half of pushBackAll: the old list leads to the new goroutines."""
        if self.tail != 0:
            self.link[self.tail] = first
        else:
            self.head = first

    def push_all(self, batch):
        """globrunqputbatch (proc.go:7323-7328)."""
        if len(batch) > 0:
            self.chain(batch)
            self.join(batch[0])
            self.tail = batch[len(batch) - 1]
            self.size += len(batch)

    def pop(self):
        """gQueue.pop."""
        g = self.head
        if g != 0:
            self.head = self.link[g]
            self.link[g] = 0
            if self.head == 0:
                self.tail = 0
            self.size -= 1
        return g

    def members(self):
        """For each goroutine, how often it is found along the links from the head; and the last one found."""
        at, last = self.head, 0
        found = [0] * (self.gs + 1)
        for _ in range(self.gs + 1):
            found = [found[g] + (1 if g > 0 and at == g else 0) for g in range(self.gs + 1)]
            last = at if at != 0 else last
            at = self.link[at] if at != 0 else 0
        return found, last

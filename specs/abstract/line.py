"""What a wait queue should look like from outside: a line of waiters."""

from __future__ import annotations

from gomodel import Component, Int, Queue, require, rule


class Line(Component):
    """Waiters join at the end, some of those in front are called, and anyone may leave."""

    def __init__(self, waiters):
        self.waiters = waiters

    def state(self):
        self.line = Queue(Int(0, self.waiters - 1), self.waiters)

    @rule
    def join(self, s: Int(0, self.waiters - 1)):
        require(s not in self.line)
        self.line.push(s)

    @rule
    def call(self, n: Int(1, self.waiters)):
        """The first n."""
        require(len(self.line) >= n)
        for i in range(self.waiters):
            if i < n:
                self.line.pop()

    @rule
    def leave(self, s: Int(0, self.waiters - 1)):
        require(s in self.line)
        self.line.remove(s)

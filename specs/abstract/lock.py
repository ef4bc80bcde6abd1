"""What every lock should look like from outside: taken and given back, each at once."""

from __future__ import annotations

from gomodel import Component, Pid, Set, require, rule


class AtomicLock(Component):
    """A lock that at most one goroutine owns; taking it is one step, and giving it back is another."""

    def __init__(self, procs):
        self.procs = procs

    def state(self):
        self.owners = Set(Pid(self.procs))

    @rule
    def lock(self, g: self.procs):
        require(len(self.owners) == 0)
        self.owners.add(g)

    @rule
    def unlock(self, g: self.procs):
        require(g in self.owners)
        self.owners.discard(g)

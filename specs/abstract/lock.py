"""What a lock should look like from outside: taken and given back, each at once."""

from __future__ import annotations

from gomodel import Component, Int, require, rule


class AtomicLock(Component):
    """A lock with at most one owner; as Go's, it is not associated with a particular goroutine.

    ``most`` is how many owners a broken lock may have.
    """

    def __init__(self, most):
        self.most = most

    def state(self):
        self.owners = Int(0, self.most)

    @rule
    def lock(self):
        require(self.owners == 0)
        self.owners = 1

    @rule
    def unlock(self):
        require(self.owners == 1)
        self.owners = 0

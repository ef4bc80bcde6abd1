"""A lock held while a channel is used: the receiver needs the lock before it receives.

    mu.Lock()          mu.Lock()
    ch <- v            v := <-ch
    mu.Unlock()        mu.Unlock()

Whichever locks first waits for the other for ever.  Mended: receive before locking (bug "inside" is the program above).
"""

from __future__ import annotations

from gomodel import Bug, Model, eventually, process, step, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines
from gomodel.specs.sync.mutex import Mutex


class LockAndChannel(Model):
    """A sender that holds a lock, and a receiver that takes the same lock."""

    name = "lock-and-channel"
    go = "go1.27.3"
    fairness = (weak("sender"), weak("receiver"))

    def state(self):
        both = self.sender | self.receiver
        self.mu = Mutex(both)
        self.gs = Goroutines(both)
        self.ch = Channel(self.gs, 0, tokens=1)

    @process(count=1)
    def sender(self, s):
        yield step("start")
        yield from self.mu.lock(s)
        yield from self.ch.send(s, 1)
        yield from self.mu.unlock()

    @process(count=1)
    def receiver(self, r):
        yield step("start")
        if self.bug("inside"):
            yield from self.mu.lock(r)
            yield from self.ch.receive(r)
        else:
            yield from self.ch.receive(r)
            yield from self.mu.lock(r)
        yield from self.mu.unlock()

    @eventually
    def both_return(self):
        return all(self.sender.at(s, "done") for s in self.sender) and all(
            self.receiver.at(r, "done") for r in self.receiver
        )

    bugs = {"inside": Bug("the receiver locks before it receives", breaks=("deadlock", "both_return"))}

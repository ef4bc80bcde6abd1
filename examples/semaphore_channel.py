"""A buffered channel as a semaphore: at most two goroutines work at a time.

sem := make(chan struct{}, 2)
...
sem <- struct{}{}
work()
<-sem
"""

from __future__ import annotations

from gomodel import Bound, Bug, Model, count, invariant, leads_to, process, reachable, step, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines


class SemaphoreChannel(Model):
    """Goroutines that take a place in a channel's buffer while they work."""

    name = "semaphore-channel"
    go = "go1.27.3"

    goroutines: int = Bound(3, min=1, max=4, help="goroutines that work once")

    fairness = (weak("client"),)

    def state(self):
        self.gs = Goroutines(self.client)
        self.sem = Channel(self.gs, 3 if self.bug("wide") else 2, tokens=self.goroutines)

    @process(count="goroutines")
    def client(self, g):
        yield step("come")
        yield from self.sem.send(g, 1)
        yield step("work")
        yield from self.sem.receive(g)

    @invariant
    def two_at_a_time(self):
        return count(self.client.at(g, "work") for g in self.client) <= 2

    @leads_to
    def everybody_works(self, g: self.client):
        return self.client.at(g, "come"), self.client.at(g, "work")

    @reachable
    def two_work(self):
        return count(self.client.at(g, "work") for g in self.client) == 2

    bugs = {"wide": Bug("the buffer has room for three", breaks="two_at_a_time")}

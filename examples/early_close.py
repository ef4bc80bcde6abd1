"""A pipeline whose consumer has seen enough after one value, and says so.

out, done := make(chan int), make(chan struct{})
go func() {                             v := <-out
    defer close(out)                    use(v)
    for i := 0; i < n; i++ {            close(done)    // forgotten: bug "leave"
        select {                                       // or close(out) in its place: bug "close"
        case out <- i:
        case <-done:
            return
        }
    }
}()
"""

from __future__ import annotations

from gomodel import Bound, Bug, Int, Model, eventually, fatal, invariant, process, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines
from gomodel.specs.runtime.select import Select


class EarlyClose(Model):
    """A generator, and a consumer that wants one value."""

    name = "early-close"
    go = "go1.27.3"

    values: int = Bound(2, min=2, max=4, help="values that are generated")

    fairness = (weak("generator"), weak("consumer"))

    def state(self):
        self.gs = Goroutines(self.generator | self.consumer, cases=2)
        self.out = Channel(self.gs, 0, tokens=self.values)
        self.done = Channel(self.gs, 0, tokens=1)
        self.select = Select(self.gs, self.out, self.done)
        self.got = Int(0, self.values)

    def panicked(self):
        fatal("panic: send on closed channel, or close of closed channel", prop="no_panic")

    @process(count=1)
    def generator(self, g):
        sent: Int(0, self.values) = 0
        while sent < self.values:
            v = self.values - sent if self.bug("backwards") else 1 + sent
            case, how, _ = yield from self.select.select(g, (("send", self.out), ("receive", self.done)), v)
            if how == "panic":
                self.panicked()
            if case == 1:
                break
            sent += 1
        how = yield from self.out.close(g)
        if how == "panic":
            self.panicked()

    @process(count=1)
    def consumer(self, c):
        _, v = yield from self.out.receive(c)
        self.got = v
        if self.bug("close"):
            yield from self.out.close(c)
        elif not self.bug("leave"):
            yield from self.done.close(c)

    @invariant
    def the_first_value(self):
        return self.got <= 1

    @eventually
    def generator_returns(self):
        """No goroutine is leaked."""
        return all(self.generator.at(g, "done") for g in self.generator)

    bugs = {
        "leave": Bug("the consumer leaves", breaks=("deadlock", "generator_returns")),
        "backwards": Bug("the values come in the other order", breaks="the_first_value"),
        "close": Bug("the consumer closes the channel that another goroutine sends on", breaks="no_panic"),
    }

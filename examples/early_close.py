"""A pipeline whose consumer has seen enough after one value.

out := make(chan int)
go func() {                     v := <-out
    for i := 0; i < n; i++ {    ...
        out <- i                for range out {} // forgotten: bug "leave"
    }                           // or close(out) in its place: bug "close"
    close(out)
}()
"""

from __future__ import annotations

from gomodel import Bound, Bug, Int, Model, eventually, fatal, process, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines


class EarlyClose(Model):
    """A generator, and a consumer that wants one value and drains the rest."""

    name = "early-close"
    go = "go1.27.3"

    values: int = Bound(2, min=2, max=4, help="values that are generated")

    fairness = (weak("generator"), weak("consumer"))

    def state(self):
        self.gs = Goroutines(self.generator | self.consumer)
        self.out = Channel(self.gs, 0, tokens=self.values)

    def panicked(self):
        fatal("panic: send on closed channel, or close of closed channel", prop="no_panic")

    @process(count=1)
    def generator(self, g):
        done: Int(0, self.values) = 0
        while done < self.values:
            result = yield from self.out.send(g, 1)
            if result == "panic":
                self.panicked()
            done += 1
        result = yield from self.out.close(g)
        if result == "panic":
            self.panicked()

    @process(count=1)
    def consumer(self, c):
        yield from self.out.receive(c)
        if self.bug("close"):
            yield from self.out.close(c)
        elif not self.bug("leave"):
            while True:
                how, _ = yield from self.out.receive(c)
                if how == "closed":
                    return

    @eventually
    def generator_returns(self):
        """No goroutine is leaked."""
        return all(self.generator.at(g, "done") for g in self.generator)

    bugs = {
        "leave": Bug("the consumer leaves", breaks=("deadlock", "generator_returns")),
        "close": Bug("the consumer closes the channel that another goroutine sends on", breaks="no_panic"),
    }

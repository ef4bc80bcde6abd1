"""A select with default in a loop: it waits by asking again and again.

    ready := make(chan struct{})
    go func() {
        work()
        close(ready) // forgotten: bug "silent"
    }()
    for {
        select {
        case <-ready:
            return
        default:
        }
    }

A select of one case and a default is a non-blocking receive.  Where nobody closes the channel the loop never blocks, so
that there is no deadlock to find: only the promise that it ends is broken.
"""

from __future__ import annotations

from gomodel import Bug, Model, eventually, process, step, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines


class Spinning(Model):
    """One goroutine works, the other one asks whether it is ready."""

    name = "spinning"
    go = "go1.27.3"
    fairness = (weak("worker"), weak("spinner"))

    def state(self):
        self.gs = Goroutines(self.worker | self.spinner)
        self.ready = Channel(self.gs, 0, tokens=1)

    @process(count=1)
    def worker(self, w):
        yield step("work")
        if not self.bug("silent"):
            yield from self.ready.close(w)

    @process(count=1)
    def spinner(self, s):
        while True:
            how, _ = yield from self.ready.receive(s, block=False)
            if how == "closed":
                return

    @eventually
    def spinner_returns(self):
        return all(self.spinner.at(s, "done") for s in self.spinner)

    bugs = {"silent": Bug("the worker does not say that it is ready", breaks="spinner_returns")}

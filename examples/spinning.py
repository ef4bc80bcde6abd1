"""A select with default in a loop: it waits by asking again and again.

    work, quit := make(chan int), make(chan struct{})
    go func() {
        work <- 1
        close(quit) // forgotten: bug "silent"
    }()
    for {
        select {
        case v := <-work:
            use(v)
        case <-quit:
            return
        default:
        }
    }

Where nobody closes the channel the loop never blocks, so that there is no deadlock to find: only the promise that it
ends is broken.  And it ends only if the lock of a channel, which the loop takes again and again, is not always taken
when the worker wants it: that is luck, ``strong`` fairness of the worker.
"""

from __future__ import annotations

from gomodel import Bug, Model, eventually, process, strong, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines
from gomodel.specs.runtime.select import Select


class Spinning(Model):
    """One goroutine works, the other one asks whether there is anything to do."""

    name = "spinning"
    go = "go1.27.3"
    fairness = (strong("worker"), weak("spinner"))

    def state(self):
        self.gs = Goroutines(self.worker | self.spinner, cases=2)
        self.work = Channel(self.gs, 0, tokens=1)
        self.quit = Channel(self.gs, 0, tokens=1)
        self.select = Select(self.gs, self.work, self.quit)

    @process(count=1)
    def worker(self, w):
        yield from self.work.send(w, 1)
        if not self.bug("silent"):
            yield from self.quit.close(w)

    @process(count=1)
    def spinner(self, s):
        while True:
            case, _, _ = yield from self.select.select(s, (("receive", self.work), ("receive", self.quit)), block=False)
            if case == 1:
                return

    @eventually
    def spinner_returns(self):
        return all(self.spinner.at(s, "done") for s in self.spinner)

    bugs = {"silent": Bug("the worker does not say that it is done", breaks="spinner_returns")}

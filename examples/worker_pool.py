"""A worker pool: jobs go out on one channel, results come back on another, and closing the first ends the workers.

jobs, results := make(chan int, 1), make(chan int)
for i := 0; i < workers; i++ {
    go func() {
        for j := range jobs {
            results <- j
        }
    }()
}
go func() {
    for j := 0; j < n; j++ {
        jobs <- j
    }
    close(jobs) // forgotten: bug "open"
}()
for j := 0; j < n; j++ {
    <-results
}
"""

from __future__ import annotations

from gomodel import Bound, Bug, Int, Model, eventually, process, step, weak
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines


class WorkerPool(Model):
    """Two workers, fed by one channel, emptied by another."""

    name = "worker-pool"
    go = "go1.27.3"

    workers: int = Bound(2, min=1, max=3, help="goroutines that work")
    jobs: int = Bound(2, min=1, max=3, help="pieces of work")

    fairness = (weak("feeder"), weak("worker"), weak("main"))

    def state(self):
        self.gs = Goroutines(self.feeder | self.worker | self.main)
        self.work = Channel(self.gs, 1, tokens=self.jobs)
        self.results = Channel(self.gs, 0, tokens=self.jobs)

    @process(count=1)
    def feeder(self, f):
        done: Int(0, self.jobs) = 0
        while done < self.jobs:
            yield from self.work.send(f, 1)
            done += 1
        if not self.bug("open"):
            yield from self.work.close(f)

    @process(count="workers")
    def worker(self, w):
        while True:
            how, _ = yield from self.work.receive(w)
            if how == "closed":
                return
            yield step("work")
            yield from self.results.send(w, 1)

    @process(count=1)
    def main(self, m):
        done: Int(0, self.jobs) = 0
        while done < self.jobs:
            yield from self.results.receive(m)
            done += 1

    @eventually
    def main_returns(self):
        """All results come back."""
        return all(self.main.at(m, "done") for m in self.main)

    @eventually
    def workers_return(self):
        """No worker is leaked."""
        return all(self.worker.at(w, "done") for w in self.worker)

    bugs = {"open": Bug("the channel of jobs is never closed", breaks=("workers_return", "deadlock"))}

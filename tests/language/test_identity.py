"""Terms are shared between models; what a value means must not be."""

from __future__ import annotations

from gomodel import Model, Option, Pid, process, reachable, step
from gomodel.language import build as b
from gomodel.language.instance import instance


class Alone(Model):
    name = "alone"

    @process(count=3)
    def worker(self, w):
        yield step("work")

    def state(self):
        self.last = Option(Pid(self.worker))

    @reachable
    def started(self):
        return True


class Split(Model):
    name = "split"

    @process(count=2)
    def client(self, c):
        yield step("ask")

    @process(count=1)
    def server(self, s):
        yield step("serve")

    def state(self):
        self.last = Option(Pid(self.client | self.server))


def test_process_ids_of_two_models_with_the_same_numbers_stay_apart() -> None:
    """Process 2 is w2, the third of its kind, in one model, and s0, the first of its kind, in the other."""
    workers = instance(Alone).build().worker.domain
    split = instance(Split).build()
    everybody = (split.client | split.server).domain
    first, second = b.const(2, workers), b.const(2, everybody)
    assert first.sort.decode(first.data).name == "w2"
    assert second.sort.decode(second.data).name == "s0"
    assert (first.sort.decode(2).__index__(), second.sort.decode(2).__index__()) == (2, 0)

"""Executions to browse."""

from __future__ import annotations

from gomodel.trace.playback import Playback
from tests.playing import play
from tests.small import model

WORKING = model("""
def state(self):
    self.lock = Struct(held=Int(0, 1), waiters=Int(0, 2))
    self.seen = Array(Int(0, 3), self.worker)
    self.loud = Ghost(Int(0, 3))

@process(count=2)
def worker(self, w):
    for turn in range(3):
        yield step("[red]lock[/red]", go="runtime/sema.go:6", when=lambda: self.lock.held == 0)
        self.lock.held = 1
        self.loud = min(self.loud + 1, 3)
        yield step("work \\x1b[31m", go=("runtime/sema.go:4", "runtime/sema.go:7"), atomic="short")
        self.seen[w] = min(self.seen[w] + 1, 3)
        if choose([False, True]):
            self.lock.waiters = 1
        yield step("unlock")
        self.lock.held = 0

@process()
def saboteur(self, s):
    yield step("break it")
    if self.lock.held:
        fatal("broken", prop="intact")

@invariant
def nobody_twice(self):
    return all(self.seen[w] < 2 for w in self.worker)
""")

SPINNING = model("""
def state(self):
    self.n = Int(0, 1)

@process()
def spinner(self, s):
    yield step("begin")
    while True:
        yield step("up")
        self.n = 1
        yield step("down")
        self.n = 0

@eventually
def stays_up(self):
    return self.n == 1 and self.n == 0
""")


def violating() -> Playback:
    """Worker 0 works twice, worker 1 once in between."""
    steps = ["w0", ("w0", [False]), "w0", "w1", ("w1", [True]), "w1", "w0", ("w0", [False])]
    return play(WORKING, steps, "nobody_twice", "invariant")


def lasso() -> Playback:
    """Begin, and then up and down for ever."""
    return play(SPINNING, ["s0", "s0", "s0"], "stays_up", "eventually", cycle=1)


def long(steps: int) -> Playback:
    """An execution of that many steps."""
    return play(SPINNING, ["s0"] * steps)

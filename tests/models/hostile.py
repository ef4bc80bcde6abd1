"""A model whose labels, values and texts try to be HTML, and an execution of any length."""

from __future__ import annotations

from gomodel.trace.playback import Playback
from tests.playing import Step, play
from tests.small import model

EVIL = "</script><img src=x onerror=hacked()>"

# Two that count in turns, with every kind of thing that can be shown: locals, ghosts, arrays, guards, a rule.
HOSTILE = model(f"""
def state(self):
    self.n = Int(0, 9)
    self.turn = Pid(self.worker)
    self.seen = Array(Int(0, 9), self.worker)
    self.mood = Array(Enum("calm", "{EVIL}"), Enum("a[b].c", "a[b]", "<b>&amp;"))
    self.steps = Ghost(Int(0, 2))

@process(count=2)
def worker(self, w):
    while True:
        yield step("{EVIL}", go="a.go:1", atomic="it is a test", when=lambda: self.turn == w)
        mine: Int(0, 9) = self.n + 1
        self.mood["a[b]"] = "{EVIL}"
        yield step("store & <b>go</b>")
        self.n = mine
        self.seen[w] = mine
        self.steps = 1
        self.turn = choose(self.worker)

@rule
def reset(self):
    require(self.n == 9)
    self.n = 0

@rule
def calm_down(self):
    require(self.mood["a[b]"] == "{EVIL}")
    self.mood["a[b]"] = "calm"

@invariant
def never_two(self):
    '''<i>Two</i> is never reached.'''
    return self.n < 2
""")


TWICE: list[Step] = ["w0", ("w0", ["w1"]), "w1", ("w1", ["w0"])]


def hostile(length: int) -> Playback:
    """The workers count in turns, two steps each, and what has come to 9 is reset."""
    steps: list[Step] = []
    n, me, other = 0, "w0", "w1"
    while len(steps) < length:
        if n == 9:
            steps.append("reset")
            n = 0
        steps += [me, (me, [other])]
        n, me, other = n + 1, other, me
    del steps[length:]
    return play(HOSTILE, steps)


def never_two(*steps: Step) -> Playback:
    """A counterexample: these steps, or the four that it takes."""
    return play(HOSTILE, steps or TWICE, "never_two", "invariant")

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
        mine: Int(0, 9) = (self.n + 1) % 10
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

@invariant
def never_two(self):
    '''<i>Two</i> is never reached.'''
    return self.n < 2
""")
TURNS: list[Step] = ["w0", ("w0", ["w1"]), "w1", ("w1", ["w0"])]


def hostile(rounds: int = 1) -> Playback:
    """``rounds`` times both count: n is 2 · ``rounds`` then."""
    return play(HOSTILE, TURNS, "never_two", "invariant") if rounds == 1 else play(HOSTILE, TURNS * rounds)

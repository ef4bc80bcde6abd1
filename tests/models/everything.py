"""One of each: a violated property of every kind, a fatal, an error, a rule, a choice, several initial states."""

from __future__ import annotations

import inspect

from gomodel import (
    Int,
    Model,
    choose,
    fatal,
    implies,
    invariant,
    process,
    reachable,
    require,
    rule,
    step,
    step_invariant,
    terminal,
)

from .plain import Answer


class Everything(Model):
    """A worker counts up in one of two ways; a rule takes it back to 0."""

    name = "everything"

    def state(self):
        self.n = Int(0, 3)
        self.up = Int(1, 2)

    def init(self):
        self.up = choose(1, 2)

    @process()
    def worker(self, w):
        yield step("begin")
        if self.up == 2:
            self.n = 2
        else:
            self.n = 1
        yield step("go on")
        k = choose(0, 1, 2)
        if self.n + k == 4:
            fatal("four")
        if self.n > 8:
            self.n = 0  # never taken
        self.n += 2 * k
        yield step("end")

    @rule
    def reset(self):
        require(self.n == 3)
        self.n = 0

    @invariant
    def low(self):
        return self.n < 3

    @step_invariant
    def never_down(self, before):
        return self.n >= before.n

    @terminal
    def ends_low(self):
        return self.n < 2

    @invariant
    def low_when_reset(self):
        return implies(self.n == 0, self.up < 3)

    @reachable
    def three(self):
        return self.n == 3

    @reachable
    def never(self):
        return self.n == 1 and self.up == 2


# By hand, as (label, n): both initial states are (begin, 0).  With up = 1 the worker goes to (go on, 1), and with the
# choices 0, 1, 2 to (end, 1), (end, 3) and n = 5, which leaves the domain; from (end, 1) to (done, 1), from (end, 3)
# to (done, 3), and the rule leads from n = 3 to (end, 0) and (done, 0), the former to the latter.
# With up = 2: (go on, 2), then (end, 2), n = 4 outside, and the fatal for the choice 2; then (done, 2).
# States: 2 + 2 + (3 + 3) for up = 1, and (end, 2), (done, 2).  Transitions: 1 + 2 + 3 ends + 2 resets, and 1 + 1 + 1.
EVERYTHING = Answer(
    states=12,
    transitions=11,
    depth=4,  # begin, go on, end (or reset), reset (or end)
    violations={"low": 2, "never_down": 3, "ends_low": 3, "four": 2},
    reached={"three": 2},
    errors={"n leaves its domain Int(0, 3)": 2},
)
LABELS = {("worker", label) for label in ("begin", "go on", "end", "done")}


def taken_lines() -> set[int]:
    """The first lines of the branches that are taken: of both ways up, and not of what is never so."""
    lines, start = inspect.getsourcelines(Everything)
    return {start + i for i, line in enumerate(lines) if line.strip() in ("self.n = 2", "self.n = 1")}

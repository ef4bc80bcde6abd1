"""Classics of liveness, each with the fairness that suffices, the fairness that does not, and why.

The answers are worked out by hand, in the comments: whether a promise holds, and else the first arguments for which it
does not with the lengths of the stem and the cycle of a shortest lasso (a cycle of none: nothing more happens).
Processes are called g0, g1, … over all kinds.
"""

# ruff: noqa: F821 - annotations name domains with self in them

from __future__ import annotations

from typing import NamedTuple

from gomodel import (
    Array,
    Bool,
    Int,
    Model,
    Pid,
    always_eventually,
    leads_to,
    outcome,
    process,
    step,
    strong,
    weak,
)
from gomodel.run.trace import Value


class Lasso(NamedTuple):
    """A shortest counterexample.  ``exact``: the engines, whose lassos are short, find one of these lengths."""

    stem: int
    cycle: int
    arguments: tuple[Value, ...] = ()
    exact: bool = True


Answer = dict[str, Lasso | None]  # property → None where it holds


# --- mutual exclusion ------------------------------------------------------------------------------------------------


class Peterson(Model):
    """Peterson's lock for two processes (Information Processing Letters 12, 1981); nobody is forced to want it."""

    name = "peterson"
    fairness = (weak("p"),)

    def state(self):
        self.wants = Array(Bool(), self.p)
        self.turn = Pid(self.p)

    @process(count=2)
    def p(self, g):
        while True:
            yield step("idle", rest=True)
            self.wants[g] = True
            yield step("give way")
            self.turn = g
            yield step("wait", when=lambda: self.turn != g or not any(self.wants[q] for q in self.p if q != g))
            yield step("critical")
            self.wants[g] = False

    @leads_to
    def served(self, g: self.p):
        return self.wants[g], self.p.at(g, "critical")

    @leads_to(under=[])
    def served_without_fairness(self, g: self.p):
        return self.wants[g], self.p.at(g, "critical")

    @leads_to(under=[weak("p", "wait"), weak("p", "critical")])
    def served_though_nobody_gives_way(self, g: self.p):
        return self.wants[g], self.p.at(g, "critical")

    @leads_to(under=[weak("g")])
    def served_though_the_other_stops(self, g: self.p):
        return self.wants[g], self.p.at(g, "critical")

    @leads_to
    def comes(self, g: self.p):
        return self.p.at(g, "idle"), self.wants[g]


# Weak fairness suffices.  Who waits is let in for good once the other gives way or stays idle: the other leaves the
# critical section, and if it wants again, it has to give way, after which the guard stays true.
# Without it g0 wants, and nothing more happens; the same where "give way" alone is not fair.  If only the one who waits
# is fair, it wants and gives way, the other wants and stops there: three steps.  Nobody has to leave "idle", which is
# rest: the promise of coming is broken where everything begins.
PETERSON: Answer = {
    "served": None,
    "served_without_fairness": Lasso(1, 0, ("g0",)),
    "served_though_nobody_gives_way": Lasso(1, 0, ("g0",)),
    "served_though_the_other_stops": Lasso(3, 0, ("g0",)),
    "comes": Lasso(0, 0, ("g0",)),
}


class TicketLock(Model):
    """Three processes draw tickets modulo 4 and are served in their order."""

    name = "ticket-lock"
    fairness = (weak("p"),)

    def state(self):
        self.next = Int(0, 3)
        self.serving = Int(0, 3)
        self.mine = Array(Int(0, 3), self.p)

    @process(count=3)
    def p(self, g):
        while True:
            yield step("draw", rest=True)
            self.mine[g] = self.next
            self.next = (self.next + 1) % 4
            yield step("wait", when=lambda: self.serving == self.mine[g])
            yield step("critical")
            self.mine[g] = 0
            self.serving = (self.serving + 1) % 4

    @leads_to
    def served(self, g: self.p):
        return self.p.at(g, "wait"), self.p.at(g, "critical")

    @leads_to(under=[weak("p", "wait")])
    def served_though_nobody_leaves(self, g: self.p):
        return self.p.at(g, "wait"), self.p.at(g, "critical")


# A ticket that is served stays served until its owner has been in, so weak fairness of each process suffices: the
# number of tickets before one's own only falls.
# If nobody need leave the critical section, somebody draws before g0 does and goes in: three steps; g0 can be starved
# by no shorter execution, for while its own ticket is served it has to go in.
TICKET_LOCK: Answer = {"served": None, "served_though_nobody_leaves": Lasso(3, 0, ("g0",))}


class SpinLock(Model):
    """Two processes try a CAS until it succeeds; one that fails changes nothing."""

    name = "spin-lock"

    def state(self):
        self.locked = Bool()

    @process(count=2)
    def p(self, g):
        while True:
            yield step("idle", rest=True)
            while True:
                yield step("CAS")
                if not self.locked:
                    outcome("won")
                    self.locked = True
                    break
            yield step("critical")
            self.locked = False

    @leads_to(under=[weak("p")])
    def weakly(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "CAS")])
    def strong_label(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "CAS", "won")])
    def strong_outcome(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "critical")

    @leads_to(under=[strong("p", "CAS", "won")])
    def strong_outcome_alone(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("g", "CAS", "won")])
    def strong_outcome_of_its_own(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "critical")


# A failed CAS changes nothing, so it is neither enabled nor taken.  Weakly fair is that g0 comes to its CAS (one step)
# and g1 goes round for ever (idle, CAS, critical): in g1's critical section g0 has no step.  Strong fairness of the
# CAS, or of its success, which is the same here, forces it: the lock is free again and again.  Its own suffices.
# Without fairness of "critical", g1 locks and stays (g0 idle, g1 idle, g1 CAS): no CAS can succeed any more.
SPIN_LOCK: Answer = {
    "weakly": Lasso(1, 3, ("g0",)),
    "strong_label": None,
    "strong_outcome": None,
    "strong_outcome_alone": Lasso(3, 0, ("g0",)),
    "strong_outcome_of_its_own": None,
}


class RetryLock(Model):
    """The same with a step of its own before the next try, so that a failed CAS changes something: where it stands."""

    name = "retry-lock"

    def state(self):
        self.locked = Bool()

    @process(count=2)
    def p(self, g):
        while True:
            yield step("idle", rest=True)
            while True:
                yield step("CAS")
                if not self.locked:
                    outcome("won")
                    self.locked = True
                    break
                outcome("lost")
                yield step("retry")
            yield step("critical")
            self.locked = False

    @leads_to(under=[weak("p")])
    def weakly(self, g: self.p):
        return self.p.at(g, "CAS", "retry"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "CAS")])
    def strong_label(self, g: self.p):
        return self.p.at(g, "CAS", "retry"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "CAS", "won")])
    def strong_outcome(self, g: self.p):
        return self.p.at(g, "CAS", "retry"), self.p.at(g, "critical")

    @leads_to(under=[strong("p"), strong("p", "CAS", "won"), strong("p", "retry"), strong("p", "critical")])
    def strong_everything(self, g: self.p):
        return self.p.at(g, "CAS", "retry"), self.p.at(g, "critical")


# Now g0 always has a step, so the cycle needs two of them (a failed CAS, retry) beside the three of g1: five.
# Fairness of the label is met by the failed CAS, weak or strong.  Strong fairness of "won" asks that g0 never stands
# at a CAS with the lock free from some point on: g1 unlocks and locks while g0 is at "retry".  The cycle is entered
# where g0 is at its CAS and g1 in the critical section, which takes three steps.  So here nothing suffices.
RETRY_LOCK: Answer = {
    "weakly": Lasso(1, 5, ("g0",)),
    "strong_label": Lasso(1, 5, ("g0",)),
    "strong_outcome": Lasso(3, 5, ("g0",)),
    "strong_everything": Lasso(3, 5, ("g0",)),
}


class LoadLock(Model):
    """Test and test-and-set: wait until the lock is seen free, then try; a failed CAS waits again."""

    name = "load-lock"

    def state(self):
        self.locked = Bool()

    @process(count=2)
    def p(self, g):
        while True:
            yield step("idle", rest=True)
            while True:
                yield step("load", when=lambda: not self.locked)
                yield step("CAS")
                if not self.locked:
                    outcome("won")
                    self.locked = True
                    break
            yield step("critical")
            self.locked = False

    @leads_to(under=[weak("p"), strong("p", "CAS", "won")])
    def strong_outcome(self, g: self.p):
        return self.p.at(g, "load", "CAS"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "load")])
    def strong_load(self, g: self.p):
        return self.p.at(g, "load", "CAS"), self.p.at(g, "critical")

    @leads_to(under=[weak("p"), strong("p", "load"), strong("p", "CAS", "won")])
    def strong_both(self, g: self.p):
        return self.p.at(g, "load", "CAS"), self.p.at(g, "critical")


# Both strong conditions are needed.  Without that of "load" g0 stays there while g1 goes round: idle, load, CAS,
# critical.  Without that of "won" g0 loads while the lock is free and loses its CAS in the same round: two steps more.
# With both g0 loads again and again, after each of which its CAS could succeed.
LOAD_LOCK: Answer = {
    "strong_outcome": Lasso(1, 4, ("g0",)),
    "strong_load": Lasso(1, 6, ("g0",)),
    "strong_both": None,
}

# --- dining philosophers ---------------------------------------------------------------------------------------------

LEFT, RIGHT = (0, 1, 2), (1, 2, 0)


class Philosophers(Model):
    """Three philosophers, always hungry, who take the left fork first."""

    name = "philosophers"

    def state(self):
        self.taken = Array(Bool(), 3)
        self.left, self.right = LEFT, RIGHT

    @process(count=3)
    def p(self, g):
        while True:
            yield step("take left", when=lambda: not self.taken[self.left[g]])
            self.taken[self.left[g]] = True
            yield step("take right", when=lambda: not self.taken[self.right[g]])
            self.taken[self.right[g]] = True
            yield step("eat")
            self.taken[self.left[g]] = False
            self.taken[self.right[g]] = False

    @always_eventually(under=[strong("p")])
    def eats(self, g: self.p):
        return self.p.at(g, "eat")

    @leads_to(under=[weak("p"), weak("p", "take left")])
    def begins_weakly(self, g: self.p):
        return self.p.at(g, "take left"), self.p.at(g, "take right")

    @leads_to(under=[strong("p", "take left"), weak("p")])
    def begins(self, g: self.p):
        return self.p.at(g, "take left"), self.p.at(g, "take right")


# Strong fairness leaves only the deadlock: whoever starves for ever waits for a fork that is held for ever, by one who
# waits for ever; that is all three with their left forks, after three steps.  There each has begun; before, a left
# fork is held by one who eats, and free again and again.
# Weakly fair is also that g2 eats for ever, three steps, whose right fork is the left one of g0; g1 has to wait at
# times, too: for g2's left fork, once it has its own.  That makes a stem of one.
PHILOSOPHERS: Answer = {
    "eats": Lasso(3, 0, ("g0",)),
    "begins_weakly": Lasso(1, 3, ("g0",), exact=False),
    "begins": None,
}


class Butler(Model):
    """Three philosophers who may think for ever; a butler lets two of them sit at a time."""

    name = "butler"

    def state(self):
        self.seated = Int(0, 2)
        self.taken = Array(Bool(), 3)
        self.left, self.right = LEFT, RIGHT

    @process(count=3)
    def p(self, g):
        while True:
            yield step("think", rest=True)
            yield step("sit", when=lambda: self.seated < 2)
            self.seated += 1
            yield step("take left", when=lambda: not self.taken[self.left[g]])
            self.taken[self.left[g]] = True
            yield step("take right", when=lambda: not self.taken[self.right[g]])
            self.taken[self.right[g]] = True
            yield step("eat")
            self.taken[self.left[g]] = False
            self.taken[self.right[g]] = False
            self.seated -= 1

    @leads_to(under=[weak("p")])
    def fed_weakly(self, g: self.p):
        return not self.p.at(g, "think"), self.p.at(g, "eat")

    @leads_to(under=[strong("p")])
    def fed_strongly(self, g: self.p):
        return not self.p.at(g, "think"), self.p.at(g, "eat")

    @leads_to(under=[weak("p"), strong("p", "sit"), strong("p", "take left")])
    def fed_but_for_the_right(self, g: self.p):
        return not self.p.at(g, "think"), self.p.at(g, "eat")


# With two at the table one of them can always eat (Hoare, *Communicating Sequential Processes*, 1985), so every seat
# and fork is free again and again, which strong fairness turns into a meal.  Weak fairness does not: g0 thinks and
# sits, two steps, and then g2 goes round for ever, five, with g0's left fork in hand for a while.  At "sit" g0 can
# only be starved by two others who are both seated at times, which is longer.
# Without strong fairness of "take right" g1 goes round once g0 has its left fork: a stem of three.
BUTLER: Answer = {
    "fed_weakly": Lasso(2, 5, ("g0",)),
    "fed_strongly": None,
    "fed_but_for_the_right": Lasso(3, 5, ("g0",)),
}

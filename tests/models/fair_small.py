"""What fairness means, one thing at a time; see ``fair`` for how the answers are written."""

# ruff: noqa: F821 - annotations name domains with self in them

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Enum,
    Int,
    Model,
    Pid,
    Queue,
    always_eventually,
    choose,
    eventually,
    leads_to,
    outcome,
    process,
    require,
    rule,
    step,
    strong,
    weak,
)

from .fair import Answer, Lasso


class Lazy(Model):
    """A process that could step for ever beside one that does."""

    name = "lazy"

    def state(self):
        self.done = Bool()
        self.tick = Bool()

    @process()
    def lazy(self, g):
        yield step("do")
        self.done = True

    @process()
    def busy(self, g):
        while True:
            yield step("tick")
            self.tick = not self.tick

    @eventually(under=[])
    def done_without_fairness(self):
        return self.done

    @eventually(under=[weak("busy"), strong("busy")])
    def done_beside(self):
        return self.done

    @eventually(under=[weak("lazy")])
    def done_weakly(self):
        return self.done

    @eventually(under=[strong("lazy", "do")])
    def done_strongly(self):
        return self.done

    @always_eventually(under=[weak("busy")])
    def ticks(self):
        return self.tick


# "do" is enabled from the start, so either fairness of it suffices.  Where only the other is fair, that ticks twice.
LAZY: Answer = {
    "done_without_fairness": Lasso(0, 0),
    "done_beside": Lasso(0, 2),
    "done_weakly": None,
    "done_strongly": None,
    "ticks": None,
}


class Waiting(Model):
    """A consumer for whom waiting is rest, but receiving is not."""

    name = "waiting"
    fairness = (weak("consumer"),)

    def state(self):
        self.queue = Queue(Bool(), 2)

    @process()
    def producer(self, g):
        for _ in range(2):
            yield step("send")
            self.queue.push(True)

    @process()
    def consumer(self, g):
        while True:
            yield step("receive", when=lambda: self.queue, rest="blocked")
            self.queue.pop()

    @leads_to
    def received(self):
        return len(self.queue) > 0, len(self.queue) == 0

    @leads_to(under=[weak("producer")])
    def received_unless_left(self):
        return len(self.queue) > 0, len(self.queue) == 0

    @eventually
    def sent(self):
        return len(self.queue) > 0

    @eventually(under=[weak("producer")])
    def sent_once(self):
        return len(self.queue) > 0

    @always_eventually(under=[weak("producer"), weak("consumer")])
    def sent_again(self):
        return len(self.queue) > 0


# The consumer has to receive what is there.  Where only the producer is fair, it sends both, and nothing more happens.
# Nobody asks the producer to send where only the consumer is fair.  Where it has to, something is sent, though not
# again and again: after two items are sent and received nothing more happens.
WAITING: Answer = {
    "received": None,
    "received_unless_left": Lasso(2, 0),
    "sent": Lasso(0, 0),
    "sent_once": None,
    "sent_again": Lasso(4, 0),
}


class Chooser(Model):
    """A choice is never fair; an outcome may be."""

    name = "chooser"

    def state(self):
        self.lucky = Bool()
        self.tick = Bool()

    @process()
    def p(self, g):
        while True:
            yield step("try")
            if choose(False, True):
                outcome("yes")
                self.lucky = True
            else:
                self.tick = not self.tick

    @eventually(under=[strong("p"), strong("p", "try")])
    def lucky_by_choice(self):
        return self.lucky

    @eventually(under=[weak("p", "try", "yes")])
    def lucky_by_weak_outcome(self):
        return self.lucky

    @eventually(under=[strong("p", outcome="yes")])
    def lucky_by_strong_outcome(self):
        return self.lucky


# The other branch is taken for ever, which is a cycle of two; its outcome is always enabled, so that either suffices.
CHOOSER: Answer = {"lucky_by_choice": Lasso(0, 2), "lucky_by_weak_outcome": None, "lucky_by_strong_outcome": None}


class Doorbell(Model):
    """Rules: one that is fair, and one that is not."""

    name = "doorbell"

    def state(self):
        self.knocked = Bool()
        self.rung = Array(Bool(), 3)

    @rule
    def knock(self):
        require(not self.knocked)
        self.knocked = True

    @rule(fair=True)
    def ring(self, bell: Int(0, 1)):
        require(not self.rung[bell])
        self.rung[bell] = True

    @eventually
    def somebody_knocks(self):
        return self.knocked

    @eventually
    def rings(self, bell: Int(0, 2)):
        return self.rung[bell]

    @eventually(under=[])
    def rings_without_fairness(self):
        return any(self.rung)

    @eventually(under=[strong("ring")])
    def knocks_or_rings(self):
        return self.knocked or any(self.rung)


# Nobody has to knock; both bells are rung before nothing more happens.  The rule is fair as a whole, so one bell after
# the other is rung, but never the third, for which there is no step.
DOORBELL: Answer = {
    "somebody_knocks": Lasso(2, 0),
    "rings": Lasso(2, 0, (2,)),
    "rings_without_fairness": Lasso(0, 0),
    "knocks_or_rings": None,
}


class Light(Model):
    """A traffic light that is never blue, and a pedestrian for each side of whom one may go."""

    name = "light"
    fairness = (weak("light"), weak("walker"))

    def state(self):
        self.colour = Enum("red", "green", "blue")
        self.first = Pid(self.walker)

    @process()
    def light(self, g):
        while True:
            yield step("turn green")
            self.colour = "green"
            yield step("turn red")
            self.colour = "red"

    @process(count=2)
    def walker(self, g):
        yield step("walk", when=lambda: self.first == g)

    @always_eventually
    def shows(self, colour: Enum("red", "green", "blue")):
        return self.colour == colour

    @always_eventually(under=[])
    def shows_without_fairness(self, colour: Enum("red", "green", "blue")):
        return self.colour == colour

    @eventually
    def walks(self, g: self.walker):
        return self.walker.at(g, "done")

    @leads_to
    def turns(self, g: self.walker, colour: Enum("red", "green", "blue")):
        return colour != "blue" and self.walker.at(g, "done"), self.colour == colour

    @leads_to(under=[weak("light")])
    def turns_or_walks(self, g: self.walker, colour: Enum("red", "green", "blue")):
        return self.colour == "green", self.colour == colour or (g == self.first and self.walker.at(g, "done"))


# The light turns for ever, a cycle of two, and g1, the first walker (a Pid begins with the first), walks before: in a
# cycle it could not.  Both promises that fail under the model's fairness fail in that lasso, for blue and for g2, whom
# the guard keeps out.  Without fairness the light stays green once it is, and red is not shown again.
# "turns_or_walks" is kept for green where it is asked and for red at the next turn; for blue it takes g1 to walk, whom
# nobody asks to: the light turns green, and for ever on.
LIGHT: Answer = {
    "shows": Lasso(1, 2, ("blue",)),
    "shows_without_fairness": Lasso(1, 0, ("red",)),
    "walks": Lasso(1, 2, ("g2",)),
    "turns": None,
    "turns_or_walks": Lasso(1, 2, ("g1", "blue")),
}

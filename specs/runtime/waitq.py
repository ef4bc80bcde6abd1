"""The queue of sudogs that wait for a channel, as a list of pointers (runtime/chan.go, runtime/select.go, go1.27.3).

What is modelled: ``enqueue`` and ``dequeue`` (chan.go:858-905) and ``dequeueSudoG`` (select.go:627-659), on the fields
first, last, next and prev.  In ``chan`` and ``select`` this queue is a sequence; here that is shown to be right.

All of it happens under the lock of the channel, so that an operation is a step.  A select waits in several queues at
once, and may be won in another one at any time ("lose"); then ``dequeue`` unlinks its sudog and goes on, and when the
goroutine comes back it calls ``dequeueSudoG``, whether or not its sudog is still linked.  Which sudog the pool hands
out is any free one: a sudog that is released dirty is found by what releaseSudog looks at (proc.go:545-550).

Checklist (ids of the reference for this part):

* line        ours: ``in_line``, a refinement: a line in which waiters queue at the end and are called in front
* ends        ours: ``ends_meet``; prev is the way back, and last the end
* forgotten   ours: ``nobody_is_forgotten``; to a refinement alone a sudog that never shows is one that never came
* called      ours: ``everybody_is_called``; to what is above a dequeue that never happens is as good as any
* throws      "runtime: sudog with non-nil next" and "prev" done: ``sudog_clean``
* c1 c3       done, as bugs
* s15         done, as a bug
* prev alone  ours: plausible edits
* next        ours: a negative control
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bound,
    Bug,
    Component,
    Enum,
    Int,
    Model,
    Option,
    Preset,
    fatal,
    invariant,
    leads_to,
    reachable,
    refines,
    require,
    rule,
    weak,
)
from gomodel.specs.abstract.line import Line

CHAN, SELECT = "runtime/chan.go", "runtime/select.go"


class WaitQueue(Component):
    """waitq, and the links of the sudogs that may stand in it."""

    def __init__(self, sudogs):
        self.sudogs = sudogs

    def state(self):
        link = Option(Int(0, self.sudogs - 1))
        self.first = link
        self.last = link
        self.next = Array(link, self.sudogs)
        self.prev = Array(link, self.sudogs)

    def enqueue(self, s):
        """chan.go:858-870."""
        if not self.bug("next"):
            self.next[s] = None
        x = self.last
        if x is None:
            self.prev[s] = None
            self.first = s
        else:
            self.prev[s] = x
            self.next[x] = s
        self.last = s

    def unlink_first(self):
        """One round of the loop of dequeue (chan.go:874-886)."""
        s = self.first
        y = self.next[s]
        if y is None:
            self.first = None
            self.last = None
        else:
            if not self.bug("prev"):
                self.prev[y] = None
            self.first = y
            if not self.bug("s15"):
                self.next[s] = None
        return s

    def dequeue_sudog(self, s):
        """select.go:627-659."""
        x, y = self.prev[s], self.next[s]
        if x is not None:
            if y is not None:
                self.next[x] = y
                self.prev[y] = x
                if not self.bug("c3"):
                    self.next[s] = None
                self.prev[s] = None
            else:
                self.next[x] = None
                if not self.bug("c1"):
                    self.last = x
                self.prev[s] = None
        elif y is not None:
            self.prev[y] = None
            self.first = y
            self.next[s] = None
        elif self.first == s or self.bug("alone"):
            self.first = None
            self.last = None

    def release(self, s):
        """releaseSudog (proc.go:545-550)."""
        if self.next[s] is not None or self.prev[s] is not None:
            fatal("runtime: sudog with non-nil next or prev", prop="sudog_clean")

    def stands(self, s):
        """Whether ``s`` is found along next from first."""
        at, found = self.first, False
        for _ in range(self.sudogs):
            if at is not None:
                found = found or at == s
                at = self.next[at]
        return found

    # --- properties ------------------------------------------------------------------------------------------

    @refines(lambda self: Line(self.sudogs))
    def in_line(self, abstract):
        """Along next from first: a line of waiters."""
        abstract.line.clear()
        at = self.first
        for _ in range(self.sudogs):
            if at is not None:
                abstract.line.push(at)
                at = self.next[at]

    @invariant
    def ends_meet(self):
        """first has nothing before it and last nothing behind it; next and prev are each other's way back."""
        one_end = self.first is None or self.prev[self.first] is None
        other_end = self.last is None or self.next[self.last] is None
        back = all(self.next[s] is None or self.prev[self.next[s]] == s for s in range(self.sudogs))
        return (self.first is None) == (self.last is None) and one_end and other_end and back

    bugs = {
        "c1": Bug(
            "the last of the queue leaves it, and last still points to it",
            breaks=("nobody_is_forgotten", "in_line", "everybody_is_called"),
            go=f"{SELECT}:641",
        ),
        "c3": Bug("a sudog from the middle keeps its next", breaks=("sudog_clean", "ends_meet"), go=f"{SELECT}:635"),
        "s15": Bug("dequeue does not mark what it has unlinked", breaks=("in_line", "sudog_clean"), go=f"{CHAN}:885"),
        "prev": Bug("the new first keeps its prev", breaks=("ends_meet",), go=f"{CHAN}:883"),
        "alone": Bug(
            "a sudog without neighbours is taken for the only one",
            breaks=("nobody_is_forgotten", "in_line", "everybody_is_called"),
            go=f"{SELECT}:655",
        ),
        "next": Bug("enqueue leaves next as it was", harmless=True, go=f"{CHAN}:859"),
    }


class WaitQueueModel(Model):
    """Sudogs of selects that queue, are served, lose, and come back."""

    name = "waitq"
    go = "go1.27.3"
    source = (CHAN, SELECT)

    sudogs: int = Bound(4, min=1, max=5, help="sudogs that may wait")

    presets = {"nightly": Preset(sudogs=5)}

    def state(self):
        self.q = WaitQueue(self.sudogs)
        # free; in the queue; lost to another case, in the queue or unlinked from it
        self.status = Array(Enum("free", "waits", "lost"), self.sudogs)

    @rule
    def enqueue(self, s: Int(0, self.sudogs - 1)):
        require(self.status[s] == "free")
        self.q.enqueue(s)
        self.status[s] = "waits"

    @rule
    def lose(self, s: Int(0, self.sudogs - 1)):
        """The select of this sudog is won in another queue."""
        require(self.status[s] == "waits")
        self.status[s] = "lost"

    @rule(fair=True)
    def dequeue(self):
        """A partner calls the first who has not lost."""
        require(self.q.first is not None)
        called = False
        for _ in range(self.sudogs):
            if not called and self.q.first is not None:
                s = self.q.unlink_first()
                if self.status[s] != "lost":
                    called = True
                    self.q.release(s)
                    self.status[s] = "free"

    @rule
    def come_back(self, s: Int(0, self.sudogs - 1)):
        """The goroutine of a loser has its locks."""
        require(self.status[s] == "lost")
        self.q.dequeue_sudog(s)
        self.q.release(s)
        self.status[s] = "free"

    @invariant
    def nobody_is_forgotten(self):
        """Whoever waits stands in the queue."""
        return all(self.status[s] != "waits" or self.q.stands(s) for s in range(self.sudogs))

    @leads_to(under=[weak("dequeue")])
    def everybody_is_called(self, s: Int(0, self.sudogs - 1)):
        """While partners come, whoever waits is called, or loses: dequeue passes losers by, and nobody is overtaken."""
        return self.status[s] == "waits", self.status[s] != "waits"

    @reachable
    def everybody_waits(self):
        return all(status == "waits" for status in self.status)

    @reachable
    def loser_in_the_middle(self):
        """A loser stands between two others."""
        q = self.q
        return any(
            self.status[s] == "lost" and q.next[s] is not None and q.prev[s] is not None for s in range(self.sudogs)
        )

    @reachable
    def loser_unlinked(self):
        """A loser that a partner has unlinked, while somebody else waits."""
        q = self.q
        return q.first is not None and any(self.status[s] == "lost" and not q.stands(s) for s in range(self.sudogs))

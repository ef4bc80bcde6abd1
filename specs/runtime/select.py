"""Select statements over one or two channels (runtime/select.go, go1.27.3).

What is modelled: ``selectgo`` (select.go:122-543) with ``sellock``, ``selunlock``, ``selparkcommit`` (34-101) and
``dequeueSudoG`` (627-663), over the channels of ``chan``; and ``block`` (103-105) for a select without a channel.  The
steps are in ``select_steps.py``, what happens to a channel under its lock is in ``hchan.py``, shared with ``chan``.

What is one step, and why that is sound:

* Each lock that is taken is a step, in the order of addresses (sellock); the last one together with what is done under
  all of them.  Locks that are released behind it, not in parking, belong to that step as well: nothing is done in
  between, and whoever waits for one of them could as well have come later.
* Pass 1 is one step, though its CASes of selectDone are shared with holders of other locks.  A CAS that fails goes on
  to fail until the owner has all of its locks, one of which is held here; so it could as well be done last.  And the
  first that succeeds ends the pass.
* Pass 2 is a step for each sudog that is queued.  Parking is one for the status, which is set with all locks held on,
  and one for each lock that ``selparkcommit`` releases.  From the first of these on a partner may find the goroutine,
  and ready it: then it runs on another M while the commit goes on, and stops at a lock that the commit still holds.
  Both are steps of one process here, in any order ("L6 commit: unlock the next; or L7 lock the next").
* Pass 3 is one step, under all locks.  Then ``goready`` of a partner is one, as in ``chan``.

What is abstracted, and why that is sound:

* The order in which cases are polled is any permutation, chosen where it is first used instead of before the locks
  (187-194): it is the goroutine's own.  The lock order is what the source's heap sort makes of it (208-240), in which
  two cases of one channel may change places.
* All send cases of one select send the same value: at most one of them does.
* ``sudog.isSelect`` is a bit for each goroutine, as all its sudogs have the same.  ``gp.waiting`` is whether the list
  is empty: its sudogs are those of the cases, in lock order.  Queues are sequences of sudogs; that the list of pointers
  is one, with ``dequeueSudoG`` in the middle, is shown in ``waitq``.
* More than two cases: bounds of the scenarios only; the component takes any number.
* Timer channels, synctest bubbles, stack shrinking (see ``chan``), profiling, sanitizers are left out.

Where an execution may end: where both channels are closed, every select returns or panics.  Elsewhere it may stay
parked, and ``asleep_only_as_go_reports`` says that it then stands in the queue of an open channel, or has none.

Fairness: weak fairness of every process.  Which of several ready cases is taken is luck: ``each_gets_its_turn`` needs
that the order of polling is drawn anew again and again (strong fairness of that outcome).

Closing is not one step: two closes of different channels may share the selects that wait in both
(``two_closes_share_the_selects``), as if each had found some of them.

Checklist (ids of the reference for this part):

* OneCase              done: ``one_case``
* NoDoubleWake         done: ``one_case``, and "bad g->status in ready": ``ready_waits``
* LosersGone           done: ``losers_gone``
* SelectDoneReset      done: ``select_done_reset``
* LockOrder            done: ``lock_order``
* DeadlockFree         done: nobody is stuck in any scenario
* CloseRecvPreference  done: ``receive_wins``, of a select that has parked
* NilNever             done: a case without a channel is in no queue; "nil" blocks for ever: ``asleep_for_ever``
* PanicOnlyIfClosed    done: ``panics_only_when_closed`` of each channel
* FIFO NoLoss          done: all properties of ``chan`` hold of both channels, with ``bounded_queue``: there a waiter in
                       a select may leave, and a close tells it when it comes to it
* liveness             done: ``all_return``, ``no_lost_wakeup``, ``close_wakes_all``, ``each_gets_its_turn``
* throws               "gp.waiting != nil" done: ``select_starts_clean``; "bad wakeup" done: ``no_bad_wakeup``; those of
                       releaseSudog for elem and isSelect done: ``sudog_clean``; "broken sort" left out: debugging only
* panics               done: "send on closed channel" in pass 1 and in pass 3, as branches that must be reached
* s1 s2 s3 s4 s7 s9 s10 s11 s12 s14   done, as bugs (numbers of the reference)
* s5        done, a negative control: queue and pass 3 are in the same order, so that the right sudog is found
* s15       small model: ``waitq``
* s17 noready keepdone keeplist keepselect noparam   ours: plausible edits
"""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Ghost,
    Int,
    Model,
    Preset,
    Scenario,
    always_eventually,
    eventually,
    process,
    reachable,
    step,
    strong,
    terminal,
    weak,
)
from gomodel.specs.runtime.chan import Channel
from gomodel.specs.runtime.goroutines import Goroutines
from gomodel.specs.runtime.select_steps import GO, LOOK, SelectSteps

# Most bugs show where two selects meet over two channels, one of which is closed.
FEW = {"senders": 0, "receivers": 0, "others": 0}


class Select(SelectSteps):
    """The select statements of a program, over ``channels`` in the order of their addresses."""

    bugs = {
        "s1": Bug(
            "pass 3 leaves the losers in their queues",
            breaks="losers_gone",
            go=f"{GO}:392",
            scenario="facing",
            bounds=FEW,
        ),
        "s2": Bug(
            "pass 2 insists that nobody waits in the other direction",
            breaks="select_starts_clean",
            go=f"{GO}:334",
            scenario="one channel",
        ),
        "s3": Bug(
            "the cases are always tried in one order",
            breaks="each_gets_its_turn",
            go=f"{GO}:191",
            issue="golang/go#2152",
            scenario="always ready",
        ),
        "s4": Bug(
            "the commit looks at the select after the last unlock",
            breaks="commit_keeps_off",
            go=f"{GO}:98",
            scenario="facing",
            bounds=FEW,
            issue="golang/go#5422",
        ),
        "s5": Bug(
            "pass 3 takes any sudog of the goroutine out of a queue", harmless=True, go=f"{GO}:392", scenario="twice"
        ),
        "s7": Bug(
            "a select that is woken by a close looks at its cases again",
            breaks="receive_wins",
            go=f"{GO}:413",
            scenario="one channel",
        ),
        "s9": Bug(
            "locks are taken in the order of the cases",
            breaks=("lock_order", "deadlock"),
            go=f"{GO}:40",
            scenario="facing",
            bounds=FEW,
        ),
        "s10": Bug(
            "the commit unlocks a channel at its first case",
            breaks="commit_keeps_off",
            go=f"{GO}:86",
            scenario="one channel",
        ),
        "s11": Bug(
            "pass 3 looks into the queue of the other direction",
            breaks="losers_gone",
            go=f"{GO}:391",
            scenario="facing",
            bounds=FEW,
        ),
        "s12": Bug(
            "pass 1 does not see that a channel is closed", breaks="deadlock", go=f"{GO}:283", scenario="receiving"
        ),
        "s17": Bug(
            "pass 1 goes on after a case that can proceed", breaks="one_case", go=f"{GO}:278", scenario="always ready"
        ),
        "noready": Bug(
            "a select does not ready the partner that it serves",
            breaks=("deadlock", "all_return", "asleep_only_as_go_reports"),
            go="runtime/chan.go:350",
            scenario="facing",
            bounds=FEW,
        ),
        "keepdone": Bug(
            "selectDone is not reset", breaks="select_done_reset", go=f"{GO}:356", scenario="facing", bounds=FEW
        ),
        "keeplist": Bug(
            "gp.waiting is not reset", breaks="select_starts_clean", go=f"{GO}:374", scenario="twice around"
        ),
        "keepselect": Bug("isSelect is not reset", breaks="sudog_clean", go=f"{GO}:370", scenario="facing", bounds=FEW),
    }


class Selecting(Goroutines):
    """Goroutines as they should be, and with mistakes that only a select shows."""

    def lost(self, s):
        return not self.bug("s14") and Goroutines.lost(self, s)

    def notify(self, s):
        if not self.bug("noparam"):
            Goroutines.notify(self, s)

    bugs = {
        "s14": Bug(
            "dequeue does not look at selectDone",
            breaks="one_case",
            go="runtime/chan.go:897",
            scenario="facing",
            bounds=FEW,
        ),
        "noparam": Bug(
            "a waker does not say which sudog it served",
            breaks="no_bad_wakeup",
            go="runtime/chan.go:345",
            scenario="facing",
            bounds=FEW,
        ),
    }


SHAPES = {  # of the selects on the left, and on the right
    "facing": (("send a", "receive b"), ("send b", "receive a")),
    "receiving": (("receive a", "receive b"), ("receive b", "receive a")),
    "one channel": (("send a", "receive a"), ("receive a", "send a")),
    "twice": (("receive a", "receive a"), ("receive a", "receive b")),
    "nil": (("receive nil", "receive a"), ("receive nil", "send nil")),
}


class SelectModel(Model):
    """Two selects over two channels, and plain goroutines around them."""

    name = "select"
    go = "go1.27.3"
    source = (GO, "runtime/chan.go")
    left_out = {
        f"{GO}:73": "keeps stack shrinking off, as in chan",
        f"{GO}:350": "keeps stack shrinking off, as in chan",
    }

    shape: str = Bound("facing", help="the cases of the selects: facing, receiving, one channel, twice, or nil")
    lefts: int = Bound(1, min=0, max=2, help="goroutines with the select of the left")
    rights: int = Bound(1, min=0, max=2, help="goroutines with the select of the right")
    rounds: int = Bound(1, min=0, max=3, help="selects that each of them goes through; 0: it never stops")
    senders: int = Bound(0, min=0, max=2, help="goroutines that send to a")
    receivers: int = Bound(0, min=0, max=2, help="goroutines that receive from b")
    closers: int = Bound(0, min=0, max=2, help="goroutines that close a")
    others: int = Bound(0, min=0, max=2, help="goroutines that close b")
    cap: int = Bound(0, min=0, max=2, help="values that the buffer of each channel has room for")
    defaults: bool = Bound(False, help="the select of the left has a default")

    scenarios = {
        "facing": Scenario(
            "two selects that can meet over either channel; a sender, a receiver, and both channels are closed",
            senders=1, receivers=1, closers=1, others=1,
        ),
        "twice around": Scenario("the same two selects, twice, and nobody else", rounds=2),
        "receiving": Scenario(
            "two selects that receive from both channels, a sender, and both are closed",
            shape="receiving", senders=1, closers=1, others=1,
        ),
        "buffered": Scenario("the same with a buffer", shape="receiving", senders=2, closers=1, others=1, cap=1),
        "one channel": Scenario(
            "two selects that send to and receive from one channel", shape="one channel", closers=1, senders=1, rounds=2
        ),
        "twice": Scenario("two cases that receive from one channel", shape="twice", senders=1, closers=1, others=1),
        "default": Scenario("a select with a default faces one without", defaults=True, senders=1, closers=1, others=1),
        "nil": Scenario("cases without a channel", shape="nil", senders=1, closers=1),
        "always ready": Scenario(
            "both channels are closed, and a select goes on for ever",
            shape="receiving", rounds=0, rights=0, closers=1, others=1,
        ),
    }  # fmt: skip
    fairness = (weak("left"), weak("right"), weak("sender"), weak("receiver"), weak("closer"), weak("other"))
    presets = {
        "quick": Preset(scenarios=("facing", "one channel", "twice", "default", "nil", "always ready")),
        "nightly": Preset(rounds=2),
    }

    def state(self):
        if self.shape not in SHAPES:
            raise ValueError(f"there is no shape {self.shape!r}; there are: {', '.join(SHAPES)}")
        procs = self.left | self.right | self.sender | self.receiver
        tokens = (self.lefts + self.rights) * self.rounds + self.senders
        closed = self.closers > 0 and self.others > 0
        self.gs = Selecting(procs, cases=2, asleep=not closed)
        repeats = 2 if self.shape == "twice" else 1
        self.a = Channel(self.gs, self.cap, tokens=max(tokens, 1), repeats=repeats)
        self.b = Channel(self.gs, self.cap, tokens=max(tokens, 1))
        self.sel = Select(self.gs, self.a, self.b)
        self.last = Ghost(Int(-1, 1))  # the case that a select has taken last

    def cases(self, side):
        channels = {"a": self.a, "b": self.b, "nil": None}
        return tuple((case.split()[0], channels[case.split()[1]]) for case in SHAPES[self.shape][side])

    @process(count="lefts")
    def left(self, p):
        done: Int(0, self.rounds) = 0
        while self.rounds == 0 or done < self.rounds:
            i, how, _ = yield from self.sel.select(p, self.cases(0), 1 + done, not self.defaults)
            self.last = i
            if how == "panic":
                return
            if self.rounds > 0:
                done += 1

    @process(count="rights")
    def right(self, q):
        done: Int(0, self.rounds) = 0
        while self.rounds == 0 or done < self.rounds:
            _, how, _ = yield from self.sel.select(q, self.cases(1), 1 + self.rounds + done)
            if how == "panic":
                return
            if self.rounds > 0:
                done += 1

    @process(count="senders")
    def sender(self, s):
        yield step("send")
        yield from self.a.send(s, self.a.tokens)

    @process(count="receivers")
    def receiver(self, r):
        yield step("receive")
        yield from self.b.receive(r)

    @process(count="closers")
    def closer(self, c):
        yield step("close a")
        yield from self.a.close(c)

    @process(count="others")
    def other(self, d):
        yield step("close b")
        yield from self.b.close(d)

    def everybody_is_done(self):
        done = all(self.left.at(p, "done") for p in self.left) and all(self.right.at(q, "done") for q in self.right)
        done = done and all(self.sender.at(s, "done") for s in self.sender)
        done = done and all(self.receiver.at(r, "done") for r in self.receiver)
        done = done and all(self.closer.at(c, "done") for c in self.closer)
        return done and all(self.other.at(d, "done") for d in self.other)

    @eventually(scenario="facing")
    def all_return(self):
        """Once all channels have been closed every select and every operation has returned, or has panicked."""
        return self.everybody_is_done()

    @always_eventually(
        scenario="always ready",
        under=[weak("left"), weak("closer"), weak("other"), strong("left", LOOK, "order 1")],
    )
    def each_gets_its_turn(self):
        """Of two cases that are always ready the second is taken again and again if its order is drawn so often."""
        return self.last == 1

    @reachable(scenario="receiving")
    def two_closes_share_the_selects(self):
        """One select is woken by the close of a, the other by the close of b: no order of closes at once does that."""
        told = [any(c.gs.get(c.success, c.gs.sudog(p, i)) == "no" for i in range(2) for p in k)
                for c, k in ((self.a, self.left), (self.b, self.right))]  # fmt: skip
        return told[0] and told[1]

    @terminal
    def asleep_only_as_go_reports(self):
        """In the end all have returned, or who has not sleeps in a queue of an open channel, or has no channel."""
        channels = (self.a, self.b)
        free = all(not c.locked for c in channels)
        if self.everybody_is_done():
            return free and all(len(c.sendq) + len(c.recvq) == 0 for c in channels)
        found = all(
            not self.gs.waiting[g] or self.shape == "nil" or any(c.linked(g) and not c.closed for c in channels)
            for g in self.gs.procs
        )
        return free and found

"""Channels: send, receive and close, blocking or not (runtime/chan.go, go1.27.3).

What is modelled: ``chansend`` (chan.go:176-310) with ``send`` (318-351), ``chanrecv`` (524-686) with ``recv``
(702-746), ``closechan`` (414-486), ``full``, ``empty``, ``dequeue``, ``enqueue`` (146-155, 492-503, 858-905), and of
the scheduler what parks and readies (proc.go:4268-4318, 1133-1154).  A non-blocking operation is what the compiler
makes of a select with one case and a default (chan.go:768-806).  Values are tokens: which sender, which of its values.
The steps are in ``chan_steps.py``, what happens under the lock is in ``hchan.py``, what belongs to a goroutine in
``goroutines.py``.  Scenario "shrink" adds somebody who shrinks the stack of a parked goroutine, once, as a garbage
collection does at most (stack.go:929-985, 878-923, 1245-1280), with the flags that keep it off; there alone the flags
are part of the state.

What is one step, and why that is sound:

* A region under ``c.lock`` is one step, from lock to unlock, but for close and for parking.  Who does not hold the
  lock sees of a channel only what the fast paths load: ``closed``, and ``recvq.first`` or ``sendq.first`` if it is
  unbuffered, else ``qcount``.  Each region writes at most one of these, once, so nobody can tell it from a step.
* ``closechan`` writes several: ``closed``, then one of the queues' heads with each goroutine that it unlinks.  So it
  is a step for the store, one for each dequeue, and one for each goready of the list, which is last in, first out.
* Parking is three steps: queue, with the lock held on; status waiting (proc.go:4290); ``chanparkcommit``, which
  unlocks (chan.go:764).  The status is set on g0 *before* the unlock, and whoever readies must have taken the lock.
* ``unlock`` and ``goready`` are two steps: in between a receiver sleeps with its value, in no queue.
  ``sg.success`` and ``gp.param`` are written after the unlock (chan.go:345-346); until goready they are the waker's.
* The fast paths are two or three loads, each a step.  Plain loads (213, 151, 154) as well as atomic ones are
  sequentially consistent here: the source argues (208-212) that the order of the two loads of a send does not matter
  (bug ``swapsend``, a negative control), and a receive uses atomic loads (552-557).

What is abstracted, and why that is sound:

* A queue is a sequence, not a list of pointers: it is touched under the lock only, and ``waitq`` shows that it is one.
* A goroutine has one sudog: it is in one queue at a time, as none is in a select; that is the model ``select``.
  ``success`` is not cleared when a sudog is taken from the pool; so it is "unset" here, and to read it before it is
  written is an error (``success_written``).
* What a receiver's slot holds before is any old value: ``stale``, which must not be seen.  A sender's slot is reset
  when its value has been copied: nobody reads it any more.
* A panic ends the operation and the goroutine returns: what it does next is the program's business.
* ``gp.waiting``, ``gp.param``: written by their own goroutine, or a waker before goready; read by nobody but select.
* Values that the program ignores (``ep == nil``), timer channels, synctest bubbles, the race detector (which moves
  recvx and sendx on a direct send, 327-337), profiling are left out: they do not change who gets which value.

Where an execution may end: with a closer, everybody returns or panics, for receivers go on until they are told
"closed".  Without one, and with as many sends as receives, everybody returns.  In these scenarios a sleeper that nobody
wakes is a deadlock.  Else goroutines may sleep for ever, and Go reports that all are asleep if the main goroutine waits
for them: ``asleep_only_as_go_reports`` says that they stand in a queue of an open channel that nobody has locked, so
that a partner, if there were one, would find them.

Non-blocking operations (docs/findings/chan-nonblocking.md).  A receive that fails: at some moment while it was under
way the channel was open and empty.  A send that fails on a buffered channel: at some moment it was open and full, also
if a close falls between its two loads.  On an unbuffered one that does not hold, against the comment at 199-206: the
close takes the waiting receiver out of the queue between the loads (``send_fails_never_full``).  What holds there: at
some moment no receiver waited, be the channel open or closed (``failing_send_saw_no_receiver``).

Checklist (ids of the reference for this part):

* FIFO                  done: ``fifo``
* NoLossNoDup           done: ``no_loss_no_dup``
* RingIdx               done: ``ring_index``
* NoRecvParkedWithData  done: ``no_receiver_parked_with_data``
* NoSendParkedWithRoom  done: ``no_sender_parked_with_room``
* QueueXor              done: ``queue_xor``; its exception, one select in both queues, in ``select``
* ClosedQueuesEmpty     done: ``closed_queues_empty``
* DrainThenZero         done: ``drain_then_zero``, ``value_as_handed``, ``all_received``
* NoValueFromPanickedSend  done: ``nothing_sent_after_close``, ``success_as_served``
* DirectWriteOnce       done: ``direct_write_once``, ``shrunk_under_the_lock``, ``shrunk_while_parked``
* NoBarging             done: ``no_barging``, ``arrival_order``
* NBLin                 done: ``failing_receive_saw_it_empty``, ``failing_send_saw_it_full``,
                        ``failing_send_saw_no_receiver``
* CloseOnce             done: ``close_once``; ``panics_only_when_closed`` for the other direction
* NoLostWakeup          done: ``no_lost_wakeup``, under weak fairness of each process
* CloseWakesAll         done: ``close_wakes_all``, likewise
* HandOff               done: ``hand_off``, likewise
* queue                 ours: ``bounded_queue``, a refinement of ``specs/abstract/queue.py``
* ends                  ours: ``asleep_only_as_go_reports``, ``every_operation_returns``, ``all_return_after_close``
* throws                "bad g->status in ready" done: ``ready_waits``; "spurious wakeup" done: ``no_spurious_wakeup``;
                        proc.go:540 done: ``sudog_clean``; "unreachable" done: ``asleep_for_ever``.  "G waiting list is
                        corrupted" and the other sudog fields (proc.go:531, 543-560) left out: with one sudog for each
                        goroutine nothing here could set them wrong
* panics                done: the branches "panic" of send and close, which must be reached
* c5 c9 c11 c12 c13 c15a c15b c17 c19   done, as bugs
* c6 c7       done, as bugs of scenario "shrink"
* c1 c3       small model: ``waitq``
* c2          small model: ``select``, as s5
* c4          left out: needs write barriers
* c10         left out: go1.15 and older, a protocol without the success bit
* twice noready nounlock hasty drain prefer xor elem reclose zero one invert nilpark last   ours: plausible edits
* oldsuccess nosuccess failure swaprecv openfast blindfull noscan   ours: more of them
* swapcommit  ours: the order within chanparkcommit
* swapsend noclear sendfirst   ours: negative controls
"""

from __future__ import annotations

from gomodel import (
    Bound,
    Bug,
    Int,
    Model,
    Preset,
    Scenario,
    eventually,
    invariant,
    leads_to,
    process,
    reachable,
    step,
    terminal,
    weak,
)
from gomodel.specs.runtime.chan_steps import ChannelSteps
from gomodel.specs.runtime.goroutines import Goroutines

GO = "runtime/chan.go"


class Channel(ChannelSteps):
    """One channel of a program whose goroutines are ``gs``; values are 1 … ``tokens``, and 0 is the zero value."""

    bugs = {
        "c5": Bug("a value is copied to the receiver after the unlock", breaks="direct_write_once", go=f"{GO}:340"),
        "c6": Bug(
            "close readies with the lock held, and waits for the scan bit of one whose scanner waits for the lock",
            breaks="deadlock",
            go=f"{GO}:478",
            scenario="shrink",
        ),
        "c7": Bug(
            "parkingOnChan is not set: a stack is shrunk while its goroutine parks",
            breaks=("direct_write_once", "shrinking_is_kept_off", "shrunk_under_the_lock"),
            go=f"{GO}:278",
            issue="golang/go#40641",
            scenario="shrink",
        ),
        "swapcommit": Bug(
            "parkingOnChan is reset before activeStackChans is set",
            breaks=("shrinking_is_kept_off", "shrunk_under_the_lock"),
            go=f"{GO}:758",
            scenario="shrink",
        ),
        "noscan": Bug(
            "goready does not wait for the scan bit: a goroutine runs while its stack is shrunk",
            breaks="shrunk_while_parked",
            go="runtime/proc.go:1303",
            scenario="shrink",
        ),
        "noclear": Bug("receive leaves the value in the buffer", harmless=True, go=f"{GO}:621", scenario="close cap 1"),
        "c9": Bug(
            "the fast path of receive does not look for data again once it has seen the channel closed",
            breaks="drain_then_zero",
            go=f"{GO}:569",
            issue="golang/go#32529",
        ),
        "c11": Bug(
            "receive from a full buffer does not move sendx",
            breaks=("ring_index", "fifo", "no_loss_no_dup"),
            go=f"{GO}:735",
        ),
        "c12": Bug("receive takes the value of a parked sender past the buffer", breaks=("fifo",), go=f"{GO}:720"),
        "c13": Bug(
            "send looks for room before it looks for receivers", breaks="no_receiver_parked_with_data", go=f"{GO}:229"
        ),
        "c15a": Bug("close forgets the senders", breaks=("closed_queues_empty",), go=f"{GO}:462"),
        "c15b": Bug(
            "send looks at closed after it has stored the value", breaks="nothing_sent_after_close", go=f"{GO}:224"
        ),
        "c17": Bug("send stores into a full buffer", breaks=("ring_index", "no_loss_no_dup"), go=f"{GO}:236"),
        "c19": Bug("the receiver is woken before the value is copied", breaks="value_as_handed", go=f"{GO}:340"),
        "twice": Bug(
            "a value that is handed to a receiver goes into the buffer, too", breaks="no_loss_no_dup", go=f"{GO}:232"
        ),
        "noready": Bug(
            "the receiver that was handed a value is not readied",
            breaks=("deadlock", "hand_off", "every_operation_returns", "no_lost_wakeup", "asleep_only_as_go_reports"),
            go=f"{GO}:350",
        ),
        "nounlock": Bug("a send that panics keeps the lock", breaks="deadlock", go=f"{GO}:225"),
        "hasty": Bug("the lock is released before gopark", breaks="ready_waits", go=f"{GO}:283"),
        "swapsend": Bug("the fast path of send loads closed last", harmless=True, go=f"{GO}:213"),
        "openfast": Bug(
            "the fast path of send does not look at closed", breaks="failing_send_saw_it_full", go=f"{GO}:213"
        ),
        "blindfull": Bug(
            "full looks at the buffer only: an unbuffered channel is always full",
            breaks="failing_send_saw_no_receiver",
            go=f"{GO}:149",
        ),
        "swaprecv": Bug(
            "the fast path of receive loads closed first", breaks="failing_receive_saw_it_empty", go=f"{GO}:559"
        ),
        "drain": Bug(
            "receive gives up on a closed channel that has data",
            breaks=("drain_then_zero", "all_received"),
            go=f"{GO}:589",
        ),
        "prefer": Bug(
            "receive takes from the buffer while senders are parked",
            breaks=("no_sender_parked_with_room", "no_barging"),
            go=f"{GO}:602",
        ),
        "xor": Bug("receive on an unbuffered channel does not look for senders", breaks=("queue_xor",), go=f"{GO}:602"),
        "elem": Bug("receive leaves elem of the sender's sudog", breaks="sudog_clean", go=f"{GO}:737"),
        "reclose": Bug("close does not look at closed", breaks="close_once", go=f"{GO}:423"),
        "sendfirst": Bug(
            "close looks at senders before receivers", harmless=True, go=f"{GO}:440", scenario="close cap 0"
        ),
        "zero": Bug("close does not zero the slots of receivers", breaks="value_as_handed", go=f"{GO}:445"),
        "oldsuccess": Bug("close leaves success as it was", breaks="success_written", go=f"{GO}:453"),
        "nosuccess": Bug("a waker leaves success as it was", breaks="success_written", go=f"{GO}:346"),
        "failure": Bug(
            "a waker writes success = false", breaks=("success_as_served", "no_spurious_wakeup"), go=f"{GO}:741"
        ),
        "one": Bug(
            "close readies one goroutine only",
            breaks=("close_wakes_all", "no_lost_wakeup", "deadlock", "all_return_after_close"),
            go=f"{GO}:481",
        ),
        "invert": Bug("close panics if the channel is open", breaks="panics_only_when_closed", go=f"{GO}:423"),
        "nilpark": Bug(
            "a goroutine that uses a nil channel goes on", breaks="asleep_for_ever", go=f"{GO}:181", scenario="nil"
        ),
        "last": Bug("dequeue takes the last waiter", breaks=("arrival_order", "bounded_queue"), go=f"{GO}:874"),
    }


class ChannelModel(Model):
    """Senders, receivers and closers of one channel."""

    name = "chan"
    go = "go1.27.3"
    source = (GO,)
    left_out = {
        f"{GO}:232": "a closure: its unlock is 344",
        f"{GO}:607": "a closure: its unlock is 739",
        f"{GO}:897": "of waiters in a select: see select",
    }

    senders: int = Bound(2, min=0, max=5, help="goroutines that send, and wait")
    receivers: int = Bound(2, min=0, max=5, help="goroutines that receive, and wait")
    closers: int = Bound(1, min=0, max=3, help="goroutines that close")
    trysenders: int = Bound(0, min=0, max=3, help="goroutines that try to send: select with default")
    tryreceivers: int = Bound(0, min=0, max=3, help="goroutines that try to receive: select with default")
    cap: int = Bound(1, min=0, max=4, help="values that the buffer has room for")
    values: int = Bound(2, min=1, max=4, help="values that each sender sends")
    takes: int = Bound(2, min=1, max=4, help="values that each receiver receives, if nobody closes")
    shrinkers: int = Bound(0, min=0, max=2, help="garbage collectors that shrink stacks of parked goroutines")
    nil: bool = Bound(False, help="the channel is nil")

    scenarios = {
        "close cap 0": Scenario("unbuffered; receivers go on until they are told that it is closed", cap=0),
        "close cap 1": Scenario("the same with a buffer for one value", cap=1),
        "close cap 2": Scenario("and for two", cap=2),
        "rounds": Scenario("as many receives as sends, nobody closes", closers=0, cap=1),
        "two closers": Scenario("the second close panics", senders=1, receivers=1, closers=2),
        "try cap 0": Scenario(
            "and one that tries to send, one that tries to receive, unbuffered",
            senders=1, receivers=1, trysenders=1, tryreceivers=1, cap=0, values=1,
        ),
        "try cap 1": Scenario(
            "the same with a buffer", senders=1, receivers=1, trysenders=1, tryreceivers=1, cap=1, values=1
        ),
        "parked senders": Scenario("three senders of one value, one receiver", senders=3, receivers=1, values=1),
        "too many sends": Scenario("a sender stays asleep: Go's deadlock", closers=0, receivers=1),
        "nil": Scenario("a nil channel", senders=1, receivers=1, closers=1, trysenders=1, tryreceivers=1, nil=True),
        "shrink": Scenario(
            "and a stack is shrunk meanwhile", shrinkers=1, values=1
        ),
    }  # fmt: skip
    fairness = (
        weak("sender"),
        weak("receiver"),
        weak("trysender"),
        weak("tryreceiver"),
        weak("closer"),
        weak("shrinker"),
    )
    presets = {
        "quick": Preset(
            scenarios=("close cap 0", "rounds", "two closers", "try cap 0", "try cap 1", "close cap 2", "shrink"),
            unreached=("all_asleep",),
        ),
        "nightly": Preset(senders=3, receivers=3),
    }

    def state(self):
        first, tries = self.senders * self.values, self.trysenders
        sends, receives = first, self.receivers * self.takes
        # whether a correct program of this shape may leave a goroutine asleep
        open_ended = self.closers == 0 and (
            self.trysenders + self.tryreceivers > 0 or not receives <= sends <= receives + self.cap
        )
        self.token = tuple(1 + i * self.values for i in range(self.senders)) or (0,)  # the first of each sender
        self.tried = tuple(1 + first + i for i in range(tries)) or (0,)
        procs = self.sender | self.receiver | self.trysender | self.tryreceiver
        self.gs = Goroutines(procs, asleep=open_ended, shrinking=self.shrinkers > 0)
        self.chan = Channel(self.gs, self.cap, tokens=max(first + tries, 1), nil=self.nil)

    @process(count="senders")
    def sender(self, s):
        done: Int(0, self.values) = 0
        while done < self.values:
            result = yield from self.chan.send(s, self.token[s] + done)
            if result == "panic":
                return
            done += 1

    @process(count="receivers")
    def receiver(self, r):
        done: Int(0, self.takes) = 0
        while self.closers > 0 or done < self.takes:
            how, _ = yield from self.chan.receive(r)
            if how == "closed":
                return
            if self.closers == 0:
                done += 1

    @process(count="trysenders")
    def trysender(self, t):
        yield step("try")
        yield from self.chan.send(t, self.tried[t], block=False)

    @process(count="tryreceivers")
    def tryreceiver(self, t):
        yield step("try")
        yield from self.chan.receive(t, block=False)

    @process(count="shrinkers")
    def shrinker(self, k):
        yield from self.chan.shrink()

    @process(count="closers")
    def closer(self, c):
        yield step("close")
        yield from self.chan.close(c)

    @invariant
    def failing_receive_saw_it_empty(self):
        """A non-blocking receive fails: while it was under way the channel was once open and empty (NBLin)."""
        return not self.chan.refused_receive

    @invariant
    def failing_send_saw_it_full(self):
        """A non-blocking send on a buffered channel fails: meanwhile the channel was once open and full (NBLin)."""
        return self.cap == 0 or not self.chan.refused_send

    @invariant
    def failing_send_saw_no_receiver(self):
        """One on an unbuffered channel fails: meanwhile there was once no receiver waiting, open or closed (NBLin)."""
        return not self.chan.spurned

    @invariant
    def shrunk_while_parked(self):
        """Until it is resumed a goroutine whose stack is shrunk is parked: who readies it waits (proc.go:1303-1320)."""
        return all(
            self.shrinker.at(k, "K1 suspend", "done") or self.gs.waiting[self.shrinker[k].shrink.g]
            for k in self.shrinker
        )

    @invariant
    def shrunk_under_the_lock(self):
        """Who is about to copy a stack finds activeStackChans set, and takes the channel's lock (DirectWriteOnce)."""
        return all(
            not self.shrinker.at(k, "K3 load activeStackChans") or self.gs.active_stack_chans[self.shrinker[k].shrink.g]
            for k in self.shrinker
        )

    @leads_to
    def hand_off(self, r: self.receiver):
        """The receiver that is next gets on once there is a sender about to send to it (HandOff)."""
        if self.nil:
            return False, False
        sender = any(self.sender.at(s, "S2 lock; panic, hand over, store, fail or queue") for s in self.sender)
        first = len(self.chan.recvq) > 0 and self.chan.recvq[0] == r
        return sender and first, not self.gs.waiting[r] and not self.chan.queued(r)

    @leads_to(scenario="rounds")
    def every_operation_returns(self):
        """With as many receives as sends every operation returns."""
        return True, self.everybody_is_done()

    @eventually(scenario="close cap 0")
    def all_return_after_close(self):
        """Once the channel has been closed every operation returns, or panics."""
        return self.everybody_is_done()

    def everybody_is_done(self):
        done = all(self.sender.at(s, "done") for s in self.sender)
        done = done and all(self.receiver.at(r, "done") for r in self.receiver)
        done = done and all(self.trysender.at(t, "done") for t in self.trysender)
        done = done and all(self.tryreceiver.at(t, "done") for t in self.tryreceiver)
        return done and all(self.closer.at(c, "done") for c in self.closer)

    @terminal
    def asleep_only_as_go_reports(self):
        """In the end all have returned, or who has not sleeps where a partner or a close would find it.

        Go reports "all goroutines are asleep" there.  No lock is held, and the channel is open.
        """
        c = self.chan
        if self.everybody_is_done():
            return not c.locked and len(c.sendq) + len(c.recvq) == 0
        linked = all(not self.gs.waiting[g] or c.queued(g) for g in c.procs)
        return not c.locked and not c.closed and (self.nil or linked)

    @terminal
    def all_received(self):
        """Where receivers go on until the channel is closed, every value that was sent has been received."""
        return self.closers == 0 or self.receivers == 0 or self.chan.qcount == 0

    @reachable(scenario="try cap 0")
    def send_fails_never_full(self):
        """A non-blocking send on an unbuffered channel fails, and there was no moment at which it was open and full."""
        return self.chan.refused_send

    @reachable(scenario="too many sends")
    def all_asleep(self):
        """All goroutines are asleep, or gone: Go's deadlock."""
        if self.nil:
            return False
        c = self.chan
        return self.everybody_rests() and any(self.gs.waiting[g] for g in c.procs)

    def everybody_rests(self):
        """Everybody is parked, or has returned."""
        c = self.chan
        rest = all(self.sender.at(s, "done") or self.gs.waiting[s] for s in self.sender)
        rest = rest and all(self.receiver.at(r, "done") or self.gs.waiting[r] for r in self.receiver)
        rest = rest and all(self.trysender.at(t, "done") for t in self.trysender)
        rest = rest and all(self.tryreceiver.at(t, "done") for t in self.tryreceiver)
        return rest and not c.locked and all(self.closer.at(k, "done") for k in self.closer)

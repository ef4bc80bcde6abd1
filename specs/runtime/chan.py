"""Channels: send, receive and close, blocking or not (runtime/chan.go, go1.27.3).

What is modelled: ``chansend`` (chan.go:176-310) with ``send`` (318-351), ``chanrecv`` (524-686) with ``recv``
(702-746), ``closechan`` (414-486), ``full``, ``empty``, ``dequeue``, ``enqueue`` (146-155, 492-503, 858-905), and of
the scheduler what parks and readies (proc.go:4268-4318, 1133-1154).  A non-blocking operation is what the compiler
makes of a select with one case and a default (chan.go:768-806).  Values are tokens: which sender, which of its values.
Scenario "shrink" adds somebody who shrinks the stack of a parked goroutine, once, as a garbage collection does at most
(stack.go:929-985, 878-923, 1245-1280), with the flags that keep it off; there alone the flags are part of the state.

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

* A queue is a sequence, not a list of pointers: it is touched under the lock only, and without select only its head
  leaves it.  ``dequeueSudoG`` in the middle comes with select.
* A goroutine has one sudog: without select it is in one queue at a time.  ``success`` is not cleared when a sudog is
  taken from the pool; so it is "unset" here, and to read it before it is written is an error (``success_written``).
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
close takes the waiting receiver out of the queue between the loads (``send_fails_never_full``).

Checklist (ids of the reference for this part):

* FIFO                  done: ``fifo``
* NoLossNoDup           done: ``no_loss_no_dup``
* RingIdx               done: ``ring_index``
* NoRecvParkedWithData  done: ``no_receiver_parked_with_data``
* NoSendParkedWithRoom  done: ``no_sender_parked_with_room``
* QueueXor              done: ``queue_xor``; the exception, one select in both queues, comes with select
* ClosedQueuesEmpty     done: ``closed_queues_empty``
* DrainThenZero         done: ``drain_then_zero``, ``value_as_handed``, ``all_received``
* NoValueFromPanickedSend  done: ``nothing_sent_after_close``, ``success_as_served``
* DirectWriteOnce       done: ``direct_write_once``
* NoBarging             done: ``no_barging``, ``arrival_order``
* NBLin                 done: ``failing_receive_saw_it_empty``, ``failing_send_saw_it_full``
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
* c1 c3       left out: the pointers of the list; a dequeue in the middle, and recycled fields, come with select
* c2          left out: needs one channel in two cases of a select
* c4          left out: needs write barriers
* c10         left out: go1.15 and older, a protocol without the success bit
* twice noready nounlock hasty drain prefer xor elem reclose zero one invert nilpark last   ours: plausible edits
* oldsuccess nosuccess failure swaprecv openfast   ours: more of them
* swapcommit  ours: the order within chanparkcommit
* swapsend noclear   ours: negative controls
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Component,
    Enum,
    Ghost,
    Int,
    Model,
    Pid,
    Preset,
    Queue,
    Scenario,
    Seq,
    Set,
    choose,
    eventually,
    fatal,
    implies,
    invariant,
    leads_to,
    process,
    reachable,
    refines,
    require,
    step,
    step_invariant,
    terminal,
    weak,
)
from gomodel.specs.abstract.queue import BoundedQueue

GO = "runtime/chan.go"
WAKER = "sudog and status belong to the waker: it has unlinked the sudog, and the goroutine is parked"
WOKEN = "sudog and slot belong to the woken goroutine; a channel that is closed stays closed"
# The lines of the two large regions.
SEND = {
    222: "lock(&c.lock)",
    224: "c.closed != 0",
    225: "unlock(&c.lock)",
    229: "c.recvq.dequeue()",
    236: "c.qcount < c.dataqsiz",
    248: "unlock(&c.lock)",
    253: "unlock(&c.lock)",
    273: "c.sendq.enqueue(mysg)",
    278: "gp.parkingOnChan.Store(true)",
    344: "unlockf()",
}
RECEIVE = {
    586: "lock(&c.lock)",
    588: "c.closed != 0",
    593: "unlock(&c.lock)",
    602: "c.sendq.dequeue()",
    612: "c.qcount > 0",
    627: "unlock(&c.lock)",
    632: "unlock(&c.lock)",
    653: "c.recvq.enqueue(mysg)",
    662: "gp.parkingOnChan.Store(true)",
    739: "unlockf()",
}


def places(lines):
    return tuple(f"{GO}:{line}" for line in lines)


class Channel(Component):
    """One channel, and the sudog, slot and status of each goroutine that uses it."""

    def __init__(self, procs, cap, *, tokens, nil=False, asleep=False, shrinking=False):
        self.procs = procs
        self.cap = cap
        self.tokens = tokens  # values are 1 … tokens; 0 is the zero value
        self.nil = nil
        self.shrinking = shrinking  # somebody shrinks stacks: what keeps it off is modelled
        self.rest = "blocked" if asleep else False  # a program may leave goroutines parked
        self.stale = tokens + 1  # what a slot holds into which nothing has been received yet

    def state(self):
        n, value = self.procs.size, Int(0, self.stale)
        self.locked = Bool()  # c.lock, where a step ends with it held
        self.closed = Bool()
        self.qcount = Int(0, self.cap + 1)
        self.sendx = Int(0, self.cap)
        self.recvx = Int(0, self.cap)
        self.buf = Array(value, max(self.cap, 1))
        self.sendq = Queue(Pid(self.procs), n)
        self.recvq = Queue(Pid(self.procs), n)
        # of the sudog of each goroutine; it has one at a time, as none is in a select
        self.elem = Array(Bool(), self.procs)  # sudog.elem is not nil: it points to the slot
        self.success = Array(Enum("unset", "no", "yes"), self.procs)  # sudog.success
        self.slot = Array(Int(0, self.stale, init=self.stale), self.procs)  # what ep points to
        self.waiting = Array(Bool(), self.procs)  # g.atomicstatus is _Gwaiting
        # what keeps stack shrinking off; written only where somebody shrinks
        self.parking_on_chan = Array(Bool(), self.procs)  # g.parkingOnChan
        self.active_stack_chans = Array(Bool(), self.procs)  # g.activeStackChans
        self.scan = Array(Bool(), self.procs)  # the _Gscan bit of g.atomicstatus
        self.glist = Queue(Pid(self.procs), n)  # of the goroutine that closes
        self.sent = Ghost(Seq(value, self.tokens))  # values sent and not received yet, as they were sent
        self.due = Ghost(Array(Int(0, self.stale, init=self.stale), self.procs))  # what a woken receiver was given
        self.served = Ghost(Array(Bool(), self.procs))  # a partner has completed the operation of this parked one
        self.reordered = Ghost(Bool())  # a value was received before one that was sent before it
        self.invented = Ghost(Bool())  # a value was received that nobody had sent, or twice
        self.late = Ghost(Bool())  # a value was sent on a closed channel
        self.undrained = Ghost(Bool())  # a receiver was told "closed" by a channel open or not empty
        self.drained = Ghost(Bool())  # the channel is closed and its buffer empty
        self.barged = Ghost(Bool())  # a value was sent past a parked sender
        self.unfounded = Ghost(Bool())  # a panic over a channel that is not closed
        self.closes = Ghost(Int(0, 2))  # that did not panic
        self.is_full = Ghost(Bool(init=self.cap == 0))  # and open: a send cannot proceed
        self.is_empty = Ghost(Bool(init=True))  # and open: a receive cannot proceed
        self.sending = Ghost(Set(Pid(self.procs)))  # non-blocking sends under way
        self.full_for = Ghost(Set(Pid(self.procs)))  # of these, those under way when it was open and full
        self.receiving = Ghost(Set(Pid(self.procs)))
        self.empty_for = Ghost(Set(Pid(self.procs)))
        self.refused_send = Ghost(Bool())  # a non-blocking send failed, and there was no such moment
        self.refused_receive = Ghost(Bool())

    # --- chansend --------------------------------------------------------------------------------------------

    def send(self, g, v: Int(0, self.stale), block=True):
        if self.nil:
            if block:
                yield from self.sleep_for_ever(g, f"{GO}:181", "waitReasonChanSendNilChan")
            return "full"
        if not block:
            yield step("S1 load closed", go=f"{GO}:213", src="c.closed == 0")
            self.begin_send(g)
            if self.bug("openfast") or self.seems("full" if self.bug("swapsend") else "open"):
                yield step(
                    "S1 load recvq.first or qcount",
                    go=(f"{GO}:151", f"{GO}:154"),
                    src=("c.recvq.first == nil", "c.qcount == c.dataqsiz"),
                )
                if self.seems("open" if self.bug("swapsend") else "full"):
                    self.end_send(g, True)
                    return "full"
        yield step(
            "S2 lock; panic, hand over, store, fail or queue",
            when=lambda: not self.locked,
            go=places(SEND),
            src=tuple(SEND.values()),
            region="c.lock",
        )
        if self.closed and not self.bug("c15b"):
            self.panics()
            if not block:
                self.end_send(g, False)
            if self.bug("nounlock"):
                self.locked = True
            return "panic"
        room = self.has_room()
        if self.recvq and not (self.bug("c13") and room):
            r: Pid(self.procs) = self.dequeue(self.recvq)
            self.commit(v)
            self.deliver(v)
            self.due[r] = v
            self.served[r] = True
            if not (self.bug("c5") or self.bug("c19")):
                self.slot[r] = v
            self.elem[r] = False
            if self.bug("twice"):
                self.store(v)
            self.moment()
            if not block:
                self.end_send(g, False)
            if self.bug("c5"):
                yield step("S4 copy without the lock", go=f"{GO}:340", src="sendDirect(c.elemtype, sg, ep)")
                self.slot[r] = v
            if not self.bug("noready"):
                yield from self.goready(r, f"{GO}:346", f"{GO}:350")
            if self.bug("c19"):
                yield step("S4 copy after goready", go=f"{GO}:340", src="sendDirect(c.elemtype, sg, ep)")
                self.slot[r] = v
            return "sent"
        if room:
            self.barged = self.barged or len(self.sendq) > 0
            self.store(v)
            self.commit(v)
            if self.bug("c15b") and self.closed:
                self.panics()
                return "panic"
            self.moment()
            if not block:
                self.end_send(g, False)
            return "sent"
        if not block:
            self.end_send(g, True)
            return "full"
        self.slot[g] = v
        self.elem[g] = True
        self.sendq.push(g)
        self.locked = not self.bug("hasty")
        self.keep_stack(g)
        self.moment()
        yield from self.park(g)
        yield step(
            "S8 resume",
            when=lambda: not self.waiting[g],
            rest=self.rest,
            go=(f"{GO}:296", f"{GO}:302", f"{GO}:304"),
            src=("closed := !mysg.success", "releaseSudog(mysg)", "c.closed == 0"),
            atomic=WOKEN,
        )
        success = self.resume(g)
        if not success:
            if not self.closed:
                fatal("chansend: spurious wakeup", prop="no_spurious_wakeup")
            self.panics()
            return "panic"
        return "sent"

    # --- chanrecv --------------------------------------------------------------------------------------------

    def receive(self, g, block=True):
        if self.nil:
            if block:
                yield from self.sleep_for_ever(g, f"{GO}:536", "waitReasonChanReceiveNilChan")
            return "nothing"
        if not block:
            yield step(
                "R1 load sendq.first or qcount",
                go=(f"{GO}:495", f"{GO}:502"),
                src=("atomic.Loadp(unsafe.Pointer(&c.sendq.first)) == nil", "atomic.Loaduint(&c.qcount) == 0"),
            )
            self.begin_receive(g)
            if self.seems("open" if self.bug("swaprecv") else "empty"):
                yield step("R1 load closed", go=f"{GO}:559", src="atomic.Load(&c.closed) == 0")
                if self.seems("empty" if self.bug("swaprecv") else "open"):
                    self.end_receive(g, True)
                    return "nothing"
                if not self.bug("c9"):
                    yield step("R1 load sendq.first or qcount again", go=f"{GO}:569", src="empty(c)")
                if self.bug("c9") or self.empty():
                    self.told_closed()
                    self.end_receive(g, False)
                    return "closed"
        yield step(
            "R2 lock; closed, take over, take, fail or queue",
            when=lambda: not self.locked,
            go=places(RECEIVE),
            src=tuple(RECEIVE.values()),
            region="c.lock",
        )
        if self.closed:
            if self.qcount == 0 or self.bug("drain"):
                self.told_closed()
                if not block:
                    self.end_receive(g, False)
                return "closed"
        elif self.sendq and not (self.bug("prefer") and self.qcount > 0) and not (self.bug("xor") and self.cap == 0):
            s: Pid(self.procs) = self.dequeue(self.sendq)
            self.commit(self.slot[s])
            self.served[s] = True
            if self.cap == 0 or self.bug("c12"):
                self.deliver(self.slot[s])
            else:
                self.deliver(self.buf[self.recvx])
                self.buf[self.recvx] = self.slot[s]
                self.recvx = (self.recvx + 1) % self.cap
                if not self.bug("c11"):
                    self.sendx = self.recvx
            self.slot[s] = self.stale  # the copy is made: what is left there is dead
            if not self.bug("elem"):
                self.elem[s] = False
            self.moment()
            if not block:
                self.end_receive(g, False)
            yield from self.goready(s, f"{GO}:741", f"{GO}:745")
            return "value"
        if self.qcount > 0:
            self.deliver(self.buf[self.recvx])
            if not self.bug("noclear"):
                self.buf[self.recvx] = 0
            self.recvx = (self.recvx + 1) % self.cap
            self.qcount -= 1
            self.moment()
            if not block:
                self.end_receive(g, False)
            return "value"
        if not block:
            self.end_receive(g, True)
            return "nothing"
        self.elem[g] = True
        self.recvq.push(g)
        self.locked = not self.bug("hasty")
        self.keep_stack(g)
        self.moment()
        yield from self.park(g)
        yield step(
            "R8 resume",
            when=lambda: not self.waiting[g],
            rest=self.rest,
            go=(f"{GO}:681", f"{GO}:684"),
            src=("success := mysg.success", "releaseSudog(mysg)"),
            atomic=WOKEN,
        )
        success = self.resume(g)
        if not success:
            self.told_closed()
            return "closed"
        return "value"

    # --- closechan -------------------------------------------------------------------------------------------

    def close(self, g):
        if self.nil:
            self.panics()
            return "panic"
        yield step(
            "C1 lock, closed = 1",
            when=lambda: not self.locked,
            go=(f"{GO}:422", f"{GO}:423", f"{GO}:424", f"{GO}:434"),
            src=("lock(&c.lock)", "c.closed != 0", "unlock(&c.lock)", "c.closed = 1"),
            region="c.lock",
        )
        if (not self.closed if self.bug("invert") else self.closed) and not self.bug("reclose"):
            self.panics()
            return "panic"
        self.closed = True
        self.closes += 1
        self.locked = True
        self.moment()
        while True:
            yield step(
                "C2 dequeue a receiver, else a sender, else unlock",
                go=(f"{GO}:440", f"{GO}:462", f"{GO}:478"),
                src=("c.recvq.dequeue()", "c.sendq.dequeue()", "unlock(&c.lock)"),
                region="c.lock",
            )
            if self.recvq:
                w: Pid(self.procs) = self.dequeue(self.recvq)
                self.due[w] = 0
                if not self.bug("zero"):
                    self.slot[w] = 0
            elif self.sendq and not self.bug("c15a"):
                w = self.dequeue(self.sendq)
                self.slot[w] = self.stale
            else:
                break
            self.elem[w] = False
            if not self.bug("oldsuccess"):
                self.success[w] = "no"
            self.glist.push(w)
        if not self.bug("c6") or not self.glist:
            self.locked = False
        while self.glist:
            yield step(
                "C5 goready",
                when=lambda: not self.scanned(self.glist[len(self.glist) - 1]),
                go=(f"{GO}:482", f"{GO}:484"),
                src=("gp := glist.pop()", "goready(gp, 3)"),
                atomic=WAKER,
            )
            w = self.glist.pop_back()
            self.ready(w)
            if self.bug("one"):
                self.glist.clear()
            if self.bug("c6") and not self.glist:
                self.locked = False
        return "closed"

    # --- scanstack, as far as it shrinks the stack of a parked goroutine -------------------------------------

    def shrink(self):
        yield step(
            "K1 suspend",
            rest=True,
            go="runtime/preempt.go:168",
            src="castogscanstatus(gp, s, s|_Gscan)",
            atomic="one CAS",
        )
        g: Pid(self.procs) = choose(self.procs)
        require(self.waiting[g])
        self.scan[g] = True
        yield step("K2 isShrinkStackSafe", go="runtime/stack.go:1262", src="gp.parkingOnChan.Load()")
        if not self.parking_on_chan[g]:
            yield step("K3 load activeStackChans", go="runtime/stack.go:960", src="!gp.activeStackChans")
            if (self.bug("c7") or self.bug("swapcommit")) and not self.active_stack_chans[g]:
                yield step("K4 adjust the sudog", go="runtime/stack.go:968", src="adjustsudogs(gp, &adjinfo)")
                old: Int(0, self.stale) = self.slot[g]  # from here on partners write to the new stack
                yield step("K4 copy the stack", go="runtime/stack.go:985", src="memmove(")
                self.slot[g] = old
            else:
                yield step(
                    "K4 adjust and copy with the lock held",
                    when=lambda: not self.locked,
                    go=("runtime/stack.go:896", "runtime/stack.go:919"),
                    src=("lockWithRank(&sg.c.get().lock", "unlock(&sg.c.get().lock)"),
                    region="c.lock",
                )
        yield step("K5 resume", go="runtime/preempt.go:275", src="casfrom_Gscanstatus(gp, s, s&^_Gscan)")
        self.scan[g] = False

    # --- parts of these --------------------------------------------------------------------------------------

    def dequeue(self, queue):
        """chan.go:872-905.  The CAS of selectDone (897) comes here, for waiters that are in a select."""
        return queue.pop_back() if self.bug("last") else queue.pop()

    def has_room(self):
        return self.qcount < self.cap or (self.bug("c17") and self.cap > 0 and self.qcount <= self.cap)

    def store(self, v):
        """chan.go:238-247."""
        self.buf[self.sendx] = v
        self.sendx = (self.sendx + 1) % max(self.cap, 1)
        self.qcount += 1

    def full(self):
        """chan.go:146-155."""
        return not self.recvq if self.cap == 0 else self.qcount == self.cap

    def empty(self):
        """chan.go:492-503."""
        return not self.sendq if self.cap == 0 else self.qcount == 0

    def seems(self, what):
        """One of the loads of a fast path."""
        return not self.closed if what == "open" else self.full() if what == "full" else self.empty()

    def park(self, g):
        """gopark (proc.go:4268) with chanparkcommit."""
        yield step("P1 waiting", go="runtime/proc.go:4290", src="casgstatus(gp, _Grunning, _Gwaiting)")
        self.waiting[g] = True
        if self.shrinking:
            if self.bug("swapcommit"):
                yield step("P2 parkingOnChan = false", go=f"{GO}:758", src="gp.parkingOnChan.Store(false)")
                self.parking_on_chan[g] = False
            yield step("P2 activeStackChans = true", go=f"{GO}:754", src="gp.activeStackChans = true")
            self.active_stack_chans[g] = True
            if not self.bug("swapcommit"):
                yield step("P2 parkingOnChan = false", go=f"{GO}:758", src="gp.parkingOnChan.Store(false)")
                self.parking_on_chan[g] = False
        yield step("P3 commit: unlock", go=f"{GO}:764", src="unlock((*mutex)(chanLock))")
        self.locked = False

    def keep_stack(self, g):
        """chan.go:278 and 662."""
        if self.shrinking:
            self.parking_on_chan[g] = not self.bug("c7")

    def scanned(self, g):
        """casgstatus waits until the scan bit is cleared (proc.go:1303-1320)."""
        return self.shrinking and self.scan[g]

    def goready(self, g: Pid(self.procs), success, line):
        yield step(
            "S4 success, goready",
            when=lambda: not self.scanned(g),
            go=(success, line),
            src=("sg.success = true", "goready(gp, skip+1)"),
            atomic=WAKER,
        )
        if not self.bug("nosuccess"):
            self.success[g] = "no" if self.bug("failure") else "yes"
        self.ready(g)

    def ready(self, g):
        """proc.go:1133-1154."""
        if not self.waiting[g]:
            fatal("bad g->status in ready", prop="ready_waits")
        self.waiting[g] = False

    def resume(self, g):
        """What a woken goroutine does with its sudog."""
        if self.success[g] == "unset":
            fatal("success is read before it was written", prop="success_written")
        if self.elem[g]:
            fatal("runtime: sudog with non-nil elem", prop="sudog_clean")
        success = self.success[g] == "yes"
        self.success[g] = "unset"
        if self.shrinking:
            self.active_stack_chans[g] = False
        self.slot[g] = self.stale
        self.due[g] = self.stale
        self.served[g] = False
        return success

    def sleep_for_ever(self, g, go, src):
        yield step("N1 park on nil", go=go, src=src)
        self.waiting[g] = not self.bug("nilpark")
        yield step("N2 asleep for ever", when=lambda: not self.waiting[g], rest="blocked", go=go, src=src)
        fatal("unreachable", prop="asleep_for_ever")

    # --- ghosts ----------------------------------------------------------------------------------------------

    def commit(self, v):
        """A value is sent."""
        self.late = self.late or self.closed
        if len(self.sent) < self.tokens:
            self.sent.push(v)

    def deliver(self, v):
        """A value is received."""
        self.invented = self.invented or len(self.sent) == 0
        if len(self.sent) != 0:
            self.reordered = self.sent[0] != v or self.reordered
            self.sent.pop()

    def told_closed(self):
        self.undrained = self.undrained or not self.drained

    def panics(self):
        self.unfounded = self.unfounded or not (self.closed or self.nil)

    def moment(self):
        """After whatever changes the channel: who is under way when it is full, or empty, may fail."""
        self.drained = self.closed and self.qcount == 0
        self.is_full = not self.closed and self.full()
        self.is_empty = not self.closed and self.empty()
        if self.is_full:
            self.full_for = self.sending
        if self.is_empty:
            self.empty_for = self.receiving

    def begin_send(self, g):
        self.sending.add(g)
        if self.is_full:
            self.full_for.add(g)

    def end_send(self, g, failed):
        self.refused_send = self.refused_send or (failed and g not in self.full_for)
        self.sending.discard(g)
        self.full_for.discard(g)

    def begin_receive(self, g):
        self.receiving.add(g)
        if self.is_empty:
            self.empty_for.add(g)

    def end_receive(self, g, failed):
        self.refused_receive = self.refused_receive or (failed and g not in self.empty_for)
        self.receiving.discard(g)
        self.empty_for.discard(g)

    # --- properties ------------------------------------------------------------------------------------------

    def at(self, i):
        """The i-th value of the buffer."""
        return self.buf[(self.recvx + i) % max(self.cap, 1)]

    def queued(self, g):
        return g in self.sendq or g in self.recvq

    @invariant
    def fifo(self):
        """Values are received in the order in which they were sent (FIFO)."""
        return not self.reordered

    @invariant
    def no_loss_no_dup(self):
        """What was sent and not received is what the buffer holds, in order; nothing comes twice (NoLossNoDup)."""
        n = self.cap
        same = len(self.sent) == self.qcount and all(
            i >= len(self.sent) or self.sent[i] == self.at(i) for i in range(n)
        )
        return same and not self.invented

    @invariant
    def ring_index(self):
        """sendx is recvx + qcount modulo cap, and 0 ≤ qcount ≤ cap (RingIdx)."""
        return self.qcount <= self.cap and (
            self.cap == 0 or self.sendx == (self.recvx + self.qcount) % max(self.cap, 1)
        )

    @invariant
    def no_receiver_parked_with_data(self):
        """No receiver waits in the queue while there is data (NoRecvParkedWithData)."""
        return implies(len(self.recvq) > 0, self.qcount == 0)

    @invariant
    def no_sender_parked_with_room(self):
        """No sender waits in the queue while there is room (NoSendParkedWithRoom)."""
        return implies(len(self.sendq) > 0, self.qcount >= self.cap)

    @invariant
    def queue_xor(self):
        """Senders and receivers never wait at the same time (QueueXor)."""
        return not (len(self.sendq) > 0 and len(self.recvq) > 0)

    @invariant
    def closed_queues_empty(self):
        """Closed, and the lock free: nobody waits in a queue (ClosedQueuesEmpty)."""
        return implies(self.closed and not self.locked, len(self.sendq) + len(self.recvq) == 0)

    @invariant
    def drain_then_zero(self):
        """A receiver is told "closed" only by a channel that is closed and drained (DrainThenZero)."""
        return not self.undrained

    @invariant
    def value_as_handed(self):
        """A woken receiver finds in its slot the value it was handed, the zero value after a close (DrainThenZero)."""
        return all(self.waiting[g] or self.due[g] == self.stale or self.slot[g] == self.due[g] for g in self.procs)

    @invariant
    def success_as_served(self):
        """success says whether a partner took or gave a value (NoValueFromPanickedSend)."""
        return all(
            self.waiting[g] or self.success[g] == "unset" or self.served[g] == (self.success[g] == "yes")
            for g in self.procs
        )

    @invariant
    def nothing_sent_after_close(self):
        """No value is sent on a closed channel (NoValueFromPanickedSend)."""
        return not self.late

    @invariant
    def no_barging(self):
        """No value enters the buffer while a sender is parked that came earlier (NoBarging)."""
        return not self.barged

    @invariant
    def panics_only_when_closed(self):
        """A send, or a close, panics only over a channel that is closed, or nil."""
        return not self.unfounded

    @invariant
    def close_once(self):
        """A channel is closed once: every other close panics (CloseOnce)."""
        return self.closes == (1 if self.closed else 0)

    @invariant
    def shrinking_is_kept_off(self):
        """A stack is not shrunk while its goroutine parks, and then with the lock held only (DirectWriteOnce)."""
        return not self.shrinking or all(
            not self.waiting[g] or self.parking_on_chan[g] or self.active_stack_chans[g] for g in self.procs
        )

    @step_invariant
    def direct_write_once(self, before):
        """Into the slot of a parked receiver the one that unlinks it writes, under the lock, once (DirectWriteOnce)."""
        return all(
            self.slot[g] == before.slot[g] or not before.waiting[g] or (before.queued(g) and not self.queued(g))
            for g in self.procs
        )

    @step_invariant
    def arrival_order(self, before):
        """Waiters leave their queue at its head and join it at its tail (NoBarging)."""
        return self.moved(before.sendq, self.sendq) and self.moved(before.recvq, self.recvq)

    def moved(self, old, new):
        n = self.procs.size
        if len(new) < len(old):
            return all(i >= len(new) or new[i] == old[i + 1] for i in range(n - 1))
        return all(i >= len(old) or new[i] == old[i] for i in range(n))

    @refines(lambda self: BoundedQueue(self.procs, self.cap, nothing=self.stale))
    def bounded_queue(self, queue):
        """From outside: a bounded queue with waiting senders and receivers in arrival order.

        A close takes effect when it stores ``closed``: from then on nobody waits, and each receiver that still stands
        in the queue has been handed the zero value.
        """
        queue.closed = self.closed
        queue.buffer.clear()
        for i in range(self.cap):
            if i < self.qcount:
                queue.buffer.push(self.at(i))
        queue.senders = self.sendq
        queue.receivers = self.recvq
        queue.slot = self.slot
        if self.closed:
            for g in self.recvq:
                queue.slot[g] = 0
            for g in self.sendq:
                queue.slot[g] = self.stale
            queue.senders.clear()
            queue.receivers.clear()

    @leads_to
    def no_lost_wakeup(self, g: self.procs):
        """A parked goroutine that a partner or a close has unlinked is made to run (NoLostWakeup)."""
        return self.waiting[g] and (self.served[g] or self.success[g] == "no"), not self.waiting[g]

    @leads_to
    def close_wakes_all(self, g: self.procs):
        """Whoever is parked when the channel is closed is made to run (CloseWakesAll)."""
        return self.closed and self.waiting[g], not self.waiting[g]

    @reachable
    def parking(self):
        """A goroutine is waiting, and still holds the lock."""
        return any(self.waiting[g] and self.queued(g) for g in self.procs) and self.locked

    @reachable
    def handed_and_asleep(self):
        """A receiver sleeps with its value, in no queue: the window between unlock and goready."""
        return not self.locked and any(self.waiting[g] and not self.queued(g) and self.served[g] for g in self.procs)

    @reachable
    def two_senders_wait(self):
        return len(self.sendq) == 2

    @reachable
    def two_receivers_wait(self):
        return len(self.recvq) == 2

    @reachable
    def closed_with_data(self):
        return self.closed and self.qcount > 0

    @reachable
    def rotated(self):
        """A parked sender's value was put into a full ring: sendx = recvx, not 0."""
        return self.cap > 1 and self.sendx == self.recvx and self.recvx > 0 and len(self.sendq) > 0

    @reachable
    def two_to_ready(self):
        """A close has two goroutines to ready, and has unlocked."""
        return len(self.glist) == 2 and not self.locked

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
            breaks=("direct_write_once", "shrinking_is_kept_off"),
            go=f"{GO}:278",
            issue="golang/go#40641",
            scenario="shrink",
        ),
        "swapcommit": Bug(
            "parkingOnChan is reset before activeStackChans is set",
            breaks="shrinking_is_kept_off",
            go=f"{GO}:758",
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
        f"{GO}:897": "waiters in a select only",
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
        self.token = tuple(1 + i * self.values for i in range(self.senders)) + tuple(
            1 + first + i for i in range(tries)
        )
        procs = self.sender | self.receiver | self.trysender | self.tryreceiver
        self.chan = Channel(
            procs, self.cap, tokens=max(first + tries, 1), nil=self.nil, asleep=open_ended, shrinking=self.shrinkers > 0
        )

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
            result = yield from self.chan.receive(r)
            if result == "closed":
                return
            if self.closers == 0:
                done += 1

    @process(count="trysenders")
    def trysender(self, t):
        yield step("try")
        yield from self.chan.send(t, self.token[t], block=False)

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

    @leads_to
    def hand_off(self, r: self.receiver):
        """The receiver that is next gets on once there is a sender about to send to it (HandOff)."""
        if self.nil:
            return False, False
        sender = any(self.sender.at(s, "S2 lock; panic, hand over, store, fail or queue") for s in self.sender)
        first = len(self.chan.recvq) > 0 and self.chan.recvq[0] == r
        return sender and first, not self.chan.waiting[r] and not self.chan.queued(r)

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
        linked = all(not c.waiting[g] or c.queued(g) for g in c.procs)
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
        return self.everybody_rests() and any(c.waiting[g] for g in c.procs)

    def everybody_rests(self):
        """Everybody is parked, or has returned."""
        c = self.chan
        rest = all(self.sender.at(s, "done") or c.waiting[s] for s in self.sender)
        rest = rest and all(self.receiver.at(r, "done") or c.waiting[r] for r in self.receiver)
        rest = rest and all(self.trysender.at(t, "done") for t in self.trysender)
        rest = rest and all(self.tryreceiver.at(t, "done") for t in self.tryreceiver)
        return rest and not c.locked and all(self.closer.at(k, "done") for k in self.closer)

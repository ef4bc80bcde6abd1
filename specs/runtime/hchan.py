"""A channel under its lock: struct hchan, its ring buffer and queues, and what must hold of it (runtime/chan.go)."""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Component,
    Enum,
    Ghost,
    Int,
    Pid,
    Queue,
    Seq,
    Set,
    implies,
    invariant,
    leads_to,
    reachable,
    refines,
    step_invariant,
)
from gomodel.specs.abstract.queue import BoundedQueue

FAILED, PANIC, HANDED, STORED, CLOSED, TAKEN, VALUE = range(7)  # what becomes of an operation under the lock


class Hchan(Component):
    """The words of a channel and of its sudogs; plain methods for what happens in one region under ``c.lock``."""

    def __init__(self, gs, cap, *, tokens, nil=False, repeats=1):
        self.gs = gs
        self.procs = gs.procs
        self.cap = cap
        self.tokens = tokens  # values are 1 … tokens; 0 is the zero value
        self.nil = nil
        self.repeats = repeats  # one select may have so many cases that do the same with it
        self.most = gs.procs.size * repeats
        self.stale = tokens + 1  # what a slot holds into which nothing has been received yet
        self.tries = gs.cases == 1  # whether to judge non-blocking operations; a select sees all of its channels locked

    def state(self):
        gs, value = self.gs, Int(0, self.stale)
        self.locked = Bool()  # c.lock, where a step ends with it held
        self.closed = Bool()
        self.qcount = Int(0, self.cap + 1)
        self.sendx = Int(0, self.cap)
        self.recvx = Int(0, self.cap)
        self.buf = Array(value, max(self.cap, 1))
        self.sendq = Queue(gs.Sudog, self.most)
        self.recvq = Queue(gs.Sudog, self.most)
        # of each sudog
        self.elem = gs.each(Bool())  # sudog.elem is not nil: it points to the slot
        self.success = gs.each(Enum("unset", "no", "yes"))  # sudog.success
        self.slot = gs.each(Int(0, self.stale, init=self.stale))  # what ep points to
        self.glist = Queue(Pid(self.procs), self.procs.size)  # of the goroutine that closes
        self.sent = Ghost(Seq(value, self.tokens))  # values sent and not received yet, as they were sent
        self.due = Ghost(gs.each(Int(0, self.stale, init=self.stale)))  # what a woken receiver was given
        self.served = Ghost(gs.each(Bool()))  # a partner has completed this operation of a parked goroutine
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
        self.is_alone = Ghost(Bool(init=self.cap == 0))  # unbuffered, and no receiver waits, be it open or closed
        self.alone_for = Ghost(Set(Pid(self.procs)))  # of sends under way, those when no receiver waited
        self.spurned = Ghost(Bool())  # a non-blocking send failed, and all the time a receiver waited
        self.refused_receive = Ghost(Bool())

    # --- regions under the lock ------------------------------------------------------------------------------

    def offer(self, g, v):
        """A send by g with the lock held (chan.go:224-255, select.go:288-299): what became of it, and whom to ready.

        PANIC; HANDED to the receiver of that goroutine and case; STORED in the buffer; or FAILED.
        """
        if self.closed and not self.bug("c15b"):
            self.panics()
            return PANIC, g, 0
        room = self.has_room()
        self.skip_losers(self.recvq)
        if self.recvq and not (self.bug("c13") and room):
            s = self.dequeue(self.recvq)
            self.commit(v)
            self.deliver(v)
            self.gs.put(self.due, s, v)
            self.gs.put(self.served, s, True)
            if not (self.bug("c5") or self.bug("c19")):
                self.gs.put(self.slot, s, v)
            self.gs.put(self.elem, s, False)
            if self.bug("twice"):
                self.store(v)
            self.moment()
            return HANDED, self.gs.owner(s), self.gs.case(s)
        if room:
            self.barged = self.barged or self.active(self.sendq)
            self.store(v)
            self.commit(v)
            if self.bug("c15b") and self.closed:
                self.panics()
                return PANIC, g, 0
            self.moment()
            return STORED, g, 0
        return FAILED, g, 0

    def take(self, g, *, select=False):
        """A receive by g with the lock held (chan.go:588-634, select.go:274-284): what, the value, whom to ready.

        CLOSED; TAKEN from the sender of that goroutine and case; VALUE from the buffer; or FAILED.
        """
        if self.closed and not select:
            if self.qcount == 0 or self.bug("drain"):
                self.told_closed()
                return CLOSED, 0, g, 0
        else:
            self.skip_losers(self.sendq)
            passed = (self.bug("prefer") and self.qcount > 0) or (self.bug("xor") and self.cap == 0)
            if self.sendq and not passed:
                s = self.dequeue(self.sendq)
                v = self.take_over(s)
                self.moment()
                return TAKEN, v, self.gs.owner(s), self.gs.case(s)
        if self.qcount > 0:
            v = self.buf[self.recvx]
            self.deliver(v)
            if not self.bug("noclear"):
                self.buf[self.recvx] = 0
            self.recvx = (self.recvx + 1) % self.cap
            self.qcount -= 1
            self.moment()
            return VALUE, v, g, 0
        if select and self.closed:
            self.told_closed()
            return CLOSED, 0, g, 0
        return FAILED, 0, g, 0

    def take_over(self, s):
        """A receive while senders are parked (chan.go:702-737): the first value; the first sender's moves up."""
        offered = self.gs.get(self.slot, s)
        self.commit(offered)
        self.gs.put(self.served, s, True)
        v = offered
        if not (self.cap == 0 or self.bug("c12")):
            v = self.buf[self.recvx]
            self.buf[self.recvx] = offered
            self.recvx = (self.recvx + 1) % self.cap
            if not self.bug("c11"):
                self.sendx = self.recvx
        self.deliver(v)
        self.gs.put(self.slot, s, self.stale)  # the copy is made: what is left there is dead
        if not self.bug("elem"):
            self.gs.put(self.elem, s, False)
        return v

    def enqueue(self, queue, s):
        """chan.go:858-870, with what the goroutine writes before (257-273)."""
        self.gs.put(self.elem, s, True)
        queue.push(s)

    def skip_losers(self, queue):
        """The loop of dequeue: what waits for a select that another case has won is unlinked, and that is all."""
        if self.gs.cases > 1:
            for _ in range(self.most):
                if queue and self.gs.lost(queue[0]):
                    queue.pop()

    def dequeue(self, queue):
        """chan.go:872-905, of a queue whose first waiter has not lost.  Whoever unlinks it owns its goroutine."""
        s = queue.pop_back() if self.bug("last") else queue.pop()
        self.gs.win(s)
        return s

    def has_room(self):
        return self.qcount < self.cap or (self.bug("c17") and self.cap > 0 and self.qcount <= self.cap)

    def store(self, v):
        """chan.go:238-247."""
        self.buf[self.sendx] = v
        self.sendx = (self.sendx + 1) % max(self.cap, 1)
        self.qcount += 1

    def full(self):
        """chan.go:146-155."""
        return not self.recvq if self.cap == 0 and not self.bug("blindfull") else self.qcount == self.cap

    def empty(self):
        """chan.go:492-503."""
        return not self.sendq if self.cap == 0 else self.qcount == 0

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
        if self.tries:
            self.is_full = not self.closed and self.full()
            self.is_empty = not self.closed and self.empty()
            if self.is_full:
                self.full_for = self.sending
            if self.is_empty:
                self.empty_for = self.receiving
            self.is_alone = self.cap == 0 and not self.recvq
            if self.is_alone:
                self.alone_for = self.sending

    def begin_send(self, g):
        self.sending.add(g)
        if self.is_full:
            self.full_for.add(g)
        if self.is_alone:
            self.alone_for.add(g)

    def end_send(self, g, failed):
        self.refused_send = self.refused_send or (failed and g not in self.full_for)
        self.spurned = self.spurned or (failed and self.cap == 0 and g not in self.alone_for)
        self.sending.discard(g)
        self.full_for.discard(g)
        self.alone_for.discard(g)

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

    def queued(self, s):
        return s in self.sendq or s in self.recvq

    def active(self, queue):
        """Whether anybody waits there who can still be served."""
        return any(not self.gs.lost(s) for s in queue)

    def linked(self, g):
        """Whether a sudog of ``g`` stands in a queue."""
        return any(self.queued(self.gs.sudog(g, i)) for i in range(self.gs.cases))

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
        return implies(self.active(self.recvq), self.qcount == 0)

    @invariant
    def no_sender_parked_with_room(self):
        """No sender waits in the queue while there is room (NoSendParkedWithRoom)."""
        return implies(self.active(self.sendq), self.qcount >= self.cap)

    @invariant
    def queue_xor(self):
        """Senders and receivers never wait at the same time, but for one select that does both (QueueXor)."""
        gs = self.gs
        if gs.cases == 1:
            return not (len(self.sendq) > 0 and len(self.recvq) > 0)
        return all(gs.lost(s) or gs.lost(r) or s.g == r.g for s in self.sendq for r in self.recvq)

    @invariant
    def closed_queues_empty(self):
        """Closed, and the lock free: nobody waits in a queue (ClosedQueuesEmpty)."""
        return implies(self.closed and not self.locked, not self.active(self.sendq) and not self.active(self.recvq))

    @invariant
    def drain_then_zero(self):
        """A receiver is told "closed" only by a channel that is closed and drained (DrainThenZero)."""
        return not self.undrained

    @invariant
    def value_as_handed(self):
        """A woken receiver finds in its slot the value it was handed, the zero value after a close (DrainThenZero)."""
        gs = self.gs
        return all(
            gs.waiting[g]
            or gs.get(self.due, gs.sudog(g, i)) == self.stale
            or gs.get(self.slot, gs.sudog(g, i)) == gs.get(self.due, gs.sudog(g, i))
            for g in self.procs
            for i in range(gs.cases)
        )

    @invariant
    def success_as_served(self):
        """success says whether a partner took or gave a value (NoValueFromPanickedSend)."""
        gs = self.gs
        return all(
            gs.waiting[g]
            or gs.get(self.success, gs.sudog(g, i)) == "unset"
            or gs.get(self.served, gs.sudog(g, i)) == (gs.get(self.success, gs.sudog(g, i)) == "yes")
            for g in self.procs
            for i in range(gs.cases)
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
        gs = self.gs
        return not gs.shrinking or all(
            not gs.waiting[g] or gs.parking_on_chan[g] or gs.active_stack_chans[g] for g in self.procs
        )

    @step_invariant
    def direct_write_once(self, before):
        """Into the slot of a parked receiver the one that unlinks it writes, under the lock, once (DirectWriteOnce)."""
        gs = self.gs
        return all(
            gs.get(self.slot, gs.sudog(g, i)) == gs.get(before.slot, gs.sudog(g, i))
            or not before.gs.waiting[g]
            or (before.queued(gs.sudog(g, i)) and not self.queued(gs.sudog(g, i)))
            for g in self.procs
            for i in range(gs.cases)
        )

    @step_invariant
    def arrival_order(self, before):
        """Waiters join their queue at its tail and are served at its head (NoBarging)."""
        return self.in_order(before, before.sendq, self.sendq) and self.in_order(before, before.recvq, self.recvq)

    def in_order(self, before, old, new):
        """One queue.  With selects a loser may leave it from anywhere, and whoever has lost is passed over."""
        gs = self.gs
        if gs.cases == 1:
            if len(new) < len(old):
                return all(i >= len(new) or new[i] == old[i + 1] for i in range(self.most - 1))
            return all(i >= len(old) or new[i] == old[i] for i in range(self.most))
        left = all(s in new or before.gs.lost(s) or self.answered(s) for s in old)
        joined = all(j >= len(new) or new[j] not in old or new[i] in old for j in range(self.most) for i in range(j))
        served = all(
            j >= len(old) or old[j] in new or before.gs.lost(old[j]) or old[i] not in new or gs.lost(old[i])
            for j in range(self.most)
            for i in range(j)
        )
        return left and joined and served

    def answered(self, s):
        """A partner or a close has unlinked this sudog."""
        return self.gs.get(self.served, s) or self.gs.get(self.success, s) == "no"

    @refines(lambda self: BoundedQueue(self.gs, self.cap, nothing=self.stale))
    def bounded_queue(self, queue):
        """From outside: a bounded queue with waiting senders and receivers in arrival order.

        A close takes effect when it stores ``closed``: from then on nobody waits, and each receiver that still stands
        in the queue has been handed the zero value.  Who waits in a select still does, as another case may win.
        """
        queue.closed = self.closed
        queue.buffer.clear()
        for i in range(self.cap):
            if i < self.qcount:
                queue.buffer.push(self.at(i))
        queue.slot = self.slot
        queue.senders.clear()
        queue.receivers.clear()
        queue.fickle.clear()
        for s in self.sendq:
            self.maps(queue, queue.senders, s, self.stale)
        for s in self.recvq:
            self.maps(queue, queue.receivers, s, 0)

    def maps(self, queue, waiters, s, told):
        """One that stands in a queue; ``told`` is what a close leaves in its slot."""
        g = self.gs.owner(s)
        if self.gs.cases > 1 and self.gs.selecting[g]:
            if not self.gs.lost(s):
                waiters.push(s)
                queue.fickle.add(g)
        elif self.closed:
            self.gs.put(queue.slot, s, told)
        else:
            waiters.push(s)

    @leads_to
    def no_lost_wakeup(self, g: self.procs):
        """A parked goroutine that a partner or a close has unlinked is made to run (NoLostWakeup)."""
        answered = any(self.answered(self.gs.sudog(g, i)) for i in range(self.gs.cases))
        return self.gs.waiting[g] and answered, not self.gs.waiting[g]

    @leads_to
    def close_wakes_all(self, g: self.procs):
        """Whoever is parked when the channel is closed is made to run (CloseWakesAll)."""
        return self.closed and self.gs.waiting[g] and self.linked(g), not self.gs.waiting[g]

    @reachable
    def parking(self):
        """A goroutine is waiting, and still holds the lock."""
        return any(self.gs.waiting[g] and self.linked(g) for g in self.procs) and self.locked

    @reachable
    def handed_and_asleep(self):
        """A receiver sleeps with its value, in no queue: the window between unlock and goready."""
        gs = self.gs
        return not self.locked and any(
            gs.waiting[g] and not self.linked(g) and gs.get(self.served, gs.sudog(g, i))
            for g in self.procs
            for i in range(gs.cases)
        )

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

"""A bounded channel as in Go: a buffer, waiting senders, waiting receivers, and hand-off from one to the other.

After chansend and chanrecv in runtime/chan.go, for senders of a few values each and receivers that go on for ever.
What happens under the channel's lock is one step; readying the goroutine at the other end comes after the unlock, and
is a step of its own.  Values are numbered in the order in which they are sent, as the channel does not look at them.

Facts by hand, with one sender, one receiver and one value:

* Capacity 1, 7 states and 7 transitions.  Either the value goes through the buffer: at the start, sent, received, and
  the receiver waits for more; or the receiver waits first: it waits, is handed the value, and is readied.
* Capacity 0, 10 states and 11 transitions.  The sender waits, its value is taken, it is readied, it goes on and the
  receiver waits for more, in either order: 7 states with the start.  Or, as before, the receiver waits first: 3.

What the search over tuples in tests/benchmarks/channel.py counts (the last three rows are for the patient):

| senders | receivers | capacity | values |    states | transitions | depth |
|--------:|----------:|---------:|-------:|----------:|------------:|------:|
|       2 |         2 |        1 |      2 |       869 |       2,114 |    12 |
|       2 |         2 |        0 |      2 |     1,077 |       2,650 |    18 |
|       3 |         3 |        1 |      2 |    84,631 |     303,849 |    18 |
|       3 |         3 |        1 |      3 |   663,809 |   2,596,512 |    24 |
|       4 |         3 |        1 |      2 | 1,640,835 |   6,902,445 |    23 |
|       4 |         3 |        0 |      2 | 2,304,749 |   9,774,320 |    35 |
|       3 |         3 |        1 |      4 | 2,836,422 |  11,497,980 |    30 |
"""

from __future__ import annotations

from gomodel import (
    Array,
    Bool,
    Bound,
    Bug,
    Ghost,
    Int,
    Model,
    Option,
    Pid,
    Queue,
    count,
    implies,
    invariant,
    process,
    reachable,
    step,
    terminal,
)


class Channel(Model):
    """Senders and receivers of one channel."""

    name = "channel"

    senders: int = Bound(2, min=1, max=8, help="goroutines that send")
    receivers: int = Bound(2, min=1, max=8, help="goroutines that receive, for ever")
    capacity: int = Bound(1, min=0, max=8, help="values that the buffer has room for")
    values: int = Bound(2, min=1, max=8, help="values that each sender sends")

    def state(self):
        self.total = self.senders * self.values
        value = Int(0, self.total - 1)
        self.next = Int(0, self.total)  # the value that is sent next
        self.buffer = Queue(value, self.capacity + 1)
        self.sendq = Queue(Pid(self.sender), self.senders)
        self.recvq = Queue(Pid(self.receiver), self.receivers)
        self.elem = Array(Option(value), self.sender | self.receiver)  # what a waiter sends, or is handed
        self.parked = Array(Bool(), self.sender | self.receiver)
        self.received = Ghost(Array(Int(0, 2), self.total))  # how many times

    @process(count="senders")
    def sender(self, s):
        sent: Int(0, self.values) = 0
        while sent < self.values:
            yield step("send")
            value = self.next
            self.next += 1
            sent += 1
            if len(self.recvq) > 0 and not self.bug("look away"):
                r: Pid(self.receiver) = self.recvq.pop()
                self.elem[r] = value
                if self.bug("twice"):
                    self.buffer.push(value)
                yield step("ready the receiver")
                self.parked[r] = self.bug("forget receiver")
            elif len(self.buffer) < self.capacity:
                self.buffer.push(value)
            else:
                self.elem[s] = value
                self.sendq.push(s)
                self.parked[s] = True
                yield step("wait for a receiver", when=lambda: not self.parked[s])

    @process(count="receivers")
    def receiver(self, r):
        while True:
            yield step("receive")
            if len(self.sendq) > 0:
                s: Pid(self.sender) = self.sendq.pop_back() if self.bug("last first") else self.sendq.pop()
                self.buffer.push(self.elem[s])  # and out comes the head: without a buffer, the value itself
                self.receive(self.buffer.pop_back() if self.bug("overtake") else self.buffer.pop())
                self.elem[s] = None
                yield step("ready the sender")
                self.parked[s] = self.bug("forget sender")
            elif len(self.buffer) > 0:
                self.receive(self.buffer.pop())
            else:
                self.recvq.push(r)
                self.parked[r] = True
                yield step("wait for a sender", when=lambda: not self.parked[r], rest="blocked")
                self.receive(self.elem[r])
                self.elem[r] = None

    def receive(self, value):
        self.received[value] += 1

    def inside(self):
        """How many values have entered the channel and not left it."""
        return len(self.buffer) + len(self.sendq)

    def kth(self, k):
        """The value that leaves the channel after ``k`` others."""
        n = len(self.buffer)
        return self.buffer[k] if k < n else self.elem[self.sendq[k - n]]

    @invariant
    def fifo(self):
        """Inside are the last values that were sent, in the order of sending: all those before them have left."""
        left = self.next - self.inside()
        return all(k >= self.inside() or self.kth(k) == left + k for k in range(self.capacity + self.senders))

    @invariant
    def exactly_once(self):
        """What has left the channel was received once or has been handed to one waiter; what has not, was not."""
        left = self.next - self.inside()
        return all(
            self.received[v] + count(self.elem[r] == v for r in self.receiver) == (1 if v < left else 0)
            for v in range(self.total)
        )

    @invariant
    def nobody_waits_in_vain(self):
        """Senders wait only for room, receivers only for values: the invariants at the head of runtime/chan.go."""
        return implies(len(self.sendq) > 0, len(self.buffer) == self.capacity) and implies(
            len(self.recvq) > 0, self.inside() == 0
        )

    @terminal
    def all_received(self):
        return all(n == 1 for n in self.received)

    @reachable
    def all_senders_wait(self):
        return len(self.sendq) == self.senders

    @reachable
    def all_receivers_wait(self):
        return len(self.recvq) == self.receivers

    bugs = {
        "last first": Bug("the sender that came last is served first", breaks="fifo"),
        "overtake": Bug("a waiting sender's value is received before those in the buffer", breaks="fifo"),
        "twice": Bug("a value that is handed to a receiver goes into the buffer, too", breaks="exactly_once"),
        "look away": Bug("a sender does not look for a waiting receiver", breaks="nobody_waits_in_vain"),
        "forget sender": Bug("nobody readies the sender whose value was taken", breaks="deadlock"),
        "forget receiver": Bug("nobody readies the receiver that was handed a value", breaks="all_received"),
    }

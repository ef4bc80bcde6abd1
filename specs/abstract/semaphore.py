"""What a semaphore with queues should look like from outside: tokens, sleepers in order, tokens handed to sleepers."""

from __future__ import annotations

from gomodel import Array, Bool, Component, Int, Pid, Queue, require, rule


class AtomicSemaphore(Component):
    """Words with tokens, each with its queue of sleepers; whatever happens is one step.

    A woken goroutine may take a token like everybody else, or sleep again, or it is handed one, which then counts as
    handed over until it returns with it.  That somebody *is* woken is liveness, and not said here.
    """

    def __init__(self, procs, *, tokens, initial=0, addresses=1):
        self.procs = procs
        self.most = tokens
        self.initial = initial
        self.addresses = addresses

    def state(self):
        self.tokens = Array(Int(0, self.most, init=self.initial), self.addresses)
        self.queue = Array(Queue(Pid(self.procs), self.procs.size), self.addresses)
        self.handed = Int(0, self.procs.size)

    @rule
    def release(self, a: Int(0, self.addresses - 1)):
        self.tokens[a] += 1

    @rule
    def acquire(self, a: Int(0, self.addresses - 1)):
        require(self.tokens[a] > 0)
        self.tokens[a] -= 1

    @rule
    def sleep(self, g: self.procs, a: Int(0, self.addresses - 1), in_front: Bool()):
        require(not any(g in q for q in self.queue))
        if in_front:
            self.queue[a].push_front(g)
        else:
            self.queue[a].push(g)

    @rule
    def wake(self, a: Int(0, self.addresses - 1)):
        require(len(self.queue[a]) > 0)
        self.queue[a].pop()

    @rule
    def hand_over(self, a: Int(0, self.addresses - 1)):
        require(self.tokens[a] > 0)
        self.tokens[a] -= 1
        self.handed += 1

    @rule
    def come_back(self):
        require(self.handed > 0)
        self.handed -= 1

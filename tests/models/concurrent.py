"""Small concurrent algorithms, each with the same algorithm as a plain Python function."""

from __future__ import annotations

from collections.abc import Iterator

from gomodel import (
    Array,
    Bool,
    Int,
    Model,
    Option,
    Pid,
    Queue,
    count,
    fatal,
    invariant,
    process,
    reachable,
    require,
    step,
    step_invariant,
    terminal,
)

from .plain import Answer, answer

NEXT = (1, 2, 0)


class Philosophers(Model):
    """Three philosophers take the left fork, then the right one, and give both back at once."""

    name = "philosophers"

    def state(self):
        self.taken = Array(Bool(), 3)
        self.left = (0, 1, 2)

    @process(count=3)
    def philosopher(self, p):
        while True:
            yield step("take left", when=lambda: not self.taken[self.left[p]])
            self.taken[self.left[p]] = True
            yield step("take right", when=lambda: not self.taken[NEXT[p]])
            self.taken[NEXT[p]] = True
            yield step("eat")
            self.taken[self.left[p]] = False
            self.taken[NEXT[p]] = False

    @reachable
    def eating(self):
        return any(self.philosopher.at(p, "eat") for p in self.philosopher)

    @invariant
    def one_eats(self):
        return count(self.philosopher.at(p, "eat") for p in self.philosopher) <= 1


def philosophers_answer() -> Answer:
    def moves(state: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        taken = {i for i, s in enumerate(state) if s >= 1} | {(i + 1) % 3 for i, s in enumerate(state) if s == 2}
        for i, s in enumerate(state):
            if s == 2 or (i, (i + 1) % 3)[s] not in taken:
                yield (*state[:i], (s + 1) % 3, *state[i + 1 :])

    deadlock = {"deadlock": lambda s: not list(moves(s))}
    found = answer([(0, 0, 0)], moves, violations=deadlock, reached={"eating": lambda s: 2 in s})
    # A philosopher who eats (2) has a neighbour who thinks (0): the closed walks of length 3 in the graph of allowed
    # neighbours are the trace of [[1,1,1],[1,1,1],[1,0,0]]^3 = 7 + 5 + 2.  All having the left fork is the deadlock.
    assert (found.states, found.violations) == (14, {"deadlock": 3})
    return found


class Peterson(Model):
    """Peterson's lock for two processes (Information Processing Letters 12, 1981)."""

    name = "peterson"

    def state(self):
        self.wants = Array(Bool(), self.p)
        self.turn = Pid(self.p)

    @process(count=2)
    def p(self, p):
        while True:
            yield step("want")
            self.wants[p] = True
            yield step("give way")
            self.turn = p
            yield step("wait", when=lambda: self.turn != p or not any(self.wants[q] for q in self.p if q != p))
            yield step("critical")
            self.wants[p] = False

    @invariant
    def mutual_exclusion(self):
        return count(self.p.at(p, "critical") for p in self.p) <= 1

    @reachable
    def both_wait(self):
        return all(self.p.at(p, "wait") for p in self.p)


def peterson_answer() -> Answer:
    def moves(state: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
        pcs, turn = state[:2], state[2]
        for me in (0, 1):
            other = pcs[1 - me]
            if pcs[me] == 2 and turn == me and other in (1, 2, 3):  # it wants from behind "want" to the end
                continue
            after = [*pcs]
            after[me] = (pcs[me] + 1) % 4
            yield (after[0], after[1], me if pcs[me] == 1 else turn)

    # Here "turn" says who gave way last, the first value that of process 0.
    found = answer([(0, 0, 0)], moves, reached={"both_wait": lambda s: s[:2] == (2, 2)})
    assert found.reached["both_wait"] == 4  # each wants and gives way
    return found


class BrokenLock(Model):
    """A lock that is tested in one step and taken in the next."""

    name = "broken-lock"

    def state(self):
        self.locked = Bool()

    @process(count=2)
    def p(self, p):
        yield step("test", when=lambda: not self.locked)
        yield step("take")
        self.locked = True
        yield step("critical")
        self.locked = False

    @invariant
    def mutual_exclusion(self):
        return count(self.p.at(p, "critical") for p in self.p) <= 1


def broken_lock_answer() -> Answer:
    def moves(state: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
        for me in (0, 1):
            pc, locked = state[me], state[2]
            if pc == 3 or (pc == 0 and locked):
                continue
            after = [*state]
            after[me] = pc + 1
            after[2] = {0: locked, 1: 1, 2: 0}[pc]
            yield (after[0], after[1], after[2])

    found = answer([(0, 0, 0)], moves, violations={"mutual_exclusion": lambda s: s[:2] == (2, 2)})
    assert found.violations == {"mutual_exclusion": 4}  # both test, both take
    return found


class Channel(Model):
    """A producer of 0, 1, 2, … and a consumer, with a queue of two between them."""

    name = "channel"

    def state(self):
        self.sent = Int(0, 4)
        self.got = Int(0, 4)
        self.queue = Queue(Int(0, 3), 2)

    @process()
    def producer(self, p):
        for _ in range(4):
            yield step("send", when=lambda: len(self.queue) < 2)
            self.queue.push(self.sent)
            self.sent += 1

    @process()
    def consumer(self, c):
        while True:
            yield step("receive", when=lambda: self.queue, rest="blocked")
            item = self.queue.pop()
            if item != self.got:
                fatal("out of order")
            self.got += 1

    @invariant
    def nothing_lost(self):
        return self.sent == self.got + len(self.queue)

    @terminal
    def all_received(self):
        return self.got == 4

    @reachable
    def full(self):
        return len(self.queue) == 2


def channel_answer() -> Answer:
    def moves(state: tuple[int, int]) -> Iterator[tuple[int, int]]:
        sent, got = state
        if sent < 4 and sent - got < 2:
            yield sent + 1, got
        if sent > got:
            yield sent, got + 1

    return answer([(0, 0)], moves, reached={"full": lambda s: s[0] - s[1] == 2})


class Election(Model):
    """Chang and Roberts' election on a ring of three (Communications of the ACM 22, 1979)."""

    name = "election"

    def state(self):
        self.rank = (2, 3, 1)
        self.inbox = Array(Queue(Int(1, 3), 3), 3)
        self.place = (0, 1, 2)
        self.leader = Option(Pid(self.node))

    @process(count=3)
    def node(self, n):
        yield step("announce")
        self.inbox[NEXT[n]].push(self.rank[n])
        while True:
            yield step("receive", rest="blocked")
            require(self.inbox[self.place[n]])
            rank = self.inbox[self.place[n]].pop()
            if rank > self.rank[n]:
                self.inbox[NEXT[n]].push(rank)
            elif rank == self.rank[n]:
                self.leader = n

    @invariant
    def the_greatest_leads(self):
        return self.leader is None or self.rank[self.leader] == 3

    @step_invariant
    def leads_for_ever(self, before):
        return before.leader is None or self.leader == before.leader

    @reachable
    def elected(self):
        return self.leader is not None

    @terminal
    def somebody_leads(self):
        return self.leader is not None


def election_answer() -> Answer:
    rank = (2, 3, 1)

    def moves(state: tuple[tuple[bool, ...], tuple[tuple[int, ...], ...], int | None]) -> Iterator[object]:
        begun, boxes, leader = state
        for i in range(3):
            after, box, sent = [*boxes], boxes[i], None
            if not begun[i]:
                sent = rank[i]
            elif box:
                after[i] = box[1:]
                sent = box[0] if box[0] > rank[i] else None
                leads = i if box[0] == rank[i] else leader
            else:
                continue
            if sent is not None:
                after[NEXT[i]] = (*after[NEXT[i]], sent)
            now = tuple(b or k == i for k, b in enumerate(begun))
            yield now, tuple(after), leads if begun[i] else leader

    start = ((False,) * 3, ((), (), ()), None)
    found = answer([start], moves, reached={"elected": lambda s: s[2] is not None})
    # Queues are first in, first out and a node announces before it receives, so every execution takes the same steps:
    # three announcements, one hop each for the ranks 1 and 2 (their neighbours have greater ones), three for rank 3.
    assert (found.reached["elected"], found.depth) == (8, 8)
    return found

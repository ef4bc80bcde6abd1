"""The steps of a select statement (runtime/select.go, go1.27.3)."""

from __future__ import annotations

from functools import cache
from itertools import permutations

from gomodel import Array, Bool, Component, Ghost, Int, Set, choose, fatal, invariant, outcome, reachable, step
from gomodel.specs.runtime.hchan import CLOSED, FAILED, HANDED, PANIC, TAKEN

GO = "runtime/select.go"
LOOK = "L3 lock the last; take a case, or L4 default, or L5 queue"
ALL = "the locks of all channels of the cases"
POLL = {
    40: "lock(&c.lock)",
    276: "c.sendq.dequeue()",
    280: "c.qcount > 0",
    283: "c.closed != 0",
    290: "c.closed != 0",
    293: "c.recvq.dequeue()",
    297: "c.qcount < c.dataqsiz",
    59: "unlock(&c.lock)",
    310: "gp.waiting != nil",
    334: "c.sendq.enqueue(sg)",
    336: "c.recvq.enqueue(sg)",
}
FINISH = {
    40: "lock(&c.lock)",
    356: "gp.selectDone.Store(0)",
    357: "sg = (*sudog)(gp.param)",
    374: "gp.waiting = nil",
    385: "caseSuccess = sglist.success",
    392: "c.sendq.dequeueSudoG(sglist)",
    394: "c.recvq.dequeueSudoG(sglist)",
    399: "releaseSudog(sglist)",
    59: "unlock(&c.lock)",
}


def places(lines):
    return tuple(f"{GO}:{line}" for line in lines)


@cache
def lock_orders(ranks, most):
    """Every pollorder of cases whose channels have these addresses, each with its lockorder (select.go:191-240).

    Raises ValueError where these are more than ``most``, the cases that goroutines are declared to have.
    """
    if len(ranks) > most:
        raise ValueError(f"a select of {len(ranks)} cases needs Goroutines(…, cases={len(ranks)})")
    return tuple((order, heapsort(order, ranks)) for order in permutations(range(len(ranks))))


def heapsort(pollorder, ranks):
    """Cases by the addresses of their channels; not stable: two cases of one channel may change places."""
    heap = []
    for case in pollorder:
        j = len(heap)
        heap.append(case)
        while j > 0 and ranks[heap[(j - 1) // 2]] < ranks[case]:
            heap[j] = heap[(j - 1) // 2]
            j = (j - 1) // 2
        heap[j] = case
    for i in reversed(range(len(heap))):
        case, heap[i] = heap[i], heap[0]
        j = 0
        while 2 * j + 1 < i:
            k = 2 * j + 1
            if k + 1 < i and ranks[heap[k]] < ranks[heap[k + 1]]:
                k += 1
            if not ranks[case] < ranks[heap[k]]:
                break
            heap[j] = heap[k]
            j = k
        heap[j] = case
    return tuple(heap)


class SelectSteps(Component):
    """Select statements over ``channels``, which are given in the order of their addresses."""

    def __init__(self, gs, *channels):
        self.gs = gs
        self.procs = gs.procs
        self.channels = channels
        self.stale = max(c.stale for c in channels)

    def state(self):
        self.held = Ghost(Array(Set(Int(0, len(self.channels) - 1)), self.procs))  # locks that a select holds
        self.committing = Ghost(Array(Bool(), self.procs))  # selparkcommit has not unlocked everything
        self.disorder = Ghost(Bool())  # it took a lock while it held one of a higher address
        self.doubled = Ghost(Bool())  # two of its cases took effect at once
        self.passed_over = Ghost(Bool())  # a parked one was told "closed" as a sender, though it wanted to receive, too

    # --- selectgo --------------------------------------------------------------------------------------------

    def select(self, g, cases, v: Int(0, self.stale) = 0, block=True):
        """``cases`` are pairs: "send" (each sends v) or "receive", and a channel or None.  ``block=False``: a default.

        Which case it was (-1: the default), how it went, and the value received: "sent" or "panic", "value" or
        "closed", or "nothing".
        """
        live = tuple((i, what, c) for i, (what, c) in enumerate(cases) if c is not None)
        if live:
            orders = lock_orders(tuple(self.rank(c) for _, _, c in live), self.gs.cases)
            return (yield from self.selectgo(g, live, self.in_lock_order(live), orders, v, block))
        if block:
            why = "gopark(nil, nil, waitReasonSelectNoCases"
            yield from self.gs.sleep_for_ever(g, f"{GO}:104", why)
        return -1, "nothing", 0

    def selectgo(self, g, live, locks, orders, v: Int(0, self.stale), block):
        """``live`` are the cases that have a channel, with their numbers; ``locks`` their channels in lock order."""
        yield from self.sellock(g, locks[:-1])
        yield step(
            LOOK,
            when=lambda: not locks[-1].locked,
            go=places(POLL),
            src=tuple(POLL.values()),
            region=ALL,
        )
        self.lock(g, locks[-1])
        n = 0 if self.bug("s3") else choose(range(len(orders)))
        hit, how, got, r, case = self.poll(g, live, orders, n, v)
        if hit >= 0 or not block:
            self.unlock(g, locks)
        for i, what, c in live:
            if hit == i:
                if what == "send":
                    if how == HANDED and not self.bug("noready"):
                        yield from c.goready(r, case, "runtime/chan.go:346", "runtime/chan.go:350")
                        return i, "sent", 0
                    if how == PANIC:
                        return i, "panic", 0
                    return i, "sent", 0
                if how == TAKEN and not self.bug("noready"):
                    value: Int(0, self.stale) = got
                    yield from c.goready(r, case, "runtime/chan.go:741", "runtime/chan.go:745")
                    return i, "value", value
                if how == CLOSED:
                    return i, "closed", 0
                return i, "value", got
        if not block:
            return -1, "nothing", 0
        if self.gs.listed[g]:
            fatal("gp.waiting != nil", prop="select_starts_clean")
        self.gs.remember(g)
        self.gs.selecting[g] = True
        pollorder: Int(0, len(orders) - 1) = n
        offered: Int(0, self.stale) = v
        for j in range(len(live)):
            if j > 0:
                yield step(
                    "L5 queue the next",
                    go=(f"{GO}:334", f"{GO}:336"),
                    src=("c.sendq.enqueue(sg)", "c.recvq.enqueue(sg)"),
                    region=ALL,
                )
            self.queue(g, live, orders, pollorder, j, offered)
        yield from self.park(g, locks)
        yield step(
            "L8 lock the last; dequeue the others; L9 unlock",
            when=lambda: not locks[-1].locked,
            go=places(FINISH),
            src=tuple(FINISH.values()),
            region=ALL,
        )
        self.lock(g, locks[-1])
        hit, success, got = self.finish(g, live)
        if self.bug("s7") and not success:
            hit, how, got, _, _ = self.poll(g, live, orders, choose(range(len(orders))), offered)
            self.passed_over = self.passed_over or how == PANIC
            success = how != PANIC and how != CLOSED
        self.unlock(g, locks)
        if self.bug("s4") or (self.bug("s10") and len(live) > len(locks)):
            yield step("L6 commit: look again", go=f"{GO}:85", src="sg = sg.waitlink")
            self.look(g)
            return -1, "nothing", 0
        for i, what, c in live:
            if hit == i:
                if what == "receive":
                    if success:
                        return i, "value", got
                    c.told_closed()
                    return i, "closed", 0
                if success:
                    return i, "sent", 0
                c.panics()
                if any(w == "receive" and d is c for _, w, d in live):
                    self.passed_over = True
                return i, "panic", 0
        fatal("selectgo: bad wakeup", prop="no_bad_wakeup")

    def sellock(self, g, locks):
        for c in locks:
            yield step("L2 lock", when=lambda: not c.locked, go=f"{GO}:40", src="lock(&c.lock)", region=ALL)
            self.lock(g, c)

    def poll(self, g, live, orders, n, v):
        """Pass 1 in the n-th pollorder: the first case that can proceed does."""
        hit, how, got, r, case = -1, FAILED, 0, g, 0
        for k, (pollorder, _) in enumerate(orders):
            outcome(f"order {k}", n == k)
            if n == k:
                for place in pollorder:
                    i, what, c = live[place]
                    if hit < 0 or self.bug("s17"):
                        if what == "send":
                            answer, partner, its = c.offer(g, v)
                            x = 0
                        else:
                            answer, x, partner, its = c.take(g, select=True)
                        if answer != FAILED and not (self.bug("s12") and answer == CLOSED):
                            self.doubled = self.doubled or hit >= 0
                            hit, how, got, r, case = i, answer, x, partner, its
        return hit, how, got, r, case

    def queue(self, g, live, orders, n, j, v):
        """Pass 2: the j-th sudog in lock order joins its queue."""
        lockorders = tuple(dict.fromkeys(lockorder for _, lockorder in orders))
        for lockorder in lockorders:
            made_of = [k for k, (_, its) in enumerate(orders) if its == lockorder]
            if len(lockorders) == 1 or any(n == k for k in made_of):
                i, what, c = live[lockorder[j]]
                s = self.gs.sudog(g, i)
                if self.bug("s2") and (c.recvq if what == "send" else c.sendq):
                    fatal("the other queue is not empty", prop="select_starts_clean")
                if what == "send":
                    self.gs.put(c.slot, s, v)
                    c.enqueue(c.sendq, s)
                else:
                    c.enqueue(c.recvq, s)

    def park(self, g, locks):
        """gopark with selparkcommit, and locking again: the goroutine may run before its M has unlocked the last."""
        yield step("L6 waiting", go="runtime/proc.go:4290", src="casgstatus(gp, _Grunning, _Gwaiting)")
        self.gs.waiting[g] = True
        self.held[g].clear()  # from here on they are the commit's
        self.committing[g] = True
        again: Int(0, len(locks)) = 0  # locks that the woken goroutine has taken again
        for j, c in enumerate(locks):
            while True:
                yield step(
                    "L6 commit: unlock the next; or L7 lock the next",
                    go=(f"{GO}:98" if c is locks[-1] else f"{GO}:93", f"{GO}:40"),
                    src=("unlock(&lastc.lock)", "lock(&c.lock)"),
                    region=ALL,
                )
                self.look(g)
                if not self.may_lock(g, locks[:j], again) or choose(True, False):
                    break
                for k in range(j):
                    if again == k:
                        self.lock(g, locks[k])
                again += 1
            c.locked = False
        self.committing[g] = False
        if again == 0:
            yield step(
                "L7 resume",
                when=lambda: not self.gs.waiting[g],
                rest=self.gs.rest,
                go=f"{GO}:352",
                src="gp.activeStackChans = false",
            )
        for j, c in enumerate(locks[:-1]):
            if again <= j:
                yield step("L7 lock", when=lambda: not c.locked, go=f"{GO}:40", src="lock(&c.lock)", region=ALL)
                self.lock(g, c)

    def look(self, g):
        """The commit goes along gp.waiting, which is the goroutine's own again once it has all of its locks."""
        if not self.gs.listed[g]:
            fatal("selparkcommit reads a sudog that has been released", prop="commit_keeps_off")

    def may_lock(self, g, unlocked, again):
        return not self.gs.waiting[g] and any(again == k and not c.locked for k, c in enumerate(unlocked))

    def finish(self, g, live):
        """Pass 3: which case was served, whether it succeeded, and what it received; the others leave their queues."""
        won = self.gs.param[g]
        self.gs.select_done[g] = self.bug("keepdone")
        self.gs.selecting[g] = self.bug("keepselect")
        self.gs.forget(g)
        self.gs.listed[g] = self.bug("keeplist")
        hit, success, got = -1, False, 0
        for i, what, c in live:
            s = self.gs.sudog(g, i)
            self.gs.put(c.elem, s, False)
            if won == i:
                got = self.gs.get(c.slot, s)
                hit, success = i, c.resume(s)
                self.gs.listed[g] = self.bug("keeplist")
            else:
                queue = c.sendq if (what == "send") != self.bug("s11") else c.recvq
                if self.bug("s5"):
                    self.remove_any(queue, g)
                elif s in queue and not self.bug("s1"):
                    queue.remove(s)
                c.release(s)
        return hit, success, got

    def remove_any(self, queue, g):
        """Bug s5: by goroutine, as before sudogs were told apart (golang/go e330cc16f4, 2014)."""
        found = False
        for s in queue:
            if self.gs.owner(s) == g and not found:
                queue.remove(s)
                found = True

    # --- locks -----------------------------------------------------------------------------------------------

    def rank(self, c):
        return self.channels.index(c)

    def in_lock_order(self, live):
        used = tuple(c for _, _, c in live)
        if self.bug("s9"):
            return tuple(dict.fromkeys(used))
        return tuple(c for c in self.channels if c in used)

    def lock(self, g, c):
        self.disorder = self.disorder or any(n > self.rank(c) for n in self.held[g])
        self.held[g].add(self.rank(c))
        c.locked = True

    def unlock(self, g, locks):
        """selunlock (select.go:45-61); nobody can tell in how many steps, as nothing is done in between."""
        self.held[g].clear()
        for c in locks:
            c.locked = False

    # --- properties ------------------------------------------------------------------------------------------

    @invariant
    def one_case(self):
        """Exactly one case of a select takes effect, and who has parked is woken once (OneCase, NoDoubleWake)."""
        return not self.doubled and all(self.gs.wins[g] <= 1 for g in self.procs)

    @invariant
    def losers_gone(self):
        """Only who has not come back from parking stands in a queue (LosersGone)."""
        listed, owner = self.gs.listed, self.gs.owner
        return all(all(listed[owner(s)] for s in q) for c in self.channels for q in (c.sendq, c.recvq))

    @invariant
    def select_done_reset(self):
        """selectDone is 1 only from the CAS that wins until the woken goroutine has its locks (SelectDoneReset)."""
        gs = self.gs
        return all(not gs.select_done[g] or (gs.selecting[g] and gs.wins[g] > 0) for g in self.procs)

    @invariant
    def lock_order(self):
        """Locks are taken in the order of their addresses (LockOrder)."""
        return not self.disorder

    @invariant
    def receive_wins(self):
        """A parked select with both directions of a channel has received when that is closed (CloseRecvPreference)."""
        return not self.passed_over

    @reachable
    def runs_before_the_last_unlock(self):
        """A select was readied while its M still holds a lock, and waits for that lock with another one in its hand."""
        return any(not self.gs.waiting[g] and self.gs.wins[g] > 0 and self.committing[g] for g in self.procs)

    @reachable
    def loser_in_queue(self):
        """A sudog of a select that has been won elsewhere still stands in a queue."""
        return any(self.gs.lost(s) for c in self.channels for q in (c.sendq, c.recvq) for s in q)

"""What the model of parking and readying promises, and its witnesses: see ``gstatus``."""

from __future__ import annotations

from gomodel import Int, Model, count, invariant, leads_to, reachable, step_invariant

USER, EXECUTE, RETURNS = "user code", "E1 m.curg = g, g.m = m", "P4 unlockf has returned"
NO = "P5 CAS Waiting→Runnable"
W1_WORD, W1_LOCK = "W1 CAS pdReady→pdNil, or pdNil→pdWait", "W1 lock; wait, if the event has not come"
V1_WORD, V1_LOCK, W2 = "V1 CAS to pdReady", "V1 lock; who waits?", "W2 swap pdNil"
KEEPING = ("P2 dropg", "P3 CAS pdWait→g", NO)  # in "commit"; in "lock" a G is registered before it parks
STEPS = (("runnable", "running"), ("running", "waiting"), ("waiting", "runnable"))


class ParkingProperties(Model):
    """``rt`` is the Ms and Gs, ``thread`` the Ms."""

    @invariant
    def once(self):
        """Who runs user code runs a G that is Running, which no other M runs (S3.once)."""
        return all(
            not self.thread.at(m, USER)
            or (
                self.rt.curg[m] is not None
                and self.rt.status[self.rt.curg[m]] == "running"
                and count(self.rt.curg[n] == self.rt.curg[m] for n in self.thread) == 1
            )
            for m in self.thread
        )

    @invariant
    def curg(self):
        """The G that an M runs has this M, and it has one while it runs user code (S3.curg)."""
        return all(
            self.rt.g_m[self.rt.curg[m]] == m if self.rt.curg[m] is not None else not self.thread.at(m, USER)
            for m in self.thread
        )

    @invariant
    def one_place(self):
        """A Runnable G is queued, in a hand, or kept by the M that runs it next: once."""
        return all(
            self.rt.status[g] != "runnable"
            or count(h == g for h in self.rt.runq)
            + count(self.rt.hand[m] == g for m in self.thread)
            + count(self.thread.at(m, EXECUTE) and self.rt.parks[m] == g for m in self.thread)
            + count(self.thread.at(m, "E2 CAS Runnable→Running") and self.rt.curg[m] == g for m in self.thread)
            == 1
            for g in range(self.gs)
        )

    @invariant
    def minded(self):
        """A Waiting G is registered, in a waker's hand, or kept by the M that parks it: once."""
        return all(
            self.rt.status[g] != "waiting"
            or count(w == g for w in (self.rt.waiter,))
            + count(self.rt.hand[m] == g for m in self.thread)
            + count(self.commit and self.thread.at(m, *KEEPING) and self.rt.parks[m] == g for m in self.thread)
            == 1
            for g in range(self.gs)
        )

    @invariant
    def unlinked(self):
        """A G has no M but the one that runs it."""
        return all(
            self.rt.g_m[g] is None or any(self.rt.g_m[g] == m and self.rt.curg[m] == g for m in self.thread)
            for g in range(self.gs)
        )

    @invariant
    def one_word(self):
        """pdReady, pdWait and the G that waits are values of one word; under the lock too there is one of them."""
        return count(there for there in (self.rt.event, self.rt.ahead, self.rt.waiter is not None)) <= 1

    @invariant
    def one_waits(self):
        """Busy is who has begun to wait and has not come back: one at most (fdMutex)."""
        return count(back for back in self.rt.back) == (1 if self.rt.busy else 0)

    @invariant
    def came_back(self):
        """Who runs user code has come back from where it waited."""
        return all(
            not self.thread.at(m, USER) or not any(self.rt.curg[m] == g and self.rt.back[g] for g in range(self.gs))
            for m in self.thread
        )

    @step_invariant
    def events_are_taken(self, before):
        """Who looks for the event and finds it takes it; behind the swap to pdNil there is none."""
        waits, rt = W1_WORD if self.commit else W1_LOCK, self.rt
        looked = all(
            not (before.thread.at(m, waits) and not self.thread.at(m, waits) and before.rt.event and not before.rt.busy)
            or not rt.event
            for m in self.thread
        )
        return looked and (
            not self.commit
            or all(
                not before.thread.at(m, W2)
                or self.thread.at(m, W2)
                or not (rt.event or rt.ahead or rt.waiter is not None)
                for m in self.thread
            )
        )

    @step_invariant
    def events_are_noted(self, before):
        """A waker leaves the event, unless it takes a sleeper from under the lock instead."""
        wakes = V1_WORD if self.commit else V1_LOCK
        return all(
            not (before.thread.at(m, wakes) and not self.thread.at(m, wakes))
            or self.rt.event
            or (not self.commit and before.rt.waiter is not None)
            for m in self.thread
        )

    @step_invariant
    def legal(self, before):
        """A G changes its status as it may."""
        return all(
            before.rt.status[g] == self.rt.status[g]
            or any(before.rt.status[g] == a and self.rt.status[g] == b for a, b in STEPS)
            for g in range(self.gs)
        )

    def runs(self, g):
        return any(self.thread.at(m, USER) and self.rt.curg[m] == g for m in self.thread)

    @leads_to
    def woken_runs(self, g: Int(0, self.gs - 1)):
        """A G that waits runs again if the event has come, or a waker has seen it (S3.nolostwake)."""
        called = self.rt.event or any(self.rt.hand[m] == g for m in self.thread)
        return self.rt.status[g] == "waiting" and called, self.runs(g)

    @leads_to
    def ready_runs(self, g: Int(0, self.gs - 1)):
        """A G that is Runnable runs."""
        return self.rt.status[g] == "runnable", self.runs(g)

    @reachable
    def readied_early(self):
        """A G is Runnable and queued, and unlockf has not returned to the M that parks it."""
        return any(
            self.thread.at(m, RETURNS)
            and self.rt.parks[m] is not None
            and any(g == self.rt.parks[m] for g in self.rt.runq)
            for m in self.thread
        )

    @reachable
    def runs_early(self):
        """A G runs user code on another M, and unlockf has not returned to the M that parks it."""
        return any(
            self.thread.at(m, RETURNS) and self.rt.parks[m] is not None and self.runs(self.rt.parks[m])
            for m in self.thread
        )

    @reachable(scenario="commit")
    def said_no(self):
        """unlockf has said no, as the event came while the G was parking."""
        return self.commit and any(self.thread.at(m, NO) for m in self.thread)

"""What Ms do when they look for work, submit it, wake one another and park (runtime/proc.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Bool, Int, choose, fatal, step
from gomodel.specs.runtime.spin_state import GO, LOCK, OWN, RING, THROW, SchedulerState


class Spinning(SchedulerState):
    """findRunnable and its primitives; ``poll`` and ``block_in_netpoll`` come from ``Polling``."""

    # --- the four primitives ---------------------------------------------------------------------------------

    def lose(self, m):
        """nmspinning.Add(-1)."""
        self.mem.fence(m)
        self.nmspinning -= 1
        if self.nmspinning < 0:
            fatal("negative nmspinning", prop=THROW)

    def become_spinning(self, m):
        yield step("B1 nmspinning + 1", go=f"{GO}:1088", src="sched.nmspinning.Add(1)", atomic=OWN)
        self.mem.fence(m)
        self.spinning[m] = True
        if not self.bug("uncounted"):
            self.nmspinning += 1
        yield step("B2 needspinning = 0", go=f"{GO}:1089", src="sched.needspinning.Store(0)", atomic=OWN)
        self.mem.fence(m)
        if not self.bug("need"):
            self.needspinning = False

    def wakep(self, m):
        yield step("W1 load nmspinning", go=f"{GO}:3230", src="sched.nmspinning.Load()", atomic=OWN)
        if self.nmspinning != 0:
            return
        yield step("W2 CAS nmspinning 0→1", go=f"{GO}:3230", src="sched.nmspinning.CompareAndSwap(0, 1)", atomic=OWN)
        self.mem.fence(m)
        if self.nmspinning != 0 and not self.bug("cas"):
            return
        self.nmspinning = 1
        self.tokens += 1
        yield step(
            "W3 lock, pidlegetSpinning", when=lambda: not self.locked,
            go=(f"{GO}:3242", f"{GO}:3243"), src=("lock(&sched.lock)", "pidlegetSpinning(0)"), region=LOCK,
        )  # fmt: skip
        if not self.pidleget_spinning(m):
            if self.apart:
                self.locked = True
                yield step(
                    "W4 nmspinning − 1, unlock",
                    go=(f"{GO}:3245", f"{GO}:3248"), src=("sched.nmspinning.Add(-1)", "unlock(&sched.lock)"),
                    region=LOCK,
                )  # fmt: skip
                self.locked = False
            if not self.bug("token"):
                self.lose(m)
                self.tokens -= 1
            return
        yield from self.startm(m, True)

    def startm(self, m, spinning: Bool()):
        yield step(
            "S1 lock, mget, unlock", when=lambda: not self.locked and len(self.midle) > 0,
            rest="blocked",
            go=(f"{GO}:3069", f"{GO}:3087", f"{GO}:3122"),
            src=("lock(&sched.lock)", "mget()", "unlock(&sched.lock)"), region=LOCK,
        )  # fmt: skip
        self.mem.fence(m)
        self.nmp[m] = self.midle.pop_back()
        yield from self.wake(m, spinning)

    def wake(self, m, spinning: Bool()):
        """What startm does with the M that it has found."""
        yield step(
            "S2 spinning, nextp, notewakeup", go=(f"{GO}:3134", f"{GO}:3135", f"{GO}:3136"),
            src=("nmp.spinning = spinning", "nmp.nextp.set(pp)", "notewakeup(&nmp.park)"),
            atomic="between mget and notewakeup the M belongs to the one that starts it",
        )  # fmt: skip
        self.mem.fence(m)
        other = self.nmp[m]
        if self.spinning[other]:
            fatal("startm: m is spinning", prop=THROW)
        if self.nextp[other] != self.none:
            fatal("startm: m has p", prop=THROW)
        if spinning and self.size(m, self.hand[m]) > 0:
            fatal("startm: p has runnable gs", prop=THROW)
        if self.note[other]:
            fatal("notewakeup - double wakeup", prop=THROW)
        self.spinning[other] = spinning
        self.nextp[other] = self.hand[m]
        self.note[other] = True
        self.hand[m] = self.none
        self.nmp[m] = None
        if spinning:
            self.tokens -= 1

    def stopm(self, m):
        yield step(
            "M1 lock, mput, unlock", when=lambda: not self.locked,
            go=(f"{GO}:3020", f"{GO}:3021", f"{GO}:3022"),
            src=("lock(&sched.lock)", "mput(gp.m)", "unlock(&sched.lock)"), region=LOCK,
        )  # fmt: skip
        self.mem.fence(m)
        if self.spinning[m]:
            fatal("stopm spinning", prop=THROW)
        if self.p[m] != self.none:
            fatal("stopm holding p", prop=THROW)
        self.midle.push(m)
        yield from self.park(m)

    def park(self, m):
        yield step(
            "M2 woken: clear the note, acquirep(nextp)", when=lambda: self.note[m], rest="blocked",
            go=(f"{GO}:3023", f"{GO}:3024"), src=("mPark()", "acquirep(gp.m.nextp.ptr())"),
            atomic="nobody writes the note, nextp or the P until this M is on the idle list again",
        )  # fmt: skip
        if not self.bug("clear"):
            self.note[m] = False
        self.acquirep(m, self.nextp[m])
        self.nextp[m] = self.none

    def acquirep(self, m, p):
        if self.p[m] != self.none or p == self.none or any(self.p[other] == p for other in self.ms):
            fatal("wirep: invalid p state", prop=THROW)
        self.p[m] = p
        self.hand[m] = self.none

    # --- findRunnable ----------------------------------------------------------------------------------------

    def schedule(self, m):
        """findRunnable, and what schedule does with what it found."""
        if self.spinning[m] and self.size(m, self.p[m]) > 0:
            fatal("schedule: spinning with local work", prop="spinners_have_no_work")
        found: Bool() = False
        while not found:
            found = yield from self.look(m)
            if not found:
                outcome = yield from self.drop(m)
                if outcome == 2:
                    found = True
                elif outcome == 1:
                    yield from self.become_spinning(m)
                    yield step("D3 unlock", go=f"{GO}:3628", src="unlock(&sched.lock)", atomic=OWN)
                    if not self.bug("unlock"):
                        self.locked = False
                else:
                    outcome = yield from self.recheck(m)
                    if outcome == 2:
                        found = True
                    elif outcome == 0:
                        found = yield from self.block_in_netpoll(m)
        if self.spinning[m] and not self.bug("keeps"):
            yield step("E1 nmspinning − 1", go=f"{GO}:4042", src="sched.nmspinning.Add(-1)", atomic=OWN)
            self.spinning[m] = False
            self.lose(m)
            if not self.bug("reset"):
                yield from self.wakep(m)

    def look(self, m):
        """With a P: whether a G was found."""
        if self.every and not self.bug("13546"):
            yield step("F6 load runq.size, if the tick says so", go=f"{GO}:3458", src="sched.runq.empty()", atomic=OWN)
            if self.tick[self.p[m]] == 0 and self.runq > 0:
                yield step(
                    "F6 lock, globrunqget, unlock", when=lambda: not self.locked,
                    go=(f"{GO}:3459", f"{GO}:3460"), src=("lock(&sched.lock)", "globrunqget()"), region=LOCK,
                )  # fmt: skip
                if self.globrunqget(m, self.p[m]) > 0:
                    self.ticks(m, True)
                    return True
        yield step("F8 runqget", go=f"{GO}:3484", src="runqget(pp)", atomic=RING)
        if self.size(m, self.p[m]) > 0:
            self.take(m, self.p[m])
            self.ticks(m)
            return True
        yield step("F9 load runq.size", go=f"{GO}:3489", src="!sched.runq.empty()", atomic=OWN)
        if self.runq > 0:
            yield step(
                "F9 lock, globrunqgetbatch, unlock", when=lambda: not self.locked,
                go=(f"{GO}:3490", f"{GO}:3491"), src=("lock(&sched.lock)", "globrunqgetbatch("), region=LOCK,
            )  # fmt: skip
            self.mem.fence(m)
            n: Int(0, self.cap + 1) = self.globrunqget(m, self.p[m], self.batch())
            if n > 0:
                yield from self.put_batch(m, n)
                return True
        if self.net:
            polled = yield from self.poll(m)
            if polled:
                return True
        if not self.spinning[m]:
            yield step("F11 load nmspinning", go=f"{GO}:3532", src="2*sched.nmspinning.Load()", atomic=OWN)
            spinners: Int(-1, self.ms.size + 2) = self.nmspinning
            yield step("F11 load npidle", go=f"{GO}:3532", src="gomaxprocs-sched.npidle.Load()", atomic=OWN)
            if 2 * spinners >= self.ps - len(self.pidle):
                return False
            yield from self.become_spinning(m)
        first: Int(0, self.ps - 1) = 0
        if self.ps > 2:
            yield step("F11 where to begin", go=f"{GO}:3852", src="stealOrder.start(cheaprand())", atomic=OWN)
            first = choose(range(self.ps - 1))
        for i in range(self.ps - 1):
            yield step("F11 load idlepMask", go=f"{GO}:3898", src="!idlepMask.read(enum.position())", atomic=OWN)
            if not self.idle(self.victim(m, first + i)):
                yield step(
                    "F11 runqsteal", go=f"{GO}:3899", src="runqsteal(pp, p2, stealTimersOrRunNextG)", atomic=RING
                )
                if self.size(m, self.victim(m, first + i)) > 0:
                    self.take(m, self.victim(m, first + i))
                    self.ticks(m)
                    return True
        return False

    def victim(self, m, i):
        return (self.p[m] + 1 + i % (self.ps - 1)) % self.ps if self.ps > 1 else 0

    def idle(self, p):
        return p in self.pidle

    def ticks(self, m, taken=False):
        """schedtick + 1; ``taken``: for a G from the global queue."""
        if self.every:
            self.tick[self.p[m]] = (self.tick[self.p[m]] + 1) % self.every
            if not taken and self.runq > 0:
                self.overdue[self.p[m]] = min(self.overdue[self.p[m]] + 1, self.every + 1)

    def put_batch(self, m, n: Int(0, 9)):
        """runqputbatch of all but the one to run."""
        self.ticks(m, True)
        if self.batches == 2:
            if n > 1:
                yield step("F9 runqputbatch", go=f"{GO}:7640", src="atomic.StoreRel(&pp.runqtail, t)", atomic=RING)
                if self.size(m, self.p[m]) + n - 1 > self.cap:
                    fatal("Couldn't put Gs into empty local runq", prop=THROW)
                self.held[m] -= n - 1
                self.append(m, self.p[m], n - 1)

    def drop(self, m):
        """2: found a G.  1: needspinning, and the lock is held.  0: the P is on the idle list."""
        yield step(
            "D1 lock; global, needspinning, pidleput; unlock", when=lambda: not self.locked,
            go=(f"{GO}:3609", f"{GO}:3615", f"{GO}:3625", f"{GO}:3634", f"{GO}:3635"),
            src=("lock(&sched.lock)", "globrunqgetbatch(", "sched.needspinning.Load() == 1", "pidleput(pp, now)",
                 "unlock(&sched.lock)"), region=LOCK,
        )  # fmt: skip
        self.mem.fence(m)
        n: Int(0, self.cap + 1) = self.globrunqget(m, self.p[m], self.batch())
        if n > 0:
            yield from self.put_batch(m, n)
            return 2
        if not self.spinning[m] and self.needspinning:
            self.locked = True
            return 1
        if self.size(m, self.p[m]) > 0:
            fatal("pidleput: P has non-empty run queue", prop=THROW)
        self.pidle.push(self.p[m])
        if not self.bug("release"):
            self.p[m] = self.none
        return 0

    def recheck(self, m):
        """Without a P.  2: a G and a P.  1: a P.  0: nothing."""
        spun: Bool() = self.spinning[m]
        if not spun and not self.bug("43997"):
            return 0
        if spun:
            yield step("R1 nmspinning − 1", go=f"{GO}:3676", src="sched.nmspinning.Add(-1)", atomic=OWN)
            self.spinning[m] = False
            self.lose(m)
        if self.bug("recheck") or (self.bug("last") and self.nmspinning > 0):
            return 0
        yield step(
            "R2 lock; if global: pidlegetSpinning", when=lambda: not self.locked,
            go=(f"{GO}:3691", f"{GO}:3692", f"{GO}:3693"),
            src=("lock(&sched.lock)", "!sched.runq.empty()", "pidlegetSpinning(0)"), region=LOCK,
        )  # fmt: skip
        if self.runq > 0:
            if self.pidleget_spinning(m):
                self.locked = True
                yield step(
                    "R3 globrunqgetbatch, unlock", go=(f"{GO}:3695", f"{GO}:3696"),
                    src=("globrunqgetbatch(", "unlock(&sched.lock)"), region=LOCK,
                )  # fmt: skip
                self.locked = False
                n: Int(0, self.cap + 1) = self.globrunqget(m, self.hand[m], self.batch())
                self.acquirep(m, self.hand[m])
                yield from self.put_batch(m, n)
                yield from self.become_spinning(m)
                return 2
        for p in range(self.ps):
            yield step("R4 load idlepMask", go=f"{GO}:3919", src="!idlepMaskSnapshot.read(uint32(id))", atomic=OWN)
            if not self.idle(p):
                yield step("R5 runqempty", go=f"{GO}:3919", src="!runqempty(p2)", atomic=RING)
                if self.size(m, p) > 0:
                    yield step(
                        "R6 lock, pidlegetSpinning, unlock", when=lambda: not self.locked,
                        go=(f"{GO}:3920", f"{GO}:3921"), src=("lock(&sched.lock)", "pidlegetSpinning(0)"), region=LOCK,
                    )  # fmt: skip
                    if not self.pidleget_spinning(m):
                        return 0
                    self.acquirep(m, self.hand[m])
                    if self.bug("43997") and not spun:
                        self.spinning[m] = True
                        return 1
                    yield from self.become_spinning(m)
                    return 1
        return 0

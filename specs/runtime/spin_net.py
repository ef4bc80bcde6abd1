"""The network in the scheduler: netpoll in findRunnable, injectglist, and sysmon's poll (runtime/proc.go, go1.27.3).

The kernel is two numbers: Gs that wait for a descriptor (``parked``), and those whose descriptor is ready
(``arrived``).  netpoll takes all that have arrived.  netpollWaiters is their sum: in the source it is lowered a little
later, behind injectglist, and an M that reads it in between polls in vain.
"""

from __future__ import annotations

from gomodel import Bool, Int, fatal, require, step
from gomodel.specs.runtime.spin_state import GO, LOCK, OWN, RING, THROW
from gomodel.specs.runtime.spin_steps import Spinning


class Polling(Spinning):
    """What is added for a program that waits for the network."""

    def state(self):
        super().state()
        n = self.gs if self.net else 0
        self.parked = Int(0, n)
        self.arrived = Int(0, n)
        self.lastpoll = Bool(init=True)  # not 0: nobody blocks in netpoll
        self.polling = Bool()  # pollingNet
        self.blocked = Int(0, self.ms.size)  # Ms that block in netpoll

    # --- netpoll ---------------------------------------------------------------------------------------------

    def arrives(self):
        """A descriptor becomes ready."""
        require(self.net and self.parked > 0)
        self.parked -= 1
        self.arrived += 1

    def wait_for_network(self, m):
        """netpollblockcommit of the G that runs."""
        self.held[m] -= 1
        self.parked += 1

    def netpoll(self, m):
        """Everything that has arrived goes to this M; how many."""
        n = self.arrived
        self.arrived = 0
        self.held[m] += n
        return n

    def poll(self, m):
        """F10: netpoll(0), one M at a time.  Whether there is a G to run."""
        yield step("F10 load netpollWaiters", go=f"{GO}:3510", src="netpollAnyWaiters()", atomic=OWN)
        if self.parked + self.arrived == 0:
            return False
        yield step("F10 load lastpoll", go=f"{GO}:3510", src="sched.lastpoll.Load() != 0", atomic=OWN)
        if not self.lastpoll:
            return False
        yield step("F10 pollingNet.Swap(1)", go=f"{GO}:3510", src="sched.pollingNet.Swap(1) == 0", atomic=OWN)
        if self.polling:
            return False
        self.polling = True
        yield step("F10 netpoll(0)", go=f"{GO}:3511", src="netpoll(0)", atomic="the kernel gives what is ready")
        n: Int(0, 9) = self.netpoll(m)
        yield step("F10 pollingNet = 0", go=f"{GO}:3512", src="sched.pollingNet.Store(0)", atomic=OWN)
        if not self.bug("stays"):
            self.polling = False
        if n == 0:
            return False
        yield from self.injectglist(m, n - 1, True)
        self.ticks(m)
        return True

    def block_in_netpoll(self, m):
        """Without a P and with nothing to do: block in netpoll, if nobody else does, else stopm."""
        if not self.net:
            yield from self.stopm(m)
            return False
        yield step("N1 load netpollWaiters", go=f"{GO}:3747", src="netpollAnyWaiters()", atomic=OWN)
        mine: Bool() = self.parked + self.arrived > 0
        if mine:
            yield step("N2 lastpoll.Swap(0)", go=f"{GO}:3747", src="sched.lastpoll.Swap(0) != 0", atomic=OWN)
            mine = self.lastpoll or self.bug("both")
            self.lastpoll = False
        if not mine:
            yield from self.stopm(m)
            return False
        if self.p[m] != self.none:
            fatal("findRunnable: netpoll with p", prop=THROW)
        if self.spinning[m]:
            fatal("findRunnable: netpoll with spinning", prop=THROW)
        self.blocked += 1
        yield step(
            "N3 netpoll", when=lambda: self.arrived > 0, rest="blocked",
            go=f"{GO}:3769", src="netpoll(delay)", atomic="the kernel gives what is ready",
        )  # fmt: skip
        self.blocked -= 1
        n: Int(0, 9) = self.netpoll(m)
        yield step("N4 lastpoll = now", go=f"{GO}:3773", src="sched.lastpoll.Store(now)", atomic=OWN)
        if not self.bug("lastpoll"):
            self.lastpoll = True
        yield step(
            "N5 lock, pidleget, unlock", when=lambda: not self.locked,
            go=(f"{GO}:3780", f"{GO}:3781", f"{GO}:3782"),
            src=("lock(&sched.lock)", "pidleget(now)", "unlock(&sched.lock)"), region=LOCK,
        )  # fmt: skip
        if not self.pidleget_spinning(m, False):
            yield from self.injectglist(m, n, False)
            yield from self.stopm(m)
            return False
        self.acquirep(m, self.hand[m])
        yield from self.injectglist(m, n - 1, True)
        self.ticks(m)
        return True

    # --- injectglist -----------------------------------------------------------------------------------------

    def injectglist(self, m, n: Int(0, 9), has_p: Bool()):
        """Queue ``n`` Gs that ``m`` has in its hand, and start an M for each idle P."""
        if n == 0:
            return
        if not has_p:
            yield step(
                "I6 lock, globrunqputbatch, unlock", when=lambda: not self.locked,
                go=(f"{GO}:4105", f"{GO}:4106", f"{GO}:4107"),
                src=("lock(&sched.lock)", "globrunqputbatch(&q)", "unlock(&sched.lock)"), region=LOCK,
            )  # fmt: skip
            self.globrunqput(m, n)
            yield from self.start_idle(m, n)
            return
        yield step("I1 load npidle", go=f"{GO}:4113", src="sched.npidle.Load()", atomic=OWN)
        some: Int(0, 9) = min(len(self.pidle), n)
        if some > 0:
            yield step(
                "I2 lock, globrunqputbatch, unlock", when=lambda: not self.locked,
                go=(f"{GO}:4120", f"{GO}:4121", f"{GO}:4122"),
                src=("lock(&sched.lock)", "globrunqputbatch(&globq)", "unlock(&sched.lock)"), region=LOCK,
            )  # fmt: skip
            self.globrunqput(m, some)
            yield from self.start_idle(m, some)
        rest: Int(0, 9) = n - some
        if rest > 0:
            yield step("I4 runqputbatch", go=f"{GO}:7640", src="atomic.StoreRel(&pp.runqtail, t)", atomic=RING)
            fits = min(rest, self.cap - self.size(m, self.p[m]))
            self.held[m] -= fits
            self.append(m, self.p[m], fits)
            rest -= fits
        if rest > 0:
            yield step(
                "I5 lock, globrunqputbatch, unlock", when=lambda: not self.locked,
                go=(f"{GO}:4127", f"{GO}:4128"), src=("lock(&sched.lock)", "globrunqputbatch(&q)"), region=LOCK,
            )  # fmt: skip
            self.globrunqput(m, rest)
        if not self.bug("63555"):
            yield from self.wakep(m)

    def start_idle(self, m, n: Int(0, 9)):
        """startIdle: an M for each of ``n`` idle Ps."""
        left: Int(0, 9) = n
        while left > 0:
            yield step(
                "I3 lock, pidlegetSpinning, mget, unlock",
                when=lambda: not self.locked and (len(self.pidle) == 0 or len(self.midle) > 0),
                rest="blocked",
                go=(f"{GO}:4087", f"{GO}:4089", f"{GO}:3087"),
                src=("lock(&sched.lock)", "pidlegetSpinning(0)", "mget()"), region=LOCK,
            )  # fmt: skip
            if not self.pidleget_spinning(m):
                return
            if self.bug("idle"):
                self.pidle.push(self.hand[m])
                self.hand[m] = self.none
                return
            self.nmp[m] = self.midle.pop_back()
            yield from self.wake(m, False)
            left -= 1

    # --- sysmon ----------------------------------------------------------------------------------------------

    def due(self):
        """Whether sysmon has something to poll."""
        return self.lastpoll and self.arrived > 0 and len(self.pidle) < self.ps and not self.bug("sysmon")

    def sysmon(self, y):
        """Of sysmon, the poll that comes when nobody has polled for 10 ms.

        A poll that finds nothing changes nothing but the time, so it waits here until there is something.  While every
        P is idle it sleeps (6563); what would wake it then (a system call that ends, startTheWorld) is no part of this.
        """
        while True:
            yield step(
                "Y1 load lastpoll", when=lambda: self.due(),
                rest="blocked", go=f"{GO}:6619", src="sched.lastpoll.Load()",
                atomic="lastpoll is not 0 again after the CAS of 6621, whoever came first",
            )  # fmt: skip
            yield step("Y2 netpoll(0)", go=f"{GO}:6622", src="netpoll(0)", atomic="the kernel gives what is ready")
            n: Int(0, 9) = self.netpoll(y)
            if n > 0:
                yield from self.injectglist(y, n, False)

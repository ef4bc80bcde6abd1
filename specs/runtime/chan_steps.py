"""The steps of channel operations: send, receive, close, and shrinking a stack (runtime/chan.go, go1.27.3)."""

from __future__ import annotations

from gomodel import Int, Pid, choose, fatal, require, step
from gomodel.specs.runtime.hchan import CLOSED, FAILED, HANDED, PANIC, STORED, TAKEN, VALUE, Hchan

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


class ChannelSteps(Hchan):
    """What goroutines do with a channel.

    An operation says how it went: a send "sent", "full" (it does not block) or "panic"; a receive a pair, "value" and
    the value, "closed" and 0, or "nothing" and 0; a close "closed" or "panic".
    """

    # --- chansend --------------------------------------------------------------------------------------------

    def send(self, g, v: Int(0, self.stale), block=True):
        if self.nil:
            if block:
                yield from self.gs.sleep_for_ever(g, f"{GO}:181", "waitReasonChanSendNilChan", self.bug("nilpark"))
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
        how, r, case = self.offer(g, v)
        if not block:
            self.end_send(g, how == FAILED)
        if how == PANIC:
            if self.bug("nounlock"):
                self.locked = True
            return "panic"
        if how == HANDED:
            if self.bug("c5") or self.bug("c19"):
                yield from self.copy_late(r, case, v)
            elif not self.bug("noready"):
                yield from self.goready(r, case, f"{GO}:346", f"{GO}:350")
            return "sent"
        if how == STORED:
            return "sent"
        if not block:
            return "full"
        self.gs.put(self.slot, self.gs.sudog(g, 0), v)
        self.gs.remember(g)
        self.enqueue(self.sendq, self.gs.sudog(g, 0))
        self.locked = not self.bug("hasty")
        self.gs.keep_stack(g, not self.bug("c7"))
        self.moment()
        yield from self.park(g)
        yield step(
            "S8 resume",
            when=lambda: not self.gs.waiting[g],
            rest=self.gs.rest,
            go=(f"{GO}:296", f"{GO}:302", f"{GO}:304"),
            src=("closed := !mysg.success", "releaseSudog(mysg)", "c.closed == 0"),
            atomic=WOKEN,
        )
        success = self.resume(self.gs.sudog(g, 0))
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
                yield from self.gs.sleep_for_ever(g, f"{GO}:536", "waitReasonChanReceiveNilChan", self.bug("nilpark"))
            return "nothing", 0
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
                    return "nothing", 0
                if not self.bug("c9"):
                    yield step("R1 load sendq.first or qcount again", go=f"{GO}:569", src="empty(c)")
                if self.bug("c9") or self.empty():
                    self.told_closed()
                    self.end_receive(g, False)
                    return "closed", 0
        yield step(
            "R2 lock; closed, take over, take, fail or queue",
            when=lambda: not self.locked,
            go=places(RECEIVE),
            src=tuple(RECEIVE.values()),
            region="c.lock",
        )
        how, v, s, case = self.take(g)
        if not block:
            self.end_receive(g, how == FAILED)
        if how == TAKEN:
            taken: Int(0, self.stale) = v
            yield from self.goready(s, case, f"{GO}:741", f"{GO}:745")
            return "value", taken
        if how == CLOSED:
            return "closed", 0
        if how == VALUE:
            return "value", v
        if not block:
            return "nothing", 0
        self.gs.remember(g)
        self.enqueue(self.recvq, self.gs.sudog(g, 0))
        self.locked = not self.bug("hasty")
        self.gs.keep_stack(g, not self.bug("c7"))
        self.moment()
        yield from self.park(g)
        yield step(
            "R8 resume",
            when=lambda: not self.gs.waiting[g],
            rest=self.gs.rest,
            go=(f"{GO}:681", f"{GO}:684"),
            src=("success := mysg.success", "releaseSudog(mysg)"),
            atomic=WOKEN,
        )
        v = self.gs.get(self.slot, self.gs.sudog(g, 0))
        success = self.resume(self.gs.sudog(g, 0))
        if not success:
            self.told_closed()
            return "closed", 0
        return "value", v

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
            found = self.dismiss(send=self.bug("sendfirst"))
            if not found:
                found = self.dismiss(send=not self.bug("sendfirst"))
            if not found:
                break
        if not self.bug("c6") or not self.glist:
            self.locked = False
        while self.glist:
            yield step(
                "C5 goready",
                when=lambda: not self.gs.scanned(self.glist[len(self.glist) - 1]),
                go=(f"{GO}:482", f"{GO}:484"),
                src=("gp := glist.pop()", "goready(gp, 3)"),
                atomic=WAKER,
            )
            self.gs.ready(self.glist.pop_back())
            if self.bug("one"):
                self.glist.clear()
            if self.bug("c6") and not self.glist:
                self.locked = False
        return "closed"

    def dismiss(self, *, send):
        """A round of one of the loops of closechan (439-477): whether anybody was left in that queue."""
        queue = self.sendq if send else self.recvq
        self.skip_losers(queue)
        if not queue or (send and self.bug("c15a")):
            return False
        w = self.dequeue(queue)
        if send:
            self.gs.put(self.slot, w, self.stale)
        else:
            self.gs.put(self.due, w, 0)
            if not self.bug("zero"):
                self.gs.put(self.slot, w, 0)
        self.gs.put(self.elem, w, False)
        self.gs.notify(w)
        if not self.bug("oldsuccess"):
            self.gs.put(self.success, w, "no")
        self.glist.push(self.gs.owner(w))
        self.moment()
        return True

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
        require(self.gs.waiting[g])
        self.gs.scan[g] = True
        yield step("K2 isShrinkStackSafe", go="runtime/stack.go:1262", src="gp.parkingOnChan.Load()")
        if not self.gs.parking_on_chan[g]:
            yield step("K3 load activeStackChans", go="runtime/stack.go:960", src="!gp.activeStackChans")
            if (self.bug("c7") or self.bug("swapcommit")) and not self.gs.active_stack_chans[g]:
                yield step("K4 adjust the sudog", go="runtime/stack.go:968", src="adjustsudogs(gp, &adjinfo)")
                # from here on partners write to the new stack
                old: Int(0, self.stale) = self.gs.get(self.slot, self.gs.sudog(g, 0))
                yield step("K4 copy the stack", go="runtime/stack.go:985", src="memmove(")
                self.gs.put(self.slot, self.gs.sudog(g, 0), old)
            else:
                yield step(
                    "K4 adjust and copy with the lock held",
                    when=lambda: not self.locked,
                    go=("runtime/stack.go:896", "runtime/stack.go:919"),
                    src=("lockWithRank(&sg.c.get().lock", "unlock(&sg.c.get().lock)"),
                    region="c.lock",
                )
        yield step("K5 resume", go="runtime/preempt.go:275", src="casfrom_Gscanstatus(gp, s, s&^_Gscan)")
        self.gs.scan[g] = False

    # --- parts of these --------------------------------------------------------------------------------------

    def seems(self, what):
        """One of the loads of a fast path."""
        return not self.closed if what == "open" else self.full() if what == "full" else self.empty()

    def park(self, g):
        """gopark (proc.go:4268) with chanparkcommit."""
        yield step("P1 waiting", go="runtime/proc.go:4290", src="casgstatus(gp, _Grunning, _Gwaiting)")
        self.gs.waiting[g] = True
        if self.gs.shrinking:
            if self.bug("swapcommit"):
                yield step("P2 parkingOnChan = false", go=f"{GO}:758", src="gp.parkingOnChan.Store(false)")
                self.gs.parking_on_chan[g] = False
            yield step("P2 activeStackChans = true", go=f"{GO}:754", src="gp.activeStackChans = true")
            self.gs.active_stack_chans[g] = True
            if not self.bug("swapcommit"):
                yield step("P2 parkingOnChan = false", go=f"{GO}:758", src="gp.parkingOnChan.Store(false)")
                self.gs.parking_on_chan[g] = False
        yield step("P3 commit: unlock", go=f"{GO}:764", src="unlock((*mutex)(chanLock))")
        self.locked = False

    def goready(self, g: Pid(self.procs), case: Int(0, self.gs.cases - 1), success, line):
        yield step(
            "S4 success, goready",
            when=lambda: self.bug("noscan") or not self.gs.scanned(g),
            go=(success, line),
            src=("sg.success = true", "goready(gp, skip+1)"),
            atomic=WAKER,
        )
        s = self.gs.sudog(g, case)
        self.gs.notify(s)
        if not self.bug("nosuccess"):
            self.gs.put(self.success, s, "no" if self.bug("failure") else "yes")
        self.gs.ready(g)

    def copy_late(self, g: Pid(self.procs), case: Int(0, self.gs.cases - 1), v: Int(0, self.stale)):
        """Bugs c5 and c19: the value is copied without the lock, or when the receiver has been woken."""
        if self.bug("c5"):
            yield step(
                "S4 copy without the lock", go=f"{GO}:340", src="sendDirect(c.elemtype, sg, ep)", atomic="one copy"
            )
            self.gs.put(self.slot, self.gs.sudog(g, case), v)
        yield from self.goready(g, case, f"{GO}:346", f"{GO}:350")
        if self.bug("c19"):
            yield step("S4 copy after waking", go=f"{GO}:340", src="sendDirect(c.elemtype, sg, ep)", atomic="one copy")
            self.gs.put(self.slot, self.gs.sudog(g, case), v)

    def resume(self, s):
        """What a woken goroutine does with the sudog that it was woken by."""
        gs = self.gs
        if gs.get(self.success, s) == "unset":
            fatal("success is read before it was written", prop="success_written")
        success = gs.get(self.success, s) == "yes"
        gs.put(self.success, s, "unset")
        if gs.shrinking:
            gs.active_stack_chans[gs.owner(s)] = False
        gs.forget(gs.owner(s))
        gs.put(self.due, s, self.stale)
        gs.put(self.served, s, False)
        self.release(s)
        return success

    def release(self, s):
        """releaseSudog (proc.go:537-560)."""
        if self.gs.get(self.elem, s):
            fatal("runtime: sudog with non-nil elem", prop="sudog_clean")
        if self.gs.cases > 1:
            if self.gs.selecting[s.g]:
                fatal("runtime: sudog with non-false isSelect", prop="sudog_clean")
        self.gs.put(self.slot, s, self.stale)

"""Programs that make system calls, and sysmon: what ``syscall`` and ``syscall23`` have in common.

In ``stop`` and ``ask`` one goroutine stops the world, or calls forEachP, and the other makes system calls (``apart``);
the preset ``anybody`` lets both do both.
"""

from __future__ import annotations

from gomodel import (
    Bool,
    Bound,
    Int,
    Model,
    Option,
    Preset,
    Scenario,
    choose,
    invariant,
    leads_to,
    outcome,
    process,
    reachable,
    require,
    step,
    step_invariant,
    strong,
    weak,
)

USER = "user code"


class Callers(Model):
    """Goroutines run on Ms and make system calls; a model brings ``rt``, the threads and their protocol."""

    gs: int = Bound(2, min=1, max=4, help="goroutines")
    ps: int = Bound(1, min=1, max=3, help="Ps; there are as many Ms as can be busy at a time")
    sysmon: int = Bound(1, min=0, max=1, help="sysmon")
    calls: bool = Bound(True, help="system calls in which the P stays with its M")
    blocks: bool = Bound(False, help="system calls that give the P up at once")
    stops: bool = Bound(False, help="goroutines stop the world")
    asks: bool = Bound(False, help="goroutines call forEachP")
    again: bool = Bound(False, help="stopTheWorld looks at system calls again and again, as no Go does")
    apart: bool = Bound(True, help="the first goroutine, and no other, does either, and makes no system calls")

    scenarios = {
        "one P": Scenario("two Ms that share a P"),
        "two Ps": Scenario("three Ms and two Ps", ps=2),
        "stop": Scenario("the world is stopped", ps=2, stops=True),
        "ask": Scenario("a function for each P", ps=2, asks=True),
        "asleep": Scenario("the world is stopped while sysmon sleeps", default=False, ps=2, stops=True, sysmon=0),
        "block": Scenario("system calls that give the P up at once", ps=2, calls=False, blocks=True, stops=True),
    }
    presets = {
        "quick": Preset(scenarios=("one P", "stop")),
        "nightly": Preset(scenarios=("one P", "two Ps"), gs=3),
        "anybody": Preset(scenarios=("stop", "ask", "block"), apart=False),
    }
    fairness = (
        weak("thread"),
        weak("monitor"),
        strong("thread", USER, "preempted"),
        strong("monitor", None, "take"),
        strong("thread", None, "locked"),
    )

    def init(self):
        for p in range(self.ps):
            self.rt.idle_ps.add(p)
        for g in range(self.gs):
            self.rt.runq.push(g)

    @process(count=lambda self: self.gs + self.ps - 1)
    def thread(self, m):
        yield step("start")
        if self.rt.idle_ps:
            self.rt.nextp[m] = self.rt.pidleget()
        else:
            self.rt.idle_ms.add(m)
        yield from self.rt.parked(m)
        while True:
            g: Option(Int(0, self.gs - 1)) = yield from self.rt.find(m)
            if g is None:
                yield from self.rt.stopm(m)
            else:
                yield from self.rt.execute(m, g)
                yield from self.run(m, g)

    @property
    def options(self):
        return (
            "preempted", *("call",) * self.calls, *("block",) * self.blocks, *("stop",) * self.stops,
            *("ask",) * self.asks,
        )  # fmt: skip

    def run(self, m, g: Int(0, self.gs - 1)):
        """Until the G gives its P up, or has lost it."""
        on: Bool() = True
        while on:
            yield step(USER)
            what = choose(*self.options)
            if self.apart and (self.stops or self.asks):
                require(what == "preempted" or (what in ("stop", "ask")) == (g == 0))
            oldp: Option(Int(0, self.ps - 1)) = None
            if what == "preempted":
                outcome("preempted")
                yield from self.rt.gosched(m, g)
                return
            elif what == "stop":
                require(not self.rt.sema)
                self.rt.sema = True
                yield from self.rt.stop_the_world(m)
                yield from self.rt.start_the_world(m)
                self.rt.sema = False
            elif what == "ask":
                require(not self.rt.sema)
                self.rt.sema = True
                yield from self.rt.for_each_p(m)
                self.rt.sema = False
            else:
                if what == "call":
                    oldp = self.rt.m_p[m]
                    yield from self.rt.enter(m, g, oldp)
                else:
                    yield from self.rt.block(m, g)
                yield step("in the kernel", rest=True)
                on = yield from self.rt.exit(m, g, oldp)

    @process(count="sysmon")
    def monitor(self, s):
        while True:
            for p in range(self.ps):
                took = yield from self.rt.take(p, patient=True)
                if took:
                    yield from self.rt.handoffp(p)

    @invariant
    def own(self):
        """Who runs user code has a P, and that P has this M, so no two of them share a P (S4.own)."""
        return all(
            not self.thread.at(m, USER)
            or (
                self.rt.m_p[m] is not None
                and self.rt.p_m[self.rt.m_p[m]] == m
                and self.rt.p_status[self.rt.m_p[m]] == "running"
            )
            for m in self.thread
        )

    @invariant
    def running_once(self):
        """Who runs user code runs a G that is Running, and nobody else's."""
        return all(
            not self.thread.at(m, USER)
            or (
                self.rt.curg[m] is not None
                and self.rt.status[self.rt.curg[m]].of == "running"
                and self.rt.g_m[self.rt.curg[m]] == m
            )
            for m in self.thread
        )

    @invariant
    def stopped(self):
        """While the world is stopped, all Ps are, and nobody runs user code (S7.stw)."""
        return not self.rt.halted or (
            all(status == "gcstop" for status in self.rt.p_status)
            and not any(self.thread.at(m, USER) for m in self.thread)
        )

    @step_invariant
    def legal(self, before):
        """A G changes its status as it may, and not while somebody holds its scan bit."""
        return all(
            before.rt.status[g].of == self.rt.status[g].of
            or (
                not before.rt.status[g].scan
                and any(before.rt.status[g].of == a and self.rt.status[g].of == b for a, b in self.legal_steps)
            )
            for g in range(self.gs)
        )

    def runs(self, g):
        return any(self.thread.at(m, USER) and self.rt.curg[m] == g for m in self.thread)

    @leads_to
    def ready_runs(self, g: Int(0, self.gs - 1)):
        """A G that is Runnable runs."""
        return self.rt.status[g].of == "runnable", self.runs(g)

    @leads_to
    def call_returns(self, g: Int(0, self.gs - 1)):
        """A G that comes out of a system call runs again."""
        return any(self.thread.at(m, *self.leaving) and self.rt.curg[m] == g for m in self.thread), self.runs(g)

    @leads_to
    def world_stops(self):
        """The world stops, if somebody wants that."""
        return self.rt.gcwaiting and not self.rt.halted, self.rt.halted

    @leads_to(scenario="ask")
    def all_run_it(self):
        """forEachP comes to its end: all Ps run the function."""
        return self.rt.waits > 0, self.rt.waits == 0

    @reachable
    def taken(self):
        """An M is in a system call, and another one runs user code with the P that it had."""
        return any(
            self.thread.at(m, "in the kernel") and self.thread.at(n, USER) and self.rt.m_p[n] == self.thread[m].run.oldp
            for m in self.thread
            for n in self.thread
        )

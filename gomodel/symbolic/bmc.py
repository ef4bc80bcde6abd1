"""Bounded model checking: are there executions of at most K steps that violate something? (Biere et al., TACAS 1999)"""

from __future__ import annotations

from collections.abc import Collection

import z3

from ..language.system import TransitionSystem
from ..run.memory import resident
from ..run.search import FIRST, INTERRUPTED, Clock, Exploration, Found, Limits, Progress, Watch
from .finite import Bad, Finite
from .values import formula_of

DEPTH = 20


class BoundedEngine:
    """See ``search.Engine``: it looks at executions of up to ``depth`` steps, and so never at every state.

    Liveness, witnesses and coverage are not judged.
    """

    name = "bmc"

    def __init__(self, depth: int = DEPTH) -> None:
        self.depth = depth

    def explore(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, live: Collection[str] = ()
    ) -> Exploration:
        search = _Unrolling(system, limits, watch)
        try:
            search.run(self.depth)
        except KeyboardInterrupt:
            search.result.stopped = INTERRUPTED
        search.result.seconds = search.clock.seconds
        return search.result


class _Unrolling:
    def __init__(self, system: TransitionSystem, limits: Limits, watch: Watch | None) -> None:
        self.limits, self.watch = limits, watch
        self.clock = Clock(limits)
        self.result = Exploration()
        self.finite = Finite(system)
        self.solver = z3.SolverFor("QF_FD")
        self.step = self.finite.step()
        self.bad = [bad for bad in self.finite.bad() if bad.formula is not False]
        self.result.preparing = self.clock.seconds

    def run(self, depth: int) -> None:
        finite = self.finite
        self._look("init", 0)
        self.solver.add(formula_of(finite.at(finite.start(), 0)))
        self._look("start", 0)
        for k in range(depth + 1):
            self._look("state", k)
            if k == depth or self._over(k):
                break
            self._look("failure", k)
            self.solver.add(finite.at(self.step, k))
            self._look("step", k)
            self.result.depth = k + 1
            if self._over(k) or not self._goes_on():
                break
        if self.result.stopped is None and self.result.depth == depth:
            self.result.stopped = f"the depth of {depth} steps"

    def _goes_on(self) -> bool:
        """Whether there is an execution that long."""
        return bool(self._check() != z3.unsat)

    def _check(self, *assumptions: z3.BoolRef) -> z3.CheckSatResult:
        if self.limits.timeout is not None:
            left = max(self.limits.timeout - self.clock.seconds, 0.001)
            self.solver.set("timeout", max(1, int(1000 * left)))
        found = self.solver.check(*assumptions)
        if found == z3.unknown:
            self.result.stopped = f"Z3: {self.solver.reason_unknown()}"
        return found

    def _look(self, where: str, k: int) -> None:
        """Find every violation of this sort at time ``k`` that was not found before."""
        todo = [bad for bad in self.bad if bad.where == where and bad.name not in self._found(bad)]
        while todo and self.result.stopped is None:
            some = z3.Bool(f"{where} {k} {len(todo)}")
            formulas = [formula_of(self.finite.at(bad.formula, k)) for bad in todo]
            self.solver.add(z3.Implies(some, z3.Or(*formulas)))
            found = self._check(some)
            if found == z3.unsat:
                self.solver.add(z3.Not(z3.Or(*formulas)))  # helps with what comes later
            if found != z3.sat:
                return
            model = self.solver.model()
            hit = [bad for bad, f in zip(todo, formulas, strict=True) if z3.is_true(model.eval(f, True))]
            steps = k + (where in ("step", "failure"))
            trace = self.finite.trace(model, steps)
            for bad in hit:
                found = Found(bad.name, bad.kind, steps, lambda trace=trace: trace)  # type: ignore[misc]
                if bad.leaf:
                    found = Found(bad.name, bad.kind, steps, found.find, bad.leaf.text, bad.leaf.where)
                self._found(bad).setdefault(bad.name, found)
            if self.limits.first or self.limits.until & set(self.result.violations):
                self.result.stopped = FIRST
            todo = [bad for bad in todo if bad.name not in self._found(bad)]

    def _found(self, bad: Bad) -> dict[str, Found]:
        return self.result.errors if bad.kind == "error" else self.result.violations

    def _over(self, depth: int) -> bool:
        if self.clock.expired():
            self.result.stopped = f"the time limit of {self.limits.timeout:g} s"
        elif self.limits.max_memory is not None and resident() > self.limits.max_memory:
            self.result.stopped = "the limit of memory"
        if self.watch and self.clock.due():
            self.watch(Progress(0, 0, depth, 0, self.clock.seconds, resident()))
        return self.result.stopped is not None

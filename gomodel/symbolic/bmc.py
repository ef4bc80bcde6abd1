"""Bounded model checking: are there executions of at most K steps that violate something? (Biere et al., TACAS 1999)"""

from __future__ import annotations

from collections.abc import Collection

import z3

from ..language.system import TransitionSystem
from ..run.memory import resident
from ..run.search import FIRST, INTERRUPTED, Clock, Exploration, Found, Limits, Progress, Watch
from .finite import Bad, Finite
from .solving import said
from .values import formula_of


class BoundedEngine:
    """See ``search.Engine``: it looks at executions of up to ``depth`` steps, and so never at every state.

    Liveness, witnesses and coverage are not judged, so that the search is never complete.
    """

    name = "bmc"

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def explore(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, live: Collection[str] = ()
    ) -> Exploration:
        z3.set_param("memory_max_size", (limits.max_memory or 0) >> 20)  # in MiB, 0: as much as there is
        result, clock = Exploration(), Clock(limits)
        try:
            _Unrolling(system, limits, watch, clock, result).run(self.depth)
        except KeyboardInterrupt:
            result.stopped = INTERRUPTED
        except z3.Z3Exception as error:
            result.stopped = f"Z3: {said(error)}"
        result.seconds = clock.seconds
        return result


class _Unrolling:
    def __init__(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None, clock: Clock, result: Exploration
    ) -> None:
        self.limits, self.watch, self.clock, self.result = limits, watch, clock, result
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
            if self._over(k):
                break
            if not self._goes_on():
                self.result.stopped = self.result.stopped or f"the end of every execution, at depth {k}"
                break
            self.result.depth = k + 1
        self.result.stopped = self.result.stopped or f"the depth of {depth} steps"

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
            verdict = self._check(some)
            if verdict == z3.unsat:
                self.solver.add(z3.Not(z3.Or(*formulas)))  # helps with what comes later
            if verdict != z3.sat:
                return
            model = self.solver.model()
            hit = [bad for bad, f in zip(todo, formulas, strict=True) if z3.is_true(model.eval(f, True))]
            for bad in hit:
                self._found(bad).setdefault(bad.name, self.finite.found(bad, model, k))
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

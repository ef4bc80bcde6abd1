"""An invariant that Z3 finds by itself (Spacer: Komuravelli, Gurfinkel and Chaki, CAV 2014), at known bounds.

What it finds is believed only after a plain solver has checked that it is inductive and implies what was asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import z3

from ..language.system import TransitionSystem
from .finite import Finite
from .induction import Unknown
from .values import Numbers, formula_of
from .walker import scalars

FOUND, VIOLATED = "found", "violated"


@dataclass(frozen=True)
class Answer:
    """``invariant`` holds in every reachable state and excludes what is bad; or something bad is reachable."""

    verdict: str
    invariant: z3.BoolRef | None = None

    @property
    def parts(self) -> list[str]:
        """The invariant as lines, shorter ones first."""
        if self.invariant is None:
            return []
        simple = z3.simplify(self.invariant)
        conjuncts = simple.children() if z3.is_and(simple) else [simple]
        return sorted((" ".join(str(part).split()) for part in conjuncts), key=lambda line: (len(line), line))


def invent(system: TransitionSystem, wanted: Collection[str], timeout: float) -> Answer:
    """Look for an inductive invariant that implies the invariants ``wanted``, and that nothing fails.

    Raises Unknown where Spacer does not decide in ``timeout`` seconds, or what it found does not pass the check.
    """
    finite = Finite(system, Numbers())
    now = [s for name in system.variables for s in scalars(finite.before[name])]
    then = [s for name in system.variables for s in scalars(finite.after[name])]
    start, step = formula_of(finite.start()), formula_of(finite.step())
    kinds = {"failure", "init"}
    bad = [x for x in finite.bad() if x.where in kinds or (x.where == "state" and x.name in wanted)]
    wrong = z3.Or(*(formula_of(x.formula) for x in bad))
    holds = z3.Function("holds", *(s.sort() for s in now), z3.BoolSort())
    engine = z3.Fixedpoint()
    engine.set(engine="spacer", timeout=int(1000 * timeout))
    engine.register_relation(holds)
    inputs = [*finite.inputs, finite.first_act, *finite.first_picks.values()]
    engine.declare_var(*now, *then, *inputs)
    engine.rule(holds(*now), [start, formula_of(finite.domains())])
    engine.rule(holds(*then), [holds(*now), step])
    try:
        verdict = engine.query(z3.And(holds(*now), wrong))
    except z3.Z3Exception as error:
        raise Unknown(f"Spacer: {error.value.decode() if isinstance(error.value, bytes) else error.value}") from None
    if verdict == z3.sat:
        return Answer(VIOLATED)
    if verdict == z3.unknown:
        raise Unknown(engine.reason_unknown())
    found = z3.substitute_vars(engine.get_cover_delta(-1, holds), *now)
    _check(found, start, step, wrong, list(zip(now, then, strict=True)), timeout)
    return Answer(FOUND, found)


def _check(
    found: z3.BoolRef,
    start: z3.BoolRef,
    step: z3.BoolRef,
    wrong: z3.BoolRef,
    renaming: list[tuple[z3.ExprRef, z3.ExprRef]],
    timeout: float,
) -> None:
    """Initiation, consecution, and that nothing bad satisfies it; raises Unknown otherwise."""
    after = z3.substitute(found, *renaming)
    cases = [(start, z3.Not(found)), (z3.And(found, step), z3.Not(after)), (found, wrong)]
    for premise, conclusion in cases:
        solver = z3.Solver()
        solver.set("timeout", int(1000 * timeout))
        solver.add(premise, conclusion)
        if solver.check() != z3.unsat:
            raise Unknown("the invariant that Spacer found does not pass the check")

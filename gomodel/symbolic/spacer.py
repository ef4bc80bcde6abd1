"""An invariant that Z3 finds by itself (Spacer: Komuravelli, Gurfinkel and Chaki, CAV 2014), at known bounds.

What it finds is believed only after a plain solver has checked that it is inductive and implies what was asked.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import z3

from ..language.system import Property, TransitionSystem
from . import values as v
from .finite import Finite
from .solving import Unknown, again, said
from .values import Numbers, Value, formula_of
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


def invent(
    system: TransitionSystem, goals: Collection[Property], steps: Collection[Property], deadline: float
) -> Answer:
    """Look for an inductive invariant that implies the invariants ``goals`` and ``steps``, and that nothing fails.

    It works in a Z3 context of its own, so that what it finds does not depend on what Z3 did before.  Raises Unknown
    where Spacer does not decide until ``deadline`` (see ``solving``), or what it found does not pass the check.
    """
    context = z3.Context()
    finite = Finite(system, Numbers())
    start, step, wrong, domains = (
        formula_of(x).translate(context)
        for x in (finite.start(), finite.step(), _wrong(finite, goals, steps), finite.domains())
    )
    now, then, inputs = (
        [s.translate(context) for s in symbols]
        for symbols in (
            [s for name in system.variables for s in scalars(finite.before[name])],
            [s for name in system.variables for s in scalars(finite.after[name])],
            [*finite.inputs, finite.first_act, *finite.first_picks.values()],
        )
    )
    holds = z3.Function("holds", *(s.sort() for s in now), z3.BoolSort(context))
    engine = z3.Fixedpoint(ctx=context)
    engine.set(engine="spacer", timeout=max(1, int(1000 * (deadline - time.monotonic()))))
    engine.register_relation(holds)
    engine.declare_var(*now, *then, *inputs)
    engine.rule(holds(*now), [start, domains])
    engine.rule(holds(*then), [holds(*now), step])
    try:
        verdict = engine.query(z3.And(holds(*now), wrong))
    except z3.Z3Exception as error:
        raise Unknown(f"Spacer: {said(error)}") from None
    if verdict == z3.sat:
        return Answer(VIOLATED)
    if verdict == z3.unknown:
        raise Unknown(engine.reason_unknown())
    found = z3.substitute_vars(engine.get_cover_delta(-1, holds), *now)
    after = z3.substitute(found, *zip(now, then, strict=True))
    for what, claim in {  # each must have no model
        "it holds at first": (start, z3.Not(found)),
        "each step keeps it": (found, step, z3.Not(after)),
        "it excludes what is wrong": (found, wrong),
    }.items():
        again(f"the invariant that Spacer found: {what}", claim, deadline)
    return Answer(FOUND, found)


def _wrong(finite: Finite, goals: Collection[Property], steps: Collection[Property]) -> Value:
    """In the state before, or of a step from it."""
    bad = [*finite.failures(), *(x for prop in (*goals, *steps) for x in finite.wrong(prop))]
    here = [x.formula for x in bad if x.where != "step"]
    return v.disjunction(
        *here, v.conjunction(finite.step(), v.disjunction(*(x.formula for x in bad if x.where == "step")))
    )

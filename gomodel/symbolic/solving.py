"""Asking Z3 while there is time, and asking again what a proof rests on."""

from __future__ import annotations

import time
from collections.abc import Iterable

import z3


class Unknown(Exception):
    """Z3 did not decide; the text is its reason."""


def said(error: z3.Z3Exception) -> str:
    """What Z3 complains of: that its memory is over, say."""
    return error.value.decode() if isinstance(error.value, bytes) else str(error.value)


def ask(solver: z3.Solver, deadline: float, *formulas: z3.BoolRef) -> z3.ModelRef | None:
    """A model of the solver's assertions and ``formulas``, None where there is none.

    ``deadline`` is in the seconds of ``time.monotonic``; raises Unknown where it is over, or Z3 does not decide.
    """
    milliseconds = int(1000 * (deadline - time.monotonic()))
    if milliseconds <= 0:
        raise Unknown("the time limit")
    solver.set("timeout", milliseconds)
    solver.push()
    solver.add(*formulas)
    verdict = solver.check()
    found = solver.model() if verdict == z3.sat else None
    reason = solver.reason_unknown() if verdict == z3.unknown else ""
    solver.pop()
    if reason:
        raise Unknown(reason)
    return found


def again(what: str, formulas: Iterable[z3.BoolRef], deadline: float, logic: str | None = None) -> None:
    """Ask once more, in a context that shares nothing with the first; raises Unknown where there is a model now."""
    context = z3.Context()
    solver = z3.SolverFor(logic, ctx=context) if logic else z3.Solver(ctx=context)
    if ask(solver, deadline, *(f.translate(context) for f in formulas)) is not None:
        raise Unknown(f"the second check does not agree: {what}")

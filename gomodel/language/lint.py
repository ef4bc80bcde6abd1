"""Checks of a traced system that are not about its behaviour: ghosts and the granularity of steps."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import SpecError, Where
from .system import TransitionSystem
from .terms import Term, leaves_of


def check_ghost_reads(ghosts: frozenset[str], terms: Iterable[Term], where: Where | None) -> None:
    """A ghost field is read by properties, mappings and other ghosts only; raises SpecError otherwise."""
    if not ghosts:
        return
    read = {t.data for t in leaves_of(terms, "var") if t.data in ghosts}
    if read:
        raise SpecError(
            f"the step depends on the ghost field {sorted(read)[0]}",
            where=where,
            mend="a ghost is read by properties and other ghosts only; make it an ordinary field",
        )


def check_granularity(system: TransitionSystem) -> None:
    """A step that claims a Go line touches one shared word, or says why more are one step; raises SpecError."""
    for action in system.actions():
        words = sum(n for _, n in action.touched)
        if not action.step.go or action.step.region or action.step.atomic or words <= 1:
            continue
        names = ", ".join(w if n == 1 else f"{w} (at {n} indices)" for w, n in action.touched)
        raise SpecError(
            f"step {action.step.label!r} touches more than one shared word: {names}",
            where=action.where,
            mend='split it with a yield, or say why it is one step: region="the lock", or atomic="the reason"',
        )

"""From stored states back to traces: the moves between them, found again by plain Python.

The kernel stores only the parent of each state.  What it found is so confirmed, step by step, by the other engine's
code before anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise

from ..language.errors import InternalError
from ..language.system import Leaf, State, TransitionSystem
from ..run.actors import Actor, Choices, actors, initial_states, shown
from ..run.trace import Move, Trace
from .alerts import Way
from .layout import Layout

Wanted = Callable[[Actor, Leaf, State, State | None], bool]  # of a move: who, its way, the states before and after


class Paths:
    """Makes traces of the packed states along a path."""

    def __init__(self, system: TransitionSystem, layout: Layout) -> None:
        self.system, self.layout = system, layout

    @cached_property
    def _actors(self) -> list[Actor]:
        return actors(self.system)

    def trace(self, path: list[list[int]], beyond: Wanted | None = None) -> Trace:
        """The trace through the states of ``path``, and one more move where ``beyond`` says which.

        Raises InternalError where plain Python knows no such move.
        """
        states = [self.layout.unpack(words) for words in path]
        moves = [self._move(a, lambda *how, b=b: how[-1] == b) for a, b in pairwise(states)]
        if beyond is not None:
            moves.append(self._move(states[-1], beyond))
        return Trace(self._start(states[0]), tuple(moves))

    def move(self, before: list[int], after: list[int], way: Way) -> Move:
        """The move between two packed states by this way."""
        state, target = self.layout.unpack(before), self.layout.unpack(after)
        return self._move(
            state,
            lambda actor, leaf, _, end: leaf is way.leaf.leaf and actor.number == way.process and end == target,
        )

    def _move(self, state: State, wanted: Wanted) -> Move:
        for actor in self._actors:
            action, ways = actor.steps(state)
            for leaf, choices, after in ways:
                if action is not None and wanted(actor, leaf, state, after):
                    return Move(actor.name, action.step.label, shown(leaf, choices))
        raise InternalError(f"plain Python does not find a step that compiled code took from {state}")

    def _start(self, state: State) -> Choices:
        for leaf in self.system.initial:
            for choices, initial in initial_states(self.system, leaf):
                if initial == state:
                    return shown(leaf, choices)
        raise InternalError(f"plain Python does not start in {state}")

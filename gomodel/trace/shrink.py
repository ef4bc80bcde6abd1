"""Shorter executions that show the same: what is left out of a trace was not needed.

A search gives shortest traces, so this is for stems and cycles of lassos, and for executions from simulation and walks.
First what runs in circles is cut, then parts are left out as in delta debugging (Zeller and Hildebrandt, 2002).
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property

from ..language.declare import LIVENESS
from ..language.errors import InternalError, UsageError
from ..run.concrete import Runner
from ..run.counterexample import confirm
from ..run.search import RUN
from ..run.trace import Move, Trace
from .playback import Playback

Moves = tuple[Move, ...]


class Shrunk:
    """The outcome: ``playback`` shows the same as the one it was made from; ``whole`` unless time ran out."""

    def __init__(self, playback: Playback, tried: int, whole: bool) -> None:
        self.playback, self.tried, self.whole = playback, tried, whole


def shrink(playback: Playback, seconds: float = 60.0) -> Shrunk:
    """Leave out steps until none can be left out alone, or the time is over.

    Raises UsageError for an execution that shows nothing, as then nothing would be left.
    """
    if playback.found is None or playback.found.kind == RUN:
        raise UsageError("this execution violates nothing, so all of it could be left out")
    return _Shrink(playback, time.monotonic() + seconds).run()


class _Shrink:
    def __init__(self, playback: Playback, until: float) -> None:
        self.playback, self.until = playback, until
        self.tried, self.whole = 0, True
        self.best = playback.trace

    def run(self) -> Shrunk:
        self._cut_circles()
        while self._pass():
            pass
        found = self.playback
        if self.best != found.trace and found.found is not None:
            shorter = replace(found.found, length=len(self.best), find=lambda: self.best)
            found = replace(found, trace=self.best, found=shorter, note="")
        return Shrunk(found, self.tried, self.whole)

    @cached_property
    def _live(self) -> bool:
        return self.playback.found is not None and self.playback.found.kind in LIVENESS

    # --- what runs in circles --------------------------------------------------------------------------------

    def _cut_circles(self) -> None:
        """Where a state comes again, the steps in between go; of a lasso, in the stem."""
        stem = self.best.moves if self.best.cycle is None else self.best.moves[: self.best.cycle]
        states = replace(self.playback, trace=self.best).run.states
        last = {state: k for k, state in enumerate(states[: len(stem) + 1])}
        kept: list[Move] = []
        k = 0
        while k < len(stem):
            k = last.get(states[k], k) if k < len(states) else k
            if k < len(stem):
                kept.append(stem[k])
                k += 1
        self._accept(self._with_stem(tuple(kept)))

    def _with_stem(self, stem: Moves) -> Trace:
        if self.best.cycle is None:
            return Trace(self.best.init, stem)
        return Trace(self.best.init, (*stem, *self.best.moves[self.best.cycle :]), len(stem))

    # --- what can be left out --------------------------------------------------------------------------------

    def _pass(self) -> bool:
        """Try to leave out parts, the large ones first; whether anything went."""
        before = len(self.best)
        size = max(1, before // 2)
        while size:
            self._leave_out(size)
            size //= 2
        return len(self.best) < before and self.whole

    def _leave_out(self, size: int) -> None:
        at = 0
        while at < len(self.best):
            if time.monotonic() > self.until:
                self.whole = False
                return
            moves, cycle = self.best.moves, self.best.cycle
            end = at + size
            if cycle is not None and at < cycle < end:
                end = cycle  # stem and cycle are cut apart
            shorter = (*moves[:at], *moves[end:])
            begin = cycle if cycle is None or at >= cycle else cycle - (end - at)
            if not self._accept(Trace(self.best.init, shorter, begin)):
                at = end

    def _accept(self, trace: Trace) -> bool:
        """Take ``trace`` if it is shorter and shows the same; of safety, only as far as it has to go."""
        if len(trace) >= len(self.best):
            return False
        self.tried += 1
        for candidate in (self._fitting(trace), trace):
            if candidate is not None and len(candidate) < len(self.best) and self._shows(candidate):
                self.best = candidate
                return True
        return False

    def _fitting(self, trace: Trace) -> Trace | None:
        """The moves of ``trace`` that are possible, one after the other; None of a lasso, whose cycle must close."""
        moves = list(trace.moves)
        while not self._live:
            runner = Runner(self.playback.inst, self.playback.system)
            runner.replay(Trace(trace.init))
            kept: list[Move] = []
            for k, move in enumerate(moves):
                if not self._possible(runner, move):
                    continue
                try:
                    outcome = runner.move(move, check=False)
                except InternalError:  # other choices are asked for now
                    outcome = None
                if outcome is None or outcome.kind == "blocked":
                    moves = [*kept, *moves[k + 1 :]]
                    break  # the run has to begin anew
                kept.append(move)
                if outcome.kind != "commit":
                    return Trace(trace.init, tuple(kept))
            else:
                return Trace(trace.init, tuple(kept))
        return None

    @staticmethod
    def _possible(runner: Runner, move: Move) -> bool:
        if move.actor in runner.rules:
            return True
        process = runner.processes.get(move.actor)
        return process is not None and process.label == move.label

    def _shows(self, trace: Trace) -> bool:
        assert self.playback.found is not None
        found = replace(self.playback.found, length=len(trace), find=lambda: trace)
        try:
            confirm(self.playback.inst, self.playback.system, found)
        except InternalError:
            return False
        return True

"""What an exported script calls: an execution given step by step, each checked as CPython takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import catalog
from ..language.instance import instance
from ..language.tracer import trace as traced
from ..run.concrete import Runner
from ..run.counterexample import confirm
from ..run.execution import changed
from ..run.trace import Move, Trace, Value
from .playback import found_of


class Script:
    """An execution of one model.  Every method raises AssertionError where the model does something else."""

    def __init__(
        self,
        target: str,
        *,
        scenario: str = "",
        bounds: Mapping[str, Any] | None = None,
        bugs: Sequence[str] = (),
        init: Sequence[Value] = (),
    ) -> None:
        self._inst = instance(catalog.load(target), scenario, dict(bounds or {}))
        self._inst = self._inst.with_bugs(*bugs) if bugs else self._inst
        self._system = traced(self._inst, every_kind=False)
        self._runner = Runner(self._inst, self._system)
        self._trace = Trace(tuple(init))
        outcome = self._runner.replay(self._trace)
        assert outcome.kind == "commit", f"there is no such initial state: {outcome.text or outcome.kind}"
        self._state = self._runner.state()

    def step(
        self,
        actor: str,
        label: str,
        *,
        choices: Sequence[Value] = (),
        changes: Mapping[str, str] | None = None,
        fails: str = "",
    ) -> None:
        """Let ``actor`` take its step; ``changes`` are all that it does to what is no ghost: variable → new value."""
        move = Move(actor, label, tuple(choices))
        outcome = self._runner.move(move)
        self._trace = Trace(self._trace.init, (*self._trace.moves, move), self._trace.cycle)
        where = f"step {len(self._trace)}, {actor} at {label!r}"
        if fails:
            assert outcome.text == fails, f"{where}: {outcome.text or outcome.kind}, not {fails}"
            return
        assert outcome.kind == "commit", f"{where}: {outcome.text or outcome.kind}"
        before, self._state = self._state, self._runner.state()
        found = {c.variable: c.new for c in changed(self._runner, before, self._state, actor)}
        assert found == dict(changes or {}), f"{where} changes {found}, not {changes}"

    def cycle(self) -> None:
        """What follows repeats for ever."""
        self._trace = Trace(self._trace.init, self._trace.moves, len(self._trace))

    def violates(self, name: str, *, kind: str, arguments: Sequence[str] = ()) -> None:
        """The execution is a counterexample to this property."""
        confirm(self._inst, self._system, found_of(self._system, name, kind, arguments, self._trace))

    reaches = violates

    def __str__(self) -> str:
        return f"{len(self._trace)} steps of {self._inst.model.name}"

"""Executions given by hand: who steps, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.concrete import Runner
from gomodel.run.search import RUN
from gomodel.run.trace import Move, Trace, Value
from gomodel.trace.playback import Playback, found_of

Step = str | tuple[str, Sequence[Value]]  # an actor, or an actor and its choices


def play(
    model: type[Model],
    steps: Sequence[Step],
    prop: str = "",
    kind: str = RUN,
    *,
    arguments: Sequence[str] = (),
    cycle: int | None = None,
    target: str = "",
    **settings: Any,
) -> Playback:
    """The execution in which these actors step; ``prop`` is what it is a counterexample to."""
    inst = instances(model, **settings)[0]
    system = trace(inst, every_kind=False)
    runner = Runner(inst, system)
    runner.start()
    moves = []
    for given in steps:
        actor, choices = (given, ()) if isinstance(given, str) else given
        label = runner.processes[actor].label if actor in runner.processes else actor
        moves.append(Move(actor, label, tuple(choices)))
        runner.move(moves[-1])
    played = Trace((), tuple(moves), cycle)
    found = None if kind == RUN else found_of(system, prop, kind, arguments, played)
    return Playback(inst, system, target or model.name, played, found)

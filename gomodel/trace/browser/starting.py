"""Where a walk begins: which scenario, and which of its initial states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.text import Text
from textual.app import App

from ...language.errors import UsageError
from ...language.instance import Instance
from ..playback import Playback, begin, starts
from .dialogs import Chooser
from .timeline import printable

_MOST = 1000  # initial states to choose from


@dataclass(frozen=True)
class Walk:
    """Where a walk may begin."""

    instances: Sequence[Instance]
    target: str


async def choose_start(app: App[Any], walk: Walk) -> Playback | None:
    """Where to begin, as far as there is a choice; None where the user leaves."""
    at: int | None = 0
    if len(walk.instances) > 1:
        scenarios = [walk.instances[0].model.scenarios.get(inst.scenario) for inst in walk.instances]
        texts = [f": {scenario.text}" if scenario and scenario.text else "" for scenario in scenarios]
        names = [inst.scenario + text for inst, text in zip(walk.instances, texts, strict=True)]
        at = await app.push_screen_wait(Chooser("which scenario?", names))
    if at is None:
        return None
    playback = begin(walk.instances[at], walk.target)
    known = starts(playback.inst, playback.system, _MOST)
    if not known:
        raise UsageError(f"model {playback.inst.model.name} has no initial state")
    which: int | None = 0
    if len(known) > 1:
        found = _Starts([replace(playback, trace=replace(playback.trace, init=init)) for init in known])
        every = f"which of {len(known)} initial states?"
        heading = every if len(known) < _MOST else f"which of the first {_MOST} initial states?"
        which = await app.push_screen_wait(Chooser(heading, found.names, found.describe))
    return None if which is None else replace(playback, trace=replace(playback.trace, init=known[which]))


class _Starts:
    """Initial states to choose from, run when they are seen."""

    def __init__(self, playbacks: list[Playback]) -> None:
        self.playbacks = playbacks
        self.names = [", ".join(map(str, playback.trace.init)) for playback in playbacks]
        self._texts: dict[int, Text] = {}

    def describe(self, i: int) -> Text:
        if i not in self._texts:
            fields = "; ".join(f"{c.variable} = {c.new}" for c in self.playbacks[i].run.initial())
            self._texts[i] = Text.assemble((printable(self.names[i]), "bold"), "   ", (printable(fields), "dim"))
        return self._texts[i].copy()

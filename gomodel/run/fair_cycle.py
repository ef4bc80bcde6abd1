"""A counterexample to liveness as CPython sees it: the promise stays open, the cycle closes, and it is fair.

Nothing here relies on the engine that found it: states, premises, outcomes and what is enabled come from running the
model's own generators.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..language.errors import InternalError
from ..language.instance import Instance
from ..language.primitives import Step
from ..language.properties import find_property
from ..language.system import State, TransitionSystem
from .concrete import Runner
from .promises import Condition, fairness_of
from .search import Found
from .trace import Trace, choice_value

NEVER_ENABLED = "never enabled from there on"


@dataclass(frozen=True)
class FairCycle:
    """``since`` is the number of steps after which the promise stays open; ``reasons`` say why the cycle is fair."""

    since: int
    reasons: tuple[tuple[Condition, str], ...]


def fair_cycle(inst: Instance, system: TransitionSystem, found: Found) -> FairCycle:
    """Raises InternalError where CPython sees no fair cycle that violates the property."""
    return _Replay(inst, system, found).judge()


class _Replay:
    def __init__(self, inst: Instance, system: TransitionSystem, found: Found) -> None:
        self.system, self.found, self.trace = system, found, found.trace
        self.runner = Runner(inst, system)
        self.prop = system.properties[found.name]
        self.begin = self.trace.cycle or 0
        self.states: list[State] = []  # one more than moves
        self.steps: list[dict[str, Step]] = []  # what everybody would take next, in each
        self.holds: list[tuple[bool, bool]] = []  # premise and conclusion in each
        self.taken: list[tuple[str, Any, tuple[str, ...]]] = []  # of each move: who, its step, its outcomes

    def judge(self) -> FairCycle:
        self._run()
        if self.states[self.begin] != self.states[-1]:
            raise self._wrong("it does not come back to where its cycle begins")
        last_kept = max((k for k, (_, kept) in enumerate(self.holds) if kept), default=-1)
        opened = [k for k, (due, _) in enumerate(self.holds) if due and k > last_kept]
        if not opened or last_kept >= self.begin:
            raise self._wrong("the promise is kept")
        return FairCycle(opened[0], tuple(self._reasons()))

    def _wrong(self, why: str) -> InternalError:
        return InternalError(
            f"the counterexample to {self.found.name} does not replay in CPython: {why}; this is a defect of gomodel"
        )

    def _run(self) -> None:
        self.runner.replay(Trace(self.trace.init))
        self._note()
        for move in self.trace.moves:
            step = self.runner.step_of(move.actor) if move.actor in self.steps[-1] else None
            outcome = self.runner.move(move)
            if outcome.kind != "commit":
                raise self._wrong(f"{move} ends with {outcome}")
            self.taken.append((move.actor, step, outcome.named))
            self._note()

    def _note(self) -> None:
        self.states.append(self.runner.state())
        actors = (*self.runner.processes, *self.runner.rules)
        self.steps.append({actor: step for actor in actors if (step := self.runner.step_of(actor)) is not None})
        component, fn, _ = find_property(self.runner.model, self.prop.name)
        domains = (domain for _, domain in self.prop.params)
        arguments = [
            next(v for v in map(domain.decode, domain.values()) if choice_value(v) == wanted)
            for domain, wanted in zip(domains, self.found.arguments, strict=True)
        ]
        value = fn(component, *arguments)
        first = len(self.states) == 1
        due, kept = value if self.prop.kind == "leads_to" else (first or self.prop.kind == "always_eventually", value)
        self.holds.append((bool(due), bool(kept)))

    # --- fairness --------------------------------------------------------------------------------------------

    def _reasons(self) -> Iterator[tuple[Condition, str]]:
        conditions = fairness_of(self.system, self.prop, self.found.arguments)
        met = {c: taken for c in conditions if (taken := self._taken(c)) is not None}
        owed = [c for c in conditions if c not in met]
        enabled = [self._enabled(k, owed) for k in range(self.begin, max(len(self.trace), self.begin + 1))]
        for condition in conditions:
            off = next((k for k, able in enumerate(enabled, self.begin) if condition not in able), None)
            if condition in met:
                yield condition, f"met by step {met[condition]}"
            elif not any(condition in able for able in enabled):
                yield condition, NEVER_ENABLED
            elif off is not None and not condition.strong:
                yield condition, f"not enabled after step {off}" if off else "not enabled at the start"
            else:
                raise self._wrong(f"{condition} is not met in its cycle")

    def _taken(self, condition: Condition) -> int | None:
        """The first step of the cycle that the condition asks for."""
        for k, (actor, step, outcomes) in enumerate(self.taken[self.begin :], self.begin):
            if condition.covers(actor, step, outcomes) and self.states[k] != self.states[k + 1]:
                return k + 1
        return None

    def _enabled(self, k: int, conditions: list[Condition]) -> set[Condition]:
        """Those of the conditions that have a step which changes something after ``k`` moves."""
        steps = self.steps[k]
        asked = {c.actor for c in conditions if c.actor in steps and c.label in (None, steps[c.actor].label)}
        if not asked:
            return set()
        able: set[Condition] = set()
        before = Trace(self.trace.init, self.trace.moves[:k])
        for move, outcome, after in self.runner.successors(before, asked):
            if outcome.kind == "commit" and after != self.states[k]:
                able.update(c for c in conditions if c.covers(move.actor, steps[move.actor], outcome.named))
        return able

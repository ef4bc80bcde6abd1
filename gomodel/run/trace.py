"""A trace: the sequence of choices that is an execution.  States are recomputed from it, never stored in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..language.domains import Domain
from ..language.processes import ProcessId

Value = int | str | bool | None


@dataclass(frozen=True)
class Move:
    """One step: who (a process name such as ``g0``, or a rule), from which label, and the choices it made."""

    actor: str
    label: str
    choices: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Trace:
    """An execution: the choices of ``init`` and the moves after it.

    ``cycle`` is the number of moves before a lasso's cycle, None for a finite execution.
    """

    init: tuple[Value, ...] = ()
    moves: tuple[Move, ...] = ()
    cycle: int | None = None

    def __len__(self) -> int:
        return len(self.moves)

    def to_json(self) -> dict[str, Any]:
        moves = [{"actor": m.actor, "label": m.label, "choices": list(m.choices)} for m in self.moves]
        return {"init": list(self.init), "moves": moves, "cycle": self.cycle}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Trace:
        moves = tuple(Move(m["actor"], m["label"], tuple(m["choices"])) for m in data["moves"])
        return Trace(tuple(data["init"]), moves, data.get("cycle"))


def show_choice(plain: Any, domain: Domain | None) -> Value:
    """An engine's plain choice as a trace records it: numbers, booleans, names of enum values and processes."""
    value = plain if domain is None else domain.decode(plain)
    return choice_value(value)


def choice_value(value: Any) -> Value:
    """A concrete option of ``choose`` as a trace records it."""
    return value.name if isinstance(value, ProcessId) else value

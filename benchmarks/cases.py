"""What is measured: models at bounds where a search takes long enough to be timed, and small ones for a quick look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Case:
    """A model at some bounds."""

    name: str
    model: str
    bounds: dict[str, int]
    scenario: str = ""

    @property
    def target(self) -> str:
        """The model as ``gomodel check`` takes it."""
        path = MODELS / f"{self.model}.py"
        return str(path) if path.exists() else self.model


def _mutex(goroutines: int) -> Case:
    return Case(f"mutex-{goroutines}", "mutex", {"goroutines": goroutines}, "loop")


def _philosophers(n: int) -> Case:
    return Case(f"philosophers-{n}", "philosophers", {"philosophers": n})


def _tricolour(mutators: int, registers: int, objects: int, fields: int) -> Case:
    bounds = {"mutators": mutators, "registers": registers, "objects": objects, "fields": fields}
    return Case("tricolour", "tricolour", bounds)


def _channel(senders: int, receivers: int, capacity: int, values: int) -> Case:
    bounds = {"senders": senders, "receivers": receivers, "capacity": capacity, "values": values}
    return Case("channel", "channel", bounds)


FULL = (
    *map(_mutex, (2, 3, 4)),
    _philosophers(13),
    _tricolour(3, 1, 4, 1),
    _channel(4, 3, 1, 2),
)
LIVE = (*map(_mutex, (2, 3, 4)), Case("mutex-3-pair", "mutex", {"goroutines": 3}, "pair"))  # for liveness
QUICK = (*map(_mutex, (2, 3)), _philosophers(7))
QUICK_LIVE = (_mutex(2), LIVE[-1])

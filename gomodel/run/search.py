"""What every engine takes and gives: limits, progress, and the outcome of an exploration."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ..language.errors import Where
from ..language.system import TransitionSystem
from .trace import Trace, Value

DEADLOCK = "deadlock"
RUN = "run"  # what an execution is called that violates nothing
INDUCTION = "induction"  # the kind of a counterexample to induction: it begins in no initial state
INTERRUPTED = "Ctrl-C"
FIRST = "the first violation"


@dataclass(frozen=True)
class Keep:
    """Where a search is kept on disk, how often in seconds, and whether it goes on from what is there."""

    folder: Path
    every: float = 30.0
    resume: bool = False


@dataclass(frozen=True)
class Limits:
    """When to stop before the end: states stored, bytes of resident memory, seconds; None is no limit.

    Without a limit of memory an engine stops before the machine has none left.
    """

    max_states: int | None = None
    max_memory: int | None = None
    timeout: float | None = None
    first: bool = False  # stop at the first violation
    until: frozenset[str] = frozenset()  # stop when one of these properties is violated
    keep: Keep | None = None


class Stop(Exception):
    """A limit was hit: its words."""


@dataclass(frozen=True)
class Progress:
    states: int
    transitions: int
    depth: int
    queue: int
    seconds: float
    memory: int  # resident bytes of the process


Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Found:
    """Something the search found, with a shortest trace to it of ``length`` moves; for liveness a short lasso.

    ``kind`` is that of the property, or ``deadlock``, or ``error`` for a model error.  For properties of
    states the trace ends in the bad state; for ``fatal`` and ``error`` its last move is the one that fails.
    ``find`` makes the trace, for those who ask: an engine need not keep one for each witness.
    """

    name: str
    kind: str
    length: int
    find: Callable[[], Trace] = field(repr=False, compare=False)
    text: str = ""
    where: Where | None = None
    arguments: tuple[Value, ...] = ()  # of a property that is stated for every value of its parameters

    @cached_property
    def trace(self) -> Trace:
        """Raises InternalError where the engine's own check of the moves fails."""
        return self.find()


@dataclass
class Exploration:
    """The outcome of exploring one transition system.

    ``transitions`` counts (state, process, choices) that commit; ``depth`` is the greatest length of a shortest
    path to a state.  ``stopped`` says which limit ended the search early; None means that every reachable
    state was visited.  Liveness is judged only then, and where there is no error.  ``seconds`` is the whole,
    ``preparing`` the part of it before the search itself.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    preparing: float = 0.0
    stopped: str | None = None
    resumed: int = 0  # states that an earlier run found
    violations: dict[str, Found] = field(default_factory=dict)
    errors: dict[str, Found] = field(default_factory=dict)
    reached: dict[str, Found] = field(default_factory=dict)  # witnesses
    labels: set[tuple[str, int]] = field(default_factory=set)  # (kind, program counter) reached
    branches: set[str] = field(default_factory=set)
    premises: set[tuple[str, int]] = field(default_factory=set)  # (property, number) that held somewhere
    rules: set[str] = field(default_factory=set)  # rules taken
    open: dict[str, int] = field(default_factory=dict)  # liveness that was judged → states that leave it open
    cut: str | None = None  # the limit that ended the search for fair cycles early
    live_seconds: float = 0.0  # of ``seconds``, those of liveness
    live_memory: int = 0  # bytes that liveness took beside the states

    @property
    def complete(self) -> bool:
        return self.stopped is None


class Engine(Protocol):
    """An explicit-state engine: breadth-first, exhaustive, the same verdicts whichever it is."""

    name: str

    def explore(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, live: Collection[str] = ()
    ) -> Exploration:
        """Explore ``system``, then judge the liveness properties named in ``live``."""
        ...


class Clock:
    """Seconds since the start, and when it is time to report or to stop."""

    def __init__(self, limits: Limits) -> None:
        self.start = time.monotonic()
        self.limits = limits
        self._next = 0.25

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    def expired(self) -> bool:
        return self.limits.timeout is not None and self.seconds > self.limits.timeout

    def due(self) -> bool:
        """True about four times a second."""
        now = self.seconds
        if now < self._next:
            return False
        self._next = now + 0.25
        return True

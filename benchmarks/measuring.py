"""Measures one case, in a process of its own: fresh memory, and nothing that other cases have left behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from gomodel import catalog
from gomodel.explore.cache import FOLDER, Cache
from gomodel.explore.engine import CompiledEngine
from gomodel.explore.liveness import STATE_BYTES, STEP_BYTES, all_promises
from gomodel.language.instance import instance
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.judge import promised
from gomodel.run.memory import resident
from gomodel.run.search import Exploration, Limits

from .cases import Case

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Spent:
    """What some work took: CPU seconds, those of them in the operating system, pages that were touched first."""

    seconds: float
    system: float  # by samples, and so rough where it is little
    faults: int


@dataclass(frozen=True)
class Result:
    """Seconds are those of the processor; ``making`` has them for each piece of code that had to be made."""

    case: Case
    words: int  # of a state
    states: int
    transitions: int
    depth: int
    cold: Spent  # the search in fresh memory
    warm: Spent  # again in the same memory, the best of several
    memory: int  # bytes, at most, above those before the search in fresh memory
    tracing: float
    making: dict[str, float]


@dataclass(frozen=True)
class Live:
    """The search for fair cycles, for all promises of a case one after the other."""

    case: Case
    states: int
    promises: int  # instances of liveness properties that were judged
    violated: int
    steps: int  # between stored states, that change something
    seconds: float  # of the clock, the best of several
    memory: int  # bytes beside the states


@dataclass(frozen=True)
class Start:
    """How long a command takes, in seconds of the clock."""

    command: str
    seconds: float


class Stopwatch(Cache):
    """Gives no machine code but its own, and notes the CPU seconds that each piece took to make.

    The kernel as Numba translated it, which is text, is given: it is the same for all models.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.took: dict[str, float] = {}  # program, kernel, numba → CPU seconds, without those of another piece
        self._open: list[float] = []
        self._own: set[str] = set()

    def get(self, name: str) -> bytes | None:
        found = super().get(name)
        if found is not None and (found.isascii() or name in self._own):
            return found
        self._open.append(time.process_time() - sum(self.took.values()))
        return None

    def put(self, name: str, content: bytes) -> None:
        kind = "numba" if content.isascii() else name.partition("-")[0]
        self.took[kind] = time.process_time() - sum(self.took.values()) - self._open.pop()
        self._own.add(name)
        super().put(name, content)


def measure(case: Case, folder: Path, repeat: int) -> Result:
    """``folder`` is for compiled code."""
    model = catalog.load(case.target)
    tracing, system = spent(lambda: trace(instance(model, case.scenario, case.bounds)))
    cache = Stopwatch(folder)
    whole, _ = spent(lambda: CompiledEngine(cache).prepare(system, Limits()))
    making = {"text": whole.seconds - sum(cache.took.values()), **cache.took}

    engine = CompiledEngine(cache)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is what it is now
    before = resident()
    cold, words, found = searched(engine, system)
    memory = peak() - before
    warm = min((searched(engine, system)[0] for _ in range(repeat)), key=lambda s: s.seconds)
    return Result(
        case, words, found.states, found.transitions, found.depth, cold, warm, memory, tracing.seconds, making
    )


def measure_liveness(case: Case, folder: Path, repeat: int) -> Live:
    """``folder`` is for compiled code."""
    model = catalog.load(case.target)
    inst = instance(model, case.scenario, case.bounds)
    system = trace(inst)
    names = promised(system, inst)
    judged = [p for p in all_promises(system) if p.prop.name in names]
    engine = CompiledEngine(Cache(folder))
    runs = [engine.explore(system, Limits(), None, names) for _ in range(repeat + 1)]
    best = min(runs, key=lambda r: r.live_seconds)
    if best.stopped or best.cut:
        raise RuntimeError(f"a search was cut short by {best.stopped or best.cut}")
    steps = (best.live_memory - STATE_BYTES * best.states) // STEP_BYTES
    return Live(case, best.states, len(judged), len(best.violations), steps, best.live_seconds, best.live_memory)


def searched(engine: CompiledEngine, system: TransitionSystem) -> tuple[Spent, int, Exploration]:
    """What a whole search takes, the words of a state, and what was found."""
    search = engine.prepare(system, Limits())
    cost, _ = spent(search.run)
    found = search.finish()
    if found.stopped:
        raise RuntimeError(f"a search was cut short by {found.stopped}")
    return cost, search.width, found


def spent(work: Callable[[], T]) -> tuple[Spent, T]:
    """What ``work`` takes, and what it gives."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
    made = work()
    seconds, now = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF)
    return Spent(seconds, now.ru_stime - before.ru_stime, now.ru_minflt - before.ru_minflt), made


def peak() -> int:
    """Bytes of memory that this process occupied at most."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resident()


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` gives in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def started(name: str, folder: Path, *arguments: str) -> Start:
    """Run ``gomodel`` with compiled code in ``folder``; ``name`` is what to call it."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "gomodel", *arguments]
    subprocess.run(command, env={**os.environ, FOLDER: str(folder)}, stdout=subprocess.DEVNULL, check=True)
    return Start(name, time.perf_counter() - start)

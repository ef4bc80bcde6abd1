"""Mutation testing: which mutants of a model does a declared property notice?

A mutant is *killed* where a property, refinement, promise, or the absence of deadlock is violated; never by its counts,
nor by a model error or vacuity.  One that behaves as the model does, for all that others can see, is *equivalent* and
does not count, and neither does one that is a model error and nothing else.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from .. import __version__, catalog
from ..explore.engine import CompiledEngine
from ..language.errors import UsageError, short_path
from ..language.instance import Instance
from ..language.system import TransitionSystem
from ..language.tracer import trace
from ..run.check import instances
from ..run.judge import promised
from ..run.search import DEADLOCK, Limits
from .behaviour import compare
from .mutants import Mutant, mutants

KILLED, SURVIVED, EQUIVALENT, INVALID, OPEN = "killed", "survived", "equivalent", "model error", "open"
GOAL = 0.85
PAIRS = 30_000  # of states, to tell an equivalent mutant from a survivor
SECONDS = 30.0  # for one mutant in one scenario


@dataclass(frozen=True)
class Judged:
    """One mutant; ``by`` is the property that killed it, or what its being open or a survivor is due to."""

    mutant: str
    operator: str
    where: str
    verdict: str
    by: str = ""
    scenario: str = ""


@dataclass
class Mutation:
    """The outcome for one model."""

    model: str
    preset: str
    judged: list[Judged] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # survivors → why they may, from the reviewed file

    @property
    def tally(self) -> Counter[str]:
        return Counter(j.verdict for j in self.judged)

    @property
    def score(self) -> float:
        """Killed, of those that count."""
        counted = [j for j in self.judged if j.verdict in (KILLED, SURVIVED, OPEN)]
        return sum(j.verdict == KILLED for j in counted) / len(counted) if counted else 1.0

    @property
    def unexplained(self) -> list[Judged]:
        return [j for j in self.judged if j.verdict in (SURVIVED, OPEN) and self.reason(j) is None]

    @property
    def stale(self) -> list[str]:
        """Reasons for what does not survive."""
        survivors = [j.mutant for j in self.judged if j.verdict in (SURVIVED, OPEN)]
        return [key for key in self.reasons if not any(_covers(key, name) for name in survivors)]

    def reason(self, judged: Judged) -> str | None:
        """Why it may survive: the reason of its name, or of the first pattern that covers it."""
        exact = self.reasons.get(judged.mutant)
        return exact or next((text for key, text in self.reasons.items() if _covers(key, judged.mutant)), None)

    @property
    def passed(self) -> bool:
        return self.score >= GOAL and not self.unexplained and not self.stale


def _covers(key: str, mutant: str) -> bool:
    """Whether a key of the reviewed file is this mutant; ``*`` in it stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, key.split("*"))), mutant) is not None


class Mutated:
    """A model at a preset with all its mutants, ready to be judged one by one."""

    def __init__(self, name: str, preset: str) -> None:
        self.engine = CompiledEngine()
        self.sides: list[tuple[Instance, TransitionSystem, dict[str, Mutant]]] = []
        self._states: dict[str, int] = {}  # of the model itself, by scenario
        for inst in instances(catalog.load(name), preset=preset):
            system = trace(inst, every_kind=False)
            self.sides.append((inst, system, {m.name: m for m in mutants(system)}))

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for *_, known in self.sides for name in known))

    def judge(self, name: str) -> Judged:
        """In one scenario after the other, until a property notices."""
        first = next(known[name] for *_, known in self.sides if name in known)
        judged = Judged(name, first.operator, first.where, EQUIVALENT)
        notes: dict[str, tuple[str, str]] = {}
        for inst, system, known in self.sides:
            if name not in known:
                continue
            verdict, by = self._in(inst, system, known[name])
            if verdict == KILLED:
                return Judged(name, first.operator, first.where, KILLED, by, inst.scenario)
            notes.setdefault(verdict, (by, inst.scenario))
        for verdict in (SURVIVED, OPEN, INVALID):
            if verdict in notes:
                return Judged(name, first.operator, first.where, verdict, *notes[verdict])
        return judged

    def _in(self, inst: Instance, system: TransitionSystem, mutant: Mutant) -> tuple[str, str]:
        if inst.scenario not in self._states:
            self._states[inst.scenario] = self.engine.explore(system, Limits()).states
        wanted = frozenset([DEADLOCK, *(p.name for p in system.properties.values() if p.kind != "reachable")])
        limits = Limits(max_states=4 * self._states[inst.scenario] + 1000, timeout=SECONDS, until=wanted)
        found = self.engine.explore(mutant.system, limits, None, promised(system, inst))
        if found.violations:
            return KILLED, next(iter(found.violations))
        if found.errors:
            return INVALID, next(iter(found.errors))
        if found.stopped or found.cut:
            return OPEN, found.stopped or found.cut or ""
        same = compare(system, mutant.system, Limits(max_states=PAIRS, timeout=SECONDS))
        if same.found is None and same.stopped is None:
            return EQUIVALENT, ""
        return SURVIVED, "" if same.found else "not compared to the end"


# --- many of them ----------------------------------------------------------------------------------------------------


def mutate(
    name: str,
    preset: str,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    notify: Callable[[int, int], None] | None = None,
) -> Mutation:
    """Judge every mutant of a model, several at a time, and go on where an earlier run was interrupted.

    ``notify`` hears how many are judged, and of how many.  ``fresh`` forgets what is known.
    """
    mutated = Mutated(name, preset)
    names = mutated.names
    store = Progress(name, preset, fresh)
    todo = [n for n in names if n not in store.known]
    for judged in _judged(name, preset, mutated, todo, jobs or os.cpu_count() or 1):
        store.add(judged)
        if notify:
            notify(len(store.known), len(names))
    return Mutation(catalog.load(name).name, preset, [store.known[n] for n in names], reasons_of(name))


def _judged(name: str, preset: str, mutated: Mutated, todo: list[str], jobs: int) -> Iterator[Judged]:
    if jobs == 1 or len(todo) < 4:
        yield from map(mutated.judge, todo)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _begin, (name, preset)) as pool:
        yield from pool.imap_unordered(_judge, todo)


_worker: list[Mutated] = []


def _begin(name: str, preset: str) -> None:
    _worker.append(Mutated(name, preset))


def _judge(name: str) -> Judged:
    return _worker[0].judge(name)


class Progress:
    """What is known of a model's mutants, a line each; the file is for this version of the model alone.

    A line is written whole or is the last one; that one is left out when it cannot be read.
    """

    def __init__(self, name: str, preset: str, fresh: bool = False) -> None:
        model = catalog.load(name)
        inst = instances(model, preset=preset)[0]
        key = json.dumps([__version__, preset, catalog.digests(inst)], sort_keys=True)
        digest = sha256(key.encode()).hexdigest()[:12]
        self.path = Path.cwd() / ".gomodel" / "mutants" / f"{model.name}-{digest}.jsonl"
        self.known: dict[str, Judged] = {}
        if fresh:
            self.path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            for line in self.path.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, TypeError):
                    judged = Judged(**json.loads(line))
                    self.known[judged.mutant] = judged

    def add(self, judged: Judged) -> None:
        self.known[judged.mutant] = judged
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("\n" * self._torn(file.tell()) + json.dumps(asdict(judged), ensure_ascii=False) + "\n")
        except OSError as error:
            raise UsageError(f"cannot write {short_path(str(self.path))}: {error.strerror or error}") from None

    def _torn(self, size: int) -> bool:
        """Whether the file ends within a line."""
        if not size:
            return False
        with open(self.path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"


def reasons_of(name: str) -> dict[str, str]:
    """The reviewed file beside the spec, ``mutex.survivors.json``: survivor, or pattern with ``*`` → why it may."""
    path = catalog.source_file(catalog.load(name)).with_suffix(".survivors.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise UsageError(f"{short_path(str(path))} is not JSON", mend="restore it from git") from None
    if not isinstance(data, dict) or not all(isinstance(v, str) and v for v in data.values()):
        raise UsageError(f"{short_path(str(path))} is not an object of mutants and reasons")
    return data

"""The guard: every model as it should be, and as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import run as run_command
from threading import Lock
from typing import Any

from ..language.errors import GomodelError, InternalError
from ..run.search import Limits
from ..trace.page import plain
from .examine import Examined, examine
from .manifest import Manifest, changes

EXPLAINING = 200_000  # pairs of states that a behavioural diff may visit
_one_at_a_time = Lock()


@dataclass
class Guarded:
    """What the guard saw."""

    preset: str
    models: list[Examined] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[Examined]:
        return [found for found in self.models if not found.passed]

    def to_json(self) -> dict[str, Any]:
        models = [
            {
                "model": m.name,
                "passed": m.passed,
                "failures": m.failures,
                "differs": m.differs,
                "explained": m.explained,
                "seconds": m.seconds,
                "bugs": m.bugs,
                "proof": m.proof,
                "report": m.report,
            }
            for m in self.models
        ]
        return {"schema": 1, "preset": self.preset, "passed": not self.failed, "models": models}


def guard(
    names: list[str],
    preset: str,
    manifest: Manifest,
    *,
    bugs: bool = True,
    jobs: int | None = None,
    seconds: float = 600.0,
    compare: bool = True,
    baseline: Path | None = None,
    notify: Callable[[Examined], None] | None = None,
) -> Guarded:
    """Examine the models, several at once, each in a process of its own; what comes back is in the order of ``names``.

    ``compare``: with the manifest too, and explain what differs by the behaviour at the revision of ``baseline``.
    """
    result = Guarded(preset)
    entries = manifest.presets.get(preset, {})

    def one(name: str) -> Examined:
        found = examine(name, preset, bugs=bugs, seconds=seconds)
        if compare and found.report and not found.broken:
            was = entries.get(name)
            found.differs = [line for line in changes(was, found.entry) if bugs or " of bug " not in line]
            if found.differs and was is not None and baseline is not None:
                found.explained = list(_explain(name, preset, baseline))
        return found

    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        for found in pool.map(one, names):
            result.models.append(found)
            if notify:
                notify(found)
    return result


def _revision_of(baseline: Path) -> str:
    """The last revision that wrote the manifest, "" where git knows none, or is not there."""
    words = ["git", "-C", str(baseline.parent), "log", "-1", "--format=%h", "--", baseline.name]
    try:
        done = run_command(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _explain(name: str, preset: str, baseline: Path) -> Iterator[str]:
    """The behavioural diff to the revision in which the manifest was written."""
    from .versions import compare_versions

    revision = _revision_of(baseline)
    if not revision:
        yield "there is no revision of the manifest to compare with"
        return
    yield f"gomodel diff {revision}:{name} {name} --preset {preset}"
    limits = Limits(max_states=EXPLAINING, timeout=60.0)
    try:
        with _one_at_a_time:  # modules of another revision are for everybody to see
            found = compare_versions(f"{revision}:{name}", name, {}, [], preset, [], limits, None, 80)
    except (GomodelError, InternalError) as error:
        yield f"the two cannot be compared: {error}"
        return
    yield from plain(found.lines).splitlines()

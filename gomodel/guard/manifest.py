"""The committed manifest ``specs/baseline.json``: what every model gave when it was last looked at.

Counts are facts about a model: the states, transitions and depth of a complete search depend on nothing but the model
and its bounds.  A count that changes unnoticed is an edit that nobody meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import catalog
from ..language.errors import UsageError, short_path

SCHEMA = 1
FAILING = ("violated", "vacuous", "incomplete")


@dataclass(frozen=True)
class Counts:
    """One exploration."""

    scenario: str
    bounds: dict[str, Any]
    states: int
    transitions: int
    depth: int


@dataclass(frozen=True)
class Entry:
    """One model at one preset."""

    go: str
    scenarios: tuple[Counts, ...]
    verdicts: dict[str, str]  # property or witness → verdict
    bugs: dict[str, int | None]  # bug → length of its counterexample, None of a harmless one


@dataclass
class Manifest:
    """Preset → model → what it gave."""

    presets: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        presets = {
            preset: {name: asdict(entries[name]) for name in sorted(entries)}
            for preset, entries in sorted(self.presets.items())
        }
        return {"schema": SCHEMA, "presets": presets}


def default_path() -> Path:
    return catalog.specs_folder() / "baseline.json"


def read(path: Path) -> Manifest:
    """The manifest in a file, an empty one where there is none; raises UsageError for what is no manifest."""
    name = short_path(str(path))
    try:
        data = json.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no manifest: it is not JSON", mend="restore it from git") from None
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int) or "presets" not in data:
        raise UsageError(f"{name} is no manifest that gomodel has written", mend="restore it from git")
    if data["schema"] > SCHEMA:
        raise UsageError(
            f"{name} has the schema {data['schema']}, and this gomodel knows those up to {SCHEMA}",
            mend="a newer gomodel wrote it; use that one",
        )
    try:
        return Manifest({p: {n: _entry(e) for n, e in entries.items()} for p, entries in data["presets"].items()})
    except (TypeError, KeyError, AttributeError, ValueError):
        raise UsageError(f"{name} is no manifest that gomodel has written", mend="restore it from git") from None


def _entry(data: dict[str, Any]) -> Entry:
    scenarios = tuple(Counts(**counts) for counts in data["scenarios"])
    return Entry(str(data["go"]), scenarios, dict(data["verdicts"]), dict(data["bugs"]))


def write(manifest: Manifest, path: Path) -> None:
    """Replace the file by the whole manifest, or leave it as it is."""
    from ..output import JsonFile

    with JsonFile(str(path)) as out:
        out.write(manifest.to_json())


def changes(old: Entry | None, new: Entry) -> Iterator[str]:
    """What differs from the manifest, a line each; nothing where all is as it was."""
    if old is None:
        yield "it is not in the manifest"
        return
    if old.go != new.go:
        yield f"follows {new.go or 'no Go version'} instead of {old.go or 'none'}"
    before = {_key(c): c for c in old.scenarios}
    after = {_key(c): c for c in new.scenarios}
    for key in [*before, *(k for k in after if k not in before)]:
        had, has = before.get(key), after.get(key)
        if had is None or has is None:
            yield f"{_place(had or has)} is {'new' if had is None else 'gone'}"
        elif had != has:
            yield f"{_place(has)} has {_counts(has)} instead of {_counts(had)}"
    wrong = {name for name, verdict in new.verdicts.items() if verdict in FAILING}  # that is said anyway
    was, now = ({n: v for n, v in verdicts.items() if n not in wrong} for verdicts in (old.verdicts, new.verdicts))
    yield from _differing("verdict of", was, now)
    yield from _differing("length of bug", old.bugs, new.bugs)


def _differing(what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield f"{what} {name}: it is gone"
        elif name not in old:
            yield f"{what} {name}: it is new"
        elif old[name] != new[name]:
            yield f"{what} {name}: {new[name]} instead of {old[name]}"


def _key(counts: Counts) -> tuple[str, str]:
    return counts.scenario, json.dumps(counts.bounds, sort_keys=True)


def _counts(counts: Counts) -> str:
    return f"{counts.states:,} states, {counts.transitions:,} transitions, depth {counts.depth}"


def _place(counts: Counts | None) -> str:
    assert counts is not None
    bounds = ", ".join(f"{n}={v}" for n, v in counts.bounds.items())
    return f"scenario {counts.scenario} at {bounds}" if counts.scenario else f"the search at {bounds}"

"""Traces on disk: ``.gomodel/traces`` of the current folder, one file each, named after what it holds.

A file has what is needed to run the trace again and nothing that could be computed from that: which model at which
bounds, with which bugs, and the choices.  It is written beside its place and renamed, so it is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..language.errors import UsageError, short_path
from ..run.report import Counterexample
from ..run.trace import Trace

FORMAT = 1  # raised when a field changes its meaning or goes away
MOST = 64 << 20  # bytes: what is larger is no trace
MARK = "gomodel trace"


@dataclass(frozen=True)
class Stored:
    """One trace, and what it is a counterexample to (kind ``run``: to nothing)."""

    model: str
    target: str  # how the command line names the model
    scenario: str
    bounds: dict[str, Any]
    bugs: tuple[str, ...]  # full paths
    property: str
    kind: str
    arguments: tuple[str, ...]  # of a property with parameters
    text: str  # what a fatal or a model error says
    trace: Trace
    specs: dict[str, str] = field(default_factory=dict)  # file → SHA-256 of what the model was made from
    version: str = ""  # of gomodel
    path: Path | None = None  # where it was read from

    @cached_property
    def id(self) -> str:
        """The same for the same trace of the same model, whenever it was found."""
        text = json.dumps(self._identity(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _identity(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "target": self.target,
            "scenario": self.scenario,
            "bounds": self.bounds,
            "bugs": list(self.bugs),
            "property": self.property,
            "kind": self.kind,
            "arguments": list(self.arguments),
            "trace": self.trace.to_json(),
        }

    def to_json(self) -> dict[str, Any]:
        mark = {"format": MARK, "schema": FORMAT, "version": self.version}
        return {**mark, **self._identity(), "text": self.text, "specs": self.specs}


def stored_from(
    cex: Counterexample, *, model: str, target: str, bounds: dict[str, Any], bugs: Iterable[str], specs: dict[str, str]
) -> Stored:
    """What a check has found, as it is kept."""
    from .. import __version__

    arguments = tuple(value for _, value in cex.arguments)
    # As they are read back, so that the id is the same.
    plain = json.loads(json.dumps(bounds))
    return Stored(
        model, target, cex.scenario, plain, tuple(sorted(bugs)), cex.property, cex.kind, arguments, cex.text, cex.trace,
        specs, __version__,
    )  # fmt: skip


# --- the folder ------------------------------------------------------------------------------------------------------


def folder() -> Path:
    return Path.cwd() / ".gomodel" / "traces"


def save(stored: Stored) -> Path:
    """Keep a trace; raises UsageError where it cannot be written."""
    from ..output import JsonFile

    path = folder() / f"{stored.id}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {short_path(str(path.parent))}: {error.strerror or error}") from None
    with JsonFile(str(path)) as out:
        out.write(stored.to_json())
    return path


def files() -> list[Path]:
    """The stored traces, the newest first."""
    found = [(path.stat().st_mtime_ns, path.name, path) for path in folder().glob("*.json") if path.is_file()]
    return [path for _, _, path in sorted(found, reverse=True)]


def find(name: str) -> Stored:
    """The trace called ``name``: the beginning of its id, a model (its newest one), or a file; ``""`` is the newest.

    Raises UsageError where there is none, or more than one, or the file is no trace.
    """
    known = files()
    if not name:
        if not known:
            raise UsageError("no trace is stored here", mend="`gomodel check` stores what it finds: run it first")
        return read(known[0])
    hits = [path for path in known if path.stem.startswith(name)]
    if len(hits) == 1:
        return read(hits[0])
    if hits:
        raise UsageError(f"several traces begin with {name}", mend=f"there are: {', '.join(p.stem for p in hits)}")
    if os.sep in name or name.endswith(".json") or Path(name).is_file():
        return read(Path(name))
    newest = next((s for s in readable(known) if s.model == name), None)
    if newest is None:
        mend = "`gomodel trace list` shows what there is" if known else "`gomodel check` stores what it finds"
        raise UsageError(f"there is no trace {name}", mend=mend)
    return newest


def readable(paths: Iterable[Path]) -> Iterator[Stored]:
    """Those of the files that are traces."""
    for path in paths:
        try:
            yield read(path)
        except UsageError:
            continue


# --- one file --------------------------------------------------------------------------------------------------------


def read(path: Path) -> Stored:
    """The trace in a file; raises UsageError that says what is wrong with it."""
    name = short_path(str(path))
    try:
        size = path.stat().st_size if path.is_file() else 0
        if size > MOST:
            raise UsageError(f"{name} is no trace: it has {size >> 20:,} MiB, and no trace has over {MOST >> 20}")
        data = json.loads(path.read_bytes().decode())
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} is no trace: it is not text") from None
    except json.JSONDecodeError as error:
        mend = f"line {error.lineno}, column {error.colno}: {error.msg}; was it cut off?"
        raise UsageError(f"{name} is no trace: it is not JSON", mend=mend) from None
    except (RecursionError, ValueError):
        raise UsageError(f"{name} is no trace: it is not JSON that can be read") from None
    if not isinstance(data, dict) or data.get("format") != MARK:
        report = isinstance(data, dict) and "counterexamples" in data
        hint = "a report is not a trace; `gomodel trace list` shows what the check has stored" if report else None
        raise UsageError(f"{name} is no trace that gomodel has written", mend=hint)
    return _Fields(name, data).stored(path)


class _Fields:
    """The fields of a file, each of the type that it must have."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name, self.data = name, data

    def stored(self, path: Path) -> Stored:
        schema = self.get("schema", int)
        if schema > FORMAT:
            mend = f"it was written by gomodel {self.data.get('version', '?')}, and this one is older"
            raise UsageError(f"{self.name} has the format {schema}; known are those up to {FORMAT}", mend=mend)
        return Stored(
            self.get("model", str),
            self.get("target", str),
            self.get("scenario", str),
            self.get("bounds", dict),
            tuple(self.get("bugs", _texts)),
            self.get("property", str),
            self.get("kind", str),
            tuple(self.get("arguments", _texts)),
            self.get("text", str),
            self.get("trace", _trace),
            self.get("specs", dict),
            self.get("version", str),
            path,
        )

    def get(self, key: str, kind: type | Callable[[Any], Any]) -> Any:
        value = self.data.get(key)
        try:
            if isinstance(kind, type) and not (isinstance(value, kind) and not isinstance(value, bool)):
                raise TypeError
            return value if isinstance(kind, type) else kind(value)
        except (TypeError, KeyError, ValueError, AttributeError):
            raise UsageError(f"{self.name} is no trace: what it has as {key!r} is not right") from None


def _texts(value: Any) -> list[str]:
    if not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        raise TypeError
    return value


def _trace(value: Any) -> Trace:
    trace = Trace.from_json(value)
    choices = [*trace.init, *(c for m in trace.moves for c in m.choices)]
    plain = all(c is None or isinstance(c, (bool, int, str)) for c in choices)
    named = all(isinstance(m.actor, str) and isinstance(m.label, str) for m in trace.moves)
    cycle = trace.cycle is None or (type(trace.cycle) is int and 0 <= trace.cycle <= len(trace))
    if not (plain and named and cycle):
        raise ValueError
    return trace

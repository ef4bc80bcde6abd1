"""An execution as one web page that needs nothing else: no network, no server, no file beside it.

The page is ``page_files/page.html`` with its style sheet, its scripts and the data of the execution put in.  All that
comes from a model is in the data, which is JSON without a character that HTML could take for its own; the scripts show
it as text, and a policy in the page lets the browser run and load nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import webbrowser
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from .. import __version__
from ..language.errors import UsageError, short_path
from ..run.dependence import messages
from ..run.execution import Execution
from ..run.report import Counterexample, StepView
from .gosource import go_source
from .playback import Playback
from .show import length_in_words, title
from .steps import arguments_of

SCRIPTS = ("trace.js", "lanes.js", "overview.js", "state.js", "panels.js", "main.js")  # in this order
History = list[list[Any]]  # [k, value] where it changes: it has this value after k steps


def page(playback: Playback) -> str:
    """The whole page; raises InternalError where CPython does not confirm the execution."""
    data = page_data(playback)
    style, script = _file("page.css"), "".join(map(_file, SCRIPTS))
    parts = {
        "title": escape(f"{data['title']} · {data['model']}"),
        "policy": escape(
            f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "data": embedded(data),
        "script": script,
    }
    text = _file("page.html")
    before, *places = text.split("{{")
    return before + "".join(parts[name] + rest for name, rest in (place.split("}}", 1) for place in places))


def page_file(playback: Playback) -> Path:
    """Where the page goes unless the user says it: ``.gomodel/pages``; raises UsageError where that cannot be made."""
    folder = Path(".gomodel", "pages")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {short_path(str(folder))}: {error.strerror or error}") from None
    return folder / f"{playback.to_store().id}.html"


def show_in_browser(path: str) -> bool:
    """Show a page in the user's browser; False where there is none, or no display to show it on."""
    if sys.platform.startswith("linux") and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))):
        return False
    return webbrowser.open(Path(path).resolve().as_uri())


def embedded(data: Any) -> str:
    """JSON that may stand in a script element: ASCII, and without ``<``, ``>`` and ``&``."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _file(name: str) -> str:
    return files(__package__).joinpath("page_files", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- the data --------------------------------------------------------------------------------------------------------


def page_data(playback: Playback) -> dict[str, Any]:
    """What the page shows, as plain data; what changes over time is a list of changes, from the initial state on."""
    cex, run = playback.counterexample, playback.run
    told = messages(run)
    return {
        "version": __version__,
        "id": playback.to_store().id,
        "model": playback.inst.model.name,
        "title": title(cex),
        "length": length_in_words(cex),
        "note": playback.note,
        "scenario": cex.scenario,
        "bounds": [[name, str(value)] for name, value in playback.inst.bounds],
        "bugs": sorted(playback.inst.bugs),
        "kind": cex.kind,
        "property": f"{cex.property}{arguments_of(cex)}",
        "text": cex.text,
        "where": cex.where,
        "reproduce": cex.reproduce,
        "initial": [[c.variable, c.new] for c in cex.initial],
        "cycle": cex.trace.cycle,
        "since": cex.since,
        "fairness": [[view.condition, view.why] for view in cex.fairness],
        "abstract": _abstract(cex),
        "why": [[part.depth, part.text, part.value] for part in cex.why],
        "guards": dict(cex.guards),
        "states": len(run.states),
        "actors": list(_actors(run)),
        "go": _go(playback),
        "steps": [_step(step, cex, told[step.number - 1]) for step in cex.steps],
        "cells": list(_cells(run)),
    }


def _step(step: StepView, cex: Counterexample, told: tuple[tuple[int, str], ...]) -> dict[str, Any]:
    return {
        "actor": step.actor,
        "label": step.label,
        "go": list(step.go),
        "choices": [str(choice) for choice in step.choices],
        "changes": [[c.variable, c.old, c.new] for c in step.changes],
        "failed": step.failed,
        "relevant": step.number in cex.relevant,
        "from": [list(pair) for pair in told],
    }


def _actors(run: Execution) -> Iterator[dict[str, Any]]:
    """Every process with the labels where it stands and when it is blocked, then the rules that step."""
    blocked = [{place.split(' at "')[0] for place in places} for places in run.blocked]
    for i, name in enumerate(run.runner.processes):
        yield {
            "name": name,
            "rule": False,
            "at": history(places[i][1] for places in run.standing),
            "blocked": history(name in waiting for waiting in blocked),
        }
    stepping = {step.actor for step in run.steps}
    for name in run.runner.rules:
        if name in stepping:
            yield {"name": name, "rule": True, "at": [], "blocked": []}


def _cells(run: Execution) -> Iterator[dict[str, Any]]:
    """Every part of the state with its values; None where a local does not matter."""
    states = [run.cells(k) for k in range(len(run.states))]
    names = dict.fromkeys(name for state in states for name in state)
    ghosts = tuple(run.ghosts())
    of_ghosts = tuple(f"{name}{sign}" for name in ghosts for sign in ".[")
    for name in names:
        ghost = name in ghosts or name.startswith(of_ghosts)
        yield {"name": name, "ghost": ghost, "values": history(state.get(name) for state in states)}


def history(values: Iterable[Any]) -> History:
    """``[k, value]`` for each value that differs from the one before it."""
    found: History = []
    for k, value in enumerate(values):
        if not found or found[-1][1] != value:
            found.append([k, value])
    return found


def _go(playback: Playback) -> dict[str, Any]:
    """The lines around every place in the Go source that a step stands for, or why there are none."""
    source = go_source(playback.inst.model.go)
    places = dict.fromkeys(place for step in playback.run.steps for place in step.go)
    found = {place: source.excerpt(place) for place in places}
    return {
        "missing": source.missing,
        "places": {
            place: {"at": lines.line, "function": lines.function, "first": lines.first, "lines": list(lines.lines)}
            for place, lines in found.items()
            if lines
        },
    }


def _abstract(cex: Counterexample) -> Mapping[str, Any] | None:
    found = cex.abstract
    if found is None:
        return None
    return {
        "component": found.component,
        "before": [list(pair) for pair in found.before],
        "changes": [[c.variable, c.old, c.new] for c in found.changes],
        "rules": [list(pair) for pair in found.rules],
    }

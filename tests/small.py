"""Small models from text, and reading what a report says of their properties."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

from gomodel.language.model import Model
from gomodel.run.report import Report, Verdict

_files = itertools.count()


def load(text: str) -> type[Model]:
    """The model class ``M`` of ``text``, readable for the tracer as if it stood in a file."""
    file = f"<model {next(_files)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "small_model"}
    exec(compile(text, file, "exec"), scope)
    model: type[Model] = scope["M"]
    return model


def model(body: str) -> type[Model]:
    """A model class from the members of its body, written at the margin."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.strip("\n").splitlines())
    return load(f'from gomodel import *\n\nclass M(Model):\n    """A model."""\n\n    name = "m"\n\n{lines}\n')


def verdict(report: Report, name: str) -> Verdict:
    return next(p.verdict for p in report.properties if p.name == name)


def length(report: Report, name: str) -> int | None:
    """How long the shortest trace to a violation or witness is."""
    return next(p.length for p in report.properties if p.name == name)

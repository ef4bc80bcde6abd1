"""Small models from text, and reading what a report says of their properties."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gomodel.language.errors import SpecError
from gomodel.language.model import Model
from gomodel.run.report import Report, Verdict

T = TypeVar("T")
_files = itertools.count()


def load(text: str) -> type[Model]:
    """The model class ``M`` of ``text``, readable for the tracer as if it stood in a file."""
    file = f"<model {next(_files)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "small_model"}
    exec(compile(text, file, "exec"), scope)
    model: type[Model] = scope["M"]
    return model


def source(body: str) -> str:
    """The text of a model whose members are written at the margin."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.strip("\n").splitlines())
    return f'from gomodel import *\n\nclass M(Model):\n    """A model."""\n\n    name = "m"\n\n{lines}\n'


def model(body: str) -> type[Model]:
    """The model class of ``source(body)``."""
    return load(source(body))


def verdict(report: Report, name: str) -> Verdict:
    return next(p.verdict for p in report.properties if p.name == name)


def length(report: Report, name: str) -> int | None:
    """How long the shortest trace to a violation or witness is."""
    return next(p.length for p in report.properties if p.name == name)


def unless_refused(make: Callable[[], T], reasons: Iterable[str]) -> T | None:
    """What ``make`` gives, None where the language refuses a random model for one of the known reasons."""
    try:
        return make()
    except SpecError as error:
        if any(reason in error.message for reason in reasons):
            return None
        raise

"""Errors that a user of gomodel can cause, each with a place and a way to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Where:
    """A place in a spec's source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{short_path(self.file)}:{self.line}"


def short_path(file: str) -> str:
    """``file`` as seen from the current folder where it lies in it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file


def suggestion(name: str, known: Iterable[str], what: str) -> str:
    """The mend for a name that does not exist: the nearest known one, else all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"{what}: {', '.join(known) or 'none'}"


class GomodelError(Exception):
    """Base of everything that is the user's to mend: one clear message, exit code 2, no stack trace."""

    def __init__(self, message: str, *, where: Where | None = None, mend: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  {self.mend}" if self.mend else ""
        return f"{place}{self.message}{mend}"


class SpecError(GomodelError):
    """The model's source says something that the language does not accept."""


class UsageError(GomodelError):
    """The command line or an API call names something that does not exist or does not fit."""


class InternalError(Exception):
    """A defect in gomodel itself, e.g. a counterexample that CPython does not replay."""

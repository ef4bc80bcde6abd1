"""Models as they were: ``REV:mutex`` or ``REV:specs/sync/mutex.py`` is a model at a git revision.

A revision's specs are laid out in a temporary folder and imported from there, under the names that they always have;
the modules of today step aside meanwhile.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gomodel.specs

from .. import catalog
from ..language.errors import UsageError
from ..language.model import Model

_PACKAGE = "gomodel.specs"
_TODAY = catalog.specs_folder()


def split(target: str) -> tuple[str, str]:
    """``HEAD~1:mutex`` → (``HEAD~1``, ``mutex``); without a revision the first is ``""``."""
    revision, colon, rest = target.partition(":")
    if not colon or revision.endswith(".py") or Path(target).exists():
        return "", target
    return revision, rest


@contextmanager
def model_at(target: str) -> Iterator[type[Model]]:
    """The model called ``target``, which may have a revision before a colon.

    Everything that has to be read of a model of another revision has to be read within.  Raises UsageError where git
    does not know the revision, or the model is not there.
    """
    revision, name = split(target)
    if not revision:
        with _specs_in(_TODAY):
            yield catalog.load(target)
        return
    with tempfile.TemporaryDirectory(prefix="gomodel-") as scratch:
        _lay_out(revision, Path(scratch))
        with _specs_in(Path(scratch) / "specs"):
            path = name.partition(".py:")[0]
            inside = Path(scratch) / name if path.endswith(".py") or name.endswith(".py") else None
            yield catalog.load(str(inside) if inside else name)


def _lay_out(revision: str, folder: Path) -> None:
    """The Python files of a revision, at their places below ``folder``."""
    top = _git("rev-parse", "--show-toplevel").decode().strip()
    packed = _git("-C", top, "archive", "--format=tar", revision, mend=f"git knows no revision {revision!r}")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = [m for m in archive.getmembers() if m.isdir() or m.name.endswith(".py")]
        archive.extractall(folder, members=members, filter="data")


def _git(*arguments: str, mend: str | None = None) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed, so there are no revisions to look at") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise UsageError(mend or f"git {arguments[0]} failed: {said}", mend=said if mend else None)
    return done.stdout


@contextmanager
def _specs_in(folder: Path) -> Iterator[None]:
    """Import shipped specs from ``folder``; what was imported before is there again afterwards."""
    if catalog.specs_folder() == folder:
        yield
        return
    before = {name: module for name, module in sys.modules.items() if name.startswith(f"{_PACKAGE}.")}
    path = list(gomodel.specs.__path__)
    _forget()
    gomodel.specs.__path__ = [str(folder)]
    try:
        yield
    finally:
        _forget()
        gomodel.specs.__path__ = path
        sys.modules.update(before)


def _forget() -> None:
    for name in [name for name in sys.modules if name.startswith(f"{_PACKAGE}.")]:
        del sys.modules[name]

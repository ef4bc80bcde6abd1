"""Memory that grows without being copied: address space is reserved, and becomes memory where it is touched."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..language.errors import UsageError

KEPT = 0.9  # of the free memory is used where no limit is given
HUGE = 2 << 20  # pages that large make misses of the address translation rare
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)
RESERVE = 1 << 40  # address space asked for at first; half as much where that is refused
LEAST = 1 << 26


class Ceiling:
    """How much memory a search may make this process occupy: ``most`` bytes, or nearly all that is free."""

    def __init__(self, most: int | None) -> None:
        free = available()
        self.most = most if most is not None else sys.maxsize if free is None else resident() + int(KEPT * free)
        kind = "the memory limit of" if most is not None else "the end of free memory, at"
        self.text = f"{kind} {self.most / (1 << 20):,.0f} MiB"

    @property
    def left(self) -> int:
        """Bytes; below 0 where the process occupies more already."""
        return self.most - resident()


class Region:
    """Zeroed memory at a fixed address."""

    def __init__(self, most: int = RESERVE) -> None:
        self._map = _reserve(max(most, LEAST))
        self.size = len(self._map)
        with suppress(AttributeError, OSError, ValueError):  # a matter of speed only
            self._map.madvise(mmap.MADV_HUGEPAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def clear(self, start: int, end: int) -> None:
        """Set the bytes from ``start`` up to ``end`` to zero."""
        if start < end:
            ctypes.memset(self.address + start, 0, end - start)


def _reserve(size: int) -> mmap.mmap:
    if sys.platform == "win32":
        raise UsageError("the compiled engine needs Linux or macOS", mend="use --engine reference")
    while True:
        try:
            return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)
        except (OSError, ValueError):
            if size <= LEAST:
                raise
            size //= 2


def resident() -> int:
    """Bytes of memory that this process occupies now (the most it ever did, where that is all one can know)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def available() -> int | None:
    """Bytes that this process may still occupy: what the machine has free, and its control group allows."""
    free = list(_free())
    return min(free) if free else None


def _free() -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) * 1024
    with suppress(OSError, ValueError, IndexError):
        group = Path("/sys/fs/cgroup") / Path("/proc/self/cgroup").read_text().split("::", 1)[1].strip().lstrip("/")
        while True:
            with suppress(OSError, ValueError):  # "max" is no limit
                used = int((group / "memory.current").read_text())
                yield max(int((group / "memory.max").read_text()) - used, 0)
            if group == Path("/sys/fs/cgroup"):
                break
            group = group.parent

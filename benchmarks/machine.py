"""The machine, as far as it says what it is."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

CPU = Path("/sys/devices/system/cpu/cpu0/cache")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def facts() -> dict[str, str]:
    """What timings depend on, by name; what is not known is left out."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.dont_write_bytecode:
        python += ", which writes no byte code: commands start slowly"
    found = {
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "caches": _caches(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / (1 << 30):.1f} GiB",
        "huge pages": _read(HUGE_PAGES),
        "system": platform.platform(),
        "Python": python,
        "llvmlite, Numba": f"{version('llvmlite')}, {version('numba')}",
    }
    return {name: fact for name, fact in found.items() if fact}


def load() -> str:
    """Processes that wanted to run, on average over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _caches() -> str:
    found = []
    for folder in sorted(CPU.glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(_read(folder / "type"), "")
        found.append(f"L{_read(folder / 'level')}{kind} {_read(folder / 'size')}")
    return ", ".join(found)


def _line(file: str, name: str) -> str:
    """The value on the first line that begins with ``name``."""
    lines = _read(Path(file)).splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""

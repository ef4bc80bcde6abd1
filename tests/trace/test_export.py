"""Traces for other tools.  ITF is as https://apalache-mc.org/docs/adr/015adr-trace.html has it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gomodel import Array, Bag, Bool, Enum, Int, Option, Queue, Set, Struct
from gomodel.trace.export import FORMATS, exported, itf_value
from tests.conftest import Run
from tests.playing import play
from tests.small import model

ROOT = Path(__file__).parents[2]

HOSTILE = model("""
def state(self):
    self.n = Int(0, 3)

@process(count=2)
def worker(self, w):
    while True:
        yield step('say "hi"; <b>&\\\\', go="a.go:1", when=lambda: self.n < 2)
        self.n += choose(1, 2)

@invariant
def small(self):
    return self.n < 2

@leads_to(under=[])
def empties(self):
    return self.n > 0, self.n == 0
""")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_to_a_file_or_printed(folder: Path, run: Run, found: str, form: str) -> None:
    code, out, _ = run("trace", "export", found, "--format", form)
    assert run("trace", "export", "--format", form, "--output", "out")[:2] == (0, "")
    assert code == 0
    assert (folder / "out").read_text(encoding="utf-8") == out


def test_an_unknown_format(run: Run, found: str) -> None:
    code, _, err = run("trace", "export", "--format", "itff")
    assert (code, err) == (2, "gomodel: there is no format 'itff'\n  did you mean itf?\n")


def test_values_in_itf() -> None:
    assert itf_value(Int(0, 9), 3) == {"#bigint": "3"}
    assert itf_value(Enum("red", "green"), 1) == "green"
    assert itf_value(Option(Bool()), None) == {"tag": "None", "value": {"#tup": []}}
    assert itf_value(Option(Bool()), 1) == {"tag": "Some", "value": True}
    assert itf_value(Struct(a=Bool(), b=Int(0, 1)), (0, 1)) == {"a": False, "b": {"#bigint": "1"}}
    assert itf_value(Queue(Bool(), 3), (1, 0)) == [True, False]
    assert itf_value(Set(Enum("x", "y")), (0, 1)) == {"#set": ["y"]}
    assert itf_value(Bag(Enum("x", "y"), 2), (0, 2)) == {"#map": [["y", {"#bigint": "2"}]]}
    assert itf_value(Array(Bool(), Enum("x", "y")), (0, 1)) == {"#map": [["x", False], ["y", True]]}


def test_itf_has_every_state_and_who_acted() -> None:
    data = json.loads(exported(play(HOSTILE, [("w0", [1]), ("w1", [1])], "small", "invariant"), "itf"))
    assert data["vars"] == ["n", "worker.pc", "mbt::actionTaken"]
    assert [s["n"] for s in data["states"]] == [{"#bigint": "0"}, {"#bigint": "1"}, {"#bigint": "2"}]
    assert [s["#meta"]["index"] for s in data["states"]] == [0, 1, 2]
    assert data["states"][0]["mbt::actionTaken"] == "init"
    assert data["states"][2]["mbt::actionTaken"].startswith("w1: say")
    assert data["states"][2]["worker.pc"]["#map"][0][0] == "w0"
    assert "loop" not in data


TURNING = model("""
def state(self):
    self.n = Int(0, 2)

@process()
def turner(self, t):
    while True:
        yield step("turn")
        self.n = 2 if self.n == 1 else 1

@leads_to(under=[])
def empties(self):
    return self.n > 0, self.n == 0
""")


def test_a_lasso_in_itf_ends_where_its_cycle_would_begin_again() -> None:
    data = json.loads(exported(play(TURNING, ["t0", "t0", "t0"], "empties", "leads_to", cycle=1), "itf"))
    assert [s["n"]["#bigint"] for s in data["states"]] == ["0", "1", "2"]  # then 1 again
    assert data["loop"] == 1


def test_csv_has_a_row_for_each_state() -> None:
    rows = list(csv.DictReader(io.StringIO(exported(play(HOSTILE, [("w0", [2])], "small", "invariant"), "csv"))))
    assert [(r["step"], r["actor"], r["choices"], r["n"]) for r in rows] == [("0", "", "", "0"), ("1", "w0", "2", "2")]
    assert rows[1]["label"] == 'say "hi"; <b>&\\'


def test_hostile_labels_stay_text_in_drawings() -> None:
    playback = play(HOSTILE, [("w0", [1]), ("w1", [1])], "small", "invariant")
    dot = exported(playback, "dot")
    assert r"say \"hi\"; <b>&\\" in dot
    mermaid = exported(playback, "mermaid")
    note = next(line for line in mermaid.splitlines() if "Note over p0" in line)
    assert note == "  Note over p0: 1 say #34;hi#34;#59; #60;b#62;#38;#92;<br/>n#58; 0 → 1"
    assert re.fullmatch(r"  participant p1 as w1", mermaid.splitlines()[3])


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("cycle", [None, 1])
def test_graphviz_reads_the_drawing(cycle: int | None) -> None:
    kind, prop = ("leads_to", "empties") if cycle else ("run", "")
    text = exported(play(TURNING, ["t0", "t0", "t0"], prop, kind, cycle=cycle), "dot")
    drawn = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True).stdout
    assert sum(line.startswith("node ") for line in drawn.splitlines()) == 3
    assert sum(line.startswith("edge ") for line in drawn.splitlines()) == 2 + 2 + (cycle is not None)


def test_the_script_replays_and_notices_a_change(folder: Path, run: Run, found: str) -> None:
    run("trace", "export", "--format", "python", "--output", "replay.py")
    path = folder / "replay.py"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout) == (0, "replayed: 4 steps of counter\n")
    (folder / "counter.py").write_text((folder / "counter.py").read_text().replace("seen + 1", "seen + 2"))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 1
    assert "changes {'n': '2'}, not {'n': '1'}" in done.stderr

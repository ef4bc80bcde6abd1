"""``python -m benchmarks --quick``: the counts that are known, the tables, the JSON.  Nothing here is about speed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {  # states, transitions, depth
    "mutex-2": (1_083, 2_192, 49),
    "mutex-3": (145_032, 429_300, 80),
    "philosophers-7": (3**7, 7 * 3**7, 7),
}


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What is printed, and the JSON."""
    file = tmp_path_factory.mktemp("benchmarks") / "out.json"
    done = benchmarks("--quick", "--repeat", "1", "--json", str(file))
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))


def rows(printed: str) -> list[list[list[str]]]:
    """Table by table, the cells of each row, with the heads of the columns first."""
    tables = re.findall(r"(?:^\|.*\n?)+", printed, re.MULTILINE)
    return [[[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()] for table in tables]


def test_the_counts_are_right(measured: tuple[str, dict[str, Any]]) -> None:
    found = {r["case"]["name"]: (r["states"], r["transitions"], r["depth"]) for r in measured[1]["cases"]}
    assert found == COUNTS


def test_the_tables(measured: tuple[str, dict[str, Any]]) -> None:
    machine, sizes, searches, preparations, liveness, commands = rows(measured[0])
    heads = [table[0] for table in (sizes, searches, preparations, liveness, commands)]
    assert heads == [
        ["case", "bounds", "W", "states", "transitions", "depth"],
        ["case", "cold s", "warm s", "cold M/s", "warm M/s", "system s", "faults", "bytes/state", "8·W+28"],
        ["case", "tracing", "text", "program", "kernel", "sum", "Numba, once"],
        ["case", "promises", "violated", "states", "steps", "s", "M/s", "bytes/state"],
        ["command", "s"],
    ]
    for table in (sizes, searches, preparations):
        assert [row[0] for row in table[2:]] == list(COUNTS)
    assert {"Python", "llvmlite, Numba", "load before", "load after"} <= {row[0] for row in machine[2:]}
    assert ["mutex-3", "goroutines=3", "145,032", "429,300", "80"] in [row[:2] + row[3:] for row in sizes]


def test_the_json(measured: tuple[str, dict[str, Any]]) -> None:
    data = measured[1]
    assert (data["schema"], data.keys()) == (1, {"schema", "machine", "cases", "liveness", "commands"})
    assert [c["command"] for c in data["commands"]] == ["gomodel --help"]
    for result in data["cases"]:
        names = "case words states transitions depth cold warm memory tracing making"
        assert result.keys() == set(names.split())
        assert result["cold"].keys() == result["warm"].keys() == {"seconds", "system", "faults"}
        assert result["making"].keys() - {"numba"} == {"text", "program", "kernel"}
        seconds = (result["cold"]["seconds"], result["warm"]["seconds"], result["tracing"], *result["making"].values())
        assert min(seconds) > 0 < min(result["words"], result["memory"])


def test_liveness(measured: tuple[str, dict[str, Any]]) -> None:
    """Of three goroutines in the scenario for two, some promise is broken: see docs/findings/mutex-fairness.md."""
    loop, pair = measured[1]["liveness"]
    assert (loop["case"]["name"], loop["promises"], loop["violated"]) == ("mutex-2", 1, 0)
    assert (pair["case"]["name"], pair["states"], pair["promises"]) == ("mutex-3-pair", 145_032, 9)
    assert pair["violated"] > 0
    assert all(r["steps"] > 0 and r["seconds"] > 0 and r["memory"] > 8 * r["steps"] for r in (loop, pair))


def test_numba_translates_once(measured: tuple[str, dict[str, Any]]) -> None:
    assert ["numba" in r["making"] for r in measured[1]["cases"]] == [True, False, False]


def test_a_case_that_there_is_not() -> None:
    done = benchmarks("--quick", "--only", "nonsense")
    assert done.returncode == 2
    assert "there are: mutex-2, mutex-3, philosophers-7, mutex-3-pair" in done.stderr

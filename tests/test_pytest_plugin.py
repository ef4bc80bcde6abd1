"""Models as tests of pytest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from pathlib import Path

from gomodel.pytest_plugin import pytest_collect_file

ROOT = Path(__file__).resolve().parents[1]
COUNTER = '''from __future__ import annotations

from gomodel import Bug, Int, Model, invariant, process, reachable, step


class Counter(Model):
    """It counts."""

    name = "counter"
    bugs = {"more": Bug("it counts too far", breaks="small"), "none": Bug("it stops early", breaks="small")}

    def state(self):
        self.n = Int(0, 4)

    @process()
    def counter(self, c):
        while True:
            most: Int(0, 4) = 4 if self.bug("more") else 1 if self.bug("none") else 2
            yield step("count", when=lambda: self.n < most, rest=True)
            self.n += 1

    @invariant
    def small(self):
        """n is at most MOST."""
        return self.n <= MOST

    @reachable
    def two(self):
        return self.n == 2
'''


def pytested(folder: Path, *options: str) -> tuple[dict[str, str], str]:
    """Test → outcome, and everything that was printed."""
    plugin = [] if _installed() else ["-p", "gomodel.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *plugin, *options, "."]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "COLUMNS": "200"}
    out = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^(\S+::.+?) (PASSED|FAILED|SKIPPED)", out, re.MULTILINE)), out


def _installed() -> bool:
    from importlib.metadata import entry_points

    return any(point.value == "gomodel.pytest_plugin" for point in entry_points(group="pytest11"))


def test_properties_witnesses_and_bugs_are_tests(tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text("MOST = 2\n" + COUNTER.replace("from __future__ import annotations\n", ""))
    (tmp_path / "other.py").write_text("raise SystemExit  # not a model, so it is not even imported\n")
    (tmp_path / "broken.py").write_text("class (  # gomodel Model\n")
    outcomes, out = pytested(tmp_path, "--gomodel", "--gomodel-bugs", "--continue-on-collection-errors")
    names = {name.split("::", 1)[1]: outcome for name, outcome in outcomes.items()}
    assert names == {
        "counter::model": "PASSED",
        "counter::small": "PASSED",
        "counter::two": "PASSED",
        "counter::bug more": "PASSED",
        "counter::bug none": "FAILED",
    }
    assert "not found by small; nothing was found" in out
    assert "broken.py:1: the file does not import: SyntaxError" in out


def test_a_failure_is_the_counterexample(tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text("MOST = 1\n" + COUNTER.replace("from __future__ import annotations\n", ""))
    outcomes, out = pytested(tmp_path, "--gomodel")
    assert outcomes["counter.py::counter::small"] == "FAILED"
    assert "small is violated\n  after 2 steps\n" in out
    assert "gomodel check counter.py:Counter" in out


def test_without_the_option_nothing_is_collected(tmp_path: Path) -> None:
    assert pytest_collect_file(tmp_path / "no.py", types.SimpleNamespace(config=Off())) is None  # type: ignore[arg-type]


class Off:
    """A configuration without ``--gomodel``."""

    def getoption(self, name: str) -> bool:
        return False

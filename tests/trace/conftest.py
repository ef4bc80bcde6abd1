"""A folder with a model of one's own, and the command line in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run

MODEL = '''"""A model that loses an update."""

from __future__ import annotations

from gomodel import Int, Model, invariant, process, reachable, step


class Counter(Model):
    """Two processes that count without a lock."""

    name = "counter"

    def state(self):
        self.n = Int(0, 4)

    @process(count=2)
    def worker(self, w):
        yield step("load")
        seen: Int(0, 2) = self.n
        yield step("store")
        self.n = seen + 1

    @invariant
    def all_counted(self):
        """When both are done, both have counted."""
        return self.n == 2 or not all(self.worker.at(w, "done") for w in self.worker)

    @reachable
    def both_counted(self):
        return self.n == 2
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with ``counter.py`` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counter.py").write_text(MODEL)
    return tmp_path


@pytest.fixture
def run(folder: Path, run: Run) -> Run:
    """The command line, in the folder."""
    return run


@pytest.fixture
def found(folder: Path, run: Run) -> str:
    """The id of the counterexample to ``all_counted``, stored by a check."""
    assert run("check", "counter.py")[0] == 1
    (path,) = (folder / ".gomodel" / "traces").glob("*.json")
    return path.stem

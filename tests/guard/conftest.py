"""A git repository with a spec of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SPEC = '''"""A counter."""

from __future__ import annotations

from gomodel import Int, Model, process, step


class Counter(Model):
    """It counts."""

    name = "counter"

    def state(self):
        self.n = Int(0, 3)

    @process()
    def counter(self, c):
        while True:
            yield step("count", when=lambda: self.n < 2, rest=True)
            self.n += 1
'''


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: the first revision counts to 2, the working tree to 3."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "counter.py"
    path.write_text(SPEC)
    who = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "two"]):
        subprocess.run(["git", *arguments], check=True)
    path.write_text(SPEC.replace("self.n < 2", "self.n < 3"))
    return tmp_path

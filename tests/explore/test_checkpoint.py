"""Searches that are stopped, or killed, and go on: what they give is what a search in one piece gives."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import gomodel
from gomodel import catalog
from gomodel.explore import engine
from gomodel.explore.checkpoint import Checkpoint
from gomodel.explore.engine import CompiledEngine
from gomodel.language.errors import UsageError
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.search import INTERRUPTED, Exploration, Keep, Limits
from tests.conftest import Run


def system_of(name: str, scenario: str, *bugs: str) -> TransitionSystem:
    inst = instances(catalog.load(name), preset="quick", scenarios=[scenario], bugs=list(bugs))[0]
    return trace(inst, every_kind=False)


def outcome(found: Exploration) -> dict[str, Any]:
    """All that a search says, but how long it took."""
    return {
        "counts": (found.states, found.transitions, found.depth, found.stopped),
        "found": [
            {n: (f.kind, f.length, f.trace.to_json()) for n, f in some.items()}
            for some in (found.violations, found.errors, found.reached)
        ],
        "covered": (found.labels, found.branches, found.premises, found.rules),
    }


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel returns often, and each time the search is kept."""
    monkeypatch.setattr(engine, "BUDGETED", 300)
    monkeypatch.setattr(engine.Search, "_pace", lambda *_: None)
    monkeypatch.setattr(Checkpoint, "due", lambda _: True)


def interrupted_after(saves: int, system: TransitionSystem, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Explore until so many checkpoints are written; False where the search ended before."""
    plain, done = Checkpoint.save, []

    def save(self: Checkpoint, *args: Any) -> None:
        plain(self, *args)
        done.append(1)
        if len(done) == saves:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", save)
        found = CompiledEngine().explore(system, Limits(keep=Keep(folder, resume=True)))
    return found.stopped == INTERRUPTED


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(
    ("name", "scenario", "bugs"),
    [("mutex", "trylock", []), ("mutex", "loop", ["m5"]), ("chan", "close cap 1", []), ("sema", "users", ["s1"])],
)
def test_a_search_in_pieces_is_the_search(
    name: str, scenario: str, bugs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = system_of(name, scenario, *bugs)
    whole = outcome(CompiledEngine().explore(system, Limits()))
    pieces = 0
    while interrupted_after(2 + pieces % 3, system, tmp_path, monkeypatch):
        pieces += 1
        assert pieces < 500
    found = CompiledEngine().explore(system, Limits(keep=Keep(tmp_path, resume=True)))
    assert pieces > 1
    assert found.resumed == found.states
    assert outcome(found) == whole


@pytest.mark.usefixtures("small_steps")
def test_a_limit_of_states_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    system = system_of("mutex", "trylock")
    whole = outcome(CompiledEngine().explore(system, Limits()))
    for most in (3_000, 9_000, 5_000):
        found = CompiledEngine().explore(system, Limits(max_states=most, keep=Keep(tmp_path, resume=True)))
        assert found.stopped is not None
    assert outcome(CompiledEngine().explore(system, Limits(keep=Keep(tmp_path, resume=True)))) == whole


@pytest.mark.usefixtures("small_steps")
def test_without_resume_it_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = system_of("mutex", "trylock")
    assert interrupted_after(3, system, tmp_path, monkeypatch)
    found = CompiledEngine().explore(system, Limits(keep=Keep(tmp_path)))
    assert (found.resumed, found.stopped) == (0, None)


@pytest.mark.usefixtures("small_steps")
def test_another_program_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interrupted_after(3, system_of("mutex", "trylock"), tmp_path, monkeypatch)
    found = CompiledEngine().explore(system_of("mutex", "loop"), Limits(keep=Keep(tmp_path, resume=True)))
    assert (found.resumed, found.stopped) == (0, None)


def flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def truncated(path: Path, at: int) -> None:
    os.truncate(path, at)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("how", [flipped, truncated])
@pytest.mark.parametrize("name", ["states", "parents", "head.json"])
def test_what_was_damaged_is_refused(name: str, how: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = system_of("mutex", "trylock")
    assert interrupted_after(3, system, tmp_path, monkeypatch)
    how(tmp_path / name, 100)
    kept = (tmp_path / name).read_bytes()
    with pytest.raises(UsageError, match="is damaged"):
        CompiledEngine().explore(system, Limits(keep=Keep(tmp_path, resume=True)))
    assert (tmp_path / name).read_bytes() == kept


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    first = Checkpoint(tmp_path, "p", 2, 30, resume=True)
    with pytest.raises(UsageError, match="another gomodel explores this"):
        Checkpoint(tmp_path, "p", 2, 30, resume=True)
    first.close()
    Checkpoint(tmp_path, "p", 2, 30, resume=True).close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot keep a checkpoint"):
        Checkpoint(tmp_path / "file" / "x", "p", 2, 30, resume=True)


# --- killed ----------------------------------------------------------------------------------------------------------

WORDS = ["check", "spin", "--preset", "quick", "--scenario", "net", "--resume", "--checkpoint", "0.001", "--safety"]
SCRIPT = f"""
from gomodel.explore import checkpoint, engine
checkpoint.COSTLY = 0
engine.SLICE = 0.001
from gomodel.cli import app
app({WORDS!r} + ["--json", "out.json"])
"""


def heads(folder: Path) -> list[int]:
    """When the checkpoints there were written."""
    with suppress(FileNotFoundError):
        return [path.stat().st_mtime_ns for path in folder.glob(".gomodel/checkpoints/*/head.json")]
    return []


def killed(times: int, folder: Path) -> None:
    """Kill a search until that left a checkpoint so often, then let it end: its counts are those of one left alone."""
    env = {**os.environ, "PYTHONPATH": str(Path(gomodel.__file__).parent.parent)}
    command = [sys.executable, "-c", SCRIPT]
    pick = random.Random(7)
    left = 0
    for _ in range(20 * times):  # some end before they are killed: they begin anew
        with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL) as process:
            before = heads(folder)
            while process.poll() is None and heads(folder) == before:
                time.sleep(0.002)
            time.sleep(pick.uniform(0, 0.05))
            process.kill()
        assert process.returncode in (0, -signal.SIGKILL)
        left += bool(heads(folder))
        if left >= times and heads(folder):
            break
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    found = json.loads((folder / "out.json").read_text())["scenarios"][0]
    whole = CompiledEngine().explore(system_of("spin", "net"), Limits())
    assert (found["states"], found["transitions"], found["depth"]) == (whole.states, whole.transitions, whole.depth)
    assert found["resumed"]
    assert not list((folder / ".gomodel" / "checkpoints").iterdir())  # what is done needs none


def test_killed_at_any_moment_it_goes_on(tmp_path: Path) -> None:
    killed(6, tmp_path)


@pytest.mark.slow
def test_killed_a_hundred_times(tmp_path: Path) -> None:
    killed(100, tmp_path)


# --- on the command line ---------------------------------------------------------------------------------------------


def test_on_the_command_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["check", "mutex", "--scenario", "trylock", "--preset", "quick"]
    code, _, err = run(*words, "--checkpoint", "60", "--timeout", "1e-9")
    assert code == 3
    assert "with --resume" in err
    assert len(list(Path(".gomodel/checkpoints").iterdir())) == 1
    code, out, _ = run(*words, "--resume")
    assert (code, "  resumed " in out) == (0, True)
    assert not list(Path(".gomodel/checkpoints").iterdir())
    assert run(*words, "--resume", "--engine", "reference")[2].startswith("gomodel: engine reference keeps no check")
    assert run("check", "mutex", "--bugs", "--resume")[2] == "gomodel: --bugs and --resume do not go together\n"
    assert run(*words, "--checkpoint", "0")[2].startswith("gomodel: --checkpoint 0 is not a number of seconds")

"""Shared by all tests: Hypothesis profiles, and hand-made results for the tests of what is printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from gomodel.cli import app
from gomodel.run.report import (
    Change,
    Counterexample,
    PropertyResult,
    Report,
    ScenarioResult,
    StepView,
    Verdict,
)
from gomodel.run.trace import Move, Trace
from gomodel.trace import store

# Compiled code is kept with the checkout, not among that of the user's own runs.
os.environ.setdefault("GOMODEL_CACHE", str(Path(__file__).parent.parent / ".gomodel" / "cache"))

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., tuple[int, str, str]]

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("check", "mutex")`` → exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(list(arguments), prog_name="gomodel")
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture(autouse=True)
def traces_of_tests_are_kept_apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that run in the checkout store nothing among the traces of whoever works there."""
    usual = store.folder

    def folder() -> Path:
        return tmp_path_factory.getbasetemp() / "traces" if Path.cwd() == ROOT else usual()

    monkeypatch.setattr(store, "folder", folder)


@pytest.fixture
def counterexample() -> Counterexample:
    """Two goroutines in the critical section; one is preempted in between, a third is parked."""
    steps = (
        StepView(1, "g0", "idle", next_label="L1 CAS 0→locked"),
        StepView(
            2,
            "g0",
            "L1 CAS 0→locked",
            go=("internal/sync/mutex.go:63",),
            changes=(Change("mutex.word.locked", "0", "1"), Change("mutex.word.woken", "0", "1")),
            next_label="critical section",
            blocked=('g2 at "parked"',),
        ),
        StepView(
            3,
            "g1",
            "L3 spin, or give up because it has spun for long enough and nobody else is to be woken",
            go=("internal/sync/mutex.go:120", "runtime/proc.go:7201"),
            choices=(True, "g0", None),
            next_label="critical section",
        ),
    )
    return Counterexample(
        property="mutual_exclusion",
        kind="invariant",
        text="At most one client is in the critical section.",
        scenario="loop",
        where="specs/sync/mutex.py:210",
        trace=Trace(moves=tuple(Move(s.actor, s.label, s.choices) for s in steps)),
        initial=(Change("mutex.mode", "", "normal"),),
        steps=steps,
        blocked=('g2 at "parked"',),
        state=(("mutex.word.locked", "1"), ("mutex.sema.queue", "[g2]"), ("mutex.spins", "0")),
        reproduce="gomodel check mutex --scenario loop -b goroutines=3 -b addresses=1 --bug mutex.m5 --first",
        processes=(("g0", "critical section"), ("g1", "done"), ("g2", "parked")),
        end=(Change("mutex.word.locked", "0", "1"), Change("mutex.sema.queue", "[]", "[g2]")),
        ghosts=(Change("mutex.sema.balance", "0", "1"), Change("mutex.sema.entering", "0", "2")),
    )


@pytest.fixture
def report() -> Report:
    """Everything holds."""
    return Report(
        model="mutex",
        title="sync.Mutex, normal and starvation mode",
        spec="specs/sync/mutex.py",
        go="go1.27.3",
        source=("internal/sync/mutex.go", "runtime/sema.go"),
        engine="reference",
        bugs=(),
        scenarios=[
            ScenarioResult(
                "loop", "lock and unlock for ever", {"goroutines": 2, "rounds": (2, 1)}, 3412, 9120, 61, 0.417, None
            )
        ],
        properties=[
            PropertyResult("mutual_exclusion", "invariant", "At most one client holds the lock.", Verdict.OK),
            PropertyResult("deadlock", "deadlock", "", Verdict.OK),
            PropertyResult("starvation_mode", "reachable", "", Verdict.REACHED, length=12, scenario="loop"),
        ],
        seconds=0.52,
    )

"""One model in a process of its own: a spec is Python, and may print, exit, or never come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gomodel

from .. import catalog
from .manifest import FAILING, Counts, Entry


@dataclass
class Examined:
    """What the checks of one model said, and its proof; a proof of what has no model has that alone."""

    name: str
    report: dict[str, Any] = field(default_factory=dict)  # as ``gomodel check --json`` has it
    bugs: list[dict[str, Any]] = field(default_factory=list)
    broken: str = ""  # why there is no result: what the process wrote, or that its time was over
    seconds: float = 0.0
    differs: list[str] = field(default_factory=list)  # from the manifest
    explained: list[str] = field(default_factory=list)  # how the behaviour differs from the manifest's revision
    proof: dict[str, Any] = field(default_factory=dict)  # as ``gomodel prove --json`` has it

    @property
    def entry(self) -> Entry:
        """As the manifest has it."""
        counts = tuple(
            Counts(s["scenario"], s["bounds"], s["states"], s["transitions"], s["depth"])
            for s in self.report["scenarios"]
        )
        verdicts = {p["name"]: p["verdict"] for p in self.report["properties"]}
        bugs = {b["bug"]: None if b["harmless"] else b["length"] for b in self.bugs}
        return Entry(self.report["go"], counts, verdicts, bugs)

    @property
    def failures(self) -> list[str]:
        """Why the guard does not let it pass; empty where it does."""
        if self.broken:
            return [self.broken]
        report = {"properties": [], "errors": [], "vacuous": [], **self.report}
        found = [f"{p['name']}: {p['verdict']}" for p in report["properties"] if p["verdict"] in FAILING]
        found += [f"model error: {e['text'] or e['property']}" for e in report["errors"]]
        found += [f"never reached: {line}" for line in report["vacuous"]]
        found += [f"proof: {self.unproved}"] if self.unproved else []
        found += [f"{s['scenario'] or 'the search'} stopped at {s['stopped'] or s['cut']}" for s in self._stopped()]
        found += [f"bug {b['bug']} is not judged as declared{b['note'] and ': ' + b['note']}" for b in self.failed_bugs]
        return found

    def _stopped(self) -> list[dict[str, Any]]:
        return [s for s in self.report.get("scenarios", ()) if s["stopped"] or s["cut"]]

    @property
    def unproved(self) -> str:
        """Why there is a proof that does not hold."""
        if not self.proof or self.proof["verdict"] == "proved":
            return ""
        weak = "; ".join(f"{goal}: {step}" for goal, step in self.proof["weak"])
        return " ".join(filter(None, [self.proof["verdict"], self.proof["note"], weak]))

    @property
    def failed_bugs(self) -> list[dict[str, Any]]:
        return [b for b in self.bugs if not b["passed"]]

    @property
    def passed(self) -> bool:
        return not self.failures and not self.differs


def examine(name: str, preset: str, *, bugs: bool, seconds: float) -> Examined:
    """Check a model, with ``bugs`` each of its bugs, and its proof where it has one, within this time each."""
    started = time.monotonic()
    found = Examined(name)
    preset_words = ["--preset", preset] if preset else []
    proved = name in catalog.proof_names()
    nothing_else = proved and name not in catalog.names()
    data = None if nothing_else else _run(found, ["check", name, *preset_words], seconds)
    if data is not None:
        found.report = data
        if bugs:
            judged = _run(found, ["check", name, "--bugs"], seconds)
            found.bugs = judged["bugs"] if judged else []
    if proved and not found.broken:
        proofs = _run(found, ["prove", name, "--timeout", f"{seconds:g}"], seconds)
        found.proof = proofs["proofs"][0] if proofs else {}
    found.seconds = time.monotonic() - started
    return found


def _run(found: Examined, words: list[str], seconds: float) -> dict[str, Any] | None:
    """The JSON that a gomodel command writes; None, and the reason in ``broken``, where it writes none."""
    with tempfile.TemporaryDirectory(prefix="gomodel-") as scratch:
        target = Path(scratch) / "out.json"
        command = [sys.executable, "-m", "gomodel", *words, "--json", str(target)]
        home = str(Path(gomodel.__file__).resolve().parent.parent)  # the very gomodel that runs here
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, env=env
            )
        except subprocess.TimeoutExpired:
            found.broken = f"`gomodel {' '.join(words)}` took more than {seconds:g} s"
            return None
        try:
            data: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = (done.stderr or done.stdout).strip()
            found.broken = (
                said or f"`gomodel {' '.join(words)}` ended with exit code {done.returncode} and said nothing"
            )
            return None
        return data

"""The guard: what fails, how it is told, and specs that misbehave."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gomodel import catalog
from gomodel.guard import manifest, reports
from gomodel.guard.changed import files_of, models_changed_since
from gomodel.guard.examine import Examined, examine
from gomodel.guard.guard_text import model_lines, verdict
from gomodel.guard.manifest import Manifest
from gomodel.guard.run import Guarded, guard
from gomodel.trace.page import plain
from tests.conftest import Run
from tests.guard.conftest import SPEC


def reported(**changes: Any) -> dict[str, Any]:
    scenario = {"scenario": "", "bounds": {"n": 2}, "states": 4, "transitions": 5, "depth": 3}
    prop = {"name": "safe", "kind": "invariant", "text": "It is safe.", "verdict": "ok", "where": "specs/a.py:7"}
    return {
        "go": "go1.27.3",
        "spec": "specs/a.py",
        "scenarios": [{**scenario, "stopped": None, "cut": None}],
        "properties": [{**prop, "length": None}],
        "errors": [],
        "vacuous": [],
        **changes,
    }


def bug(name: str, passed: bool = True) -> dict[str, Any]:
    return {"bug": name, "harmless": False, "length": 3, "passed": passed, "note": ""}


def violated() -> dict[str, Any]:
    prop = {**reported()["properties"][0], "verdict": "violated", "length": 9, "text": "50% of <it>"}
    return reported(properties=[prop])


GOOD = Examined("a", reported(), [bug("b1")])
BAD = Examined("a", violated(), [bug("b1", passed=False)], differs=["verdict of x: it is new"], explained=["alike"])
BROKEN = Examined("c", broken="gomodel: specs/c.py:3: the file does not import: SyntaxError")


def test_what_keeps_a_model_from_passing() -> None:
    assert (GOOD.failures, GOOD.passed) == ([], True)
    assert BAD.failures == ["safe: violated", "bug b1 is not judged as declared"]
    assert not Examined("a", reported(vacuous=["branch at x.py:1"])).passed
    assert not Examined("a", reported(errors=[{"text": "leaves its domain", "property": "p"}])).passed
    cut = reported()
    cut["scenarios"][0]["stopped"] = "100 states"
    assert Examined("a", cut).failures == ["the search stopped at 100 states"]
    assert BROKEN.failures == [BROKEN.broken]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> dict[str, Examined]:
    """Model → what examining it gives."""
    results: dict[str, Examined] = {}
    monkeypatch.setattr("gomodel.guard.run.examine", lambda name, preset, **options: results[name])
    return results


def test_models_are_compared_with_the_manifest(fake: dict[str, Examined]) -> None:
    fake["a"] = GOOD
    known = Manifest({"quick": {"a": GOOD.entry}})
    assert guard(["a"], "quick", known).failed == []
    fake["a"] = Examined("a", reported(go="go1.28"), [bug("b1")])
    (failed,) = guard(["a"], "quick", known).failed
    assert failed.differs == ["follows go1.28 instead of go1.27.3"]
    fake["a"] = Examined("a", reported(), [bug("b1")])
    assert guard(["a"], "nightly", known).failed[0].differs == ["it is not in the manifest"]


def test_without_git_a_change_is_not_explained(
    fake: dict[str, Examined], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake["a"] = Examined("a", reported(go="go1.28"), [bug("b1")])
    known = Manifest({"quick": {"a": GOOD.entry}})
    for path in (None, str(tmp_path)):  # no repository; no git
        if path:
            monkeypatch.setenv("PATH", path)
        (failed,) = guard(["a"], "quick", known, baseline=tmp_path / "baseline.json").failed
        assert failed.explained == ["there is no revision of the manifest to compare with"]


def test_update_writes_only_what_passes(
    fake: dict[str, Examined], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "names", lambda: ["waitq"])
    monkeypatch.setattr(catalog, "proof_names", list)
    path = tmp_path / "baseline.json"
    fake["waitq"] = Examined("waitq", violated())
    code, _, err = run("guard", "--update", "--baseline", str(path))
    assert (code, "the manifest is left as it is" in err, path.exists()) == (1, True, False)
    fake["waitq"] = Examined("waitq", reported(), [bug("b1")])
    assert run("guard", "--update", "--baseline", str(path))[0] == 0
    assert manifest.read(path).presets["quick"] == {"waitq": fake["waitq"].entry}
    assert run("guard", "--baseline", str(path))[0] == 0


def test_files_for_machines(
    fake: dict[str, Examined], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    fake["waitq"] = Examined("waitq", violated(), [bug("b1")])
    names = {kind: str(tmp_path / kind) for kind in ("junit", "sarif", "json")}
    options = [word for kind, name in names.items() for word in (f"--{kind}", name)]
    code, out, _ = run("guard", "waitq", "--github", "--baseline", str(tmp_path / "none"), *options)
    assert code == 1
    assert "::error file=specs/a.py,line=7::waitq: safe is violated after 9 steps: 50%25 of <it>\n" in out
    assert "| `waitq` | **FAILED** | 4 | 1 |" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "json").read_text())["passed"] is False
    suite = ElementTree.parse(tmp_path / "junit").getroot()[0]
    assert {case.get("name"): len(case) for case in suite} == {"safe": 1, "bug b1": 0, "model": 0, "manifest": 1}
    result = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 7}


def test_as_text() -> None:
    assert plain(model_lines(GOOD)) == "  passed  a: 1 scenario, 4 states, 1 bug, 0.00 s\n"
    assert (
        plain(model_lines(BAD))
        == """\
  FAILED  a: 1 scenario, 4 states, 1 bug, 0.00 s
          safe: violated
          bug b1 is not judged as declared
          differs from the manifest: verdict of x: it is new
          alike
"""
    )
    assert plain(model_lines(BROKEN)).startswith("  FAILED  c: no result\n          gomodel: specs/c.py:3: ")
    assert verdict(Guarded("quick", [GOOD, BAD])).plain == "guard: 1 of 2 models failed: a"


def test_findings_of_a_spec_that_does_not_import_stand_at_its_line() -> None:
    (finding,) = reports.findings(BROKEN)
    assert (finding.file, finding.line, finding.text) == ("specs/c.py", 3, "the file does not import: SyntaxError")


def test_xml_holds_what_xml_cannot() -> None:
    text = reports.junit(Guarded("quick", [Examined("a", broken="bell \x07 <&>")]))
    assert ElementTree.fromstring(text)[0][0][0].text == "bell \ufffd <&>"


# --- specs that misbehave --------------------------------------------------------------------------------------------

MISBEHAVING = {
    "loops": ("while True:\n    pass\n", "took more than 2 s"),
    "exits": ("raise SystemExit(0)\n", "the file does not import: SystemExit"),
    "dies": ("import os\nos._exit(0)\n", "ended with exit code 0 and said nothing"),
    "breaks": ("class (\n", "spec.py:1: the file does not import: SyntaxError"),
}


@pytest.mark.parametrize("kind", MISBEHAVING)
def test_a_spec_that_misbehaves_is_a_failure_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text, message = MISBEHAVING[kind]
    (tmp_path / "spec.py").write_text(text)
    found = examine("spec.py", "", bugs=False, seconds=2.0)
    assert message in found.broken
    assert not found.passed


def test_a_spec_that_prints_is_checked_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.py").write_text(SPEC + "\nprint('{} hello')\n")
    found = examine("spec.py", "", bugs=False, seconds=60.0)
    assert (found.failures, found.report["scenarios"][0]["states"]) == ([], 3)


# --- what a change concerns ------------------------------------------------------------------------------------------


def test_a_model_concerns_what_it_imports() -> None:
    names = {path.name for path in files_of("select")}
    assert {"select.py", "select_steps.py", "hchan.py", "goroutines.py"} <= names
    assert "mutex.py" not in names


def test_models_changed_since_a_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    (specs / "sub").mkdir(parents=True)
    head = "from __future__ import annotations\n\nfrom gomodel import Model\n"
    (specs / "sub" / "part.py").write_text("X = 1\n")
    (specs / "sub" / "a.py").write_text(
        f'{head}from gomodel.specs.sub.part import X\n\nclass A(Model):\n    name = "a"\n'
    )
    (specs / "sub" / "b.py").write_text(f'{head}\nclass B(Model):\n    name = "b"\n')
    who = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    monkeypatch.setattr(catalog, "specs_folder", lambda: specs)
    assert models_changed_since("HEAD") == []
    (specs / "sub" / "part.py").write_text("X = 2\n")
    assert models_changed_since("HEAD") == ["a"]
    (specs / "sub" / "c.py").write_text(f'{head}\nclass C(Model):\n    name = "c"\n')
    assert models_changed_since("HEAD") == ["a", "c"]


def test_bad_input(run: Run, tmp_path: Path) -> None:
    assert run("guard", "mutx")[2] == "gomodel: there is no component 'mutx'\n  did you mean mutex?\n"
    assert run("guard", "--since", "nowhere")[2].startswith("gomodel: git diff failed\n")
    assert run("guard", "--update", "--no-bugs")[0] == 2
    assert run("guard", "sema", "--since", "HEAD")[2].startswith("gomodel: models and --since do not go together\n")
    assert run("guard", "sema", "--timeout", "-1")[2].startswith("gomodel: --timeout -1 is not a number of seconds")
    assert run("guard", "--junit", str(tmp_path / "no" / "file"))[2].startswith("gomodel: cannot write ")


# --- proofs ----------------------------------------------------------------------------------------------------------


def test_a_proof_that_fails_keeps_its_model_from_passing() -> None:
    proof = {"verdict": "not inductive", "note": "at n=2", "weak": [["small", "up"]], "any": ["n"]}
    found = Examined("a", reported(), [bug("b1")], proof=proof)
    assert found.failures == ["proof: not inductive at n=2 small: up"]
    assert [finding.rule for finding in reports.findings(found)] == ["proof"]
    assert not Examined("a", proof=proof).passed
    assert Examined("a", proof={**proof, "verdict": "proved"}).passed


def test_a_proof_of_what_has_no_model_is_checked() -> None:
    found = examine("slice", "quick", bugs=True, seconds=60)
    assert (found.passed, found.report, found.proof["verdict"]) == (True, {}, "proved")
    assert plain(model_lines(found)).startswith("  passed  slice: proved for all values of most, ")

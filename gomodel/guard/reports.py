"""The guard's result for machines: JUnit XML, SARIF 2.1.0, GitHub's annotations and step summary."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from .. import __version__
from .examine import Examined
from .manifest import FAILING
from .run import Guarded

_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where in the specs; "" and 0 where that is not known."""

    rule: str
    text: str
    file: str = ""
    line: int = 0


def findings(found: Examined) -> Iterator[Finding]:
    """Everything that keeps a model from passing."""
    spec = found.report.get("spec", "")
    if found.broken:
        file, line, text = _placed(found.broken)
        yield Finding("broken", text, file, line)
        return
    for prop in found.report.get("properties", ()):
        if prop["verdict"] in FAILING:
            file, _, line = prop["where"].rpartition(":")
            steps = "" if prop["length"] is None else f" after {prop['length']} steps"
            text = f"{found.name}: {prop['name']} is {prop['verdict']}{steps}: {prop['text'] or prop['name']}"
            yield Finding(prop["kind"], text, file or spec, int(line) if line.isdigit() else 1)
    for failure in found.failures:
        if failure.startswith(("model error", "never reached", "bug ", "proof")) or " stopped at " in failure:
            yield Finding(failure.split()[0].rstrip(":"), f"{found.name}: {failure}", spec, 1)
    for line_ in found.differs:
        yield Finding("manifest", "\n".join([f"{found.name}: {line_}", *found.explained]), spec, 1)


def _placed(text: str) -> tuple[str, int, str]:
    """``gomodel: specs/x.py:7: what`` → its parts."""
    match = re.match(r"(?:gomodel: )?(\S+\.py):(\d+): (.*)", text, re.DOTALL)
    return (match[1], int(match[2]), match[3]) if match else ("", 0, text)


# --- JUnit -----------------------------------------------------------------------------------------------------------


def junit(guarded: Guarded) -> str:
    """A suite for each model; a case for each property, witness and bug, and one for the manifest."""
    root = ElementTree.Element("testsuites", name="gomodel guard")
    for found in guarded.models:
        suite = ElementTree.SubElement(root, "testsuite", name=found.name, time=f"{found.seconds:.3f}")
        failures = 0
        for name, wrong in _cases(found):
            case = ElementTree.SubElement(suite, "testcase", classname=found.name, name=_clean(name))
            if wrong:
                failures += 1
                failure = ElementTree.SubElement(case, "failure", message=_clean(wrong.splitlines()[0]))
                failure.text = _clean(wrong)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(failures))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cases(found: Examined) -> Iterator[tuple[str, str]]:
    """Name, and what is wrong with it, "" where nothing is."""
    if found.broken:
        yield "check", found.broken
        return
    for prop in found.report.get("properties", ()):
        yield prop["name"], f"{prop['verdict']}: {prop['text']}" if prop["verdict"] in FAILING else ""
    if found.proof:
        yield "proof", found.unproved
    for bug in found.bugs:
        yield f"bug {bug['bug']}", "" if bug["passed"] else f"not judged as declared {bug['note']}".strip()
    others = [f for f in found.failures if f.startswith(("model error", "never reached")) or " stopped at " in f]
    yield "model", "\n".join(others)
    yield "manifest", "\n".join([*found.differs, *found.explained])


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


# --- SARIF -----------------------------------------------------------------------------------------------------------


def sarif(guarded: Guarded) -> dict[str, Any]:
    """Each finding at its line of the spec."""
    every = [finding for found in guarded.models for finding in findings(found)]
    rules = sorted({finding.rule for finding in every})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "gomodel", "version": __version__, "rules": [{"id": rule} for rule in rules]}
                },
                "results": [_result(finding) for finding in every],
            }
        ],
    }


def _result(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": finding.rule, "level": "error", "message": {"text": finding.text}}
    if finding.file:
        place = {"artifactLocation": {"uri": finding.file}, "region": {"startLine": max(1, finding.line)}}
        found["locations"] = [{"physicalLocation": place}]
    return found


# --- GitHub ----------------------------------------------------------------------------------------------------------


def workflow_commands(guarded: Guarded) -> list[str]:
    """Workflow commands that put each finding at its line in the review."""
    lines = []
    for finding in (finding for found in guarded.models for finding in findings(found)):
        place = f" file={_property(finding.file)},line={max(1, finding.line)}" if finding.file else ""
        lines.append(f"::error{place}::{_data(finding.text)}")
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(guarded: Guarded) -> str:
    """Markdown for the step summary: a table of models, and what is wrong below it."""
    lines = ["## gomodel guard", "", "| model | result | states | bugs | time |", "|---|---|---|---|---|"]
    for found in guarded.models:
        states = sum(s["states"] for s in found.report.get("scenarios", ()))
        mark = "passed" if found.passed else "**FAILED**"
        lines.append(f"| `{found.name}` | {mark} | {states:,} | {len(found.bugs)} | {found.seconds:.1f} s |")
    for found in guarded.failed:
        fence = "```"
        text = "\n".join([*found.failures, *found.differs, *found.explained]).replace(fence, "'''")
        lines += ["", f"### {found.name}", "", fence, text, fence]
    return "\n".join([*lines, ""])


def add_step_summary(guarded: Guarded) -> None:
    """Append to the file that GitHub names, if it does."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if name:
        with open(name, "a", encoding="utf-8") as file:
            file.write(summary(guarded))

"""The documentation behaves as printed: every model in it is checked, every console block is run and compared.

In a document, a python block that begins with ``# NAME.py`` is a file; a console block is commands behind ``$ ``
and what they print.  A file and what is run on it stand under one heading (or in one document, where it tells a
story), so a section can be read, and fail, on its own.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

import gomodel
from gomodel import catalog
from gomodel.cli import app
from gomodel.run import report
from gomodel.run.assumptions import AssumingResult, AssumptionResult
from gomodel.run.trace import Trace
from gomodel.symbolic.proofs import Proved

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
STORIES = tuple(
    ROOT / name for name in ("README.md", "docs/tutorial.md", "docs/traces.md")
)  # whose sections build on each other
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(#[\w-]+)?\)")
_SETTING = re.compile(r"([A-Z_]+)=(.*)")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b")
_SECONDS = re.compile(r"\b\d+(\.\d+)? s\b|(?<=\"seconds\": )[\d.e-]+")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks_of(text: str, first_line: int = 1) -> list[Block]:
    return [Block(m[1], m[2], first_line + text.count("\n", 0, m.start())) for m in _FENCE.finditer(text)]


def sections(path: Path) -> Iterator[tuple[str, list[Block]]]:
    """Heading → blocks; the whole document where it tells a story."""
    text = path.read_text(encoding="utf-8")
    if path in STORIES:
        yield path.name, blocks_of(text)
        return
    parts = re.split(r"^(?=##+ )", text, flags=re.MULTILINE)
    line = 1
    for part in parts:
        blocks = blocks_of(part, line)
        if any(b.language in ("python", "console") for b in blocks):
            yield f"{path.name}: {part.splitlines()[0].lstrip('# ')}", blocks
        line += part.count("\n")


SECTIONS = dict(entry for path in DOCUMENTS for entry in sections(path))


def run(command: str, last_code: int) -> tuple[str, int]:
    """What one line of a console block prints, and its exit code; understands only what the documents use."""
    line, *filters = command.split(" | ")
    words = shlex.split(line)
    if words == ["echo", "$?"]:
        return f"{last_code}\n", 0
    settings = {}
    while setting := _SETTING.fullmatch(words[0]):
        settings[setting[1]] = setting[2]
        del words[0]
    assert words[0] == "gomodel", f"the documents do not use {words[0]}"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as environment, redirect_stdout(printed), redirect_stderr(printed):
        for name, value in settings.items():
            environment.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            app(words[1:], prog_name="gomodel")
    lines = printed.getvalue().splitlines(keepends=True)
    for words in map(shlex.split, filters):
        lines = filtered(lines, words)
    return "".join(lines), 0 if filters else int(ended.value.code or 0)  # a shell has the last command's code


def filtered(lines: list[str], words: list[str]) -> list[str]:
    match words:
        case ["tail", "-n", count]:
            return lines[-int(count) :]
        case ["grep", part]:
            return [line for line in lines if part in line]
    raise AssertionError(f"the documents do not use {' '.join(words)}")


def played(block: Block) -> str:
    """The console block as it is when its commands are run now."""
    code, said = 0, ""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            output, code = run(line[2:], code)
            said += f"{line}\n{output}"
    return said


def normal(text: str) -> str:
    """Times differ from run to run."""
    return _DATE.sub("DATE", _SECONDS.sub("N s", text))


@pytest.mark.parametrize("section", SECTIONS)
def test_it_behaves_as_printed(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # README shows shipped specs, whose paths are printed as seen from the checkout.
    monkeypatch.chdir(ROOT if section == "README.md" else tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    for block in SECTIONS[section]:
        if block.language == "python" and (name := re.match(r"# (\w+\.py)\n", block.text)):
            (tmp_path / name[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            assert normal(played(block)) == normal(block.text), f"{section}, line {block.line}"


def test_every_file_in_the_guide_is_checked() -> None:
    for section, blocks in SECTIONS.items():
        commands = "".join(b.text for b in blocks if b.language == "console")
        for block in blocks:
            name = re.match(r"# (\w+\.py)\n", block.text)
            assert block.language != "python" or (name and f" {name[1]}" in commands), f"{section}, line {block.line}"


# --- what the documents say of the project ---------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    for target, anchor in _LINK.findall(text):
        linked = (path.parent / target).resolve()
        assert linked.exists(), target
        assert not anchor or anchor[1:] in anchors(linked), f"{target}{anchor}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_words_are_honest(path: Path) -> None:
    """Exhaustive at these bounds is what a check shows, and it is never called more than that."""
    assert not re.search(r"\bverified\b", path.read_text(encoding="utf-8"), re.IGNORECASE)


def test_the_readme_knows_every_model() -> None:
    rows = re.findall(r"^\| `(\w+)` +\|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == catalog.names()


def test_the_readme_knows_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d) +\|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(map(int, rows)) == sorted(v for n, v in vars(report.Exit).items() if n.isupper())


@pytest.mark.skipif(not (ROOT / ".ci" / "run").exists(), reason="not a checkout")
def test_ci_runs_the_commands_of_the_readme() -> None:
    (second,) = re.findall(r"^(\.venv/bin/pip install .*-e .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    ci = (ROOT / ".ci" / "run").read_text().replace('"$venv/bin/pip"', ".venv/bin/pip")
    ci = ci.replace('"$venv/bin/python"', ".venv/bin/python")
    for part in second.split(" && "):
        assert part in ci


@pytest.mark.slow
def test_the_readme_knows_the_states_of_the_mutex() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"`(gomodel check mutex [^`]*)`,\s+has\s+([\d,]+ states)", text)
    assert found[1] in run(f"{found[0]} | grep visited", 0)[0]


def test_the_guide_knows_every_public_name() -> None:
    text = (ROOT / "docs" / "modelling.md").read_text(encoding="utf-8")
    assert [n for n in gomodel.__all__ if not re.search(rf"\b{n}\b", text)] == []


def test_the_json_page_knows_every_field() -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    shapes = (
        report.Report,
        report.ScenarioResult,
        report.PropertyResult,
        report.Counterexample,
        report.StepView,
        report.AbstractStep,
    )
    shapes += (report.Change, report.BugResult, Trace, AssumingResult, AssumptionResult, Proved)
    names = {f.name for shape in shapes for f in fields(shape)}
    assert sorted(n for n in names if f"`{n}`" not in text) == []
    assert sorted(v for v in report.Verdict if f"`{v}`" not in text) == []


def test_the_json_page_knows_what_list_writes() -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    models = json.loads(run("gomodel list --json -", 0)[0])["models"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (`name`.*) \|$", text, re.MULTILINE))
    for model in models:
        lists = {k: v for k, v in model.items() if isinstance(v, list) and k != "source"}
        assert lists.keys() == rows.keys()
        for name, entries in lists.items():
            assert all(set(re.findall(r"`(\w+)`", rows[name])) == set(entry) for entry in entries), name


def test_a_written_trace_can_be_read_back(tmp_path: Path) -> None:
    """As docs/json.md says: a trace is the choices, and nothing else is needed to have it again."""
    out = tmp_path / "out.json"
    run(f"gomodel check sema --bug s1 -b acquirers=1 -b releasers=1 --json {shlex.quote(os.fspath(out))}", 0)
    (first, *_) = json.loads(out.read_text(encoding="utf-8"))["counterexamples"]
    trace = Trace.from_json(first["trace"])
    assert trace.to_json() == first["trace"]
    assert [(m.actor, m.label) for m in trace.moves] == [(s["actor"], s["label"]) for s in first["steps"]]

"""The command line: what is printed where, exit codes, files, and bad input.  The checking itself is faked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gomodel import catalog
from gomodel.language.errors import UsageError, short_path
from gomodel.output import JsonFile, ProgressLine, progress_text
from gomodel.run.assumptions import AssumingResult, AssumptionResult
from gomodel.run.report import BugResult, Counterexample, PropertyResult, Report, Verdict
from gomodel.run.search import Progress
from tests.conftest import Run


class Checker(types.ModuleType):
    """Stands in for ``gomodel.run.check``: gives prepared results and records what it was asked."""

    def __init__(self, report: Report) -> None:
        super().__init__("gomodel.run.check")
        self.report = report
        self.asked: list[dict[str, Any]] = []
        self.results: list[BugResult] = []
        self.raises: BaseException | None = None

    def check(self, model: Any, **options: Any) -> Report:
        self.asked.append({"model": model.name, **options})
        if self.raises:
            raise self.raises
        return self.report

    def check_bugs(self, model: Any, *, notify: Callable[[BugResult], None], **options: Any) -> list[BugResult]:
        self.asked.append({"model": model.name, **options})
        for result in self.results:
            notify(result)
        return self.results

    def describe(self, model: Any) -> dict[str, Any]:
        bound = {"name": "goroutines", "default": 2, "min": 1, "max": None, "one_of": [], "help": "how many clients"}
        scenario = {"name": "rounds", "text": "two rounds", "default": False, "bounds": {"rounds": (2, 1)}}
        names: dict[str, Any] = {k: [{"name": f"a_{k}"}, {"name": "b"}] for k in ("properties", "witnesses", "bugs")}
        about = {"name": model.name, "title": "A title", "go": "go1.27.3", "source": ("a.go",)}
        return {**about, "bounds": [bound], "scenarios": [scenario], "presets": [], **names}


@pytest.fixture
def checker(report: Report, monkeypatch: pytest.MonkeyPatch) -> Checker:
    fake = Checker(report)
    monkeypatch.setitem(sys.modules, "gomodel.run.check", fake)
    return fake


# --- start -----------------------------------------------------------------------------------------------------------


def test_help_is_quick_and_imports_no_engine() -> None:
    code = (
        "import sys; from gomodel.cli import app; app(['check', '--help'], standalone_mode=False)\n"
        "heavy = {'gomodel.run', 'gomodel.catalog', 'textual', 'numba', 'llvmlite', 'z3', 'hypothesis'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert time.monotonic() - start < 2  # 0.15 s on an idle machine


@pytest.mark.parametrize(
    "arguments", [("check", "--nonsense"), ("nonsense",), ("check", "--max-states", "0"), ("fairness",)]
)
def test_what_typer_refuses_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Error" in err


# --- list ------------------------------------------------------------------------------------------------------------


def test_list(run: Run, checker: Checker) -> None:
    code, out, _ = run("list")
    assert code == 0
    block = next(b for b in out.split("\n\n") if b.startswith("mutex: "))
    assert block.splitlines() == [
        "mutex: A title",
        "  follows     go1.27.3, a.go",
        "  bound       goroutines=2 (1 to …): how many clients",
        "  scenario    rounds (only when asked for): two rounds [rounds=2,1]",
        "  properties  a_properties, b",
        "  witnesses   a_witnesses, b",
        "  bugs        a_bugs, b",
    ]


def test_list_as_json(run: Run, checker: Checker, tmp_path: Path) -> None:
    code, out, _ = run("list", "--json", "-")
    assert code == 0
    data = json.loads(out)
    assert [m["name"] for m in data["models"]] == catalog.names()
    run("list", "--json", str(tmp_path / "list.json"))
    assert json.loads((tmp_path / "list.json").read_text()) == data


# --- check -----------------------------------------------------------------------------------------------------------


def test_check_prints_the_report_and_passes_the_options_on(run: Run, checker: Checker) -> None:
    options = "-b goroutines=3 -b rounds=2,1 --scenario rounds --preset quick --bug m5 --safety --no-reset".split()
    code, out, err = run(
        "check", "mutex", *options, "--first", "--max-states", "10", "--timeout", "1.5", "--max-memory", "1.5G",
        "--checkpoint", "7", "--resume",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert out.startswith("mutex: sync.Mutex")
    assert out.endswith("exhaustive at these bounds\n")
    (asked,) = checker.asked
    limits = asked.pop("limits")
    assert (limits.max_states, limits.max_memory, limits.timeout, limits.first) == (10, 3 << 29, 1.5, True)
    assert asked == {
        "model": "mutex",
        "bounds": {"goroutines": "3", "rounds": "2,1"},
        "scenarios": ["rounds"],
        "preset": "quick",
        "bugs": ["m5"],
        "engine": "compiled",
        "safety_only": True,
        "reset": False,
        "watch": None,
        "spec": short_path(str(catalog.source_file(catalog.load("mutex")))),
        "target": "mutex",
        "witnesses": [],
        "keep": 7.0,
        "resume": True,
    }


def test_bugs_that_could_not_be_judged_are_incomplete(run: Run, checker: Checker) -> None:
    limit = "the limit of 10 states"
    checker.results = [BugResult("m6", "lost", False, ("x",), (), None, "", {}, False, stopped=limit)]
    code, out, _ = run("check", "mutex", "--bugs")
    assert code == 3
    assert "could not be judged" in out


def test_a_users_file_is_checked(run: Run, checker: Checker, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("from gomodel import Model\nclass Own(Model):\n    name = 'own'\n")
    assert run("check", f"{path}:Own")[0] == 0
    asked = checker.asked[0]
    assert (asked["model"], asked["spec"], asked["target"]) == ("own", str(path), f"{path}:Own")


def test_the_exit_code_is_the_reports(run: Run, checker: Checker, counterexample: Counterexample) -> None:
    checker.report.counterexamples = [counterexample]
    code, out, _ = run("check", "mutex")
    assert code == 1
    assert "mutual_exclusion is violated" in out


def test_all_models_give_the_gravest_code(run: Run, checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = iter([Verdict.INCOMPLETE, Verdict.VACUOUS, *[Verdict.OK] * 100])

    def check(model: Any, **options: Any) -> Report:
        checker.report.properties = [PropertyResult("p", "invariant", "", next(reports))]
        return checker.report

    monkeypatch.setattr(checker, "check", check)
    code, out, _ = run("check", "--all")
    assert code == 4
    assert out.count("follows go1.27.3") == len(catalog.names())


@pytest.mark.parametrize("arguments", [("mutex", "--bugs"), ("--bugs", "mutex")])
def test_bugs(run: Run, checker: Checker, arguments: tuple[str, str]) -> None:
    found = BugResult("m5", "no woken", False, ("x",), ("x",), 9, "", {"goroutines": 2}, True)
    checker.results = [found]
    code, out, _ = run("check", *arguments, "-b", "goroutines=2")
    assert code == 0
    assert "passed  m5: no woken" in out
    assert out.endswith("mutex: the one bug is judged as declared\n")
    assert checker.asked[0]["bounds"] == {"goroutines": "2"}
    checker.results = [found, BugResult("m6", "lost", False, ("x",), (), None, "", {}, False)]
    assert run("check", *arguments)[0] == 1


# --- table -----------------------------------------------------------------------------------------------------------

VARIANTS = '''
from gomodel import Bound, Comparison, Int, Model, Scenario, invariant, require, rule


class Variants(Model):
    """Counts to two or to three."""

    name = "variants"
    most: int = Bound(2, max=5)
    way: str = Bound("up", one_of=("up", "twice"))
    scenarios = {
        "plain": Scenario("one by one"),
        "twice": Scenario("two at a time", way="twice", default=False),
    }
    comparison = Comparison(properties=("at_most_two", "even"), most=3)

    def state(self):
        self.n = Int(0, 9)

    @rule
    def up(self):
        require(self.n < self.most)
        self.n += 1 if self.way == "up" else 2

    @invariant
    def at_most_two(self):
        """Never beyond two."""
        return self.n <= 2

    @invariant
    def even(self):
        """Never odd."""
        return self.n % 2 == 0

    @invariant
    def small(self):
        return self.n < 9
'''

VARIANTS_TABLE = """\
variants: Counts to two or to three.
  the same in every row  most=3

          at_most_two   even
  plain   3             1
  twice   2             holds

  at_most_two  Never beyond two.
  even  Never odd.

  plain  one by one
  twice  two at a time

A number is the length of a shortest counterexample, in steps; liveness, of a
short one.  To see one:
  gomodel check {path} --scenario plain -b most=3
"""


@pytest.fixture
def variants(tmp_path: Path) -> str:
    path = tmp_path / "variants.py"
    path.write_text(VARIANTS)
    return str(path)


def test_a_table_compares_scenarios(run: Run, variants: str) -> None:
    """By hand: one by one, 1 is odd and 3 is the first beyond 2; two at a time, 4 is."""
    assert run("table", variants) == (0, VARIANTS_TABLE.format(path=variants), "")
    code, out, _ = run("table", variants, "-b", "most=2", "--scenario", "twice")
    assert (code, "holds         holds" in out) == (0, True)


def test_a_table_that_is_cut_short_says_so(run: Run, variants: str) -> None:
    code, out, _ = run("table", variants, "--max-states", "2")
    assert code == 3
    assert out.splitlines()[-1] == "incomplete: stopped at the limit of 2 states: plain, twice"


def test_a_table_of_a_wrong_model_is_an_error(run: Run, variants: str) -> None:
    wrong = Path(variants)
    wrong.write_text(VARIANTS.replace("Int(0, 9)", "Int(0, 2)"))
    code, out, _ = run("table", variants)
    assert code == 2
    assert "model error" in out.splitlines()[4]
    wrong.write_text(VARIANTS.replace('"even")', '"odd")'))
    code, _, err = run("table", variants)
    assert (code, "variants.comparison names a property that does not exist: odd" in err) == (2, True)


def test_a_bound_that_is_a_word(run: Run, variants: str) -> None:
    code, _, err = run("check", variants, "-b", "way=twise")
    assert (code, err) == (2, "gomodel: bound way=twise does not exist\n  did you mean twice?\n")


def test_a_table_as_json(run: Run, variants: str) -> None:
    data = json.loads(run("table", variants, "--json", "-")[1])
    assert data["columns"] == ["at_most_two", "even"]
    assert [[cell["length"] for cell in row["cells"]] for row in data["rows"]] == [[3, 1], [2, None]]
    assert (data["settings"], data["exit_code"]) == ({"most": 3}, 0)


# --- fairness --------------------------------------------------------------------------------------------------------


class Weakener:
    """Stands in for ``assumptions``."""

    def __init__(self) -> None:
        self.results: list[AssumingResult] = []
        self.asked: list[dict[str, Any]] = []

    def __call__(self, model: Any, **options: Any) -> list[AssumingResult]:
        self.asked.append({"model": model.name, **options})
        return self.results

    def finds(self, *needed: bool | None, cex: Counterexample | None = None) -> None:
        members = tuple(AssumptionResult(f"weak('p{k}')", "", n, cex if n else None) for k, n in enumerate(needed))
        self.results = [AssumingResult("served", ("loop",), Verdict.OK, "", None, members)]


@pytest.fixture
def weakener(monkeypatch: pytest.MonkeyPatch) -> Weakener:
    fake = Weakener()
    monkeypatch.setattr("gomodel.run.assumptions.assumptions", fake)
    return fake


@pytest.fixture
def lasso(counterexample: Counterexample) -> Counterexample:
    trace = replace(counterexample.trace, cycle=1)
    return replace(counterexample, property="served", kind="leads_to", since=1, trace=trace)


def test_fairness_passes_the_options_on(run: Run, weakener: Weakener) -> None:
    options = "-b goroutines=3 --scenario rounds --preset quick --engine reference --max-states 10 --timeout 1.5"
    code, out, err = run("fairness", "mutex", *options.split(), "--max-memory", "1.5G")
    assert (code, err) == (0, "")
    assert out == "mutex: no liveness property that is judged here names its own fairness\n"
    (asked,) = weakener.asked
    limits = asked.pop("limits")
    assert (limits.max_states, limits.max_memory, limits.timeout) == (10, 3 << 29, 1.5)
    assert asked == {
        "model": "mutex",
        "bounds": {"goroutines": "3"},
        "scenarios": ["rounds"],
        "preset": "quick",
        "engine": "reference",
        "watch": None,
        "target": "mutex",
    }


@pytest.mark.parametrize(
    ("needed", "code"),
    [((True, True), 0), ((True, False), 4), ((True, None), 3), ((None, False), 4)],
)
def test_the_exit_code_of_fairness(
    run: Run, weakener: Weakener, lasso: Counterexample, needed: tuple[bool | None, ...], code: int
) -> None:
    weakener.finds(*needed, cex=lasso)
    assert run("fairness", "mutex")[0] == code
    broken = AssumingResult("free", ("loop",), Verdict.VIOLATED, "", lasso, ())
    weakener.results.append(broken)
    code, out, _ = run("fairness", "mutex")
    assert code == 1
    assert "mutex: violated: free" in out


def test_fairness_shows_lassos(run: Run, weakener: Weakener, lasso: Counterexample) -> None:
    weakener.finds(True, cex=lasso)
    assert "from here on 2 steps repeat for ever" not in run("fairness", "mutex")[1]
    assert "from here on 2 steps repeat for ever" in run("fairness", "mutex", "--lassos")[1]


def test_json_of_fairness(run: Run, weakener: Weakener, lasso: Counterexample, tmp_path: Path) -> None:
    weakener.finds(True, False, cex=lasso)
    target = tmp_path / "out.json"
    code, out, _ = run("fairness", "mutex", "--json", str(target))
    data = json.loads(target.read_text(encoding="utf-8"))
    assert (code, data["schema"], data["model"], data["exit_code"]) == (4, 1, "mutex", 4)
    assert out.startswith("served, scenario loop\n")
    (found,) = data["properties"]
    assert [a["needed"] for a in found["assumptions"]] == [True, False]
    assert found["assumptions"][0]["counterexample"]["trace"]["cycle"] == 1
    code, out, _ = run("fairness", "mutex", "--json", "-")
    assert (code, json.loads(out)) == (4, data)


def test_a_lasso_of_fairness_is_shown_again_by_its_command(run: Run, tmp_path: Path) -> None:
    """The whole way, with nothing faked."""
    path = tmp_path / "spin.py"
    path.write_text(SPIN, encoding="utf-8")
    code, first, _ = run("fairness", str(path), "--scenario", "two", "--lassos")
    assert code == 0
    (command,) = {line.strip() for line in first.splitlines() if "gomodel fairness" in line}
    assert command == f"gomodel fairness {path} --scenario two --lassos"
    assert run(*command.split()[1:])[:2] == (0, first)
    assert run("fairness", str(path), "--max-states", "2")[0] == 3


SPIN = """
from __future__ import annotations

from gomodel import *


class Spin(Model):
    name = "spin"
    several: int = 1
    scenarios = {"two": Scenario("", several=2)}

    def state(self):
        self.locked = Bool()

    @process(count="several")
    def p(self, g):
        while True:
            yield step("CAS")
            if not self.locked:
                outcome("won")
                self.locked = True
                yield step("unlock")
                self.locked = False

    @leads_to(under=[weak("p"), strong("g", "CAS", "won")])
    def served(self, g: self.p):
        return self.p.at(g, "CAS"), self.p.at(g, "unlock")
"""

# --- json ------------------------------------------------------------------------------------------------------------


def test_json(run: Run, checker: Checker, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    code, out, _ = run("check", "mutex", "--json", str(target))
    assert (code, json.loads(target.read_text())["model"]) == (0, "mutex")
    assert out.startswith("mutex: ")
    assert list(tmp_path.iterdir()) == [target]
    code, out, _ = run("check", "mutex", "--json", "-")
    assert json.loads(out) == json.loads(target.read_text())
    run("check", "--all", "--json", str(target))
    data = json.loads(target.read_text())
    assert (len(data["models"]), data["exit_code"]) == (len(catalog.names()), 0)


def test_json_of_bugs(run: Run, checker: Checker) -> None:
    checker.results = [BugResult("m5", "no woken", False, ("x",), ("x",), 9, "", {"goroutines": 2}, True)]
    data = json.loads(run("check", "mutex", "--bugs", "--json", "-")[1])
    assert (data["model"], data["passed"], data["bugs"][0]["length"]) == ("mutex", True, 9)


def test_a_file_that_cannot_be_written_is_known_before_the_search(run: Run, checker: Checker, tmp_path: Path) -> None:
    for name in (tmp_path, tmp_path / "missing" / "out.json"):
        code, out, err = run("check", "mutex", "--json", str(name))
        assert (code, out) == (2, "")
        assert err.startswith(f"gomodel: cannot write {name}: ")
    assert checker.asked == []


def test_a_failed_run_leaves_the_old_file(run: Run, checker: Checker, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    checker.raises = UsageError("no such bound")
    assert run("check", "mutex", "--json", str(target))[0] == 2
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_devices_and_links_stay_what_they_are(tmp_path: Path) -> None:
    link, target = tmp_path / "link.json", tmp_path / "target.json"
    link.symlink_to(target)
    for name in ("/dev/null", str(link)):
        with JsonFile(name) as out:
            out.write({"label": "0→1"})
    assert Path("/dev/null").is_char_device()
    assert link.is_symlink()
    assert json.loads(target.read_text(encoding="utf-8")) == {"label": "0→1"}


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("check", "which component?"),
        ("check mutx", "there is no component 'mutx'\n  did you mean mutex?"),
        ("check missing.py", "cannot read missing.py: No such file or directory"),
        ("check mutex -b goroutines", "-b goroutines sets nothing"),
        ("check mutex -b n=1 -b n=2", "bound n is set twice"),
        ("check mutex --timeout 0", "--timeout 0 is not a number of seconds above 0"),
        ("check mutex --timeout nan", "--timeout nan is not a number of seconds above 0"),
        ("check mutex --all", "--all and a component do not go together"),
        ("check --all -b goroutines=3", "--all and -b do not go together"),
        ("check --all --bug m5", "--all and --bug do not go together"),
        ("check mutex --bugs --bug m5", "--bugs and --bug do not go together"),
        ("check mutex --bugs --no-reset", "--bugs and --no-reset do not go together"),
        ("fairness mutx", "there is no component 'mutx'\n  did you mean mutex?"),
        ("fairness mutex -b goroutines", "-b goroutines sets nothing"),
        ("fairness mutex --timeout 0", "--timeout 0 is not a number of seconds above 0"),
    ],
)
def test_bad_input_is_one_clear_message(run: Run, checker: Checker, arguments: str, message: str) -> None:
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"gomodel: {message}")
    assert "Traceback" not in err
    assert checker.asked == []


def test_a_defect_of_gomodel_keeps_its_stack_trace(run: Run, checker: Checker) -> None:
    checker.raises = RuntimeError("impossible")
    code, _, err = run("check", "mutex")
    assert code == 2
    assert "Traceback" in err
    assert "defect of gomodel itself" in err


def test_an_interruption_before_the_search_is_incomplete(run: Run, checker: Checker) -> None:
    checker.raises = KeyboardInterrupt()
    code, _, err = run("check", "mutex")
    assert (code, err) == (3, "gomodel: interrupted before there was a result\n")


# --- terminal and pipes ----------------------------------------------------------------------------------------------

PROGRESS = Progress(states=123456, transitions=400000, depth=31, queue=2048, seconds=2.0, memory=300 << 20)


def test_the_progress_line_overwrites_itself(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine()
    line(PROGRESS)
    assert capsys.readouterr().err == ""  # no terminal, no progress
    line.on = True
    line(PROGRESS)
    line.clear()
    text = progress_text(PROGRESS)
    assert text == "123,456 states, 61,728/s, depth 31, queue 2,048, 300 MiB, 2 s"
    text += ", it cannot be told yet how much is left"
    assert capsys.readouterr().err == f"\r{text}\r{' ' * len(text)}\r"


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_closed_pipe_and_a_poor_encoding_are_no_errors(encoding: str) -> None:
    code = (
        "from rich.text import Text; from gomodel.output import show\n"
        "for _ in range(3000): show([Text('0 → 1')])\nprint('end')"
    )
    command = f'"{sys.executable}" -c "{code}" | head -n 1; exit ${{PIPESTATUS[0]}}'
    environment = {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(catalog.__file__).parents[1])}
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().rstrip("\n") == ("0 → 1" if encoding == "utf-8" else "0 ? 1")

"""``pytest --gomodel specs/``: each property, witness and bug of a model is a test.

pytest finds this plugin by itself where gomodel is installed; without ``--gomodel`` it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .language.model import Model
    from .run.report import BugResult, PropertyResult, Report


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gomodel")
    group.addoption("--gomodel", action="store_true", help="collect the models in Python files as tests")
    group.addoption("--gomodel-preset", default="quick", metavar="NAME", help="their bounds (quick)")
    group.addoption("--gomodel-bugs", action="store_true", help="a test for each declared bug, too")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ModelFile | None:
    if parent.config.getoption("--gomodel") and file_path.suffix == ".py":
        text = file_path.read_text(encoding="utf-8", errors="replace")
        if "gomodel" in text and "Model" in text:  # the others need not be imported
            return ModelFile.from_parent(parent, path=file_path)
    return None


class ModelFile(pytest.File):
    """A file that may define models."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        from . import catalog
        from .language.errors import GomodelError

        try:
            found = catalog.models_in(str(self.path))
        except GomodelError as error:
            raise self.CollectError(str(error)) from None
        for model in found:
            yield ModelTests.from_parent(self, name=model.name, model=model)


class ModelTests(pytest.Collector):
    """A model; it is explored once, when the first of its tests runs."""

    def __init__(self, *, model: type[Model], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model

    @property
    def target(self) -> str:
        """How the command line names the model."""
        from .language.errors import short_path

        return f"{short_path(str(self.path))}:{self.model.__name__}"

    @cached_property
    def report(self) -> Report:
        from .run.check import check

        return check(self.model, preset=self.config.getoption("--gomodel-preset"), target=self.target)

    @cached_property
    def bugs(self) -> dict[str, BugResult]:
        from .run.check import check_bugs

        return {result.bug: result for result in check_bugs(self.model)}

    def collect(self) -> Iterator[pytest.Item]:
        from .language.errors import GomodelError
        from .run.check import describe

        try:
            described = describe(self.model)
        except GomodelError as error:
            raise self.CollectError(str(error)) from None
        yield WholeTest.from_parent(self, name="model")
        names = [p["name"] for p in (*described["properties"], *described["witnesses"])]
        for name in names:
            yield PropertyTest.from_parent(self, name=name)
        if self.config.getoption("--gomodel-bugs"):
            for bug in described["bugs"]:
                yield BugTest.from_parent(self, name=f"bug {bug['name']}")


class Failed(Exception):
    """A test of a model failed; its text is what is shown."""


class _Test(pytest.Item):
    parent: ModelTests

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from .language.errors import GomodelError

        if isinstance(excinfo.value, (Failed, GomodelError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.parent.name}: {self.name}"


class WholeTest(_Test):
    """What concerns no single property: model errors, deadlock, code that is never reached, limits."""

    def runtest(self) -> None:
        report = self.parent.report
        wrong = [_shown(report, error.property) for error in report.errors]
        wrong += [_shown(report, c.property) for c in report.counterexamples if c.kind == "deadlock"]
        wrong += [f"never reached: {line}" for line in report.vacuous]
        wrong += [f"{s.scenario or 'the search'} stopped at {s.stopped}" for s in report.scenarios if s.stopped]
        if wrong:
            raise Failed("\n".join(wrong))


class PropertyTest(_Test):
    """One property or witness."""

    def runtest(self) -> None:
        from .run.report import Verdict

        report = self.parent.report
        result: PropertyResult | None = next((p for p in report.properties if p.name == self.name), None)
        if result is None or result.verdict in (Verdict.LEFT_OUT, Verdict.UNREACHED):
            pytest.skip("it is not judged at these bounds")
        if result.verdict not in (Verdict.OK, Verdict.REACHED):
            raise Failed(_shown(report, self.name) or f"{self.name} is {result.verdict}: {result.text}\n{result.where}")


class BugTest(_Test):
    """One bug: found by what it names, a harmless one by nothing."""

    def runtest(self) -> None:
        from .report_text import bug_lines
        from .trace.page import plain

        result = self.parent.bugs[self.name.removeprefix("bug ")]
        if not result.passed:
            raise Failed(plain(bug_lines(result)))


def _shown(report: Report, name: str) -> str:
    """The counterexample to a property, as the command line shows it."""
    from .trace.page import plain
    from .trace.show import counterexample_lines

    for found in (*report.counterexamples, *report.errors):
        if found.property == name:
            return plain(counterexample_lines(found))
    return ""

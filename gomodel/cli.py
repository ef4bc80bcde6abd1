"""The command line: thin, every command a call into the package.

Nothing but typer is imported until a command runs, so that ``gomodel --help`` is quick.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commands import (
    INCOMPLETE,
    SEVERITY,
    VIOLATED,
    Bounds,
    ComponentName,
    EngineName,
    JsonName,
    MaxMemory,
    MaxStates,
    PresetName,
    Scenarios,
    Timeout,
    bounds_of,
    clear_errors,
    json_out,
    seconds_of,
    size_of,
)
from .graph_commands import graph_command
from .guard_commands import diff_command, guard_command, mutate_command
from .prove_commands import bmc_command, prove_command
from .trace_commands import trace_app, walk_command

if TYPE_CHECKING:
    from .language.model import Model
    from .output import JsonFile
    from .run.report import BugResult
    from .run.search import Limits

app = typer.Typer(
    name="gomodel",
    help="A formal model checker for the Go runtime.",
    epilog="Exit codes: 0 all holds, 1 violated, 2 wrong model or command line, 3 incomplete, 4 vacuous.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """The console script."""
    gc.set_threshold(1_000_000)  # terms stay, and make no cycles: looking for them takes a tenth of the time
    app(prog_name="gomodel")


# --- list ------------------------------------------------------------------------------------------------------------


@app.command("list")
def list_command(
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write it as JSON; - is standard output.")
    ] = None,
) -> None:
    """List the models with their scenarios, bounds, properties and bugs."""
    with clear_errors():
        from . import catalog
        from .output import page_width, show
        from .run.check import describe

        with json_out(json_file) as out:
            described = [describe(model) for model in catalog.models().values()]
            if out:
                out.write({"schema": 1, "models": described})
        if json_file != "-":
            from .catalog_text import description_lines
            from .trace.page import joined

            show(joined(description_lines(d, width=page_width()) for d in described))


# --- check -----------------------------------------------------------------------------------------------------------


@app.command("check")
def check_command(
    component: ComponentName = "",
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: PresetName = "",
    bug: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Switch a bug on and show what it breaks.")
    ] = None,
    bugs: Annotated[bool, typer.Option("--bugs", help="Switch on every bug in turn: is each one found?")] = False,
    every: Annotated[bool, typer.Option("--all", help="Check all shipped models.")] = False,
    safety: Annotated[
        bool, typer.Option("--safety", help="Leave out liveness without counting it as missing.")
    ] = False,
    first: Annotated[bool, typer.Option("--first", help="Stop at the first violation.")] = False,
    witness: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Show a shortest execution that reaches this witness.")
    ] = None,
    max_states: MaxStates = None,
    max_memory: MaxMemory = None,
    timeout: Timeout = None,
    json_file: JsonName = None,
    engine: EngineName = "compiled",
    checkpoint: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Keep the search on disk, that often.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what is on disk, and keep it, every 30 s by default.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset/--no-reset", help="Reset dead locals, which leaves fewer states.")
    ] = True,
) -> None:
    """Explore every interleaving of a model at small bounds, and report each property.

    The result is exhaustive at the bounds that it names, unless it says incomplete.
    """
    with clear_errors():
        from .run.search import Keep, Limits

        scenarios, switched = scenario or [], bug or []
        _refuse("--all", every, component=component, b=bounds, scenario=scenarios, bug=switched, witness=witness)
        _refuse(
            "--bugs", bugs,
            scenario=scenarios, bug=switched, safety=safety, no_reset=not reset, checkpoint=checkpoint, resume=resume,
        )  # fmt: skip
        keep = seconds_of(checkpoint, "--checkpoint") or (Keep.every if resume else None)
        limits = Limits(max_states, size_of(max_memory), seconds_of(timeout), first)
        values = bounds_of(bounds or [])
        targets = _targets(component, every)
        with json_out(json_file) as out:
            run = _Run(out, quiet=json_file == "-", several=every)
            for target, model in targets:
                if run.interrupted:
                    break
                if bugs:
                    run.bugs(target, model, values, preset, limits, engine)
                    continue
                run.check(
                    target,
                    model,
                    bounds=values,
                    scenarios=scenarios,
                    preset=preset,
                    bugs=switched,
                    limits=limits,
                    engine=engine,
                    safety_only=safety,
                    witnesses=witness or [],
                    reset=reset,
                    keep=keep,
                    resume=resume,
                )
            code = run.finish()
            if keep is not None and run.incomplete:
                typer.echo("gomodel: with --resume it goes on from the last checkpoint, if there was one", err=True)
    raise typer.Exit(code)


@app.command("fairness")
def fairness_command(
    component: ComponentName,
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: PresetName = "",
    lassos: Annotated[bool, typer.Option("--lassos", help="Show what each assumption forbids.")] = False,
    max_states: MaxStates = None,
    max_memory: MaxMemory = None,
    timeout: Timeout = None,
    json_file: JsonName = None,
    engine: EngineName = "compiled",
) -> None:
    """Weaken each fairness assumption of each liveness property in turn: is it needed?

    Strong fairness becomes weak, weak fairness none; an assumption is needed where that breaks the property.
    """
    with clear_errors():
        from .run.search import Limits

        limits = Limits(max_states, size_of(max_memory), seconds_of(timeout))
        values = bounds_of(bounds or [])
        target, model = _targets(component, False)[0]
        with json_out(json_file) as out:
            from .assumptions_text import assumption_lines, assumptions_code
            from .output import ProgressLine, page_width, show
            from .run.assumptions import assumptions, to_json

            with ProgressLine() as watch:
                results = assumptions(
                    model,
                    bounds=values,
                    scenarios=scenario or [],
                    preset=preset,
                    limits=limits,
                    engine=engine,
                    watch=watch,
                    target=target,
                )
            code = assumptions_code(results)
            if json_file != "-":
                show(assumption_lines(model.name, results, lassos=lassos, width=page_width()))
            if out:
                data = [to_json(r) for r in results]
                out.write({"schema": 1, "model": model.name, "properties": data, "exit_code": code})
    raise typer.Exit(code)


@app.command("table")
def table_command(
    component: ComponentName,
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: PresetName = "",
    max_states: MaxStates = None,
    max_memory: MaxMemory = None,
    timeout: Timeout = None,
    json_file: JsonName = None,
    engine: EngineName = "compiled",
) -> None:
    """Compare the variants of a model: which scenario keeps which property, and how soon the others break it."""
    with clear_errors():
        from .run.search import Limits

        limits = Limits(max_states, size_of(max_memory), seconds_of(timeout))
        values = bounds_of(bounds or [])
        target, model = _targets(component, False)[0]
        with json_out(json_file) as out:
            from .comparison_text import comparison_lines
            from .output import ProgressLine, page_width, show
            from .run.comparison import compare

            with ProgressLine() as watch:
                table = compare(
                    model,
                    bounds=values,
                    scenarios=scenario or [],
                    preset=preset,
                    limits=limits,
                    engine=engine,
                    watch=watch,
                )
            if json_file != "-":
                show(comparison_lines(table, target, width=page_width()))
            if out:
                out.write(table.to_json())
    raise typer.Exit(table.exit_code)


class _Run:
    """The models that one command checks, one after the other: shown as they come, written at the end."""

    def __init__(self, out: JsonFile | None, *, quiet: bool, several: bool) -> None:
        self.out, self.quiet, self.several = out, quiet, several
        self.codes: list[int] = []
        self.incomplete = False
        self.interrupted = False  # by Ctrl-C: what comes after is left out
        self.data: list[dict[str, Any]] = []

    def check(self, target: str, model: type[Model], **options: Any) -> None:
        from . import catalog
        from .language.errors import short_path
        from .output import ProgressLine
        from .report_text import report_lines
        from .run.check import check
        from .run.search import INTERRUPTED
        from .trace.keep import keep

        with ProgressLine() as watch:
            spec = short_path(str(catalog.source_file(model)))
            report = check(model, watch=watch, spec=spec, target=target, **options)
            keep(report, model, target)
        self._show(lambda width: report_lines(report, width=width))
        self.incomplete = self.incomplete or not report.complete
        self.interrupted = any(INTERRUPTED in (s.stopped, s.cut) for s in report.scenarios)
        self._add(report.to_json(), report.exit_code)

    def bugs(
        self, target: str, model: type[Model], bounds: dict[str, str], preset: str, limits: Limits, engine: str
    ) -> None:
        from dataclasses import asdict

        from .report_text import bug_lines, bugs_verdict
        from .run.check import check_bugs
        from .run.search import INTERRUPTED

        def notify(result: BugResult) -> None:
            self._show(lambda width: bug_lines(result, width=width))

        results = check_bugs(model, bounds=bounds, preset=preset, limits=limits, engine=engine, notify=notify)
        self._show(lambda width: [bugs_verdict(model.name, results)])
        passed = all(r.passed for r in results)
        failed = any(not r.passed and not r.stopped for r in results)
        self.interrupted = any(r.stopped == INTERRUPTED for r in results)
        data = {"schema": 1, "model": model.name, "bugs": [asdict(r) for r in results], "passed": passed}
        self._add(data, 0 if passed else VIOLATED if failed else INCOMPLETE)

    def finish(self) -> int:
        """Write the JSON file and return the exit code over all models."""
        code = next(c for c in SEVERITY if c in self.codes or c == 0)
        if self.out:
            self.out.write({"schema": 1, "models": self.data, "exit_code": code} if self.several else self.data[0])
        return code

    def _show(self, lines: Callable[[int], list[Any]]) -> None:
        from .output import page_width, show

        if not self.quiet:
            show(lines(page_width()))

    def _add(self, data: dict[str, Any], code: int) -> None:
        self.data.append(data)
        self.codes.append(code)


def _targets(component: str, every: bool) -> list[tuple[str, type[Model]]]:
    from . import catalog
    from .language.errors import UsageError

    if every:
        return list(catalog.models().items())
    if not component:
        raise UsageError("which component?", mend=f"name one, or --all; there are: {', '.join(catalog.names())}")
    return [(component, catalog.load(component))]


def _refuse(option: str, given: bool, **others: Any) -> None:
    """Raise UsageError when ``option`` stands beside another one that it would have to ignore."""
    from .language.errors import UsageError

    for name, value in others.items():
        if given and value:
            dashes = {"component": "", "b": "-"}.get(name, "--")
            shown = "a component" if not dashes else dashes + name.replace("_", "-")
            raise UsageError(f"{option} and {shown} do not go together")


# --- commands that stand in files of their own -----------------------------------------------------------------------

app.add_typer(trace_app, name="trace")
app.command("walk")(walk_command)
app.command("graph")(graph_command)
app.command("bmc")(bmc_command)
app.command("prove")(prove_command)
app.command("guard")(guard_command)
app.command("diff")(diff_command)
app.command("mutate")(mutate_command)

"""The commands that protect models: ``gomodel guard``, ``gomodel diff`` and ``gomodel mutate``."""

from __future__ import annotations

from typing import Annotated

import typer

from .commands import (
    INCOMPLETE,
    VIOLATED,
    Bounds,
    ComponentName,
    JsonName,
    Scenarios,
    Timeout,
    bounds_of,
    clear_errors,
    json_out,
    seconds_of,
)

VersionName = Annotated[str, typer.Argument(help="A model, FILE.py, or one of them at a git revision: HEAD~1:mutex.")]


def diff_command(
    old: VersionName,
    new: VersionName,
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: Annotated[str, typer.Option(metavar="NAME", help="The preset whose bounds are taken.")] = "quick",
    bug: Annotated[list[str] | None, typer.Option(metavar="ID", help="Switch a bug on, in NEW only.")] = None,
    max_states: Annotated[int, typer.Option(min=1, metavar="N", help="Stop after N pairs of states.")] = 1_000_000,
    timeout: Timeout = None,
    json_file: JsonName = None,
) -> None:
    """Explore two versions of a model together, and show a shortest behaviour that only one of them has.

    What counts is who steps, from which label, with which choices, and what the fields are then; ghosts and locals do
    not.  Exit code 1 where they differ.
    """
    with clear_errors():
        from .guard.versions import compare_versions
        from .output import ProgressLine, page_width, show
        from .run.search import Limits

        limits = Limits(max_states=max_states, timeout=seconds_of(timeout))
        with json_out(json_file) as out, ProgressLine() as watch:
            result = compare_versions(
                old, new, bounds_of(bounds or []), scenario or [], preset, bug or [], limits, watch, page_width()
            )
            if json_file != "-":
                show(result.lines)
            if out:
                out.write(result.to_json())
        code = VIOLATED if result.differ else 0 if result.complete else INCOMPLETE
    raise typer.Exit(code)


def guard_command(
    models: Annotated[list[str] | None, typer.Argument(metavar="[COMPONENT]...", help="Models; all without.")] = None,
    preset: Annotated[str, typer.Option(metavar="NAME", help="The preset whose bounds are taken.")] = "quick",
    since: Annotated[
        str, typer.Option(metavar="REVISION", help="Only models whose spec, or its imports, changed since then.")
    ] = "",
    update: Annotated[bool, typer.Option("--update", help="Write what is seen to the manifest.")] = False,
    baseline: Annotated[str, typer.Option(metavar="FILE", help="The manifest instead of specs/baseline.json.")] = "",
    bugs: Annotated[bool, typer.Option("--bugs/--no-bugs", help="Judge every bug at its own bounds.")] = True,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, metavar="N", help="Models at a time.")] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="For each of a model's two checks.")] = 600.0,
    junit_file: Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    sarif_file: Annotated[str | None, typer.Option("--sarif", metavar="FILE", help="Write SARIF.")] = None,
    github: Annotated[bool, typer.Option("--github", help="Write GitHub annotations and the step summary.")] = False,
    json_file: JsonName = None,
) -> None:
    """Check all models, their bugs and their proofs, and compare what they give with the committed manifest.

    Exit code 1 where a property fails, a bug is not found, or a count differs from the manifest.
    """
    with clear_errors():
        from contextlib import ExitStack
        from pathlib import Path

        from . import catalog
        from .guard import reports
        from .guard.changed import models_changed_since
        from .guard.examine import Examined
        from .guard.guard_text import model_lines, verdict
        from .guard.manifest import default_path, read, write
        from .guard.run import guard
        from .language.errors import UsageError
        from .output import JsonFile, TextFile, page_width, show

        if models and since:
            raise UsageError("models and --since do not go together", mend="--since chooses the models")
        limit = seconds_of(timeout)
        assert limit is not None
        if update and not bugs:
            raise UsageError("--update and --no-bugs do not go together", mend="the manifest knows the bugs, too")
        every = sorted({*catalog.names(), *catalog.proof_names()})
        chosen = models or (models_changed_since(since) if since else every)
        for name in chosen:
            if name not in every:
                catalog.file_of(name)
        path = Path(baseline) if baseline else default_path()
        manifest = read(path)
        quiet = json_file == "-"

        def notify(found: Examined) -> None:
            if not quiet:
                show(model_lines(found, width=page_width()))

        with ExitStack() as stack:  # files that cannot be written are known before anything runs
            out = stack.enter_context(json_out(json_file))
            junit = stack.enter_context(TextFile(junit_file)) if junit_file else None
            sarif = stack.enter_context(JsonFile(sarif_file)) if sarif_file else None
            result = guard(
                chosen, preset, manifest, bugs=bugs, jobs=jobs, seconds=limit, compare=not update,
                baseline=path, notify=notify,
            )  # fmt: skip
            if update and not result.failed:
                entries = manifest.presets.setdefault(preset, {})
                entries.update({found.name: found.entry for found in result.models if found.report})
                for name in set(entries) - set(catalog.names()):
                    del entries[name]
                write(manifest, path)
            if update and result.failed:
                typer.echo("gomodel: the manifest is left as it is", err=True)
            if not quiet:
                show([verdict(result)])
            if github:
                for line in reports.workflow_commands(result):
                    typer.echo(line)
                reports.add_step_summary(result)
            if junit:
                junit.write(reports.junit(result))
            if sarif:
                sarif.write(reports.sarif(result))
            if out:
                out.write(result.to_json())
    raise typer.Exit(VIOLATED if result.failed else 0)


def mutate_command(
    component: ComponentName,
    preset: Annotated[str, typer.Option(metavar="NAME", help="The preset whose bounds are taken.")] = "quick",
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, metavar="N", help="Mutants at a time.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier, interrupted run has judged.")] = False,
    json_file: JsonName = None,
) -> None:
    """Edit the model systematically, one edit at a time: which edits does a declared property notice?

    Exit code 1 where the score is below 85 %, or a survivor has no reason in the reviewed file beside the spec.
    """
    with clear_errors():
        from dataclasses import asdict

        from .guard.mutation import mutate
        from .guard.mutation_text import mutation_lines
        from .output import CountLine, page_width, show

        with json_out(json_file) as out, CountLine("mutants") as watch:
            result = mutate(component, preset, jobs=jobs, fresh=fresh, notify=watch)
            watch.clear()
            if json_file != "-":
                show(mutation_lines(result, width=page_width()))
            if out:
                judged = [asdict(j) for j in result.judged]
                data = {"model": result.model, "preset": preset, "score": result.score, "passed": result.passed}
                out.write({"schema": 1, **data, "mutants": judged, "reasons": result.reasons, "stale": result.stale})
    raise typer.Exit(0 if result.passed else VIOLATED)

"""The commands that protect models: ``gomodel diff``."""

from __future__ import annotations

from typing import Annotated

import typer

from .commands import (
    INCOMPLETE,
    VIOLATED,
    Bounds,
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

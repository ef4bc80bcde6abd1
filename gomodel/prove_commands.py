"""``gomodel bmc`` and ``gomodel prove``."""

from __future__ import annotations

from typing import Annotated

import typer

from .commands import (
    SEVERITY,
    Bounds,
    ComponentName,
    JsonName,
    MaxMemory,
    PresetName,
    Scenarios,
    Timeout,
    bounds_of,
    clear_errors,
    json_out,
    seconds_of,
    size_of,
)

DEPTH = 20
Bugs = Annotated[list[str] | None, typer.Option("--bug", metavar="ID", help="Switch a bug on.")]


def bmc_command(
    component: ComponentName,
    depth: Annotated[int, typer.Option(min=0, metavar="K", help="Look at executions of up to K steps.")] = DEPTH,
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: PresetName = "",
    bug: Bugs = None,
    first: Annotated[bool, typer.Option("--first", help="Stop at the first violation.")] = False,
    max_memory: MaxMemory = None,
    timeout: Timeout = None,
    json_file: JsonName = None,
) -> None:
    """Bounded model checking with Z3: a shortest counterexample of up to K steps, for bounds too large to explore.

    Safety only, and never "ok": what takes more steps is not looked at.
    """
    with clear_errors():
        from . import catalog
        from .language.errors import short_path
        from .output import ProgressLine, page_width, show
        from .report_text import report_lines
        from .run.check import check
        from .run.search import Limits
        from .symbolic.bmc import BoundedEngine
        from .trace.keep import keep

        limits = Limits(None, size_of(max_memory), seconds_of(timeout), first)
        model = catalog.load(component)
        with json_out(json_file) as out:
            with ProgressLine() as watch:
                report = check(
                    model,
                    bounds=bounds_of(bounds or []),
                    scenarios=scenario or [],
                    preset=preset,
                    bugs=bug or [],
                    limits=limits,
                    engine=BoundedEngine(depth),
                    safety_only=True,
                    watch=watch,
                    spec=short_path(str(catalog.source_file(model))),
                    target=component,
                )
                keep(report, model, component)
            if json_file != "-":
                show(report_lines(report, width=page_width()))
            if out:
                out.write(report.to_json())
    raise typer.Exit(report.exit_code)


def prove_command(
    component: Annotated[
        str, typer.Argument(metavar="COMPONENT", help="A proof, or a model whose invariants are tried at its bounds.")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="All proofs, as a table.")] = False,
    bounds: Bounds = None,
    scenario: Annotated[str, typer.Option(metavar="NAME", help="The scenario; else the first.")] = "",
    bug: Bugs = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="LEMMA", help="Leave a lemma out: what is it needed for?")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, metavar="K", help="Induction from K states on end.")] = 1,
    spacer: Annotated[
        bool, typer.Option("--spacer", help="Let Z3 look for an invariant of its own, at small bounds.")
    ] = False,
    timeout: Timeout = None,
    json_file: JsonName = None,
) -> None:
    """Prove a component by induction with Z3: for any number of processes where proofs/ says how, else at bounds.

    Where an induction step fails, a concrete state shows it, and the lemma that is too weak is named.
    """
    with clear_errors():
        from . import catalog
        from .language.errors import UsageError
        from .output import CountLine, page_width, show
        from .symbolic.proofs import SECONDS, prove
        from .symbolic.prove_text import proof_lines, table_lines

        if every == bool(component):
            raise UsageError("which proof?", mend=f"name one, or --all; there are: {', '.join(catalog.proof_names())}")
        names = catalog.proof_names()
        with json_out(json_file) as out:
            results = []
            for name in names if every else [component]:
                model = catalog.proof(name) if name in names else catalog.load(name)
                with CountLine(f"groups of obligations of {model.name}") as progress:
                    found = prove(
                        model,
                        bounds=bounds_of(bounds or []),
                        scenario=scenario,
                        bugs=bug,
                        without=without,
                        k=k,
                        spacer=spacer,
                        target=name,
                        timeout=seconds_of(timeout) or SECONDS,
                        notify=progress,
                    )
                results.append(found)
            code = next(c for c in SEVERITY if c in {r.exit_code for r in results})
            if json_file != "-":
                width = page_width()
                show(table_lines(results, width=width) if every else proof_lines(results[0], width=width))
            if out:
                out.write({"schema": 1, "proofs": [r.to_json() for r in results], "exit_code": code})
    raise typer.Exit(code)

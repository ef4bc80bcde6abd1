"""The command that draws a state space."""

from __future__ import annotations

from typing import Annotated

import typer

from .commands import Bounds, ComponentName, PresetName, bounds_of, clear_errors


def graph_command(
    component: ComponentName,
    bounds: Bounds = None,
    scenario: Annotated[str, typer.Option(metavar="NAME", help="The scenario; the first one by default.")] = "",
    preset: PresetName = "",
    bug: Annotated[list[str] | None, typer.Option(metavar="ID", help="Switch a bug on.")] = None,
    project: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="States that agree on such variables, or on where a process is, are one."),
    ] = None,
    most: Annotated[int, typer.Option("--max-states", min=1, metavar="N", help="Do not draw more states.")] = 3000,
    output: Annotated[str, typer.Option(metavar="FILE", help="Draw it: a name in .svg, .html, .dot or .json.")] = "",
) -> None:
    """Draw the whole state space of a small model, or say in a few lines what it is like."""
    with clear_errors():
        from . import catalog
        from .graph.build import projected, state_graph
        from .graph.writing import summary_lines, written
        from .language.tracer import trace
        from .output import TextFile, page_width, show
        from .run.check import instances

        chosen = [scenario] if scenario else []
        inst = instances(catalog.load(component), bounds_of(bounds or []), chosen, preset, bug or [])[0]
        graph = state_graph(inst, trace(inst, every_kind=False), most)
        if project:
            graph = projected(graph, project)
        where = f", scenario {inst.scenario}" if inst.scenario else ""
        bugs = f", bug {', '.join(sorted(inst.bugs))}" if inst.bugs else ""
        title = f"{inst.model.name}{where}{bugs}"
        if not output:
            show(summary_lines(graph, title, width=page_width()))
            return
        text = written(graph, title, output)
        with TextFile(output) as out:
            out.write(text)

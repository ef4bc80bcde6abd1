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
    most: Annotated[
        int | None, typer.Option("--max-states", min=1, metavar="N", help="Do not draw more; 3000 by default.")
    ] = None,
    output: Annotated[str, typer.Option(metavar="FILE", help="Draw it: a name in .svg, .html, .dot or .json.")] = "",
) -> None:
    """Draw the whole state space of a small model, or say in a few lines what it is like."""
    with clear_errors():
        from contextlib import ExitStack

        from . import catalog
        from .graph.build import MOST, state_graph
        from .graph.writing import summary_lines, writer
        from .language.tracer import trace
        from .output import TextFile, page_width, show
        from .run.check import instances

        chosen = [scenario] if scenario else []
        inst = instances(catalog.load(component), bounds_of(bounds or []), chosen, preset, bug or [])[0]
        where = f", scenario {inst.scenario}" if inst.scenario else ""
        bugs = f", bug {', '.join(sorted(inst.bugs))}" if inst.bugs else ""
        title = f"{inst.model.name}{where}{bugs}"
        with ExitStack() as stack:  # a file that cannot be written is known before anything is explored
            draw, out = (writer(output), stack.enter_context(TextFile(output))) if output else (None, None)
            graph = state_graph(inst, trace(inst, every_kind=False), most or MOST, project or [])
            if draw and out:
                out.write(draw(graph, title))
            else:
                show(summary_lines(graph, title, width=page_width()))

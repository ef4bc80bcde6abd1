"""The commands on stored traces: ``gomodel trace …``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .commands import (
    INCOMPLETE,
    Bounds,
    ComponentName,
    JsonName,
    PresetName,
    Scenarios,
    bounds_of,
    clear_errors,
    json_out,
    seconds_of,
)

if TYPE_CHECKING:
    from .trace.playback import Playback

trace_app = typer.Typer(
    help="Look at the executions that checks have found; they are kept in .gomodel/traces.", no_args_is_help=True
)

TraceName = Annotated[
    str,
    typer.Argument(
        metavar="TRACE",
        help="An id or its beginning, a model (its newest trace), or a file.",
        show_default="the newest",
    ),
]


def playback_of(name: str) -> Playback:
    """The trace called ``name``, run by the model as it is today; says so where the spec has changed since."""
    from .trace.playback import resume
    from .trace.store import find

    playback = resume(find(name))
    if playback.note:
        typer.echo(f"gomodel: {playback.note}", err=True)
    return playback


@trace_app.command("list")
def list_command(json_file: JsonName = None) -> None:
    """List the stored traces, the newest first."""
    with clear_errors():
        from .language.errors import UsageError
        from .output import page_width, show
        from .trace.listing import listing_lines, row
        from .trace.store import Stored, files, read

        known: list[Stored] = []
        for path in files():
            try:
                known.append(read(path))
            except UsageError as error:
                typer.echo(f"gomodel: {error}", err=True)
        with json_out(json_file) as out:
            if json_file != "-":
                show(listing_lines(known, width=page_width()))
            if out:
                out.write({"schema": 1, "traces": [row(stored) for stored in known]})


@trace_app.command("show")
def show_command(
    name: TraceName = "",
    variables: Annotated[
        list[str] | None,
        typer.Option("--vars", metavar="PATTERN", help="Only changes of these variables, such as mutex.word.*"),
    ] = None,
    processes: Annotated[
        list[str] | None, typer.Option("--process", metavar="NAME", help="Only steps of this process or rule.")
    ] = None,
    relevant: Annotated[bool, typer.Option("--relevant", help="Only steps that the violation depends on.")] = False,
    lanes: Annotated[
        bool | None, typer.Option("--lanes/--turns", help="A lane for each process, or a heading for each turn.")
    ] = None,
    steps: Annotated[str, typer.Option(metavar="FROM-TO", help="Only these steps, such as 20-30.")] = "",
    full: Annotated[bool, typer.Option("--full", help="The whole state after every step.")] = False,
    json_file: JsonName = None,
) -> None:
    """Show a trace as text: turns of one process, what each step changed, and what is violated."""
    with clear_errors():
        from .output import page_width, show
        from .run.report import counterexample_json
        from .trace.show import counterexample_lines
        from .trace.steps import View

        playback = playback_of(name)
        cex = playback.counterexample
        first, last = _range(steps, len(cex.steps))
        known_processes(playback, processes or [])
        known_variables(playback, variables or [])
        states = [playback.run.cells(k) for k in range(1, len(playback.run.states))] if full else []
        view = View(lanes, tuple(variables or ()), tuple(processes or ()), relevant, first, last, states=states)
        with json_out(json_file) as out:
            if json_file != "-":
                show(counterexample_lines(cex, width=page_width(), view=view))
            if out:
                out.write({"schema": 1, "model": playback.inst.model.name, **counterexample_json(cex)})


@trace_app.command("browse")
def browse_command(name: TraceName = "") -> None:
    """Step through a trace in the terminal: state, Go source, and what else could have happened.

    Any step that was possible can be taken instead, to go on from there. Press ? for the keys.
    """
    with clear_errors():
        from .trace.browser import browse, need_terminal

        need_terminal("gomodel trace browse", f"`{f'gomodel trace show {name}'.rstrip()}` writes it as text")
        browse(playback_of(name))


def walk_command(
    component: ComponentName,
    bounds: Bounds = None,
    scenario: Scenarios = None,
    preset: PresetName = "",
    bug: Annotated[list[str] | None, typer.Option(metavar="ID", help="Switch a bug on.")] = None,
) -> None:
    """Walk through a model in the terminal: from an initial state, one step after another.

    The browser of `gomodel trace browse`; what was walked can be stored there.
    """
    with clear_errors():
        from . import catalog
        from .run.check import instances
        from .trace.browser import need_terminal, walk

        need_terminal("gomodel walk", "`gomodel trace show` writes what a check has found as text")
        model = catalog.load(component)
        walk(instances(model, bounds_of(bounds or []), scenario or [], preset, bug or []), component)


def _range(text: str, steps: int) -> tuple[int, int | None]:
    """``20-30``, ``20-``, ``-30`` or ``20``."""
    from .language.errors import UsageError

    low, dash, high = text.partition("-")
    try:
        first = int(low or 1)
        last = (int(high) if high else None) if dash or not text else first
    except ValueError:
        raise UsageError(f"--steps {text} is not a range", mend="write FROM-TO, such as 20-30, 20- or -30") from None
    if not 1 <= first <= max(steps, 1) or (last is not None and last < first):
        raise UsageError(f"--steps {text} shows nothing: there are steps 1 to {steps}")
    return first, last


def known_processes(playback: Playback, names: list[str]) -> None:
    """Raises UsageError for a process or rule that the model does not have."""
    from .language.errors import UsageError, suggestion

    known = [*playback.run.runner.processes, *playback.run.runner.rules]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no process {name}", mend=suggestion(name, known, "there are"))


def known_variables(playback: Playback, patterns: list[str]) -> None:
    """Raises UsageError for a pattern that fits nothing in any state."""
    from .language.errors import UsageError, suggestion
    from .trace.steps import matches

    known = list(dict.fromkeys(cell for k in range(len(playback.run.states)) for cell in playback.run.cells(k)))
    for pattern in patterns:
        if not any(matches(name, [pattern]) for name in known):
            raise UsageError(f"no variable fits {pattern}", mend=suggestion(pattern, known, "there are"))


@trace_app.command("open")
def open_command(
    name: TraceName = "",
    output: Annotated[
        str, typer.Option(metavar="FILE", help="Where to; - is standard output.", show_default=".gomodel/pages/ID.html")
    ] = "",
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Show the page in the browser.")] = True,
) -> None:
    """Make a trace a web page, one file that needs nothing else, and show it in the browser."""
    with clear_errors():
        from .output import TextFile
        from .trace.html import page, page_file, show_in_browser

        playback = playback_of(name)
        path = output or str(page_file(playback))
        with TextFile(path) as out:
            out.write(page(playback))
        if path != "-":
            shown = browser and show_in_browser(path)
            typer.echo(f"{path}: {'it is shown in' if shown else 'open it in'} a web browser")


@trace_app.command("export")
def export_command(
    name: TraceName = "",
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="itf, dot, mermaid, json, csv or python.")
    ] = "json",
    output: Annotated[str, typer.Option(metavar="FILE", help="Where to; - is standard output.")] = "-",
) -> None:
    """Write a trace for other tools: ITF (Apalache, Quint), DOT, Mermaid, JSON, CSV, or a script that replays it."""
    with clear_errors():
        from .language.errors import UsageError, suggestion
        from .output import TextFile
        from .trace.export import FORMATS, exported

        if form not in FORMATS:
            raise UsageError(f"there is no format {form!r}", mend=suggestion(form, FORMATS, "there are"))
        playback = playback_of(name)
        with TextFile(output) as out:
            out.write(exported(playback, form))


@trace_app.command("shrink")
def shrink_command(
    name: TraceName = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to try.")] = 60.0,
) -> None:
    """Leave out steps that a trace does not need: of lassos, and of executions from simulation and walks.

    What a check finds of safety is shortest already.  The shorter trace is stored beside the other one.
    """
    with clear_errors():
        from .trace.shrink import shrink
        from .trace.store import save

        playback = playback_of(name)
        found = shrink(playback, seconds_of(timeout) or 60.0)
        before, after = len(playback.trace), len(found.playback.trace)
        if after == before:
            typer.echo(f"none of the {before} steps can be left out alone; {found.tried} shorter traces were tried")
        else:
            stored = found.playback.to_store()
            save(stored)
            typer.echo(f"{before} steps became {after}: gomodel trace show {stored.id}")
        if not found.whole:
            typer.echo(f"stopped after {timeout:g} s; there may be shorter ones", err=True)
            raise typer.Exit(INCOMPLETE)


@trace_app.command("diff")
def diff_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A trace, as for `show`.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another trace of the same model.")],
) -> None:
    """Align two traces of a model, a failing and a passing one say: where they part, and what differs then."""
    with clear_errors():
        from .output import page_width, show
        from .trace.alignment import difference_lines

        show(difference_lines(playback_of(old), playback_of(new), width=page_width()))

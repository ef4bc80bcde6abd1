"""The commands on stored traces: ``gomodel trace …``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .commands import JsonName, clear_errors, json_out

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
def show_command(name: TraceName = "", json_file: JsonName = None) -> None:
    """Show a trace as text: turns of one process, what each step changed, and what is violated."""
    with clear_errors():
        from .output import page_width, show
        from .run.report import counterexample_json
        from .trace.show import counterexample_lines

        playback = playback_of(name)
        with json_out(json_file) as out:
            if json_file != "-":
                show(counterexample_lines(playback.counterexample, width=page_width()))
            if out:
                data = counterexample_json(playback.counterexample)
                out.write({"schema": 1, "model": playback.inst.model.name, **data})

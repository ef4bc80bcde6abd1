"""What the commands share: exit codes, options, and how a user's error is told."""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .output import JsonFile

ERROR, VIOLATED, INCOMPLETE, VACUOUS = 2, 1, 3, 4
SEVERITY = (ERROR, VIOLATED, VACUOUS, INCOMPLETE, 0)  # of several exit codes, the first in this order applies


@contextmanager
def clear_errors() -> Iterator[None]:
    """A user's error becomes one message and exit code 2; a defect of gomodel keeps its stack trace and says so."""
    from .language.errors import GomodelError

    try:
        yield
    except GomodelError as error:
        typer.echo(f"gomodel: {error}", err=True)
        raise typer.Exit(ERROR) from None
    except KeyboardInterrupt:
        typer.echo("gomodel: interrupted before there was a result", err=True)
        raise typer.Exit(INCOMPLETE) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception:
        traceback.print_exc()
        typer.echo("gomodel: this is a defect of gomodel itself, not of the model; please report it", err=True)
        raise typer.Exit(ERROR) from None


# What several commands take.
ComponentName = Annotated[
    str, typer.Argument(metavar="COMPONENT", help="A model of `gomodel list`, or FILE.py[:CLASS].")
]
JsonName = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON; - is standard output.")
]
Bounds = Annotated[list[str] | None, typer.Option("-b", "--bound", metavar="NAME=VALUE", help="Set a bound.")]
Scenarios = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Explore this scenario instead of the default ones.")
]
PresetName = Annotated[str, typer.Option(metavar="NAME", help="Take the bounds of a preset, such as quick.")]
MaxStates = Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after N states.")]
MaxMemory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Stop before this much memory is used, such as 8G or 500M.")
]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="Stop after this time.")]
EngineName = Annotated[str, typer.Option(metavar="NAME", help="The engine that explores.")]


def bounds_of(settings: list[str]) -> dict[str, str]:
    from .language.errors import UsageError

    found: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals and value):
            raise UsageError(f"-b {setting} sets nothing", mend="write -b NAME=VALUE, such as -b goroutines=3")
        if name in found:
            raise UsageError(f"bound {name} is set twice")
        found[name] = value
    return found


def size_of(text: str | None) -> int | None:
    """Bytes: a number with K, M, G or T behind it."""
    from .language.errors import UsageError

    if text is None:
        return None
    number, unit = text[:-1], text[-1:].upper()
    try:
        size = int(float(number) * 1024 ** ("KMGT".index(unit) + 1))
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise UsageError(f"--max-memory {text} is not a size", mend="write a number and K, M, G or T, such as 8G")
    return size


def seconds_of(timeout: float | None, option: str = "--timeout") -> float | None:
    from .language.errors import UsageError

    if timeout is not None and not (timeout > 0 and math.isfinite(timeout)):
        raise UsageError(f"{option} {timeout:g} is not a number of seconds above 0")
    return timeout


@contextmanager
def json_out(name: str | None) -> Iterator[JsonFile | None]:
    if name is None:
        yield None
        return
    from .output import JsonFile

    with JsonFile(name) as out:
        yield out

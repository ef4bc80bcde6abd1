"""``python -m benchmarks``: measures every case, one after the other, and prints tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gomodel.output import JsonFile

from . import machine, tables
from .cases import FULL, LIVE, QUICK, QUICK_LIVE, Case
from .measuring import Start, apart, measure, measure_liveness, started


def main(
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="This case, or all of this model.")] = None,
    repeat: Annotated[int, typer.Option(min=1, metavar="N", help="Warm searches; the best counts.")] = 3,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write what was measured as JSON, too.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small bounds: does it work, not how fast is it.")] = False,
) -> None:
    """Measure the compiled engine on this machine; see docs/performance.md for what the figures mean."""
    searches, live = (QUICK, QUICK_LIVE) if quick else (FULL, LIVE)
    _check(only or [], (*searches, *live))
    cases, live = _chosen(searches, only or []), _chosen(live, only or [])
    facts = {**machine.facts(), "load before": machine.load()}
    with TemporaryDirectory() as folder:
        results = [apart(measure, case, Path(folder), repeat) for case in _announced(cases)]
        lived = [apart(measure_liveness, case, Path(folder), repeat) for case in _announced(live)]
    commands = list(_starts(repeat, quick=quick))
    facts["load after"] = machine.load()
    _print(
        tables.machine(facts),
        tables.sizes(results),
        tables.searches(results),
        tables.preparations(results),
        tables.liveness(lived),
        tables.starts(commands),
    )
    if json_file:
        with JsonFile(json_file) as out:
            parts = {"cases": results, "liveness": lived, "commands": commands}
            data = {name: [*map(asdict, rows)] for name, rows in parts.items()}  # type: ignore[call-overload]
            out.write({"schema": 1, "machine": facts, **data})


def _check(names: list[str], cases: Iterable[Case]) -> None:
    known = dict.fromkeys(case.name for case in cases)
    for name in names:
        if name not in {*known, *(n.partition("-")[0] for n in known)}:
            raise typer.BadParameter(f"there is no case {name}; there are: {', '.join(known)}")


def _chosen(cases: Iterable[Case], names: list[str]) -> list[Case]:
    return [c for c in cases if not names or c.name in names or c.name.partition("-")[0] in names]


def _announced(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        typer.echo(f"{case.name} …", err=True)
        yield case


def _starts(repeat: int, *, quick: bool) -> Iterator[Start]:
    """The best of several, but for what happens only once."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        yield _best(repeat, "gomodel --help", folder, "--help")
        if not quick:
            yield started("gomodel check mutex, the very first time", folder, "check", "mutex")
            yield _best(repeat, "gomodel check mutex", folder, "check", "mutex")


def _best(repeat: int, name: str, folder: Path, *arguments: str) -> Start:
    return min((started(name, folder, *arguments) for _ in range(repeat)), key=lambda s: s.seconds)


def _print(*all_tables: Table) -> None:
    """As wide as they are, so that a pipe gets them whole."""
    console = Console(width=1000, markup=False)
    with console.capture() as capture:
        for table in all_tables:
            console.print(table)
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="python -m benchmarks")

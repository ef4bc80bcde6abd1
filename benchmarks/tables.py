"""Results as tables, in Markdown: docs/performance.md has them as they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import MARKDOWN
from rich.table import Table
from rich.text import Text

from .measuring import Live, Result, Start

FEW = 100_000  # states: the time and memory of fewer are mostly those of the first pages and buffers


def machine(facts: dict[str, str]) -> Table:
    return _table(("machine", ""), facts.items(), left=2)


def sizes(results: Iterable[Result]) -> Table:
    """What was explored."""
    columns = ("case", "bounds", "W", "states", "transitions", "depth")
    return _table(
        columns,
        ((r.case.name, _bounds(r), str(r.words), f"{r.states:,}", f"{r.transitions:,}", str(r.depth)) for r in results),
        left=2,
    )


def searches(results: Iterable[Result]) -> Table:
    """CPU seconds, millions of transitions in one, and memory; ``system`` and ``faults`` are those of ``cold``."""
    columns = ("case", "cold s", "warm s", "cold M/s", "warm M/s", "system s", "faults", "bytes/state", "8·W+28")
    return _table(columns, map(_search, results))


def preparations(results: Iterable[Result]) -> Table:
    """CPU seconds before the first search of a model."""
    columns = ("case", "tracing", "text", "program", "kernel", "sum", "Numba, once")
    return _table(columns, map(_preparation, results))


def liveness(results: Iterable[Live]) -> Table:
    """The search for fair cycles; M/s are millions of states a second and promise, bytes those beside the states."""
    columns = ("case", "promises", "violated", "states", "steps", "s", "M/s", "bytes/state")
    return _table(columns, map(_live, results))


def starts(commands: Iterable[Start]) -> Table:
    return _table(("command", "s"), ((c.command, f"{c.seconds:.2f}") for c in commands))


def _search(r: Result) -> Sequence[str]:
    figures = [
        f"{r.transitions / r.cold.seconds / 1e6:.1f}",
        f"{r.transitions / r.warm.seconds / 1e6:.1f}",
        f"{r.cold.system:.3f}",
        f"{r.cold.faults:,}",
        f"{r.memory / r.states:.1f}",
    ]
    if r.states < FEW:
        figures = ["–"] * len(figures)
    return r.case.name, f"{r.cold.seconds:.3f}", f"{r.warm.seconds:.3f}", *figures, str(8 * r.words + 28)


def _live(r: Live) -> Sequence[str]:
    rate = f"{r.states * r.promises / r.seconds / 1e6:.1f}" if r.states >= FEW and not r.violated else "–"
    counts = (str(r.promises), str(r.violated), f"{r.states:,}", f"{r.steps:,}")
    return r.case.name, *counts, f"{r.seconds:.3f}", rate, f"{r.memory / r.states:.1f}"


def _preparation(r: Result) -> Sequence[str]:
    parts = [r.tracing, *(r.making.get(piece, 0.0) for piece in ("text", "program", "kernel"))]
    numba = f"{r.making['numba']:.2f}" if "numba" in r.making else ""
    return r.case.name, *(f"{seconds:.2f}" for seconds in (*parts, sum(parts))), numba


def _bounds(r: Result) -> str:
    return ", ".join(f"{name}={value}" for name, value in r.case.bounds.items())


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Table:
    table = Table(box=MARKDOWN)
    for at, name in enumerate(columns):
        table.add_column(name, justify="left" if at < left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table

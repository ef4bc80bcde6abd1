"""Write barriers: which of them lose objects, and how soon, as other checkers and small sums have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gomodel import catalog
from gomodel.run.comparison import compare

MBARRIER = catalog.load("mbarrier")
BEFORE, AFTER = 5, 3  # steps to build the heap and stop the world; to stop it again and free


def table(scenarios: list[str] | None = None, **bounds: Any) -> dict[str, Any]:
    """Scenario → property → length of a counterexample, None where it holds."""
    found = compare(MBARRIER, bounds={n: str(v) for n, v in bounds.items()}, scenarios=scenarios)
    assert found.exit_code == 0
    rows = {}
    for row in found.rows:
        cells = dict(zip(found.columns, row.cells, strict=True))
        rows[row.scenario] = {name: cell.length for name, cell in cells.items() if cell}
    return rows


def test_what_is_lost_is_lost_as_soon_as_an_independent_checker_found() -> None:
    """Another exhaustive search, of two objects: five steps from the start, and four if new ones are white."""
    rows = table(objects=2, registers=1)
    lost = {s: cells["nothing_in_use_is_freed"] for s, cells in rows.items() if cells["nothing_in_use_is_freed"]}
    known = {"none": 5, "dijkstra": 5, "grey": 5, "any": 5, "white": 4}
    assert lost == {scenario: BEFORE + steps + AFTER for scenario, steps in known.items()}
    sound = {"rescan", "first", "snapshot", "documented", "four", "go", "go in four", "buffered", "saving"}
    assert rows.keys() == known.keys() | sound


def test_weak_and_strong_tell_barriers_apart() -> None:
    """A hybrid barrier keeps the weak invariant, insertion the strong one."""
    rows = table(scenarios=["rescan", "snapshot", "documented", "go"])
    kept = {s: {name for name, length in cells.items() if length is None} for s, cells in rows.items()}
    safe = {"nothing_in_use_is_freed"}
    assert kept["rescan"] == safe | {"strong_tricolour"}
    assert kept["snapshot"] == kept["documented"] == safe | {"weak_tricolour", "snapshot_is_kept"}
    assert kept["go"] == safe | {"weak_tricolour", "snapshot_is_kept", "strong_tricolour"}


@pytest.mark.parametrize(
    ("bounds", "lost"),
    [
        ({"objects": 2}, False),
        ({"registers": 1}, False),
        ({"registers": 2}, True),  # a new object, black, takes the pointer before the stack is scanned
        ({"objects": 2, "registers": 1, "mutators": 2}, True),  # one stack sends it to another
    ],
)
def test_deletion_needs_all_stacks_at_once(bounds: dict[str, int], lost: bool) -> None:
    """docs/findings/yuasa-stacks.md"""
    first = table(scenarios=["first"], **bounds)["first"]
    assert (first["nothing_in_use_is_freed"] is not None) == lost
    assert table(scenarios=["snapshot"], **bounds)["snapshot"]["nothing_in_use_is_freed"] is None


@pytest.mark.slow
def test_the_finding_shows_the_table() -> None:
    """docs/findings/yuasa-stacks.md"""
    text = (Path(__file__).parents[2] / "docs" / "findings" / "yuasa-stacks.md").read_text()
    shown = [
        [cell.strip() for cell in line.strip("|").split("|")][1:] for line in text.splitlines() if line[:2] == "| "
    ]
    rows = [[str(length or "holds") for length in cells.values()] for cells in table().values()]
    assert sorted(shown[1:]) == sorted(rows)

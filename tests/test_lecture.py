"""The table of the lecture's claims: what it refers to exists, and every claim has a verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gomodel import catalog
from gomodel.run.check import describe

TEXT = (Path(__file__).parent.parent / "docs" / "lecture.md").read_text()
NAMED = sorted(
    (of, name) for of, name in set(re.findall(r"`([a-z0-9]+)/([a-z0-9_.]+)`", TEXT)) if of in catalog.names()
)
VERDICTS = ("checked", "source", "refuted", "imprecise", "open", "gone", "the same", "same algorithm", "not looked up")


@pytest.mark.parametrize("model", sorted({model for model, _ in NAMED}))
def test_properties_exist(model: str) -> None:
    told = describe(catalog.load(model))
    known = {entry["name"] for entry in (*told["properties"], *told["witnesses"])}
    assert {name for of, name in NAMED if of == model} - known == set()


def test_every_claim_has_verdicts() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| claim")]
    assert len(rows) > 35
    for row in rows:
        claim, old, new, settled = (cell.strip() for cell in row.strip("|").split(" | "))
        assert old.startswith(VERDICTS), claim
        assert new.startswith(VERDICTS), claim
        assert settled

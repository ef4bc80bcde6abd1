"""The programs in examples/ hold as they stand, and each of their mistakes is found by what it breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gomodel import catalog, weak
from gomodel.run.check import check, check_bugs
from gomodel.run.report import Exit

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_the_program_is_right(file: Path) -> None:
    assert check(catalog.load(str(file))).exit_code == Exit.OK


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_its_mistakes_are_found(file: Path) -> None:
    results = check_bugs(catalog.load(str(file)))
    assert results
    assert [r.bug for r in results if not r.passed] == []


def test_who_spins_for_ever_is_no_deadlock() -> None:
    """It always moves: only the promise that it ends shows the mistake."""
    model = catalog.load(str(EXAMPLES[0].with_name("spinning.py")))
    assert {c.property for c in check(model, bugs=["silent"]).counterexamples} == {"spinner_returns"}


def test_who_spins_must_let_the_other_one_have_the_lock() -> None:
    """examples/spinning.py: weak fairness of the worker does not suffice, as the lock is taken again and again."""
    model = catalog.load(str(EXAMPLES[0].with_name("spinning.py")))
    impatient = type("Impatient", (model,), {"fairness": (weak("worker"), weak("spinner"))})
    assert {c.property for c in check(impatient).counterexamples} == {"spinner_returns"}


def test_a_lock_held_while_a_channel_is_used() -> None:
    """Whoever comes first waits with the lock held, and the other one for the lock."""
    model = catalog.load(str(EXAMPLES[0].with_name("lock_and_channel.py")))
    (stuck,) = [c for c in check(model, bugs=["inside"]).counterexamples if c.kind == "deadlock"]
    assert dict(stuck.end and [(c.variable, c.new) for c in stuck.end])["mu.word.locked"] == "1"
    assert len(stuck.blocked) == 2

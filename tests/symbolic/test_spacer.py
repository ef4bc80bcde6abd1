"""Invariants that Spacer finds: each state that is reached satisfies them, and what is false gets none."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.symbolic.induction import Unknown
from gomodel.symbolic.proofs import PROVED, REFUTED, prove
from gomodel.symbolic.spacer import FOUND, VIOLATED, invent
from tests.conftest import Run
from tests.small import model

EVEN = """
def state(self):
    self.a = Int(0, 20)
    self.b = Int(0, 20)

@rule
def both(self):
    require(self.a < 20)
    self.a += 1
    self.b += {by}

@invariant
def equal(self):
    return self.a >= self.b
"""


def test_an_invariant_is_found() -> None:
    """That a ≥ b does not keep b in its domain: what is found must say more."""
    answer = invent(trace(instance(model(EVEN.format(by=1)))), ["equal"], 60)
    assert answer.verdict == FOUND
    assert answer.parts


def test_what_is_false_has_none() -> None:
    answer = invent(trace(instance(model(EVEN.format(by=2)))), ["equal"], 60)
    assert (answer.verdict, answer.parts) == (VIOLATED, [])
    assert prove(model(EVEN.format(by=2)), spacer=True).verdict == REFUTED


def test_what_it_says_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invariant that is none is not believed."""
    import z3

    monkeypatch.setattr(z3.Fixedpoint, "get_cover_delta", lambda *_: z3.BoolVal(True))
    with pytest.raises(Unknown, match="does not pass the check"):
        invent(trace(instance(model(EVEN.format(by=1)))), ["equal"], 60)


def test_a_shipped_model(run: Run) -> None:
    assert prove(catalog.load("storebuffer"), spacer=True).verdict == PROVED
    code, out, _ = run("prove", "storebuffer", "--spacer")
    assert code == 0
    assert "the invariant that Spacer found" in out

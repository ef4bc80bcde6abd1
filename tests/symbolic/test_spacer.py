"""Invariants that Spacer finds: each state that is reached satisfies them, and what is false gets none."""

from __future__ import annotations

import time

import pytest

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.symbolic import spacer
from gomodel.symbolic.proofs import PROVED, VIOLATED, prove
from gomodel.symbolic.solving import Unknown
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


def invented(by: int) -> spacer.Answer:
    system = trace(instance(model(EVEN.format(by=by))))
    return spacer.invent(system, [system.properties["equal"]], [], time.monotonic() + 60)


def test_an_invariant_is_found() -> None:
    """That a ≥ b does not keep b in its domain: what is found must say more."""
    answer = invented(1)
    assert answer.verdict == spacer.FOUND
    assert answer.parts


def test_what_is_false_has_none() -> None:
    answer = invented(2)
    assert (answer.verdict, answer.parts) == (spacer.VIOLATED, [])
    assert prove(model(EVEN.format(by=2)), spacer=True).verdict == VIOLATED


def test_what_it_says_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invariant that is none is not believed."""
    import z3

    monkeypatch.setattr(z3.Fixedpoint, "get_cover_delta", lambda self, *_: z3.BoolVal(True, self.ctx))
    with pytest.raises(Unknown, match="the second check does not agree: the invariant that Spacer found"):
        invented(1)


def test_a_shipped_model(run: Run) -> None:
    assert prove(catalog.load("storebuffer"), spacer=True).verdict == PROVED
    code, out, _ = run("prove", "storebuffer", "--spacer")
    assert code == 0
    assert "the invariant that Spacer found" in out


def test_steps_are_judged_too() -> None:
    """Each state is fine, and the step between them is not."""
    body = """
def state(self):
    self.a = Int(0, 4)

@rule
def up(self):
    require(self.a + {by} <= 4)
    self.a += {by}

@step_invariant
def by_one(self, before):
    return self.a == before.a + 1
"""
    stated = 'proof = Proof("s", proves=("by_one",))\n'
    found = [prove(model(stated + body.format(by=by)), spacer=True).verdict for by in (1, 2)]
    assert found == [PROVED, VIOLATED]

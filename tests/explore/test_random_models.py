"""Random models: machine code finds the same states, in the same order, and the same verdicts as plain Python."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.search import Exploration
from tests.explore.comparing import compare
from tests.random_models import REFUSED, write_model
from tests.small import load, unless_refused

randoms = st.randoms(use_true_random=False)


def agree(text: str) -> Exploration | None:
    """Explore the model of ``text`` by both engines; None where the language refuses it for a known reason."""
    inst = instance(load(text))
    system = unless_refused(lambda: trace(inst), REFUSED)
    if system is None:
        return None
    return compare(system)


@given(randoms)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_the_engines_agree(rng: random.Random) -> None:
    text = write_model(rng)
    note(text)
    found = agree(text)
    assume(found is not None)
    assert found is not None
    event("has a violation" if found.violations else "has no violation")
    event("has a model error" if found.errors else "has no model error")


@pytest.mark.parametrize("block", range(5))
def test_the_engines_agree_on_seeded_models(block: int) -> None:
    for seed in range(30 * block, 30 * (block + 1)):
        text = write_model(random.Random(seed))
        try:
            agree(text)
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference


@pytest.mark.slow
def test_the_engines_agree_on_many_seeded_models() -> None:
    for seed in range(2000):
        text = write_model(random.Random(seed))
        try:
            agree(text)
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference

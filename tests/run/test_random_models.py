"""Random models: the traced system and CPython agree in every state, and the reference engine counts the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from tests.agreement import Explored, compare
from tests.random_models import REFUSED, write_model
from tests.small import load, unless_refused

randoms = st.randoms(use_true_random=False)


def agree(text: str, max_states: int) -> Explored | None:
    """Compare the model of ``text`` with CPython; None where the language refuses it for a known reason."""
    inst = instance(load(text))
    system = unless_refused(lambda: trace(inst), REFUSED)
    if system is None:
        return None
    return compare(inst, system, max_states=max_states)


def drawn(rng: random.Random, max_states: int) -> None:
    text = write_model(rng)
    note(text)
    found = agree(text, max_states)
    assume(found is not None)
    assert found is not None
    event("explored completely" if found.complete else "explored in part")
    event("has a deadlock" if found.deadlock is not None else "has no deadlock")
    event("has a model error" if found.errors else "has no model error")


@given(randoms)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_cpython_and_the_traced_system_agree(rng: random.Random) -> None:
    drawn(rng, max_states=60)


@pytest.mark.parametrize("block", range(8))
def test_seeded_models_agree(block: int) -> None:
    # Drawn without Hypothesis, whose draws lean to small models: these are wider.
    for seed in range(40 * block, 40 * (block + 1)):
        text = write_model(random.Random(seed))
        try:
            agree(text, max_states=60)
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference


def test_the_models_are_worth_comparing() -> None:
    # What the generator is for: most models are accepted, and deadlocks, fatals, model errors and false invariants
    # all occur in a few dozen.
    found = [agree(write_model(random.Random(seed)), max_states=40) for seed in range(1000, 1060)]
    kept = [f for f in found if f is not None]
    assert len(kept) > 50
    assert sum(f.complete and len(f.states) > 4 for f in kept) > 10
    assert any(f.deadlock is not None for f in kept)
    assert any(f.errors for f in kept)
    assert any(f.fatals for f in kept)
    assert any(f.false for f in kept)
    assert any(f.depth > 4 for f in kept)


@pytest.mark.slow
@given(randoms)
@settings(max_examples=5000, derandomize=False, suppress_health_check=list(HealthCheck))
def test_many_more_models_agree(rng: random.Random) -> None:
    drawn(rng, max_states=300)


@pytest.mark.slow
def test_many_more_seeded_models_agree() -> None:
    for seed in range(5000):
        text = write_model(random.Random(seed))
        try:
            agree(text, max_states=100)
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference

"""Random models: the traced system and CPython agree in every state, and the reference engine counts the same.

Random terms: the code that the reference engine runs means what the term means.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from tests.agreement import compare
from tests.random_models import REFUSED, load, write_model

randoms = st.randoms(use_true_random=False)


def agree(rng: random.Random, max_states: int) -> None:
    """Write a model, trace it, and compare it with CPython."""
    text = write_model(rng)
    note(text)
    inst = instance(load(text))
    try:
        system = trace(inst)
    except SpecError as error:
        event("refused")
        assume(not any(reason in error.message for reason in REFUSED))
        raise
    found = compare(inst, system, max_states=max_states)
    event("complete" if found.complete else "truncated")
    event("with a deadlock" if found.deadlock is not None else "without a deadlock")
    event("with an error" if found.errors else "without an error")


@given(randoms)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_cpython_and_the_traced_system_agree(rng: random.Random) -> None:
    agree(rng, max_states=60)


@pytest.mark.parametrize("block", range(8))
def test_seeded_models_agree(block: int) -> None:
    # Drawn without Hypothesis, whose draws lean to small models: these are wider.
    for seed in range(25 * block, 25 * (block + 1)):
        text = write_model(random.Random(seed))
        inst = instance(load(text))
        try:
            system = trace(inst)
        except SpecError as error:
            if any(reason in error.message for reason in REFUSED):
                continue
            raise
        try:
            compare(inst, system, max_states=60)
        except AssertionError as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference


@pytest.mark.slow
@given(randoms)
@settings(max_examples=5000, derandomize=False, suppress_health_check=list(HealthCheck))
def test_many_more_models_agree(rng: random.Random) -> None:
    agree(rng, max_states=300)

"""Liveness: both engines judge alike, and show the very same lasso."""

from __future__ import annotations

import random

import pytest

from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.search import Exploration
from tests.explore.comparing import compare, lassos
from tests.models import fair, fair_small
from tests.random_fairness import REFUSED, write_model
from tests.small import load, model, unless_refused

CLASSICS = [
    found
    for module in (fair, fair_small)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Model) and found.__module__ == module.__name__
]


@pytest.mark.parametrize("of", CLASSICS, ids=lambda of: of.name)
def test_the_engines_agree_on_classics(of: type[Model]) -> None:
    assert compare(trace(instance(of))).open


def agree(seed: int) -> Exploration | None:
    """None where the language refuses the model for a known reason."""
    text = write_model(random.Random(seed))
    try:
        return unless_refused(lambda: compare(trace(instance(load(text)))), REFUSED)
    except Exception as difference:
        raise AssertionError(f"seed {seed}:\n{text}") from difference


@pytest.mark.parametrize("block", range(4))
def test_the_engines_agree_on_random_models(block: int) -> None:
    found = [agree(seed) for seed in range(50 * block, 50 * (block + 1))]
    cycles = [t for f in found if f for t in lassos(f)["traces"].values()]
    assert sum(t.cycle < len(t) for t in cycles) > 10
    assert sum(t.cycle == len(t) for t in cycles) > 10


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_the_engines_agree_on_many_random_models(block: int) -> None:
    for seed in range(1000 + 200 * block, 1000 + 200 * (block + 1)):
        agree(seed)


def test_of_regions_that_are_equally_near_the_first_one_found_is_shown() -> None:
    # Two initial states, in each of which nothing need happen; from the first a step leads to the second.
    system = trace(
        instance(
            model("""
def state(self):
    self.n = Int(0, 2)

def init(self):
    self.n = choose(0, 1)

@process()
def p(self, g):
    while True:
        yield step("go", rest=True)
        self.n = 1

@eventually(under=[])
def never(self):
    return self.n == 2
""")
        )
    )
    assert compare(system).violations["never"].trace.init == (0,)

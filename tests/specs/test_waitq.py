"""The pointers of a channel's wait queue: how many states there are."""

from __future__ import annotations

from math import factorial

import pytest

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.search import Limits


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_states_are_as_many_as_there_are_lines(n: int) -> None:
    """Of n sudogs k stand in line, in any order; each of them waits or has lost, each of the others is free or has."""
    lines = sum(factorial(n) // factorial(n - k) for k in range(n + 1))
    found = CompiledEngine().explore(trace(instance(catalog.load("waitq"), "", {"sudogs": n})), Limits())
    assert found.states == 2**n * lines

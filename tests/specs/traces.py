"""The shipped specs, traced once for all tests of a run."""

from __future__ import annotations

from functools import cache

from gomodel import catalog
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.check import instances


@cache
def systems(name: str) -> tuple[TransitionSystem, ...]:
    """Of each default scenario of a model, without the steps that nobody takes."""
    return tuple(trace(inst, every_kind=False) for inst in instances(catalog.load(name)))

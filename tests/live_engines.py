"""The engines that judge liveness, and models given to them and to the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import pytest

from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import Instance, instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.judge import promised
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Engine, Exploration, Limits

from .fair_oracle import Oracle

ENGINES: list[Engine] = [
    ReferenceEngine(),
    CompiledEngine(),
]

each_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)


@dataclass
class Subject:
    """A traced model at its default bounds, with what the oracle knows of it."""

    inst: Instance
    system: TransitionSystem

    @cached_property
    def oracle(self) -> Oracle:
        """Explores the model in CPython when it is first asked for."""
        return Oracle(self.inst, self.system)

    @property
    def live(self) -> list[str]:
        """Its liveness properties."""
        return promised(self.system, self.inst)

    def explored(self, engine: Engine) -> Exploration:
        return engine.explore(self.system, Limits(), None, self.live)


def prepared(model: type[Model]) -> Subject:
    inst = instance(model)
    return Subject(inst, trace(inst))


@cache
def subject(model: type[Model]) -> Subject:
    """The same, once for all tests."""
    return prepared(model)

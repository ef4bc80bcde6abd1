"""One model, explored twice: by the reference engine over the traced system, and by CPython running the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.system import State, TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Exploration, Limits
from tests.concretely import explore_concretely


@dataclass
class Agreed:
    """What both found: the engine's result, and every reachable state."""

    system: TransitionSystem
    result: Exploration
    states: list[State]

    @property
    def counts(self) -> tuple[int, int, int]:
        """States, transitions and depth."""
        return self.result.states, self.result.transitions, self.result.depth

    def all(self, *names: str) -> set[Any]:
        """The values (tuples, where there are several names) that these variables take in reachable states."""
        return {self._pick(state, names) for state in self.states}

    def final(self, *names: str) -> set[Any]:
        """The same, in the states where every process is done."""
        order = self.system.order()
        pcs = [order.index(kind.pc_name) for kind in self.system.kinds.values()]
        done = (s for s in self.states if not any(any(s[at]) for at in pcs))
        return {self._pick(state, names) for state in done}

    def _pick(self, state: State, names: tuple[str, ...]) -> Any:
        order = self.system.order()
        values = tuple(state[order.index(name)] for name in names)
        return values[0] if len(values) == 1 else values


def agree(
    model: type[Model], *, scenario: str = "", bugs: tuple[str, ...] = (), reset: bool = True, **bounds: Any
) -> Agreed:
    """Explore ``model`` both ways; raises AssertionError where the two differ."""
    inst = instance(model, scenario, bounds).with_bugs(*bugs)
    system = trace(inst, reset=reset)
    result = ReferenceEngine().explore(system, Limits())
    graph = explore_concretely(inst, system)
    assert result.complete
    assert (result.states, result.transitions, result.depth) == (graph.states, graph.transitions, graph.depth)
    assert {name for name, found in result.violations.items() if found.kind == "fatal"} == graph.fatals
    in_steps = [found for found in result.errors.values() if found.text]  # those of properties have a name only
    assert bool(in_steps) == bool(graph.errors)
    return Agreed(system, result, list(graph.edges or ()))

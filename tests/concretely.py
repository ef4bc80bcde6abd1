"""The whole state graph by the concrete runner: what an engine must agree with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gomodel.language.instance import Instance
from gomodel.language.system import State, TransitionSystem
from gomodel.run.concrete import Runner
from gomodel.run.trace import Move, Trace


@dataclass
class Graph:
    """What exhaustive exploration by the concrete runner finds."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    fatals: frozenset[str] = frozenset()
    errors: int = 0
    edges: dict[State, set[tuple[Move, State]]] | None = None


def explore_concretely(inst: Instance, system: TransitionSystem, *, max_states: int = 20_000) -> Graph:
    """Breadth-first search by re-execution in CPython; small models only (raises ValueError past the limit)."""
    runner = Runner(inst, system)
    seen: dict[State, Trace] = {}
    edges: dict[State, set[tuple[Move, State]]] = {}
    level: list[State] = []
    for choices in list(runner.initial()):
        runner.start(choices)
        _add(seen, level, runner.state(), Trace(choices))
    graph = Graph(edges=edges)
    fatals: set[str] = set()
    while level:
        following: list[State] = []
        for state in level:
            trace = seen[state]
            edges[state] = set()
            for move, outcome, after in runner.successors(trace):
                if outcome.kind == "fatal":
                    fatals.add(outcome.prop)
                elif outcome.kind == "error":
                    graph.errors += 1
                elif after is not None:
                    graph.transitions += 1
                    edges[state].add((move, after))
                    _add(seen, following, after, Trace(trace.init, (*trace.moves, move)))
            if len(seen) > max_states:
                raise ValueError(f"more than {max_states} states")
        graph.depth += bool(following)
        level = following
    graph.states, graph.fatals = len(seen), frozenset(fatals)
    return graph


def _add(seen: dict[Any, Trace], level: list[Any], state: Any, trace: Trace) -> None:
    if state not in seen:
        seen[state] = trace
        level.append(state)

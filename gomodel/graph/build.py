"""The reachable states of a small model as a networkx graph, found in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

from ..language.errors import UsageError
from ..language.instance import Instance
from ..language.system import State, TransitionSystem
from ..run.actors import actors, initial_states, process_names, shown
from ..run.differences import parts
from ..run.pycode import predicate
from ..trace.steps import matches

MOST = 3000  # states: a picture of more shows nothing


@dataclass(frozen=True)
class Node:
    """What there is to say of a state; one of several states, where they are projected."""

    number: int  # in the order in which they are found
    depth: int
    cells: dict[str, str]  # part → value in words
    standing: dict[str, str]  # process → label
    initial: bool = False
    deadlock: bool = False
    violates: tuple[str, ...] = ()  # invariants
    failed: str = ""  # of the node that stands for a step that fails


def state_graph(inst: Instance, system: TransitionSystem, most: int = MOST) -> nx.MultiDiGraph:
    """States as nodes with a ``Node`` as ``node``; steps as edges with ``actor``, ``label`` and ``choices``.

    Raises UsageError, with what to do instead, where there are more than ``most`` states.
    """
    return _Build(inst, system, most).run()


class _Build:
    def __init__(self, inst: Instance, system: TransitionSystem, most: int) -> None:
        self.inst, self.system, self.most = inst, system, most
        self.graph = nx.MultiDiGraph()
        self.actors = actors(system)
        self.numbers: dict[State, int] = {}
        self.names = process_names(system)
        self.invariants: list[tuple[str, Callable[..., Any]]] = [
            (p.name, predicate(system, p.term))
            for p in system.properties.values()
            if p.kind == "invariant" and p.term is not None
        ]

    def run(self) -> nx.MultiDiGraph:
        level: list[State] = []
        for leaf in self.system.initial:
            for _, state in initial_states(self.system, leaf) if leaf.kind == "commit" else ():
                if state not in self.numbers:
                    self._add(state, 0, initial=True)
                    level.append(state)
        depth = 0
        while level:
            depth += 1
            level = [after for state in level for after in self._expand(state, depth)]
        return self.graph

    def _expand(self, state: State, depth: int) -> list[State]:
        found, moved, stuck = [], False, False
        here = self.numbers[state]
        for actor in self.actors:
            action, ways = actor.steps(state)
            if action is None:
                continue
            for leaf, choices, after in ways:
                facts = {"actor": actor.name, "label": action.step.label, "choices": shown(leaf, choices)}
                if after is None:
                    self.graph.add_edge(here, self._failure(leaf.text or leaf.prop, depth), **facts)
                    continue
                if after not in self.numbers:
                    self._add(after, depth)
                    found.append(after)
                self.graph.add_edge(here, self.numbers[after], **facts)
            if action.step.rest is not True:
                moved = moved or bool(ways)
                stuck = stuck or (not ways and bool(actor.kind) and action.step.rest != "blocked")
        if stuck and not moved:
            node = self.graph.nodes[here]["node"]
            self.graph.nodes[here]["node"] = Node(**{**vars(node), "deadlock": True})
        return found

    def _add(self, state: State, depth: int, *, initial: bool = False) -> None:
        if len(self.numbers) == self.most:
            raise _too_many(self.inst, self.most)
        number = self.numbers[state] = len(self.graph)
        cells: dict[str, str] = {}
        for (name, variable), plain in zip(self.system.variables.items(), state, strict=True):
            if variable.kind is None:
                cells.update(parts(name, variable.domain, plain))
        violates = tuple(name for name, holds in self.invariants if not holds(state))
        node = Node(number, depth, cells, self._standing(state), initial=initial, violates=violates)
        self.graph.add_node(number, node=node)

    def _standing(self, state: State) -> dict[str, str]:
        order = self.system.order()
        found = {}
        for kind in self.system.kinds.values():
            pcs = state[order.index(kind.pc_name)]
            found.update({self.names[n]: kind.labels[pcs[n - kind.lo]] for n in range(kind.lo, kind.hi + 1)})
        return found

    def _failure(self, text: str, depth: int) -> int:
        for number, data in self.graph.nodes(data=True):
            if data["node"].failed == text:
                return int(number)
        number = len(self.graph)
        self.graph.add_node(number, node=Node(number, depth, {}, {}, failed=text))
        return number


def _too_many(inst: Instance, most: int) -> UsageError:
    """What to do where a picture would show nothing."""
    bounds = ", ".join(f"{name}={value}" for name, value in inst.bounds)
    ways = [f"smaller bounds with -b (now: {bounds})"] if bounds else []
    if len(inst.model.scenarios) > 1:
        ways.append(f"another --scenario ({', '.join(inst.model.scenarios)})")
    ways += ["--project VARIABLE, which draws states alike that agree on it", "`gomodel walk`, which goes step by step"]
    return UsageError(
        f"{inst.model.name} has more than {most:,} states here, and a picture of so many shows nothing",
        mend="; ".join(["try " + ways[0], *ways[1:]]),
    )


def projected(graph: nx.MultiDiGraph, patterns: Sequence[str]) -> nx.MultiDiGraph:
    """States that agree on the variables which fit a pattern, ``PROCESS`` being where a process stands, are one node.

    Steps within a node are left out, and of equal steps between two nodes one is kept.  Raises UsageError for a pattern
    that fits nothing.
    """
    known = {name for _, data in graph.nodes(data=True) for name in (*data["node"].cells, *data["node"].standing)}
    for pattern in patterns:
        if not any(matches(name, [pattern]) for name in known):
            raise UsageError(f"no variable or process fits {pattern}", mend=f"there are: {', '.join(sorted(known))}")
    groups: dict[tuple[Any, ...], int] = {}
    result = nx.MultiDiGraph()
    place: dict[int, int] = {}
    for number, data in graph.nodes(data=True):
        node: Node = data["node"]
        cells = {n: v for n, v in node.cells.items() if matches(n, patterns)}
        standing = {n: v for n, v in node.standing.items() if matches(n, patterns)}
        key = tuple(cells.items()), tuple(standing.items()), node.failed
        if key not in groups:
            groups[key] = len(groups)
            result.add_node(groups[key], node=Node(groups[key], node.depth, cells, standing, failed=node.failed))
        place[number] = groups[key]
        into = result.nodes[groups[key]]
        into["node"] = _joined(into["node"], node)
    for a, b, facts in graph.edges(data=True):
        if place[a] != place[b] and facts not in _facts(result, place[a], place[b]):
            result.add_edge(place[a], place[b], **facts)
    return result


def _joined(group: Node, node: Node) -> Node:
    return Node(
        group.number,
        min(group.depth, node.depth),
        group.cells,
        group.standing,
        group.initial or node.initial,
        group.deadlock or node.deadlock,
        tuple(dict.fromkeys((*group.violates, *node.violates))),
        group.failed,
    )


def _facts(graph: nx.MultiDiGraph, a: int, b: int) -> Iterable[dict[str, Any]]:
    return (graph.get_edge_data(a, b) or {}).values()

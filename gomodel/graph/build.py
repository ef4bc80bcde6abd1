"""The reachable states of a small model as a networkx graph, found in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx

from ..language.errors import UsageError
from ..language.instance import Instance
from ..language.system import State, TransitionSystem
from ..run.actors import actors, initial_states, process_names, shown
from ..run.differences import parts
from ..run.pycode import predicate
from ..trace.steps import matches

MOST = 3000  # nodes: a picture of more shows nothing
NOTHING = "a picture of so many shows nothing"
EXPLORED = 100_000  # states that may be looked at where they are projected


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


def state_graph(
    inst: Instance, system: TransitionSystem, most: int = MOST, project: Sequence[str] = ()
) -> nx.MultiDiGraph:
    """States as nodes with a ``Node`` as ``node``; steps as edges with ``actor``, ``label`` and ``choices``.

    With patterns in ``project``, states that agree on the variables which fit one, ``PROCESS`` being where a process
    stands, are one node; steps within a node are left out then, and of equal steps between two nodes one is kept.

    Raises UsageError where there are more than ``most`` nodes, or ``EXPLORED`` states, with what to do instead; and for
    a pattern that fits nothing.
    """
    return _Build(inst, system, most, project).run()


class _Build:
    def __init__(self, inst: Instance, system: TransitionSystem, most: int, project: Sequence[str]) -> None:
        self.inst, self.system, self.most, self.project = inst, system, most, project
        self.graph = nx.MultiDiGraph()
        self.actors = actors(system)
        self.numbers: dict[State, int] = {}  # state → node
        self.groups: dict[Any, int] = {}  # what the states of a node agree on, or the text of a failure → node
        self.steps: set[Any] = set()  # between groups
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
                if after is None:
                    number = self._node(leaf.text or leaf.prop, Node(0, depth, {}, {}, failed=leaf.text or leaf.prop))
                else:
                    if after not in self.numbers:
                        self._add(after, depth)
                        found.append(after)
                    number = self.numbers[after]
                self._edge(here, number, actor.name, action.step.label, shown(leaf, choices))
            if action.step.rest is not True:
                moved = moved or bool(ways)
                stuck = stuck or (not ways and bool(actor.kind) and action.step.rest != "blocked")
        if stuck and not moved:
            data = self.graph.nodes[here]
            data["node"] = replace(data["node"], deadlock=True)
        return found

    def _add(self, state: State, depth: int, *, initial: bool = False) -> None:
        if len(self.numbers) == max(EXPLORED, self.most):  # which only a projection comes to
            raise _too_many(
                self.inst, f"{len(self.numbers):,} states", "it takes too long to look at all of them", False
            )
        cells: dict[str, str] = {}
        for (name, variable), plain in zip(self.system.variables.items(), state, strict=True):
            if variable.kind is None:
                cells.update(parts(name, variable.domain, plain))
        standing = self._standing(state)
        key: Any = state
        if self.project:
            self._check_patterns((*cells, *standing))
            cells = {name: value for name, value in cells.items() if matches(name, self.project)}
            standing = {name: label for name, label in standing.items() if matches(name, self.project)}
            key = tuple(cells.values()), tuple(standing.values())
        violates = tuple(name for name, holds in self.invariants if not holds(state))
        node = Node(0, depth, cells, standing, initial=initial, violates=violates)
        self.numbers[state] = self._node(key, node)

    def _check_patterns(self, known: Sequence[str]) -> None:
        """Once: every state has the same names."""
        for pattern in () if self.numbers else self.project:
            if not any(matches(name, [pattern]) for name in known):
                raise UsageError(
                    f"no variable or process fits {pattern}", mend=f"there are: {', '.join(sorted(known))}"
                )

    def _node(self, key: Any, node: Node) -> int:
        """The node for ``key``, with what ``node`` adds to it; states come in the order of their depth."""
        number = self.groups.get(key)
        if number is None:
            number = self.groups[key] = len(self.graph)
            if number == self.most:
                raise _too_many(self.inst, f"{self.most:,} {'nodes' if self.project else 'states'}", NOTHING, True)
            self.graph.add_node(number, node=replace(node, number=number))
            return number
        data = self.graph.nodes[number]
        group: Node = data["node"]
        violates = tuple(dict.fromkeys((*group.violates, *node.violates)))
        data["node"] = replace(group, initial=group.initial or node.initial, violates=violates)
        return number

    def _edge(self, a: int, b: int, actor: str, label: str, choices: tuple[Any, ...]) -> None:
        step = a, b, actor, label, choices
        if self.project and (a == b or step in self.steps):
            return
        self.steps.add(step)
        self.graph.add_edge(a, b, actor=actor, label=label, choices=choices)

    def _standing(self, state: State) -> dict[str, str]:
        order = self.system.order()
        found = {}
        for kind in self.system.kinds.values():
            pcs = state[order.index(kind.pc_name)]
            found.update({self.names[n]: kind.labels[pcs[n - kind.lo]] for n in range(kind.lo, kind.hi + 1)})
        return found


def _too_many(inst: Instance, most: str, why: str, project: bool) -> UsageError:
    """What to do instead."""
    bounds = ", ".join(f"{name}={value}" for name, value in inst.bounds)
    ways = [f"smaller bounds with -b (now: {bounds})"] if bounds else []
    if len(inst.model.scenarios) > 1:
        ways.append(f"another --scenario ({', '.join(inst.model.scenarios)})")
    ways += ["--project VARIABLE, which draws states alike that agree on it"] if project else []
    ways += ["`gomodel walk`, which goes step by step"]
    return UsageError(
        f"{inst.model.name} has more than {most} here, and {why}",
        mend="; ".join(["try " + ways[0], *ways[1:]]),
    )

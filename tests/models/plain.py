"""Known answers by another way: a puzzle as a plain Python function, explored by networkx."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

import networkx as nx

Moves = Callable[..., Iterable[Hashable]]


@dataclass(frozen=True)
class Answer:
    """What an exhaustive search must find.

    ``violations``, ``reached`` and ``errors`` map names to the length of a shortest trace.
    """

    states: int
    transitions: int
    depth: int
    violations: dict[str, int] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)


def graph_of(starts: Iterable[Hashable], moves: Moves) -> nx.MultiDiGraph:
    """Everything that ``moves`` (state → next states, one for each way to move) reaches."""
    graph = nx.MultiDiGraph()
    work = list(starts)
    graph.add_nodes_from(work)
    done = set()
    while work:
        state = work.pop()
        if state not in done:
            done.add(state)
            for after in moves(state):
                graph.add_edge(state, after)
                work.append(after)
    return graph


def lengths(starts: Iterable[Hashable], graph: nx.MultiDiGraph) -> dict[Hashable, int]:
    """Each state's distance from the nearest start."""
    distance: dict[Hashable, int] = nx.multi_source_dijkstra_path_length(graph, set(starts))
    return distance


def answer(
    starts: Iterable[Hashable],
    moves: Moves,
    *,
    violations: dict[str, Callable[..., bool]] | None = None,
    reached: dict[str, Callable[..., bool]] | None = None,
) -> Answer:
    """Counts, depth, and how far the nearest state is that satisfies each named condition."""
    starts = list(starts)
    graph = graph_of(starts, moves)
    distance = lengths(starts, graph)

    def nearest(named: dict[str, Callable[..., bool]] | None) -> dict[str, int]:
        hits = {n: [d for state, d in distance.items() if bad(state)] for n, bad in (named or {}).items()}
        return {n: min(ds) for n, ds in hits.items() if ds}

    return Answer(len(graph), graph.number_of_edges(), max(distance.values()), nearest(violations), nearest(reached))

"""Counterexamples to liveness: a stem to a cycle in which the promise stays open and every fairness condition is met.

The engines give the graph and find where a fair cycle exists; which one is shown is decided here, for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple, Protocol

from ..language.errors import InternalError
from ..language.system import Property
from .promises import Promise
from .search import Exploration, Found
from .trace import Move, Trace

CANDIDATES = 8  # fair regions that are tried
ROUNDS = 3  # times that a cycle is sought anew through the states of the shortest one


class Edge(NamedTuple):
    """A step from one stored state to another; ``mask`` are the fairness conditions that it is a step of."""

    source: int
    number: int  # among the successors of the source
    target: int
    mask: int


class Graph(Protocol):
    """The stored states with the steps between them, as seen by one promise at a time.

    A *region* is a strongly connected set of states in which the promise stays open.
    """

    def open(self, promise: Promise) -> int:
        """How many states leave the promise open: the premise held, and the conclusion has not since."""
        ...

    def entries(self) -> list[tuple[int, int]]:
        """The regions that have a fair cycle, with the state of each that is reached by the shortest stem; in the order
        in which these states are found."""
        ...

    def enabled(self, state: int) -> int:
        """The conditions that have a step from here which changes something."""
        ...

    def nearest(self, region: int, start: int, disabled: int, taken: int, goal: int) -> list[Edge]:
        """A shortest walk within the region, not empty, to the state ``goal`` (−1: none), to a state where one of the
        conditions ``disabled`` is not enabled, or over a step of one of ``taken``."""
        ...

    def distance(self, state: int) -> int:
        """The length of the stem to an open state."""
        ...

    def move(self, edge: Edge) -> Move: ...

    def stem(self, state: int) -> Trace:
        """The moves to an open state: to where the premise holds, and on where the conclusion does not."""
        ...


def judge(graph: Graph, prop: Property, instances: Iterable[Promise], result: Exploration) -> None:
    """Look for a fair cycle in which an instance of ``prop`` stays open; the first that has one is kept."""
    total = 0
    for promise in instances:
        total += graph.open(promise)
        entries = graph.entries()
        if entries:
            entry, cycle = _shortest(graph, entries, promise)
            length = graph.distance(entry) + len(cycle)
            find = partial(_trace, graph.stem(entry), [graph.move(edge) for edge in cycle])
            result.violations[prop.name] = Found(prop.name, prop.kind, length, find, arguments=promise.arguments)
            break
    result.open[prop.name] = total  # only here: until then it is not judged


def _trace(stem: Trace, cycle: list[Move]) -> Trace:
    return Trace(stem.init, (*stem.moves, *cycle), len(stem.moves))


def _shortest(graph: Graph, entries: list[tuple[int, int]], promise: Promise) -> tuple[int, list[Edge]]:
    """Where to enter a fair cycle, and the cycle (empty: nothing more happens); its stem and itself are short."""
    found = []
    for region, entry in sorted(entries, key=lambda e: graph.distance(e[1]))[:CANDIDATES]:
        best = _entered(graph, _cycle(graph, region, entry, promise), entry)
        for _ in range(ROUNDS):
            anchors = {edge.source for edge in best[1]} - {entry}
            others = [_entered(graph, _cycle(graph, region, a, promise), a) for a in sorted(anchors)]
            better = min(others, key=lambda e: _length(graph, e), default=best)
            if _length(graph, better) >= _length(graph, best):
                break
            best = better
        found.append(best)
    return min(found, key=lambda e: _length(graph, e))


def _length(graph: Graph, found: tuple[int, list[Edge]]) -> int:
    return graph.distance(found[0]) + len(found[1])


def _entered(graph: Graph, cycle: list[Edge], anchor: int) -> tuple[int, list[Edge]]:
    """The cycle, begun at its state with the shortest stem."""
    if not cycle:
        return anchor, cycle
    at = min(range(len(cycle)), key=lambda k: graph.distance(cycle[k].source))
    return cycle[at].source, cycle[at:] + cycle[:at]


def _cycle(graph: Graph, region: int, anchor: int, promise: Promise) -> list[Edge]:
    """A cycle through ``anchor`` within its region that meets every condition; each is met where it is nearest."""
    weak, strong = promise.weak, promise.strong
    walk: list[Edge] = []
    met = ~graph.enabled(anchor) & weak
    owed = strong & graph.enabled(anchor)  # a strong condition is owed a step once it was enabled
    at = anchor
    while True:
        unmet = (weak | owed) & ~met
        if not unmet and at == anchor:
            break
        part = graph.nearest(region, at, unmet & weak, unmet, -1 if unmet else anchor)
        if not part:
            raise InternalError("a fair region has a condition that is not met in it")
        for edge in part:
            enabled = graph.enabled(edge.target)
            met |= edge.mask | (~enabled & weak)
            owed |= enabled & strong
        walk += part
        at = part[-1].target
    return walk

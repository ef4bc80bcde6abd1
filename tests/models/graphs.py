"""Graphs that are given, rather than computed: an explicit one, a clock, counters."""

from __future__ import annotations

import networkx as nx

from gomodel import Array, Int, Model, choose, invariant, process, reachable, require, rule, step

from .plain import Answer

# A ring of four, a tail of three with a loop at its end, a shortcut, a parallel way, and a part that is not reachable.
EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (4, 5), (5, 6), (6, 6), (1, 5), (0, 7), (7, 5), (8, 9), (9, 8))
FAR, NEVER = 6, 9


class Graph(Model):
    """A walk along the edges of a directed graph."""

    name = "graph"

    def state(self):
        self.at = Int(0, 9)

    @rule
    def walk(self, to: Int(0, 9)):
        require((self.at, to) in EDGES)
        self.at = to

    @reachable
    def far(self):
        return self.at == FAR

    @reachable
    def never(self):
        return self.at == NEVER

    @invariant
    def not_far(self):
        return self.at != FAR


def graph_answer() -> Answer:
    graph = nx.DiGraph(EDGES)
    distance = nx.single_source_shortest_path_length(graph, 0)
    far = distance[FAR]
    return Answer(
        len(distance),
        graph.subgraph(distance).number_of_edges(),
        max(distance.values()),
        {"not_far": far},
        {"far": far},
    )


class Clock(Model):
    """One bit that ticks, from either value."""

    name = "clock"

    def state(self):
        self.bit = Int(0, 1)

    def init(self):
        self.bit = choose(0, 1)

    @rule
    def tick(self):
        self.bit = 1 - self.bit

    @invariant
    def one_of_two(self):
        return self.bit in (0, 1)


CLOCK = Answer(states=2, transitions=2, depth=0, violations={}, reached={})  # both states are initial


class Counters(Model):
    """Processes that each count modulo ``size``."""

    name = "counters"
    counters: int = 3
    size: int = 4

    def state(self):
        self.count = Array(Int(0, self.size - 1), self.counter)

    @process(count="counters")
    def counter(self, c):
        while True:
            yield step("tick")
            self.count[c] = (self.count[c] + 1) % self.size

    @reachable
    def all_full(self):
        return all(n == self.size - 1 for n in self.count)

    @invariant
    def none_full(self):
        return all(n < self.size - 1 for n in self.count)


def counters_answer(k: int, n: int) -> Answer:
    """k counters modulo n take n^k values, each can tick in each; the last is k·(n - 1) ticks away."""
    full = {"none_full": n - 1} if k else {}
    return Answer(n**k, k * n**k, k * (n - 1), full, {"all_full": k * (n - 1)})


class Chain(Model):
    """A straight line of ``length`` steps, then nothing."""

    name = "chain"
    length: int = 50

    def state(self):
        self.n = Int(0, self.length)

    @process()
    def walker(self, w):
        while True:
            yield step("walk")
            self.n += 1
            if self.n == self.length:
                return

    @reachable
    def end(self):
        return self.n == self.length


def chain_answer(n: int) -> Answer:
    """A path of n edges."""
    return Answer(n + 1, n, n, {}, {"end": n})

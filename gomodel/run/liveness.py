"""Liveness in the reference engine: plain Python over networkx, written to be believed by reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..language.system import Action, Leaf, State
from .actors import Actor, Choices, shown, taken_when
from .lasso import Edge
from .promises import Promise
from .pycode import predicate
from .trace import Move, Trace

if TYPE_CHECKING:
    from .reference import Search


@dataclass(frozen=True)
class _Step:
    target: int
    actor: str
    action: Action
    outcomes: frozenset[str]
    move: Move


class ReferenceGraph:
    """See ``lasso.Graph``.  A step that changes nothing is none: every state may stutter."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._outcomes: dict[Leaf, list[tuple[str, Callable[..., Any]]]] = {}
        self._states = list(search.states)
        self._steps = [list(self._steps_from(number, state)) for number, state in enumerate(self._states)]
        self._depths = [0] * len(self._states)
        for number, (parent, *_) in enumerate(search.parents):
            if parent >= 0:
                self._depths[number] = self._depths[parent] + 1

    def _steps_from(self, number: int, state: State) -> Iterator[_Step]:
        self._search.breathe()
        for actor in self._search.actors:
            action, ways = actor.steps(state)
            for leaf, choices, after in ways:
                if action is not None and after is not None and after != state:
                    outcomes = frozenset(self._outcomes_of(leaf, state, actor, choices))
                    move = Move(actor.name, action.step.label, shown(leaf, choices))
                    yield _Step(self._search.states[after], actor.name, action, outcomes, move)

    def _outcomes_of(self, leaf: Leaf, state: State, actor: Actor, choices: Choices) -> Iterator[str]:
        if leaf not in self._outcomes:
            self._outcomes[leaf] = [(n, predicate(self._search.system, cond)) for n, cond in leaf.outcomes]
        for name, condition in self._outcomes[leaf]:
            if taken_when(condition, state, actor, leaf, choices):
                yield name

    # --- one promise -----------------------------------------------------------------------------------------

    def open(self, promise: Promise) -> int:
        self._promise = promise
        self._masks = [[promise.mask(s.actor, s.action.step, s.outcomes) for s in steps] for steps in self._steps]
        self._enabled = [_union(masks) for masks in self._masks]
        system = self._search.system
        premise, conclusion = predicate(system, promise.premise), predicate(system, promise.conclusion)
        undone = {n for n, state in enumerate(self._states) if not conclusion(state)}
        begins: dict[int, list[int]] = {}
        for n in sorted(undone):
            if premise(self._states[n]) and (self._depths[n] == 0 or not promise.initially):
                begins.setdefault(self._depths[n], []).append(n)
        self._distance: dict[int, int] = {}  # open state → length of its stem
        self._via: dict[int, int] = {}  # open state → the open state before it, where there is one
        level: list[int] = []
        for depth in range(len(self._states) + 1):
            level += [n for n in begins.pop(depth, []) if n not in self._distance]
            self._distance.update(dict.fromkeys(level, depth))
            following: list[int] = []
            for n in level:
                for step in self._steps[n]:
                    if step.target in undone and step.target not in self._distance:
                        self._distance[step.target] = depth + 1
                        self._via[step.target] = n
                        following.append(step.target)
            level = following
            if not level and not begins:
                break
        return len(self._distance)

    def entries(self) -> list[tuple[int, int]]:
        """Also each state in which nothing has to happen: there the shortest counterexample may end."""
        import networkx  # only where liveness is checked

        self._regions: list[set[int]] = []
        self._find_fair(set(self._distance), networkx)
        rank = {n: k for k, n in enumerate(self._distance)}
        entries = [(k, min(region, key=rank.__getitem__)) for k, region in enumerate(self._regions)]
        entries.sort(key=lambda entry: rank[entry[1]])
        stuck = next((n for n in self._distance if not self._enabled[n]), None)
        if stuck is not None:
            entries.append((next(k for k, region in enumerate(self._regions) if stuck in region), stuck))
        return entries

    def _find_fair(self, states: set[int], networkx: Any) -> None:
        """Streett's condition: where a strong condition is enabled but never taken, its states must be avoided."""
        self._search.breathe()
        graph = networkx.DiGraph()
        graph.add_nodes_from(states)
        graph.add_edges_from((n, s.target) for n in states for s in self._steps[n] if s.target in states)
        for region in networkx.strongly_connected_components(graph):
            taken = _union(
                mask
                for n in region
                for s, mask in zip(self._steps[n], self._masks[n], strict=True)
                if s.target in region
            )
            always = self._promise.weak
            for n in region:
                always &= self._enabled[n]
            owed = self._promise.strong & _union(self._enabled[n] for n in region) & ~taken
            if always & ~taken:
                continue
            if owed:
                self._find_fair({n for n in region if not self._enabled[n] & owed}, networkx)
            else:
                self._regions.append(region)

    def enabled(self, state: int) -> int:
        return self._enabled[state]

    def nearest(self, region: int, start: int, disabled: int, taken: int, goal: int) -> list[Edge]:
        inside = self._regions[region]
        back: dict[int, Edge] = {}
        queue = deque([start])
        while queue:
            n = queue.popleft()
            for number, (step, mask) in enumerate(zip(self._steps[n], self._masks[n], strict=True)):
                if step.target not in inside:
                    continue
                edge = Edge(n, number, step.target, mask)
                if mask & taken or step.target == goal or ~self._enabled[step.target] & disabled:
                    return [*_walk(back, start, n), edge]
                if step.target not in back and step.target != start:
                    back[step.target] = edge
                    queue.append(step.target)
        return []

    def distance(self, state: int) -> int:
        return self._distance[state]

    def move(self, edge: Edge) -> Move:
        return self._steps[edge.source][edge.number].move

    def stem(self, state: int) -> Trace:
        moves: list[Move] = []
        while state in self._via:
            before = self._via[state]
            moves.append(next(s.move for s in self._steps[before] if s.target == state))
            state = before
        begin = self._search.trace_to(state)
        return Trace(begin.init, (*begin.moves, *reversed(moves)))


def _walk(back: dict[int, Edge], start: int, end: int) -> list[Edge]:
    found = []
    while end != start:
        found.append(back[end])
        end = back[end].source
    return found[::-1]


def _union(masks: Any) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total

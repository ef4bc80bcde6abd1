"""Liveness in the compiled engine: the steps between the stored states, found once more, and searched for fair cycles.

Beside the states it takes memory for each state, and for each step that changes something.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..language.system import TransitionSystem
from ..run.actors import process_names
from ..run.lasso import CANDIDATES, Edge, judge
from ..run.memory import HUGE, Region
from ..run.promises import Promise, promises
from ..run.search import INTERRUPTED, Stop
from ..run.trace import Move, Trace
from .alerts import BEGIN, TAIL
from .cache import Cache

if TYPE_CHECKING:
    from .engine import Search

STATE_BYTES, STEP_BYTES = 37, 8  # of the arrays below
MOST = (1 << 31) - 1  # states; the upper half of 32-bit numbers tells fair regions
ONES = (1 << 64) - 1
SLICE = 1 << 20  # states flagged, or so, between looks at the clock
SPARE = 16 * HUGE  # bytes left free: memory comes in pages that large


def all_promises(system: TransitionSystem) -> list[Promise]:
    """Every instance of every liveness property, numbered as the program numbers them."""
    return [p for prop in system.properties.values() if prop.conclusion is not None for p in promises(system, prop)]


class Liveness:
    """The memory of the searches for fair cycles, one after the other."""

    def __init__(self) -> None:
        self.regions: dict[str, Region] = {}
        self.touched = 0  # bytes that an earlier search occupies

    def array(self, name: str, kind: Any) -> Any:
        """A growing array of numbers: as long as address space allows."""
        region = self.regions.setdefault(name, Region(1 << 37))
        return (kind * (region.size // ctypes.sizeof(kind))).from_address(region.address)


def judge_liveness(search: Search, names: Collection[str], memory: Liveness, cache: Cache) -> None:
    """Judge these liveness properties on the states of a finished search; what ends that early is said in ``cut``."""
    result, started = search.result, time.monotonic()
    instances = all_promises(search.system)
    graph = CompiledGraph(search, memory, cache)
    try:
        graph.link(instances)
        for prop in search.system.properties.values():
            if prop.name in names:
                judge(graph, prop, [p for p in instances if p.prop is prop], result)
    except Stop as stop:
        result.cut = str(stop)
    except KeyboardInterrupt:
        result.cut = INTERRUPTED
    result.live_memory = graph.bytes
    result.live_seconds = time.monotonic() - started


class CompiledGraph:
    """See ``lasso.Graph``."""

    def __init__(self, search: Search, memory: Liveness, cache: Cache) -> None:
        self._search, self._code = search, search.code
        self._memory = memory  # the arrays below lie in it
        self._code.add_cycles(cache)
        self._count = search.words[TAIL]
        self._linked = 0  # states whose steps are known
        self._flags = memory.array("flags", ctypes.c_uint8)
        self._offsets, self._at = (memory.array(n, ctypes.c_int64) for n in ("offsets", "at"))
        names = ("targets", "ways", "via", "order", "part", "low", "frames")
        self._targets, self._ways, self._via, self._order, self._part, self._low, self._frames = (
            memory.array(n, ctypes.c_uint32) for n in names
        )
        self._masks: Any = None
        self._wanted: Any = None
        self._size = 0  # words that hold a promise's conditions
        self._numbers = (ctypes.c_int64 * 3)()

    @property
    def bytes(self) -> int:
        """What it occupies."""
        return STATE_BYTES * self._count + STEP_BYTES * int(self._offsets[self._linked]) if self._linked else 0

    def link(self, instances: list[Promise]) -> None:
        """Find the steps between the stored states; ``instances`` are the promises by their numbers."""
        self._instances = instances
        if self._count > MOST:
            raise Stop(f"{MOST:,} states, the most that liveness can tell apart")
        search = self._search
        needed = STATE_BYTES * self._count + STEP_BYTES * search.result.transitions
        if needed > search.ceiling.left + self._memory.touched - SPARE:
            raise Stop(search.ceiling.text)
        self._memory.touched = max(self._memory.touched, needed)
        self._offsets[0] = 0
        while self._linked < self._count:
            self._linked = self._code.link(
                search.words, search.arena.states.address, search.arena.table.address, search.out, search.ways,
                search.tags, search.places, self._offsets, self._targets, self._ways, self._linked,
                min(self._linked + SLICE // 16, self._count),
            )  # fmt: skip
            self._breathe()

    def _breathe(self) -> None:
        """Raises Stop where a limit is hit."""
        search = self._search
        if search.clock.expired():
            raise Stop(f"the time limit of {search.limits.timeout:g} s")
        if search.clock.due():
            search.report_progress()

    # --- one promise -----------------------------------------------------------------------------------------

    def open(self, promise: Promise) -> int:
        self._promise = promise
        self._set_masks(promise)
        number, states = self._instances.index(promise), self._search.arena.states.address
        for start in range(0, self._count, SLICE):
            self._code.flag(states, self._flags, number, start, min(start + SLICE, self._count))
            self._breathe()
        self._open = self._code.open(
            self._count, self._search.arena.parents.address, self._offsets, self._targets, self._flags, self._via,
            self._order, self._part, int(promise.initially),
        )  # fmt: skip
        self._breathe()
        return self._open

    def _set_masks(self, promise: Promise) -> None:
        names, ways = process_names(self._search.system), self._search.board.ways
        self._size = size = max(-(-len(promise.conditions) // 64), 1)
        self._masks = (ctypes.c_uint64 * (size * len(ways)))()
        self._wanted = (ctypes.c_uint64 * (3 * size))()
        for number, way in enumerate(ways):
            action = way.leaf.action
            actor = names[way.process] if action.kind else action.name
            self._masks[number * size : (number + 1) * size] = self._words(
                promise.mask(actor, action.step, way.outcomes)
            )

    def _words(self, *masks: int) -> list[int]:
        return [mask >> 64 * k & ONES for mask in masks for k in range(self._size)]

    def _mask(self, way: int) -> int:
        words = self._masks[way * self._size : (way + 1) * self._size]
        return sum(word << 64 * k for k, word in enumerate(words))

    def entries(self) -> list[tuple[int, int]]:
        """By Streett's condition: where a strong condition is enabled but never taken, its states must be avoided."""
        self._numbers[:] = [1, 2, 0]
        self._wanted[: 2 * self._size] = self._words(self._promise.weak, self._promise.strong)
        while self._code.split(
            self._open, self._order, self._offsets, self._targets, self._ways, self._masks, self._size, self._wanted,
            self._part, self._low, self._frames, self._at, self._numbers,
        ):  # fmt: skip
            self._breathe()
        out = (ctypes.c_int64 * (CANDIDATES + 1))()
        found = self._code.entries(
            self._open, self._order, self._offsets, self._ways, self._masks, self._size, self._part, out, CANDIDATES
        )
        states = [s for s in out[: found + 1] if s >= 0]
        return [(self._part[s], s) for s in states]

    def enabled(self, state: int) -> int:
        found = 0
        for way in self._ways[self._offsets[state] : self._offsets[state + 1]]:
            found |= self._mask(way)
        return found

    def nearest(self, region: int, start: int, disabled: int, taken: int, goal: int) -> list[Edge]:
        ctypes.memset(self._low, 0, 4 * self._count)
        self._wanted[: 2 * self._size] = self._words(disabled, taken)
        last = self._code.nearest(
            start, goal, self._offsets, self._targets, self._ways, self._masks, self._size, self._wanted, self._part,
            self._low, self._frames, self._at,
        )  # fmt: skip
        if last < 0:
            return []
        source = self._frames[0]
        walk = [self._edge(source, last)]
        while source != start:
            step, source = self._at[source], self._low[source] - 1
            walk.append(self._edge(source, step))
        return walk[::-1]

    def _edge(self, source: int, step: int) -> Edge:
        return Edge(source, step - self._offsets[source], self._targets[step], self._mask(self._ways[step]))

    # --- stems and moves -------------------------------------------------------------------------------------

    def _stem(self, state: int) -> list[int]:
        """The states on the way to an open state, from an initial one."""
        after = []
        while self._via[state] != BEGIN:
            after.append(state)
            state = self._via[state]
        return self._search.path(state) + after[::-1]

    def distance(self, state: int) -> int:
        return len(self._stem(state)) - 1

    def stem(self, state: int) -> Trace:
        return self._search.paths.trace([self._search.words_of(n) for n in self._stem(state)])

    def move(self, edge: Edge) -> Move:
        search = self._search
        way = search.board.ways[self._ways[self._offsets[edge.source] + edge.number]]
        return search.paths.move(search.words_of(edge.source), search.words_of(edge.target), way)

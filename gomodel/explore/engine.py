"""The compiled engine: breadth-first search by machine code, steered from Python.

The kernel runs for a while, then returns: to grow its table, to report, or because time or memory is up.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Collection
from functools import cache, partial
from itertools import islice

from ..language.errors import InternalError, Where
from ..language.system import Property, State, TransitionSystem
from ..run.actors import Choices, initial_states, shown
from ..run.memory import HUGE, Ceiling, Region, resident
from ..run.pycode import predicate
from ..run.search import FIRST, INTERRUPTED, Clock, Exploration, Found, Limits, Progress, Watch
from ..run.trace import Trace
from .alerts import (
    ASIDE,
    BUDGET,
    CAPACITY,
    DEPTH,
    DONE,
    EVENTS,
    FILL,
    FULL,
    GROW,
    HEAD,
    LEVEL_END,
    MOST,
    OUT,
    ROOT,
    SLOTS,
    TAIL,
    TRANSITIONS,
    Alert,
    Board,
    CompiledLeaf,
)
from .cache import Cache, cache_folder
from .checkpoint import Checkpoint, Saved
from .layout import Layout
from .liveness import Liveness, all_promises, judge_liveness
from .native import SOURCES, Native, digest, native
from .paths import Paths, Wanted
from .program import Program

MOST_STATES = (1 << 32) - 2  # that 32-bit numbers can tell apart
ROOM = 1024  # successors of a batch
LOAD = 0.7  # of the table at which it grows
FULLEST = 0.9  # where memory does not let it grow
SPARE = 4 * HUGE  # bytes left free: memory comes in pages that large
BUDGETED = 50_000  # transitions until the kernel returns for the first time
SLICE = 0.03  # seconds that the kernel runs before it returns


class Arena:
    """The memory of searches, one after the other."""

    def __init__(self) -> None:
        self.states, self.parents, self.table = Region(), Region(1 << 35), Region(1 << 37)
        self.dirty = 0  # bytes of the table that a search has used
        self.touched = 0  # bytes that states and parents of an earlier search occupy


class CompiledEngine:
    """See ``search.Engine``.  Machine code is kept in ``cache``; memory is kept for the next exploration."""

    name = "compiled"

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache or Cache(cache_folder())
        self._arena: Arena | None = None
        self._liveness = Liveness()

    def explore(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, live: Collection[str] = ()
    ) -> Exploration:
        """Explore every reachable state; a limit or Ctrl-C ends early and says so in ``stopped``.

        Raises UsageError where the model needs numbers beyond 64 bits, or code cannot be stored.
        """
        clock = Clock(limits)
        try:
            search = self.prepare(system, limits, watch, clock)
        except KeyboardInterrupt:
            return Exploration(seconds=clock.seconds, stopped=INTERRUPTED)
        try:
            search.run()
        except KeyboardInterrupt:
            search.result.stopped = INTERRUPTED
        finally:
            search.close()
        result = search.finish()
        if live and result.complete and not result.errors:
            judge_liveness(search, live, self._liveness, self._cache)
            result.seconds = clock.seconds
        return result

    def prepare(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, clock: Clock | None = None
    ) -> Search:
        """A search about to begin: its code is compiled."""
        clock = clock or Clock(limits)
        layout, board = Layout(system), Board(system)
        program = Program(system, layout, board, all_promises(system))
        text = program.text()
        code = native(text, layout.words, self._cache)
        self._arena = self._arena or Arena()
        search = Search(system, layout, board, code, program.most, self._arena, limits, clock, watch)
        if limits.keep:
            keep = limits.keep
            search.checkpoint = Checkpoint(keep.folder, digest(text, SOURCES), layout.words, keep.every, keep.resume)
        return search


class Search:
    """One exploration; the states stay in the arena until the next begins."""

    def __init__(
        self,
        system: TransitionSystem,
        layout: Layout,
        board: Board,
        code: Native,
        most: int,
        arena: Arena,
        limits: Limits,
        clock: Clock,
        watch: Watch | None,
    ) -> None:
        self.system, self.layout, self.board, self.code, self.arena = system, layout, board, code, arena
        self.limits, self.clock, self.watch = limits, clock, watch
        self.result = Exploration(preparing=clock.seconds)
        self.width = layout.words
        self.room = max(ROOM, most)
        self.words = (ctypes.c_int64 * board.size)()
        self.bytes = (ctypes.c_uint8 * (8 * board.size)).from_buffer(self.words)
        self.out = (ctypes.c_uint64 * (self.room * self.width))()
        self.ways = (ctypes.c_uint32 * self.room)()
        self.tags = (ctypes.c_uint64 * self.room)()
        self.aside = (ctypes.c_uint64 * (8 * (ASIDE + 1)))()
        self.places = (ctypes.c_uint64 * self.room)()
        self.owners = (ctypes.c_uint32 * self.room)()
        self.states = (ctypes.c_uint64 * (arena.states.size // 8)).from_address(arena.states.address)
        self.parents = (ctypes.c_uint32 * (arena.parents.size // 4)).from_address(arena.parents.address)
        self.paths = Paths(system, layout)
        self.ceiling = Ceiling(limits.max_memory)
        self.checkpoint: Checkpoint | None = None
        self.loaded = False  # whether all that an earlier run kept is there
        self.events: list[tuple[int, int, int]] = []  # all that were taken off the board
        self._prepare(most)

    def _prepare(self, most: int) -> None:
        words = self.words
        words[CAPACITY] = min(
            self.limits.max_states or MOST_STATES, MOST_STATES, self.arena.states.size // 8 // self.width
        )
        words[OUT], words[MOST] = self.room, most
        words[BUDGET] = BUDGETED
        for group in self.board.groups:
            words[self.board.wanted + group.number] = ctypes.c_int64((1 << len(group.alerts)) - 1).value
        for leaf in self.board.leaves:
            self.bytes[8 * self.board.pending + leaf.number] = 1

    # --- the search ------------------------------------------------------------------------------------------

    def run(self) -> None:
        words = self.words
        saved = self.checkpoint.saved if self.checkpoint else None
        if not self._grow(self._slots_for((saved.states if saved else 0) + 2 * self.room)):
            return
        self._seed()
        words[LEVEL_END] = words[TAIL]
        if saved and not self._resume(saved):
            return
        self.loaded = True
        while not self._stop():
            if self.checkpoint and self.checkpoint.due():
                self.keep()
            started = time.perf_counter()
            status = self.code.search(*self._pointers())
            self._pace(time.perf_counter() - started)
            self._report()
            if status == DONE:
                return
            if status == FULL:
                self.result.stopped = f"the limit of {words[CAPACITY]} states"
            elif status == GROW and not self._grow(2 * words[SLOTS]):
                return

    def _resume(self, saved: Saved) -> bool:
        """Store what an earlier run found, in the same order, and go on where it was; False where memory would not do.

        Its states go through the door of initial states, whose events are dropped: those of the earlier run are known.
        """
        assert self.checkpoint is not None
        words = self.words
        seeded, n = words[TAIL], saved.states
        if n + self.room > words[FILL]:
            self.result.stopped = self.ceiling.text
            return False
        self.checkpoint.load(self.states, self.parents)
        if len(saved.board) != ctypes.sizeof(words):
            raise self.checkpoint.damaged()
        words[CAPACITY] = max(words[CAPACITY], n)
        for start in range(seeded, n, self.room):
            size = min(self.room, n - start)
            ctypes.memmove(self.out, self.arena.states.address + 8 * self.width * start, 8 * self.width * size)
            ctypes.memmove(self.owners, self.arena.parents.address + 4 * start, 4 * size)
            self.code.seed(*self._pointers(), size)
            words[EVENTS] = 0
        if words[TAIL] != n:
            raise InternalError(f"a checkpoint of {n} states has {words[TAIL]} different ones")
        mine = {k: words[k] for k in (CAPACITY, BUDGET, SLOTS, FILL, OUT, MOST)}
        ctypes.memmove(words, saved.board, len(saved.board))
        for k, value in mine.items():
            words[k] = value
        for event in saved.events:
            self._take(*event)
        self.events, self.result.resumed = list(saved.events), n
        return True

    def close(self) -> None:
        """Keep what there is, and leave the checkpoint to others."""
        if self.checkpoint:
            try:
                if self.loaded:
                    self.keep()
            except KeyboardInterrupt:  # what was kept before is there
                self.result.stopped = INTERRUPTED
            finally:
                self.checkpoint.close()

    def keep(self) -> None:
        """Write the search to its checkpoint, unless a batch was cut off by the limit of states."""
        words = self.words
        if self.checkpoint and (words[TAIL] < words[CAPACITY] or words[HEAD] == words[TAIL]):
            self._report()
            addresses = self.arena.states.address, self.arena.parents.address
            self.checkpoint.save(words[TAIL], bytes(words), self.events, addresses)

    def _pointers(self) -> tuple[object, ...]:
        arena = self.arena
        return (self.words, arena.states.address, arena.parents.address, arena.table.address, self.out, self.ways,
                self.tags, self.places, self.owners)  # fmt: skip

    def _pace(self, seconds: float) -> None:
        """Let the kernel run for about ``SLICE`` seconds."""
        if seconds < SLICE / 2:
            self.words[BUDGET] = min(2 * self.words[BUDGET], 1 << 40)
        elif seconds > 2 * SLICE:
            self.words[BUDGET] = max(self.words[BUDGET] // 2, 1000)

    def _seed(self) -> None:
        """The initial states, through the same door as all others; errors of ``init`` are recorded."""
        starts = [
            (p, predicate(self.system, p.initially)) for p in self.system.properties.values() if p.initially is not None
        ]
        for leaf in self.system.initial:
            found = initial_states(self.system, leaf)
            if leaf.kind != "commit":
                for choices, _ in found:
                    bucket = self.result.violations if leaf.kind == "fatal" else self.result.errors
                    name, find = leaf.prop or leaf.text, partial(Trace, shown(leaf, choices))
                    bucket.setdefault(name, Found(name, leaf.kind, 0, find, leaf.text, leaf.where))
                continue
            while batch := list(islice(found, self.room)):
                for n, (choices, state) in enumerate(batch):
                    self._judge_start(starts, shown(leaf, choices), state)
                    for k, word in enumerate(self.layout.pack(state), n * self.width):
                        self.out[k] = word
                    self.owners[n] = ROOT
                if self.words[TAIL] + self.room > self.words[FILL] and not self._grow(2 * self.words[SLOTS]):
                    return
                self.code.seed(*self._pointers(), len(batch))
        for kind in self.system.kinds.values():
            if kind.hi >= kind.lo and self.words[TAIL]:
                self.result.labels.add((kind.name, kind.start))

    def _judge_start(
        self, starts: list[tuple[Property, Callable[..., object]]], choices: Choices, state: State
    ) -> None:
        """What must hold of initial states; they are few, so plain Python looks."""
        for prop, holds in starts:
            if prop.name not in self.result.violations and not holds(state):
                find = partial(Trace, choices)
                self.result.violations[prop.name] = Found(prop.name, prop.kind, 0, find)

    # --- limits ----------------------------------------------------------------------------------------------

    def _stop(self) -> bool:
        result, limits = self.result, self.limits
        if result.stopped is not None:
            return True
        if limits.first and (result.violations or result.errors):
            result.stopped = FIRST
        elif limits.until and not limits.until.isdisjoint(result.violations):
            result.stopped = "the violation that was looked for"
        elif self.clock.expired():
            result.stopped = f"the time limit of {limits.timeout:g} s"
        elif self.clock.due():
            self.report_progress()
        return result.stopped is not None

    def report_progress(self) -> None:
        words = self.words
        if self.watch:
            queue = words[TAIL] - words[HEAD]
            self.watch(Progress(words[TAIL], words[TRANSITIONS], words[DEPTH], queue, self.clock.seconds, resident()))

    def _slots_for(self, states: int) -> int:
        slots = 1 << 12
        while slots * LOAD < states:
            slots *= 2
        return slots

    def _grow(self, slots: int) -> bool:
        """A table of ``slots`` slots, and room for as many states as it takes; False where memory would not do.

        What will be touched until the next time is counted now, before it is too late.
        """
        words, arena = self.words, self.arena
        free = self.ceiling.left - SPARE
        table = max(8 * slots - arena.dirty, 0)
        if self._room_for_states(free - table) < words[TAIL] + self.room or 8 * slots > arena.table.size:
            words[FILL] = min(int(words[SLOTS] * FULLEST), self._room_for_states(free))
            if words[TAIL] + self.room > words[FILL]:
                self.result.stopped = self.ceiling.text
            return self.result.stopped is None
        arena.table.clear(8 * words[SLOTS], min(8 * slots, arena.dirty))
        arena.dirty = max(arena.dirty, 8 * slots)
        words[SLOTS] = slots
        words[FILL] = min(int(slots * LOAD), self._room_for_states(free - table))
        if words[TAIL]:
            self.code.widen(words, arena.table.address, self.aside)
        return True

    def _room_for_states(self, free: int) -> int:
        """How many states fit in the memory that states occupied once, and ``free`` bytes more."""
        per_state = 8 * self.width + 4
        return (max(self.arena.touched, self.words[TAIL] * per_state) + free) // per_state

    # --- what was found --------------------------------------------------------------------------------------

    def _report(self) -> None:
        """Take the events off the board."""
        words, base = self.words, self.board.events
        for k in range(words[EVENTS]):
            code, bits, index = words[base + 3 * k : base + 3 * k + 3]
            self.events.append((code, bits, index))
            self._take(code, bits, index)
        words[EVENTS] = 0

    def _take(self, code: int, bits: int, index: int) -> None:
        """One event: of the leaf that failed, or of the alerts of a group."""
        if code < 0:
            self._failed(self.board.leaves[-1 - code], index)
            return
        for at, alert in enumerate(self.board.groups[code].alerts):
            if bits >> at & 1:
                self._raised(alert, self.board.groups[code].scope, index)

    def words_of(self, number: int) -> list[int]:
        """A stored state."""
        return self.states[number * self.width : (number + 1) * self.width]

    def successors(self, number: int) -> list[list[int]]:
        """The successors of a stored state, in order, by the compiled code."""
        n = self.code.expand(self.arena.states.address, number, self.out, self.ways, 0, self.words)
        return [self.out[k * self.width : (k + 1) * self.width] for k in range(n)]

    def path(self, number: int) -> list[int]:
        """The numbers of the states on a shortest path to a state."""
        path = [number]
        while (parent := self.parents[path[-1]]) != ROOT:
            path.append(parent)
        return path[::-1]

    def _found(
        self, name: str, kind: str, index: int, beyond: Wanted | None = None, text: str = "", where: Where | None = None
    ) -> Found:
        """What was found in a state, or by a move from it; its trace is made when somebody asks."""
        path = [self.words_of(number) for number in self.path(index)]
        length = len(path) - 1 + (beyond is not None)
        return Found(name, kind, length, lambda: self.paths.trace(path, beyond), text, where)

    def _failed(self, compiled: CompiledLeaf, index: int) -> None:
        leaf = compiled.leaf
        bucket = self.result.violations if leaf.kind == "fatal" else self.result.errors
        name = leaf.prop or leaf.text
        if name not in bucket:
            bucket[name] = self._found(name, leaf.kind, index, lambda _, way, *__: way is leaf, leaf.text, leaf.where)

    def _raised(self, alert: Alert, scope: str, index: int) -> None:
        result, name = self.result, alert.name
        if alert.what == "premise":
            result.premises.add((name, alert.number))
            return
        bucket = {"reached": result.reached, "error": result.errors}.get(alert.what, result.violations)
        if name in bucket:
            return
        kind = alert.prop.kind if alert.prop and alert.what != "error" else alert.what
        bucket[name] = self._found(name, kind, index, self._between(alert) if scope == "pair" else None)

    def _between(self, alert: Alert) -> Wanted:
        """Whether a move raises an alert of both its ends; made when a trace is, as the code for it may be large."""
        made = cache(lambda: predicate(self.system, alert.condition))
        return lambda _, __, before, after: after is not None and bool(made()(before, after))

    def finish(self) -> Exploration:
        """What was found up to now."""
        self._report()
        result, words = self.result, self.words
        self.arena.touched = max(self.arena.touched, words[TAIL] * (8 * self.width + 4))
        result.states, result.transitions, result.depth = words[TAIL], words[TRANSITIONS], words[DEPTH]
        base = 8 * self.board.covered
        for leaf in self.board.leaves:
            if not self.bytes[base + leaf.number]:
                continue
            if leaf.action.kind:
                result.labels.add((leaf.action.kind, leaf.leaf.target))
            else:
                result.rules.add(leaf.action.name)
            conditional = {name for _, name, _ in leaf.covers}
            result.branches |= {name for name, _ in leaf.leaf.covers if name not in conditional}
            for number, name, _ in leaf.covers:
                if self.bytes[base + len(self.board.leaves) + number]:
                    result.branches.add(name)
        result.seconds = self.clock.seconds
        return result

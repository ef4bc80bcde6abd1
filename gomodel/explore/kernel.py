"""The search kernel: breadth-first exploration of packed states, compiled by Numba to LLVM code.

States are numbered in the order of discovery and stored one behind the other, W words each: the array is the
queue.  The table has a slot of 64 bits per entry, the tag in the upper half and the number of the state plus one
in the lower; an equal tag is confirmed by comparing the state itself, so storage is exact.

A batch of states is expanded first; the successors' slots are fetched ahead, then the states they may be equal
to, so that the processor waits for many misses at once.

This module is imported only where the kernel has to be translated (see ``native``).  W and the model's functions
are external symbols: the one becomes a constant, the others are linked.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir
from numba import cfunc, njit, types, uint32, uint64
from numba.core import cgutils
from numba.extending import intrinsic

from .alerts import (
    BUDGET,
    CAPACITY,
    DEPTH,
    EVENTS,
    FILL,
    HEAD,
    LEVEL_END,
    MOST,
    OUT,
    SLOTS,
    TAIL,
    TRANSITIONS,
)

Words = types.CPointer(types.uint64)
Halves = types.CPointer(types.uint32)
Ints = types.CPointer(types.int64)

EXTERNAL = {
    "width": types.int64(),
    "expand": types.int64(Words, types.int64, Words, types.int64, Ints),
    "judge": types.int64(Words, types.int64, Ints),
}
width: Any = types.ExternalFunction("width", EXTERNAL["width"])
expand: Any = types.ExternalFunction("expand", EXTERNAL["expand"])
judge: Any = types.ExternalFunction("judge", EXTERNAL["judge"])

PAUSED, DONE, GROW, FULL = 0, 1, 2, 3  # what ``search`` returns: the budget is spent, no more states, no room
BATCH = 4096  # states expanded without looking up
ASIDE = 64  # lines of the table that are put aside while it grows


@intrinsic
def _prefetch(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Fetch the cache line of ``pointer[index]``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = builder.bitcast(builder.gep(args[0], [args[1]]), cgutils.voidptr_t)
        i32 = llvmlite.ir.IntType(32)
        fn = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [cgutils.voidptr_t],
            llvmlite.ir.FunctionType(llvmlite.ir.VoidType(), [cgutils.voidptr_t, i32, i32, i32]),
        )
        builder.call(fn, [address, i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(pointer, index), generate


@njit(error_model="numpy")
def _hash(words: Any, start: Any) -> Any:
    h = uint64(0x9E3779B97F4A7C15)
    for k in range(width()):
        h = (h ^ words[start + k]) * uint64(0xD6E8FEB86659FD93)
        h ^= h >> uint64(32)
    return h * uint64(0xD6E8FEB86659FD93)


@njit(error_model="numpy")
def _home(tag: Any, slots: Any) -> Any:
    """The slot where the search for a tag begins: a line by its upper bits, in it some slot by its lowest."""
    line = (tag * (uint64(slots) >> uint64(3))) >> uint64(32)
    return (line << uint64(3)) | (tag & uint64(7))


@njit(error_model="numpy")
def _next(at: Any, tag: Any, slots: Any) -> Any:
    """The slot after ``at``: round the cache line first, then the next line, beginning at the same place in it."""
    following = (at & ~uint64(7)) | ((at + uint64(1)) & uint64(7))
    if (following & uint64(7)) == (tag & uint64(7)):
        following += uint64(8)
        if following >= uint64(slots):
            following &= uint64(7)
    return following


@njit(error_model="numpy")
def _number(entry: Any) -> Any:
    """The state that a slot stands for."""
    return (entry & uint64(0xFFFFFFFF)) - uint64(1)


@njit(error_model="numpy")
def _fetch(slots: Any, table: Any, out: Any, tags: Any, places: Any, start: Any, end: Any) -> None:
    """Hash successors and fetch their slots."""
    for i in range(start, end):
        tag = _hash(out, i * width()) >> uint64(32)
        at = _home(tag, slots)
        tags[i] = tag
        places[i] = at
        _prefetch(table, at)


@njit(error_model="numpy")
def _probe(slots: Any, states: Any, table: Any, tags: Any, places: Any, n: Any) -> None:
    """Find the first slots that are free or have the tag, and fetch the states there.

    Slots before it are taken by others and stay so.
    """
    w = width()
    for i in range(n):
        tag = tags[i]
        at = places[i]
        while True:
            entry = table[at]
            if entry == uint64(0):
                break
            if (entry >> uint64(32)) == tag:
                other = _number(entry) * uint64(w)
                _prefetch(states, other)
                _prefetch(states, other + uint64(w - 1))
                break
            at = _next(at, tag, slots)
        places[i] = at


@njit(error_model="numpy")
def _insert(
    board: Any, states: Any, parents: Any, table: Any, out: Any, tags: Any, places: Any, owners: Any, n: Any
) -> Any:
    """Store those successors that are new.  Returns False where no more states are wanted."""
    w = width()
    slots = board[SLOTS]
    capacity = board[CAPACITY]
    tail = board[TAIL]
    for i in range(n):
        tag = tags[i]
        at = places[i]
        known = False
        while True:
            entry = table[at]
            if entry == uint64(0):
                break
            if (entry >> uint64(32)) == tag:
                other = _number(entry) * uint64(w)
                known = True
                for k in range(w):
                    if states[other + uint64(k)] != out[i * w + k]:
                        known = False
                if known:
                    break
            at = _next(at, tag, slots)
        if known:
            continue
        if tail == capacity:
            return False
        for k in range(w):
            states[tail * w + k] = out[i * w + k]
        parents[tail] = uint32(owners[i])
        tail += 1
        board[TAIL] = tail
        table[at] = (tag << uint64(32)) | uint64(tail)
        judge(states, tail - 1, board)
    return True


@cfunc(types.int64(Ints, Words, Halves, Words, Words, Words, Words, Halves), error_model="numpy")
def search(board: Any, states: Any, parents: Any, table: Any, out: Any, tags: Any, places: Any, owners: Any) -> Any:
    """Explore until something has to be done outside."""
    finish = board[TRANSITIONS] + board[BUDGET]
    room = board[OUT]
    slots = board[SLOTS]
    most = board[MOST]
    while True:
        head = board[HEAD]
        tail = board[TAIL]
        if head == board[LEVEL_END]:
            if head == tail:
                return DONE
            board[DEPTH] += 1
            board[LEVEL_END] = tail
        if tail == board[CAPACITY]:
            return FULL
        if tail + room > board[FILL]:
            return GROW
        last = min(board[LEVEL_END], head + BATCH)
        n = fetched = 0
        while head < last and n + most <= room:
            n = expand(states, head, out, n, board)
            for i in range(fetched, n):
                owners[i] = uint32(head)
            head += 1
            _fetch(slots, table, out, tags, places, fetched, n)
            fetched = n
        board[HEAD] = head
        board[TRANSITIONS] += n
        _probe(slots, states, table, tags, places, n)
        if not _insert(board, states, parents, table, out, tags, places, owners, n):
            return FULL
        if board[EVENTS] > 0 or board[TRANSITIONS] >= finish:
            return PAUSED


@cfunc(types.int64(Ints, Words, Halves, Words, Words, Words, Words, Halves, types.int64), error_model="numpy")
def seed(
    board: Any, states: Any, parents: Any, table: Any, out: Any, tags: Any, places: Any, owners: Any, n: Any
) -> Any:
    """Store initial states: through the same door as all others."""
    slots = board[SLOTS]
    _fetch(slots, table, out, tags, places, 0, n)
    _probe(slots, states, table, tags, places, n)
    return _insert(board, states, parents, table, out, tags, places, owners, n)


@njit(error_model="numpy")
def _settle(table: Any, slots: Any, entry: Any) -> None:
    """Put an entry where it belongs."""
    tag = entry >> uint64(32)
    at = _home(tag, slots)
    while table[at] != uint64(0):
        at = _next(at, tag, slots)
    table[at] = entry


@cfunc(types.int64(Ints, Words, Words), error_model="numpy")
def widen(board: Any, table: Any, aside: Any) -> Any:
    """Spread the entries over twice as many slots, in place.

    A line's entries go to the two lines of twice its number, so that going from the last line down everything
    moves into lines that are free; the first lines are put aside.
    """
    slots = board[SLOTS]
    lines = slots >> 4
    first = min(lines, ASIDE)
    for i in range(8 * first):
        aside[i] = table[i]
        table[i] = uint64(0)
    for line in range(lines - 1, first - 1, -1):
        start = 8 * line
        for i in range(8):
            aside[8 * ASIDE + i] = table[start + i]
            table[start + i] = uint64(0)
        for i in range(8):
            if aside[8 * ASIDE + i] != uint64(0):
                _settle(table, slots, aside[8 * ASIDE + i])
    for i in range(8 * first):
        if aside[i] != uint64(0):
            _settle(table, slots, aside[i])
    return slots

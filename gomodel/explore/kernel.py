"""The search kernel: breadth-first exploration of packed states, compiled by Numba to LLVM code.

States are numbered in the order of discovery and stored one behind the other, W words each: the array is the
queue.  The table has a slot of 64 bits per entry, the tag in the upper half and the number of the state plus one
in the lower; an equal tag is confirmed by comparing the state itself, so storage is exact.

A line of the table, 64 bytes, has eight slots, which are compared with a tag at once and filled in order; what does
not fit goes to the next line.  A batch of states is expanded first; the successors' lines are fetched ahead, then the
states they may be equal to, so that the processor waits for many misses at once.

This module is imported only where the kernel has to be translated (see ``native``).  W and the model's functions
are external symbols: the one becomes a constant, the others are linked.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir
from numba import cfunc, int64, njit, types, uint32, uint64
from numba.core import cgutils
from numba.extending import intrinsic

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
    PAUSED,
    SLOTS,
    TAIL,
    TRANSITIONS,
)

Words = types.CPointer(types.uint64)
Halves = types.CPointer(types.uint32)
Ints = types.CPointer(types.int64)

EXTERNAL = {
    "width": types.int64(),
    "expand": types.int64(Words, types.int64, Words, Halves, types.int64, Ints),
    "judge": types.int64(Words, types.int64, Ints),
}
width: Any = types.ExternalFunction("width", EXTERNAL["width"])
expand: Any = types.ExternalFunction("expand", EXTERNAL["expand"])
judge: Any = types.ExternalFunction("judge", EXTERNAL["judge"])

BATCH = 4096  # states expanded without looking up
NEW = uint64(1 << 63)


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


def _line_of(builder: Any, table: Any, at: Any) -> Any:
    """The eight slots from ``table[at]`` up as a vector."""
    vector = llvmlite.ir.VectorType(llvmlite.ir.IntType(64), 8)
    return builder.load(builder.bitcast(builder.gep(table, [at]), vector.as_pointer()), align=64)


def _splat(value: Any) -> Any:
    return llvmlite.ir.Constant(llvmlite.ir.VectorType(llvmlite.ir.IntType(64), 8), [value] * 8)


def _as_bits(builder: Any, flags: Any) -> Any:
    return builder.zext(builder.bitcast(flags, llvmlite.ir.IntType(8)), llvmlite.ir.IntType(64))


@intrinsic
def _matching(typingctx: Any, table: Any, at: Any, tag: Any) -> Any:
    """A bit for each slot of the line at ``at`` that has the tag."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tags = builder.lshr(_line_of(builder, args[0], args[1]), _splat(32))
        wanted = _splat(llvmlite.ir.Undefined)
        for k in range(8):
            wanted = builder.insert_element(wanted, args[2], llvmlite.ir.Constant(llvmlite.ir.IntType(32), k))
        return _as_bits(builder, builder.icmp_unsigned("==", tags, wanted))

    return types.uint64(table, at, tag), generate


@intrinsic
def _free(typingctx: Any, table: Any, at: Any) -> Any:
    """A bit for each free slot of the line at ``at``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _as_bits(builder, builder.icmp_unsigned("==", _line_of(builder, args[0], args[1]), _splat(0)))

    return types.uint64(table, at), generate


@intrinsic
def _lowest(typingctx: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], llvmlite.ir.Constant(llvmlite.ir.IntType(1), 1))

    return types.uint64(bits), generate


@njit(error_model="numpy")
def _hash(words: Any, start: Any) -> Any:
    h = uint64(0x9E3779B97F4A7C15)
    for k in range(width()):
        h = (h ^ words[start + k]) * uint64(0xD6E8FEB86659FD93)
        h ^= h >> uint64(32)
    return h * uint64(0xD6E8FEB86659FD93)


@njit(error_model="numpy")
def _tag(h: Any) -> Any:
    """The upper half of a hash, made odd: the tag of a free slot is 0."""
    return (h >> uint64(32)) | uint64(1)


@njit(error_model="numpy")
def _home(tag: Any, slots: Any) -> Any:
    """The line, by its first slot, where the search for a tag begins."""
    return ((tag * (uint64(slots) >> uint64(3))) >> uint64(32)) << uint64(3)


@njit(error_model="numpy")
def _next(at: Any, slots: Any) -> Any:
    """The line after that at ``at``."""
    at += uint64(8)
    return at if at < uint64(slots) else uint64(0)


@njit(error_model="numpy")
def _number(entry: Any) -> Any:
    """The state that a slot stands for."""
    return (entry & uint64(0xFFFFFFFF)) - uint64(1)


@njit(error_model="numpy")
def _fetch(slots: Any, table: Any, out: Any, tags: Any, places: Any, start: Any, end: Any) -> None:
    """Hash successors and fetch their slots."""
    for i in range(start, end):
        tag = _tag(_hash(out, i * width()))
        at = _home(tag, slots)
        tags[i] = tag
        places[i] = at
        _prefetch(table, at)


@njit(error_model="numpy")
def _probe(slots: Any, states: Any, table: Any, tags: Any, places: Any, n: Any) -> None:
    """Find the first lines that have the tag or a free slot, and fetch the states there.

    Lines before are full, and stay as they are.
    """
    w = width()
    for i in range(n):
        tag = tags[i]
        at = places[i]
        while True:
            matching = _matching(table, at, tag)
            if matching:
                other = _number(table[at + _lowest(matching)]) * uint64(w)
                _prefetch(states, other)
                _prefetch(states, other + uint64(w - 1))
                break
            if _free(table, at):
                break
            at = _next(at, slots)
        places[i] = at


@njit(error_model="numpy")
def _stored(slots: Any, states: Any, table: Any, out: Any, i: Any, tag: Any, at: Any) -> Any:
    """Where successor ``i`` is stored, or else the free slot for it, with the uppermost bit set."""
    w = width()
    while True:
        matching = _matching(table, at, tag)
        while matching:
            slot = at + _lowest(matching)
            other = _number(table[slot]) * uint64(w)
            same = True
            for k in range(w):
                if states[other + uint64(k)] != out[i * w + k]:
                    same = False
            if same:
                return slot
            matching &= matching - uint64(1)
        free = _free(table, at)
        if free:
            return (at + _lowest(free)) | NEW
        at = _next(at, slots)


@njit(error_model="numpy")
def _insert(
    board: Any, states: Any, parents: Any, table: Any, out: Any, tags: Any, places: Any, owners: Any, n: Any
) -> Any:
    """Store those of ``n`` successors that are new.  Returns False where no more states are wanted."""
    w = width()
    slots = board[SLOTS]
    capacity = board[CAPACITY]
    tail = board[TAIL]
    for i in range(n):
        tag = tags[i]
        slot = _stored(slots, states, table, out, i, tag, places[i])
        if slot < NEW:
            continue
        if tail == capacity:
            return False
        for k in range(w):
            states[tail * w + k] = out[i * w + k]
        parents[tail] = uint32(owners[i])
        tail += 1
        board[TAIL] = tail
        table[slot ^ NEW] = (tag << uint64(32)) | uint64(tail)
        judge(states, tail - 1, board)
    return True


@cfunc(types.int64(Ints, Words, Halves, Words, Words, Halves, Words, Words, Halves), error_model="numpy")
def search(
    board: Any, states: Any, parents: Any, table: Any, out: Any, ways: Any, tags: Any, places: Any, owners: Any
) -> Any:
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
            n = expand(states, head, out, ways, n, board)
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


@cfunc(types.int64(Ints, Words, Halves, Words, Words, Halves, Words, Words, Halves, types.int64), error_model="numpy")
def seed(
    board: Any, states: Any, parents: Any, table: Any, out: Any, ways: Any, tags: Any, places: Any, owners: Any, n: Any
) -> Any:
    """Store initial states: through the same door as all others."""
    slots = board[SLOTS]
    _fetch(slots, table, out, tags, places, 0, n)
    _probe(slots, states, table, tags, places, n)
    return _insert(board, states, parents, table, out, tags, places, owners, n)


@cfunc(types.int64(Ints, Words, Words, Words, Halves, Words, Words, Ints, Halves, Halves, types.int64, types.int64),
       error_model="numpy")  # fmt: skip
def link(
    board: Any, states: Any, table: Any, out: Any, ways: Any, tags: Any, places: Any, offsets: Any, targets: Any,
    taken: Any, start: Any, end: Any,
) -> Any:  # fmt: skip
    """Note the steps between stored states: of each from ``start`` up to ``end``, where all are stored.

    The steps of state ``s`` are ``offsets[s]`` up to ``offsets[s + 1]``: where each goes, and by which way.  Steps that
    change nothing are left out.
    """
    slots = board[SLOTS]
    room = board[OUT]
    most = board[MOST]
    edge = offsets[start]
    while start < end:
        n = fetched = 0
        head = start
        while head < end and n + most <= room:
            n = expand(states, head, out, ways, n, board)
            head += 1
            offsets[head] = n  # of those found here, for now
            _fetch(slots, table, out, tags, places, fetched, n)
            fetched = n
        _probe(slots, states, table, tags, places, n)
        i = 0
        for source in range(start, head):
            last = offsets[source + 1]
            while i < last:
                target = int64(_number(table[_stored(slots, states, table, out, i, tags[i], places[i])]))
                if target != source:
                    targets[edge] = uint32(target)
                    taken[edge] = ways[i]
                    edge += 1
                i += 1
            offsets[source + 1] = edge
        start = head
    return start


@njit(error_model="numpy")
def _settle(table: Any, slots: Any, entry: Any) -> None:
    """Put an entry where it belongs."""
    at = _home(entry >> uint64(32), slots)
    free = _free(table, at)
    while not free:
        at = _next(at, slots)
        free = _free(table, at)
    table[at + _lowest(free)] = entry


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

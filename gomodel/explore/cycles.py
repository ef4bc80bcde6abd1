"""The kernel of liveness: which states leave a promise open, and which of them lie on fair cycles; see ``kernel``.

The steps between stored states stand in ``targets`` and ``ways``: those of state ``s`` from ``offsets[s]`` up to
``offsets[s + 1]``; ``masks`` says of each way, in ``size`` words, which fairness conditions it belongs to; ``wanted``
are conditions that are looked for, also in words of that size.  A promise's open states are listed in ``order``, by the
length of the stem to them; ``via`` is the open state before on that stem.

Imported only where it has to be translated (see ``native``).
"""

from __future__ import annotations

from typing import Any

from numba import cfunc, int64, njit, types, uint8, uint32, uint64

from .alerts import BEGIN, ROOT

Bytes = types.CPointer(types.uint8)
Halves = types.CPointer(types.uint32)
Ints = types.CPointer(types.int64)
Words = types.CPointer(types.uint64)

promise: Any = types.ExternalFunction("promise", types.int64(Words, types.int64, types.int64))

UNSEEN = uint32(0xFFFFFFFF)  # ``via`` of a state that is not open
FAIR = uint32(0x80000000)  # set in the number of a region that has a fair cycle
DUE, KEPT = 1, 2  # flags: the premise holds, the conclusion holds
PENDING, NEXT, FOUND = 0, 1, 2  # numbers: the first region to look at, the first free one, the fair ones so far


@cfunc(types.int64(Words, Bytes, types.int64, types.int64, types.int64), error_model="numpy")
def flag(states: Any, flags: Any, number: Any, start: Any, end: Any) -> Any:
    """Premise and conclusion of a promise in each state from ``start`` up to ``end``."""
    for s in range(start, end):
        flags[s] = uint8(promise(states, s, number))
    return end


@cfunc(types.int64(types.int64, Halves, Ints, Halves, Bytes, Halves, Halves, Halves, types.int64), error_model="numpy")
def open(
    n: Any, parents: Any, offsets: Any, targets: Any, flags: Any, via: Any, order: Any, part: Any, initially: Any
) -> Any:
    """Breadth first from every state with the premise, entered at its own depth, through states without the conclusion.

    States are numbered by depth, and so are their parents: that tells where a level ends.  The open states are put
    in region 1, the others in 0.  Returns how many are open.
    """
    for s in range(n):
        via[s] = UNSEEN
        part[s] = uint32(0)
    count = first = level = 0
    level_end = 0
    while level_end < n and int64(parents[level_end]) == ROOT:
        level_end += 1
    while level < level_end or first < count:
        for s in range(level, level_end):
            if flags[s] == DUE and via[s] == UNSEEN:
                via[s] = uint32(BEGIN)
                part[s] = uint32(1)
                order[count] = uint32(s)
                count += 1
        last = count
        for k in range(first, last):
            s = int64(order[k])
            for e in range(offsets[s], offsets[s + 1]):
                t = int64(targets[e])
                if via[t] == UNSEEN and flags[t] & KEPT == 0:
                    via[t] = uint32(s)
                    part[t] = uint32(1)
                    order[count] = uint32(t)
                    count += 1
        first = last
        level = level_end
        if initially:
            level_end = level
            continue
        while level_end < n and int64(parents[level_end]) < level:
            level_end += 1
    return count


@njit(error_model="numpy")
def _enabled(s: Any, offsets: Any, ways: Any, masks: Any, size: Any, k: Any) -> Any:
    """Of word ``k`` of the conditions, those that have a step from ``s``."""
    found = uint64(0)
    for e in range(offsets[s], offsets[s + 1]):
        found |= masks[int64(ways[e]) * size + k]
    return found


@njit(error_model="numpy")
def _settle(
    begin: Any, end: Any, frames: Any, offsets: Any, targets: Any, ways: Any, masks: Any, size: Any, wanted: Any,
    part: Any, numbers: Any,
) -> None:  # fmt: skip
    """Judge the strongly connected states ``frames[begin:end]``: fair, hopeless, or a new region without those states
    that enable a strong condition which is never taken among them."""
    mark = uint32(numbers[NEXT])
    for i in range(begin, end):
        part[frames[i]] = mark
    hopeless = uint64(0)
    missing = uint64(0)
    for k in range(size):
        taken = some = uint64(0)
        always = wanted[k]
        for i in range(begin, end):
            s = int64(frames[i])
            here = uint64(0)
            for e in range(offsets[s], offsets[s + 1]):
                m = masks[int64(ways[e]) * size + k]
                here |= m
                if part[targets[e]] == mark:
                    taken |= m
            always &= here
            some |= here
        hopeless |= always & ~taken
        owed = wanted[size + k] & some & ~taken
        wanted[2 * size + k] = owed
        missing |= owed
    if hopeless:
        for i in range(begin, end):
            part[frames[i]] = uint32(0)
    elif missing == uint64(0):
        for i in range(begin, end):
            part[frames[i]] = FAIR | uint32(numbers[FOUND])
        numbers[FOUND] += 1
    else:
        for i in range(begin, end):
            for k in range(size):
                if _enabled(int64(frames[i]), offsets, ways, masks, size, k) & wanted[2 * size + k]:
                    part[frames[i]] = uint32(0)
        numbers[NEXT] += 1


@cfunc(
    types.int64(types.int64, Halves, Ints, Halves, Halves, Words, types.int64, Words, Halves, Halves, Halves, Ints,
                Ints),
    error_model="numpy",
)  # fmt: skip
def split(
    count: Any, order: Any, offsets: Any, targets: Any, ways: Any, masks: Any, size: Any, wanted: Any, part: Any,
    low: Any, frames: Any, at: Any, numbers: Any,
) -> Any:  # fmt: skip
    """Split every pending region (``part``) into its strongly connected parts, and judge each.

    Pearce's algorithm (Information Processing Letters 116, 2016): ``low`` is the number of the visit, lowered to
    that of the earliest state that can be reached; what is on the way down lies at the end of ``frames``, what waits
    for its root at the beginning.  ``wanted`` are the weak conditions, the strong ones, and room for as many.  Returns
    whether regions are pending again.
    """
    pending = uint32(numbers[PENDING])
    end = uint32(numbers[NEXT])
    for k in range(count):
        low[order[k]] = uint32(0)
    visits = uint32(0)
    used = 0
    for k in range(count):
        root = order[k]
        if part[root] < pending or part[root] >= end or low[root] != uint32(0):
            continue
        visits += uint32(1)
        low[root] = visits
        top = count - 1
        frames[top] = root
        at[top] = offsets[root] * 2 + 1  # the next step, and whether this may be a root
        while top < count:
            s = int64(frames[top])
            e = at[top] >> 1
            if e < offsets[s + 1]:
                t = int64(targets[e])
                if part[t] != part[s]:
                    at[top] += 2
                elif low[t] == uint32(0):
                    visits += uint32(1)
                    low[t] = visits
                    top -= 1
                    frames[top] = uint32(t)
                    at[top] = offsets[t] * 2 + 1
                else:
                    if low[t] < low[s]:
                        low[s] = low[t]
                        at[top] &= -2
                    at[top] += 2
                continue
            is_root = at[top] & 1
            top += 1
            begin = used
            if is_root:
                while begin > 0 and low[frames[begin - 1]] >= low[s]:
                    begin -= 1
            frames[used] = uint32(s)
            used += 1
            if is_root:
                _settle(begin, used, frames, offsets, targets, ways, masks, size, wanted, part, numbers)
                used = begin
    numbers[PENDING] = int64(end)
    return numbers[NEXT] - int64(end)


@cfunc(
    types.int64(types.int64, Halves, Ints, Halves, Words, types.int64, Halves, Ints, types.int64), error_model="numpy"
)
def entries(
    count: Any, order: Any, offsets: Any, ways: Any, masks: Any, size: Any, part: Any, out: Any, most: Any
) -> Any:
    """The first state in ``order`` of each of up to ``most`` fair regions, and then the first open state at all where
    no condition is enabled (−1: none).  Returns how many regions."""
    found = 0
    for i in range(count):
        s = order[i]
        if part[s] & FAIR:
            known = False
            for j in range(found):
                if part[out[j]] == part[s]:
                    known = True
            if not known:
                out[found] = int64(s)
                found += 1
                if found == most:
                    break
    out[found] = -1
    for i in range(count):
        some = uint64(0)
        for k in range(size):
            some |= _enabled(int64(order[i]), offsets, ways, masks, size, k)
        if some == uint64(0):
            out[found] = int64(order[i])
            break
    return found


@njit(error_model="numpy")
def _ends(e: Any, t: Any, goal: Any, offsets: Any, ways: Any, masks: Any, size: Any, wanted: Any) -> Any:
    """Whether a walk may end with step ``e`` to state ``t``."""
    if t == goal:
        return True
    for k in range(size):
        if masks[int64(ways[e]) * size + k] & wanted[size + k]:
            return True
        if wanted[k] and ~_enabled(t, offsets, ways, masks, size, k) & wanted[k]:
            return True
    return False


@cfunc(
    types.int64(types.int64, types.int64, Ints, Halves, Halves, Words, types.int64, Words, Halves, Halves, Halves,
                Ints),
    error_model="numpy",
)  # fmt: skip
def nearest(
    start: Any, goal: Any, offsets: Any, targets: Any, ways: Any, masks: Any, size: Any, wanted: Any, part: Any,
    low: Any, frames: Any, at: Any,
) -> Any:  # fmt: skip
    """Breadth first within the region of ``start``, until a step is found that ends the walk: see ``lasso.Graph``.

    ``low`` is 0 everywhere before; then it is the state before plus one, and ``at`` the step from there.  Returns the
    number of the last step, or −1; the state from which it is taken is left in ``frames[0]``.
    """
    low[start] = uint32(start + 1)
    frames[0] = uint32(start)
    done, used = 0, 1
    while done < used:
        s = int64(frames[done])
        done += 1
        for e in range(offsets[s], offsets[s + 1]):
            t = int64(targets[e])
            if part[t] != part[start]:
                continue
            if _ends(e, t, goal, offsets, ways, masks, size, wanted):
                frames[0] = uint32(s)
                return e
            if low[t] == uint32(0):
                low[t] = uint32(s + 1)
                at[t] = e
                frames[used] = uint32(t)
                used += 1
    return -1

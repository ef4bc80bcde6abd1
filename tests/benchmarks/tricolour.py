"""The tricolour collector as a plain search over tuples."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from ..models.plain import Answer, answer
from .tuples import put

FREE, WHITE, GREY, BLACK = range(4)
Pointers = tuple[tuple[Any, ...], ...]  # numbers of objects, or None


class State(NamedTuple):
    colours: tuple[int, ...]
    heap: Pointers  # the fields of each object
    held: Pointers  # the registers of each mutator
    storing: tuple[Any, ...]  # None, or what a mutator is about to store: register, field, register
    collector: tuple[Any, ...]  # its next step, and what that is about

    def live(self) -> set[int]:
        found: set[int] = set()
        work = [x for registers in self.held for x in registers]
        while work:
            x = work.pop()
            if x is not None and x not in found:
                found.add(x)
                work += self.heap[x]
        return found

    def unswept(self, colour: int) -> set[int]:
        """The objects of that colour that the sweep has still before it."""
        at, *what = self.collector
        return {x for x, c in enumerate(self.colours) if at == "sweep" and x >= what[0] and c == colour}


def shaded(colours: tuple[int, ...], x: int | None) -> tuple[int, ...]:
    return put(colours, x, GREY) if x is not None and colours[x] == WHITE else colours


def mutations(s: State, m: int, barrier: bool) -> Iterator[State]:
    """The steps of mutator ``m``."""
    if s.storing[m]:
        i, f, j = s.storing[m]
        x = s.held[m][i]
        yield s._replace(heap=put(s.heap, x, put(s.heap[x], f, s.held[m][j])), storing=put(s.storing, m, None))
        return

    def holding(i: int, x: int | None) -> Pointers:
        return put(s.held, m, put(s.held[m], i, x))

    for i, x in enumerate(s.held[m]):
        if x is None:
            for new in (new for new, colour in enumerate(s.colours) if colour == FREE):
                yield s._replace(colours=put(s.colours, new, GREY), held=holding(i, new))
            continue
        yield s._replace(held=holding(i, None))
        for f, (j, y) in product(range(len(s.heap[x])), enumerate(s.held[m])):
            yield s._replace(held=holding(j, s.heap[x][f]))
            colours = shaded(s.colours, y) if barrier else s.colours
            yield s._replace(colours=colours, storing=put(s.storing, m, (i, f, j)))


def collection(s: State) -> Iterator[State]:
    """The steps of the collector."""
    colours = s.colours
    match s.collector:
        case ["pause"]:
            for x in (x for registers in s.held for x in registers):
                colours = shaded(colours, x)
            yield s._replace(colours=colours, collector=("take",) if GREY in colours else ("sweep", 0))
        case ["take"]:
            for x in (x for x, colour in enumerate(colours) if colour == GREY):
                yield s._replace(collector=("load", x, 0))
        case ["load", x, f]:
            yield s._replace(collector=("shade", x, f, s.heap[x][f]))
        case ["shade", x, f, target]:
            after: tuple[Any, ...] = ("load", x, f + 1) if f + 1 < len(s.heap[x]) else ("blacken", x)
            yield s._replace(colours=shaded(colours, target), collector=after)
        case ["blacken", x]:
            colours = put(colours, x, BLACK)
            yield s._replace(colours=colours, collector=("take",) if GREY in colours else ("pause",))
        case ["sweep", x]:
            after = ("sweep", x + 1) if x + 1 < len(s.heap) else ("pause",)
            heap = put(s.heap, x, (None,) * len(s.heap[x])) if colours[x] == WHITE else s.heap
            swept = {WHITE: FREE, BLACK: WHITE}.get(colours[x], colours[x])
            yield s._replace(colours=put(colours, x, swept), heap=heap, collector=after)


def moves(s: State, barrier: bool = True) -> Iterator[State]:
    for m in range(len(s.held)):
        yield from mutations(s, m, barrier)
    yield from collection(s)


def start(mutators: int, registers: int, objects: int, fields: int) -> State:
    """One object, to which every register points."""
    return State(
        colours=(WHITE,) + (FREE,) * (objects - 1),
        heap=((None,) * fields,) * objects,
        held=((0,) * registers,) * mutators,
        storing=(None,) * mutators,
        collector=("pause",),
    )


def tricolour(mutators: int, registers: int, objects: int, fields: int, *, barrier: bool = True) -> Answer:
    def black_to_white(s: State) -> bool:
        edges = [(x, y) for x, ys in enumerate(s.heap) for y in ys if y is not None]
        return s.collector[0] != "sweep" and any((s.colours[x], s.colours[y]) == (BLACK, WHITE) for x, y in edges)

    def white_in_a_register(s: State) -> bool:
        white = {x for registers in s.held for x in registers if x is not None and s.colours[x] == WHITE}
        return s.collector == ("pause",) and BLACK in s.colours and bool(white)

    return answer(
        [start(mutators, registers, objects, fields)],
        lambda s: moves(s, barrier),
        violations={
            "nothing_lost": lambda s: any(s.colours[x] == FREE for x in s.live()),
            "marked": lambda s: bool(s.unswept(WHITE) & s.live()),
            "strong": black_to_white,
        },
        reached={
            "floating_garbage": lambda s: bool(s.unswept(BLACK) - s.live()),
            "cyclic_garbage": lambda s: any(x in s.heap[x] for x in s.unswept(WHITE) - s.live()),
            "found_in_a_register": white_in_a_register,
        },
    )

"""Layouts: states packed and unpacked, places that do not overlap, and how many words a state takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomodel import catalog
from gomodel.explore.layout import Layout, Place
from gomodel.language.domains import Array, Bool, Domain, Enum, Int, Queue, Struct
from gomodel.language.errors import UsageError
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from tests.models import concurrent, everything, graphs, puzzles

from .drawing import bits, domains, system, values

MODELS: list[type[Model]] = [
    concurrent.Philosophers,
    concurrent.Peterson,
    concurrent.Channel,
    concurrent.Election,
    everything.Everything,
    graphs.Counters,
    puzzles.River,
]


def traced(model: type[Model], scenario: str = "", **bounds: Any) -> Layout:
    return Layout(trace(instance(model, scenario, bounds)))


@cache
def mutex() -> Layout:
    return traced(catalog.load("mutex"), "loop", goroutines=4)


@st.composite
def states(draw: st.DrawFn, layout: Layout) -> tuple[Any, ...]:
    """States in which locals that are not live hold their default."""
    found = {n: draw(values(v.domain)) for n, v in layout.system.variables.items()}
    for kind in layout.system.kinds.values():
        for name, domain in kind.locals.items():
            live = [name in kind.live[pc] for pc in found[kind.pc_name]]
            found[name] = tuple(v if there else domain.default() for v, there in zip(found[name], live, strict=True))
    return tuple(found.values())


def check(layout: Layout, data: st.DataObject) -> None:
    """Two states: each is what its words say, and equal words mean equal states."""
    one, two = (data.draw(states(layout)) for _ in range(2))
    words = layout.pack(one)
    assert len(words) == layout.words
    assert all(0 <= word < 1 << 64 for word in words)
    assert layout.unpack(words) == one
    assert (layout.pack(two) == words) == (one == two)
    apart(layout)


def apart(layout: Layout) -> None:
    """No two places overlap or straddle a word, nor two places of what a process holds at a label."""
    places = [p for chunks in layout.fields.values() for p in chunks]
    for records in layout.records.values():
        places += [p for part in records.parts for p in part]
        assert all(p.bits == width for part, width in zip(records.parts, records.widths, strict=True) for p in part)
        for names in records.kind.live.values():
            disjoint([p for n in (records.kind.pc_name, *names) for p in records.chunks[n]], records.widths)
    disjoint(places, [64] * layout.words)
    assert sum(p.bits for p in places) == layout.bits


def disjoint(places: list[Place], widths: list[int]) -> None:
    used = [0] * len(widths)
    for place in places:
        mask = (1 << place.bits) - 1 << place.shift
        assert place.shift + place.bits <= widths[place.word] <= 64
        assert not used[place.word] & mask
        used[place.word] |= mask


NAMES = ("x", "y", "z")
drawn_fields = st.lists(domains, max_size=3).map(lambda ds: dict(zip(NAMES, ds, strict=False)))
drawn_live = st.lists(st.sets(st.sampled_from(NAMES)), min_size=3, max_size=3)


@st.composite
def systems(draw: st.DrawFn) -> TransitionSystem:
    kinds = {kind: (lo, draw(st.integers(0, 4)), draw(drawn_fields)) for kind, lo in (("p", 0), ("q", 4))}
    live = {kind: [at & set(locals_) for at in draw(drawn_live)] for kind, (_, _, locals_) in kinds.items()}
    return system(draw(drawn_fields), kinds, live)


@given(st.data())
def test_random_systems(data: st.DataObject) -> None:
    check(Layout(data.draw(systems())), data)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@settings(max_examples=20)
@given(data=st.data())
def test_traced_models(model: type[Model], data: st.DataObject) -> None:
    check(traced(model), data)


@settings(max_examples=20)
@given(data=st.data())
def test_the_mutex(data: st.DataObject) -> None:
    check(mutex(), data)


def test_words_of_the_mutex() -> None:
    assert mutex().words == 3
    assert len({p.word for part in mutex().records["client"].parts for p in part}) > 1  # not all beside each other


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        (concurrent.Philosophers, 3 + 3 * 2),  # forks; where each is: done, take left, take right, eat
        (concurrent.Peterson, 2 + 1 + 2 * 3),  # wants, turn; five labels
        (everything.Everything, 2 + 1 + 2),  # n, up; four labels
    ],
    ids=lambda x: getattr(x, "name", None),
)
def test_bits_by_hand(model: type[Model], taken: int) -> None:
    layout = traced(model)
    assert (layout.bits, layout.words) == (taken, 1)


def of(*widths: int) -> dict[str, Domain]:
    return {f"x{k}": Int(0, 2**width - 1) for k, width in enumerate(widths)}


@pytest.mark.parametrize(
    ("fields", "locals_", "count", "words"),
    [
        (of(), {}, 0, 1),  # a word at least
        (of(0, 0), {}, 0, 1),
        (of(24, 24, 40, 40), {}, 0, 2),  # the large ones first
        (of(33, 33, 33), {}, 0, 3),
        (of(64, 0, 64, 1), {}, 0, 3),
        ({"x": Array(Int(0, 7), 40), "y": Int(0, 1)}, {}, 0, 2),  # 63 + 57 bits, and one
        (of(), of(30), 5, 3),  # two processes a word
        (of(4), of(10, 20), 4, 2),  # the fields beside them
        (of(), of(40, 40), 2, 4),  # a record in two parts
        (of(), {"q": Queue(Array(Bool(), 40), 3)}, 3, 9),
    ],
)
def test_words_by_hand(fields: dict[str, Domain], locals_: dict[str, Domain], count: int, words: int) -> None:
    assert Layout(system(fields, {"p": (0, count, locals_)})).words == words


def test_a_state_by_hand() -> None:
    drawn = system({"flag": Bool(), "n": Int(-1, 6)}, {"p": (2, 2, {"pc": Enum("done", "a", "b"), "k": Int(5, 8)})})
    layout = Layout(drawn)
    # Both records of four bits come first, then three bits for n, then the flag; in a record, k above pc.
    assert layout.pack((True, 2, (1, 2), (5, 8))) == [0b1_011_1110_0001]
    assert layout.unpack([0b1_011_1110_0001]) == (True, 2, (1, 2), (5, 8))


@pytest.mark.parametrize("domain", [Int(0, 2**64), Struct(a=Bool(), b=Int(-(2**64), 0)), Array(Int(0, 2**70), 2)])
def test_numbers_beyond_a_word_are_refused(domain: Domain) -> None:
    for drawn in (system({"x": domain}, {}), system({}, {"p": (0, 1, {"x": domain})})):
        with pytest.raises(UsageError, match=r"at most 64 bits.*x\n.*--engine reference"):
            Layout(drawn)

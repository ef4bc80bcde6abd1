"""Layouts: states packed and unpacked, places that do not overlap, and how many words a state takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gomodel import catalog
from gomodel.explore.layout import Layout, Place
from gomodel.language.domains import Array, Bool, Domain, Int, Queue, Struct
from gomodel.language.errors import UsageError
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from tests.models import concurrent, everything, graphs, puzzles

from .drawing import bits, domains, enough_for, system, values

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
    assert sum(p.bits for p in places) == layout.bits >= least(layout)


def least(layout: Layout) -> int:
    """The bits of all fields, and of what each process may hold at once."""
    system = layout.system
    total = sum(bits(v.domain) for v in system.variables.values() if v.kind is None)
    for kind in system.kinds.values():
        most = max(sum(bits(kind.locals[n]) for n in names) for names in kind.live.values())
        total += (kind.hi - kind.lo + 1) * (enough_for(len(kind.labels)) + most)
    return total


def disjoint(places: list[Place], widths: list[int]) -> None:
    used = [0] * len(widths)
    for place in places:
        mask = (1 << place.bits) - 1 << place.shift
        assert place.shift + place.bits <= widths[place.word] <= 64
        assert not used[place.word] & mask
        used[place.word] |= mask


NAMES = ("w", "x", "y", "z")
small = domains.filter(lambda d: bits(d) < 1000)
drawn_fields = st.lists(small, max_size=4).map(lambda ds: dict(zip(NAMES, ds, strict=False)))
drawn_live = st.lists(st.sets(st.sampled_from(NAMES)), min_size=3, max_size=3)


@st.composite
def systems(draw: st.DrawFn) -> TransitionSystem:
    kinds = {kind: (lo, draw(st.integers(0, 4)), draw(drawn_fields)) for kind, lo in (("p", 0), ("q", 4))}
    live = {kind: [at & set(locals_) for at in draw(drawn_live)] for kind, (_, _, locals_) in kinds.items()}
    return system(draw(drawn_fields), kinds, live)


@given(st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_random_systems(data: st.DataObject) -> None:
    check(Layout(data.draw(systems())), data)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@given(data=st.data())
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_traced_models(model: type[Model], data: st.DataObject) -> None:
    check(traced(model), data)


@given(data=st.data())
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_the_mutex(data: st.DataObject) -> None:
    check(mutex(), data)


def test_words_of_the_mutex() -> None:
    assert 64 < least(mutex()) <= mutex().bits <= 128
    assert mutex().words == 2


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
        (of(4), of(10, 18), 4, 2),  # the fields beside them
        (of(), of(40, 40), 2, 4),  # a record in two parts
        (of(), of(62), 1, 1),  # the program counter takes two bits
        (of(), of(63), 1, 2),
        (of(), {"q": Queue(Array(Bool(), 40), 3)}, 3, 9),
    ],
)
def test_words_by_hand(fields: dict[str, Domain], locals_: dict[str, Domain], count: int, words: int) -> None:
    assert Layout(system(fields, {"p": (0, count, locals_)})).words == words


@pytest.mark.parametrize(
    ("widths", "live", "count", "words"),
    [
        ((40, 40), [set(), {"x0"}, {"x1"}], 2, 2),  # never both
        ((40, 40), [set(), {"x0", "x1"}, {"x1"}], 2, 4),
        ((10, 20, 30), [set(), {"x0", "x1"}, {"x2"}], 4, 2),
        ((10, 20, 30), [{"x0"}, {"x1"}, {"x2"}], 4, 2),
        ((12, 9, 7, 6), [set(), {"x0", "x2"}, {"x1", "x2", "x3"}], 3, 2),  # the last does not fit below the third
        ((60, 60), [set(), {"x0"}, {"x0"}], 2, 2),  # the other has no bits at all
        ((64,), [set(), set(), set()], 32, 1),
    ],
)
def test_words_of_locals_that_share_bits(widths: list[int], live: list[set[str]], count: int, words: int) -> None:
    layout = Layout(system({}, {"p": (0, count, of(*widths))}, {"p": live}))
    apart(layout)
    assert layout.words == words


def test_a_state_by_hand() -> None:
    drawn = system({"flag": Bool(), "n": Int(-1, 6)}, {"p": (2, 2, {"k": Int(5, 8)})})
    layout = Layout(drawn)
    # Both records of four bits come first, then three bits for n, then the flag; in a record, k above pc.
    assert layout.pack((True, 2, (1, 2), (5, 8))) == [0b1_011_1110_0001]
    assert layout.unpack([0b1_011_1110_0001]) == (True, 2, (1, 2), (5, 8))


def test_a_state_with_shared_bits_by_hand() -> None:
    live = {"p": [set(), {"a"}, {"b"}]}
    layout = Layout(system({}, {"p": (0, 3, {"a": Int(0, 3), "b": Int(-3, 4)})}, live))
    # A record has five bits: the label, and above it a or b.  What is not live has its default, 0.
    state = ((1, 2, 0), (3, 0, 0), (0, -1, 0))
    assert layout.pack(state) == [0b00000_01010_01101]
    assert layout.unpack([0b00000_01010_01101]) == state


@pytest.mark.parametrize("domain", [Int(0, 2**64), Struct(a=Bool(), b=Int(-(2**64), 0)), Array(Int(0, 2**70), 2)])
def test_numbers_beyond_a_word_are_refused(domain: Domain) -> None:
    for drawn in (system({"x": domain}, {}), system({}, {"p": (0, 1, {"x": domain})})):
        with pytest.raises(UsageError, match=r"at most 64 bits.*x\n.*--engine reference"):
            Layout(drawn)

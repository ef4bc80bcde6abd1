"""Random models with liveness: every engine says what the oracle says, and CPython confirms what it finds."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from gomodel.run.counterexample import confirm
from gomodel.run.fair_cycle import fair_cycle
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Engine, Found, Limits
from gomodel.run.trace import Value
from tests.live_engines import ENGINES, Subject, each_engine, prepared
from tests.random_fairness import REFUSED, write_model
from tests.small import load, unless_refused

BLOCK, BLOCKS = 50, 6
MOST = 150  # states of a model
SMALL = 1000  # states times what a walk can have met, up to which all lassos are tried


@dataclass(frozen=True)
class Answer:
    """What the oracle says of one promise."""

    violated: tuple[Value, ...] | None  # for these arguments
    open: int  # states
    stopping: int | None  # the length of a shortest lasso that stops, where it is violated
    shortest: int | None  # of any lasso; None also where that is not known
    matters: bool  # it holds, and with weak fairness for strong it would not


def text_of(seed: int) -> str:
    return write_model(random.Random(seed))


@lru_cache(BLOCK * BLOCKS)
def drawn(seed: int, max_states: int) -> Subject | None:
    """None where the language refuses the model for a known reason, or where it is too large."""
    known = unless_refused(lambda: prepared(load(text_of(seed))), REFUSED)
    if known is None:
        return None
    return known if ReferenceEngine().explore(known.system, Limits(max_states + 1)).states <= max_states else None


@lru_cache(BLOCK * BLOCKS)
def answers(seed: int, max_states: int) -> dict[str, Answer]:
    known = drawn(seed, max_states)
    return {} if known is None else {name: answer(known, name) for name in known.live}


def answer(known: Subject, name: str) -> Answer:
    oracle = known.oracle
    violated = oracle.violated(name)
    if violated is None:
        matters = any(
            oracle.violated_for(name, a, tuple(replace(c, strong=False) for c in oracle.conditions(name, a)))
            for a in oracle.arguments(name)
        )
        return Answer(None, oracle.open_states(name), None, None, matters)
    small = len(oracle.steps) * 2 ** len(oracle.conditions(name, violated)) <= SMALL
    shortest = oracle.shortest(name, violated) if small else None
    return Answer(violated, oracle.open_states(name), oracle.stopping(name, violated), shortest, False)


def compare(engine: Engine, known: Subject, expected: dict[str, Answer]) -> None:
    """Raises AssertionError where the engine says anything else."""
    result = known.explored(engine)
    assert result.complete
    assert result.states == len(known.oracle.steps)
    for name, answer in expected.items():
        found = result.violations.get(name)
        assert (found and found.arguments) == answer.violated, f"{name}: {found}, but the oracle says {answer}"
        if found is None:
            assert result.open[name] == answer.open
        else:
            compare_lasso(known, found, answer)


def compare_lasso(known: Subject, found: Found, answer: Answer) -> None:
    trace = found.trace
    assert trace.cycle is not None
    assert found.length == len(trace)
    assert answer.stopping is None or found.length <= answer.stopping, f"{found}: stopping is shorter: {answer}"
    if trace.cycle == len(trace):
        assert found.length == answer.stopping
    assert answer.shortest is None or found.length >= answer.shortest, f"{found} is too short to be true: {answer}"
    confirm(known.inst, known.system, found)


def agree(engine: Engine, seed: int, max_states: int) -> None:
    known = drawn(seed, max_states)
    if known is None:
        return
    try:
        compare(engine, known, answers(seed, max_states))
    except Exception as difference:
        raise AssertionError(f"seed {seed}:\n{text_of(seed)}") from difference


@pytest.mark.parametrize("block", range(BLOCKS))
@each_engine
def test_the_oracle_agrees(engine: Engine, block: int) -> None:
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        agree(engine, seed, MOST)


def test_the_models_are_worth_comparing() -> None:
    # What the generator is for: models of many sizes, promises of which no answer is rare, lassos of both sorts, and
    # strong fairness that decides.
    seeds = range(BLOCK * BLOCKS)
    sizes = [len(known.oracle.steps) for seed in seeds if (known := drawn(seed, MOST)) is not None]
    found = [a for seed in seeds for a in answers(seed, MOST).values()]
    assert len(sizes) > 0.9 * len(seeds)
    assert sum(size > 20 for size in sizes) > len(seeds) // 3
    assert sum(size > 80 for size in sizes) > len(seeds) // 20
    violated = [a for a in found if a.violated is not None]
    held = [a for a in found if a.violated is None and a.open]
    assert len(violated) > len(found) // 4
    assert len(held) > len(found) // 4
    assert sum(a.stopping is None for a in violated) > len(violated) // 5  # only a cycle violates it
    assert sum(a.stopping is not None for a in violated) > len(violated) // 5
    assert sum(bool(a.violated) for a in violated) > len(violated) // 4  # there are arguments
    assert sum(a.matters for a in held) >= 5


def test_some_cycles_keep_away_from_strong_conditions() -> None:
    # A condition that open states enable, and no state of the cycle: where the search has to leave states out.
    avoided = 0
    for seed in range(2 * BLOCK):
        known = drawn(seed, MOST)
        for name, a in answers(seed, MOST).items():
            if known is None or a.violated is None or a.stopping is not None:
                continue
            cycle = fair_cycle(known.inst, known.system, known.explored(ENGINES[0]).violations[name])
            never = {(c.actor, c.label, c.outcome) for c, why in cycle.reasons if c.strong and why.startswith("never")}
            open_states = known.oracle.opened(name, a.violated)
            for c in known.oracle.conditions(name, a.violated):
                if c.strong and (c.actor, c.label, c.outcome) in never:
                    avoided += any(known.oracle.enabled(s, c) for s in open_states)
    assert avoided > 10


def test_lassos_are_short() -> None:
    # They need not be shortest, but where all lassos were tried most are: else the search for cycles has grown worse.
    tried = shortest = 0
    for seed in range(BLOCK * BLOCKS):
        known = drawn(seed, MOST)
        if known is not None:
            result = known.explored(ENGINES[0])
            lengths = [(result.violations[n].length, a.shortest) for n, a in answers(seed, MOST).items() if a.shortest]
            tried += len(lengths)
            shortest += sum(length == least for length, least in lengths)
    assert tried > 50
    assert shortest > 0.9 * tried


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_the_oracle_agrees_on_many_more(block: int) -> None:
    for seed in range(1000 + 200 * block, 1000 + 200 * (block + 1)):
        for engine in ENGINES:
            agree(engine, seed, 400)

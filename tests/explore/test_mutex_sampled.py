"""The Mutex with three goroutines: in sampled states CPython takes exactly the steps that compiled code takes."""

from __future__ import annotations

import random

import pytest

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.system import State
from gomodel.language.tracer import trace
from gomodel.run.actors import actors, shown
from gomodel.run.concrete import Runner
from gomodel.run.trace import Move, Trace
from tests.explore.comparing import explored


def confirm_sample(count: int) -> None:
    inst = instance(catalog.load("mutex"), "loop", {"goroutines": 3})
    system = trace(inst)
    search, result = explored(system)
    assert result.complete
    runner, everybody = Runner(inst, system), actors(system)
    moves: dict[int, Move] = {}

    def plain(number: int) -> State:
        return search.layout.unpack(search.words_of(number))

    def move_into(parent: int, number: int) -> Move:
        if number not in moves:
            before, after = plain(parent), plain(number)
            steps = ((a, *a.steps(before)) for a in everybody)
            moves[number] = next(
                Move(actor.name, action.step.label, shown(leaf, choices))
                for actor, action, ways in steps
                for leaf, choices, state in ways
                if action and state == after
            )
        return moves[number]

    for number in random.Random(3).sample(range(result.states), count):
        path = search.path(number)
        behind = Trace((), tuple(map(move_into, path, path[1:])))
        by_cpython = [(outcome.kind, state) for _, outcome, state in runner.successors(behind)]
        by_code = [("commit", search.layout.unpack(words)) for words in search.successors(number)]
        assert by_cpython == by_code, behind


def test_cpython_confirms_sampled_states_with_all_their_successors() -> None:
    confirm_sample(600)


@pytest.mark.slow
def test_cpython_confirms_most_states_with_all_their_successors() -> None:
    confirm_sample(100_000)

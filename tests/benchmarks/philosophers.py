"""The dining philosophers as a plain search: who has which fork."""

from __future__ import annotations

from collections.abc import Iterator

from ..models.plain import Answer, answer

Hands = tuple[bool, bool]  # has the left fork, has the right fork
State = tuple[Hands, ...]


def philosophers(n: int, *, greedy: bool = False) -> Answer:
    """``greedy``: nobody gives a single fork back."""

    def moves(state: State) -> Iterator[State]:
        for p, (left, right) in enumerate(state):
            left_is_free = not left and not state[p - 1][1]
            right_is_free = not right and not state[(p + 1) % n][0]
            if left_is_free:
                yield (*state[:p], (True, right), *state[p + 1 :])
            if right_is_free:
                yield (*state[:p], (left, True), *state[p + 1 :])
            stuck = left != right and not (left_is_free or right_is_free)
            if (left and right) or (stuck and not greedy):
                yield (*state[:p], (False, False), *state[p + 1 :])

    found = answer(
        [((False, False),) * n],
        moves,
        violations={"deadlock": lambda s: not list(moves(s))},
        reached={
            "as_many_as_can_eat": lambda s: s.count((True, True)) == n // 2,
            "each_has_one": lambda s: all(left != right for left, right in s),
        },
    )
    transitions = 7 * n * 3 ** (n - 2) if greedy else n * 3**n
    assert (found.states, found.transitions, found.depth) == (3**n, transitions, n)  # by hand, see the model
    return found

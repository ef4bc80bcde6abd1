"""What is said of a search under way."""

from __future__ import annotations

from gomodel.output import Remaining
from gomodel.run.search import Progress


def heard(*steps: tuple[int, int]) -> list[float | None]:
    """The estimates after reports one second apart of (states, queue)."""
    remaining = Remaining()
    return [remaining.seconds(Progress(n, 0, 0, q, float(t), 0)) for t, (n, q) in enumerate(steps)]


def test_nothing_can_be_told_while_the_queue_grows() -> None:
    assert heard((10, 5), (30, 15), (70, 35), (150, 75), (310, 155)) == [None] * 5


def test_where_each_state_gives_half_a_new_one() -> None:
    # 100 are expanded a second, and 50 are new; from a queue of 400 that makes 800 more, which take 8 s.
    assert heard((1000, 550), (1050, 500), (1100, 450), (1150, 400))[-1] == 8.0


def test_where_nothing_new_comes_the_queue_is_what_is_left() -> None:
    assert heard((900, 500), (900, 400), (900, 300), (900, 200))[-1] == 2.0


def test_another_search_begins_anew() -> None:
    remaining = Remaining()
    for seconds in (7.0, 8.0, 9.0, 10.0):
        remaining.seconds(Progress(900, 0, 0, int(1000 - 100 * seconds), seconds, 0))
    assert remaining.text(Progress(10, 0, 0, 5, 0.5, 0)) == "it cannot be told yet how much is left"

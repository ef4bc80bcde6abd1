"""Classic puzzles: how long their shortest solutions are is known; the rest is counted by a plain Python function."""

from __future__ import annotations

from collections.abc import Iterator

from gomodel import Array, Bool, Int, Model, invariant, reachable, require, rule

from .plain import Answer, answer


class River(Model):
    """A farmer takes a wolf, a goat and a cabbage over a river, one at a time."""

    name = "river"

    def state(self):
        self.farmer = Bool()
        self.over = Array(Bool(), 3)  # wolf, goat, cabbage

    def safe(self):
        wolf, goat, cabbage = self.over[0], self.over[1], self.over[2]
        return goat == self.farmer or (goat != wolf and goat != cabbage)

    @rule
    def cross_alone(self):
        self.farmer = not self.farmer
        require(self.safe())

    @rule
    def cross_with(self, item: Int(0, 2)):
        require(self.over[item] == self.farmer)
        self.farmer = not self.farmer
        self.over[item] = self.farmer
        require(self.safe())

    @reachable
    def solved(self):
        return self.farmer and all(self.over)


def river_answer() -> Answer:
    def moves(state: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for item in range(4):  # the farmer is number 0, and takes himself where he takes nobody
            after = tuple(1 - s if i in (0, item) else s for i, s in enumerate(state))
            farmer, wolf, goat, cabbage = after
            eaten = goat != farmer and goat in (wolf, cabbage)
            if state[item] == state[0] and not eaten:
                yield after

    found = answer([(0, 0, 0, 0)], moves, reached={"solved": lambda s: s == (1, 1, 1, 1)})
    assert (found.states, found.reached["solved"]) == (10, 7)  # the textbook's ten safe states and seven crossings
    return found


class Missionaries(Model):
    """Three missionaries and three cannibals; nowhere may cannibals outnumber missionaries."""

    name = "missionaries"

    def state(self):
        self.boat = Bool()
        self.missionaries = Int(0, 3, init=3)  # on the first bank
        self.cannibals = Int(0, 3, init=3)

    @rule
    def row(self, m: Int(0, 2), c: Int(0, 2)):
        require(1 <= m + c <= 2)
        sign = 1 if self.boat else -1
        left, right = self.missionaries + sign * m, self.cannibals + sign * c
        require(0 <= left <= 3 and 0 <= right <= 3)
        require(left in (0, 3) or left == right)
        self.boat = not self.boat
        self.missionaries = left
        self.cannibals = right

    @reachable
    def solved(self):
        return self.missionaries == self.cannibals == 0


def missionaries_answer() -> Answer:
    def safe(m: int, c: int) -> bool:
        return 0 <= m <= 3 and 0 <= c <= 3 and (m == 0 or m >= c) and (m == 3 or 3 - m >= 3 - c)

    def moves(state: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
        boat, m, c = state
        for dm, dc in ((1, 0), (2, 0), (0, 1), (0, 2), (1, 1)):
            after = (m + dm, c + dc) if boat else (m - dm, c - dc)
            if safe(*after):
                yield (1 - boat, *after)

    found = answer([(0, 3, 3)], moves, reached={"solved": lambda s: s[1:] == (0, 0)})
    assert found.reached["solved"] == 11  # Amarel 1968
    return found


class Jugs(Model):
    """Die Hard: measure 4 with a jug of 3 and one of 5."""

    name = "jugs"

    def state(self):
        self.small = Int(0, 3)
        self.big = Int(0, 5)

    @rule
    def fill_small(self):
        self.small = 3

    @rule
    def fill_big(self):
        self.big = 5

    @rule
    def empty_small(self):
        self.small = 0

    @rule
    def empty_big(self):
        self.big = 0

    @rule
    def small_to_big(self):
        poured = min(self.small, 5 - self.big)
        self.small -= poured
        self.big += poured

    @rule
    def big_to_small(self):
        poured = min(self.big, 3 - self.small)
        self.big -= poured
        self.small += poured

    @invariant
    def not_four(self):
        return self.big != 4


def jugs_answer() -> Answer:
    def moves(state: tuple[int, int]) -> Iterator[tuple[int, int]]:
        s, b = state
        both = s + b
        yield from ((3, b), (s, 5), (0, b), (s, 0))
        yield (max(0, both - 5), min(5, both))
        yield (min(3, both), max(0, both - 3))

    found = answer([(0, 0)], moves, violations={"not_four": lambda s: s[1] == 4})
    # Six steps is the known solution; a jug is empty or full in every reachable state: 4 * 6 - 2 * 4 = 16 of them.
    assert (found.states, found.transitions, found.violations) == (16, 6 * 16, {"not_four": 6})
    return found


class Hanoi(Model):
    """Three disks on three pegs."""

    name = "hanoi"
    disks: int = 3

    def state(self):
        self.peg = Array(Int(0, 2), self.disks)  # disk 0 is the smallest

    @rule
    def move(self, disk: Int(0, 2), to: Int(0, 2)):
        require(self.peg[disk] != to)
        for smaller in range(self.disks):
            require(smaller >= disk or (self.peg[smaller] != to and self.peg[smaller] != self.peg[disk]))
        self.peg[disk] = to

    @reachable
    def solved(self):
        return all(p == 2 for p in self.peg)


# The Hanoi graph of n disks has 3^n nodes and 3 * (3^n - 1) / 2 edges, and its corners are 2^n - 1 moves apart,
# the greatest distance there is (Hinz et al., The Tower of Hanoi: Myths and Maths).
HANOI = Answer(states=27, transitions=2 * 39, depth=7, reached={"solved": 7})

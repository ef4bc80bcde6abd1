"""Dining philosophers who take either fork first, and give it back where the other one is taken.

Facts by hand, for n ≥ 2 philosophers.  Each fork lies on the table, is in the left hand of the philosopher to its
right, or is in the right hand of the one to its left.  That is all there is to a state: who has no fork thinks, who has
one wants the other, who has both eats.

* 3^n states: any assignment of the forks is reached by taking them one by one.
* Depth n: a step takes one fork at most, so that a state with k forks taken is k steps away.
* n·3^n transitions.  Of the 9 ways in which a philosopher's two forks can be, both on the table gives two moves, both
  in the hands of the neighbours none, and the other seven one each: take the one that is there, give back the only one,
  give back both.  These are 9 moves for each of the n philosophers and the 3^(n−2) places of the other forks.
* With the bug ``greedy`` a fork is kept until the other one comes.  Two of the 9 moves fall away: the same states,
  7n·3^(n−2) transitions, and two deadlocks, where everybody has the left fork and where everybody has the right one.

| philosophers |    states | transitions |
|-------------:|----------:|------------:|
|            5 |       243 |       1,215 |
|           13 | 1,594,323 |  20,726,199 |
|           14 | 4,782,969 |  66,961,566 |
"""

from __future__ import annotations

from gomodel import Array, Bound, Bug, Enum, Model, choose, count, invariant, process, reachable, require, step


class Philosophers(Model):
    """Philosophers around a table, a fork between any two."""

    name = "philosophers"

    philosophers: int = Bound(5, min=2, max=32, help="around the table: 3^philosophers states")

    def state(self):
        n = self.philosophers
        self.fork = Array(Enum("table", "left", "right"), n)  # where it is: on the table, or in which hand
        self.left = tuple(range(n))
        self.right = (*range(1, n), 0)

    def take(self, p, *, grab=False):
        hand = choose("left", "right")
        place = self.left[p] if hand == "left" else self.right[p]
        require(self.fork[place] == "table" or (grab and self.fork[place] != hand))
        self.fork[place] = hand

    def put_back(self, p):
        if self.fork[self.left[p]] == "left":
            self.fork[self.left[p]] = "table"
        if self.fork[self.right[p]] == "right":
            self.fork[self.right[p]] = "table"

    @process(count="philosophers")
    def philosopher(self, p):
        while True:
            yield step("take a fork")
            self.take(p)
            yield step("take the other, or give up")
            if self.bug("grab") or "table" in (self.fork[self.left[p]], self.fork[self.right[p]]):
                self.take(p, grab=self.bug("grab"))
                yield step("eat")
            else:
                require(not self.bug("greedy"))
            self.put_back(p)

    @invariant
    def eats_with_both(self):
        """Whoever eats has both forks, so that no two neighbours eat."""
        return all(
            not self.philosopher.at(p, "eat")
            or (self.fork[self.left[p]] == "left" and self.fork[self.right[p]] == "right")
            for p in self.philosopher
        )

    @reachable
    def as_many_as_can_eat(self):
        return count(self.philosopher.at(p, "eat") for p in self.philosopher) == self.philosophers // 2

    @reachable
    def each_has_one(self):
        return all(self.philosopher.at(p, "take the other, or give up") for p in self.philosopher)

    bugs = {
        "greedy": Bug("nobody gives a fork back before having eaten", breaks="deadlock"),
        "grab": Bug("the second fork is taken from whoever has it", breaks="eats_with_both"),
    }

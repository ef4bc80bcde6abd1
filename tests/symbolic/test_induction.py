"""Induction says what a search by hand says: at bounds on tables of steps, for any number on small models."""

from __future__ import annotations

import random
from functools import partial

import pytest

from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.search import DEADLOCK, Limits
from gomodel.symbolic.proofs import PROVED, REFUTED, VIOLATED, prove
from tests.small import model, unless_refused

# --- at bounds -------------------------------------------------------------------------------------------------------

STATES = 6


def table(rng: random.Random) -> tuple[dict[int, list[int]], set[int]]:
    """Steps between few states, and the states that are bad."""
    steps = {a: sorted({rng.randrange(STATES) for _ in range(rng.randrange(3))}) for a in range(STATES)}
    return steps, set(rng.sample(range(STATES), rng.randrange(1, 3)))


def written(steps: dict[int, list[int]], bad: set[int]) -> type[Model]:
    pairs = " or ".join(f"(self.a == {a} and b == {b})" for a, after in steps.items() for b in after) or "False"
    return model(f"""
def state(self):
    self.a = Int(0, {STATES - 1})

@rule
def hop(self):
    b = choose(range({STATES}))
    require({pairs})
    self.a = b

@invariant
def good(self):
    return {" and ".join(f"self.a != {a}" for a in sorted(bad))}
""")


def expected(steps: dict[int, list[int]], bad: set[int], k: int) -> str:
    """Paths of good states, counted out."""
    at_first = [[0]]
    for _ in range(k):
        if any(path[-1] in bad for path in at_first):
            return VIOLATED
        at_first = [[*path, b] for path in at_first for b in steps[path[-1]]]
    paths = [[a] for a in range(STATES) if a not in bad]
    for _ in range(k - 1):
        paths = [[*path, b] for path in paths for b in steps[path[-1]] if b not in bad]
    return REFUTED if any(b in bad for path in paths for b in steps[path[-1]]) else PROVED


def test_tables_of_steps() -> None:
    met: dict[str, int] = {}
    for seed in range(40):
        steps, bad = table(random.Random(seed))
        for k in (1, 2, 3):
            want = expected(steps, bad, k)
            found = prove(written(steps, bad), k=k)
            assert found.verdict == want, (seed, k, steps, bad)
            met[want] = met.get(want, 0) + 1
            if want == REFUTED:
                assert found.cex is not None
                path = [int(found.cex.initial[0].new)]
                path += [int(s.changes[0].new) if s.changes else path[-1] for s in found.cex.steps]
                assert len(path) == k + 1
                assert [a in bad for a in path] == [False] * k + [True]
    assert min(met[verdict] for verdict in (PROVED, REFUTED, VIOLATED)) > 5


@pytest.mark.parametrize("divisor", ["self.a", "self.a - 1"])
def test_evaluating_an_invariant_must_not_go_wrong(divisor: str) -> None:
    """0 is met at first; 1 is in the domain only, and what is assumed does not exclude it."""
    found = prove(
        model(f"""
def state(self):
    self.a = Int(0, 3)

@rule
def stay(self):
    self.a = self.a

@invariant
def quotient(self):
    return 6 // ({divisor}) <= 6
""")
    )
    assert found.verdict == (VIOLATED if divisor == "self.a" else REFUTED)


# --- for any number --------------------------------------------------------------------------------------------------

HERE = ("self.client.at(g, 'a')", "self.client.at(g, 'b')", "self.mark[g]", "self.on", "self.client[g].own")
EVERYWHERE = ("self.on", "self.k == 0", "self.k > 0")
EFFECTS = (
    "self.on = not self.on", "self.on = True", "self.mark[g] = not self.mark[g]", "self.mark[g] = True", "own = True",
    "require(not self.on)", "require(self.k < self.n)\n        self.k += 1", "require(self.k > 0)\n        self.k -= 1",
    "self.on = self.k > 1",
)  # fmt: skip


def claim(rng: random.Random) -> str:
    def here(depth: int = 0) -> str:
        some = rng.choice([*HERE, *EVERYWHERE])
        if depth < 2 and rng.random() < 0.3:
            some = f"({here(depth + 1)} {rng.choice(['and', 'or'])} {here(depth + 1)})"
        if depth == 0 and rng.random() < 0.3:  # a count in what is counted
            some = f"({some} and {count(1)} {rng.choice(['== 0', '<= 1'])})"
        return f"not {some}" if rng.random() < 0.3 else some

    def count(depth: int = 0) -> str:
        g = "gh"[depth]
        return f"count({here(depth).replace('g', g) if depth else here()} for {g} in self.client)"

    shapes = (
        lambda: f"{count()} <= {rng.choice(['1', 'self.k', 'self.n'])}",
        lambda: f"{count()} + {count()} <= {rng.choice(['1', 'self.n', 'self.n + self.k'])}",
        lambda: f"{count()} == (1 if self.on else 0)",
        lambda: f"all({here()} or {here()} for g in self.client)",
        lambda: f"not any({here()} and {here()} for g in self.client)",
        lambda: f"{count()} == {count()}",
    )
    return rng.choice(shapes)()


def small_model(rng: random.Random) -> type[Model]:
    bodies = ["\n        ".join(rng.sample(EFFECTS, rng.randrange(1, 3))) for _ in range(2)]
    claims = "".join(f"\n@invariant\ndef claim{k}(self):\n    return {claim(rng)}\n" for k in range(2))
    return model(f"""
n: int = Bound(3, min=1, max=6)
proof = Proof("a statement", proves=("claim0", "claim1"), any=("n",))

def state(self):
    self.on = Bool()
    self.k = Int(0, self.n)
    self.mark = Array(Bool(), self.client)

@process(count="n")
def client(self, g):
    own: Bool() = False
    while True:
        yield step("a")
        {bodies[0]}
        yield step("b")
        {bodies[1]}
{claims}""")


def search(seeds: range) -> int:
    """How many are proved; each of them holds at one to four processes."""
    proved = 0
    for seed in seeds:
        drawn = small_model(random.Random(seed))
        found = unless_refused(partial(prove, drawn), ("has no label",))  # as nothing leads there
        if found is None or found.verdict != PROVED:
            continue
        proved += 1
        for n in (1, 2, 3, 4):
            explored = CompiledEngine().explore(trace(instance(drawn, "", {"n": str(n)})), Limits())
            assert not explored.errors, (seed, n)
            assert set(explored.violations) <= {DEADLOCK}, (seed, n)
    return proved


def test_what_is_proved_for_any_number_holds_at_small_ones() -> None:
    assert search(range(300, 400)) > 3


@pytest.mark.slow
def test_what_is_proved_for_any_number_holds_at_small_ones_many_times() -> None:
    assert search(range(1000, 3000)) > 100

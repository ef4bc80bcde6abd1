"""Induction for any number of processes: what it proves holds at small numbers, and what is false it does not prove."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.search import DEADLOCK, Limits
from gomodel.symbolic.proofs import PROVED, REFUTED, UNKNOWN, Proved, prove
from tests.small import model


def proof(body: str, proves: str, *, symbolic: str = "n") -> type[Model]:
    names = ", ".join(map(repr, proves.split()))
    head = f'n: int = Bound(3, min=1, max=6)\nproof = Proof("a statement", proves=({names},), any=("{symbolic}",))\n'
    return model(head + body)


def holds_at(found: type[Model], n: int) -> bool:
    """What the explicit engine says at n processes of the properties that are proved, and of model errors."""
    explored = CompiledEngine().explore(trace(instance(found, "", {"n": str(n)})), Limits())
    return not explored.errors and set(explored.violations) <= {DEADLOCK}


LOCK = """
def state(self):
    self.held = Bool()

@process(count="n")
def client(self, g):
    while True:
        yield step("idle", rest=True)
        yield step("acquire", when=lambda: not self.held)
        {take}
        yield step("inside")
        self.held = False

@invariant
def one_inside(self):
    return count(self.client.at(g, "inside") for g in self.client) <= 1

@invariant
def held_by_one(self):
    return count(self.client.at(g, "inside") for g in self.client) == (1 if self.held else 0)
"""


def test_a_lock() -> None:
    found = prove(proof(LOCK.format(take="self.held = True"), "one_inside"))
    assert (found.verdict, found.lemmas, found.any) == (PROVED, ["held_by_one"], ("n",))
    assert found.weak == []


def test_a_lock_that_is_none() -> None:
    broken = proof(LOCK.format(take="pass"), "one_inside")
    found = prove(broken)
    assert found.verdict == REFUTED
    assert ("held_by_one", "client: acquire") in found.weak
    assert not holds_at(broken, 2)


def test_without_its_lemma_there_is_a_counterexample_to_induction() -> None:
    """Somebody is inside, the lock says that it is free, and another one takes it."""
    found = prove(proof(LOCK.format(take="self.held = True"), "one_inside"), without=["held_by_one"])
    assert found.verdict == REFUTED
    assert found.weak == [("one_inside", "client: acquire")]
    assert found.cex is not None
    first = {c.variable: c.new for c in found.cex.initial}
    standing = sorted(first[g] for g in ("g0", "g1"))
    assert (first["held"], standing) == ("0", ['at "acquire"', 'at "inside"'])
    assert [(s.label, s.next_label) for s in found.cex.steps] == [("acquire", "inside")]


QUEUE = """
def state(self):
    self.q = Queue(Pid(self.client), self.n)
    self.waits = Array(Bool(), self.client)

@process(count="n")
def client(self, g):
    while True:
        yield step("idle", rest=True)
        self.q.{push}(g)
        self.waits[g] = True
        yield step("wait", when=lambda: not self.waits[g])

@rule
def wake(self):
    require(len(self.q) > 0)
    w = self.q.pop()
    self.waits[w] = {value}

@invariant
def queued_wait(self):
    return all(self.waits[w] for w in self.q)

@invariant
def once(self):
    return all(i >= len(self.q) or j >= len(self.q) or i == j or self.q[i] != self.q[j]
               for i in range(self.n) for j in range(self.n))

@invariant
def waiters_queued(self):
    return count(self.waits[g] for g in self.client) == len(self.q)

@invariant
def waiting_wait(self):
    return all(not self.waits[g] or self.client.at(g, "wait") for g in self.client)
"""


@pytest.mark.parametrize("push", ["push", "push_front"])
def test_a_queue(push: str) -> None:
    """Everybody who waits is queued, once; so the queue never overflows."""
    queue = proof(QUEUE.format(push=push, value="False"), "waiters_queued queued_wait")
    assert prove(queue).verdict == PROVED
    assert all(holds_at(queue, n) for n in (1, 2, 3))


def test_a_queue_that_forgets_to_wake() -> None:
    found = prove(proof(QUEUE.format(push="push", value="True"), "waiters_queued queued_wait"))
    assert found.verdict == REFUTED
    assert ("waiters_queued", "wake") in found.weak


def test_what_is_counted_must_stay_elsewhere() -> None:
    """A field that all processes read changes every one of them: no count can follow it."""
    body = """
def state(self):
    self.on = Bool()

@process(count="n")
def client(self, g):
    while True:
        yield step("idle", rest=True)
        self.on = not self.on

@invariant
def few(self):
    return count(self.on and self.client.at(g, "idle") for g in self.client) <= 1
"""
    found = prove(proof(body, "few"))
    assert found.verdict != PROVED
    assert any(goal == "what is counted" for goal, _ in found.weak)
    assert not holds_at(proof(body, "few"), 2)


def test_leaving_a_domain_is_an_obligation() -> None:
    body = """
def state(self):
    self.a = Int(0, {top})

@process(count="n")
def client(self, g):
    yield step("once")
    self.a += 1

@invariant
def counted(self):
    return self.a == count(self.client.at(g, "done") for g in self.client)
"""
    assert prove(proof(body.format(top="self.n"), "counted")).verdict == PROVED
    found = prove(proof(body.format(top="2"), "counted"))
    assert (found.verdict, found.weak) == (REFUTED, [("a leaves its domain Int(0, 2)", "client: once")])


def test_a_step_invariant_and_what_must_not_happen() -> None:
    body = """
def state(self):
    self.a = Int(0, self.n)

@rule
def up(self):
    require(self.a < self.n)
    self.a += {by}
    if self.a > self.n:
        fatal("too much", prop="no_overflow")

@step_invariant
def by_one(self, before):
    return self.a <= before.a + 1
"""
    good, bad = (proof(body.format(by=n), "by_one no_overflow") for n in (1, 2))
    assert prove(good).verdict == PROVED
    assert {goal for goal, _ in prove(bad).weak} >= {"by_one", "no_overflow"}


@pytest.mark.parametrize(
    ("claim", "true"),
    [
        ("count(self.client.at(g, 'b') for g in self.client) <= self.n", True),
        ("count(self.client.at(g, 'b') for g in self.client) + count(self.client.at(g, 'a') for g in self.client)"
         " <= self.n", True),
        ("count(self.client.at(g, 'b') for g in self.client) < self.n", False),
        ("not any(self.client.at(g, 'b') for g in self.client)", False),
        ("any(self.client.at(g, 'a', 'b') for g in self.client)", True),
        ("all(self.client.at(g, 'a') for g in self.client) or any(self.client.at(g, 'b') for g in self.client)", True),
        ("self.n <= 4 or not all(self.client.at(g, 'b') for g in self.client)", False),
    ],
)  # fmt: skip
def test_claims_that_are_true_and_false(claim: str, true: bool) -> None:
    """The last one is true of up to four processes, and of no more."""
    body = f"""
@process(count="n")
def client(self, g):
    while True:
        yield step("a")
        yield step("b")

@invariant
def claim(self):
    return {claim}
"""
    found: Any = prove(proof(body, "claim"))
    assert (found.verdict == PROVED) == true
    assert all(holds_at(proof(body, "claim"), n) for n in range(1, 6)) == true


def test_what_has_no_symbolic_form_is_unknown() -> None:
    body = """
def state(self):
    self.a = Int(0, 3)

@process(count="n")
def client(self, g):
    yield step("once")

@invariant
def pairs(self):
    return all(self.a < 3 or any(g != h for h in self.client) or self.client.at(g, "once") for g in self.client)
"""
    found: Proved = prove(proof(body, "pairs"))
    assert (found.verdict, found.exit_code) == (UNKNOWN, 3)
    assert found.note.startswith("no symbolic form: a quantifier inside another one")

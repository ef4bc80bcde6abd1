"""Bounded model checking finds what the explicit engines find, as soon, and what it shows can be replayed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import z3

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.instance import all_bugs, instance
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.counterexample import confirm
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Engine, Exploration, Limits
from gomodel.symbolic.bmc import BoundedEngine
from gomodel.symbolic.finite import Finite
from gomodel.symbolic.values import Numbers
from tests.conftest import Run
from tests.random_models import REFUSED, write_model
from tests.small import load, model, source, unless_refused

DEPTH = 5


def short(result: Exploration, depth: int) -> dict[str, tuple[str, int]]:
    """What was found within ``depth`` steps."""
    found = {**result.violations, **result.errors}
    return {name: (f.kind, f.length) for name, f in found.items() if f.length <= depth}


def agree(text: str, engine: Engine, depth: int = DEPTH) -> Exploration | None:
    inst = instance(load(text))
    system = unless_refused(lambda: trace(inst), REFUSED)
    if system is None:
        return None
    bounded = BoundedEngine(depth).explore(system, Limits())
    for found in (*bounded.violations.values(), *bounded.errors.values()):
        confirm(inst, system, found)
    assert short(bounded, depth) == short(engine.explore(system, Limits()), depth)
    return bounded


@pytest.mark.parametrize("block", range(4))
def test_random_models(block: int) -> None:
    """Reference engine, machine code, and Z3."""
    hits = 0
    for seed in range(10 * block, 10 * (block + 1)):
        text = write_model(random.Random(seed))
        try:
            result = agree(text, ReferenceEngine() if seed % 2 else CompiledEngine())
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference
        hits += bool(result and (result.violations or result.errors))
    assert hits  # some of them go wrong within the depth


@pytest.mark.slow
def test_many_random_models() -> None:
    for seed in range(400):
        text = write_model(random.Random(seed))
        try:
            agree(text, CompiledEngine())
        except Exception as difference:
            raise AssertionError(f"seed {seed}:\n{text}") from difference


KNOWN = [("sema", "s1", "sema.no_lost_wakeup", 7)]  # its seven steps stand in README.md


@pytest.mark.parametrize(("name", "bug", "prop", "length"), KNOWN)
def test_a_bug_is_found_at_its_length(name: str, bug: str, prop: str, length: int) -> None:
    inst = instances(catalog.load(name), preset="quick", bugs=[bug])[0]
    system = trace(inst, every_kind=False)
    just_short = BoundedEngine(length - 1).explore(system, Limits())
    assert prop not in just_short.violations
    found = BoundedEngine(length).explore(system, Limits(until=frozenset([prop]))).violations[prop]
    assert (found.length, len(found.trace)) == (length, length)
    confirm(inst, system, found)


@pytest.mark.slow
@pytest.mark.parametrize("name", catalog.names())
def test_every_bug_of_a_model(name: str) -> None:
    """Within 60 seconds and 14 steps for each: what is found is what machine code finds."""
    shipped = catalog.load(name)
    own = [bug for bug, (component, _) in all_bugs(instances(shipped)[0]).items() if component._meta.own]
    for bug in own:  # those of another spec are judged in a model of their own
        for inst in instances(shipped, preset="quick", bugs=[bug]):
            system = trace(inst, every_kind=False)
            bounded = BoundedEngine(14).explore(system, Limits(timeout=60))
            depth = bounded.depth - 1 if "limit" in (bounded.stopped or "") or "Z3" in (bounded.stopped or "") else 14
            explored = CompiledEngine().explore(system, Limits(max_states=3_000_000))
            assert short(bounded, depth) == short(explored, depth), (name, bug, inst.scenario)
            for found in bounded.violations.values():
                confirm(inst, system, found)


# --- the end of the search -------------------------------------------------------------------------------------------

COUNTER = """
def state(self):
    self.n = Int(0, 9)

@rule
def up(self):
    require(self.n < 3)
    self.n += 1

@invariant
def small(self):
    return self.n <= 2
"""


def test_a_depth_that_is_reached_is_no_ok() -> None:
    system = trace(instance(model(COUNTER)))
    two = BoundedEngine(2).explore(system, Limits())
    assert (two.violations, two.stopped) == ({}, "the depth of 2 steps")
    assert BoundedEngine(3).explore(system, Limits()).violations["small"].length == 3


def test_executions_that_all_end_are_all_of_them() -> None:
    """Three steps, then nothing can move: there is nothing to be seen behind."""
    result = BoundedEngine(10).explore(trace(instance(model(COUNTER))), Limits())
    assert (result.stopped, result.depth) == ("the end of every execution, at depth 3", 3)


def test_it_is_never_ok(run: Run, tmp_path: Path) -> None:
    """Witnesses and coverage are not judged, so neither "vacuous" nor "ok" may be said."""
    file = tmp_path / "short.py"
    file.write_text(source(COUNTER.replace("n < 3", "n < 2")))
    code, out, _ = run("bmc", str(file))
    assert code == 3
    assert "reached depth 2" in out
    last = "incomplete: the search stopped at the end of every execution, at depth 2; no violation was found until then"
    assert " ".join(out.split()).endswith(last)


NAMES = """
def state(self):
    self.way = Int(0, 3)
    self.initially = Int(0, 3)
    self.pick = Int(0, 3)
    self.process = Int(0, 3)

def init(self):
    self.initially = choose(0, 1)

@process(count=2)
def walker(self, g):
    while True:
        yield step("walk")
        by = choose(0, 1)
        require(self.way + by <= 3 and self.initially <= 3)
        self.way += by
        self.pick = by

@invariant
def below(self):
    return self.way < 3 or self.initially == 0
"""


def test_fields_may_be_named_as_anything() -> None:
    """Z3's variables for the way that is taken, the process and the picks have names that no field has."""
    result = agree(source(NAMES), ReferenceEngine(), 4)
    assert result is not None
    assert result.violations["below"].length == 3


def test_numbers_are_wide_enough() -> None:
    """In n + 1 bits every quotient and remainder of numbers of n bits is Python's."""
    numbers = Numbers(4)
    for a in range(-4, 4):
        for b in (*range(-4, 0), *range(1, 4)):
            quotient, rest = (z3.simplify(x) for x in numbers.divide(numbers.lift(a), numbers.lift(b)))
            assert (quotient.as_signed_long(), rest.as_signed_long()) == (a // b, a % b), (a, b)


@pytest.mark.parametrize(("expression", "bits"), [("7", 4), ("self.n // 2", 5), ("self.n % 2", 5), ("self.n * 2", 5)])
def test_how_many_bits(expression: str, bits: int) -> None:
    """A sign, three bits for 0 to 7, four for twice that, and one more where something is divided."""
    body = f"""
def state(self):
    self.n = Int(0, 7)
    self.unused = Int(-8, 0)

@rule
def hop(self):
    self.n = min(7, {expression})
"""
    assert Finite(trace(instance(model(body)))).numbers.bits == bits


def test_a_time_limit_is_said() -> None:
    inst = instances(catalog.load("mutex"), preset="quick")[0]
    result = BoundedEngine(30).explore(trace(inst, every_kind=False), Limits(timeout=0.5))
    assert result.stopped in ("the time limit of 0.5 s", "Z3: canceled", "Z3: timeout")


def test_on_the_command_line(run: Run) -> None:
    code, out, _ = run("bmc", "mutex", "--preset", "quick", "--scenario", "pair", "--bug", "m5", "--depth", "12")
    assert code == 1
    assert "no_throw is violated\n  after 12 steps" in out
    code, out, _ = run("bmc", "mutex", "--preset", "quick", "--scenario", "pair", "--depth", "3")
    assert code == 3
    assert "stopped at the depth of 3 steps" in out

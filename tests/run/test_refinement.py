"""Refinement, by both engines: what holds, what does not and how short the counterexample is, and what is said of it.

Lengths are counted by hand, beside each.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from gomodel import catalog
from gomodel.language.errors import InternalError
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.properties import find_property
from gomodel.language.system import State
from gomodel.language.tracer import trace
from gomodel.run.abstract import Abstraction, refinement_holds
from gomodel.run.check import ENGINES, check
from gomodel.run.concrete import Runner
from gomodel.run.counterexample import confirm
from gomodel.run.pycode import predicate
from gomodel.run.reference import ReferenceEngine
from gomodel.run.report import AbstractStep, Exit, Report, Verdict
from gomodel.run.search import Found, Limits
from gomodel.run.trace import Trace
from gomodel.trace.show import counterexample_lines
from tests.explore.comparing import compare
from tests.language.source import model_of
from tests.models import refining
from tests.small import length, verdict

MODELS = (refining.Handshake, refining.Bits, refining.Ticks, refining.Claims, refining.Locals, refining.Dice)


@pytest.fixture(params=ENGINES)
def engine(request: Any) -> str:
    name: str = request.param
    return name


def abstract(report: Report, name: str) -> AbstractStep:
    found = next(c.abstract for c in report.counterexamples if c.property == name)
    assert found is not None
    return found


def note(report: Report, name: str) -> str:
    return next(p.note for p in report.properties if p.name == name)


@pytest.mark.parametrize(
    ("model", "bug"), [(m, b) for m in MODELS for b in ("", *m.bugs)], ids=lambda x: x if isinstance(x, str) else x.name
)
def test_both_engines_agree(model: type[Model], bug: str) -> None:
    inst = instance(model)
    compare(trace(inst.with_bugs(bug) if bug else inst))


@pytest.mark.parametrize("model", [m for m in MODELS if m is not refining.Claims], ids=lambda m: m.name)
def test_refinements_that_hold(model: type[Model], engine: str) -> None:
    report = check(model, engine=engine)
    assert {p.verdict for p in report.properties} == {Verdict.OK}
    assert {p.note for p in report.properties} == {""}
    assert report.exit_code == Exit.OK


# --- steps that no rule explains -----------------------------------------------------------------------------


def test_a_value_that_changes_on_its_way_is_no_channel(engine: str) -> None:
    report = check(refining.Handshake, bugs=["changes"], engine=engine)
    assert length(report, "channel") == 3  # data, request, change
    found = abstract(report, "channel")
    assert (found.component, found.before) == ("Place", (("holds", "0"),))
    assert [(c.variable, c.old, c.new) for c in found.changes] == [("holds", "0", "1")]
    assert found.rules == (("put", "is not enabled, whatever its arguments"), ("take", "would give holds: 0 → nil"))
    assert (
        length(check(refining.Handshake, bugs=["withdraws"], engine=engine), "channel") == 3
    )  # data, request, withdraw


def test_a_torn_read_is_no_read(engine: str) -> None:
    report = check(refining.Bits, bugs=["torn"], engine=engine)
    # Of the writer begin and low bit, so that 1 can be read, which is not 0; all four steps of the reader.
    assert length(report, "atomic") == 6


def test_a_step_that_is_two_abstract_ones_is_none(engine: str) -> None:
    report = check(refining.Ticks, bugs=["leap"], engine=engine)
    assert length(report, "halves") == 3  # 0, 1, 2, 6: from 1 to 3 halves
    assert abstract(report, "halves").rules == (("up", "would give n: 1 → 2"),)


def test_the_initial_state_counts(engine: str) -> None:
    report = check(refining.Handshake, bugs=["early"], engine=engine)
    assert length(report, "channel") == 0
    found = abstract(report, "channel")
    assert found.before == (("holds", "nil"),)
    assert [(c.variable, c.old, c.new) for c in found.changes] == [("holds", "nil", "0")]
    assert found.rules == ()


def test_every_initial_state_counts(engine: str) -> None:
    report = check(SEVERAL, engine=engine)
    assert length(report, "counter") == 0
    (cex,) = report.counterexamples
    assert cex.trace == Trace((2,))


SEVERAL = model_of("""
class Even(Component):
    def state(self):
        self.odd = Bool()
    @rule
    def flip(self):
        self.odd = not self.odd

class M(Model):
    name = "m"
    def state(self):
        self.n = Int(0, 3)
    def init(self):
        self.n = choose(0, 2)
    @process()
    def p(self, g):
        yield step("up")
        self.n += 1
    @refines(lambda self: Even())
    def counter(self, even):
        even.odd = self.n >= 1
""")


def test_labels_locals_and_ghosts_are_mapped(engine: str) -> None:
    report = check(refining.Locals, bugs=["barge"], engine=engine)
    assert length(report, "by_label") == length(report, "by_ghost") == 2  # both lock
    assert verdict(report, "by_local") is Verdict.OK  # who holds something may be many
    assert abstract(report, "by_ghost").before == (("owner", "g0"),)


def test_what_a_mapping_reads_is_kept() -> None:
    kind = trace(instance(refining.Locals)).kinds["client"]
    assert {kind.labels[pc] for pc, names in kind.live.items() if "client.mine" in names} >= {"lock", "inside"}


def test_a_rule_may_choose(engine: str) -> None:
    report = check(refining.Dice, bugs=["lazy"], engine=engine)
    assert length(report, "die") == 2  # throw, land on the 1 that it showed
    throw, land = abstract(report, "die").rules
    assert throw == ("throw", "is not enabled")
    assert land[1] == "with False, 2 would give shows: 1 → 2, side: flying → lying (the nearest of 5 results)"
    # Twice throw and land, then turn: 1 + 6 = 7 is no fall.
    assert length(check(refining.Dice, bugs=["table"], engine=engine), "die") == 5


# --- mappings that are wrong, or say nothing -----------------------------------------------------------------


def test_a_constant_mapping_is_vacuous(engine: str) -> None:
    report = check(refining.Claims, engine=engine)
    assert verdict(report, "constant") is Verdict.VACUOUS
    assert note(report, "constant") == "the abstract state never changes"


def test_a_mapping_that_happens_never_to_change_is_vacuous_too(engine: str) -> None:
    report = check(STILL, engine=engine)
    assert verdict(report, "counter") is Verdict.VACUOUS
    assert note(report, "counter") == "the abstract state never changes"
    assert report.exit_code == Exit.VACUOUS


STILL = model_of("""
class Counter(Component):
    def state(self):
        self.n = Int(0, 3)
    @rule
    def up(self):
        self.n += 1

class M(Model):
    name = "m"
    def state(self):
        self.n = Int(0, 3)
        self.still = Int(0, 3)
    @process()
    def p(self, g):
        yield step("up")
        self.n = 1 + self.still
    @refines(lambda self: Counter())
    def counter(self, counter):
        counter.n = self.still
""")


def test_a_rule_that_is_never_needed_is_only_noted(engine: str) -> None:
    """To do less than is allowed is to refine."""
    report = check(MODEST, engine=engine)
    assert verdict(report, "counter") is Verdict.OK
    assert note(report, "counter") == "rule down explains no step"
    assert report.exit_code == Exit.OK


MODEST = model_of("""
class Counter(Component):
    def state(self):
        self.n = Int(0, 3)
    @rule
    def up(self):
        self.n += 1
    @rule
    def down(self):
        self.n -= 1

class M(Model):
    name = "m"
    def state(self):
        self.n = Int(0, 3)
    @process()
    def p(self, g):
        yield step("up")
        self.n = 1
    @refines(lambda self: Counter())
    def counter(self, counter):
        counter.n = self.n
""")


def test_it_starts_wrong_and_leaves_the_abstract_domain(engine: str) -> None:
    report = check(refining.Claims, engine=engine)
    assert report.exit_code == Exit.ERROR
    assert length(report, "late") == 0
    assert length(report, "doubled") == length(report, "divided") == 1  # 0 → 2
    errors = {e.property.partition(" (")[0]: len(e.trace) for e in report.errors}
    assert errors == {
        "divided: division by zero": 2,  # at 2
        "divided: divided.n leaves its domain Int(0, 3)": 3,  # 3 // −1 − 1 at 3
        "narrow: narrow.n leaves its domain Int(0, 2)": 3,
    }


def test_errors_and_throws_of_abstract_rules_explain_nothing(engine: str) -> None:
    report = check(FAULTY, engine=engine)
    assert length(report, "jump") == 1
    assert abstract(report, "jump").rules == (
        ("leave", "goes wrong: n leaves its domain Int(0, 1)"),
        ("throw", "goes wrong: thrown"),
        ("same", "would change nothing"),
    )
    assert {p.name for p in report.properties} == {"jump", "deadlock"}  # its throw is no property of the model


FAULTY = model_of("""
class Faulty(Component):
    def state(self):
        self.n = Int(0, 1)
    @rule
    def leave(self):
        self.n += 2
    @rule
    def throw(self):
        self.n = 1
        fatal("thrown")
    @rule
    def same(self):
        self.n = 0

class M(Model):
    name = "m"
    def state(self):
        self.n = Int(0, 1)
    @process()
    def p(self, g):
        yield step("up")
        self.n = 1
    @refines(lambda self: Faulty())
    def jump(self, faulty):
        faulty.n = self.n
""")


def test_arrays_cell_by_cell_parts_and_structs_are_mapped(engine: str) -> None:
    report = check(PARTS, engine=engine)
    assert {p.verdict for p in report.properties} == {Verdict.OK}
    broken = check(PARTS, engine=engine, bugs=["both"])
    assert length(broken, "part.store") == 1
    changes = [c.variable for c in abstract(broken, "part.store").changes]
    assert changes == ["cells[0]", "cells[1]", "inner.last.at", "inner.last.set"]


PARTS = model_of("""
class Inner(Component):
    def state(self):
        self.last = Struct(at=Int(0, 2), set=Bool())

class Store(Component):
    def state(self):
        self.cells = Array(Int(0, 3), 2)
        self.inner = Inner()
    def put(self, at, value):
        self.cells[at] = value
        self.inner.last.at = at + 1
        self.inner.last.set = True
    @rule
    def write(self, at: Int(0, 1), value: Int(1, 3)):
        self.put(at, value)

class Part(Component):
    bugs = {"both": Bug("both cells at once", breaks="store")}
    def state(self):
        self.low = Int(0, 3)
        self.high = Int(0, 3)
        self.last = Int(0, 2)
    @refines(lambda self: Store())
    def store(self, store):
        for i in range(2):
            store.cells[i] = self.low if i == 0 else self.high
        store.inner.last.at = self.last
        store.inner.last.set = self.last > 0

class M(Model):
    name = "m"
    def state(self):
        self.part = Part()
    @process()
    def p(self, g):
        yield step("low")
        self.part.low = 3
        self.part.last = 1
        if self.part.bug("both"):
            self.part.high = 3
            self.part.last = 2
        yield step("high")
        self.part.high = 1
        self.part.last = 2
""")


# --- CPython -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "bug"), [(m, b) for m in MODELS for b in ("", *m.bugs)], ids=lambda x: x if isinstance(x, str) else x.name
)
def test_cpython_judges_pairs_of_states_as_the_term_does(model: type[Model], bug: str) -> None:
    """Steps, and pairs that are none: what the mapping gives there is a violation more often."""
    inst = instance(model).with_bugs(bug) if bug else instance(model)
    system = trace(inst)
    before, after = Runner(inst, system), Runner(inst, system)
    paths, pairs = _reached(before, after)
    known = list(paths)
    rng = random.Random(1)
    pairs = rng.sample(pairs, min(60, len(pairs))) + [(rng.choice(known), rng.choice(known)) for _ in range(60)]
    for prop in system.properties.values():
        if prop.kind != "refinement":
            continue
        holds, initially = predicate(system, prop.term), predicate(system, prop.initially)
        errors = [predicate(system, cond) for cond, _ in prop.errors]
        here, there = (Abstraction(prop.name, *find_property(r.model, prop.name)) for r in (before, after))
        for s, t in pairs:
            before.replay(paths[s])
            after.replay(paths[t])
            wrong = any(e(t) for e in errors)
            assert refinement_holds(there, None) == (None if wrong else initially(t)), (prop.name, t)
            wrong = wrong or any(e(s) for e in errors)
            assert refinement_holds(there, here) == (None if wrong else holds(s, t)), (prop.name, s, t)


def _reached(runner: Runner, other: Runner) -> tuple[dict[State, Trace], list[tuple[State, State]]]:
    """The reachable states, each with a trace to it, and the steps between them."""
    paths: dict[State, Trace] = {}
    for choices in list(runner.initial()):
        runner.replay(Trace(choices))
        paths[runner.state()] = Trace(choices)
    steps, work = [], list(paths)
    while work:
        state = work.pop(0)
        for move, _, following in list(other.successors(paths[state])):
            assert following is not None
            steps.append((state, following))
            if following not in paths:
                paths[following] = Trace(paths[state].init, (*paths[state].moves, move))
                work.append(following)
    return paths, steps


def test_cpython_does_not_confirm_what_it_can_explain() -> None:
    inst = instance(refining.Handshake)
    system = trace(inst)
    found = ReferenceEngine().explore(system, Limits())
    assert not found.violations
    runner_trace = ReferenceEngine().explore(trace(inst.with_bugs("changes")), Limits()).violations["channel"].trace
    explained = Trace((), runner_trace.moves[:2])  # data, request: a put
    with pytest.raises(InternalError, match="does not replay in CPython"):
        confirm(inst, system, Found("channel", "refinement", 2, lambda: explained))
    with pytest.raises(InternalError, match="does not replay in CPython"):
        confirm(inst, system, Found("channel", "refinement", 0, lambda: Trace()))


# --- shown ---------------------------------------------------------------------------------------------------


def test_it_is_shown() -> None:
    (cex,) = check(refining.Handshake, bugs=["changes"]).counterexamples
    text = "\n".join(line.plain for line in counterexample_lines(cex))
    assert """
  abstract Place before: holds = 0
  and after: holds: 0 → 1
  no rule does that:
    put is not enabled, whatever its arguments
    take would give holds: 0 → nil
""" in text  # fmt: skip
    (cex,) = check(refining.Handshake, bugs=["early"]).counterexamples
    text = "\n".join(line.plain for line in counterexample_lines(cex))
    assert "  abstract Place at the start: holds = nil\n  but mapped to: holds: nil → 0\n" in text


# --- the shipped refinements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "bug", "refinement", "steps"),
    [
        # g0 idle and L1, which takes the lock; t0 idle, T1 and T2, which takes it too
        ("mutex", "t1", "atomic", 5),
        # an acquirer's choice and A1 to A4: asleep; a releaser's choice and R1 to R5: the ticket, and the token stays
        ("sema", "s5", "sema.atomic", 11),
        # up to R4: the ticket that was a priority is taken for a token
        ("sema", "s7", "sema.atomic", 10),
        # two asleep, and a releaser's choice and R1 to R4: the last is woken
        ("sema", "tail", "sema.atomic", 15),
    ],
)
def test_bugs_that_a_shipped_refinement_finds(model: str, bug: str, refinement: str, steps: int) -> None:
    report = check(catalog.load(model), bugs=[bug])
    assert length(report, refinement) == steps

"""The concrete runner: CPython itself, re-executing along the choices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gomodel.language.errors import InternalError
from gomodel.language.instance import Instance, instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.check import check
from gomodel.run.concrete import NeedChoice, Runner
from gomodel.run.counterexample import build, confirm
from gomodel.run.reference import ReferenceEngine
from gomodel.run.search import Found, Limits
from gomodel.run.trace import Move, Trace
from tests.concretely import explore_concretely
from tests.models.concurrent import BrokenLock, Election
from tests.models.everything import Everything
from tests.small import load

NESTED = load("""\
from gomodel import *

class Part(Component):
    def __init__(self, size):
        self.size = size

    def state(self):
        self.word = Int(0, 3)

    def put(self, g, value: Int(0, 3)):
        before: Int(0, 3) = self.word
        yield step("write")
        self.word = value
        if before == value:
            return False
        yield from self.settle()
        return True

    def settle(self):
        for k in range(self.size):
            yield step("settle")
            self.word = (self.word + k) % 4

class M(Model):
    name = "nested"

    def state(self):
        self.parts = [Part(1), Part(2)]
        self.done = Int(0, 8)

    @process(count=2)
    def client(self, g):
        for part in self.parts:
            for value in (0, 3):
                yield step("next")
                changed: Bool() = yield from part.put(g, value)
                if changed:
                    self.done += 1

    @invariant
    def counted(self):
        return self.done <= 8
""")


def runner_of(model: type[Model], **bounds: Any) -> tuple[Runner, Instance, TransitionSystem]:
    inst = instance(model, "", bounds)
    system = trace(inst)
    return Runner(inst, system), inst, system


def field(runner: Runner, name: str) -> Any:
    return runner.state()[list(runner.system.variables).index(name)]


# --- running ---------------------------------------------------------------------------------------------------------


def test_replay_runs_a_trace() -> None:
    runner, _, _ = runner_of(Everything)
    begin, go_on = Move("w0", "begin"), Move("w0", "go on", (1,))
    outcome = runner.replay(Trace((1,), (begin, go_on)))
    assert (outcome.kind, outcome.choices) == ("commit", (1,))
    assert field(runner, "n") == 3  # 1 for the slow way, and twice the choice
    assert runner.replay(Trace((2,), (begin, replace(go_on, choices=(2,))))).kind == "fatal"
    assert runner.replay(Trace((1,), (begin, replace(go_on, choices=(2,))))).kind == "error"  # n = 5
    runner.replay(Trace((2,)))
    assert field(runner, "n") == 0  # from the start again


def test_a_failed_require_leaves_no_trace() -> None:
    model = load("""\
from gomodel import *

class M(Model):
    name = "m"

    def state(self):
        self.n = Int(0, 3)

    @process()
    def client(self, g):
        yield step("try")
        self.n = choose(1, 2)
        require(self.n == 2)
""")
    runner, _, _ = runner_of(model)
    moves = [(move, after) for move, _, after in runner.successors(Trace())]
    assert [(m.choices, after) for m, after in moves] == [((2,), (2, (0,)))]
    runner.start()
    assert runner.step("g0", (1,)).kind == "blocked"
    runner.replay(Trace())
    assert field(runner, "n") == 0


def test_choices_are_enumerated_once_each() -> None:
    model = load("""\
from gomodel import *

class M(Model):
    name = "m"

    def state(self):
        self.n = Int(0, 9)
        self.some = Set(Int(0, 2))

    def init(self):
        self.some.add(choose(0, 2))
        self.some.add(choose(0, 2))

    @process()
    def client(self, g):
        yield step("choose")
        x = choose(1, 1, 2)
        y = choose(self.some)
        if x == 2:
            y += choose(True, False)
        self.n = x + y
""")
    runner, _, _ = runner_of(model)
    assert list(runner.initial()) == [(0, 0), (0, 2), (2, 0), (2, 2)]
    both = [move.choices for move, _, _ in runner.successors(Trace((0, 2)))]
    assert both == [(1, 0), (1, 2), (2, 0, True), (2, 0, False), (2, 2, True), (2, 2, False)]
    one = [move.choices for move, _, _ in runner.successors(Trace((2, 2)))]
    assert one == [(1, 2), (2, 2, True), (2, 2, False)]


def test_a_step_asks_for_a_choice_that_it_is_not_given() -> None:
    runner, _, _ = runner_of(Everything)
    runner.replay(Trace((1,), (Move("w0", "begin"),)))
    with pytest.raises(NeedChoice) as need:
        runner.step("w0")
    assert need.value.options == [0, 1, 2]


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        (Trace((1,), (Move("w0", "go on"),)), "stands at 'begin'"),
        (Trace((1,), (Move("w1", "begin"),)), "no w1"),
        (Trace((3,)), "not among"),
        (Trace(), "another is made"),
        (Trace((1, 1)), "only"),
        (Trace((1,), (Move("w0", "begin", (0,)),)), "only"),
        (Trace((1,), (Move("w0", "begin"), Move("w0", "go on"))), "another is made"),
        (Trace((1,), (Move("w0", "begin"), Move("w0", "go on", (7,)))), "not among"),
        (Trace((1,), (Move("reset", "reset"), Move("w0", "begin"))), "goes on after"),
        (Trace((1,), (Move("w0", "begin"), Move("w0", "go on", (2,)), Move("w0", "end"))), "goes on after"),
    ],
)
def test_a_trace_that_does_not_fit_is_a_defect(forged: Trace, message: str) -> None:
    runner, _, _ = runner_of(Everything)
    with pytest.raises(InternalError, match=message):
        runner.replay(forged)


# --- states and program counters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [NESTED, Election, BrokenLock, Everything], ids=lambda m: m.name)
def test_every_position_is_recognised_and_the_states_are_the_engines(model: type[Model]) -> None:
    _, inst, system = runner_of(model)
    graph = explore_concretely(inst, system)
    result = ReferenceEngine().explore(system, Limits())
    assert (graph.states, graph.transitions, graph.depth) == (result.states, result.transitions, result.depth)
    assert graph.fatals == {name for name, found in result.violations.items() if found.kind == "fatal"}
    assert bool(graph.errors) == bool(result.errors)
    names = list(system.variables)
    for kind in system.kinds.values():
        stood = {(kind.name, pc) for state in graph.edges or {} for pc in state[names.index(kind.pc_name)]}
        assert stood == {label for label in result.labels if label[0] == kind.name}


def test_nested_operations_and_static_loops_have_a_position_each() -> None:
    runner, _, system = runner_of(NESTED)
    runner.start()
    g0 = runner.processes["g0"]
    seen, parts = [], []
    while g0.step is not None:
        seen.append(runner.program_counter(g0))
        parts.append([site.owner for site in system.kinds["client"].sites[seen[-1]]])
        runner.step("g0")
    # Alone: writing 0 into a part changes nothing, writing 3 does and settles, once in the first part and twice in the
    # second.
    labels = [system.kinds["client"].actions[pc].step.label for pc in seen]
    once = ["next", "write", "next", "write", "settle"]
    assert labels == [*once, *once, "settle"]
    assert len(set(seen)) == len(seen)
    assert parts[1] == ["", "parts[0]"]
    assert parts[4] == ["", "parts[0]", "parts[0]"]
    assert parts[9] == parts[10] == ["", "parts[1]", "parts[1]"]


def test_labels_and_locals_as_properties_see_them() -> None:
    runner, _, _ = runner_of(NESTED)
    model: Any = runner.model
    runner.start()
    g0, g1 = model.client
    assert model.client.at(g0, "next")
    runner.step("g0")
    assert model.client.at(g0, "write")
    runner.step("g0")
    runner.step("g0")
    runner.step("g0")
    assert model.client.at(g0, "settle", "done")
    assert not model.client.at(g1, "settle", "done")
    assert model.client[g0].before == 0  # what was there before 3
    assert model.client[g0].put.before == 0  # the same, through the operation
    runner.step("g0")
    assert model.client[g0].changed is True
    assert model.client[g1].changed is False  # not set yet: the default of its domain


# --- counterexamples -------------------------------------------------------------------------------------------------


def found_in(model: type[Model]) -> tuple[Instance, TransitionSystem, dict[str, Found]]:
    inst = instance(model)
    system = trace(inst)
    result = ReferenceEngine().explore(system, Limits())
    return inst, system, result.violations | result.errors


def test_a_counterexample_tells_its_steps() -> None:
    inst, system, found = found_in(BrokenLock)
    cex = build(inst, system, found["mutual_exclusion"], "lock.py")
    assert sorted((s.actor, s.label, s.next_label) for s in cex.steps) == [
        ("p0", "take", "critical"),
        ("p0", "test", "take"),
        ("p1", "take", "critical"),
        ("p1", "test", "take"),
    ]
    assert [(c.variable, c.old, c.new) for s in cex.steps for c in s.changes] == [("locked", "0", "1")]
    assert cex.reproduce.startswith("gomodel check lock.py")


@pytest.mark.parametrize("name", ["low", "never_down", "ends_low", "four"])
def test_a_forged_finding_is_refused(name: str) -> None:
    inst, system, found = found_in(Everything)
    true = found[name]
    confirm(inst, system, true)
    begin = Move("w0", "begin")
    for forged in (Trace((1,)), Trace((1,), (begin,)), Trace((1,), (begin, Move("w0", "go on", (0,))))):
        with pytest.raises(InternalError, match="does not replay"):
            build(inst, system, replace(true, find=lambda forged=forged: forged), "everything")


@pytest.mark.parametrize("kind", ["deadlock", "error", "invariant"])
def test_a_forged_kind_is_refused(kind: str) -> None:
    inst, system, _ = found_in(Everything)
    name = "deadlock" if kind == "deadlock" else "low_when_reset"
    with pytest.raises(InternalError, match="does not replay"):
        confirm(inst, system, Found(name, kind, 0, lambda: Trace((1,))))


def test_a_guard_that_raises_does_not_spoil_the_description() -> None:
    model = load("""\
from gomodel import *

class M(Model):
    name = "m"

    def state(self):
        self.queue = Queue(Int(0, 1), 1)
        self.n = Int(0, 1)

    @process()
    def client(self, g):
        yield step("wait", when=lambda: self.queue[0] == 1)

    @process()
    def other(self, o):
        yield step("go")
        self.n = 1

    @invariant
    def stays(self):
        return self.n == 0
""")
    report = check(model)
    assert [len(e.trace) for e in report.errors] == [1]  # trying "wait" with an empty queue
    assert [len(c.trace) for c in report.counterexamples] == [1]
    assert report.exit_code == 2

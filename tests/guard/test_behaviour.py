"""The behavioural diff: what two versions of a model have in common, and the shortest that only one has."""

from __future__ import annotations

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.guard.behaviour import NEW, OLD, Comparison, compare
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.report import Change
from gomodel.run.search import Limits
from tests.small import model

COUNTER = """
def state(self):
    self.n = Int(0, 9)
    self.seen = Ghost(Int(0, 9))

@process()
def counter(self, c):
    while True:
        yield step("count", when=lambda: self.n < 4)
        by: Int(0, 3) = 0
        by = choose(1, 2)
        self.n += by
"""


def edited(*changes: tuple[str, str]) -> type[Model]:
    text = COUNTER
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return model(text)


def compared(old: type[Model], new: type[Model], **limits: int) -> Comparison:
    mine, yours = (trace(instances(m)[0]) for m in (old, new))
    return compare(mine, yours, Limits(**limits))  # type: ignore[arg-type]


def test_versions_that_behave_alike() -> None:
    # n is 0 to 5, of which 4 and 5 are the end, and 5 takes three steps.
    found = compared(model(COUNTER), model(COUNTER))
    assert (found.found, found.stopped, found.pairs, found.depth) == (None, None, 6, 3)


def test_locals_ghosts_and_how_it_is_written_do_not_matter() -> None:
    other = edited(
        ("by = choose(1, 2)", "by = choose(1, 2)\n        self.seen = self.n"), ("by: Int(0, 3)", "by: Int(0, 7)")
    )
    assert compared(model(COUNTER), other).found is None


def test_a_step_that_only_one_can_take_is_found_where_it_is_nearest() -> None:
    later = edited(("self.n < 4", "self.n < 5"))  # 0 → 2 → 4 → …: two steps, and then one more
    found = compared(model(COUNTER), later).found
    assert found is not None
    assert ([m.choices for m in found.trace.moves], found.only) == ([(2,), (2,)], NEW)
    assert found.move is not None
    assert (found.move.choices, found.other) == ((1,), "c0 cannot step")
    found = compared(later, model(COUNTER)).found
    assert found is not None
    assert found.only == OLD


def test_a_choice_that_only_one_has() -> None:
    found = compared(model(COUNTER), edited(("choose(1, 2)", "choose(1, 2, 3)"))).found
    assert found is not None
    assert (len(found.trace), found.only, found.other) == (0, NEW, "not with these choices")


def test_another_label() -> None:
    found = compared(model(COUNTER), edited(('"count"', '"add"'))).found
    assert found is not None
    assert (found.only, found.other) == (OLD, "c0 stands at 'add'")


def test_the_same_steps_with_other_values() -> None:
    found = compared(model(COUNTER), edited(("self.n += by", "self.n += by if self.n < 2 else 1"))).found
    assert found is not None
    assert [m.choices for m in found.trace.moves] == [(2,), (2,)]
    assert (found.only, found.changes) == ("", (Change("n", "4", "3"),))


def test_an_initial_state_that_only_one_has() -> None:
    other = edited(("@process()", "def init(self):\n    self.n = choose(0, 1)\n\n@process()"))
    found = compared(model(COUNTER), other).found
    assert found is not None
    assert (found.trace.init, found.only, found.move) == ((), OLD, None)


def test_a_step_that_fails_in_one() -> None:
    other = edited(
        ("self.n += by", 'if self.n == 3:\n            fatal("three", prop="no_three")\n        self.n += by')
    )
    found = compared(model(COUNTER), other).found
    assert found is not None
    assert (found.only, found.other) == (OLD, "three")
    assert len(found.trace) == 2  # 1 and 2, or 2 and 1, make 3


def test_fields_of_one_alone_are_named() -> None:
    other = edited(("self.n = Int(0, 9)", "self.n = Int(0, 9)\n    self.more = Bool()"))
    found = compared(model(COUNTER), other)
    assert (found.found, found.old_only, found.new_only) == (None, (), ("more",))


def test_limits_are_said() -> None:
    assert compared(model(COUNTER), model(COUNTER), max_states=3).stopped == "3 pairs of states"


def test_a_model_is_like_itself_and_its_bugs_differ_where_they_edit() -> None:
    inst = instance(catalog.load("sema"), "users")
    alike = compare(trace(inst), trace(inst), Limits())
    assert (alike.found, alike.pairs) == (None, CompiledEngine().explore(trace(inst), Limits()).states)
    found = compare(trace(inst), trace(inst.with_bugs("s1")), Limits()).found
    assert found is not None
    assert found.move is not None
    assert (found.only, found.move.label) == (OLD, "A3 cansemacquire again")  # which s1 leaves out

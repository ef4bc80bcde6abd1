"""What docs/findings/mutex-fairness.md says: which fairness makes every Lock return, and which does not."""

from __future__ import annotations

import pytest

from gomodel import catalog
from gomodel.language.declare import weak
from gomodel.run.assumptions import assumptions
from gomodel.run.fair_cycle import fair_cycle

from .lassos import Question, every_strong, load, properties, successes, violated

LUCK, STARVING = "lock_returns_by_luck", "lock_returns_by_starving"
WEAKLY = (weak("client"),)
THREE = (("goroutines", 3),)


def holds(prop: str, under: tuple[object, ...], *bugs: str, bounds: tuple[tuple[str, int], ...] = ()) -> bool:
    return Question("mutex", prop, under, "pair", bounds, bugs).answer() is None  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["mutex", "sema"])
def test_each_assumption_of_the_shipped_properties_is_needed(model: str) -> None:
    results = assumptions(catalog.load(model))
    assert {r.property for r in results} == ({LUCK, STARVING} if model == "mutex" else {"acquire_returns"})
    assert [(r.property, r.assumption) for r in results if not r.needed] == []


def test_every_lasso_that_is_told_of_is_stored() -> None:
    assert [q for q, _ in load()] == list(violated())


@pytest.mark.parametrize("number", range(len(load())))
def test_cpython_replays_what_is_stored(number: int) -> None:
    question, found = load()[number]
    replayed = fair_cycle(question.instance(), question.system(), found)
    assert replayed.since <= (found.trace.cycle or 0)
    assert len(replayed.reasons) >= len(question.under)


@pytest.mark.parametrize("bug", ["", "m14", "m21"])
def test_of_two_goroutines_who_has_luck_needs_no_starving_mode(bug: str) -> None:
    under = properties("mutex", "pair")[LUCK].under or ()
    assert holds(LUCK, under, *filter(None, [bug]))


def test_of_two_goroutines_who_has_less_luck_needs_it() -> None:
    under = properties("mutex", "pair")[STARVING].under or ()
    assert holds(STARVING, under)
    assert not holds(STARVING, under, "m21")


@pytest.mark.parametrize("bug", ["", "m21"])
def test_weak_fairness_and_success_of_every_cas_do_not_suffice(bug: str) -> None:
    bugs = tuple(filter(None, [bug]))
    assert not holds(LUCK, WEAKLY, *bugs)
    assert not holds(LUCK, WEAKLY + successes(), *bugs)


def test_without_the_handoff_nothing_suffices() -> None:
    assert not holds(LUCK, WEAKLY + every_strong("mutex", "pair"), "m10")
    assert holds(LUCK, WEAKLY + every_strong("mutex", "pair"))


@pytest.mark.parametrize("bug", ["", "m21"])
def test_for_three_goroutines_nothing_that_can_be_said_of_steps_suffices(bug: str) -> None:
    every = every_strong("mutex", "pair", goroutines=3)
    assert not holds(LUCK, WEAKLY + every, *filter(None, [bug]), bounds=THREE)

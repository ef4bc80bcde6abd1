"""What docs/findings/mutex-fairness.md says: which fairness makes every Lock return, and which does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gomodel import catalog
from gomodel.language.declare import Fairness, strong, weak
from gomodel.run.assumptions import assumptions
from gomodel.run.fair_cycle import fair_cycle
from gomodel.run.report import Verdict
from gomodel.run.search import Limits

from .lassos import ENGINE, Question, every_strong, load, properties, successes, violated

LUCK, STARVING = "lock_returns_by_luck", "lock_returns_by_starving"
WEAKLY = (weak("client"),)
THREE = (("goroutines", 3),)


def holds(prop: str, under: tuple[object, ...], *bugs: str, bounds: tuple[tuple[str, int], ...] = ()) -> bool:
    return Question("mutex", prop, under, "pair", bounds, bugs).answer() is None  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["mutex", "sema"])
def test_each_assumption_of_the_shipped_properties_is_needed(model: str) -> None:
    results = assumptions(catalog.load(model))
    assert {r.property for r in results} == ({LUCK, STARVING} if model == "mutex" else {"acquire_returns"})
    assert all(r.verdict is Verdict.OK and r.assumptions for r in results)
    assert [(r.property, a.assumption) for r in results for a in r.assumptions if not a.needed] == []


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


# --- exactly these assumptions ---------------------------------------------------------------------------------------

A1, A2, A3 = "A1 cansemacquire", "A2 lock, nwait++", "A3 cansemacquire again"
UNLOCK, WOKEN, L4 = "A3 nwait--, unlock", "A5 woken: ticket, or cansemacquire", "L4 CAS old→new"
ALWAYS = {(WOKEN, "free"), ("L5 load", "free"), (L4, "owns")}
EITHER = [{("L2 load after a failed CAS", "free")}, {(L4, "queues")}]
NORMAL = {(A1, "free"), (A2, "free"), (A3, "free"), (UNLOCK, "free")}
MODES = [
    NORMAL,
    {(A1, "over 1 ms"), (UNLOCK, "over 1 ms"), (A1, "handing over"), (A2, "handing over")},
    {(A1, "free"), (UNLOCK, "over 1 ms"), (A1, "handing over"), (A2, "handing over")},
    {(A1, "over 1 ms"), (A1, "handing over"), (A2, "free"), (A3, "free"), (UNLOCK, "free")},
]
Member = tuple[str, str | None]


def minimal_sets(modes: list[set[Member]]) -> list[set[Member]]:
    return [ALWAYS | either | mode for either in EITHER for mode in modes]


def transversals(sets: list[set[Member]]) -> list[frozenset[Member]]:
    """The minimal sets that have a member of each, by Berge's multiplication."""
    found = [frozenset[Member]()]
    for one in sets:
        wider = {t if t & one else t | {member} for t in found for member in one}
        found = [t for t in wider if not any(other < t for other in wider)]
    return found


def suffices(members: list[list[Fairness]], *bugs: str) -> list[bool]:
    """Whether every Lock returns to ``g``, for each assumption beside weak fairness of both goroutines."""
    question = Question("mutex", LUCK, (), "pair", (), bugs)
    system = question.system()
    for k, under in enumerate(members):
        prop = replace(system.properties[LUCK], name=f"{LUCK}:{k}", under=(*WEAKLY, *under))
        system.properties[prop.name] = prop
    names = [f"{LUCK}:{k}" for k in range(len(members))]
    result = ENGINE.explore(system, Limits(), None, names)
    assert set(names) <= result.open.keys()
    return [name not in result.violations for name in names]


@pytest.mark.parametrize(("bug", "modes"), [("", MODES), ("m21", [NORMAL])], ids=["go1.27", "go1.8"])
def test_exactly_these_assumptions_on_the_steps_of_a_waiter_suffice(bug: str, modes: list[set[Member]]) -> None:
    """Each suffices; and an assumption that contains none of them lacks a transversal, which is too little at most.

    Of everything that can be assumed of the waiter's steps, the members of the transversal are weakened.
    """
    bugs = tuple(filter(None, [bug]))
    sets = minimal_sets(modes)
    assert all(suffices([[strong("g", *m) for m in one] for one in sets], *bugs))
    everything = {(f.label, f.outcome) for f in every_strong("mutex", "pair") if f.label}
    lacking = [
        [weak("g", *m) if m in t else strong("g", *m) for m in sorted(everything, key=str)]  # type: ignore[misc]
        for t in transversals(sets)
    ]
    assert len(lacking) > len(sets)
    assert not any(suffices(lacking, *bugs))


def test_of_two_users_of_a_semaphore_exactly_this_suffices() -> None:
    """It suffices (the model's own check), and all else does not."""
    token = (WOKEN, "token")
    else_ = tuple(
        strong("u", f.label, f.outcome) for f in every_strong("sema", "users") if (f.label, f.outcome) != token
    )
    assert len(else_) == len(every_strong("sema", "users")) - 1
    question = Question("sema", "acquire_returns", (weak("user"), *else_, weak("u", *token)), "users")
    assert question.answer() is not None


@pytest.mark.parametrize("bug", ["", "m21"])
def test_with_a_fixed_number_of_rounds_and_for_somebody_no_luck_is_needed(bug: str) -> None:
    bugs = tuple(filter(None, [bug]))
    for prop, scenario, goroutines in (
        ("every_lock_returns_in_the_end", "rounds", 3),
        ("somebody_gets_it", "loop", 2),
        ("somebody_gets_it", "loop", 3),
    ):
        assert Question("mutex", prop, WEAKLY, scenario, (("goroutines", goroutines),), bugs).answer() is None


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

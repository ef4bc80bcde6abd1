"""The stored lassos of docs/findings/mutex-fairness.md: what fairness forbids, and what it does not.

``python -m tests.specs.lassos`` finds them anew and writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.declare import Fairness, strong, weak
from gomodel.language.instance import Instance, instance
from gomodel.language.system import Property, TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.assumptions import variants
from gomodel.run.search import Found, Limits
from gomodel.run.trace import Trace

FILE = Path(__file__).resolve().parents[2] / "docs" / "findings" / "mutex-fairness.json"
ENGINE = CompiledEngine()


@dataclass(frozen=True)
class Question:
    """Does a liveness property of ``model`` hold under ``under``, at this scenario, these bounds, with these bugs?"""

    model: str
    prop: str
    under: tuple[Fairness, ...]
    scenario: str
    bounds: tuple[tuple[str, int], ...] = ()
    bugs: tuple[str, ...] = ()
    title: str = ""

    def instance(self) -> Instance:
        return instance(catalog.load(self.model), self.scenario, dict(self.bounds)).with_bugs(*self.bugs)

    def system(self) -> TransitionSystem:
        """With the property as it is asked for."""
        system = trace(self.instance())
        system.properties[self.prop] = replace(system.properties[self.prop], under=self.under)
        return system

    def answer(self) -> Found | None:
        """A lasso that violates it, or None: it holds."""
        result = ENGINE.explore(self.system(), Limits(), None, [self.prop])
        assert self.prop in result.open
        return result.violations.get(self.prop)


@cache
def properties(model: str, scenario: str) -> dict[str, Property]:
    return trace(instance(catalog.load(model), scenario)).properties


@cache
def every_strong(model: str, scenario: str, **bounds: int) -> tuple[Fairness, ...]:
    """The strongest assumption of the language: of each label, and each outcome that is named, of each process."""
    system = trace(instance(catalog.load(model), scenario, bounds))
    found: dict[Fairness, None] = {}
    for kind in system.kinds.values():
        for action in kind.actions.values() if not kind.empty else ():
            if action.step.rest is not True:
                found[strong(kind.name, action.step.label)] = None
                outcomes = {name for leaf in action.leaves for name, _ in leaf.outcomes}
                found.update(dict.fromkeys(strong(kind.name, action.step.label, name) for name in sorted(outcomes)))
    return tuple(found)


def successes() -> tuple[Fairness, ...]:
    """Strong fairness of the success of each CAS and each cansemacquire, and of the clock."""
    named = {"owns", "queues", "won", "token", "over 1 ms"}
    return tuple(f for f in every_strong("mutex", "pair") if f.outcome in named)


def weakened(model: str, prop: str, scenario: str) -> Iterator[Question]:
    """The property with each member of its assumption weakened in turn."""
    for variant in variants(properties(model, scenario)[prop]):
        under = variant.prop.under or ()
        instead = variant.weaker or "nothing"
        yield Question(model, prop, under, scenario, title=f"{instead} in the place of {variant.member}")


def violated() -> Iterator[Question]:
    """Everything of which the finding says that it does not hold."""
    luck, starving = "lock_returns_by_luck", "lock_returns_by_starving"
    yield from weakened("mutex", luck, "pair")
    yield from weakened("mutex", starving, "pair")
    yield from weakened("sema", "acquire_returns", "users")
    three = (("goroutines", 3),)
    weakly, of_luck = (weak("client"),), properties("mutex", "pair")[luck].under or ()
    of_starving = properties("mutex", "pair")[starving].under or ()
    yield Question("mutex", luck, weakly, "pair", title="weak fairness")
    yield Question("mutex", luck, weakly + successes(), "pair", title="every CAS succeeds again and again")
    yield Question("mutex", starving, of_starving, "pair", bugs=("m21",), title="Go ≤ 1.8")
    yield Question("mutex", luck, of_luck, "pair", three, title="three goroutines, by luck")
    every = weakly + every_strong("mutex", "pair", goroutines=3)
    yield Question("mutex", luck, every, "pair", three, title="three goroutines, everything strongly fair")
    own = weakly + tuple(replace(f, kind="g") for f in every[1:])
    yield Question("mutex", luck, own, "pair", three, title="three goroutines, everything of the waiter strongly fair")
    every = (weak("user"), *every_strong("sema", "users", users=3))
    yield Question("sema", "acquire_returns", every, "users", (("users", 3),), title="three users, everything")


def stored(question: Question, found: Found) -> dict[str, Any]:
    return {
        "title": question.title,
        "model": question.model,
        "property": question.prop,
        "scenario": question.scenario,
        "bounds": dict(question.bounds),
        "bugs": list(question.bugs),
        "under": [list(astuple(f)) for f in question.under],
        "arguments": list(found.arguments),
        "trace": found.trace.to_json(),
    }


@cache
def load() -> list[tuple[Question, Found]]:
    entries = []
    for data in json.loads(FILE.read_text(encoding="utf-8")):
        under = tuple(Fairness(*f) for f in data["under"])
        bounds = tuple(data["bounds"].items())
        question = Question(
            data["model"], data["property"], under, data["scenario"], bounds, tuple(data["bugs"]), data["title"]
        )
        lasso = Trace.from_json(data["trace"])
        kind = properties(question.model, question.scenario)[question.prop].kind
        arguments = tuple(data["arguments"])
        entries.append((question, Found(question.prop, kind, len(lasso), lambda t=lasso: t, arguments=arguments)))  # type: ignore[misc]
    return entries


if __name__ == "__main__":
    found = [(question, question.answer()) for question in violated()]
    holding = [question.title for question, lasso in found if lasso is None]
    assert not holding, holding
    lines = [json.dumps(stored(q, lasso), ensure_ascii=False) for q, lasso in found if lasso is not None]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")

"""Liveness properties made concrete: P ~> Q for given arguments, under fairness of given processes.

WF and SF over ⟨A⟩_vars as in Lamport, *The Temporal Logic of Actions*, 1994: a step that changes no variable is neither
enabled nor taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..language import build as b
from ..language.declare import Fairness
from ..language.primitives import Step
from ..language.processes import Pid
from ..language.system import Property, TransitionSystem
from ..language.terms import Term, rewrite
from .actors import process_names
from .trace import Value, show_choice


@dataclass(frozen=True)
class Condition:
    """Weak or strong fairness of the steps of one process or rule: of all, of a label's, or of an outcome's."""

    strong: bool
    actor: str
    label: str | None = None
    outcome: str | None = None

    def covers(self, actor: str, step: Step, outcomes: Collection[str]) -> bool:
        """Whether such a step is meant; a step that is declared as rest never is."""
        return (
            actor == self.actor
            and step.rest is not True
            and self.label in (None, step.label)
            and (self.outcome is None or self.outcome in outcomes)
        )

    def __str__(self) -> str:
        return f"{'strong' if self.strong else 'weak'} fairness of {self.steps}"

    @property
    def steps(self) -> str:
        """``g1 at "CAS", won``."""
        label = "" if self.label is None else f' at "{self.label}"'
        return self.actor + label + ("" if self.outcome is None else f", {self.outcome}")


@dataclass(frozen=True)
class Promise:
    """One instance of a liveness property: whenever ``premise`` holds, ``conclusion`` holds then or later.

    ``initially``: it is promised of initial states only.
    """

    prop: Property
    arguments: tuple[Value, ...]  # as a trace holds them
    premise: Term
    conclusion: Term
    initially: bool
    conditions: tuple[Condition, ...]

    @property
    def weak(self) -> int:
        """The weak conditions as a mask: bit k stands for ``conditions[k]``."""
        return sum(1 << k for k, c in enumerate(self.conditions) if not c.strong)

    @property
    def strong(self) -> int:
        return sum(1 << k for k, c in enumerate(self.conditions) if c.strong)

    def mask(self, actor: str, step: Step, outcomes: Collection[str]) -> int:
        """The conditions that such a step belongs to."""
        return sum(1 << k for k, c in enumerate(self.conditions) if c.covers(actor, step, outcomes))


def conditions(
    system: TransitionSystem, declared: Iterable[Fairness], named: dict[str, str] | None = None
) -> tuple[Condition, ...]:
    """Declared fairness of each process of a kind, without what is said twice; ``named``: parameter → process."""
    names = process_names(system)
    found: dict[Condition, None] = {}
    for fairness in declared:
        kind, actors = system.kinds.get(fairness.kind), [fairness.kind]
        if kind is not None:
            actors = [names[n] for n in range(kind.lo, kind.hi + 1)]
        elif named and fairness.kind in named:
            actors = [named[fairness.kind]]
        for actor in actors:
            found[Condition(fairness.strength == "strong", actor, fairness.label, fairness.outcome)] = None
    return tuple(found)


def fairness_of(system: TransitionSystem, prop: Property, arguments: tuple[Value, ...]) -> tuple[Condition, ...]:
    """What ``prop`` assumes for these arguments, as a trace holds them."""
    named = {n: str(v) for (n, domain), v in zip(prop.params, arguments, strict=True) if isinstance(domain, Pid)}
    return conditions(system, system.fairness if prop.under is None else prop.under, named)


def for_some(prop: Property, term: Term) -> Term:
    """Whether ``term``, an error or a premise of ``prop``, holds for any arguments of it."""
    return b.or_(*(_given(prop, values, term) for values in _arguments(prop)))


def _arguments(prop: Property) -> Iterator[tuple[Any, ...]]:
    return product(*(domain.values() for _, domain in prop.params))


def _given(prop: Property, values: tuple[Any, ...], term: Term) -> Term:
    given = [b.const(v, d) for v, (_, d) in zip(values, prop.params, strict=True)]
    return rewrite(term, lambda t: given[t.data[0]] if t.op == "pick" else None)


def promises(system: TransitionSystem, prop: Property) -> Iterator[Promise]:
    """The instances of a liveness property, one for each vector of arguments."""
    assert prop.term is not None
    assert prop.conclusion is not None
    for values in _arguments(prop):
        premise, conclusion = _given(prop, values, prop.term), _given(prop, values, prop.conclusion)
        shown = tuple(show_choice(v, d) for v, (_, d) in zip(values, prop.params, strict=True))
        assumed = fairness_of(system, prop, shown)
        yield Promise(prop, shown, premise, conclusion, prop.kind == "eventually", assumed)

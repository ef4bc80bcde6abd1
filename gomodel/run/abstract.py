"""The abstract component of a refinement, run by CPython: what the state maps to, and what the rules make of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..language.declare import Declared
from ..language.domains import Domain, Plain
from ..language.leaves import LeafTracer
from ..language.model import Component, RuleDecl, declarations_of
from ..language.refinement import abstract_component
from .attempts import Attempts, Outcome
from .differences import differences
from .report import AbstractStep, Change
from .trace import Value

Abstract = tuple[Plain, ...]  # an abstract state: a value for each field


@dataclass(frozen=True)
class Rule:
    """An abstract rule: its code, and the domains of its parameters."""

    fn: Callable[..., Any]
    params: tuple[Domain, ...]


class Abstraction(Attempts):
    """An abstract component of its own for ``component``, whose refinement ``fn`` is."""

    def __init__(self, path: str, component: Component, fn: Any, mark: Declared) -> None:
        super().__init__()
        self.path, self._concrete, self._mapping = path, component, fn
        self.component = abstract_component(component, path, fn, mark)
        self.name = type(self.component).__name__
        self.fields = [(c, n, d) for c in self.component.all_components() for n, d in c._meta.fields.items()]
        self.initial = self._state()
        tracer = LeafTracer(self.component)  # consulted for domains only
        self.rules = {}
        for name, decl in declarations_of(type(self.component), RuleDecl).items():
            picks = tracer.rule(name, decl).picks
            self.rules[name] = Rule(decl.fn, picks[: decl.fn.__code__.co_argcount - 1])

    def names(self) -> list[str]:
        """The fields as the mapping writes them."""
        return [f"{c._meta.path}.{n}"[len(self.path) + 1 :] for c, n, _ in self.fields]

    def mapped(self) -> Abstract | None:
        """What the concrete component's state now maps to; None where the mapping goes wrong."""
        self._enter(self.initial)
        outcome = self.attempt(lambda: self._mapping(self._concrete, self.component), ())
        return self._state() if outcome.kind == "commit" else None

    def ways(self, name: str, state: Abstract) -> Iterator[tuple[Outcome, Abstract]]:
        """Every way of a rule from ``state``: how it goes, and where it leads if it commits."""

        def attempt(choices: tuple[Value, ...]) -> Outcome:
            self._enter(state)
            return self.attempt(lambda: self._run(self.rules[name]), choices)

        for outcome in self.vectors(attempt):
            yield outcome, self._state()

    def _run(self, rule: Rule) -> None:
        arguments = [self.choose([d.decode(v) for v in d.values()]) for d in rule.params]
        rule.fn(self.component, *arguments)

    def _state(self) -> Abstract:
        return tuple(domain.encode(c._meta.values[name]) for c, name, domain in self.fields)

    def _enter(self, state: Abstract) -> None:
        for (component, name, domain), plain in zip(self.fields, state, strict=True):
            component._meta.values[name] = domain.decode(plain)

    def outside(self) -> str:
        for name, (_, _, domain), plain in zip(self.names(), self.fields, self._state(), strict=True):
            if not domain.contains(plain):
                return f"{name} leaves its domain {domain!r}"
        return ""


def refinement_holds(after: Abstraction, before: Abstraction | None) -> bool | None:
    """Whether an abstract rule explains the step, or the state is initial as it should; None where a mapping fails."""
    now, then = after.mapped(), None if before is None else before.mapped()
    if now is None or (before is not None and then is None):
        return None
    if then is None:
        return now == after.initial
    ways = (way for name in after.rules for way in after.ways(name, then))
    return now == then or any(outcome.kind == "commit" and state == now for outcome, state in ways)


# --- what to say of it ---------------------------------------------------------------------------------------


def explained(after: Abstraction, before: Abstraction | None) -> AbstractStep:
    """Why the refinement is violated there."""
    now, then = after.mapped(), after.initial if before is None else before.mapped()
    assert now is not None
    assert then is not None
    shown = ((n, d.show(v)) for n, (_, _, d), v in zip(after.names(), after.fields, then, strict=True))
    rules = () if before is None else tuple((name, _instead(after, name, then, now)) for name in after.rules)
    return AbstractStep(after.name, tuple(shown), tuple(_changes(after, then, now)), rules)


def _changes(abstraction: Abstraction, one: Abstract, two: Abstract) -> Iterator[Change]:
    for name, (_, _, domain), x, y in zip(abstraction.names(), abstraction.fields, one, two, strict=True):
        yield from differences(name, domain, x, y)


def _instead(abstraction: Abstraction, name: str, then: Abstract, now: Abstract) -> str:
    """What a rule would do from ``then``: the result that is nearest to ``now``, or why there is none."""
    found: dict[Abstract, str] = {}
    fails = ""
    for outcome, state in abstraction.ways(name, then):
        if outcome.kind == "commit":
            found.setdefault(state, ", ".join(map(str, outcome.choices)))
        elif outcome.kind != "blocked":
            fails = fails or f"goes wrong: {outcome.text}"
    if not found:
        return fails or ("is not enabled" + (", whatever its arguments" if abstraction.rules[name].params else ""))
    nearest = min(found, key=lambda state: len(list(_changes(abstraction, state, now))))
    changes = ", ".join(f"{c.variable}: {c.old} → {c.new}" for c in _changes(abstraction, then, nearest))
    head = f"with {found[nearest]} " if found[nearest] else ""
    others = f" (the nearest of {len(found)} results)" if len(found) > 1 else ""
    return f"{head}would give {changes}{others}" if changes else f"{head}would change nothing{others}"

"""Systematic edits of a transition system, each a mutant that some property should notice (DeMillo, Lipton and Sayward,
1978).

An edit concerns one action: an assignment is left out, a value is off by one, a condition is negated where its branches
part, a comparison holds for one value more or less.  What a mutant computes outside a domain is a model error, as
anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from textwrap import shorten

from ..language import build as b
from ..language.containers import in_domain
from ..language.domains import Bool, Domain, Enum, Int
from ..language.system import Action, Kind, Leaf, TransitionSystem
from ..language.terms import Term, rewrite, show, walk

LENGTH = 100  # characters of a condition in the name of a mutant; names that are the same then are numbered
Change = Callable[[Leaf], Leaf]


@dataclass(frozen=True)
class Mutant:
    """One edit; ``name`` is the same whenever the same model is mutated."""

    name: str
    operator: str
    action: str
    where: str  # file:line of the spec
    system: TransitionSystem


OPERATORS = {
    "drop": "an assignment is left out",
    "negate": "a condition is negated",
    "wider": "a comparison holds for one value more",
    "narrower": "a comparison holds for one value less",
    "off": "a value is one higher, a flag the other way round",
}


def mutants(system: TransitionSystem) -> Iterator[Mutant]:
    """Every mutant, action by action; those of a kind without processes are left out."""
    seen: dict[str, int] = {}
    for kind in system.kinds.values():
        for pc, action in kind.actions.items() if not kind.empty else ():
            for operator, what, leaves in _edits(system, action):
                yield _mutant(seen, system, action, operator, what, _with(system, kind, pc, leaves))
    for name, rule in system.rules.items():
        for operator, what, leaves in _edits(system, rule):
            changed = replace(system, rules={**system.rules, name: replace(rule, leaves=leaves)})
            yield _mutant(seen, system, rule, operator, what, changed)


def _mutant(
    seen: dict[str, int], system: TransitionSystem, action: Action, operator: str, what: str, changed: TransitionSystem
) -> Mutant:
    name = f"{action.name} | {operator} | {what}"
    seen[name] = seen.get(name, 0) + 1
    if seen[name] > 1:
        name = f"{name} | {seen[name]}"
    return Mutant(name, operator, action.name, str(action.where), changed)


def _with(system: TransitionSystem, kind: Kind, pc: int, leaves: tuple[Leaf, ...]) -> TransitionSystem:
    changed = replace(kind, actions={**kind.actions, pc: replace(kind.actions[pc], leaves=leaves)})
    return replace(system, kinds={**system.kinds, kind.name: changed})


# --- edits of one action ---------------------------------------------------------------------------------------------


def _edits(system: TransitionSystem, action: Action) -> Iterator[tuple[str, str, tuple[Leaf, ...]]]:
    """Operator, what it changes, and the leaves then."""
    shared = {n: system.variables[n].domain for leaf in action.leaves for n, _ in leaf.updates}
    shared = {n: d for n, d in shared.items() if not system.variables[n].ghost}
    for name in (*shared, *_used_locals(system, action)):
        yield from _checked(system, action, "drop", name, _dropping(name))
    for name, domain in shared.items():
        higher = _next_value(domain)
        if higher is not None:
            yield from _checked(system, action, "off", name, _off(name, higher))
    for shown, condition in _conditions(action).items():
        text = shorten(shown, LENGTH, placeholder=" …")
        yield from _checked(system, action, "negate", text, _guards(_negating(condition)))
        if condition.op in ("lt", "le"):
            low, high = condition.args
            wider = b.le(low, high) if condition.op == "lt" else b.le(low, b.add(high, b.integer(1)))
            narrower = b.lt(low, high) if condition.op == "le" else b.lt(b.add(low, b.integer(1)), high)
            yield from _checked(system, action, "wider", text, _guards(_instead(condition, wider)))
            yield from _checked(system, action, "narrower", text, _guards(_instead(condition, narrower)))


def _used_locals(system: TransitionSystem, action: Action) -> list[str]:
    """The locals that the action gives a value that somebody reads; others are only reset."""
    if action.kind is None:
        return []
    live = system.kinds[action.kind].live
    commits = [leaf for leaf in action.leaves if leaf.kind == "commit"]
    return list(dict.fromkeys(n for leaf in commits for n, _ in leaf.locals if n in live.get(leaf.target, ())))


def _checked(
    system: TransitionSystem, action: Action, operator: str, what: str, change: Change
) -> Iterator[tuple[str, str, tuple[Leaf, ...]]]:
    """The edit, if it changes anything, with an error where something leaves its domain."""
    leaves = tuple(change(leaf) for leaf in action.leaves)
    if leaves != action.leaves:
        safe = tuple(part for leaf in leaves for part in _in_domains(system, action, leaf))
        yield operator, what, tuple(leaf for leaf in safe if leaf.guard is not b.FALSE)


def _in_domains(system: TransitionSystem, action: Action, leaf: Leaf) -> Iterator[Leaf]:
    if leaf.kind != "commit":
        yield leaf
        return
    domains = {name: variable.domain for name, variable in system.variables.items()}
    locals_ = system.kinds[action.kind].locals if action.kind else {}
    inside = b.and_(
        *(in_domain(term, domains[name]) for name, term in leaf.updates),
        *(in_domain(term, locals_[name]) for name, term in leaf.locals),
    )
    yield replace(leaf, guard=b.and_(leaf.guard, inside))
    outside = b.and_(leaf.guard, b.not_(inside))
    yield Leaf("error", leaf.choices, outside, text="the mutant leaves a domain", where=leaf.where)


def _dropping(name: str) -> Change:
    return lambda leaf: replace(
        leaf,
        updates=tuple(pair for pair in leaf.updates if pair[0] != name),
        locals=tuple(pair for pair in leaf.locals if pair[0] != name),
    )


def _next_value(domain: Domain) -> Callable[[Term], Term] | None:
    """What comes after a value: True after False, the next number or name; None where that is not said."""
    match domain:
        case Bool():
            return b.not_
        case Int():
            return lambda term: b.add(term, b.integer(1))
        case Enum():
            names = [b.const(k, domain) for k in range(len(domain.names))]

            def following(term: Term) -> Term:
                result = names[0]
                for here, then in itertools.pairwise(names):
                    result = b.ite(b.eq(term, here), then, result)
                return result

            return following
    return None


def _off(name: str, change: Callable[[Term], Term]) -> Change:
    return lambda leaf: replace(leaf, updates=tuple((n, change(t) if n == name else t) for n, t in leaf.updates))


def _conditions(action: Action) -> dict[str, Term]:
    """The guard of the whole action, and what tells its ways apart, by their texts, each in one of its two forms.

    Not what only tells a way from its own error: negating that would say nothing but that an error is one.
    """
    found: dict[str, Term] = {}
    known: dict[Term, str] = {}
    ways = [set(b.conjuncts(leaf.guard)) for leaf in action.leaves if leaf.kind != "error"]
    failing = [set(b.conjuncts(leaf.guard)) for leaf in action.leaves if leaf.kind == "error"]
    for part in (part for way in ways for part in way):
        other = b.not_(part)
        only_error = any(other in way for way in failing) and not any(other in way for way in ways)
        if not only_error and not any(t.op == "pick" for t in walk([part])):
            forms = [t for t in (part, other) if any(t in way for way in ways)]
            text, chosen = min(((show(t, known), t) for t in forms), key=lambda pair: pair[0])
            found[text] = chosen
    return dict(sorted(found.items()))


def _guards(change: Callable[[Term], Term]) -> Change:
    return lambda leaf: replace(leaf, guard=b.and_(*(change(part) for part in b.conjuncts(leaf.guard))))


def _negating(condition: Term) -> Callable[[Term], Term]:
    other = b.not_(condition)
    return lambda part: other if part is condition else condition if part is other else part


def _instead(condition: Term, other: Term) -> Callable[[Term], Term]:
    negated = b.not_(condition)

    def change(part: Term) -> Term:
        return rewrite(part, lambda t: other if t is condition else b.not_(other) if t is negated else None)

    return change

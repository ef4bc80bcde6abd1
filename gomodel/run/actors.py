"""Who can act in a state, and what each of them can do: plain Python, for engines that want one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..language import build as b
from ..language.errors import Where
from ..language.primitives import Step
from ..language.system import Action, Leaf, State, TransitionSystem
from ..language.terms import Term
from .pycode import predicate, successors
from .trace import show_choice

Choices = tuple[Any, ...]
Way = tuple[Leaf, Choices, State | None]  # the way taken, its plain choices, the state after (None: none)


@dataclass(frozen=True)
class Actor:
    """A process, or a rule, with its compiled actions by program counter."""

    name: str
    number: int  # of the process; 0 for a rule
    kind: str  # "" for a rule
    pc_at: int  # where its kind's program counters are in the state; -1 for a rule
    index: int  # its place among the processes of its kind
    actions: dict[int, tuple[Action, Callable[..., Any]]]

    def steps(self, state: State) -> tuple[Action | None, list[Way]]:
        """Its action in ``state`` (None: it is done) and every enabled way through it."""
        pc = state[self.pc_at][self.index] if self.pc_at >= 0 else 0
        if pc not in self.actions:
            return None, []
        action, successors_of = self.actions[pc]
        out: list[tuple[int, Choices, State | None]] = []
        successors_of(state, self.number, out)
        return action, [(action.leaves[number], choices, after) for number, choices, after in out]


def actors(system: TransitionSystem) -> list[Actor]:
    """All processes in the order of declaration, then the rules."""
    return list(_actors(system))


def _actors(system: TransitionSystem) -> Iterator[Actor]:
    order = system.order()
    names = process_names(system)
    for kind in system.kinds.values():
        actions = {pc: (a, successors(system, a)) for pc, a in kind.actions.items()}
        for number in range(kind.lo, kind.hi + 1):
            yield Actor(names[number], number, kind.name, order.index(kind.pc_name), number - kind.lo, actions)
    for rule in system.rules.values():
        yield Actor(rule.name, 0, "", -1, 0, {0: (rule, successors(system, rule))})


def process_names(system: TransitionSystem) -> dict[int, str]:
    """Process number → name."""
    names = {}
    for kind in system.kinds.values():
        domain: Any = system.variables[kind.pc_name].domain
        names.update({n: domain.index.show(n) for n in range(kind.lo, kind.hi + 1)})
    return names


def shown(leaf: Leaf, choices: Choices) -> Choices:
    """The choices as a trace holds them."""
    return tuple(show_choice(v, c.domain) for c, v in zip(leaf.choices, choices, strict=True))


def taken_when(condition: Callable[..., Any], state: State, actor: Actor, leaf: Leaf, choices: Choices) -> bool:
    """Whether a compiled condition of ``leaf`` (see ``pycode.predicate``) holds where it is taken by these choices."""
    wanted = condition.__code__.co_varnames[: condition.__code__.co_argcount]
    pairs = ((c.term, v) for c, v in zip(leaf.choices, choices, strict=True))
    picks = {f"p{t.data[0]}": v for t, v in pairs if isinstance(t, Term) and t.op == "pick"}
    return bool(condition(state, None, actor.number, **{k: v for k, v in picks.items() if k in wanted}))


def initial_states(system: TransitionSystem, leaf: Leaf) -> Iterator[tuple[Choices, State]]:
    """The states that one leaf of ``init`` gives: its fields, and every process before its first step."""
    out: list[tuple[int, Choices, Any]] = []
    if leaf.kind == "commit":
        given = {n for n, _ in leaf.updates}
        rest = tuple((n, _process_cells(system, n)) for n in system.variables if n not in given)
        leaf = replace(leaf, updates=leaf.updates + rest)
    successors(system, Action("init", None, 0, Step("init"), Where("", 0), (leaf,)))((), 0, out)
    for _, choices, state in out:
        yield choices, state


def _process_cells(system: TransitionSystem, name: str) -> Term:
    """The initial program counters, or one local, of all processes of a kind as a constant array."""
    variable = system.variables[name]
    kind = system.kinds[variable.kind or ""]
    sort: Any = variable.domain
    if name == kind.pc_name:
        return b.const((kind.start,) * (kind.hi - kind.lo + 1), sort)
    start = predicate(system, kind.initial[name])
    return b.const(tuple(start((), None, n) for n in range(kind.lo, kind.hi + 1)), sort)

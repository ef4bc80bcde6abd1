"""What the search watches for, as conditions with numbers, and the board on which compiled code reports them.

An alert is raised by the first state, or transition, where its condition holds.  The board is the memory shared
between the compiled code and Python: counters of the kernel, the alerts still wanted, the leaves still looked at,
and the events so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from ..language import build as b
from ..language.declare import STEPS
from ..language.system import Action, Leaf, Property, TransitionSystem
from ..language.terms import Term
from ..run.promises import for_some
from ..run.search import DEADLOCK

# Words of the board that the kernel uses.
HEAD = 0  # the first state that is not yet expanded
TAIL = 1  # states stored
LEVEL_END = 2  # the first state of the next level
DEPTH = 3
TRANSITIONS = 4
BUDGET = 5  # transitions after which the kernel returns
CAPACITY = 6  # states that fit, or that are wanted at most
SLOTS = 7  # of the table
FILL = 8  # states at which the table has to grow
EVENTS = 9  # number of events so far
OUT = 10  # successors that fit in the buffer
MOST = 11  # successors of one state, at most
CONTROL = 16
ASIDE = 64  # lines of the table that are put aside while it grows

PAUSED, DONE, GROW, FULL = (
    0,
    1,
    2,
    3,
)  # the kernel returns: budget spent, no more states, no room, enough states


ROOT = (1 << 32) - 1  # the parent of an initial state
BEGIN = (1 << 32) - 2  # of liveness, what stands before an open state where a stem begins: see ``cycles.open``


@dataclass(frozen=True)
class Alert:
    """``what`` is violated, error, reached, premise or deadlock; ``prop`` the property and ``number`` of a premise."""

    what: str
    name: str
    condition: Term
    prop: Property | None = None
    number: int = 0
    text: str = ""


@dataclass(frozen=True)
class Group:
    """Alerts of one scope, at most 64: ``state``, ``pair`` (both ends of a transition) or ``rest``."""

    number: int
    scope: str
    alerts: tuple[Alert, ...]


@dataclass(frozen=True)
class CompiledLeaf:
    """A leaf with its number and those of the covers that hold only in some states.

    Its *ways* are numbered from ``way``: one for each process and each set of those ``outcomes`` that hold only in some
    states.  So the number of a way says which process took which leaf with which outcomes.
    """

    number: int
    action: Action
    leaf: Leaf
    covers: tuple[tuple[int, str, Term], ...]
    way: int
    outcomes: tuple[tuple[str, Term], ...]

    @property
    def variants(self) -> int:
        return 1 << len(self.outcomes)


@dataclass(frozen=True)
class Way:
    """Who took which leaf: a process by its number (0 for a rule), with these outcomes."""

    leaf: CompiledLeaf
    process: int
    outcomes: frozenset[str]


def action_key(action: Action) -> tuple[str, str, int]:
    """What tells an action from every other one of its system."""
    return action.kind or "", "" if action.kind else action.name, action.pc


class Board:
    """Numbers of groups, leaves and covers, and where they stand on the board."""

    def __init__(self, system: TransitionSystem) -> None:
        self.groups = _groups(system)
        self.leaves: list[CompiledLeaf] = []
        self.by_action: dict[tuple[str, str, int], list[CompiledLeaf]] = {}
        self.ways: list[Way] = []
        numbers = count()
        for kind in system.kinds.values():
            if kind.hi >= kind.lo:
                for action in kind.actions.values():
                    self._add(action, numbers, range(kind.lo, kind.hi + 1))
        for rule in system.rules.values():
            self._add(rule, numbers, range(1))
        self.covers = next(numbers)
        self.wanted = CONTROL
        self.pending = self.wanted + len(self.groups)  # a byte for each leaf from here
        self.covered = self.pending + (len(self.leaves) + 7) // 8  # a byte for each leaf and each conditional cover
        self.events = self.covered + (len(self.leaves) + self.covers + 7) // 8
        self.size = self.events + 3 * (len(self.leaves) + sum(len(g.alerts) for g in self.groups))

    def _add(self, action: Action, numbers: count[int], processes: range) -> None:
        start = len(self.leaves)
        for leaf in action.leaves:
            covers = tuple((next(numbers), name, cond) for name, cond in leaf.covers if cond is not b.TRUE)
            outcomes = tuple((name, cond) for name, cond in leaf.outcomes if cond is not b.TRUE)
            compiled = CompiledLeaf(len(self.leaves), action, leaf, covers, len(self.ways), outcomes)
            self.leaves.append(compiled)
            if leaf.kind == "commit":
                always = {name for name, cond in leaf.outcomes if cond is b.TRUE}
                for process in processes:
                    for bits in range(compiled.variants):
                        some = {name for k, (name, _) in enumerate(outcomes) if bits >> k & 1}
                        self.ways.append(Way(compiled, process, frozenset(always | some)))
        self.by_action[action_key(action)] = self.leaves[start:]

    def of(self, scope: str) -> list[Group]:
        return [g for g in self.groups if g.scope == scope]


def _groups(system: TransitionSystem) -> list[Group]:
    """Invariants and errors apart from what is no longer looked for once it was seen."""
    lasting: dict[str, list[Alert]] = {"state": [], "pair": []}
    passing: dict[str, list[Alert]] = {"state": [], "pair": []}
    rest = [Alert("deadlock", DEADLOCK, b.TRUE)]
    for p in system.properties.values():
        if p.term is not None and p.kind in ("invariant", *STEPS):
            lasting[_scope(p, "term")].append(Alert("violated", p.name, b.not_(p.term), p))
        elif p.term is not None and p.kind == "reachable":
            passing["state"].append(Alert("reached", p.name, p.term, p))
        elif p.term is not None and p.kind == "terminal":
            rest.append(Alert("violated", p.name, b.not_(p.term), p))
        lasting[_scope(p, "errors")] += [
            Alert("error", f"{p.name}: {text}", for_some(p, cond), p, text=text) for cond, text in p.errors
        ]
        passing[_scope(p, "premises")] += [
            Alert("premise", p.name, for_some(p, premise.term), p, k) for k, premise in enumerate(p.premises)
        ]
    groups: list[Group] = []
    for scope, alerts in [*lasting.items(), *passing.items(), ("rest", rest)]:
        possible = [a for a in alerts if a.condition is not b.FALSE]
        for start in range(0, len(possible), 64):
            groups.append(Group(len(groups), scope, tuple(possible[start : start + 64])))
    return groups


def _scope(prop: Property, part: str) -> str:
    return "pair" if prop.looks_back(part) else "state"

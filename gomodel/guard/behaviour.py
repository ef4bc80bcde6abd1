"""Two versions of a model, step by step: a shortest behaviour that only one of them has.

A behaviour is who steps, from which label, with which choices, and what the fields are then.  In both versions these
moves lead to one state each, so the pairs of states that the same moves lead to can be searched breadth first.  Locals,
ghosts and program counters are nobody's business: they may differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..language.domains import Domain
from ..language.system import State, TransitionSystem
from ..run.actors import Actor, Choices, actors, initial_states, shown
from ..run.differences import differences
from ..run.report import Change
from ..run.search import Clock, Limits, Progress, Watch
from ..run.trace import Move, Trace, Value

OLD, NEW = "old", "new"
Pair = tuple[State, State]


@dataclass(frozen=True)
class Divergence:
    """What both versions do up to the last of ``moves``, and where they part then.

    ``only`` is the version that alone can take ``move``; or, where it is "", both took the last move, and then the
    fields in ``changes`` are (old, new) not the same.
    """

    trace: Trace
    only: str = ""
    move: Move | None = None
    other: str = ""  # what the other version has instead: the labels where this actor stands, or how its step fails
    changes: tuple[Change, ...] = ()


@dataclass
class Comparison:
    """The outcome; ``stopped`` is the limit that ended it early, None when every pair was visited."""

    pairs: int = 0
    depth: int = 0
    stopped: str | None = None
    found: Divergence | None = None
    old_only: tuple[str, ...] = ()  # fields that one of them has not, or has with another domain
    new_only: tuple[str, ...] = ()
    seconds: float = field(default=0.0)


@dataclass(frozen=True)
class _Way:
    """What a move leads to: a state, or how it fails."""

    after: State | None
    text: str = ""


def compare(old: TransitionSystem, new: TransitionSystem, limits: Limits, watch: Watch | None = None) -> Comparison:
    """Search both together until they part, or a limit is hit."""
    return _Product(old, new, limits, watch).run()


class _Product:
    def __init__(self, old: TransitionSystem, new: TransitionSystem, limits: Limits, watch: Watch | None) -> None:
        self.old, self.new, self.limits, self.watch = old, new, limits, watch
        self.clock = Clock(limits)
        self.sides = [(old, actors(old)), (new, actors(new))]
        self.fields = _common(old, new)
        self.result = Comparison(old_only=tuple(_own(old, new)), new_only=tuple(_own(new, old)))
        self.parents: dict[Pair, tuple[Pair | None, Any]] = {}  # Any: a move, or the choices of init

    def run(self) -> Comparison:
        level = self._starts()
        while level and self.result.found is None and self.result.stopped is None:
            following: list[Pair] = []
            for pair in level:
                if self._full(len(level) + len(following)) or self._expand(pair, following):
                    break
            self.result.depth += bool(following)
            level = following
        self.result.pairs = len(self.parents)
        self.result.seconds = self.clock.seconds
        return self.result

    def _full(self, queue: int) -> bool:
        if self.clock.expired():
            self.result.stopped = f"{self.limits.timeout:g} s"
        elif self.limits.max_states is not None and len(self.parents) >= self.limits.max_states:
            self.result.stopped = f"{self.limits.max_states:,} pairs of states"
        if self.watch and self.clock.due():
            self.watch(Progress(len(self.parents), 0, self.result.depth, queue, self.clock.seconds, 0))
        return self.result.stopped is not None

    # --- steps -----------------------------------------------------------------------------------------------

    def _starts(self) -> list[Pair]:
        mine, yours = (_initial(system) for system in (self.old, self.new))
        for choices in (*mine, *yours):
            if (choices in mine) != (choices in yours):
                only = OLD if choices in mine else NEW
                self.result.found = Divergence(Trace(choices), only, other="there is no such initial state")
                return []
            pair = mine[choices], yours[choices]
            self.parents.setdefault(pair, (None, choices))
            changes = tuple(self._differences(pair))
            if changes:
                self.result.found = Divergence(Trace(choices), changes=changes)
                return []
        return list(self.parents)

    def _expand(self, pair: Pair, following: list[Pair]) -> bool:
        """Whether the two part here."""
        mine, yours = (_ways(actors_of, state) for (_, actors_of), state in zip(self.sides, pair, strict=True))
        for move in (*mine, *yours):
            if move not in mine or move not in yours:
                only, ways = (OLD, yours) if move in mine else (NEW, mine)
                self.result.found = Divergence(self._trace(pair), only, move, _instead(move, ways))
                return True
            a, b = mine[move], yours[move]
            if (a.after is None) != (b.after is None):
                only, failing = (OLD, a) if b.after is None else (NEW, b)
                text = (b if only == OLD else a).text
                assert failing.after is not None
                self.result.found = Divergence(self._trace(pair), only, move, text or "it fails")
                return True
            if a.after is None or b.after is None:
                continue
            after = a.after, b.after
            if after in self.parents:
                continue
            self.parents[after] = pair, move
            changes = tuple(self._differences(after))
            if changes:
                self.result.found = Divergence(self._trace(after), changes=changes)
                return True
            following.append(after)
        return False

    def _differences(self, pair: Pair) -> Iterator[Change]:
        for name, domain, i, j in self.fields:
            if pair[0][i] != pair[1][j]:
                yield from differences(name, domain, pair[0][i], pair[1][j])

    def _trace(self, pair: Pair) -> Trace:
        moves: list[Move] = []
        at: Pair = pair
        while True:
            before, how = self.parents[at]
            if before is None:
                return Trace(how, tuple(moves[::-1]))
            moves.append(how)
            at = before


def _ways(actors_of: list[Actor], state: State) -> dict[Move, _Way]:
    found = {}
    for actor in actors_of:
        action, ways = actor.steps(state)
        for leaf, choices, after in ways if action else ():
            assert action is not None
            found[Move(actor.name, action.step.label, shown(leaf, choices))] = _Way(after, leaf.text)
    return found


def _instead(move: Move, ways: dict[Move, _Way]) -> str:
    """What the other version lets the same actor do."""
    labels = dict.fromkeys(m.label for m in ways if m.actor == move.actor)
    if not labels:
        return f"{move.actor} cannot step"
    if move.label in labels:
        return "not with these choices"
    return f"{move.actor} stands at {', '.join(repr(label) for label in labels)}"


def _initial(system: TransitionSystem) -> dict[tuple[Value, ...], State]:
    found: dict[tuple[Value, ...], State] = {}
    for leaf in system.initial:
        plain: Choices
        for plain, state in initial_states(system, leaf):
            if leaf.kind == "commit":
                found[shown(leaf, plain)] = state
    return found


def _common(old: TransitionSystem, new: TransitionSystem) -> list[tuple[str, Domain, int, int]]:
    """The fields that both have, and where they are in the state of each."""
    places = [{name: k for k, name in enumerate(system.variables)} for system in (old, new)]
    shared = _shared(old, new)
    return [(n, old.variables[n].domain, places[0][n], places[1][n]) for n in _fields(old) if n in shared]


def _fields(system: TransitionSystem) -> list[str]:
    return [n for n, v in system.variables.items() if v.kind is None and not v.ghost]


def _shared(old: TransitionSystem, new: TransitionSystem) -> set[str]:
    both = set(_fields(old)) & set(_fields(new))
    return {n for n in both if old.variables[n].domain == new.variables[n].domain}


def _own(mine: TransitionSystem, other: TransitionSystem) -> list[str]:
    shared = _shared(mine, other)
    return [n for n in _fields(mine) if n not in shared]

"""The reference engine: breadth-first search in plain Python, written to be believed by reading.

Every other engine must give the same states, transitions, depth, verdicts and shortest lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from ..language import build as b
from ..language.declare import STEPS
from ..language.system import Action, Leaf, State, TransitionSystem
from .actors import Actor, Choices, actors, initial_states, shown, taken_when
from .lasso import judge
from .liveness import ReferenceGraph
from .memory import Ceiling, resident
from .promises import for_some, promises
from .pycode import predicate
from .search import DEADLOCK, FIRST, INTERRUPTED, Clock, Exploration, Found, Limits, Progress, Stop, Watch
from .trace import Move, Trace


class ReferenceEngine:
    """See ``search.Engine``."""

    name = "reference"

    def explore(
        self, system: TransitionSystem, limits: Limits, watch: Watch | None = None, live: Collection[str] = ()
    ) -> Exploration:
        """Explore every reachable state; a limit or Ctrl-C ends early and says so in ``stopped``."""
        search = Search(system, limits, watch)
        result = search.result
        try:
            search.run()
        except KeyboardInterrupt:
            result.stopped = INTERRUPTED
        result.states = len(search.states)
        if live and result.complete and not result.errors:
            search.judge_liveness(live)
        result.seconds = search.clock.seconds
        return result


class Search:
    def __init__(self, system: TransitionSystem, limits: Limits, watch: Watch | None) -> None:
        self.system, self.limits, self.watch = system, limits, watch
        self.result = Exploration()
        self.clock = Clock(limits)
        self.ceiling = Ceiling(limits.max_memory)
        self.states: dict[State, int] = {}  # state → number, in the order of discovery
        self.parents: list[tuple[int, str, str, Choices]] = []
        self.actors = actors(system)
        self.pc_at = {k.name: system.order().index(k.pc_name) for k in system.kinds.values()}
        self._prepare_properties()
        self._covers: dict[Leaf, list[tuple[str, Callable[..., Any] | None]]] = {}

    def _prepare_properties(self) -> None:
        self.invariants: list[tuple[str, str, Callable[..., Any]]] = []
        self.witnesses: dict[str, Callable[..., Any]] = {}
        self.step_invariants: list[tuple[str, str, Callable[..., Any]]] = []
        self.starts: list[tuple[str, str, Callable[..., Any]]] = []
        self.terminal: list[tuple[str, Callable[..., Any]]] = []
        self.errors: list[tuple[str, str, Callable[..., Any], bool]] = []
        self.premises: dict[tuple[str, int], tuple[Callable[..., Any], bool]] = {}
        for p in self.system.properties.values():
            for cond, text in p.errors:
                self.errors.append((p.name, text, predicate(self.system, for_some(p, cond)), p.looks_back("errors")))
            for k, premise in enumerate(p.premises):
                self.premises[p.name, k] = predicate(self.system, for_some(p, premise.term)), p.looks_back("premises")
            if p.initially is not None:
                self.starts.append((p.name, p.kind, predicate(self.system, p.initially)))
            if p.term is None or (p.term is b.TRUE and p.kind != "reachable"):
                continue
            holds = predicate(self.system, p.term)
            if p.kind == "invariant":
                self.invariants.append((p.name, p.kind, holds))
            elif p.kind == "reachable":
                self.witnesses[p.name] = holds
            elif p.kind in STEPS:
                self.step_invariants.append((p.name, p.kind, holds))
            elif p.kind == "terminal":
                self.terminal.append((p.name, holds))

    # --- the search ------------------------------------------------------------------------------------------

    def run(self) -> None:
        for leaf in self.system.initial:
            self._start(leaf)
        level = list(self.states)
        while level:
            following: list[State] = []
            for done, state in enumerate(level):
                if self._stop(len(level) - done + len(following)):
                    return
                self._expand(state, following)
            if following:
                self.result.depth += 1
            level = following

    def _start(self, leaf: Leaf) -> None:
        """Add the initial states of one leaf of ``init``."""
        for choices, state in initial_states(self.system, leaf):
            if leaf.kind == "commit":
                for name, kind, holds in self.starts:
                    if not holds(state):
                        self._record(self.result.violations, name, kind, Trace(shown(leaf, choices)))
                self._add(state, (-1, "", "", shown(leaf, choices)))
            else:
                trace = Trace(shown(leaf, choices))
                self._record(self._bucket(leaf), leaf.prop or leaf.text, leaf.kind, trace, leaf)

    def _expand(self, state: State, following: list[State]) -> None:
        here = self.states[state]
        moved = False
        stuck = False
        for actor in self.actors:
            action, ways = actor.steps(state)
            if action is None:
                continue  # done
            for leaf, choices, after in ways:
                self._take(here, state, actor, action, leaf, choices, after, following)
            if action.step.rest is not True:
                moved = moved or bool(ways)
                stuck = stuck or (not ways and bool(actor.kind) and action.step.rest != "blocked")
        if not moved:
            self._at_rest(here, state, stuck)

    def _take(
        self,
        here: int,
        state: State,
        actor: Actor,
        action: Action,
        leaf: Leaf,
        choices: Choices,
        after: State | None,
        following: list[State],
    ) -> None:
        link = (here, actor.name, action.step.label, shown(leaf, choices))
        if after is None:
            self._record(self._bucket(leaf), leaf.prop or leaf.text, leaf.kind, self._trace_of(link), leaf)
            return
        self.result.transitions += 1
        if not actor.kind:
            self.result.rules.add(actor.name)
        self._cover(leaf, state, actor, choices)
        for name, kind, holds in self.step_invariants:
            if not holds(state, after):
                self._record(self.result.violations, name, kind, self._trace_of(link))
        self._judge_two_states(state, after, link)
        if after not in self.states:
            self._add(after, link)
            following.append(after)

    def _add(self, state: State, link: tuple[int, str, str, Choices]) -> None:
        if state in self.states:
            return
        self.states[state] = len(self.states)
        self.parents.append(link)
        for kind, at in self.pc_at.items():
            self.result.labels.update((kind, pc) for pc in state[at])
        for name, kind, holds in self.invariants:
            if not holds(state):
                self._record(self.result.violations, name, kind, self._trace_of(link))
        for name in [n for n, holds in self.witnesses.items() if holds(state)]:
            del self.witnesses[name]
            trace = self._trace_of(link)
            self.result.reached[name] = Found(name, "reachable", len(trace), lambda trace=trace: trace)  # type: ignore[misc]
        for key in [k for k, (holds, two) in self.premises.items() if not two and holds(state)]:
            del self.premises[key]
            self.result.premises.add(key)
        for name, text, wrong, two in self.errors:
            if not two and wrong(state):
                self._record(self.result.errors, f"{name}: {text}", "error", self._trace_of(link))

    def _judge_two_states(self, state: State, after: State, link: tuple[int, str, str, Choices]) -> None:
        for name, text, wrong, two in self.errors:
            if two and wrong(state, after):
                self._record(self.result.errors, f"{name}: {text}", "error", self._trace_of(link))
        for key in [k for k, (holds, two) in self.premises.items() if two and holds(state, after)]:
            del self.premises[key]
            self.result.premises.add(key)

    def _at_rest(self, here: int, state: State, stuck: bool) -> None:
        """Nothing but resting processes can move: a deadlock if one is stuck, else ``@terminal`` must hold."""
        if stuck:
            self._record(self.result.violations, DEADLOCK, "deadlock", self.trace_to(here))
            return
        for name, holds in self.terminal:
            if not holds(state):
                self._record(self.result.violations, name, "terminal", self.trace_to(here))

    # --- liveness --------------------------------------------------------------------------------------------

    def judge_liveness(self, names: Collection[str]) -> None:
        """Judge these liveness properties on the stored states; what ends that early is said in ``cut``."""
        try:
            graph = ReferenceGraph(self)
            for prop in self.system.properties.values():
                if prop.name in names:
                    judge(graph, prop, promises(self.system, prop), self.result)
        except Stop as stop:
            self.result.cut = str(stop)
        except KeyboardInterrupt:
            self.result.cut = INTERRUPTED

    def breathe(self) -> None:
        """Called now and then by what runs after the search; raises Stop where a limit is hit."""
        if self.clock.due():
            if self.clock.expired():
                raise Stop(f"the time limit of {self.limits.timeout:g} s")
            if self.ceiling.left < 0:
                raise Stop(self.ceiling.text)

    # --- what was found --------------------------------------------------------------------------------------

    def _bucket(self, leaf: Leaf) -> dict[str, Found]:
        return self.result.violations if leaf.kind == "fatal" else self.result.errors

    def _record(self, found: dict[str, Found], name: str, kind: str, trace: Trace, leaf: Leaf | None = None) -> None:
        if name not in found:
            text, where = (leaf.text, leaf.where) if leaf else ("", None)
            found[name] = Found(name, kind, len(trace), lambda: trace, text, where)

    def _cover(self, leaf: Leaf, state: State, actor: Actor, choices: Choices) -> None:
        pending = self._covers.get(leaf)
        if pending is None:
            pending = [(name, None if cond is b.TRUE else predicate(self.system, cond)) for name, cond in leaf.covers]
            self._covers[leaf] = pending
        if not pending:
            return
        for name, taken in list(pending):
            if taken is None or taken_when(taken, state, actor, leaf, choices):
                self.result.branches.add(name)
        pending[:] = [p for p in pending if p[0] not in self.result.branches]

    def trace_to(self, number: int) -> Trace:
        moves: list[Move] = []
        while True:
            parent, actor, label, choices = self.parents[number]
            if parent < 0:
                return Trace(choices, tuple(reversed(moves)))
            moves.append(Move(actor, label, choices))
            number = parent

    def _trace_of(self, link: tuple[int, str, str, Choices]) -> Trace:
        """The trace that ends with ``link``'s move."""
        parent, actor, label, choices = link
        if parent < 0:
            return Trace(choices)
        before = self.trace_to(parent)
        return Trace(before.init, (*before.moves, Move(actor, label, choices)))

    def _stop(self, queue: int) -> bool:
        result, limits = self.result, self.limits
        if limits.first and (result.violations or result.errors):
            result.stopped = FIRST
        elif limits.until and not limits.until.isdisjoint(result.violations):
            result.stopped = "the violation that was looked for"
        elif limits.max_states is not None and len(self.states) >= limits.max_states:
            result.stopped = f"the limit of {limits.max_states} states"
        elif self.clock.due():
            if self.clock.expired():
                result.stopped = f"the time limit of {limits.timeout:g} s"
            elif self.ceiling.left < 0:
                result.stopped = self.ceiling.text
            if self.watch:
                seconds = self.clock.seconds
                self.watch(Progress(len(self.states), result.transitions, result.depth, queue, seconds, resident()))
        return result.stopped is not None

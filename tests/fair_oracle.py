"""Liveness decided once more, naively: CPython gives the graph, networkx its strongly connected components.

Nothing is shared with what gomodel searches fair cycles by, nor with the traced steps and properties: labels, rest,
outcomes, premises and conclusions come from running the model's own generators and methods, and fairness from its
declarations.  ``system`` only says what a state is, and the domains of parameters.

A fair cycle is sought in the open states without those that enable a strong condition of S, for every set S of strong
conditions: there the conditions of S are never enabled, and the others have to be taken.  In a finite graph that is
asked of each strongly connected component (Lichtenstein and Pnueli, *Checking That Finite State Concurrent Programs
Satisfy Their Linear Specification*, 1985); a single state is one, for every state may stutter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Any, NamedTuple

import networkx

from gomodel.language.declare import LIVENESS, Declared, weak
from gomodel.language.instance import Instance
from gomodel.language.model import RuleDecl
from gomodel.language.properties import find_property
from gomodel.language.system import State, TransitionSystem
from gomodel.run.concrete import Runner
from gomodel.run.trace import Trace, Value, choice_value


class Step(NamedTuple):
    """A step that changes something."""

    actor: str
    label: str
    rest: bool
    outcomes: tuple[str, ...]
    target: State


@dataclass(frozen=True)
class Condition:
    """Fairness of one process or rule: of all its steps, of those of a label, or of those with an outcome."""

    strong: bool
    actor: str
    label: str | None
    outcome: str | None

    def covers(self, step: Step) -> bool:
        if step.actor != self.actor or step.rest:
            return False
        return (self.label is None or step.label == self.label) and (
            self.outcome is None or self.outcome in step.outcomes
        )


Marks = frozenset[tuple[Condition, str]]


class Oracle:
    """Every reachable state of a model, and what its promises say there."""

    def __init__(self, inst: Instance, system: TransitionSystem) -> None:
        self.inst, self.system = inst, system
        self.runner = Runner(inst, system)
        self.steps: dict[State, list[Step]] = {}
        self.says: dict[tuple[str, tuple[Value, ...]], dict[State, tuple[bool, bool]]] = {}
        self.starts: dict[State, Trace] = {}
        for choices in list(self.runner.initial()):
            self.runner.start(choices)
            self.starts.setdefault(self.runner.state(), Trace(choices))
        seen = dict(self.starts)
        queue = deque(seen)
        while queue:
            state = queue.popleft()
            trace = seen[state]
            self.runner.replay(trace, check=False)
            self._judge(state)
            self.steps[state] = []
            for step, after in self._successors(state, trace):
                self.steps[state].append(step)
                if step.target not in seen:
                    seen[step.target] = after
                    queue.append(step.target)

    def _successors(self, state: State, trace: Trace) -> Iterator[tuple[Step, Trace]]:
        rest = {n: not d.fair for n, d in self.runner.model.declarations(RuleDecl).items()}
        rest |= {n: p.step is not None and p.step.rest is True for n, p in self.runner.processes.items()}
        for move, outcome, after in self.runner.successors(trace):
            assert outcome.kind == "commit", f"the oracle is for models without errors: {outcome}"
            assert after is not None
            if after != state:
                step = Step(move.actor, move.label, rest[move.actor], outcome.named, after)
                yield step, Trace(trace.init, (*trace.moves, move))

    def _judge(self, state: State) -> None:
        """Note what every promise says of the state in which the runner is."""
        for prop in self.system.properties.values():
            if prop.kind not in LIVENESS:
                continue
            component, fn, _ = find_property(self.runner.model, prop.name)
            for values in product(*([d.decode(v) for v in d.values()] for _, d in prop.params)):
                answer: Any = fn(component, *values)
                if prop.kind == "leads_to":
                    says = bool(answer[0]), bool(answer[1])
                else:
                    says = prop.kind == "always_eventually", bool(answer)
                self.says.setdefault((prop.name, tuple(map(choice_value, values))), {})[state] = says

    # --- fairness --------------------------------------------------------------------------------------------

    def conditions(self, name: str, arguments: tuple[Value, ...]) -> tuple[Condition, ...]:
        """What is assumed for a property: its ``under``, else the model's fairness and that of fair rules.

        Fairness that names one of its parameters is that of the process it stands for.
        """
        _, fn, _ = find_property(self.runner.model, name)
        mark: Declared = fn.__gomodel__
        rules = self.runner.model.declarations(RuleDecl)
        default = (*self.inst.model.fairness, *(weak(n) for n, d in rules.items() if d.fair))
        params = dict(zip((n for n, _ in self.system.properties[name].params), map(str, arguments), strict=True))
        found: dict[Condition, None] = {}
        for f in default if mark.under is None else mark.under:
            actors = [n for n, p in self.runner.processes.items() if p.kind == f.kind]
            for actor in actors or [f.kind if f.kind in rules else params[f.kind]]:
                found[Condition(f.strength == "strong", actor, f.label, f.outcome)] = None
        return tuple(found)

    def enabled(self, state: State, condition: Condition) -> bool:
        return any(condition.covers(step) for step in self.steps[state])

    # --- one promise -----------------------------------------------------------------------------------------

    def arguments(self, name: str) -> list[tuple[Value, ...]]:
        """The vectors of arguments that a property is stated for."""
        return [arguments for prop, arguments in self.says if prop == name]

    def opened(self, name: str, arguments: tuple[Value, ...]) -> dict[State, int]:
        """The states where the promise may be open, with the length of a shortest execution to there.

        Breadth first over pairs of a state and whether the promise is open.
        """
        says, kind = self.says[name, arguments], self.system.properties[name].kind
        distance: dict[tuple[State, bool], int] = {}
        for state in self.starts:
            due, kept = says[state]
            distance[state, (due or kind == "eventually") and not kept] = 0
        queue = deque(distance)
        while queue:
            state, open_ = here = queue.popleft()
            for step in self.steps[state]:
                due, kept = says[step.target]
                there = step.target, (open_ or due) and not kept
                if there not in distance:
                    distance[there] = distance[here] + 1
                    queue.append(there)
        return {state: far for (state, open_), far in distance.items() if open_}

    def violated_for(
        self, name: str, arguments: tuple[Value, ...] = (), conditions: tuple[Condition, ...] | None = None
    ) -> bool:
        """Whether some fair execution leaves the promise open for ever."""
        conditions = self.conditions(name, arguments) if conditions is None else conditions
        able = {s: {c for c in conditions if self.enabled(s, c)} for s in self.opened(name, arguments)}
        strong = [c for c in conditions if c.strong]
        for never in chain.from_iterable(combinations(strong, k) for k in range(len(strong) + 1)):
            graph = networkx.DiGraph()
            graph.add_nodes_from(s for s in able if able[s].isdisjoint(never))
            for state in list(graph):
                graph.add_edges_from((state, t.target) for t in self.steps[state] if t.target in graph)
            for component in networkx.strongly_connected_components(graph):
                inside = [t for s in component for t in self.steps[s] if t.target in component]
                taken = {c for c in conditions if any(c.covers(t) for t in inside)}
                off = {c for c in conditions if not c.strong and any(c not in able[s] for s in component)}
                if taken | off | set(never) >= set(conditions):
                    return True
        return False

    def violated(self, name: str) -> tuple[Value, ...] | None:
        """The first arguments for which the property is violated; None where it holds."""
        return next((a for a in self.arguments(name) if self.violated_for(name, a)), None)

    def holds(self, name: str) -> bool:
        return self.violated(name) is None

    def open_states(self, name: str) -> int:
        """How many states leave the promise open, over all arguments."""
        return sum(len(self.opened(name, a)) for a in self.arguments(name))

    # --- shortest lassos -------------------------------------------------------------------------------------

    def stopping(self, name: str, arguments: tuple[Value, ...] = ()) -> int | None:
        """The length of a shortest stem to an open state where nothing has to happen."""
        conditions = self.conditions(name, arguments)
        able = [
            far for s, far in self.opened(name, arguments).items() if not any(self.enabled(s, c) for c in conditions)
        ]
        return min(able, default=None)

    def shortest(self, name: str, arguments: tuple[Value, ...] = ()) -> int | None:
        """The least length of stem and cycle of all fair lassos that leave the promise open, by trying them all.

        From every open state, breadth first over pairs of a state and what the walk has met on its way: the weak
        conditions taken or found disabled, the strong ones found enabled, the strong ones taken.
        """
        distance, conditions = self.opened(name, arguments), self.conditions(name, arguments)
        able = {s: frozenset(c for c in conditions if self.enabled(s, c)) for s in distance}
        best: int | None = None
        for anchor, far in sorted(distance.items(), key=lambda item: item[1]):
            if best is not None and far >= best:
                break
            longest = None if best is None else best - far - 1
            around = self._around(anchor, able, conditions, longest)
            if around is not None:
                best = far + around
        return best

    def _around(
        self,
        anchor: State,
        able: dict[State, frozenset[Condition]],
        conditions: tuple[Condition, ...],
        longest: int | None,
    ) -> int | None:
        """The length of a shortest fair walk from ``anchor`` back to it; None where it would be too long."""

        def noted(state: State) -> Marks:
            off = {(c, "met") for c in conditions if not c.strong and c not in able[state]}
            return frozenset(off | {(c, "owed") for c in able[state] if c.strong})

        def fair(marks: Marks) -> bool:
            return all((c, "met") in marks or (c.strong and (c, "owed") not in marks) for c in conditions)

        start = anchor, noted(anchor)
        lengths = {start: 0}
        queue = deque([start])
        while queue:
            state, marks = here = queue.popleft()
            if longest is not None and lengths[here] > longest:
                return None
            if state == anchor and fair(marks):
                return lengths[here]
            for step in self.steps[state]:
                if step.target in able:
                    taken = {(c, "met") for c in conditions if c.covers(step)}
                    there = step.target, marks | noted(step.target) | taken
                    if there not in lengths:
                        lengths[there] = lengths[here] + 1
                        queue.append(there)
        return None

"""One execution as CPython runs it: its states, where everybody stands in each, and what each step changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..language.domains import Domain, Plain
from ..language.errors import InternalError, SpecError
from ..language.instance import Instance
from ..language.primitives import Step
from ..language.source import function_of
from ..language.system import State, TransitionSystem, Variable
from .concrete import Process, Runner
from .differences import differences, parts
from .report import Change, StepView
from .trace import Move, Trace


class Execution:
    """A trace that was run.  Number k of what there is one of for each state is what holds after k steps.

    The last step may fail (``fatal``, a model error); then there is no state behind it.
    """

    def __init__(self, inst: Instance, system: TransitionSystem, trace: Trace) -> None:
        self.system, self.trace = system, trace
        self.runner = Runner(inst, system)
        self.states: list[State] = []
        self.steps: list[StepView] = []
        self.standing: list[tuple[tuple[str, str], ...]] = []  # process and label
        self.next_go: list[dict[str, tuple[str, ...]]] = []  # process → where its next step is in the Go source
        self.blocked: list[tuple[str, ...]] = []  # processes that cannot step
        self.live: list[dict[str, frozenset[str]]] = []  # process → its variables that matter
        self.guards: dict[str, str] = {}  # of what is in ``blocked``: what it waits for, as the spec says it
        if self.runner.start(trace.init).kind == "commit":
            self._note()
        for number, move in enumerate(trace.moves, 1):
            self.steps.append(self._step(number, move))

    @property
    def ended(self) -> bool:
        """Whether there is a state behind the last step."""
        return len(self.states) == len(self.trace.moves) + 1

    def cells(self, k: int) -> dict[str, str]:
        """The whole state after k steps, part by part: every field, and the locals that matter; value in words."""
        found: dict[str, str] = {}
        for i, variable in enumerate(self.system.variables.values()):
            if variable.kind is None:
                found.update(parts(variable.name, variable.domain, self.states[k][i]))
            else:
                found.update(self._locals(variable, self.states[k][i], k))
        return found

    def ghosts(self) -> set[str]:
        """The ghost fields among the variables."""
        return {v.name for v in self.system.variables.values() if v.ghost}

    def initial(self) -> Iterator[Change]:
        """The fields as ``init`` left them."""
        for i, variable in enumerate(self.system.variables.values()):
            if variable.kind is None and not variable.ghost:
                yield Change(variable.name, "", variable.domain.show(self.states[0][i]))

    def end(self) -> Iterator[tuple[Change, bool]]:
        """What the final state has and the initial one had not, and whether it is a ghost's."""
        first, last = self.states[0], self.states[-1]
        for i, variable in enumerate(self.system.variables.values()):
            if variable.kind is None:
                changes = differences(variable.name, variable.domain, first[i], last[i])
            else:
                changes = self._live_locals(variable, last[i])
            for change in changes:
                yield change, variable.ghost

    # --- running it ------------------------------------------------------------------------------------------

    def _step(self, number: int, move: Move) -> StepView:
        process = self.runner.processes.get(move.actor)
        go = go_of(process)
        if len(self.states) < number:
            raise InternalError(f"the trace goes on where there is no state, with {move}")
        before = self.states[-1]
        outcome = self.runner.move(move)
        if outcome.kind == "blocked":
            raise InternalError(f"{move.actor} cannot take step {number}, {move.label!r}")
        done = outcome.kind == "commit"
        if done:
            self._note()
        return StepView(
            number,
            move.actor,
            move.label,
            go,
            move.choices,
            tuple(changed(self.runner, before, self.states[-1], move.actor)) if done else (),
            process.label if process else "",
            self.blocked[-1] if done else (),
            "" if done else outcome.text,
        )

    def _note(self) -> None:
        processes = self.runner.processes
        self.states.append(self.runner.state())
        self.standing.append(tuple((name, process.label) for name, process in processes.items()))
        self.next_go.append({name: go_of(process) for name, process in processes.items()})
        waiting = [(f'{name} at "{p.label}"', p.step) for name, p in processes.items() if _waits(p)]
        self.blocked.append(tuple(place for place, _ in waiting))
        self.guards.update({p: _guard_text(step) for p, step in waiting if step and p not in self.guards})
        self.live.append({name: live_locals(self.runner, process) for name, process in processes.items()})

    # --- locals ----------------------------------------------------------------------------------------------

    def _locals(self, variable: Variable, cells: Plain, k: int) -> Iterator[tuple[str, str]]:
        for name, value, domain in self._owned(variable, cells, self.live[k]):
            yield from parts(name, domain, value)

    def _live_locals(self, variable: Variable, cells: Plain) -> Iterator[Change]:
        for name, value, domain in self._owned(variable, cells, self.live[-1]):
            yield from differences(name, domain, domain.default(), value)

    def _owned(
        self, variable: Variable, cells: Plain, live: dict[str, frozenset[str]]
    ) -> Iterator[tuple[str, Plain, Domain]]:
        for process in self.runner.processes.values():
            kind = self.system.kinds[process.kind]
            if process.kind == variable.kind and variable.name in live[process.pid.name]:
                name = f"{process.pid}.{short_local(variable.name)}"
                yield name, cells[process.pid.number - kind.lo], kind.locals[variable.name]


def changed(runner: Runner, before: State, after: State, actor: str) -> Iterator[Change]:
    """The fields, and the actor's live locals, that differ; ghosts and program counters are left out.

    ``runner`` is where ``after`` is.
    """
    process = runner.processes.get(actor)
    live = live_locals(runner, process) if process else frozenset()
    for i, variable in enumerate(runner.system.variables.values()):
        if variable.ghost or before[i] == after[i]:
            continue
        if variable.kind is None:
            yield from differences(variable.name, variable.domain, before[i], after[i])
        elif process is not None and variable.kind == process.kind and variable.name in live:
            kind = runner.system.kinds[process.kind]
            at, domain = process.pid.number - kind.lo, kind.locals[variable.name]
            yield from differences(f"{process.pid}.{short_local(variable.name)}", domain, before[i][at], after[i][at])


def live_locals(runner: Runner, process: Process) -> frozenset[str]:
    """The variables of a process that matter where it stands."""
    return runner.system.kinds[process.kind].live[runner.program_counter(process)]


def short_local(name: str) -> str:
    """``client.lock.old.waiters`` → ``old.waiters``: without the kind and the operations around it."""
    found = name.split(".")
    return found[-1] if len(found) < 3 else ".".join(found[2:])


def go_of(process: Process | None) -> tuple[str, ...]:
    """Where the step that a process takes next is in the Go source: file:line."""
    step = process.step if process else None
    return () if step is None else (step.go,) if isinstance(step.go, str) else tuple(step.go)


def _guard_text(step: Step) -> str:
    """The guard in the words of the spec, "" where its source cannot be read."""
    assert step.when is not None
    try:
        node = function_of(step.when).node
    except (SpecError, AttributeError):
        return ""
    return ast.unparse(node.body) if isinstance(node, ast.Lambda) else node.name


def _waits(process: Process) -> bool:
    """Whether its guard is false."""
    step = process.step
    try:
        return step is not None and step.when is not None and not step.when()
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return False  # trying the step is a model error, which is reported as such

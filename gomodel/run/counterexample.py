"""From a found violation to something to show: replayed by CPython, with what each step changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from ..language.declare import LIVENESS
from ..language.domains import Plain
from ..language.errors import InternalError
from ..language.instance import Instance, instance
from ..language.properties import find_property
from ..language.system import State, TransitionSystem, Variable
from .abstract import Abstraction, explained, refinement_holds
from .attempts import Outcome
from .concrete import Process, Runner
from .differences import differences
from .fair_cycle import fair_cycle
from .report import AbstractStep, Change, Counterexample, FairnessView, StepView
from .search import Found
from .trace import Move, Trace


def build(inst: Instance, system: TransitionSystem, found: Found, target: str) -> Counterexample:
    """Replay ``found`` in CPython and describe it; raises InternalError when CPython disagrees.

    ``target`` is how the command line names the model: a short name or a path.
    """
    runner = Runner(inst, system)
    cycle = None
    if found.kind in LIVENESS:
        cycle = fair_cycle(inst, system, found)
    else:
        confirm(inst, system, found)
    outcome = runner.start(found.trace.init)
    state = runner.state() if outcome.kind == "commit" else None
    first, waiting = state, blocked_now(runner) if state is not None else ()
    initial = tuple(_initial_changes(system, state)) if state is not None and found.trace.init else ()
    steps = []
    for number, move in enumerate(found.trace.moves, 1):
        step, state = _step(runner, system, number, move, state)
        steps.append(step)
    prop = system.properties.get(found.name)
    text = found.text or (prop.text if prop else "")
    where = found.where or (prop.where if prop else None)
    shown = tuple(_show_state(system, state)) if state is not None else ()
    processes: tuple[tuple[str, str], ...] = ()
    end: list[tuple[Change, bool]] = []
    if first is not None and state is not None:
        processes = tuple((name, process.label) for name, process in runner.processes.items())
        end = list(_end(runner, first, state))
    blocked = tuple(_stuck(runner, found)) if found.kind in ("deadlock", "terminal") else blocked_now(runner)
    params = prop.params if prop else ()
    return Counterexample(
        found.name, found.kind, text, inst.scenario, str(where or ""), found.trace, initial, tuple(steps),
        blocked, shown, reproduce(inst, target, found), processes,
        tuple(c for c, ghost in end if not ghost), tuple(c for c, ghost in end if ghost), waiting,
        tuple((name, str(value)) for (name, _), value in zip(params, found.arguments, strict=True)),
        cycle.since if cycle else None,
        tuple(FairnessView(str(condition), why) for condition, why in cycle.reasons) if cycle else (),
        _refined(inst, system, runner, found) if found.kind == "refinement" else None,
    )  # fmt: skip


def _refined(inst: Instance, system: TransitionSystem, runner: Runner, found: Found) -> AbstractStep:
    before = _earlier(inst, system, found.trace) if found.trace.moves else None
    return explained(*_abstractions(found.name, runner, before))


def _step(
    runner: Runner, system: TransitionSystem, number: int, move: Move, before: State | None
) -> tuple[StepView, State | None]:
    process = runner.processes.get(move.actor)
    step = process.step if process else None
    outcome = runner.step(move.actor, move.choices)
    state = runner.state() if outcome.kind == "commit" else None
    changes = tuple(changed(system, before, state, move.actor, runner)) if before and state else ()
    go = () if step is None else (step.go,) if isinstance(step.go, str) else step.go
    view = StepView(
        number,
        move.actor,
        move.label,
        go,
        move.choices,
        changes,
        process.label if process else "",
        blocked_now(runner) if state is not None else (),
        "" if outcome.kind == "commit" else outcome.text,
    )
    return view, state


# --- what CPython says ---------------------------------------------------------------------------------------


def confirm(inst: Instance, system: TransitionSystem, found: Found) -> None:
    """CPython must see the same violation; raises InternalError otherwise."""
    if found.kind in LIVENESS:
        fair_cycle(inst, system, found)
        return
    runner = Runner(inst, system)
    outcome = runner.replay(found.trace)
    if not _seen(inst, system, runner, found, outcome):
        raise InternalError(
            f"the counterexample to {found.name} does not replay in CPython ({outcome}); this is a defect of gomodel"
        )


def _seen(inst: Instance, system: TransitionSystem, runner: Runner, found: Found, outcome: Outcome) -> bool:
    match found.kind:
        case "fatal":
            return outcome.kind == "fatal" and outcome.prop == found.name
        case "error" if outcome.kind == "error":
            return True
        case "error":  # evaluating a property goes wrong
            return _property(inst, system, runner, found.name.split(":")[0], found.trace) is None
        case "deadlock":
            return outcome.kind == "commit" and not _can_move(runner, found.trace)
        case "terminal" if _can_move(runner, found.trace):
            return False
    runner.replay(found.trace, check=False)
    expected = found.kind == "reachable"
    return outcome.kind == "commit" and _property(inst, system, runner, found.name, found.trace) is expected


def _property(inst: Instance, system: TransitionSystem, runner: Runner, name: str, trace: Trace) -> bool | None:
    """The property's own Python method on the current state; None when it raises."""
    component, fn, mark = find_property(runner.model, name)
    args: tuple[Any, ...] = (component,)
    if mark.kind == "refinement":
        before = _earlier(inst, system, trace) if trace.moves else None
        return refinement_holds(*_abstractions(name, runner, before))
    if mark.kind == "step_invariant":
        args = (component, find_property(_earlier(inst, system, trace).model, name)[0])
    try:
        return bool(fn(*args))
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return None


def _earlier(inst: Instance, system: TransitionSystem, trace: Trace) -> Runner:
    """CPython before the last step of ``trace``."""
    runner = Runner(inst, system)
    runner.replay(Trace(trace.init, trace.moves[:-1]))
    return runner


def _abstractions(name: str, after: Runner, before: Runner | None) -> tuple[Abstraction, Abstraction | None]:
    """The refinement's abstract component after the last step, and before it if there was one."""
    found = Abstraction(name, *find_property(after.model, name))
    return found, None if before is None else Abstraction(name, *find_property(before.model, name))


def _can_move(runner: Runner, trace: Trace) -> bool:
    """Whether anything but a resting process can step."""
    runner.replay(trace, check=False)
    resting = {n for n, p in runner.processes.items() if p.step is None or p.step.rest is True}
    resting |= {n for n in runner.rules if runner.system.rules[n].step.rest}
    return any(move.actor not in resting for move, _, _ in runner.successors(trace))


def blocked_now(runner: Runner) -> tuple[str, ...]:
    """The processes whose guard is false."""
    return tuple(f'{name} at "{p.label}"' for name, p in runner.processes.items() if _waits(p))


def _waits(process: Process) -> bool:
    step = process.step
    try:
        return step is not None and step.when is not None and not step.when()
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return False  # trying the step is a model error, which is reported as such


def _stuck(runner: Runner, found: Found) -> Iterator[str]:
    able = {move.actor for move, _, _ in runner.successors(found.trace)}
    runner.replay(found.trace, check=False)
    for name, process in runner.processes.items():
        if process.step is not None and name not in able:
            yield f'{name} at "{process.label}"'


# --- what changed --------------------------------------------------------------------------------------------


def changed(system: TransitionSystem, before: State, after: State, actor: str, runner: Runner) -> Iterator[Change]:
    """The fields, and the actor's live locals, that differ; ghosts and program counters are left out."""
    process = runner.processes.get(actor)
    for i, variable in enumerate(system.variables.values()):
        if variable.ghost or before[i] == after[i]:
            continue
        if variable.kind is None:
            yield from differences(variable.name, variable.domain, before[i], after[i])
        elif process is not None and variable.kind == process.kind:
            yield from _local_change(runner, variable, before[i], after[i], process)


def _local_change(
    runner: Runner, variable: Variable, before: Plain, after: Plain, process: Process
) -> Iterator[Change]:
    kind = runner.system.kinds[process.kind]
    at = process.pid.number - kind.lo
    pc = runner.program_counter(process)
    if variable.name == kind.pc_name or variable.name not in kind.live[pc] or before[at] == after[at]:
        return
    domain = kind.locals[variable.name]
    yield from differences(f"{process.pid}.{short_local(variable.name)}", domain, before[at], after[at])


def short_local(name: str) -> str:
    """``client.lock.old.waiters`` → ``old.waiters``: without the kind and the operations around it."""
    parts = name.split(".")
    return parts[-1] if len(parts) < 3 else ".".join(parts[2:])


def _initial_changes(system: TransitionSystem, state: State) -> Iterator[Change]:
    for i, variable in enumerate(system.variables.values()):
        if variable.kind is None and not variable.ghost:
            yield Change(variable.name, "", variable.domain.show(state[i]))


def _end(runner: Runner, first: State, last: State) -> Iterator[tuple[Change, bool]]:
    """What the final state has and the initial one had not, and whether it is a ghost's."""
    for i, variable in enumerate(runner.system.variables.values()):
        if variable.kind is None:
            changes = differences(variable.name, variable.domain, first[i], last[i])
        else:
            changes = _live_locals(runner, variable, last[i])
        for change in changes:
            yield change, variable.ghost


def _live_locals(runner: Runner, variable: Variable, cells: Plain) -> Iterator[Change]:
    for process in runner.processes.values():
        kind = runner.system.kinds[process.kind]
        if process.kind == variable.kind and variable.name in kind.live[runner.program_counter(process)]:
            domain = kind.locals[variable.name]
            name = f"{process.pid}.{short_local(variable.name)}"
            yield from differences(name, domain, domain.default(), cells[process.pid.number - kind.lo])


def _show_state(system: TransitionSystem, state: State) -> Iterator[tuple[str, str]]:
    for i, variable in enumerate(system.variables.values()):
        yield variable.name, variable.domain.show(state[i])


def reproduce(inst: Instance, target: str, found: Found) -> str:
    """The command line that shows the same again."""
    words = ["gomodel", "check", target]
    if inst.scenario:
        words += ["--scenario", inst.scenario]
    usual = dict(instance(inst.model, inst.scenario).bounds)
    for name, value in inst.bounds:
        if value != usual[name]:
            shown = ",".join(map(str, value)) or "()" if isinstance(value, tuple) else value
            words += ["-b", f"{name}={shown}"]
    for bug in sorted(inst.bugs):
        words += ["--bug", bug]
    if found.kind == "reachable":
        words += ["--witness", found.name]
    return shlex.join(words)

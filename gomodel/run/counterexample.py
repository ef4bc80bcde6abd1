"""From a found violation to something to show: replayed by CPython, with what each step changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from ..language.declare import LIVENESS
from ..language.errors import InternalError
from ..language.instance import Instance, instance
from ..language.properties import find_property
from ..language.system import State, TransitionSystem
from .abstract import Abstraction, explained, refinement_holds
from .attempts import Outcome
from .concrete import Runner
from .dependence import relevant
from .execution import Execution
from .fair_cycle import fair_cycle
from .report import AbstractStep, Counterexample, FairnessView
from .search import RUN, Found
from .trace import Trace
from .why import explain


def build(inst: Instance, system: TransitionSystem, found: Found, target: str) -> Counterexample:
    """Replay ``found`` in CPython and describe it; raises InternalError when CPython disagrees.

    ``target`` is how the command line names the model: a short name or a path.
    """
    cycle = None
    if found.kind in LIVENESS:
        cycle = fair_cycle(inst, system, found)
    elif found.kind != RUN:
        confirm(inst, system, found)
    run = Execution(inst, system, found.trace)
    blocked = run.blocked[-1] if run.ended else ()
    if found.kind in ("deadlock", "terminal"):
        blocked = tuple(_stuck(run.runner, found))
    prop = system.properties.get(found.name)
    params = prop.params if prop else ()
    end = list(run.end()) if run.ended else []
    return Counterexample(
        found.name,
        found.kind,
        found.text or (prop.text if prop else ""),
        inst.scenario,
        str(found.where or (prop.where if prop else None) or ""),
        found.trace,
        tuple(run.initial()) if run.states and found.trace.init else (),
        tuple(run.steps),
        blocked,
        tuple(_show_state(system, run.states[-1])) if run.ended else (),
        reproduce(inst, target, found),
        run.standing[-1] if run.ended else (),
        tuple(c for c, ghost in end if not ghost),
        tuple(c for c, ghost in end if ghost),
        run.blocked[0] if run.states else (),
        tuple((name, str(value)) for (name, _), value in zip(params, found.arguments, strict=True)),
        cycle.since if cycle else None,
        tuple(FairnessView(str(condition), why) for condition, why in cycle.reasons) if cycle else (),
        _refined(inst, system, run.runner, found) if found.kind == "refinement" else None,
        relevant(run, found, cycle.since if cycle else None),
        explain(inst, system, found, cycle.since if cycle else None),
        tuple(run.guards.items()),
    )


def _refined(inst: Instance, system: TransitionSystem, runner: Runner, found: Found) -> AbstractStep:
    before = _earlier(inst, system, found.trace) if found.trace.moves else None
    return explained(*_abstractions(found.name, runner, before))


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


def broken(runner: Runner, before: Runner) -> tuple[str, ...]:
    """The invariants and step invariants that are false where ``runner`` is, one step behind ``before``."""
    return tuple(
        name
        for name, prop in runner.system.properties.items()
        if prop.kind in ("invariant", "step_invariant") and not _holds(name, runner, before)
    )


def _holds(name: str, runner: Runner, before: Runner) -> bool:
    component, fn, mark = find_property(runner.model, name)
    try:
        return bool(
            fn(component, find_property(before.model, name)[0]) if mark.kind == "step_invariant" else fn(component)
        )
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return False


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


def _stuck(runner: Runner, found: Found) -> Iterator[str]:
    able = {move.actor for move, _, _ in runner.successors(found.trace)}
    runner.replay(found.trace, check=False)
    for name, process in runner.processes.items():
        if process.step is not None and name not in able:
            yield f'{name} at "{process.label}"'


def _show_state(system: TransitionSystem, state: State) -> Iterator[tuple[str, str]]:
    for i, variable in enumerate(system.variables.values()):
        yield variable.name, variable.domain.show(state[i])


def reproduce(inst: Instance, target: str, found: Found) -> str:
    """The command line that shows the same again."""
    words = ["gomodel", "walk" if found.kind == RUN else "check", target]
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

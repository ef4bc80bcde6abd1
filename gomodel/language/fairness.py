"""Declared fairness, checked against the processes, labels, outcomes and rules that there are."""

from __future__ import annotations

from .declare import Fairness
from .domains import Domain
from .errors import SpecError, Where, suggestion
from .processes import Pid, ProcessSet
from .system import TransitionSystem


def default_fairness(system: TransitionSystem, declared: tuple[Fairness, ...]) -> tuple[Fairness, ...]:
    """What the model declares, and weak fairness of each rule that is declared fair."""
    fair = tuple(Fairness("weak", name) for name, rule in system.rules.items() if not rule.step.rest)
    return tuple(dict.fromkeys((*declared, *fair)))


def check_fairness(
    system: TransitionSystem,
    declared: tuple[Fairness, ...],
    where: Where | None,
    *,
    edited: bool,
    params: tuple[tuple[str, Domain], ...] = (),
) -> None:
    """Raises SpecError where ``declared`` names what does not exist, or cannot be fair.

    ``edited``: a bug is switched on, which may have removed a label or an outcome.  ``params`` are the property's.
    """
    for name, _ in params:
        if name in system.kinds or name in system.rules:
            what = "process kind" if name in system.kinds else "rule"
            raise SpecError(f"parameter {name!r} has the name of a {what}", where=where, mend="give it another name")
    processes = {name: domain.procs for name, domain in params if isinstance(domain, Pid)}
    for fairness in declared:
        if not isinstance(fairness, Fairness):
            raise SpecError(f"{fairness!r} is no fairness", where=where, mend='write weak("client"), or strong(…)')
        wrong = _wrong(system, fairness, processes, edited)
        if wrong:
            raise SpecError(f"{fairness}: {wrong[0]}", where=where, mend=wrong[1])


def _wrong(
    system: TransitionSystem, fairness: Fairness, processes: dict[str, ProcessSet], edited: bool
) -> tuple[str, str] | None:
    """What is wrong with it, and the mend."""
    name, label, outcome = fairness.kind, fairness.label, fairness.outcome
    if name in system.rules:
        if label is not None:
            return f"rule {name} has no labels", f"{fairness.strength}({name!r})"
        actions = [system.rules[name]]
    elif name in system.kinds or name in processes:
        kinds = processes[name].kinds if name in processes else (name,)
        if any(system.kinds[kind].empty for kind in kinds):
            return None  # nobody runs it
        actions = [action for kind in kinds for action in system.kinds[kind].actions.values()]
        labels = {a.step.label: None for a in actions}
        if label is not None and label not in labels and not edited:
            return f"{name} has no label {label!r}", suggestion(label, labels, "its labels are")
        actions = [a for a in actions if label in (None, a.step.label)]
    else:
        known = [*system.kinds, *system.rules, *processes]
        return f"there is no process or rule {name!r}", suggestion(name, known, "there are")
    if actions and all(a.step.rest is True for a in actions):
        mend = "declare it @rule(fair=True)" if name in system.rules else 'rest="blocked" if only waiting is rest'
        return "nobody is forced to take a step that is declared as rest", mend
    outcomes = {n: None for a in actions for leaf in a.leaves for n, _ in leaf.outcomes}
    if outcome is not None and outcome not in outcomes and not edited:
        return f"there is no outcome {outcome!r}", suggestion(outcome, outcomes, "there are")
    return None

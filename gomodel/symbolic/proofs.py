"""Proofs: finding them, checking them, and saying what became of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import z3

from ..language.declare import STEPS, Proof
from ..language.errors import UsageError
from ..language.instance import Instance, instance
from ..language.model import Model
from ..language.system import TransitionSystem
from ..language.tracer import trace
from ..run.check import instances
from ..run.report import Counterexample, counterexample_json
from .anysize import Induction as AnySize
from .anystep import Obligation
from .induction import Induction, Stuck, Unknown, invariants, shown

SECONDS = 120.0  # for one proof
MEGABYTES = 4096
PROVED, REFUTED, UNKNOWN = "proved", "not inductive", "unknown"
SMALL = (2, 3, 4)  # numbers of processes at which a step that fails is searched for a concrete counterexample


@dataclass
class Proved:
    """What became of one proof.

    ``weak`` are the pairs of a goal and a step at which induction fails; ``cex`` is a concrete counterexample to
    induction at small bounds.  A proof that is ``proved`` was checked twice.
    """

    model: str
    statement: str
    any: tuple[str, ...]  # the bounds that are symbolic; none where it was checked at bounds
    bounds: dict[str, Any]
    proves: list[str]
    lemmas: list[str]
    assumes: tuple[str, ...]
    bugs: tuple[str, ...] = ()
    verdict: str = UNKNOWN
    note: str = ""
    obligations: int = 0
    seconds: float = 0.0
    weak: list[tuple[str, str]] = field(default_factory=list)
    cex: Counterexample | None = None
    invariant: list[str] = field(default_factory=list)  # that Spacer found, a conjunct each

    @property
    def exit_code(self) -> int:
        return {PROVED: 0, REFUTED: 1}.get(self.verdict, 3)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(replace(self, cex=None)), "cex": counterexample_json(self.cex) if self.cex else None}


def prove(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    bugs: list[str] | None = None,
    without: list[str] | None = None,
    k: int = 1,
    spacer: bool = False,
    target: str = "",
    timeout: float = SECONDS,
    notify: Callable[[int, int], None] | None = None,
) -> Proved:
    """Check the proof of a model, or, for a model that states none, k-induction of its invariants at its bounds.

    ``bounds`` make a proof for any size one at these bounds; ``without`` leaves out lemmas; with ``spacer``
    Z3 looks for an inductive invariant of its own, at bounds.  Raises UsageError for names that there are not.
    """
    started = time.monotonic()
    z3.set_param("memory_max_size", MEGABYTES)
    declared: Proof | None = getattr(model, "proof", None)
    inst = instances(model, bounds)[0]
    inst = inst.with_bugs(*bugs) if bugs else inst
    symbolic = declared.any if declared and not (bounds or spacer) and k == 1 else ()
    system = trace(inst, symbolic=symbolic, every_kind=False)
    result = _stated(model, declared, inst, system, symbolic, without or [])
    command = " ".join(["gomodel prove", target or model.name, *(f"--bug {x}" for x in bugs or ())])
    command += "".join(f" --without {name}" for name in without or ())
    left = started + timeout
    try:
        if symbolic:
            _any_size(result, system, left, notify)
            if result.verdict == REFUTED:
                _concrete(result, model, inst, declared, left, command)
        elif spacer:
            _invented(result, system, timeout)
        else:
            _at_bounds(result, inst, system, k, left, command)
    except NotImplementedError as error:
        result.verdict, result.note = UNKNOWN, f"no symbolic form: {error}"
    except Unknown as unknown:
        result.verdict, result.note = UNKNOWN, f"Z3: {unknown}"
    result.seconds = time.monotonic() - started
    return result


def _stated(
    model: type[Model],
    declared: Proof | None,
    inst: Instance,
    system: TransitionSystem,
    symbolic: tuple[str, ...],
    without: list[str],
) -> Proved:
    own = [p.name for p in system.properties.values() if p.kind == "invariant" and "." not in p.name]
    proves = list(declared.proves) if declared else invariants(system)
    lemmas = [name for name in own if name not in proves] if declared else []
    for name in without:
        if name not in lemmas:
            raise UsageError(f"{model.name} has no lemma {name!r}", mend=f"there are: {', '.join(lemmas) or 'none'}")
    statement = declared.statement if declared else "its invariants hold"
    bounds = {n: b for n, b in inst.bounds if n not in symbolic}
    kept = [name for name in lemmas if name not in without]
    assumes = declared.assumes if declared else ()
    return Proved(model.name, statement, symbolic, bounds, proves, kept, assumes, tuple(sorted(inst.bugs)))


def _parts(result: Proved, system: TransitionSystem) -> tuple[list[Any], list[Any], set[str]]:
    """Invariants, step invariants, and the names of what must never happen."""
    known = system.properties
    every = [*result.proves, *result.lemmas]
    goals = [known[n] for n in every if n in known and known[n].kind == "invariant"]
    steps = [known[n] for n in every if n in known and known[n].kind in STEPS]
    rest = {n for n in every if n not in {p.name for p in (*goals, *steps)}}
    return goals, steps, rest


# --- for any size ----------------------------------------------------------------------------------------------------


def _any_size(result: Proved, system: TransitionSystem, left: float, notify: Callable[[int, int], None] | None) -> None:
    groups: dict[tuple[int, ...], list[Obligation]] = {}
    for obligation in AnySize(system, *_parts(result, system)).obligations():
        groups.setdefault(tuple(f.get_id() for f in obligation.known), []).append(obligation)
        result.obligations += 1
    weak: Counter[tuple[str, str]] = Counter()
    for number, group in enumerate(groups.values()):
        weak.update(_failing(group, left))
        if notify:
            notify(number + 1, 2 * len(groups))
    result.weak = list(weak)
    if weak:
        result.verdict = REFUTED
        return
    for number, group in enumerate(groups.values()):
        _again(group, left)
        if notify:
            notify(len(groups) + number + 1, 2 * len(groups))
    result.verdict = PROVED


def _failing(group: list[Obligation], left: float) -> list[tuple[str, str]]:
    """The obligations with a model; asked for together first."""
    solver = z3.Solver()
    solver.add(*group[0].known)
    if _check(solver, z3.Or(*(o.wrong for o in group)), left) == z3.unsat:
        return []
    return [(o.goal, o.step) for o in group if _check(solver, o.wrong, left) == z3.sat]


def _check(solver: z3.Solver, formula: z3.BoolRef, left: float) -> z3.CheckSatResult:
    seconds = left - time.monotonic()
    if seconds <= 0:
        raise Unknown("the time limit")
    solver.set("timeout", max(1, int(1000 * seconds)))
    solver.push()
    solver.add(formula)
    found = solver.check()
    reason = solver.reason_unknown() if found == z3.unknown else ""
    solver.pop()
    if reason:
        raise Unknown(reason)
    return found


def _again(group: list[Obligation], left: float) -> None:
    """Check once more, in a context that shares nothing with the first."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", max(1, int(1000 * (left - time.monotonic()))))
    solver.add(*(f.translate(context) for f in group[0].known))
    solver.add(z3.Or(*(o.wrong.translate(context) for o in group)))
    found = solver.check()
    if found != z3.unsat:
        raise Unknown(f"the second check says {found} of {group[0].goal} at {group[0].step}")


def _concrete(
    result: Proved, model: type[Model], inst: Instance, declared: Proof | None, left: float, command: str
) -> None:
    """A counterexample to induction at small bounds, where there is one."""
    assert declared is not None
    small = dict(declared.small)
    choices = [small] if small else [dict.fromkeys(declared.any, n) for n in SMALL]
    for bounds in choices:
        here = replace(instance(model, inst.scenario, {n: str(x) for n, x in bounds.items()}), bugs=inst.bugs)
        system = trace(here, every_kind=False)
        found = _stuck(result, system, 1, left)
        if found is not None:
            result.cex = shown(here, system, found, command)
            result.note = f"at {here.describe()}"
            return
    result.verdict = UNKNOWN
    result.note = "no counterexample to induction at small bounds: what is at hand in these steps does not decide them"


# --- at bounds -------------------------------------------------------------------------------------------------------


def _stuck(result: Proved, system: TransitionSystem, k: int, left: float) -> Stuck | None:
    goals, steps, never = _parts(result, system)
    induction = Induction(system, [p.name for p in goals], [p.name for p in steps], never)
    return induction.stuck(k, max(left - time.monotonic(), 0.001))


def _at_bounds(result: Proved, inst: Instance, system: TransitionSystem, k: int, left: float, command: str) -> None:
    """Induction from ``k`` states on end, and the first ``k`` steps by bounded model checking."""
    from ..run.search import Limits
    from .bmc import BoundedEngine

    base = BoundedEngine(k).explore(system, Limits(timeout=max(left - time.monotonic(), 0.001)))
    wanted = {*result.proves, *result.lemmas}
    broken = [f for n, f in {**base.violations, **base.errors}.items() if n in wanted or f.kind == "error"]
    if broken:
        result.verdict, result.note = REFUTED, f"{broken[0].name} is violated after {broken[0].length} steps"
        return
    found = _stuck(result, system, k, left)
    if found is None:
        result.verdict = PROVED
        return
    result.verdict = REFUTED
    result.weak = [(found.name, found.trace.moves[-1].label)]
    result.cex = shown(inst, system, found, command)


def _invented(result: Proved, system: TransitionSystem, timeout: float) -> None:
    """The invariant that Spacer finds."""
    from .spacer import FOUND, invent

    answer = invent(system, [p.name for p in _parts(result, system)[0]], timeout)
    result.verdict, result.invariant = (PROVED if answer.verdict == FOUND else REFUTED), answer.parts
    if answer.verdict != FOUND:
        result.note = "what must not happen can be reached, as `gomodel check` shows"

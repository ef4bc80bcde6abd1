"""Proofs: stating them, checking them, and saying what became of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import z3

from ..language.declare import Proof
from ..language.errors import SpecError, UsageError, suggestion
from ..language.instance import Instance, all_bugs, instance, resolve
from ..language.model import Bound, Model
from ..language.source import class_where
from ..language.system import Property, TransitionSystem
from ..language.tracer import trace
from ..run.check import instances
from ..run.counterexample import build
from ..run.report import Counterexample, counterexample_json
from .anysize import Induction as AnySize
from .anystep import Obligation
from .induction import Induction, shown
from .solving import Unknown, again, ask, said
from .spacer import FOUND, invent

SECONDS = 120.0  # for one proof
MEBIBYTES = 4096
PROVED, REFUTED, VIOLATED, UNKNOWN = "proved", "not inductive", "violated", "unknown"
SMALL = (2, 3, 4)  # numbers of processes at which a step that fails is searched for a concrete counterexample
PROVABLE = ("invariant", "step_invariant", "fatal")
Notify = Callable[[int, int], None]  # so many of so many obligations are done


@dataclass
class Proved:
    """What became of one proof.

    ``weak`` are the pairs of a goal and a step at which induction fails; ``cex`` is a concrete counterexample to
    induction at small bounds, or where the verdict is ``violated`` an execution.  A proof that is ``proved`` was
    checked twice.
    """

    model: str
    statement: str
    scenario: str
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
        return {PROVED: 0, REFUTED: 1, VIOLATED: 1}.get(self.verdict, 3)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(replace(self, cex=None)), "cex": counterexample_json(self.cex) if self.cex else None}


def prove(
    model: type[Model],
    *,
    bounds: dict[str, str] | None = None,
    scenario: str = "",
    bugs: list[str] | None = None,
    without: list[str] | None = None,
    k: int = 1,
    spacer: bool = False,
    target: str = "",
    timeout: float = SECONDS,
    notify: Notify | None = None,
) -> Proved:
    """Check the proof of a model, or, for a model that states none, k-induction of its invariants at its bounds.

    ``bounds`` and ``k`` make a proof for any size one at bounds; ``without`` leaves out lemmas; with ``spacer``
    Z3 looks for an inductive invariant of its own, at bounds.  Raises UsageError for names that there are not, and
    SpecError for a proof that states what cannot be proved.
    """
    started = time.monotonic()
    z3.set_param("memory_max_size", MEBIBYTES)
    if spacer and k != 1:
        raise UsageError("--spacer looks for an invariant of single steps", mend="leave out -k")
    declared = _declared(model)
    inst = instances(model, bounds, [scenario] if scenario else None)[0]
    inst = inst.with_bugs(*bugs) if bugs else inst
    symbolic = declared.any if declared and not (bounds or spacer) and k == 1 else ()
    system = trace(inst, symbolic=symbolic, every_kind=False)
    result = _stated(model, declared, inst, system, symbolic, without or [])
    words = ["gomodel prove", target or model.name, f"--scenario {scenario}" if scenario else ""]
    words += [*(f"-b {n}={x}" for n, x in (bounds or {}).items()), *(f"--bug {x}" for x in bugs or ())]
    words += [*(f"--without {name}" for name in without or ()), f"-k {k}" if k > 1 else ""]
    attempt = _Attempt(result, inst, system, started + timeout, " ".join(filter(None, words)), target or model.name)
    try:
        if symbolic:
            attempt.at_any_size(notify)
        elif spacer:
            attempt.invented()
        else:
            attempt.at_bounds(k)
    except NotImplementedError as error:
        result.verdict, result.note = UNKNOWN, f"no symbolic form: {error}"
    except Unknown as unknown:
        result.verdict, result.note = UNKNOWN, f"Z3: {unknown}"
    except z3.Z3Exception as error:
        result.verdict, result.note = UNKNOWN, f"Z3: {said(error)}"
    result.seconds = time.monotonic() - started
    return result


# --- what is to be proved --------------------------------------------------------------------------------------------


def _declared(model: type[Model]) -> Proof | None:
    """The proof that a model states; raises SpecError where it names what there is not."""
    declared = getattr(model, "proof", None)
    if declared is None:
        return None
    where = class_where(model)
    if not isinstance(declared, Proof):
        raise SpecError(f"{model.__name__}.proof is no Proof", where=where, mend='proof = Proof("…", proves=("…",))')
    if not declared.proves:
        raise SpecError("the proof proves nothing", where=where, mend="name properties of the model in proves")
    bounds = model.bounds()
    for name in declared.any:
        _may_be_any(name, bounds, model)
    inst = instance(model, "", dict(declared.small))
    for name in declared.bugs:
        resolve(name, all_bugs(inst), "bug", model.name)
    return declared


def _may_be_any(name: str, bounds: dict[str, Bound], model: type[Model]) -> None:
    where = class_where(model)
    if name not in bounds:
        mend = suggestion(name, bounds, "its bounds are")
        raise SpecError(f"the proof is for any {name!r}, which is no bound", where=where, mend=mend)
    bound = bounds[name]
    if type(bound.default) is not int:
        raise SpecError(f"the proof is for any {name!r}, which is no number", where=where, mend="leave it out of any")
    if not bound.min:
        raise SpecError(
            f"the proof is for any {name}, which may be 0", where=where, mend=f"give it min=1: {name}: int = Bound(…)"
        )


def _stated(
    model: type[Model],
    declared: Proof | None,
    inst: Instance,
    system: TransitionSystem,
    symbolic: tuple[str, ...],
    without: list[str],
) -> Proved:
    invariants = [p.name for p in system.properties.values() if p.kind == "invariant"]
    proves = list(declared.proves) if declared else invariants
    if not proves:
        raise UsageError(f"model {model.name} has no invariant to prove")
    for name in proves:
        _can_be_proved(name, system, model)
    lemmas = [name for name in invariants if "." not in name and name not in proves] if declared else []
    for name in without:
        if name not in lemmas:
            raise UsageError(f"{model.name} has no lemma {name!r}", mend=f"there are: {', '.join(lemmas) or 'none'}")
    return Proved(
        model.name,
        declared.statement if declared else "its invariants hold",
        inst.scenario,
        symbolic,
        {n: b for n, b in inst.bounds if n not in symbolic},
        proves,
        [name for name in lemmas if name not in without],
        declared.assumes if declared else (),
        tuple(sorted(inst.bugs)),
    )


def _can_be_proved(name: str, system: TransitionSystem, model: type[Model]) -> None:
    prop = system.properties.get(name)
    if prop is None:
        mend = suggestion(name, system.properties, "its properties are")
        raise SpecError(f"the proof proves {name!r}, which is no property", where=class_where(model), mend=mend)
    if prop.kind not in PROVABLE:
        mend = "prove invariants, step invariants, and what fatal() names"
        raise SpecError(f"{name} is of kind {prop.kind} and cannot be proved so", where=prop.where, mend=mend)


# --- proving it ------------------------------------------------------------------------------------------------------


@dataclass
class _Attempt:
    """The proof of ``result`` for ``system``, until ``deadline`` (see ``solving``)."""

    result: Proved
    inst: Instance
    system: TransitionSystem
    deadline: float
    command: str
    target: str

    def parts(self, system: TransitionSystem) -> tuple[list[Property], list[Property], set[str]]:
        """Invariants, step invariants, and the names of what must never happen."""
        found = [system.properties[n] for n in (*self.result.proves, *self.result.lemmas)]
        goals = [p for p in found if p.kind == "invariant"]
        steps = [p for p in found if p.kind == "step_invariant"]
        return goals, steps, {p.name for p in found if p.kind == "fatal"}

    def at_any_size(self, notify: Notify | None) -> None:
        groups: dict[tuple[int, ...], list[Obligation]] = {}
        for obligation in AnySize(self.system, *self.parts(self.system)).obligations():
            groups.setdefault(tuple(f.get_id() for f in obligation.known), []).append(obligation)
            self.result.obligations += 1
        weak: Counter[tuple[str, str]] = Counter()
        for number, group in enumerate(groups.values()):
            weak.update(self._failing(group))
            if notify:
                notify(number + 1, 2 * len(groups))
        self.result.weak = list(weak)
        if weak:
            return self._concrete()
        for number, group in enumerate(groups.values()):
            claim = [*group[0].known, z3.Or(*(o.wrong for o in group))]
            again(f"{group[0].goal}: {group[0].step}", claim, self.deadline)
            if notify:
                notify(len(groups) + number + 1, 2 * len(groups))
        self.result.verdict = PROVED

    def _failing(self, group: list[Obligation]) -> list[tuple[str, str]]:
        """The obligations with a model; asked for together first."""
        solver = z3.Solver()
        solver.add(*group[0].known)
        if ask(solver, self.deadline, z3.Or(*(o.wrong for o in group))) is None:
            return []
        return [(o.goal, o.step) for o in group if ask(solver, self.deadline, o.wrong) is not None]

    def _concrete(self) -> None:
        """A counterexample to induction at small bounds, where there is one."""
        declared: Proof = self.inst.model.proof  # type: ignore[attr-defined]
        for bounds in [dict(declared.small)] if declared.small else [dict.fromkeys(declared.any, n) for n in SMALL]:
            inst = replace(instance(self.inst.model, self.inst.scenario, bounds), bugs=self.inst.bugs)
            system = trace(inst, every_kind=False)
            found = Induction(system, *self.parts(system), self.deadline).stuck(1)
            if found is not None:
                self.result.verdict, self.result.note = REFUTED, f"at {inst.describe()}"
                self.result.cex = shown(inst, system, found, self.command)
                return
        self.result.note = (
            "what is at hand in these steps does not decide them, and small bounds show no counterexample"
        )

    def at_bounds(self, k: int) -> None:
        """Induction from ``k`` states on end, and what comes before."""
        induction = Induction(self.system, *self.parts(self.system), self.deadline)
        violation = induction.violated(k)
        if violation is not None:
            self.result.verdict, self.result.note = VIOLATED, violation.name
            self.result.cex = build(self.inst, self.system, violation, self.target)
            return
        found = induction.stuck(k)
        if found is not None:
            step = found.actions[-1].name if found.actions else found.name.partition(":")[0]
            self.result.verdict, self.result.weak = REFUTED, [(found.name, step)]
            self.result.cex = shown(self.inst, self.system, found, self.command)
            return
        induction.again()
        self.result.verdict = PROVED

    def invented(self) -> None:
        """The invariant that Spacer finds."""
        goals, steps, _ = self.parts(self.system)
        answer = invent(self.system, goals, steps, self.deadline)
        self.result.verdict, self.result.invariant = (PROVED if answer.verdict == FOUND else VIOLATED), answer.parts
        if answer.verdict != FOUND:
            self.result.note = "what must not happen can be reached, as `gomodel check` shows"

"""The result of a check as data.  Rendering and the command line come after it; ``--json`` writes it out.

The JSON schema is ``Report.to_json``: the dataclasses below, field by field, with enums as text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from .trace import Trace

SCHEMA = 1  # raised when a field changes its meaning or goes away


class Verdict(StrEnum):
    """What a check says of one property."""

    OK = "ok"  # held in every reachable state at these bounds
    VIOLATED = "violated"
    REACHED = "reached"  # a witness was found
    UNREACHED = "not reached"  # a witness not reached where that is no failure: other bounds, a bug, a limit
    VACUOUS = "vacuous"  # a witness not reached, a premise never true, a property that folds to true
    INCOMPLETE = "incomplete"  # a limit was hit first, and nothing was found until then
    LEFT_OUT = "left out"  # not asked for: --safety, or a promise that is judged in other scenarios or bounds


class Exit:
    """Exit codes; the first that applies, in this order."""

    ERROR = 2
    VIOLATED = 1
    VACUOUS = 4
    INCOMPLETE = 3
    OK = 0


@dataclass(frozen=True)
class Change:
    """One variable that a step changed, in words: ``mutex.word.woken``, ``0``, ``1``."""

    variable: str
    old: str
    new: str


@dataclass(frozen=True)
class StepView:
    """One step of a counterexample, ready to be shown."""

    number: int  # from 1
    actor: str  # process name such as g0, or a rule
    label: str
    go: tuple[str, ...] = ()  # file:line of the Go source
    choices: tuple[Any, ...] = ()
    changes: tuple[Change, ...] = ()
    next_label: str = ""  # where the process stands afterwards
    blocked: tuple[str, ...] = ()  # processes that cannot step after it: "g1 at \"parked\""
    failed: str = ""  # the last step of a fatal or a model error: what went wrong


@dataclass(frozen=True)
class FairnessView:
    """One fairness condition, and why the cycle of a counterexample meets it."""

    condition: str
    why: str


@dataclass(frozen=True)
class Subvalue:
    """An expression of a violated property and its value; what it is made from follows, one deeper."""

    depth: int
    text: str
    value: str  # "" of a heading


@dataclass(frozen=True)
class AbstractStep:
    """Why a refinement is violated: a step that no abstract rule takes, or an initial state that is none.

    Without ``changes`` to ``before`` it would hold; of an initial state, ``before`` is the abstract one.  ``rules``
    says of each abstract rule what it would do instead, from the abstract state before.
    """

    component: str  # the abstract component's class
    before: tuple[tuple[str, str], ...]  # the whole abstract state: field, value
    changes: tuple[Change, ...]
    rules: tuple[tuple[str, str], ...] = ()  # none of an initial state


@dataclass(frozen=True)
class Counterexample:
    """A violation with its shortest trace (of liveness: a short lasso), replayed by CPython."""

    property: str
    kind: str  # invariant, step_invariant, refinement, terminal, deadlock, fatal, error, or a kind of liveness
    text: str  # what the property says
    scenario: str
    where: str  # file:line in the spec, "" if there is none
    trace: Trace
    initial: tuple[Change, ...]  # what init set, where it chose
    steps: tuple[StepView, ...]
    blocked: tuple[str, ...]  # at the end
    state: tuple[tuple[str, str], ...]  # the whole final state: variable, value
    reproduce: str  # the command line to paste
    processes: tuple[tuple[str, str], ...] = ()  # at the end: name and label of each; none where the last step fails
    end: tuple[Change, ...] = ()  # of the final state: fields that differ from the initial one, live locals
    ghosts: tuple[Change, ...] = ()  # the same, of ghosts
    waiting: tuple[str, ...] = ()  # processes that cannot step in the initial state
    arguments: tuple[tuple[str, str], ...] = ()  # for which a property with parameters is violated: name and value
    since: int | None = None  # of liveness: the number of steps after which the promise stays open
    fairness: tuple[FairnessView, ...] = ()  # of liveness: what is assumed, and why the cycle is fair
    abstract: AbstractStep | None = None  # of a refinement
    relevant: tuple[int, ...] = ()  # the steps that the violation depends on
    why: tuple[Subvalue, ...] = ()  # the property's subexpressions where it fails
    guards: tuple[tuple[str, str], ...] = ()  # of everybody who is blocked anywhere: what for, in the spec's words
    id: str = ""  # what `gomodel trace` calls it, "" where it is not stored


def counterexample_json(cex: Counterexample) -> dict[str, Any]:
    """Plain data, field by field."""
    return {**asdict(cex), "trace": cex.trace.to_json()}


@dataclass(frozen=True)
class PropertyResult:
    name: str
    kind: str
    text: str
    verdict: Verdict
    where: str = ""
    length: int | None = None  # steps of the shortest trace to a violation or witness
    scenario: str = ""  # where it was violated or reached
    note: str = ""


@dataclass(frozen=True)
class ScenarioResult:
    """One exploration: a scenario at its bounds."""

    scenario: str
    text: str
    bounds: dict[str, Any]
    states: int
    transitions: int
    depth: int
    seconds: float
    stopped: str | None  # the limit that ended it early
    cut: str | None = None  # the limit that ended the search for fair cycles early
    live_seconds: float = 0.0  # of ``seconds``, those of liveness
    live_memory: int = 0  # bytes that liveness took beside the states
    resumed: int = 0  # of the states, those that an earlier run had found


@dataclass
class Report:
    """The result of ``gomodel check MODEL``."""

    model: str
    title: str  # first line of the model's docstring
    spec: str  # path of the spec file
    go: str  # Go version that the spec follows, "" if none
    source: tuple[str, ...]  # Go files
    engine: str
    bugs: tuple[str, ...]  # full paths of the bugs switched on
    scenarios: list[ScenarioResult] = field(default_factory=list)
    properties: list[PropertyResult] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    witnesses: list[Counterexample] = field(default_factory=list)  # executions that were asked for
    errors: list[Counterexample] = field(default_factory=list)  # model errors: a domain left, an index out of range
    vacuous: list[str] = field(default_factory=list)  # labels and branches never reached, each a line with its place
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        return all(s.stopped is None and s.cut is None for s in self.scenarios)

    @property
    def exit_code(self) -> int:
        verdicts = {p.verdict for p in self.properties}
        if self.errors:
            return Exit.ERROR
        if self.counterexamples:
            return Exit.VIOLATED
        if Verdict.VACUOUS in verdicts or self.vacuous:
            return Exit.VACUOUS
        if not self.complete or Verdict.INCOMPLETE in verdicts:
            return Exit.INCOMPLETE
        return Exit.OK

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``--json``; stable: fields are only ever added."""
        data = asdict(self)
        for name in ("counterexamples", "witnesses", "errors"):
            data[name] = [counterexample_json(cex) for cex in getattr(self, name)]
        return {"schema": SCHEMA, **data, "complete": self.complete, "exit_code": self.exit_code}


@dataclass(frozen=True)
class BugResult:
    """One bug switched on: whether it was found by the property it names (or, harmless, not at all)."""

    bug: str
    title: str
    harmless: bool
    expected: tuple[str, ...]  # properties that may find it
    found: tuple[str, ...]  # properties that were violated
    length: int | None  # of the shortest counterexample of an expected property
    scenario: str
    bounds: dict[str, Any]
    passed: bool
    note: str = ""
    seconds: float = 0.0
    states: int = 0
    stopped: str = ""  # the limit, or Ctrl-C, that kept it from being judged

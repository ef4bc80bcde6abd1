"""The decorators that declare properties, and fairness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from .errors import SpecError, Where

F = TypeVar("F", bound=Callable[..., Any])

LIVENESS = ("leads_to", "eventually", "always_eventually")  # kinds of properties of whole executions
STEPS = ("step_invariant", "refinement")  # kinds of properties of both ends of a transition


@dataclass(frozen=True)
class Fairness:
    """``weak`` or ``strong`` fairness of the steps of ``kind``: of all, of those from a label, or with an outcome.

    ``kind`` names a process kind (each of its processes), a rule, or a parameter of the property whose assumption it
    is: that process alone.
    """

    strength: str
    kind: str
    label: str | None = None
    outcome: str | None = None

    def __str__(self) -> str:
        names = (repr(n) for n in (self.kind, self.label, self.outcome) if n is not None)
        return f"{self.strength}({', '.join(names)})"


def weak(kind: str, label: str | None = None, outcome: str | None = None) -> Fairness:
    """WF: such a step that could be taken all the time from some point on is taken."""
    return Fairness("weak", kind, label, outcome)


def strong(kind: str, label: str | None = None, outcome: str | None = None) -> Fairness:
    """SF: such a step that could be taken again and again is taken again and again."""
    return Fairness("strong", kind, label, outcome)


def listed(declared: Any, where: Where | None = None) -> tuple[Fairness, ...]:
    """What is declared, if it is a list; raises SpecError where it is not."""
    if isinstance(declared, Fairness) or not isinstance(declared, Iterable):
        raise SpecError(
            f"{declared} is no list of fairness",
            where=where,
            mend=f"write [{declared}], or with a comma: ({declared},)",
        )
    return tuple(declared)


@dataclass(frozen=True)
class Proof:
    """What the model of a proof proves: some of its properties, with its own other invariants as lemmas.

    ``any`` are the bounds that stay symbolic; the statement holds for all their values.  ``bugs`` break the statement
    where they are switched on; ``assumes`` says in words what remains assumed.  ``small`` are bounds at which an
    induction step that fails is searched for a concrete counterexample, beside the model's own.
    """

    statement: str
    proves: tuple[str, ...]
    any: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    small: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Declared:
    """The mark that a property decorator leaves on a method."""

    kind: str  # invariant, reachable, terminal, or one of STEPS or LIVENESS
    text: str = ""
    scenario: str = ""
    bounds: tuple[tuple[str, Any], ...] = ()
    under: tuple[Fairness, ...] | None = None
    abstraction: Callable[[Any], Any] | None = None  # of a refinement: component → a fresh abstract component


def _declare(kind: str, fn: F | None, **facts: Any) -> Any:
    def mark(f: F) -> F:
        text = " ".join((f.__doc__ or "").split("\n\n")[0].split())
        f.__gomodel__ = Declared(kind, text=text, **facts)  # type: ignore[attr-defined]
        return f

    return mark if fn is None else mark(fn)


@overload
def invariant(fn: F) -> F: ...
@overload
def invariant(*, scenario: str = ...) -> Callable[[F], F]: ...
def invariant(fn: F | None = None, *, scenario: str = "") -> Any:
    """A property of every reachable state.  The docstring's first paragraph is what the report says."""
    return _declare("invariant", fn, scenario=scenario)


def step_invariant(fn: F) -> F:
    """A property of every transition: ``def monotone(self, before): return self.n >= before.n``."""
    marked: F = _declare("step_invariant", fn)
    return marked


@overload
def reachable(fn: F) -> F: ...
@overload
def reachable(*, scenario: str = ..., **bounds: Any) -> Callable[[F], F]: ...
def reachable(fn: F | None = None, *, scenario: str = "", **bounds: Any) -> Any:
    """A witness: some reachable state must satisfy it, else the run is vacuous.  May name where it is judged."""
    return _declare("reachable", fn, scenario=scenario, bounds=tuple(bounds.items()))


def terminal(fn: F) -> F:
    """What must hold where nothing but resting or finished processes is left; otherwise it is a deadlock."""
    marked: F = _declare("terminal", fn)
    return marked


def refines(abstraction: Callable[[Any], Any]) -> Callable[[F], F]:
    """``@refines(lambda self: AtomicLock()) def atomic(self, lock): lock.held = …``: an abstract component's behaviour.

    ``abstraction`` makes a fresh abstract component, one with rules.  The method maps the state to the abstract one
    by assigning every field of it.  Each initial state must map to the initial abstract state, and each step to no
    abstract change, or to what some abstract rule does.
    """
    code = getattr(abstraction, "__code__", None)
    if code is not None and code.co_argcount != 1:
        raise SpecError(
            "@refines takes a function of the component that makes the abstract one",
            where=Where(code.co_filename, code.co_firstlineno),
            mend="e.g. @refines(lambda self: AtomicLock())",
        )
    return lambda fn: _declare("refinement", fn, abstraction=abstraction)


# --- liveness ------------------------------------------------------------------------------------------------


def _promise(kind: str, fn: F | None, under: Iterable[Fairness] | None, scenario: str, bounds: dict[str, Any]) -> Any:
    facts = None if under is None else listed(under)
    return _declare(kind, fn, under=facts, scenario=scenario, bounds=tuple(bounds.items()))


@overload
def leads_to(fn: F) -> F: ...
@overload
def leads_to(*, under: Iterable[Fairness] | None = ..., scenario: str = ..., **bounds: Any) -> Callable[[F], F]: ...
def leads_to(fn: F | None = None, *, under: Iterable[Fairness] | None = None, scenario: str = "", **bounds: Any) -> Any:
    """P ~> Q: whenever P holds, Q holds then or later: ``return premise, conclusion``.

    Parameters with a finite domain (``def served(self, g: self.client)``) make it a promise for each of their
    values; fairness may name such a parameter.  Judged under the model's fairness, or ``under``; where ``scenario``
    and ``bounds`` are named, only there.
    """
    return _promise("leads_to", fn, under, scenario, bounds)


@overload
def eventually(fn: F) -> F: ...
@overload
def eventually(*, under: Iterable[Fairness] | None = ..., scenario: str = ..., **bounds: Any) -> Callable[[F], F]: ...
def eventually(
    fn: F | None = None, *, under: Iterable[Fairness] | None = None, scenario: str = "", **bounds: Any
) -> Any:
    """◇Q: every execution reaches a state where it holds.  See ``leads_to``."""
    return _promise("eventually", fn, under, scenario, bounds)


@overload
def always_eventually(fn: F) -> F: ...
@overload
def always_eventually(
    *, under: Iterable[Fairness] | None = ..., scenario: str = ..., **bounds: Any
) -> Callable[[F], F]: ...
def always_eventually(
    fn: F | None = None, *, under: Iterable[Fairness] | None = None, scenario: str = "", **bounds: Any
) -> Any:
    """□◇Q: from every state a state where it holds is reached, again and again.  See ``leads_to``."""
    return _promise("always_eventually", fn, under, scenario, bounds)

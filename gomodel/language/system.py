"""The traced transition system: the only thing that engines consume.

It keeps structure: one action template per label of a process kind, with the process as the variable
``self``; arrays over index domains; quantified aggregates.  Explicit engines run the templates for each
process; symbolic ones need not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .declare import STEPS, Fairness
from .domains import Domain, Plain
from .errors import Where
from .primitives import Step
from .terms import Term

DONE = "done"


@dataclass(frozen=True)
class Variable:
    """A state variable.  Locals and program counters of a kind are arrays over its processes."""

    name: str
    domain: Domain
    kind: str | None = None  # the process kind that owns it, None for fields
    word: str = ""  # the declared field it is part of (struct fields are variables of their own)

    @property
    def ghost(self) -> bool:
        return self.domain.ghost


@dataclass(frozen=True)
class Choice:
    """One choice on a leaf: ``term`` gives its value before the step (a ``pick`` ranges over ``domain``)."""

    term: Any  # Term, or a name where the option was text
    domain: Domain | None


@dataclass(frozen=True)
class Leaf:
    """One way through a step.

    ``kind`` is ``commit``, ``error`` (a domain left, an index out of range, …) or ``fatal``.  ``guard`` holds
    exactly where this way is taken for these choices.  ``updates`` gives new values of whole fields,
    ``locals`` new values of the stepping process's own locals; ``target`` is its next program counter.
    """

    kind: str
    choices: tuple[Choice, ...]
    guard: Term
    target: int = 0
    updates: tuple[tuple[str, Term], ...] = ()
    locals: tuple[tuple[str, Term], ...] = ()
    covers: tuple[tuple[str, Term], ...] = ()  # source branches, and where on this way they are taken
    outcomes: tuple[tuple[str, Term], ...] = ()
    text: str = ""
    prop: str = ""
    where: Where | None = None


@dataclass(frozen=True)
class Action:
    """A step of a process kind (``pc`` ≥ 0), or a rule."""

    name: str
    kind: str | None
    pc: int
    step: Step
    where: Where
    leaves: tuple[Leaf, ...]
    picks: tuple[Domain, ...] = ()
    touched: tuple[tuple[str, int], ...] = ()  # shared words and how many elements of each


@dataclass
class Kind:
    """A process kind: its processes are ``lo..hi``; program counter 0 is ``done``."""

    name: str
    lo: int
    hi: Any  # int, or a Term when the count is symbolic
    labels: list[str] = field(default_factory=lambda: [DONE])
    sites: list[Any] = field(default_factory=lambda: [()])  # source position of each, for the concrete runner
    actions: dict[int, Action] = field(default_factory=dict)
    start: int = 0
    locals: dict[str, Domain] = field(default_factory=dict)  # variable name → element domain
    initial: dict[str, Term] = field(default_factory=dict)  # local → value when the process starts
    live: dict[int, frozenset[str]] = field(default_factory=dict)  # pc → locals that matter there
    traced: bool = True  # False: it has no process, and its steps were left out

    @property
    def pc_name(self) -> str:
        return f"{self.name}.pc"

    @property
    def empty(self) -> bool:
        """Whether there is no process at these bounds; then what its steps are need not be known."""
        return isinstance(self.hi, int) and self.hi < self.lo


def picks_of(leaf: Leaf) -> tuple[Term, ...]:
    """What the leaf draws, each once: a later choice may have nothing but an earlier pick to choose from."""
    return tuple(dict.fromkeys(c.term for c in leaf.choices if isinstance(c.term, Term) and c.term.op == "pick"))


@dataclass(frozen=True)
class Premise:
    """What should hold somewhere, for vacuity; ``note`` says that it does not, which matters where it is ``needed``."""

    term: Term
    note: str
    needed: bool = True


@dataclass(frozen=True)
class Property:
    """A declared property as terms.

    ``term`` is what must hold (invariants), must be reached (``reachable``), or the premise of liveness, which has a
    ``conclusion`` too (of ``eventually`` the premise is being initial); ``errors`` are conditions under which
    evaluating it goes wrong; ``premises`` those of ``implies``, for vacuity.  ``params`` are what it is stated for
    every value of: ``pick`` terms, in this order.

    ``term`` and ``premises`` of ``STEPS`` are of two states, and so are the ``errors`` of a step invariant.  Those of
    a refinement are of one, as a mapping is; ``initially`` is what must hold of its initial states.
    """

    name: str
    kind: str  # invariant, reachable, terminal, fatal, or one of declare.STEPS or LIVENESS
    text: str
    where: Where | None
    term: Term | None = None
    conclusion: Term | None = None
    errors: tuple[tuple[Term, str], ...] = ()
    premises: tuple[Premise, ...] = ()
    scenario: str = ""
    bounds: tuple[tuple[str, Any], ...] = ()
    under: tuple[Fairness, ...] | None = None
    params: tuple[tuple[str, Domain], ...] = ()
    own: bool = True  # False: of a component from another spec, where it is judged whether it says anything
    initially: Term | None = None

    def looks_back(self, part: str) -> bool:
        """Whether ``part`` (term, premises or errors) is of both ends of a transition."""
        return self.kind in STEPS and (part != "errors" or self.kind == "step_invariant")


@dataclass
class TransitionSystem:
    """Everything about one model at one scenario, bounds and bugs."""

    model: str
    variables: dict[str, Variable]
    initial: tuple[Leaf, ...]  # one per choice vector of ``init``; updates give every field's value
    kinds: dict[str, Kind]
    rules: dict[str, Action]
    properties: dict[str, Property]
    branches: dict[str, Where]  # source branches that some run should take
    fairness: tuple[Fairness, ...] = ()  # the default
    params: dict[str, Term] = field(default_factory=dict)

    def order(self) -> list[str]:
        """The variables in the order in which engines store them."""
        return list(self.variables)

    def actions(self) -> list[Action]:
        return [a for k in self.kinds.values() for a in k.actions.values()] + list(self.rules.values())


State = tuple[Plain, ...]

"""The symbolic machine: path conditions, cells, events, the oracle that forks, and the merge that joins.

A step is executed once for each vector of choices.  Inside one such run control may split at an ``if`` and
meet again: both sides run on copies of the state, and ``merge`` joins them by if-then-else.  Where that is
impossible (a choice on one side only, values that have no if-then-else) ``MustFork`` restarts the step with
that ``if`` decided by the oracle like a choice.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Any

from . import build as b
from .errors import SpecError, Where
from .source import Function, assigned_before
from .terms import Term, rewrite

MAX_LEAVES = 2000


class DeadPath(Exception):
    """The current path ends here: its condition is false, or an error or fatal was recorded for it."""


class MustFork(Exception):
    """These branch points cannot be joined: run the step again, deciding them by the oracle."""

    def __init__(self, nodes: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self.nodes = nodes


@dataclass(frozen=True)
class Event:
    """Something that ends the paths under ``cond``: a failed ``require``, an error, a ``fatal``."""

    kind: str  # "blocked", "error", "fatal"
    cond: Term
    text: str = ""
    prop: str = ""
    where: Where | None = None
    choices: int = 0  # how many choices had been made before it
    own: bool = True  # whether the code that it happens in is judged in this model


class Arm(Flag):
    """What is known of one side of an ``if``, over all ways through all steps that come to it."""

    TAKEN = auto()  # some way goes through it
    STATE = auto()  # on some way its condition is one on the state, and no bug was asked for
    BUG = auto()  # on some way a bug was asked for, and it is not taken

    @property
    def expected(self) -> bool:
        """Whether some run should take it: it depends on the state, and is not there for a bug only."""
        return Arm.STATE in self and (Arm.TAKEN in self or Arm.BUG not in self)


class Frame:
    """One activation of an interpreted function, or the scope of a comprehension."""

    def __init__(self, fn: Function, parent: Frame | None, chain: tuple[str, ...] = ()) -> None:
        self.fn, self.parent, self.chain = fn, parent, chain
        self.domains: dict[str, Any] = {}  # of declared locals, in generator frames
        self.static: dict[str, Any] = {}  # parameters and loop variables that are known when tracing
        self.resumed = False
        self.owner = ""  # the path of the component whose code this is
        self.own = True  # whether the model judges its coverage: see ``model._Meta``

    def unbound(self, node: ast.Name) -> tuple[str, str | None]:
        """Why ``node``, a local of this function, has no value here; and the mend."""
        name = node.id
        if name in self.domains or not self.resumed or not assigned_before(self.fn, node):
            return f"{name!r} is read before it is assigned", None
        if name in self.fn.params:
            return f"parameter {name!r} lives across a yield", f"name its domain: `{name}: Int(0, 3)` or what it holds"
        return (
            f"local {name!r} lives across a yield",
            f"name its domain where it is assigned: `{name}: Bool() = …`; a view is good within its step only "
            "(name the path again, or take `.copy()` into a local with a domain)",
        )


class State:
    """What differs between paths: the condition, what is known on it, cells and local environments."""

    __slots__ = ("cells", "envs", "facts", "path", "splits")

    def __init__(
        self,
        path: dict[Term, None],
        facts: set[Term],
        cells: dict[Any, Term],
        envs: dict[Frame, dict[str, Any]],
        splits: dict[Any, frozenset[Term]] | None = None,
    ) -> None:
        self.path, self.facts, self.cells, self.envs = path, facts, cells, envs
        # branch points whose sides have not met again, and the path that led to each
        self.splits: dict[Any, frozenset[Term]] = splits or {}

    def copy(self) -> State:
        envs = {f: dict(e) for f, e in self.envs.items()}
        return State(dict(self.path), set(self.facts), dict(self.cells), envs, dict(self.splits))

    def split(self, key: Any, cond: Term) -> None:
        """Go down one side of the branch point ``key``."""
        self.splits.setdefault(key, frozenset(self.path))
        self.assume(cond)

    def condition(self) -> Term:
        return b.and_(*self.path)

    def known(self, cond: Term) -> bool | None:
        """Whether ``cond`` is decided by the path."""
        if cond in self.path or cond in self.facts:
            return True
        opposite = b.not_(cond)
        if opposite in self.path or opposite in self.facts:
            return False
        return None

    def assume(self, cond: Term) -> None:
        """Go on only where ``cond`` holds; raises DeadPath when that is nowhere."""
        for c in b.conjuncts(cond):
            if c is b.FALSE or self.known(c) is False:
                raise DeadPath
            self.path[c] = None


class Unjoined:
    """A local that two paths left with values that have no if-then-else; reading it forks at ``node``."""

    def __init__(self, node: tuple[Any, ...]) -> None:
        self.node = node


@dataclass
class Exits:
    """The ways out of a block: each kind at most once, joined; yields by program counter."""

    fall: State | None = None
    brk: State | None = None
    cont: State | None = None
    ret: tuple[State, Any] | None = None
    ret_key: tuple[Any, ...] | None = None  # the branch to fork when returned values cannot be joined
    yields: list[tuple[State, Any]] = field(default_factory=list)


class Oracle:
    """Decides forks: replays a prefix of decisions, then takes the first option and notes the others."""

    def __init__(self, prefix: tuple[int, ...]) -> None:
        self.prefix = prefix
        self.taken: list[int] = []
        self.open: list[tuple[int, ...]] = []

    def decide(self, options: int) -> int:
        at = len(self.taken)
        if at < len(self.prefix):
            pick = self.prefix[at]
        else:
            pick = 0
            self.open.extend((*self.taken, k) for k in range(options - 1, 0, -1))
        self.taken.append(pick)
        return pick


class Machine:
    """State of one symbolic run, and the operations that statements and expressions are built from."""

    def __init__(self, merge_value: Callable[[Machine, Term, Any, Any, Any], Any]) -> None:
        self.state = State({}, set(), {}, {})
        self.old: dict[Any, Term] | None = None  # cells before the step, for step invariants
        self.events: list[Event] = []
        self.oracle = Oracle(())
        self.fork_at: set[tuple[Any, ...]] = set()
        self.choices: list[tuple[Term, Any]] = []
        self.picks: list[Term] = []
        self.covers: list[tuple[str, Term]] = []  # source branches that are taken, and where
        self.arms: dict[str, Arm] = {}  # of source branches that are or may not be taken
        self.outcomes: list[tuple[str, Term]] = []
        self.premises: list[tuple[Where, Term]] = []
        self.pure = ""  # what is being evaluated, when it must not write or choose
        self.mapped: frozenset[str] = frozenset()  # the abstract fields, which a mapping writes all the same
        self.depth = 0  # of enclosing quantifiers
        self.frame: Frame | None = None
        self.node: ast.AST | None = None
        self.frames: list[Frame] = []
        self.touched: dict[str, set[Any]] = {}
        self.reads = 0  # of fields and locals, so far
        self.bugs_asked = 0  # how often ``self.bug(…)`` was evaluated, so far
        self.written_at: dict[Any, Where] = {}
        self.owned: list[Any] = []  # Python containers made by this step
        self.locals_reader: Callable[..., Any] = _unreadable
        self.label_reader: Callable[..., Any] = _unreadable
        self.generator: Any = None  # the process being traced (see statements.Tracing)
        self.before: dict[Any, Term] = {}  # the cells as the step found them
        self.started_at: Where | None = None
        self._merge_value = merge_value

    # --- where we are ----------------------------------------------------------------------------------------

    def where(self) -> Where | None:
        return self.frame.fn.where(self.node) if self.frame else None

    def fail(self, message: str, mend: str | None = None, node: ast.AST | None = None) -> SpecError:
        where = self.frame.fn.where(node or self.node) if self.frame else None
        return SpecError(message, where=where, mend=mend)

    def here(self, node: ast.AST) -> tuple[Any, ...]:
        """The identity of a branch point: the node and the activations around it."""
        return (id(node), node, tuple(f.fn.node for f in self.frames))

    # --- events ----------------------------------------------------------------------------------------------

    def event(self, kind: str, bad: Term, text: str = "", prop: str = "") -> None:
        """Record that the current path ends with ``kind`` where ``bad`` holds, and go on where it does not."""
        if bad is b.FALSE or self.state.known(bad) is False:
            return
        cond = b.and_(*self.state.path, bad)
        if cond is not b.FALSE:
            own = self.frame is None or self.frame.own
            self.events.append(Event(kind, cond, text, prop, self.where(), len(self.choices), own))
        if bad is b.TRUE:
            raise DeadPath
        good = b.not_(bad)
        if self.state.known(good) is False:
            raise DeadPath
        self.state.facts.update(b.conjuncts(good))

    def error(self, bad: Term, text: str) -> None:
        self.event("error", bad, text)

    def note(self, branch: str, arm: Arm) -> None:
        """For coverage: what this way shows of one side of an ``if``."""
        self.arms[branch] = self.arms.get(branch, arm) | arm

    def forbid_effects(self, what: str) -> None:
        if self.pure:
            mend = (
                "write a `for` loop"
                if self.pure == "a comprehension"
                else "do it in a step, behind its `yield step(…)`"
            )
            raise self.fail(f"{self.pure} must not {what}", mend)

    # --- forking and joining ---------------------------------------------------------------------------------

    def fork_here(self) -> None:
        """Called by what every path of this run must pass: restart with the branches that lead here forked."""
        if self.state.splits:
            raise MustFork(list(self.state.splits))

    def under(self, cond: Term, run: Callable[[], Any]) -> Any:
        """Evaluate a pure expression where ``cond`` holds; None where that is nowhere.  The path stays as it was."""
        before = self.state
        self.state = before.copy()
        frame, frames, node = self.frame, list(self.frames), self.node
        try:
            self.state.assume(cond)
            return run()
        except DeadPath:
            self.frame, self.frames, self.node = frame, frames, node
            return None
        except MustFork:
            raise self.fail("an expression in a comprehension whose branches give different kinds of values") from None
        finally:
            for key, term in self.state.cells.items():
                before.cells.setdefault(key, term)
            self.state = before

    def simplify(self, cond: Term) -> Term:
        """``cond`` with what the path knows put in."""
        state = self.state
        if not state.path and not state.facts:
            return cond
        return simplify_under(cond, [*state.path, *state.facts])

    def branch(
        self, node: ast.AST, cond: Term, yes: Callable[[], Any], no: Callable[[], Any], join: Callable[..., Any]
    ) -> Any:
        """Run ``yes`` under ``cond`` and ``no`` under its negation; ``join(node, a, b)`` combines both results.

        A side whose path dies gives ``None``; when both die the branch dies.
        """
        cond = self.simplify(cond)
        if cond is b.TRUE or cond is b.FALSE:
            return yes() if cond is b.TRUE else no()
        key = self.here(node)
        if key in self.fork_at:
            self.fork_here()  # a path past this branch must not be run again for its other side
            first = self.oracle.decide(2) == 0
            self.state.assume(cond if first else b.not_(cond))
            return yes() if first else no()
        before = self.state
        self.state = before.copy()
        one = self._side(key, cond, yes)
        self.state = before
        two = self._side(key, b.not_(cond), no)
        if one is None and two is None:
            raise DeadPath
        return join(key, one, two)

    def _side(self, key: Any, cond: Term, run: Callable[[], Any]) -> Any:
        """``(result, state)`` of one side, or None where its path dies."""
        frame, frames, node = self.frame, list(self.frames), self.node
        try:
            self.state.split(key, cond)
            return run(), self.state
        except DeadPath:
            self.frame, self.frames, self.node = frame, frames, node
            return None

    def join_values(self, key: tuple[Any, ...], one: Any, two: Any) -> Any:
        """The join of an expression: one value, one state."""
        if one is None or two is None:
            value, self.state = one or two
            return value
        (x, s), (y, t) = one, two
        d = difference(s, t)
        self.state = self.merge(key, s, t)
        value = self._merge_value(self, d, x, y, key)
        if isinstance(value, Unjoined):
            raise MustFork([value.node])
        return value

    def merge(self, key: tuple[Any, ...], s: State, t: State) -> State:
        """One state for two disjoint paths."""
        d = difference(s, t)
        path: dict[Term, None] = {c: None for c in s.path if c in t.path}
        one, two = (b.and_(*(c for c in x.path if c not in path)) for x in (s, t))
        rest = b.TRUE if one is b.not_(two) else b.or_(one, two)
        for c in b.conjuncts(rest):
            path[c] = None
        cells = dict(t.cells)
        for name, x in s.cells.items():
            y = cells.get(name)
            cells[name] = x if y is None or x is y else b.ite(d, x, y)
        envs = {}
        for frame in s.envs:
            if frame in t.envs:
                envs[frame] = self._merge_env(key, d, s.envs[frame], t.envs[frame])
        splits = {**s.splits, **t.splits}
        for split in s.splits.keys() & t.splits.keys():
            splits[split] = s.splits[split] & t.splits[split]
        splits = {split: before for split, before in splits.items() if not before.issuperset(path)}
        return State(path, s.facts & t.facts, cells, envs, splits)

    def _merge_env(self, key: tuple[Any, ...], d: Term, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
        env = {}
        for name in {**x, **y}:
            if name in x and name in y:
                env[name] = x[name] if x[name] is y[name] else self._merge_value(self, d, x[name], y[name], key)
            else:
                env[name] = Unjoined(key)
        return env


def _unreadable(m: Machine, *_: Any) -> Any:
    raise m.fail(
        "a step reads neither labels nor locals of a process", "keep what others may see in a field of the model"
    )


def difference(s: State, t: State) -> Term:
    """A condition that is true on path ``s`` and false on path ``t`` (the two are disjoint)."""
    return b.and_(*(c for c in s.path if c not in t.path))


def simplify_under(term: Term, known: list[Term]) -> Term:
    """``term`` where every condition in ``known`` is true."""
    table: dict[Term, Term] = {}
    for c in known:
        table[c] = b.TRUE
        table[b.not_(c)] = b.FALSE
    return rewrite(term, table.get)

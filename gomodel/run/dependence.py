"""The steps that a violation depends on: a backward slice over what each step read and wrote (Weiser, 1984; dynamic,
as of Korel and Laski, 1988).

A step matters if it wrote what the property, or a later step that matters, read; or if it decided, by one of several
ways to go, that its process came to a step that matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..language import build as b
from ..language.build import cells_of
from ..language.declare import LIVENESS, STEPS
from ..language.domains import Array, Domain, Set, index_base
from ..language.errors import InternalError
from ..language.system import Action, Leaf, Property, State
from ..language.terms import Term
from .actors import process_names, shown
from .execution import Execution
from .promises import promises
from .pycode import successors
from .reads import Cell, Reader, Reads
from .search import RUN, Found
from .trace import Move


def relevant(run: Execution, found: Found, since: int | None = None) -> tuple[int, ...]:
    """The numbers, from 1, of the steps that ``found`` depends on; ``since`` as a ``FairCycle`` has it.

    Of a plain execution, and of a refinement, whose mapping may read anything, every step.
    """
    if found.kind in (RUN, "refinement") or not run.states:
        return tuple(range(1, len(run.steps) + 1))
    return _Slice(run, found, since or 0).steps()


def messages(run: Execution) -> tuple[tuple[tuple[int, str], ...], ...]:
    """Of each step, what it read of fields that somebody else changed last: the number of that step, the field."""
    steps = _Slice(run, Found("", RUN, len(run.steps), lambda: run.trace), 0)
    wrote: dict[str, int] = {}
    found: list[tuple[tuple[int, str], ...]] = []
    for k, move in enumerate(run.trace.moves, 1):
        changed = steps.changed(k)
        names = {name for name in map(steps.part, steps.reads(k, changed)) if name in wrote}
        told = sorted((wrote[name], name) for name in names)
        found.append(tuple((by, name) for by, name in told if run.trace.moves[by - 1].actor != move.actor))
        for cell in changed:
            wrote[cell[0]] = wrote[steps.part(cell)] = k
    return tuple(found)


class _Slice:
    def __init__(self, run: Execution, found: Found, since: int) -> None:
        self.run, self.found, self.since, self.system = run, found, since, run.system
        self.states = run.states
        self.moves = run.trace.moves
        self.position = {name: i for i, name in enumerate(self.system.variables)}
        self.numbers = {name: number for number, name in process_names(self.system).items()}
        self._successors: dict[int, Callable[..., Any]] = {}
        # What is needed of each state: parts of it, and processes that have to stand where they do.
        self.cells: list[set[Cell]] = [set() for _ in range(len(self.moves) + 1)]
        self.places: set[str] = set()

    def steps(self) -> tuple[int, ...]:
        self._seed()
        return tuple(k for k in range(len(self.moves), 0, -1) if self._needs(k))[::-1]

    # --- where it begins -------------------------------------------------------------------------------------

    def _seed(self) -> None:
        found, last = self.found, len(self.moves)
        prop = self.system.properties.get(found.name)
        if found.kind in LIVENESS and prop is not None:
            self._seed_promise(prop)
        elif found.kind == "deadlock":
            for name, _ in self.run.standing[-1]:
                action = self._action(name, last)
                if action is not None:
                    reader = Reader(self.position, self.states[last], process=self.numbers[name])
                    self._add(reader(b.or_(*(leaf.guard for leaf in action.leaves)))[1], last, last)
                    self.places.add(name)
        elif found.kind in ("fatal", "error") and len(self.states) == last:
            leaf, reader = self.taken(last)
            self._add(reader(leaf.guard)[1], last - 1, last)
            self.places.add(self.moves[-1].actor)
        elif prop is not None and prop.term is not None:
            two = found.kind in STEPS
            before = self.states[last - 1] if two and last else self.states[-1]
            reader = Reader(self.position, before, self.states[-1])
            self._add(reader(prop.term)[1], last - 1 if two and last else last, last)

    def _seed_promise(self, prop: Property) -> None:
        promise = next(p for p in promises(self.system, prop) if p.arguments == self.found.arguments)
        self._add(Reader(self.position, self.states[self.since])(promise.premise)[1], self.since, self.since)
        for k in range(self.since, len(self.moves) + 1):
            self._add(Reader(self.position, self.states[k])(promise.conclusion)[1], k, k)

    def _add(self, reads: Reads, before: int, after: int) -> None:
        for name, at, later in reads:
            self.cells[after if later else before].add((name, at))

    # --- one step --------------------------------------------------------------------------------------------

    def _needs(self, k: int) -> bool:
        """Whether step k matters; what is needed behind it is turned into what is needed before it."""
        if k == len(self.states):  # the last step, which failed
            return True
        needed, move = self.cells[k], self.moves[k - 1]
        leaf, reader = self.taken(k)
        terms = {**dict(leaf.updates), **dict(leaf.locals)}
        written = {cell for cell in needed if self._writes(k, leaf, reader, cell)}
        partly = {(name, at) for name, at in written if at is None and self._has_cells(name)}
        self.cells[k - 1] |= needed - (written - partly)
        if not written and not (move.actor in self.places and self._decides(move, k - 1)):
            return False
        self.places.add(move.actor)
        reads = reader(leaf.guard)[1]
        for name, at in written:
            if name in terms:
                local = at is None or self.system.variables[name].kind is not None
                reads |= reader(terms[name])[1] if local else reader.element(terms[name], at)[1]
        self._add(reads, k - 1, k - 1)
        return True

    def _writes(self, k: int, leaf: Leaf, reader: Reader, cell: Cell) -> bool:
        """Whether step k assigns a cell, be it what it was before."""
        name, at = cell
        variable = self.system.variables[name]
        if variable.kind is None:
            term = dict(leaf.updates).get(name)
            return term is not None and _assigns(reader, term, name, at)
        if at not in (None, reader.process):
            return False
        i = self.position[name]
        return name in dict(leaf.locals) or self.states[k - 1][i] != self.states[k][i]

    def _has_cells(self, name: str) -> bool:
        return isinstance(self.system.variables[name].domain, (Array, Set))

    def _decides(self, move: Move, k: int) -> bool:
        """Whether the process could have gone to another place from there."""
        action = self._action(move.actor, k)
        return action is not None and len({leaf.target for leaf in action.leaves if leaf.kind == "commit"}) > 1

    # --- what a step read ------------------------------------------------------------------------------------

    def changed(self, k: int) -> set[Cell]:
        """The parts of fields that step k changed, without ghosts."""
        found: set[Cell] = set()
        for i, variable in enumerate(self.system.variables.values() if k < len(self.states) else ()):
            before, after = self.states[k - 1][i], self.states[k][i]
            if variable.kind is None and not variable.ghost and before != after:
                found |= _cells_changed(variable.name, variable.domain, before, after)
        return found

    def reads(self, k: int, written: set[Cell]) -> set[Cell]:
        """What step k read to be taken, and for the new values of these cells and of its process's variables."""
        leaf, reader = self.taken(k)
        reads = reader(leaf.guard)[1].union(*(reader(term)[1] for _, term in leaf.locals))
        terms = dict(leaf.updates)
        for name, at in written:
            reads |= reader(terms[name])[1] if at is None else reader.element(terms[name], at)[1]
        return {(name, at) for name, at, _ in reads}

    def part(self, cell: Cell) -> str:
        """What ``differences`` calls a cell."""
        name, at = cell
        domain = self.system.variables[name].domain
        if at is None or not isinstance(domain, Array) or isinstance(domain, Set) or domain.size == 1:
            return name
        return f"{name}[{domain.index.show(at)}]"

    def taken(self, k: int) -> tuple[Leaf, Reader]:
        """The way that step k took through its action, and what evaluates its terms."""
        move, before = self.moves[k - 1], self.states[k - 1]
        action = self._action(move.actor, k - 1)
        process = self.numbers.get(move.actor, 0)
        out: list[tuple[int, tuple[Any, ...], State | None]] = []
        if action is not None:
            self._code(action)(before, process, out)
        for number, choices, _ in out:
            assert action is not None
            leaf = action.leaves[number]
            if shown(leaf, choices) == move.choices:
                picks = {c.term.data[0]: v for c, v in zip(leaf.choices, choices, strict=True) if _pick(c.term)}
                return leaf, Reader(self.position, before, process=process, picks=picks)
        raise InternalError(f"the traced system does not take step {k}, {move}")

    def _code(self, action: Action) -> Callable[..., Any]:
        if id(action) not in self._successors:
            self._successors[id(action)] = successors(self.system, action)
        return self._successors[id(action)]

    def _action(self, actor: str, k: int) -> Action | None:
        """What ``actor`` would do after k steps."""
        if actor in self.system.rules:
            return self.system.rules[actor]
        number = self.numbers[actor]
        kind = next(kind for kind in self.system.kinds.values() if kind.lo <= number <= kind.hi)
        return kind.actions.get(self.states[k][self.position[kind.pc_name]][number - kind.lo])


def _cells_changed(name: str, domain: Domain, before: Any, after: Any) -> set[Cell]:
    if not isinstance(domain, (Array, Set)):
        return {(name, None)}
    base = index_base(cells_of(domain).index)
    return {(name, i + base) for i, (x, y) in enumerate(zip(before, after, strict=True)) if x != y}


def _assigns(reader: Reader, term: Term, name: str, at: int | None) -> bool:
    """Whether the new value of a cell is anything but what the cell was, by the way that was taken."""
    match term.op:
        case "var":
            return bool(term.data != name)
        case "ite":
            return _assigns(reader, term.args[1 if reader(term.args[0])[0] else 2], name, at)
        case "store" if at is not None and reader(term.args[1])[0] != at:
            return _assigns(reader, term.args[0], name, at)
    return True


def _pick(term: Any) -> bool:
    return isinstance(term, Term) and term.op == "pick"

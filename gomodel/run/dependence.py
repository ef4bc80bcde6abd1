"""The steps that a violation depends on: a backward slice over what each step read and wrote (Weiser, 1984; dynamic,
as of Korel and Laski, 1988).

A step matters if it wrote what the property, or a later step that matters, read; or if it decided, by one of several
ways to go, that its process came to a step that matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..language import build as b
from ..language.declare import LIVENESS, STEPS
from ..language.domains import Array, Set
from ..language.system import Action, Leaf, Property, State
from ..language.terms import Term
from .actors import process_names, shown
from .execution import Execution
from .promises import promises
from .pycode import successors
from .reads import NOTHING, Cell, Reader, Reads, cells_changed
from .search import RUN, Found
from .trace import Move


def relevant(run: Execution, found: Found, since: int | None = None) -> tuple[int, ...]:
    """The numbers, from 1, of the steps that ``found`` depends on; ``since`` as a ``FairCycle`` has it.

    Of a plain execution, and of a refinement, whose mapping may read anything, every step.
    """
    if found.kind in (RUN, "refinement"):
        return tuple(range(1, len(run.steps) + 1))
    return _Slice(run, found, since or 0).steps()


def messages(run: Execution) -> tuple[tuple[tuple[int, str], ...], ...]:
    """Of each step, what it read of the fields and who wrote that: the number of a step of somebody else, the field."""
    steps = _Slice(run, Found("", RUN, len(run.steps), lambda: run.trace), 0)
    wrote: dict[Cell, int] = {}  # the last step that did; of an array as a whole (None) too
    found: list[tuple[tuple[int, str], ...]] = []
    for k, move in enumerate(run.trace.moves, 1):
        changed = steps.changed(k) if k < len(run.states) else set()
        read = {(name, at) for name, at, _ in steps.guard_reads(k) | steps.value_reads(k, changed)}
        told = sorted((wrote[cell], steps.shown(cell)) for cell in read if cell in wrote and steps.is_field(cell))
        found.append(tuple(dict.fromkeys(pair for pair in told if run.trace.moves[pair[0] - 1].actor != move.actor)))
        wrote.update({part: k for name, at in changed for part in ((name, at), (name, None))})
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
            self._add(self.guard_reads(last), last - 1, last)
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
        changed = self.changed(k)
        written = {cell for cell in changed if cell in needed or (cell[0], None) in needed}
        decided = move.actor in self.places and self._decides(move, k - 1)
        self.cells[k - 1] |= needed - changed
        self.cells[k - 1] |= {(name, at) for name, at in needed if at is None and self._has_cells(name)}
        if not (written or decided):
            return False
        self.places.add(move.actor)
        self._add(self.guard_reads(k) | self.value_reads(k, written), k - 1, k - 1)
        return True

    def _has_cells(self, name: str) -> bool:
        return isinstance(self.system.variables[name].domain, (Array, Set))

    def changed(self, k: int) -> set[Cell]:
        found: set[Cell] = set()
        for i, variable in enumerate(self.system.variables.values()):
            found |= cells_changed(variable.name, variable.domain, self.states[k - 1][i], self.states[k][i])
        return found

    def is_field(self, cell: Cell) -> bool:
        """Whether it is part of a field that is no ghost."""
        variable = self.system.variables[cell[0]]
        return variable.kind is None and not variable.ghost

    def shown(self, cell: Cell) -> str:
        """``mutex.waited[g0]``, as the parts of a state are called."""
        name, at = cell
        domain = self.system.variables[name].domain
        whole = at is None or not isinstance(domain, Array) or isinstance(domain, Set) or domain.size == 1
        return name if whole else f"{name}[{domain.index.show(at)}]"

    def _decides(self, move: Move, k: int) -> bool:
        """Whether the process could have gone to another place from there."""
        action = self._action(move.actor, k)
        return action is not None and len({leaf.target for leaf in action.leaves if leaf.kind == "commit"}) > 1

    # --- what a step read ------------------------------------------------------------------------------------

    def guard_reads(self, k: int) -> Reads:
        leaf, reader = self._taken(k)
        return reader(leaf.guard)[1] if leaf else NOTHING

    def value_reads(self, k: int, written: set[Cell]) -> Reads:
        """What the new values of these cells were computed from."""
        leaf, reader = self._taken(k)
        reads = NOTHING
        if leaf:
            for name, term in leaf.updates:
                for at in {at for cell, at in written if cell == name}:
                    reads |= reader.element(term, at)[1] if at is not None else reader(term)[1]
            for name, term in leaf.locals:
                if any(cell == name for cell, _ in written):
                    reads |= reader(term)[1]
        return reads

    def _taken(self, k: int) -> tuple[Leaf | None, Reader]:
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
        return None, Reader(self.position, before)

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


def _pick(term: Any) -> bool:
    return isinstance(term, Term) and term.op == "pick"

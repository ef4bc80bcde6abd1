"""A transition system at known bounds as Z3 formulas over bit-vectors: initial states, one step, what may go wrong.

One step is one formula over the variables before and after it.  Which way is taken is said by two more variables: the
number of the way (a leaf of the system, see ``Way``) and the process that takes it, so that the leaves of a process
kind occur once however many processes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import z3

from ..explore.layout import Layout
from ..explore.shapes import Cells, Number, Record, Shape, shape_of
from ..explore.shapes import Line as Row
from ..explore.shapes import Maybe as Perhaps
from ..explore.term_shapes import Shapes
from ..language.declare import STEPS
from ..language.domains import Bool
from ..language.system import Action, Kind, Leaf, Property, State, TransitionSystem, picks_of
from ..language.terms import Term, walk
from ..run.actors import process_names, shown
from ..run.promises import for_some
from ..run.search import DEADLOCK, Found
from ..run.trace import Move, Trace
from . import values as v
from .values import Numbers, Value
from .walker import Walker, fresh, inside, mapped, plain, scalars

Symbols = dict[str, Value]  # a state: variable → value


@dataclass(frozen=True)
class Way:
    """One leaf of an action, or of ``init`` (then ``action`` is None)."""

    number: int
    action: Action | None
    leaf: Leaf


@dataclass(frozen=True)
class Bad:
    """Something that should not be.

    ``where`` it is judged: on an initial state (``start``), a ``state``, a ``step`` and both its ends, or a way of
    ``init`` or of a step that fails (``init``, ``failure``).
    """

    name: str
    kind: str
    formula: Value
    where: str
    leaf: Leaf | None = None


class Finite:
    """The formulas, over bit-vectors unless ``numbers`` says otherwise.  Raises UsageError beyond 62 bits.

    A Z3 variable that is no part of a state has a space in its name, which no field has.
    """

    def __init__(self, system: TransitionSystem, numbers: Numbers | None = None) -> None:
        self.system = system
        self.numbers = numbers or Numbers(_bits(system))
        self.before = {n: fresh(self.numbers, x.domain, n) for n, x in system.variables.items()}
        self.after = {n: fresh(self.numbers, x.domain, f"{n}'") for n, x in system.variables.items()}
        self.act, self.me = self.numbers.variable("the way"), self.numbers.variable("the process")
        self.ways = [Way(k, a, leaf) for k, (a, leaf) in enumerate((a, x) for a in self._actions() for x in a.leaves)]
        self.picks = self._pick_variables(way.leaf for way in self.ways)
        self.starts = [Way(k, None, leaf) for k, leaf in enumerate(system.initial)]
        self.first_picks = self._pick_variables(system.initial, "first ")
        self.walker = Walker(self.numbers, self.before, self.after, self.me, self.picks)
        self.inputs = [self.act, self.me, *self.picks.values()]
        self._copied: dict[int, list[tuple[Any, Any]]] = {}  # see ``at``

    def _actions(self) -> list[Action]:
        kinds = [k for k in self.system.kinds.values() if not k.empty]
        return [a for k in kinds for a in k.actions.values()] + list(self.system.rules.values())

    def _pick_variables(self, leaves: Iterable[Leaf], prefix: str = "") -> dict[int, Any]:
        """A variable for each position, of truth values or of numbers (then a Bool pick is their being 1)."""
        positions = {p.data[0] for leaf in leaves for p in picks_of(leaf)}
        return {k: self.numbers.variable(f"{prefix}pick {k}") for k in sorted(positions)}

    # --- one way ---------------------------------------------------------------------------------------------

    def _drawn(self, leaf: Leaf, variables: dict[int, Any]) -> tuple[dict[int, Value], Value]:
        """The picks of a leaf by position, and that they lie in their domains."""
        drawn, fits = {}, []
        for pick in picks_of(leaf):
            position, domain = pick.data
            number = variables[position]
            as_number = v.conjunction(number >= 0, number <= 1) if isinstance(domain, Bool) else inside(domain, number)
            drawn[position] = number == 1 if isinstance(domain, Bool) else number
            fits.append(as_number)
        return drawn, v.conjunction(*fits)

    def _walker(self, leaf: Leaf, me: Value) -> tuple[Walker, Value]:
        if not picks_of(leaf):
            return self.walker, True
        drawn, fits = self._drawn(leaf, self.picks)
        return Walker(self.numbers, self.before, self.after, me, drawn), fits

    def taken(self, way: Way) -> Value:
        """Whether the way is chosen and can be taken."""
        assert way.action is not None
        walker, fits = self._walker(way.leaf, self.me)
        chosen = self.act == way.number
        kind = self.system.kinds.get(way.action.kind or "")
        if kind is not None:
            own = v.conjunction(self.me >= kind.lo, self.me <= kind.hi, self._at(kind, self.me, way.action.pc))
            chosen = v.conjunction(chosen, own)
        return v.conjunction(chosen, fits, walker.value(way.leaf.guard))

    def _at(self, kind: Kind, me: Value, pc: int) -> Value:
        cells = self.before[kind.pc_name]
        return v.equal(self.walker.at(cells, me, kind.lo, 0), pc)

    def step(self) -> Value:
        """One transition from ``before`` to ``after``."""
        commits = [w for w in self.ways if w.leaf.kind == "commit"]
        fields: dict[str, Value] = dict(self.before)
        own: dict[str, list[tuple[Value, Value]]] = {}  # local → in which case it gets which value
        for way in commits:
            chosen = self.act == way.number
            walker, _ = self._walker(way.leaf, self.me)
            for name, term in way.leaf.updates:
                fields[name] = self.numbers.choose(chosen, walker.value(term), fields[name])
            for name, value in self._own(way, walker):
                own.setdefault(name, []).append((chosen, value))
        for name, cases in own.items():
            kind = self.system.kinds[self.system.variables[name].kind or ""]
            written = v.disjunction(*(chosen for chosen, _ in cases))
            value = cases[0][1]
            for chosen, new in cases[1:]:
                value = self.numbers.choose(chosen, new, value)
            fields[name] = tuple(
                self.numbers.choose(v.conjunction(written, self.me == kind.lo + k), value, cell)
                for k, cell in enumerate(self.before[name])
            )
        changed = [v.equal(self.after[n], fields[n]) for n in self.system.variables]
        return v.conjunction(v.disjunction(*map(self.taken, commits)), *changed)

    def _own(self, way: Way, walker: Walker) -> Iterator[tuple[str, Value]]:
        """What the process makes of its own locals and program counter."""
        assert way.action is not None
        kind = self.system.kinds.get(way.action.kind or "")
        if kind is not None:
            yield kind.pc_name, way.leaf.target
            for name, term in way.leaf.locals:
                yield name, walker.value(term)

    # --- initial states --------------------------------------------------------------------------------------

    def start(self) -> Value:
        """``before`` is an initial state, by the way of ``init`` whose number is ``first_act``."""
        return v.disjunction(*(self._started(way) for way in self.starts if way.leaf.kind == "commit"))

    def _started(self, way: Way) -> Value:
        drawn, fits = self._drawn(way.leaf, self.first_picks)
        walker = Walker(self.numbers, {}, None, None, drawn)
        given = dict(way.leaf.updates)
        values = {n: walker.value(t) for n, t in given.items()}
        for name in (n for n in self.system.variables if n not in given):
            kind = self.system.kinds[self.system.variables[name].kind or ""]
            mine = range(kind.lo, kind.hi + 1)
            if name == kind.pc_name:
                values[name] = (kind.start,) * len(mine)
            else:
                values[name] = tuple(Walker(self.numbers, {}, me=p).value(kind.initial[name]) for p in mine)
        same = (v.equal(self.before[n], values[n]) for n in self.system.variables)
        return v.conjunction(self.first_act == way.number, fits, walker.value(way.leaf.guard), *same)

    def domains(self) -> Value:
        """``before`` is a state: every value lies in its domain, in normal form, and dead locals hold their default."""
        parts = [inside(x.domain, self.before[n]) for n, x in self.system.variables.items()]
        for kind in self.system.kinds.values():
            for pc in self.before[kind.pc_name]:
                parts.append(v.disjunction(*(v.equal(pc, k) for k in reached(kind))))
            for name, domain in kind.locals.items():
                dead = [pc for pc in range(len(kind.labels)) if name not in kind.live.get(pc, ())]
                for pc, cell in zip(self.before[kind.pc_name], self.before[name], strict=True):
                    resting = v.disjunction(*(v.equal(pc, k) for k in dead))
                    parts.append(v.implied(resting, v.equal(cell, v.default(domain))))
        return v.conjunction(*parts)

    # --- what may go wrong -----------------------------------------------------------------------------------

    def bad(self) -> Iterator[Bad]:
        """Violations of safety, and model errors."""
        for prop in self.system.properties.values():
            yield from self.wrong(prop)
        yield from self.failures()
        yield from self._at_rest()

    def failures(self) -> Iterator[Bad]:
        """Ways of a step, or of ``init``, that fail."""
        for way in self.ways:
            if way.leaf.kind != "commit":
                name = way.leaf.prop or way.leaf.text
                yield Bad(name, way.leaf.kind, self.taken(way), "failure", way.leaf)
        for way in self.starts:
            if way.leaf.kind != "commit":
                drawn, fits = self._drawn(way.leaf, self.first_picks)
                guard = Walker(self.numbers, {}, None, None, drawn).value(way.leaf.guard)
                wrong = v.conjunction(self.first_act == way.number, fits, guard)
                yield Bad(way.leaf.prop or way.leaf.text, way.leaf.kind, wrong, "init", way.leaf)

    def wrong(self, prop: Property) -> Iterator[Bad]:
        """Where a property of safety is violated, or evaluating one goes wrong."""
        for condition, text in prop.errors:
            where = "step" if prop.looks_back("errors") else "state"
            yield Bad(f"{prop.name}: {text}", "error", self.walker.value(for_some(prop, condition)), where)
        if prop.term is None:
            return
        if prop.kind == "invariant":
            yield Bad(prop.name, prop.kind, v.negation(self.walker.value(prop.term)), "state")
        elif prop.kind in STEPS:
            yield Bad(prop.name, prop.kind, v.negation(self.walker.value(prop.term)), "step")
            if prop.initially is not None:
                yield Bad(prop.name, prop.kind, v.negation(self.walker.value(prop.initially)), "start")

    def _at_rest(self) -> Iterator[Bad]:
        """Deadlock, and ``@terminal``, where nothing but resting processes could move."""
        moved, stuck = [], []
        for kind in self.system.kinds.values():
            for me in range(kind.lo, kind.hi + 1) if not kind.empty else ():
                for action in kind.actions.values():
                    if action.step.rest is True:
                        continue
                    here = self._at(kind, me, action.pc)
                    able = self._able(action, me)
                    moved.append(v.conjunction(here, able))
                    if action.step.rest != "blocked":
                        stuck.append(v.conjunction(here, v.negation(able)))
        moved += [self._able(rule, None) for rule in self.system.rules.values() if rule.step.rest is not True]
        still = v.negation(v.disjunction(*moved))
        some_stuck = v.disjunction(*stuck)
        yield Bad(DEADLOCK, "deadlock", v.conjunction(still, some_stuck), "state")
        for prop in self.system.properties.values():
            if prop.kind == "terminal" and prop.term is not None:
                wrong = v.negation(self.walker.value(prop.term))
                yield Bad(prop.name, prop.kind, v.conjunction(still, v.negation(some_stuck), wrong), "state")

    def _able(self, action: Action, me: int | None) -> Value:
        """Whether some way of the action can be taken."""
        able = []
        for leaf in action.leaves:
            picks = picks_of(leaf)
            for drawn in product(*(p.data[1].values() for p in picks)):
                chosen = {p.data[0]: value for p, value in zip(picks, drawn, strict=True)}
                able.append((leaf.guard, chosen))
        walkers: dict[tuple[Any, ...], Walker] = {}
        formulas = []
        for guard, chosen in able:
            key = tuple(sorted(chosen.items()))
            walkers.setdefault(key, Walker(self.numbers, self.before, None, me, chosen))
            formulas.append(walkers[key].value(guard))
        return v.disjunction(*formulas)

    # --- copies, and back ------------------------------------------------------------------------------------

    def at(self, formula: Value, time: int) -> Value:
        """``formula`` with ``before`` as the state at ``time`` and ``after`` as the next."""
        if isinstance(formula, bool):
            return formula
        if time not in self._copied:
            self._copied[time] = self._copies(time)
        return z3.substitute(formula, *self._copied[time])

    def _copies(self, time: int) -> list[tuple[Any, Any]]:
        pairs = []
        for name in self.system.variables:
            now, then = scalars(self.before[name]), scalars(self.after[name])
            pairs += [(s, _copy(s, time)) for s in now]
            pairs += [(s, _copy(old, time + 1)) for old, s in zip(now, then, strict=True)]
        return pairs + [(s, _copy(s, time)) for s in (*self.inputs, *self.first_picks.values())]

    def state(self, model: z3.ModelRef, time: int) -> State:
        """The state at ``time`` in a model of the copies."""
        return tuple(
            plain(x.domain, mapped(lambda part: _copy(part, time), self.before[n]), model)
            for n, x in self.system.variables.items()
        )

    def trace(self, model: z3.ModelRef, steps: int) -> Trace:
        """The execution of ``steps`` moves in a model of the copies; it begins in an initial state."""
        first = self.starts[_number(model, self.first_act)]
        init = self._choices(first.leaf, model, self.first_picks, {}, None, 0)
        return Trace(init, tuple(self.move(model, k) for k in range(steps)))

    @property
    def first_act(self) -> Any:
        """Which way of ``init`` was taken."""
        return self.numbers.variable("the first way")

    def found(self, bad: Bad, model: z3.ModelRef, time: int) -> Found:
        """``bad`` at ``time`` of an execution that is a model of the copies, with its trace."""
        steps = time + (bad.where in ("step", "failure"))
        trace = self.trace(model, steps)
        text, where = (bad.leaf.text, bad.leaf.where) if bad.leaf else ("", None)
        return Found(bad.name, bad.kind, steps, lambda: trace, text, where)

    def action(self, model: z3.ModelRef, time: int) -> Action:
        """The action that is taken at ``time``."""
        action = self.ways[_number(model, _copy(self.act, time))].action
        assert action is not None
        return action

    def move(self, model: z3.ModelRef, time: int) -> Move:
        way = self.ways[_number(model, _copy(self.act, time))]
        assert way.action is not None
        me = _number(model, _copy(self.me, time))
        choices = self._choices(way.leaf, model, self.picks, self.before, me, time)
        actor = process_names(self.system)[me] if way.action.kind else way.action.name
        return Move(actor, way.action.step.label, choices)

    def _choices(
        self, leaf: Leaf, model: z3.ModelRef, variables: dict[int, Any], state: Symbols, me: int | None, time: int
    ) -> tuple[Any, ...]:
        drawn, _ = self._drawn(leaf, variables)
        walker = Walker(self.numbers, state, None, me, drawn)
        found = []
        for choice in leaf.choices:
            if not isinstance(choice.term, Term):
                found.append(choice.term)
                continue
            value = walker.value(choice.term)
            domain = choice.domain or choice.term.sort
            here = mapped(lambda part: part if v.known(part) else self.at(part, time), value)
            found.append(plain(domain, here, model))
        return shown(leaf, tuple(found))


def reached(kind: Kind) -> list[int]:
    """The program counters at which a process of ``kind`` may stand: the first, and where its steps lead."""
    targets = {leaf.target for a in kind.actions.values() for leaf in a.leaves if leaf.kind == "commit"}
    return sorted({kind.start, *targets})


def _number(model: z3.ModelRef, variable: Any) -> int:
    return int(model.eval(variable, True).as_signed_long())


def _copy(symbol: Any, time: int) -> Any:
    return z3.Const(f"{symbol.decl().name()}@{time}", symbol.sort())


# --- how many bits ---------------------------------------------------------------------------------------------------


def _bits(system: TransitionSystem) -> int:
    """Bits that hold, with a sign, every number that a step or property computes."""
    shapes = Shapes(Layout(system))
    ways = sum(len(a.leaves) for a in system.actions()) + len(system.initial)
    terms = list(walk(_roots(system)))
    ranges = [r for t in terms for r in _ranges(shapes.of(t))]
    ranges += [r for x in system.variables.values() for r in _ranges(shape_of(x.domain))]
    lowest, highest = min([0, *(low for low, _ in ranges)]), max([ways, *(high for _, high in ranges)])
    bits = max(highest.bit_length(), (-lowest - 1).bit_length() if lowest < 0 else 0) + 1
    return bits + any(t.op in ("div", "mod") for t in terms)  # see Numbers.divide: dividend less remainder


def _roots(system: TransitionSystem) -> Iterator[Term]:
    for leaf in [leaf for a in system.actions() for leaf in a.leaves] + list(system.initial):
        yield leaf.guard
        yield from (t for _, t in (*leaf.updates, *leaf.locals))
        yield from (c.term for c in leaf.choices if isinstance(c.term, Term))
    for prop in system.properties.values():
        yield from (t for t in (prop.term, prop.initially) if t is not None)
        yield from (t for t, _ in prop.errors)
    for kind in system.kinds.values():
        yield from kind.initial.values()


def _ranges(shape: Shape) -> Iterator[tuple[int, int]]:
    match shape:
        case Number():
            yield shape.lo, shape.hi
        case Record():
            for part in shape.parts:
                yield from _ranges(part)
        case Cells():
            yield shape.base, shape.base + shape.size
            yield from _ranges(shape.elem)
        case Row():
            yield 0, shape.capacity + 1
            yield from _ranges(shape.elem)
        case Perhaps():
            yield from _ranges(shape.elem)

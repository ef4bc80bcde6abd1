"""Refinement: a mapping to an abstract component, and that component's rules, as one property of every step.

The mapping gives each abstract field as a term over the state.  A rule's leaf then explains a step where its guard
holds of the abstract state before, and its updates give the abstract state after, for some of what it draws.  So the
whole is a term over both ends of a step, and engines need not know that there is an abstract component.
"""

from __future__ import annotations

from typing import Any

from . import build as b
from . import calls
from .declare import Declared
from .domains import Array, Domain, Set, index_size
from .errors import GomodelError, SpecError
from .leaves import LeafTracer, initial_value
from .machine import DeadPath, Machine, State
from .model import Component, Model, ProcessDecl, RuleDecl, declarations_of
from .observer import observer
from .source import class_where, function_of, raised_at
from .system import Leaf, Premise, Property, TransitionSystem, picks_of
from .terms import Term, leaves_of, rewrite, walk


def abstract_component(component: Component, path: str, fn: Any, mark: Declared) -> Component:
    """The abstract component that the refinement ``path`` of ``component`` names, in its initial state.

    Its fields have ``path`` in front: no other field can, as a field does not have the name of a method.
    """
    assert mark.abstraction is not None
    mend = "e.g. @refines(lambda self: AtomicLock())"
    try:
        abstract = mark.abstraction(component)
        if not isinstance(abstract, Component) or isinstance(abstract, Model):
            raise SpecError(f"refinement {path} needs a component, not {_described(abstract)}", mend=mend)
        if abstract._meta.phase != "init":
            raise SpecError(f"refinement {path} needs a component of its own", mend=f"make a fresh one, {mend}")
        abstract._adopt(path, frozenset())
    except GomodelError as error:
        error.where = error.where or function_of(fn).where()
        raise
    except Exception as error:  # the factory and state() are the user's code
        where = raised_at(error) or function_of(fn).where()
        raise SpecError(f"the abstract component of {path}: {type(error).__name__}: {error}", where=where) from error
    _check_rules(type(abstract))
    return abstract


def _described(value: Any) -> str:
    return f"the model {type(value).__name__}" if isinstance(value, Model) else repr(value)


def _check_rules(cls: type[Component]) -> None:
    """An abstract component moves by rules alone, from the initial values of its fields."""
    name = cls.__name__
    processes = declarations_of(cls, ProcessDecl)
    if processes:
        message = f"the abstract component {name} has the process {next(iter(processes))}"
        raise SpecError(
            message, where=class_where(cls), mend="it moves by rules: write what the process does as methods with @rule"
        )
    if not declarations_of(cls, RuleDecl):
        raise SpecError(
            f"the abstract component {name} has no rule", where=class_where(cls), mend="give it a method with @rule"
        )
    if hasattr(cls, "init"):
        message = f"the abstract component {name} has an init, which belongs to models"
        raise SpecError(message, where=class_where(cls), mend="give its fields their init=")


def trace_refinement(
    model: Model, component: Component, path: str, fn: Any, mark: Declared, system: TransitionSystem
) -> Property:
    """The refinement ``path`` as a property of initial states and of steps."""
    abstract = abstract_component(component, path, fn, mark)
    tracer = LeafTracer(abstract)
    leaves = _mapping(model, component, abstract, path, fn, tracer, system)
    errors = tuple((x.guard, f"{x.text} ({x.where})") for x in leaves if x.kind != "commit")
    wrong = b.or_(*(cond for cond, _ in errors))  # there it is an error, not a violation
    before = _mapped([x for x in leaves if x.kind == "commit"])
    after = {name: _after(term) for name, term in before.items()}
    starts = (b.eq(before[name], initial_value(v.domain)) for name, v in tracer.variables.items())
    same = b.and_(*(b.eq(before[name], after[name]) for name in before))
    rules = {
        name: b.or_(*(_explains(leaf, before, after) for leaf in tracer.rule(name, decl).leaves))
        for name, decl in declarations_of(type(abstract), RuleDecl).items()
    }
    either_wrong = b.or_(wrong, _after(wrong))
    changes = b.and_(b.not_(same), b.not_(either_wrong))
    premises = [Premise(changes, "the abstract state never changes")]
    premises += [
        Premise(b.and_(changes, t), f"rule {name} explains no step", False)
        for name, t in rules.items()
        if t is not b.FALSE  # a rule that can never be taken is for an abstraction with other parameters
    ]
    return Property(
        path,
        mark.kind,
        mark.text,
        function_of(fn).where(),
        b.or_(same, *rules.values(), either_wrong),
        errors=errors,
        premises=tuple(premises),
        initially=b.or_(wrong, b.and_(*starts)),
        own=component._meta.own,
    )


def _after(term: Term) -> Term:
    return rewrite(term, lambda t: b.var(t.data, t.sort, "next") if t.op == "var" else None)


# --- the mapping ---------------------------------------------------------------------------------------------


def _mapping(
    model: Model,
    component: Component,
    abstract: Component,
    path: str,
    fn: Any,
    tracer: LeafTracer,
    system: TransitionSystem,
) -> list[Leaf]:
    """The ways through the mapping: each gives every abstract variable as a term over the state, or is an error.

    It finds the abstract variables themselves where it has not assigned them, so that what reads one can be refused.
    """
    info = function_of(fn)
    if len(info.params) != 2 or info.is_generator:
        mend = f"def {fn.__name__}(self, abstract): abstract.field = …"
        raise SpecError(f"the mapping {path} is a plain method of self and the abstract component", mend=mend)

    def make() -> Machine:
        m = observer(system, "a mapping", edited=bool(model._meta.active))
        m.mapped = frozenset(tracer.variables)
        m.state.cells.update({n: b.var(n, v.domain) for n, v in tracer.variables.items()})
        m.before = dict(m.state.cells)
        return m

    def run(m: Machine) -> list[tuple[State, Any]]:
        try:
            value = calls.function(m, fn, (component, abstract), {})
        except DeadPath:
            return []
        if value is not None:
            mend = "let it assign the abstract fields, and no more"
            raise SpecError(f"the mapping {path} returns something", mend=mend)
        cells = m.state.cells
        m.state.cells = {n: _cells(cells[n], v.domain, m.mapped) for n, v in tracer.variables.items()}
        for name, variable in tracer.variables.items():
            if _reads(m.state.cells[name], m.mapped):
                mend = f"assign all of it on every way through: {info.params[1]}{variable.word[len(path) :]} = …"
                raise SpecError(f"the mapping {path} does not assign {variable.word} in every case", mend=mend)
        return [(m.state, 0)]

    leaves, _, _ = tracer.explore(make, run, info.where())
    for leaf in leaves:
        if _reads(leaf.guard, frozenset(tracer.variables)):
            where = leaf.where or info.where()
            raise SpecError(f"the mapping {path} reads an abstract field before it is assigned", where=where)
    if all(leaf.kind != "commit" for leaf in leaves):
        raise SpecError(f"the mapping {path} goes wrong in every state: {leaves[0].text}", where=leaves[0].where)
    return leaves


def _reads(term: Term, names: frozenset[str]) -> bool:
    return any(t.data in names for t in leaves_of([term], "var"))


def _cells(term: Term, domain: Domain, unset: frozenset[str]) -> Term:
    """``term``, cell by cell where that may show that nothing in it is ``unset`` after all."""
    if not isinstance(domain, Array) or isinstance(domain, Set) or not _reads(term, unset):
        return term
    if not isinstance(index_size(domain.index), int):
        return term
    cells = (b.select(term, b.const(i, domain.index)) for i in domain.index.values())
    return b.mkarray(domain, tuple(_cells(cell, domain.elem, unset) for cell in cells))


def _mapped(ways: list[Leaf]) -> dict[str, Term]:
    """Each abstract variable as one term; the ways exclude each other."""
    found = dict(ways[-1].updates)
    for way in reversed(ways[:-1]):
        found = {name: b.ite(way.guard, term, found[name]) for name, term in way.updates}
    return found


# --- the rules -----------------------------------------------------------------------------------------------


def _explains(leaf: Leaf, before: dict[str, Term], after: dict[str, Term]) -> Term:
    """Whether this way through a rule leads from the abstract state before a step to the one after it."""
    if leaf.kind != "commit":
        return b.FALSE

    def concrete(t: Term) -> Term | None:
        return before[t.data] if t.op == "var" else None

    memo: dict[Term, Term] = {}
    updates = dict(leaf.updates)
    made = {n: rewrite(updates[n], concrete, memo) if n in updates else before[n] for n in before}
    term = b.and_(rewrite(leaf.guard, concrete, memo), *(b.eq(made[n], after[n]) for n in before))
    return _for_some(term, picks_of(leaf))


def _for_some(term: Term, picks: tuple[Term, ...]) -> Term:
    """``term`` for some value of each pick, as quantified variables that no quantifier inside uses."""
    inside = (t.data[0] for t in walk([term]) if t.op in ("bound", "forall", "exists", "count", "sum"))
    first = max(inside, default=-1) + 1
    bound = {pick: b.leaf("bound", first + k, pick.data[1]) for k, pick in enumerate(picks)}
    term = rewrite(term, bound.get)
    for pick in picks:
        if index_size(pick.data[1]) == 0:
            return b.FALSE
        if leaves_of([term], "bound") >= {bound[pick]}:
            term = b.quantify("exists", bound[pick].data[0], pick.data[1], term)
    return term

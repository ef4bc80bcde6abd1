"""The language's own functions and Python's builtins, on symbolic values."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import build as b
from . import calls, iteration, operators, primitives
from . import expressions as ex
from .domains import Domain, Int, Set
from .machine import Machine
from .model import Component
from .places import Place
from .processes import Pid, ProcessSet
from .symbols import Guarded, domain_of, lift, symbolic, truth, unwrap
from .terms import INT, Term, leaves_of

# --- primitives ----------------------------------------------------------------------------------------------


def _choose(m: Machine, *options: Any) -> Any:
    m.forbid_effects("choose")
    m.fork_here()
    source = options[0] if len(options) == 1 else options
    domain = source.domain if isinstance(source, ProcessSet) else source
    if isinstance(domain, Domain):
        if not domain.scalar:
            raise m.fail(f"choose needs a scalar domain, not {domain!r}")
        return _pick(m, domain)
    if isinstance(source, Place) and isinstance(source.domain, Set) and isinstance(source.domain.elem, Pid):
        pick = _pick(m, source.domain.elem)  # a set of processes keeps its structure: one pick, if it is a member
        m.event("blocked", b.not_(truth(m, operators.contains(m, pick, source))))
        return pick
    items = _distinct(m, iteration.items_of(m, source))
    if not items:
        m.event("blocked", b.TRUE)
    at = m.oracle.decide(len(items)) if len(items) > 1 else 0
    guard, value = items[at]
    m.event("blocked", b.not_(m.simplify(guard)))
    domain = domain_of(value)
    if domain is None and not (value is None or isinstance(value, str)):
        raise m.fail(f"choose among {value!r}: options are numbers, booleans, names or process ids")
    m.choices.append((lift(m, value, domain) if domain is not None else value, domain))
    return value


def _pick(m: Machine, domain: Domain) -> Term:
    """A choice from a whole domain: one variable rather than a fork for each value."""
    pick = b.leaf("pick", len(m.picks), domain)
    m.picks.append(pick)
    m.choices.append((pick, domain))
    return pick


def _distinct(m: Machine, items: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Options without repetition: an option equal to an earlier one is not offered again."""
    kept: list[tuple[Any, Any]] = []
    for guard, value in items:
        if symbolic(value) or any(symbolic(v) for _, v in kept):
            earlier = [b.and_(g, operators.equal(m, v, value)) for g, v in kept]
            guard = b.and_(guard, b.not_(b.or_(*earlier)))
            if guard is not b.FALSE:
                kept.append((guard, value))
            continue
        same = next((i for i, (_, v) in enumerate(kept) if type(v) is type(value) and v == value), None)
        if same is None:
            kept.append((guard, value))
        else:
            kept[same] = (b.or_(kept[same][0], guard), value)
    return kept


def _require(m: Machine, condition: Any) -> None:
    m.forbid_effects("require")
    m.event("blocked", b.not_(m.simplify(truth(m, condition))))


def _fatal(m: Machine, text: str, *, prop: str = "") -> Any:
    m.forbid_effects("reach a fatal")
    m.event("fatal", b.TRUE, text, prop or text)


def _implies(m: Machine, premise: Any, conclusion: Any) -> Any:
    p = truth(m, premise)
    where = m.where()
    if where is not None:
        m.premises.append((where, b.and_(*m.state.path, p)))
    if isinstance(conclusion, ex.Closure):
        q = m.under(p, lambda: truth(m, calls.apply(m, conclusion, (), {})))
        return unwrap(m, b.TRUE if q is None else b.implies(p, q))
    return unwrap(m, b.implies(p, truth(m, conclusion)))


def like(m: Machine, node: ast.Call) -> Any:
    target = node.args[0]
    if isinstance(target, ast.Attribute):
        owner = ex.evaluate(m, target.value)
        if isinstance(owner, Component):
            return ex.field_place(m, owner, target.attr).domain
    value = ex.evaluate(m, target)
    if isinstance(value, Place):
        return value.domain
    raise m.fail("like() needs a field", "e.g. `old: like(self.word) = self.word.copy()`")


def outcome(m: Machine, node: ast.Call) -> None:
    """``outcome(name, holds)``: what the condition reads is not read by the step."""
    m.forbid_effects("name an outcome")
    touched = {word: set(indices) for word, indices in m.touched.items()}
    name, *holds = (ex.evaluate(m, a) for a in node.args)
    if node.keywords or len(holds) > 1 or not isinstance(name, str):
        raise m.fail("outcome() takes a name, and a condition", 'e.g. `outcome("won")`, `outcome("late", self.n > 1)`')
    m.touched = touched
    m.outcomes.append((name, b.and_(m.state.condition(), *(truth(m, h) for h in holds))))


# --- builtins ------------------------------------------------------------------------------------------------


def _fold(op: str) -> Callable[..., Any]:
    def fold(m: Machine, items: Any, *rest: Any) -> Any:
        if rest:
            raise m.fail(f"{op} takes one argument here")
        return iteration.fold_values(m, op, items)

    return fold


def _len(m: Machine, x: Any) -> Any:
    if isinstance(x, ProcessSet):
        size = x.hi - x.lo + 1 if isinstance(x.hi, int) else b.add(x.hi, b.integer(1 - x.lo))
        return size
    if isinstance(x, Place):
        return operators.container_length(m, x)
    if isinstance(x, Guarded):
        return iteration.fold_values(m, "count", [unwrap(m, g) for g, _ in x.items])
    if isinstance(x, Term):
        raise m.fail(f"a value of {x.sort!r} has no length")
    return operators.native(m, len, x)


def _extreme(smallest: bool) -> Callable[..., Any]:
    def extreme(m: Machine, *args: Any, **kwargs: Any) -> Any:
        if not symbolic(args):
            return operators.native(m, min if smallest else max, *args, **kwargs)
        default = kwargs.get("default")
        items = iteration.items_of(m, args[0] if len(args) == 1 else args)
        result: Term | None = None if default is None else lift(m, default, INT)
        seen = b.FALSE if default is None else b.TRUE
        started = b.FALSE
        for guard, value in items:
            x = lift(m, value, INT)
            if result is None:
                result = x
            else:
                better = b.lt(x, result) if smallest else b.lt(result, x)
                result = b.ite(b.and_(guard, b.or_(b.not_(started), better)), x, result)
            started, seen = b.or_(started, guard), b.or_(seen, guard)
        m.error(b.not_(seen), f"{'min' if smallest else 'max'} of nothing")
        if result is None:
            raise m.fail("min or max of nothing")
        return unwrap(m, result)

    return extreme


def _abs(m: Machine, x: Any) -> Any:
    if not symbolic(x):
        return operators.native(m, abs, x)
    t = lift(m, x, INT)
    return unwrap(m, b.ite(b.lt(t, b.integer(0)), b.neg(t), t))


def _bool(m: Machine, x: Any = False) -> Any:
    return unwrap(m, truth(m, x)) if symbolic(x) else bool(x)


def _int(m: Machine, x: Any = 0) -> Any:
    return unwrap(m, lift(m, x, INT)) if symbolic(x) else operators.native(m, int, x)


def _range(m: Machine, *args: Any) -> Any:
    """``range(n)`` of a symbolic bound is quantified over; a range of anything else that is symbolic is refused."""
    state = ("var", "next", "self", "pick", "bound")
    if len(args) == 1 and isinstance(args[0], Term) and not leaves_of(args, *state):
        return iteration.Range(Int(0, args[0] - 1), lambda i: (b.TRUE, i))
    return calls.native_call(m, range, args, {})


def _isinstance(m: Machine, x: Any, kind: Any) -> Any:
    if symbolic(x):
        raise m.fail("isinstance of a symbolic value is not part of the language")
    return isinstance(x, kind)


def _hash(m: Machine, x: Any) -> Any:
    raise m.fail("hash is not part of the language", "give each key an explicit hash, e.g. an Array of hashes")


AGGREGATES: dict[Any, str] = {any: "any", all: "all", sum: "sum", primitives.count: "count"}
INTRINSICS: dict[Any, Callable[..., Any]] = {
    primitives.choose: _choose,
    primitives.require: _require,
    primitives.fatal: _fatal,
    primitives.implies: _implies,
    any: _fold("any"),
    all: _fold("all"),
    sum: _fold("sum"),
    primitives.count: _fold("count"),
    len: _len,
    min: _extreme(True),
    max: _extreme(False),
    abs: _abs,
    bool: _bool,
    int: _int,
    isinstance: _isinstance,
    range: _range,
    hash: _hash,
}

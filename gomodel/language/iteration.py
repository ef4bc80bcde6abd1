"""Comprehensions and aggregates: what a spec may iterate over, and quantifiers over sets of processes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from . import build as b
from . import calls, operators
from . import expressions as ex
from .domains import Array, Bag, Domain, Int, Seq, Set, index_size
from .machine import DeadPath, Frame, Machine
from .places import Place, read
from .processes import Pid, ProcessSet
from .source import Function
from .symbols import Guarded, lift, symbolic, truth, unwrap, view
from .terms import INT, Term, is_int


@dataclass(frozen=True)
class Range:
    """A quantified source: for the bound variable, the condition under which the element is there, and the element."""

    domain: Domain
    element: Callable[[Term], tuple[Term, Any]]


Source = list[tuple[Term, Any]] | Range


def source_of(m: Machine, value: Any) -> Source:
    """What iterating ``value`` yields: guarded elements, or a quantified range over processes or symbolic sizes."""
    if hasattr(value, "procs") and isinstance(value.procs, ProcessSet) and not isinstance(value, Place):
        value = value.procs
    if isinstance(value, ProcessSet):
        return Range(value.domain, lambda i: (b.TRUE, i))
    if isinstance(value, Range):
        return value
    if isinstance(value, Guarded):
        return list(value.items)
    if isinstance(value, Place):
        return _place_source(m, value)
    if isinstance(value, Term):
        raise m.fail(f"a value of {value.sort!r} cannot be iterated")
    if isinstance(value, Iterable):
        return [(b.TRUE, v) for v in operators.native(m, list, value)]
    raise m.fail(f"{value!r} cannot be iterated")


def _place_source(m: Machine, place: Place) -> Source:
    domain = place.domain
    if isinstance(domain, Array):
        if isinstance(domain.index, Pid) or not isinstance(domain.size, int):
            return Range(domain.index, lambda i: (b.TRUE, view(m, _cell(place, domain, i))))
        cells = (b.const(i, domain.index) for i in domain.index.values())
        return [(b.TRUE, view(m, _cell(place, domain, i))) for i in cells]
    if isinstance(domain, Seq):
        q = read(m, place)
        if not isinstance(domain.capacity, int):
            index = Int(0, b.add(domain.capacity, b.integer(-1)))
            return Range(index, lambda i: (b.lt(i, b.length(q)), unwrap(m, b.at(q, i))))
        inside = (b.integer(i) for i in range(domain.capacity))
        pairs = [(b.lt(i, b.length(q)), i) for i in inside]
        return [(g, unwrap(m, b.at(q, i))) for g, i in pairs if g is not b.FALSE]
    if isinstance(domain, Set):
        return _set_source(m, domain, read(m, place))
    raise m.fail("a struct cannot be iterated")


def _set_source(m: Machine, domain: Set, cells: Term) -> Source:
    def there(i: Term) -> Term:
        cell = b.select(cells, i)
        return b.lt(b.integer(0), cell) if isinstance(domain, Bag) else cell

    if isinstance(domain.elem, Pid):
        return Range(domain.elem, lambda i: (there(i), i))
    elements = [b.const(v, domain.elem) for v in domain.elem.values()]
    return [(there(e), unwrap(m, e)) for e in elements if there(e) is not b.FALSE]


def _cell(place: Place, domain: Array, i: Term) -> Place:
    return Place(domain.elem, place.base, (*place.path, i), place.old, place.frozen, place.word)


def items_of(m: Machine, value: Any) -> list[tuple[Term, Any]]:
    """Guarded elements; refuses what can only be quantified over."""
    source = source_of(m, value)
    if isinstance(source, Range) and m.mapped and isinstance(index_size(source.domain), int):
        return [_element(m, source, i) for i in source.domain.values()]
    if isinstance(source, Range):
        raise m.fail(
            "a set of processes is iterated only inside any, all, count and sum, or through choose",
            'write e.g. `any(self.client.at(g, "…") for g in self.client)` or `g = choose(self.client)`',
        )
    return source


def _element(m: Machine, source: Range, i: Any) -> tuple[Term, Any]:
    """One element of a range: a mapping may take them one by one."""
    there, value = source.element(b.const(i, source.domain))
    return there, unwrap(m, value) if isinstance(value, Term) else value


def listed(m: Machine, value: Any) -> Any:
    """A container whose elements are all there as a Python list of them; any other value as it is."""
    if isinstance(value, (Place, Guarded)):
        source = source_of(m, value)
        if not isinstance(source, Range) and all(g is b.TRUE for g, _ in source):
            return [v for _, v in source]
    return value


def comprehension(m: Machine, node: Any) -> Any:
    """A list, set, dict or generator display outside an aggregate: guarded elements."""
    if isinstance(node, ast.DictComp):
        return _dict_comprehension(m, node)
    found: list[tuple[Term, Any]] = []
    _walk(m, node.generators, 0, b.TRUE, lambda guard: found.append((guard, ex.evaluate(m, node.elt))))
    if all(g is b.TRUE for g, _ in found):
        values = [v for _, v in found]
        return calls.own(m, set(values) if isinstance(node, ast.SetComp) and not symbolic(values) else values)
    return Guarded(tuple(found))


def _dict_comprehension(m: Machine, node: ast.DictComp) -> Any:
    pairs: dict[Any, Any] = {}

    def add(guard: Term) -> None:
        key = ex.evaluate(m, node.key)
        if guard is not b.TRUE or symbolic(key):
            raise m.fail("a dict needs concrete keys and conditions", "use an Array field")
        pairs[key] = ex.evaluate(m, node.value)

    _walk(m, node.generators, 0, b.TRUE, add)
    return calls.own(m, pairs)


def _walk(m: Machine, generators: list[ast.comprehension], i: int, guard: Term, visit: Callable[[Term], None]) -> None:
    """Call ``visit`` in a scope where the targets are bound, for each combination of elements."""
    if i == len(generators):
        visit(guard)
        return
    generator = generators[i]
    for there, value in items_of(m, ex.evaluate(m, generator.iter)):

        def one(value: Any = value, there: Term = there) -> None:
            keep = _filters(m, generator, value, there)
            _walk(m, generators, i + 1, b.and_(guard, keep), visit)

        _in_scope(m, lambda there=there, one=one: m.under(there, one))  # type: ignore[misc]


def _filters(m: Machine, generator: ast.comprehension, value: Any, there: Term) -> Term:
    """Bind the target and evaluate the ``if`` parts; the rest of the path assumes them."""
    from .statements import bind

    bind(m, generator.target, value)
    keep = there
    for test in generator.ifs:
        cond = truth(m, ex.evaluate_test(m, test))
        m.state.assume(cond)
        keep = b.and_(keep, cond)
    return keep


def _in_scope(m: Machine, run: Callable[[], Any]) -> Any:
    """Run in a scope of its own inside the current frame, without effects."""
    outer = m.frame
    assert outer is not None
    scope = Frame(_scope_function(outer.fn), outer, outer.chain)
    m.state.envs[scope] = {}
    pure, m.pure = m.pure, m.pure or "a comprehension"
    m.frame = scope
    try:
        return run()
    finally:
        m.frame, m.pure = outer, pure
        m.state.envs.pop(scope, None)


def _scope_function(fn: Function) -> Function:
    return fn


def aggregate(m: Machine, op: str, node: ast.GeneratorExp | ast.ListComp) -> Any:
    """``any``, ``all``, ``sum``, ``count`` over a generator expression, with quantifiers over process sets."""
    return unwrap(m, _fold(m, op, node, 0))


_UNIT = {"any": b.FALSE, "all": b.TRUE, "sum": b.integer(0), "count": b.integer(0)}
_QUANTIFIER = {"any": "exists", "all": "forall", "sum": "sum", "count": "count"}


def _fold(m: Machine, op: str, node: ast.GeneratorExp | ast.ListComp, i: int) -> Term:
    if i == len(node.generators):
        value = ex.evaluate(m, node.elt)
        return lift(m, value, INT) if op == "sum" else truth(m, value)
    generator = node.generators[i]
    source = source_of(m, ex.evaluate(m, generator.iter))

    def one(there: Term, value: Any) -> Term:
        keep: list[Term] = [there]

        def run() -> Term:
            keep[0] = _filters(m, generator, value, there)
            return _fold(m, op, node, i + 1)

        result = _in_scope(m, lambda: m.under(there, run))
        return _UNIT[op] if result is None else _kept(op, keep[0], result)

    if isinstance(source, Range):
        return _quantified(m, op, source, one, i == len(node.generators) - 1)
    return _over_items(m, op, source, one, i == len(node.generators) - 1)


def _kept(op: str, keep: Term, result: Term) -> Term:
    if op == "any" or (op == "count" and not is_int(result)):
        return b.and_(keep, result)
    return b.implies(keep, result) if op == "all" else b.ite(keep, result, b.integer(0))


def _number(t: Term) -> Term:
    return t if is_int(t) else b.ite(t, b.integer(1), b.integer(0))


def _over_items(
    m: Machine, op: str, items: list[tuple[Term, Any]], one: Callable[[Term, Any], Term], last: bool
) -> Term:
    total = _UNIT[op]
    for there, value in items:
        if op in ("any", "all"):  # stops at the first that decides, as Python does
            go_on = b.not_(total) if op == "any" else total
            part = m.under(go_on, lambda there=there, value=value: one(there, value))  # type: ignore[misc]
            part = _UNIT[op] if part is None else part
            total = b.or_(total, part) if op == "any" else b.and_(total, part)
        else:
            total = b.add(total, _number(one(there, value)))
    return total


def _quantified(m: Machine, op: str, source: Range, one: Callable[[Term, Any], Term], last: bool) -> Term:
    depth = m.depth
    bound = b.leaf("bound", depth, source.domain)
    before = len(m.events), len(m.premises), len(m.covers)
    m.depth = depth + 1
    try:
        there, value = source.element(bound)
        part = one(there, value)
    except DeadPath:
        part = _UNIT[op]
    finally:
        m.depth = depth
    _close(m, before, depth, source.domain)
    if op == "count" and is_int(part):
        op = "sum"
    return b.quantify(_QUANTIFIER[op], depth, source.domain, part)


def _close(m: Machine, before: tuple[int, int, int], depth: int, domain: Domain) -> None:
    """What was recorded inside a quantifier holds for *some* element of its range."""
    from dataclasses import replace

    for k in range(before[0], len(m.events)):
        event = m.events[k]
        m.events[k] = replace(event, cond=b.quantify("exists", depth, domain, event.cond))
    for k in range(before[1], len(m.premises)):
        where, cond = m.premises[k]
        m.premises[k] = where, b.quantify("exists", depth, domain, cond)
    for k in range(before[2], len(m.covers)):
        branch, cond = m.covers[k]
        m.covers[k] = branch, b.quantify("exists", depth, domain, cond)


def some_element(m: Machine, value: Any, holds: Callable[[Any], Term]) -> Term:
    """Whether some element of ``value`` satisfies ``holds``."""
    source = source_of(m, value)

    def one(there: Term, element: Any) -> Term:
        return b.and_(there, holds(element))

    if isinstance(source, Range):
        return _quantified(m, "any", source, one, True)
    return _over_items(m, "any", source, one, True)


def fold_values(m: Machine, op: str, value: Any) -> Any:
    """The same aggregates over an iterable that is not a generator expression."""
    source = source_of(m, value)

    def one(there: Term, v: Any) -> Term:
        part = lift(m, v, INT) if op == "sum" else truth(m, v)
        return _kept(op, there, part)

    if isinstance(source, Range):
        return unwrap(m, _quantified(m, op, source, one, True))
    return unwrap(m, _over_items(m, op, source, one, True))

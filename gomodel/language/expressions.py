"""Evaluation of Python expressions over symbolic values, with Python's own short-circuit and definedness."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable
from typing import Any

from . import build as b
from . import calls as call
from . import iteration, operators
from .domains import Array, Domain, Int, Option, Seq, Struct
from .machine import Frame, Machine, MustFork, Unjoined
from .model import Component
from .places import Place, field_of, read
from .processes import Pid, ProcessId, ProcessSet
from .source import Function, assigned
from .symbols import Locals, OldView, domain_of, lift, position, require_some, symbolic, truth, unwrap, view
from .terms import INT, Term


class Closure:
    """A lambda or nested function of a spec, with the frame that it closes over."""

    def __init__(self, fn: Function, frame: Frame) -> None:
        self.fn, self.frame = fn, frame


def evaluate(m: Machine, node: ast.expr) -> Any:
    """The value of ``node`` in the current frame; errors become events, dead paths raise DeadPath."""
    outer, m.node = m.node, node
    try:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise m.fail(
                f"{_SPELT.get(type(node), _name(node))} is not part of the modelling language", _MEND.get(type(node))
            )
        return handler(m, node)
    finally:
        m.node = outer


def _constant(m: Machine, node: ast.Constant) -> Any:
    return node.value


def _lookup(m: Machine, node: ast.Name) -> Any:
    frame: Frame | None = m.frame
    while frame is not None:
        env = m.state.envs.get(frame)
        if env is None:
            raise m.fail("a lambda or nested function is used after the function around it has returned")
        if node.id in env:
            return _usable(m, env[node.id], node)
        fn = frame.fn
        if frame.parent is None:
            if node.id in frame.domains or node.id in assigned(fn) or node.id in fn.params:
                raise m.fail(*frame.unbound(node))
            for scope in (fn.cells, fn.globals, vars(builtins)):
                if node.id in scope:
                    return scope[node.id]
        frame = frame.parent
    raise m.fail(f"the name {node.id!r} is not defined")


def _usable(m: Machine, value: Any, node: ast.Name) -> Any:
    if isinstance(value, Unjoined):
        raise MustFork([value.node])
    return view(m, value) if isinstance(value, Place) else value


# --- attributes and subscripts -------------------------------------------------------------------------------


def _attribute(m: Machine, node: ast.Attribute) -> Any:
    return attribute(m, evaluate(m, node.value), node.attr)


def attribute(m: Machine, owner: Any, name: str) -> Any:
    """``owner.name`` for reading."""
    if isinstance(owner, Component):
        return _component_attribute(m, owner, name, old=False)
    if isinstance(owner, OldView):
        return _component_attribute(m, owner.component, name, old=True)
    if isinstance(owner, Term) and isinstance(owner.sort, Option):
        owner = require_some(m, owner)
    if isinstance(owner, Place):
        if isinstance(owner.domain, Struct) and name in owner.domain.fields:
            return view(m, field_of(m, owner, name))
        return call.method(m, owner, name)
    if isinstance(owner, call.OldProcesses) and name == "at":
        return call.OldAt(owner.procs)
    if isinstance(owner, Locals):
        return m.locals_reader(m, owner, name)
    if isinstance(owner, Term):
        raise m.fail(f"a value of {owner.sort!r} has no attribute {name!r}")
    return operators.native(m, getattr, owner, name)


def field_place(m: Machine, component: Component, name: str, *, old: bool = False) -> Place:
    """The place of a declared field; raises SpecError for anything else."""
    meta = component._meta
    if name not in meta.fields:
        import difflib

        if meta.phase == "init":
            kind = type(component).__name__
            raise m.fail(f"this {kind} is not part of the model", f"embed it: `self.… = {kind}(…)` in state()")
        near = difflib.get_close_matches(name, meta.fields, 1)
        hint = f"did you mean {near[0]}?" if near else "declare it in state()"
        raise m.fail(f"{type(component).__name__}.{name} is not a declared field", hint)
    path = f"{meta.path}.{name}".lstrip(".")
    domain = meta.fields[name]
    return Place(domain, path, (), old, False, "" if domain.ghost else path)


def _component_attribute(m: Machine, owner: Component, name: str, *, old: bool) -> Any:
    meta = owner._meta
    if name in meta.fields:
        return view(m, field_place(m, owner, name, old=old))
    static = _static_attribute(owner, name)
    if isinstance(static, property):
        return call.function(m, static.fget, (OldView(owner) if old else owner,), {})
    if old and callable(static) and hasattr(static, "__get__") and static is not Component.bug:
        return call.Bound(static, OldView(owner))
    if name not in owner.__dict__ and static is None:
        field_place(m, owner, name)  # raises, with a hint
    value = getattr(owner, name)
    return _as_before(value) if old else value


def _as_before(value: Any) -> Any:
    """What an attribute of a component stood for before the step; it may refer to another component."""
    if isinstance(value, ProcessSet):
        return call.OldProcesses(value)
    if isinstance(value, Component):
        return OldView(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(_as_before, value))
    return value


def _static_attribute(owner: Component, name: str) -> Any:
    for base in type(owner).__mro__:
        if name in vars(base):
            return vars(base)[name]
    return None


def _subscript(m: Machine, node: ast.Subscript) -> Any:
    owner = evaluate(m, node.value)
    if isinstance(node.slice, ast.Slice):
        if isinstance(owner, (Place, Term)):
            raise m.fail("a slice of a container of the model is not part of the language", "use an index")
        bounds = [None if x is None else evaluate(m, x) for x in (node.slice.lower, node.slice.upper, node.slice.step)]
        return operators.native(m, operator.getitem, owner, slice(*bounds))
    return subscript(m, owner, evaluate(m, node.slice))


def subscript(m: Machine, owner: Any, index: Any) -> Any:
    """``owner[index]`` for reading."""
    if isinstance(owner, (ProcessSet, call.OldProcesses)):
        procs = owner.procs if isinstance(owner, call.OldProcesses) else owner
        return Locals(procs, lift(m, index, procs.domain), isinstance(owner, call.OldProcesses))
    if isinstance(owner, Term) and isinstance(owner.sort, Option):
        owner = require_some(m, owner)
    if isinstance(owner, Place):
        return view(m, element(m, owner, index))
    if isinstance(owner, Term):
        raise m.fail(f"a value of {owner.sort!r} is not indexed")
    if isinstance(owner, (tuple, list)) and isinstance(index, Term) and isinstance(index.sort, Option):
        index = require_some(m, index)
    if isinstance(owner, (tuple, list)) and isinstance(index, Term):
        return _table(m, owner, index)
    if isinstance(owner, (tuple, list)) and isinstance(index, ProcessId):
        return operators.native(m, operator.getitem, owner, index.__index__())
    return operators.native(m, operator.getitem, owner, index)


def element(m: Machine, owner: Place, index: Any) -> Place:
    """The place of one element of an array; an element of a sequence as a frozen box."""
    if isinstance(owner.domain, Array):
        i = position(m, owner.domain.index, index)
        return Place(owner.domain.elem, owner.base, (*owner.path, i), owner.old, owner.frozen, owner.word)
    if isinstance(owner.domain, Seq):
        q = read(m, owner)
        i = lift(m, index, INT)
        m.error(b.not_(b.and_(b.le(b.integer(0), i), b.lt(i, b.length(q)))), "index outside the queue")
        from .places import box

        return box(m, b.at(q, i), owner.domain.elem, frozen=True)
    raise m.fail(f"a {type(owner.domain).__name__} is not indexed")


def _table(m: Machine, table: Any, index: Term) -> Any:
    """A concrete tuple or list at a symbolic index: a constant array."""
    if not table:
        m.error(b.TRUE, "index outside an empty table")
    base = index.sort.lo if isinstance(index.sort, Pid) else 0
    domain: Domain = Int(0, len(table) - 1)
    if isinstance(index.sort, Pid):
        if len(index.sort.procs.kinds) > 1:
            raise m.fail("a table is indexed by a process of one kind only")
        at = index
        elem_index: Domain = _Offset(base, len(table))
        hi = index.sort.hi
        if not isinstance(hi, int) or hi - base >= len(table):
            m.error(b.lt(b.const(base + len(table) - 1, index.sort), index), "index outside the table")
    else:
        at, elem_index = position(m, domain, index), domain
    kinds = [domain_of(v) for v in table]
    if any(k is None for k in kinds) or len({type(k) for k in kinds}) > 1:
        raise m.fail("a table indexed by a symbolic value holds scalars of one kind")
    cells = tuple(lift(m, v, kinds[0]) for v in table)  # type: ignore[arg-type]
    los, his = [c.lo for c in cells], [c.hi for c in cells]
    elem: Domain = kinds[0]  # type: ignore[assignment]
    if isinstance(elem, Int) and None not in los and None not in his:
        elem = Int(min(x for x in los if x is not None), max(x for x in his if x is not None))
    return unwrap(m, b.select(b.mkarray(Array(elem, elem_index), cells), at))


class _Offset(Int):
    """The index domain of a table that starts at process number ``base``."""

    def __init__(self, base: int, size: int) -> None:
        super().__init__(base, base + size - 1)


# --- operators -----------------------------------------------------------------------------------------------


def _binop(m: Machine, node: ast.BinOp) -> Any:
    return operators.binary(m, type(node.op), evaluate(m, node.left), evaluate(m, node.right))


def _unary(m: Machine, node: ast.UnaryOp) -> Any:
    read = evaluate_test if isinstance(node.op, ast.Not) else evaluate
    return operators.unary(m, type(node.op), read(m, node.operand))


def evaluate_test(m: Machine, node: ast.expr) -> Any:
    """Like ``evaluate`` where only the truth of the value matters: `queue and …` need not give the queue itself."""
    return _boolop(m, node, test=True) if isinstance(node, ast.BoolOp) else evaluate(m, node)


def _boolop(m: Machine, node: ast.BoolOp, *, test: bool = False) -> Any:
    is_and = isinstance(node.op, ast.And)

    def rest(i: int) -> Any:
        value = (evaluate_test if test else evaluate)(m, node.values[i])
        if test and symbolic(value):
            value = unwrap(m, truth(m, value))
        if i == len(node.values) - 1:
            return value
        t = truth(m, value) if symbolic(value) else b.boolean(bool(operators.native(m, bool, value)))
        t = m.simplify(t)
        if t.op == "const":
            return rest(i + 1) if bool(t.data) == is_and else value
        go_on = t if is_and else b.not_(t)
        short = not is_and if test or operators.is_boolean(value) else value
        return m.branch(node.values[i], go_on, lambda: rest(i + 1), lambda: short, m.join_values)

    return rest(0)


def _ifexp(m: Machine, node: ast.IfExp) -> Any:
    test = evaluate_test(m, node.test)
    if not symbolic(test):
        return evaluate(m, node.body if test else node.orelse)
    yes, no = (lambda: evaluate(m, node.body)), (lambda: evaluate(m, node.orelse))
    return m.branch(node, truth(m, test), yes, no, m.join_values)


def _compare(m: Machine, node: ast.Compare) -> Any:
    left = evaluate(m, node.left)

    def rest(i: int, left: Any) -> Any:
        right = evaluate(m, node.comparators[i])
        value = operators.compare(m, type(node.ops[i]), left, right)
        if i == len(node.ops) - 1:
            return value
        if not isinstance(value, Term):
            return rest(i + 1, right) if value else value
        return m.branch(node.comparators[i], value, lambda: rest(i + 1, right), lambda: False, m.join_values)

    return rest(0, left)


# --- displays, calls, lambdas --------------------------------------------------------------------------------


def _tuple(m: Machine, node: ast.Tuple) -> Any:
    return tuple(_elements(m, node.elts))


def _list(m: Machine, node: ast.List) -> Any:
    return call.own(m, _elements(m, node.elts))


def _set(m: Machine, node: ast.Set) -> Any:
    values = _elements(m, node.elts)
    if symbolic(values):
        return tuple(values)  # only asked for membership
    return call.own(m, set(values))


def _dict(m: Machine, node: ast.Dict) -> Any:
    pairs = {}
    for k, v in zip(node.keys, node.values, strict=True):
        if k is None:
            raise m.fail("** in a dict display is not part of the language")
        key = evaluate(m, k)
        if symbolic(key):
            raise m.fail("the key of a dict must be concrete", "use an Array field")
        pairs[key] = evaluate(m, v)
    return call.own(m, pairs)


def _elements(m: Machine, nodes: list[ast.expr]) -> list[Any]:
    values: list[Any] = []
    for n in nodes:
        if isinstance(n, ast.Starred):
            values.extend(evaluate(m, n.value))
        else:
            values.append(evaluate(m, n))
    return values


def _call(m: Machine, node: ast.Call) -> Any:
    return call.evaluate_call(m, node)


def _lambda(m: Machine, node: ast.Lambda) -> Any:
    assert m.frame is not None
    outer = m.frame.fn
    fn = Function(node, "<lambda>", outer.file, outer.globals, outer.cells, {}, outer.owner)
    return Closure(fn, m.frame)


def _joined(m: Machine, node: ast.JoinedStr) -> Any:
    parts = []
    for v in node.values:
        value = evaluate(m, v.value if isinstance(v, ast.FormattedValue) else v)
        if symbolic(value):
            raise m.fail("a symbolic value cannot be put into text")
        parts.append(str(value))
    return "".join(parts)


def _comprehension(m: Machine, node: ast.expr) -> Any:
    return iteration.comprehension(m, node)


def _named(m: Machine, node: ast.NamedExpr) -> Any:
    from .statements import assign

    value = evaluate(m, node.value)
    assign(m, node.target, value)
    return value


def _name(node: ast.AST) -> str:
    return type(node).__name__


_SPELT: dict[type[ast.AST], str] = {
    ast.Yield: "`yield` inside an expression",
    ast.YieldFrom: "`yield from` inside an expression",
    ast.Await: "`await`",
}
_MEND: dict[type[ast.AST], str] = {
    ast.Yield: 'write `yield step("label")` as a statement of its own',
    ast.YieldFrom: "write `yield from` as a statement, an assignment or a return value",
    ast.Await: "steps are separated by `yield step(…)`",
}

_HANDLERS: dict[type[ast.AST], Callable[[Machine, Any], Any]] = {
    ast.Constant: _constant,
    ast.Name: _lookup,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _binop,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolop,
    ast.IfExp: _ifexp,
    ast.Compare: _compare,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Call: _call,
    ast.Lambda: _lambda,
    ast.JoinedStr: _joined,
    ast.NamedExpr: _named,
    ast.GeneratorExp: _comprehension,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
}

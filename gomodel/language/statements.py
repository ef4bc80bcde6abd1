"""Execution of Python statements over symbolic values, from a yield to the next one.

A program counter is the static position of a yield: for every activation around it, the indices of the
statements entered.  ``run_block`` executes a block and reports its ``Exits``; given a position it enters the
block there instead, so that resuming a process is re-entering its nested blocks without executing what
stands before.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import build as b
from . import expressions as ex
from . import loops, operators
from .domains import Array, Seq, Set, Struct
from .exits import accumulate, either_return, join_exits
from .iteration import listed
from .machine import Arm, DeadPath, Exits, Frame, Machine, MustFork, Unjoined
from .model import Component
from .places import Place, field_of, write
from .source import has_yield, leads_to_fatal
from .symbols import Locals, OldView, lift, symbolic, truth


def run_block(m: Machine, body: list[ast.stmt], resume: tuple[Any, ...] = ()) -> Exits:
    """Execute ``body`` in the current frame, from the start or from position ``resume`` inside it."""
    exits = Exits()
    start, inner = (resume[0], resume[1:]) if resume else (0, None)
    tracing = m.generator
    for i in range(start, len(body)):
        if tracing is not None:
            tracing.position.append(i)
        try:
            one = _statement(m, body[i], inner if i == start else None)
        except DeadPath:
            return exits
        finally:
            if tracing is not None:
                tracing.position.pop()
        accumulate(m, exits, one)
        if one.fall is None:
            return exits
        m.state = one.fall
    exits.fall = m.state
    return exits


def _statement(m: Machine, node: ast.stmt, resume: tuple[Any, ...] | None) -> Exits:
    outer, m.node = m.node, node
    try:
        handler = _STATEMENTS.get(type(node))
        if handler is None:
            raise m.fail(
                f"`{ast.unparse(node).split()[0].rstrip(':')}` is not part of the modelling language",
                _MEND.get(type(node)),
            )
        if has_yield(node):
            if m.generator is None:
                raise m.fail("a yield stands in a function that is not an operation or process")
            return handler(m, node, resume)
        return handler(m, node, None)
    finally:
        m.node = outer


def _falls(m: Machine) -> Exits:
    return Exits(fall=m.state)


# --- assignments ---------------------------------------------------------------------------------------------


def _expr(m: Machine, node: ast.Expr, resume: Any) -> Exits:
    if isinstance(node.value, ast.Yield):
        return m.generator.at_yield(m, node.value, resume)  # type: ignore[no-any-return]
    if isinstance(node.value, ast.YieldFrom):
        return _from_operation(m, node.value, resume, lambda value: None)
    ex.evaluate(m, node.value)
    return _falls(m)


def _assign(m: Machine, node: ast.Assign, resume: Any) -> Exits:
    def store(value: Any) -> None:
        for target in node.targets:
            assign(m, target, value)

    if isinstance(node.value, ast.YieldFrom):
        return _from_operation(m, node.value, resume, store)
    store(ex.evaluate(m, node.value))
    return _falls(m)


def _annassign(m: Machine, node: ast.AnnAssign, resume: Any) -> Exits:
    if isinstance(node.value, ast.YieldFrom):
        return _from_operation(m, node.value, resume, lambda value: assign(m, node.target, value))
    if node.value is not None:
        assign(m, node.target, ex.evaluate(m, node.value))
    return _falls(m)


def _augassign(m: Machine, node: ast.AugAssign, resume: Any) -> Exits:
    def combined(old: Any) -> Any:
        return operators.binary(m, type(node.op), old, ex.evaluate(m, node.value))

    target = node.target  # what stands in it is evaluated once, before the value
    match target:
        case ast.Name():
            bind(m, target, combined(ex.evaluate(m, ast.copy_location(ast.Name(target.id, ast.Load()), target))))
        case ast.Attribute():
            owner = ex.evaluate(m, target.value)
            _assign_attribute(m, owner, target.attr, combined(ex.attribute(m, owner, target.attr)))
        case ast.Subscript():
            owner, index = ex.evaluate(m, target.value), ex.evaluate(m, target.slice)
            _assign_element(m, owner, index, combined(ex.subscript(m, owner, index)))
    return _falls(m)


def assign(m: Machine, target: ast.expr, value: Any) -> None:
    """``target = value`` with value semantics for containers of the model."""
    outer, m.node = m.node, target
    try:
        match target:
            case ast.Name():
                bind(m, target, value)
            case ast.Attribute():
                _assign_attribute(m, ex.evaluate(m, target.value), target.attr, value)
            case ast.Subscript():
                _assign_element(m, ex.evaluate(m, target.value), ex.evaluate(m, target.slice), value)
            case ast.Tuple() | ast.List():
                bind(m, target, value)
            case _:
                raise m.fail(f"{type(target).__name__} cannot be assigned to")
    finally:
        m.node = outer


def bind(m: Machine, target: ast.expr, value: Any) -> None:
    """Bind a name, or a tuple of targets."""
    if isinstance(target, (ast.Tuple, ast.List)):
        value = listed(m, value)
        values = list(value) if isinstance(value, (tuple, list)) else None
        if values is None or len(values) != len(target.elts):
            raise m.fail("the value does not unpack into these names")
        for t, v in zip(target.elts, values, strict=True):
            assign(m, t, v)
        return
    assert isinstance(target, ast.Name)
    assert m.frame is not None
    env = m.state.envs[m.frame]
    place = _local_place(m, m.frame, target.id)
    if place is None:
        env[target.id] = value
        return
    if isinstance(place.domain, (Struct, Array, Seq, Set)):
        _own_contents(m, target.id, place, value, env)
    write(m, place, lift(m, value, place.domain))
    env[target.id] = place


def _own_contents(m: Machine, name: str, place: Place, value: Any, env: dict[str, Any]) -> None:
    """Refuse what CPython would let a container local share with something else, or keep as a Python container."""
    others = [v for n, v in env.items() if n != name and isinstance(v, Place)]
    if not isinstance(value, Place):
        raise m.fail(f"{name!r} would be a Python {type(value).__name__}", "take `.copy()` of a field of that domain")
    if isinstance(value.base, str):
        what = "would be a view of the state, which is good within one step only"
    elif value.frozen:
        what = "would be an element of a queue, set or option, which cannot be changed"
    elif value in others or any(v.base == place.base for v in others):
        what = "would share its contents with another name"
    else:
        return
    raise m.fail(f"{name!r} {what}", "write `.copy()` behind it")


def _local_place(m: Machine, frame: Frame, name: str) -> Place | None:
    """Where a declared local of an operation or process lives, None for an ordinary name."""
    domain = frame.domains.get(name)
    if domain is None or m.generator is None:
        return None
    place: Place = m.generator.local(m, frame, name, domain)
    return place


def _assign_attribute(m: Machine, owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, Component):
        place = ex.field_place(m, owner, name)
    elif isinstance(owner, Place) and isinstance(owner.domain, Struct):
        place = field_of(m, owner, name)
    elif isinstance(owner, (Locals, OldView)):
        raise m.fail("locals of a process and the state before the step are read only")
    else:
        raise m.fail("only fields of components and structs can be assigned")
    write(m, place, lift(m, value, place.domain))


def _assign_element(m: Machine, owner: Any, index: Any, value: Any) -> None:
    from .calls import mutable
    from .containers import set_element

    if isinstance(owner, Place):
        if isinstance(owner.domain, Seq):
            set_element(m, owner, index, value)
            return
        place = ex.element(m, owner, index)
        write(m, place, lift(m, value, place.domain))
    elif isinstance(owner, (list, dict)):
        if symbolic(index):
            raise m.fail("a Python container cannot be indexed by a symbolic value", "make it an Array field")
        mutable(m, owner)
        operators.native(m, owner.__setitem__, index, value)
    else:
        raise m.fail("only elements of containers can be assigned")


# --- control -------------------------------------------------------------------------------------------------


def _if(m: Machine, node: ast.If, resume: Any) -> Exits:
    if resume is not None:
        return _arm(m, node, resume[0], resume[1:])
    reads, asked = m.reads, m.bugs_asked
    test = ex.evaluate_test(m, node.test)
    of_state, of_bug = m.reads > reads, m.bugs_asked > asked
    on_state = symbolic(test) or (of_state and not of_bug)
    cond = m.simplify(truth(m, test)) if symbolic(test) else b.boolean(bool(operators.native(m, bool, test)))
    if cond.op == "const" and (of_state or of_bug):
        _passed(m, node, 1 if cond.data else 0, Arm.BUG if of_bug else Arm.STATE)
    yes, no = (lambda: _covered(m, node, 0, on_state)), (lambda: _covered(m, node, 1, on_state))
    result: Exits = m.branch(node, cond, yes, no, join_exits(m))
    return result


def _arm(m: Machine, node: ast.If, side: int, resume: tuple[Any, ...]) -> Exits:
    body = node.orelse if side else node.body
    tracing = m.generator
    if tracing is not None:
        tracing.position.append(side)
    try:
        return run_block(m, body, resume)
    finally:
        if tracing is not None:
            tracing.position.pop()


def _covered(m: Machine, node: ast.If, side: int, on_state: bool) -> Exits:
    """One arm of an ``if``; notes for coverage when it is taken, unless it ends in ``fatal`` only."""
    cond = m.state.condition()
    exits = _arm(m, node, side, ())
    name = _branch(m, node, side)
    if name and any((exits.fall, exits.brk, exits.cont, exits.ret, exits.yields)):
        m.covers.append((name, cond))
        m.note(name, Arm.TAKEN | Arm.STATE if on_state else Arm.TAKEN)
    return exits


def _passed(m: Machine, node: ast.If, side: int, because: Arm) -> None:
    """The arm that is never taken from here.  One that leads to a ``fatal`` need not be taken at all."""
    name = _branch(m, node, side)
    assert m.frame is not None
    if name and not any(leads_to_fatal(statement, m.frame.fn) for statement in (node.orelse if side else node.body)):
        m.note(name, because)


def _branch(m: Machine, node: ast.If, side: int) -> str:
    """The name of an arm: its first line.  Nothing where there is none, or where it is not judged here."""
    body = node.orelse if side else node.body
    if not body or m.frame is None or not m.frame.own:
        return ""
    return f"{m.frame.fn.file}:{body[0].lineno}"


def _return(m: Machine, node: ast.Return, resume: Any) -> Exits:
    if isinstance(node.value, ast.YieldFrom):
        kept: list[Any] = []
        exits = _from_operation(m, node.value, resume, kept.append)
        if exits.fall is not None:
            exits.ret = either_return(m, exits.ret_key, exits.ret, (exits.fall, kept[-1]))
            exits.fall = None
        return exits
    value = None if node.value is None else ex.evaluate(m, node.value)
    if isinstance(value, Unjoined):
        raise MustFork([value.node])
    return Exits(ret=(m.state, value))


def _from_operation(m: Machine, node: ast.YieldFrom, resume: Any, store: Callable[[Any], None]) -> Exits:
    exits: Exits = m.generator.call(m, node, resume)
    if exits.ret is not None:
        m.state, value = exits.ret
        exits.ret = None
        store(value)
        exits.fall = m.state
    return exits


def _break(m: Machine, node: ast.Break, resume: Any) -> Exits:
    return Exits(brk=m.state)


def _continue(m: Machine, node: ast.Continue, resume: Any) -> Exits:
    return Exits(cont=m.state)


def _pass(m: Machine, node: ast.Pass, resume: Any) -> Exits:
    return _falls(m)


def _assert(m: Machine, node: ast.Assert, resume: Any) -> Exits:
    text = "AssertionError" if node.msg is None else f"AssertionError: {ex.evaluate(m, node.msg)}"
    test = ex.evaluate(m, node.test)
    m.error(b.not_(m.simplify(truth(m, test))), text)
    return _falls(m)


def _raise(m: Machine, node: ast.Raise, resume: Any) -> Exits:
    m.error(b.TRUE, ast.unparse(node))
    raise DeadPath


def _def(m: Machine, node: ast.FunctionDef, resume: Any) -> Exits:
    from .source import Function

    assert m.frame is not None
    outer = m.frame.fn
    fn = Function(node, node.name, outer.file, outer.globals, outer.cells, {}, outer.owner)
    if fn.is_generator or node.decorator_list or node.args.defaults:
        raise m.fail("a nested function is plain: no yield, decorator or default", "make it a method")
    m.state.envs[m.frame][node.name] = ex.Closure(fn, m.frame)
    return _falls(m)


_MEND: dict[type[ast.AST], str] = {
    ast.Try: "an error on a path is found and reported by the checker; test the condition with `if`",
    ast.With: "name the region in step(region=…); there is nothing to enter or leave in a model",
    ast.Global: "state lives in fields of components",
    ast.Nonlocal: "return the value, or make it a field",
    ast.Match: "use if / elif",
    ast.Delete: "assign None, or a default",
    ast.Import: "import at the top of the file",
    ast.ImportFrom: "import at the top of the file",
    ast.AsyncFunctionDef: "steps are separated by `yield step(…)`",
    ast.ClassDef: "define classes at the top of the file",
}

_STATEMENTS: dict[type[ast.AST], Callable[[Machine, Any, Any], Exits]] = {
    ast.Expr: _expr,
    ast.Assign: _assign,
    ast.AnnAssign: _annassign,
    ast.AugAssign: _augassign,
    ast.If: _if,
    ast.While: lambda m, node, resume: loops.run_while(m, node, resume),
    ast.For: lambda m, node, resume: loops.run_for(m, node, resume),
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Pass: _pass,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.FunctionDef: _def,
}

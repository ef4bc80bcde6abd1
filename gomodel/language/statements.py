"""Execution of Python statements over symbolic values, from a yield to the next one.

A program counter is the static position of a yield: for every activation around it, the indices of the
statements entered.  ``run_block`` executes a block and reports its ``Exits``; given a position it enters the
block there instead, so that resuming a process is re-entering its nested blocks without executing what
stands before.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from . import build as b
from . import expressions as ex
from .domains import Array, Seq, Set, Struct
from .machine import DeadPath, Exits, Frame, Machine, MustFork, State, Unjoined
from .model import Component
from .places import Place, field_of, write
from .source import has_yield
from .symbols import Locals, OldView, lift, symbolic, truth
from .terms import Term

MAX_ROUNDS = 2000


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
        _accumulate(m, exits, one)
        if one.fall is None:
            return exits
        m.state = one.fall
    exits.fall = m.state
    return exits


def _accumulate(m: Machine, total: Exits, one: Exits) -> None:
    """Add the non-falling exits of a later statement to those of the statements before it."""
    key = total.ret_key or one.ret_key
    total.brk = _either(m, key, total.brk, one.brk)
    total.cont = _either(m, key, total.cont, one.cont)
    total.ret = _either_return(m, key, total.ret, one.ret)
    total.ret_key = key
    total.yields += one.yields


def _either(m: Machine, key: Any, x: State | None, y: State | None) -> State | None:
    if x is None or y is None:
        return x or y
    return m.merge(key, x, y)


def _either_return(m: Machine, key: Any, x: Any, y: Any) -> Any:
    if x is None or y is None:
        return x or y
    before = m.state
    value = m.join_values(key, (x[1], x[0]), (y[1], y[0]))
    joined = m.state, value
    m.state = before
    return joined


def join_exits(m: Machine) -> Callable[..., Exits]:
    """How ``Machine.branch`` combines the two sides of a statement."""

    def join(key: tuple[Any, ...], one: Any, two: Any) -> Exits:
        if one is None or two is None:
            exits: Exits = (one or two)[0]
            exits.ret_key = exits.ret_key or key
            return exits
        x, y = one[0], two[0]
        return Exits(
            _either(m, key, x.fall, y.fall),
            _either(m, key, x.brk, y.brk),
            _either(m, key, x.cont, y.cont),
            _either_return(m, key, x.ret, y.ret),
            key,
            x.yields + y.yields,
        )

    return join


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
        return ex.binary(m, type(node.op), old, ex.evaluate(m, node.value))

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
        ex.native(m, owner.__setitem__, index, value)
    else:
        raise m.fail("only elements of containers can be assigned")


# --- control -------------------------------------------------------------------------------------------------


def _if(m: Machine, node: ast.If, resume: Any) -> Exits:
    if resume is not None:
        return _arm(m, node, resume[0], resume[1:])
    test = ex.evaluate(m, node.test)
    if not symbolic(test):
        return _arm(m, node, 0 if ex.native(m, bool, test) else 1, ())
    yes, no = (lambda: _covered(m, node, 0)), (lambda: _covered(m, node, 1))
    cond = m.simplify(truth(m, test))
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


def _covered(m: Machine, node: ast.If, side: int) -> Exits:
    """One arm of a symbolic ``if``; notes for coverage when it is taken, unless it ends in ``fatal`` only."""
    cond = m.state.condition()
    exits = _arm(m, node, side, ())
    body = node.orelse if side else node.body
    if body and m.frame is not None and "." not in m.frame.owner:  # deeper components have models of their own
        reached = any((exits.fall, exits.brk, exits.cont, exits.ret, exits.yields))
        m.covers.append((f"{m.frame.fn.file}:{body[0].lineno}", cond, reached))
    return exits


def _while(m: Machine, node: ast.While, resume: Any) -> Exits:
    total = Exits()
    if resume is not None and resume[0] == 1:
        total = _arm_else(m, node.orelse, resume[1:])
        return total
    inside = None if resume is None else resume[1:]
    for _ in range(MAX_ROUNDS):
        if inside is None:
            done, entered = _loop_test(m, node)
            if done is not None:
                m.state = done
                after = _arm_else(m, node.orelse, ())
                _accumulate(m, total, after)
                total.fall = _either(m, _key(m, node), total.fall, after.fall)
            if entered is None:
                return total
            m.state = entered
        exits = _arm_loop(m, node.body, inside or ())
        inside = None
        total.fall = _either(m, _key(m, node), total.fall, exits.brk)
        exits.brk = None
        again = _either(m, _key(m, node), exits.fall, exits.cont)
        exits.fall = exits.cont = None
        _accumulate(m, total, exits)
        if again is None:
            return total
        m.state = again
    raise m.fail(
        "this loop goes round without reaching a yield",
        "put a `yield step(…)` on every way round, or loop over a concrete range",
    )


def _key(m: Machine, node: ast.stmt) -> tuple[Any, ...]:
    return m.here(node)


def _arm_loop(m: Machine, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    return _positioned(m, 0, body, resume)


def _arm_else(m: Machine, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    return _positioned(m, 1, body, resume)


def _positioned(m: Machine, mark: Any, body: list[ast.stmt], resume: tuple[Any, ...]) -> Exits:
    tracing = m.generator
    if tracing is not None:
        tracing.position.append(mark)
    try:
        return run_block(m, body, resume)
    finally:
        if tracing is not None:
            tracing.position.pop()


def _loop_test(m: Machine, node: ast.While) -> tuple[State | None, State | None]:
    """``(state where the loop ends, state where it goes on)``."""
    try:
        test = ex.evaluate(m, node.test)
        if not symbolic(test):
            return (None, m.state) if ex.native(m, bool, test) else (m.state, None)
        cond = m.simplify(truth(m, test))
    except DeadPath:
        return None, None
    if cond.op == "const":
        return (None, m.state) if cond.data else (m.state, None)
    if not has_yield(node):
        raise m.fail(
            "the condition of a `while` without a yield must be concrete",
            "write `for i in range(N): if not …: break`",
        )
    key = m.here(node)
    if key in m.fork_at:
        m.fork_here()
        first = m.oracle.decide(2) == 0
        m.state.assume(cond if first else b.not_(cond))
        return (None, m.state) if first else (m.state, None)
    ends, goes = m.state.copy(), m.state
    result: list[State | None] = []
    for state, c in ((ends, b.not_(cond)), (goes, cond)):
        try:
            state.split(key, c)
            result.append(state)
        except DeadPath:
            result.append(None)
    return result[0], result[1]


def _for(m: Machine, node: ast.For, resume: Any) -> Exits:
    from .iteration import items_of

    total = Exits()
    yields = has_yield(node)
    if resume is not None and resume[0] == -1:
        return _positioned(m, -1, node.orelse, resume[1:])
    items = items_of(m, ex.evaluate(m, node.iter))
    if yields and any(g is not b.TRUE or _mutable_view(v) for g, v in items):
        raise m.fail("a `for` around a yield goes over constants only", "use an index: `for i in range(N)`")
    if yields and any(v == u for i, (_, v) in enumerate(items) for _, u in items[:i]):
        raise m.fail("a `for` around a yield goes over distinct values", "use an index: `for i in range(N)`")
    start = 0 if resume is None else resume[0]
    for k in range(start, len(items)):
        guard, value = items[k]
        here = resume[1:] if resume is not None and k == start else ()
        again = _round(m, node, k, guard, value, here, total)
        if again is None:
            return total
        m.state = again
    after = _positioned(m, -1, node.orelse, ())
    _accumulate(m, total, after)
    total.fall = _either(m, _key(m, node), total.fall, after.fall)
    return total


def _mutable_view(value: Any) -> bool:
    return isinstance(value, Place)


def _round(
    m: Machine, node: ast.For, k: int, guard: Term, value: Any, resume: tuple[Any, ...], total: Exits
) -> State | None:
    """One round of a ``for``; the state in which the next begins, or None."""

    def body() -> Exits:
        bind(m, node.target, value)
        if m.frame is None or not has_yield(node):
            return _positioned(m, k, node.body, resume)
        static, known = m.frame.static, dict(_bindings(node.target, value))
        static.update(known)
        try:
            return _positioned(m, k, node.body, resume)
        finally:
            for name in known:  # behind the loop they are part of no program counter
                del static[name]

    if guard is b.TRUE:
        try:
            exits = body()
        except DeadPath:
            return None
    else:
        exits = m.branch(node, guard, body, lambda: Exits(fall=m.state), join_exits(m))
    total.fall = _either(m, _key(m, node), total.fall, exits.brk)
    exits.brk = None
    again = _either(m, _key(m, node), exits.fall, exits.cont)
    exits.fall = exits.cont = None
    _accumulate(m, total, exits)
    return again


def _bindings(target: ast.expr, value: Any) -> Iterator[tuple[str, Any]]:
    """The names that a loop's target binds, with their values."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        for t, v in zip(target.elts, value, strict=True):
            yield from _bindings(t, v)


def _return(m: Machine, node: ast.Return, resume: Any) -> Exits:
    if isinstance(node.value, ast.YieldFrom):
        kept: list[Any] = []
        exits = _from_operation(m, node.value, resume, kept.append)
        if exits.fall is not None:
            exits.ret = _either_return(m, exits.ret_key, exits.ret, (exits.fall, kept[-1]))
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
    ast.While: _while,
    ast.For: _for,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Pass: _pass,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.FunctionDef: _def,
}

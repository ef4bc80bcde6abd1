"""Calls: of the spec's own functions, of containers' methods, and of what CPython runs itself."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import build as b
from . import expressions as ex
from . import intrinsics, iteration, operators, primitives
from .containers import method_of
from .domains import Domain, Struct
from .machine import DeadPath, Exits, Frame, Machine
from .model import Component
from .places import Place, box
from .processes import ProcessSet
from .source import Function, function_of, is_spec_code
from .symbols import Guarded, lift, symbolic
from .terms import Term

MAX_DEPTH = 60


@dataclass(frozen=True)
class Bound:
    """A method of the spec bound to a symbolic receiver (an ``OldView``)."""

    fn: Any
    owner: Any


@dataclass(frozen=True)
class Method:
    """A container's method bound to its place."""

    fn: Callable[..., Any]
    place: Place
    name: str


@dataclass(frozen=True)
class OldProcesses:
    """A process set as it stood before the step."""

    procs: ProcessSet


def method(m: Machine, place: Place, name: str) -> Method:
    return Method(method_of(m, place, name), place, name)


def own(m: Machine, container: Any) -> Any:
    """Note that this Python container was made by the step, so that the step may change it."""
    m.owned.append(container)
    return container


# --- dispatch ------------------------------------------------------------------------------------------------


def evaluate_call(m: Machine, node: ast.Call) -> Any:
    fn = ex.evaluate(m, node.func)
    if (
        _hashable(fn)
        and fn in intrinsics.AGGREGATES
        and len(node.args) == 1
        and isinstance(node.args[0], (ast.GeneratorExp, ast.ListComp))
    ):
        return iteration.aggregate(m, intrinsics.AGGREGATES[fn], node.args[0])
    if fn is primitives.like:
        return intrinsics.like(m, node)
    if fn is primitives.outcome:
        return intrinsics.outcome(m, node)
    args: list[Any] = []
    for a in node.args:
        if isinstance(a, ast.Starred):
            args.extend(g[1] for g in iteration.items_of(m, ex.evaluate(m, a.value)))
        else:
            args.append(ex.evaluate(m, a))
    kwargs = {keyword(m, k): ex.evaluate(m, k.value) for k in node.keywords}
    return apply(m, fn, tuple(args), kwargs)


def keyword(m: Machine, k: ast.keyword) -> str:
    """The name of a keyword argument."""
    if k.arg is None:
        raise m.fail("** in a call is not part of the language")
    return k.arg


def _hashable(fn: Any) -> bool:
    return isinstance(fn, (types.FunctionType, types.BuiltinFunctionType, type))


def apply(m: Machine, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``fn(*args, **kwargs)`` for any callable value."""
    if isinstance(fn, Method):
        return _container_call(m, fn, args, kwargs)
    if isinstance(fn, ex.Closure):
        return run_function(m, fn.fn, args, kwargs, fn.frame)
    if isinstance(fn, Bound):
        return function(m, fn.fn, (fn.owner, *args), kwargs)
    if isinstance(fn, OldAt):
        return m.label_reader(m, fn.procs, args, True)
    if isinstance(fn, types.MethodType):
        if fn.__func__ is ProcessSet.at:
            return m.label_reader(m, fn.__self__, args, False)
        m.bugs_asked += fn.__func__ is Component.bug
        if is_spec_code(fn.__func__):
            return function(m, fn.__func__, (fn.__self__, *args), kwargs)
    if _hashable(fn) and fn in intrinsics.INTRINSICS:
        return intrinsics.INTRINSICS[fn](m, *args, **kwargs)
    if is_spec_code(fn):
        return function(m, fn, args, kwargs)
    if isinstance(fn, Struct):
        return _struct(m, fn, args, kwargs)
    if isinstance(fn, type) and issubclass(fn, Domain):
        return operators.native(m, fn, *args, **kwargs)
    if symbolic(fn):
        raise m.fail("a value of the model is not a function")
    return native_call(m, fn, args, kwargs)


_MUTATORS = {"append", "extend", "insert", "pop", "remove", "sort", "reverse", "add", "update", "clear", "discard",
             "setdefault", "popitem", "__setitem__"}  # fmt: skip
_TRANSPARENT: set[Any] = {tuple, list, enumerate, zip, reversed, dict}


def native_call(m: Machine, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Anything else runs in CPython; symbolic arguments only where it does not look at them."""
    receiver = getattr(fn, "__self__", None)
    if isinstance(receiver, (list, dict, set)) and getattr(fn, "__name__", "") in _MUTATORS:
        mutable(m, receiver)
        return operators.native(m, fn, *args, **kwargs)
    if symbolic(args) or symbolic(kwargs):
        if fn in _TRANSPARENT:
            listed = [iteration.listed(m, a) for a in args]
            if not any(isinstance(a, (Place, Term, Guarded)) for a in listed):
                return own(m, operators.native(m, fn, *listed, **kwargs))
        name = getattr(fn, "__name__", repr(fn))
        hint = "a while loop without a yield needs a concrete range: `for i in range(N): if …: break`"
        raise m.fail(f"{name}() of a symbolic value is not part of the language", hint if fn is range else None)
    result = operators.native(m, fn, *args, **kwargs)
    return own(m, result) if isinstance(result, (list, dict, set)) else result


def mutable(m: Machine, container: Any) -> None:
    """A Python container may be changed by the step that made it, on a path of its own."""
    if not any(container is o for o in m.owned):
        raise m.fail(
            "a step must not change a Python container that outlives it", "make it a field: Array, Queue, Set, …"
        )
    m.forbid_effects("change a container")
    m.fork_here()


def _container_call(m: Machine, fn: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        inspect.signature(fn.fn).bind(m, fn.place, *args, **kwargs)
    except TypeError as e:
        raise m.fail(f"{fn.name}: {e}") from None
    return fn.fn(m, fn.place, *args, **kwargs)


def _struct(m: Machine, domain: Struct, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Place:
    if args:
        raise m.fail("a struct is made with named fields", f"e.g. Word({next(iter(domain.fields))}=…)")
    unknown = [k for k in kwargs if k not in domain.fields]
    if unknown:
        raise m.fail(f"the struct has no field {unknown[0]!r}", f"its fields are {', '.join(domain.fields)}")
    cells = [lift(m, kwargs[n], d) if n in kwargs else b.const(d.initial(), d) for n, d in domain.fields.items()]
    return box(m, b.record(domain, *cells), domain)


# --- the spec's own functions --------------------------------------------------------------------------------


def function(m: Machine, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    info = function_of(fn)
    if info.is_generator:
        raise m.fail(f"{info.name} is an operation with steps of its own", f"write `yield from …{info.name}(…)`")
    return run_function(m, info, args, kwargs, None)


def bind_arguments(m: Machine, fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Parameter → value, with Python's rules; raises SpecError where they do not fit."""
    arguments = fn.node.args
    if arguments.vararg or arguments.kwarg:
        raise m.fail(f"{fn.name}: *args and **kwargs are not part of the language", node=m.node)
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    if len(args) > len(positional):
        raise m.fail(f"{fn.name} takes {len(positional)} arguments, {len(args)} were given")
    bound = dict(zip(positional, args, strict=False))
    for name, value in kwargs.items():
        if name in bound or name not in fn.params:
            raise m.fail(f"{fn.name} has no free parameter {name!r}")
        bound[name] = value
    for name in fn.params:
        if name not in bound:
            if name not in fn.defaults:
                raise m.fail(f"{fn.name} misses its argument {name!r}")
            if isinstance(fn.defaults[name], (list, dict, set)):
                raise m.fail(f"{fn.name} has a mutable default for {name!r}", "use None, or a field")
            bound[name] = fn.defaults[name]
    return bound


def run_function(m: Machine, fn: Function, args: tuple[Any, ...], kwargs: dict[str, Any], parent: Frame | None) -> Any:
    """Interpret a plain function inside the current step; early returns are joined."""
    from .statements import run_block

    if len(m.frames) > MAX_DEPTH:
        raise m.fail(f"{fn.name} calls itself too deep", "loops in a step run over concrete bounds")
    outer_frame, outer_node = m.frame, m.node
    frame = Frame(fn, parent)
    receiver = args[0] if args else None
    if isinstance(receiver, Component):
        frame.owner, frame.own = receiver._meta.path, receiver._meta.own
    elif parent is not None:
        frame.owner, frame.own = parent.owner, parent.own
    m.state.envs[frame] = bind_arguments(m, fn, args, kwargs)
    m.frames.append(frame)
    m.frame = frame
    try:
        if isinstance(fn.node, ast.Lambda):
            return ex.evaluate(m, fn.node.body)
        return returned(m, run_block(m, fn.node.body), (id(fn.node), fn.node, tuple(f.fn.node for f in m.frames)))
    finally:
        m.frames.pop()
        m.frame, m.node = outer_frame, outer_node
        m.state.envs.pop(frame, None)


def returned(m: Machine, exits: Exits, key: tuple[Any, ...]) -> Any:
    """The value of a function body: falling off its end returns None, joined with what ``return`` gave."""
    if exits.ret is None:
        if exits.fall is None:
            raise DeadPath
        m.state = exits.fall
        return None
    if exits.fall is None:
        m.state, value = exits.ret[0], exits.ret[1]
        return value
    state, value = exits.ret
    return m.join_values(exits.ret_key or key, (value, state), (None, exits.fall))


@dataclass(frozen=True)
class OldAt:
    procs: ProcessSet

"""Calls: the language's primitives, Python's builtins on symbolic values, and the spec's own functions."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import build as b
from . import expressions as ex
from . import iteration, primitives
from .containers import method_of
from .domains import Domain, Int, Struct
from .machine import DeadPath, Exits, Frame, Machine
from .model import Component
from .places import Place, box
from .processes import ProcessSet
from .source import Function, function_of, is_spec_code
from .symbols import Guarded, domain_of, lift, symbolic, truth, unwrap
from .terms import INT, Term, leaves_of

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
        and fn in _AGGREGATES
        and len(node.args) == 1
        and isinstance(node.args[0], (ast.GeneratorExp, ast.ListComp))
    ):
        return iteration.aggregate(m, _AGGREGATES[fn], node.args[0])
    if fn is primitives.like:
        return _like(m, node)
    args: list[Any] = []
    for a in node.args:
        if isinstance(a, ast.Starred):
            args.extend(g[1] for g in iteration.items_of(m, ex.evaluate(m, a.value)))
        else:
            args.append(ex.evaluate(m, a))
    kwargs = {}
    for k in node.keywords:
        if k.arg is None:
            raise m.fail("** in a call is not part of the language")
        kwargs[k.arg] = ex.evaluate(m, k.value)
    return apply(m, fn, tuple(args), kwargs)


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
        if is_spec_code(fn.__func__):
            return function(m, fn.__func__, (fn.__self__, *args), kwargs)
    if _hashable(fn) and fn in _INTRINSICS:
        return _INTRINSICS[fn](m, *args, **kwargs)
    if is_spec_code(fn):
        return function(m, fn, args, kwargs)
    if isinstance(fn, Struct):
        return _struct(m, fn, args, kwargs)
    if isinstance(fn, type) and issubclass(fn, Domain):
        return ex.native(m, fn, *args, **kwargs)
    if symbolic(fn):
        raise m.fail("a value of the model is not a function")
    return _native(m, fn, args, kwargs)


_MUTATORS = {"append", "extend", "insert", "pop", "remove", "sort", "reverse", "add", "update", "clear", "discard",
             "setdefault", "popitem", "__setitem__"}  # fmt: skip
_TRANSPARENT: set[Any] = {tuple, list, enumerate, zip, reversed, dict}


def _native(m: Machine, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Anything else runs in CPython; symbolic arguments only where it does not look at them."""
    receiver = getattr(fn, "__self__", None)
    if isinstance(receiver, (list, dict, set)) and getattr(fn, "__name__", "") in _MUTATORS:
        mutable(m, receiver)
        return ex.native(m, fn, *args, **kwargs)
    if symbolic(args) or symbolic(kwargs):
        if fn in _TRANSPARENT and not any(isinstance(a, (Place, Term, Guarded)) for a in args):
            return own(m, ex.native(m, fn, *args, **kwargs))
        if fn in (tuple, list) and len(args) == 1:
            items = iteration.items_of(m, args[0])
            if all(g is b.TRUE for g, _ in items):
                return own(m, fn(v for _, v in items))
        name = getattr(fn, "__name__", repr(fn))
        hint = "a while loop without a yield needs a concrete range: `for i in range(N): if …: break`"
        raise m.fail(f"{name}() of a symbolic value is not part of the language", hint if fn is range else None)
    result = ex.native(m, fn, *args, **kwargs)
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
    frame.owner = receiver._meta.path if isinstance(receiver, Component) else parent.owner if parent else ""
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


# --- primitives ----------------------------------------------------------------------------------------------


def _choose(m: Machine, *options: Any) -> Any:
    m.forbid_effects("choose")
    m.fork_here()
    source = options[0] if len(options) == 1 else options
    domain = source.domain if isinstance(source, ProcessSet) else source
    if isinstance(domain, Domain):
        if not domain.scalar:
            raise m.fail(f"choose needs a scalar domain, not {domain!r}")
        pick = b.leaf("pick", len(m.picks), domain)
        m.picks.append(pick)
        m.choices.append((pick, domain))
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


def _distinct(m: Machine, items: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Options without repetition: an option equal to an earlier one is not offered again."""
    kept: list[tuple[Any, Any]] = []
    for guard, value in items:
        if symbolic(value) or any(symbolic(v) for _, v in kept):
            earlier = [b.and_(g, ex.equal(m, v, value)) for g, v in kept]
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


def _outcome(m: Machine, name: str) -> None:
    m.forbid_effects("name an outcome")
    m.outcomes.append((name, m.state.condition()))


def _implies(m: Machine, premise: Any, conclusion: Any) -> Any:
    p = truth(m, premise)
    where = m.where()
    if where is not None:
        m.premises.append((where, b.and_(*m.state.path, p)))
    if isinstance(conclusion, ex.Closure):
        q = m.under(p, lambda: truth(m, apply(m, conclusion, (), {})))
        return unwrap(m, b.TRUE if q is None else b.implies(p, q))
    return unwrap(m, b.implies(p, truth(m, conclusion)))


def _like(m: Machine, node: ast.Call) -> Any:
    target = node.args[0]
    if isinstance(target, ast.Attribute):
        owner = ex.evaluate(m, target.value)
        if isinstance(owner, Component):
            return ex.field_place(m, owner, target.attr).domain
    value = ex.evaluate(m, target)
    if isinstance(value, Place):
        return value.domain
    raise m.fail("like() needs a field", "e.g. `old: like(self.word) = self.word.copy()`")


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
        return ex.container_length(m, x)
    if isinstance(x, Guarded):
        return iteration.fold_values(m, "count", [unwrap(m, g) for g, _ in x.items])
    if isinstance(x, Term):
        raise m.fail(f"a value of {x.sort!r} has no length")
    return ex.native(m, len, x)


def _extreme(smallest: bool) -> Callable[..., Any]:
    def extreme(m: Machine, *args: Any, **kwargs: Any) -> Any:
        if not symbolic(args):
            return ex.native(m, min if smallest else max, *args, **kwargs)
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
        return ex.native(m, abs, x)
    t = lift(m, x, INT)
    return unwrap(m, b.ite(b.lt(t, b.integer(0)), b.neg(t), t))


def _bool(m: Machine, x: Any = False) -> Any:
    return unwrap(m, truth(m, x)) if symbolic(x) else bool(x)


def _int(m: Machine, x: Any = 0) -> Any:
    return unwrap(m, lift(m, x, INT)) if symbolic(x) else ex.native(m, int, x)


def _range(m: Machine, *args: Any) -> Any:
    """``range(n)`` of a symbolic bound is quantified over; a range of anything else that is symbolic is refused."""
    state = ("var", "next", "self", "pick", "bound")
    if len(args) == 1 and isinstance(args[0], Term) and not leaves_of(args, *state):
        return iteration.Range(Int(0, args[0] - 1), lambda i: (b.TRUE, i))
    return _native(m, range, args, {})


def _isinstance(m: Machine, x: Any, kind: Any) -> Any:
    if symbolic(x):
        raise m.fail("isinstance of a symbolic value is not part of the language")
    return isinstance(x, kind)


def _hash(m: Machine, x: Any) -> Any:
    raise m.fail("hash is not part of the language", "give each key an explicit hash, e.g. an Array of hashes")


@dataclass(frozen=True)
class OldAt:
    procs: ProcessSet


_AGGREGATES: dict[Any, str] = {any: "any", all: "all", sum: "sum", primitives.count: "count"}
_INTRINSICS: dict[Any, Callable[..., Any]] = {
    primitives.choose: _choose,
    primitives.require: _require,
    primitives.fatal: _fatal,
    primitives.outcome: _outcome,
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

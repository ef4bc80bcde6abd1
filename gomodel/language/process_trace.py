"""Tracing one process kind: from each program counter to the next, symbolically, for a process ``self``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from . import build as b
from . import calls, operators, primitives
from . import expressions as ex
from .domains import Array, Domain
from .errors import SpecError, Where
from .machine import DeadPath, Exits, Frame, Machine
from .model import Component
from .places import Place, flat
from .primitives import Step
from .processes import ProcessId, ProcessSet
from .source import Function, assigned, function_of, is_spec_code
from .statements import bind, run_block
from .symbols import symbolic, truth
from .system import Kind
from .terms import Term

Position = tuple[Any, ...]


@dataclass(frozen=True)
class Site:
    """Where one activation of a suspended process stands: what the concrete runner recognises it by.

    ``statics`` are the parameters and loop variables that are part of the program counter; ``scope`` maps the
    Python names of declared locals to (variable, domain); ``owner`` is the path of the component, ``own``
    whether the model judges its coverage.
    """

    file: str
    line: int
    column: int
    statics: tuple[tuple[str, Any], ...]
    scope: tuple[tuple[str, str, Domain], ...]
    owner: str
    own: bool


def static_key(value: Any, own: Any = None) -> Any:
    """What identifies a static value, the same while tracing and in CPython (``own``: the running process)."""
    if (isinstance(value, Term) and value.op == "self") or (own is not None and value is own):
        return "self"
    if isinstance(value, Component):
        return ("component", value._meta.path)
    if isinstance(value, ProcessSet):
        return ("processes", value.kinds)
    if isinstance(value, tuple):
        return tuple(static_key(v, own) for v in value)
    return getattr(value, "__qualname__", value)


class CallEntry:
    """The part of a program counter that says which operation was called, with which static arguments."""

    def __init__(self, fn: Function, receiver: Any, static: tuple[tuple[str, Any], ...]) -> None:
        self.fn, self.receiver, self.static = fn, receiver, static

    def _key(self) -> tuple[Any, ...]:
        return (self.fn.node, id(self.receiver), self.static)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallEntry) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class Tracing:
    """What the interpreter needs while it runs a process: position, activations, locals."""

    def __init__(self, kind: Kind, fn: Function, model: Any, domain: Domain) -> None:
        self.kind, self.fn, self.model = kind, fn, model
        self.self_term = b.leaf("self", kind.name, domain)
        self.index = domain
        self.position: list[Any] = []
        self.frames: list[Frame] = []
        self.bound: list[frozenset[str]] = []  # at resume: declared locals that have a value, per activation
        self.steps: dict[Position, tuple[Step, Where]] = {}
        self.suspended: list[ast.YieldFrom] = []  # the calls around the current activation
        self.sites: dict[Position, tuple[Site, ...]] = {}
        self._initial: dict[str, Term] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._domains: dict[tuple[Any, ...], dict[str, Domain]] = {}

    # --- locals ----------------------------------------------------------------------------------------------

    def initial_cell(self, name: str) -> Term:
        """The local's value before the step."""
        known = self._initial.get(name)
        if known is None:
            cells = b.var(name, Array(self.kind.locals[name], self.index))
            known = self._initial[name] = b.select(cells, self.self_term)
        return known

    def local(self, m: Machine, frame: Frame, name: str, domain: Domain) -> Place:
        """The place of a declared local, registering its variables the first time."""
        key = (frame.chain, name, domain)
        base = self._names.get(key)
        if base is None:
            base = self._names[key] = self._fresh(frame.chain, name)
            for leaf, leaf_domain in flat(domain, base):
                self.kind.locals[leaf] = leaf_domain
        for leaf, leaf_domain in flat(domain, base):
            m.state.cells.setdefault(leaf, b.const(leaf_domain.default(), leaf_domain))
        return Place(domain, base)

    def _fresh(self, chain: tuple[str, ...], name: str) -> str:
        base = ".".join((self.kind.name, *chain[-1:], name))
        taken = set(self._names.values())
        if base in taken:
            base = ".".join((self.kind.name, *chain, name))
        while base in taken:
            base += "'"
        return base

    def declare(self, m: Machine, frame: Frame, receiver: Any) -> None:
        """Evaluate the domains that annotate parameters and locals of an operation."""
        key = (frame.fn.node, id(receiver), frame.chain)
        if key not in self._domains:
            found: dict[str, Domain] = {}
            for name, annotation in frame.fn.annotated.items():
                m.node = annotation
                expression = annotation
                if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
                    expression = ast.parse(expression.value, mode="eval").body
                    ast.copy_location(expression, annotation)
                    for n in ast.walk(expression):
                        ast.copy_location(n, annotation)
                value = ex.evaluate(m, expression)
                if isinstance(value, Domain):
                    found[name] = value
            self._domains[key] = found
        frame.domains = self._domains[key]

    # --- activations -----------------------------------------------------------------------------------------

    def enter(self, m: Machine, fn: Function, receiver: Any, static: dict[str, Any], resumed: bool) -> Frame:
        chain = (*self.frames[-1].chain, fn.name) if self.frames else ()
        frame = Frame(fn, None, chain)
        frame.resumed = resumed
        frame.static = dict(static)
        if isinstance(receiver, Component):
            frame.owner, frame.own = receiver._meta.path, receiver._meta.own
        m.state.envs[frame] = dict(static)
        depth = len(self.frames)
        self.frames.append(frame)
        m.frames.append(frame)
        m.frame = frame
        outer = m.node
        self.declare(m, frame, receiver)
        m.node = outer
        if resumed:
            for name in self.bound[depth] if depth < len(self.bound) else ():
                m.state.envs[frame][name] = self.local(m, frame, name, frame.domains[name])
        return frame

    def leave(self, m: Machine, caller: Frame | None) -> None:
        frame = self.frames.pop()
        m.frames.pop()
        m.state.envs.pop(frame, None)
        m.frame = caller

    def clear_locals(self, m: Machine, frame: Frame) -> None:
        """A local outside its activation has the default value of its domain."""
        for name, domain in frame.domains.items():
            base = self._names.get((frame.chain, name, domain))
            for leaf, leaf_domain in flat(domain, base) if base else ():
                m.state.cells[leaf] = b.const(leaf_domain.default(), leaf_domain)

    def call(self, m: Machine, node: ast.YieldFrom, resume: Any) -> Exits:
        """``yield from self.sema.acquire(…)``: run the operation inside this process."""
        caller = m.frame
        if resume is None:
            fn, receiver, args = self._operation(m, node)
            static = {n: v for n, v in args.items() if _static(v) and n not in assigned(fn) and not _stored(fn, n, v)}
            entry = CallEntry(fn, receiver, tuple(static.items()))
            inner: Position = ()
        else:
            entry, inner = resume[0], resume[1:]
            fn, receiver, static, args = entry.fn, entry.receiver, dict(entry.static), {}
        self.position.append(entry)
        self.suspended.append(node)
        frame = self.enter(m, fn, receiver, static, resumed=resume is not None)
        try:
            self._bind_parameters(m, frame, args, static)
            exits = run_block(m, fn.node.body, inner)  # type: ignore[arg-type]
            exits = self._returned(m, exits, frame)
        finally:
            self.leave(m, caller)
            self.suspended.pop()
            self.position.pop()
        return exits

    def _bind_parameters(self, m: Machine, frame: Frame, args: dict[str, Any], static: dict[str, Any]) -> None:
        for name, value in args.items():
            if name in static:
                continue
            if name in frame.domains:
                bind(m, ast.Name(name, ast.Store()), value)
            else:
                m.state.envs[frame][name] = value

    def _returned(self, m: Machine, exits: Exits, frame: Frame) -> Exits:
        """Join falling off the end with ``return``, and clear the locals of the activation."""
        if exits.fall is not None or exits.ret is not None:
            key = (id(frame.fn.node), frame.fn.node, tuple(f.fn.node for f in m.frames))
            value = calls.returned(m, Exits(exits.fall, ret=exits.ret, ret_key=exits.ret_key), key)
            if isinstance(value, Place) and isinstance(value.base, str) and value.word is None:
                value = _detached(m, value)
            self.clear_locals(m, frame)
            exits.ret, exits.fall = (m.state, value), None
        return exits

    def _operation(self, m: Machine, node: ast.YieldFrom) -> tuple[Function, Any, dict[str, Any]]:
        target = node.value
        if not isinstance(target, ast.Call):
            raise m.fail("`yield from` takes the call of an operation", "e.g. `yield from self.sema.acquire(g)`")
        fn = ex.evaluate(m, target.func)
        receiver = getattr(fn, "__self__", None)
        raw = getattr(fn, "__func__", fn)
        if not is_spec_code(raw):
            raise m.fail("`yield from` takes the call of an operation of the spec")
        info = function_of(raw)
        if not info.is_generator:
            raise m.fail(f"{info.name} has no steps of its own", f"call it without `yield from`: {info.name}(…)")
        if any(f.fn.node is info.node for f in self.frames):
            raise m.fail(f"{info.name} calls itself through `yield from`", "write it as a loop with a stack field")
        args = [ex.evaluate(m, a) for a in target.args]
        kwargs = {calls.keyword(m, k): ex.evaluate(m, k.value) for k in target.keywords}
        first = () if receiver is None else (receiver,)
        return info, receiver, calls.bind_arguments(m, info, (*first, *args), kwargs)

    # --- yields ----------------------------------------------------------------------------------------------

    def at_yield(self, m: Machine, node: ast.Yield, resume: Any) -> Exits:
        """Arrive at a yield (the step ends), or resume behind it (the step begins, under its guard)."""
        step_call = self._step_call(m, node)
        if resume is not None:
            when = next((k.value for k in step_call.keywords if k.arg == "when"), None)
            if isinstance(when, ast.Lambda):
                pure, m.pure = m.pure, "the guard of a step"
                guard = truth(m, ex.evaluate(m, when.body))
                m.pure = pure
                m.event("blocked", b.not_(guard))
            return Exits(fall=m.state)
        position = tuple(self.position)
        self.steps[position] = self._step(m, step_call), m.where()  # type: ignore[assignment]
        self.sites[position] = tuple(
            Site(f.fn.file, n.lineno, n.col_offset, self._statics(f), self._scope(f), f.owner, f.own)
            for f, n in zip(self.frames, (*self.suspended, node), strict=True)
        )
        return Exits(yields=[(m.state, (position, self._bound_now(m)))])

    def _statics(self, frame: Frame) -> tuple[tuple[str, Any], ...]:
        return tuple((n, static_key(v)) for n, v in frame.static.items())

    def _scope(self, frame: Frame) -> tuple[tuple[str, str, Domain], ...]:
        named = ((n, self._names.get((frame.chain, n, d)), d) for n, d in frame.domains.items())
        return tuple((n, base, d) for n, base, d in named if base)

    def _step_call(self, m: Machine, node: ast.Yield) -> ast.Call:
        call = node.value
        if not isinstance(call, ast.Call) or ex.evaluate(m, call.func) is not primitives.step:
            raise m.fail("a process yields steps only", 'write `yield step("label")`')
        return call

    def _step(self, m: Machine, call: ast.Call) -> Step:
        kwargs: dict[str, Any] = {}
        for k in call.keywords:
            if k.arg == "when":
                if not isinstance(k.value, ast.Lambda):
                    raise m.fail(
                        "`when=` takes a lambda", "write `when=lambda: …`: it is evaluated when the step is tried"
                    )
                continue
            kwargs[calls.keyword(m, k)] = ex.evaluate(m, k.value)
        args = [ex.evaluate(m, a) for a in call.args]
        if symbolic(args) or symbolic(kwargs):
            raise m.fail("what describes a step must be concrete")
        result: Step = operators.native(m, primitives.step, *args, **kwargs)
        return result

    def _bound_now(self, m: Machine) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(n for n in f.domains if isinstance(m.state.envs[f].get(n), Place)) for f in self.frames)

    def start(self, m: Machine, resume: Position) -> Exits:
        """Run the process from its beginning (``resume`` empty) or from a program counter."""
        self.position.clear()
        self.frames.clear()
        self.suspended.clear()
        static = dict(zip(self.fn.params, (self.model, self.self_term), strict=False))
        self.enter(m, self.fn, self.model, static, resumed=bool(resume))
        try:
            return run_block(m, self.fn.node.body, resume)  # type: ignore[arg-type]
        except DeadPath:
            return Exits()
        finally:
            self.leave(m, None)


def _static(value: Any) -> bool:
    """Whether an argument is known when tracing and can be part of a program counter."""
    if isinstance(value, Term):
        return value.op == "self"
    if symbolic(value) or isinstance(value, (list, dict, set, ex.Closure)):
        return False
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _stored(fn: Function, name: str, value: Any) -> bool:
    """Whether a parameter is a local with a domain: paths may meet at its call with and without a known value."""
    return name in fn.annotated and (value is None or isinstance(value, (Term, bool, int, str, ProcessId)))


def _detached(m: Machine, place: Place) -> Any:
    from .places import box, read

    return box(m, read(m, place), place.domain)


def check_generator(fn: Function) -> None:
    """Refuse a process that never yields."""
    if not fn.is_generator:
        raise SpecError(
            f"process {fn.name} has no step", where=fn.where(), mend='it needs at least one `yield step("…")`'
        )

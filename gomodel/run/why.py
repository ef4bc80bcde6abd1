"""Why a property fails: the values of its subexpressions where it does, as the property's own Python computes them.

The method is run once more with every expression in it wrapped in a call that notes its value; what it calls of the
spec is run that way too.
"""

from __future__ import annotations

import ast
import copy
import functools
import itertools
import linecache
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..language.declare import LIVENESS
from ..language.errors import SpecError
from ..language.instance import Instance
from ..language.model import Component
from ..language.processes import ProcessId, ProcessSet
from ..language.properties import find_property
from ..language.source import assigned, function_of, is_spec_code
from ..language.system import TransitionSystem
from .concrete import LocalsView, Runner
from .report import Subvalue
from .search import RUN, Found
from .trace import Trace, choice_value

MOST = 400  # lines: what has more helps nobody
_SKIPPED = (Component, ProcessSet, LocalsView, Runner)  # their values say nothing


def explain(inst: Instance, system: TransitionSystem, found: Found, since: int | None = None) -> tuple[Subvalue, ...]:
    """What ``found`` violates, expression by expression, where it fails; nothing of what has no such property.

    Of liveness: where the promise was made (after ``since`` steps), and at the end.  Of a deadlock: the guards of those
    who wait.
    """
    if found.kind in (RUN, "fatal", "error", "refinement"):
        return ()
    try:
        return tuple(itertools.islice(_Explained(inst, system, found).lines(since or 0), MOST))
    except (SpecError, SyntaxError):  # the source of a property cannot be read
        return ()
    except Exception as error:  # whatever it is, it must not cost the counterexample
        return (Subvalue(0, f"no explanation: {type(error).__name__}: {error}", ""),)


class _Explained:
    def __init__(self, inst: Instance, system: TransitionSystem, found: Found) -> None:
        self.inst, self.system, self.found, self.last = inst, system, found, len(found.trace)

    def lines(self, since: int) -> Iterator[Subvalue]:
        if self.found.kind == "deadlock":
            yield from self._guards()
        elif self.found.kind in LIVENESS:
            for k in dict.fromkeys((since, self.last)):
                yield Subvalue(0, self._place(k), "")
                yield from self._at(k, 1)
        else:
            yield from self._at(self.last, 0)

    def _place(self, k: int) -> str:
        if k == self.last:
            return "where the cycle closes"
        return "at the start" if k == 0 else f"after step {k}"

    def _at(self, k: int, depth: int) -> Iterator[Subvalue]:
        name = self.found.name
        component, fn, mark = find_property(self._runner(k).model, name)
        args: tuple[Any, ...] = (component,)
        if mark.kind == "step_invariant":
            args = (component, find_property(self._runner(k - 1).model, name)[0])
        elif mark.kind in LIVENESS:
            for (_, domain), wanted in zip(self.system.properties[name].params, self.found.arguments, strict=True):
                args = (*args, next(v for v in map(domain.decode, domain.values()) if choice_value(v) == wanted))
        yield from _lines(fn, args, depth)

    def _guards(self) -> Iterator[Subvalue]:
        for name, process in self._runner(self.last).processes.items():
            if process.step is not None and process.step.when is not None:
                yield Subvalue(0, f'{name} at "{process.label}" waits for', "")
                yield from _lines(process.step.when, (), 1)

    def _runner(self, k: int) -> Runner:
        trace = self.found.trace
        runner = Runner(self.inst, self.system)
        runner.replay(Trace(trace.init, trace.moves[:k]), check=False)
        return runner


def _lines(fn: Callable[..., Any], args: tuple[Any, ...], depth: int) -> Iterator[Subvalue]:
    notes = _Notes()
    try:
        notes.run(fn, args)
    except Exception as error:  # that the property cannot be computed here may be what is wrong
        yield Subvalue(depth, f"{type(error).__name__}: {error}", "")
        return
    yield from _flat(notes.root.parts.values(), depth)


# --- noting values ---------------------------------------------------------------------------------------------------


@dataclass
class _Node:
    """An expression that was evaluated, and those within it by their place in the source."""

    text: str = ""
    value: Any = None
    parts: dict[Any, _Node] = field(default_factory=dict)


class _Notes:
    """Runs functions with their expressions wrapped, and keeps what each had for a value."""

    def __init__(self) -> None:
        self.root = _Node()
        self._open = [self.root]

    def run(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
        receiver = getattr(fn, "__self__", None)
        plain = getattr(fn, "__func__", fn)
        every = args if receiver is None or plain is fn else (receiver, *args)
        code, texts = _instrumented(plain)
        scope = {**plain.__globals__, **function_of(plain).cells}
        scope["__note"] = functools.partial(self._note, texts)
        scope["__part"] = functools.partial(self._part, texts)
        scope["__call"] = self._call
        exec(code, scope)
        return scope["__explained"](*every, **(kwargs or {}))

    def _note(self, texts: list[str], key: int, compute: Callable[[], Any]) -> Any:
        """Evaluate one expression, with those inside it noted below it."""
        return self._within((id(texts), key), texts[key], compute)

    def _part(self, texts: list[str], key: int, bound: dict[str, Any], compute: Callable[[], Any]) -> Any:
        """The same for one round of a comprehension, where ``bound`` are its variables."""
        binding = ", ".join(f"{name}={_shown(value)}" for name, value in bound.items())
        return self._within((id(texts), key, binding), f"{binding}: {texts[key]}", compute)

    def _within(self, key: Any, text: str, compute: Callable[[], Any]) -> Any:
        node = _Node(text)
        self._open[-1].parts.pop(key, None)
        self._open[-1].parts[key] = node
        self._open.append(node)
        try:
            node.value = compute()
        finally:
            self._open.pop()
        return node.value

    def _call(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call: of the spec's own functions too, what happens inside is noted."""
        if is_spec_code(getattr(fn, "__func__", fn)):
            return self.run(fn, args, kwargs)
        return fn(*args, **kwargs)


@functools.cache
def _instrumented(fn: Any) -> tuple[Any, list[str]]:
    """Code that defines ``__explained``, and the text of each expression that it notes."""
    info = function_of(fn)
    node = copy.deepcopy(info.node)
    texts: list[str] = []
    bound = {n.id for c in ast.walk(node) if isinstance(c, ast.comprehension) for n in _names(c.target)}
    wrap = _Wrap(texts, "".join(linecache.getlines(info.file)), assigned(info) - bound)
    body = [ast.Return(wrap.visit(node.body))] if isinstance(node, ast.Lambda) else [wrap.visit(s) for s in node.body]
    arguments = node.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    arguments.defaults, arguments.kw_defaults = [], [None] * len(arguments.kwonlyargs)
    for name, value in info.defaults.items():
        if isinstance(value, (int, str, bool, type(None))):
            _set_default(arguments, name, value)
    tree = ast.parse("def __explained(): ...")
    tree.body[0].args, tree.body[0].body = arguments, body  # type: ignore[attr-defined]
    return compile(ast.fix_missing_locations(tree), info.file, "exec", dont_inherit=True), texts


def _names(target: ast.expr) -> list[ast.Name]:
    return [n for n in ast.walk(target) if isinstance(n, ast.Name)]


def _set_default(arguments: ast.arguments, name: str, value: Any) -> None:
    """Plain defaults only: they stand at the end, so the first that is left out ends them."""
    for k, argument in enumerate(arguments.kwonlyargs):
        if argument.arg == name:
            arguments.kw_defaults[k] = ast.Constant(value)
    if any(argument.arg == name for argument in arguments.args):
        arguments.defaults.append(ast.Constant(value))


class _Wrap(ast.NodeTransformer):
    """Wraps what says something: not constants, parameters, names of functions, or the parts of ``a.b.c``."""

    def __init__(self, texts: list[str], source: str, named: Collection[str]) -> None:
        self.texts, self.source, self.named = texts, source, named

    def _noted(self, node: ast.expr, original: ast.expr) -> ast.expr:
        compute = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)
        return ast.Call(ast.Name("__note", ast.Load()), [self._key(original), compute], [])

    def _key(self, original: ast.expr) -> ast.Constant:
        text = ast.get_source_segment(self.source, original) or ast.unparse(original)
        self.texts.append(" ".join(text.split()).replace("( ", "(").replace(" )", ")"))
        return ast.Constant(len(self.texts) - 1)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return self._inner(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return self._inner(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._inner(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self._inner(node) if isinstance(node.op, ast.Not) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return self._inner(node)

    def _inner(self, node: Any) -> ast.expr:
        original = copy.deepcopy(node)
        return self._noted(self.generic_visit(node), original)  # type: ignore[arg-type]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._noted(node, node) if isinstance(node.ctx, ast.Load) and node.id in self.named else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        original = copy.deepcopy(node)
        self._visit_inside(node)
        return self._noted(node, original) if isinstance(node.ctx, ast.Load) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        original = copy.deepcopy(node)
        self._visit_inside(node)
        return self._noted(node, original) if isinstance(node.ctx, ast.Load) else node

    def _visit_inside(self, node: ast.expr) -> None:
        """Only the indices and calls of ``a.b[i].c``, not each of its beginnings."""
        if isinstance(node, ast.Subscript):
            node.slice = self.visit(node.slice)
            self._visit_inside(node.value)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Call):
                node.value = self.visit(node.value)
            else:
                self._visit_inside(node.value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        original = copy.deepcopy(node)
        self._visit_inside(node.func)
        arguments = [self.visit(a) for a in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return self._noted(ast.Call(ast.Name("__call", ast.Load()), [node.func, *arguments], keywords), original)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        return self._comprehension(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._comprehension(node)

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp) -> ast.expr:
        names = [n.id for g in node.generators for n in _names(g.target)]
        bound = ast.Dict([ast.Constant(n) for n in names], [ast.Name(n, ast.Load()) for n in names])
        original = copy.deepcopy(node.elt)
        element = node.elt if isinstance(node.elt, (ast.Constant, ast.Name)) else self._parts_of(node.elt)
        compute = ast.Lambda(ast.arguments([], [], None, [], [], None, []), element)
        call = ast.Call(ast.Name("__part", ast.Load()), [self._key(original), bound, compute], [])
        return type(node)(call, node.generators)

    def _parts_of(self, element: ast.expr) -> ast.expr:
        """The element itself is noted with its binding; here what is inside it."""
        noted: ast.expr = self.visit(element)
        named = isinstance(noted, ast.Call) and isinstance(noted.func, ast.Name) and noted.func.id == "__note"
        return noted.args[1].body if named else noted  # type: ignore[attr-defined]


# --- showing them ----------------------------------------------------------------------------------------------------


def _flat(nodes: Iterable[_Node], depth: int) -> Iterator[Subvalue]:
    for node in nodes:
        if isinstance(node.value, _SKIPPED) or callable(node.value):
            yield from _flat(node.parts.values(), depth)
            continue
        shown = _shown(node.value)
        if shown != node.text:
            yield Subvalue(depth, node.text, shown)
        yield from _flat(node.parts.values(), depth + 1)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, ProcessId):
        return value.name
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return str(value)

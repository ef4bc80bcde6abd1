"""The source of a spec's functions as syntax trees, and what can be said of it without running it."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .errors import SpecError, Where

FunctionNode = ast.FunctionDef | ast.Lambda

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_MODELS = tuple(str(Path(_PACKAGE) / name) for name in ("specs", "proofs"))  # what an installation has in there


@dataclass(eq=False)
class Function:
    """A Python function and its syntax tree."""

    node: FunctionNode
    name: str
    file: str
    globals: dict[str, Any]
    cells: dict[str, Any]
    defaults: dict[str, Any]
    owner: Callable[..., Any]
    is_generator: bool = field(init=False)
    annotated: dict[str, ast.expr] = field(init=False)
    params: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.is_generator = isinstance(self.node, ast.FunctionDef) and any(has_yield(s) for s in self.node.body)
        arguments = self.node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self.params = [a.arg for a in named]
        self.annotated = {a.arg: a.annotation for a in named if a.annotation is not None}
        if isinstance(self.node, ast.FunctionDef):
            for inner in own_nodes(self.node):
                if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                    self._annotate(inner.target.id, inner.annotation)

    def _annotate(self, name: str, annotation: ast.expr) -> None:
        known = self.annotated.setdefault(name, annotation)
        if ast.dump(known) != ast.dump(annotation):
            lines = sorted((known.lineno, annotation.lineno))
            raise SpecError(
                f"{name!r} has two domains, the other one at line {lines[0]}",
                where=Where(self.file, lines[1]),
                mend="annotate it once, where it is first assigned",
            )

    def where(self, node: ast.AST | None = None) -> Where:
        return Where(self.file, getattr(node or self.node, "lineno", 0))


@cache
def own_nodes(root: ast.AST) -> list[ast.AST]:
    """The nodes below ``root`` that belong to the same function (nested functions and lambdas are not entered)."""
    found: list[ast.AST] = []
    stack = list(ast.iter_child_nodes(root))
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return found


_assigned: dict[ast.AST, frozenset[str]] = {}


def assigned(fn: Function) -> frozenset[str]:
    """The names that a function assigns (Python makes them its locals)."""
    known = _assigned.get(fn.node)
    if known is None:
        nodes = own_nodes(fn.node) if isinstance(fn.node, ast.FunctionDef) else []
        known = frozenset(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        _assigned[fn.node] = known
    return known


def assigned_before(fn: Function, read: ast.Name) -> bool:
    """Whether the local ``read`` may have been assigned before: further up, in a loop around it, or as a parameter."""
    nodes = own_nodes(fn.node)
    loops = [n for n in nodes if isinstance(n, (ast.While, ast.For)) and n.lineno <= read.lineno <= (n.end_lineno or 0)]
    last = max((loop.end_lineno or 0 for loop in loops), default=read.lineno - 1)
    stores = (n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == read.id)
    return read.id in fn.params or any(n.lineno <= last for n in stores)


def leads_to_fatal(node: ast.AST, fn: Function) -> bool:
    """Whether ``node`` calls ``fatal``, itself or through a function or method of the same file."""
    return _calls_fatal(node, fn, set())


def _calls_fatal(node: ast.AST, fn: Function, seen: set[str]) -> bool:
    for inner in [node, *own_nodes(node)]:
        if not isinstance(inner, ast.Call):
            continue
        name = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
        if name == "fatal":
            return True
        if name and name not in seen:
            seen.add(name)
            called = (n for (known, _), nodes in _parse(fn.file).items() if known == name for n in nodes)
            if any(_calls_fatal(n, fn, seen) for n in called):
                return True
    return False


_yields: dict[ast.AST, bool] = {}


def has_yield(node: ast.AST) -> bool:
    """Whether ``node`` contains a yield of its own function."""
    known = _yields.get(node)
    if known is None:
        known = isinstance(node, (ast.Yield, ast.YieldFrom)) or any(
            isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_nodes(node)
        )
        _yields[node] = known
    return known


@cache
def _parse(file: str) -> dict[tuple[str, int], list[FunctionNode]]:
    text = "".join(linecache.getlines(file))
    found: dict[tuple[str, int], list[FunctionNode]] = {}
    for node in ast.walk(ast.parse(text, file)):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found.setdefault((node.name, first), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(("<lambda>", node.lineno), []).append(node)
    return found


def forget(file: str) -> None:
    """Drop what is cached of ``file`` (its text has changed)."""
    _parse.cache_clear()
    _functions.clear()
    linecache.checkcache(file)


_functions: dict[Any, Function] = {}


def function_of(fn: Callable[..., Any]) -> Function:
    """The syntax tree of a Python function; raises SpecError where there is none to be had."""
    known = _functions.get(fn)
    if known is not None:
        return known
    code = fn.__code__
    nodes = _parse(code.co_filename).get((code.co_name, code.co_firstlineno), [])
    if len(nodes) > 1:
        nodes = [n for n in nodes if _column(n) == _first_column(code)]
    if len(nodes) != 1:
        raise SpecError(
            f"the source of {fn.__qualname__} cannot be read", where=Where(code.co_filename, code.co_firstlineno)
        )
    cells = {}
    for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:
            continue
    defaults = {
        n: p.default for n, p in inspect.signature(fn).parameters.items() if p.default is not inspect.Parameter.empty
    }
    result = Function(nodes[0], fn.__name__, code.co_filename, fn.__globals__, cells, defaults, fn)
    _functions[fn] = result
    return result


def _column(node: FunctionNode) -> int:
    return node.body.col_offset if isinstance(node, ast.Lambda) else node.col_offset


def _first_column(code: types.CodeType) -> int:
    columns = [p[2] for p in code.co_positions() if p[2] is not None and p[0] is not None]
    return columns[1] if len(columns) > 1 else -1


def class_where(cls: type) -> Where | None:
    """Where a class is defined, None where its source cannot be found."""
    try:
        return Where(inspect.getsourcefile(cls) or "", inspect.getsourcelines(cls)[1])
    except (OSError, TypeError):
        return None


def raised_at(error: BaseException) -> Where | None:
    """The innermost line of a spec that ``error`` came through."""
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not _ours(frame.f_code.co_filename):
            found = Where(frame.f_code.co_filename, line)
    return found


def _ours(file: str) -> bool:
    return file.startswith(_PACKAGE) and not file.startswith(_MODELS)


def is_spec_code(fn: Any) -> bool:
    """Whether ``fn`` is a Python function that the tracer interprets rather than calls."""
    if not isinstance(fn, types.FunctionType):
        return False
    if fn.__module__ and fn.__module__.split(".")[0] in sys.stdlib_module_names and fn.__module__ != "__main__":
        return False
    return not _ours(fn.__code__.co_filename)

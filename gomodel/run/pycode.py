"""Python code for terms: a walker over the DAG that emits one expression per node, shared nodes once.

The emitted operations are total and well typed: outside its domain an operation gives the default of its
sort, so that sharing may evaluate what Python's short-circuit would have skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..language.build import apply_seq, cells_of
from ..language.domains import Bool, Domain, Enum, Int, index_base
from ..language.processes import Pid
from ..language.system import Action, Kind, Leaf, TransitionSystem, picks_of
from ..language.terms import Term, walk


def _sel(cells: tuple[Any, ...], at: int, default: Any) -> Any:
    return cells[at] if 0 <= at < len(cells) else default


def _put(cells: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*cells[:at], value, *cells[at + 1 :]) if 0 <= at < len(cells) else cells


_HELPERS: dict[str, Any] = {
    "_sel": _sel,
    "_put": _put,
    "_get": lambda option, default: default if option is None else option,
    "_div": lambda a, b: a // b if b else 0,
    "_mod": lambda a, b: a % b if b else 0,
    "_seq": apply_seq,
}


def values_code(domain: Domain) -> str:
    """An iterable over all plain values of a scalar domain."""
    if isinstance(domain, Bool):
        return "(False, True)"
    if isinstance(domain, Enum):
        return f"range({len(domain.names)})"
    return f"range({domain.lo}, {domain.hi + 1})"  # type: ignore[attr-defined]


class Code:
    """A function under construction: shared nodes become local names, each assigned once."""

    def __init__(self, system: TransitionSystem, kind: Kind | None = None) -> None:
        self.position = {name: i for i, name in enumerate(system.variables)}
        self.kind = kind
        self.lines: list[str] = []
        self.names: dict[Term, str] = {}
        self._uses: Counter[Term] = Counter()
        self._open: dict[Term, bool] = {}
        self.indent = "    "

    def count(self, roots: Iterable[Term]) -> None:
        """Note how often each node is used, to know what to share."""
        roots = list(roots)
        for t in walk(roots):
            self._uses.update(t.args)
        self._uses.update(roots)

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def _is_open(self, term: Term) -> bool:
        """Whether a quantifier's variable occurs in ``term`` (it then stays inside the quantifier)."""
        known = self._open.get(term)
        if known is None:
            known = term.op == "bound" or any(self._is_open(a) for a in term.args)
            self._open[term] = known
        return known

    def prepare(self, root: Term) -> str:
        """Code for ``root``, with shared nodes below it assigned in the lines before."""
        for t in walk([root]):
            if t.args and t not in self.names and self._uses[t] > 1 and not self._is_open(t):
                code = self.expression(t)
                name = f"t{len(self.names)}"
                self.line(f"{name} = {code}")
                self.names[t] = name
        return self.expression(root)

    def expression(self, t: Term) -> str:
        name = self.names.get(t)
        if name is not None:
            return name
        match t.op:
            case "const":
                return repr(t.data)
            case "var":
                return f"s[{self.position[t.data]}]"
            case "next":
                return f"n[{self.position[t.data]}]"
            case "self":
                return "g"
            case "pick" | "bound":
                return f"{t.op[0]}{t.data[0]}"
            case "and" | "or":
                return "(" + f" {t.op} ".join(self.expression(a) for a in t.args) + ")"
            case "select" | "at":
                return self._element(t)
            case "forall" | "exists" | "count" | "sum":
                return self._quantifier(t)
        a = [self.expression(x) for x in t.args]
        return self._operation(t, a)

    def _operation(self, t: Term, a: list[str]) -> str:
        match t.op:
            case "not":
                return f"(not {a[0]})"
            case "ite":
                return f"({a[1]} if {a[0]} else {a[2]})"
            case "eq" | "lt" | "le" | "add" | "mul":
                op = {"eq": "==", "lt": "<", "le": "<=", "add": "+", "mul": "*"}[t.op]
                return f"({a[0]} {op} {a[1]})"
            case "div" | "mod":
                return f"_{t.op}({a[0]}, {a[1]})"
            case "some":
                return a[0]
            case "is_some":
                return f"({a[0]} is not None)"
            case "get":
                return f"_get({a[0]}, {_default(t)})"
            case "record" | "mkarray":
                return f"({', '.join(a)},)"
            case "field":
                return f"{a[0]}[{t.data}]"
            case "store":
                return f"_put({a[0]}, {a[1]} - {index_base(cells_of(t.sort).index)}, {a[2]})"
            case "fill":
                return f"(({a[0]},) * {cells_of(t.sort).size})"
            case "len":
                return f"len({a[0]})"
            case "push":
                return f"({a[0]} + ({a[1]},))"
            case "push_front":
                return f"(({a[1]},) + {a[0]})"
            case "pop":
                return f"{a[0]}[1:]"
            case op:
                return f"_seq({op!r}, {', '.join(a)})"

    def _element(self, t: Term) -> str:
        cells, index = self.expression(t.args[0]), self.expression(t.args[1])
        if t.op == "at":
            return f"_sel({cells}, {index}, {_default(t)})"
        domain = cells_of(t.args[0].sort).index
        base = index_base(domain)
        at = f"{index} - {base}" if base else index
        if _inside(t.args[1], domain):
            return f"{cells}[{at}]"
        return f"_sel({cells}, {at}, {_default(t)})"

    def _quantifier(self, t: Term) -> str:
        depth, domain = t.data
        source = f"for b{depth} in {values_code(domain)}"
        body = self.expression(t.args[0])
        match t.op:
            case "forall":
                return f"all({body} {source})"
            case "exists":
                return f"any({body} {source})"
            case "count":
                return f"sum(1 {source} if {body})"
            case _:
                return f"sum({body} {source})"


def _default(t: Term) -> str:
    return "0" if isinstance(t.sort, Int) and t.sort.lo is None else repr(t.sort.default())


def _inside(index: Term, domain: Domain) -> bool:
    """Whether the index is known to lie in the array."""
    if isinstance(domain, Int) and isinstance(index.sort, Int):
        return index.lo is not None and index.hi is not None and index.lo >= domain.lo and index.hi <= domain.hi
    if index.op in ("self", "bound", "pick", "var") and isinstance(domain, Pid) and isinstance(index.sort, Pid):
        return index.sort.lo >= domain.lo and bool(index.sort.hi <= domain.hi)
    return index.op in ("self", "bound", "pick", "const") and domain == index.sort


def compile_function(name: str, parameters: str, code: Code) -> Callable[..., Any]:
    source = f"def {name}({parameters}):\n" + "\n".join(code.lines) + "\n"
    scope = dict(_HELPERS)
    exec(compile(source, f"<gomodel {name}>", "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function


def predicate(system: TransitionSystem, term: Term, kind: Kind | None = None) -> Callable[..., Any]:
    """``f(s, n=None, g=None, p0=None, …)`` → the value of ``term`` in state ``s`` (``n``: the state after)."""
    code = Code(system, kind)
    code.count([term])
    result = code.prepare(term)
    code.line(f"return {result}")
    picks = sorted({t.data[0] for t in walk([term]) if t.op == "pick"})
    parameters = ", ".join(["s", "n=None", "g=None", *(f"p{k}=None" for k in range(max(picks, default=-1) + 1))])
    return compile_function("predicate", parameters, code)


def successors(system: TransitionSystem, action: Action) -> Callable[..., Any]:
    """``f(s, g, out)``: append ``(leaf number, plain choices, next state or None)`` for each enabled leaf."""
    kind = system.kinds[action.kind] if action.kind else None
    code = Code(system, kind)
    groups: dict[tuple[Term, ...], list[int]] = {}
    for number, leaf in enumerate(action.leaves):
        code.count(_terms(leaf))
        groups.setdefault(picks_of(leaf), []).append(number)
    for picks, numbers in groups.items():
        outside = dict(code.names)
        for pick in picks:
            code.line(f"for p{pick.data[0]} in {values_code(pick.data[1])}:")
            code.indent += "    "
        guards = [code.prepare(action.leaves[n].guard) for n in numbers]  # what they share is computed once
        for number, guard in zip(numbers, guards, strict=True):
            _leaf(code, system, number, action.leaves[number], guard, kind)
        code.indent = "    "
        if picks:
            code.names = outside
    if not code.lines:
        code.line("pass")
    return compile_function("step", "s, g, out", code)


def _terms(leaf: Leaf) -> list[Term]:
    chosen = [c.term for c in leaf.choices if isinstance(c.term, Term)]
    return [leaf.guard, *(t for _, t in leaf.updates), *(t for _, t in leaf.locals), *chosen]


def _leaf(code: Code, system: TransitionSystem, number: int, leaf: Leaf, guard: str, kind: Kind | None) -> None:
    indent, names = code.indent, dict(code.names)
    code.line(f"if {guard}:")
    code.indent += "    "
    chosen = [code.prepare(c.term) if isinstance(c.term, Term) else repr(c.term) for c in leaf.choices]
    choices = f"({', '.join(chosen)},)" if chosen else "()"
    if leaf.kind != "commit":
        code.line(f"out.append(({number}, {choices}, None))")
    else:
        code.line(f"out.append(({number}, {choices}, {_state_after(code, leaf, kind)}))")
    code.indent, code.names = indent, names


def _state_after(code: Code, leaf: Leaf, kind: Kind | None) -> str:
    cells = {name: f"s[{i}]" for name, i in code.position.items()}
    for name, term in leaf.updates:
        cells[name] = code.prepare(term)
    if kind is not None:
        at = f"g - {kind.lo}" if kind.lo else "g"
        own = [(kind.pc_name, repr(leaf.target))] + [(n, code.prepare(t)) for n, t in leaf.locals]
        for name, value in own:
            cells[name] = f"_put({cells[name]}, {at}, {value})"
    return f"({', '.join(cells.values())},)"

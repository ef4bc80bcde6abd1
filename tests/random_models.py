"""Random models as source text in the modelling language, for comparing the traced system with CPython.

``write_model`` draws everything from a ``random.Random`` (Hypothesis gives one whose draws it can shrink).  The
text is well typed by construction: a ``SpecError`` is a finding, except those in ``test_random_models.REFUSED``.
"""

from __future__ import annotations

import itertools
import linecache
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gomodel.language.model import Model

SCALARS = ("int", "bool", "enum", "opt", "pid", "optpid")
DOMAINS = {
    "int": "Int(0, 2)",
    "bool": "Bool()",
    "enum": 'Enum("x", "y", "z")',
    "opt": "Option(Int(0, 1))",
    "pid": "Pid(self.a)",
    "optpid": "Option(Pid(self.a))",
}
START = {"int": "1", "bool": "False", "enum": '"x"', "opt": "None", "optpid": "None"}
_numbers = itertools.count()


def load(text: str) -> type[Model]:
    """The model class ``M`` of ``text``, readable for the tracer as if it stood in a file."""
    file = f"<random model {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "random_model"}
    exec(compile(text, file, "exec"), scope)
    model: type[Model] = scope["M"]
    return model


@dataclass
class Scope:
    """What the code being written may name.  ``temps`` are ordinary Python locals: they end at a yield."""

    places: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in SCALARS})
    temps: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in SCALARS})
    readonly: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in SCALARS})
    arrays: list[tuple[str, str, str]] = field(default_factory=list)  # name, index type, element type
    queues: list[tuple[str, str]] = field(default_factory=list)
    sets: list[tuple[str, str]] = field(default_factory=list)
    structs: list[str] = field(default_factory=list)
    struct_queues: list[str] = field(default_factory=list)
    helpers: list[tuple[str, str, str, bool]] = field(default_factory=list)  # name, argument, result, pure
    operations: list[tuple[str, str, str]] = field(default_factory=list)  # name, argument, result

    def copy(self) -> Scope:
        new = Scope()
        for name, value in vars(self).items():
            copied = {t: list(v) for t, v in value.items()} if isinstance(value, dict) else list(value)
            setattr(new, name, copied)
        return new


class Writer:
    """Writes one model.  ``pure`` forbids choices and effects in expressions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.depth = 0
        self.count = itertools.count()
        self.scope = Scope()
        self.pure = 0
        self.labels: dict[str, list[str]] = {}  # process kind → its labels
        self.locals: list[tuple[str, str]] = []  # of processes of kind a: name, type
        self.kind = ""
        self.called = False  # whether an operation is being written, which may never be called

    # --- drawing ---------------------------------------------------------------------------------------------

    def pick(self, options: Any) -> Any:
        options = list(options)
        return options[self.rng.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def fresh(self, prefix: str) -> str:
        return f"{prefix}{next(self.count)}"

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def inside(self, header: str) -> Iterator[None]:
        """A nested block with a scope of its own: what it declares is not seen behind it."""
        self.line(header)
        outer, self.scope = self.scope, self.scope.copy()
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            self.scope = outer

    # --- expressions -----------------------------------------------------------------------------------------

    def expr(self, kind: str, depth: int = 2) -> str:
        """An expression of scalar type ``kind``."""
        if depth <= 0 or self.chance(25):
            return self.atom(kind)
        general = [self._conditional, self._from_array, self._from_queue, self._helper]
        if not self.pure:
            general += [self._chosen, self._popped]
        own: dict[str, list[Callable[[int], str]]] = {
            "int": [self._arithmetic] * 4 + [self._size, self._sum, self._walrus, self._coalesce],
            "bool": [self._compare] * 3 + [self._logic] * 4 + [self._member, self._aggregate, self._is_none],
            "opt": [lambda d: self.expr("int", d)],
            "optpid": [lambda d: self.expr("pid", d)],
        }
        options: list[Callable[[str, int], str]] = [*general, *(_drop_kind(f) for f in own.get(kind, []) * 2)]
        return self.pick(options)(kind, depth - 1)  # type: ignore[no-any-return]

    def atom(self, kind: str) -> str:
        scope = self.scope
        named = scope.places[kind] + scope.temps[kind] + scope.readonly[kind]
        if named and self.chance(85):
            return str(self.pick(named))
        if kind == "bool" and self.chance(80):
            return f"({self.pick(scope.places['int'])} {self.pick(('==', '<', '>='))} {self.pick((0, 1, 2))})"
        constants = {
            "int": ("0", "1", "2"),
            "bool": ("True", "False"),
            "enum": ('"x"', '"y"', '"z"'),
            "opt": ("None", "0", "1"),
            "pid": ("self.p",),
        }
        return str(self.pick(constants.get(kind, ("None",))))

    def _conditional(self, kind: str, d: int) -> str:
        return f"({self.expr(kind, d)} if {self.expr('bool', d)} else {self.expr(kind, d)})"

    def _from_array(self, kind: str, d: int) -> str:
        arrays = [a for a in self.scope.arrays if a[2] == kind]
        if not arrays:
            return self.atom(kind)
        name, index, _ = self.pick(arrays)
        return f"{name}[{self.expr(index, d)}]"

    def _from_queue(self, kind: str, d: int) -> str:
        queues = [q for q, elem in self.scope.queues if elem == kind]
        if not queues:
            return self.atom(kind)
        queue = self.pick(queues)
        item = f"{queue}[{self.pick(('0', '0', self.expr('int', d)))}]"
        return item if self.chance(40) else f"({item} if {queue} else {self.atom(kind)})"

    def _helper(self, kind: str, d: int) -> str:
        helpers = [h for h in self.scope.helpers if h[2] == kind and (h[3] or not self.pure)]
        if not helpers:
            return self.atom(kind)
        name, argument, _, _ = self.pick(helpers)
        return f"{name}({self.expr(argument, d)})"

    def _chosen(self, kind: str, d: int) -> str:
        if kind == "int" and self.chance(30):
            return "choose(Int(0, 1))"
        sets = [s for s, elem in (*self.scope.sets, *self.scope.queues) if elem == kind != "pid"]
        if sets and self.chance(30):
            return f"choose({self.pick(sets)})"
        if kind == "pid" and self.chance(70):
            return "choose(self.a)"
        return f"choose({self.expr(kind, 0)}, {self.expr(kind, d)})"

    def _popped(self, kind: str, d: int) -> str:
        queues = [q for q, elem in self.scope.queues if elem == kind]
        if not queues:
            return self.atom(kind)
        queue = self.pick(queues)
        item = f"{queue}.{self.pick(('pop', 'pop_back'))}()"
        return item if self.chance(40) else f"({item} if {queue} else {self.atom(kind)})"

    def _arithmetic(self, d: int) -> str:
        x, y = self.expr("int", d), self.expr(self.pick(("int", "int", "int", "bool")), d)
        options = self.scope.places["opt"]
        if options and self.chance(10):
            y = self.pick(options)  # None is an error there
        form = self.pick(("({} + {})", "({} - {})", "({} * {})", "({} // {})", "({} % {})", "min({}, {})", "max({}, {})"))
        return str(form).format(x, y)

    def _size(self, d: int) -> str:
        named = [n for n, _ in (*self.scope.queues, *self.scope.sets)] + self.scope.struct_queues
        return f"len({self.pick(named)})" if named else f"abs({self.expr('int', d)})"

    def _sum(self, d: int) -> str:
        with self._purely():
            source, item, there = self._source(d)
            if there == "int":
                return f"sum({item} for {item} in {source})"
            return f"count({self._over(item, there, d)} for {item} in {source})"

    def _walrus(self, d: int) -> str:
        if self.pure or not self.scope.temps["int"]:
            return self.atom("int")
        return f"({self.pick(self.scope.temps['int'])} := {self.expr('int', d)})"

    def _coalesce(self, d: int) -> str:
        return f"({self.expr('int', d)} {self.pick(('and', 'or'))} {self.expr('int', d)})"

    def _compare(self, d: int) -> str:
        kind = self.pick(("int", "int", "enum", "opt", "pid", "optpid"))
        x, y = self.expr(kind, d), self.expr(kind, d)
        if x == y:
            return self.atom("bool")
        if kind != "int" or self.chance(30):
            return f"({x} {self.pick(('==', '!='))} {y})"
        if self.chance(25):
            return f"({x} <= {y} < {self.expr('int', d)})"
        return f"({x} {self.pick(('<', '<=', '>', '>='))} {y})"

    def _logic(self, d: int) -> str:
        if self.chance(20):
            return f"(not {self.expr('bool', d)})"
        parts = [self.expr("bool", d) for _ in range(2 + self.chance(20))]
        return f"({self.pick((' and ', ' or ')).join(parts)})"

    def _member(self, d: int) -> str:
        named = [*self.scope.sets, *self.scope.queues]
        if not named or self.chance(30):
            return f"({self.expr('int', d)} {self.pick(('in', 'not in'))} (0, {self.expr('int', d)}))"
        name, elem = self.pick(named)
        return f"({self.expr(elem, d)} {self.pick(('in', 'not in'))} {name})"

    def _is_none(self, d: int) -> str:
        named = self.scope.places["opt"] + self.scope.places["optpid"] + self.scope.readonly["opt"]
        tested = self.pick(named) if named else f"choose(None, {self.expr('opt', d)})"
        return f"({tested} is {self.pick(('', 'not '))}None)" if named or not self.pure else "True"

    def _aggregate(self, d: int) -> str:
        with self._purely():
            source, item, there = self._source(d)
            return f"{self.pick(('any', 'all'))}({self._over(item, there, d)} for {item} in {source})"

    def _source(self, d: int) -> tuple[str, str, str]:
        """Something to iterate in an aggregate, a name for the element, and its type."""
        sources = [("self.a", "pid"), ("self.a", "pid"), ("range(2)", "int")]
        sources += [(n, e) for n, _, e in self.scope.arrays] + self.scope.queues + self.scope.sets
        source, there = self.pick(sources)
        return source, self.fresh("v"), there

    def _over(self, item: str, there: str, d: int) -> str:
        outer, self.scope = self.scope, self.scope.copy()
        self.scope.readonly[there].append(item)
        text = self.expr("bool", max(d, 1))
        self.scope = outer
        return text

    @contextmanager
    def _purely(self) -> Iterator[None]:
        self.pure += 1
        try:
            yield
        finally:
            self.pure -= 1

    def value(self, kind: str) -> str:
        """An expression to be stored: mostly inside the domain."""
        text = self.expr(kind)
        if kind == "int" and self.chance(85):
            return f"({text}) % 3"
        return text

    # --- statements ------------------------------------------------------------------------------------------

    def block(self, size: int, depth: int, *, yields: bool = False, loop: bool = False, result: str = "") -> None:
        """Up to ``size`` statements; ``yields`` in a process or operation, ``result`` is what ``return`` gives."""
        self.line("pass")
        for _ in range(1 + self.rng.randrange(size)):
            if yields and self.chance(20):
                self._yield()
            self.statement(depth, yields, loop, result)

    def statement(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        options: list[Callable[[], None]] = [self._assign] * 4 + [self._container] * 3 + [self._temp] * 2
        options += [self._augmented, self._struct, self._local_view]
        if self.chance(6):
            options = [self._require, self._fatal, self._assert]
        if depth > 0:
            nested = [self._if, self._if, self._for]
            options += [lambda: self.pick(nested)(depth - 1, yields, loop, result)] * 5
            if yields:
                options += [self._yield] * 3 + [lambda: self._while(depth - 1, result), self._call]
        if loop:
            options.append(lambda: self.line(f"if {self.expr('bool', 1)}: {self.pick(('break', 'continue'))}"))
        if result and self.chance(15):
            options = [lambda: self._return(result)]
        self.pick(options)()

    def _return(self, result: str) -> None:
        value = "" if result == "none" else f" {self.value(result)}"
        self.line(f"if {self.expr('bool', 1)}: return{value}")

    def _assign(self) -> None:
        kind = self.pick([t for t in SCALARS if self.scope.places[t]])
        self.line(f"{self.pick(self.scope.places[kind])} = {self.value(kind)}")

    def _augmented(self) -> None:
        targets = list(self.scope.places["int"])
        targets += [f"{n}[{self.expr(i, 1)}]" for n, i, e in self.scope.arrays if e == "int"]
        self.line(f"{self.pick(targets)} {self.pick(('+=', '-=', '*=', '%='))} {self.expr('int', 1)}")

    def _temp(self) -> None:
        kind = self.pick(SCALARS)
        if self.scope.temps[kind] and self.chance(50):
            self.line(f"{self.pick(self.scope.temps[kind])} = {self.expr(kind)}")
            return
        name = self.fresh("t")
        self.line(f"{name} = {self.expr(kind)}")
        self.scope.temps[kind].append(name)

    def _local_view(self) -> None:
        """A view of a container under a name of its own; good within the step."""
        if not self.scope.arrays:
            return
        source, index, elem = self.pick(self.scope.arrays)
        name = self.fresh("w")
        self.line(f"{name} = {source}{self.pick(('', '.copy()'))}")
        self.line(f"{name}[{self.expr(index, 1)}] = {self.value(elem)}")
        for place in self.scope.places[elem][:1]:
            self.line(f"{place} = {name}[{self.expr(index, 1)}]")

    def _container(self) -> None:
        scope = self.scope
        forms: list[Callable[[], str]] = []
        for name, index, elem in scope.arrays:
            forms += [lambda n=name, i=index, e=elem: f"{n}[{self.expr(i, 1)}] = {self.value(e)}"] * 2  # type: ignore[misc]
            forms.append(lambda n=name, e=elem: f"{n}.fill({self.value(e)})")  # type: ignore[misc]
        for name, elem in scope.queues:
            push = self.pick(("push", "push_front"))
            forms.append(lambda n=name, e=elem, p=push: f"if len({n}) < 2: {n}.{p}({self.value(e)})")  # type: ignore[misc]
            forms.append(lambda n=name, e=elem: f"if {self.expr(e, 1)} in {n}: {n}.remove({self.expr(e, 1)})")  # type: ignore[misc]
            forms.append(lambda n=name, e=elem: f"if {n}: {n}[0] = {self.value(e)}")  # type: ignore[misc]
            forms.append(lambda n=name: f"{n}.clear()")  # type: ignore[misc]
            forms.append(lambda n=name, e=elem: f"{n}.push({self.value(e)})")  # type: ignore[misc]
        for name, elem in scope.sets:
            forms.append(lambda n=name, e=elem: f"{n}.{self.pick(('add', 'discard'))}({self.value(e)})")  # type: ignore[misc]
        if forms:
            self.line(self.pick(forms)())

    def _struct(self) -> None:
        if not self.scope.structs:
            return
        name = self.pick(self.scope.structs)
        made = f"Word(f={self.expr('bool', 1)}, n={self.value('int')})"
        forms = [f"{name} = {made}", f"{name} = {self.pick(self.scope.structs)}", f"if {name} == {made}: {name}.n = 0"]
        for queue in self.scope.struct_queues:
            forms += [f"if len({queue}) < 1: {queue}.push({self.pick((name, made))})", f"if {queue}: {name} = {queue}.pop()"]
            forms.append(f"if {queue} and {queue}[0].f: {name}.n = {queue}[0].n")
        self.line(self.pick(forms))

    def _require(self) -> None:
        self.line(f"require({self.expr('bool')})")

    def _fatal(self) -> None:
        self.line(f'if {self.expr("bool")}: fatal("{self.fresh("boom")}")')

    def _assert(self) -> None:
        self.line(f"assert {self.expr('bool')} or {self.expr('bool', 1)}")

    def _if(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        yields = yields and self.chance(60)
        with self.inside(f"if {self.expr('bool')}:"):
            self.block(2, depth, yields=yields, loop=loop, result=result)
        if self.chance(30):
            with self.inside(f"elif {self.expr('bool')}:"):
                self.block(2, depth, yields=yields, loop=loop, result=result)
        if self.chance(60):
            with self.inside("else:"):
                self.block(2, depth, yields=yields, loop=loop, result=result)
        if yields:
            self.forget()

    def _for(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        yields = yields and self.chance(30)
        if yields:
            self.forget()  # the second round begins behind a yield
        name, kind = self.fresh("k"), "int"
        source = self.pick(("range(2)", "(0, 2)", "range(3)"))
        if not yields and self.chance(50):
            small = [(n, e) for n, i, e in self.scope.arrays if i != "pid"] + self.scope.queues
            source, kind = self.pick([(n, e) for n, e in small] or [(source, kind)])
        with self.inside(f"for {name} in {source}:"):
            self.scope.readonly[kind].append(name)
            self.block(2, depth, yields=yields, loop=True, result=result)
        if self.chance(20):
            with self.inside("else:"):
                self.block(1, 0, loop=loop, result=result)
        if yields:
            self.forget()

    def _while(self, depth: int, result: str) -> None:
        self.forget()
        with self._purely(), self.inside(f"while {self.expr('bool')}:"):
            self.pure -= 1
            self._yield()
            self.block(2, depth, yields=True, loop=True, result=result)
            self.pure += 1
        self.forget()

    def _yield(self) -> None:
        label = self.fresh("L")
        if not self.called:
            self.labels.setdefault(self.kind, []).append(label)
        self.forget()
        with self._purely():
            guard = f", when=lambda: {self.expr('bool', 1)}" if self.chance(15) else ""
        rest = ", rest=True" if self.chance(10) else ""
        self.line(f'yield step("{label}"{guard}{rest})')

    def _call(self) -> None:
        if not self.scope.operations:
            return
        name, argument, result = self.pick(self.scope.operations)
        call = f"yield from {name}(g, {self.value(argument)})"
        self.forget()
        targets = self.scope.places.get(result, [])
        self.line(f"{self.pick(targets)} = {call}" if targets and self.chance(80) else call)

    def forget(self) -> None:
        """Behind a yield, locals without a domain are gone."""
        for names in self.scope.temps.values():
            names.clear()

    # --- the model -------------------------------------------------------------------------------------------

    def declare(self, owner: str) -> None:
        """Some fields; ``owner`` is how code names them."""
        self.line("self.n = Int(0, 2)")
        self.line("self.m = Int(0, 2, init=1)")
        self.line("self.p = Pid(self.a)")
        self.scope.places["int"] += [f"{owner}.n", f"{owner}.m"]
        self.scope.places["pid"].append(f"{owner}.p")
        for _ in range(1 + self.rng.randrange(4)):
            self._field(owner)

    def _field(self, owner: str) -> None:
        name, kind, scope = self.fresh("f"), self.pick(SCALARS), self.scope
        full = f"{owner}.{name}"
        form = self.pick(("scalar", "scalar", "array", "queue", "set", "struct", "words"))
        if form == "scalar":
            self.line(f"self.{name} = {DOMAINS[kind]}")
            scope.places[kind].append(full)
        elif form == "array":
            index, source = self.pick((("int", "2"), ("int", "2"), ("pid", "self.a"), ("enum", DOMAINS["enum"])))
            self.line(f"self.{name} = Array({DOMAINS[kind]}, {source})")
            scope.arrays.append((full, index, kind))
        elif form == "queue":
            self.line(f"self.{name} = {self.pick(('Queue', 'Seq'))}({DOMAINS[kind]}, 2)")
            scope.queues.append((full, kind))
        elif form == "set":
            kind = self.pick(("int", "pid", "enum"))
            self.line(f"self.{name} = Set({DOMAINS[kind]})")
            scope.sets.append((full, kind))
        elif form == "struct":
            self.line(f"self.{name} = Word")
            self._word(full)
        else:
            self.line(f"self.{name} = Queue(Word, 1)")
            scope.struct_queues.append(full)

    def _word(self, name: str) -> None:
        self.scope.structs.append(name)
        self.scope.places["bool"].append(f"{name}.f")
        self.scope.places["int"].append(f"{name}.n")

    def helper(self, owner: str) -> None:
        """A plain method with early returns."""
        name, argument, result = self.fresh("h"), self.pick(SCALARS), self.pick(("int", "bool", "enum", "opt", "pid"))
        pure = self.chance(50)
        with self.inside(f"def {name}(self, x):"):
            self.scope.readonly[argument].append("x")
            if pure:
                with self._purely():
                    for _ in range(self.rng.randrange(3)):
                        self.line(f"if {self.expr('bool')}: return {self.expr(result, 1)}")
                    self.line(f"return {self.expr(result)}")
            else:
                self.block(2, 1, result=result)
                self.line(f"return {self.expr(result)}")
        self.scope.helpers.append((f"{owner}.{name}", argument, result, pure))

    def operation(self, owner: str, kind: str) -> None:
        name, argument, result = self.fresh("op"), self.pick(SCALARS), self.pick(("int", "bool", "enum", "opt", "none"))
        with self.inside(f"def {name}(self, g, x: {DOMAINS[argument]}):"):
            self.scope.places[argument].append("x")
            self.scope.readonly["pid"] += ["g"] if kind == "a" else []
            self._local()
            self._yield()
            self.block(3, 1, yields=True, result=result)
            self.line("return" if result == "none" else f"return {self.value(result)}")
        self.scope.operations.append((f"{owner}.{name}", argument, result))

    def _local(self) -> None:
        name, kind = self.fresh("x"), self.pick(SCALARS)
        if kind == "pid":
            kind = "optpid"
        self.line(f"{name}: {DOMAINS[kind]} = {START[kind]}")
        self.scope.places[kind].append(name)
        if self.kind == "a" and not self.called:
            self.locals.append((name, kind))

    def process(self, name: str, processes: int) -> None:
        self.line(f"@process(count={processes})")
        self.kind = name
        with self.inside(f"def {name}(self, g):"):
            self.scope.readonly["pid"] += ["g"] if name == "a" else []
            for _ in range(self.rng.randrange(3)):
                self._local()
            if self.chance(50):
                with self.inside("while True:"):
                    self._yield()
                    self.block(4, 2, yields=True, loop=True, result="none")
            else:
                self._yield()
                self.line(f"self.n = choose(self.m, {self.expr('int', 1)} % 3)")
                self.block(5, 3, yields=True, result="none")

    def rule(self) -> None:
        self.line("@rule")
        with self.inside(f"def {self.fresh('rule')}(self, x: Int(0, 1), y: Pid(self.a)):"):
            self.line("require(self.n == x)")
            self.scope.readonly["int"].append("x")
            self.scope.readonly["pid"].append("y")
            self.block(2, 1)

    def property(self) -> None:
        self.line("@invariant")
        with self._purely(), self.inside(f"def {self.fresh('inv')}(self):"):
            labels = f'"{self.labels["a"][0]}", "done"'  # the other labels may not be reached
            self.scope.readonly["bool"] += [f"any(self.a.at(z, {labels}) for z in self.a)", f"self.a.at(self.p, {labels})"]
            for name, kind in self.locals:
                self.scope.readonly[kind].append(f"self.a[self.p].{name}")
            self.line(f"return {self.expr('bool', 3)}")


def _drop_kind(form: Callable[[int], str]) -> Callable[[str, int], str]:
    return lambda kind, depth: form(depth)


def write_model(rng: random.Random) -> str:
    """The source text of a model class ``M``."""
    w = Writer(rng)
    for text in ("from gomodel import *", "from gomodel import Model, Component", "", "Word = Struct(f=Bool(), n=Int(0, 2))"):
        w.line(text)
    w.line("")
    with w.inside("class M(Model):"):
        w.line('name = "random"')
        with w.inside("def state(self):"):
            w.declare("self")
            inner = w.scope
        w.scope = inner
        for _ in range(rng.randrange(3)):
            w.helper("self")
        w.kind, w.called = "a", True
        for _ in range(rng.randrange(3)):
            w.operation("self", "a")
        w.called = False
        w.process("a", 1 + rng.randrange(2))
        w.scope.operations.clear()
        if w.chance(40):
            w.process("c", 1)
        if w.chance(15):
            w.rule()
        for _ in range(2):
            w.property()
    return "\n".join(w.lines) + "\n"

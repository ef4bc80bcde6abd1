"""Random models as source text in the modelling language, for comparing the traced system with CPython.

``write_model`` draws everything from a ``random.Random`` (Hypothesis gives one whose draws it can shrink).  The text
is well typed by construction: that the language refuses it is a finding, except for the reasons in ``REFUSED``.
"""

from __future__ import annotations

import random

from .random_expressions import SCALARS, Scope
from .random_statements import Statements

REFUSED = (
    "branches that give different kinds of values",  # two names are no value of a common domain; a property cannot fork
    "whose branches give different kinds of values",
    "cannot be evaluated",  # a property that divides by the constant 0, say
    "init allows no initial state",
    "share its contents with another name",  # a view of a local that is assigned again
    "unsupported operand",  # None in arithmetic, known while tracing
    "not supported between",
    "None does not fit",
    "ways through",  # too many choices in one step
)
DOMAINS = {
    "int": "Int(0, 2)",
    "bool": "Bool()",
    "enum": 'Enum("x", "y", "z")',
    "opt": "Option(Int(0, 1))",
    "pid": "Pid(self.a)",
    "optpid": "Option(Pid(self.a))",
}
START = {"int": "1", "bool": "False", "enum": '"x"', "opt": "None", "optpid": "None"}


class Writer(Statements):
    """Writes one model."""

    def fields(self, owner: str) -> None:
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
        full, declared = f"{owner}.{name}", f"self.{name} = "
        match self.pick(("scalar", "scalar", "array", "queue", "set", "bag", "struct", "structs", "words")):
            case "scalar":
                self.line(declared + DOMAINS[kind])
                scope.places[kind].append(full)
            case "array":
                index, size = self.pick((("int", "2"), ("int", "2"), ("pid", "self.a"), ("enum", DOMAINS["enum"])))
                self.line(f"{declared}Array({DOMAINS[kind]}, {size})")
                scope.arrays.append((full, index, kind))
            case "queue":
                self.line(f"{declared}{self.pick(('Queue', 'Seq'))}({DOMAINS[kind]}, 2)")
                scope.queues.append((full, kind))
            case "set":
                kind = self.pick(("int", "pid", "enum"))
                self.line(f"{declared}Set({DOMAINS[kind]})")
                scope.sets.append((full, kind))
            case "bag":
                self.line(f"{declared}Bag(Int(0, 2), 2)")
                scope.bags.append(full)
            case "struct":
                self.line(f"{declared}Word")
                self._word(full)
            case "structs":
                self.line(f"{declared}Array(Word, 2)")
                scope.struct_arrays.append(full)
            case _:
                self.line(f"{declared}Queue(Word, 1)")
                scope.struct_queues.append(full)

    def _word(self, name: str) -> None:
        self.scope.structs.append(name)
        self.scope.places["bool"].append(f"{name}.f")
        self.scope.places["int"].append(f"{name}.n")

    def helper(self) -> None:
        """A plain method with early returns."""
        name, argument, result = self.fresh("h"), self.pick(SCALARS), self.pick(("int", "bool", "enum", "opt", "pid"))
        pure = self.chance(50)
        with self.inside(f"def {name}(self, x):"):
            self.scope.readonly[argument].append("x")
            if pure:
                with self.purely():
                    for _ in range(self.rng.randrange(3)):
                        self.line(f"if {self.expr('bool')}: return {self.expr(result, 1)}")
                    self.line(f"return {self.expr(result)}")
            else:
                self.block(2, 1, result=result)
                self.line(f"return {self.expr(result)}")
        self.scope.helpers.append((f"self.{name}", argument, result, pure))

    def operation(self) -> None:
        """An operation with steps, a parameter and a result; it may call those written before it."""
        name, argument, result = self.fresh("op"), self.pick(SCALARS), self.pick(("int", "bool", "enum", "opt", "none"))
        self.kind, self.called = "a", True
        with self.inside(f"def {name}(self, g, x: {DOMAINS[argument]}):"):
            self.scope.places[argument].append("x")
            self.scope.readonly["pid"].append("g")
            self.local()
            if self.chance(80):
                self._yield()
            self.block(3, 1, yields=True, result=result)
            self._yield()
            self.line("return" if result == "none" else f"return {self.value(result)}")
        self.called = False
        self.scope.operations.append((f"self.{name}", argument, result))

    def local(self) -> None:
        """A local with a domain, set to a constant."""
        name, kind = self.fresh("x"), self.pick((*START, "word"))
        if kind == "word":
            self.line(f"{name}: Word = Word(n=1)")
            self._word(name)
        else:
            self.line(f"{name}: {DOMAINS[kind]} = {START[kind]}")
            self.scope.places[kind].append(name)
            if self.kind == "a" and not self.called:
                self.locals.append((name, kind))

    def process(self, name: str, processes: int) -> None:
        self.kind = name
        self.line(f"@process(count={processes})")
        with self.inside(f"def {name}(self, g):"):
            self.scope.readonly["pid"] += ["g"] if name == "a" else []
            for _ in range(self.rng.randrange(3)):
                self.local()
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
        with self.purely(), self.inside(f"def {self.fresh('inv')}(self):"):
            labels = f'"{self.first_label["a"]}", "done"'  # other labels may not be reached
            readonly = self.scope.readonly
            readonly["bool"] += [f"any(self.a.at(z, {labels}) for z in self.a)", f"self.a.at(self.p, {labels})"]
            for name, kind in self.locals:
                readonly[kind].append(f"self.a[self.p].{name}")
            self.line(f"return {self.expr('bool', 3)}")


def write_model(rng: random.Random) -> str:
    """The source text of a model class ``M``."""
    w = Writer(rng)
    w.line("from gomodel import *")
    w.line("Word = Struct(f=Bool(), n=Int(0, 2))")
    with w.inside("class M(Model):"):
        w.line('name = "random"')
        with w.inside("def state(self):"):
            w.fields("self")
            declared: Scope = w.scope
        w.scope = declared
        if w.chance(30):
            with w.inside("def init(self):"):
                w.line(f"self.n = choose(0, {w.expr('int', 1)} % 3)")
                w.block(2, 1)
        for _ in range(rng.randrange(3)):
            w.helper()
        for _ in range(rng.randrange(3)):
            w.operation()
        w.process("a", 1 + rng.randrange(2))
        w.scope.operations.clear()  # they take a process of kind a
        if w.chance(40):
            w.process("c", 1)
        if w.chance(15):
            w.rule()
        for _ in range(2):
            w.property()
    return "\n".join(w.lines) + "\n"

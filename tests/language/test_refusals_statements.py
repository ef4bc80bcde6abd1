"""Refused statements, and what may not live across a yield."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.refusing import Case, expect_refusal, members, step

STATEMENTS = [
    step(
        "try around a yield",
        """
        try:  # <-
            yield step("second")
        finally:
            self.flag = True
        """,
        "`try` is not part of",
        "found and reported",
    ),
    step(
        "try without a yield",
        """
        try:  # <-
            self.n = self.cells[self.n]
        except IndexError:
            self.n = 0
        """,
        "`try` is not part of",
        "found and reported",
    ),
    step(
        "with around a yield",
        """
        with self.part:  # <-
            yield step("second")
        """,
        "`with` is not part of",
        "region=",
    ),
    step(
        "yield in a lambda",
        """
        f = lambda: (yield step("second"))  # <-
        f()
        """,
        "`yield` inside an expression",
        "statement of its own",
    ),
    step(
        "yield in a comprehension",
        """
        xs = list((yield step("second")) for i in range(2))  # <-
        """,
        "SyntaxError: 'yield' inside generator expression",
    ),
    step(
        "yield as an expression",
        "x = 1 + (yield step('second'))  # <-",
        "`yield` inside an expression",
        "statement of its own",
    ),
    step("yield assigned", "x = yield step('second')  # <-", "`yield` inside an expression", "statement of its own"),
    step(
        "yield from in an expression",
        "x = 1 + (yield from self.part.operation(1))  # <-",
        "`yield from` inside an expression",
        "an assignment or a return value",
    ),
    step("yield of a non-step", "yield 3  # <-", "a process yields steps only", 'yield step("label")'),
    step("bare yield", "yield  # <-", "a process yields steps only", 'yield step("label")'),
    step(
        "when without a lambda", "yield step('second', when=self.flag)  # <-", "`when=` takes a lambda", "when=lambda:"
    ),
    step(
        "keywords of a step from a dict", "yield step('second', **{})  # <-", "** in a call is not part of the language"
    ),
    step(
        "keywords of an operation from a dict",
        "yield from self.part.operation(1, **{})  # <-",
        "** in a call is not part of the language",
    ),
    step("symbolic label", "yield step(self.n)  # <-", "what describes a step must be concrete"),
    step("operation without yield from", "self.part.operation(1)  # <-", "steps of its own", "yield from"),
    step(
        "plain method with yield from",
        "yield from self.part.plain()  # <-",
        "no steps of its own",
        "without `yield from`",
    ),
    step("yield from a field", "yield from self.queue  # <-", "takes the call of an operation", "e.g."),
    step("yield from a list", "yield from list()  # <-", "takes the call of an operation of the spec"),
    members(
        "recursion through yield from",
        """
        def descend(self):
            yield step("down")
            yield from self.descend()  # <-

        @process(count="size")
        def client(self, g):
            yield step("first")
            yield from self.descend()
        """,
        "descend calls itself through `yield from`",
        "loop with a stack field",
    ),
    members(
        "endless plain recursion",
        """
        def descend(self):
            return self.descend()  # <-

        @process(count="size")
        def client(self, g):
            yield step("first")
            self.descend()
        """,
        "descend calls itself too deep",
        "loops in a step run over concrete bounds",
    ),
    members(
        "mutable default",
        """
        def helper(self, found=[]):
            return len(found)

        @process(count="size")
        def client(self, g):
            yield step("first")
            self.n = self.helper()  # <-
        """,
        "helper has a mutable default for 'found'",
        "None",
    ),
    step("global", "global COUNTER  # <-\nCOUNTER = 1", "`global` is not part of", "fields of components"),
    step(
        "nonlocal",
        """
        k = 0
        def bump():
            nonlocal k  # <-
            k = 1
        bump()
        """,
        "`nonlocal` is not part of",
        "return the value",
    ),
    step("import in a step", "import math  # <-", "`import` is not part of", "top of the file"),
    step("del", "x = 1\ndel x  # <-", "`del` is not part of", "assign"),
    step("match", "match self.n:  # <-\n    case 0:\n        self.n = 1", "`match` is not part of", "if / elif"),
    step("class in a step", "class K:  # <-\n    pass", "`class` is not part of", "top of the file"),
    step("await", "f = lambda: 0\nasync def k():  # <-\n    pass", "`async` is not part of"),
    step(
        "default in a nested function",
        """
        def f(x=1):  # <-
            return x
        self.n = f()
        """,
        "a nested function is plain",
        "method",
    ),
    step("read before assignment", "self.n = x  # <-\nx = 1", "'x' is read before it is assigned"),
    step(
        "read where one branch assigned",
        """
        if self.flag:
            x = 1
        self.n = x  # <-
        """,
        "local 'x' lives across a yield",
        "name its domain",
    ),
    step("unknown name", "self.n = nowhere  # <-", "'nowhere' is not defined"),
    step(
        "while without a yield, symbolic",
        "while self.n < 3:  # <-\n    self.n += 1",
        "`while` without a yield must be concrete",
        "for i in range(N)",
    ),
    step(
        "while without a yield, endless",
        "while True:  # <-\n    self.n = 1",
        "without reaching a yield",
        "on every way round",
    ),
    step(
        "a way round without a yield",
        """
        while True:  # <-
            if self.flag:
                yield step("second")
        """,
        "without reaching a yield",
        "on every way round",
    ),
    step(
        "range of a symbolic value",
        "for i in range(self.n):  # <-\n    self.flag = True",
        "range() of a symbolic value",
        "concrete range",
    ),
    step(
        "for over processes",
        "for p in self.client:  # <-\n    self.last = p",
        "iterated only inside any, all",
        "choose(self.client)",
    ),
    step(
        "for over an array of processes around a yield",
        "for x in self.queue:  # <-\n    yield step('second')",
        "goes over constants only",
        "for i in range(N)",
    ),
    step(
        "for around a yield over the same value twice",
        "for x in (1, 2, 1):  # <-\n    yield step('second')\n    self.n = x",
        "goes over distinct values",
        "use an index",
    ),
    step("for over a scalar", "for x in self.n:  # <-\n    pass", "cannot be iterated"),
    step("for over a struct", "for x in self.word:  # <-\n    pass", "a struct cannot be iterated"),
]

ACROSS = [
    step(
        "undeclared local across a yield",
        """
        x = self.n
        yield step("second")
        self.n = x  # <-
        """,
        "local 'x' lives across a yield",
        "name its domain where it is assigned: `x: Bool() = …`",
    ),
    step(
        "Python container across a yield",
        """
        xs = [1, 2]
        yield step("second")
        self.n = xs[0]  # <-
        """,
        "local 'xs' lives across a yield",
        "name its domain",
    ),
    step(
        "view across a yield",
        """
        w = self.word
        yield step("second")
        self.n = w.low  # <-
        """,
        "local 'w' lives across a yield",
        "a view is good within its step only",
    ),
    step(
        "view into a declared local",
        """
        w: like(self.word) = self.word  # <-
        yield step("second")
        self.n = w.low
        """,
        "'w' would be a view of the state",
        ".copy()",
    ),
    members(
        "parameter across a yield",
        """
        def operation(self, k):
            yield step("second")
            self.n = k  # <-

        @process(count="size")
        def client(self, g):
            yield step("first")
            yield from self.operation(self.n)
        """,
        "parameter 'k' lives across a yield",
        "name its domain: `k: Int(0, 3)`",
    ),
    step(
        "module-level list changed",
        "TABLE.append(3)  # <-",
        "must not change a Python container that outlives it",
        "make it a field",
    ),
    step(
        "module-level list element changed",
        "TABLE[0] = 3  # <-",
        "must not change a Python container",
        "make it a field",
    ),
    step("module-level set changed", "SEEN.add(3)  # <-", "must not change a Python container", "make it a field"),
]

CASES = [*STATEMENTS, *ACROSS]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_refusal(case: Case, tmp_path: Path) -> None:
    expect_refusal(case, tmp_path)

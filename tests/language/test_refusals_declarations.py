"""Refused declarations, whole files, and names that do not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gomodel import catalog
from gomodel.language.errors import SpecError, UsageError
from gomodel.language.instance import instance
from tests.language.refusing import Case, expect_refusal, members, step, whole
from tests.language.source import model_of

DECLARATIONS = [
    members(
        "ghost read by a step",
        """
        @process(count="size")
        def client(self, g):
            yield step("first")  # <-
            if self.secret == 1:
                self.n = 1
        """,
        "depends on the ghost field secret",
        "make it an ordinary field",
    ),
    members(
        "ghost copied into a field",
        """
        @process(count="size")
        def client(self, g):
            yield step("first")  # <-
            self.n = self.secret
        """,
        "depends on the ghost field secret",
        "make it an ordinary field",
    ),
    members(
        "ghost in a guard",
        """
        @process(count="size")
        def client(self, g):
            yield step("first", when=lambda: self.secret == 0)  # <-
            self.flag = True
        """,
        "depends on the ghost field secret",
        "make it an ordinary field",
    ),
    step(
        "granularity",
        """
        yield step("second", go="sync/mutex.go:1")  # <-
        self.n = 1
        self.flag = True
        """,
        "step 'second' touches more than one shared word: n, flag",
        'region="the lock"',
    ),
    step(
        "granularity, two cells of one array",
        """
        yield step("second", go="sync/mutex.go:1")  # <-
        self.cells[0] = self.cells[1]
        """,
        "cells (at 2 indices)",
        "split it with a yield",
    ),
    members(
        "more than 2000 ways",
        """
        @process(count="size")
        def client(self, g):
            yield step("first")  # <-
            a = choose(Int(0, 3))
            for i in range(11):
                if choose(False, True):
                    a = i
        """,
        "more than 2000 ways through",
        "split it with a yield, or choose less often",
    ),
    members(
        "more than 2000 ways by branches",
        """
        @process(count="size")
        def client(self, g):
            yield step("first")  # <-
            seen = []
            for i in range(11):
                x = choose(Int(0, 3))
                if x > 1:
                    seen.append(x)
        """,
        "more than 2000 ways through",
        "let the branches at line 42 assign only",
    ),
    members(
        "process without a step",
        """
        @process(count="size")
        def client(self, g):  # <-
            self.flag = True
        """,
        "process client has no step",
        "yield step(",
    ),
    members(
        "process with two parameters",
        """
        @process(count="size")
        def client(self, g, h):  # <-
            yield step("first")
        """,
        "process client takes self and its own id",
        "def client(self, g):",
    ),
    members(
        "effects before the first yield",
        """
        @process(count="size")
        def client(self, g):
            self.n = 1  # <-
            yield step("first")
        """,
        "the code before the first yield must not change the state",
        "do it in a step",
    ),
    members(
        "two first yields",
        """
        @process(count="size")
        def client(self, g):  # <-
            if self.flag:
                yield step("first")
            yield step("second")
        """,
        "before the first yield of client only sets locals",
        "begin with a `yield step",
    ),
    members(
        "count that is no bound",
        """
        @process(count="sise")
        def client(self, g):  # <-
            yield step("first")
        """,
        "there is no bound 'sise'",
        "did you mean size?",
    ),
    members(
        "rule parameter without a domain",
        """
        @rule
        def put(self, key):  # <-
            self.n = key
        """,
        "parameter 'key' of put needs a finite domain",
        "`key: Int(0, 3)`",
    ),
    members(
        "rule parameter with a type",
        """
        @rule
        def put(self, key: int):  # <-
            self.n = key
        """,
        "parameter 'key' of put needs a finite domain",
        "`key: Int(0, 3)`",
    ),
    members(
        "rule with a yield",
        """
        @rule
        def put(self):  # <-
            yield step("x")
        """,
        "rule put has a yield: it is one atomic action",
        "@process",
    ),
    members(
        "init that allows no state",
        """
        def init(self):  # <-
            require(self.n == 1)
        """,
        "init allows no initial state",
    ),
    members(
        "fatal with a property's name",
        """
        @process(count="size")
        def client(self, g):
            yield step("first")
            if self.flag:
                fatal("no", prop="claim")  # <-

        @invariant
        def claim(self):
            return self.n < 3
        """,
        "prop='claim') has the name of another property",
    ),
    step("annotation that is no domain", "x: undefined = 1  # <-\nyield step('second')", "'undefined' is not defined"),
    step(
        "one local with two domains",
        "x: Int(0, 1) = 0\nx: Bool() = False  # <-\nyield step('second')\nself.flag = x",
        "'x' has two domains, the other one at line 38",
        "annotate it once",
    ),
]

FILES = [
    whole(
        "no process and no rule", "class M(Model):  # <-\n    name = 'm'\n", "M has no process and no rule", "@process"
    ),
    whole(
        "component embedded twice",
        """
        class Part(Component):
            pass
        class M(Model):
            name = "m"
            def state(self):
                part = Part()
                self.a = part
                self.b = part  # <-
        """,
        "the component at b is embedded twice (it is a already)",
    ),
    whole(
        "field that hides a method",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.take = Bool()  # <-
            def take(self):
                return 1
        """,
        "M.take is declared twice, or hides a method",
    ),
    whole(
        "field that hides a bound",
        """
        class M(Model):
            name = "m"
            size: int = 2
            def state(self):
                self.size = Int(0, 1)  # <-
        """,
        "M.size is declared twice, or hides a method or bound",
    ),
    whole(
        "field named like a part of the framework",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.bounds = Int(0, 1)  # <-
        """,
        "M.bounds is declared twice, or hides a method",
    ),
    whole(
        "empty Int",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Int(3, 1)  # <-
        """,
        "Int(3, 1) is empty",
    ),
    whole(
        "initial value outside its domain",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Int(0, 1, init=5)  # <-
        """,
        "the initial value 5 is outside Int(0, 1)",
    ),
    whole(
        "initial value of an enum that is none",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Enum("a", "b", init="c")  # <-
        """,
        "the initial value 'c' is not one of 'a', 'b'",
    ),
    whole(
        "enum with a name twice",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Enum("a", "a")  # <-
        """,
        "Enum needs distinct names",
    ),
    whole(
        "array without cells",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Array(Bool(), 0)  # <-
        """,
        "at least one cell",
    ),
    whole(
        "set of containers",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Set(Queue(Bool(), 1))  # <-
        """,
        "Set holds scalars",
    ),
    whole(
        "Python value as a field",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = nowhere  # <-
        """,
        "NameError: name 'nowhere' is not defined",
    ),
    whole(
        "domain class instead of a domain",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Queue(Int, 2)  # <-
        """,
        "Queue takes a domain such as Int(0, 3), not <class",
    ),
    whole(
        "option of an option",
        """
        class M(Model):
            name = "m"
            def state(self):
                self.n = Option(Option(Bool()))  # <-
        """,
        "None would mean two things",
    ),
    whole(
        "constructor of a component without its argument",
        """
        class Part(Component):
            def __init__(self, procs):
                self.procs = procs
        class M(Model):
            name = "m"
            def state(self):
                self.part = Part()  # <-
        """,
        "missing 1 required positional argument: 'procs'",
    ),
    whole(
        "bound without a default",
        """
        class M(Model):  # <-
            name = "m"
            size: int
        """,
        "bound M.size needs a default value",
        "size: int = 2",
    ),
    whole(
        "unknown bug of a component",
        """
        class M(Model):
            name = "m"
            bugs = {"late": Bug("comes late")}
            def state(self):
                self.n = Int(0, 1)
            @process()
            def client(self, g):
                yield step("first")
                if self.bug("latee"):  # <-
                    self.n = 1
        """,
        "M has no bug 'latee'",
        "did you mean late?",
    ),
]

CASES = [*DECLARATIONS, *FILES]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_refusal(case: Case, tmp_path: Path) -> None:
    expect_refusal(case, tmp_path)


NAMED = model_of(
    """
    class M(Model):
        name = "m"
        bugs = {"late": Bug("comes late")}
        scenarios = {"loop": Scenario("for ever")}
        clients: int = Bound(2, min=1, max=3)
        fast: bool = False
        rounds: tuple = ()

        @process(count="clients")
        def client(self, g):
            yield step("first")
    """
)


@pytest.mark.parametrize(
    ("use", "words", "mend"),
    [
        (lambda: instance(NAMED, "lop"), "model m has no scenario 'lop'", "its scenarios are: loop"),
        (lambda: instance(NAMED, bounds={"client": 1}), "model m has no bound 'client'", "did you mean clients?"),
        (lambda: instance(NAMED, bounds={"zzz": 1}), "no bound 'zzz'", "its bounds are: clients, fast, rounds"),
        (lambda: instance(NAMED, bounds={"clients": 4}), "clients=4 is out of range: it goes from 1 to 3", ""),
        (lambda: instance(NAMED, bounds={"clients": "0"}), "clients=0 is out of range", ""),
        (lambda: instance(NAMED, bounds={"clients": "two"}), "clients=two is not a whole number", ""),
        (lambda: instance(NAMED, bounds={"clients": True}), "clients=True is not a whole number", ""),
        (lambda: instance(NAMED, bounds={"fast": "maybe"}), "fast=maybe is not true or false", ""),
        (lambda: instance(NAMED, bounds={"rounds": "1,x"}), "rounds=1,x is not numbers with commas", ""),
        (lambda: instance(NAMED).with_bugs("lat"), "model m has no bug 'lat'", "did you mean late?"),
    ],
)
def test_names_and_bounds_of_a_command_line(use: Callable[[], object], words: str, mend: str) -> None:
    with pytest.raises(UsageError) as caught:
        use()
    assert words in caught.value.message
    assert mend in (caught.value.mend or "")


@pytest.mark.parametrize(
    "member",
    ["@invariant\n    def bounds(self):", "@rule\n    def init(self):", "@process()\n    def bug(self, g):"],
)
def test_a_declaration_must_not_hide_a_name_of_gomodel(member: str, tmp_path: Path) -> None:
    path = tmp_path / "hides.py"
    path.write_text(f"from gomodel import *\n\nclass M(Model):\n    name = 'm'\n\n    {member}\n        return True\n")
    with pytest.raises(SpecError, match="hides a name of gomodel's own") as caught:
        catalog.load(str(path))
    assert caught.value.where is not None
    assert caught.value.mend == "rename it"

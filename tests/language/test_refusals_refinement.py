"""Refused refinements: the abstract component, the mapping, and what the mapping forgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.refusing import Case, expect_refusal, whole

HEAD = """
from __future__ import annotations
from gomodel import *

class Knowing(Component):
    def __init__(self, m):
        self.m = m

class Lock(Component):
    def state(self):
        self.owner = Option(Int(0, 3))
        self.cells = Array(Int(0, 3), 2)
    @rule
    def lock(self, g: Int(0, 3)):
        require(self.owner is None)
        self.owner = g
"""
MODEL = """
class M(Model):
    name = "m"
    def state(self):
        self.n = Int(0, 3)
        self.word = Struct(low=Int(0, 3))
        self.queue = Queue(Int(0, 3), 2)
        self.part = Lock()
    @process()
    def client(self, g):
        yield step("only")
        self.n = 1
"""


def mapping(
    name: str, body: str, words: str, mend: str = "", factory: str = "Lock()", args: str = "self, lock"
) -> Case:
    """A refinement with this body."""
    mark = "" if "# <-" in body + factory else "  # <-"
    text = f"    @refines(lambda self: {factory})\n    def atomic({args}):{mark}\n"
    return Case(name, HEAD + MODEL + text + "".join(f"        {line}\n" for line in body.splitlines()), words, mend)


def abstract(name: str, members: str, words: str, mend: str = "") -> Case:
    """An abstract component with these members."""
    lines = "".join(f"    {line}\n" for line in members.splitlines())
    mark = "" if "# <-" in members else "  # <-"
    text = f"\nclass Other(Knowing):{mark}\n" + lines + MODEL
    text += "    @refines(lambda self: Other(self))\n    def atomic(self, other):\n        other.n = self.n\n"
    return Case(name, HEAD + text, words, mend)


ALL = "lock.cells.fill(0)\n"
CASES = [
    # --- the abstract component
    mapping("no component", "pass", "refinement atomic needs a component, not 3", "@refines(lambda", factory="3"),
    mapping("nothing", "pass", "needs a component, not None", factory="None"),
    mapping("a model", "pass", "needs a component, not the model M", factory="M()"),
    mapping("the component itself", "pass", "needs a component, not the model M", factory="self"),
    mapping("an error", "pass", "the abstract component of atomic: ZeroDivisionError", factory="1 // 0  # <-\n    "),
    mapping("an embedded one", "pass", "needs a component of its own", "make a fresh one", factory="self.part"),
    abstract("no rule", "def state(self):\n    self.n = Int(0, 3)", "Other has no rule", "a method with @rule"),
    abstract(
        "a process",
        'def state(self):\n    self.n = Int(0, 3)\n@process()\ndef p(self, g):\n    yield step("a")\n    self.n = 1',
        "the abstract component Other has the process p",
        "as methods with @rule",
    ),
    abstract(
        "an init",
        "def state(self):\n    self.n = Int(0, 3)\ndef init(self):\n    self.n = 1\n@rule\ndef up(self):\n    pass",
        "has an init",
        "give its fields their init=",
    ),
    abstract(
        "a rule without a domain",
        "def state(self):\n    self.n = Int(0, 3)\n@rule\ndef up(self, by):  # <-\n    self.n += by",
        "parameter 'by' of up needs a finite domain",
    ),
    abstract(
        "a rule with a yield",
        'def state(self):\n    self.n = Int(0, 3)\n@rule\ndef up(self):  # <-\n    yield step("a")',
        "rule up has a yield",
    ),
    abstract(
        "a field that does not exist",
        "def state(self):\n    self.n = Int(0, 3)\n@rule\ndef up(self):\n    self.m = 1  # <-",
        "Other.m is not a declared field",
    ),
    abstract(
        "a rule that reads the concrete state",
        "def state(self):\n    self.n = Int(0, 3)\n@rule\ndef up(self):\n    self.n = self.m.n  # <-",
        "n is no field of the abstract component",
        "let the mapping assign it",
    ),
    abstract(
        "a rule that writes the concrete state",
        "def state(self):\n    self.n = Int(0, 3)\n@rule\ndef up(self):\n    self.m.n = 1  # <-",
        "n is no field of the abstract component",
    ),
    abstract(
        "a rule that reads labels",
        "def state(self):\n    self.n = Int(0, 3)\n"
        "@rule\ndef up(self):\n    require(any(self.m.client.at(g, 'only') for g in self.m.client))  # <-",
        "a step reads neither labels nor locals",
    ),
    whole(
        "no factory",
        """
        class M(Model):
            name = "m"
            @refines  # <-
            def atomic(self, lock):
                lock.owner = None
            @rule
            def r(self):
                pass
        """,
        "@refines takes a function of the component",
        "@refines(lambda self: AtomicLock())",
    ),
    # --- the mapping
    mapping("a field forgotten", "lock.owner = None", "does not assign atomic.cells in every case", "lock.cells = …"),
    mapping("a cell forgotten", "lock.owner = None\nlock.cells[0] = 1", "does not assign atomic.cells in every case"),
    mapping("a way forgotten", ALL + "if self.n == 1:\n    lock.owner = 1", "does not assign atomic.owner"),
    mapping("a way out", ALL + "if self.n == 1:\n    return\nlock.owner = 1", "does not assign atomic.owner"),
    mapping("a field read", ALL + "lock.owner = 1 if lock.owner is None else None", "does not assign atomic.owner"),
    mapping(
        "a field read in a condition",
        "lock.owner = None\nlock.cells.fill(6 // lock.cells[0] * 0)  # <-",
        "reads an abstract field before it is assigned",
    ),
    mapping("no such field", ALL + "lock.owned = 1  # <-", "Lock.owned is not a declared field", "did you mean owner?"),
    mapping("a concrete field", ALL + "self.n = 1  # <-\nlock.owner = 1", "must not change the state"),
    mapping("a part of one", ALL + "self.word.low = 1  # <-\nlock.owner = 1", "must not change the state"),
    mapping("a concrete queue", ALL + "self.queue.push(1)  # <-\nlock.owner = 1", "must not change the state"),
    mapping("a choice", ALL + "lock.owner = choose(0, 1)  # <-", "a mapping must not choose"),
    mapping("a require", ALL + "require(self.n > 0)  # <-\nlock.owner = 0", "a mapping must not require"),
    mapping("a fatal", ALL + "lock.owner = 0\nfatal('no')  # <-", "a mapping must not reach a fatal"),
    mapping("a rule called", ALL + "lock.lock(1)  # <-", "'RuleDecl' object is not callable"),
    mapping("a yield", 'yield step("a")', "the mapping atomic is a plain method", "def atomic(self, abstract)"),
    mapping("too few parameters", "pass", "is a plain method of self and the abstract", args="self"),
    mapping("too many parameters", "pass", "is a plain method of self and the abstract", args="self, before, lock"),
    mapping("a result", ALL + "lock.owner = 1\nreturn True", "the mapping atomic returns something", "assign"),
    mapping("another kind of value", ALL + "lock.owner = 'g0'  # <-", "'g0' does not fit"),
    mapping("always wrong", ALL + "lock.owner = 1 // 0  # <-", "goes wrong in every state"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_it_is_refused(case: Case, tmp_path: Path) -> None:
    expect_refusal(case, tmp_path)

"""Cases of what the language refuses: each refusal is one message with file, line, what is wrong and the mend.

A case is the source of a small model.  The line that the message must name carries a ``# <-`` mark.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from gomodel.catalog import load
from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace

MARK = "# <-"

FIELDS = """
from gomodel import *

TABLE = [1, 2]
SEEN = set()

class Part(Component):
    def state(self):
        self.x = Int(0, 3)

    def operation(self, k: Int(0, 3)):
        yield step("in the part")
        self.x = k

    def plain(self):
        return self.x

class M(Model):
    name = "m"
    size: int = 2

    def state(self):
        self.n = Int(0, 3)
        self.flag = Bool()
        self.mode = Enum("idle", "running")
        self.word = Struct(low=Int(0, 3), high=Bool())
        self.cells = Array(Int(0, 3), 2)
        self.queue = Queue(Int(0, 3), 2)
        self.some = Option(Int(0, 3))
        self.owner = Option(Pid(self.client))
        self.last = Pid(self.client)
        self.seen = Set(Int(0, 3))
        self.secret = Ghost(Int(0, 3))
        self.part = Part()
"""


@dataclass(frozen=True)
class Case:
    """A model that is refused: at the marked line, with these words, and with this mend (none: the words suffice)."""

    name: str
    text: str
    words: str
    mend: str = ""


def members(name: str, text: str, words: str, mend: str = "", process: bool = True) -> Case:
    """Members of a model that has the fields above; ``process`` adds a process if the text has none."""
    body = textwrap.dedent(text)
    if process and "@process" not in body:
        body += '\n@process(count="size")\ndef client(self, g):\n    yield step("only")\n    self.flag = True\n'
    return Case(name, FIELDS + textwrap.indent(body, "    "), words, mend)


def step(name: str, text: str, words: str, mend: str = "") -> Case:
    """The code behind the first yield of a process."""
    head = '@process(count="size")\ndef client(self, g):\n    yield step("first")\n'
    return members(name, head + textwrap.indent(textwrap.dedent(text), "    "), words, mend)


def prop(name: str, text: str, words: str, mend: str = "", decorator: str = "@invariant") -> Case:
    """The body of a property of a model whose process has a local."""
    body = """
        @process(count="size")
        def client(self, g):
            mine: Int(0, 3) = 0
            yield step("idle")
            mine = 1
            yield step("critical section")
            self.n = mine
    """
    arguments = "self, before" if decorator == "@step_invariant" else "self"
    head = f"{decorator}\ndef claim({arguments}):{'' if MARK in text else '  ' + MARK}\n"
    return members(name, textwrap.dedent(body) + head + textwrap.indent(textwrap.dedent(text), "    "), words, mend)


def whole(name: str, text: str, words: str, mend: str = "") -> Case:
    """A whole file."""
    return Case(name, "from gomodel import *\n" + textwrap.dedent(text), words, mend)


def expect_refusal(case: Case, folder: Path) -> None:
    """Compare what loading and tracing the model of ``case`` raises with what is expected."""
    file = folder / "spec.py"
    file.write_text(case.text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        trace(instance(load(str(file))))
    error = caught.value
    assert case.words in error.message
    assert case.mend in (error.mend or "")
    marked = [i for i, line in enumerate(case.text.splitlines(), 1) if MARK in line]
    assert len(marked) == 1, "a case marks one line"
    assert error.where is not None
    assert (error.where.file, error.where.line) == (str(file), marked[0])

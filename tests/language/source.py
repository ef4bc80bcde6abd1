"""Models from source text: for tests whose model is a few lines beside what is expected of it."""

from __future__ import annotations
import __future__

import itertools
import linecache
import textwrap
from typing import Any

from gomodel.language.model import Model

_numbers = itertools.count()


def model_of(text: str) -> type[Model]:
    """The class ``M`` that ``text`` defines, with gomodel's public names at hand.

    The text is registered under a file name of its own, so that the front end finds the source of its functions.
    """
    source = "from gomodel import *\n" + textwrap.dedent(text)
    file = f"<test model {next(_numbers)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    scope: dict[str, Any] = {"__name__": f"gomodel_tests.{file}"}
    exec(compile(source, file, "exec", __future__.annotations.compiler_flag, dont_inherit=True), scope)
    model: type[Model] = scope["M"]
    return model


def one_process(fields: str, body: str, members: str = "") -> type[Model]:
    """A model with one process ``p`` that runs ``body`` behind its first yield."""
    text = 'class M(Model):\n    name = "m"\n\n    def state(self):\n'
    text += textwrap.indent(textwrap.dedent(fields).strip() or "pass", " " * 8)
    text += "\n\n" + textwrap.indent(textwrap.dedent(members), " " * 4)
    text += '\n    @process()\n    def p(self, g):\n        yield step("go")\n'
    return model_of(text + textwrap.indent(textwrap.dedent(body), " " * 8))

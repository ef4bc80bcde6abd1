"""Refused fairness and promises: each names its place and the mend."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from gomodel.catalog import load
from gomodel.language.errors import SpecError
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from tests.language.refusing import FIELDS, MARK, Case, expect_refusal

PROCESSES = """
@process(count="size")
def client(self, g):
    while True:
        yield step("idle", rest=True)
        self.flag = True
        yield step("CAS")
        if self.n == 0:
            outcome("won")
            self.n = 1
        yield step("wait", when=lambda: self.flag, rest="blocked")
        self.n = 0

@process()
def sleeper(self, g):
    while True:
        yield step("sleep", rest=True)
        self.flag = not self.flag

@rule
def storm(self):
    require(self.flag)
    self.flag = False

@rule(fair=True)
def tide(self):
    require(self.n == 1)
    self.n = 2
    outcome("high")
"""


def _model(class_members: str, head: str) -> str:
    """A file with the fields of ``refusing``, these processes, and more members."""
    body = textwrap.indent(PROCESSES + textwrap.dedent(class_members), "    ")
    return "from __future__ import annotations\n" + FIELDS.replace("class M(Model):", head) + body


def default(name: str, fairness: str, words: str, mend: str = "") -> Case:
    """A model with that default fairness; the class is to blame."""
    return Case(name, _model(f"\nfairness = {fairness}\n", f"class M(Model):  {MARK}"), words, mend)


def under(name: str, fairness: str, words: str, mend: str = "") -> Case:
    """A promise under that fairness; the promise is to blame."""
    member = f"\n@eventually(under={fairness})\ndef claim(self):  {MARK}\n    return self.n == 1\n"
    return Case(name, _model(member, "class M(Model):"), words, mend)


def promise(name: str, text: str, words: str, mend: str = "") -> Case:
    """A promise, from its decorator on."""
    return Case(name, _model("\n" + textwrap.dedent(text), "class M(Model):"), words, mend)


FAIRNESS = [
    ("kind", '[weak("clint")]', "there is no process or rule 'clint'", "did you mean client?"),
    ("kind, nothing near", '[strong("x")]', "no process or rule 'x'", "there are: client, sleeper, storm, tide"),
    ("label", '[weak("client", "CSA")]', "client has no label 'CSA'", "did you mean CAS?"),
    ("label, nothing near", '[weak("client", "x")]', "no label 'x'", "its labels are: idle, CAS, wait"),
    ("done is no label", '[weak("client", "done")]', "client has no label 'done'", ""),
    ("label of another kind", '[weak("client", "sleep")]', "client has no label 'sleep'", ""),
    ("outcome", '[strong("client", "CAS", "wan")]', "there is no outcome 'wan'", "did you mean won?"),
    ("outcome of another label", '[strong("client", "wait", "won")]', "no outcome 'won'", "there are: none"),
    ("outcome of another kind", '[strong("client", outcome="high")]', "no outcome 'high'", "there are: won"),
    ("outcome of a rule", '[weak("tide", outcome="low")]', "there is no outcome 'low'", "there are: high"),
    ("label of a rule", '[weak("tide", "high")]', "rule tide has no labels", "weak('tide')"),
    ("a step at rest", '[weak("client", "idle")]', "weak('client', 'idle'): nobody is forced", 'rest="blocked"'),
    ("a process at rest", '[strong("sleeper")]', "nobody is forced to take a step that is declared as rest", ""),
    ("an outcome at rest", '[weak("client", "idle", "won")]', "nobody is forced", 'rest="blocked"'),
    ("an unfair rule", '[weak("storm")]', "weak('storm'): nobody is forced", "declare it @rule(fair=True)"),
    ("a name", '["client"]', "'client' is no fairness", 'write weak("client"), or strong(…)'),
    ("nothing", "[None]", "None is no fairness", 'write weak("client")'),
    ("the second of two", '[weak("client"), strong("clients")]', "strong('clients'): there is no process", "client?"),
]  # fmt: skip

PROMISES = [
    promise(
        "fairness of a parameter that is no process",
        f'@eventually(under=[weak("k")])\ndef claim(self, k: Int(0, 3)):  {MARK}\n    return self.n == k\n',
        "weak('k'): there is no process or rule 'k'",
        "there are: client, sleeper, storm, tide",
    ),
    promise(
        "label of a parameter",
        f'@eventually(under=[weak("g", "sleep")])\ndef claim(self, g: self.client):  {MARK}\n    return self.flag\n',
        "g has no label 'sleep'",
        "its labels are: idle, CAS, wait",
    ),
    promise(
        "fairness of another promise's parameter",
        f'@eventually(under=[weak("h")])\ndef claim(self, g: self.client):  {MARK}\n    return self.flag\n',
        "weak('h'): there is no process or rule 'h'",
        "there are: client, sleeper, storm, tide, g",
    ),
    promise(
        "one value",
        f"@leads_to\ndef claim(self):  {MARK}\n    return self.n == 1\n",
        "a leads_to returns `premise, conclusion`",
        "return …, …",
    ),
    promise(
        "three values",
        f"@leads_to\ndef claim(self):  {MARK}\n    return self.n == 1, self.n == 2, self.flag\n",
        "a leads_to returns `premise, conclusion`",
        "return …, …",
    ),
    promise(
        "no values",
        f"@leads_to()\ndef claim(self):  {MARK}\n    self.n == 1, self.n == 2\n",
        "a leads_to returns `premise, conclusion`",
        "return …, …",
    ),
    promise(
        "eventually nothing",
        f"@eventually\ndef claim(self):  {MARK}\n    self.n == 1\n",
        "property claim returns nothing",
        "end it with `return …`",
    ),
    promise(
        "always eventually nothing",
        f"@always_eventually\ndef claim(self):  {MARK}\n    pass\n",
        "property claim returns nothing",
        "end it with `return …`",
    ),
    promise(
        "steps of its own",
        f'@eventually\ndef claim(self):  {MARK}\n    yield step("x")\n',
        "property claim is a plain method of self",
        "def claim(self): return …",
    ),
    promise(
        "parameter without a domain",
        f"@leads_to\ndef claim(self, k):  {MARK}\n    return self.n == k, self.n == 0\n",
        "parameter 'k' of claim needs a finite domain",
        "`k: Int(0, 3)`",
    ),
    promise(
        "parameter with a type",
        f"@eventually\ndef claim(self, k: int):  {MARK}\n    return self.n == k\n",
        "parameter 'k' of claim needs a finite domain",
        "`k: Int(0, 3)`",
    ),
    promise(
        "parameter that is a container",
        f"@eventually\ndef claim(self, g: self.client, q: Queue(Int(0, 1), 2)):  {MARK}\n    return self.flag\n",
        "parameter 'q' of claim needs a finite domain",
        "`q: Int(0, 3)`",
    ),
    promise(
        "effect in a promise",
        f"@eventually\ndef claim(self):\n    self.n = 1  {MARK}\n    return self.flag\n",
        "a property must not change the state",
    ),
    promise(
        "outcome named in a promise",
        f'@eventually\ndef claim(self):\n    outcome("won")  {MARK}\n    return self.flag\n',
        "a property",
    ),
    promise(
        "label that does not exist",
        f'@eventually\ndef claim(self, g: self.client):\n    return self.client.at(g, "CSA")  {MARK}\n',
        "client has no label 'CSA'",
        "did you mean 'CAS'?",
    ),
]

CASES = [
    *(default(f"default: {n}", *rest) for n, *rest in FAIRNESS),
    *(under(f"under: {n}", *rest) for n, *rest in FAIRNESS),
]
CASES += PROMISES


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_refusal(case: Case, tmp_path: Path) -> None:
    expect_refusal(case, tmp_path)


def refusal_of(case: Case, folder: Path) -> SpecError:
    file = folder / "spec.py"
    file.write_text(case.text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        trace(instance(load(str(file))))
    return caught.value


@pytest.mark.parametrize("declared", [default, under], ids=["default", "under"])
def test_one_fairness_where_several_are_asked_for(declared: Callable[..., Case], tmp_path: Path) -> None:
    error = refusal_of(declared("one", 'weak("client")', ""), tmp_path)  # for (weak("client"),)
    assert "TypeError" not in error.message
    assert error.mend


@pytest.mark.parametrize("place", ["siz=2", 'scenario="nowhere"'])
def test_a_place_that_does_not_exist(place: str, tmp_path: Path) -> None:
    text = f"\n@eventually({place})\ndef claim(self):  {MARK}\n    return self.n == 1\n"
    assert refusal_of(promise("place", text, ""), tmp_path).message


@pytest.mark.parametrize(("name", "label"), [("sleeper", "CAS"), ("tide", None)])
def test_a_parameter_with_the_name_of_a_process_or_rule(name: str, label: str | None, tmp_path: Path) -> None:
    fairness = f"weak({name!r}, {label!r})"
    text = f"\n@eventually(under=[{fairness}])\ndef claim(self, {name}: self.client):\n    return self.flag\n"
    assert refusal_of(promise("two", text, ""), tmp_path).mend

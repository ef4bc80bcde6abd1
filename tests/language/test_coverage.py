"""Which sides of an ``if`` some run should take, and which are taken."""

from __future__ import annotations

import linecache
import textwrap

import pytest

from gomodel.language.model import Model
from gomodel.run.check import check
from tests.agreeing import agree
from tests.language.source import model_of

FIELDS = """
    self.n = Int(0, 3)
    self.flag = Bool()
    self.other = Bool()
    self.queue = Queue(Int(0, 1), 2)
"""


def looping(body: str, fields: str = FIELDS, members: str = "") -> type[Model]:
    """A process that runs ``body`` for ever, as one step but for the yields in it, in a model with a bug ``b``."""
    text = 'class M(Model):\n    name = "m"\n    bugs = {"b": Bug("an edit", breaks=["never"])}\n'
    text += "\n    def state(self):\n" + textwrap.indent(textwrap.dedent(fields), " " * 8)
    text += "\n" + textwrap.indent(textwrap.dedent(members), " " * 4)
    text += '\n    @process(count=1)\n    def p(self, g):\n        while True:\n            yield step("go")\n'
    return model_of(text + textwrap.indent(textwrap.dedent(body), " " * 12))


def judged(model: type[Model], *bugs: str) -> tuple[set[str], set[str]]:
    """The first lines of the branches that are expected, and of those among them that are never taken."""
    got = agree(model, bugs=bugs)
    expected = set(got.system.branches)
    return {_line(b) for b in expected}, {_line(b) for b in expected - got.result.branches}


def _line(branch: str) -> str:
    file, number = branch.rsplit(":", 1)
    return linecache.getline(file, int(number)).strip()


# --- conditions on the state and on a bug ----------------------------------------------------------------------------

POP = """
    if self.queue and not self.bug("b"):
        self.queue.pop()
    else:
        self.queue.push(1)
"""
LEAVE = """
    if self.n > 0 or self.bug("b"):
        self.n = choose(1, 2)
        yield step("b")
    else:
        self.n += 1
"""


def test_both_sides_of_an_and_are_taken() -> None:
    """Of a queue and a boolean only the truth matters here, so that they join."""
    assert judged(looping(POP)) == ({"self.queue.pop()", "self.queue.push(1)"}, set())


def test_both_sides_of_an_or_are_taken_where_a_choice_forks_what_follows() -> None:
    assert judged(looping(LEAVE)) == ({"self.n = choose(1, 2)", "self.n += 1"}, set())


@pytest.mark.parametrize("body", [POP, LEAVE])
def test_where_the_bug_alone_decides_no_side_is_expected(body: str) -> None:
    assert judged(looping(body), "b") == (set(), set())


@pytest.mark.parametrize("do", ["1", "choose(1, 2)"], ids=["joined", "forked"])
@pytest.mark.parametrize(
    ("condition", "off", "on"),
    [
        ('self.flag and self.bug("b")', {"yes"}, set()),
        ('self.flag and not self.bug("b")', set(), {"yes"}),
        ('self.flag or self.bug("b")', set(), {"no"}),
        ('self.flag or not self.bug("b")', {"no"}, set()),
        ('self.flag and (self.other or self.bug("b"))', set(), set()),
        ('not (self.flag and self.bug("b")) and self.other', set(), set()),
        ('not self.bug("b") if self.flag else self.other', set(), set()),
        ('self.other if self.flag else self.bug("b")', set(), set()),
        ('self.queue and self.bug("b")', {"yes"}, set()),
        ('not self.queue or not self.bug("b")', {"no"}, set()),
        ('self.both() and self.queue and not self.bug("b")', set(), {"yes"}),
        ('self.bug("b")', {"yes"}, {"no"}),
    ],
)
def test_a_side_that_is_there_for_a_bug_only_is_not_expected(
    condition: str, off: set[str], on: set[str], do: str
) -> None:
    """A choice on each side forks the ``if`` and the parts of its condition."""
    body = f"""
        if {condition}:
            yes = {do}
        else:
            no = {do}
        yield step("flip")
        self.flag = choose(False, True)
        self.other = choose(False, True)
        if self.queue:
            self.queue.pop()
        else:
            self.queue.push(1)
    """
    helper = 'def both(self):\n    return self.flag or (self.other and not self.bug("b"))\n'
    for bugs, dead in ((), off), (("b",), on):
        expected, missing = judged(looping(body, members=helper), *bugs)
        sides = {line.split()[0] for line in expected} & {"yes", "no"}
        assert not sides & dead
        assert dead or sides == {"yes", "no"}
        assert not missing


def test_a_loop_is_left_by_its_condition_or_by_a_bug() -> None:
    body = """
        while self.queue and not self.bug("b"):
            if self.flag and not self.bug("b"):
                self.flag = False
            else:
                self.queue.pop()
            yield step("on")
        self.queue.push(1)
        self.flag = True
    """
    sides = {"self.flag = False", "self.queue.pop()"}
    assert judged(looping(body)) == (sides, set())
    assert judged(looping(body.replace("self.flag = True", "self.n = 1"))) == (sides, {"self.flag = False"})


# --- what is known when tracing --------------------------------------------------------------------------------------


def test_a_constant_takes_a_side_too_that_the_state_takes_elsewhere() -> None:
    """The flag is never set, but the helper is called with True as well."""
    helper = """
        def raised(self, up):
            if up:
                return 1
            else:
                return 2
    """
    both = looping("self.n = self.raised(self.flag)\nself.n = self.raised(True)", members=helper)
    assert judged(both) == ({"return 1", "return 2"}, set())
    one = looping("self.n = self.raised(self.flag)", members=helper)
    assert judged(one) == ({"return 1", "return 2"}, {"return 1"})


@pytest.mark.parametrize("taken", [True, False])
def test_a_round_of_a_loop_takes_a_side_by_its_number(taken: bool) -> None:
    condition = "i == 0 or self.a[i]" if taken else "self.a[i]"
    body = f"for i in range(2):\n    if {condition}:\n        self.n = 1\n    else:\n        self.n = 2"
    missing = set() if taken else {"self.n = 1"}
    model = looping(body, "self.n = Int(0, 3)\nself.a = Array(Bool(), 2)")
    assert judged(model) == ({"self.n = 1", "self.n = 2"}, missing)


def test_a_local_is_known_on_one_of_two_forked_ways() -> None:
    body = """
        if self.queue:
            ok = True
            self.n = choose(0, 1)
        else:
            ok = self.flag
            self.queue.push(1)
        if ok:
            self.n = 2
        else:
            self.n = 3
        yield step("empty")
        self.queue.clear()
    """
    assert "self.n = 2" in judged(looping(body))[1]
    filled = body.replace("        self.queue.clear()", '        self.n = 0\n        yield step("again")')
    expected, missing = judged(looping(filled))
    assert {"self.n = 2", "self.n = 3"} <= expected
    assert not missing


def test_a_side_that_one_scenario_takes_by_a_bound_is_taken() -> None:
    text = """
        class M(Model):
            name = "m"
            fast: bool = False
            scenarios = {
                "slow": Scenario("by the state"),
                "fast": Scenario("by the bound", fast=True),
            }

            def state(self):
                self.n = Int(0, 3)

            @process(count=1)
            def p(self, g):
                while True:
                    yield step("go")
                    if self.fast or self.n == 3:
                        self.n = 0
                    else:
                        self.n = 1
    """
    model = model_of(text)
    assert check(model, engine="reference").vacuous == []
    slow = model_of(text.replace("fast=True", "fast=False"))
    (line,) = check(slow, engine="reference").vacuous
    assert "never taken" in line


# --- what is never taken ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (POP.replace("self.queue.push(1)", "self.n = 1"), "self.queue.pop()"),  # the queue stays empty
        (LEAVE.replace("self.n > 0", "self.n < 3").replace("choose(1, 2)", "choose(0, 1)"), "self.n += 1"),
        (LEAVE.replace("self.n > 0", "self.n >= 0"), "self.n += 1"),  # by the domain alone
        (POP.replace("self.queue and", "self.n > 3 and"), "self.queue.pop()"),
        (POP.replace("self.queue and", "self.queue and self.n > 3 and"), "self.queue.pop()"),
    ],
)
def test_a_side_that_is_never_taken_is_missing(body: str, missing: str) -> None:
    assert judged(looping(body))[1] == {missing}


def test_a_side_that_leads_to_a_fatal_need_not_be_taken() -> None:
    assert judged(looping("if self.n > 3 and not self.bug('b'):\n    fatal('x')\nelse:\n    self.n = 1"))[1] == set()


# --- where branches stand --------------------------------------------------------------------------------------------


def test_a_branch_below_a_quantifier_is_taken_for_some_element() -> None:
    text = """
        class M(Model):
            name = "m"

            def state(self):
                self.n = Array(Int(0, 3), self.p)
                self.found = Bool()

            def large(self, g):
                if self.n[g] > {bound}:
                    return True
                else:
                    return False

            @process(count=2)
            def p(self, g):
                yield step("set")
                self.n[g] = 2
                yield step("ask")
                self.found = any(self.large(x) for x in self.p)
    """
    assert judged(model_of(text.format(bound=1))) == ({"return True", "return False"}, set())
    assert judged(model_of(text.format(bound=2))) == ({"return True", "return False"}, {"return True"})


def test_branches_of_init_are_not_judged() -> None:
    init = """
        def init(self):
            self.n = choose(Int(0, 3))
            if self.n > 1:
                self.flag = True
            else:
                self.other = True
    """
    assert judged(looping("self.n = 0", members=init)) == (set(), set())

"""What a step does: choices, ``require``, ``fatal``, and errors."""

from __future__ import annotations

import pytest

from gomodel.run.search import DEADLOCK
from tests.agreeing import agree
from tests.language.source import model_of, one_process

# --- choose, require, fatal ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ("1, 3", {1, 3}),
        ("2, 2, 3", {2, 3}),  # an option is offered once
        ("[1, 1, 1]", {1}),
        ("Int(1, 3)", {1, 2, 3}),
        ("range(2)", {0, 1}),
        ("(x for x in range(4) if x % 2)", {1, 3}),
        ("[x for x in range(4) if x > self.low]", {2, 3}),
        ("self.low, 1, 3", {1, 3}),  # low is 1: equal to a constant option
        ("self.low, self.low + 1", {1, 2}),
        ("self.some", {0, 3}),  # the members of a set
    ],
)
def test_choose(options: str, values: set[int]) -> None:
    """One transition for each distinct option."""
    model = one_process(
        "self.low = Int(0, 3)\nself.some = Set(Int(0, 3))\nself.n = Int(0, 3)",
        f"""
        self.low = 1
        self.some.add(0)
        self.some.add(3)
        yield step("choose")
        self.n = choose({options})
        """,
    )
    got = agree(model)
    assert got.final("n") == values
    assert got.counts == (2 + len(values), 1 + len(values), 2)


def test_choose_among_processes_names_and_none() -> None:
    """Two processes, one step each: 2 · 3 options for whoever goes first, and again for the second."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.who = Option(Pid(self.p))
                self.mode = Enum("idle", "busy", "gone")

            @process(count=2)
            def p(self, g):
                yield step("choose")
                self.mode = choose("busy", "gone")
                self.who = choose(self.p) if choose(False, True) else None
        """
    )
    got = agree(model)
    assert got.final("who", "mode") == {(w, m) for w in (None, 0, 1) for m in (1, 2)}
    # states: start; after one step 2 processes · 6 values; at the end 6 values.  Transitions: 2 · 6 + 12 · 6.
    assert got.counts == (1 + 12 + 6, 12 + 72, 2)


def test_a_choice_of_nothing_blocks() -> None:
    model = one_process("self.n = Int(0, 3)", "self.n = choose(x for x in range(3) if x > self.n + 5)")
    got = agree(model)
    assert got.counts == (1, 0, 0)
    assert DEADLOCK in got.result.violations


def test_choices_that_share_a_target_are_transitions_of_their_own() -> None:
    """Four pairs of choices lead to three sums."""
    model = one_process("self.n = Int(0, 2)", "self.n = choose(0, 1) + choose(0, 1)")
    assert agree(model).counts == (1 + 3, 4, 1)


def test_a_failed_require_undoes_the_step() -> None:
    """Everything written before ``require`` is rolled back: with n = 0 nothing is left of n = 3."""
    model = one_process(
        "self.n = Int(0, 3)\nself.q = Queue(Int(0, 3), 1)",
        """
        k = choose(0, 1, 2)
        self.n = 3
        self.q.push(k)
        require(k > 0 and self.q[0] != 2)
        """,
    )
    got = agree(model)
    assert got.all("n", "q") == {(0, ()), (3, (1,))}


def test_require_in_a_helper_and_on_one_branch() -> None:
    model = one_process(
        "self.n = Int(0, 3)",
        """
        self.n = choose(0, 1, 2, 3)
        if self.n >= 2:
            self.must(self.n == 3)
        """,
        "def must(self, condition):\n    require(condition)",
    )
    assert agree(model).final("n") == {0, 1, 3}


def test_fatal_is_a_property_and_only_where_it_is_reached() -> None:
    model = one_process(
        "self.n = Int(0, 3)\nself.other = Int(0, 3)",
        """
        self.n = choose(0, 1)
        if self.n == 1:
            fatal("one")
        if self.other == 3:
            fatal("three", prop="never_three")
        """,
    )
    got = agree(model)
    assert set(got.result.violations) == {"one"}
    assert got.system.properties["never_three"].kind == "fatal"
    assert got.final("n") == {0}


def test_a_fatal_before_a_failed_require_counts_and_one_behind_it_does_not() -> None:
    model = one_process(
        "self.n = Int(0, 3)",
        """
        if choose(False, True):
            fatal("before")
        require(self.n == 1)
        fatal("behind")
        """,
    )
    assert set(agree(model).result.violations) == {"before"}


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("self.n = self.a[self.n + 2]", "index outside Int(0, 1)"),
        ("self.n = self.a[self.n - 1]", "index outside Int(0, 1)"),  # never the last element, as Python would have it
        ("self.a[self.n + 2] = 1", "index outside Int(0, 1)"),
        ("self.n = self.q.pop()", "pop of an empty queue"),
        ("self.n = self.q.pop_back()", "pop of an empty queue"),
        ("self.n = self.q[self.n]", "index outside the queue"),
        ("self.q[self.n] = 1", "index outside the queue"),
        ("self.q.remove(1)", "remove of an element that is not in the queue"),
        ("self.q.push(1)\nself.q.push(1)\nself.q.push(1)", "push on a full queue (capacity 2)"),
        ("self.q.push(self.n + 9)", "the element is outside Int(0, 3)"),
        ("self.n = 1 // self.n", "division by zero"),
        ("self.n = 1 % self.n", "division by zero"),
        ("self.n = self.o", "None where a value is needed"),
        ("self.n = self.o + 1", "None where a value is needed"),
        ("self.s.add(self.n + 9)", "index outside Int(0, 3)"),
        ("self.b.remove(self.n)", "remove of an element that is not in the bag"),
        ("self.b.add(1)\nself.b.add(1)\nself.b.add(self.n + 1)", "the bag holds it 2 times already"),
        ("self.n = self.n + 9", "n leaves its domain Int(0, 3)"),
        ("self.n = self.n - 1", "n leaves its domain Int(0, 3)"),
        ("self.o = self.n + 9", "o leaves its domain Option(Int(0, 3))"),
        ("self.a[self.n] = 9", "a leaves its domain Array(Int(0, 3), Int(0, 1))"),
        ("self.w.low = 9", "w.low leaves its domain Int(0, 3)"),
        ("x: Int(0, 3) = 9\nyield step('use')\nself.n = x", "p.x leaves its domain Int(0, 3)"),
        ("assert self.n == 1, 'not one'", "AssertionError: not one"),
        ("raise ValueError('no')", "ValueError('no')"),
    ],
)
def test_errors_end_the_path_with_a_trace(body: str, text: str) -> None:
    """One choice goes wrong and one does not: an error for the first, a successor for the second."""
    fields = """
        self.n = Int(0, 3)
        self.a = Array(Int(0, 3), 2)
        self.q = Queue(Int(0, 3), 2)
        self.o = Option(Int(0, 3))
        self.s = Set(Int(0, 3))
        self.b = Bag(Int(0, 3), 2)
        self.w = Struct(low=Int(0, 3))
    """
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    got = agree(one_process(fields, f"if choose(False, True):\n{lines}\n"))
    (found,) = got.result.errors.values()
    assert text in found.text
    assert [move.choices for move in found.trace.moves] == [(True,)]
    assert found.where is not None
    assert got.final("n") == {0}


def test_a_domain_left_and_entered_again_within_a_step_is_no_error() -> None:
    """Domains of fields are judged when the step commits."""
    model = one_process("self.n = Int(0, 3)", "self.n = 3\nself.n += 2\nself.n -= 4")
    got = agree(model)
    assert got.final("n") == {1}
    assert not got.result.errors


def test_a_cell_outside_its_domain_that_is_overwritten_within_the_step_is_no_error() -> None:
    """The cell at index 1 leaves the domain for a moment; where the other cell is overwritten instead, it stays."""
    model = one_process(
        "self.a = Array(Int(0, 3), 2)\nself.n = Int(0, 3)\nself.i = Int(0, 1)",
        """
        self.i = choose(0, 1)
        yield step("write")
        self.a = (self.n, self.n + 4)
        self.a[self.i] = 0
        """,
    )
    got = agree(model)
    assert got.final("i", "a") == {(1, (0, 0))}
    assert len(got.result.errors) == 1


def test_an_error_behind_a_failed_require_is_none() -> None:
    model = one_process("self.n = Int(0, 3)", "require(self.n == 1)\nself.n = 9")
    assert not agree(model).result.errors

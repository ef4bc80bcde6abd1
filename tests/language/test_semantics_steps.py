"""What a step does: choices, ``require``, ``fatal``, errors, control flow, operations, rules, initial states."""

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


def test_an_error_behind_a_failed_require_is_none() -> None:
    model = one_process("self.n = Int(0, 3)", "require(self.n == 1)\nself.n = 9")
    assert not agree(model).result.errors


# --- fork and join ---------------------------------------------------------------------------------------------------


def leaves(body: str, fields: str = "self.a = Array(Int(0, 3), 4)\nself.n = Int(0, 9)", members: str = "") -> int:
    """How many ways through the only step of a process there are, errors aside; both engines agree on what they do."""
    got = agree(one_process(fields, body, members))
    return sum(leaf.kind == "commit" for leaf in got.system.kinds["p"].actions[1].leaves)


def test_branches_that_assign_are_joined() -> None:
    """Four independent branches: one way through, not sixteen."""
    assert (
        leaves("for i in range(4):\n    if self.a[i] == 0:\n        self.n += 1\n    else:\n        self.n += 2") == 1
    )


def test_early_returns_of_a_helper_are_joined() -> None:
    helper = """
        def grade(self, x):
            if x == 0:
                return 3
            for i in range(3):
                if x == i:
                    return i
            return 0
    """
    assert leaves("self.n = self.grade(self.a[0]) + self.grade(self.a[1])", members=helper) == 1


def test_break_and_continue_in_a_loop_without_yields_are_joined() -> None:
    body = """
        for x in self.a:
            if x == 1:
                continue
            if x == 2:
                break
            self.n += 1
        else:
            self.n += 5
    """
    assert leaves(body) == 1


def test_choices_fork() -> None:
    """Two choices of two options are four ways; a choice on one side of a branch adds that branch: 2 + 1."""
    assert leaves("self.n = choose(1, 2) + choose(3, 4)") == 4
    assert leaves("if self.a[0] == 0:\n    self.n = choose(1, 2)\nelse:\n    self.n = 3") == 3


def test_targets_fork() -> None:
    """Two next labels are two ways, whatever stands before them is joined."""
    body = """
        if self.a[0] == 0:
            self.n = 1
        if self.a[1] == 0:
            yield step("first")
        else:
            yield step("second")
    """
    assert leaves(body) == 2


def test_values_of_different_kinds_fork() -> None:
    """A Python object has no if-then-else: reading it forks, and both ways are right."""
    body = """
        low = lambda x: x
        high = lambda x: x + 2
        f = low if self.a[0] == 1 else high
        self.n = f(1)
    """
    assert leaves(body) == 2
    assert agree(one_process("self.a = Array(Int(0, 3), 4)\nself.n = Int(0, 9)", body)).final("n") == {3}


def test_the_number_of_ways_does_not_grow_with_the_values() -> None:
    """A search through an array of 12 that stops at the first hit."""
    body = """
        found = False
        for i in range(12):
            if not found and self.a[i] == 1:
                found = True
                self.n = i
    """
    assert leaves(body, "self.a = Array(Int(0, 1), 12)\nself.n = Int(0, 12)") == 1


# --- control flow with yields ----------------------------------------------------------------------------------------


def test_while_with_break_continue_and_else() -> None:
    """n counts 1, 2 (skipped), 3, then either breaks at 4 or leaves the loop at 5 by its condition: 8 or 13."""
    model = one_process(
        "self.i = Int(0, 9)\nself.n = Int(0, 99)",
        """
        while self.i < 5:
            yield step("round")
            self.i += 1
            if self.i == 2:
                continue
            if self.i == 4 and choose(False, True):
                break
            self.n += self.i
        else:
            yield step("else")
            self.n += 90 - 90
            self.i = 0
        """,
    )
    # without the break: 1 + 3 + 4 + 5 = 13 and i = 0 by `else`; with it: 1 + 3 = 4 and i = 4
    assert agree(model).final("i", "n") == {(0, 13), (4, 4)}


def test_for_around_a_yield_keeps_its_variable() -> None:
    """The loop variables are known when tracing and live across the yield: digits 00, 01, 10, 11 in order."""
    model = one_process(
        "self.seen = Queue(Int(0, 11), 4)",
        """
        for i in range(2):
            for j in (0, 1):
                yield step("inside")
                self.seen.push(10 * i + j)
        """,
    )
    got = agree(model)
    assert got.final("seen") == {(0, 1, 10, 11)}
    assert got.counts == (6, 5, 5)


def test_for_around_a_yield_with_break_and_else() -> None:
    model = one_process(
        "self.n = Int(0, 9)",
        """
        for i in (1, 2, 3):
            yield step("inside")
            self.n += i
            if choose(False, True):
                break
        else:
            self.n += 3
        """,
    )
    # broken off behind 1, 1+2, 1+2+3, or never (+3)
    assert agree(model).final("n") == {1, 3, 6, 9}


def test_return_in_a_loop_ends_the_process() -> None:
    model = one_process(
        "self.n = Int(0, 5)",
        """
        while True:
            yield step("round")
            if self.n == 3:
                return
            self.n += 1
        """,
    )
    got = agree(model)
    # start, then the loop with n = 0..3, then done
    assert got.counts == (6, 5, 5)
    assert got.final("n") == {3}


def test_operations_pass_parameters_and_return_values() -> None:
    """double(2) = 4 in two steps; add(4, 3) calls it again and returns 4·2 + 3 = 11."""
    model = one_process(
        "self.n = Int(0, 20)",
        """
        x: Int(0, 20) = yield from self.double(2)
        yield step("between")
        self.n = yield from self.add(x, more=3)
        """,
        """
        def double(self, x: Int(0, 20)):
            yield step("double")
            return 2 * x

        def add(self, x: Int(0, 20), *, more: Int(0, 3), never: Int(0, 1) = 0):
            twice: Int(0, 20) = yield from self.double(x)
            yield step("add")
            return twice + more + never
        """,
    )
    got = agree(model)
    assert got.final("n") == {11}
    assert got.counts == (6, 5, 5)  # go, double, between, double, add, done


def test_an_operation_that_returns_from_a_nested_one() -> None:
    model = one_process(
        "self.n = Int(0, 20)",
        "self.n = yield from self.outer()",
        """
        def outer(self):
            return (yield from self.inner(7))

        def inner(self, x: Int(0, 9)):
            if choose(False, True):
                yield step("inside")
                return x
            return 1
        """,
    )
    assert agree(model).final("n") == {1, 7}


def test_operations_return_different_values_early_and_late() -> None:
    """None where the operation falls off its end, which is told apart from 0."""
    model = one_process(
        "self.n = Int(0, 5)\nself.r = Option(Int(0, 5))",
        """
        self.n = choose(Int(0, 3))
        self.r = yield from self.half()
        """,
        """
        def half(self):
            yield step("look")
            if self.n == 3:
                return
            if self.n % 2 == 0:
                return self.n // 2
        """,
    )
    assert agree(model).final("n", "r") == {(0, 0), (1, None), (2, 1), (3, None)}


def test_static_parameters_give_steps_of_their_own() -> None:
    """An operation called with the constants 1 and 2 is specialised: two labels, nothing kept in the state."""
    model = one_process(
        "self.n = Int(0, 5)",
        "yield from self.add(1)\nyield from self.add(2)",
        "def add(self, k):\n    yield step('add')\n    self.n += k",
    )
    got = agree(model)
    assert got.final("n") == {3}
    assert got.system.kinds["p"].locals == {}


def test_guards_block_until_they_hold() -> None:
    """A ping and a pong, each waiting for its turn, twice: one behaviour of 4 steps."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.turn = Bool()

            @process(count=1)
            def ping(self, a):
                for i in range(2):
                    yield step("ping", when=lambda: not self.turn)
                    self.turn = True

            @process(count=1)
            def pong(self, b):
                for i in range(2):
                    yield step("pong", when=lambda: self.turn)
                    self.turn = False
        """
    )
    got = agree(model)
    assert got.counts == (5, 4, 4)
    assert DEADLOCK not in got.result.violations


def test_a_guard_reads_locals_and_parameters() -> None:
    """Process g waits until g others have come: only one order is left."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.came = Queue(Pid(self.p), 3)

            def wait(self, wanted: Int(0, 3)):
                yield step("wait", when=lambda: len(self.came) == wanted)

            @process(count=3)
            def p(self, g):
                mine: Int(0, 3) = 0
                yield step("number")
                mine = count(q == g for q in self.p) - 1 + self.rank(g)
                yield from self.wait(mine)
                self.came.push(g)

            def rank(self, g):
                return (2, 0, 1)[g]
        """
    )
    assert agree(model).final("came") == {(1, 2, 0)}


def test_labels_at_several_places_and_interleavings() -> None:
    """Two processes of n = 2 steps each interleave freely: a grid of 3 · 3 positions."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.steps = Array(Int(0, 2), self.p)

            @process(count=2)
            def p(self, g):
                yield step("same")
                self.steps[g] += 1
                yield step("same")
                self.steps[g] += 1
        """
    )
    got = agree(model)
    assert got.counts == (9, 12, 4)  # grid: 2 · 2 · 3 edges, longest path 4
    assert got.system.kinds["p"].labels == ["done", "same", "same·2"]


# --- initial states and rules ----------------------------------------------------------------------------------------


def test_several_initial_states() -> None:
    """n in 0..3 and flag, without n == 2 and without flag at n == 0: 3 · 2 - 1 initial states."""
    model = one_process(
        "self.n = Int(0, 3, init=1)\nself.flag = Bool(init=True)",
        "self.n = 0",
        """
        def init(self):
            self.n = choose(Int(0, 3))
            self.flag = choose(False, True)
            require(self.n != 2)
            if self.n == 0:
                require(not self.flag)
        """,
    )
    got = agree(model)
    assert got.all("n", "flag") == {(0, 0), (1, 0), (1, 1), (3, 0), (3, 1), (0, 1)}
    assert got.counts == (5 + 2, 5, 1)  # and done with n = 0, either flag


def test_locals_are_set_before_the_first_yield() -> None:
    model = model_of(
        """
        class M(Model):
            name = "m"
            size: int = 3

            def state(self):
                self.n = Int(0, 9)

            @process()
            def p(self, g):
                mine: Int(0, 9) = self.size * 2
                twice = 1
                yield step("go")
                self.n = mine
        """
    )
    assert agree(model).final("n") == {6}


def test_rules_fire_for_every_argument_where_they_may() -> None:
    """Put 0..2 into a set in any order, take everything out at once: 8 subsets, 3·4 edges up, 1 edge down."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.s = Set(Int(0, 2))

            @rule
            def put(self, key: Int(0, 2)):
                require(key not in self.s)
                self.s.add(key)

            @rule(fair=True)
            def empty(self):
                require(len(self.s) == 3)
                self.s.clear()
        """
    )
    got = agree(model)
    assert got.counts == (8, 13, 3)
    assert got.result.rules == {"put", "empty"}


def test_rules_take_processes_booleans_and_names() -> None:
    """2 processes · 2 · 3 names; the process waits for the rule and then ends."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.who = Option(Pid(self.p))
                self.what = Enum("a", "b", "c")
                self.flag = Bool()

            @rule
            def pick(self, g: self.p, flag: Bool(), what: Enum("a", "b", "c")):
                require(self.who is None)
                self.who = g
                self.flag = flag
                self.what = what

            @process(count=2)
            def p(self, g):
                yield step("wait", when=lambda: self.who == g)
        """
    )
    got = agree(model)
    # start; 12 after the rule; in each the chosen one goes on
    assert got.counts == (1 + 12 + 12, 24, 2)

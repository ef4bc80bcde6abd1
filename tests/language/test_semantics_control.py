"""Control flow: what is joined and what forks, loops and operations around yields, initial states and rules."""

from __future__ import annotations

from gomodel.run.search import DEADLOCK
from tests.agreeing import agree
from tests.language.source import model_of, one_process

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
    """n adds 1, 3, then either breaks at 4 or goes on with 4 and 5 and leaves the loop by its condition."""
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

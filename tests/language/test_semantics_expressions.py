"""Expressions as CPython evaluates them: definedness by short-circuit, floor division, aggregates, comparisons."""

from __future__ import annotations

import pytest

from tests.agreeing import agree
from tests.language.source import model_of, one_process


def test_a_conjunction_guards_what_stands_behind_it() -> None:
    """``q and q[0] == 1``: of the empty queue no element is read; the three contents give 0, 0, 1."""
    model = one_process(
        "self.q = Queue(Int(0, 1), 1)\nself.r = Int(0, 2)",
        """
        k = choose(0, 1, 2)
        if k > 0:
            self.q.push(k - 1)
        self.r = 1 if self.q and self.q[0] == 1 else 0
        """,
    )
    got = agree(model)
    assert got.final("q", "r") == {((), 0), ((0,), 0), ((1,), 1)}
    assert not got.result.errors


def test_an_index_is_guarded_by_its_bound() -> None:
    """Of the indices 0 to 3 of an array of 2, those below 2 are read: [False, True]."""
    model = one_process(
        "self.a = Array(Bool(), 2)\nself.i = Int(0, 3)\nself.r = Bool()",
        """
        self.a[1] = True
        self.i = choose(Int(0, 3))
        self.r = self.i < 2 and self.a[self.i]
        """,
    )
    got = agree(model)
    assert got.final("i", "r") == {(0, False), (1, True), (2, False), (3, False)}
    assert not got.result.errors


def test_a_disjunction_guards_what_stands_behind_it() -> None:
    model = one_process(
        "self.a = Array(Bool(), 2)\nself.i = Int(0, 3)\nself.r = Bool()",
        "self.i = choose(Int(0, 3))\nself.r = self.i >= 2 or self.a[self.i]",
    )
    got = agree(model)
    assert got.final("i", "r") == {(0, False), (1, False), (2, True), (3, True)}
    assert not got.result.errors


def test_a_chained_comparison_stops_at_the_first_that_fails() -> None:
    """``0 <= i < 2 <= a[i]`` reads ``a[i]`` only for 0 and 1; a is [1, 2]."""
    model = one_process(
        "self.a = Array(Int(0, 2), 2)\nself.i = Int(-1, 3)\nself.r = Bool()",
        """
        self.a[0] = 1
        self.a[1] = 2
        self.i = choose(Int(-1, 3))
        self.r = 0 <= self.i < 2 <= self.a[self.i]
        """,
    )
    got = agree(model)
    assert got.final("i", "r") == {(-1, False), (0, False), (1, True), (2, False), (3, False)}
    assert not got.result.errors


def test_a_conditional_expression_evaluates_one_side() -> None:
    model = one_process(
        "self.d = Int(0, 2)\nself.r = Int(0, 9)", "self.d = choose(Int(0, 2))\nself.r = 6 // self.d if self.d else 9"
    )
    got = agree(model)
    assert got.final("d", "r") == {(0, 9), (1, 6), (2, 3)}
    assert not got.result.errors


def test_any_and_all_stop_where_python_stops() -> None:
    """The divisor 0 stands behind the element that decides, for every k but 0."""
    model = one_process(
        "self.k = Int(0, 2)\nself.r = Bool()\nself.s = Bool()",
        """
        self.k = choose(Int(0, 2))
        self.r = any(2 // (self.k - i) == 2 // self.k for i in range(2))
        self.s = all(self.k // i == 9 for i in (1, 0))
        """,
    )
    got = agree(model)
    # k=1 and k=2 are decided at i=0 (and at i=1 for s, where k // 1 is never 9); k=0 divides by 0 at once
    assert got.final("k", "r", "s") == {(1, True, False), (2, True, False)}
    assert set(got.result.errors) == {"division by zero"}


def test_nested_boolean_operators_and_not() -> None:
    """The truth table of ``not (a and b) and (a or not c)``, by hand: abc ∈ {000, 100, 101, 010}."""
    model = one_process(
        "self.v = Array(Bool(), 3)\nself.r = Bool()",
        """
        for i in range(3):
            self.v[i] = choose(False, True)
        a, b, c = self.v[0], self.v[1], self.v[2]
        self.r = not (a and b) and (a or not c)
        """,
    )
    true = {cells for cells, r in agree(model).final("v", "r") if r}
    assert true == {(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 1, 0)}


@pytest.mark.parametrize(
    ("x", "y", "quotient", "rest"),
    [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (-1, 3, -1, 2), (0, -3, 0, 0), (-6, 3, -2, 0)],
)
def test_division_floors(x: int, y: int, quotient: int, rest: int) -> None:
    """By hand: the quotient is rounded down, the rest has the sign of the divisor."""
    model = one_process(
        "self.x = Int(-7, 7)\nself.y = Int(-7, 7)\nself.q = Int(-7, 7)\nself.r = Int(-7, 7)",
        f"""
        yield step("set")
        self.x = {x}
        self.y = {y}
        yield step("divide")
        self.q = self.x // self.y
        self.r = self.x % self.y
        """,
    )
    assert agree(model).final("q", "r") == {(quotient, rest)}


def test_division_of_everything_by_everything() -> None:
    """All pairs of -3..3: 7 of the 49 divide by zero; q * y + r == x and 0 <= r * sign(y) < |y| define the rest."""
    model = one_process(
        "self.x = Int(-3, 3)\nself.y = Int(-3, 3)\nself.q = Int(-9, 9)\nself.r = Int(-9, 9)",
        """
        self.x = choose(Int(-3, 3))
        self.y = choose(Int(-3, 3))
        yield step("divide")
        self.q = self.x // self.y
        self.r = self.x % self.y
        """,
    )
    got = agree(model)
    final = got.final("x", "y", "q", "r")
    assert len(final) == 42
    assert all(q * y + r == x and 0 <= r * (1 if y > 0 else -1) < abs(y) for x, y, q, r in final)
    assert set(got.result.errors) == {"division by zero"}


def test_arithmetic_of_negative_numbers() -> None:
    """x in -2..2: (x * -3, -x, abs(x), min(x, 0), max(x, 1), x - 4)."""
    model = one_process(
        "self.x = Int(-2, 2)\nself.r = Array(Int(-9, 9), 6)",
        """
        self.x = choose(Int(-2, 2))
        x = self.x
        self.r = (x * -3, -x, abs(x), min(x, 0), max(x, 1), x - 4)
        """,
    )
    assert agree(model).final("x", "r") == {
        (-2, (6, 2, 2, -2, 1, -6)),
        (-1, (3, 1, 1, -1, 1, -5)),
        (0, (0, 0, 0, 0, 1, -4)),
        (1, (-3, -1, 1, 0, 1, -3)),
        (2, (-6, -2, 2, 0, 2, -2)),
    }


def test_booleans_are_numbers() -> None:
    """``True + True``, a sum of comparisons, equality of a boolean with 1: as in Python."""
    model = one_process(
        "self.a = Bool()\nself.b = Bool()\nself.n = Int(0, 4)\nself.same = Bool()",
        """
        self.a = choose(False, True)
        self.b = choose(False, True)
        self.n = self.a + self.b + sum(v for v in (self.a, self.b))
        self.same = self.a == 1
        """,
    )
    assert agree(model).final("a", "b", "n", "same") == {(0, 0, 0, 0), (0, 1, 2, 0), (1, 0, 2, 1), (1, 1, 4, 1)}


def test_logic_on_bits() -> None:
    model = one_process(
        "self.v = Array(Bool(), 2)\nself.r = Array(Bool(), 3)",
        """
        self.v[0] = choose(False, True)
        self.v[1] = choose(False, True)
        x, y = self.v[0], self.v[1]
        self.r = (x & y, x | y, x ^ y)
        """,
    )
    assert agree(model).final("v", "r") == {
        ((0, 0), (0, 0, 0)), ((0, 1), (0, 1, 1)), ((1, 0), (0, 1, 1)), ((1, 1), (1, 1, 0)),
    }  # fmt: skip


def test_aggregates_with_filters_and_two_sources() -> None:
    """Cells are [2, 0, 3]: count of nonzero, sum of the even, any above 2, min and max, pairs i < j in order."""
    model = one_process(
        "self.a = Array(Int(0, 3), 3)\nself.r = Array(Int(0, 9), 6)",
        """
        self.a = (2, 0, 3)
        yield step("count")
        a = self.a
        self.r[0] = count(x > 0 for x in a)
        self.r[1] = sum(x for x in a if x % 2 == 0)
        self.r[2] = any(x > 2 for x in a)
        self.r[3] = min(x for x in a if x > 0)
        self.r[4] = max(a)
        self.r[5] = count(a[i] < a[j] for i in range(3) for j in range(3) if i < j)
        """,
    )
    assert agree(model).final("r") == {(2, 2, 1, 2, 3, 2)}  # pairs: 2 < 3 and 0 < 3


def test_min_of_nothing_is_an_error_and_default_avoids_it() -> None:
    model = one_process(
        "self.q = Queue(Int(0, 3), 2)\nself.r = Int(0, 9)",
        """
        if choose(False, True):
            self.q.push(2)
        self.r = min(self.q, default=7)
        yield step("without")
        self.r = min(self.q)
        """,
    )
    got = agree(model)
    assert got.all("q", "r") == {((), 0), ((), 7), ((2,), 2)}
    assert set(got.result.errors) == {"min of nothing"}


def test_membership() -> None:
    """2 of 0..3 in (1, 3); in the queue [0, 3]; not in the set {3}."""
    model = one_process(
        "self.q = Queue(Int(0, 3), 2)\nself.s = Set(Int(0, 3))\nself.x = Int(0, 3)\nself.r = Array(Bool(), 3)",
        """
        self.q.push(0)
        self.q.push(3)
        self.s.add(3)
        self.x = choose(Int(0, 3))
        self.r = (self.x in (1, 3), self.x in self.q, self.x not in self.s)
        """,
    )
    assert agree(model).final("x", "r") == {(0, (0, 1, 1)), (1, (1, 0, 1)), (2, (0, 0, 1)), (3, (1, 1, 0))}


def test_tables_tuples_lambdas_and_nested_functions() -> None:
    model = one_process(
        "self.i = Int(0, 2)\nself.r = Int(0, 99)",
        """
        self.i = choose(Int(0, 2))
        table = (5, 7, 9)
        double = lambda x: 2 * x
        def plus(x, y):
            return double(x) + y
        pair = (table[self.i], self.i)
        first, second = pair
        self.r = plus(first, second)
        """,
    )
    assert agree(model).final("i", "r") == {(0, 10), (1, 15), (2, 20)}


def test_a_table_outside_its_range_is_an_error() -> None:
    model = one_process("self.i = Int(0, 2)\nself.r = Int(0, 9)", "self.i = choose(Int(0, 2))\nself.r = (4, 5)[self.i]")
    got = agree(model)
    assert got.final("i", "r") == {(0, 4), (1, 5)}
    assert len(got.result.errors) == 1


def test_the_walrus_and_text() -> None:
    model = one_process(
        'self.n = Int(0, 3)\nself.e = Enum("a1", "a2")',
        """
        if (x := choose(Int(0, 3))) > 1:
            self.n = x
        self.e = f"a{1 + 1}"
        """,
    )
    assert agree(model).final("n", "e") == {(0, 1), (2, 1), (3, 1)}


def test_enumerate_zip_reversed_over_constants() -> None:
    """1*5 + 2*6 with zip; positions weighted with enumerate: 0*3 + 1*4; the last of (1, 2) first: 21."""
    model = one_process(
        "self.r = Array(Int(0, 30), 3)",
        """
        self.r[0] = sum(x * y for x, y in zip((1, 2), (5, 6)))
        for i, x in enumerate((3, 4)):
            self.r[1] += i * x
        for x in reversed((1, 2)):
            self.r[2] = 10 * self.r[2] + x
        """,
    )
    assert agree(model).final("r") == {(17, 4, 21)}


def test_enums_compare_with_names() -> None:
    model = one_process(
        'self.e = Enum("idle", "busy", "gone")\nself.r = Bool()',
        'self.e = choose("idle", "busy")\nself.r = self.e != "idle" and self.e in ("busy", "gone")',
    )
    assert agree(model).final("e", "r") == {(0, False), (1, True)}


def test_process_ids_compare_and_index() -> None:
    """Each of two processes stores who came last; g0 first gives [0, 1], g1 first [1, 0]."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.last = Option(Pid(self.p))
                self.came_after = Array(Option(Pid(self.p)), self.p)
                self.self_seen = Bool()

            @process(count=2)
            def p(self, g):
                yield step("come")
                self.came_after[g] = self.last
                self.self_seen = self.self_seen or self.last == g
                self.last = g
        """
    )
    got = agree(model)
    assert got.final("last", "came_after", "self_seen") == {(1, (None, 0), False), (0, (1, None), False)}
    assert got.counts == (5, 4, 2)  # start, two after one step, two after both

"""Containers: every method and operator, copies and views, values and normal forms."""

from __future__ import annotations

import pytest

from tests.agreeing import agree
from tests.language.source import model_of, one_process

QUEUES = "self.q = Queue(Int(0, 5), 4)\nself.r = Array(Int(0, 9), 3)"


@pytest.mark.parametrize(
    ("body", "queue", "results"),
    [
        ("q.push(4)\nq.push(5)", (1, 2, 4, 5), (0, 0, 0)),
        ("q.append(4)", (1, 2, 4), (0, 0, 0)),
        ("q.push_front(4)", (4, 1, 2), (0, 0, 0)),
        ("self.r[0] = q.pop()", (2,), (1, 0, 0)),
        ("self.r[0] = q.pop_back()", (1,), (2, 0, 0)),
        ("q.push(1)\nq.remove(1)", (2, 1), (0, 0, 0)),  # the first of the equal ones goes
        ("q.remove(2)", (1,), (0, 0, 0)),
        ("q.clear()", (), (0, 0, 0)),
        ("q[0] = 5", (5, 2), (0, 0, 0)),
        ("q[q[0]] = q[0]", (1, 1), (0, 0, 0)),
        ("q[1] += 2", (1, 4), (0, 0, 0)),
        ("self.r[0] = len(q)\nq.push(0)\nself.r[1] = len(q)", (1, 2, 0), (2, 3, 0)),
        ("self.r[0] = 1 if q else 2\nq.clear()\nself.r[1] = 1 if q else 2", (), (1, 2, 0)),
        ("self.r[0] = q == [1, 2]\nself.r[1] = q != [1, 2]\nself.r[2] = q == [2, 1]", (1, 2), (1, 0, 0)),
        ("self.r[0] = 1 in q\nself.r[1] = 4 in q\nself.r[2] = 4 not in q", (1, 2), (1, 0, 1)),
        ("self.r = (sum(q), max(q), min(q))", (1, 2), (3, 2, 1)),
        ("self.r[0] = sum(10 * 0 + x for x in q if x > 1)", (1, 2), (2, 0, 0)),
        ("for x in q:\n    self.r[x] = x + 3", (1, 2), (0, 4, 5)),
        ("for i, x in enumerate([7, 8]):\n    self.r[i] = x", (1, 2), (7, 8, 0)),
        ("self.q = [3, 4, 5]", (3, 4, 5), (0, 0, 0)),
        ("self.q = ()", (), (0, 0, 0)),
        ("other = q.copy()\nq.clear()\nself.r[0] = len(other)\nq.push(other[1])", (2,), (2, 0, 0)),
        ("other = q.copy()\nother.push(3)\nself.r[0] = len(q)\nself.r[1] = other != q", (1, 2), (2, 1, 0)),
        ("other = q\nother.push(3)\nself.r[0] = len(q)", (1, 2, 3), (3, 0, 0)),  # a view, not a copy
        ("x = q[0]\nq[0] = 3\nself.r[0] = x", (3, 2), (1, 0, 0)),  # an element is a value
    ],
)
@pytest.mark.parametrize("kind", ["Queue", "Seq"])
def test_queue(kind: str, body: str, queue: tuple[int, ...], results: tuple[int, ...]) -> None:
    """Each of them starts from [1, 2]."""
    model = one_process(
        QUEUES.replace("Queue", kind),
        'self.q.push(1)\nself.q.push(2)\nyield step("then")\nq = self.q\n' + body,
    )
    assert agree(model).final("q", "r") == {(queue, results)}


def test_queues_of_every_content() -> None:
    """All 1 + 2 + 4 queues of at most two bits, reversed in place: as many, and each its mirror image."""
    model = one_process(
        "self.q = Queue(Int(0, 1), 2)\nself.before = Queue(Int(0, 1), 2)",
        """
        for i in range(choose(0, 1, 2)):
            self.q.push(choose(0, 1))
        self.before = self.q
        yield step("reverse")
        if len(self.q) == 2:
            self.q.push_front(self.q.pop_back()) if False else None
            self.q[0], self.q[1] = self.q[1], self.q[0]
        """,
    )
    got = agree(model)
    final = got.final("before", "q")
    assert len(final) == 7
    assert all(after == before[::-1] for before, after in final)


SETS = 'self.s = Set(Enum("a", "b", "c"))\nself.r = Array(Int(0, 9), 3)'


@pytest.mark.parametrize(
    ("body", "members", "results"),
    [
        ("s.add('c')", "bc", (0, 0, 0)),
        ("s.add('b')", "b", (0, 0, 0)),
        ("s.discard('b')", "", (0, 0, 0)),
        ("s.discard('a')", "b", (0, 0, 0)),
        ("s.add('a')\ns.clear()", "", (0, 0, 0)),
        ("self.r[0] = len(s)\ns.add('a')\nself.r[1] = len(s)", "ab", (1, 2, 0)),
        ("self.r[0] = 1 if s else 2\ns.clear()\nself.r[1] = 1 if s else 2", "", (1, 2, 0)),
        ("self.r[0] = 'b' in s\nself.r[1] = 'a' in s\nself.r[2] = 'a' not in s", "b", (1, 0, 1)),
        ("self.r[0] = s == {'b'}\nself.r[1] = s == {'a', 'b'}\nself.r[2] = s != {'b'}", "b", (1, 0, 0)),
        ("self.s = {'a', 'c'}", "ac", (0, 0, 0)),
        ("other = s.copy()\ns.add('a')\nself.r[0] = len(other)\nself.r[1] = other == s", "ab", (1, 0, 0)),
        ("other = s\nother.add('a')\nself.r[0] = len(s)", "ab", (2, 0, 0)),
        ("self.r[0] = any(x == 'b' for x in s)\nself.r[1] = all(x == 'b' for x in s)", "b", (1, 1, 0)),
        ("self.r[0] = count(x != 'a' for x in s)\nself.r[1] = sum(2 for x in s)", "b", (1, 2, 0)),
        ("for x in s:\n    self.r[0] += 1", "b", (1, 0, 0)),
    ],
)
def test_set(body: str, members: str, results: tuple[int, ...]) -> None:
    """Each of them starts from {b}."""
    model = one_process(SETS, 'self.s.add("b")\nyield step("then")\ns = self.s\n' + body)
    assert agree(model).final("s", "r") == {(tuple(x in members for x in "abc"), results)}


@pytest.mark.parametrize(
    ("body", "counts", "results"),
    [
        ("b.add(1)", (0, 2, 0), (0, 0, 0)),
        ("b.add(2)\nb.add(2)", (0, 1, 2), (0, 0, 0)),
        ("b.remove(1)", (0, 0, 0), (0, 0, 0)),
        ("b.clear()", (0, 0, 0), (0, 0, 0)),
        ("b.add(1)\nself.r = (len(b), b.count(1), b.count(0))", (0, 2, 0), (2, 2, 0)),
        ("b.add(0)\nself.r[0] = 1 in b\nself.r[1] = 2 in b\nself.r[2] = len(b)", (1, 1, 0), (1, 0, 2)),
        ("self.r[0] = 1 if b else 2\nb.clear()\nself.r[1] = 1 if b else 2", (0, 0, 0), (1, 2, 0)),
        ("other = b.copy()\nb.add(1)\nself.r[0] = other.count(1)\nself.r[1] = b == other", (0, 2, 0), (1, 0, 0)),
        ("b.add(1)\nfor x in b:\n    self.r[x] += 1", (0, 2, 0), (0, 1, 0)),  # each value once
    ],
)
def test_bag(body: str, counts: tuple[int, ...], results: tuple[int, ...]) -> None:
    """Each of them starts from one 1."""
    model = one_process(
        "self.b = Bag(Int(0, 2), 2)\nself.r = Array(Int(0, 9), 3)",
        'self.b.add(1)\nyield step("then")\nb = self.b\n' + body,
    )
    assert agree(model).final("b", "r") == {(counts, results)}


@pytest.mark.parametrize(
    ("body", "cells", "result"),
    [
        ("a[1] = 2", (0, 2, 4), 0),
        ("a[a[2] - 4] = 1", (1, 3, 4), 0),
        ("a[0] += a[1]", (3, 3, 4), 0),
        ("a.fill(2)", (2, 2, 2), 0),
        ("self.a = (4, 3, 2)", (4, 3, 2), 0),
        ("self.r = len(a)", (0, 3, 4), 3),
        ("self.r = sum(a)", (0, 3, 4), 7),
        ("for x in a:\n    self.r += x", (0, 3, 4), 7),
        ("self.r = a == [0, 3, 4]", (0, 3, 4), 1),
        ("self.r = 3 in a", (0, 3, 4), 1),
        ("other = a.copy()\na[0] = 4\nself.r = other[0]", (4, 3, 4), 0),
        ("other = a\na[0] = 4\nself.r = other[0]", (4, 3, 4), 4),
        ("a[0], a[1] = a[1], a[0]", (3, 0, 4), 0),
        ("x = y = a[1]\na[0] = x + y - 3", (3, 3, 4), 0),
    ],
)
def test_array(body: str, cells: tuple[int, ...], result: int) -> None:
    """Each of them starts from [0, 3, 4]."""
    model = one_process(
        "self.a = Array(Int(0, 4), 3)\nself.r = Int(0, 9)",
        'self.a[1] = 3\nself.a[2] = 4\nyield step("then")\na = self.a\n' + body,
    )
    assert agree(model).final("a", "r") == {(cells, result)}


def test_arrays_by_names_booleans_ranges_and_processes() -> None:
    """The first index of a range may be anything: Array(…, Int(2, 4)) has cells 2, 3 and 4."""
    model = one_process(
        """
        self.by_name = Array(Int(0, 3), Enum("x", "y"))
        self.by_bool = Array(Int(0, 3), Bool())
        self.by_range = Array(Int(0, 3), Int(2, 4))
        self.by_process = Array(Int(0, 3), self.p)
        """,
        """
        self.by_name["y"] = 1
        self.by_bool[self.by_name["x"] == 0] = 2
        for i in range(2, 5):
            self.by_range[i] = i - 2
        self.by_range[self.by_range[4] + 1] = 3
        self.by_process[g] = 1
        """,
    )
    got = agree(model)
    assert got.final("by_name", "by_bool", "by_range", "by_process") == {((0, 1), (0, 2), (0, 3, 2), (1,))}


def test_arrays_of_arrays() -> None:
    model = one_process(
        "self.a = Array(Array(Int(0, 9), 2), 2)\nself.r = Int(0, 99)",
        """
        for i in range(2):
            for j in range(2):
                self.a[i][j] = 2 * i + j
        yield step("rows")
        row = self.a[1]
        row[0] = 7
        self.a[0] = self.a[1]
        self.a[1][1] = 9
        self.r = sum(sum(x) for x in self.a)
        """,
    )
    # rows [0, 1], [2, 3] → [0, 1], [7, 3] → [7, 3], [7, 3] → [7, 3], [7, 9]
    assert agree(model).final("a", "r") == {(((7, 3), (7, 9)), 26)}


WORDS = "self.w = Word\nself.v = Word\nself.r = Array(Int(0, 9), 2)"


@pytest.mark.parametrize(
    ("body", "low", "high", "results"),
    [
        ("w.low = 1", 1, True, (0, 0)),
        ("self.w = Word(low=3)", 3, False, (0, 0)),
        ("self.w = Word()", 0, False, (0, 0)),
        ("self.w = self.v", 0, False, (0, 0)),
        ("old = w.copy()\nw.low = 1\nself.r = (old.low, old == w)", 1, True, (2, 0)),
        ("old = w\nw.low = 1\nself.r = (old.low, old == w)", 1, True, (1, 1)),
        ("self.r = (w == Word(low=2, high=True), w != self.v)", 2, True, (1, 1)),
        (
            "new = Word(low=w.low)\nnew.high = w.high\nself.r[0] = new == w\nnew.low = 0\nself.r[1] = w.low",
            2,
            True,
            (1, 2),
        ),
        ("w.low, w.high = w.high, w.low > 2", 1, False, (0, 0)),
        ("if self.r[0] == 0:\n    w.low -= 1\nelse:\n    w.high = False", 1, True, (0, 0)),
    ],
)
def test_struct(body: str, low: int, high: bool, results: tuple[int, ...]) -> None:
    """Each of them starts from low = 2, high = True."""
    text = """
Word = Struct(low=Int(0, 3), high=Bool())

class M(Model):
    name = "m"

    def state(self):
        self.w = Word
        self.v = Word
        self.r = Array(Int(0, 9), 2)

    @process()
    def p(self, g):
        yield step("set")
        self.w.low = 2
        self.w.high = True
        yield step("then")
        w = self.w
"""
    model = model_of(text + "".join(f"        {line}\n" for line in body.splitlines()))
    assert agree(model).final("w.low", "w.high", "r") == {(low, high, results)}


def test_nested_structs_arrays_of_structs_and_defaults() -> None:
    model = model_of(
        """
        Inner = Struct(x=Int(0, 3, init=1))
        Outer = Struct(inner=Inner, flags=Array(Bool(), 2))

        class M(Model):
            name = "m"

            def state(self):
                self.o = Outer
                self.many = Array(Inner, 2)
                self.r = Array(Int(0, 9), 3)

            @process()
            def p(self, g):
                yield step("go")
                self.o.inner.x += 1
                self.o.flags[1] = True
                self.many[1].x = 3
                cell = self.many[0]
                cell.x = 2
                self.r[0] = self.many[0].x
                self.many[0] = self.many[1]
                self.many[1] = Inner()
                self.r[1] = self.o.inner == Inner(x=2)
                self.r[2] = sum(c.x for c in self.many)
        """
    )
    got = agree(model)
    assert got.final("o.inner.x", "o.flags", "r") == {(2, (False, True), (2, 1, 4))}  # 4: [3, 1]


def test_elements_of_queues_are_frozen_values() -> None:
    """A popped struct does not change with the queue, and changing a copy leaves the queue alone."""
    model = model_of(
        """
        Item = Struct(id=Int(0, 3), hot=Bool())

        class M(Model):
            name = "m"

            def state(self):
                self.q = Queue(Item, 3)
                self.w = Item
                self.r = Array(Int(0, 3), 3)

            @process()
            def p(self, g):
                yield step("push")
                self.w.id = 1
                self.q.push(self.w)
                self.w.id = 2
                self.q.push(self.w)
                self.q.push(Item(id=3, hot=True))
                yield step("change")
                first = self.q[0].copy()
                first.hot = True
                self.r[0] = self.q[0].hot
                self.q[0] = first
                self.r[1] = self.q[0].hot
                popped = self.q.pop()
                self.q.push_front(self.w)
                self.r[2] = popped.id
                self.w = self.q.pop_back()
        """
    )
    got = agree(model)
    assert got.final("q", "w.id", "w.hot", "r") == {(((2, False), (2, False)), 3, True, (0, 1, 1))}


def test_changing_an_element_of_a_queue_is_an_error() -> None:
    """Refused while tracing; CPython raises at the same place."""
    from gomodel.language.errors import SpecError

    model = one_process(
        "self.q = Queue(Struct(x=Bool()), 1)",
        "self.q.push(like(self.q).elem(x=False)) if False else None\nself.q[0].x = True",
    )
    with pytest.raises(SpecError, match="an element of a queue, set or option is a value"):
        agree(model)


def test_options() -> None:
    """None, tests for it, values read through a test, equality with values and other options."""
    model = one_process(
        "self.o = Option(Int(0, 3))\nself.u = Option(Int(0, 3))\nself.r = Array(Int(0, 9), 6)",
        """
        self.o = choose(None, 0, 2)
        o = self.o
        self.r[0] = o is None
        self.r[1] = o is not None and o > 1
        self.r[2] = 9 if o is None else o + 1
        self.r[3] = o == 2
        self.r[4] = o != self.u
        self.u = o
        self.r[5] = o == self.u
        """,
    )
    assert agree(model).final("o", "r") == {
        (None, (1, 0, 9, 0, 0, 1)),
        (0, (0, 0, 1, 0, 1, 1)),
        (2, (0, 1, 3, 1, 1, 1)),
    }


def test_options_of_structs_and_processes() -> None:
    model = model_of(
        """
        Item = Struct(id=Int(0, 3), hot=Bool())

        class M(Model):
            name = "m"

            def state(self):
                self.o = Option(Item)
                self.who = Option(Pid(self.p))
                self.r = Array(Int(0, 3), 3)

            @process()
            def p(self, g):
                yield step("look")
                self.r[0] = self.o is None
                if self.who is None:
                    self.who = g
                    self.o = Item(id=2)
                yield step("take")
                if self.o is not None and self.o.id == 2:
                    self.r[1] = self.o.id
                    self.o = None
                self.r[2] = self.who == g
        """
    )
    assert agree(model).final("o", "who", "r") == {(None, 0, (1, 2, 1))}


def test_containers_have_one_normal_form() -> None:
    """Whatever was in a queue before, empty is empty: push and pop come back to the state they began in."""
    model = one_process(
        "self.q = Queue(Int(0, 3), 2)\nself.s = Set(Int(0, 1))\nself.b = Bag(Int(0, 1), 1)",
        """
        while True:
            yield step("push")
            self.q.push(3)
            self.s.add(1)
            self.b.add(1)
            yield step("pop")
            self.q.pop()
            self.s.discard(1)
            self.b.remove(1)
        """,
    )
    assert agree(model).counts == (3, 3, 2)  # go, push, pop; push follows pop again


def test_ghosts_are_state_and_do_not_steer() -> None:
    """A ghost counts the steps of two processes; other ghosts and properties read it."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.steps = Ghost(Int(0, 3))
                self.double = Ghost(Int(0, 6))
                self.n = Int(0, 1)

            @process(count=2)
            def p(self, g):
                yield step("go")
                self.steps += 1
                self.double = 2 * self.steps
                self.n = 1

            @invariant
            def counted(self):
                return self.steps == count(self.p.at(g, "done") for g in self.p)
        """
    )
    got = agree(model)
    assert got.final("steps", "double", "n") == {(2, 4, 1)}
    assert not got.result.violations


def test_self_assignment_copies() -> None:
    """``self.a = self.b`` copies: later writes to one are not seen in the other."""
    model = one_process(
        "self.a = Queue(Int(0, 3), 2)\nself.b = Queue(Int(0, 3), 2)",
        "self.b.push(1)\nself.a = self.b\nself.b.push(2)\nself.a[0] = 3",
    )
    assert agree(model).final("a", "b") == {((3,), (1, 2))}


def test_containers_as_locals_live_across_yields() -> None:
    """A declared local of container kind is a copy of its own, changed in place."""
    model = one_process(
        "self.q = Queue(Int(0, 3), 3)\nself.r = Int(0, 9)",
        """
        self.q.push(1)
        mine: like(self.q) = self.q.copy()
        yield step("later")
        self.q.push(2)
        mine.push(3)
        yield step("compare")
        self.r = 10 * 0 + len(mine) + mine[1]
        self.q = mine
        """,
    )
    assert agree(model).final("q", "r") == {((1, 3), 5)}

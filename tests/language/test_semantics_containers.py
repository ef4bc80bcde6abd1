"""Queues, sets, bags and arrays: every method and operator."""

from __future__ import annotations

import pytest

from tests.agreeing import agree
from tests.language.source import one_process

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
        ("self.r[0] = sum(x for x in q if x > 1)", (1, 2), (2, 0, 0)),
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

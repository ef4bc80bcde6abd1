"""Structs, options and ghosts; values and views, normal forms, containers as locals."""

from __future__ import annotations

import pytest

from gomodel.language.errors import SpecError
from tests.agreeing import agree
from tests.language.source import model_of, one_process


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
    """Refused while tracing, with the mend."""
    model = one_process(
        "self.q = Queue(Struct(x=Bool()), 1)",
        "self.q[0].x = True",
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


def test_options_inside_of_structs_and_arrays_come_and_go() -> None:
    """An option of a struct is None or a value, never a place of its own: assigning one leaves copies alone."""
    model = model_of(
        """
        Item = Struct(id=Int(0, 3))
        Slot = Struct(item=Option(Item), used=Bool())

        class M(Model):
            name = "m"

            def state(self):
                self.slot = Slot
                self.other = Slot
                self.many = Array(Option(Item), 2)
                self.r = Array(Int(0, 3), 2)

            @process()
            def p(self, g):
                yield step("fill")
                self.slot.item = Item(id=1)
                self.many[1] = self.slot.item
                self.other = self.slot
                self.slot.item = Item(id=2)
                self.r[0] = self.other.item.id
                yield step("empty")
                self.r[1] = self.many[1].id
                self.many[0] = self.slot.item
                self.slot = self.other
                self.other.item = None
        """
    )
    got = agree(model)
    assert got.final("slot.item", "other.item", "many", "r") == {((1,), None, ((2,), (1,)), (1, 1))}


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
        self.r = len(mine) + mine[1]
        self.q = mine
        """,
    )
    assert agree(model).final("q", "r") == {((1, 3), 5)}

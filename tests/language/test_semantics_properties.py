"""Properties, rest and deadlock, process kinds, bugs, and the reset of dead locals."""

from __future__ import annotations

import pytest

from gomodel.run.search import DEADLOCK
from tests.agreeing import Agreed, agree
from tests.language.source import model_of


def violated(got: Agreed) -> set[str]:
    return set(got.result.violations)


# --- rest, deadlock, terminal ----------------------------------------------------------------------------------------

WAITING = """
    class M(Model):
        name = "m"
        rounds: int = 1

        def state(self):
            self.sent = Int(0, 3)

        @process(count=1)
        def sender(self, s):
            for i in range(self.rounds):
                yield step("send"{rest})
                self.sent += 1

        @process(count=1)
        def receiver(self, r):
            for i in range(2):
                yield step("receive", when=lambda: self.sent > i{waits})

        @terminal
        def all_received(self):
            return all(self.receiver.at(r, "done") for r in self.receiver) == (self.sent == 2)
"""


@pytest.mark.parametrize(
    ("rounds", "rest", "waits", "expected"),
    [
        (2, "", "", set()),  # everything is sent and received
        (1, "", "", {DEADLOCK}),  # the receiver waits for ever
        (1, "", ', rest="blocked"', set()),  # and may: waiting is its rest
        (2, ", rest=True", "", {DEADLOCK}),  # nobody is forced to send, and the receiver does not rest
        (3, "", "", {"all_received"}),  # the last one is sent and never received: allowed but for the property
    ],
)
def test_deadlock_and_terminal(rounds: int, rest: str, waits: str, expected: set[str]) -> None:
    text = WAITING.replace("{rest}", rest).replace("{waits}", waits)
    assert violated(agree(model_of(text), rounds=rounds)) == expected


def test_a_rule_is_rest_unless_it_is_fair() -> None:
    """A waiting process is stuck where only the environment could move."""
    text = """
        class M(Model):
            name = "m"

            def state(self):
                self.fed = Bool()

            @rule{fair}
            def feed(self):
                require(not self.fed)
                self.fed = True

            @process()
            def p(self, g):
                yield step("wait", when=lambda: self.fed)
    """
    assert violated(agree(model_of(text.replace("{fair}", "")))) == {DEADLOCK}
    assert violated(agree(model_of(text.replace("{fair}", "(fair=True)")))) == set()


# --- labels, locals, processes ---------------------------------------------------------------------------------------

KINDS = """
    class M(Model):
        name = "m"
        readers: int = 2

        def state(self):
            self.log = Queue(Pid(self.reader | self.writer), 3)
            self.holder = Option(Pid(self.writer | self.reader))
            self.wrote = Array(Bool(), self.reader | self.writer)

        def enter(self, g):
            yield step("enter", when=lambda: self.holder is None)
            self.holder = g
            yield step("inside")
            self.log.push(g)
            self.holder = None

        @process(count="readers")
        def reader(self, g):
            yield from self.enter(g)

        @process(count=1)
        def writer(self, g):
            yield from self.enter(g)
            self.wrote[g] = True

        @invariant
        def one_inside(self):
            everybody = self.reader | self.writer
            return count(everybody.at(g, "inside") for g in everybody) <= 1

        @invariant
        def holder_is_inside(self):
            everybody = self.reader | self.writer
            return all((self.holder == g) == everybody.at(g, "inside") for g in everybody)

        @reachable
        def writer_came_last(self):
            return len(self.log) == 3 and self.log[2] in self.writer

        @reachable
        def writer_before_readers(self):
            return len(self.log) > 0 and self.log[0] in self.writer and not any(g in self.log for g in self.reader)

        @reachable
        def reader_wrote(self):
            return any(self.wrote[g] for g in self.reader)
"""


def test_unions_of_process_kinds() -> None:
    """Three processes enter one at a time: 3! orders; only the writer ever writes."""
    got = agree(model_of(KINDS))
    assert len(got.final("log")) == 6
    assert violated(got) == set()
    assert set(got.result.reached) == {"writer_came_last", "writer_before_readers"}
    # states: after k of 3 are done in some order (1, 3, 6, 6), and with one of the others inside (3, 6, 6)
    assert got.result.states == (1 + 3 + 6 + 6) + (3 + 6 + 6)


def test_a_kind_without_processes() -> None:
    got = agree(model_of(KINDS), readers=0)
    assert got.final("log") == {(0,)}
    assert got.counts == (3, 2, 2)


LOCALS = """
    class M(Model):
        name = "m"

        def state(self):
            self.sum = Int(0, 9)

        def add(self, k: Int(0, 3)):
            twice: Int(0, 6) = 2 * k
            yield step("add")
            self.sum += twice

        @process(count=2)
        def p(self, g):
            mine: Int(0, 3) = 0
            dead: Int(0, 3) = 0
            yield step("choose")
            mine = choose(1, 2)
            dead = mine
            yield from self.add(mine)
            yield step("end")
            mine = 0

        @invariant
        def default_outside(self):
            \"\"\"A local of an operation has its default value wherever the operation is not running.\"\"\"
            return all(self.p.at(g, "add") or self.p[g].twice == 0 for g in self.p)

        @invariant
        def twice_as_much(self):
            return all(not self.p.at(g, "add") or self.p[g].twice == 2 * self.p[g].mine for g in self.p)

        @reachable
        def both_add_four(self):
            return all(self.p[g].add.twice == 4 for g in self.p)

        @reachable
        def done_with_a_value(self):
            return any(self.p.at(g, "done") and self.p[g].mine > 0 for g in self.p)
"""


@pytest.mark.parametrize("reset", [True, False])
def test_properties_read_locals(reset: bool) -> None:
    got = agree(model_of(LOCALS), reset=reset)
    assert violated(got) == set()
    assert set(got.result.reached) == {"both_add_four"}
    assert got.final("sum") == {4, 6, 8}


def test_dead_locals_are_reset() -> None:
    """``dead`` is never read again: with the reset no state tells its values apart, without it some do."""
    reset, kept = agree(model_of(LOCALS)), agree(model_of(LOCALS), reset=False)
    assert reset.all("p.dead") == {(0, 0)}
    assert len(kept.all("p.dead")) == 9
    assert reset.result.states < kept.result.states
    assert reset.all("sum") == kept.all("sum")


def test_a_local_that_a_property_reads_is_kept_where_it_reads_it() -> None:
    """``old`` is dead behind "use" but for the property, which reads it at "rest" only: kept there, reset at "last"."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.n = Int(0, 3)

            @process()
            def p(self, g):
                old: Int(0, 3) = 0
                yield step("use")
                old = choose(1, 2)
                self.n = 1
                yield step("rest")
                self.n = 2
                yield step("last")
                self.n = 3

            @invariant
            def small(self):
                return all(not self.p.at(g, "rest") or self.p[g].old < 3 for g in self.p)
        """
    )
    got = agree(model)
    assert got.all("n", "p.old") == {(0, (0,)), (1, (1,)), (1, (2,)), (2, (0,)), (3, (0,))}


# --- step invariants, vacuity, witnesses ------------------------------------------------------------------------------


def test_step_invariants_see_both_ends() -> None:
    """n goes up by one or two and back to 0; embedded components, labels, locals and helpers exist before the step."""
    model = model_of(
        """
        class Part(Component):
            def state(self):
                self.x = Int(0, 2)

            def low(self):
                return self.x == 0

        class M(Model):
            name = "m"

            def state(self):
                self.n = Int(0, 4)
                self.part = Part()

            @process()
            def p(self, g):
                by: Int(0, 2) = 1
                while True:
                    yield step("up", when=lambda: self.n < 3)
                    by = choose(1, 2)
                    self.n += by
                    self.part.x = by
                    yield step("down")
                    if choose(False, True):
                        self.n = 0

            @step_invariant
            def goes_up(self, before):
                return self.n >= before.n

            @step_invariant
            def by_two_at_most(self, before):
                return self.n - before.n <= 2

            @step_invariant
            def up_changes_the_part(self, before):
                return not any(before.p.at(g, "up") and self.p.at(g, "down") for g in self.p) or not self.part.low()

            @step_invariant
            def only_once(self, before):
                return before.part.low() or self.part.low()

            @step_invariant
            def the_local_says_by_how_much(self, before):
                return all(not before.p.at(g, "up") or self.n - before.n == self.p[g].by for g in self.p)
        """
    )
    got = agree(model)
    assert violated(got) == {"goes_up", "only_once", DEADLOCK}  # stuck at "up" with n of 3 or 4
    assert len(got.result.violations["goes_up"].trace) == 2


def test_implies_notes_whether_its_premise_ever_held() -> None:
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.n = Int(0, 9)
                self.q = Queue(Int(0, 9), 1)

            @process()
            def p(self, g):
                yield step("go")
                self.n = choose(1, 2)
                yield step("push")
                self.q.push(self.n)

            @invariant
            def met(self):
                return implies(self.n == 2, self.n % 2 == 0)

            @invariant
            def vacuous(self):
                return implies(self.n == 7, False)

            @invariant
            def guarded(self):
                return implies(len(self.q) > 0, lambda: self.q[0] == self.n)

            @invariant
            def unguarded(self):
                return implies(len(self.q) > 0, self.q[0] == self.n)
        """
    )
    got = agree(model)
    assert violated(got) == set()
    assert {name for name, _ in got.result.premises} == {"met", "guarded", "unguarded"}
    assert [name.split(":")[0] for name in got.result.errors] == ["unguarded"]  # Python evaluates both arguments


def test_shortest_traces_of_each_property() -> None:
    """n = 3 needs three steps by one, and one step of three: the shortest is found."""
    model = model_of(
        """
        class M(Model):
            name = "m"

            def state(self):
                self.n = Int(0, 4)

            @process()
            def p(self, g):
                while True:
                    yield step("up", when=lambda: self.n < 3)
                    self.n = choose(self.n + 1, 3)

            @invariant
            def below_three(self):
                return self.n < 3

            @invariant
            def not_two(self):
                return self.n != 2

            @reachable
            def two(self):
                return self.n == 2
        """
    )
    got = agree(model)
    lengths = {name: len(found.trace) for name, found in got.result.violations.items()}
    assert lengths == {"below_three": 1, "not_two": 2, DEADLOCK: 1}
    assert len(got.result.reached["two"].trace) == 2


# --- components and bugs ----------------------------------------------------------------------------------------------

COUNTER = """
    class Counter(Component):
        bugs = {"lost": Bug("an increment is lost", breaks="exact"), "none": Bug("changes nothing", harmless=True)}

        def __init__(self, procs):
            self.procs = procs

        def state(self):
            self.value = Int(0, 4)
            self.added = Ghost(Int(0, 4))

        def add(self):
            old: Int(0, 4) = 0
            yield step("load")
            old = self.value
            if not self.bug("lost"):
                self.value += 1
                self.added += 1
                return
            yield step("store")
            self.value = old + 1 if not self.bug("none") else 1 + old
            self.added += 1

        @invariant
        def exact(self):
            return self.value == self.added

    class M(Model):
        name = "m"
        broken = False
        bugs = {"twice": Bug("adds twice", breaks="sum_right")}

        def state(self):
            self.counters = [Counter(self.p), Counter(self.p)]
            self.sum = Int(0, 4)

        @process(count=2)
        def p(self, g):
            for c in self.counters:
                yield from c.add()
            yield step("sum")
            self.sum += 1 if not self.bug("twice") else 2

        @invariant
        def sum_right(self):
            return self.sum == count(self.p.at(g, "done") for g in self.p)
"""


def test_components_bring_fields_invariants_and_bugs_under_a_path() -> None:
    got = agree(model_of(COUNTER))
    assert list(got.system.properties) == ["sum_right", "counters[0].exact", "counters[1].exact"]
    assert got.final("counters[0].value", "counters[1].value", "sum") == {(2, 2, 2)}
    assert violated(got) == set()


def test_bugs_of_one_embedded_component() -> None:
    """A lost update of the first counter only: two processes load 0 and both store 1."""
    got = agree(model_of(COUNTER), bugs=("counters[0].lost",))
    assert violated(got) == {"counters[0].exact"}
    assert got.final("counters[0].value", "counters[1].value") == {(2, 2), (1, 2)}
    # load, load, store, store is the shortest way to two increments that count as one
    assert len(got.result.violations["counters[0].exact"].trace) == 4


def test_a_bug_that_is_off_leaves_the_system_as_it_is() -> None:
    """The same states, transitions and depth as the text without any bug in it."""
    plain = COUNTER.replace('if not self.bug("lost"):', "if True:").replace('if not self.bug("twice") else 2', "")
    plain = plain.replace('if not self.bug("none") else 1 + old', "")
    with_bugs, without = agree(model_of(COUNTER)), agree(model_of(plain))
    assert with_bugs.counts == without.counts
    assert violated(agree(model_of(COUNTER), bugs=("twice",))) == {"sum_right"}
    assert agree(model_of(COUNTER), bugs=("counters[1].none",)).counts == without.counts


def test_scenarios_and_bounds() -> None:
    """k counters modulo 2 one after the other: 2 ** k vectors, whichever way k is given."""
    model = model_of(
        """
        class M(Model):
            name = "m"
            k: int = 1
            scenarios = {"three": Scenario("three bits", k=3)}

            def state(self):
                self.bits = Array(Bool(), self.k)

            @rule
            def flip(self, i: Int(0, self.k - 1)):
                self.bits[i] = not self.bits[i]
        """
    )
    assert agree(model).counts == (2, 2, 1)
    assert agree(model, k=2).counts == (4, 8, 2)
    assert agree(model, scenario="three").counts == (8, 24, 3)


def test_components_that_refer_to_another_one_see_it_as_it_was() -> None:
    """Two components share a third; a step invariant looks at it through a reference, and through a list."""
    model = model_of(
        """
        class Shared(Component):
            def state(self):
                self.n = Int(0, 3)

        class Part(Component):
            def __init__(self, shared):
                self.shared = shared

            def operation(self):
                yield step("up")
                self.shared.n += 1

            @step_invariant
            def up_by_one(self, before):
                return self.shared.n - before.shared.n == 1

            @step_invariant
            def never_from_one(self, before):
                return before.shared.n != 1

        class M(Model):
            name = "m"

            def state(self):
                self.shared = Shared()
                self.parts = [Part(self.shared), Part(self.shared)]

            @process()
            def p(self, g):
                for i in range(2):
                    yield from self.parts[i].operation()

            @step_invariant
            def never_to_two(self, before):
                return before.parts[1].shared.n == self.shared.n or self.shared.n != 2
        """
    )
    got = agree(model)
    assert violated(got) == {"parts[0].never_from_one", "parts[1].never_from_one", "never_to_two"}

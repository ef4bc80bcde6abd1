"""The traced system keeps its structure: templates for any process, quantifiers, symbolic numbers of processes."""

from __future__ import annotations

import pytest

from gomodel.catalog import load
from gomodel.language import build as b
from gomodel.language.domains import Int
from gomodel.language.errors import SpecError, UsageError
from gomodel.language.instance import instance
from gomodel.language.system import Action, TransitionSystem
from gomodel.language.terms import Term, leaves_of, walk
from gomodel.language.tracer import trace
from tests.agreeing import agree
from tests.language.source import model_of


def mutex(goroutines: int = 2, *, symbolic: bool = False) -> TransitionSystem:
    inst = instance(load("mutex"), "loop", {"goroutines": goroutines})
    return trace(inst, symbolic=("goroutines",) if symbolic else ())


def terms_of(action: Action) -> list[Term]:
    updates = [t for leaf in action.leaves for _, t in (*leaf.updates, *leaf.locals)]
    return [*(leaf.guard for leaf in action.leaves), *updates]


def shape(system: TransitionSystem) -> dict[str, list[tuple[str, int]]]:
    """For each action: what its ways through are, and where they lead."""
    return {a.name: sorted((leaf.kind, leaf.target) for leaf in a.leaves) for a in system.actions()}


@pytest.fixture(scope="module")
def symbolic() -> TransitionSystem:
    return mutex(symbolic=True)


def test_the_number_of_goroutines_is_a_parameter(symbolic: TransitionSystem) -> None:
    assert list(symbolic.params) == ["goroutines"]
    roots = [t for a in symbolic.actions() for t in terms_of(a)]
    roots += [p.term for p in symbolic.properties.values() if p.term is not None]
    assert symbolic.params["goroutines"] in set(walk(roots))


def test_one_template_for_each_label_whatever_the_bound(symbolic: TransitionSystem) -> None:
    """Concrete bounds 2, 3 and 4 have the same actions with the same ways through, errors of the model aside."""
    shapes = {n: shape(mutex(n)) for n in (2, 3, 4)}
    assert shapes[2] == shapes[3] == shapes[4]
    client = symbolic.kinds["client"]
    assert len(client.actions) == len(client.labels) - 1  # all but done
    for name, ways in shapes[2].items():
        if name.startswith("client"):
            assert [w for w in shape(symbolic)[name] if w[0] == "commit"] == [w for w in ways if w[0] == "commit"]


def test_no_action_names_a_process(symbolic: TransitionSystem) -> None:
    """The stepping process is the variable ``self``; the size of the terms does not grow with the bound."""
    for system in (symbolic, mutex(2), mutex(4)):
        assert any(leaves_of(terms_of(a), "self") for a in system.kinds["client"].actions.values())
    # at 2 a bound happens to be the same number as another constant, and shares its node
    sizes = {n: sum(len(walk(terms_of(a))) for a in mutex(n).kinds["client"].actions.values()) for n in (3, 4, 5)}
    assert sizes[3] == sizes[4] == sizes[5]


def test_quantifiers_are_kept(symbolic: TransitionSystem) -> None:
    for system in (symbolic, mutex(4)):
        term = system.properties["mutual_exclusion"].term
        assert term is not None
        assert (
            sum(t.op == "count" and t.data[1] == system.variables["client.pc"].domain.index for t in walk([term])) == 1
        )


def test_a_symbolic_bound_that_is_iterated_is_refused() -> None:
    model = model_of(
        """
        class M(Model):
            name = "m"
            size: int = 2

            def state(self):
                self.flags = [Bool() for i in range(self.size)]

            @process(count="size")
            def p(self, g):
                yield step("go")
        """
    )
    trace(instance(model))
    with pytest.raises(SpecError, match="cannot be interpreted as an integer"):
        trace(instance(model), symbolic=("size",))


def test_only_the_last_kind_may_have_a_symbolic_count() -> None:
    inst = instance(load("mutex"), "loop")
    with pytest.raises(UsageError, match="only the last process kind"):
        trace(inst, symbolic=("trylockers",))


def test_intervals_leave_no_domain_check_where_none_is_needed() -> None:
    """``n`` is 0..3: (n + 1) % 4 and min(n, 2) + 1 stay inside; n + 1 does not and gets an error leaf."""
    text = """
        class M(Model):
            name = "m"

            def state(self):
                self.n = Int(0, 3)

            @rule
            def turn(self):
                self.n = {value}
    """
    kinds = {}
    for value in (
        "(self.n + 1) % 4",
        "min(self.n, 2) + 1",
        "3 - self.n",
        "self.n // 2",
        "self.n + 1",
        "self.n * 2 - 3",
    ):
        system = trace(instance(model_of(text.replace("{value}", value))))
        kinds[value] = sorted(leaf.kind for leaf in system.rules["turn"].leaves)
    needed = {v for v, leaves in kinds.items() if leaves == ["commit", "error"]}
    assert needed == {"self.n + 1", "self.n * 2 - 3"}
    assert all(leaves == ["commit"] for v, leaves in kinds.items() if v not in needed)


def test_aggregates_over_a_symbolic_bound_are_quantified() -> None:
    """Membership in a queue of symbolic capacity, and ``range`` of a symbolic bound: one node, not one per element."""
    model = model_of(
        """
        class M(Model):
            name = "m"
            size: int = 2

            def state(self):
                self.waiting = Queue(Pid(self.p), self.p.size)

            @process(count="size")
            def p(self, g):
                yield step("wait")
                self.waiting.push(g)

            @invariant
            def waits(self):
                return all(self.p.at(g, "wait") != (g in self.waiting) for g in self.p)

            @invariant
            def each_once(self):
                q = self.waiting
                ends = range(self.size)
                return all(i >= len(q) or j >= len(q) or i >= j or q[i] != q[j] for i in ends for j in ends)
        """
    )
    symbolic = trace(instance(model), symbolic=("size",))
    for name in ("waits", "each_once"):
        term = symbolic.properties[name].term
        assert term is not None
        assert sum(t.op in ("forall", "exists") for t in walk([term])) == 2
    assert not agree(model, size=3).result.violations


def test_an_unbounded_integer_has_no_interval() -> None:
    assert (b.var("x", Int(0, b.leaf("param", "n", Int(1, None)))).lo, b.leaf("param", "n", Int(1, None)).hi) == (
        0,
        None,
    )

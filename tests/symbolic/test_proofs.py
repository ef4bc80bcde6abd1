"""The shipped proofs hold; without a lemma, or with a bug, they fail, and a concrete state shows why."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import z3

from gomodel import catalog
from gomodel.explore.engine import CompiledEngine
from gomodel.language.errors import GomodelError
from gomodel.language.tracer import trace
from gomodel.run.check import check_bugs, instances
from gomodel.run.search import DEADLOCK, Limits
from gomodel.symbolic.proofs import PROVED, REFUTED, UNKNOWN, VIOLATED, prove
from tests.conftest import Run
from tests.small import model

NAMES = catalog.proof_names()

# Follows from the others at each number of goroutines (the pigeonhole principle), so no state can show what it is for.
AT_EVERY_SIZE = {"parked_are_queued_or_dequeued"}


def test_which_proofs_there_are() -> None:
    assert {"mutex", "sema", "slice"} <= set(NAMES)


QUICK = [name for name in NAMES if name != "mutex"]  # the guard checks that one


@pytest.mark.parametrize("name", [*QUICK, pytest.param("mutex", marks=pytest.mark.slow)])
def test_it_holds(name: str) -> None:
    found = prove(catalog.proof(name))
    assert (found.verdict, found.weak) == (PROVED, [])
    assert found.any


@pytest.mark.parametrize("name", NAMES)
def test_its_statement_and_lemmas_hold_where_every_state_is_visited(name: str) -> None:
    shipped = catalog.proof(name)
    for inst in instances(shipped):
        found = CompiledEngine().explore(trace(inst, every_kind=False), Limits())
        assert found.complete
        assert not found.errors
        assert set(found.violations) <= {DEADLOCK}  # users of a semaphore may all sleep


def weakened(name: str, lemma: str) -> None:
    found = prove(catalog.proof(name), without=[lemma])
    assert found.verdict == REFUTED or lemma in AT_EVERY_SIZE, found.note
    assert found.weak
    assert (found.cex is not None) == (lemma not in AT_EVERY_SIZE)


def broken(name: str, bug: str) -> None:
    found = prove(catalog.proof(name), bugs=[bug])
    assert (found.verdict, bool(found.weak)) == (REFUTED, True), found.note
    assert found.cex is not None


def lemmas(*names: str) -> list[tuple[str, str]]:
    return [(n, lemma) for n in names for lemma in prove(catalog.proof(n)).lemmas]


def bugs(*names: str) -> list[tuple[str, str]]:
    return [(n, bug) for n in names for bug in catalog.proof(n).proof.bugs]  # type: ignore[attr-defined]


@pytest.mark.parametrize("lemma", ["queued_once", "enough_on_the_way"])
def test_a_lemma_of_the_semaphore_is_needed(lemma: str) -> None:
    weakened("sema", lemma)


@pytest.mark.parametrize(("name", "bug"), [("sema", "sema.s1"), ("slice", "old"), ("slice", "unscaled")])
def test_a_bug_breaks_the_proof(name: str, bug: str) -> None:
    broken(name, bug)


@pytest.mark.slow
def test_every_lemma_is_needed() -> None:
    for name, lemma in lemmas(*NAMES):
        weakened(name, lemma)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bug"), bugs(*NAMES))
def test_every_bug_breaks_its_proof(name: str, bug: str) -> None:
    broken(name, bug)


def test_explicit_search_finds_the_bugs_of_the_slice() -> None:
    assert {r.bug: r.passed for r in check_bugs(catalog.proof("slice"))} == {"old": True, "unscaled": True}


def test_the_counterexample_of_a_lost_lemma_is_one_step_of_the_model() -> None:
    """What the state before and after are is checked by the explicit engine: one of its successors is the one shown."""
    shipped = catalog.proof("slice")
    found = prove(shipped, without=["in_order"])
    assert found.cex is not None
    first = {c.variable: int(c.new) for c in found.cex.initial}
    assert first["a"] > first["b"]  # what the lemma excludes
    assert [s.label for s in found.cex.steps] == ["append"]
    after = {c.variable: int(c.new) for c in found.cex.steps[0].changes}
    for name in ("a", "b"):
        old = first[name]
        assert after.get(f"grown_{name}", first[f"grown_{name}"]) == (2 * old if old < 256 else old + (old + 768) // 4)


# --- k-induction at bounds -------------------------------------------------------------------------------------------

TWO = """
def state(self):
    self.a = Int(0, 7)

@rule
def hop(self):
    self.a = 2 if self.a == 0 else 0 if self.a == 2 else 7 if self.a == 5 else 5 if self.a == 4 else self.a

@invariant
def not_seven(self):
    return self.a != 7
"""


def test_two_steps_prove_what_one_does_not() -> None:
    """5 leads to 7, and 4 to 5: neither is reached.  From three on end none is left, as nothing leads to 4."""
    loose = model(TWO)
    for k in (1, 2):
        found = prove(loose, k=k)
        assert (found.verdict, len(found.cex.steps) if found.cex else 0) == (REFUTED, k)
    assert prove(loose, k=3).verdict == PROVED


def test_what_is_false_is_never_proved() -> None:
    false = model(TWO.replace("!= 7", "!= 2"))
    found = [prove(false, k=k) for k in (1, 2, 3, 4)]
    assert [f.verdict for f in found] == [REFUTED, VIOLATED, VIOLATED, VIOLATED]
    assert found[1].note == "not_seven"
    assert found[1].cex is not None
    assert [s.label for s in found[1].cex.steps] == ["hop"]


def test_what_begins_wrong_is_not_proved() -> None:
    found = prove(model(TWO.replace("!= 7", "!= 0")))
    assert (found.verdict, len(found.cex.steps) if found.cex else None) == (VIOLATED, 0)


def test_no_time_is_no_proof() -> None:
    found = prove(model(TWO), k=3, timeout=1e-6)
    assert (found.verdict, found.note, found.exit_code) == (UNKNOWN, "Z3: the time limit", 3)


def test_no_memory_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def over(*_: object) -> None:
        raise z3.Z3Exception(b"out of memory")

    monkeypatch.setattr(z3.Solver, "check", over)
    for found in prove(model(TWO), k=3), prove(catalog.proof("slice")):
        assert (found.verdict, found.note) == (UNKNOWN, "Z3: out of memory")


def test_the_second_check_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is satisfiable in the other context is not proved."""
    monkeypatch.setattr(z3.AstRef, "translate", lambda _, context: z3.BoolVal(True, context))
    for found in prove(model(TWO), k=3), prove(catalog.proof("slice")):
        assert found.verdict == UNKNOWN
        assert found.note.startswith("Z3: the second check does not agree")


WRONG = """
n: int = Bound(3, min=1, max=6)
m: int = Bound(3, max=6)
flag: bool = Bound(False)
{proof}

def state(self):
    self.a = Int(0, self.n)

@rule(fair=True)
def up(self):
    self.a = min(self.a + 1, self.n)

@invariant
def small(self):
    return self.a <= self.n

@eventually
def full(self):
    return self.a == self.n

bugs = {{"b": Bug("none", harmless=True)}}
"""


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        (
            'proof = Proof("s", proves=("smal",))',
            "the proof proves 'smal', which is no property\n  did you mean small?",
        ),
        ('proof = Proof("s", proves=("full",))', "full is of kind eventually and cannot be proved so"),
        ('proof = Proof("s", proves=("deadlock",))', "the proof proves 'deadlock', which is no property"),
        ('proof = Proof("s", proves=())', "the proof proves nothing"),
        ('proof = Proof("s", proves=("small",), any=("nn",))', "the proof is for any 'nn', which is no bound"),
        ('proof = Proof("s", proves=("small",), any=("flag",))', "the proof is for any 'flag', which is no number"),
        ('proof = Proof("s", proves=("small",), any=("m",))', "the proof is for any m, which may be 0"),
        ('proof = Proof("s", proves=("small",), any=("n",), small=(("k", 3),))', "model m has no bound 'k'"),
        ('proof = Proof("s", proves=("small",), bugs=("c",))', "model m has no bug 'c'"),
        ('proof = "small"', "M.proof is no Proof"),
    ],
)
def test_a_proof_of_what_there_is_not(proof: str, message: str) -> None:
    with pytest.raises(GomodelError, match=re.escape(message)):
        prove(model(WRONG.format(proof=proof)))


def test_a_proof_of_what_there_is() -> None:
    """Beside which those above differ in one thing each."""
    found = prove(model(WRONG.format(proof='proof = Proof("s", proves=("small",), any=("n",), bugs=("b",))')))
    assert found.verdict == PROVED


def test_scenarios() -> None:
    body = """
m: int = Bound(1, max=6)
scenarios = {"one": Scenario("one", m=1), "two": Scenario("two", m=2)}

def state(self):
    self.a = Int(0, 6)

@rule
def up(self):
    require(self.a < self.m)
    self.a += 1

@invariant
def small(self):
    return self.a <= 1
"""
    found = [prove(model(body), scenario=name) for name in ("", "one", "two")]
    assert [(f.scenario, f.bounds["m"], f.verdict) for f in found] == [
        ("one", 1, PROVED), ("one", 1, PROVED), ("two", 2, REFUTED)
    ]  # fmt: skip


def test_bounds_make_it_a_proof_at_these_bounds() -> None:
    found = prove(catalog.proof("sema"), bounds={"goroutines": "2", "tokens": "1"})
    assert (found.verdict, found.any, found.bounds) == (PROVED, (), {"goroutines": 2, "tokens": 1})


# --- on the command line ---------------------------------------------------------------------------------------------


def test_on_the_command_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    code, out, _ = run("prove", "sema", "--json", str(file))
    assert code == 0
    assert "proved, and checked again: for all values of goroutines and tokens" in " ".join(out.split())
    data = json.loads(file.read_text())
    assert [(p["model"], p["verdict"], p["any"]) for p in data["proofs"]] == [
        ("sema", PROVED, ["goroutines", "tokens"])
    ]


def test_a_counterexample_to_induction_is_shown(run: Run) -> None:
    code, out, _ = run("prove", "slice", "--without", "in_order")
    assert code == 1
    assert "too weak for the step\n  monotone: append\n" in out
    assert "from this state, which satisfies them all" in out
    assert "gomodel prove slice --without in_order" in out
    code, out, _ = run("prove", "slice", "--without", "in_order", "-b", "most=700", "-k", "2")
    assert code == 1
    assert "gomodel prove slice -b most=700 --without in_order -k 2" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prove"], "gomodel: which proof?"),
        (["prove", "mutex", "--all"], "gomodel: which proof?"),
        (["prove", "mutx"], "gomodel: there is no component 'mutx'"),
        (["prove", "slice", "--without", "luck"], "gomodel: slice has no lemma 'luck'\n  there are: in_order"),
        (["prove", "slice", "--bug", "new"], "gomodel: model slice has no bug 'new'"),
        (["prove", "slice", "--scenario", "new"], "gomodel: model slice has no scenario 'new'"),
        (["prove", "storebuffer", "--spacer", "-k", "2"], "gomodel: --spacer looks for an invariant of single steps"),
    ],
)
def test_mistakes(run: Run, words: list[str], message: str) -> None:
    code, _, err = run(*words)
    assert code == 2
    assert err.startswith(message)


def test_a_time_limit_is_unknown(run: Run) -> None:
    code, out, _ = run("prove", "sema", "--timeout", "0.5")
    assert code == 3
    assert "unknown: Z3: the time limit" in " ".join(out.split())


def test_the_table_of_the_documentation() -> None:
    """Names, symbolic bounds and the number of lemmas; times are for people."""
    text = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    listed = {row[0].strip("`"): tuple(row[1:4]) for row in rows if len(row) == 5}
    for name in NAMES:
        found = prove(catalog.proof(name), timeout=1e-6)  # nothing is proved, all is stated
        assert listed[name] == (found.statement, ", ".join(found.any), str(len(found.lemmas)))
    assert set(listed) == set(NAMES)

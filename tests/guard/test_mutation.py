"""Mutants of a model small enough to say by hand what becomes of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gomodel.guard.mutants import mutants
from gomodel.guard.mutation import EQUIVALENT, INVALID, KILLED, SURVIVED, Judged, Mutated, Mutation, Progress, mutate
from gomodel.guard.mutation_text import mutation_lines
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.trace.page import plain
from tests.conftest import Run
from tests.small import model

HEAD = "from __future__ import annotations\n\nfrom gomodel import *\n\n\n"
COUNTER = '''class Counter(Model):
    """It counts to 2, and then says 2 once more."""

    name = "counter"

    def state(self):
        self.n = Int(0, 3)
        self.noise = Ghost(Int(0, 3))

    @process()
    def counter(self, c):
        while True:
            yield step("add", when=lambda: self.n < 2, rest="blocked")
            self.n += 1
            self.noise = self.n

    @process()
    def sayer(self, s):
        yield step("say", when=lambda: self.n == 2, rest=True)
        self.n = 2

    @invariant
    def small(self):
        return self.n <= 2
'''
PROMISE = """
    @eventually(under=[weak("counter")])
    def there(self):
        return self.n == 2
"""


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counter.py").write_text(HEAD + COUNTER)
    return "counter.py"


def verdicts(target: str) -> dict[tuple[str, str], str]:
    """(Action, operator) → verdict."""
    return {(j.mutant.split(" | ")[0], j.operator): j.verdict for j in mutate(target, "quick", jobs=1).judged}


def test_what_becomes_of_each_mutant(counter: str, tmp_path: Path) -> None:
    safe = {
        ("counter: add", "drop"): SURVIVED,  # it never counts, and nothing says that it has to
        ("counter: add", "off"): SURVIVED,  # 0 + 2 is 2, where it stops
        ("counter: add", "negate"): SURVIVED,  # it rests at 0
        ("counter: add", "wider"): KILLED,  # 2 + 1 is 3
        ("counter: add", "narrower"): SURVIVED,  # it rests at 1
        ("sayer: say", "drop"): EQUIVALENT,  # n is 2 already
        ("sayer: say", "off"): KILLED,
        ("sayer: say", "negate"): SURVIVED,  # 0 becomes 2
    }
    assert verdicts(counter) == safe
    (tmp_path / "counter.py").write_text(HEAD + COUNTER + PROMISE)
    promised = dict.fromkeys([("counter: add", op) for op in ("drop", "negate", "narrower")], KILLED)
    assert verdicts(counter) == {**safe, **promised}


def test_what_leaves_a_domain_is_no_kill() -> None:
    tight = model("""
def state(self):
    self.n = Int(0, 2)

@process()
def counter(self, c):
    while True:
        yield step("add", when=lambda: self.n < 2, rest="blocked")
        self.n += 1

@invariant
def small(self):
    return self.n <= 2
""")
    system = trace(instances(tight)[0])
    found = {m.operator: m.system for m in mutants(system)}
    assert set(found) == {"drop", "off", "negate", "wider", "narrower"}
    leaves = {op: found[op].kinds["counter"].actions[1].leaves for op in found}
    assert [leaf.kind for leaf in leaves["wider"]] == ["commit", "error"]  # 2 + 1 is no value of n
    assert [leaf.kind for leaf in leaves["drop"]] == ["commit"]


def test_a_mutant_that_is_only_a_model_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tight.py").write_text(HEAD + COUNTER.replace("self.n = Int(0, 3)", "self.n = Int(0, 2)"))
    assert verdicts("tight.py")["counter: add", "wider"] == INVALID


def test_ghosts_are_not_mutated(counter: str) -> None:
    assert not [name for name in Mutated(counter, "quick").names if "noise" in name]


def test_it_goes_on_where_it_was_interrupted(counter: str) -> None:
    whole = mutate(counter, "quick", jobs=1).judged
    path = Progress(counter, "quick").path
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == len(whole)
    for kept in ("", lines[0], "".join(lines[:2]) + lines[2][:20], "not json\n"):  # cut off at any moment
        path.write_text(kept)
        told: list[tuple[int, int]] = []
        assert mutate(counter, "quick", jobs=1, notify=lambda *counts: told.append(counts)).judged == whole  # noqa: B023
        complete = 0 if "not" in kept else kept.count("\n")
        assert told == [(n, len(whole)) for n in range(complete + 1, len(whole) + 1)]
        assert mutate(counter, "quick", jobs=1).judged == whole


def test_an_edit_of_the_model_begins_anew(counter: str, tmp_path: Path) -> None:
    mutate(counter, "quick", jobs=1)
    (tmp_path / "counter.py").write_text(HEAD + COUNTER + "\n# edited\n")
    assert Progress(counter, "quick").known == {}


def test_several_at_a_time_judge_the_same(counter: str) -> None:
    alone = mutate(counter, "quick", jobs=1).judged
    assert mutate(counter, "quick", jobs=2, fresh=True).judged == alone


JUDGED = [
    Judged("a | drop | x", "drop", "m.py:1", KILLED, "safe"),
    Judged("a | off | x", "off", "m.py:1", KILLED, "safe"),
    Judged("b | drop | y", "drop", "m.py:2", SURVIVED),
    Judged("b | drop | z", "drop", "m.py:2", EQUIVALENT),
    Judged("b | negate | y", "negate", "m.py:2", INVALID, "leaves its domain"),
]


def test_the_score_counts_neither_equivalent_nor_wrong_models() -> None:
    found = Mutation("m", "quick", JUDGED)
    assert (round(found.score, 3), found.passed) == (0.667, False)
    assert plain(mutation_lines(found)).endswith(
        "m: mutation score 67%, 2 of 3 mutants killed; the goal is 85%; 1 without a\nreason\n"
    )
    good = Mutation("m", "quick", [*JUDGED[:2] * 4, *JUDGED[2:]], {"b | drop | y": "it is only a hint"})
    assert (good.passed, good.stale) == (True, [])
    stale = Mutation("m", "quick", JUDGED[:2], {"b | drop | y": "it is only a hint"})
    assert (stale.passed, stale.stale) == (False, ["b | drop | y"])


def test_on_the_command_line(counter: str, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("mutate", counter, "-j", "1", "--json", "out.json")
    assert (code, "counter: mutation score 29%, 2 of 7 mutants killed" in out) == (1, True)
    assert round(json.loads((tmp_path / "out.json").read_text())["score"], 3) == 0.286
    survivors = [
        m["mutant"] for m in json.loads((tmp_path / "out.json").read_text())["mutants"] if m["verdict"] == SURVIVED
    ]
    (tmp_path / "counter.survivors.json").write_text(json.dumps(dict.fromkeys(survivors, "reviewed")))
    assert "without a reason" not in run("mutate", counter, "-j", "1")[1]
    (tmp_path / "counter.survivors.json").write_text("[")
    assert run("mutate", counter, "-j", "1")[2].startswith("gomodel: counter.survivors.json is not JSON")


@pytest.mark.slow
def test_survivors_of_a_shipped_model_have_their_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = mutate("sema", "quick")
    assert found.passed, (found.score, found.unexplained, found.stale)

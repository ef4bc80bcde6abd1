"""What is special to the compiled engine: growth, the code cache, batches, memory kept from search to search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.models.philosophers import Philosophers
from gomodel import always_eventually
from gomodel.cli import main
from gomodel.explore import engine as engine_module
from gomodel.explore.cache import FOLDER, Cache
from gomodel.explore.engine import CompiledEngine
from gomodel.language.errors import UsageError
from gomodel.language.instance import instance
from gomodel.language.model import Model
from gomodel.language.system import TransitionSystem
from gomodel.language.tracer import trace
from gomodel.run.memory import resident
from gomodel.run.search import Exploration, Limits
from tests.explore.comparing import compare
from tests.language.test_dead_locals_of_quantifiers import HEAD, NESTED, READ_FROM_AFAR, TWO_LOCALS
from tests.models.graphs import Chain, Counters
from tests.small import load

LARGE = """\
from gomodel import *
class M(Model):
    name = "large"
    def state(self):
        self.n = Int(0, 2**40)
    @process(count=1)
    def a(self, g):
        yield step("square")
        if self.n * self.n > 5:
            self.n = 1
"""

NOBODY = """\
from gomodel import *
class M(Model):
    name = "nobody"
    def state(self):
        self.asked = Array(Bool(), self.q)
    @process(count=1)
    def a(self, g):
        yield step("first")
        yield step("ask")
        both = choose(False, True)
        self.asked[choose(self.q)] = both
    @process(count=0)
    def q(self, q):
        yield step("nothing")
"""


def system_of(model: type[Model], **bounds: int) -> TransitionSystem:
    return trace(instance(model, "", bounds))


def counts(result: Exploration) -> tuple[int, int, int]:
    assert result.complete
    return result.states, result.transitions, result.depth


def counters(k: int, n: int) -> tuple[int, int, int]:
    """k counters modulo n: every combination, each counter can always step, the farthest is n − 1 steps of each."""
    return n**k, k * n**k, k * (n - 1)


def test_the_table_grows_without_losing_the_run() -> None:
    engine = CompiledEngine()
    for k, n in ((4, 25), (2, 3), (3, 80), (4, 25)):  # memory of earlier searches is used again
        assert counts(engine.explore(system_of(Counters, counters=k, size=n), Limits())) == counters(k, n)


@pytest.mark.parametrize("room", [1, 7, 64])
def test_the_size_of_a_batch_does_not_matter(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "ROOM", room)
    result = CompiledEngine().explore(system_of(Counters, counters=3, size=12), Limits())
    assert counts(result) == counters(3, 12)


@pytest.mark.parametrize("body", [READ_FROM_AFAR, TWO_LOCALS, NESTED])
def test_locals_that_share_bits_are_not_mixed_up(body: str) -> None:
    compare(trace(instance(load(HEAD + body))))


def test_a_choice_among_nobody_is_no_way_through() -> None:
    """The step before it, and there the process is blocked."""
    found = compare(trace(instance(load(NOBODY))))
    assert counts(found)[:2] == (2, 1)
    assert "deadlock" in found.violations


def test_philosophers_have_the_states_of_the_textbook() -> None:
    engine = CompiledEngine()
    for n in (2, 3, 10):
        assert counts(engine.explore(system_of(Philosophers, philosophers=n), Limits())) == (3**n, n * 3**n, n)


def test_a_deep_path_comes_back_whole() -> None:
    result = CompiledEngine().explore(system_of(Chain, length=3000), Limits())
    assert (result.states, result.depth) == (3001, 3000)
    found = result.reached["end"]
    assert found.length == len(found.trace) == 3000


def test_traces_outlive_the_states_of_their_search() -> None:
    engine = CompiledEngine()
    found = engine.explore(system_of(Counters, counters=3, size=4), Limits()).violations["none_full"]
    engine.explore(system_of(Counters, counters=4, size=25), Limits())
    assert len(found.trace) == found.length == 3


def test_a_limit_of_states_is_exact() -> None:
    system = system_of(Counters, counters=3, size=40)
    for most in (1, 2, 63_999):
        result = CompiledEngine().explore(system, Limits(max_states=most))
        assert (result.states, result.stopped) == (most, f"the limit of {most} states")
    assert CompiledEngine().explore(system, Limits(max_states=64_001)).complete


def test_memory_of_an_earlier_search_counts_as_free() -> None:
    engine = CompiledEngine()
    first = engine.explore(system_of(Counters, counters=4, size=32), Limits())
    again = engine.explore(
        system_of(Counters, counters=4, size=32), Limits(max_memory=engine_module.resident() + (16 << 20))
    )
    assert counts(first) == counts(again) == counters(4, 32)


def test_damaged_code_is_compiled_again(tmp_path: Path) -> None:
    system = system_of(Counters, counters=2, size=3)
    CompiledEngine(Cache(tmp_path)).explore(system, Limits())
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(files) == 3  # the kernel as assembly and for this width, the program
    for path, content in files.items():
        path.write_bytes(content[: len(content) // 2])
    assert counts(CompiledEngine(Cache(tmp_path)).explore(system, Limits())) == counters(2, 3)
    for path, content in files.items():
        assert len(path.read_bytes()) == len(content)


def test_numbers_beyond_64_bits_are_refused() -> None:
    system = trace(instance(load(LARGE)))
    with pytest.raises(UsageError, match="64 bits"):
        CompiledEngine().explore(system, Limits())


def test_a_cache_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER, str(tmp_path / "file" / "folder"))
    monkeypatch.setattr(sys, "argv", ["gomodel", "check", "sema"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert any("cannot be written" in line for line in lines)
    assert not any("Traceback" in line for line in lines)


def test_a_warm_run_needs_neither_numba_nor_numpy(tmp_path: Path) -> None:
    program = """
import sys
from gomodel import always_eventually
from gomodel.cli import main
sys.argv = ["gomodel", "check", "sema"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted({"numba", "numpy", "z3"} & set(sys.modules)))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={FOLDER: str(tmp_path)}, capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert runs == ["['numba', 'numpy']", "[]"]


class ManyCounters(Counters):
    """A million states, of which each is promised something."""

    name = "many"

    @always_eventually
    def back(self) -> bool:
        return all(n == 0 for n in self.count)


def test_liveness_for_which_memory_does_not_do_is_cut_short_before_it_begins() -> None:
    """The states take some 40 bytes each, and liveness another 37 and 8 for each of five steps."""
    system = trace(instance(ManyCounters, "", {"counters": 5, "size": 16}))
    engine = CompiledEngine()
    engine.explore(system, Limits(max_states=10))  # so that its code is there
    most = resident() + (80 << 20)
    result = engine.explore(system, Limits(max_memory=most), None, ["back"])
    assert result.states == 16**5
    assert result.complete
    assert result.cut == f"the memory limit of {most / (1 << 20):,.0f} MiB"
    assert "back" not in result.open
    assert result.live_memory == 0

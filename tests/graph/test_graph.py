"""State spaces as graphs: counted by hand and by the compiled engine, and drawn so that anything can be read back."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

from gomodel import catalog
from gomodel.cli import app
from gomodel.explore.engine import CompiledEngine
from gomodel.graph.build import state_graph
from gomodel.graph.drawing import layout
from gomodel.graph.writing import writer
from gomodel.language.errors import UsageError
from gomodel.language.model import Model
from gomodel.language.tracer import trace
from gomodel.run.check import instances
from gomodel.run.search import Limits
from tests.small import model

SVG = "{http://www.w3.org/2000/svg}"
TWO = model("""
def state(self):
    self.n = Int(0, 2)
    self.flag = Bool()

@process(count=2)
def worker(self, w):
    yield step('a <b> "c" & \\\\', when=lambda: self.n < 2)
    self.n += 1
    yield step("flag")
    self.flag = True

@invariant
def not_both(self):
    return self.n < 2
""")


def graph_of(of: type[Model], *project: str, **settings: object) -> nx.MultiDiGraph:
    inst = instances(of, **settings)[0]  # type: ignore[arg-type]
    return state_graph(inst, trace(inst, every_kind=False), project=project)


def test_counted_by_hand() -> None:
    # Each worker stands before a, before flag, or is done: 9 places.  Where one is done the flag is set, and n is how
    # many have left a; so a place is a state.  Each worker that is not done can step.
    graph = graph_of(TWO)
    assert (len(graph), graph.number_of_edges()) == (9, 6 + 6)
    nodes = [data["node"] for _, data in graph.nodes(data=True)]
    assert [n.number for n in nodes if n.initial] == [0]
    assert sum(bool(n.violates) for n in nodes) == 4  # both have left a
    assert [n.depth for n in nodes] == [0, 1, 1, 2, 2, 2, 3, 3, 4]


@pytest.mark.parametrize(("name", "scenario"), [("sema", "users"), ("waitq", "")])
def test_the_compiled_engine_counts_the_same(name: str, scenario: str) -> None:
    inst = instances(catalog.load(name), scenarios=[scenario] if scenario else [])[0]
    graph, found = state_graph(inst, trace(inst)), CompiledEngine().explore(trace(inst), Limits())
    assert (len(graph), graph.number_of_edges()) == (found.states, found.transitions)
    assert max(data["node"].depth for _, data in graph.nodes(data=True)) == found.depth


def test_deadlocks_and_steps_that_fail_are_marked() -> None:
    failing = model("""
def state(self):
    self.n = Int(0, 1)

@process()
def one(self, a):
    yield step("add")
    self.n += choose(1, 2)
    yield step("wait", when=lambda: self.n == 0)
""")
    nodes = [data["node"] for _, data in graph_of(failing).nodes(data=True)]
    assert [(n.deadlock, bool(n.failed)) for n in nodes] == [(False, False), (True, False), (False, True)]


def test_states_that_agree_are_one() -> None:
    graph = graph_of(TWO, "n")
    assert (len(graph), sorted(graph.edges())) == (3, [(0, 1), (0, 1), (1, 2), (1, 2)])  # by either worker
    assert len(graph_of(TWO, "n", "flag")) == 5  # no flag while nobody has passed a
    assert len(graph_of(TWO, "w0")) == 3
    with pytest.raises(UsageError, match="no variable or process fits x"):
        graph_of(TWO, "x")


def test_more_states_than_can_be_drawn_are_projected() -> None:
    """The lock of mutex is free or held; the states are too many to be drawn one by one."""
    with pytest.raises(UsageError, match="--project"):
        graph_of(catalog.load("mutex"), preset="quick", scenarios=["trylock"])
    graph = graph_of(catalog.load("mutex"), "mutex.word.locked", preset="quick", scenarios=["trylock"])
    assert len(graph) == 2
    assert {(a, b) for a, b, _ in graph.edges} == {(0, 1), (1, 0)}


def test_too_many_states_are_explained() -> None:
    inst = instances(catalog.load("mutex"))[0]
    with pytest.raises(UsageError, match="mutex has more than 50 states here") as error:
        state_graph(inst, trace(inst), 50)
    assert "goroutines=3" in str(error.value.mend)


@pytest.mark.parametrize("suffix", [".svg", ".html", ".dot", ".json"])
def test_everything_is_drawn_and_labels_stay_text(suffix: str) -> None:
    graph = graph_of(TWO)
    text = writer(f"x{suffix}")(graph, "a & <b>")
    if suffix == ".json":
        data = json.loads(text)
        assert (len(data["nodes"]), len(data["edges"])) == (9, 12)
        return
    if suffix == ".dot":
        assert text.count(" -> n") == 12
        assert r"a <b> \"c\" & \\" in text
        return
    assert "<b>" not in text
    root = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    assert sum("node" in (g.get("class") or "").split() for g in root.iter(f"{SVG}g")) == 9
    titles = [e.findtext(f"{SVG}title") or "" for e in root.iter(f"{SVG}path")]
    assert sum('a <b> "c" & \\' in title for title in titles) == 6


def test_no_two_states_are_drawn_on_one_another() -> None:
    places = layout(graph_of(catalog.load("sema"), scenarios=["users"]))
    assert len({(round(p.x), round(p.y)) for p in places.values()}) == 329


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it() -> None:
    text = writer("x.dot")(graph_of(TWO), "two")
    drawn = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True).stdout
    assert sum(line.startswith("edge ") for line in drawn.splitlines()) == 12


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(["graph", "sema", "--scenario", "users", *words], prog_name="gomodel")
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    assert "  329 states, 650 steps, depth 19\n" in call()[1]
    assert call("--output", str(tmp_path / "x.svg"))[0] == 0
    assert (tmp_path / "x.svg").read_text().startswith("<svg ")
    assert call("--output", str(tmp_path / "x.pdf"))[2].startswith(f"gomodel: what is {tmp_path / 'x.pdf'} to be?\n")
    assert call("--max-states", "10")[0] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]

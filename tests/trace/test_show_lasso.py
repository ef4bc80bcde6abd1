"""How a counterexample to liveness reads: one that goes round, and those that stop."""

from __future__ import annotations

import pytest

from gomodel.run.check import check
from gomodel.run.report import Counterexample
from gomodel.run.search import Engine
from gomodel.trace.page import plain
from gomodel.trace.show import counterexample_lines
from tests.live_engines import each_engine
from tests.models.fair import Peterson, SpinLock

# The only weakly fair lasso of its length: see ``tests.models.fair``.
GOES_ROUND = """\
weakly(g=g0) is violated
  after 1 step 3 steps repeat for ever

g0, step 1
   1  idle
      now at "CAS"

from here on weakly(g=g0) stays open

from here on 3 steps repeat for ever

g1, steps 2 to 4
   2  idle
   3  CAS
        locked: 0 → 1
   4  critical
        locked: 1 → 0
      now at "idle"

violated: weakly (leads to)
"""
FAIR = """\
  the execution is fair:
    weak fairness of g0: not enabled after step 3
    weak fairness of g1: met by step 3
at the end, where it differs from the start:
  g0 at "CAS"
  g1 at "idle"
"""


def counterexample_of(engine: Engine, model: type, name: str) -> Counterexample:
    return next(c for c in check(model, engine=engine.name).counterexamples if c.property == name)


def text_of(cex: Counterexample) -> str:
    return plain(counterexample_lines(cex))


@each_engine
def test_a_lasso_that_goes_round(engine: Engine) -> None:
    text = text_of(counterexample_of(engine, SpinLock, "weakly"))
    assert text.startswith(GOES_ROUND)
    assert FAIR in text
    assert text.count("for ever") == 2  # in the title, and where the cycle begins


@each_engine
def test_a_lasso_that_stops(engine: Engine) -> None:
    lines = text_of(counterexample_of(engine, SpinLock, "strong_outcome_alone")).splitlines()
    assert lines[:2] == ["strong_outcome_alone(g=g0) is violated", "  after 3 steps nothing more happens"]
    stops, opens = (
        lines.index("from here on nothing more happens"),
        lines.index("from here on strong_outcome_alone(g=g0) stays open"),
    )
    assert lines.index('      now at "CAS"') < opens < stops < lines.index("  the execution is fair:")
    assert not any(line[:4].strip().isdigit() for line in lines[stops:])  # no step behind it
    assert '    never enabled from there on: strong fairness of g0 at "CAS", won; strong' in lines


@each_engine
@pytest.mark.parametrize(
    ("name", "when", "why"),
    [
        ("comes", "in the initial state", "    never enabled from there on: weak fairness of g0; weak fairness of g1"),
        ("served_without_fairness", "after 1 step", "  it assumes no fairness: nothing has to happen"),
    ],
)
def test_where_it_stops_and_why_it_may(engine: Engine, name: str, when: str, why: str) -> None:
    lines = text_of(counterexample_of(engine, Peterson, name)).splitlines()
    assert lines[1] == f"  {when} nothing more happens"
    assert why in lines
    assert ("  the execution is fair:" in lines) == (name == "comes")
    opens = lines.index(f"from here on {name}(g=g0) stays open")
    assert lines[opens + 2] == "from here on nothing more happens"

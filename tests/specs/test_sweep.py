"""What is special to sweeping: counts by hand, where spans are, and what the real runtime throws."""

from __future__ import annotations

from typing import Any

import pytest

from gomodel import catalog
from gomodel.language.instance import instance
from gomodel.language.tracer import trace
from gomodel.run.judge import promised
from gomodel.run.search import Exploration, Limits
from tests.explore.comparing import ENGINE, stored
from tests.explore.comparing import explored as searched

ALONE = {"spans": 1, "directs": 0}  # one P that allocates, the collector, and bgsweep

# Counted along the source, with one span.  A sweepone that finds nothing takes 7 steps: begin, load centralIndex, pop
# the full set and the partial one, raise centralIndex, markDrained, end.
NOTHING = 7
CYCLE = 1 + NOTHING + 1 + 1 + 1 + 1 + 1  # stop the world, nothing to sweep, mark, the span, stop it, sweepgen, begin
FLUSH = 1 + 2 + 1 + 1  # ask; one P, that has nothing in its cache; see that all have run it; end
# An object in a new span: acquirep, nothing free; pop the swept set, begin, pop both unswept sets, end; a span in three
# steps; cache it.  Then the object.
NEW = 2 + 5 + 3 + 1
SHORTEST = {
    "g7": ("begin_matches_end", 1 + NOTHING),
    "noreset": ("barrier_is_set", CYCLE),
    "noready": ("ends_swept", CYCLE + FLUSH),
    "cached": ("allocates_where_swept", NEW + 1),
    # a P caches a span while the collector marks: all is drained, so that it does not look into the unswept sets; then
    # bgsweep is woken and finds nothing to sweep, and the span has not been flushed
    "nobarrier": ("heap.done_means_swept", NEW - 3 + 1 + CYCLE + 1 + NOTHING),
}


def explored(scenario: str, *bugs: str, **bounds: Any) -> Exploration:
    inst = instance(catalog.load("sweep"), scenario, bounds).with_bugs(*(f"heap.{bug}" for bug in bugs))
    system = trace(inst, every_kind=False)
    return ENGINE.explore(system, Limits(), None, promised(system, inst))


@pytest.mark.parametrize("bug", SHORTEST)
def test_counterexamples_are_as_short_as_counted(bug: str) -> None:
    prop, length = SHORTEST[bug]
    assert explored("direct", bug, **ALONE).violations[prop].length == length


def test_bgsweep_goes_round_while_the_collector_waits_for_caches() -> None:
    """The collector has counted itself in; bgsweep wakes up, finds nothing, and sees that sweeping is not done."""
    assert explored("direct", **ALONE).reached["bgsweep_goes_round"].length == CYCLE + 1 + NOTHING


# Edits of go1.27.3 that were built into the real runtime, and what it said.
REAL = {
    "g1": ("mspan.sweep: bad span state after sweep", {"directs": 1}),
    "g2": ("bad sweepgen in refill", {}),
}


@pytest.mark.parametrize("bug", REAL)
def test_the_model_throws_what_the_runtime_throws(bug: str) -> None:
    text, bounds = REAL[bug]
    violations = explored("direct", bug, **{**ALONE, **bounds}).violations
    assert any(found.kind == "fatal" and found.text == text for found in violations.values())


@pytest.mark.parametrize(("scenario", "bounds"), [("direct", ALONE), ("blocking", {"directs": 0})])
def test_a_span_is_where_its_sweepgen_says(scenario: str, bounds: dict[str, Any]) -> None:
    """The table of mheap.go:494-500, for each state: by plain Python, with the sets of mcentral looked up by parity.

    Nowhere, so that somebody who cannot be preempted has it in hand, is a span for a moment only.
    """
    system = trace(instance(catalog.load("sweep"), scenario, bounds), every_kind=False)
    search, found = searched(system)
    assert not found.violations
    seen = set()
    for state in stored(search):
        at = dict(zip(system.variables, state, strict=True))
        sg, sets = at["heap.sg"], at["heap.sets"]
        swept, unswept = sg // 2 % 2, 1 - sg // 2 % 2
        in_hand = any(at["heap.busy"]) or at["heap.stopping"]
        for s, gen in enumerate(at["heap.gen"]):
            listed = [i for i in range(4) for x in sets[i] if x == s]
            places = {"cached" for c in at["heap.cache"] if c == s}
            places |= {"swept" for i in listed if i % 2 == swept}
            places |= {"unswept" for i in listed if i % 2 == unswept}
            used = at["heap.span"][s] == 2
            seen |= {(place, gen - sg) for place in places}
            if not places and used:
                assert in_hand
                assert gen - sg in (-2, -1, 0)
    # no direct sweeper, so that whatever is in an unswept set needs sweeping
    assert seen == {("cached", 1), ("cached", 3), ("swept", 0), ("unswept", -2)}

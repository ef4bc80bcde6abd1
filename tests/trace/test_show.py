"""How a counterexample reads, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gomodel.run.report import Change, Counterexample, StepView
from gomodel.run.trace import Trace
from gomodel.trace.page import plain
from gomodel.trace.show import counterexample_lines

EXPECTED = """\
mutual_exclusion is violated
  after 3 steps, scenario loop

initially
  mutex.mode = normal

g0, steps 1 to 2
   1  idle
   2  L1 CAS 0→locked                                  internal/sync/mutex.go:63
        mutex.word.locked: 0 → 1
        mutex.word.woken: 0 → 1
        blocked from here: g2 at "parked"
      now at "critical section"

g1, step 3
   3  L3 spin, or give up because it has spun for long enough and nobody else is
      to be woken
      internal/sync/mutex.go:120, runtime/proc.go:7201
        chose True, g0, None
        no longer blocked: g2 at "parked"
      now at "critical section"

violated: mutual_exclusion (invariant)
  At most one client is in the critical section.
  stated at specs/sync/mutex.py:210
at the end, where it differs from the start:
  g0 at "critical section"
  g1 done
  g2 at "parked", blocked
  mutex.word.locked = 1
  mutex.sema.queue = [g2]
  ghosts: mutex.sema.balance = 1, mutex.sema.entering = 2
to reproduce:
  gomodel check mutex --scenario loop -b goroutines=3 -b addresses=1 --bug mutex.m5 --first
"""


def text_of(cex: Counterexample, width: int = 80) -> str:
    return plain(counterexample_lines(cex, width=width))


def test_it_reads_as_expected(counterexample: Counterexample) -> None:
    assert text_of(counterexample) == EXPECTED


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_nothing_but_the_line_to_paste_exceeds_the_width(counterexample: Counterexample, width: int) -> None:
    lines = text_of(counterexample, width).splitlines()
    assert max(len(line) for line in lines[:-1]) <= width
    assert lines[-1] == f"  {counterexample.reproduce}"
    assert not any(line.endswith(" ") for line in lines)


def test_a_deadlock_names_who_is_blocked(counterexample: Counterexample) -> None:
    stuck = replace(counterexample, property="deadlock", kind="deadlock", text="")
    text = text_of(stuck)
    assert text.startswith("deadlock: some process waits, and none can move\n")
    assert "\nviolated: deadlock\n" in text
    assert '\n  g2 at "parked", blocked\n' in text


def test_what_is_violated_by_the_same_execution_is_shown_with_it(counterexample: Counterexample) -> None:
    stuck = replace(counterexample, property="deadlock", kind="deadlock", text="", where="")
    text = plain(counterexample_lines(counterexample, stuck))
    both = "mutual_exclusion is violated\ndeadlock: some process waits, and none can move\n  after 3 steps"
    assert text.startswith(both)
    assert "stated at specs/sync/mutex.py:210\nviolated: deadlock\nat the end" in text
    assert text.count("L1 CAS") == 1  # the steps are not shown again


def test_who_waits_from_the_start_is_not_said_to_block_later(counterexample: Counterexample) -> None:
    parked = ('g2 at "parked"',)
    step = StepView(1, "g0", "idle", next_label="critical section", blocked=parked)
    text = text_of(replace(counterexample, waiting=parked, steps=(step,)))
    assert '\nblocked from the start: g2 at "parked"\n' in text
    assert "blocked from here" not in text


def test_a_process_that_blocks_itself_is_said_where_its_turn_ends(counterexample: Counterexample) -> None:
    parks = StepView(1, "g2", "park", next_label="parked", blocked=('g2 at "parked"',))
    text = text_of(replace(counterexample, steps=(parks,)))
    assert '      now at "parked", blocked\n' in text
    assert "blocked from here" not in text
    ends = replace(parks, next_label="done", blocked=())
    assert "      now done\n" in text_of(replace(counterexample, steps=(ends,)))


def test_a_failing_last_step_says_what_failed_and_stops_there(counterexample: Counterexample) -> None:
    last = replace(counterexample.steps[-1], failed="inconsistent mutex state", next_label="")
    text = text_of(replace(counterexample, property="no_throw", kind="fatal", steps=(last,)))
    assert "fails: inconsistent mutex state\n" in text
    assert "now at" not in text


def test_a_model_error_is_not_called_a_violation(counterexample: Counterexample) -> None:
    text = text_of(replace(counterexample, property="n: 3 is not in Int(0, 2)", kind="error", text=""))
    assert text.startswith("model error: n: 3 is not in Int(0, 2)\n")
    assert "\nmodel error: n: 3 is not in Int(0, 2)\n" in text
    assert "violated" not in text


def test_a_violation_in_the_initial_state_has_no_turn(counterexample: Counterexample) -> None:
    text = text_of(replace(counterexample, steps=(), initial=()))
    assert text.splitlines()[1] == "  in the initial state, scenario loop"
    assert "step 1" not in text


def test_a_lasso_marks_where_the_cycle_starts(counterexample: Counterexample) -> None:
    steps = tuple(StepView(n, "g0", f"step {n}") for n in range(1, 5))
    text = text_of(replace(counterexample, steps=steps, trace=Trace(cycle=2)))
    assert "g0, steps 1 to 2" in text
    assert text.index("repeat for ever") < text.index("g0, steps 3 to 4")


def test_a_long_trace_is_shown_whole_and_quickly(counterexample: Counterexample) -> None:
    change = (Change("mutex.word.locked", "0", "1"),)
    steps = tuple(StepView(n, f"g{n // 50 % 2}", "spin", go=("a.go:1",), changes=change) for n in range(1, 701))
    text = text_of(replace(counterexample, steps=steps))
    assert text.count("a.go:1") == 700
    assert "\n 700  ●     │   spin" in text  # g1 is done by then
    assert text.count("      g0 g1 g2\n") == 18  # a heading every 40 lines


def test_a_wide_label_leaves_room_for_the_place(counterexample: Counterexample) -> None:
    step = StepView(1, "g0", "状態を読む", go=("runtime/sema.go:1",))
    line = next(x for x in counterexample_lines(replace(counterexample, steps=(step,))) if "sema.go" in x.plain)
    assert line.cell_len == 80

"""What is shown of the steps: filters, lanes, marks."""

from __future__ import annotations

import pytest

from gomodel.run.report import Counterexample
from gomodel.trace.page import plain
from gomodel.trace.show import counterexample_lines
from gomodel.trace.steps import View, matches
from tests.conftest import Run
from tests.playing import play
from tests.small import model

PASSING = model("""
def state(self):
    self.token = Int(0, 2)
    self.noise = Int(0, 2)
    self.row = Array(Int(0, 1), 2)

@process()
def giver(self, a):
    yield step("mumble")
    self.noise += 1
    yield step("give", go="runtime/x.go:7")
    self.token += 1

@process()
def taker(self, b):
    yield step("take", when=lambda: self.token > 0)
    self.token += 1
    self.row[1] = 1

@invariant
def at_most_one(self):
    return self.token < 2
""")


@pytest.fixture
def passing() -> Counterexample:
    return play(PASSING, ["a0", "a0", "b0"], "at_most_one", "invariant").counterexample


def steps_of(cex: Counterexample, view: View) -> str:
    """From the first step to the property."""
    text = plain(counterexample_lines(cex, view=view))
    return text[text.index("\n\na0") if not view.lanes else text.index("\n\n      a0") :].split("\nviolated")[0]


def test_turns_mark_what_the_violation_depends_on(passing: Counterexample) -> None:
    assert (
        steps_of(passing, View())
        == """

a0, steps 1 to 2
   1  mumble
        noise: 0 → 1
   2* give                                                        runtime/x.go:7
        token: 0 → 1
        no longer blocked: b0 at "take", which waited for self.token > 0
      now done

b0, step 3
   3* take
        token: 1 → 2
        row[1]: 0 → 1
      now done

* the violation depends on these steps
"""
    )


def test_lanes(passing: Counterexample) -> None:
    assert (
        steps_of(passing, View(lanes=True))
        == """

      a0 b0
   1  ○  ┊   mumble
               noise: 0 → 1
   2  ●  │   give                                                 runtime/x.go:7
               token: 0 → 1
               no longer blocked: b0 at "take", which waited for self.token > 0
   3     ●   take
               token: 1 → 2; row[1]: 0 → 1

● a step that the violation depends on, ○ another, │ can step, ┊ blocked
"""
    )


def test_filters_say_what_they_leave_out(passing: Counterexample) -> None:
    text = plain(counterexample_lines(passing, view=View(relevant=True)))
    assert "      … 1 step of a0\n" in text
    assert "mumble" not in text
    text = plain(counterexample_lines(passing, view=View(processes=("b0",))))
    assert "      … 2 steps of a0\n" in text
    text = plain(counterexample_lines(passing, view=View(variables=("row",))))
    assert ("row[1]: 0 → 1" in text, "token: 1 → 2" in text) == (True, False)
    text = plain(counterexample_lines(passing, view=View(first=2, last=2)))
    assert ("… 1 step of a0" in text, "… 1 step of b0" in text, "give" in text) == (True, True, True)


def test_the_whole_state_behind_each_step() -> None:
    playback = play(PASSING, ["a0", "a0", "b0"], "at_most_one", "invariant")
    states = [playback.run.cells(k) for k in range(1, 4)]
    text = plain(counterexample_lines(playback.counterexample, view=View(states=states)))
    assert "        token = 2; noise = 1; row[0] = 0; row[1] = 1\n" in text


def test_patterns() -> None:
    names = ["mutex.word.locked", "mutex.sema.queue", "row[0]", "row[1]"]
    assert [n for n in names if matches(n, ["mutex.*"])] == names[:2]
    assert [n for n in names if matches(n, ["row"])] == names[2:]
    assert [n for n in names if matches(n, ["row[1]"])] == names[3:]
    assert not matches("rows", ["row"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--process", "w7"], "there is no process w7"),
        (["--vars", "m"], "no variable fits m"),
        (["--steps", "x"], "--steps x is not a range"),
        (["--steps", "9-"], "--steps 9- shows nothing: there are steps 1 to 4"),
        (["--steps", "3-2"], "--steps 3-2 shows nothing"),
    ],
)
def test_a_filter_that_fits_nothing_is_an_error(run: Run, found: str, arguments: list[str], message: str) -> None:
    code, out, err = run("trace", "show", found, *arguments)
    assert (code, out, err.startswith(f"gomodel: {message}")) == (2, "", True)


def test_filters_on_the_command_line(run: Run, found: str) -> None:
    out = run("trace", "show", found, "--process", "w1", "--steps", "2-", "--lanes")[1]
    assert out.count("●") == 3  # both steps of w1, which loads what w0 has not stored yet; and the legend
    assert "… 1 step of w0" in out

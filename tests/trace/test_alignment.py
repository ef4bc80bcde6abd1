"""Two traces side by side."""

from __future__ import annotations

import pytest

from gomodel.language.errors import UsageError
from gomodel.trace.alignment import difference_lines
from gomodel.trace.page import plain
from tests.playing import play
from tests.small import model
from tests.trace.test_shrink import DOWN, UP, WANDERING


def test_where_they_part_and_what_differs_then() -> None:
    failing = play(WANDERING, [UP, UP, UP], "below_three", "invariant")
    passing = play(WANDERING, [UP, "b0", UP, DOWN])
    assert (
        plain(difference_lines(failing, passing))
        == """\
- 3 steps, violates below_three
+ 4 steps, an execution

        1  a0  go   at: 0 → 1
+       2  b0  look   seen[0]: 0 → 1
      2/3  a0  go   at: 1 → 2
-       3  a0  go   at: 2 → 3
+       4  a0  go   at: 2 → 1

at the end:
  b0 at: look | look again
  at: 3 | 1
  seen[0]: 0 | 1
"""
    )


def test_the_same_steps_twice() -> None:
    text = plain(difference_lines(play(WANDERING, [UP]), play(WANDERING, [UP])))
    assert text == "- 1 steps, an execution\n+ 1 steps, an execution\n\nboth take the same steps\n".replace(
        "1 steps", "1 step"
    )


def test_traces_of_different_models_are_refused() -> None:
    other = model("def state(self):\n    self.n = Int(0, 1)\n\n@process()\ndef p(self, a):\n    yield step('x')")
    other.name = "other"
    with pytest.raises(UsageError, match="different models, m and other"):
        difference_lines(play(WANDERING, [UP]), play(other, ["a0"]))

"""The browser, with keys pressed and its text read; ``gomodel.trace.browser.screenshot`` shows how it looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import Static

from gomodel.language.errors import GomodelError, SpecError
from gomodel.run.check import instances
from gomodel.trace import gosource
from gomodel.trace.browser import screenshot
from gomodel.trace.browser.app import Browser
from gomodel.trace.browser.dialogs import Chooser
from gomodel.trace.browser.rows import Rows
from gomodel.trace.browser.starting import Walk
from gomodel.trace.playback import Playback, resume
from gomodel.trace.store import find
from tests.conftest import Run
from tests.small import load
from tests.trace.browser.models import lasso, long, violating
from tests.trace.test_gosource import toolchain

NARROW, WIDE = (80, 24), (160, 48)


class Session:
    """A browser under test."""

    def __init__(self, app: Browser, pilot: Pilot[GomodelError]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def position(self) -> int:
        assert self.app.view is not None
        return self.app.view.position

    def head(self) -> str:
        return str(self.app.query_one("#head", Static).content)

    def status(self) -> str:
        return str(self.app.query_one("#steps").border_title)

    def lines(self, name: str) -> list[str]:
        """All rows of a pane."""
        rows = self.app.query_one(f"#{name}", Rows)
        return [rows.line(i).plain for i in range(rows.count)]

    def text(self, name: str) -> str:
        return "\n".join(self.lines(name))

    def drawn(self, name: str) -> str:
        """What of a pane is in sight."""
        rows = self.app.query_one(f"#{name}", Rows)
        return "\n".join(rows.render_line(y).text.rstrip() for y in range(rows.size.height))

    def panes(self) -> set[str]:
        return {pane.id or "" for pane in self.app.query(".pane.-seen")}


def browse(
    start: Playback | Walk, test: Callable[[Session], Awaitable[None]], size: tuple[int, int] = NARROW
) -> Browser:
    """Run ``test`` on a browser."""

    async def session() -> Browser:
        app = Browser(start, patient=False)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await test(Session(app, pilot))
        return app

    return asyncio.run(session())


@pytest.fixture(autouse=True)
def forget_sources() -> Iterator[None]:
    gosource.go_source.cache_clear()
    yield
    gosource.go_source.cache_clear()


def test_it_opens_where_the_property_fails() -> None:
    async def test(s: Session) -> None:
        assert s.head().split() == "m: nobody_twice is violated step 8 of 8".split()
        assert s.panes() == {"step"}
        assert "▶   8  ●  ┊  │" in s.drawn("rows")
        assert "nobody_twice is violated" in s.drawn("rows")
        assert "seen[w0]: 1 → 2" in s.text("step")
        assert "s0  break it" in s.text("step")

    browse(violating(), test)


def test_every_pane_of_a_small_terminal() -> None:
    async def test(s: Session) -> None:
        for key, pane in zip("12345", ("step", "state", "go", "next", "why"), strict=True):
            await s.press(key)
            assert s.panes() == {pane}
        assert "all(self.seen[w] < 2 for w in self.worker) = false" in s.text("why")

    browse(violating(), test)


def test_all_panes_of_a_large_terminal() -> None:
    async def test(s: Session) -> None:
        assert s.panes() == {"step", "state", "go", "next", "why"}
        await s.press("left")
        assert s.panes() == {"step", "state", "go", "next"}
        await s.press("5")
        assert "why" in s.panes()

    browse(violating(), test, WIDE)


def test_labels_are_no_markup_and_drive_no_terminal() -> None:
    async def test(s: Session) -> None:
        await s.press("home", "4")
        for name in ("rows", "next"):
            assert "[red]lock[/red]" in s.drawn(name)
        await s.press("1", "right", "2", "1")
        assert "[red]lock[/red]" in s.text("step")
        assert "work \ufffd[31m" in s.text("step")
        await s.press("3")
        assert "[red]lock[/red]" in s.text("go")

    browse(violating(), test)
    assert "\x1b" not in screenshot(violating(), WIDE)


def test_the_tree_of_the_state_marks_what_changed() -> None:
    async def test(s: Session) -> None:
        await s.press("g", *"5", "enter", "2")
        lines = [line.rstrip() for line in s.lines("state")]
        assert lines[:4] == [
            "  ▾ lock",
            f"      held = 1{'step 4':>65}",
            "*     waiters = 0 → 1",
            "  ▾ seen",
        ]
        assert lines[5] == "*     [w1] = 0 → 1"
        assert lines[6].startswith("    loud = 2  ghost")
        await s.press("home", "space")
        assert s.lines("state")[0] == "* ▸ lock  2 values"

    browse(violating(), test)


def test_moving_by_keys() -> None:
    async def test(s: Session) -> None:
        found = []
        for key in ("home", "down", "j", "right", "l", "left", "h", "k", "up", "up", "end", "pageup", "down", "down"):
            await s.press(key)
            found.append(s.position)
        assert found == [0, 1, 2, 3, 4, 3, 2, 1, 0, 0, 8, 1, 2, 3]
        await s.press("g", *"12", "enter")
        assert s.position == 3
        await s.press("g", "7", "enter")
        assert s.position == 7

    browse(violating(), test)


def test_behind_the_end_a_lasso_begins_its_cycle_again() -> None:
    async def test(s: Session) -> None:
        text = s.text("rows")
        assert "from here on 2 steps repeat for ever" in text
        assert "↺ as behind step 1: it goes on with step 2" in text
        await s.press("down")
        assert (s.position, "turn 2" in s.head()) == (2, True)
        await s.press("left")
        assert (s.position, "turn 2" in s.head()) == (3, False)
        await s.press("2", "right")
        assert s.position == 2

    browse(lasso(), test)


def test_search_and_the_next_hit() -> None:
    async def test(s: Session) -> None:
        await s.press("slash", *"unlock", "enter")
        assert (s.position, s.status()) == (3, "steps · /unlock: 1 of 2")
        await s.press("n")
        assert s.position == 6
        await s.press("N")
        assert s.position == 3
        assert "•   6" in s.text("rows")
        await s.press("slash", *"[/red]x", "enter")
        assert (s.position, s.status()) == (3, r"steps · /\[/red]x: 0")

    browse(violating(), test)


def test_the_changes_of_a_variable() -> None:
    async def test(s: Session) -> None:
        await s.press("home", "v", *"seen", "enter")
        assert s.status() == "steps · seen changes: 3"
        await s.press("right_square_bracket", "right_square_bracket")
        assert (s.position, s.status()) == (5, "steps · seen changes: 2 of 3")
        await s.press("left_square_bracket")
        assert s.position == 2
        await s.press("2", "home", "down", "down", "enter")
        assert s.status() == "steps · lock.waiters changes: 1"
        await s.press("escape")
        assert s.status() == "steps"

    browse(violating(), test)


def test_only_the_steps_of_a_process_or_those_that_matter() -> None:
    async def test(s: Session) -> None:
        await s.press("home", "p", *"w1", "enter")
        rows = "\n".join(line[:5] if line[4:5].isdigit() else line.strip() for line in s.lines("rows"))
        assert rows == "▶   0\n… 3 steps hidden\n    4\n    5\n    6\n… 2 steps hidden\nnobody_twice is violated"
        await s.press("down")
        assert s.position == 4
        await s.press("escape", "d", "home", "right")
        assert s.position == 2  # steps 2 and 8 are those in which worker 0 works
        await s.press("right")
        assert s.position == 8

    browse(violating(), test)


def test_another_step_is_taken_and_left_again() -> None:
    async def test(s: Session) -> None:
        await s.press("g", "3", "enter", "4")
        assert [line.split("  ")[0] for line in (x.strip() for x in s.lines("next"))] == ["w0", "▶ w1", "s0"]
        await s.press("up", "enter")
        assert s.position == 4
        assert "your own path" in s.head()
        assert "you left the path here" in s.text("rows")
        await s.press("u")
        assert (s.position, "nobody_twice is violated" in s.head()) == (3, True)
        await s.press("enter")  # the one that was taken
        assert (s.position, "nobody_twice is violated" in s.head()) == (4, True)

    browse(violating(), test)


def test_a_step_that_fails_can_be_taken() -> None:
    async def test(s: Session) -> None:
        await s.press("g", "1", "enter", "4", "end")
        assert "fails: broken" in s.lines("next")[-1]
        await s.press("enter")
        assert s.position == 2
        assert "fails: broken" in s.text("rows")
        assert "ends here" in s.text("next")
        await s.press("1")
        assert "fails: broken" in s.text("step")
        await s.press("2", "3", "enter")

    browse(violating(), test)


def test_a_path_of_ones_own_is_stored(found: str) -> None:
    """The counter's first worker loads, and then stores before the second one loads."""

    async def test(s: Session) -> None:
        await s.press("g", "1", "enter", "4")
        assert s.lines("next")[0].startswith("  w0  store")
        await s.press("home", "enter", "s")

    browse(resume(find(found)), test)
    stored = find("")
    assert (stored.kind, [(m.actor, m.label) for m in stored.trace.moves]) == ("run", [("w0", "load"), ("w0", "store")])
    assert resume(stored).run.steps[-1].changes[0].new == "1"


def test_a_violation_on_ones_own_path_is_said(found: str) -> None:
    """The same lost update with the workers exchanged."""

    async def test(s: Session) -> None:
        await s.press("home", "4", "end", "enter")
        for _ in range(2):
            await s.press("home", "enter")
        await s.press("enter")
        assert "violates all_counted" in s.text("rows")

    browse(resume(find(found)), test)


def test_a_click_picks_a_step_and_a_second_one_takes() -> None:
    async def test(s: Session) -> None:
        await s.press("home", "4")
        await s.pilot.click("#rows", offset=Offset(20, 2))
        assert s.position == 2
        await s.pilot.click("#next", offset=Offset(4, 0))
        assert s.position == 2
        await s.pilot.click("#next", offset=Offset(4, 0), times=2)
        assert s.position == 3
        await s.pilot.click("#bar", offset=Offset(12, 0))
        assert s.panes() == {"state"}

    browse(violating(), test)


def test_go_source_of_the_version_that_the_model_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "go")))
    playback = violating()
    monkeypatch.setattr(playback.inst.model, "go", "go1.27.3", raising=False)

    async def test(s: Session) -> None:
        await s.press("g", "1", "enter", "3")
        assert "▶    6         if cansemacquire(addr) {" in s.drawn("go")
        await s.press("right")
        assert "▶    4 func semacquire1(addr *uint32) {" in s.text("go")
        assert "▶    7             break" in s.text("go")
        assert s.text("go").count("func semacquire1") == 1  # both are near each other

    browse(playback, test)


def test_no_lines_of_another_go_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(toolchain(tmp_path / "go", "go1.3")))
    playback = violating()
    monkeypatch.setattr(playback.inst.model, "go", "go1.27.99", raising=False)

    async def test(s: Session) -> None:
        await s.press("g", "1", "enter", "3")
        text = " ".join(s.lines("go"))
        assert "runtime/sema.go:6" in text
        assert "follows go1.27.99, and here is only go1.3 in" in text
        assert "cansemacquire" not in text

    browse(playback, test)


def test_a_long_execution() -> None:
    async def test(s: Session) -> None:
        assert s.position == 0
        await s.press("end")
        assert s.position == 700
        assert "▶ 700" in s.drawn("rows")
        await s.press("g", *"350", "enter", "4", "enter")
        assert s.position == 351

    app = browse(long(700), test, WIDE)
    assert app.view is not None
    assert sorted(app.view.timeline._options) == [0, 350, 351, 700]  # only where one has been


STARTS = '''
from gomodel import *

class M(Model):
    """Climbs from somewhere."""

    name = "m"
    most: int = Bound(2, min=1, max=3)
    scenarios = {"few": Scenario("from one of two", most=1), "many": Scenario("from more")}

    def state(self):
        self.n = Int(0, 3)

    def init(self):
        self.n = choose(range(self.most + 1))

    @process()
    def climber(self, c):
        while True:
            yield step("climb", when=lambda: self.n < 3)
            self.n += 1

    @invariant
    def low(self):
        return self.n < 3
'''


def test_a_walk_begins_with_a_scenario_and_an_initial_state(folder: Path) -> None:
    async def test(s: Session) -> None:
        await s.pilot.pause()
        assert isinstance(s.app.screen, Chooser)
        await s.press(*"many", "enter")
        assert isinstance(s.app.screen, Chooser)
        assert s.app.screen.heading == "which of 3 initial states?"
        await s.press("down", "down", "enter")
        await s.pilot.pause()
        assert s.panes() == {"next"}
        assert s.lines("next") == ["  c0  climb   violates low   n: 2 → 3"]
        await s.press("enter")
        assert s.lines("next") == ["  nothing: nobody can step"]
        assert "violates low" in s.text("rows")
        await s.press("s")
        assert (find("").trace.init, len(find("").trace)) == ((2,), 1)

    browse(Walk(instances(load(STARTS)), "m"), test)


def test_leaving_the_choice_leaves_the_browser() -> None:
    async def test(s: Session) -> None:
        await s.press("escape")

    assert browse(Walk(instances(load(STARTS)), "m"), test).view is None


def test_what_is_wrong_with_a_model_ends_the_walk() -> None:
    async def test(s: Session) -> None:
        await s.press("enter")

    wrong = load(STARTS.replace("self.n += 1", "self.nothing += 1"))
    app = browse(Walk(instances(wrong), "m"), test)
    assert isinstance(app.return_value, SpecError)
    assert "nothing" in str(app.return_value)


def test_help() -> None:
    async def test(s: Session) -> None:
        await s.press("question_mark")
        keys = s.app.screen.query_one("#keys", Rows)
        assert any("next and previous change" in keys.line(i).plain for i in range(keys.count))
        await s.press("escape")
        assert s.position == 8

    browse(violating(), test)


def test_what_else_could_happen_is_computed_once_the_keys_pause() -> None:
    async def session() -> None:
        app = Browser(violating())
        async with app.run_test(size=NARROW) as pilot:
            await pilot.press("4")
            rows = app.query_one("#next", Rows)
            for _ in range(200):
                if "w0" in rows.line(0).plain:
                    return
                assert rows.line(0).plain.strip() == "…"
                await pilot.pause(0.02)
        raise AssertionError("it never came")

    asyncio.run(session())


def test_a_picture() -> None:
    svg = screenshot(violating(), NARROW, ["home", "down"])
    assert svg.startswith("<svg")
    assert "step&#160;1&#160;of&#160;8" in svg


def test_without_a_terminal(run: Run, found: str) -> None:
    code, out, err = run("trace", "browse", found)
    assert (code, out) == (2, "")
    assert err == (
        "gomodel: gomodel trace browse needs a terminal\n"
        f"  without one: `gomodel trace show {found}` writes it as text\n"
    )
    assert run("walk", "counter.py") == (
        2,
        "",
        "gomodel: gomodel walk needs a terminal\n"
        "  without one: `gomodel trace show` writes what a check has found as text\n",
    )

"""The page of an execution in a real browser, without a window: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gomodel.trace.html import page
from gomodel.trace.playback import Playback
from tests.models.fair import SpinLock
from tests.models.hostile import EVIL, HOSTILE, TWICE, hostile, never_two
from tests.playing import play

Open = Callable[..., Any]  # a playback, and options of the browser → the page
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CELLS = """() => Object.fromEntries([...document.querySelectorAll("#state .cell")].map(
    cell => [cell.dataset.cell, cell.querySelector(".value").textContent]))"""
LABELS = """() => [...document.querySelectorAll(".row.step .label")].map(label => label.textContent)"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs a browser's driver: pip install playwright")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"needs a browser, one of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium refuses its sandbox to root
        launched = driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of an execution; whatever it loads beside itself, or complains of, fails the test."""
    contexts: list[Any] = []
    loaded: list[str] = []
    said: list[str] = []

    def open_page(playback: Playback, *, width: int = 1200, height: int = 800, scheme: str = "light") -> Any:
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(page(playback), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        tab = contexts[-1].new_page()
        tab.on("request", lambda request: loaded.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert loaded == [(tmp_path / f"{k}.html").as_uri() for k in range(len(contexts))]


def position(tab: Any) -> int:
    return int(tab.input_value("#scrubber"))


def pressed(tab: Any, *keys: str) -> int:
    """Where one is after these keys."""
    for key in keys:
        tab.keyboard.press(key)
    return position(tab)


def test_the_state_at_each_step_is_that_of_the_execution(opened: Open) -> None:
    playback = hostile(30)
    tab = opened(playback)
    pressed(tab, "Home", "1")
    for k in range(31):
        assert tab.evaluate(CELLS) == playback.run.cells(k), f"after {k} steps"
        standing = tab.locator("#state .process .where").all_text_contents()
        assert standing == [label for _, label in playback.run.standing[k]]
        tab.keyboard.press("j")


def test_what_a_step_changed_is_marked(opened: Open) -> None:
    tab = opened(never_two())
    pressed(tab, "1", "Home", "j", "j")  # the second step stores
    cells = tab.locator("#state .cell.changed").all()
    changed = {cell.get_attribute("data-cell"): cell.text_content() for cell in cells}
    assert changed == {"n": "0→1", "seen[w0]": "w00→1", "turn": "w0→w1", "steps": "0→1"}


def test_hostile_text_stays_text(opened: Open) -> None:
    tab = opened(never_two())
    assert tab.evaluate(LABELS)[:2] == [EVIL, "store & <b>go</b>"]
    assert tab.locator("img, .row b b, #why i").count() == 0
    assert tab.evaluate("() => typeof hacked") == "undefined"
    assert "<i>Two</i> is never reached." in tab.inner_text("#why")
    pressed(tab, "Home", "j", "1")
    assert tab.locator('#state .cell[data-cell="mood[a[b]]"] .value').inner_text() == EVIL
    assert tab.title() == "never_two is violated · m"


def test_keys_move(opened: Open) -> None:
    tab = opened(hostile(30))
    assert position(tab) == 30  # it begins where it fails
    assert pressed(tab, "Home") == 0
    assert pressed(tab, "j", "ArrowRight", "ArrowDown") == 3
    assert pressed(tab, "k", "ArrowLeft") == 1
    assert pressed(tab, "PageDown") == 11
    assert pressed(tab, "Home", "]") == 1
    assert pressed(tab, "]") == 3  # the next turn begins with step 3
    assert pressed(tab, "[") == 1
    assert pressed(tab, "End", "j") == 30
    assert tab.inner_text(".position") == "step 30 of 30"
    assert tab.locator(".row.chosen").get_attribute("data-k") == "30"


def test_the_scrubber_and_the_address_move(opened: Open) -> None:
    tab = opened(hostile(30))
    tab.locator("#scrubber").fill("7")
    assert tab.locator(".row.chosen").get_attribute("data-k") == "7"
    tab.wait_for_function("() => location.hash === '#step=7'")
    tab.evaluate("() => { location.hash = '#step=3' }")
    tab.wait_for_function("() => document.getElementById('scrubber').value === '3'")


def test_it_plays_to_the_end(opened: Open) -> None:
    tab = opened(hostile(3))
    tab.clock.install()
    pressed(tab, "Home", " ")
    for k in (1, 2, 3):
        tab.clock.run_for(700)
        assert position(tab) == k
    tab.clock.run_for(700)
    assert tab.get_attribute("#play", "aria-label") == "Play"


def test_filters(opened: Open) -> None:
    tab = opened(never_two())
    rows = tab.locator(".row.step")
    assert rows.count() == 4
    tab.click(".head >> text=w1")
    assert rows.evaluate_all("rows => rows.map(row => row.dataset.k)") == ["3", "4"]
    assert tab.inner_text(".row.gap .text") == "… 2 steps of w0"
    assert tab.inner_text("#count") == "2 of 4 steps"
    assert pressed(tab, "Escape") == 4
    assert rows.count() == 4
    tab.keyboard.press("/")
    tab.keyboard.type("STORE")
    assert rows.evaluate_all("rows => rows.map(row => row.dataset.k)") == ["2", "4"]
    assert pressed(tab, "Escape") == 4


def test_only_what_matters(opened: Open) -> None:
    tab = opened(never_two("w0", "calm_down", *TWICE[1:]))  # n does not depend on the mood
    pressed(tab, "r")
    assert tab.locator(".row.step").evaluate_all("rows => rows.map(row => row.dataset.k)") == ["1", "3", "4", "5"]
    assert tab.inner_text(".row.gap .text") == "… 1 step of calm_down"


def test_a_variable_leads_to_its_changes(opened: Open) -> None:
    tab = opened(hostile(30))
    pressed(tab, "Home", "1")
    cell = tab.locator('#state .cell[data-cell="seen[w1]"]')
    cell.click()
    assert position(tab) == 4  # w1 stores for the first time
    assert pressed(tab, "n") == 8
    assert pressed(tab, "p") == 4
    assert tab.input_value("#variable") == "seen[w1]"
    pressed(tab, "c")
    assert tab.locator(".row.step").evaluate_all("rows => rows.map(row => row.dataset.k)")[:3] == ["4", "8", "12"]


def test_a_lasso_has_a_way_back(opened: Open) -> None:
    tab = opened(play(SpinLock, ["g0", "g1", "g1", "g1"], "weakly", "leads_to", arguments=["g0"], cycle=1))
    notes = tab.locator(".row.note").all_inner_texts()
    assert notes == ["from here on weakly(g=g0) stays open", "from here on 3 steps repeat for ever"]
    assert tab.locator(".picture .cycle").count() == 1
    assert "weak fairness of g0" in tab.inner_text("#why .reasons")


def test_a_blocked_process_is_woken_by_an_arrow(opened: Open) -> None:
    tab = opened(never_two())
    assert tab.locator(".picture .lane.blocked").count() >= 2  # w1 at first, and w0 while w1 counts
    assert tab.locator(".picture .wake").count() == 2  # steps 2 and 4 hand the turn over
    pressed(tab, "Home", "j", "j", "j")
    assert tab.locator(".picture .message").count() == 1  # step 3 reads what step 2 wrote
    assert "step 2" in tab.inner_text("#card")


def test_dark_and_light(opened: Open) -> None:
    seen = []
    for scheme in ("light", "dark"):
        tab = opened(never_two(), scheme=scheme)
        background = "() => getComputedStyle(document.body).backgroundColor"
        seen.append(tab.evaluate(background))
        tab.keyboard.press("t")
        seen.append(tab.evaluate(background))
    assert seen[0] == seen[3] != seen[1] == seen[2]


def test_an_execution_without_steps(opened: Open) -> None:
    tab = opened(play(HOSTILE, []))
    assert pressed(tab, "j", "k", "]", "[", "n", "End", "1", "3") == 0
    assert tab.locator(".row.step").count() == 0


@pytest.mark.parametrize("width", [375, 1600])
def test_nothing_sticks_out(opened: Open, width: int) -> None:
    tab = opened(replace(hostile(30), note="a note that goes on and on, " * 20), width=width, height=700)
    assert tab.evaluate("() => document.documentElement.scrollWidth") == width
    assert tab.evaluate("() => document.documentElement.scrollHeight") == 700
    assert tab.locator("#rows").bounding_box()["height"] > 0


def test_700_steps_are_walked_through_quickly(opened: Open) -> None:
    playback = hostile(700)
    tab = opened(playback)
    pressed(tab, "Home", "1")
    begun = time.monotonic()
    tab.evaluate("""() => {
        const press = () => new KeyboardEvent("keydown", {key: "j", bubbles: true});
        for (let k = 0; k < 700; k++) document.body.dispatchEvent(press());
    }""")
    assert position(tab) == 700
    assert time.monotonic() - begun < 20  # a tenth of that, usually
    assert tab.evaluate(CELLS) == playback.run.cells(700)
    assert tab.locator(".row").count() < 150
    assert tab.locator('.row[data-k="700"]').is_visible()
    tab.click(".head >> text=reset")  # few lines are left, far above
    assert tab.inner_text("#count") == f"{sum(step.actor == 'reset' for step in playback.run.steps)} of 700 steps"
    assert set(tab.evaluate(LABELS)) == {"reset"}

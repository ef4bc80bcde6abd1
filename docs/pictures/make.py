"""Makes the pictures of the documentation: ``python docs/pictures/make.py`` in a clone, with Playwright and Chromium.

Each shows the same counterexample: the semaphore that does not look a second time.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from gomodel.cli import app
from gomodel.trace.browser import screenshot
from gomodel.trace.html import page
from gomodel.trace.playback import Playback, resume
from gomodel.trace.show import counterexample_lines
from gomodel.trace.steps import View
from gomodel.trace.store import find

HERE = Path(__file__).resolve().parent
CHECK = "check sema --bug s1 --scenario rounds -b acquirers=1 -b releasers=1"
WIDTH = 88  # columns of the terminal
SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, monospace; }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
<rect width="{width}" height="{height}" rx="10" fill="#1a1c20"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def terminal(playback: Playback) -> None:
    """What ``gomodel trace show --lanes`` prints, down to what is violated."""
    lines = counterexample_lines(playback.counterexample, width=WIDTH, view=View(lanes=True))
    end = next(i for i, line in enumerate(lines) if line.plain == "  its parts:")
    console = Console(record=True, width=WIDTH, force_terminal=True, file=io.StringIO(), highlight=False)
    for line in [Text("$ gomodel trace show sema --lanes", style="dim"), *lines[:end]]:
        console.print(line)
    svg = console.export_svg(theme=MONOKAI, code_format=SVG, unique_id="t", title="")
    (HERE / "terminal.svg").write_text(svg, encoding="utf-8")


def browser(playback: Playback) -> None:
    """``gomodel trace browse``, where the waiter could still look again; too narrow for the pane of Go source."""
    svg = screenshot(playback, (108, 34), ["g", *"4", "enter", "2"])
    (HERE / "browse.svg").write_text(svg, encoding="utf-8")


def html(playback: Playback) -> None:
    """The page of ``gomodel trace open``."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder, "page.html")
        path.write_text(page(playback), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1240, "height": 640}, device_scale_factor=1.5)
        tab.goto(path.as_uri())
        tab.screenshot(path=HERE / "html.png")
        browser.close()


@contextlib.contextmanager
def scratch() -> Iterator[None]:
    """A folder to store traces in."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yield
        os.chdir(before)


def main() -> None:
    with scratch():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            app(CHECK.split())
        playback = resume(find("sema"))
    os.chdir(HERE.parents[1])  # places in specs are shown as seen from there
    playback = replace(playback)
    terminal(playback)
    browser(playback)
    html(playback)


if __name__ == "__main__":
    main()

"""A terminal browser of executions, made with Textual; ``run`` begins it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...language.errors import InternalError, UsageError

if TYPE_CHECKING:
    from ...language.instance import Instance
    from ..playback import Playback
    from .starting import Walk

_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def need_terminal(command: str, instead: str) -> None:
    """Raise UsageError where there is nobody to press a key; ``instead`` is what works without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(f"{command} needs a terminal", mend=f"without one: {instead}")


def browse(playback: Playback) -> None:
    """Look at an execution until the user leaves."""
    _run(playback)


def walk(instances: Sequence[Instance], target: str) -> None:
    """Begin at an initial state of one of ``instances``; ``target`` is how the command line names the model.

    Raises what is wrong with the model.
    """
    from .starting import Walk

    _run(Walk(instances, target))


def _run(start: Playback | Walk) -> None:
    from .app import Browser

    app = Browser(start)
    error = app.run()
    if error is not None:
        raise error
    if app.return_code:
        raise InternalError("the browser has failed, as said above")


def screenshot(playback: Playback, size: tuple[int, int] = (160, 48), keys: Iterable[str] = ()) -> str:
    """The browser as an SVG picture, ``size`` columns and lines large, after ``keys`` such as ``down`` were pressed.

    It names a font that is had everywhere, and loads none.
    """
    from .app import Browser

    async def picture() -> str:
        app = Browser(playback, patient=False)
        async with app.run_test(size=size) as pilot:
            await pilot.press(*keys)
            await pilot.pause()
            return _FONT.sub("", app.export_screenshot()).replace("Fira Code", "ui-monospace, Menlo, Consolas")

    return asyncio.run(picture())

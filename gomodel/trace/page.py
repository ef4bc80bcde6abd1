"""Lines of styled text, folded at a width with a hanging indent and without trailing blanks."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

_FOLDER = Console()  # only measures and folds


class Page:
    """Text under construction; ``lines`` is what has been added."""

    def __init__(self, width: int = 80) -> None:
        self.width = width
        self.lines: list[Text] = []

    def add(self, body: str | Text = "", *, prefix: str | Text = "", style: str = "") -> None:
        """Add ``body`` after ``prefix``; lines that do not fit go on below the start of ``body``."""
        head = prefix if isinstance(prefix, Text) else Text(prefix)
        text = body if isinstance(body, Text) else Text(body, style=style)
        folded = text.wrap(_FOLDER, max(20, self.width - head.cell_len)) or [Text()]
        for i, line in enumerate(folded):
            whole = (head if i == 0 else Text(" " * head.cell_len)) + line
            whole.rstrip()
            self.lines.append(whole)

    def add_pair(self, left: Text, right: str, *, indent: int) -> None:
        """Add ``left`` with ``right`` at the right edge, or on a line of its own where there is no room."""
        room = self.width - left.cell_len - len(right)
        if right and room >= 2:
            self.lines.append(left + Text(" " * room) + Text(right, style="dim"))
            return
        self.add(left[indent:], prefix=left[:indent])
        if right:
            self.add(right, prefix=" " * indent, style="dim")

    def add_verbatim(self, text: str) -> None:
        """Add one line that is never folded, because it will be pasted."""
        self.lines.append(Text(text))

    def gap(self) -> None:
        self.lines.append(Text())


def plain(lines: list[Text]) -> str:
    """The text without styles, as it is written to a pipe."""
    return "".join(f"{line.plain}\n" for line in lines)


def joined(blocks: Iterable[list[Text]]) -> list[Text]:
    """Blocks of lines with an empty line between two of them."""
    lines: list[Text] = []
    for block in blocks:
        lines += [Text(), *block] if lines else block
    return lines

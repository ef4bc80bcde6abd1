"""What the guard says of each model, and of all."""

from __future__ import annotations

from rich.text import Text

from ..report_text import duration, number
from ..trace.page import Page
from .examine import Examined
from .run import Guarded


def model_lines(found: Examined, *, width: int = 80) -> list[Text]:
    """One line of a model that passed; of another one, what is wrong."""
    page = Page(width)
    mark = Text("passed", style="green") if found.passed else Text("FAILED", style="bold red")
    page.add(Text.assemble((found.name, "bold"), f": {_summary(found)}"), prefix=Text("  ") + mark + Text("  "))
    for line in [text for failure in found.failures for text in failure.splitlines()]:
        page.add(line, prefix=" " * 10, style="red")
    for line in found.differs:
        page.add(f"differs from the manifest: {line}", prefix=" " * 10, style="red")
    for line in found.explained:
        page.add_verbatim((" " * 10 + line).rstrip())
    return page.lines


def _summary(found: Examined) -> str:
    if not found.report and not found.proof:
        return "no result"
    scenarios = found.report.get("scenarios", ())
    parts = []
    if found.report:
        parts += [number(len(scenarios), "scenario"), number(sum(s["states"] for s in scenarios), "state")]
    if found.proof:
        sizes = f" for all values of {' and '.join(found.proof['any'])}" if found.proof["any"] else ""
        parts.append(found.proof["verdict"] + sizes)
    parts += [number(len(found.bugs), "bug")] if found.bugs else []
    return ", ".join([*parts, duration(found.seconds)])


def verdict(guarded: Guarded) -> Text:
    """The final line."""
    failed = [found.name for found in guarded.failed]
    total = number(len(guarded.models), "model")
    if failed:
        text = f"guard: {len(failed)} of {total} failed: {', '.join(failed)}"
        return Text(text, style="bold red")
    return Text(f"guard: {total} as declared, and as the manifest has them", style="bold green")

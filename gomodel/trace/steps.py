"""The steps of an execution as text: in turns of one process, or in lanes, a line a step."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from rich.text import Text

from ..language.system import DONE
from ..run.report import Change, Counterexample, StepView
from .lanes import LEGEND, Lanes
from .page import Page

LONG = 100  # steps: longer executions are shown in lanes
_HEAD = 6  # columns of a step's number, before its label
_HEADING_EVERY = 40  # lines of lanes


@dataclass(frozen=True)
class View:
    """What to show of the steps: those that fit every filter."""

    lanes: bool | None = None  # None: where there are more than LONG steps
    variables: tuple[str, ...] = ()  # patterns such as mutex.word.*: only steps that change one, and only these changes
    processes: tuple[str, ...] = ()
    relevant: bool = False  # only steps that the violation depends on
    first: int = 1
    last: int | None = None
    marks: bool = True  # tell the steps that the violation depends on from the others
    states: Sequence[Mapping[str, str]] = field(default=())  # of each step, the whole state behind it, to be shown too

    def shows(self, step: StepView, cex: Counterexample) -> bool:
        return (
            self.first <= step.number <= (self.last or step.number)
            and (not self.processes or step.actor in self.processes)
            and (not self.relevant or step.number in cex.relevant)
            and (not self.variables or bool(self.changes(step)))
        )

    def changes(self, step: StepView) -> list[Change]:
        return [c for c in step.changes if not self.variables or matches(c.variable, self.variables)]


def matches(variable: str, patterns: Iterable[str]) -> bool:
    """Whether the name of a variable fits one of the patterns, or a part of it does: ``mutex`` fits ``mutex.word``."""
    return any(
        fnmatchcase(variable, p) or variable.startswith((f"{p}.", f"{p}[")) for p in (_literal(p) for p in patterns)
    )


def _literal(pattern: str) -> str:
    """Brackets are those of an index: only ``*`` and ``?`` are special."""
    return pattern.replace("[", "[[]")


def add_steps(page: Page, cex: Counterexample, others: Sequence[Counterexample], view: View) -> None:
    """Every step that ``view`` shows, and how many it leaves out where."""
    lanes = len(cex.steps) > LONG if view.lanes is None else view.lanes
    layout = _Lanes(page, cex, view) if lanes else _Turns(page, cex, view)
    noted = (cex, *others)
    add_notes(page, noted, 0)
    for shown, steps in _runs(noted, view):
        if shown:
            layout.add(steps)
        else:
            page.gap()
            page.add(_left_out(steps), prefix=" " * _HEAD, style="dim")
        add_notes(page, noted, steps[-1].number)
    if view.marks and 0 < len(cex.relevant) < len(cex.steps):
        page.gap()
        page.add(layout.legend, style="dim")


def _runs(found: tuple[Counterexample, ...], view: View) -> Iterator[tuple[bool, list[StepView]]]:
    """Consecutive steps that are shown, or are not; where something is noted, a new run begins."""
    cex = found[0]
    marks = {mark for one in found for mark in (one.trace.cycle, one.since) if mark is not None}

    def run(step: StepView) -> tuple[bool, int]:
        return view.shows(step, cex), sum(step.number > mark for mark in marks)

    for (shown, _), steps in itertools.groupby(cex.steps, run):
        yield shown, list(steps)


def _left_out(steps: list[StepView]) -> str:
    actors = ", ".join(dict.fromkeys(step.actor for step in steps))
    return f"… {'1 step' if len(steps) == 1 else f'{len(steps)} steps'} of {actors}"


def add_notes(page: Page, found: Iterable[Counterexample], number: int) -> None:
    """What a lasso says behind its first ``number`` steps: where a promise stays open, and where it repeats."""
    for one in found:
        if one.since == number:
            page.gap()
            page.add(f"from here on {one.property}{arguments_of(one)} stays open", style="bold yellow")
    cex = next(iter(found))
    if cex.trace.cycle == number:
        steps = len(cex.steps) - number
        text = "from here on nothing more happens" if steps == 0 else f"from here on {several(steps)} for ever"
        page.gap()
        page.add(text, style="bold red")


def several(steps: int) -> str:
    return "1 step repeats" if steps == 1 else f"{steps} steps repeat"


def arguments_of(cex: Counterexample) -> str:
    return f"({', '.join(f'{name}={value}' for name, value in cex.arguments)})" if cex.arguments else ""


def standing(actor: str, label: str, blocked: tuple[str, ...], verb: str) -> str:
    """``now at "parked", blocked``, or ``now done``."""
    place = label if label == DONE else f'at "{label}"'
    return f"{verb}{place}{', blocked' if _at(actor, label) in blocked else ''}"


def _at(actor: str, label: str) -> str:
    return f'{actor} at "{label}"'


def step_lines(cex: Counterexample, number: int, *, width: int) -> list[Text]:
    """One step by itself: its label and place, its choices, what it changed, and who is or is no longer blocked."""
    page = Page(width)
    step = cex.steps[number - 1]
    _Turns(page, cex, View()).step(step, Text(f"{step.actor}  "), turn_ends=False)
    return page.lines


# --- layouts ---------------------------------------------------------------------------------------------------------


class _Turns:
    """A heading for every turn of a process, and its steps below."""

    legend = "* the violation depends on these steps"

    def __init__(self, page: Page, cex: Counterexample, view: View) -> None:
        self.page, self.cex, self.view = page, cex, view
        self.marked = view.marks and 0 < len(cex.relevant) < len(cex.steps)
        self.indent = _HEAD
        blocked = [cex.waiting, *(step.blocked for step in cex.steps)]
        self.before = {step.number: was for step, was in zip(cex.steps, blocked, strict=False)}

    def add(self, steps: list[StepView]) -> None:
        for _, turn in itertools.groupby(steps, lambda step: step.actor):
            self.page.gap()
            self._turn(list(turn))

    def _turn(self, turn: list[StepView]) -> None:
        first, last = turn[0], turn[-1]
        span = f"step {first.number}" if first is last else f"steps {first.number} to {last.number}"
        self.page.add(Text.assemble((first.actor, "bold"), f", {span}"))
        for step in turn:
            mark = "* " if self.marked and step.number in self.cex.relevant else "  "
            head = Text.assemble((f"{step.number:>{_HEAD - 2}}", "dim"), (mark, "bold"))
            self.step(step, head, turn_ends=step is last)
        if last.next_label and not last.failed:
            text = standing(last.actor, last.next_label, last.blocked, "now ")
            self.page.add(text, prefix=" " * self.indent, style="dim")

    def step(self, step: StepView, head: Text, *, turn_ends: bool) -> None:
        """One step, its choices and what it changed, below ``head``."""
        idle = self.marked and step.number not in self.cex.relevant
        self.page.add_pair(head + Text(step.label, style="dim" if idle else ""), ", ".join(step.go), indent=self.indent)
        self._changes(step)
        before = self.before[step.number]
        for text in _new(step.blocked, before):
            if not (turn_ends and text == _at(step.actor, step.next_label)):  # said where the turn ends
                self._detail(Text(f"blocked from here: {text}", style="yellow"))
        for text in _new(before, step.blocked):
            self._detail(Text(f"no longer blocked: {text}{self._guard(text)}", style="green"))
        if step.failed:
            self._detail(Text(f"fails: {step.failed}", style="bold red"))
        if step.number <= len(self.view.states):
            state = self.view.states[step.number - 1]
            self._detail(Text("; ".join(f"{name} = {value}" for name, value in state.items()), style="dim"))

    def _changes(self, step: StepView) -> None:
        if step.choices:
            self._detail(_choices(step))
        for change in self.view.changes(step):
            self._detail(change_text(change))

    def _detail(self, text: Text) -> None:
        self.page.add(text, prefix=" " * (self.indent + 2))

    def _guard(self, place: str) -> str:
        """What it waited for, where somebody looks closely."""
        guard = dict(self.cex.guards).get(place) if self.view.marks else ""
        return f", which waited for {guard}" if guard else ""


class _Lanes(_Turns):
    """A lane for every process, in which its steps stand."""

    legend = LEGEND

    def __init__(self, page: Page, cex: Counterexample, view: View) -> None:
        super().__init__(page, cex, view)
        self.lanes = Lanes(cex, marks=view.marks)
        self.indent = _HEAD + self.lanes.width + 1
        self.lines = _HEADING_EVERY

    def add(self, steps: list[StepView]) -> None:
        self.page.gap()
        for step in steps:
            if self.lines >= _HEADING_EVERY:
                self.lines = 0
                for row in self.lanes.heading():
                    self.page.add(Text(" " * _HEAD + row, style="bold"))
            self.lines += 1
            head = Text.assemble((f"{step.number:>{_HEAD - 2}}  ", "dim"), self._signs(step), " ")
            self.step(step, head, turn_ends=False)

    def _changes(self, step: StepView) -> None:
        """In one paragraph: there may be many steps."""
        found = [_choices(step)] if step.choices else []
        found += [change_text(change) for change in self.view.changes(step)]
        if found:
            self._detail(Text("; ").join(found))

    def _signs(self, step: StepView) -> Text:
        text = Text()
        for name, sign, width in zip(self.lanes.names, self.lanes.signs(step), self.lanes.widths, strict=True):
            text.append(f"{sign:<{width}}", style="bold" if name == step.actor else "dim")
        return text


def _choices(step: StepView) -> Text:
    return Text("chose " + ", ".join(map(str, step.choices)))


def change_text(change: Change) -> Text:
    return Text.assemble(f"{change.variable}: {change.old} → ", (change.new, "bold"))


def _new(now: Iterable[str], before: tuple[str, ...]) -> list[str]:
    return [text for text in now if text not in before]

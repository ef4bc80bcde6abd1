"""The browser: an execution, what is shown of it, and what the keys do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Footer, Static

from ...language.errors import GomodelError, UsageError
from ...run.search import RUN
from ..playback import Playback
from ..store import save
from .bar import PaneBar
from .dialogs import Chooser, Help, Prompt
from .panes import GoPane, NextPane, StepPane, WhyPane
from .rows import Rows
from .starting import Walk, choose_start
from .state import StatePane
from .steps import StepRows, StepsPane
from .timeline import Timeline, following, preceding, printable
from .titles import head_line, steps_title
from .view import View

PANES = {"step": "step", "state": "state", "go": "Go", "next": "next", "why": "why"}
_WIDE, _HIGH = (110, 30), 44  # columns and lines for all panes at once; lines for each of them
_PAUSE = 0.06  # seconds on a step before what else could happen there is computed


class Browser(App[GomodelError]):
    """Begins at the end of what a check has found, at the start of any other execution, or lets a walk's be chosen.

    What it returns is the user's error that ended it, if one did.

    ``patient`` computes what else could happen beside the user's keys, once these pause; else it is computed at once.
    """

    CSS_PATH = "browser.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "gomodel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "go(1)", "step", key_display="←→"),
        Binding("left,h", "go(-1)", show=False),
        Binding("g", "goto", show=False),
        Binding("slash", "search", "find", key_display="/"),
        Binding("n", "hit(1)", show=False),
        Binding("N", "hit(-1)", show=False),
        Binding("v", "variable", "variable"),
        Binding("right_square_bracket", "change(1)", show=False),
        Binding("left_square_bracket", "change(-1)", show=False),
        Binding("p", "process", "process"),
        Binding("d", "relevant", "depends"),
        *(Binding(str(i), f"pane('{name}')", show=False) for i, name in enumerate(PANES, 1)),
        Binding("u", "undo", "undo"),
        Binding("s", "store", "store"),
        Binding("escape", "clear", show=False),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q,ctrl+c", "quit", "quit", key_display="q"),
    ]

    def __init__(self, start: Playback | Walk, *, patient: bool = True) -> None:
        super().__init__()
        self.start, self.patient = start, patient
        self.view: View | None = None
        self.left_views: list[View] = []  # the paths that were left
        self.active = "next" if isinstance(start, Walk) else "step"
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with Container(id="main"):
            with Container(id="left"):
                yield StepsPane(id="steps")
                yield PaneBar(PANES, id="bar")
                yield self._boxed(NextPane(id="next"))
            with Container(id="right"):
                yield self._boxed(StepPane(id="step"))
                yield self._boxed(StatePane(id="state"))
                yield self._boxed(GoPane(id="go"))
                yield self._boxed(WhyPane(id="why"))
        footer = Footer(show_command_palette=False)
        footer.compact = True
        yield footer

    @staticmethod
    def _boxed(pane: Rows) -> Rows:
        pane.add_class("pane")
        return pane

    def on_mount(self) -> None:
        if isinstance(self.start, Walk):
            self._begin(self.start)
        else:
            timeline = Timeline(self.start)
            self.open(View(timeline, timeline.end if timeline.violated else 0))

    def open(self, view: View) -> None:
        """Show an execution, with the cursor where it is needed."""
        self.view = view
        self._draw()
        self.query_one(NextPane if self.active == "next" else StepRows).focus()

    @work
    async def _begin(self, walk: Walk) -> None:
        try:
            playback = await choose_start(self, walk)
        except GomodelError as error:
            self.exit(error)
            return
        if playback is None:
            self.exit()
        else:
            self.open(View(Timeline(playback)))

    # --- drawing ---------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        if self.view is not None:
            self.call_after_refresh(self._draw)

    def on_descendant_focus(self) -> None:
        if self.view is not None and self.query("#go"):
            self._draw_go(self.view)

    def show(self, view: View) -> None:
        """Show something else of what is open."""
        self.view = view
        self._draw()

    def _draw(self) -> None:
        view = self.view
        if view is None:
            return
        seen = self._lay_out(view)
        self.query_one("#head", Static).update(head_line(view, self.size.width - 2))
        steps = self.query_one(StepsPane)
        steps.border_title = Content(printable(steps_title(view)))
        steps.show(view)
        for name in seen:
            if name == "go":
                self._draw_go(view)
            else:
                self.query_one(f"#{name}", Rows).show(view)  # type: ignore[attr-defined]
        if "next" in seen and view.timeline.known_options(view.position) is None:
            self._want_options(view)

    def _lay_out(self, view: View) -> list[str]:
        """Which panes are seen: all where there is room for all, else the active one."""
        wide = self.size.width >= _WIDE[0] and self.size.height >= _WIDE[1]
        failing = view.timeline.violated and view.position == view.timeline.end
        seen = [self.active]
        if wide:
            why = self.active == "why" or (failing and (self.active != "go" or self.size.height >= _HIGH))
            seen = ["step", "state", "next", *(["why"] if why else [])]
            seen += ["go"] if not why or self.size.height >= _HIGH else []
        self.query_one("#main").set_class(wide, "-wide")
        self.query_one(StepPane).styles.height = _height(view) if wide else None
        self.query_one("#right").set_class(not wide and self.active == "next", "-gone")
        for i, (name, shown) in enumerate(PANES.items(), 1):
            pane = self.query_one(f"#{name}")
            pane.set_class(name in seen, "-seen")
            more = ": what is possible here" if name == "next" else ""
            pane.border_title = Content(f"{i} {shown}{more}") if wide else None
        self.query_one(PaneBar).show(self.active)
        return seen

    def _draw_go(self, view: View) -> None:
        """The source of the picked possible step, while one picks; else of the step that led here, or of the first."""
        pane, beside = self.query_one(GoPane), self.query_one(NextPane)
        step, option = view.timeline.step(view.position), beside.option()
        picked = option.move if option and beside.has_focus else None
        move = picked or (view.timeline.taken(0) if step is None else None)
        if move is not None:
            places = view.timeline.run.next_go[view.position].get(move.actor, ())
            heading = f"{move.actor} {move.label}"
        else:
            places, heading = (step.go, f"{step.actor} {step.label}") if step else ((), "the initial state")
        if pane.has_class("-seen"):
            pane.show_places(view, places, heading)
            if pane.border_title:
                pane.border_title = Content(printable(f"3 Go  {pane.title(view)}"))
            else:
                self.query_one(PaneBar).show(self.active, printable(pane.title(view)))

    def _want_options(self, view: View) -> None:
        if not self.patient:
            view.timeline.compute_options(view.position)
            self._draw_next(view)
            return
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(_PAUSE, lambda: self._compute(view))

    def _draw_next(self, view: View) -> None:
        """What could happen here is known now."""
        self.query_one(NextPane).show(view, again=True)
        self._draw_go(view)

    @work(exclusive=True)
    async def _compute(self, view: View) -> None:
        await asyncio.to_thread(view.timeline.compute_options, view.position)
        if self.view is not None and (self.view.timeline, self.view.position) == (view.timeline, view.position):
            self._draw_next(self.view)

    # --- moving ----------------------------------------------------------------------------------------------

    def move_to(self, k: int, turn: int | None = None) -> None:
        """Stand behind step ``k``."""
        if self.view is not None:
            self.show(replace(self.view, position=k, turn=turn or self.view.turn))

    def action_go(self, by: int) -> None:
        """A step forward or back, of those that are shown; a lasso goes on at the beginning of its cycle."""
        view = self.view
        if view is None:
            return
        k: int | None = view.position
        turn, cycle = view.turn, view.timeline.cex.trace.cycle
        for _ in range(view.timeline.end + 1):
            if by > 0:
                turn += k == view.timeline.end
                k = view.timeline.forward(k) if k is not None else None
            elif turn > 1 and cycle is not None and k == cycle + 1:
                k, turn = view.timeline.end, turn - 1
            else:
                k = k - 1 if k else None
            if k is None or view.shows(k):
                break
        if k is not None:
            self.move_to(k, turn)
        elif by > 0 and cycle == view.timeline.end:
            self.notify("nothing more happens, for ever")

    def on_rows_picked(self, event: Rows.Picked) -> None:
        if isinstance(event.rows, StepRows):
            self.move_to(event.rows.position(event.index))
        elif isinstance(event.rows, NextPane) and self.view is not None:
            self._draw_go(self.view)

    def on_step_rows_beyond(self, event: StepRows.Beyond) -> None:
        self.action_go(event.by)

    @work
    async def action_goto(self) -> None:
        text = await self.push_screen_wait(Prompt("go to step"))
        if not text or self.view is None:
            return
        end = self.view.timeline.end
        if text.strip().isdecimal() and len(text) < 9 and int(text) <= end:
            self.move_to(int(text), 1)
        else:
            self.notify(f"there are steps 0 to {end}", severity="warning", markup=False)

    # --- looking for something -------------------------------------------------------------------------------

    @work
    async def action_search(self) -> None:
        text = await self.push_screen_wait(Prompt("/", self.view.needle if self.view else ""))
        if text is None or self.view is None:
            return
        self.view = replace(self.view, needle=text).with_hits()
        if text and not self.view.timeline.hits(text):
            self.notify(f"no step has {printable(text)!r}", severity="warning", markup=False)
        self._draw()
        if text:
            self.action_hit(1)

    def action_hit(self, by: int) -> None:
        if self.view is not None and self.view.needle:
            self._jump(self.view.timeline.hits(self.view.needle), by)

    @work
    async def action_variable(self) -> None:
        if self.view is None:
            return
        names = self.view.timeline.variables
        at = names.index(self.view.variable) if self.view.variable in names else 0
        found = await self.push_screen_wait(
            Chooser("whose changes? ] and [ go to the next and the previous one", names, at=at)
        )
        if found is not None:
            self._look_for(names[found])

    def _look_for(self, variable: str) -> None:
        if self.view is not None:
            self.show(replace(self.view, variable=variable).with_hits())

    def action_change(self, by: int) -> None:
        if self.view is None:
            return
        if not self.view.variable:
            self.action_variable()
            return
        steps = self.view.timeline.changing(self.view.variable)
        if not steps:
            self.notify(f"{printable(self.view.variable)} never changes", severity="warning", markup=False)
        self._jump(steps, by)

    def _jump(self, steps: list[int], by: int) -> None:
        assert self.view is not None
        found = following(steps, self.view.position) if by > 0 else preceding(steps, self.view.position)
        if found is not None:
            self.move_to(found)

    @work
    async def action_process(self) -> None:
        view = self.view
        if view is None:
            return
        names = list(dict.fromkeys([*view.timeline.run.runner.processes, *(s.actor for s in view.timeline.cex.steps)]))
        found = await self.push_screen_wait(Chooser("only the steps of which process?", ["all of them", *names]))
        if found is not None:
            self.show(replace(view, process=names[found - 1] if found else ""))

    def action_relevant(self) -> None:
        if self.view is None:
            return
        if self.view.timeline.relevant is None:
            reason = "it depends on every step" if self.view.timeline.violated else "nothing is violated here"
            self.notify(reason, markup=False)
            return
        self.show(replace(self.view, relevant=not self.view.relevant))

    def action_clear(self) -> None:
        if self.view is not None:
            self.show(replace(self.view, needle="", variable="", process="", relevant=False, hits=frozenset()))
            self.query_one(StepRows).focus()

    # --- panes -----------------------------------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        """Show a pane, and move the cursor into it."""
        if self.view is None:
            return
        self.active = name
        self._draw()
        self.call_after_refresh(self.query_one(f"#{name}").focus)
        self.call_after_refresh(self._draw)

    def action_help(self) -> None:
        self.push_screen(Help())

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        if isinstance(event.rows, NextPane):
            self.action_take()
        elif isinstance(event.rows, StatePane):
            self._look_for(event.rows.picked())
        elif isinstance(event.rows, StepRows):
            self.action_pane("next")

    # --- other paths -----------------------------------------------------------------------------------------

    def action_take(self) -> None:
        """Take the picked one of the possible steps; where it is not the one that was taken, the path is left."""
        option, view = self.query_one(NextPane).option(), self.view
        if option is None or view is None:
            return
        k, timeline = view.position, view.timeline
        if option.move == timeline.taken(k):
            self.action_go(1)
            return
        self.left_views.append(view)
        found = k < timeline.end or timeline.cex.kind != RUN  # not just made longer
        left = (*(at for at in view.left if at <= k), *([k] if found else []))
        taken = View(
            Timeline(timeline.playback.leave(k, option.move), known=timeline, same=k),
            k + 1,
            variable=view.variable,
            needle=view.needle,
            left=left,
        )
        self.show(taken.with_hits())

    def action_undo(self) -> None:
        """Back to where the path was left."""
        if self.left_views:
            self.show(self.left_views.pop())
        else:
            self.notify("this is where you began")

    def action_store(self) -> None:
        if self.view is None:
            return
        try:
            stored = self.view.timeline.playback.to_store()
            save(stored)
        except UsageError as error:
            self.notify(printable(str(error)), severity="error", markup=False)
            return
        self.notify(f"stored as {stored.id}", markup=False)


def _height(view: View) -> int:
    """Of the box with the step: room for every process, and for what a step usually does."""
    return max(9, min(len(view.timeline.run.runner.processes) + 8, 16))

"""What a spec calls inside its steps.

These are ordinary functions: CPython runs them as they stand, with the current *runtime* (the concrete
runner) answering for choices.  The tracer recognises them by identity and gives them their symbolic meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol


@dataclass(frozen=True)
class Step:
    """What a spec yields: the label and facts of the code that follows, up to the next yield."""

    label: str
    when: Callable[[], bool] | None = None
    go: str | tuple[str, ...] = ()
    src: str | tuple[str, ...] = ()
    rest: bool | str = False
    region: str = ""
    atomic: str = ""


def step(
    label: str,
    *,
    when: Callable[[], bool] | None = None,
    go: str | tuple[str, ...] = (),
    src: str | tuple[str, ...] = (),
    rest: bool | str = False,
    region: str = "",
    atomic: str = "",
) -> Step:
    """Name the atomic step that follows: ``yield step("L1 CAS", go="sync/mutex.go:63", src="CompareAndSwap")``.

    ``when`` is a pure guard (a lambda); ``go``/``src`` give file:line of the real source and a fragment of
    that line (tuples where a step stands for several lines); ``rest`` says that nobody is forced to take the
    step (``rest="blocked"``: waiting here is rest, but once its guard holds the step must go on);
    ``region``/``atomic`` say why a step may touch more than one shared word: the lock that covers it, or a
    reason in words.
    """
    if rest not in (False, True, "blocked"):
        raise ValueError(f'rest is True, False or "blocked", not {rest!r}')
    return Step(label, when, go, src, rest, region, atomic)


class Runtime(Protocol):
    """What the concrete runner answers while a step runs."""

    def choose(self, options: list[Any]) -> Any: ...
    def outcome(self, name: str) -> None: ...


current_runtime: ContextVar[Runtime] = ContextVar("current_runtime")


class RequireFailed(Exception):
    """The vector of choices does not run this step to its end; the step is as if never tried."""


class FatalReached(Exception):
    """A branch marked ``fatal`` ran: a property is violated."""

    def __init__(self, text: str, prop: str) -> None:
        super().__init__(text)
        self.text, self.prop = text, prop


def choose(*options: Any) -> Any:
    """Any one of ``options``: the checker tries each.  One argument: an iterable, a process set or a domain."""
    source: Any = options[0] if len(options) == 1 else options
    if hasattr(source, "decode"):  # a Domain
        candidates = [source.decode(v) for v in source.values()]
    else:
        candidates = list(dict.fromkeys(source))
    return current_runtime.get().choose(candidates)


def require(condition: bool) -> None:
    """The step exists only where ``condition`` holds."""
    if not condition:
        raise RequireFailed


def fatal(text: str, *, prop: str = "") -> NoReturn:
    """Mark a branch that must not be reached (Go's throws): reaching it violates ``prop`` (default: the text)."""
    raise FatalReached(text, prop or text)


def outcome(name: str, holds: bool = True) -> None:
    """Name how this step went where ``holds``, e.g. ``outcome("won")``: fairness can be asked of an outcome.

    It is said about the step, not by it: what the condition reads counts as little as what a property reads.
    """
    if holds:
        current_runtime.get().outcome(name)


def implies(premise: bool, conclusion: bool | Callable[[], bool]) -> bool:
    """``not premise or conclusion``; a property whose premise never holds is reported as vacuous.

    Python evaluates both arguments; where the conclusion makes sense only under the premise, give a lambda.
    """
    if not premise:
        return True
    return conclusion() if callable(conclusion) else conclusion


def count(items: Iterable[Any]) -> int:
    """How many of ``items`` are true."""
    return sum(1 for item in items if item)


def like(place: Any) -> Any:
    """The domain of a field or container, for a local's annotation: ``old: like(self.word) = self.word.copy()``."""
    return place.domain

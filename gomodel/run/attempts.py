"""Running a piece of a spec in CPython: with given choices, or with every vector of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..language.errors import InternalError
from ..language.primitives import FatalReached, RequireFailed, current_runtime
from .trace import Value, choice_value


class NeedChoice(Exception):
    """A step asked for a choice beyond those given; ``options`` are what it may be."""

    def __init__(self, options: list[Value]) -> None:
        super().__init__()
        self.options = options


@dataclass(frozen=True)
class Outcome:
    """How a step went: ``commit``, ``blocked``, ``fatal`` or ``error``, with the reason; ``named`` are its outcomes."""

    kind: str
    choices: tuple[Value, ...]
    text: str = ""
    prop: str = ""
    named: tuple[str, ...] = ()


class Attempts:
    """What answers a spec's choices while CPython runs it (see ``primitives.Runtime``), and says how that went."""

    def __init__(self) -> None:
        self._given: list[Value] = []
        self._used = 0
        self._named: list[str] = []

    def outside(self) -> str:
        """What left its domain, if anything did."""
        raise NotImplementedError

    def attempt(self, run: Callable[[], None], choices: tuple[Value, ...], check: bool = True) -> Outcome:
        self._given, self._used, self._named = list(choices), 0, []
        token = current_runtime.set(self)
        try:
            run()
            wrong = self.outside() if check else ""
        except RequireFailed:
            return Outcome("blocked", tuple(self._given[: self._used]))
        except FatalReached as e:
            return Outcome("fatal", tuple(self._given[: self._used]), e.text, e.prop)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, AssertionError) as e:
            return Outcome("error", tuple(self._given[: self._used]), f"{type(e).__name__}: {e}")
        finally:
            current_runtime.reset(token)
        used = tuple(self._given[: self._used])
        return Outcome("error" if wrong else "commit", used, wrong, named=tuple(self._named))

    def vectors(self, attempt: Callable[[tuple[Value, ...]], Outcome]) -> Iterator[Outcome]:
        """The outcome of ``attempt`` for every vector of choices."""
        pending: list[tuple[Value, ...]] = [()]
        while pending:
            prefix = pending.pop()
            try:
                yield attempt(prefix)
            except NeedChoice as need:
                pending += [(*prefix, value) for value in reversed(need.options)]

    def choose(self, options: list[Any]) -> Any:
        values = [choice_value(o) for o in options]
        if not options:
            raise RequireFailed
        if self._used == len(self._given):
            raise NeedChoice(values)
        wanted = self._given[self._used]
        self._used += 1
        for option, value in zip(options, values, strict=True):
            if type(value) is type(wanted) and value == wanted:
                return option
        raise InternalError(f"the choice {wanted!r} is not among {values}")

    def outcome(self, name: str) -> None:
        self._named.append(name)

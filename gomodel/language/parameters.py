"""Parameters of rules and of liveness properties: each stands for every value of its finite domain."""

from __future__ import annotations

from typing import Any

from . import build as b
from . import expressions as ex
from .domains import Domain
from .machine import Frame, Machine
from .source import Function
from .terms import Term


def arguments(m: Machine, fn: Function, owner: Any, params: list[str]) -> list[Term]:
    """A ``pick`` for each of ``params``, in the domain that its annotation names; the machine records them.

    Raises SpecError where there is no finite domain.
    """
    frame = Frame(fn, None)
    m.state.envs[frame] = {fn.params[0]: owner}
    m.frame = frame
    found = []
    for name in params:
        annotation = fn.annotated.get(name)
        domain = None if annotation is None else ex.evaluate(m, annotation)
        domain = getattr(domain, "domain", domain)  # the processes of a set
        if not isinstance(domain, Domain) or not domain.scalar:
            raise m.fail(f"parameter {name!r} of {fn.name} needs a finite domain", f"e.g. `{name}: Int(0, 3)`")
        pick = b.leaf("pick", len(m.picks), domain)
        m.picks.append(pick)
        m.choices.append((pick, domain))
        found.append(pick)
    m.frame = None
    return found

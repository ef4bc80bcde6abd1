"""gomodel: a formal model checker for the Go runtime.

Everything a spec needs comes from here: ``from gomodel import Model, Component, process, step, Int, invariant``.
"""

from .language.declare import (
    Proof,
    always_eventually,
    eventually,
    invariant,
    leads_to,
    reachable,
    refines,
    step_invariant,
    strong,
    terminal,
    weak,
)
from .language.domains import Array, Bag, Bool, Enum, Ghost, Int, Option, Queue, Seq, Set, Struct
from .language.model import (
    Bound,
    Bug,
    Comparison,
    Component,
    Model,
    Preset,
    Scenario,
    process,
    rule,
)
from .language.primitives import choose, count, fatal, implies, like, outcome, require, step
from .language.processes import Pid

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Bag",
    "Bool",
    "Bound",
    "Bug",
    "Comparison",
    "Component",
    "Enum",
    "Ghost",
    "Int",
    "Model",
    "Option",
    "Pid",
    "Preset",
    "Proof",
    "Queue",
    "Scenario",
    "Seq",
    "Set",
    "Struct",
    "always_eventually",
    "choose",
    "count",
    "eventually",
    "fatal",
    "implies",
    "invariant",
    "leads_to",
    "like",
    "outcome",
    "process",
    "reachable",
    "refines",
    "require",
    "rule",
    "step",
    "step_invariant",
    "strong",
    "terminal",
    "weak",
]

"""Random small models with liveness, as source text: a few fields, loops of labelled steps, promises under fairness.

What is drawn is what matters to liveness: guards, steps at rest, outcomes on some branches, steps that change nothing
on some, fair rules, and for every promise weak and strong conditions of its own, per kind or process, label and
outcome.  No step leaves a domain, so every model can be judged.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

REFUSED = ("there is no outcome", "has no label", "declared as rest")  # what is behind a condition that folds to false
STATEMENTS = (*["effect"] * 3, "if", "if", "choose", "require", "named", *["effect"] * 6)


@dataclass
class _Kind:
    """A process kind, or a rule, as far as fairness can be asked of it: its labels, each with its outcomes."""

    name: str
    labels: dict[str, list[str]] = field(default_factory=dict)  # those that are no rest
    others: dict[str, list[str]] = field(default_factory=dict)  # those at rest
    rule: bool = False


class Writer:
    """Writes one model."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.kinds: list[_Kind] = []
        self.second = rng.random() < 0.5  # whether there is a second kind of processes

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    # --- steps -----------------------------------------------------------------------------------------------

    def condition(self, own: bool) -> str:
        """Of the fields; ``own``: and of the cell of the process g."""
        k = self.rng.randrange(3)
        simple = ["self.a", "not self.a", f"self.n == {k}", f"self.n != {k}", f"self.n < {1 + k % 2}"]
        simple += ["self.owner is None", "any(self.flag)", "not all(self.flag)"]
        if own:
            simple += ["self.flag[g]", "not self.flag[g]"]
        chosen = self.rng.choice(simple)
        if self.chance(75):
            return chosen
        return f"{chosen} {self.rng.choice(('and', 'or', 'or'))} {self.rng.choice(simple)}"

    def effect(self, own: bool) -> str:
        some = ["self.a = not self.a", "self.a = True", *["self.n = (self.n + 1) % 3"] * 3]
        some += ["self.n = choose(0, 2)", "self.owner = None", f"self.a = {self.condition(own)}"]
        if own:
            some += ["self.flag[g] = True", "self.flag[g] = not self.flag[g]", "self.owner = g"]
        return self.rng.choice(some)

    def body(self, own: bool, indent: int, outcomes: list[str], loop: bool) -> None:
        """One or two statements; those that name an outcome are noted."""
        pad = "    " * indent
        for _ in range(self.rng.choice((1, 1, 2))):
            match self.rng.choice(STATEMENTS):
                case "effect":
                    self.lines.append(pad + self.effect(own))
                case "if":
                    self.lines.append(f"{pad}if {self.condition(own)}:")
                    self.branch(own, indent + 1, outcomes, loop)
                    if self.chance(40):
                        self.lines.append(f"{pad}else:")
                        self.branch(own, indent + 1, outcomes, loop)
                case "choose":
                    self.lines.append(f"{pad}if choose(False, True):")
                    self.branch(own, indent + 1, outcomes, loop)
                case "require":
                    self.lines.append(f"{pad}require({self.condition(own)})")
                    self.lines.append(pad + self.effect(own))
                case _:
                    self.branch(own, indent, outcomes, False)

    def branch(self, own: bool, indent: int, outcomes: list[str], loop: bool) -> None:
        pad = "    " * indent
        if self.chance(65):
            name = self.rng.choice(("won", "lost"))
            outcomes.append(name)
            holds = f", {self.condition(own)}" if self.chance(25) else ""
            self.lines.append(f'{pad}outcome("{name}"{holds})')
        self.lines.append(pad + self.effect(own))
        if loop and self.chance(35):
            self.lines.append(pad + "continue")

    def process(self, name: str, count: int) -> None:
        """A few steps, mostly for ever; ``p`` may hold ``owner`` like a lock between the first and the last."""
        kind, own, forever = _Kind(name), name == "p", self.chance(93)
        locks = own and self.chance(40)
        pad = "    " * (2 + forever)
        self.lines += [f"    @process(count={count})", f"    def {name}(self, g):"]
        if forever:
            self.lines.append("        while True:")
        many = self.rng.choice((2, 2, 3, 3) if own else (1, 1, 2))
        for k in range(many):
            label, outcomes = f"{name}{k}", list[str]()
            first, last = locks and k == 0, locks and k == many - 1
            tries = first and self.chance(50)
            guard = "self.owner is None" if first and not tries else self.condition(own) if self.chance(25) else ""
            rest = self.rng.choice((*[""] * 8, ", rest=True", ', rest="blocked"'))
            self.lines.append(f'{pad}yield step("{label}"{guard and f", when=lambda: {guard}"}{rest})')
            if tries:
                self.lines.append(f"{pad}if self.owner is None:")
                self.lines += [f'{pad}    outcome("won")', f"{pad}    self.owner = g"]
                outcomes.append("won")
                self.lines += [f"{pad}else:", f"{pad}    {'continue' if forever else 'pass'}"]
            elif first or last:
                self.lines.append(f"{pad}self.owner = {'g' if first else 'None'}")
            if not locks or self.chance(50):
                self.body(own, 2 + forever, outcomes, forever and k > 0)
            (kind.others if "True" in rest else kind.labels)[label] = outcomes
        self.kinds.append(kind)

    def rule(self) -> None:
        fair, outcomes = self.chance(60), list[str]()
        parameter = self.chance(30)
        self.lines += [f"    @rule(fair={fair})", f"    def r(self{', k: Int(0, 1)' if parameter else ''}):"]
        self.lines.append(f"        require({self.condition(False)}{' and self.n != k' if parameter else ''})")
        self.branch(False, 2, outcomes, False)
        if fair:
            self.kinds.append(_Kind("r", {"": outcomes}, rule=True))

    # --- promises --------------------------------------------------------------------------------------------

    def fairness(self, own: bool = False) -> str:
        """A few conditions, ``own``: also of g alone; what nobody could be forced to do is left out."""
        found = [self.assumption(own) for _ in range(self.rng.choice((0, 0, 1, 1, 2, 2, 3)))]
        every = self.rng.choice(("", "weak", "weak", "weak", "strong", "strong", "strong"))
        found += [f'{every}("{k.name}")' for k in self.kinds if every and k.labels]
        return ", ".join(dict.fromkeys(f for f in found if f))

    def assumption(self, own: bool) -> str:
        kind = self.rng.choice(self.kinds)
        if not kind.labels:
            return ""
        strength = self.rng.choice(("weak", "strong"))
        if kind.rule:
            outcomes = kind.labels[""]
            named = f', outcome="{self.rng.choice(outcomes)}"' if outcomes and self.chance(50) else ""
            return f'{strength}("{kind.name}"{named})'
        who = "g" if own and kind.name == "p" and self.chance(40) else kind.name
        if self.chance(25):
            return f'{strength}("{who}")'
        label = self.rng.choice(list(kind.labels))
        outcomes = kind.labels[label]
        if not outcomes or self.chance(20):
            return f'{strength}("{who}", "{label}")'
        if self.chance(25):
            return f'{strength}("{who}", outcome="{self.rng.choice(outcomes)}")'
        return f'{strength}("{who}", "{label}", "{self.rng.choice(outcomes)}")'

    def stated(self, own: bool) -> str:
        """A condition of a promise: also of labels."""
        if self.chance(60):
            return self.condition(own)
        kind = self.rng.choice([k for k in self.kinds if not k.rule])
        label = self.rng.choice([*kind.labels, *kind.others])
        if own and kind.name == "p":
            return f'self.p.at(g, "{label}")'
        return f'{self.rng.choice(("any", "all"))}(self.{kind.name}.at(q, "{label}") for q in self.{kind.name})'

    def goal(self, own: bool) -> str:
        """What is false at first, mostly."""
        goals = ["self.a", "self.n == 1", "self.n == 2", "any(self.flag)", "self.owner is not None"]
        goals += ["self.flag[g]", "self.owner == g"] if own else ["all(self.flag)"]
        found = self.rng.choice(goals) if self.chance(75) else self.stated(own)
        return f"{found} or {self.goal(own)}" if self.chance(35) else found

    def promise(self, number: int) -> None:
        kind = self.rng.choice(("leads_to", "leads_to", "leads_to", "eventually", "always_eventually"))
        own, by_number = ((True, False), (False, True), (False, False))[self.rng.randrange(3)]
        under = f"(under=[{self.fairness(own)}])" if self.chance(85) else "()"
        parameters = ", g: self.p" if own else ", k: Int(0, 1)" if by_number else ""
        conclusion = f"self.n == k or {self.goal(own)}" if by_number else self.goal(own)
        premise = self.stated(own) if self.chance(70) else self.goal(own) + " or self.n == 0"
        returned = f"{premise}, {conclusion}" if kind == "leads_to" else conclusion
        self.lines += [
            f"    @{kind}{under}",
            f"    def promise{number}(self{parameters}):",
            f"        return {returned}",
        ]


def write_model(rng: random.Random, promises: int = 4) -> str:
    """The source of a model ``M``."""
    w = Writer(rng)
    w.lines += ["    def state(self):", "        self.a = Bool()", "        self.n = Int(0, 2)"]
    w.lines += ["        self.flag = Array(Bool(), self.p)", "        self.owner = Option(Pid(self.p))"]
    if w.chance(50):
        w.lines += ["    def init(self):", "        self.n = choose(0, 2)", "        self.a = choose(False, True)"]
    w.process("p", w.rng.choice((1, 2, 2, 2)))
    if w.second:
        w.process("q", 1)
    if w.chance(45):
        w.rule()
    default = w.fairness()
    for number in range(promises):
        w.promise(number)
    head = ["from gomodel import *", "", "class M(Model):", '    """Drawn."""', "", '    name = "drawn"']
    return "\n".join([*head, f"    fairness = [{default}]", *w.lines, ""])

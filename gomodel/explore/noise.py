"""Which conditions on both ends of a transition a step may raise: most steps change nothing that they speak of."""

from __future__ import annotations

from ..language import build as b
from ..language.terms import Term, leaves_of, rewrite, walk
from .alerts import Board, CompiledLeaf


class Noise:
    """Decides for each leaf, by rewriting what it leaves as it was."""

    def __init__(self, board: Board) -> None:
        self._conditions: dict[str, list[Term]] = {}  # of each property that looks at both ends
        for group in board.of("pair"):
            for alert in group.alerts:
                assert alert.prop is not None
                self._conditions.setdefault(alert.prop.name, []).append(alert.condition)
        conditions = (c for each in self._conditions.values() for c in each)
        self._after = {c: frozenset(t.data for t in leaves_of([c], "next")) for c in conditions}
        self._labels: dict[tuple[Term, str], frozenset[int] | None] = {}
        self._quiet: dict[tuple[Term, frozenset[str]], bool] = {}

    def of(self, leaf: CompiledLeaf) -> list[str]:
        """The properties of which the leaf may raise an alert."""
        return [name for name, conditions in self._conditions.items() if any(self._may(leaf, c) for c in conditions)]

    def _may(self, leaf: CompiledLeaf, condition: Term) -> bool:
        after, pc = self._after[condition], f"{leaf.action.kind}.pc" if leaf.action.kind else ""
        changed = {n for n, _ in leaf.leaf.updates} | {n for n, _ in leaf.leaf.locals}
        if pc in after and self._tells_apart(condition, pc, leaf):
            changed.add(pc)
        return not self._is_quiet(condition, frozenset(changed & after))

    def _tells_apart(self, condition: Term, pc: str, leaf: CompiledLeaf) -> bool:
        """Whether it matters for ``condition`` that the process goes on to another label."""
        key = condition, pc
        if key not in self._labels:
            self._labels[key] = _compared(condition, pc)
        labels = self._labels[key]
        return labels is None or any((label == leaf.leaf.target) != (label == leaf.action.pc) for label in labels)

    def _is_quiet(self, condition: Term, changed: frozenset[str]) -> bool:
        """Whether ``condition`` is false for every transition that changes at most these variables."""
        key = condition, changed
        if key not in self._quiet:

            def same(t: Term) -> Term | None:
                return b.var(t.data, t.sort) if t.op == "next" and t.data not in changed else None

            self._quiet[key] = rewrite(condition, same) is b.FALSE
        return self._quiet[key]


def _compared(condition: Term, pc: str) -> frozenset[int] | None:
    """The program counters that ``condition`` compares with where processes stand afterwards; None: it does more."""

    def after(t: Term) -> bool:
        return t.op == "select" and t.args[0].op == "next" and t.args[0].data == pc

    found = set()
    for t in walk([condition]):
        if any(a.op == "next" and a.data == pc for a in t.args) and not after(t):
            return None
        for k, a in enumerate(t.args):
            if after(a):
                other = t.args[1 - k] if t.op == "eq" else t
                if other.op != "const":
                    return None
                found.add(other.data)
    return frozenset(found)

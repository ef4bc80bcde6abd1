"""The LLVM module of a transition system: successors, properties and coverage, one function per process kind.

The kernels call three functions of it::

    i64  expand(states, index, out, ways, n, board)  append the successors of a state, behind n others, with their ways
    i64  judge(states, index, board)                 report what holds, or fails, in a new state
    i64  promise(states, index, number)              whether a promise's premise (1) and conclusion (2) hold in a state

``step_K`` gives the successors by one process, ``rule_R`` by a rule; ``pair_N`` looks at both ends of a transition for
one property, where the step may break it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..language import build as b
from ..language.domains import Domain
from ..language.system import Action, Kind, TransitionSystem
from ..language.terms import Term
from ..run.promises import Promise
from . import packed
from .alerts import EVENTS, Board, Group
from .assembly import Bit, Code, Word
from .layout import Layout
from .noise import Noise
from .steps import MOVED, STUCK, StepWriter, load_words, successors_of
from .term_shapes import Shapes
from .values import Process, Values


class Program:
    """Generates the module's text.  Raises UsageError for what 64 bits cannot hold."""

    def __init__(self, system: TransitionSystem, layout: Layout, board: Board, promises: list[Promise]) -> None:
        self.system, self.layout, self.board, self.promises = system, layout, board, promises
        self.shapes = Shapes(layout)
        self.tables: dict[tuple[int, ...], str] = {}
        self.noise = Noise(board)
        self._pairs: dict[str, str] = {}  # property → the function that looks at both ends of a transition for it
        self.functions: list[str] = []
        self.most = 0  # successors of one state, at most

    def text(self) -> str:
        calls = []
        for kind in self.system.kinds.values():
            if kind.hi >= kind.lo:
                self._step(kind)
                calls += [(f"step_{kind.name}", number) for number in range(kind.lo, kind.hi + 1)]
        for number, rule in enumerate(self.system.rules.values()):
            self._rule(rule, f"rule_{number}")
            calls.append((f"rule_{number}", 0))
        for kind in self.system.kinds.values():
            self.most += max(map(successors_of, kind.actions.values()), default=0) * max(kind.hi - kind.lo + 1, 0)
        self.most += sum(map(successors_of, self.system.rules.values()))
        self._expand(calls)
        self._watch("judge", "state", "ptr %states, i64 %index, ptr %board")
        for prop, name in self._pairs.items():
            self._watch(name, "pair", "ptr %states, i64 %index, ptr %after, ptr %board", prop)
        self._promise()
        tables = [
            f"{name} = private unnamed_addr constant [{len(t)} x i64] [{', '.join(f'i64 {v}' for v in t)}]"
            for t, name in self.tables.items()
        ]
        return "\n".join([*tables, self._event(), *self.functions, '!0 = !{!"branch_weights", i32 1, i32 4000}'])

    def _define(self, head: str, code: Code) -> None:
        self.functions.append("\n".join([f"define internal {head} {{", "entry:", *code.lines, "}"]))

    # --- the board -------------------------------------------------------------------------------------------

    def _event(self) -> str:
        events = self.board.events
        return f"""define internal void @event(ptr %board, i64 %group, i64 %bits, i64 %index) noinline cold {{
  %at = getelementptr i64, ptr %board, i64 {EVENTS}
  %n = load i64, ptr %at
  %more = add i64 %n, 1
  store i64 %more, ptr %at
  %off = mul i64 %n, 3
  %first = add i64 %off, {events}
  %second = add i64 %off, {events + 1}
  %third = add i64 %off, {events + 2}
  %p = getelementptr i64, ptr %board, i64 %first
  store i64 %group, ptr %p
  %q = getelementptr i64, ptr %board, i64 %second
  store i64 %bits, ptr %q
  %r = getelementptr i64, ptr %board, i64 %third
  store i64 %index, ptr %r
  ret void
}}"""

    def _load_states(self, code: Code) -> list[Word]:
        width = self.layout.words
        base = code.op(f"mul i64 %index, {width}")
        pointer = code.op(f"getelementptr i64, ptr %states, i64 {base}")
        return load_words(code, pointer, width)

    def _raise(self, code: Code, group: Group, conditions: Iterable[tuple[int, Bit]], index: str) -> None:
        """Report those alerts of ``group`` that hold and are still wanted."""
        place = code.op(f"getelementptr i64, ptr %board, i64 {self.board.wanted + group.number}")
        wanted = code.effect(f"load i64, ptr {place}")
        bits: Word = 0
        for at, condition in conditions:
            bits = code.bor(bits, code.shl(code.word(condition), at))
        new = code.band(bits, wanted)
        with code.when(code.ne(new, 0), unlikely=True):
            left = code.band(wanted, code.bxor(new, -1))
            code.line(f"store i64 {left}, ptr {place}")
            code.line(f"call void @event(ptr %board, i64 {group.number}, i64 {new}, i64 {index})")

    def pair(self, prop: str) -> str:
        """The function that looks for the alerts of a property that looks at both ends."""
        return self._pairs.setdefault(prop, f"pair_{len(self._pairs)}")

    def _watch(self, name: str, scope: str, parameters: str, only: str = "") -> None:
        """A function that looks for the alerts of a scope, ``only`` of one property where it is given.

        A group is skipped once all of it was seen.
        """
        code = Code()
        words = self._load_states(code)
        after = load_words(code, "%after", self.layout.words) if scope == "pair" else None
        values = Values(code, self.shapes, words, after)
        for group in self.board.of(scope):
            alerts = [(k, a) for k, a in enumerate(group.alerts) if not only or (a.prop and a.prop.name == only)]
            if not alerts:
                continue
            place = code.op(f"getelementptr i64, ptr %board, i64 {self.board.wanted + group.number}")
            some = code.effect(f"load i64, ptr {place}")
            with code.when(code.ne(some, 0)), values.scope():
                self._raise(code, group, ((k, values.bit(a.condition)) for k, a in alerts), "%index")
        code.line("ret i64 0")
        self._define(f"i64 @{name}({parameters})", code)

    def _promise(self) -> None:
        code = Code()
        words = self._load_states(code)
        values = Values(code, self.shapes, words)
        labels = [code.label("promise") for _ in self.promises]
        none = code.label("none")
        cases = " ".join(f"i64 {k}, label %{label}" for k, label in enumerate(labels))
        code.line(f"switch i64 %number, label %{none} [{cases}]")
        for label, promise in zip(labels, self.promises, strict=True):
            code.begin(label)
            with values.scope():
                due, kept = (code.word(values.bit(t)) for t in (promise.premise, promise.conclusion))
                code.line(f"ret i64 {code.bor(due, code.shl(kept, 1))}")
        code.begin(none)
        code.line("ret i64 0")
        self._define("i64 @promise(ptr %states, i64 %index, i64 %number)", code)

    # --- successors ------------------------------------------------------------------------------------------

    def _expand(self, calls: list[tuple[str, int]]) -> None:
        code = Code()
        base = code.op(f"mul i64 %index, {self.layout.words}")
        state = code.op(f"getelementptr i64, ptr %states, i64 {base}")
        n: Word = "%n"
        status: Word = 0
        for function, number in calls:
            arguments = f"ptr %states, i64 %index, ptr {state}, ptr %out, ptr %ways, i64 {n}, i64 {number}, ptr %board"
            both = code.effect(f"call {{i64, i64}} @{function}({arguments})")
            n = code.effect(f"extractvalue {{i64, i64}} {both}, 0")
            status = code.bor(status, code.effect(f"extractvalue {{i64, i64}} {both}, 1"))
        with code.when(code.eq(code.band(status, MOVED), 0), unlikely=True):
            words = self._load_states(code)
            values = Values(code, self.shapes, words)
            stuck = code.ne(code.band(status, STUCK), 0)
            for group in self.board.of("rest"):
                self._raise(code, group, self._at_rest(values, group, stuck), "%index")
        code.line(f"ret i64 {n}")
        self._define("i64 @expand(ptr %states, i64 %index, ptr %out, ptr %ways, i64 %n, ptr %board)", code)

    def _at_rest(self, values: Values, group: Group, stuck: Bit) -> Iterable[tuple[int, Bit]]:
        """A deadlock where a process is stuck, else ``@terminal`` must hold."""
        code = values.code
        for k, alert in enumerate(group.alerts):
            if alert.what == "deadlock":
                yield k, stuck
            else:
                yield k, code.bit_and(code.bit_not(stuck), values.bit(alert.condition))

    def _step(self, kind: Kind) -> None:
        code = Code()
        writer = StepWriter(self, code)
        records = self.layout.records[kind.name]
        p = code.sub("%self", kind.lo)
        homes = [
            (self._table(code, p, [x.word for x in part]), self._table(code, p, [x.shift for x in part]))
            for part in records.parts
        ]
        parts = [
            code.field(self._word_at(code, writer.words, word), shift, bits)
            for (word, shift), bits in zip(homes, records.widths, strict=True)
        ]
        me = Process(kind.name, "%self", parts)
        writer.values.me = me
        pc = packed.as_words(code, records.shapes[kind.pc_name], writer.values.value(_own_pc(self.system, kind)))[0]
        labels = {number: code.label("at") for number in kind.actions}
        done = code.label("done")
        cases = " ".join(f"i64 {number}, label %{label}" for number, label in labels.items())
        code.line(f"switch i64 {pc}, label %{done} [{cases}]")
        for number, label in labels.items():
            code.begin(label)
            with writer.values.scope():
                writer.action(kind.actions[number], homes)
            code.line(writer.verdict(kind.actions[number]))
        code.begin(done)
        code.line(writer.returns("%n", 0))
        self._define(f"{{i64, i64}} @step_{kind.name}({_PARAMETERS})", code)

    def _rule(self, rule: Action, name: str) -> None:
        code = Code()
        writer = StepWriter(self, code)
        writer.action(rule, [])
        code.line(writer.verdict(rule))
        self._define(f"{{i64, i64}} @{name}({_PARAMETERS})", code)

    def _table(self, code: Code, at: Word, values: list[int]) -> Word:
        """``values[at]``."""
        if len(set(values)) == 1:
            return values[0]
        name = self.tables.setdefault(tuple(values), f"@table{len(self.tables)}")
        pointer = code.op(f"getelementptr i64, ptr {name}, i64 {at}")
        return code.op(f"load i64, ptr {pointer}")

    def _word_at(self, code: Code, words: list[Word], at: Word) -> Word:
        if isinstance(at, int):
            return words[at]
        return code.op(f"load i64, ptr {code.op(f'getelementptr i64, ptr %state, i64 {at}')}")


_PARAMETERS = "ptr %states, i64 %index, ptr %state, ptr %out, ptr %ways, i64 %n, i64 %self, ptr %board"


def _own_pc(system: TransitionSystem, kind: Kind) -> Term:
    domain: Domain = system.variables[kind.pc_name].domain
    return b.select(b.var(kind.pc_name, domain), b.leaf("self", kind.name, domain.index))  # type: ignore[attr-defined]

"""The LLVM module of a transition system: successors, properties and coverage, one function per process kind.

The search kernel calls two functions of it::

    i64  expand(states, index, out, n, board)    append the successors of a state to out, behind n others
    i64  judge(states, index, board)             report what holds, or fails, in a new state

``step_K`` gives the successors by one process, ``rule_R`` by a rule, ``pair`` looks at both ends of a transition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ..language import build as b
from ..language.domains import Domain
from ..language.system import Action, Kind, Leaf, TransitionSystem
from ..language.terms import Term, leaves_of, rewrite
from . import packed
from .alerts import EVENTS, Board, CompiledLeaf, Group, action_key
from .assembly import Bit, Code, Word, mask, signed
from .layout import Layout, Place
from .shapes import Truth, shape_of
from .values import Process, Shapes, Values

MOVED, STUCK = 1, 2  # what a process says of itself: it can step; it neither can nor may rest


class Program:
    """Generates the module's text.  Raises UsageError for what 64 bits cannot hold."""

    def __init__(self, system: TransitionSystem, layout: Layout, board: Board) -> None:
        self.system, self.layout, self.board = system, layout, board
        self.shapes = Shapes(layout)
        self.tables: dict[tuple[int, ...], str] = {}
        self._quiet: dict[tuple[Term, frozenset[str]], bool] = {}
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
            self.most += max(map(_successors, kind.actions.values()), default=0) * max(kind.hi - kind.lo + 1, 0)
        self.most += sum(map(_successors, self.system.rules.values()))
        self._expand(calls)
        self._watch("judge", "state", "ptr %states, i64 %index, ptr %board")
        if self.board.of("pair"):
            self._watch("pair", "pair", "ptr %states, i64 %index, ptr %after, ptr %board")
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
        return _load_words(code, pointer, width)

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

    def _watch(self, name: str, scope: str, parameters: str) -> None:
        """A function that looks for the alerts of a scope; a group is skipped once all of it was seen."""
        code = Code()
        words = self._load_states(code)
        after = _load_words(code, "%after", self.layout.words) if scope == "pair" else None
        values = Values(code, self.shapes, words, after)
        for group in self.board.of(scope):
            place = code.op(f"getelementptr i64, ptr %board, i64 {self.board.wanted + group.number}")
            some = code.effect(f"load i64, ptr {place}")
            with code.when(code.ne(some, 0)), values.scope():
                self._raise(code, group, ((k, values.bit(a.condition)) for k, a in enumerate(group.alerts)), "%index")
        code.line("ret i64 0")
        self._define(f"i64 @{name}({parameters})", code)

    # --- successors ------------------------------------------------------------------------------------------

    def _expand(self, calls: list[tuple[str, int]]) -> None:
        code = Code()
        base = code.op(f"mul i64 %index, {self.layout.words}")
        state = code.op(f"getelementptr i64, ptr %states, i64 {base}")
        n: Word = "%n"
        status: Word = 0
        for function, number in calls:
            arguments = f"ptr %states, i64 %index, ptr {state}, ptr %out, i64 {n}, i64 {number}, ptr %board"
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
        self._define("i64 @expand(ptr %states, i64 %index, ptr %out, i64 %n, ptr %board)", code)

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
        writer = _Writer(self, code)
        records = self.layout.records[kind.name]
        p = code.sub("%self", kind.lo)
        homes = [(self._table(code, p, [x.word for x in r]), self._table(code, p, [x.shift for x in r]), r[0].bits)
                 for r in records.parts]  # fmt: skip
        parts = [code.field(self._word_at(code, writer.words, word), shift, bits) for word, shift, bits in homes]
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
                writer.action(kind.actions[number], records.chunks, homes)
            code.line(writer.verdict(kind.actions[number]))
        code.begin(done)
        code.line(writer.returns("%n", 0))
        self._define(f"{{i64, i64}} @step_{kind.name}({_PARAMETERS})", code)

    def _rule(self, rule: Action, name: str) -> None:
        code = Code()
        writer = _Writer(self, code)
        writer.action(rule, {}, [])
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

    def quiet(self, condition: Term, changed: frozenset[str]) -> bool:
        """Whether ``condition`` is false for every transition that changes at most these variables."""
        key = condition, changed
        if key not in self._quiet:

            def same(t: Term) -> Term | None:
                return b.var(t.data, t.sort) if t.op == "next" and t.data not in changed else None

            self._quiet[key] = rewrite(condition, same) is b.FALSE
        return self._quiet[key]


_PARAMETERS = "ptr %states, i64 %index, ptr %state, ptr %out, i64 %n, i64 %self, ptr %board"


def _load_words(code: Code, pointer: str, width: int) -> list[Word]:
    pointers = [code.op(f"getelementptr i64, ptr {pointer}, i64 {k}") for k in range(width)]
    return [code.op(f"load i64, ptr {p}") for p in pointers]


def _own_pc(system: TransitionSystem, kind: Kind) -> Term:
    domain: Domain = system.variables[kind.pc_name].domain
    return b.select(b.var(kind.pc_name, domain), b.leaf("self", kind.name, domain.index))  # type: ignore[attr-defined]


def _picks(leaf: Leaf) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(c.term for c in leaf.choices if isinstance(c.term, Term) and c.term.op == "pick"))


def _successors(action: Action) -> int:
    """How many successors ``action`` may have."""
    total = 0
    for leaf in action.leaves:
        if leaf.kind == "commit":
            ways = 1
            for pick in _picks(leaf):
                ways *= len(list(pick.data[1].values()))
            total += ways
    return total


class _Writer:
    """Writes the steps of one process kind, or of a rule."""

    def __init__(self, program: Program, code: Code) -> None:
        self.program, self.code = program, code
        self.layout, self.board = program.layout, program.board
        self.words = _load_words(code, "%state", self.layout.words)
        self.values = Values(code, program.shapes, self.words)
        self.count, self.hit = code.slot(), code.slot()  # successors so far; whether an error or fatal was met
        code.line(f"store i64 %n, ptr {self.count}")
        code.line(f"store i64 0, ptr {self.hit}")
        self.changed_next = {
            t.data for g in self.board.of("pair") for a in g.alerts for t in leaves_of([a.condition], "next")
        }

    def returns(self, n: Word, status: Word) -> str:
        one = self.code.effect(f"insertvalue {{i64, i64}} poison, i64 {n}, 0")
        return "ret {i64, i64} " + self.code.effect(f"insertvalue {{i64, i64}} {one}, i64 {status}, 1")

    def verdict(self, action: Action) -> str:
        """Return the number of successors and whether the process can move."""
        code = self.code
        n = code.effect(f"load i64, ptr {self.count}")
        if action.step.rest is True:
            return self.returns(n, 0)
        hit = code.effect(f"load i64, ptr {self.hit}")
        able = code.bit_or(code.ne(n, "%n"), code.ne(hit, 0))
        otherwise = STUCK if action.kind and action.step.rest != "blocked" else 0
        return self.returns(n, code.select(able, MOVED, otherwise))

    def action(self, action: Action, chunks: dict[str, list[Place]], homes: list[tuple[Word, Word, int]]) -> None:
        groups: dict[tuple[Term, ...], list[CompiledLeaf]] = {}
        for leaf in self.board.by_action[action_key(action)]:
            groups.setdefault(_picks(leaf.leaf), []).append(leaf)
        for picks, leaves in groups.items():
            self._draw(list(picks), partial(self._leaves, leaves, chunks, homes))

    def _draw(self, picks: list[Term], inside: Callable[[], None]) -> None:
        """A loop over the values of each pick."""
        if not picks:
            with self.values.scope():
                inside()
            return
        code, (position, domain) = self.code, picks[0].data
        numbers = [int(v) for v in domain.values()]
        slot = code.slot()
        code.line(f"store i64 {numbers[0]}, ptr {slot}")
        body, after = code.label("draw"), code.label("drawn")
        code.jump(body)
        code.begin(body)
        with self.values.scope():
            at = code.effect(f"load i64, ptr {slot}")
            self.values.picks[position] = code.low_bit(at) if isinstance(shape_of(domain), Truth) else at
            self._draw(picks[1:], inside)
            following = code.add(at, 1)
            code.line(f"store i64 {following}, ptr {slot}")
            code.branch(code.sle(following, numbers[-1]), body, after)
        code.begin(after)

    def _leaves(
        self, leaves: list[CompiledLeaf], chunks: dict[str, list[Place]], homes: list[tuple[Word, Word, int]]
    ) -> None:
        guards = [self.values.bit(leaf.leaf.guard) for leaf in leaves]  # what they share is computed once
        for leaf, guard in zip(leaves, guards, strict=True):
            with self.code.when(guard, unlikely=leaf.leaf.kind != "commit"), self.values.scope():
                if leaf.leaf.kind == "commit":
                    self._commit(leaf, chunks, homes)
                else:
                    self._fail(leaf)

    def _pending(self, leaf: CompiledLeaf) -> tuple[str, Bit]:
        code = self.code
        place = code.op(f"getelementptr i8, ptr %board, i64 {8 * self.board.pending + leaf.number}")
        return place, code.ne(self._load_byte(place), 0)

    def _load_byte(self, place: str) -> Word:
        return self.code.effect(f"zext i8 {self.code.effect(f'load i8, ptr {place}')} to i64")

    def _fail(self, leaf: CompiledLeaf) -> None:
        code = self.code
        code.line(f"store i64 1, ptr {self.hit}")
        place, pending = self._pending(leaf)
        with code.when(pending):
            code.line(f"store i8 0, ptr {place}")
            code.line(f"call void @event(ptr %board, i64 {-1 - leaf.number}, i64 0, i64 %index)")

    def _commit(self, leaf: CompiledLeaf, chunks: dict[str, list[Place]], homes: list[tuple[Word, Word, int]]) -> None:
        code, width = self.code, self.layout.words
        n = code.effect(f"load i64, ptr {self.count}")
        start = code.op(f"getelementptr i64, ptr %out, i64 {code.mul(n, width)}")
        words = self._fields_after(leaf.leaf)
        moved = self._record_after(leaf, chunks, homes)
        for (word, shift, _), delta in zip(homes, moved, strict=True):
            if isinstance(word, int):
                words[word] = code.bxor(words[word], code.shl(delta, shift))
        for k, value in enumerate(words):
            code.line(f"store i64 {value}, ptr {code.op(f'getelementptr i64, ptr {start}, i64 {k}')}")
        for (word, shift, _), delta in zip(homes, moved, strict=True):
            if not isinstance(word, int) and delta != 0:
                place = code.op(f"getelementptr i64, ptr {start}, i64 {word}")
                new = code.bxor(code.effect(f"load i64, ptr {place}"), code.shl(delta, shift))
                code.line(f"store i64 {new}, ptr {place}")
        code.line(f"store i64 {code.add(n, 1)}, ptr {self.count}")
        place, pending = self._pending(leaf)
        with code.when(pending, unlikely=True), self.values.scope():
            self._cover(leaf, place)
        changed = frozenset(self._changed(leaf) & self.changed_next)
        alerts = [a for g in self.board.of("pair") for a in g.alerts]
        if any(not self.program.quiet(a.condition, changed) for a in alerts):
            code.line(f"call i64 @pair(ptr %states, i64 %index, ptr {start}, ptr %board)")

    def _changed(self, leaf: CompiledLeaf) -> set[str]:
        names = {n for n, _ in leaf.leaf.updates} | {n for n, _ in leaf.leaf.locals}
        return names | ({f"{leaf.action.kind}.pc"} if leaf.action.kind else set())

    def _fields_after(self, leaf: Leaf) -> list[Word]:
        """The state's words with the leaf's new values of fields."""
        code = self.code
        holes: dict[int, int] = {}
        filled: dict[int, Word] = {}
        for name, term in leaf.updates:
            if term.op == "var" and term.data == name:
                continue
            new = self.values.words_of(term, self.layout.shapes[name])
            for place, value in zip(self.layout.fields[name], new, strict=True):
                holes[place.word] = holes.get(place.word, 0) | mask(place.bits) << place.shift
                filled[place.word] = code.bor(filled.get(place.word, 0), code.shl(value, place.shift))
        words = list(self.words)
        for word, hole in holes.items():
            words[word] = code.bor(code.band(words[word], signed(~hole)), filled[word])
        return words

    def _record_after(
        self, leaf: CompiledLeaf, chunks: dict[str, list[Place]], homes: list[tuple[Word, Word, int]]
    ) -> list[Word]:
        """For each part of the stepping process's record, the bits that change."""
        code = self.code
        if leaf.action.kind is None:
            return []
        assert self.values.me is not None
        kind = self.program.system.kinds[leaf.action.kind]
        records = self.layout.records[kind.name]
        kept: dict[str, None] = {}
        new: list[tuple[str, tuple[Word, ...]]] = []
        if leaf.leaf.target == leaf.action.pc:
            kept[kind.pc_name] = None
        else:
            new.append((kind.pc_name, (leaf.leaf.target,)))
        assigned = dict(leaf.leaf.locals)
        for name in sorted(records.stored[leaf.leaf.target]):
            if name in assigned:
                new.append((name, self.values.words_of(assigned[name], records.shapes[name])))
            elif name in records.stored[leaf.action.pc]:
                kept[name] = None
            else:
                new.append((name, tuple(records.shapes[name].pack(kind.locals[name].default()))))
        holes = [mask(bits) for bits in records.widths]
        filled: list[Word] = [0] * len(homes)
        for name in kept:
            for chunk in chunks[name]:
                holes[chunk.word] &= ~(mask(chunk.bits) << chunk.shift)
        for name, values in new:
            for chunk, value in zip(chunks[name], values, strict=True):
                filled[chunk.word] = code.bor(filled[chunk.word], code.shl(value, chunk.shift))
        old = self.values.me.parts
        return [
            code.bxor(code.band(part, signed(hole)), value)
            for part, hole, value in zip(old, holes, filled, strict=True)
        ]

    def _cover(self, leaf: CompiledLeaf, pending: str) -> None:
        """Note that the leaf was taken, and which of its branches; once all were, it is no longer looked at."""
        code, base = self.code, 8 * self.board.covered
        code.line(f"store i8 1, ptr {code.op(f'getelementptr i8, ptr %board, i64 {base + leaf.number}')}")
        left: Bit = False
        for number, _, condition in leaf.covers:
            place = code.op(f"getelementptr i8, ptr %board, i64 {base + len(self.board.leaves) + number}")
            seen = code.bor(self._load_byte(place), code.word(self.values.bit(condition)))
            code.line(f"store i8 {self._byte(seen)}, ptr {place}")
            left = code.bit_or(left, code.eq(seen, 0))
        code.line(f"store i8 {self._byte(code.word(left))}, ptr {pending}")

    def _byte(self, word: Word) -> Word:
        return word if isinstance(word, int) else self.code.effect(f"trunc i64 {word} to i8")

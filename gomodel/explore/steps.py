"""LLVM code for the steps of one process kind, or of a rule: guards, the states after, and what is noted of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..language.system import Action, Leaf, picks_of
from ..language.terms import Term
from .alerts import CompiledLeaf, action_key
from .assembly import Bit, Code, Word, mask, signed
from .shapes import Truth, shape_of
from .values import Values

if TYPE_CHECKING:
    from .program import Program

Home = tuple[Word, Word]  # word and shift of a part of the process's record
MOVED, STUCK = 1, 2  # what a process says of itself: it can step; it neither can nor may rest


def load_words(code: Code, pointer: str, width: int) -> list[Word]:
    pointers = [code.op(f"getelementptr i64, ptr {pointer}, i64 {k}") for k in range(width)]
    return [code.op(f"load i64, ptr {p}") for p in pointers]


def successors_of(action: Action) -> int:
    """How many successors ``action`` may have."""
    total = 0
    for leaf in action.leaves:
        if leaf.kind == "commit":
            ways = 1
            for pick in picks_of(leaf):
                ways *= len(list(pick.data[1].values()))
            total += ways
    return total


class StepWriter:
    """Writes the steps of one process kind, or of a rule."""

    def __init__(self, program: Program, code: Code) -> None:
        self.program, self.code = program, code
        self.layout, self.board = program.layout, program.board
        self.words = load_words(code, "%state", self.layout.words)
        self.values = Values(code, program.shapes, self.words)
        self.count, self.hit = code.slot(), code.slot()  # successors so far; whether an error or fatal was met
        code.line(f"store i64 %n, ptr {self.count}")
        code.line(f"store i64 0, ptr {self.hit}")

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

    def action(self, action: Action, homes: list[Home]) -> None:
        """The ways through ``action``; ``homes`` are where the parts of the process's record lie."""
        groups: dict[tuple[Term, ...], list[CompiledLeaf]] = {}
        for leaf in self.board.by_action[action_key(action)]:
            groups.setdefault(picks_of(leaf.leaf), []).append(leaf)
        for picks, leaves in groups.items():
            self._draw(list(picks), partial(self._leaves, leaves, homes))

    def _draw(self, picks: list[Term], inside: Callable[[], None]) -> None:
        """A loop over the values of each pick."""
        if not picks:
            with self.values.scope():
                inside()
            return
        code, (position, domain) = self.code, picks[0].data
        numbers = [int(v) for v in domain.values()]
        if not numbers:  # the choice is among the processes of a kind that has none: there is no way through
            return
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

    def _leaves(self, leaves: list[CompiledLeaf], homes: list[Home]) -> None:
        guards = [self.values.bit(leaf.leaf.guard) for leaf in leaves]  # what they share is computed once
        for leaf, guard in zip(leaves, guards, strict=True):
            with self.code.when(guard, unlikely=leaf.leaf.kind != "commit"), self.values.scope():
                if leaf.leaf.kind == "commit":
                    self._commit(leaf, homes)
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

    def _commit(self, leaf: CompiledLeaf, homes: list[Home]) -> None:
        code, width = self.code, self.layout.words
        n = code.effect(f"load i64, ptr {self.count}")
        start = code.op(f"getelementptr i64, ptr %out, i64 {code.mul(n, width)}")
        words = self._fields_after(leaf.leaf)
        moved = self._record_after(leaf, homes)
        for (word, shift), delta in zip(homes, moved, strict=True):
            if isinstance(word, int):
                words[word] = code.bxor(words[word], code.shl(delta, shift))
        for k, value in enumerate(words):
            code.line(f"store i64 {value}, ptr {code.op(f'getelementptr i64, ptr {start}, i64 {k}')}")
        for (word, shift), delta in zip(homes, moved, strict=True):
            if not isinstance(word, int) and delta != 0:
                place = code.op(f"getelementptr i64, ptr {start}, i64 {word}")
                new = code.bxor(code.effect(f"load i64, ptr {place}"), code.shl(delta, shift))
                code.line(f"store i64 {new}, ptr {place}")
        place = code.op(f"getelementptr i32, ptr %ways, i64 {n}")
        code.line(f"store i32 {code.narrow(self._way(leaf), 32)}, ptr {place}")
        code.line(f"store i64 {code.add(n, 1)}, ptr {self.count}")
        place, pending = self._pending(leaf)
        with code.when(pending, unlikely=True), self.values.scope():
            self._cover(leaf, place)
        for prop in self.program.noise.of(leaf):
            code.line(f"call i64 @{self.program.pair(prop)}(ptr %states, i64 %index, ptr {start}, ptr %board)")

    def _way(self, leaf: CompiledLeaf) -> Word:
        """The number of this way through the step: see ``CompiledLeaf``."""
        code, kind = self.code, leaf.action.kind
        way: Word = leaf.way
        if kind is not None:
            number = code.sub("%self", self.program.system.kinds[kind].lo)
            way = code.add(way, code.mul(number, leaf.variants))
        for k, (_, condition) in enumerate(leaf.outcomes):
            way = code.add(way, code.shl(code.word(self.values.bit(condition)), k))
        return way

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

    def _record_after(self, leaf: CompiledLeaf, homes: list[Home]) -> list[Word]:
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
                new.append((name, tuple(map(signed, records.shapes[name].pack(kind.locals[name].default())))))
        holes = [mask(bits) for bits in records.widths]
        filled: list[Word] = [0] * len(homes)
        for name in kept:
            for chunk in records.chunks[name]:
                holes[chunk.word] &= ~(mask(chunk.bits) << chunk.shift)
        for name, values in new:
            for chunk, value in zip(records.chunks[name], values, strict=True):
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
            code.line(f"store i8 {code.narrow(seen, 8)}, ptr {place}")
            left = code.bit_or(left, code.eq(seen, 0))
        code.line(f"store i8 {code.narrow(code.word(left), 8)}, ptr {pending}")

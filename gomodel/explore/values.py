"""LLVM code for terms: a walker over the DAG, each node computed once where its value is at hand.

The counterpart of ``run/pycode``: the same total operations on packed values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..language.domains import Domain, index_base, index_size
from ..language.terms import Term
from . import packed
from .assembly import Bit, Code, Word
from .layout import Place
from .packed import Value, Words, as_bit, as_tuple, as_word
from .shapes import Cells, Line, Maybe, Record, Shape, Truth, hull, shape_of
from .term_shapes import Shapes

QUANTIFIERS = ("forall", "exists", "count", "sum")
UNROLL = 32  # quantifiers that take more copies than this, with those around them, become loops
_NONE: frozenset[int] = frozenset()


class Process:
    """The process that takes a step: its number, and the parts of its record as words."""

    def __init__(self, kind: str, number: Word, parts: list[Word]) -> None:
        self.kind, self.number, self.parts = kind, number, parts


class Values:
    """Computes terms into ``code``.

    ``words`` are those of the state, ``after`` those of the next one where both are looked at; ``picks`` are the
    choices drawn so far, by position.
    """

    def __init__(
        self, code: Code, shapes: Shapes, words: list[Word], after: list[Word] | None = None, me: Process | None = None
    ) -> None:
        self.code, self.shapes, self.layout = code, shapes, shapes.layout
        self.words, self.after, self.me = words, after, me
        self.picks: dict[int, Value] = {}
        self._bound: dict[int, Value] = {}
        self._memo: list[dict[Term, Value]] = [{}]
        self._open_memo: dict[Term, Value] = {}
        self._free: dict[Term, frozenset[int]] = {}
        self._copies = 1  # of what is emitted, by the quantifiers unrolled around it

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Values computed inside are not at hand behind."""
        self._memo.append({})
        with self.code.scope():
            yield
        self._memo.pop()

    def bit(self, term: Term) -> Bit:
        value = self.value(term)
        assert isinstance(value, bool | str)
        return value

    def word(self, term: Term) -> Word:
        value = self.value(term)
        assert not isinstance(value, tuple)
        return value

    def words_of(self, term: Term, shape: Shape) -> Words:
        """The bits that store the term's value in ``shape``."""
        value = packed.convert(self.code, self.value(term), self.shapes.of(term), shape)
        return packed.as_words(self.code, shape, value)

    def value(self, term: Term) -> Value:
        stack = [(term, False)]
        while stack:
            t, ready = stack.pop()
            if self._find(t) is not None:
                continue
            if ready:
                (self._open_memo if self._is_open(t) else self._memo[-1])[t] = self._emit(t)
                continue
            stack.append((t, True))
            if t.op not in QUANTIFIERS:
                args = t.args[1:] if self._local(t) else t.args
                stack.extend((a, False) for a in reversed(args))
        found = self._find(term)
        assert found is not None
        return found

    def _find(self, term: Term) -> Value | None:
        found = self._open_memo.get(term)
        if found is not None:
            return found
        for memo in reversed(self._memo):
            found = memo.get(term)
            if found is not None:
                return found
        return None

    def _is_open(self, term: Term) -> bool:
        """Whether the variable of an enclosing quantifier occurs in ``term``."""
        return bool(self._free_in(term))

    def _free_in(self, term: Term) -> frozenset[int]:
        known = self._free.get(term)
        if known is None:
            known = frozenset({term.data[0]}) if term.op == "bound" else _NONE.union(*map(self._free_in, term.args))
            if term.op in QUANTIFIERS:
                known -= {term.data[0]}
            self._free[term] = known
        return known

    # --- nodes -----------------------------------------------------------------------------------------------

    def _emit(self, t: Term) -> Value:
        code = self.code
        match t.op:
            case "const":
                return packed.constant(self.shapes.of(t), t.data)
            case "var" | "next":
                return self._variable(t)
            case "self":
                assert self.me is not None
                return self.me.number
            case "pick":
                return self.picks[t.data[0]]
            case "bound":
                return self._bound[t.data[0]]
            case "forall" | "exists" | "count" | "sum":
                return self._quantifier(t)
            case "select" if self._local(t):
                return self._local_of(t)
        args = [self.value(a) for a in t.args]
        match t.op:
            case "not":
                return code.bit_not(as_bit(args[0]))
            case "and" | "or":
                join = code.bit_and if t.op == "and" else code.bit_or
                joined = as_bit(args[0])
                for other in args[1:]:
                    joined = join(joined, as_bit(other))
                return joined
            case "eq":
                shape, (a, b) = self._common(t.args[0], t.args[1])
                return packed.equal(code, shape, a, b)
            case "ite":
                shape, (a, b) = self._common(t.args[1], t.args[2])
                return packed.choose(code, shape, as_bit(args[0]), a, b)
            case "lt":
                return code.slt(as_word(args[0]), as_word(args[1]))
            case "le":
                return code.sle(as_word(args[0]), as_word(args[1]))
            case "add":
                return code.add(as_word(args[0]), as_word(args[1]))
            case "mul":
                return code.mul(as_word(args[0]), as_word(args[1]))
            case "div":
                return code.divide(as_word(args[0]), as_word(args[1]))[0]
            case "mod":
                return code.divide(as_word(args[0]), as_word(args[1]))[1]
        return self._container(t, args)

    def _container(self, t: Term, args: list[Value]) -> Value:
        code, shape = self.code, self.shapes.of(t)
        old = self.shapes.of(t.args[0]) if t.args else shape
        match shape, old:
            case Record(), _ if t.op == "record":
                return packed.record(code, shape, args)
            case _, Record() if t.op == "field":
                return packed.part(code, old, as_tuple(args[0]), t.data)
            case Maybe(), _ if t.op == "some":
                return packed.some(code, shape, args[0])
            case _, Maybe() if t.op == "is_some":
                return packed.is_some(code, old, as_tuple(args[0]))
            case _, Maybe() if t.op == "get":
                return packed.get(code, old, as_tuple(args[0]))
            case _, Cells() if t.op == "select":
                return packed.select(code, old, as_tuple(args[0]), self._index(t.args[1]))
            case Cells(), Cells() if t.op == "store":
                words = self._as(t.args[0], shape)
                value = self._elem(t.args[2], shape.elem)
                return packed.store(code, shape, words, self._index(t.args[1]), value)
            case Cells(), _ if t.op == "fill":
                return packed.fill(code, shape, args[0])
            case Cells(), _ if t.op == "mkarray":
                return packed.array(code, shape, [self._elem(a, shape.elem) for a in t.args])
            case _, Line() if t.op == "len":
                return packed.length(code, old, as_tuple(args[0]))
            case _, Line() if t.op == "at":
                return packed.at(code, old, as_tuple(args[0]), as_word(args[1]))
            case Line(), Line():
                return self._sequence(t, shape, args)
        raise TypeError(f"no code for {t.op}")

    def _sequence(self, t: Term, shape: Line, args: list[Value]) -> Words:
        code, words = self.code, self._as(t.args[0], shape)
        match t.op:
            case "push":
                return packed.push(code, shape, words, self._elem(t.args[1], shape.elem))
            case "push_front":
                return packed.push_front(code, shape, words, self._elem(t.args[1], shape.elem))
            case "pop":
                return packed.pop(code, shape, words)
            case "pop_back":
                return packed.pop_back(code, shape, words)
            case "remove_at":
                return packed.remove_at(code, shape, words, as_word(args[1]))
            case "set_at":
                return packed.set_at(code, shape, words, as_word(args[1]), self._elem(t.args[2], shape.elem))
        raise TypeError(f"no code for {t.op}")

    def _index(self, term: Term) -> Word:
        """An index as a word: an array over Bool is indexed by a truth value."""
        value = self.value(term)
        return self.code.word(as_bit(value)) if isinstance(self.shapes.of(term), Truth) else as_word(value)

    def _common(self, *terms: Term) -> tuple[Shape, list[Value]]:
        """The values in one shape that holds them all."""
        shapes = [self.shapes.of(t) for t in terms]
        shape = shapes[0]
        for other in shapes[1:]:
            shape = hull(shape, other)
        return shape, [self._elem(t, shape) for t in terms]

    def _elem(self, term: Term, shape: Shape) -> Value:
        return packed.convert(self.code, self.value(term), self.shapes.of(term), shape)

    def _as(self, term: Term, shape: Shape) -> Words:
        return as_tuple(self._elem(term, shape))

    # --- state variables -------------------------------------------------------------------------------------

    def _variable(self, t: Term) -> Value:
        name, words = t.data, self._state(t)
        kind = self.layout.system.variables[name].kind
        if kind is None:
            chunks = tuple(self._chunk(words, place) for place in self.layout.fields[name])
            return packed.from_words(self.code, self.layout.shapes[name], chunks)
        shape = self.layout.shapes[name]
        assert isinstance(shape, Cells)
        return packed.array(self.code, shape, [self._cell_of(t, p) for p in range(shape.size)])

    def _state(self, variable: Term) -> list[Word]:
        if variable.op == "var":
            return self.words
        assert self.after is not None
        return self.after

    def _chunk(self, words: list[Word], place: Place) -> Word:
        return self.code.field(words[place.word], place.shift, place.bits)

    def _local(self, t: Term) -> bool:
        """Whether ``t`` is a local or program counter of one process."""
        array = t.args[0] if t.op == "select" else None
        if array is None or array.op not in ("var", "next"):
            return False
        return self.layout.system.variables[array.data].kind is not None

    def _local_of(self, t: Term) -> Value:
        variable, index = t.args
        kind = self.layout.system.variables[variable.data].kind
        records, shape = self.layout.records[kind or ""], self.layout.shapes[variable.data]
        assert isinstance(shape, Cells)
        if not records.chunks[variable.data]:  # never live
            return packed.constant(shape.elem, records.kind.locals[variable.data].default())
        if variable.op == "var" and index.op == "self" and self.me is not None and self.me.kind == kind:
            chunks = (self._chunk(self.me.parts, place) for place in records.chunks[variable.data])
            return packed.from_words(self.code, shape.elem, tuple(chunks))
        number = self.word(index)
        if isinstance(number, int) or records.count == 1:
            p = number - shape.base if isinstance(number, int) else 0
            known = 0 <= p < records.count
            return self._cell_of(variable, p) if known else packed.constant(shape.elem, _nothing(shape.elem))
        found = self._cell_of(variable, 0)
        for p in range(1, records.count):
            here = self.code.eq(number, shape.base + p)
            found = packed.choose(self.code, shape.elem, here, self._cell_of(variable, p), found)
        return found

    def _cell_of(self, variable: Term, p: int) -> Value:
        """A local of the ``p``-th process of its kind."""
        name, words = variable.data, self._state(variable)
        records = self.layout.records[self.layout.system.variables[name].kind or ""]
        chunks = []
        for chunk in records.chunks[name]:
            part = records.parts[chunk.word][p]
            chunks.append(self.code.field(words[part.word], part.shift + chunk.shift, chunk.bits))
        return packed.from_words(self.code, records.shapes[name], tuple(chunks))

    # --- quantifiers -----------------------------------------------------------------------------------------

    def _quantifier(self, t: Term) -> Value:
        depth, domain = t.data
        size = index_size(domain)
        if size * self._copies > UNROLL:
            return self._loop(t, depth, domain)
        result: Value = t.op == "forall" if t.op in ("forall", "exists") else 0
        outside = self._copies
        self._copies *= size
        for value in domain.values():
            with self._binding(depth, packed.constant(shape_of(domain), value)):
                result = self._accumulate(t.op, result, self.value(t.args[0]))
        self._copies = outside
        return result

    def _accumulate(self, op: str, so_far: Value, value: Value) -> Value:
        match op:
            case "forall":
                return self.code.bit_and(as_bit(so_far), as_bit(value))
            case "exists":
                return self.code.bit_or(as_bit(so_far), as_bit(value))
            case "count":
                return self.code.add(as_word(so_far), self.code.word(as_bit(value)))
        return self.code.add(as_word(so_far), as_word(value))

    @contextmanager
    def _binding(self, depth: int, value: Value) -> Iterator[None]:
        outside = self._bound, self._open_memo  # a closed quantifier inside another may have its depth
        self._bound, self._open_memo = {**self._bound, depth: value}, {}
        yield
        self._bound, self._open_memo = outside

    def _loop(self, t: Term, depth: int, domain: Domain) -> Value:
        """A quantifier over many values: a loop with the result so far in a slot."""
        code = self.code
        truth = t.op in ("forall", "exists")
        base = index_base(domain)
        slot, counter = code.slot(), code.slot()
        code.line(f"store i64 {int(t.op == 'forall')}, ptr {slot}")
        code.line(f"store i64 {base}, ptr {counter}")
        body, after = code.label("each"), code.label("next")
        code.jump(body)
        code.begin(body)
        with self.scope():
            at = code.effect(f"load i64, ptr {counter}")
            loaded = code.effect(f"load i64, ptr {slot}")
            so_far: Value = code.low_bit(loaded) if truth else loaded
            with self._binding(depth, code.low_bit(at) if isinstance(shape_of(domain), Truth) else at):
                result = self._accumulate(t.op, so_far, self.value(t.args[0]))
            code.line(f"store i64 {code.word(as_bit(result)) if truth else result}, ptr {slot}")
            following = code.add(at, 1)
            code.line(f"store i64 {following}, ptr {counter}")
            code.branch(code.slt(following, base + index_size(domain)), body, after)
        code.begin(after)
        found = code.effect(f"load i64, ptr {slot}")
        return code.low_bit(found) if truth else found


def _nothing(shape: Shape) -> Any:
    return shape.unpack([0] * len(shape.widths))

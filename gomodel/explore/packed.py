"""Operations on packed values: what ``shapes`` lays out, computed by LLVM code.

A value is a bit for ``Truth``, a word for ``Number``, else a tuple of words as wide as the shape.  Operations
are total: outside their domain they give some value that nothing depends on.
"""

from __future__ import annotations

from .assembly import Bit, Code, Word, mask, signed
from .shapes import Cells, Line, Maybe, Number, Record, Shape, Truth

Words = tuple[Word, ...]
Value = Bit | Word | Words


def constant(shape: Shape, plain: object) -> Value:
    if isinstance(shape, Truth):
        return bool(plain)
    if isinstance(shape, Number):
        assert isinstance(plain, int)
        return int(plain)
    return tuple(signed(w) for w in shape.pack(plain))


def as_words(code: Code, shape: Shape, value: Value) -> Words:
    """The bits that store ``value``."""
    if isinstance(shape, Truth):
        return (code.word(as_bit(value)),)
    if isinstance(shape, Number):
        return (code.sub(as_word(value), shape.lo),)
    return as_tuple(value)


def from_words(code: Code, shape: Shape, words: Words) -> Value:
    if isinstance(shape, Truth):
        return code.low_bit(words[0])
    if isinstance(shape, Number):
        return code.add(words[0], shape.lo)
    return words


def as_bit(value: Value) -> Bit:
    assert isinstance(value, bool | str)
    return value


def as_word(value: Value) -> Word:
    assert not isinstance(value, tuple)
    return value


def as_tuple(value: Value) -> Words:
    assert isinstance(value, tuple)
    return value


def equal(code: Code, shape: Shape, a: Value, b: Value) -> Bit:
    if isinstance(shape, Truth):
        return code.bit_eq(as_bit(a), as_bit(b))
    if isinstance(shape, Number):
        return code.eq(as_word(a), as_word(b))
    same: Bit = True
    for x, y in zip(as_tuple(a), as_tuple(b), strict=True):
        same = code.bit_and(same, code.eq(x, y))
    return same


def choose(code: Code, shape: Shape, condition: Bit, a: Value, b: Value) -> Value:
    if isinstance(shape, Truth):
        return code.bit_select(condition, as_bit(a), as_bit(b))
    if isinstance(shape, Number):
        return code.select(condition, as_word(a), as_word(b))
    return tuple(code.select(condition, x, y) for x, y in zip(as_tuple(a), as_tuple(b), strict=True))


def convert(code: Code, value: Value, old: Shape, new: Shape) -> Value:
    """The same value in another shape, which must be able to hold it."""
    if old == new or isinstance(new, Number):
        return value
    words = as_tuple(value)
    match old, new:
        case Maybe(), Maybe():
            inner = convert(code, get(code, old, words), old.elem, new.elem)
            full = some(code, new, inner)
            return choose(code, new, is_some(code, old, words), full, (0,) * len(full))
        case Record(), Record():
            parts = (part(code, old, words, k) for k in range(len(old.parts)))
            return record(code, new, [convert(code, v, o, n) for v, o, n in zip(parts, old.parts, new.parts)])  # noqa: B905
        case Cells(), Cells():
            cells = (select(code, old, words, old.base + k) for k in range(old.size))
            return array(code, new, [convert(code, v, old.elem, new.elem) for v in cells])
        case Line(), Line():
            return _convert_line(code, words, old, new)
    raise TypeError(f"{old} as {new}")


def _convert_line(code: Code, words: Words, old: Line, new: Line) -> Words:
    size = length(code, old, words)
    cells: list[Words] = []
    for k in range(new.capacity):
        if k >= old.capacity:
            cells.append((0,) * len(new.elem.widths))
            continue
        cell = as_words(code, new.elem, convert(code, at(code, old, words, k), old.elem, new.elem))
        inside = code.slt(k, size)  # an unused cell is zero whatever zero means for its elements
        cells.append(tuple(code.select(inside, w, 0) for w in cell))
    return _line(code, new, _from_cells(code, new.cells, cells), size)


# --- records and options -------------------------------------------------------------------------------------


def _get(code: Code, words: Words, place: tuple[int, int], widths: tuple[int, ...]) -> Words:
    word, shift = place
    return tuple(code.field(words[word + k], shift, bits) for k, bits in enumerate(widths))


def _put(code: Code, words: list[Word], place: tuple[int, int], value: Words) -> None:
    """Add ``value`` where the bits are zero."""
    word, shift = place
    for k, part_ in enumerate(value):
        words[word + k] = code.bor(words[word + k], code.shl(part_, shift))


def part(code: Code, shape: Record, words: Words, position: int) -> Value:
    elem = shape.parts[position]
    return from_words(code, elem, _get(code, words, shape.places[position], elem.widths))


def record(code: Code, shape: Record, values: list[Value]) -> Words:
    words: list[Word] = [0] * len(shape.widths)
    for elem, place, value in zip(shape.parts, shape.places, values, strict=True):
        _put(code, words, place, as_words(code, elem, value))
    return tuple(words)


def some(code: Code, shape: Maybe, value: Value) -> Words:
    if isinstance(shape.elem, Number):
        return (code.sub(as_word(value), shape.elem.lo - 1),)
    return record(code, shape.record, [True, value])


def is_some(code: Code, shape: Maybe, words: Words) -> Bit:
    if isinstance(shape.elem, Number):
        return code.ne(words[0], 0)
    return as_bit(part(code, shape.record, words, 0))


def get(code: Code, shape: Maybe, words: Words) -> Value:
    if isinstance(shape.elem, Number):
        return code.add(words[0], shape.elem.lo - 1)
    return part(code, shape.record, words, 1)


# --- arrays --------------------------------------------------------------------------------------------------


def select(code: Code, shape: Cells, words: Words, index: Word) -> Value:
    """The element at ``index``."""
    return from_words(code, shape.elem, _cell(code, shape, words, code.sub(index, shape.base)))


def _cell(code: Code, shape: Cells, words: Words, at: Word) -> Words:
    if isinstance(at, int):
        if 0 <= at < shape.size:
            return _get(code, words, shape.place(at), shape.elem.widths)
        return (0,) * len(shape.elem.widths)
    if not shape.size:
        return (0,) * len(shape.elem.widths)
    if not shape.per_word:
        found = _get(code, words, (0, 0), shape.elem.widths)
        for k in range(1, shape.size):
            here = code.eq(at, k)
            other = _get(code, words, shape.place(k), shape.elem.widths)
            found = tuple(code.select(here, x, y) for x, y in zip(other, found, strict=True))
        return found
    word: Word = words[0]
    offset: Word = at
    for k in range(1, len(words)):
        beyond = code.sle(k * shape.per_word, at)
        word = code.select(beyond, words[k], word)
        offset = code.select(beyond, code.sub(at, k * shape.per_word), offset)
    bits = shape.elem.widths[0]
    return (code.field(word, code.mul(offset, bits), bits),)


def store(code: Code, shape: Cells, words: Words, index: Word, value: Value) -> Words:
    return _set_cell(code, shape, words, code.sub(index, shape.base), as_words(code, shape.elem, value))


def _set_cell(code: Code, shape: Cells, words: Words, at: Word, value: Words) -> Words:
    result = list(words)
    if isinstance(at, int):
        if 0 <= at < shape.size:
            word, shift = shape.place(at)
            for k, bits in enumerate(shape.elem.widths):
                result[word + k] = code.replace(words[word + k], shift, bits, value[k])
        return tuple(result)
    if not shape.per_word:
        for k in range(shape.size):
            here, (word, _) = code.eq(at, k), shape.place(k)
            for j, new in enumerate(value):
                result[word + j] = code.select(here, new, words[word + j])
        return tuple(result)
    bits = shape.elem.widths[0]
    for k, old in enumerate(words):
        offset = code.sub(at, k * shape.per_word)
        new = code.replace(old, code.mul(offset, bits), bits, value[0])
        inside = code.bit_and(code.sle(0, offset), code.slt(offset, shape.per_word))
        result[k] = new if len(words) == 1 else code.select(inside, new, old)
    return tuple(result)


def _from_cells(code: Code, shape: Cells, cells: list[Words]) -> Words:
    words: list[Word] = [0] * len(shape.widths)
    for at, cell in enumerate(cells):
        _put(code, words, shape.place(at), cell)
    return tuple(words)


def array(code: Code, shape: Cells, values: list[Value]) -> Words:
    return _from_cells(code, shape, [as_words(code, shape.elem, v) for v in values])


def fill(code: Code, shape: Cells, value: Value) -> Words:
    cell = as_words(code, shape.elem, value)
    if not shape.per_word:
        return cell * shape.size or (0,)
    bits = shape.elem.widths[0]
    if not bits:
        return (0,) * len(shape.widths)
    return tuple(code.mul(cell[0], signed(sum(1 << k for k in range(0, used, bits)))) for used in shape.widths)


# --- sequences -----------------------------------------------------------------------------------------------


def length(code: Code, shape: Line, words: Words) -> Word:
    return as_word(part(code, shape.record, words, 1))


def _cells(code: Code, shape: Line, words: Words) -> Words:
    return as_tuple(part(code, shape.record, words, 0))


def _line(code: Code, shape: Line, cells: Words, size: Word) -> Words:
    return record(code, shape.record, [cells, size])


def at(code: Code, shape: Line, words: Words, index: Word) -> Value:
    return select(code, shape.cells, _cells(code, shape, words), index)


def push(code: Code, shape: Line, words: Words, value: Value) -> Words:
    size = length(code, shape, words)
    cells = _set_cell(code, shape.cells, _cells(code, shape, words), size, as_words(code, shape.elem, value))
    return _line(code, shape, cells, code.add(size, 1))


def push_front(code: Code, shape: Line, words: Words, value: Value) -> Words:
    size, cells = length(code, shape, words), shape.cells
    old = _cells(code, shape, words)
    front = as_words(code, shape.elem, value)
    if len(old) == 1 and cells.per_word > 1:
        moved_up = code.bor(code.shl(old[0], shape.elem.widths[0]), front[0])
        return _line(code, shape, (code.band(moved_up, mask(cells.widths[0])),), code.add(size, 1))
    moved = [front, *(_cell(code, cells, old, k) for k in range(cells.size - 1))][: cells.size]
    return _line(code, shape, _from_cells(code, cells, moved), code.add(size, 1))


def pop(code: Code, shape: Line, words: Words) -> Words:
    cells, old = shape.cells, _cells(code, shape, words)
    size = code.sub(length(code, shape, words), 1)
    if len(old) == 1 and cells.per_word > 1:
        return _line(code, shape, (code.lshr(old[0], shape.elem.widths[0]),), size)
    moved = [_cell(code, cells, old, k) for k in range(1, cells.size)]
    return _line(code, shape, _from_cells(code, cells, moved), size)


def pop_back(code: Code, shape: Line, words: Words) -> Words:
    last = code.sub(length(code, shape, words), 1)
    nothing = (0,) * len(shape.elem.widths)
    return _line(code, shape, _set_cell(code, shape.cells, _cells(code, shape, words), last, nothing), last)


def remove_at(code: Code, shape: Line, words: Words, index: Word) -> Words:
    cells, old = shape.cells, _cells(code, shape, words)
    moved = []
    for k in range(cells.size):
        behind = code.sle(index, k)
        here, following = _cell(code, cells, old, k), _cell(code, cells, old, k + 1)
        moved.append(tuple(code.select(behind, x, y) for x, y in zip(following, here, strict=True)))
    return _line(code, shape, _from_cells(code, cells, moved), code.sub(length(code, shape, words), 1))


def set_at(code: Code, shape: Line, words: Words, index: Word, value: Value) -> Words:
    cells = _set_cell(code, shape.cells, _cells(code, shape, words), index, as_words(code, shape.elem, value))
    return _line(code, shape, cells, length(code, shape, words))

"""Where each variable lives in a packed state of W 64-bit words.

Fields are cut into chunks of at most one word.  The program counter and locals of a process form a record, of
one word where they fit; each process has its own, anywhere in the state.  Chunks and records are placed by
first fit, the largest first, and none straddles two words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..language.domains import Plain
from ..language.errors import UsageError
from ..language.system import Kind, State, TransitionSystem
from .shapes import WORD, Cells, Record, Shape, shape_of


@dataclass(frozen=True)
class Place:
    """``bits`` bits of word ``word``, from bit ``shift`` up."""

    word: int
    shift: int
    bits: int

    def get(self, words: list[int]) -> int:
        return words[self.word] >> self.shift & (1 << self.bits) - 1

    def put(self, words: list[int], value: int) -> None:
        words[self.word] |= value << self.shift


@dataclass
class Records:
    """The records of a process kind.

    A record has one or more parts of at most a word each.  ``chunks[name]`` are the places of a local's words, with
    the part in the place of the word; ``parts[r][p]`` is where part ``r`` of the ``p``-th process lies in the state.
    """

    kind: Kind
    shapes: dict[str, Shape]  # of one process's program counter and locals
    chunks: dict[str, list[Place]]
    widths: list[int]
    parts: list[list[Place]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return int(self.kind.hi) - self.kind.lo + 1


class Layout:
    """The packing of a system's states; raises UsageError for numbers beyond a word."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.fields: dict[str, list[Place]] = {}
        self.shapes: dict[str, Shape] = {}
        self.records: dict[str, Records] = {}
        self.words = 0
        self.bits = 0
        self._place()

    def _place(self) -> None:
        items: list[tuple[int, str, int, int]] = []  # bits, variable or kind, chunk or part, process
        for name, variable in self.system.variables.items():
            shape = self.shapes[name] = shape_of(variable.domain)
            if max(shape.widths) > WORD:
                raise UsageError(
                    f"the compiled engine stores numbers of at most {WORD} bits, too few for {name}",
                    mend="narrow its domain, or use --engine reference",
                )
            if variable.kind is None:
                items += [(bits, name, k, 0) for k, bits in enumerate(self.shapes[name].widths)]
                self.fields[name] = []
        for kind in self.system.kinds.values():
            records = self.records[kind.name] = self._records(kind)
            records.parts = [[] for _ in records.widths]
            items += [(bits, kind.name, r, p) for r, bits in enumerate(records.widths) for p in range(records.count)]
        found = self._first_fit(items)
        for bits, name, k, p in items:  # in the order of declaration
            place = Place(*found[name, k, p], bits)
            (self.records[name].parts[k] if name in self.records else self.fields[name]).append(place)

    def _records(self, kind: Kind) -> Records:
        names = [n for n, v in self.system.variables.items() if v.kind == kind.name]
        shapes: dict[str, Shape] = {}
        for name in names:
            cells = self.shapes[name]
            assert isinstance(cells, Cells)
            shapes[name] = cells.elem
        record = Record(tuple(shapes.values()))
        chunks = {}
        for name, (word, shift) in zip(names, record.places, strict=True):
            chunks[name] = [Place(word + k, shift, bits) for k, bits in enumerate(shapes[name].widths)]
        return Records(kind, shapes, chunks, list(record.widths))

    def _first_fit(self, items: list[tuple[int, str, int, int]]) -> dict[tuple[str, int, int], tuple[int, int]]:
        used: list[int] = []
        found = {}
        for bits, name, k, p in sorted(items, key=lambda item: -item[0]):
            word = next((w for w, have in enumerate(used) if have + bits <= WORD), len(used))
            if word == len(used):
                used.append(0)
            found[name, k, p] = word, used[word]
            used[word] += bits
        self.words, self.bits = max(len(used), 1), sum(used)
        return found

    # --- plain states ----------------------------------------------------------------------------------------

    def pack(self, state: State) -> list[int]:
        """The words of a plain state; the values must lie in their domains."""
        words = [0] * self.words
        for (name, variable), plain in zip(self.system.variables.items(), state, strict=True):
            if variable.kind is None:
                for place, value in zip(self.fields[name], self.shapes[name].pack(plain), strict=True):
                    place.put(words, value)
                continue
            records = self.records[variable.kind]
            for p, cell in enumerate(plain):
                for chunk, value in zip(records.chunks[name], records.shapes[name].pack(cell), strict=True):
                    place = records.parts[chunk.word][p]
                    words[place.word] |= value << place.shift + chunk.shift
        return words

    def unpack(self, words: list[int]) -> State:
        """The plain state of ``words``."""
        return tuple(self._unpack(name, words) for name in self.system.variables)

    def _unpack(self, name: str, words: list[int]) -> Plain:
        kind = self.system.variables[name].kind
        if kind is None:
            return self.shapes[name].unpack([place.get(words) for place in self.fields[name]])
        records = self.records[kind]
        cells: list[Any] = []
        for p in range(records.count):
            parts = [places[p].get(words) for places in records.parts]
            cells.append(records.shapes[name].unpack([chunk.get(parts) for chunk in records.chunks[name]]))
        return tuple(cells)

"""Where each variable lives in a packed state of W 64-bit words.

Fields are cut into chunks of at most one word.  The program counter and locals of a process form a record, of
one word where they fit; each process has its own, anywhere in the state.  Chunks and records are placed by
first fit, the largest first, and none straddles two words.

Locals that are never live at the same program counter share bits.  A dead local is not stored: what stands in
its bits belongs to others, or is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..language.deadlocals import terms_of
from ..language.declare import STEPS
from ..language.domains import Plain
from ..language.errors import UsageError
from ..language.system import Kind, State, TransitionSystem
from ..language.terms import leaves_of
from .shapes import WORD, Cells, Shape, shape_of


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
    ``stored[pc]`` are the locals that have a value of their own there; the others hold their default.
    """

    kind: Kind
    shapes: dict[str, Shape]  # of one process's program counter and locals
    chunks: dict[str, list[Place]]
    widths: list[int]
    stored: dict[int, frozenset[str]]
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
        self._order = system.order()
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
        pinned = _read_across_steps(self.system) & kind.locals.keys()
        everything = frozenset(kind.locals)
        stored = {pc: kind.live.get(pc, everything) | pinned for pc in range(len(kind.labels))}
        chunks, widths = _share(kind, shapes, stored)
        return Records(kind, shapes, chunks, widths, stored)

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
            records, pcs = self.records[variable.kind], state[self._order.index(f"{variable.kind}.pc")]
            for p, cell in enumerate(plain):
                if name != records.kind.pc_name and name not in records.stored[pcs[p]]:
                    continue
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
        return tuple(self._unpack_local(records, name, p, words) for p in range(records.count))

    def _unpack_local(self, records: Records, name: str, p: int, words: list[int]) -> Plain:
        kind = records.kind
        if name != kind.pc_name and name not in records.stored[self._unpack_local(records, kind.pc_name, p, words)]:
            return kind.locals[name].default()
        parts = [places[p].get(words) for places in records.parts]
        return records.shapes[name].unpack([chunk.get(parts) for chunk in records.chunks[name]])


def _read_across_steps(system: TransitionSystem) -> set[str]:
    """Variables that a property of two states reads: before or after, it may find a process anywhere."""
    terms = (t for p in system.properties.values() if p.kind in STEPS for t in terms_of(p))
    return {t.data for t in leaves_of(terms, "var", "next")}


def _share(
    kind: Kind, shapes: dict[str, Shape], stored: dict[int, frozenset[str]]
) -> tuple[dict[str, list[Place]], list[int]]:
    """Places for the chunks of locals in a record, the largest first; two overlap only where never both are stored."""
    where = {name: {pc for pc, names in stored.items() if name in names or name == kind.pc_name} for name in shapes}
    items = [(bits, name, k) for name, shape in shapes.items() if where[name] for k, bits in enumerate(shape.widths)]
    found: dict[tuple[str, int], Place] = {}
    widths = [0]
    for bits, name, k in sorted(items, key=lambda item: (item[1] != kind.pc_name, -item[0])):
        place = found[name, k] = _free(bits, [p for (other, _), p in found.items() if where[other] & where[name]])
        widths += [0] * (place.word + 1 - len(widths))
        widths[place.word] = max(widths[place.word], place.shift + bits)
    chunks = {name: [found[name, k] for _, other, k in items if other == name] for name in shapes}
    return chunks, widths


def _free(bits: int, taken: list[Place]) -> Place:
    """The first place of so many bits beside those that are taken."""
    for part in range(len(taken) + 1):
        here = [(p.shift, p.shift + p.bits) for p in taken if p.word == part]
        for start in sorted({0, *(end for _, end in here)}):
            if start + bits <= WORD and all(end <= start or start + bits <= begin for begin, end in here):
                return Place(part, start, bits)
    raise AssertionError("one more part always has room")

"""LLVM assembly of one function, written as text: constants are folded and equal instructions shared on the way.

Values are Python ints and bools where known, else the names of 64-bit words and of bits (``i64``, ``i1``).
Arithmetic is modulo 2^64 and read as signed.  Nothing emitted here has undefined results: shifts are taken
modulo 64 and divisors 0 and −1 stand apart, so that code whose result does not matter is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

Word = int | str
Bit = bool | str

ONES = -1


def signed(value: int) -> int:
    """``value`` modulo 2^64, as LLVM writes constants."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def mask(bits: int) -> int:
    return signed((1 << bits) - 1)


class Code:
    """Straight-line instructions and blocks; ``scope`` marks what is computed only on some ways."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names = 0
        self._known: list[dict[str, str]] = [{}]

    def name(self, stem: str = "v") -> str:
        self._names += 1
        return f"%{stem}{self._names}"

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def op(self, text: str) -> str:
        """The result of a pure instruction."""
        for scope in reversed(self._known):
            known = scope.get(text)
            if known is not None:
                return known
        name = self.effect(text)
        self._known[-1][text] = name
        return name

    def effect(self, text: str) -> str:
        """The result of an instruction that is not shared: a load, a call, a phi."""
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        return name

    def slot(self) -> str:
        """A word in memory, known throughout the function."""
        name = self.name("slot")
        self.lines.insert(0, f"  {name} = alloca i64")
        return name

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is computed inside is not known behind."""
        self._known.append({})
        yield
        self._known.pop()

    # --- blocks ----------------------------------------------------------------------------------------------

    def label(self, stem: str) -> str:
        self._names += 1
        return f"{stem}{self._names}"

    def begin(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        self.line(f"br label %{label}")

    def branch(self, condition: Bit, yes: str, no: str, *, unlikely: bool = False) -> None:
        if isinstance(condition, bool):
            self.jump(yes if condition else no)
        else:
            self.line(f"br i1 {condition}, label %{yes}, label %{no}" + (", !prof !0" if unlikely else ""))

    @contextmanager
    def when(self, condition: Bit, *, unlikely: bool = False) -> Iterator[None]:
        """The instructions inside run only where ``condition`` holds."""
        inside, after = self.label("then"), self.label("next")
        self.branch(condition, inside, after, unlikely=unlikely)
        self.begin(inside)
        with self.scope():
            yield
        self.jump(after)
        self.begin(after)

    # --- words -----------------------------------------------------------------------------------------------

    def add(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            if isinstance(a, int):
                return signed(a + b)
            if b == 0:
                return a
        return self.op(f"add i64 {a}, {b}")

    def sub(self, a: Word, b: Word) -> Word:
        if isinstance(b, int):
            return self.add(a, signed(-b))
        return self.op(f"sub i64 {a}, {b}")

    def mul(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            if isinstance(a, int):
                return signed(a * b)
            if b in (0, 1):
                return a if b else 0
        return self.op(f"mul i64 {a}, {b}")

    def band(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            if isinstance(a, int):
                return a & b
            if b in (0, ONES):
                return a if b else 0
        return self.op(f"and i64 {a}, {b}")

    def bor(self, a: Word, b: Word) -> Word:
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            if isinstance(a, int):
                return a | b
            if b == 0:
                return a
        return self.op(f"or i64 {a}, {b}")

    def bxor(self, a: Word, b: Word) -> Word:
        if a == b:
            return 0
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            if isinstance(a, int):
                return a ^ b
            if b == 0:
                return a
        return self.op(f"xor i64 {a}, {b}")

    def shl(self, a: Word, n: Word) -> Word:
        if n == 0 or a == 0:
            return a
        if isinstance(a, int) and isinstance(n, int):
            return signed(a << (n & 63))
        return self.op(f"shl i64 {a}, {self._amount(n)}")

    def lshr(self, a: Word, n: Word) -> Word:
        if n == 0 or a == 0:
            return a
        if isinstance(a, int) and isinstance(n, int):
            return signed((a & (1 << 64) - 1) >> (n & 63))
        return self.op(f"lshr i64 {a}, {self._amount(n)}")

    def _amount(self, n: Word) -> Word:
        return n & 63 if isinstance(n, int) else self.band(n, 63)

    def field(self, word: Word, shift: Word, bits: int) -> Word:
        """``bits`` bits of ``word`` from ``shift`` up."""
        if bits == 0:
            return 0
        moved = self.lshr(word, shift)
        if isinstance(shift, int) and (shift & 63) + bits >= 64:
            return moved
        return self.band(moved, mask(bits))

    def replace(self, word: Word, shift: Word, bits: int, value: Word) -> Word:
        """``word`` with those bits set to ``value``, which has no others."""
        if bits == 0:
            return word
        hole = self.shl(mask(bits), shift)
        kept = self.band(word, self.bxor(hole, ONES))
        return self.bor(kept, self.shl(value, shift))

    def divide(self, a: Word, b: Word) -> tuple[Word, Word]:
        """Quotient and remainder, rounded down; 0 for a divisor 0."""
        if isinstance(b, int) and b > 0 and not b & (b - 1):
            quotient = self._ashr(a, b.bit_length() - 1)
            return quotient, self.band(a, b - 1)
        if isinstance(a, int) and isinstance(b, int):
            return (signed(a // b), signed(a % b)) if b else (0, 0)
        special = self.bit_or(self.eq(b, 0), self.eq(b, -1))
        safe = self.select(special, 1, b)
        quotient, rest = self.op(f"sdiv i64 {a}, {safe}"), self.op(f"srem i64 {a}, {safe}")
        crosses = self.bit_and(self.ne(rest, 0), self.slt(self.bxor(rest, safe), 0))
        down = self.select(crosses, self.sub(quotient, 1), quotient)
        left = self.select(crosses, self.add(rest, safe), rest)
        by_minus_one = self.select(self.eq(b, 0), 0, self.sub(0, a))
        return self.select(special, by_minus_one, down), self.select(special, 0, left)

    def _ashr(self, a: Word, n: int) -> Word:
        if isinstance(a, int):
            return a >> n
        return self.op(f"ashr i64 {a}, {n}") if n else a

    # --- comparisons and bits --------------------------------------------------------------------------------

    def eq(self, a: Word, b: Word) -> Bit:
        if a == b:
            return True
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int):
            return False
        return self.op(f"icmp eq i64 {a}, {b}")

    def ne(self, a: Word, b: Word) -> Bit:
        return self.bit_not(self.eq(a, b))

    def slt(self, a: Word, b: Word) -> Bit:
        if isinstance(a, int) and isinstance(b, int):
            return a < b
        return self.op(f"icmp slt i64 {a}, {b}")

    def sle(self, a: Word, b: Word) -> Bit:
        if isinstance(a, int) and isinstance(b, int):
            return a <= b
        return self.op(f"icmp sle i64 {a}, {b}")

    def bit_not(self, a: Bit) -> Bit:
        return not a if isinstance(a, bool) else self.op(f"xor i1 {a}, true")

    def bit_and(self, a: Bit, b: Bit) -> Bit:
        if isinstance(a, bool):
            return b if a else False
        if isinstance(b, bool):
            return a if b else False
        return a if a == b else self.op(f"and i1 {a}, {b}")

    def bit_or(self, a: Bit, b: Bit) -> Bit:
        if isinstance(a, bool):
            return True if a else b
        if isinstance(b, bool):
            return True if b else a
        return a if a == b else self.op(f"or i1 {a}, {b}")

    def bit_eq(self, a: Bit, b: Bit) -> Bit:
        if isinstance(a, bool):
            return b if a else self.bit_not(b)
        if isinstance(b, bool):
            return a if b else self.bit_not(a)
        return True if a == b else self.op(f"icmp eq i1 {a}, {b}")

    def word(self, a: Bit) -> Word:
        return int(a) if isinstance(a, bool) else self.op(f"zext i1 {a} to i64")

    def narrow(self, a: Word, bits: int) -> Word:
        """The low bits of a word, for storing them."""
        return a if isinstance(a, int) else self.op(f"trunc i64 {a} to i{bits}")

    def low_bit(self, a: Word) -> Bit:
        return bool(a & 1) if isinstance(a, int) else self.op(f"trunc i64 {a} to i1")

    def select(self, c: Bit, a: Word, b: Word) -> Word:
        if isinstance(c, bool):
            return a if c else b
        return a if a == b else self.op(f"select i1 {c}, i64 {a}, i64 {b}")

    def bit_select(self, c: Bit, a: Bit, b: Bit) -> Bit:
        if isinstance(c, bool):
            return a if c else b
        return self.bit_or(self.bit_and(c, a), self.bit_and(self.bit_not(c), b))

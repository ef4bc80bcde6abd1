"""The shape in which each term's value is held: wide enough for whatever a step computes on the way."""

from __future__ import annotations

from ..language.domains import index_size
from ..language.errors import UsageError
from ..language.terms import Term
from .layout import Layout
from .shapes import Cells, Line, Maybe, Number, Record, Shape, Truth, hull, shape_of, shape_of_value

LARGEST = 1 << 62  # numbers stay below, so that 64-bit arithmetic is exact


class Shapes:
    """The shape in which each term's value is held; sums and products may leave every declared domain."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._known: dict[Term, Shape] = {}

    def of(self, term: Term) -> Shape:
        """Raises UsageError where a number may not fit in 64 bits."""
        stack = [term]
        while stack:
            t = stack[-1]
            missing = [a for a in t.args if a not in self._known]
            if t in self._known or not missing:
                stack.pop()
                if t not in self._known:
                    self._known[t] = self._checked(t, self._shape(t, [self._known[a] for a in t.args]))
            else:
                stack += missing
        return self._known[term]

    def _checked(self, t: Term, shape: Shape) -> Shape:
        if not isinstance(shape, Number):
            return shape
        lo = shape.lo if t.lo is None else max(shape.lo, t.lo)
        hi = shape.hi if t.hi is None else min(shape.hi, t.hi)
        if lo > hi:  # cannot be reached
            return Number(lo, lo)
        if lo < -LARGEST or hi > LARGEST:
            far = hi if hi > LARGEST else lo
            raise UsageError(
                f"the compiled engine computes with 64 bits (−2^62 to 2^62), and {t} may reach {far}",
                mend="narrow the domains it is computed from, or use --engine reference",
            )
        return Number(lo, hi)

    def _shape(self, t: Term, args: list[Shape]) -> Shape:
        match t.op:
            case "const":
                return shape_of_value(t.sort, t.data)
            case "var" | "next":
                return self.layout.shapes[t.data]
            case "self" | "pick" | "bound":
                return shape_of(t.data[1])
            case "not" | "and" | "or" | "eq" | "lt" | "le" | "is_some" | "forall" | "exists":
                return Truth()
            case "ite":
                return hull(args[1], args[2])
            case "add" | "mul" | "div" | "mod":
                return _arithmetic(t.op, *args)  # type: ignore[arg-type]
            case "some":
                return Maybe(args[0])
            case "record" | "mkarray" | "fill":
                return _container(t, args)
            case "count":
                return Number(0, index_size(t.data[1]))
            case "sum":
                return _total(args[0], index_size(t.data[1]))
            case "len":
                assert isinstance(args[0], Line)
                return Number(0, args[0].capacity)
            case "push" | "push_front":
                return _with_element(args[0], args[1])
            case "store" | "set_at":
                return _with_element(args[0], args[2])
            case "pop" | "pop_back" | "remove_at":
                return args[0]
            case "field":
                assert isinstance(args[0], Record)
                return args[0].parts[int(t.data)]
        container = args[0]
        assert isinstance(container, (Cells, Line, Maybe))
        return container.elem  # of select, at, get


def _arithmetic(op: str, a: Number, b: Number) -> Number:
    if op == "add":
        return Number(a.lo + b.lo, a.hi + b.hi)
    if op == "mod":
        largest = max(abs(b.lo), abs(b.hi))
        return Number(-largest if b.lo < 0 else 0, largest if b.hi > 0 else 0)
    if op == "div":
        largest = max(abs(a.lo), abs(a.hi))
        return Number(-largest if a.lo < 0 or b.lo < 0 else 0, largest)
    corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return Number(min(corners), max(corners))


def _total(body: Shape, size: int) -> Number:
    if not isinstance(body, Number):
        raise TypeError(f"a sum of {body}")
    return Number(min(0, body.lo * size), max(0, body.hi * size))


def _container(t: Term, args: list[Shape]) -> Shape:
    if t.op == "record":
        return Record(tuple(args))
    shape = shape_of(t.sort)
    assert isinstance(shape, Cells)
    elem = args[0] if args else shape.elem
    for other in args[1:]:
        elem = hull(elem, other)
    return Cells(elem, shape.base, shape.size)


def _with_element(container: Shape, elem: Shape) -> Shape:
    if isinstance(container, Line):
        return Line(hull(container.elem, elem), container.capacity)
    assert isinstance(container, Cells)
    return Cells(hull(container.elem, elem), container.base, container.size)

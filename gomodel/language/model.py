"""What a spec is made of: components with fields, operations, properties and bugs; models with processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, overload

from .declare import Fairness
from .domains import Domain
from .errors import SpecError, UsageError, suggestion
from .source import class_where
from .values import put


@dataclass(frozen=True)
class Bug:
    """An edit of the algorithm that the checker must find (or, ``harmless``, must not).

    ``breaks`` names the property (or several, any of which counts); ``scenario`` and ``bounds`` say where the
    bug is judged when that differs from the model's defaults; ``go`` is the line it edits, ``issue`` its history.
    """

    title: str
    breaks: str | tuple[str, ...] = ()
    harmless: bool = False
    go: str = ""
    issue: str = ""
    scenario: str = ""
    bounds: dict[str, Any] = field(default_factory=dict)

    def broken(self) -> tuple[str, ...]:
        return (self.breaks,) if isinstance(self.breaks, str) else self.breaks


@dataclass(frozen=True)
class Bound:
    """A bound with limits: ``goroutines: int = Bound(3, min=1, max=8, help="…")``."""

    default: Any
    min: int | None = None
    max: int | None = None
    help: str = ""
    one_of: tuple[str, ...] = ()  # of a text: what it may be


class Scenario:
    """Named clients with their bounds: ``Scenario("two rounds each", rounds=(2, 2))``."""

    def __init__(self, text: str, /, *, default: bool = True, **bounds: Any) -> None:
        self.text, self.default, self.bounds = text, default, bounds


class Preset:
    """Bounds for an occasion (``quick``, ``nightly``) and the witnesses that those bounds are too small to reach."""

    def __init__(self, *, scenarios: tuple[str, ...] = (), unreached: tuple[str, ...] = (), **bounds: Any) -> None:
        self.scenarios, self.unreached, self.bounds = scenarios, unreached, bounds


class Comparison:
    """What ``gomodel table`` compares: a row for each of ``scenarios``, a column for each of ``properties``.

    ``bounds`` are the same for all rows, whatever the scenarios say.
    """

    def __init__(self, *, scenarios: tuple[str, ...] = (), properties: tuple[str, ...] = (), **bounds: Any) -> None:
        self.scenarios, self.properties, self.bounds = scenarios, properties, bounds


@dataclass(frozen=True)
class ProcessDecl:
    """A generator method and how many processes run it: a number, the name of a bound, or a function of the model."""

    fn: Callable[..., Any]
    count: int | str | Callable[[Any], int]


def process(*, count: int | str | Callable[[Any], int] = 1) -> Callable[[Callable[..., Any]], Any]:
    """``@process(count="goroutines")``: the method is a process kind; ``self.NAME`` is the set of its processes."""
    return lambda fn: ProcessDecl(fn, count)


@dataclass(frozen=True)
class RuleDecl:
    """An atomic action that belongs to no process; its parameters' annotations are finite domains."""

    fn: Callable[..., Any]
    fair: bool


@overload
def rule(fn: Callable[..., Any]) -> Any: ...
@overload
def rule(*, fair: bool) -> Callable[[Callable[..., Any]], Any]: ...
def rule(fn: Callable[..., Any] | None = None, *, fair: bool = False) -> Any:
    """``@rule def put(self, key: Int(0, 3))``: for every argument in its domain, enabled where ``require`` holds.

    Rules are the environment's moves: nobody is forced to take one, so they count as rest.  A ``fair`` one does
    not, and the model's default fairness has weak fairness of it.
    """
    return RuleDecl(fn, fair) if fn is not None else lambda f: RuleDecl(f, fair)


class _Meta:
    """gomodel's own bookkeeping of a component, kept out of the spec's namespace."""

    def __init__(self) -> None:
        self.phase = "init"  # init → declare → run
        self.path = ""
        self.fields: dict[str, Domain] = {}
        self.values: dict[str, Any] = {}
        self.children: dict[str, Component] = {}
        self.own = True  # False: it comes from another spec, or from deeper down, and is judged in a model of its own
        self.active: frozenset[str] = frozenset()  # full paths of the bugs that are on, in the whole model
        self.bugs_on: frozenset[str] = frozenset()  # of those, this component's own


class Component:
    """State, operations, invariants and bugs of one part of the runtime; built from other components.

    ``state`` declares the fields by assigning domains and embeds components by assigning them.  Everything
    else that a component needs (sizes, process sets) it takes in ``__init__``.
    """

    bugs: ClassVar[dict[str, Bug]] = {}

    def __init_subclass__(cls) -> None:
        """Raise SpecError where a process, rule or property would hide a name of gomodel's own."""
        ours = {name for base in cls.__mro__ if base.__module__ == __name__ for name in vars(base)}
        for name, member in vars(cls).items():
            declared = isinstance(member, ProcessDecl | RuleDecl) or hasattr(member, "__gomodel__")
            if declared and name in ours:
                raise SpecError(
                    f"{cls.__name__}.{name} hides a name of gomodel's own", where=class_where(cls), mend="rename it"
                )

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        self.__dict__["_meta"] = _Meta()
        return self

    def state(self) -> None:
        """Declare fields and embedded components; nothing by default."""

    def bug(self, name: str) -> bool:
        """Whether bug ``name`` of this component is switched on."""
        if name not in type(self).bugs:
            mend = suggestion(name, self.bugs, "its bugs are")
            raise SpecError(f"{type(self).__name__} has no bug {name!r}", mend=mend)
        return name in self._meta.bugs_on

    def __getattr__(self, name: str) -> Any:
        meta = self.__dict__["_meta"]
        if name in meta.values:
            return meta.values[name]
        raise AttributeError(
            f"{type(self).__name__} has no field or attribute {name!r}"
            + (f"; its fields are {', '.join(meta.fields)}" if meta.fields else "")
        )

    def __setattr__(self, name: str, value: Any) -> None:
        meta: _Meta = self.__dict__["_meta"]
        if meta.phase == "init":
            self.__dict__[name] = value
        elif meta.phase == "declare":
            self._declare(meta, name, value)
        elif name not in meta.fields:
            raise AttributeError(f"{type(self).__name__}.{name} is not a declared field; declare it in state()")
        else:
            put(meta.values, name, meta.fields[name], value)

    def _declare(self, meta: _Meta, name: str, value: Any) -> None:
        parts = value if isinstance(value, (list, tuple)) and value and isinstance(value[0], Component) else None
        taken = hasattr(type(self), name) or name in meta.fields or name in self.__dict__
        if taken and (parts or isinstance(value, (Domain, Component))):
            raise SpecError(f"{type(self).__name__}.{name} is declared twice, or hides a method or bound")
        if isinstance(value, Domain):
            meta.fields[name] = value
            meta.values[name] = value.decode(value.initial()) if _concrete(value) else None
            return
        for i, child in enumerate(parts or ([value] if isinstance(value, Component) else [])):
            path = f"{meta.path}.{name}".lstrip(".") + (f"[{i}]" if parts else "")
            child._meta.own = "." not in path and type(child).__module__ == type(self).__module__
            child._adopt(path, meta.active)
            meta.children[f"{name}[{i}]" if parts else name] = child
        self.__dict__[name] = value

    def _adopt(self, path: str, active: frozenset[str]) -> None:
        """Embed this component at ``path``; ``active`` are the full paths of the bugs that are on."""
        meta = self._meta
        if meta.phase != "init":
            raise SpecError(f"the component at {path} is embedded twice (it is {meta.path} already)")
        prefix = f"{path}." if path else ""
        meta.path, meta.phase, meta.active = path, "declare", active
        meta.bugs_on = frozenset(n for n in type(self).bugs if prefix + n in active)
        self.state()
        meta.phase = "run"

    def _reset(self) -> None:
        """Give every field its initial value again."""
        for component in self.all_components():
            for name, domain in component._meta.fields.items():
                component._meta.values[name] = domain.decode(domain.initial())

    def all_components(self) -> list[Component]:
        """This component and everything embedded below it, parents first."""
        below = [c for child in self._meta.children.values() for c in child.all_components()]
        return [self, *below]


def declarations_of(cls: type[Component], kind: type[Any]) -> dict[str, Any]:
    """The ``ProcessDecl`` or ``RuleDecl`` members, in the order of declaration, base classes first."""
    found = {}
    for base in reversed(cls.__mro__):
        found.update({n: v for n, v in vars(base).items() if isinstance(v, kind)})
    return found


def _concrete(domain: Domain) -> bool:
    """Whether all sizes in ``domain`` are numbers (they are not while a bound is symbolic)."""
    try:
        domain.decode(domain.initial())
    except (TypeError, AttributeError):
        return False
    return True


class Model(Component):
    """A component with processes, rules, bounds and scenarios: something that can be explored.

    Bounds are annotated class attributes (``goroutines: int = 3``).  ``init`` may give several initial states
    with ``choose``.  See the modelling guide for the whole language.
    """

    name: ClassVar[str] = ""
    go: ClassVar[str] = ""  # the Go version that the spec follows, e.g. "go1.27.3"
    source: ClassVar[tuple[str, ...]] = ()  # the Go files, relative to GOROOT/src
    scenarios: ClassVar[dict[str, Scenario]] = {}
    presets: ClassVar[dict[str, Preset]] = {}
    comparison: ClassVar[Comparison] = Comparison()
    fairness: ClassVar[tuple[Fairness, ...]] = ()
    left_out: ClassVar[dict[str, str]] = {}

    def init(self) -> None:
        """Set the initial state where it is not the fields' ``init``."""

    @classmethod
    def bounds(cls) -> dict[str, Bound]:
        """The declared bounds, base classes first."""
        found: dict[str, Bound] = {}
        for base in reversed(cls.__mro__):
            for name, annotation in vars(base).get("__annotations__", {}).items():
                if name.startswith("_") or "ClassVar" in str(annotation) or base in (Model, Component):
                    continue
                if name not in vars(base):
                    raise SpecError(
                        f"bound {cls.__name__}.{name} needs a default value",
                        where=class_where(base),
                        mend=f"{name}: int = 2, or a ClassVar if it is no bound",
                    )
                value = vars(base)[name]
                found[name] = value if isinstance(value, Bound) else Bound(value)
        return found

    @classmethod
    def declarations(cls, kind: type[Any]) -> dict[str, Any]:
        """See ``declarations_of``."""
        return declarations_of(cls, kind)


def check_bound(model: type[Model], name: str, value: Any) -> Any:
    """``value`` for bound ``name`` as the right type; raises UsageError when it does not exist or fit."""
    bounds = model.bounds()
    if name not in bounds:
        raise UsageError(f"model {model.name} has no bound {name!r}", mend=suggestion(name, bounds, "its bounds are"))
    bound = bounds[name]
    kind = type(bound.default)
    value = _parse(name, kind, value)
    low = 0 if bound.min is None and kind is int else bound.min
    if kind is int and ((low is not None and value < low) or (bound.max is not None and value > bound.max)):
        top = "" if bound.max is None else f" to {bound.max}"
        raise UsageError(f"bound {name}={value} is out of range: it goes from {low}{top}")
    if bound.one_of and value not in bound.one_of:
        raise UsageError(f"bound {name}={value} does not exist", mend=suggestion(value, bound.one_of, "there are"))
    return value


def _parse(name: str, kind: type, value: Any) -> Any:
    try:
        if isinstance(value, str) and kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
        if isinstance(value, str) and kind is int:
            return int(value)
        if isinstance(value, str) and kind is tuple:
            return tuple(int(v) for v in value.strip("()").split(",") if v)
    except (ValueError, KeyError):
        raise UsageError(f"bound {name}={value} is not {_KINDS.get(kind, kind.__name__)}") from None
    if isinstance(value, bool) is not (kind is bool) or not isinstance(value, kind):
        raise UsageError(f"bound {name}={value!r} is not {_KINDS.get(kind, kind.__name__)}")
    return value


_KINDS = {
    int: "a whole number",
    bool: "true or false",
    tuple: "numbers with commas between, such as 2,1,1",
    str: "text",
}

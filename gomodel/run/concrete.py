"""The concrete runner: CPython executes the spec's own, unrewritten generators.

This is the reference semantics.  Generators cannot be copied, so a state is reached by running the choices
that lead to it from the start; a failed ``require`` is undone the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from ..language.domains import Domain, Plain
from ..language.errors import InternalError
from ..language.instance import Instance
from ..language.model import Model, ProcessDecl, RuleDecl
from ..language.places import flat, split
from ..language.primitives import RequireFailed, Step
from ..language.process_trace import static_key
from ..language.processes import ProcessId
from ..language.system import DONE, State, TransitionSystem
from .attempts import Attempts, NeedChoice, Outcome
from .trace import Move, Trace, Value


class Process:
    """A running generator."""

    def __init__(self, kind: str, pid: ProcessId, generator: Any) -> None:
        self.kind, self.pid, self.generator = kind, pid, generator
        self.step: Step | None = next(generator)

    @property
    def label(self) -> str:
        return DONE if self.step is None else self.step.label

    def frames(self) -> list[Any]:
        """The activations, outermost first."""
        found, g = [], self.generator
        while g is not None and g.gi_frame is not None:
            found.append(g.gi_frame)
            g = g.gi_yieldfrom
        return found


class Runner(Attempts):
    """Runs one instance.  ``system`` is consulted only to describe states, never to decide what happens."""

    def __init__(self, inst: Instance, system: TransitionSystem) -> None:
        super().__init__()
        self.inst, self.system = inst, system
        self.model: Model = inst.build()
        self.model.__dict__["_runtime"] = self
        self.processes: dict[str, Process] = {}
        self.rules = {
            n: (d.fn, system.rules[n].picks[: d.fn.__code__.co_argcount - 1])  # what the body chooses comes behind
            for n, d in self.model.declarations(RuleDecl).items()
        }
        self._table = _site_table(system)

    # --- running ---------------------------------------------------------------------------------------------

    def start(self, choices: tuple[Value, ...] = ()) -> Outcome:
        """Go to an initial state: fields, then ``init`` with these choices, then every process to its first yield."""
        self.model._reset()
        self.processes = {}
        outcome = self.attempt(lambda: self.model.init(), choices)
        if outcome.kind == "commit":
            for name, decl in self.model.declarations(ProcessDecl).items():
                for pid in getattr(self.model, name):
                    takes = decl.fn.__code__.co_argcount
                    generator = decl.fn(self.model, pid) if takes > 1 else decl.fn(self.model)
                    self.processes[pid.name] = Process(name, pid, generator)
        return outcome

    def step(self, actor: str, choices: tuple[Value, ...] = (), *, check: bool = True) -> Outcome:
        """Let ``actor`` take one step with these choices; after anything but ``commit`` the run must be restarted.

        ``check=False`` skips the domain checks, for steps that are known to commit.
        """
        if actor in self.rules:
            return self.attempt(lambda: self._run_rule(actor), choices, check)
        process = self.processes[actor]
        if process.step is None:
            return Outcome("blocked", ())
        return self.attempt(lambda: self._resume(process), choices, check)

    def _run_rule(self, name: str) -> None:
        fn, domains = self.rules[name]
        arguments = [self.choose([d.decode(v) for v in d.values()]) for d in domains]
        fn(self.model, *arguments)

    def _resume(self, process: Process) -> None:
        assert process.step is not None
        if process.step.when is not None and not process.step.when():
            raise RequireFailed
        try:
            process.step = next(process.generator)
        except StopIteration:
            process.step = None

    def outside(self) -> str:
        """What left its domain, if anything did: judged when the step commits."""
        for name, domain, plain in self._fields():
            if not domain.contains(plain):
                return f"{name} leaves its domain {domain!r}"
        for process in self.processes.values():
            for base, domain, value in self._locals(process):
                if not domain.contains(domain.encode(value)):
                    return f"{base} leaves its domain {domain!r}"
        return ""

    # --- what a spec asks while it runs (see ``primitives.Runtime``) -----------------------------------------

    def label_of(self, g: ProcessId) -> str:
        return self.processes[g.name].label

    def known_labels(self, kinds: tuple[str, ...], labels: tuple[str, ...]) -> set[str]:
        return set(labels)

    def locals_of(self, g: ProcessId) -> LocalsView:
        return LocalsView(self, self.processes[g.name], "")

    def step_of(self, actor: str) -> Step | None:
        """The step that a process (None: it is done) or a rule would take next."""
        return self.system.rules[actor].step if actor in self.rules else self.processes[actor].step

    # --- enumerating -----------------------------------------------------------------------------------------

    def replay(self, trace: Trace, *, check: bool = True) -> Outcome:
        """Run a whole trace; the outcome of its last move."""
        outcome = self._fitting(trace.init, lambda: self.start(trace.init))
        for move in trace.moves:
            if outcome.kind != "commit":
                raise InternalError(f"the trace goes on after {outcome}")
            outcome = self.move(move, check=check)
        return outcome

    def move(self, move: Move, *, check: bool = True) -> Outcome:
        """Take one step as a trace has it; raises InternalError where it does not fit."""
        if move.actor not in self.processes and move.actor not in self.rules:
            raise InternalError(f"there is no {move.actor} that could step")
        if move.actor in self.processes and self.processes[move.actor].label != move.label:
            raise InternalError(f"{move.actor} stands at {self.processes[move.actor].label!r}, not {move.label!r}")
        return self._fitting(move.choices, lambda: self.step(move.actor, move.choices, check=check))

    @staticmethod
    def _fitting(choices: tuple[Value, ...], run: Callable[[], Outcome]) -> Outcome:
        """The outcome of ``run``; raises InternalError where it asks for more or fewer choices than there are."""
        try:
            outcome = run()
        except NeedChoice as need:
            raise InternalError(f"behind the choices {choices} another is made, among {need.options}") from None
        if outcome.kind != "blocked" and outcome.choices != choices:
            raise InternalError(f"the choices {choices} are not what is asked for, only {outcome.choices}")
        return outcome

    def initial(self) -> Iterator[tuple[Value, ...]]:
        """The choice vectors of ``init`` that give an initial state."""
        for outcome in self.vectors(lambda choices: self.start(choices)):
            if outcome.kind == "commit":
                yield outcome.choices

    def successors(
        self, trace: Trace, only: Collection[str] | None = None
    ) -> Iterator[tuple[Move, Outcome, State | None]]:
        """Every enabled step behind ``trace``: the move, its outcome, and the state it leads to.

        ``only`` of these processes and rules, where it is given.
        """
        self.replay(trace)
        labels = {name: p.label for name, p in self.processes.items()} | {name: name for name in self.rules}
        for actor, label in labels.items():
            if label == DONE or not (only is None or actor in only):
                continue

            def attempt(choices: tuple[Value, ...], actor: str = actor) -> Outcome:
                self.replay(trace, check=False)
                return self.step(actor, choices)

            for outcome in self.vectors(attempt):
                if outcome.kind != "blocked":
                    state = self.state() if outcome.kind == "commit" else None
                    yield Move(actor, label, outcome.choices), outcome, state

    # --- describing states -----------------------------------------------------------------------------------

    def _fields(self) -> Iterator[tuple[str, Domain, Plain]]:
        for component in self.model.all_components():
            prefix = component._meta.path
            for name, domain in component._meta.fields.items():
                yield f"{prefix}.{name}".lstrip("."), domain, domain.encode(component._meta.values[name])

    def _sites(self, process: Process) -> tuple[int, list[tuple[Any, Any]]]:
        """The program counter of a process, and its activations with what the tracer knows of each."""
        if process.step is None:
            return 0, []
        frames = process.frames()
        key = tuple(_place(f) for f in frames)
        for pc, sites in self._table.get((process.kind, key), []):
            pairs = list(zip(frames, sites, strict=True))
            if all(_statics_match(frame, site.statics, process.pid) for frame, site in pairs):
                return pc, pairs
        raise InternalError(f"{process.pid} stands where the traced system has no program counter: {key}")

    def program_counter(self, process: Process) -> int:
        """Where the traced system sees the process."""
        return self._sites(process)[0]

    def _locals(self, process: Process) -> Iterator[tuple[str, Domain, Any]]:
        """The declared locals that have a value: variable, domain, concrete value."""
        for frame, site in self._sites(process)[1]:
            values = frame.f_locals
            for name, base, domain in site.scope:
                if name in values:
                    yield base, domain, values[name]

    def state(self) -> State:
        """The current state as engines store it: dead locals at their default."""
        cells: dict[str, Any] = {}
        for name, domain, plain in self._fields():
            _spread(cells, name, domain, plain)
        for kind in self.system.kinds.values():
            processes = [p for p in self.processes.values() if p.kind == kind.name]
            pcs, columns = [], []
            for process in processes:
                pc, _ = self._sites(process)
                values: dict[str, Any] = {}
                for base, domain, value in self._locals(process):
                    _spread(values, base, domain, domain.encode(value))
                live = kind.live[pc]
                columns.append(
                    {n: values.get(n, d.default()) if n in live else d.default() for n, d in kind.locals.items()}
                )
                pcs.append(pc)
            cells[kind.pc_name] = tuple(pcs)
            for name in kind.locals:
                cells[name] = tuple(c[name] for c in columns)
        return tuple(cells[name] for name in self.system.variables)


class LocalsView:
    """``self.client[g]`` in CPython: reads declared locals by name; outside their activation, the default."""

    def __init__(self, runner: Runner, process: Process, prefix: str) -> None:
        self._runner, self._process, self._prefix = runner, process, prefix

    def __getattr__(self, name: str) -> Any:
        wanted = f"{self._prefix}.{name}".lstrip(".").split(".")
        kind = self._runner.system.kinds[self._process.kind]
        scopes = {base: domain for sites in kind.sites for site in sites for _, base, domain in site.scope}
        for base, domain in scopes.items():
            if base.split(".")[-len(wanted) :] == wanted:
                for found, _, value in self._runner._locals(self._process):
                    if found == base:
                        return value
                return domain.decode(domain.default())
        return LocalsView(self._runner, self._process, ".".join(wanted))


def _spread(cells: dict[str, Any], name: str, domain: Domain, plain: Plain) -> None:
    """Store a field or local under the names of its variables."""
    for (leaf, _), value in zip(flat(domain, name), split(domain, plain), strict=True):
        cells[leaf] = value


def _site_table(system: TransitionSystem) -> dict[Any, list[tuple[int, tuple[Any, ...]]]]:
    table: dict[Any, list[tuple[int, tuple[Any, ...]]]] = {}
    for kind in system.kinds.values():
        for pc, sites in enumerate(kind.sites):
            if sites:
                key = tuple((s.file, s.line, s.column) for s in sites)
                table.setdefault((kind.name, key), []).append((pc, sites))
    return table


_positions: dict[Any, list[Any]] = {}


def _place(frame: Any) -> tuple[str, int, int]:
    """File, line and column of the yield at which a frame is suspended."""
    code = frame.f_code
    known = _positions.get(code)
    if known is None:
        known = _positions[code] = list(code.co_positions())
    line, _, column, _ = known[frame.f_lasti // 2]
    return code.co_filename, line, column


def _statics_match(frame: Any, statics: tuple[tuple[str, Any], ...], own: ProcessId) -> bool:
    values = frame.f_locals
    for name, key in statics:
        value = values.get(name)
        have = static_key(value, own if isinstance(value, ProcessId) and value == own else None)
        if isinstance(value, ProcessId) and value == own:
            have = "self"
        if have != key:
            return False
    return True

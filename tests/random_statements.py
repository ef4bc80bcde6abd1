"""Random statements of the modelling language as source text (see ``random_models``)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .random_expressions import SCALARS, Expressions

BLOCKED = '"blocked"'


class Statements(Expressions):
    """Writes statements, line by line."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.lines: list[str] = []
        self.indent = ""
        self.kind = ""  # the process kind being written
        self.called = False  # whether an operation is being written, which may never be called
        self.first_label: dict[str, str] = {}
        self.locals: list[tuple[str, str]] = []  # of processes of kind a: name, type

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    @contextmanager
    def inside(self, header: str) -> Iterator[None]:
        """A nested block with a scope of its own: what it declares is not seen behind it."""
        self.line(header)
        outer, self.scope = self.scope, self.scope.copy()
        self.indent += "    "
        try:
            yield
        finally:
            self.indent = self.indent[4:]
            self.scope = outer

    # --- statements ------------------------------------------------------------------------------------------

    def block(self, size: int, depth: int, *, yields: bool = False, loop: bool = False, result: str = "") -> None:
        """Up to ``size`` statements; ``yields`` in a process or operation, ``result`` is what ``return`` gives."""
        self.line("pass")
        for _ in range(1 + self.rng.randrange(size)):
            if yields and self.chance(20):
                self._yield()
            self.statement(depth, yields, loop, result)

    def statement(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        options: list[Callable[[], None]] = [self._assign] * 4 + [self._container] * 4 + [self._temp] * 2
        options += [self._augmented, self._view, self._pair, self._listed, self._loose]
        if depth > 0:
            nested = self.pick([self._if, self._if, self._for])
            options += [lambda: nested(depth - 1, yields, loop, result)] * 5
            if yields:
                options += [self._yield] * 3 + [
                    self._kept,
                    lambda: self._while(depth - 1, result),
                    lambda: self._call(result),
                ]
        if loop:
            options.append(lambda: self.line(f"if {self.expr('bool', 1)}: {self.pick(('break', 'continue'))}"))
        if result and self.chance(15):
            options = [lambda: self._return(result)]
        if self.chance(6):
            options = [self._require, self._fatal, self._assert]
        self.pick(options)()

    def _assign(self) -> None:
        kind = self.pick([t for t in SCALARS if self.scope.places[t]])
        self.line(f"{self.pick(self.scope.places[kind])} = {self.value(kind)}")

    def _augmented(self) -> None:
        targets = list(self.scope.places["int"])
        targets += [f"{n}[{self.expr(i, 1)}]" for n, i, e in self.scope.arrays if e == "int"]
        targets += [f"{n}[{self.expr('int', 1)}].n" for n in self.scope.struct_arrays]
        self.line(f"{self.pick(targets)} {self.pick(('+=', '-=', '*=', '%='))} {self.expr('int', 1)}")

    def _temp(self) -> None:
        kind = self.pick(SCALARS)
        temps = self.scope.temps[kind]
        if temps and self.chance(50):
            self.line(f"{self.pick(temps)} = {self.expr(kind)}")
            return
        name = self.fresh("t")
        self.line(f"{name} = {self.expr(kind)}")
        temps.append(name)

    def _pair(self) -> None:
        one, two = self.pick(SCALARS), self.pick(SCALARS)
        names = self.fresh("t"), self.fresh("t")
        self.line(f"{names[0]}, {names[1]} = {self.expr(one)}, {self.expr(two)}")
        self.scope.temps[one].append(names[0])
        self.scope.temps[two].append(names[1])

    def _listed(self) -> None:
        """A Python list that the step makes, changes on some paths, and reads."""
        name = self.fresh("l")
        self.line(f"{name} = [{self.expr('int', 1)}]")
        self.line(f"if {self.expr('bool', 1)}: {name}.append({self.expr('int', 1)})")
        self.line(f"{self.pick(self.scope.places['int'])} = ({self.pick(('sum', 'len', 'max'))}({name})) % 3")

    def _loose(self) -> None:
        """A cell that is outside its domain for a while, which is judged when the step commits."""
        arrays = [(n, i) for n, i, e in self.scope.arrays if e == "int"]
        if arrays:
            name, index = self.pick(arrays)
            at, other = self.atom(index), self.expr(index, 1)
            self.line(f"{name}[{at}] = {self.expr('int', 1)} + {self.pick((2, 3))}")
            self.line(f"if {name}[{other}] > 2: {self.pick(self.scope.places['int'])} = {self.value('int')}")
            self.line(f"{name}[{at}] = {self.value('int')}")

    def _view(self) -> None:
        """A view of a container, or a copy, under a name of its own; good within the step."""
        if not self.scope.arrays:
            return
        source, index, elem = self.pick(self.scope.arrays)
        name = self.fresh("w")
        self.line(f"{name} = {source}{self.pick(('', '.copy()'))}")
        self.line(f"{name}[{self.expr(index, 1)}] = {self.value(elem)}")
        for place in self.scope.places[elem][:1]:
            self.line(f"{place} = {name}[{self.expr(index, 1)}]")

    def _kept(self) -> None:
        """A container of the process's own, alive across yields."""
        options = [(self.scope.arrays, a) for a in self.scope.arrays] + [
            (self.scope.queues, q) for q in self.scope.queues
        ]
        options += [(self.scope.sets, s) for s in self.scope.sets]
        options = [(known, item) for known, item in options if item[0].startswith("self.")]
        if options:
            known, item = self.pick(options)
            name = self.fresh("x")
            self.line(f"{name}: like({item[0]}) = {item[0]}.copy()")
            known.append((name, *item[1:]))

    def _container(self) -> None:
        scope = self.scope
        writers = (self._array, self._queue, self._set, self._bag, self._struct, self._struct_queue, self._struct_array)
        names = (
            scope.arrays,
            scope.queues,
            scope.sets,
            scope.bags,
            scope.structs,
            scope.struct_queues,
            scope.struct_arrays,
        )
        options = [(w, n) for w, known in zip(writers, names, strict=True) for n in known]
        if options:
            write, name = self.pick(options)
            self.line(self.pick(write(name)))

    def _array(self, array: tuple[str, str, str]) -> list[str]:
        name, index, elem = array
        stored = f"{name}[{self.expr(index, 1)}] = {self.value(elem)}"
        alike = [n for n, i, e in self.scope.arrays if (i, e) == (index, elem)]
        forms = [stored, stored, f"{name}.fill({self.value(elem)})", f"{name} = {self.pick(alike)}.copy()"]
        listed = f"{name} = [{self.value(elem)}, {self.value(elem)}]"
        return [*forms, listed] if index == "int" and name.startswith("self.") else forms

    def _queue(self, queue: tuple[str, str]) -> list[str]:
        name, elem = queue
        push = f"{name}.{self.pick(('push', 'push_front'))}({self.value(elem)})"
        guarded = f"if len({name}) < 2: {push}"
        remove = f"if {self.expr(elem, 1)} in {name}: {name}.remove({self.expr(elem, 1)})"
        return [push, guarded, guarded, remove, f"if {name}: {name}[0] = {self.value(elem)}", f"{name}.clear()"]

    def _set(self, named: tuple[str, str]) -> list[str]:
        name, elem = named
        return [f"{name}.{self.pick(('add', 'discard'))}({self.value(elem)})"]

    def _bag(self, name: str) -> list[str]:
        item = self.value("int")
        return [f"{name}.{self.pick(('add', 'remove'))}({item})", f"if {name}.count({item}) < 2: {name}.add({item})"]

    def _made(self) -> str:
        return f"Word(f={self.expr('bool', 1)}, n={self.value('int')})"

    def _struct(self, name: str) -> list[str]:
        other, made = self.pick(self.scope.structs), self._made()
        return [f"{name} = {made}", f"{name} = {other}.copy()", f"if {name} == {made}: {name}.n = 0"]

    def _struct_queue(self, name: str) -> list[str]:
        if not self.scope.structs:
            return [f"if not {name}: {name}.push({self._made()})"]
        word, made = self.pick(self.scope.structs), self._made()
        push, pop = f"if not {name}: {name}.push({self.pick((word, made))})", f"if {name}: {word} = {name}.pop().copy()"
        return [push, push, pop, f"if {name} and {name}[0].f: {word}.n = {name}[0].n"]

    def _struct_array(self, name: str) -> list[str]:
        index = self.expr("int", 1)
        field = self.pick((f"f = {self.expr('bool', 1)}", f"n = {self.value('int')}"))
        stored = [f"{name}[{index}] = {self._made()}", f"{name}[{index}].{field}", f"{name}[0] = {name}[{index}]"]
        return stored + [f"{word} = {name}[{index}].copy()" for word in self.scope.structs[:1]]

    def _require(self) -> None:
        self.line(f"require({self.expr('bool')})")

    def _fatal(self) -> None:
        self.line(f'if {self.expr("bool")}: fatal("{self.fresh("boom")}")')

    def _assert(self) -> None:
        self.line(f"assert {self.expr('bool')} or {self.expr('bool', 1)}")

    def _return(self, result: str) -> None:
        value = "" if result == "none" else f" {self.value(result)}"
        self.line(f"if {self.expr('bool', 1)}: return{value}")

    # --- control ---------------------------------------------------------------------------------------------

    def _if(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        yields = yields and self.chance(60)
        headers = [f"if {self.expr('bool')}:"]
        headers += [f"elif {self.expr('bool')}:"] * self.chance(30) + ["else:"] * self.chance(60)
        for header in headers:
            with self.inside(header):
                self.block(2, depth, yields=yields, loop=loop, result=result)
        if yields:
            self.forget()

    def _for(self, depth: int, yields: bool, loop: bool, result: str) -> None:
        yields = yields and self.chance(30)
        if yields:
            self.forget()  # the second round begins behind a yield
        name, kind = self.fresh("k"), "int"
        source = self.pick(("range(2)", "(0, 2)", "range(3)"))
        small = [(n, e) for n, i, e in self.scope.arrays if i != "pid"] + self.scope.queues
        if small and not yields and self.chance(50):
            source, kind = self.pick(small)
        with self.inside(f"for {name} in {source}:"):
            self.scope.readonly[kind].append(name)
            self.block(2, depth, yields=yields, loop=True, result=result)
        if self.chance(20):
            with self.inside("else:"):
                self.block(1, 0, loop=loop, result=result)
        if yields:
            self.forget()

    def _while(self, depth: int, result: str) -> None:
        self.forget()
        with self.purely():
            header = f"while {self.expr('bool')}:"
        with self.inside(header):
            self._yield()
            self.block(2, depth, yields=True, loop=True, result=result)
        self.forget()

    def _yield(self) -> None:
        self.forget()
        label = self.fresh("L")
        if not self.called:
            self.first_label.setdefault(self.kind, label)
        with self.purely():
            guard = f", when=lambda: {self.expr('bool', 1)}" if self.chance(15) else ""
        rest = f", rest={self.pick(('True', BLOCKED))}" if self.chance(10) else ""
        self.line(f'yield step("{label}"{guard}{rest})')

    def _call(self, result: str) -> None:
        if not self.scope.operations:
            return
        name, argument, given = self.pick(self.scope.operations)
        call = f"yield from {name}(g, {self.value(argument)})"
        self.forget()
        if given == result and self.chance(40):
            with self.inside(f"if {self.expr('bool', 1)}:"):
                self.line(f"return ({call})")
            return
        targets = self.scope.places.get(given, [])
        self.line(f"{self.pick(targets)} = {call}" if targets and self.chance(80) else call)

    def forget(self) -> None:
        """Behind a yield, locals without a domain are gone."""
        for names in self.scope.temps.values():
            names.clear()

"""Refused expressions, and effects where none may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.refusing import Case, expect_refusal, members, prop, step

EXPRESSIONS = [
    step("hash", "self.n = hash(self.n)  # <-", "hash is not part of the language", "explicit hash"),
    step("arithmetic on a process id", "self.n = g + 1  # <-", "never computed with"),
    step("order of process ids", "self.flag = g < self.last  # <-", "never computed with"),
    step("minus a process id", "self.n = -self.last  # <-", "never computed with"),
    step("process id compared with a number", "self.flag = self.last == 0  # <-", "compared with process ids only"),
    step("process id stored as a number", "self.n = g  # <-", "does not fit"),
    step("number stored as a process id", "self.last = 0  # <-", "does not fit"),
    step("truth of a process id", "self.n = 1 if self.last else 0  # <-", "has no truth value"),
    step("truth of an option", "self.n = 1 if self.some else 0  # <-", "has no truth value", "is not None"),
    step("truth of a struct", "self.n = 1 if self.word else 0  # <-", "a Struct has no truth value"),
    step("truth of an enum", "self.n = 1 if self.mode else 0  # <-", "has no truth value", "compare it"),
    step(
        "misspelt enum value, compared",
        "self.flag = self.mode == 'runing'  # <-",
        "'runing' is not one of",
        "did you mean running?",
    ),
    step(
        "misspelt enum value, assigned", "self.mode = 'runing'  # <-", "'runing' is not one of", "did you mean running?"
    ),
    step(
        "undeclared field read",
        "self.flag = self.cels[0] == 1  # <-",
        "M.cels is not a declared field",
        "did you mean cells?",
    ),
    step(
        "undeclared field written", "self.total = 1  # <-", "M.total is not a declared field", "declare it in state()"
    ),
    step(
        "a component that is not embedded",
        "self.n = Part().x  # <-",
        "this Part is not part of the model",
        "self.… = Part(…)` in state()",
    ),
    step("undeclared field of a struct", "self.word.hi = True  # <-", "the struct has no field 'hi'", "low, high"),
    step("unknown field in a struct value", "self.word = like(self.word)(hi=True)  # <-", "no field 'hi'", "low, high"),
    step("struct with positional values", "self.word = like(self.word)(1)  # <-", "made with named fields", "e.g."),
    step("unknown method of a container", "self.queue.psh(1)  # <-", "a Queue has no method 'psh'", "push"),
    step(
        "wrong arguments of a container's method",
        "self.queue.push()  # <-",
        "push: missing a required argument: 'value'",
    ),
    step(
        "a method of a component that is none",
        "self.part.operate()  # <-",
        "Part.operate is not a declared field",
        "declare it",
    ),
    step("attribute of a number", "self.n = self.n.real  # <-", "has no attribute 'real'"),
    step("index of a number", "self.n = self.n[0]  # <-", "a value of Int(0, 3) is not indexed"),
    step("slice of a queue", "self.n = len(self.queue[1:])  # <-", "a slice of a container", "use an index"),
    step("index of a set", "self.n = self.seen[0]  # <-", "a Set is not indexed"),
    step(
        "shift of a symbolic value", "self.n = self.n << 1  # <-", "`<<` of a symbolic value is not part", "+ - * // %"
    ),
    step(
        "inversion of a symbolic value", "self.n = ~self.n  # <-", "~ of a symbolic value is not part of the language"
    ),
    step("is between values", "self.flag = self.n is self.n  # <-", "`is` is for None only", "use =="),
    step("order of containers", "self.flag = self.queue < self.queue  # <-", "compared with == only"),
    step("container of another kind assigned", "self.queue = self.cells  # <-", "does not fit"),
    step("text of a symbolic value", "x = f'{self.n}'  # <-", "put into text"),
    step("print of a symbolic value", "print(self.n)  # <-", "print() of a symbolic value"),
    step("sorted of symbolic values", "self.n = sorted([self.n, 1])[0]  # <-", "sorted() of a symbolic value"),
    step(
        "isinstance of a symbolic value", "self.flag = isinstance(self.n, int)  # <-", "isinstance of a symbolic value"
    ),
    step("dict with a symbolic key", "d = {self.n: 1}  # <-", "key of a dict must be concrete", "Array"),
    step(
        "Python list at a symbolic index, written",
        "xs = [0, 0]\nxs[self.n] = 1  # <-",
        "cannot be indexed by a symbolic value",
        "Array field",
    ),
    step("unpacking that does not fit", "x, y = 1, 2, 3  # <-", "does not unpack"),
    step("too many arguments", "self.part.plain(1)  # <-", "takes 1 arguments, 2 were given"),
    step("missing argument", "yield from self.part.operation()  # <-", "misses its argument 'k'"),
    step("unknown keyword argument", "yield from self.part.operation(j=1)  # <-", "no free parameter 'j'"),
    step("choose from a container domain", "x = choose(Queue(Int(0, 1), 2))  # <-", "needs a scalar domain"),
    step("choose of lists", "x = choose([1], [2])  # <-", "options are numbers, booleans, names or process ids"),
    step(
        "write to an element of a queue of structs",
        "q = Queue(Struct(a=Bool()), 1)\nself.queue[0].low = 1  # <-",
        "fields of components and structs",
    ),
    step(
        "label read by a step",
        "self.flag = self.client.at(g, 'first')  # <-",
        "reads neither labels nor locals",
        "field of the model",
    ),
    step(
        "local of another process read by a step",
        "self.n = self.client[g].mine  # <-",
        "reads neither labels nor locals",
        "field of the model",
    ),
    step("unknown bug", "self.flag = self.bug('b1')  # <-", "M has no bug 'b1'", "its bugs are: none"),
    step("call of no function", "self.n()  # <-", "is not a function"),
    step("TypeError in CPython", "self.n = len(3)  # <-", "TypeError: object of type 'int' has no len()"),
]

PURE = [
    members(
        "guard that writes",
        """
        def take(self):
            self.n = 1  # <-
            return True

        @process(count="size")
        def client(self, g):
            yield step("first", when=lambda: self.take())
            self.flag = True
        """,
        "the guard of a step must not change the state",
    ),
    members(
        "guard that chooses",
        """
        @process(count="size")
        def client(self, g):
            yield step("first", when=lambda: choose(False, True))  # <-
            self.flag = True
        """,
        "the guard of a step must not choose",
    ),
    prop("property that writes", "self.n = 1  # <-\nreturn True", "a property must not change the state"),
    prop("property that pushes", "self.queue.push(1)  # <-\nreturn True", "a property must not change the state"),
    prop("property that chooses", "return choose(False, True)  # <-", "a property must not choose"),
    prop("property that requires", "require(self.flag)  # <-\nreturn True", "a property must not require"),
    prop("property that ends in fatal", "fatal('no')  # <-", "a property must not reach a fatal"),
    prop("property with steps", "yield step('x')\nreturn True", "property claim is a plain method of self", "return …"),
    prop(
        "comprehension that writes", "return all(self.queue.pop() for i in range(1))  # <-", "must not change the state"
    ),
    prop(
        "unknown label",
        "return any(self.client.at(g, 'critical sektion') for g in self.client)  # <-",
        "client has no label 'critical sektion'",
        "did you mean 'critical section'?",
    ),
    prop(
        "unknown label, none near",
        "return any(self.client.at(g, 'zzz') for g in self.client)  # <-",
        "client has no label 'zzz'",
        "its labels are: 'done', 'idle', 'critical section'",
    ),
    prop(
        "at() without labels",
        "return any(self.client.at(g) for g in self.client)  # <-",
        "at() takes a process and labels",
        "e.g.",
    ),
    prop(
        "unknown local",
        "return any(self.client[g].mind == 1 for g in self.client)  # <-",
        "client has no local 'mind'",
        "did you mean mine?",
    ),
    prop(
        "locals through a union",
        "return (self.client | self.client)[self.last].mine == 1  # <-",
        "client and client are not neighbours",
    ),
    prop("property that returns nothing", "self.n == 1", "property claim returns nothing", "return"),
    prop("property that is an option", "return self.some", "has no truth value", "is not None"),
    prop(
        "leads_to with one value",
        "return self.flag",
        "a leads_to returns `premise, conclusion`",
        "return …, …",
        "@leads_to()",
    ),
    prop("state before the step written", "before.n = 1  # <-\nreturn True", "read only", "", "@step_invariant"),
    prop(
        "property that always fails to evaluate", "return TABLE[5] == 1  # <-", "claim cannot be evaluated: IndexError"
    ),
    prop(
        "for over processes in a property",
        "for g in self.client:  # <-\n    pass\nreturn True",
        "iterated only inside",
        "any(",
    ),
    members(
        "step_invariant without before",
        "@step_invariant\ndef claim(self):  # <-\n    return True",
        "plain method of self, before",
        "def claim(self, before):",
    ),
    members(
        "invariant with before",
        "@invariant\ndef claim(self, before):  # <-\n    return True",
        "plain method of self",
        "def claim(self):",
    ),
]

CASES = [*EXPRESSIONS, *PURE]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_refusal(case: Case, tmp_path: Path) -> None:
    expect_refusal(case, tmp_path)

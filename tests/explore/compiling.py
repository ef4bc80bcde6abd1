"""Machine code for tests: many functions from words to words in one module."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import llvmlite.binding as llvm

from gomodel.explore.assembly import Code, Word

MASK = (1 << 64) - 1


class Function:
    """The body of a function under construction: what it is given, and what it returns."""

    def __init__(self) -> None:
        self.code = Code()
        self.given = self.returned = 0

    def take(self) -> str:
        """The next word that is given."""
        self.given += 1
        return self.code.op(f"load i64, ptr {self.code.op(f'getelementptr i64, ptr %in, i64 {self.given - 1}')}")

    def give(self, *words: Word) -> None:
        """Return words, behind those before."""
        for word in words:
            place = self.code.op(f"getelementptr i64, ptr %out, i64 {self.returned}")
            self.code.line(f"store i64 {word}, ptr {place}")
            self.returned += 1


class Machine:
    """Compiled functions, called by their numbers."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self._functions = functions
        heads = [f"define void @f{n}(ptr %in, ptr %out) {{\nentry:" for n in range(len(functions))]
        texts = ["\n".join([h, *f.code.lines, "  ret void\n}"]) for h, f in zip(heads, functions, strict=True)]
        module = llvm.parse_assembly("\n".join([*texts, '!0 = !{!"branch_weights", i32 1, i32 4000}']))
        self._engine = _compile(module)
        call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
        self._calls = [call(self._engine.get_function_address(f"f{n}")) for n in range(len(functions))]

    def run(self, number: int, given: Sequence[int]) -> list[int]:
        """The words that a function returns, each below 2^64."""
        function = self._functions[number]
        words = (ctypes.c_uint64 * max(function.given, 1))(*(w & MASK for w in given))
        out = (ctypes.c_uint64 * max(function.returned, 1))()
        self._calls[number](words, out)
        return list(out)[: function.returned]


def _compile(module: llvm.ModuleRef) -> llvm.ExecutionEngine:
    """Optimised well, so that results which are undefined would show."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0, jit=True)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word

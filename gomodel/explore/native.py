"""From LLVM assembly to callable code: the kernel and a model's program linked, optimised, and kept on disk."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from .cache import Cache

ENTRIES = {  # of each kernel
    "kernel": ("search", "seed", "widen", "link"),
    "cycles": ("flag", "open", "split", "entries", "nearest"),
}
PROGRAM = ("expand", "judge", "promise")  # what the kernels call of a program
# The generator and the kernel, read when they are imported: code on disk belongs to what made it.
SOURCES = "".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py")))
WIDTH = "width"  # the words of a state: a constant of the kernel's code


class Native:
    """The functions of the kernel with one program; they live as long as this object."""

    def __init__(self, program: bytes, kernel: bytes) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())  # owns the machine
        self._add(program)
        self._add(kernel)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self.search = self._function("search", *[pointer] * 9)
        self.seed = self._function("seed", *[pointer] * 9, number)
        self.expand = self._function("expand", pointer, number, pointer, pointer, number, pointer)
        self.widen = self._function("widen", *[pointer] * 3)
        self.link = self._function("link", *[pointer] * 10, number, number)

    def add_cycles(self, cache: Cache) -> None:
        """Add the functions that liveness needs."""
        self._add(_cached(cache, "cycles", "", lambda: _compile_kernel("cycles", None, cache)))
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self.flag = self._function("flag", pointer, pointer, *[number] * 3)
        self.open = self._function("open", number, *[pointer] * 7, number)
        self.split = self._function("split", number, *[pointer] * 5, number, *[pointer] * 6)
        self.entries = self._function("entries", number, *[pointer] * 4, number, *[pointer] * 2, number)
        self.nearest = self._function("nearest", number, number, *[pointer] * 4, number, *[pointer] * 5)

    def _add(self, machine_code: bytes) -> None:
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
        self._engine.finalize_object()

    def _function(self, name: str, *arguments: Any) -> Callable[..., int]:
        address = self._engine.get_function_address(_exported(name))
        return ctypes.CFUNCTYPE(ctypes.c_int64, *arguments)(address)


def native(program: str, words: int, cache: Cache) -> Native:
    """The code of a program whose states have so many words, from the cache where it is there."""
    return Native(
        _cached(cache, "program", program, lambda: _compile_program(program)),
        _cached(cache, "kernel", str(words), lambda: _compile_kernel("kernel", words, cache)),
    )


def _cached(cache: Cache, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
    name = f"{kind}-{digest(key, _toolchain(), SOURCES)}"
    content = cache.get(name)
    if content is None:
        content = make()
        cache.put(name, content)
    return content


def digest(*parts: str) -> str:
    found = hashlib.blake2b(digest_size=20)
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part.encode())
    return found.hexdigest()


def _exported(name: str) -> str:
    return f"gomodel_{name}"


@cache
def _toolchain() -> str:
    """What machine code depends on besides the program."""
    _initialise()
    cpu = f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    return f"{llvmlite.__version__} {llvm.llvm_version_info} {cpu} {llvm.get_process_triple()}"


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _machine() -> llvm.TargetMachine:
    _initialise()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        codemodel="jitdefault",
        jit=True,
    )


def _compile_program(program: str) -> bytes:
    """Machine code of a program, which is folded and shared already: the costly passes would find little."""
    module = llvm.parse_assembly(program)
    for name in PROGRAM:
        function = module.get_function(name)
        function.name, function.linkage = _exported(name), llvm.Linkage.external
    machine = _machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_sinking_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    code: bytes = machine.emit_object(module)
    return code


# --- the kernels ---------------------------------------------------------------------------------------------


def _compile_kernel(kernel: str, words: int | None, cache: Cache) -> bytes:
    """Machine code of a kernel: of one that moves states, for those of so many words."""
    module = llvm.parse_assembly(_cached(cache, kernel, "assembly", lambda: _kernel_assembly(kernel)).decode())
    if words is not None:
        width = f"define internal i64 @{WIDTH}() alwaysinline {{\n  ret i64 {words}\n}}"
        module.get_function(WIDTH).linkage = llvm.Linkage.external
        module.link_in(_external(llvm.parse_assembly(width), WIDTH))
    for function in module.functions:
        if not function.is_declaration and function.name not in map(_exported, ENTRIES[kernel]):
            function.linkage = llvm.Linkage.internal
    for function in module.functions:
        if function.name in PROGRAM:
            function.name = _exported(function.name)
    machine = _machine()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False  # loops go over the few words of a state
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code


def _external(module: llvm.ModuleRef, name: str) -> llvm.ModuleRef:
    """The linker resolves names that both modules can see."""
    module.get_function(name).linkage = llvm.Linkage.external
    return module


def _kernel_assembly(kernel: str) -> bytes:
    """A kernel for any number of words, as Numba translates it."""
    for name in (WIDTH, *PROGRAM):
        llvm.add_symbol(name, 1)  # Numba wants an address; the linker puts functions in the place of the names
    from numba.core import config as settings

    before = settings.OPT
    settings.OPT = settings._OptLevel(0)  # LLVM is to see the kernel as it stands once the width is known
    try:
        source = import_module(f".{kernel}", __package__)
    finally:
        settings.OPT = before
    modules = []
    for name in ENTRIES[kernel]:
        compiled = getattr(source, name)
        module = llvm.parse_assembly(compiled.inspect_llvm())
        module.get_function(compiled.native_name).name = _exported(name)
        modules.append(module)
    for module in modules[1:]:
        modules[0].link_in(module)
    return str(modules[0]).encode()

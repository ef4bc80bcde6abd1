"""Explicit-state exploration with compiled code: layout of states, LLVM code, the search kernel, the engine."""

"""The compiled engine against the conformance suite."""

from __future__ import annotations

from gomodel.explore.engine import CompiledEngine
from tests.conformance import Conformance


class TestCompiled(Conformance):
    engine = CompiledEngine()

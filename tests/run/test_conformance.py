"""The engines that there are, against the conformance suite."""

from __future__ import annotations

from gomodel.run.reference import ReferenceEngine
from tests.conformance import Conformance


class TestReference(Conformance):
    engine = ReferenceEngine()

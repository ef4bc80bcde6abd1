"""What a check has found goes to the store, each under its id."""

from __future__ import annotations

import sys
from dataclasses import replace

from .. import catalog
from ..language.errors import UsageError
from ..language.instance import instance
from ..language.model import Model
from ..run.report import Counterexample, Report
from .store import save, stored_from


def keep(report: Report, model: type[Model], target: str) -> None:
    """Store every counterexample, model error and witness of ``report``, and note their ids in it.

    The shortest counterexample is stored last, so that it is the newest.  Where the folder cannot be written the report
    stays as it is, and a line on stderr says so.
    """
    if not (report.counterexamples or report.errors or report.witnesses):
        return
    bounds = {scenario.scenario: scenario.bounds for scenario in report.scenarios}
    specs = catalog.digests(instance(model))

    def kept(cex: Counterexample) -> Counterexample:
        stored = stored_from(
            cex, model=report.model, target=target, bounds=bounds[cex.scenario], bugs=report.bugs, specs=specs
        )
        save(stored)
        return replace(cex, id=stored.id)

    try:
        report.counterexamples = [kept(cex) for cex in reversed(report.counterexamples)][::-1]
        report.errors = [kept(cex) for cex in reversed(report.errors)][::-1]
        report.witnesses = [kept(cex) for cex in reversed(report.witnesses)][::-1]
    except UsageError as error:
        print(f"gomodel: what was found is not stored: {error}", file=sys.stderr)

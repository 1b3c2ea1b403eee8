"""A day on which nobody has anything is reported all the same."""

from __future__ import annotations

from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.services.book_reports.closing import close_day
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.schedule import DayClock, StepKind
from crossmargin.testing.clearing_days import FIRM, with_day_before


def test_books_without_customers_have_a_nil_custody_report_and_a_statement_of_zero(
    simulated_market, simulation
):
    day, registry = simulation.as_of, parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, day))
    models = DayModels(with_day_before(simulated_market, day), registry, block_executor())
    context = DayContext(FIRM, "operations", "risk", clock, models)
    (step,) = (each for each in clock.steps(day) if each.kind is StepKind.CLOSE)
    with MemoryBooks().work() as work:
        said = close_day(context, work, step).content
        custody = report_document(work, FIRM, day, "custody")["document"]
        segregation = report_document(work, FIRM, day, "segregation")["document"]
    assert (said["findings"], said["custody_ties"]) == (0, "yes")
    assert custody["header"]["nil"] is True
    assert custody["header"]["records"] == {"held": 0, "owed": 0, "in_transit": 0, "recon": 0}
    assert {line["amount"] for line in segregation["lines"] if line["line"] == "6"} == {"0.00"}

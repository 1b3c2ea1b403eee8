"""At its deadline residual interest is compared again: what is lacking then is notified then."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.collateral.call_events import CalledFor, CallPaid, Outside, record_of
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.book_reports.filing import meet_residual_interest
from crossmargin.services.book_reports.reading import notices_of_day
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.report_register import REPORT, report_record_id
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind
from crossmargin.testing.clearing_days import EASTERN, FIRM

BEFORE = date(2026, 5, 11)
DAY = futures_delivery_calendar().next_business_day(BEFORE)
REPORTED = {
    "undermargined": {"A": "70.00", "B": "30.00"},
    "residual_interest_required": "100.00",
    "residual_interest_held": "50.00",
    "target": "10.00",
}


def at_the_deadline(simulated_market, paid: Money, ccp: CalledFor | None = None):
    registry = parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, DAY))
    models = DayModels(simulated_market, registry, block_executor())
    context = DayContext(FIRM, "operations", "risk", clock, models)
    (step,) = (s for s in clock.steps(DAY) if s.kind is StepKind.RESIDUAL_INTEREST_DUE)
    assert isinstance(step, Step)
    with MemoryBooks().work() as work:
        closed = Written(
            BEFORE, datetime(2026, 5, 11, 23, 30, tzinfo=EASTERN), "operations", (), "risk"
        )
        name = "residual-interest"
        content = {"name": name, "version": 1, "document": REPORTED}
        work.records.add(closed.record(report_record_id(FIRM, BEFORE, name), REPORT, FIRM, content))
        if paid.cents:
            morning = datetime(2026, 5, 12, 9, tzinfo=EASTERN)
            event = CallPaid(
                "paid/A", CustomerKey(FIRM, "A"), DAY, morning, amount=paid, currency="USD", ccp=ccp
            )
            work.records.add(record_of(event, actor="operations", approver="risk"))
        said = meet_residual_interest(context, work, step).content
        return said, notices_of_day(work, FIRM, DAY)


@pytest.mark.parametrize(("paid", "left"), [(Money(0), "100.00"), (Money(4999), "50.01")])
def test_less_than_is_required_is_notified_at_once(simulated_market, paid: Money, left: str):
    said, (notice,) = at_the_deadline(simulated_market, paid)
    assert (said["compliant"], said["required_after_payments"]) == ("no", left)
    assert (notice["kind"], notice["deadline"]) == (
        "residual_interest_under_required",
        "immediately",
    )
    assert notice["figures"]["undermargined amounts"] == "100.00"
    assert (notice["figures"]["required after payments"], notice["figures"]["held"]) == (
        left,
        "50.00",
    )


@pytest.mark.parametrize("paid", [Money(5000), Money(9_000_00)])
def test_what_was_paid_by_then_counts_and_nothing_is_notified(simulated_market, paid: Money):
    said, notices = at_the_deadline(simulated_market, paid)
    assert (said["compliant"], notices) == ("yes", ())


def test_what_was_paid_for_segregated_customer_margin_is_none_of_the_futures_account(
    simulated_market,
):
    said, (notice,) = at_the_deadline(simulated_market, Money(5000), Outside.FICC_SCM)
    assert (said["paid_by_undermargined"], said["required_after_payments"]) == ("0.00", "100.00")
    assert notice["kind"] == "residual_interest_under_required"

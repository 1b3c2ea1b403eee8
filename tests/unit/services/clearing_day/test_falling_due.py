"""Which calls a day's look at what fell due judges, and as of when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.collateral.call_events import issue_call
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DeadlineRules, DueEvent
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of, pay_calls, write_event
from crossmargin.services.clearing_day.falling_due import calls_looked_at
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.testing.clearing_days import EASTERN, FIRM, opened_books

FUND = CustomerKey(FIRM, "CURVE-FUND")
#: A Wednesday: two federal business days later is Good Friday, on which no clearing day is run.
WEDNESDAY, THURSDAY = date(2027, 3, 24), date(2027, 3, 25)
GOOD_FRIDAY = date(2027, 3, 26)
MONDAY, TUESDAY = date(2027, 3, 29), date(2027, 3, 30)


@pytest.fixture
def work() -> Iterator[Work]:
    with opened_books(MemoryBooks()).work() as work:
        yield work


def written(day: date, hour: int, cause: str) -> Written:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=EASTERN)
    return Written(day, at, "day", (cause,))


def issue(work: Work, currency: str, day: date, hour: int) -> None:
    call = issue_call(
        f"call/{currency}",
        FUND,
        business_date=day,
        at=written(day, hour, "itd").at,
        ccp=ClearingOrganization.FICC,
        cycle="ITD",
        amount=Money(100),
        currency=currency,
        rules=DeadlineRules.from_parameters(parameter_registry().set_of("collateral", day)),
    )
    write_event(work, call, written(day, hour, "itd"))


def looked_at(work: Work, day: date) -> CallState | None:
    registry = parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, day))
    found = [
        call
        for event in DueEvent
        for call in calls_looked_at(work.records, FUND, event, clock, day)
    ]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("currency", "day", "hour"),
    [("JPY", WEDNESDAY, 12), ("EUR", THURSDAY, 12), ("USD", THURSDAY, 20)],
)
def test_what_fell_due_on_a_day_that_was_not_run_is_found_late_on_the_next(
    work: Work, currency: str, day: date, hour: int
) -> None:
    issue(work, currency, day, hour)
    (call,) = calls_of(work.records, FUND)
    assert call.issued.due_date == GOOD_FRIDAY
    assert looked_at(work, THURSDAY) is None, "not due yet"
    pay_calls(work, FUND, Money(100), written(MONDAY, 10, "paid"), ccp=None)
    found = looked_at(work, MONDAY)
    assert found is not None
    assert found.payable == Money(100), "as it stood when it fell due"
    assert looked_at(work, TUESDAY) is None, "paid since, and named"


def test_what_is_still_unpaid_is_looked_at_every_day_as_it_stands(work: Work) -> None:
    issue(work, "JPY", WEDNESDAY, 12)
    pay_calls(work, FUND, Money(40), written(MONDAY, 10, "paid"), ccp=None)
    found = looked_at(work, TUESDAY)
    assert found is not None
    assert found.payable == Money(60)


def test_what_was_paid_in_time_is_looked_at_once_and_is_not_late(work: Work) -> None:
    issue(work, "JPY", WEDNESDAY, 12)
    pay_calls(work, FUND, Money(100), written(GOOD_FRIDAY, 17, "paid"), ccp=None)
    found = looked_at(work, MONDAY)
    assert found is not None
    assert found.payable == ZERO, "the due instant itself is in time"
    assert looked_at(work, TUESDAY) is None

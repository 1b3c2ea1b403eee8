"""When calls are due: currency, cut-off, weekends, holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.deadline import DeadlineRules, DueEvent, deadline
from crossmargin.collateral.federal_days import SaturdayHoliday, federal_calendar
from crossmargin.parameters.registry import ParameterSet


def rules(parameters: ParameterSet, cutoff: str = "11:00 America/New_York") -> DeadlineRules:
    changed = parameters.replacing({"same_day_cutoff": cutoff}, reason="a test")
    return DeadlineRules.from_parameters(changed)


@pytest.mark.parametrize(
    ("currency", "issued", "due"),
    [
        ("USD", "2026-11-24T10:30:00-05:00", date(2026, 11, 24)),  # MC-1
        ("USD", "2026-11-24T11:30:00-05:00", date(2026, 11, 25)),  # MC-2
        ("EUR", "2026-11-24T10:30:00-05:00", date(2026, 11, 25)),  # MC-3
        ("JPY", "2026-11-24T10:30:00-05:00", date(2026, 11, 27)),  # MC-4
        ("USD", "2026-11-25T12:00:00-05:00", date(2026, 11, 27)),  # MC-5
        ("USD", "2026-11-24T11:00:00-05:00", date(2026, 11, 24)),  # the cut-off itself
        ("USD", "2026-11-24T11:00:01-05:00", date(2026, 11, 25)),
        ("CAD", "2026-11-24T10:30:00-05:00", date(2026, 11, 24)),
        ("CAD", "2026-11-24T11:30:00-05:00", date(2026, 11, 25)),
        ("EUR", "2026-11-24T11:30:00-05:00", date(2026, 11, 25)),  # no cut-off
        ("USD", "2026-11-28T09:00:00-05:00", date(2026, 11, 30)),  # a Saturday
        ("JPY", "2026-11-28T09:00:00-05:00", date(2026, 12, 1)),
        ("USD", "2026-11-26T09:00:00-05:00", date(2026, 11, 27)),  # a holiday
        ("GBP", "2026-11-27T09:00:00-05:00", date(2026, 11, 30)),
        ("USD", "2026-04-03T09:00:00-04:00", date(2026, 4, 3)),  # Good Friday
        ("USD", "2026-06-19T09:00:00-04:00", date(2026, 6, 22)),  # Juneteenth
        ("USD", "2026-11-24T16:00:00Z", date(2026, 11, 24)),  # 11:00 in New York
        ("USD", "2026-07-21T15:30:00Z", date(2026, 7, 22)),  # 11:30 in summer
        ("EUR", "2026-11-25T02:00:00Z", date(2026, 11, 25)),  # still the 24th in New York
    ],
)
def test_the_day_by_currency_and_instant(
    parameters: ParameterSet, currency: str, issued: str, due: date
) -> None:
    found = deadline(currency, datetime.fromisoformat(issued), rules(parameters))
    assert found.due_date == due
    is_dollars = currency == "USD"
    assert (found.due_event is DueEvent.FEDWIRE_FUNDS_CLOSE) is is_dollars
    assert found.due_at.date() == due
    assert found.due_at.time() == (time(19) if is_dollars else time(17))


@pytest.mark.parametrize(
    ("currency", "issued", "due"),
    [
        ("USD", "2026-11-24T18:59:59-05:00", date(2026, 11, 24)),
        ("USD", "2026-11-24T19:00:00-05:00", date(2026, 11, 25)),
        ("USD", "2026-11-24T20:45:00-05:00", date(2026, 11, 25)),
        ("USD", "2026-11-25T20:45:00-05:00", date(2026, 11, 27)),
        ("CAD", "2026-11-24T17:00:00-05:00", date(2026, 11, 25)),
        ("CAD", "2026-11-24T17:00:01-05:00", date(2026, 11, 25)),
    ],
)
def test_of_record_a_call_is_due_after_it_is_issued(
    parameters: ParameterSet, currency: str, issued: str, due: date
) -> None:
    at, shipped = datetime.fromisoformat(issued), DeadlineRules.from_parameters(parameters)
    found = deadline(currency, at, shipped)
    assert found.due_date == due
    assert found.due_at > at


@pytest.mark.parametrize(
    "currency", ["AUD", "CNY", "HKD", "HUF", "ILS", "JPY", "NZD", "SGD", "ZAR", "TRY"]
)
def test_currencies_of_the_appendix_have_two_business_days(
    parameters: ParameterSet, currency: str
) -> None:
    issued = datetime(2026, 5, 21, 14, tzinfo=UTC)
    # Memorial Day lies between.
    assert deadline(currency, issued, rules(parameters)).due_date == date(2026, 5, 26)


def test_of_record_there_is_no_cutoff(parameters: ParameterSet) -> None:
    issued = datetime.fromisoformat("2026-11-24T17:30:00-05:00")
    shipped = DeadlineRules.from_parameters(parameters)
    assert deadline("USD", issued, shipped).due_date == date(2026, 11, 24)


def test_every_fault_is_named(parameters: ParameterSet) -> None:
    for issued in (datetime(2026, 11, 24), datetime(1, 1, 1, tzinfo=UTC)):  # noqa: DTZ001
        with pytest.raises(RefusedError) as refused:
            deadline("usd", issued, rules(parameters))
        assert [each.field for each in refused.value.refusals] == ["currency", "issued"]


def test_federal_holidays_are_not_sifmas() -> None:
    federal = federal_calendar()
    assert federal.is_business_day(date(2025, 4, 18)), "Good Friday"
    assert not federal.is_business_day(date(2021, 12, 31)), "New Year's Day is a Saturday"
    assert not federal.is_business_day(date(2027, 7, 5)), "4 July is a Sunday"
    banks = federal_calendar(SaturdayHoliday.NONE)
    assert banks.is_business_day(date(2021, 12, 31))
    assert not banks.is_business_day(date(2027, 7, 5))
    assert not banks.is_business_day(date(2026, 12, 25)), "a Friday itself"

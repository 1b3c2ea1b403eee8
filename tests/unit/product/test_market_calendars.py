from __future__ import annotations

from datetime import date

import pytest

from crossmargin.product.calendars import (
    cme_calendar,
    futures_delivery_calendar,
    good_friday,
    sifma_calendar,
)


def test_an_early_close_is_a_business_day() -> None:
    # Good Friday 2026 falls on an employment report (ruling 33).
    assert sifma_calendar().is_business_day(date(2026, 4, 3))
    assert cme_calendar().is_business_day(date(2026, 4, 3))
    assert not sifma_calendar().is_business_day(date(2027, 3, 26))
    assert not cme_calendar().is_business_day(date(2027, 3, 26))


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 6, 19), False),  # Juneteenth
        (date(2021, 12, 31), True),  # New Year's Day 2022 was a Saturday
        (date(2023, 11, 10), True),  # Veterans Day 2023 was a Saturday
        (date(2001, 9, 12), False),
        (date(1994, 4, 27), False),
        (date(1985, 11, 11), False),
        (date(1984, 11, 22), False),
        (date(1989, 11, 10), True),
    ],
)
def test_treasury_settlement_days(day: date, open_: bool) -> None:
    assert sifma_calendar().is_business_day(day) is open_


def test_futures_trade_on_bank_holidays_that_are_not_their_own() -> None:
    columbus_day = date(2026, 10, 12)
    assert cme_calendar().is_business_day(columbus_day)
    assert not sifma_calendar().is_business_day(columbus_day)
    assert not futures_delivery_calendar().is_business_day(columbus_day)


@pytest.mark.parametrize(
    "closed",
    [
        date(2023, 1, 2),  # New Year's Day on a Sunday
        date(2021, 12, 24),  # Christmas on a Saturday
        date(2022, 12, 26),  # Christmas on a Sunday
        date(2025, 1, 9),  # mourning
        date(2024, 3, 29),
    ],
)
def test_futures_closes(closed: date) -> None:
    assert not cme_calendar().is_business_day(closed)


@pytest.mark.parametrize("years", [(1979, 2020), (2020, 2060), (2021, 2020)])
@pytest.mark.parametrize("calendar", [sifma_calendar, cme_calendar])
def test_years_outside_the_known_are_refused(calendar, years: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=f"were {years[0]} to {years[1]}"):
        calendar(*years)


@pytest.mark.parametrize(
    "expected", [date(2000, 4, 21), date(2008, 3, 21), date(2024, 3, 29), date(2038, 4, 23)]
)
def test_good_fridays(expected: date) -> None:
    assert good_friday(expected.year) == expected

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.calendars import BusinessCalendar, weekday_closes

MEMORIAL_DAY = date(2026, 5, 25)
FRIDAY, TUESDAY = date(2026, 5, 22), date(2026, 5, 26)
MAY = BusinessCalendar("May", frozenset({MEMORIAL_DAY}), date(2026, 5, 1), date(2026, 5, 31))


def test_weekends_and_closes_are_no_business_days() -> None:
    assert MAY.is_business_day(FRIDAY)
    assert not MAY.is_business_day(date(2026, 5, 23))
    assert not MAY.is_business_day(date(2026, 5, 24))
    assert not MAY.is_business_day(MEMORIAL_DAY)


def test_the_next_and_the_previous_business_day_skip_closes() -> None:
    assert MAY.next_business_day(FRIDAY) == TUESDAY
    assert MAY.previous_business_day(TUESDAY) == FRIDAY
    assert MAY.next_business_day(MEMORIAL_DAY) == TUESDAY


def test_on_or_after_and_on_or_before_keep_a_business_day() -> None:
    assert MAY.on_or_after(FRIDAY) == MAY.on_or_before(FRIDAY) == FRIDAY
    assert MAY.on_or_after(MEMORIAL_DAY) == TUESDAY
    assert MAY.on_or_before(MEMORIAL_DAY) == FRIDAY


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, FRIDAY), (1, TUESDAY), (4, date(2026, 5, 29)), (-1, date(2026, 5, 21))],
)
def test_business_days_are_counted_in_both_directions(n: int, expected: date) -> None:
    assert MAY.add_business_days(FRIDAY, n) == expected


def test_business_days_of_a_span_count_both_ends() -> None:
    assert MAY.business_days(FRIDAY, date(2026, 5, 27)) == (FRIDAY, TUESDAY, date(2026, 5, 27))
    assert MAY.business_days(MEMORIAL_DAY, MEMORIAL_DAY) == ()


@pytest.mark.parametrize("day", [date(2026, 4, 30), date(2026, 6, 1)])
def test_days_outside_the_span_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match=f"was asked for {day}"):
        MAY.is_business_day(day)


def test_running_out_of_the_span_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-06-01"):
        MAY.next_business_day(date(2026, 5, 29))


def test_a_span_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="the span ends"):
        BusinessCalendar("none", frozenset(), date(2026, 5, 2), date(2026, 5, 1))


def test_a_joined_calendar_is_open_when_both_are() -> None:
    other = BusinessCalendar("other", frozenset({FRIDAY}), date(2026, 5, 4), date(2026, 6, 30))
    both = MAY.joined_with(other)
    assert both.previous_business_day(TUESDAY) == date(2026, 5, 21)
    assert (both.first, both.last) == (date(2026, 5, 4), date(2026, 5, 31))


def test_closes_on_weekends_are_dropped() -> None:
    assert weekday_closes([MEMORIAL_DAY, date(2026, 5, 23)]) == frozenset({MEMORIAL_DAY})

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.dates import (
    add_months,
    is_month_end,
    month_end,
    third_wednesday,
    whole_months_between,
)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 3, 24), -3, date(2025, 12, 24)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 24), 0, date(2026, 3, 24)),
    ],
)
def test_months_are_added_and_clamped_to_the_month_s_end(
    day: date, months: int, expected: date
) -> None:
    assert add_months(day, months) == expected


def test_an_anchor_keeps_a_schedule_at_month_ends() -> None:
    assert add_months(date(2028, 2, 29), 6) == date(2028, 8, 29)
    assert add_months(date(2028, 2, 29), 6, anchor_day=31) == date(2028, 8, 31)
    assert add_months(date(2028, 8, 31), -6, anchor_day=31) == date(2028, 2, 29)


@pytest.mark.parametrize("anchor", [0, 32, -1])
def test_an_anchor_is_a_day_of_a_month(anchor: int) -> None:
    with pytest.raises(ValueError, match=f"was {anchor}"):
        add_months(date(2026, 1, 1), 1, anchor_day=anchor)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 6, 1), date(2028, 5, 31), 23),
        (date(2026, 6, 1), date(2028, 6, 1), 24),
        (date(2026, 6, 1), date(2028, 6, 30), 24),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 6, 1), date(2026, 6, 1), 0),
    ],
)
def test_a_part_of_a_month_is_dropped(first: date, last: date, months: int) -> None:
    assert whole_months_between(first, last) == months


def test_months_do_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="2026-05-31"):
        whole_months_between(date(2026, 6, 1), date(2026, 5, 31))


def test_month_ends_are_recognised() -> None:
    assert is_month_end(date(2028, 2, 29))
    assert not is_month_end(date(2028, 2, 28))
    assert is_month_end(date(2026, 2, 28))
    assert month_end(2026, 2) == date(2026, 2, 28)


@pytest.mark.parametrize(
    "expected",
    # IMM dates of 2025 and 2026, and the earliest and latest a third Wednesday can be.
    [
        date(2025, 3, 19),
        date(2025, 6, 18),
        date(2026, 3, 18),
        date(2026, 12, 16),
        date(2026, 7, 15),
        date(2023, 2, 15),
        date(2024, 8, 21),
    ],
)
def test_third_wednesdays(expected: date) -> None:
    assert third_wednesday(expected.year, expected.month) == expected

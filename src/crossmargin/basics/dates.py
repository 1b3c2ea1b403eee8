"""Calendar arithmetic without holidays: months, month ends, third Wednesdays."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

_MONTHS_PER_YEAR = 12
_WEDNESDAY = 2
_DAYS_PER_WEEK = 7
_DAYS_OF_EVERY_MONTH = 28


def month_end(year: int, month: int) -> date:
    """Return the last calendar day of a month.

    Examples
    --------
    >>> month_end(2028, 2)
    datetime.date(2028, 2, 29)
    """
    return date(year, month, calendar.monthrange(year, month)[1])


def is_month_end(day: date) -> bool:
    """Return whether the day is the last of its month."""
    return day == month_end(day.year, day.month)


def add_months(day: date, months: int, *, anchor_day: int | None = None) -> date:
    """Return the day so many months later (earlier if negative), clamped to the month's end.

    Parameters
    ----------
    day : date
    months : int
    anchor_day : int, optional
        Day of the month that a schedule keeps, where the month has it: 31 keeps a schedule at month
        ends. Default: the day's own.

    Raises
    ------
    ValueError
        If the anchor is not 1 to 31, or the result is outside the years 1 to 9999.

    Examples
    --------
    >>> add_months(date(2028, 2, 29), 6)
    datetime.date(2028, 8, 29)
    >>> add_months(date(2028, 2, 29), 6, anchor_day=31)
    datetime.date(2028, 8, 31)
    """
    anchor = day.day if anchor_day is None else anchor_day
    if not 1 <= anchor <= 31:  # noqa: PLR2004 - days of a month
        raise ValueError(f"the anchor must be a day of a month, was {anchor}")
    year, month = divmod(day.year * _MONTHS_PER_YEAR + day.month - 1 + months, _MONTHS_PER_YEAR)
    if anchor > _DAYS_OF_EVERY_MONTH:
        anchor = min(anchor, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, anchor)


def whole_months_between(first: date, last: date) -> int:
    """Return the whole months from first to last: the most that added to first do not pass last.

    Raises
    ------
    ValueError
        If last is before first.

    Examples
    --------
    >>> whole_months_between(date(2026, 6, 1), date(2035, 11, 15))
    113
    """
    if last < first:
        raise ValueError(f"expected {first} or later, was {last}")
    months = (last.year - first.year) * _MONTHS_PER_YEAR + last.month - first.month
    return months if add_months(first, months) <= last else months - 1


def third_wednesday(year: int, month: int) -> date:
    """Return the third Wednesday of a month, the start of an IMM quarter.

    Examples
    --------
    >>> third_wednesday(2026, 6)
    datetime.date(2026, 6, 17)
    """
    first = date(year, month, 1)
    to_first_wednesday = (_WEDNESDAY - first.weekday()) % _DAYS_PER_WEEK
    return first + timedelta(days=to_first_wednesday + 2 * _DAYS_PER_WEEK)

"""Business days of the synthetic market: weekdays less the government-securities closes."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from crossmargin.basics.dates import add_months, is_month_end

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


@cache
def business_days(first: date, last: date) -> tuple[date, ...]:
    """Return the business days from first to last: SIFMA full closes left out (ruling 33).

    Good Friday 2007, 2010, 2012, 2015 and 2026 and other early closes follow the calendar of the
    ``holidays`` package (``XSIF``); a day it calls half is a business day.
    """
    from holidays import financial_holidays

    closed = financial_holidays("XSIF", years=range(first.year, last.year + 1))
    count = (last - first).days + 1
    every = (first + timedelta(days=offset) for offset in range(count))
    return tuple(day for day in every if day.weekday() < _SATURDAY and day not in closed)


def month_end(year: int, month: int) -> date:
    """Return the last calendar day of a month; months beyond December run on into later years."""
    return month_start(year, month + 1) - _ONE_DAY


def month_start(year: int, month: int) -> date:
    """Return the first day of a month; months beyond December run on into later years."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def months_before(day: date, months: int) -> date:
    """Return the same day some months earlier; a month's last day stays its last day."""
    return add_months(day, -months, anchor_day=31 if is_month_end(day) else None)


def next_business_day(day: date) -> date:
    """Return the first business day after the day."""
    return business_days(day + _ONE_DAY, day + timedelta(days=10))[0]


def on_or_after(day: date) -> date:
    """Return the day itself if it is a business day, else the next one."""
    return next_business_day(day - _ONE_DAY)

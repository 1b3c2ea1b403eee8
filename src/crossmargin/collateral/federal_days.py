"""Business days of 17 CFR 1.44: Monday to Friday without the federal holidays of 5 USC 6103.

Not FICC's calendar: SIFMA closes on Good Friday in most years, the federal government never.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache

from crossmargin.basics.calendars import BusinessCalendar, weekday_closes
from crossmargin.product.calendars import FIRST_YEAR, LAST_YEAR

_FRIDAY = 4


class SaturdayHoliday(StrEnum):
    """When a federal holiday that falls on a Saturday is kept."""

    FRIDAY_BEFORE = "friday_before"
    NONE = "none"


@cache
def federal_calendar(saturday: SaturdayHoliday = SaturdayHoliday.FRIDAY_BEFORE) -> BusinessCalendar:
    """Return the federal business days of 1980 to 2059.

    A holiday on a Sunday is kept the Monday after.

    Examples
    --------
    >>> federal_calendar().next_business_day(date(2026, 11, 25))
    datetime.date(2026, 11, 27)
    >>> federal_calendar().is_business_day(date(2026, 7, 3))
    False
    >>> federal_calendar(SaturdayHoliday.NONE).is_business_day(date(2026, 7, 3))
    True
    """
    # Imported here: half of xm's start-up time would go into it.
    import holidays

    # A New Year's Day on a Saturday is kept in the year before: ask for one year more.
    years = range(FIRST_YEAR, LAST_YEAR + 2)
    days = set(holidays.country_holidays("US", years=years))
    if saturday is SaturdayHoliday.NONE:
        itself = set(holidays.country_holidays("US", years=years, observed=False))
        days = {day for day in days if day in itself or day.weekday() != _FRIDAY}
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    closes = weekday_closes(day for day in days if first <= day <= last)
    return BusinessCalendar("federal business days", closes, first, last)

"""The two calendars: SIFMA's for FICC and Treasury settlement, CME's for rate futures (ruling 33).

SIFMA's recommended full closes come from the ``holidays`` package (financial market ``XSIF``),
which carries them from 1996; for earlier years the federal holidays and Good Friday stand in. An
early close is a business day: Good Friday of 2021, 2023 and 2026, when the employment report falls
on it, is one.

CME's full closes for interest-rate futures are a rule and a dated table (below), compared with
pandas_market_calendars 5.5.0 (``CME_InterestRate``, 2000-2030) in the golden tests. On other
United States holidays CME's rate futures trade a short session for the next trade date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from crossmargin.basics.calendars import BusinessCalendar, weekday_closes

FIRST_YEAR = 1980
LAST_YEAR = 2059

_SIFMA_FIRST_YEAR = 1996
# A federal holiday on a Saturday is observed the Friday before, but the market stays open on it.
_MARKET_STAYS_OPEN = ((11, 10), (12, 31))
# Where the Treasury's daily yields contradict the package: closed for President Nixon's funeral,
# open on the Good Friday of an employment report.
_ALSO_CLOSED = date(1994, 4, 27)
_ALSO_OPEN = date(1996, 4, 5)
_SATURDAY, _SUNDAY = 5, 6
_ONE_DAY = timedelta(days=1)

#: Good Fridays with a short session at CME, because of the employment report (status: sourced,
#: pandas_market_calendars 5.5.0; later years are not announced and stay full closes).
CME_SHORT_GOOD_FRIDAYS = frozenset({1996, 1999, 2007, 2010, 2012, 2015, 2021, 2023, 2026})

#: Full closes that no rule gives: national days of mourning (status: sourced, the same).
CME_SPECIAL_CLOSES = frozenset(
    {date(2004, 6, 11), date(2007, 1, 2), date(2018, 12, 5), date(2025, 1, 9)}
)


@cache
def sifma_calendar(first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> BusinessCalendar:
    """Return the business days of Treasury settlement and of FICC.

    Raises
    ------
    ValueError
        If a year is before 1980 or after 2059.
    """
    _check_years(first_year, last_year)
    # Imported here: half of xm's start-up time would go into it.
    import holidays

    years = range(first_year, last_year + 1)
    closes = set(
        holidays.financial_holidays("XSIF", years=[y for y in years if y >= _SIFMA_FIRST_YEAR])
    )
    before = [year for year in years if year < _SIFMA_FIRST_YEAR]
    closes.update(holidays.country_holidays("US", years=before))
    closes.update(good_friday(year) for year in before)
    closes.add(_ALSO_CLOSED)
    closes -= {_ALSO_OPEN, *(date(year, *day) for year in before for day in _MARKET_STAYS_OPEN)}
    return _calendar("SIFMA US government securities", closes, first_year, last_year)


@cache
def cme_calendar(first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> BusinessCalendar:
    """Return the days on which CME's interest-rate futures trade at all.

    Raises
    ------
    ValueError
        If a year is before 1980 or after 2059.
    """
    _check_years(first_year, last_year)
    closes = {day for year in range(first_year, last_year + 1) for day in _cme_closes(year)}
    return _calendar("CME interest-rate futures", closes, first_year, last_year)


@cache
def futures_delivery_calendar() -> BusinessCalendar:
    """Return the business days that futures' last trading and delivery days count.

    Both the exchange and the cash market must be open (status: inferred; the rulebook's business
    day for delivery needs the Exchange and Fedwire). A short session for the next trade date, such
    as Memorial Day's, is not a business day of its own.
    """
    return cme_calendar().joined_with(sifma_calendar())


def good_friday(year: int) -> date:
    """Return Good Friday: two days before Easter by the Gregorian computus of Meeus.

    Examples
    --------
    >>> good_friday(2026)
    datetime.date(2026, 4, 3)
    """
    century, year_of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - leap_centuries - moon_drift + 15) % 30
    leap_years, year_rest = divmod(year_of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    late = (year % 19 + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1) - 2 * _ONE_DAY


def _cme_closes(year: int) -> Iterator[date]:
    new_year, christmas = date(year, 1, 1), date(year, 12, 25)
    # New Year's Day on a Saturday closes no Friday; Christmas does.
    yield new_year + _ONE_DAY if new_year.weekday() == _SUNDAY else new_year
    if christmas.weekday() == _SATURDAY:
        yield christmas - _ONE_DAY
    else:
        yield christmas + _ONE_DAY if christmas.weekday() == _SUNDAY else christmas
    if year not in CME_SHORT_GOOD_FRIDAYS:
        yield good_friday(year)
    yield from (day for day in CME_SPECIAL_CLOSES if day.year == year)


def _calendar(name: str, closes: set[date], first_year: int, last_year: int) -> BusinessCalendar:
    return BusinessCalendar(
        name, weekday_closes(closes), date(first_year, 1, 1), date(last_year, 12, 31)
    )


def _check_years(first_year: int, last_year: int) -> None:
    if not FIRST_YEAR <= first_year <= last_year <= LAST_YEAR:
        raise ValueError(
            f"years must lie in {FIRST_YEAR} to {LAST_YEAR}, were {first_year} to {last_year}"
        )

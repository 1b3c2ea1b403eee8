"""Money-market futures: final settlement from fixings, and the discount curve of a strip.

SR3 settles to SOFR compounded over its reference quarter, SR1 to the mean of SOFR and ZQ to the
mean of the effective federal funds rate over the calendar days of the month. A day that is not a
business day takes the rate of the business day before, without compounding (a Friday counts three
days).

References
----------
CME rules 460 (SR3) and 461 (SR1); CBOT rulebook, chapter 22 (ZQ).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.calendars import good_friday
from crossmargin.product.futures import FuturesContract, ProductKind, reference_period

_BANK_YEAR_DAYS = 360
_PER_CENT = 100
_DIGITS = 40
_TOLERANCE_PCT = Decimal("1e-20")

#: Index points to which the final settlement price is rounded, half up. SR3: CME rule 460. SR1 and
#: ZQ: a tenth of a basis point; for SR1 one CME text says the fourth decimal (status: inferred).
SETTLEMENT_GRAIN_POINTS: Mapping[ProductKind, Decimal] = {
    ProductKind.SOFR_3M: Decimal("0.0001"),
    ProductKind.SOFR_1M: Decimal("0.001"),
    ProductKind.FED_FUNDS: Decimal("0.001"),
}


class MissingFixing(StrEnum):
    """What to do with a business day without a published rate."""

    FORWARD = "forward"  # Take the previous business day's rate (ruling 33).
    REFUSE = "refuse"


def settlement_rate_pct(
    contract: FuturesContract,
    fixings_pct: Mapping[date, Decimal],
    *,
    calendar: BusinessCalendar,
    missing: MissingFixing,
) -> Fraction:
    """Return the rate the contract settles to, exactly, in per cent a year.

    Parameters
    ----------
    contract : FuturesContract
        SR3, SR1 or ZQ.
    fixings_pct : mapping of date to Decimal
        SOFR for SR3 and SR1, the effective federal funds rate for ZQ, by the day it applies to.
    calendar : BusinessCalendar
        Days on which the rate is published.
    missing : MissingFixing

    Raises
    ------
    RefusedError
        Naming every business day of the period without a rate, or the first if nothing precedes it.
    ValueError
        If the contract delivers a security.

    Examples
    --------
    The mean of a month at one rate is that rate:

    >>> from crossmargin.product.calendars import sifma_calendar
    >>> settlement_rate_pct(
    ...     FuturesContract("SR1", 2026, 2), {date(2026, 1, 30): Decimal("3.63")},
    ...     calendar=sifma_calendar(), missing=MissingFixing.FORWARD,
    ... )
    Fraction(363, 100)
    """
    start, end = reference_period(contract)
    periods = _rate_periods(start, end, calendar)
    rates = _rates([day for day, _ in periods], fixings_pct, calendar, missing)
    days = [count for _, count in periods]
    if contract.specification.kind is ProductKind.SOFR_3M:
        return compounded_rate_pct(rates, days)
    weighted = sum((rate * count for rate, count in zip(rates, days, strict=True)), Fraction(0))
    return weighted / sum(days)


def settlement_price(
    contract: FuturesContract,
    fixings_pct: Mapping[date, Decimal],
    *,
    calendar: BusinessCalendar,
    missing: MissingFixing,
) -> Decimal:
    """Return the final settlement price in index points: 100 less the rate, to its grain, half up.

    Parameters and errors are those of :func:`settlement_rate_pct`.
    """
    price = _PER_CENT - settlement_rate_pct(
        contract, fixings_pct, calendar=calendar, missing=missing
    )
    grain = SETTLEMENT_GRAIN_POINTS[contract.specification.kind]
    units = price / Fraction(grain)
    return math.floor(units + Fraction(1, 2)) * grain


def compounded_rate_pct(rates_pct: Sequence[Fraction], days: Sequence[int]) -> Fraction:
    """Return the rate of a whole period from daily rates, each simple over its days, actual/360."""
    growth = Fraction(1)
    for rate, count in zip(rates_pct, days, strict=True):
        growth *= 1 + rate / _PER_CENT * Fraction(count, _BANK_YEAR_DAYS)
    return (growth - 1) * _PER_CENT * Fraction(_BANK_YEAR_DAYS, sum(days))


def flat_overnight_rate_pct(rate_pct: Decimal, days: Sequence[int]) -> Decimal:
    """Return the one overnight rate that compounds to a period's rate, per cent a year.

    Parameters
    ----------
    rate_pct : Decimal
        Of the whole period, simple; not negative.
    days : sequence of int
        Days that each overnight rate counts: 1, or 3 over a weekend.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        growth = 1 + rate_pct / _PER_CENT * sum(days) / _BANK_YEAR_DAYS
        low, high = Decimal(0), rate_pct
        while high - low > _TOLERANCE_PCT:
            middle = (low + high) / 2
            grown = Decimal(1)
            for count in days:
                grown *= 1 + middle / _PER_CENT * count / _BANK_YEAR_DAYS
            low, high = (low, middle) if grown > growth else (middle, high)
        return (low + high) / 2


def strip_discount_factors(prices: Sequence[Decimal], days: Sequence[int]) -> tuple[Fraction, ...]:
    """Return cumulative discount factors at the end of each of a strip's consecutive quarters.

    Futures rates are taken as forwards, without a convexity adjustment.

    Parameters
    ----------
    prices : sequence of Decimal
        Index points, nearest first.
    days : sequence of int
        In each reference quarter.
    """
    factor = Fraction(1)
    factors = []
    for price, count in zip(prices, days, strict=True):
        rate = (_PER_CENT - Fraction(price)) / _PER_CENT
        factor /= 1 + rate * Fraction(count, _BANK_YEAR_DAYS)
        factors.append(factor)
    return tuple(factors)


def strip_par_rate_pct(prices: Sequence[Decimal], days: Sequence[int]) -> Fraction:
    """Return the par rate of the swap that a strip spans: quarterly both legs, actual/360."""
    factors = strip_discount_factors(prices, days)
    annuity = sum(
        (factor * count for factor, count in zip(factors, days, strict=True)), Fraction(0)
    )
    return (1 - factors[-1]) / annuity * _BANK_YEAR_DAYS * _PER_CENT


def _rate_periods(start: date, end: date, calendar: BusinessCalendar) -> list[tuple[date, int]]:
    # Business days whose rate applies in the period, with the calendar days it applies to.
    periods: list[tuple[date, int]] = []
    day = calendar.on_or_before(start)
    while day < end:
        following = calendar.next_business_day(day)
        periods.append((day, (min(following, end) - max(day, start)) // timedelta(days=1)))
        day = following
    return periods


def _rates(
    days: Sequence[date],
    fixings_pct: Mapping[date, Decimal],
    calendar: BusinessCalendar,
    missing: MissingFixing,
) -> list[Fraction]:
    # No SOFR is published on a Good Friday that is a business day: the rate before it stands
    # (ruling 33).
    absent = [day for day in days if day not in fixings_pct and day != good_friday(day.year)]
    if missing is MissingFixing.REFUSE and absent:
        raise RefusedError(*(_no_fixing(day, "a published rate") for day in absent))
    rates: list[Fraction] = []
    for day in days:
        if day in fixings_pct:
            rates.append(Fraction(fixings_pct[day]))
        elif rates:
            rates.append(rates[-1])
        else:
            before = calendar.previous_business_day(day)
            if before not in fixings_pct:
                raise RefusedError(_no_fixing(day, "a rate on it or the business day before"))
            rates.append(Fraction(fixings_pct[before]))
    return rates


def _no_fixing(day: date, expected: str) -> Refusal:
    return Refusal("fixing", day.isoformat(), expected, "ruling 33")

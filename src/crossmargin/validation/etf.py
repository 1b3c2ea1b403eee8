r"""Durations that the pricing gives, against what Treasury funds did.

A fund that holds every note and bond of a maturity range should lose its duration times the rise of
the curve over that range. Daily returns regressed on the mean change of the published par yields of
the range give the duration that the market shows; the pricing gives that of the same range from a
price sheet.

What is compared, and why:

* Closes are not adjusted for dividends. A fund that goes ex falls by the dividend, whatever the
  curve does. These funds go ex on the first business day of a month and once more in the middle of
  December, so returns over the first trading day of a month and over 15 to 20 December are left
  out: by the calendar, not by their size.
* A pair of dates counts only if the fund and the curve have both and neither has a date between.
* The regression has a constant: it takes the carry.
* Every issue of the range counts with its market value at equal par; amounts outstanding are not in
  the price sheet. The fund closes at 16:00, the curve is of about 15:30: the noise lowers the
  correlation and, as an error in the regressor, may lower the slope by a little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from crossmargin.market.history import CloseHistory, FloatArray, ParYieldHistory, SecurityPrice
from crossmargin.pricing.security_book import quoted_clean_per_100, years_between
from crossmargin.pricing.treasury import accrued_interest_per_100, modified_duration_years
from crossmargin.product.treasury import SecurityKind

_FIXED_PRINCIPAL = (SecurityKind.NOTE, SecurityKind.BOND)
_DECEMBER = 12
_DECEMBER_EX_DAYS = range(15, 21)


@dataclass(frozen=True, slots=True)
class BasketDuration:
    """The duration of every note and bond in a maturity range, and how many they are."""

    years: float
    issues: int


@dataclass(frozen=True, slots=True)
class FundRegression:
    """What daily returns say.

    Parameters
    ----------
    duration_years : float
        Minus the slope of returns on yield changes.
    standard_error_years : float
    correlation : float
    days : int
    """

    duration_years: float
    standard_error_years: float
    correlation: float
    days: int


def basket_duration(
    prices: Mapping[str, SecurityPrice],
    *,
    as_of: date,
    settlement: date,
    over_years: float,
    up_to_years: float,
) -> BasketDuration:
    """Return the mean modified duration of the notes and bonds of a range, by market value.

    Parameters
    ----------
    prices : mapping of CUSIP to SecurityPrice
        Issues without a quote are left out.
    as_of, settlement : date
        Remaining maturity runs from the first, duration from the second.
    over_years, up_to_years : float
        The range, upper end included.

    Raises
    ------
    ValueError
        If no issue is in the range.
    """
    durations, values = [], []
    for price in prices.values():
        security, clean = price.security, quoted_clean_per_100(price)
        remaining = years_between(as_of, security.maturity_date)
        in_range = over_years < remaining <= up_to_years
        if security.kind not in _FIXED_PRINCIPAL or not in_range or clean <= 0.0:
            continue
        durations.append(
            modified_duration_years(security, settlement=settlement, clean_price_per_100=clean)
        )
        values.append(clean + float(accrued_interest_per_100(security, settlement)))
    if not durations:
        raise ValueError(f"no note or bond has {over_years} to {up_to_years} years to run")
    weighted = np.array(durations) * np.array(values)
    return BasketDuration(float(weighted.sum() / np.sum(values)), len(durations))


def fund_regression(
    closes: CloseHistory,
    par_yields: ParYieldHistory,
    *,
    tenors: Sequence[str],
    first: date,
    last: date,
) -> FundRegression:
    """Return the duration that a fund's daily returns show.

    Parameters
    ----------
    closes : CloseHistory
        Unadjusted, of the fund.
    par_yields : ParYieldHistory
    tenors : sequence of str
        Whose mean change is the regressor.
    first, last : date
        Both dates of a pair lie between, ends included.
    """
    returns, changes = daily_moves(closes, par_yields, tenors=tenors, first=first, last=last)
    x, y = changes - changes.mean(), returns - returns.mean()
    slope = float((x * y).sum() / (x * x).sum())
    left = y - slope * x
    error = np.sqrt((left * left).sum() / (len(x) - 2) / (x * x).sum())
    correlation = float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))
    return FundRegression(-slope, float(error), correlation, len(x))


def daily_moves(
    closes: CloseHistory,
    par_yields: ParYieldHistory,
    *,
    tenors: Sequence[str],
    first: date,
    last: date,
) -> tuple[FloatArray, FloatArray]:
    """Return a fund's daily returns and the curve's mean changes, both as plain ratios.

    Only pairs of dates that are neighbours in both series, and no ex-dates.
    """
    columns = [par_yields.tenors.index(tenor) for tenor in tenors]
    curve = {
        day: (place, float(par_yields.yields_pct[place, columns].mean()) / 100.0)
        for place, day in enumerate(par_yields.dates.astype(object))
    }
    fund = list(zip(closes.dates.astype(object), closes.closes.tolist(), strict=True))
    returns, changes = [], []
    for (start, before), (end, after) in pairwise(fund):
        if start < first or end > last or start not in curve or end not in curve:
            continue
        if curve[end][0] - curve[start][0] != 1 or goes_ex(start, end):
            continue
        returns.append(after / before - 1.0)
        changes.append(curve[end][1] - curve[start][1])
    return np.array(returns), np.array(changes)


def goes_ex(start: date, end: date) -> bool:
    """Return whether a move between two trading dates may hold a dividend."""
    first_of_month = (start.year, start.month) != (end.year, end.month)
    return first_of_month or (end.month == _DECEMBER and end.day in _DECEMBER_EX_DAYS)

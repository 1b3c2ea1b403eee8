"""Treasury futures of the synthetic market: baskets, last days, conversion factors, forwards.

Only what is needed to make a history of closes; the margin models have their own baskets and
factors. The basket rules are today's (CBOT rulebook chapters 18-21 and those of TN, UB, TWE and
Z3N) for the whole history, which is one way in which this market is not the real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import numpy as np

from crossmargin.basics.dates import whole_months_between
from crossmargin.market.history import FloatArray
from crossmargin.simulation.days import (
    business_days,
    month_end,
    month_start,
    months_before,
)
from crossmargin.simulation.issues import SimulatedIssue

DAYS_PER_YEAR = 365.25
_MONTH_LETTERS = "FGHJKMNQUVXZ"
_NOTIONAL_COUPON = Decimal("0.06")
_FOUR_PLACES = Decimal("0.0001")
_LAST_DAYS_BEFORE_MONTH_END = 7  # ZN, TN, TWE, ZB, UB stop on the 7th business day before the last


@dataclass(frozen=True, slots=True)
class ContractRules:
    """One contract: remaining maturity in months at delivery, longest original term, face, tick."""

    least_months: int
    most_months: int
    longest_original_years: int
    face_dollars: int
    ticks_per_point: int
    rounds_to_months: int
    trades_to_month_end: bool


RULES = {
    "ZT": ContractRules(21, 24, 5, 200_000, 256, 1, True),
    "Z3N": ContractRules(33, 36, 7, 300_000, 256, 1, True),
    "ZF": ContractRules(50, 63, 5, 100_000, 128, 1, True),
    "ZN": ContractRules(78, 96, 10, 100_000, 64, 3, False),
    "TN": ContractRules(113, 120, 10, 100_000, 64, 3, False),
    "ZB": ContractRules(180, 299, 30, 100_000, 32, 3, False),
    "TWE": ContractRules(230, 239, 20, 100_000, 32, 3, False),
    "UB": ContractRules(300, 361, 30, 100_000, 32, 3, False),
}


def contract_code(symbol: str, delivery: date) -> str:
    """Return the code with a single-digit year, as positions files have it.

    Examples
    --------
    >>> contract_code("ZN", date(2026, 6, 1))
    'ZNM6'
    """
    return f"{symbol}{_MONTH_LETTERS[delivery.month - 1]}{delivery.year % 10}"


def month_letter(month: int) -> str:
    """Return the futures letter of a month, 1 to 12."""
    return _MONTH_LETTERS[month - 1]


def last_trading_day(symbol: str, delivery: date) -> date:
    """Return the last trading day of the contract delivering in the month."""
    days = business_days(delivery, month_end(delivery.year, delivery.month))
    if RULES[symbol].trades_to_month_end:
        return days[-1]
    return days[-1 - _LAST_DAYS_BEFORE_MONTH_END]


def front_delivery(symbol: str, day: date) -> date:
    """Return the first day of the delivery month of the front contract: not past its last day."""
    quarter_month = (day.month + 2) // 3 * 3
    delivery = month_start(day.year, quarter_month)
    if day > last_trading_day(symbol, delivery):
        delivery = month_start(day.year, quarter_month + 3)
    return delivery


def basket(
    symbol: str, delivery: date, issues: Sequence[SimulatedIssue], *, known_on: date
) -> list[SimulatedIssue]:
    """Return the issues that may be delivered and were issued by ``known_on``."""
    rules = RULES[symbol]
    return [
        issue
        for issue in issues
        if issue.issue_date <= known_on
        and issue.maturity_date > delivery
        and issue.term_years <= rules.longest_original_years
        and rules.least_months
        <= whole_months_between(delivery, issue.maturity_date)
        <= rules.most_months
    ]


@cache
def _present_value(half_years: int) -> Decimal:
    return (1 + _NOTIONAL_COUPON / 2) ** -half_years


@cache
def conversion_factor(coupon_eighths: int, months: int) -> Decimal:
    """Return the conversion factor of an issue with that coupon and remaining months.

    The price of one dollar at a yield of 6 per cent (CME, "Calculating US Treasury futures
    conversion factors"): ``months`` is rounded down to whole months, or quarters for the longer
    contracts, by the caller.
    """
    coupon = Decimal(coupon_eighths) / 800
    years, left = divmod(months, 12)
    first = left if left < 7 else left - 6  # noqa: PLR2004 - a coupon falls within the year
    half_years = 2 * years + (left >= 7)  # noqa: PLR2004
    stub = (1 + _NOTIONAL_COUPON / 2) ** (-Decimal(first) / 6)
    flows = coupon / 2 + coupon / _NOTIONAL_COUPON * (1 - _present_value(half_years))
    price = stub * (flows + _present_value(half_years))
    accrued = coupon / 2 * (6 - first) / 6
    return (price - accrued).quantize(_FOUR_PLACES, ROUND_HALF_UP)


def factor_of(symbol: str, delivery: date, issue: SimulatedIssue) -> Decimal:
    """Return the conversion factor of the issue in the contract delivering in the month."""
    months = whole_months_between(delivery, issue.maturity_date)
    months -= months % RULES[symbol].rounds_to_months
    return conversion_factor(round(issue.coupon_pct * 8), months)


def forward_clean_prices(
    issue: SimulatedIssue, *, days: Sequence[date], discount: FloatArray, delivery_day: date
) -> FloatArray:
    """Return the issue's clean price for delivery on the day, per 100, seen from each date.

    Parameters
    ----------
    discount : ndarray, shape (days, 62)
        Discount factors at 0, 0.5, ... 30.5 years; linear in between.

    Notes
    -----
    The flows after delivery are discounted to each date and carried to delivery at the curve
    itself, so the repo rate is the front of the curve.
    """
    coupons = issue.coupon_dates_after(delivery_day)
    previous = months_before(coupons[0], 6)
    ordinals = np.array([day.toordinal() for day in days], dtype=np.float64)
    rows = np.arange(len(days))
    first = (coupons[0].toordinal() - ordinals) * 2 / DAYS_PER_YEAR
    start = first.astype(np.int64)
    weight = first - start
    sums = np.concatenate([np.zeros((len(days), 1)), np.cumsum(discount, axis=1)], axis=1)
    last = start + len(coupons) - 1
    low = sums[rows, last + 1] - sums[rows, start]
    high = sums[rows, last + 2] - sums[rows, start + 1]
    annuity = low + (high - low) * weight
    final = discount[rows, last] + (discount[rows, last + 1] - discount[rows, last]) * weight
    ahead = (delivery_day.toordinal() - ordinals) * 2 / DAYS_PER_YEAR
    near = ahead.astype(np.int64)
    carry = discount[rows, near] + (discount[rows, near + 1] - discount[rows, near]) * (
        ahead - near
    )
    passed = (delivery_day - previous) / timedelta(days=1)
    accrued = issue.coupon_pct / 2 * passed / ((coupons[0] - previous) / timedelta(days=1))
    return np.asarray((issue.coupon_pct / 2 * annuity + 100 * final) / carry - accrued)

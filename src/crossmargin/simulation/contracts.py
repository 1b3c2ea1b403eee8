"""Which Treasury contract is in front on each day, what it accepts, and forwards at the curve.

Last trading days, delivery rules and conversion factors are the house's own, those of the contract
month: through the history the rules change as they did.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from crossmargin.basics.dates import add_months
from crossmargin.market.curve import DAYS_PER_YEAR
from crossmargin.market.history import FloatArray
from crossmargin.pricing.delivery import BasketLine, deliverable_basket
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.product.treasury import TreasurySecurity, half_years_between, next_coupon_date
from crossmargin.simulation.issues import SimulatedIssue

_QUARTER_MONTHS = 3


def front_runs(product: str, days: Sequence[date]) -> Iterator[tuple[FuturesContract, slice]]:
    """Yield each contract with the run of days on which it is in front.

    A contract is in front until its last trading day, that day counted.

    Parameters
    ----------
    product : str
        Globex code of a Treasury future.
    days : sequence of date
        Business days, ascending.
    """
    quarter = -(-days[0].month // _QUARTER_MONTHS) * _QUARTER_MONTHS
    month = date(days[0].year, quarter, 1)
    start = 0
    while start < len(days):
        contract = FuturesContract(product, month.year, month.month)
        end = bisect_right(days, last_trading_day(contract))
        if end > start:
            yield contract, slice(start, end)
        start, month = max(start, end), add_months(month, _QUARTER_MONTHS)


def known_basket(
    contract: FuturesContract, issues: Sequence[SimulatedIssue], *, known_on: date
) -> tuple[BasketLine, ...]:
    """Return what the contract accepts of the issues issued by ``known_on``, with factors."""
    rule = contract.specification.delivery_rule(contract.year, contract.month)
    # The rule's own lower limit first: most issues of twenty years fail it, and this is quick.
    shortest = add_months(date(contract.year, contract.month, 1), rule.remaining_months_min)
    return deliverable_basket(
        contract,
        [
            issue.security
            for issue in issues
            if issue.security.maturity_date >= shortest and issue.issue_date <= known_on
        ],
    )


def forward_clean_prices(
    security: TreasurySecurity,
    *,
    days: Sequence[date],
    discount: FloatArray,
    delivery_day: date,
) -> FloatArray:
    """Return the security's clean price for delivery on the day, per 100, seen from each date.

    Parameters
    ----------
    security : TreasurySecurity
        A note or bond, past its dated date on the delivery day.
    days : sequence of date
        None after the delivery day.
    discount : ndarray, shape (days, 62)
        Discount factors at 0, 0.5, ... 30.5 years; linear in between.
    delivery_day : date
        Before maturity.

    Returns
    -------
    ndarray, shape (days,)

    Notes
    -----
    The flows after delivery are discounted to each date and carried to delivery at the curve
    itself, so the repo rate is the front of the curve. Coupons are taken half a year apart.
    """
    following = next_coupon_date(security, delivery_day)
    last = int(half_years_between(security, following, security.maturity_date))
    half_coupon = float(security.coupon_pct) / 2
    ordinals = np.array([day.toordinal() for day in days], dtype=np.float64)
    rows = np.arange(len(days))
    first = (following.toordinal() - ordinals) * 2 / DAYS_PER_YEAR
    start = first.astype(np.int64)
    weight = first - start
    sums = np.concatenate([np.zeros((len(days), 1)), np.cumsum(discount, axis=1)], axis=1)
    low = sums[rows, start + last + 1] - sums[rows, start]
    high = sums[rows, start + last + 2] - sums[rows, start + 1]
    annuity = low + (high - low) * weight
    near, far = discount[rows, start + last], discount[rows, start + last + 1]
    final = near + (far - near) * weight
    ahead = (delivery_day.toordinal() - ordinals) * 2 / DAYS_PER_YEAR
    place = ahead.astype(np.int64)
    near, far = discount[rows, place], discount[rows, place + 1]
    carry = near + (far - near) * (ahead - place)
    accrued = float(accrued_interest_per_100(security, delivery_day))
    return np.asarray((half_coupon * annuity + 100 * final) / carry - accrued)

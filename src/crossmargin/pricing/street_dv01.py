"""DV01 of many securities at once, street convention, in float64.

The same figures as :func:`crossmargin.pricing.treasury.dv01_dollars_per_bp_per_100`, which is the
specification: terms and fractions come from it exactly, only the arithmetic is vectorised, in
elementary operations that give the same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.product.treasury import (
    TreasurySecurity,
    cash_flows_per_100,
    half_years_between,
    next_coupon_date,
)

_NEWTON_STEPS = 12
_PER_BP = 1e-4


def street_dv01s_per_100(
    securities: Sequence[TreasurySecurity], *, settlement: date, dirty_per_100: FloatArray
) -> FloatArray:
    """Return dollars that $100 of par lose when the own yield rises by one basis point.

    Parameters
    ----------
    securities : sequence of TreasurySecurity
        None matured at settlement.
    settlement : date
    dirty_per_100 : ndarray, shape (securities,)
        Price with interest accrued to settlement, positive.

    Returns
    -------
    ndarray, shape (securities,)
    """
    schedules = [cash_flows_per_100(security, after=settlement) for security in securities]
    longest = max((len(flows) for flows in schedules), default=0)
    amounts = np.zeros((len(securities), longest))
    periods = np.zeros((len(securities), longest))
    simple = np.array([len(flows) == 1 for flows in schedules])
    for row, (security, flows) in enumerate(zip(securities, schedules, strict=True)):
        following = next_coupon_date(security, settlement)
        first = float(half_years_between(security, settlement, following))
        # Payments are half a year apart, up to maturity.
        last = int(half_years_between(security, following, security.maturity_date))
        amounts[row, : len(flows)] = [float(flow.amount_per_100) for flow in flows]
        periods[row, : len(flows)] = first + np.arange(last - len(flows) + 1, last + 1)
    half_yield = np.full(len(securities), 0.02)
    slope = np.zeros(len(securities))
    for _ in range(_NEWTON_STEPS):
        value, slope = _value_and_slope(amounts, periods, simple, half_yield)
        half_yield = half_yield - (value - dirty_per_100) / slope
    _, slope = _value_and_slope(amounts, periods, simple, half_yield)
    return -slope / 2.0 * _PER_BP


def _value_and_slope(
    amounts: FloatArray,
    periods: FloatArray,
    simple: np.ndarray[tuple[int], np.dtype[np.bool_]],
    half_yield: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return value at settlement and its derivative by the half-yield, columns in order."""
    log_growth = log_portable(1.0 + half_yield)
    value, slope = np.zeros(len(amounts)), np.zeros(len(amounts))
    for column in range(amounts.shape[1]):
        discounted = amounts[:, column] * exp_portable(-periods[:, column] * log_growth)
        value = value + discounted
        slope = slope - discounted * periods[:, column] / (1.0 + half_yield)
    growth = 1.0 + periods[:, 0] * half_yield
    last_value = amounts[:, 0] / growth
    return (
        np.where(simple, last_value, value),
        np.where(simple, -last_value * periods[:, 0] / growth, slope),
    )

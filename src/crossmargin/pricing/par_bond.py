"""Bonds at par on a curve: the yardsticks of haircut rates, floors and coverage tests."""

from __future__ import annotations

import numpy as np

from crossmargin.market.curve import ZeroCurve, linear_weights
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.market.scenarios import ScenarioSet

_HALF_YEAR = 0.5


def par_bond_flows(curve: ZeroCurve, maturity_years: float) -> tuple[FloatArray, FloatArray]:
    """Return the payment times and the flows per 100 of the bond that is worth 100 today.

    Semi-annual coupons run backwards from maturity; a broken first period pays its share of a
    coupon. Under six months the bond is a single payment.

    Parameters
    ----------
    curve : ZeroCurve
    maturity_years : float
        Positive.

    Returns
    -------
    years, flows_per_100 : ndarray, shape (payments,)
    """
    if maturity_years <= 0.0:
        raise ValueError(f"maturity must be positive, was {maturity_years}")
    count = int(np.ceil(maturity_years / _HALF_YEAR - 1e-9))
    steps = np.arange(count - 1, -1, -1, dtype=np.float64)
    years: FloatArray = maturity_years - _HALF_YEAR * steps
    shares = np.full(count, _HALF_YEAR)
    shares[0] = years[0]
    discount = curve.discount_factors(years)
    annuity = 0.0
    for share, factor in zip(shares, discount, strict=True):
        annuity += float(share) * float(factor)
    coupon = (1.0 - float(discount[-1])) / annuity
    flows = 100.0 * coupon * shares
    flows[-1] += 100.0
    return years, flows


def par_bond_pnl_per_100(
    curve: ZeroCurve, scenarios: ScenarioSet, maturity_years: float
) -> FloatArray:
    """Return the P&L of $100 of a bond at par in every scenario: shape (N,)."""
    years, flows = par_bond_flows(curve, maturity_years)
    discount = curve.discount_factors(years)
    place, weight = linear_weights(scenarios.key_years, years)
    pnl = np.zeros(scenarios.count)
    for flow, factor, time, low, share in zip(flows, discount, years, place, weight, strict=True):
        move = scenarios.key_rates[:, low] * (1.0 - share)
        move = move + scenarios.key_rates[:, low + 1] * share
        pnl = pnl + flow * factor * (exp_portable(-move * time) - 1.0)
    return pnl

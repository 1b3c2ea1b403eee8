"""Bonds at par on a curve: the yardsticks of haircut rates, floors and coverage tests."""

from __future__ import annotations

import numpy as np

from crossmargin.market.curve import ZeroCurve, linear_weights
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.market.scenarios import ScenarioSet

_HALF_YEAR = 0.5
_BASIS_POINT = 1e-4


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


def annuities(yields: FloatArray, maturity_years: int) -> FloatArray:
    r"""Return what 1 a year is worth, paid half-yearly for whole years, at semi-annual yields.

    With :math:`v = 1/(1 + y/2)` and :math:`S_m = 1 + v + \dots + v^{m-1}` it is
    :math:`v S_{2T} / 2`. The sum is built by doubling, :math:`S_{2k} = S_k (1 + v^k)` and
    :math:`S_{k+1} = 1 + v S_k`: no power function, no division by a yield that may be zero, and so
    the same bits on every machine.

    Parameters
    ----------
    yields : ndarray
        Plain ratios, above -2.
    maturity_years : int
        At least one.

    Returns
    -------
    ndarray
        Same shape.
    """
    if maturity_years < 1:
        raise ValueError(f"maturity must be a whole year at least, was {maturity_years}")
    factor = 1.0 / (1.0 + yields * 0.5)
    total, power = np.ones_like(factor), factor
    for binary_digit in f"{2 * maturity_years:b}"[1:]:
        total = total * (1.0 + power)
        power = power * power
        if binary_digit == "1":
            total = 1.0 + factor * total
            power = power * factor
    worth: FloatArray = factor * total * 0.5
    return worth


def pnl_of_yield_moves_per_100(
    par_yields: FloatArray, moves: FloatArray, maturity_years: int
) -> FloatArray:
    r"""Return the P&L of $100 of a bond at par when its own yield moves: full repricing.

    A bond with coupon :math:`c` at yield :math:`y` is worth :math:`100 (1 + (c - y) A(y))`, where
    :math:`A` is :func:`annuities`; at par :math:`c` is the yield before the move, so a move of
    :math:`x` makes :math:`-100\, x A(c + x)`. Nothing is paid and no time passes.

    Parameters
    ----------
    par_yields, moves : ndarray
        Plain ratios; they broadcast.
    maturity_years : int
    """
    pnl: FloatArray = -100.0 * moves * annuities(par_yields + moves, maturity_years)
    return pnl


def dv01_per_100(par_yields: FloatArray, maturity_years: int) -> FloatArray:
    """Return the dollars that $100 of a bond at par gains when its yield falls a basis point.

    Half the difference between a basis point down and one up.
    """
    bump = np.full_like(par_yields, _BASIS_POINT)
    down = pnl_of_yield_moves_per_100(par_yields, -bump, maturity_years)
    up = pnl_of_yield_moves_per_100(par_yields, bump, maturity_years)
    dv01: FloatArray = (down - up) * 0.5
    return dv01

r"""Par yields of a constant maturity and their one-day moves, and the contract they stand for.

The baskets of past dates are not in the data. A Treasury future of a past date is therefore read as
delivering the bond at par with the maturity :math:`m` of its cheapest issue (ruling 19). With par
yield :math:`y`, conversion factor
:math:`c = \tfrac{y}{0.06}(1 - v) + v`, :math:`v = 1.03^{-2m}`, its price is :math:`100/c` and

.. math:: DV01 = \frac{100}{c}\ \frac{1 - (1 + y/2)^{-2m}}{y}\ 10^{-4} \times \$/\text{point}

Moves are kept on a binary grid, so that sums and ranks over them are exact anywhere. A move uses
only the tenors published on both dates; the par curve is flat beyond the longest of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import interpolate_monotone
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.market.scenarios import on_grid

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Moves in basis points are whole multiples of 2^-MOVE_BITS.
MOVE_BITS = 10
_BP = 1e4
_FEWEST_TENORS = 6
_NOTIONAL_YIELD = 0.06
_LOWEST_YIELD = 1e-4


def par_yields_at(points: CurvePoints, maturity_years: float) -> FloatArray:
    """Return the par yield of a maturity on every date, plain ratio, NaN without six tenors."""
    rows = np.arange(len(points.dates))
    return _interpolated(points, rows, ~np.isnan(points.par_yields), maturity_years)


def par_moves_bp(points: CurvePoints, maturity_years: float) -> FloatArray:
    """Return the one-day move of the par yield of a maturity by its end date, on the grid.

    Returns
    -------
    ndarray, shape (dates,)
        Basis points; NaN on the first date and where the two dates share fewer than six tenors.
    """
    published = ~np.isnan(points.par_yields)
    both = published[1:] & published[:-1]
    rows = np.arange(len(both))
    before = _interpolated(points, rows, both, maturity_years)
    after = _interpolated(points, rows + 1, both, maturity_years)
    moves = np.full(len(points.dates), np.nan)
    moves[1:] = on_grid((after - before) * _BP, MOVE_BITS)
    return moves


def par_future_dv01(
    par_yield: FloatArray, maturity_years: float, *, dollars_per_point: float
) -> FloatArray:
    """Return what a contract on the bond at par loses for one basis point, dollars.

    Parameters
    ----------
    par_yield : ndarray
        Plain ratios; those under a basis point count as one.
    maturity_years : float
    dollars_per_point : float
    """
    coupon = np.maximum(par_yield, _LOWEST_YIELD)
    half_years = 2.0 * maturity_years
    at_notional = exp_portable(-half_years * log_portable(np.array([1.0 + _NOTIONAL_YIELD / 2.0])))
    factor = coupon / _NOTIONAL_YIELD * (1.0 - at_notional) + at_notional
    discount = exp_portable(-half_years * log_portable(1.0 + coupon / 2.0))
    duration = (1.0 - discount) / coupon
    dv01: FloatArray = 100.0 / factor * duration / _BP * dollars_per_point
    return dv01


def _interpolated(
    points: CurvePoints, rows: IntArray, tenors: BoolArray, maturity_years: float
) -> FloatArray:
    """Return par yields of chosen rows from chosen tenors, grouped by which tenors there are."""
    years = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])
    at = np.full(len(rows), np.nan)
    codes = tenors @ (1 << np.arange(len(years)))
    for code in np.unique(codes):
        chosen = np.flatnonzero(codes == code)
        columns = np.flatnonzero(tenors[chosen[0]])
        if len(columns) >= _FEWEST_TENORS:
            known = points.par_yields[np.ix_(rows[chosen], columns)]
            at[chosen] = interpolate_monotone(years[columns], known, np.array([maturity_years]))[
                :, 0
            ]
    return at

r"""Par yields of a constant maturity and their one-day moves, and the contract they stand for.

The baskets of past dates are not in the data. A Treasury future of a past date is therefore read as
delivering one issue with the maturity :math:`m` of its cheapest (ruling 19), sold at the par yield
of its original maturity on the date of its sale: its coupon :math:`c`. Where several issues may be
cheapest, it is the one with the least price over conversion factor. At the par yield :math:`y` of
:math:`m`, with :math:`v = (1 + y/2)^{-2m}` and the conversion factor
:math:`f = \tfrac{c}{0.06}(1 - 1.03^{-2m}) + 1.03^{-2m}`,

.. math:: DV01 = \frac{100}{f} \left( \frac{c\,(1 - v)}{y^2}
          + \Bigl(1 - \frac{c}{y}\Bigr) \frac{m\,v}{1 + y/2} \right) 10^{-4} \times \$/\text{point}

Moves are kept on a binary grid, so that sums and ranks over them are exact anywhere. A move uses
only the tenors published on both dates; the par curve is flat beyond the longest of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import DAYS_PER_YEAR, interpolate_monotone
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


def issue_coupons(
    points: CurvePoints, maturity_years: float, *, original_years: float
) -> FloatArray:
    """Return the coupon of an issue with so long to run, by date: the par yield when it was sold.

    Before the first curve with six tenors the coupon is that of the first curve.
    """
    par_yields = par_yields_at(points, original_years)
    known = np.flatnonzero(~np.isnan(par_yields))
    age_days = np.timedelta64(round((original_years - maturity_years) * DAYS_PER_YEAR), "D")
    place = np.searchsorted(points.dates[known], points.dates - age_days, side="right") - 1
    coupons: FloatArray = par_yields[known][np.maximum(place, 0)]
    return coupons


def cheapest_dv01(
    points: CurvePoints, issues: Sequence[tuple[float, float]], *, dollars_per_point: float
) -> FloatArray:
    """Return what a contract loses for one basis point of its cheapest issue's yield, by date.

    Parameters
    ----------
    points : CurvePoints
    issues : sequence of (float, float)
        Years to run and original years of the issues that may be cheapest. On each date it is the
        one with the least price over conversion factor.
    dollars_per_point : float

    Returns
    -------
    ndarray, shape (dates,)
        Dollars; NaN where there is no curve.
    """
    found = []
    for maturity_years, original_years in issues:
        coupon = issue_coupons(points, maturity_years, original_years=original_years)
        found.append(future_value(par_yields_at(points, maturity_years), coupon, maturity_years))
    prices = np.array([price for price, _ in found])
    slopes = np.array([slope for _, slope in found])
    # A date without a curve has no price in any: take the first.
    cheapest = np.where(np.isnan(prices), np.inf, prices).argmin(axis=0)
    dv01: FloatArray = slopes[cheapest, np.arange(len(points.dates))] * dollars_per_point
    return dv01


def future_value(
    issue_yield: FloatArray, coupon: FloatArray, maturity_years: float
) -> tuple[FloatArray, FloatArray]:
    """Return the price of a contract on one issue, and what it loses for one basis point, points.

    Parameters
    ----------
    issue_yield : ndarray
        Plain ratio; one under a basis point counts as one.
    coupon : ndarray
        Plain ratio.
    maturity_years : float
    """
    y = np.maximum(issue_yield, _LOWEST_YIELD)
    half_years = 2.0 * maturity_years
    at_notional = exp_portable(-half_years * log_portable(np.array([1.0 + _NOTIONAL_YIELD / 2.0])))
    factor = coupon / _NOTIONAL_YIELD * (1.0 - at_notional) + at_notional
    v = exp_portable(-half_years * log_portable(1.0 + y / 2.0))
    later = maturity_years * v / (1.0 + y / 2.0)
    slope = coupon * (1.0 - v) / (y * y) - coupon / y * later + later
    price = coupon / y * (1.0 - v) + v
    return 100.0 * price / factor, 100.0 * slope / factor / _BP


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

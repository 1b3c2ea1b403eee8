r"""Par yields of whole years, their moves, and the moves filtered by their own volatility.

Yields and moves are basis points. Published yields are whole basis points, so that two moves are
equal or at least one basis point apart; interpolated ones are rounded to :math:`2^{-20}` of one, so
that differences are exact and a tie is a tie on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossmargin.market.curve import interpolate_monotone
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, DateArray, FloatArray

WHOLE_YEARS = tuple(range(1, 31))
_BP = 1e4
_GRID_PER_BP = float(1 << 20)
_NEIGHBOURS = 2


@dataclass(frozen=True, slots=True)
class YieldPaths:
    """Par yields of whole years, date by date.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (dates,)
    years : tuple of int
    yields_bp : ndarray, shape (dates, years)
        NaN where a published yield that is needed is missing.
    """

    dates: DateArray
    years: tuple[int, ...]
    yields_bp: FloatArray


def whole_year_yields(points: CurvePoints, years: tuple[int, ...] = WHOLE_YEARS) -> YieldPaths:
    """Return the par yields of whole years.

    A published tenor has its own yield. Another one lies on the monotone cubic through the
    published tenors (the rule of the curve), which between two of them depends on these and on the
    next one on either side; where one of those is missing, so is the yield.

    Parameters
    ----------
    points : CurvePoints
    years : tuple of int
        From 1 to 30.
    """
    tenors = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])
    at = np.array(years, dtype=np.float64)
    missing = np.isnan(points.par_yields)
    filled = np.where(missing, 0.0, points.par_yields)
    yields = interpolate_monotone(tenors, filled, at)
    for column, year in enumerate(at.tolist()):
        published = np.flatnonzero(tenors == year)
        if len(published):
            needed = published
            yields[:, column] = points.par_yields[:, published[0]]
        else:
            above = int(np.searchsorted(tenors, year))
            needed = np.arange(max(above - _NEIGHBOURS, 0), min(above + _NEIGHBOURS, len(tenors)))
        yields[missing[:, needed].any(axis=1), column] = np.nan
    return YieldPaths(points.dates, years, np.rint(yields * (_BP * _GRID_PER_BP)) / _GRID_PER_BP)


def moves_over(yields_bp: FloatArray, lag: int) -> FloatArray:
    """Return the moves that end on each date, over ``lag`` dates: same shape, NaN at the start."""
    moves = np.full_like(yields_bp, np.nan)
    moves[lag:] = yields_bp[lag:] - yields_bp[:-lag]
    return moves


def ewma_volatility(changes: FloatArray, *, decay: float, start_changes: int) -> FloatArray:
    r"""Return the volatility known at the end of each date, by exponential weights.

    .. math:: \sigma_t^2 = \lambda \sigma_{t-1}^2 + (1 - \lambda) d_t^2

    It begins as the root of the mean square of the first ``start_changes`` changes, is known from
    the last of them on, and begins again after a missing change.

    Parameters
    ----------
    changes : ndarray, shape (dates, series)
        One-day changes, NaN where missing.
    decay : float
    start_changes : int
        At least one.

    Returns
    -------
    ndarray, shape (dates, series)
        In the unit of the changes; NaN where not known.
    """
    squares = changes * changes
    variance = np.full_like(changes, np.nan)
    width = changes.shape[1]
    run, total, last = np.zeros(width, dtype=np.int64), np.zeros(width), np.zeros(width)
    for day, square in enumerate(squares):
        known = ~np.isnan(square)
        plain = np.where(known, square, 0.0)
        run = np.where(known, run + 1, 0)
        total = np.where(known, total + plain, 0.0)
        started = decay * last + (1.0 - decay) * plain
        last = np.where(run <= start_changes, total / start_changes, started)
        variance[day] = np.where(run >= start_changes, last, np.nan)
    return np.sqrt(variance)


def filtered_moves(moves: FloatArray, volatility: FloatArray, lag: int) -> FloatArray:
    r"""Return each move over the volatility known when it began: :math:`z_t = x_t/\sigma_{t-h}`.

    NaN where the move or the volatility is missing, or the volatility is zero.
    """
    before = np.full_like(volatility, np.nan)
    before[lag:] = volatility[:-lag]
    before[before == 0.0] = np.nan
    return moves / before

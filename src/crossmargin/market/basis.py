r"""The cash-futures basis as a risk factor: what a futures price does that the curve does not say.

A Treasury future follows the forward of its cheapest to deliver. While yields are under the 6 %
notional coupon, that is the shortest issue of the basket, so the history of a continuous futures
price :math:`F` is read as that of a bond at par with the maturity :math:`m` of the shortest issue
(the proxy of ruling 19; the baskets of past dates are not in the data). Its yield residual over
:math:`k` scenario dates is

.. math:: e = -\frac{\ln(F_{t+k}/F_t)}{D_m} - \Delta y_m

in basis points, :math:`D_m` the modified duration of the par bond at the mean of both yields.
A mean and a slope on :math:`\Delta y_m`, fitted for each calendar year at five days, are taken out:
they are the proxy's duration error and carry, not basis.

Contracts change within each quarter's roll window; which day is not in the data. The date with the
largest one-day residual of the window is taken to be the roll, and no residual spans it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import interpolate_monotone
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory, FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.market.residuals import (
    NoiseEstimate,
    ResidualShocks,
    complete_shocks,
    in_windows,
    without_noise,
)
from crossmargin.parameters.registry import ParameterSet

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Contracts with a price history, in order of maturity.
QUOTED = ("ZT", "ZF", "ZN", "TN", "ZB")
#: Every Treasury contract, and whose residual it takes where it has none (nearest maturity first).
NEIGHBOURS: Mapping[str, tuple[str, ...]] = {
    "ZT": ("ZF",),
    "Z3N": ("ZT", "ZF"),
    "ZF": ("ZN", "ZT"),
    "ZN": ("ZF", "ZB"),
    "TN": ("ZN", "ZB"),
    "TWE": ("ZB", "ZN"),
    "ZB": ("ZN",),
    "UB": ("ZB", "ZN"),
}
_ROLL_MONTHS = (3, 6, 9, 12)
_ROLL_BEFORE = np.timedelta64(12, "D")  # before the first day of the delivery month
_ROLL_AFTER = np.timedelta64(36, "D")  # after it: into the first days of the following month
_FIT_DAYS = 5
_FEWEST_TO_FIT = 30
_BP = 1e4


@dataclass(frozen=True, slots=True)
class _Series:
    """One contract's prices on the curve's dates: NaN where there is none."""

    log_price: FloatArray
    par_yield: FloatArray
    maturity_years: float
    rolls_before: IntArray
    year: IntArray


def basis_shocks(
    points: CurvePoints,
    closes: Mapping[str, CloseHistory],
    parameters: ParameterSet,
    *,
    horizon_days: int,
) -> ResidualShocks:
    """Return every Treasury contract's basis shock on every pair of dates, in basis points.

    Parameters
    ----------
    points : CurvePoints
    closes : mapping of symbol to CloseHistory
        Continuous front-month closes, unadjusted for rolls.
    parameters : ParameterSet
        ``basis_ctd_maturity_years_<symbol>``, ``residuals_from``, ``residual_stressed_windows``
        and ``proxy_seed``.
    horizon_days : int
        In scenario dates.

    Returns
    -------
    ResidualShocks
        Positive: the futures-implied yield rises more than the curve's, so the future falls.
    """
    first = np.datetime64(parameters.text("residuals_from"))
    names = tuple(NEIGHBOURS)
    count = len(points.dates) - horizon_days
    own = np.full((count, len(names)), np.nan)
    estimates: dict[str, dict[str, NoiseEstimate]] = {}
    stressed = in_windows(points.dates, parameters.dates("residual_stressed_windows"))
    used = points.dates >= first
    for symbol in QUOTED:
        maturity = float(parameters.ratio(f"basis_ctd_maturity_years_{symbol}"))
        series = _series(points, closes[symbol], maturity, used)
        cleaned = _cleaner(series)
        own[:, names.index(symbol)], estimates[symbol] = without_noise(
            cleaned, stressed, horizon_days=horizon_days
        )
    return complete_shocks(
        own,
        names=names,
        neighbours=NEIGHBOURS,
        estimates=estimates,
        start_dates=points.dates[:-horizon_days],
        end_dates=points.dates[horizon_days:],
        seed=parameters.whole("proxy_seed"),
    )


def _series(
    points: CurvePoints, history: CloseHistory, maturity_years: float, used: BoolArray
) -> _Series:
    known = used & ~np.isnan(points.par_yields).any(axis=1)
    tenors = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])
    par_yield = np.full(len(points.dates), np.nan)
    par_yield[known] = interpolate_monotone(
        tenors, points.par_yields[known], np.array([maturity_years])
    )[:, 0]
    log_price = np.full(len(points.dates), np.nan)
    place = np.searchsorted(points.dates, history.dates)
    place = np.clip(place, 0, len(points.dates) - 1)
    matching = (points.dates[place] == history.dates) & used[place]
    log_price[place[matching]] = log_portable(history.closes[matching])
    year = points.dates.astype("datetime64[Y]").astype(np.int64)
    blank = np.zeros(len(points.dates), dtype=np.int64)
    series = _Series(log_price, par_yield, maturity_years, blank, year)
    one_day = _raw_residuals(series, 1)
    rolls = _roll_days(points, one_day)
    return _Series(log_price, par_yield, maturity_years, np.cumsum(rolls), year)


def _raw_residuals(series: _Series, lag: int) -> FloatArray:
    """Return residuals over the lag in basis points; NaN across a roll or without a price."""
    start, end = slice(None, -lag), slice(lag, None)
    change = series.par_yield[end] - series.par_yield[start]
    middle = (series.par_yield[end] + series.par_yield[start]) / 2.0
    duration = _par_bond_duration(middle, series.maturity_years)
    residual = -(series.log_price[end] - series.log_price[start]) / duration - change
    spans_roll = series.rolls_before[end] != series.rolls_before[start]
    return np.where(spans_roll, np.nan, residual * _BP)


def _par_bond_duration(par_yield: FloatArray, maturity_years: float) -> FloatArray:
    """Return the modified duration of a bond at par: (1 - (1 + y/2)^(-2m)) / y."""
    safe = np.where(np.isnan(par_yield), 0.01, np.maximum(par_yield, 1e-4))
    discount = exp_portable(-2.0 * maturity_years * log_portable(1.0 + safe / 2.0))
    return np.where(np.isnan(par_yield), np.nan, (1.0 - discount) / safe)


def _roll_days(points: CurvePoints, one_day_bp: FloatArray) -> IntArray:
    """Return 1 on the later date of each roll, 0 elsewhere: one roll a quarterly window."""
    rolls = np.zeros(len(points.dates), dtype=np.int64)
    first_year, last_year = (
        int(str(points.dates[place].astype("datetime64[Y]"))) for place in (0, -1)
    )
    for year in range(first_year, last_year + 1):
        for month in _ROLL_MONTHS:
            first = np.datetime64(f"{year}-{month:02d}-01")
            low = np.searchsorted(points.dates, first - _ROLL_BEFORE)
            high = np.searchsorted(points.dates, first + _ROLL_AFTER, side="right")
            window = np.abs(one_day_bp[low : max(low, high - 1)])
            if len(window) and not np.isnan(window).all():
                rolls[low + int(np.nanargmax(window)) + 1] = 1
    return rolls


def _cleaner(series: _Series) -> Callable[[int], FloatArray]:
    """Return residuals over any lag with each year's mean and yield slope taken out."""
    fit = _raw_residuals(series, _FIT_DAYS)
    fit_change = (series.par_yield[_FIT_DAYS:] - series.par_yield[:-_FIT_DAYS]) * _BP
    lines = {}
    for year in np.unique(series.year):
        rows = (series.year[:-_FIT_DAYS] == year) & ~np.isnan(fit)
        if rows.sum() >= _FEWEST_TO_FIT:
            lines[int(year)] = _line(fit_change[rows], fit[rows])

    def residuals_over(lag: int) -> FloatArray:
        raw = _raw_residuals(series, lag)
        change = (series.par_yield[lag:] - series.par_yield[:-lag]) * _BP
        cleaned = np.full_like(raw, np.nan)
        for year, (mean, slope) in lines.items():
            own = series.year[:-lag] == year
            cleaned[own] = raw[own] - mean * lag / _FIT_DAYS - slope * change[own]
        return cleaned

    return residuals_over


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line."""
    centred = x - x.mean()
    slope = float((centred * (y - y.mean())).sum() / (centred * centred).sum())
    return float(y.mean() - slope * x.mean()), slope

r"""The cash-futures basis as a risk factor: what a futures price does that the curve does not say.

A Treasury future follows the forward of its cheapest to deliver. While yields are under the 6 %
notional coupon, that is the shortest issue of the basket, so the history of a continuous futures
price :math:`F` is read as that of a bond at par with the maturity :math:`m` of the shortest issue
(the proxy of ruling 19; the baskets of past dates are not in the data). Its yield residual over
:math:`k` scenario dates is

.. math:: e = -\frac{\ln(F_{t+k}/F_t)}{D_m} - \Delta y_m

in basis points, :math:`D_m` the modified duration of the par bond at the mean of both yields.
One mean and one slope on :math:`\Delta y_m`, fitted at five days over the whole history up to the
as-of date, are taken out: they are the proxy's duration error and carry, not basis. A slope a year
would take out more, but with it every move of the basis that went with yields in that year.

Contracts change after the last trading day; on which day the feed changed over is not in the data.
The date with the largest one-day residual among the few around the day after the last trading day
is taken to be the roll, and no residual spans it. Some feeds roll the two- and five-year contracts
with the ten-year: the days around its last trading day count for them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import interpolate_monotone
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory, FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.market.residuals import (
    NoiseEstimate,
    NoiseRule,
    ResidualShocks,
    complete_shocks,
    in_windows,
    last_known,
    without_noise,
)
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import FuturesContract, last_trading_day

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Contracts with a price history, in order of maturity.
QUOTED = ("ZT", "ZF", "ZN", "TN", "ZB")
#: Every Treasury contract, and whose residual it takes where it has none (nearest maturity first).
NEIGHBOURS: Mapping[str, tuple[str, ...]] = {
    "ZT": ("ZF", "ZN"),
    "Z3N": ("ZT", "ZF"),
    "ZF": ("ZN", "ZT"),
    "ZN": ("ZF", "ZB"),
    "TN": ("ZN", "ZB"),
    "TWE": ("ZB", "ZN"),
    "ZB": ("ZN",),
    "UB": ("ZB", "ZN"),
}
_ROLL_MONTHS = (3, 6, 9, 12)
#: Whose last trading day a contract's feed may roll with.
_ROLLS_WITH: Mapping[str, tuple[str, ...]] = {
    "ZT": ("ZT", "ZN"),
    "ZF": ("ZF", "ZN"),
    "ZN": ("ZN",),
    "TN": ("ZN",),
    "ZB": ("ZN",),
}
_BP = 1e4


@dataclass(frozen=True, slots=True)
class _Series:
    """One contract's prices on the curve's dates: NaN where there is none."""

    log_price: FloatArray
    par_yield: FloatArray
    maturity_years: float
    rolls_before: IntArray


class BasisResiduals:
    """Residuals of every quoted contract over any lag, computed once.

    Parameters
    ----------
    points : CurvePoints
    closes : mapping of symbol to CloseHistory
        Continuous front-month closes, unadjusted for rolls.
    parameters : ParameterSet
        ``basis_ctd_maturity_years_<symbol>``, ``basis_fit_days``, ``basis_roll_margin_dates``,
        ``residuals_from``, ``residual_stressed_windows``, ``proxy_seed``, and the noise rule's.
    """

    def __init__(
        self, points: CurvePoints, closes: Mapping[str, CloseHistory], parameters: ParameterSet
    ) -> None:
        self._points = points
        self._seed = parameters.whole("proxy_seed")
        self._fit_days = parameters.whole("basis_fit_days")
        self._rule = NoiseRule.from_parameters(parameters)
        self._stressed = in_windows(points.dates, parameters.dates("residual_stressed_windows"))
        used = points.dates >= np.datetime64(parameters.text("residuals_from"))
        margin = parameters.whole("basis_roll_margin_dates")
        self._series = {
            symbol: _series(
                points,
                closes[symbol],
                float(parameters.ratio(f"basis_ctd_maturity_years_{symbol}")),
                used,
                roll_margin_dates=margin,
            )
            for symbol in QUOTED
        }
        self._over: dict[tuple[str, int], tuple[FloatArray, FloatArray]] = {}

    def shocks(self, *, horizon_days: int, known_until: date | None = None) -> ResidualShocks:
        """Return every Treasury contract's basis shock on every pair of dates, in basis points.

        Parameters
        ----------
        horizon_days : int
            In scenario dates.
        known_until : date, optional
            What is estimated or redrawn uses nothing later; all of the history if left out.

        Returns
        -------
        ResidualShocks
            Positive: the futures-implied yield rises more than the curve's, so the future falls.
        """
        dates, names = self._points.dates, tuple(NEIGHBOURS)
        until = last_known(dates, known_until)
        own = np.full((len(dates) - horizon_days, len(names)), np.nan)
        estimates: dict[str, dict[str, NoiseEstimate]] = {}
        for symbol in QUOTED:
            if until is not None and not self._begun(symbol, until):
                continue
            own[:, names.index(symbol)], estimates[symbol] = without_noise(
                self._cleaner(symbol, until),
                self._stressed,
                horizon_days=horizon_days,
                rule=self._rule,
                until=until,
            )
        return complete_shocks(
            own,
            names=names,
            neighbours=NEIGHBOURS,
            estimates=estimates,
            stressed=self._stressed,
            start_dates=dates[:-horizon_days],
            end_dates=dates[horizon_days:],
            seed=self._seed,
            known_until=known_until,
        )

    def _begun(self, symbol: str, until: int) -> bool:
        """Return whether residuals known by then are enough; else a neighbour's are taken."""
        lag = self._rule.longest_lag
        raw, _ = self._residuals(symbol, lag)
        known = ~np.isnan(raw) & ~self._stressed[: len(raw)]
        return int(known[: max(0, until + 1 - lag)].sum()) >= self._rule.fewest_residuals

    def _residuals(self, symbol: str, lag: int) -> tuple[FloatArray, FloatArray]:
        """Return raw residuals and yield changes over a lag, basis points."""
        if (symbol, lag) not in self._over:
            series = self._series[symbol]
            change = (series.par_yield[lag:] - series.par_yield[:-lag]) * _BP
            self._over[symbol, lag] = _raw_residuals(series, lag), change
        return self._over[symbol, lag]

    def _cleaner(self, symbol: str, until: int | None) -> Callable[[int], FloatArray]:
        """Return what gives residuals over a lag with one mean and one yield slope taken out."""
        days = self._fit_days
        fit, fit_change = self._residuals(symbol, days)
        known = ~np.isnan(fit)
        if until is not None:
            known[max(0, until + 1 - days) :] = False
        mean, slope = _line(fit_change[known], fit[known])

        def residuals_over(lag: int) -> FloatArray:
            raw, change = self._residuals(symbol, lag)
            return raw - mean * lag / days - slope * change

        return residuals_over


def _series(
    points: CurvePoints,
    history: CloseHistory,
    maturity_years: float,
    used: BoolArray,
    *,
    roll_margin_dates: int,
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
    blank = np.zeros(len(points.dates), dtype=np.int64)
    series = _Series(log_price, par_yield, maturity_years, blank)
    one_day = _raw_residuals(series, 1)
    rolls = _roll_days(points, one_day, history.symbol, roll_margin_dates)
    return _Series(log_price, par_yield, maturity_years, np.cumsum(rolls))


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


def _roll_days(points: CurvePoints, one_day_bp: FloatArray, symbol: str, margin: int) -> IntArray:
    """Return 1 on the later date of each roll, 0 elsewhere: one a quarter that the prices cover."""
    rolls = np.zeros(len(points.dates), dtype=np.int64)
    known = np.flatnonzero(~np.isnan(one_day_bp))
    if len(known) == 0:
        return rolls
    first_year, last_year = (
        int(str(points.dates[place].astype("datetime64[Y]"))) for place in (known[0], known[-1])
    )
    for year in range(first_year, last_year + 1):
        for month in _ROLL_MONTHS:
            around = np.array(
                [
                    place
                    for product in _ROLLS_WITH[symbol]
                    for place in _around_last_trading_day(points, product, year, month, margin)
                    if known[0] < place <= known[-1]
                ],
                dtype=np.int64,
            )
            if len(around) >= 2 * margin + 1:
                sizes = np.nan_to_num(np.abs(one_day_bp[around - 1]), nan=-1.0)
                rolls[around[int(sizes.argmax())]] = 1
    return rolls


def _around_last_trading_day(
    points: CurvePoints, product: str, year: int, month: int, margin: int
) -> range:
    """Return the places of the dates around the day after a contract's last trading day."""
    last = np.datetime64(last_trading_day(FuturesContract(product, year, month)))
    after = int(np.searchsorted(points.dates, last, side="right"))
    return range(after - margin, after + margin + 1)


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line."""
    centred = x - x.mean()
    slope = float((centred * (y - y.mean())).sum() / (centred * centred).sum())
    return float(y.mean() - slope * x.mean()), slope

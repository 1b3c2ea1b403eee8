r"""The SOFR-Treasury spread as a risk factor: what money-market futures do that the curve does not.

There is no SOFR futures curve in the data (ruling 19): SR3, SR1 and ZQ move with the
Treasury-implied forward of their period plus this factor. It is estimated from fed funds futures by
contract: over :math:`k` scenario dates, the change of the mean rate of a group of contract months
less the change of the Treasury-implied forward over the same months, in basis points, timing noise
removed as for the basis.

Two groups of months give two knots of the factor, the front (2 to 4 months ahead) and the back
(8 to 12 months ahead). A contract takes the factor at the middle of its remaining period, linear
between the knots and flat outside: contracts further out than the back knot move with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

import numpy as np

from crossmargin.market.curve import DAYS_PER_YEAR, KNOT_YEARS, linear_weights, zero_rates
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory, FloatArray
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

FRONT, BACK = "SOFR_SPREAD_FRONT", "SOFR_SPREAD_BACK"
#: First and last contract month of each group, counted from the month of the date.
MONTHS_AHEAD: Mapping[str, tuple[int, int]] = {FRONT: (2, 4), BACK: (8, 12)}
#: Where the groups lie in time, in years: the middle of the months seen from mid-month.
KNOT_HORIZON_YEARS = (3.0 / 12.0, 10.0 / 12.0)
_MONTH_CODES = "FGHJKMNQUVXZ"
_BP = 1e4
_CENTURY_PIVOT = 70


class SpreadResiduals:
    """Residuals of both groups of contract months over any lag, computed once.

    Parameters
    ----------
    points : CurvePoints
    closes : mapping of contract code to CloseHistory
        Fed funds futures, such as ``ZQF20``.
    parameters : ParameterSet
        ``residuals_from``, ``residual_stressed_windows``, ``proxy_seed``, and the noise
        rule's.
    """

    def __init__(
        self, points: CurvePoints, closes: Mapping[str, CloseHistory], parameters: ParameterSet
    ) -> None:
        self._points = points
        self._seed = parameters.whole("proxy_seed")
        self._rule = NoiseRule.from_parameters(parameters)
        self._stressed = in_windows(points.dates, parameters.dates("residual_stressed_windows"))
        used = points.dates >= np.datetime64(parameters.text("residuals_from"))
        known = used & ~np.isnan(points.par_yields).any(axis=1)
        self._zeros = np.full((len(points.dates), len(KNOT_YEARS)), np.nan)
        tenors = [PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS]
        self._zeros[known] = zero_rates(tenors, points.par_yields[known])
        self._rates, self._first_month = _futures_rates(points, closes)
        self._over: dict[tuple[str, int], FloatArray] = {}

    def shocks(self, *, horizon_days: int, known_until: date | None = None) -> ResidualShocks:
        """Return the two spread shocks on every pair of dates, in basis points.

        Parameters
        ----------
        horizon_days : int
            In scenario dates.
        known_until : date, optional
            What is estimated or redrawn uses nothing later; all of the history if left out.

        Returns
        -------
        ResidualShocks
            Positive: the futures rate rises more than the Treasury forward, so the future falls.
        """
        dates, names = self._points.dates, (FRONT, BACK)
        until = last_known(dates, known_until)
        own = np.full((len(dates) - horizon_days, len(names)), np.nan)
        estimates: dict[str, dict[str, NoiseEstimate]] = {}
        for index, name in enumerate(names):
            own[:, index], estimates[name] = without_noise(
                partial(self._residuals, name),
                self._stressed,
                horizon_days=horizon_days,
                rule=self._rule,
                until=until,
            )
        return complete_shocks(
            own,
            names=names,
            neighbours={FRONT: (BACK,), BACK: (FRONT,)},
            estimates=estimates,
            stressed=self._stressed,
            start_dates=dates[:-horizon_days],
            end_dates=dates[horizon_days:],
            seed=self._seed,
            known_until=known_until,
        )

    def _residuals(self, name: str, lag: int) -> FloatArray:
        """Return residuals of a group of contract months over a lag, basis points."""
        if (name, lag) not in self._over:
            months = MONTHS_AHEAD[name]
            futures = _mean_rate_change(self._points, self._rates, self._first_month, months, lag)
            # Futures rates are actual/360, forwards per year of 365.25 days.
            forward = _forward_change(self._points, self._zeros, months, lag)
            self._over[name, lag] = (futures - forward * (360.0 / DAYS_PER_YEAR)) * _BP
        return self._over[name, lag]


def _futures_rates(
    points: CurvePoints, closes: Mapping[str, CloseHistory]
) -> tuple[FloatArray, int]:
    """Return futures rates by date and contract month, NaN where none, and the first month."""
    months = {code: contract_month(code) for code in closes}
    first, last = min(months.values()), max(months.values())
    rates = np.full((len(points.dates), last - first + 1), np.nan)
    for code, history in closes.items():
        place = np.searchsorted(points.dates, history.dates)
        place = np.clip(place, 0, len(points.dates) - 1)
        matching = points.dates[place] == history.dates
        column = months[code] - first
        rates[place[matching], column] = (100.0 - history.closes[matching]) / 100.0
    return rates, first


def contract_month(code: str) -> int:
    """Return the contract month of a two-digit code, counted in months from January 1970.

    Examples
    --------
    >>> contract_month("ZQF70"), contract_month("ZQZ00")
    (0, 371)
    """
    year = int(code[-2:])
    year += 1900 if year >= _CENTURY_PIVOT else 2000
    return (year - 1970) * 12 + _MONTH_CODES.index(code[-3])


def _mean_rate_change(
    points: CurvePoints, rates: FloatArray, first_month: int, months: tuple[int, int], lag: int
) -> FloatArray:
    month = points.dates.astype("datetime64[M]").astype(np.int64)[:-lag]
    total = np.zeros(len(month))
    for ahead in range(months[0], months[1] + 1):
        column = month + ahead - first_month
        inside = (column >= 0) & (column < rates.shape[1])
        safe = np.where(inside, column, 0)
        rows = np.arange(len(month))
        change = rates[rows + lag, safe] - rates[rows, safe]
        total = total + np.where(inside, change, np.nan)
    return total / (months[1] - months[0] + 1)


def _forward_change(
    points: CurvePoints, zeros: FloatArray, months: tuple[int, int], lag: int
) -> FloatArray:
    """Return the change of the Treasury forward over the group's months, fixed at the start."""
    month = points.dates.astype("datetime64[M]")[:-lag]
    first = (month + np.timedelta64(months[0], "M")).astype("datetime64[D]")
    last = (month + np.timedelta64(months[1] + 1, "M")).astype("datetime64[D]")
    end = _forwards(zeros[lag:], points.dates[lag:], first, last)
    start = _forwards(zeros[:-lag], points.dates[:-lag], first, last)
    return end - start


def _forwards(
    zeros: FloatArray,
    dates: np.ndarray[tuple[int], np.dtype[np.datetime64]],
    first: np.ndarray[tuple[int], np.dtype[np.datetime64]],
    last: np.ndarray[tuple[int], np.dtype[np.datetime64]],
) -> FloatArray:
    rows = np.arange(len(dates))
    products = []
    for day in (first, last):
        years = (day - dates).astype(np.float64) / DAYS_PER_YEAR
        place, weight = linear_weights(KNOT_YEARS, years)
        rate = zeros[rows, place] + (zeros[rows, place + 1] - zeros[rows, place]) * weight
        products.append(rate * years)
    return (products[1] - products[0]) / ((last - first).astype(np.float64) / DAYS_PER_YEAR)

"""Key-rate changes of the Treasury zero curve, pair by pair of dates, with stated gap rules.

The rules (``docs/methodology/curves.md`` repeats them):

* A date is a scenario date when the par yield file has a row for it (ruling 33).
* 1M, 1.5M, 2M and 4M are no knots of the curve: they begin late and have holes.
* A blank 3M is filled linearly in tenor from 1M and 6M of the same day; the date counts as proxied.
* A change uses only the tenors published on both of its dates, so nothing is ever differenced
  across a gap. Where a longer tenor is missing (the 30-year from 2002-02-19 to 2006-02-08) the par
  curve is flat beyond the longest one left, on both dates, and the change counts as proxied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import KNOT_YEARS, linear_at, zero_rates
from crossmargin.market.history import (
    PAR_TENOR_YEARS,
    DateArray,
    FloatArray,
    ParYieldHistory,
)

BoolArray = npt.NDArray[np.bool_]

#: Published tenors that carry the curve.
CURVE_TENORS = ("3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "20Y", "30Y")
_FEWEST_TENORS = 6


@dataclass(frozen=True, slots=True)
class CurvePoints:
    """The par yields that carry the curve, gaps filled where a rule says so.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (dates,)
    par_yields : ndarray, shape (dates, tenors)
        Plain ratios, NaN where not published and not filled.
    filled : ndarray of bool, shape (dates,)
        True where a figure was filled from its neighbours.
    """

    dates: DateArray
    par_yields: FloatArray
    filled: BoolArray


@dataclass(frozen=True, slots=True)
class KeyRateChanges:
    """Changes of zero rates at the key tenors over a fixed number of scenario dates.

    Parameters
    ----------
    start_dates, end_dates : ndarray of datetime64[D], shape (N,)
    key_years : ndarray, shape (K,)
    changes : ndarray, shape (N, K)
        Plain ratios: 0.0001 is one basis point.
    proxied : ndarray of bool, shape (N,)
        True where a tenor was filled or missing.
    """

    start_dates: DateArray
    end_dates: DateArray
    key_years: FloatArray
    changes: FloatArray
    proxied: BoolArray

    def select(self, rows: BoolArray) -> KeyRateChanges:
        """Return the chosen scenarios."""
        return KeyRateChanges(
            self.start_dates[rows],
            self.end_dates[rows],
            self.key_years,
            self.changes[rows],
            self.proxied[rows],
        )


def curve_points(history: ParYieldHistory) -> CurvePoints:
    """Return the par yields that carry the curve, a blank 3M filled from 1M and 6M."""
    columns = [history.tenors.index(tenor) for tenor in CURVE_TENORS]
    par = history.yields_pct[:, columns] / 100.0
    one_month = history.yields_pct[:, history.tenors.index("1M")] / 100.0
    three, six = par[:, 0].copy(), par[:, 1]
    weight = (PAR_TENOR_YEARS["3M"] - PAR_TENOR_YEARS["1M"]) / (
        PAR_TENOR_YEARS["6M"] - PAR_TENOR_YEARS["1M"]
    )
    filled = np.isnan(three) & ~np.isnan(one_month) & ~np.isnan(six)
    par[:, 0] = np.where(filled, one_month + (six - one_month) * weight, three)
    return CurvePoints(history.dates, par, filled)


def key_rate_changes(points: CurvePoints, *, lag: int, key_years: FloatArray) -> KeyRateChanges:
    """Return every overlapping change over ``lag`` scenario dates.

    Parameters
    ----------
    points : CurvePoints
    lag : int
        Horizon in scenario dates.
    key_years : ndarray, shape (K,)
        Key tenors in years.

    Raises
    ------
    ValueError
        If a pair of dates shares fewer than six tenors.
    """
    published = ~np.isnan(points.par_yields)
    common = published[:-lag] & published[lag:]
    count = len(common)
    changes = np.empty((count, len(key_years)))
    codes = common @ (1 << np.arange(common.shape[1]))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        tenors = np.flatnonzero(common[rows[0]])
        if len(tenors) < _FEWEST_TENORS:
            raise ValueError(f"{points.dates[rows[0]]}: too few par yields for a curve")
        both = np.unique(np.concatenate([rows, rows + lag]))
        years = [PAR_TENOR_YEARS[CURVE_TENORS[tenor]] for tenor in tenors]
        zeros = zero_rates(years, points.par_yields[np.ix_(both, tenors)])
        at_keys = linear_at(KNOT_YEARS, zeros, key_years)
        end, start = np.searchsorted(both, rows + lag), np.searchsorted(both, rows)
        changes[rows] = at_keys[end] - at_keys[start]
    proxied = points.filled[:-lag] | points.filled[lag:] | ~common.all(axis=1)
    return KeyRateChanges(points.dates[:-lag], points.dates[lag:], key_years, changes, proxied)

"""What the market did, date by date, as it was known on each: curves, moves, shares of noise.

Moves of key rates need no estimate. Those of basis and spread do (how much of a residual is
timing), and dates without a residual are redrawn from others: both rest, for all dates of a
calendar year, on what was known when the year before ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.market.curve import KNOT_YEARS, linear_at, zero_rates
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, DateArray, FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.market.residuals import ResidualShocks
from crossmargin.market.scenarios import FactorHistories

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moves:
    """Every factor's moves over one horizon; a row is the move that ends on a date.

    Row r ends on date ``r + horizon_days``.

    Parameters
    ----------
    horizon_days : int
    key_rates : ndarray, shape (N, K)
        Plain ratios.
    basis_bp, spread_bp : ndarray, shape (N, 8), (N, 2)
    basis_own, spread_own : ndarray of bool, shape (N, 8), (N, 2)
        Whether the move was observed: the contract's own residual, or a neighbour's.
    """

    horizon_days: int
    key_rates: FloatArray
    basis_bp: FloatArray
    spread_bp: FloatArray
    basis_own: BoolArray
    spread_own: BoolArray


@dataclass(frozen=True, slots=True)
class KnownThen:
    """The moves of all dates, with what was estimated by a date.

    Parameters
    ----------
    until : date
        Nothing later is in an estimate.
    moves : mapping of horizon to Moves
    """

    until: date
    moves: Mapping[int, Moves]


@dataclass(frozen=True, slots=True)
class WalkFactors:
    """Curves and moves of a market.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (D,)
        Scenario dates.
    points : CurvePoints
        Par yields on them.
    key_years : ndarray, shape (K,)
    known : mapping of year to KnownThen
        By the calendar year of the margin date.
    """

    dates: DateArray
    points: CurvePoints
    key_years: FloatArray
    known: Mapping[int, KnownThen]

    def zero_rates_on(self, places: Sequence[int]) -> FloatArray:
        """Return the zero rates of some dates at the curve's knots: shape (places, knots).

        Each from the tenors that its date has.
        """
        chosen = np.asarray(places)
        published = ~np.isnan(self.points.par_yields[chosen])
        codes = published @ (1 << np.arange(published.shape[1]))
        found = np.empty((len(chosen), len(KNOT_YEARS)))
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            tenors = np.flatnonzero(published[rows[0]])
            years = [PAR_TENOR_YEARS[CURVE_TENORS[tenor]] for tenor in tenors]
            found[rows] = zero_rates(years, self.points.par_yields[np.ix_(chosen[rows], tenors)])
        return found

    def places_between(self, first: date, last: date) -> range:
        """Return the places of the dates between two, both included."""
        start = int(np.searchsorted(self.dates, np.datetime64(first)))
        stop = int(np.searchsorted(self.dates, np.datetime64(last), side="right"))
        return range(start, stop)


def discount_factors(zeros: FloatArray, years: FloatArray) -> FloatArray:
    """Return discount factors at the times, date by date: shape (dates, times)."""
    return exp_portable(-linear_at(KNOT_YEARS, zeros, years) * years)


def walk_factors(
    histories: FactorHistories, *, first: date, last: date, horizons: Sequence[int]
) -> WalkFactors:
    """Return curves and moves for margin dates between two dates.

    Parameters
    ----------
    histories : FactorHistories
        Up to the last outcome.
    first, last : date
    horizons : sequence of int
        In scenario dates.
    """
    known = {}
    for year in range(first.year, last.year + 1):
        until = date(year - 1, 12, 31)
        known[year] = known_on(histories, until, horizons)
    return WalkFactors(histories.points.dates, histories.points, histories.key_years, known)


def known_on(histories: FactorHistories, until: date, horizons: Sequence[int]) -> KnownThen:
    """Return the moves of all dates with what was estimated by a date.

    Parameters
    ----------
    histories : FactorHistories
        May go on after it.
    until : date
    horizons : sequence of int
        In scenario dates.
    """
    return KnownThen(
        until, {days: _moves(histories, days, until) for days in sorted(set(horizons))}
    )


def _moves(histories: FactorHistories, days: int, until: date) -> Moves:
    history = histories.at(days, known_until=until)
    return Moves(
        horizon_days=days,
        key_rates=history.key_rates.changes,
        basis_bp=history.basis.shocks_bp,
        spread_bp=history.spread.shocks_bp,
        basis_own=_observed(history.basis),
        spread_own=_observed(history.spread),
    )


def _observed(shocks: ResidualShocks) -> BoolArray:
    return np.repeat(~shocks.redrawn[:, np.newaxis], len(shocks.names), axis=1)

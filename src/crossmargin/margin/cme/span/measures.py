r"""Volatility measures of one-day moves, each an estimate of the same thing: the 99 % one-day move.

CME describes its scan ranges as coming from a family of VaR models over several look-backs,
weighted per product group. The family here: exponentially weighted volatilities times the normal
quantile,

.. math:: z\,\sigma_t, \qquad \sigma_t^2 = \lambda\,\sigma_{t-1}^2 + (1 - \lambda)\,r_t^2

and the k-th largest move of several look-backs, the larger of the two directions,
:math:`k = \max(1, \lfloor (1 - \text{coverage})\, N \rfloor)`. A measure of a date uses the moves
up to it and none after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.margin.tail import tail_losses, tail_rank
from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet

IntArray = npt.NDArray[np.int64]

_START_MOVES = 250


@dataclass(frozen=True, slots=True)
class MeasureRules:
    """Which measures there are.

    Parameters
    ----------
    decays : tuple of Fraction
        One exponentially weighted volatility each.
    quantile_multiple : Fraction
        What makes a 99 % move out of a volatility.
    lookback_dates : tuple of int
        One tail move each, in scenario dates.
    coverage : Fraction
    """

    decays: tuple[Fraction, ...]
    quantile_multiple: Fraction
    lookback_dates: tuple[int, ...]
    coverage: Fraction

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> MeasureRules:
        """Read the rules from the CME-style model's parameters."""
        return MeasureRules(
            decays=parameters.ratios("span_volatility_decays"),
            quantile_multiple=parameters.ratio("span_quantile_multiple"),
            lookback_dates=tuple(int(n) for n in parameters.ratios("span_lookback_dates")),
            coverage=parameters.ratio("coverage"),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the measures, in order."""
        return (
            *(f"volatility_{float(decay):g}" for decay in self.decays),
            *(f"tail_{dates}_dates" for dates in self.lookback_dates),
        )


def measures_at(moves_bp: FloatArray, places: Sequence[int], rules: MeasureRules) -> FloatArray:
    """Return every measure on the chosen dates.

    Parameters
    ----------
    moves_bp : ndarray, shape (dates,)
        One-day moves by end date, on a binary grid; NaN where there is none.
    places : sequence of int
        Dates to measure on; each needs at least one move up to it.
    rules : MeasureRules

    Returns
    -------
    ndarray, shape (places, measures)
        Basis points.
    """
    known = np.flatnonzero(~np.isnan(moves_bp))
    moves = moves_bp[known]
    last = [int(np.searchsorted(known, place, side="right")) for place in places]
    if not last:
        return np.empty((0, len(rules.names)))
    if min(last) == 0:
        raise ValueError("a measure needs at least one move up to its date")
    multiple = float(rules.quantile_multiple)
    columns = [multiple * _volatility(moves, decay)[np.array(last) - 1] for decay in rules.decays]
    for dates in rules.lookback_dates:
        tails = [_tail(moves[max(0, end - dates) : end], rules.coverage) for end in last]
        columns.append(np.array(tails))
    return np.column_stack(columns)


def _volatility(moves: FloatArray, decay: Fraction) -> FloatArray:
    """Return the volatility after each move; it begins with the mean square of the first 250."""
    keep = float(decay)
    first = moves[:_START_MOVES].tolist()
    variance = math.fsum(move * move for move in first) / len(first)
    variances = []
    for move in moves.tolist():
        variance = keep * variance + (1.0 - keep) * (move * move)
        variances.append(variance)
    volatility: FloatArray = np.sqrt(np.array(variances))
    return volatility


def _tail(moves: FloatArray, coverage: Fraction) -> float:
    rank = tail_rank(len(moves), coverage)
    return float(tail_losses(np.stack([moves, -moves]), rank).max())


def correlation(one_bp: FloatArray, two_bp: FloatArray) -> float:
    """Return the correlation of moves on a binary grid, without rounding before the last step."""
    return _correlations(one_bp, two_bp, len(one_bp))[0]


def worst_rolling_correlation(one_bp: FloatArray, two_bp: FloatArray, dates: int) -> float:
    """Return the smallest correlation over any window of so many consecutive moves."""
    return min(_correlations(one_bp, two_bp, min(dates, len(one_bp))))


def _correlations(one_bp: FloatArray, two_bp: FloatArray, dates: int) -> list[float]:
    # Whole numbers: sums of products of moves of up to 2^13 bp on a grid of 2^-10 stay exact.
    one, two = (np.rint(np.ldexp(moves, 10)).astype(np.int64) for moves in (one_bp, two_bp))
    sums = [_sliding(each, dates) for each in (one, two, one * one, two * two, one * two)]
    found = []
    for x, y, xx, yy, xy in zip(*(each.tolist() for each in sums), strict=True):
        spread = (dates * xx - x * x) * (dates * yy - y * y)
        found.append((dates * xy - x * y) / math.sqrt(spread) if spread > 0 else 0.0)
    return found


def _sliding(values: IntArray, dates: int) -> IntArray:
    total = np.concatenate([[0], np.cumsum(values)])
    sums: IntArray = total[dates:] - total[:-dates]
    return sums

r"""How moves of the past are rescaled: the Minimum Margin Amount's filter and CME's scales.

The filter of the Minimum Margin Amount is each line's own: the volatility of its one-day price
changes. To the first order a price change is a weighted sum of moves, so its exponentially weighted
variance is a quadratic form,

.. math:: \sigma_i^2(s) = w_i^T V(s) \, w_i, \qquad
          V(s) = \lambda V(s-1) + (1-\lambda) \, u_s u_s^T

with :math:`V` kept once for all lines. CME's scales are each factor's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import Moves
from crossmargin.analysis.walk.monomials import Monomials, to_binary_grid
from crossmargin.analysis.walk.windows import sliding_medians
from crossmargin.margin.ewma import START_ROWS, ewma_volatility
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS

IntArray = npt.NDArray[np.intp]

_BP = 1e4
_VARIANCE_BITS, _PRODUCT_BITS = 14, 19
_SUM_MAX = 2.0 ** (53 - _VARIANCE_BITS - _PRODUCT_BITS)
#: A scaled move is one of this size where the factor's volatility is that of the date.
_KEY_RATE_UNIT, _BP_UNIT = 0.0005, 1.0
_OTHERS = len(BASIS_CONTRACTS) + len(SPREAD_KNOTS)


def moves_bp(moves: Moves, *, basis_multiple: float, spread_multiple: float) -> FloatArray:
    """Return every factor's moves side by side in basis points: shape (N, factors)."""
    return np.hstack(
        [
            moves.key_rates * _BP,
            moves.basis_bp * basis_multiple,
            moves.spread_bp * spread_multiple,
        ]
    )


class FilterScales:
    """Volatilities of re-struck lines on a run of dates.

    Parameters
    ----------
    moves : ndarray, shape (N, factors)
        One-day moves in basis points; row r ends on date r + 1.
    first : int
        Place of a date before any that a volatility is wanted for; the recursion begins
        :data:`START_ROWS` earlier.
    last : int
    decay : float
    """

    def __init__(self, moves: FloatArray, *, first: int, last: int, decay: float) -> None:
        start = max(0, first - START_ROWS)
        rows = moves[start:last]
        self._pairs = np.triu_indices(rows.shape[1])
        products = rows[:, self._pairs[0]] * rows[:, self._pairs[1]]
        level = np.zeros(products.shape[1])
        for row in products[:START_ROWS]:
            level = level + row
        level = level / len(products[:START_ROWS])
        products *= 1.0 - decay
        levels = np.empty((len(products) + 1, products.shape[1]))
        levels[0] = level
        for index, row in enumerate(products):
            np.multiply(levels[index], decay, out=levels[index + 1])
            levels[index + 1] += row
        # Column r is the forecast made on date start + r.
        self._levels = np.ascontiguousarray(to_binary_grid(levels, _VARIANCE_BITS).T)
        self._start = start
        largest = np.maximum(self._levels.max(axis=1), -self._levels.min(axis=1))
        if float(largest.sum()) >= _SUM_MAX:
            raise ValueError("moves so large that their covariances are not exact")
        # Each mixed product stands for two; only ratios are wanted, so halves of the squares do.
        self._share = np.where(self._pairs[0] == self._pairs[1], 0.5, 1.0)

    def of_line(self, weights: FloatArray, now: Sequence[int], starts: range) -> LineVolatility:
        """Return the volatility of a line that keeps its weights of a date into the past.

        Parameters
        ----------
        weights : ndarray, shape (dates, factors)
            Of the line, to the first order, per basis point.
        now : sequence of int
            Places of the dates.
        starts : range
            Places of the dates on which a scenario starts; some of the dates may be among them.
        """
        size = np.abs(weights).max(axis=1, keepdims=True)
        shape = weights / np.where(size > 0.0, size, 1.0)
        felt = (weights != 0.0).any(axis=0)
        pairs = np.flatnonzero(felt[self._pairs[0]] & felt[self._pairs[1]])
        products = shape[:, self._pairs[0][pairs]] * shape[:, self._pairs[1][pairs]]
        on_products = to_binary_grid(products * self._share[pairs], _PRODUCT_BITS)
        levels = self._levels[pairs]
        # Products of grid values: the sum is exact in any order.
        today = (on_products * levels[:, np.asarray(now) - self._start].T).sum(axis=1)
        first = starts.start - self._start
        return LineVolatility(
            on_products,
            np.maximum(today, 0.0)[:, np.newaxis],
            np.ascontiguousarray(levels[:, first : first + len(starts)]),
        )


@dataclass(frozen=True, slots=True)
class LineVolatility:
    """What the filter of one line on some dates is made of.

    Parameters
    ----------
    products : ndarray, shape (dates, pairs)
        Of the line's weights, pair by pair of factors.
    today : ndarray, shape (dates, 1)
        Variance of each date.
    levels : ndarray, shape (pairs, starts)
        Covariances of each start.
    """

    products: FloatArray
    today: FloatArray
    levels: FloatArray

    def ratios(self, rows: slice) -> FloatArray:
        """Return volatility of some dates over that of each start: shape (dates, starts).

        Zero where the line did not move at a start.
        """
        # Products of grid values: the sum is exact in any order.
        then = self.products[rows] @ self.levels
        today = self.today[rows]
        if then.min(initial=1.0) > 0.0:
            np.divide(today, then, out=then)
            return np.sqrt(then, out=then)
        moving = then > 0.0
        return np.where(moving, np.sqrt(today / np.where(moving, then, 1.0)), 0.0)


class FactorForecasts:
    """CME's volatilities of every factor, for all the years of a walk at once.

    Those of key rates are the same in all; those of basis and spread rest on what was known.

    Parameters
    ----------
    known : mapping of year to Moves
        At the model's horizon.
    places : sequence of int
        Margin dates.
    runs : sequence of range
        The window of each, as places of end dates.
    decay : float
    """

    def __init__(
        self,
        known: Mapping[int, Moves],
        *,
        places: Sequence[int],
        runs: Sequence[range],
        decay: float,
    ) -> None:
        one = next(iter(known.values()))
        self._days, self._keys = one.horizon_days, one.key_rates.shape[1]
        self._years = {year: index for index, year in enumerate(known)}
        used = slice(places[-1] - self._days + 1)
        parts = [one.key_rates[used]]
        for moves in known.values():
            parts += [moves.basis_bp[used], moves.spread_bp[used]]
        self._volatility = ewma_volatility(np.hstack(parts), decay)
        medians = self._medians(self._volatility[:, : self._keys], runs)
        self._key_medians = dict(zip(places, medians, strict=True))

    def of_year(
        self, year: int, places: Sequence[int], runs: Sequence[range]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the forecasts of every factor, and their medians over the windows of some dates.

        Returns
        -------
        volatility : ndarray, shape (rows + 1, factors)
            Row r before the move that ends on date ``r + horizon_days``.
        medians : ndarray, shape (dates, factors)
        """
        first = self._keys + self._years[year] * _OTHERS
        others = self._volatility[:, first : first + _OTHERS]
        keys = np.array([self._key_medians[place] for place in places])
        return (
            np.hstack([self._volatility[:, : self._keys], others]),
            np.hstack([keys, self._medians(others, runs)]),
        )

    def _medians(self, volatility: FloatArray, runs: Sequence[range]) -> FloatArray:
        days = self._days
        return sliding_medians(
            volatility, [range(run.start - days, run.stop - days) for run in runs]
        )


@dataclass(frozen=True, slots=True)
class FutureScales:
    """Moves in units of their own volatility, and what brings them to that of each date.

    Parameters
    ----------
    monomials : ndarray, shape (monomials, rows)
        Of standardised moves.
    scales : ndarray, shape (dates, monomials)
    """

    monomials: FloatArray
    scales: FloatArray


def future_scales(
    moves: Moves,
    monomials: Monomials,
    *,
    volatility: FloatArray,
    medians: FloatArray,
    basis_multiple: float,
    spread_multiple: float,
    places: Sequence[int],
    columns: IntArray,
) -> FutureScales:
    """Return the scaled simulation of one horizon on some margin dates.

    Parameters
    ----------
    moves : Moves
    monomials : Monomials
    volatility, medians : ndarray
        As :class:`FactorForecasts` has them.
    basis_multiple, spread_multiple : float
    places : sequence of int
        Margin dates.
    columns : ndarray of int
        Places of end dates whose moves are wanted.
    """
    days = moves.horizon_days
    keys = moves.key_rates.shape[1]
    now = np.asarray(places) - days
    today = np.maximum(volatility[now + 1], medians)
    # Where the last move was not observed, the median stands for today's volatility.
    observed = np.hstack(
        [np.ones((len(now), keys), bool), moves.basis_own[now], moves.spread_own[now]]
    )
    today = np.where(observed, today, medians)
    units = np.concatenate([np.full(keys, _KEY_RATE_UNIT), np.full(_OTHERS, _BP_UNIT)])
    rows = columns - days
    values = np.hstack([moves.key_rates[rows], moves.basis_bp[rows], moves.spread_bp[rows]])
    before = volatility[rows]
    safe = np.where(before > 0.0, before, 1.0)
    standard = np.where(before > 0.0, values / safe, 0.0) * units
    basis = keys + len(BASIS_CONTRACTS)
    multiples = today / units
    return FutureScales(
        monomials.of_moves(standard[:, :keys], standard[:, keys:basis], standard[:, basis:]),
        monomials.scales(
            multiples[:, :keys],
            multiples[:, keys:basis] * basis_multiple,
            multiples[:, basis:] * spread_multiple,
        ),
    )

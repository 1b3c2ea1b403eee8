r"""How plausible a move of all factors is: its Mahalanobis distance.

With :math:`x` a move of key rates, basis and spread in basis points, :math:`D` the factors'
standard deviations over a window and :math:`R = D^{-1} \Sigma D^{-1}` their correlations,

.. math:: d(x) = \sqrt{x^\top \Sigma^{-1} x} = |z|, \qquad
          z_j = \frac{v_j^\top D^{-1} x}{\sqrt{\lambda_j}}

with :math:`\lambda_j, v_j` the eigenvalues and vectors of :math:`R`. Some factors hardly ever moved
apart and some never: contracts with one proxy, neighbouring key rates. Only the largest components
that explain a stated share of the variance are kept; moves are made of these alone. Moments are
about zero: a window's mean is noise.

Moves of the window are rounded to :math:`2^{-10}` basis points, so that sums of squares are exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from crossmargin.analysis.eigen import symmetric_eigen
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    KEY_RATE_BITS,
    NOT_PROXIED,
    SHOCK_BITS,
    ScenarioSet,
    on_grid,
)

MOVE_BITS = 10
_BP = 1e4
_EXACT = float(2**53)
#: A component with less variance than this is no direction that anything moved in.
_NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Distances of moves from none, as a window saw them.

    Parameters
    ----------
    window : ScenarioSet
        N scenarios that the moments are taken from.
    directions : ndarray, shape (K, F)
        Move in basis points of one standard deviation along each component kept; factors are key
        rates, basis by contract, spread by knot.
    coordinates : ndarray, shape (N, K)
        Of the window's own moves.
    explained : float
        Share of variance that the components explain.
    """

    window: ScenarioSet
    directions: FloatArray
    coordinates: FloatArray
    explained: float

    @property
    def component_count(self) -> int:
        """Number of components kept, K."""
        return len(self.directions)

    @property
    def distances(self) -> FloatArray:
        """Distance of each of the window's moves, shape (N,)."""
        return lengths(self.coordinates)

    def moves(self, coordinates: FloatArray) -> ScenarioSet:
        """Return moves with these coordinates, shape (n, K), as scenarios.

        Added up component by component, so that the result does not depend on how a library adds.
        """
        total = np.zeros((len(coordinates), self.directions.shape[1]))
        for component, direction in enumerate(self.directions):
            total = total + coordinates[:, component, np.newaxis] * direction
        keys, contracts = len(self.window.key_years), len(BASIS_CONTRACTS)
        blank = np.full(len(coordinates), np.datetime64("1970-01-01"))
        return ScenarioSet(
            name="moves of components",
            horizon_days=self.window.horizon_days,
            start_dates=blank,
            end_dates=blank,
            key_years=self.window.key_years,
            key_rates=on_grid(total[:, :keys] / _BP, KEY_RATE_BITS),
            basis_bp=on_grid(total[:, keys : keys + contracts], SHOCK_BITS),
            spread_bp=on_grid(total[:, keys + contracts :], SHOCK_BITS),
            proxied=NOT_PROXIED,
        )

    def nearest(self, coordinates: Sequence[float]) -> tuple[int, float]:
        """Return the window's move nearest to one, and how far it is from it."""
        apart = lengths(self.coordinates - np.array(coordinates))
        place = int(apart.argmin())
        return place, float(apart[place])

    def as_far(self, distance: float) -> int:
        """Return how many of the window's moves are at least so far."""
        return int((self.distances >= distance).sum())

    def as_far_along(self, coordinates: Sequence[float]) -> int:
        """Return how many of the window's moves go at least as far in a move's own direction."""
        length = math.sqrt(math.fsum(each * each for each in coordinates))
        along = np.zeros(len(self.coordinates))
        for component, each in enumerate(coordinates):
            along = along + self.coordinates[:, component] * (each / length)
        return int((along >= length).sum())


def plausibility(window: ScenarioSet, explained_share: Fraction) -> Plausibility:
    """Return distances as a window saw them.

    Parameters
    ----------
    window : ScenarioSet
    explained_share : Fraction
        The fewest largest components that explain so much of the variance are kept.

    Raises
    ------
    ValueError
        If no factor moves, or moves are so large that sums of squares would not be exact.
    """
    moves = _in_steps(window)
    if len(moves) * float(np.abs(moves).max(initial=0.0)) ** 2 >= _EXACT:
        raise ValueError("the window's moves are too large for exact sums of squares")
    products = (moves.T @ moves).tolist()
    count, factors = len(moves), [f for f in range(moves.shape[1]) if products[f][f] > 0.0]
    if not factors:
        raise ValueError("no factor moves in the window")
    sd = {f: math.sqrt(products[f][f] / count) for f in factors}
    correlations = [[products[f][g] / count / (sd[f] * sd[g]) for g in factors] for f in factors]
    values, vectors = symmetric_eigen(correlations)
    kept = _kept(values, explained_share)
    directions = np.zeros((kept, moves.shape[1]))
    coordinates = np.zeros((count, kept))
    for component in range(kept):
        root = math.sqrt(values[component])
        for factor, entry in zip(factors, vectors[component], strict=True):
            directions[component, factor] = root * entry * sd[factor] / (1 << MOVE_BITS)
            coordinates[:, component] += moves[:, factor] * (entry / (sd[factor] * root))
    share = math.fsum(values[:kept]) / len(factors)
    return Plausibility(window, directions, coordinates, share)


def _in_steps(window: ScenarioSet) -> FloatArray:
    bp = np.hstack([window.key_rates * _BP, window.basis_bp, window.spread_bp])
    steps: FloatArray = np.rint(bp * (1 << MOVE_BITS))
    return steps


def _kept(values: Sequence[float], explained_share: Fraction) -> int:
    needed = float(explained_share) * math.fsum(values)
    total = 0.0
    for place, value in enumerate(values):
        if value < _NO_VARIANCE:
            return place
        total += value
        if total >= needed:
            return place + 1
    return len(values)


def lengths(rows: FloatArray) -> FloatArray:
    """Return the length of each row, added up column by column."""
    total = np.zeros(len(rows))
    for column in range(rows.shape[1]):
        total = total + rows[:, column] * rows[:, column]
    root: FloatArray = np.sqrt(total)
    return root

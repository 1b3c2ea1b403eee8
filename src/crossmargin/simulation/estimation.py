"""Estimators behind the calibration: principal components, volatility, noise.

The calibration program reads the real files and calls these; the tests call them again on a
simulated market, so that both are measured with the same instrument. Yields are per cent, moves
are basis points, shapes are (days, tenors).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FactorShapes:
    """Level, slope and curvature: ``loadings`` (3, tenors) with root mean square one.

    ``sd_bp`` (3,) are the daily standard deviations over the whole sample, ``variance_share`` (3,)
    the shares of the total variance of daily moves; signs: level and slope rise at the long end,
    curvature rises at the middle.
    """

    loadings: FloatArray
    sd_bp: FloatArray
    variance_share: FloatArray


def factor_shapes(moves_bp: FloatArray) -> FactorShapes:
    """Return the first three principal components of daily moves, scaled to rms loading one."""
    tenor_count = moves_bp.shape[1]
    values, vectors = np.linalg.eigh(np.cov(moves_bp.T))
    values, vectors = values[::-1][:3], vectors[:, ::-1][:, :3].T
    loadings = vectors * np.sqrt(tenor_count)
    middle = tenor_count // 2
    signs = np.sign([loadings[0].sum(), loadings[1, -1], loadings[2, middle - 1]])
    total = float(np.var(moves_bp, axis=0, ddof=1).sum())
    return FactorShapes(
        loadings * signs[:, None], np.sqrt(values / tenor_count), np.asarray(values / total)
    )


def factor_moves(moves_bp: FloatArray, loadings: FloatArray) -> FloatArray:
    """Return the moves of the factors, shape (days, 3): projection on orthogonal loadings."""
    return np.asarray(moves_bp @ loadings.T / moves_bp.shape[1])


def root_mean_square(values: FloatArray) -> float:
    """Return the root mean square of the values."""
    return float(np.sqrt(np.mean(values * values)))


def episode_multipliers(
    moves: FloatArray, episodes: list[BoolArray], *, priority: list[int]
) -> tuple[FloatArray, FloatArray]:
    """Return volatility multipliers of episodes and the calm standard deviations.

    A day belongs to the first episode in ``priority`` order that holds it; calm days belong to
    none. Shapes: moves (days, factors); result (episodes, factors) and (factors,).
    """
    owner = np.full(len(moves), -1)
    for index in reversed(priority):
        owner[episodes[index]] = index
    calm = np.array([root_mean_square(column[owner == -1]) for column in moves.T])
    stressed = np.array(
        [[root_mean_square(c[owner == i]) for c in moves.T] for i in range(len(episodes))]
    )
    return stressed / calm, calm


def _student_log_likelihood(
    moves: FloatArray, variances: FloatArray, degrees_of_freedom: float
) -> FloatArray:
    """Return the summed log density of a variance-one Student t, one figure a column."""
    nu = degrees_of_freedom
    constant = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * log(pi * (nu - 2))
    terms = -0.5 * np.log(variances) - (nu + 1) / 2 * np.log1p(
        moves[:, None] ** 2 / (variances * (nu - 2))
    )
    return np.asarray(constant * len(moves) + terms.sum(axis=0))


@dataclass(frozen=True, slots=True)
class VolatilityFit:
    """GARCH(1,1) with Student t tails: variance targeting, so only these three are free."""

    reaction: float
    persistence: float
    degrees_of_freedom: float


def fit_volatility(moves: FloatArray) -> VolatilityFit:
    """Fit a GARCH(1,1) with Student t innovations by a likelihood grid, variance targeted.

    ``h(t+1) = v (1 - persistence) + reaction m(t)^2 + (persistence - reaction) h(t)`` with ``v``
    the sample variance. Grid: reaction 0.02..0.12, persistence 0.95..0.995, degrees of freedom
    3..12. The grid makes the answer the same on every machine (T. Bollerslev, 1987, "A
    conditionally heteroskedastic time series model for speculative prices and rates of return").
    """
    grid = [(a, p) for a in _REACTIONS for p in _PERSISTENCES]
    reaction = np.array([a for a, _ in grid])
    persistence = np.array([p for _, p in grid])
    target = float(np.mean(moves**2))
    variances = np.empty((len(moves), len(grid)))
    current = np.full(len(grid), target)
    for day, move in enumerate(moves):
        variances[day] = current
        current = (
            target * (1 - persistence) + reaction * move**2 + (persistence - reaction) * current
        )
    best = max(
        (float(likelihood), reaction[i], persistence[i], nu)
        for nu in _DEGREES_OF_FREEDOM
        for i, likelihood in enumerate(_student_log_likelihood(moves, variances, nu))
    )
    return VolatilityFit(float(best[1]), float(best[2]), float(best[3]))


_REACTIONS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.12)
_PERSISTENCES = (0.95, 0.97, 0.98, 0.985, 0.99, 0.995)
_DEGREES_OF_FREEDOM = (3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0)


@dataclass(frozen=True, slots=True)
class LevelNoise:
    """Noise that fades: an AR(1) in levels with this standard deviation and daily decay."""

    sd: float
    decay: float


def level_noise(levels: FloatArray) -> LevelNoise:
    """Fit an AR(1) to a residual's levels from its one-day and three-day changes.

    ``var(change over k days) = 2 sd^2 (1 - decay^k)``, so that the ratio of the three-day to the
    one-day variance is ``1 + decay + decay^2``.
    """
    one = root_mean_square(np.diff(levels)) ** 2
    three = root_mean_square(levels[3:] - levels[:-3]) ** 2
    ratio = min(max(three / one, 1.0), 2.95)
    decay = (-1 + np.sqrt(1 + 4 * (ratio - 1))) / 2
    return LevelNoise(float(np.sqrt(one / (2 * (1 - decay)))), float(decay))


@dataclass(frozen=True, slots=True)
class NoiseSplit:
    """Timing noise (fades within a day) and basis moves (stay): daily standard deviations."""

    timing_sd: float
    basis_sd: float


def split_noise(variance_by_days: dict[int, float]) -> NoiseSplit:
    """Split residual variance into timing noise and lasting moves by how it grows with k.

    Least squares of ``variance(k) = 2 timing^2 + k basis^2`` over the given horizons k in days,
    each weighted by ``1 / variance(k)^2``.
    """
    days = np.array(sorted(variance_by_days), dtype=np.float64)
    variances = np.array([variance_by_days[int(k)] for k in days])
    design = np.stack([2 / variances, days / variances], axis=1)
    timing, basis = np.linalg.lstsq(design, np.ones(len(days)), rcond=None)[0]
    return NoiseSplit(float(np.sqrt(max(timing, 0.0))), float(np.sqrt(max(basis, 0.0))))


def kurtosis(moves: FloatArray) -> float:
    """Return the fourth standardised moment: 3 for a normal distribution."""
    centred = moves - moves.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)

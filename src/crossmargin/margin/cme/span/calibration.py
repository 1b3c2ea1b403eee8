r"""Scan ranges of our own: weights of volatility measures, fitted to announced margin levels.

The maintenance level of a contract over its DV01 is a level in basis points, :math:`\ell`. It is
explained by measures of the 99 % one-day move that were known on the day,

.. math:: \ell_i \approx \sum_k w_k\, m_{ik}, \qquad w_k \ge 0

with one set of weights for the product group, by least squares. Each product's rows are divided by
the product's mean level, so that two-year and bond contracts count alike. The best non-negative
solution is found among all subsets of the measures, in whole numbers and fractions: the weights are
the same on every machine, and are then rounded to four decimals.

These are our scan ranges, not CME's; what CME adds by judgement is in the residuals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import combinations

#: Ratios enter the fit as whole multiples of 2^-20.
_FIT_BITS = 20
_WEIGHT_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class LevelObservation:
    """A maintenance level in force on a date, with what was known on it.

    Parameters
    ----------
    product : str
    on : date
    maintenance_dollars : float
    dv01_dollars_per_bp : float
    measures_bp : tuple of float
        In the order of the measures.
    """

    product: str
    on: date
    maintenance_dollars: float
    dv01_dollars_per_bp: float
    measures_bp: tuple[float, ...]

    @property
    def level_bp(self) -> float:
        """The level in basis points."""
        return self.maintenance_dollars / self.dv01_dollars_per_bp


@dataclass(frozen=True, slots=True)
class MeasureWeights:
    """What each measure counts.

    Parameters
    ----------
    names : tuple of str
    weights : tuple of Fraction
        Not negative, four decimals.
    observations : int
        How many levels they were fitted to.
    last : date
        The last of them.
    """

    names: tuple[str, ...]
    weights: tuple[Fraction, ...]
    observations: int
    last: date

    def level_bp(self, measures_bp: Iterable[float]) -> float:
        """Return the weighted level, basis points, summed in the order of the measures."""
        total = 0.0
        for weight, measure in zip(self.weights, measures_bp, strict=True):
            total += float(weight) * measure
        return total

    def level_dollars(self, observation: LevelObservation) -> float:
        """Return the level of an observation's date and contract."""
        return self.level_bp(observation.measures_bp) * observation.dv01_dollars_per_bp


@dataclass(frozen=True, slots=True)
class ResidualStatistics:
    """How far fitted levels lie from announced ones, as shares of the announced level.

    Parameters
    ----------
    observations : int
    mean, root_mean_square : float
        Ours less theirs over theirs.
    lowest, highest : float
    """

    observations: int
    mean: float
    root_mean_square: float
    lowest: float
    highest: float


def fit_weights(observations: Sequence[LevelObservation], names: Sequence[str]) -> MeasureWeights:
    """Return the non-negative weights with the least sum of squares.

    Parameters
    ----------
    observations : sequence of LevelObservation
    names : sequence of str
        The measures.

    Raises
    ------
    ValueError
        If there are fewer observations than measures, or no measure explains anything.

    Notes
    -----
    Every subset of the measures is solved without a constraint; the best of those whose weights are
    all positive is the non-negative solution. Of equally good subsets the smaller, earlier one
    stands.
    """
    if len(observations) < len(names):
        raise ValueError(f"{len(names)} weights need as many levels, were {len(observations)}")
    gram = _gram(observations)
    count = len(names)
    best: tuple[Fraction, dict[int, Fraction]] | None = None
    for size in range(1, count + 1):
        for subset in combinations(range(count), size):
            solution = _solve(gram, subset)
            if solution is None or min(solution) <= 0:
                continue
            explained = sum(
                (weight * gram[k][count] for weight, k in zip(solution, subset, strict=True)),
                Fraction(0),
            )
            if best is None or explained > best[0]:
                best = explained, dict(zip(subset, solution, strict=True))
    if best is None:
        raise ValueError("no measure explains the levels with a positive weight")
    return MeasureWeights(
        names=tuple(names),
        weights=tuple(_rounded(best[1].get(k, Fraction(0))) for k in range(count)),
        observations=len(observations),
        last=max(each.on for each in observations),
    )


def residual_statistics(
    observations: Sequence[LevelObservation], weights: MeasureWeights
) -> ResidualStatistics:
    """Return how far the weighted levels lie from the announced ones.

    Raises
    ------
    ValueError
        If there are no observations.
    """
    if not observations:
        raise ValueError("residuals need at least one level")
    shares = [weights.level_dollars(each) / each.maintenance_dollars - 1.0 for each in observations]
    return ResidualStatistics(
        observations=len(shares),
        mean=math.fsum(shares) / len(shares),
        root_mean_square=math.sqrt(math.fsum(share * share for share in shares) / len(shares)),
        lowest=min(shares),
        highest=max(shares),
    )


def leave_one_out(
    observations: Sequence[LevelObservation], names: Sequence[str]
) -> dict[str, ResidualStatistics]:
    """Return each product's residuals under weights fitted to the other products alone."""

    def without(product: str) -> ResidualStatistics:
        others = [each for each in observations if each.product != product]
        own = [each for each in observations if each.product == product]
        return residual_statistics(own, fit_weights(others, names))

    return _by_product(observations, without)


def by_product(
    observations: Sequence[LevelObservation], weights: MeasureWeights
) -> dict[str, ResidualStatistics]:
    """Return each product's residuals under the weights."""
    return _by_product(
        observations,
        lambda product: residual_statistics(
            [each for each in observations if each.product == product], weights
        ),
    )


def _by_product(
    observations: Sequence[LevelObservation], statistics: Callable[[str], ResidualStatistics]
) -> dict[str, ResidualStatistics]:
    products = dict.fromkeys(each.product for each in observations)
    return {product: statistics(product) for product in products}


def _gram(observations: Sequence[LevelObservation]) -> list[list[int]]:
    """Return sums of products of measures and of measures and levels, in whole numbers."""
    levels: dict[str, list[float]] = {}
    for each in observations:
        levels.setdefault(each.product, []).append(each.level_bp)
    mean = {product: math.fsum(found) / len(found) for product, found in levels.items()}
    rows = [
        [
            round(math.ldexp(value / mean[each.product], _FIT_BITS))
            for value in (*each.measures_bp, each.level_bp)
        ]
        for each in observations
    ]
    columns = list(zip(*rows, strict=True))
    return [
        [sum(a * b for a, b in zip(one, two, strict=True)) for two in columns]
        for one in columns[:-1]
    ]


def _solve(gram: list[list[int]], subset: tuple[int, ...]) -> list[Fraction] | None:
    """Return the unconstrained least-squares weights of a subset, None where it has many."""
    target = len(gram)
    rows = [[Fraction(gram[i][j]) for j in (*subset, target)] for i in subset]
    size = len(rows)
    for pivot in range(size):
        # Leading minors of a Gram matrix are positive unless its measures depend on each other.
        if rows[pivot][pivot] == 0:
            return None
        for row in range(size):
            if row != pivot:
                share = rows[row][pivot] / rows[pivot][pivot]
                pairs = zip(rows[row], rows[pivot], strict=True)
                rows[row] = [value - share * above for value, above in pairs]
    return [rows[k][size] / rows[k][k] for k in range(size)]


def _rounded(weight: Fraction) -> Fraction:
    scale = 10**_WEIGHT_DECIMALS
    return Fraction(math.floor(weight * scale + Fraction(1, 2)), scale)

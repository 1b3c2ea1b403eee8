r"""Spread credits and calendar charges from the joint moves of two contracts.

A spread of :math:`n_1` contracts against :math:`n_2`, in the small whole numbers nearest to equal
DV01, moves by :math:`n_1 D_1 x_1 - n_2 D_2 x_2` dollars a day. Its level :math:`M` is the same
weighted family of measures as that of an outright, and the credit rate

.. math:: 1 - \frac{M(\text{spread})}{n_1 D_1 M(x_1) + n_2 D_2 M(x_2)}

rounded down to a step: what is left of the two scan ranges covers the spread's own 99 % move, the
mismatch of the whole numbers included. A pair whose moves are not significantly and reliably
correlated (CFTC 39.13(g)(4)) gets no credit, whatever the rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.margin.cme.span.calibration import MeasureWeights
from crossmargin.margin.cme.span.measures import (
    MeasureRules,
    correlation,
    measures_at,
    worst_rolling_correlation,
)
from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet

#: A rate this near below a step counts as the step: what a last bit may lose.
_NOISE = 1e-9
_NONE = Fraction(0)


class Outcome(StrEnum):
    """Whether a pair gets a credit, and why not."""

    CREDIT = "credit"
    NOT_CORRELATED = "correlation too low"
    NOT_STABLE = "correlation not stable"
    NO_SAVING = "saves less than a step"


@dataclass(frozen=True, slots=True)
class CreditRules:
    """When a pair gets a credit, and how it is rounded.

    Parameters
    ----------
    step : Fraction
        Credits are whole multiples of it, rounded down.
    largest : Fraction
        No credit is larger.
    correlation_min, rolling_correlation_min : Fraction
        Over all dates, and in the worst window.
    rolling_dates : int
    contracts_max : int
        Largest number of contracts of one leg.
    mismatch_max : Fraction
        The fewest contracts within this mismatch of DV01 are taken.
    """

    step: Fraction
    largest: Fraction
    correlation_min: Fraction
    rolling_correlation_min: Fraction
    rolling_dates: int
    contracts_max: int
    mismatch_max: Fraction

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> CreditRules:
        """Read the rules from the CME-style model's parameters."""
        return CreditRules(
            step=parameters.ratio("span_credit_step"),
            largest=parameters.ratio("span_credit_max"),
            correlation_min=parameters.ratio("span_correlation_min"),
            rolling_correlation_min=parameters.ratio("span_rolling_correlation_min"),
            rolling_dates=parameters.whole("span_rolling_dates"),
            contracts_max=parameters.whole("span_spread_contracts_max"),
            mismatch_max=parameters.ratio("span_spread_mismatch_max"),
        )


@dataclass(frozen=True, slots=True)
class SpreadLeg:
    """What a spread is made of: a product, or a tier of one, by its representative contract.

    Parameters
    ----------
    product : str
    tier : int
        0 for the whole product.
    dv01_dollars_per_bp : float
    moves_bp : ndarray, shape (dates,)
        One-day moves of the rate, the same dates for every leg.
    """

    product: str
    tier: int
    dv01_dollars_per_bp: float
    moves_bp: FloatArray


@dataclass(frozen=True, slots=True)
class PairCredit:
    """One pair of products or tiers.

    Parameters
    ----------
    products, tiers, contracts : tuple of two
    dv01_mismatch : float
        DV01 of the first leg over that of the second, less one.
    correlation, worst_rolling_correlation : float
    saving : float
        Before rounding.
    credit : Fraction
        Zero unless the outcome is a credit.
    outcome : Outcome
    """

    products: tuple[str, str]
    tiers: tuple[int, int]
    contracts: tuple[int, int]
    dv01_mismatch: float
    correlation: float
    worst_rolling_correlation: float
    saving: float
    credit: Fraction
    outcome: Outcome


def spread_contracts(
    one_dv01: float, two_dv01: float, *, contracts_max: int, mismatch_max: Fraction
) -> tuple[int, int]:
    """Return the fewest contracts of each leg whose DV01s match, else the best match there is.

    Examples
    --------
    >>> spread_contracts(38.0, 25.0, contracts_max=6, mismatch_max=Fraction(1, 20))
    (2, 3)
    """
    numbers = range(1, contracts_max + 1)
    choices = [
        (_mismatch(a * one_dv01, b * two_dv01), a, b)
        for a in numbers
        for b in numbers
        if math.gcd(a, b) == 1
    ]
    near = [(a + b, mismatch, a, b) for mismatch, a, b in choices if mismatch <= mismatch_max]
    if near:
        return min(near)[2:]
    return min(choices)[1:]


def _mismatch(one_dollars: float, two_dollars: float) -> float:
    return max(one_dollars, two_dollars) / min(one_dollars, two_dollars) - 1.0


def level_of(moves: FloatArray, weights: MeasureWeights, rules: MeasureRules) -> float:
    """Return the weighted level of a series of moves on its last date, in the unit of the moves."""
    return weights.level_bp(measures_at(moves, [len(moves) - 1], rules)[0].tolist())


def pair_credit(
    one: SpreadLeg,
    two: SpreadLeg,
    weights: MeasureWeights,
    *,
    measures: MeasureRules,
    rules: CreditRules,
) -> PairCredit:
    """Return the credit of a pair, one leg long and the other short."""
    first, second = spread_contracts(
        one.dv01_dollars_per_bp,
        two.dv01_dollars_per_bp,
        contracts_max=rules.contracts_max,
        mismatch_max=rules.mismatch_max,
    )
    dollars = first * one.dv01_dollars_per_bp, second * two.dv01_dollars_per_bp
    outright = dollars[0] * level_of(one.moves_bp, weights, measures)
    outright += dollars[1] * level_of(two.moves_bp, weights, measures)
    spread = dollars[0] * one.moves_bp - dollars[1] * two.moves_bp
    saving = 1.0 - level_of(spread, weights, measures) / outright
    whole = correlation(one.moves_bp, two.moves_bp)
    worst = worst_rolling_correlation(one.moves_bp, two.moves_bp, rules.rolling_dates)
    steps = max(0, math.floor(saving / float(rules.step) + _NOISE))
    if whole < rules.correlation_min:
        outcome = Outcome.NOT_CORRELATED
    elif worst < rules.rolling_correlation_min:
        outcome = Outcome.NOT_STABLE
    else:
        outcome = Outcome.CREDIT if steps else Outcome.NO_SAVING
    return PairCredit(
        products=(one.product, two.product),
        tiers=(one.tier, two.tier),
        contracts=(first, second),
        dv01_mismatch=dollars[0] / dollars[1] - 1.0,
        correlation=whole,
        worst_rolling_correlation=worst,
        saving=saving,
        credit=min(steps * rules.step, rules.largest) if outcome is Outcome.CREDIT else _NONE,
        outcome=outcome,
    )


def by_priority(pairs: Sequence[PairCredit]) -> list[PairCredit]:
    """Return the pairs with a credit, the largest first; equal ones as given."""
    return sorted(
        (pair for pair in pairs if pair.outcome is Outcome.CREDIT), key=lambda pair: -pair.credit
    )


def calendar_charge_dollars(
    one: SpreadLeg,
    two: SpreadLeg,
    weights: MeasureWeights,
    *,
    measures: MeasureRules,
    scan_range_dollars: tuple[int, int],
    step_dollars: int,
) -> int:
    """Return the charge of one contract against one: what the two scan ranges leave uncovered.

    The scan already charges the difference of the two ranges; the charge is the rest of the
    spread's own level, rounded up.
    """
    spread = one.dv01_dollars_per_bp * one.moves_bp - two.dv01_dollars_per_bp * two.moves_bp
    level = level_of(np.asarray(spread), weights, measures)
    rest = level - abs(scan_range_dollars[0] - scan_range_dollars[1])
    return rounded_up(max(0.0, rest), step_dollars)


def rounded_up(dollars: float, step_dollars: int) -> int:
    """Return the dollars rounded up to a step, whole dollars."""
    return math.ceil(dollars / step_dollars - _NOISE) * step_dollars

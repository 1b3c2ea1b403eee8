r"""Scenarios with other correlations between tenors, each tenor's own volatility as it was.

A historical simulation has no correlation to turn: what tenors do together is in the dates. So each
key rate's move :math:`r_{k,s}` of scenario :math:`s` is split into what it shares with all others
and the rest,

.. math:: r_{k,s} = \beta_k L_s + e_{k,s}, \qquad L_s = \tfrac1K \sum_k r_{k,s}, \qquad
          \beta_k = \frac{\sum_s L_s r_{k,s}}{\sum_s L_s^2}

by least squares through the origin, so that the rest is not correlated with the level. With a
multiple :math:`m` on the rest the move becomes

.. math:: r'_{k,s} = c_k \, (\beta_k L_s + m \, e_{k,s}), \qquad
          c_k = \sqrt{\frac{\sum_s r_{k,s}^2}{\sum_s (\beta_k L_s + m \, e_{k,s})^2}}

The factor :math:`c_k` gives each tenor its own root mean square back, exactly; not its tail, which
other dates make then, so that a leg on one tenor keeps its stand-alone margin only roughly. At
:math:`m = 0` all tenors move as one, each with its own volatility; larger multiples pull them
apart. Without :math:`c_k` volatility changes with the multiple as well.
"""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.margin.cme.model import CmeScenarios
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import KEY_RATE_BITS, ScenarioSet, on_grid


class CorrelationVolatility(StrEnum):
    """What becomes of each tenor's volatility when correlations change."""

    KEPT = "kept"
    MOVES = "moves"


def correlated(
    scenarios: ScenarioSet, multiple: Fraction, *, keeps_volatility: bool
) -> ScenarioSet:
    """Return the scenarios with a multiple on what key rates do not share.

    Basis and SOFR-Treasury spread stay as they are.

    Parameters
    ----------
    scenarios : ScenarioSet
    multiple : Fraction
        Of the rest; 1 returns the scenarios as they are.
    keeps_volatility : bool
        Whether each key rate keeps its root mean square move.
    """
    if multiple == 1:
        return scenarios
    rates = scenarios.key_rates
    # Moves lie on a grid: their sum is exact, whatever the order.
    level = rates.sum(axis=1) / rates.shape[1]
    size = _dot(level, level)
    moved = np.empty_like(rates)
    for key, move in enumerate(rates.T):
        shared = level * (_dot(level, move) / size if size else 0.0)
        mixed = shared + float(multiple) * (move - shared)
        length = _dot(mixed, mixed)
        if keeps_volatility and length:
            mixed = mixed * math.sqrt(_dot(move, move) / length)
        moved[:, key] = mixed
    return replace(scenarios, key_rates=on_grid(moved, KEY_RATE_BITS))


def correlated_at_ficc(
    scenarios: FiccScenarios, multiple: Fraction, *, keeps_volatility: bool
) -> FiccScenarios:
    """Return the FICC-style sets with other correlations, those of its volatility too."""
    return FiccScenarios(
        *(
            correlated(each, multiple, keeps_volatility=keeps_volatility)
            for each in (scenarios.historical, scenarios.filtered, scenarios.one_day)
        )
    )


def correlated_at_cme(
    scenarios: CmeScenarios, multiple: Fraction, *, keeps_volatility: bool
) -> CmeScenarios:
    """Return both CME-style sets with other correlations."""
    return CmeScenarios(
        *(
            correlated(each, multiple, keeps_volatility=keeps_volatility)
            for each in (scenarios.historical, scenarios.stress)
        )
    )


def correlation(one: FloatArray, other: FloatArray) -> float | None:
    """Return the correlation of two series, the same on every machine; None where one is flat.

    Parameters
    ----------
    one, other : ndarray, shape (N,)

    Examples
    --------
    >>> correlation(np.array([1.0, 2.0, 4.0]), np.array([-1.0, -2.0, -4.0]))
    -1.0
    """
    count = len(one)
    first, second = (each - math.fsum(each) / count for each in (one, other))
    sizes = _dot(first, first) * _dot(second, second)
    if sizes <= 0.0:
        return None
    return max(-1.0, min(1.0, _dot(first, second) / math.sqrt(sizes)))


def tenor_correlation(scenarios: ScenarioSet, years: tuple[float, float]) -> float | None:
    """Return the correlation of the moves of the two key rates nearest to some tenors."""
    keys = scenarios.key_years
    places = [int(np.argmin(np.abs(keys - each))) for each in years]
    one, other = (scenarios.key_rates[:, place] for place in places)
    return correlation(one, other)


def _dot(one: FloatArray, other: FloatArray) -> float:
    # Products are rounded one by one, their sum once: the same bits on every machine.
    return math.fsum(one * other)

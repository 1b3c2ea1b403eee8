"""Slow reference kernels: the specification, in plain Python, one loop at a time.

Each repeats what a vectorised kernel does, with no array library and no shortcut. Property tests
compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def tail_loss(pnl: Sequence[Fraction], rank: int) -> Fraction:
    """Return the loss of a rank, zero if that scenario is a gain."""
    return max(Fraction(0), -sorted(pnl)[rank - 1])


def portfolio_pnl(
    units: Sequence[int], pnl_by_instrument: Sequence[Sequence[Fraction]]
) -> list[Fraction]:
    """Return a portfolio's P&L a scenario."""
    scenarios = len(pnl_by_instrument[0])
    return [
        sum(
            (q * column[s] for q, column in zip(units, pnl_by_instrument, strict=True)),
            start=Fraction(0),
        )
        for s in range(scenarios)
    ]


def discount_factor(
    key_years: Sequence[float], base_rate: float, shocks: Sequence[float], years: float
) -> float:
    """Return a shocked discount factor on a flat curve: the shock linear between key tenors."""
    if years <= key_years[0]:
        shock = shocks[0]
    elif years >= key_years[-1]:
        shock = shocks[-1]
    else:
        upper = next(i for i, key in enumerate(key_years) if key > years)
        low, high = key_years[upper - 1], key_years[upper]
        share = (years - low) / (high - low)
        shock = shocks[upper - 1] * (1 - share) + shocks[upper] * share
    return math.exp(-(base_rate + shock) * years)


def bootstrap(par_by_half_year: Sequence[float]) -> list[float]:
    """Return discount factors at each half-year from par yields at each half-year."""
    factors: list[float] = []
    for par in par_by_half_year:
        coupon = par / 2
        factors.append((1 - coupon * sum(factors)) / (1 + coupon))
    return factors


def ewma_volatility(moves: Sequence[float], decay: float, start: int) -> list[float]:
    """Return the forecast before each move and after the last; the first from the start rows."""
    variance = sum(move * move for move in moves[:start]) / len(moves[:start])
    forecasts = [math.sqrt(variance)]
    for move in moves:
        variance = decay * variance + (1 - decay) * move * move
        forecasts.append(math.sqrt(variance))
    return forecasts


def haircut_charge(weighted: Sequence[float], correlations: Sequence[Sequence[float]]) -> float:
    """Return the root of h' C h."""
    total = 0.0
    for a, row in zip(weighted, correlations, strict=True):
        for b, correlation in zip(weighted, row, strict=True):
            total += a * correlation * b
    return math.sqrt(max(total, 0.0))

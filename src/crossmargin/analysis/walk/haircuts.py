"""Bucket haircuts month by month: what the floor percentage is a share of, as known then."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.rules import FiccWalkRules
from crossmargin.analysis.walk.weights import felt_of, on_weight_grid, par_bond
from crossmargin.analysis.walk.windows import columns_of, windows_on
from crossmargin.margin.tail import tail_losses, tail_rank
from crossmargin.market.history import FloatArray

_RATE_STEPS = 1_000_000
_PER_BOND = 100.0


@dataclass(frozen=True, slots=True)
class HaircutRates:
    """Rate on market value by the month of the margin date, then by bucket."""

    rates: Mapping[tuple[int, int], tuple[Fraction, ...]]

    def on(self, day: date) -> tuple[Fraction, ...]:
        """Return the rates in force on a date."""
        return self.rates[day.year, day.month]


def haircut_rates(
    factors: WalkFactors, monomials: Monomials, rules: FiccWalkRules, *, places: Sequence[int]
) -> HaircutRates:
    """Return the rates of every month in which a margin date lies.

    They are the larger tail loss, long or short, of bonds at par at the bucket midpoints, on the
    curve and the window of the last date before the month (ruling 7).

    Parameters
    ----------
    factors : WalkFactors
    monomials : Monomials
    rules : FiccWalkRules
    places : sequence of int
        Of the margin dates.
    """
    months = sorted({(day.year, day.month) for day in _days(factors, places)})
    ends = [
        int(np.searchsorted(factors.dates, np.datetime64(date(year, month, 1)))) - 1
        for year, month in months
    ]
    windows = windows_on(
        factors.dates,
        ends,
        years=rules.lookback_years,
        periods=rules.stressed_periods,
        horizon_days=rules.horizon_days,
    )
    columns = columns_of(windows)
    slices = windows.slices_of(columns)
    # Bonds feel key rates alone, and those are the same whatever was known of the basis.
    moves = next(iter(factors.known.values())).moves[rules.horizon_days]
    at = columns - rules.horizon_days
    scenarios = monomials.of_moves(
        moves.key_rates[at], 0.0 * moves.basis_bp[at], 0.0 * moves.spread_bp[at]
    )
    zeros = factors.zero_rates_on(ends)
    worst = np.empty((len(ends), len(rules.midpoint_years)))
    for bucket, midpoint in enumerate(rules.midpoint_years):
        bond = par_bond(float(midpoint), zeros, monomials)
        weights = on_weight_grid(bond.weights)
        felt = felt_of(weights)
        pnl = weights[:, :felt] @ scenarios[:felt]
        for row, runs in enumerate(slices):
            of_month = np.concatenate([pnl[row, run] for run in runs])
            worst[row, bucket] = _larger_tail(of_month, tail_rank(len(of_month), rules.coverage))
    rates = np.vectorize(lambda loss: math.ceil(loss / _PER_BOND * _RATE_STEPS))(worst)
    return HaircutRates(
        {
            month: tuple(Fraction(int(steps), _RATE_STEPS) for steps in rates[row])
            for row, month in enumerate(months)
        }
    )


def _days(factors: WalkFactors, places: Sequence[int]) -> list[date]:
    days: list[date] = factors.dates[np.asarray(places)].astype(object).tolist()
    return days


def _larger_tail(pnl: FloatArray, rank: int) -> float:
    long, short = tail_losses(np.vstack([pnl, -pnl]), rank)
    return float(max(long, short))

r"""Haircut rates by maturity bucket, and the haircut method.

FICC's rates come from vendor indices and are not public. Ours are derived (ruling 7): the larger of
the long and the short par-bond tail loss at the bucket's midpoint, as a share of market value, on
the curve and the window of the last month-end before the as-of date. The same rates serve the
floor percentage.

Securities without sensitivities (one year and under, TIPS, FRN) are margined by

.. math:: H = \sqrt{h^T C h}, \qquad h_b = \text{rate}_b \times \text{net market value}_b

added to the simulation without diversification (91 FR 4975; form inferred). Correlations that touch
the buckets under one year are zero to date; the others are those of the par bonds' P&L (derived).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from crossmargin.margin.tail import tail_losses, tail_rank
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.par_bond import par_bond_pnl_per_100

_RATE_STEPS = 1_000_000
_CORRELATION_STEPS = 10_000
_PNL_STEPS_PER_DOLLAR = 1_000


@dataclass(frozen=True, slots=True)
class HaircutSchedule:
    """Rates and correlations of the maturity buckets.

    Parameters
    ----------
    lower_years : tuple of Fraction
        Lower end of each bucket; a maturity of exactly an end belongs to the bucket that it ends.
    rates : tuple of Fraction
        Share of market value, six decimals, rounded up.
    correlations : tuple of tuple of Fraction
        Symmetric, four decimals.
    curve_date : str
        Month-end whose curve and window gave the rates.
    """

    lower_years: tuple[Fraction, ...]
    rates: tuple[Fraction, ...]
    correlations: tuple[tuple[Fraction, ...], ...]
    curve_date: str

    def bucket(self, remaining_years: float) -> int:
        """Return the bucket of a remaining maturity."""
        ends = self.lower_years[1:]
        return sum(1 for end in ends if remaining_years > float(end))

    def charge_dollars(self, lines: Sequence[HaircutLine]) -> Fraction:
        """Return the haircut charge, exact to a millionth of a dollar, rounded up."""
        weighted: dict[int, Fraction] = {}
        for line in lines:
            value = self.rates[line.bucket] * line.net_market_value
            weighted[line.bucket] = weighted.get(line.bucket, Fraction(0)) + value
        square = sum(
            (
                weighted[a] * self.correlations[a][b] * weighted[b]
                for a in weighted
                for b in weighted
            ),
            start=Fraction(0),
        )
        # The correlation matrix is rounded: a square a hair below zero is zero.
        return _root_up(max(square, Fraction(0)))

    def gross_dollars(self, lines: Sequence[HaircutLine]) -> Fraction:
        """Return the sum of haircuts on gross market values."""
        return sum(
            (self.rates[line.bucket] * abs(line.net_market_value) for line in lines),
            start=Fraction(0),
        )


@dataclass(frozen=True, slots=True)
class HaircutLine:
    """One security of the haircut book, netted over the customer's lines.

    Parameters
    ----------
    cusip : str
    bucket : int
    net_market_value : Fraction
        Signed dollars.
    """

    cusip: str
    bucket: int
    net_market_value: Fraction


def haircut_schedule(
    curve: ZeroCurve,
    scenarios: ScenarioSet,
    *,
    coverage: Fraction,
    lower_years: Sequence[Fraction],
    midpoint_years: Sequence[Fraction],
    zero_correlation_buckets: Sequence[int],
    curve_date: str,
) -> HaircutSchedule:
    """Return rates and correlations from bonds at par at the bucket midpoints.

    Parameters
    ----------
    curve : ZeroCurve
        Of the month-end.
    scenarios : ScenarioSet
        The model's scenarios as of the month-end.
    coverage : Fraction
    lower_years, midpoint_years : sequence of Fraction
    zero_correlation_buckets : sequence of int
    curve_date : str
    """
    pnl = np.array([par_bond_pnl_per_100(curve, scenarios, float(m)) for m in midpoint_years])
    rank = tail_rank(scenarios.count, coverage)
    worst = np.maximum(tail_losses(pnl, rank), tail_losses(-pnl, rank)) / 100.0
    rates = tuple(Fraction(math.ceil(rate * _RATE_STEPS), _RATE_STEPS) for rate in worst)
    return HaircutSchedule(
        tuple(lower_years), rates, _correlations(pnl, zero_correlation_buckets), curve_date
    )


def _correlations(pnl: FloatArray, zero_buckets: Sequence[int]) -> tuple[tuple[Fraction, ...], ...]:
    """Return correlations to four decimals, from whole numbers so that no bit is lost."""
    steps = np.rint(pnl * _PNL_STEPS_PER_DOLLAR).astype(np.int64)
    products = steps @ steps.T
    table = []
    for a in range(len(steps)):
        row = []
        for b in range(len(steps)):
            if a == b:
                row.append(Fraction(1))
            elif a in zero_buckets or b in zero_buckets:
                row.append(Fraction(0))
            else:
                size = math.sqrt(int(products[a, a]) * int(products[b, b]))
                rounded = round(int(products[a, b]) / size * _CORRELATION_STEPS)
                row.append(Fraction(rounded, _CORRELATION_STEPS))
        table.append(tuple(row))
    return tuple(table)


def _root_up(square: Fraction) -> Fraction:
    """Return the square root rounded up to a millionth."""
    scaled = square * _RATE_STEPS**2
    whole = -(-scaled.numerator // scaled.denominator)
    root = math.isqrt(whole)
    return Fraction(root if root * root == whole else root + 1, _RATE_STEPS)

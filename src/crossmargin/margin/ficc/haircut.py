r"""Haircut rates by maturity bucket, and the haircut method.

FICC's rates come from vendor indices and are not public. Ours are derived (ruling 7): the larger of
the long and the short par-bond tail loss at the bucket's midpoint, as a share of market value, on
the curve and the window of the last month-end before the as-of date. The same rates serve the
floor percentage.

Securities without sensitivities (one year and under, TIPS, FRN) are margined by

.. math:: H = \sqrt{h^T C h}, \qquad h_b = \text{rate}_b \times \text{net market value}_b

added to the simulation without diversification (91 FR 4975; form inferred). TIPS of a year and
under are a bucket of their own, after those of maturity. Two versions of the correlations: three
rows are zero (Treasury 0-6 months, Treasury 6-12 months, TIPS 0-12 months: the vendor has no index
for them), or none is (another vendor's indices, SR-FICC-2026-002). What is not zero is the
correlation of the par bonds' P&L (derived), that of TIPS of the bond at par of nine months.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.margin.exact import root_up
from crossmargin.margin.tail import tail_losses, tail_rank
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.par_bond import par_bond_pnl_per_100

_SHORT_TIPS_YEARS = 1.0
_RATE_STEPS = 1_000_000
_CORRELATION_STEPS = 10_000
_PNL_STEPS_PER_DOLLAR = 1_000


class HaircutCorrelation(StrEnum):
    """Which correlations the haircut method uses."""

    ZERO_ROWS = "zero_rows"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class HaircutSchedule:
    """Rates and correlations of the maturity buckets, and of short TIPS after them.

    Parameters
    ----------
    lower_years : tuple of Fraction
        Lower end of each bucket; a maturity of exactly an end belongs to the bucket that it ends.
    rates : tuple of Fraction
        Share of market value, six decimals, rounded up; one a bucket, the last of short TIPS.
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

    def bucket_of(self, remaining_years: float, *, is_tips: bool) -> int:
        """Return the bucket of a line of the haircut book: short TIPS have their own."""
        if is_tips and remaining_years <= _SHORT_TIPS_YEARS:
            return len(self.lower_years)
        return self.bucket(remaining_years)

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
        return root_up(max(square, Fraction(0)))

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
    bid_ask : Fraction
        Dollars of bid-ask spread, not negative.
    """

    cusip: str
    bucket: int
    net_market_value: Fraction
    bid_ask: Fraction = Fraction(0)


def haircut_schedule(
    curve: ZeroCurve,
    scenarios: ScenarioSet,
    *,
    coverage: Fraction,
    lower_years: Sequence[Fraction],
    midpoint_years: Sequence[Fraction],
    correlation: HaircutCorrelation,
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
    correlation : HaircutCorrelation
    curve_date : str
    """
    pnl = np.array([par_bond_pnl_per_100(curve, scenarios, float(m)) for m in midpoint_years])
    rank = tail_rank(scenarios.count, coverage)
    worst = np.maximum(tail_losses(pnl, rank), tail_losses(-pnl, rank)) / 100.0
    rates = [Fraction(math.ceil(rate * _RATE_STEPS), _RATE_STEPS) for rate in worst]
    short = [bucket for bucket, years in enumerate(midpoint_years) if years < _SHORT_TIPS_YEARS]
    zero = [*short, len(rates)] if correlation is HaircutCorrelation.ZERO_ROWS else []
    # Short TIPS lie in the first bucket where none ends at a year or before.
    tips = short or [0]
    return HaircutSchedule(
        tuple(lower_years),
        (*rates, max(rates[bucket] for bucket in tips)),
        _correlations(np.vstack([pnl, pnl[tips[-1]]]), zero),
        curve_date,
    )


def _correlations(pnl: FloatArray, zero_buckets: Sequence[int]) -> tuple[tuple[Fraction, ...], ...]:
    """Return correlations to four decimals, from whole numbers so that no bit is lost."""
    steps = np.rint(pnl * _PNL_STEPS_PER_DOLLAR).astype(np.int64)
    products = steps @ steps.T
    return tuple(
        tuple(_correlation(products, a, b, zero_buckets) for b in range(len(steps)))
        for a in range(len(steps))
    )


def _correlation(
    products: npt.NDArray[np.int64], a: int, b: int, zero_buckets: Sequence[int]
) -> Fraction:
    if a == b:
        return Fraction(1)
    if a in zero_buckets or b in zero_buckets:
        return Fraction(0)
    size = math.sqrt(int(products[a, a]) * int(products[b, b]))
    return Fraction(round(int(products[a, b]) / size * _CORRELATION_STEPS), _CORRELATION_STEPS)

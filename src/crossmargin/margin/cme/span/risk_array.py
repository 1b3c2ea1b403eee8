r"""The sixteen scenarios, and the risk array of a contract whose value moves with the price alone.

========== ======================= ============ ==========
scenario   price, in scan ranges   volatility   weight
========== ======================= ============ ==========
1, 2       0                       up, down     1
3, 4       +1/3                    up, down     1
5, 6       -1/3                    up, down     1
7, 8       +2/3                    up, down     1
9, 10      -2/3                    up, down     1
11, 12     +1                      up, down     1
13, 14     -1                      up, down     1
15, 16     + and - the multiplier  none         the cover fraction
========== ======================= ============ ==========

Scenarios 1 to 14 are paired: same price, opposite volatility. 15 and 16 are paired with themselves.
Source: CME, SPAN risk arrays and risk scenarios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.margin.cme.span.contracts import ScanRange

_THIRD = Fraction(1, 3)
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of the first fourteen: the price move in scan ranges, and the sign of the volatility."""

    price: Fraction
    volatility: int


PAIRED_SCENARIOS = tuple(
    Scenario(thirds * _THIRD, volatility)
    for thirds in (0, 1, -1, 2, -2, 3, -3)
    for volatility in (1, -1)
)
#: Place of each scenario's pair, all from 0.
PAIR = (*(place ^ 1 for place in range(len(PAIRED_SCENARIOS))), 14, 15)


def future_risk_array(scan: ScanRange, *, step: Fraction = Fraction(1)) -> tuple[Fraction, ...]:
    """Return the losses of one long future in the sixteen scenarios.

    Parameters
    ----------
    scan : ScanRange
        An upward price move takes the range up, a downward one the range down.
    step : Fraction
        Each value is rounded to it, half away from zero; published arrays are whole money or
        coarser.

    Examples
    --------
    >>> scan = ScanRange.symmetric(
    ...     Fraction(10_000), extreme_multiplier=Fraction(2), cover_fraction=Fraction(35, 100)
    ... )
    >>> [str(-loss) for loss in future_risk_array(scan, step=Fraction(10))[6:9]]
    ['6670', '6670', '-6670']
    """
    moves = [scenario.price for scenario in PAIRED_SCENARIOS]
    extreme = scan.extreme_multiplier * scan.cover_fraction
    return tuple(
        _rounded(-move * (scan.price_up if move > 0 else scan.price_down), step)
        for move in (*moves, extreme, -extreme)
    )


def _rounded(value: Fraction, step: Fraction) -> Fraction:
    size = math.floor(abs(value) / step + _HALF) * step
    return size if value >= 0 else -size

"""The risk array of a future in print: McMillan, Options as a Strategic Investment, chapter 34."""

from __future__ import annotations

from fractions import Fraction

from crossmargin.margin.cme.span.parameters import ScanRange
from crossmargin.margin.cme.span.risk_array import future_risk_array

# Gains of one long S&P 500 future: scan range $10,000, extreme move of 2 ranges, 35 % of it.
PUBLISHED_GAINS = (
    *(0, 0, 3330, 3330, -3330, -3330, 6670, 6670, -6670, -6670),
    *(10000, 10000, -10000, -10000, 7000, -7000),
)


def test_the_published_array_is_reproduced_rounding_included() -> None:
    scan = ScanRange.symmetric(
        Fraction(10_000), extreme_multiplier=Fraction(2), cover_fraction=Fraction(35, 100)
    )
    losses = future_risk_array(scan, step=Fraction(10))
    assert tuple(-loss for loss in losses) == PUBLISHED_GAINS
    unrounded = future_risk_array(scan, step=Fraction(1, 3))
    assert -unrounded[2] == Fraction(10_000, 3)

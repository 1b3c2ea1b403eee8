"""The vectorised DV01 agrees with the exact one, security by security."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.street_dv01 import street_dv01s_per_100
from crossmargin.pricing.treasury import accrued_interest_per_100, dv01_dollars_per_bp_per_100
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

SETTLEMENT = date(2026, 3, 25)
CASES = [
    ("0.625", date(2026, 5, 15), 99.7),  # the last payment alone: simple interest
    ("4.125", date(2026, 9, 30), 100.2),
    ("3.5", date(2028, 2, 29), 99.1),
    ("4.25", date(2035, 11, 15), 98.0),
    ("1.25", date(2050, 5, 15), 49.5),
    ("4.75", date(2056, 2, 15), 101.3),
]


def note(coupon: str, maturity: date) -> TreasurySecurity:
    return TreasurySecurity(Cusip("912810FT0"), SecurityKind.NOTE, Decimal(coupon), maturity)


def test_every_security_agrees_with_the_exact_figure():
    securities = [note(coupon, maturity) for coupon, maturity, _ in CASES]
    dirty = np.array(
        [
            clean + float(accrued_interest_per_100(security, SETTLEMENT))
            for security, (_, _, clean) in zip(securities, CASES, strict=True)
        ]
    )
    fast = street_dv01s_per_100(securities, settlement=SETTLEMENT, dirty_per_100=dirty)
    for figure, security, (_, _, clean) in zip(fast, securities, CASES, strict=True):
        exact = dv01_dollars_per_bp_per_100(
            security, settlement=SETTLEMENT, clean_price_per_100=clean
        )
        assert figure == pytest.approx(exact, rel=1e-10)


def test_a_security_is_priced_the_same_alone_and_in_company():
    securities = [note(coupon, maturity) for coupon, maturity, _ in CASES]
    dirty = np.array([clean + 1.0 for _, _, clean in CASES])
    together = street_dv01s_per_100(securities, settlement=SETTLEMENT, dirty_per_100=dirty)
    for row, security in enumerate(securities):
        alone = street_dv01s_per_100(
            [security], settlement=SETTLEMENT, dirty_per_100=dirty[row : row + 1]
        )
        assert alone[0] == together[row]

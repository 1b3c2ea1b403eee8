"""Small SPAN parameter sets with made-up figures, for tests of the calculation and the files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from crossmargin.margin.cme.span.parameters import (
    OWN_COMPLEX,
    CombinedCommodity,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    Side,
    SpanContract,
    SpanParameters,
    Tier,
    WfprMethod,
)
from crossmargin.margin.cme.span.risk_array import future_risk_array

LABEL = "illustrative parameters"
EXTREME, COVER = Fraction(3), Fraction(33, 100)


def future_key(code: str, exchange: str = "CBT") -> ProductKey:
    """Return the key of a futures family."""
    return ProductKey(exchange, code, ProductType.FUTURE)


def future(code: str, period: str, scan_range: int | Fraction) -> SpanContract:
    """Return a future with the array of a scan range, extreme move of 3 ranges at 33 %."""
    scan = ScanRange.symmetric(
        Fraction(scan_range), extreme_multiplier=EXTREME, cover_fraction=COVER
    )
    array = future_risk_array(scan, step=Fraction(1, 300))
    return SpanContract(future_key(code), Period(period), array, Fraction(1), scan)


def commodity(code: str, **more: object) -> CombinedCommodity:
    """Return a combined commodity of one futures family; anything else by name."""
    given: dict[str, object] = {
        "families": (ProductFamily(future_key(code)),),
        "wfpr_method": WfprMethod.SCANRANGE_CAP,
    }
    return CombinedCommodity("CBT", code, **(given | more))  # type: ignore[arg-type]


def tier(number: int, start: str, end: str) -> Tier:
    """Return a tier."""
    return Tier(number, Period(start), Period(end))


def intra(priority: int, charge: int, *legs: tuple[int | str, int, str]) -> IntraSpread:
    """Return an intracommodity spread; a leg is a tier number or a period, ratio, side."""
    return IntraSpread(
        priority,
        Fraction(charge),
        tuple(
            IntraLeg(Period(where) if isinstance(where, str) else where, Fraction(n), Side(side))
            for where, n, side in legs
        ),
    )


def inter(
    priority: int, credit: Fraction | str, *legs: tuple[str, int | Fraction, str], **more: bool
) -> InterSpread:
    """Return an intercommodity spread; a leg is commodity or ``commodity/tier``, ratio, side."""
    found = []
    for where, ratio, side in legs:
        code, _, number = where.partition("/")
        found.append(InterLeg(code, Fraction(ratio), Side(side), int(number or 0)))
    return InterSpread(priority, Fraction(credit), tuple(found), **more)


def parameter_set(
    commodities: Iterable[CombinedCommodity],
    contracts: Iterable[SpanContract],
    spreads: Iterable[InterSpread] = (),
    **more: object,
) -> SpanParameters:
    """Return a parameter set of our own complex."""
    given: dict[str, object] = {
        "complex": OWN_COMPLEX,
        "business_date": date(2026, 3, 24),
        "label": LABEL,
        "commodities": tuple(commodities),
        "contracts": tuple(contracts),
        "inter_spreads": tuple(spreads),
    }
    return SpanParameters(**(given | more))  # type: ignore[arg-type]

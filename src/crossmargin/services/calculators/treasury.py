"""Calculators of Treasury prices and yields."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.pricing.treasury import (
    Convention,
    accrued_interest_per_100,
    auction_price_per_100,
    clean_price_per_100,
    yield_pct_from_price,
)
from crossmargin.product.treasury import SecurityKind, TreasurySecurity, previous_coupon_date
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import Input, Kind, Values

_SOURCE_RULE = "31 CFR 356, Appendix B"
_SIX_PLACES = Decimal("0.000001")
# A calculator prices terms, not an issue; no issue has this number.
_NO_ISSUE = Cusip("000000000")
_LONGEST_YEARS = 100

TERMS = (
    Input(
        "coupon_pct",
        Kind.DECIMAL,
        "coupon, per cent a year, paid semi-annually",
        minimum=Decimal(0),
        maximum=Decimal(25),
    ),
    Input("maturity_date", Kind.DATE, "maturity date"),
    Input("dated_date", Kind.DATE, "day from which interest accrues", required=False),
    Input(
        "first_interest_payment_date",
        Kind.DATE,
        "first coupon date, where the first period is longer or shorter",
        required=False,
    ),
)
_SETTLEMENT = Input("settlement_date", Kind.DATE, "settlement date, before maturity")
_CONVENTION = Input(
    "convention",
    Kind.TEXT,
    "street: compound interest in the first fractional period; treasury: simple; default street",
    required=False,
    choices=tuple(each.value.lower() for each in Convention),
)


def security_of(values: Values) -> TreasurySecurity:
    """Return the security that the terms describe.

    Raises
    ------
    RefusedError
        If the dates cannot be those of one security.
    """
    maturity, dated = values.day("maturity_date"), values.day_or_none("dated_date")
    first = values.day_or_none("first_interest_payment_date")
    refusals: list[Refusal] = []
    if dated is not None and dated >= maturity:
        refusals.append(
            _refusal("dated_date", dated, f"a date before the maturity date, {maturity}")
        )
    if first is not None and first > maturity:
        expected = f"a date not after the maturity date, {maturity}"
        refusals.append(_refusal("first_interest_payment_date", first, expected))
    if first is not None and dated is not None and first <= dated:
        expected = f"a date after the dated date, {dated}"
        refusals.append(_refusal("first_interest_payment_date", first, expected))
    if refusals:
        raise RefusedError(*refusals)
    security = TreasurySecurity(
        cusip=_NO_ISSUE,
        kind=SecurityKind.NOTE,
        coupon_pct=values.decimal("coupon_pct"),
        maturity_date=maturity,
        dated_date=dated,
        first_coupon_date=first,
    )
    if first is not None and (on_schedule := previous_coupon_date(security, first)) != first:
        expected = f"a date of the semi-annual schedule, such as {on_schedule}"
        raise RefusedError(_refusal("first_interest_payment_date", first, expected))
    return security


def check_dates(values: Values, security: TreasurySecurity) -> None:
    """Check settlement and delivery dates, whichever were given, against the security's terms.

    Raises
    ------
    RefusedError
        Unless the dated date <= settlement < delivery < maturity.
    """
    maturity, dated = security.maturity_date, security.dated_date
    settlement = values.day_or_none("settlement_date")
    delivery = values.day_or_none("delivery_date")
    refusals = []
    for name, day in (("settlement_date", settlement), ("delivery_date", delivery)):
        if day is None:
            continue
        if day >= maturity:
            refusals.append(_refusal(name, day, f"a date before the maturity date, {maturity}"))
        if maturity.year - day.year > _LONGEST_YEARS:
            expected = f"a date at most {_LONGEST_YEARS} years before maturity, {maturity}"
            refusals.append(_refusal(name, day, expected))
        if dated is not None and day < dated:
            refusals.append(_refusal(name, day, f"a date not before the dated date, {dated}"))
    if settlement is not None and delivery is not None and delivery <= settlement:
        expected = f"a date after the settlement date, {settlement}"
        refusals.append(_refusal("delivery_date", delivery, expected))
    if refusals:
        raise RefusedError(*refusals)


def six_places(number: Decimal | Fraction) -> str:
    """Return a figure as a decimal string with six places, half to even."""
    if isinstance(number, Fraction):
        number = Decimal(round(number * 10**6)).scaleb(-6)
    rounded = number.quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def _refusal(field: str, value: date, expected: str) -> Refusal:
    return Refusal(field, value.isoformat(), expected, _SOURCE_RULE)


def _convention(values: Values) -> Convention:
    return (
        Convention(values.text("convention").upper())
        if "convention" in values
        else Convention.STREET
    )


def _price(values: Values) -> Answer:
    security = security_of(values)
    check_dates(values, security)
    settlement = values.day("settlement_date")
    yield_pct = values.decimal("yield_pct")
    accrued = six_places(accrued_interest_per_100(security, settlement))
    if _convention(values) is Convention.TREASURY:
        clean = auction_price_per_100(security, issue_date=settlement, yield_pct=yield_pct)
    else:
        clean = clean_price_per_100(security, settlement=settlement, yield_pct=yield_pct)
    price = six_places(clean)
    return {
        "clean_price": price,
        "accrued_interest": accrued,
        "full_price": six_places(Decimal(price) + Decimal(accrued)),
    }


def _yield(values: Values) -> Answer:
    security = security_of(values)
    check_dates(values, security)
    settlement = values.day("settlement_date")
    try:
        yield_pct = yield_pct_from_price(
            security,
            settlement=settlement,
            clean_price_per_100=values.decimal("clean_price"),
            convention=_convention(values),
        )
    except (ValueError, ArithmeticError) as error:
        price = str(values.decimal("clean_price"))
        expected = f"a price that some yield gives ({error})"
        raise RefusedError(Refusal("clean_price", price, expected, _SOURCE_RULE)) from None
    return {
        "yield_pct": six_places(yield_pct),
        "accrued_interest": six_places(accrued_interest_per_100(security, settlement)),
    }


_RULE = (
    "(clean price + accrued) x g = sum of c_k / (1 + y/2)^k, k counting half-years from the next "
    "date of the schedule; f is the part of the current half-year that remains, actual/actual. "
    "treasury: g = 1 + f y/2. street: g = (1 + y/2)^f, and 1 + f y/2 in the last half-year. An odd "
    "first coupon, given dated and first interest payment dates, is in proportion to its period. "
)

TREASURY_CALCULATORS = (
    Calculator(
        name="treasury-price",
        summary="Clean price and accrued interest per 100 of a note or bond, from its yield.",
        rule=_RULE + "Treasury convention: accrued interest is rounded to six decimals first, and "
        "clean price plus accrued interest is the payment.",
        source=f"{_SOURCE_RULE}; street convention as on quote sheets",
        inputs=(
            *TERMS,
            _SETTLEMENT,
            Input(
                "yield_pct",
                Kind.DECIMAL,
                "yield, per cent a year, compounded semi-annually",
                above=Decimal(-20),
                maximum=Decimal(100),
            ),
            _CONVENTION,
        ),
        compute=_price,
    ),
    Calculator(
        name="treasury-yield",
        summary="Yield of a note or bond from its clean price.",
        rule=_RULE + "The yield is the one that gives the price.",
        source=f"{_SOURCE_RULE}; street convention as on quote sheets",
        inputs=(
            *TERMS,
            _SETTLEMENT,
            Input(
                "clean_price",
                Kind.DECIMAL,
                "price without accrued interest, per 100",
                above=Decimal(0),
                maximum=Decimal(1000),
            ),
            _CONVENTION,
        ),
        compute=_yield,
    ),
)

"""Calculators of futures: conversion factor, invoice, implied repo, money-market settlement."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.pricing.conversion_factor import conversion_factor
from crossmargin.pricing.delivery import BasketLine, implied_repo_pct
from crossmargin.pricing.stir import (
    SETTLEMENT_GRAIN_POINTS,
    MissingFixing,
    settlement_price,
    settlement_rate_pct,
)
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.calendars import LAST_YEAR, sifma_calendar
from crossmargin.product.futures import (
    MONTH_LETTERS,
    PRODUCTS,
    FuturesContract,
    ProductKind,
    reference_period,
)
from crossmargin.product.specifications import QUARTERLY_MONTHS
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import SHAPE_RULE, Input, Kind, Values
from crossmargin.services.calculators.treasury import (
    TERMS,
    check_dates,
    security_of,
    six_places,
)

_FACTOR_SOURCE = "CME, Calculating US Treasury futures conversion factors"
_DELIVERY_SOURCE = "CME, Understanding Treasury Futures"
_FIRST_YEAR, _LAST_YEAR = 1977, 2100
_CENT = Decimal("0.01")
_TREASURY_PRODUCTS = tuple(
    code for code, product in PRODUCTS.items() if product.kind is ProductKind.TREASURY
)
_RATE_PRODUCTS = tuple(code for code in PRODUCTS if code not in _TREASURY_PRODUCTS)
_CODE = re.compile(
    rf"(?P<product>{'|'.join(_RATE_PRODUCTS)})(?P<month>[{MONTH_LETTERS}])(?P<year>[0-9]{{1,2}})"
)
_CENTURY = 100

_PRODUCT = Input(
    "product", Kind.TEXT, "Globex code of a Treasury future", choices=_TREASURY_PRODUCTS
)
_FUTURES_PRICE = Input(
    "futures_price",
    Kind.DECIMAL,
    "futures price, points and decimals",
    above=Decimal(0),
    maximum=Decimal(1000),
)
_FACTOR = Input(
    "conversion_factor", Kind.DECIMAL, "conversion factor", above=Decimal(0), maximum=Decimal(5)
)


def _conversion_factor(values: Values) -> Answer:
    year, month = values.month("delivery_month")
    maturity = values.day("maturity_date")
    refusals = []
    if month not in QUARTERLY_MONTHS or not _FIRST_YEAR <= year <= _LAST_YEAR:
        expected = f"a March, June, September or December of {_FIRST_YEAR} to {_LAST_YEAR}"
        refusals.append(Refusal("delivery_month", f"{year}-{month:02d}", expected, _FACTOR_SOURCE))
    if maturity <= (first := date(year, month, 1)):
        expected = f"a date after the first day of the delivery month, {first}"
        refusals.append(Refusal("maturity_date", str(maturity), expected, _FACTOR_SOURCE))
    if refusals:
        raise RefusedError(*refusals)
    factor = conversion_factor(
        product=values.text("product"),
        delivery_year=year,
        delivery_month=month,
        coupon_pct=values.decimal("coupon_pct"),
        maturity_date=maturity,
    )
    return {"conversion_factor": str(factor)}


def _invoice(values: Values) -> Answer:
    product = PRODUCTS[values.text("product")]
    principal = _to_the_cent(
        Fraction(values.decimal("futures_price"))
        * Fraction(values.decimal("conversion_factor"))
        * Fraction(product.dollars_per_point)
    )
    answer = {"principal_invoice": str(principal)}
    wanted = ("coupon_pct", "maturity_date", "delivery_date")
    given = [name for name in wanted if name in values]
    if not given:
        return answer
    if len(given) < len(wanted):
        raise RefusedError(
            *(
                Refusal(name, "", f"a value, as {given[0]} is given", SHAPE_RULE)
                for name in wanted
                if name not in values
            )
        )
    security = security_of(values)
    check_dates(values, security)
    per_100 = accrued_interest_per_100(security, values.day("delivery_date"))
    accrued = _to_the_cent(per_100 * product.face_dollars / 100)
    return {
        **answer,
        "accrued_interest": str(accrued),
        "invoice_amount": str(principal + accrued),
    }


def _implied_repo(values: Values) -> Answer:
    security = security_of(values)
    check_dates(values, security)
    repo_pct = implied_repo_pct(
        BasketLine(security, values.decimal("conversion_factor")),
        clean_price_per_100=values.decimal("clean_price"),
        futures_price=values.decimal("futures_price"),
        settlement=values.day("settlement_date"),
        delivery_day=values.day("delivery_date"),
    )
    return {"implied_repo_pct": six_places(repo_pct)}


def _sofr_settlement(values: Values) -> Answer:
    fixings = _fixings(values)
    contract = _rate_contract(values.text("contract"), first=min(fixings))
    missing = MissingFixing(values.text("fill")) if "fill" in values else MissingFixing.REFUSE
    calendar = sifma_calendar()
    rate = settlement_rate_pct(contract, fixings, calendar=calendar, missing=missing)
    price = settlement_price(contract, fixings, calendar=calendar, missing=missing)
    start, end = reference_period(contract)
    return {
        "contract": contract.code,
        "period_start": start.isoformat(),
        "period_end": end.isoformat(),
        "rate_pct": str(_rounded(rate, SETTLEMENT_GRAIN_POINTS[contract.specification.kind])),
        "price": str(price),
    }


def _fixings(values: Values) -> dict[date, Decimal]:
    calendar = sifma_calendar()
    fixings: dict[date, Decimal] = {}
    refusals = []
    for place, row in enumerate(values.rows("fixings")):
        day, field = row.day("date"), f"fixings[{place}].date"
        if day in fixings:
            refusals.append(Refusal(field, day.isoformat(), "each date once", SHAPE_RULE))
        elif not calendar.first <= day <= calendar.last or not calendar.is_business_day(day):
            expected = f"a business day from {calendar.first} to {calendar.last}"
            refusals.append(Refusal(field, day.isoformat(), expected, "ruling 33"))
        fixings[day] = row.decimal("rate_pct")
    if refusals:
        raise RefusedError(*refusals)
    return fixings


def _rate_contract(text: str, *, first: date) -> FuturesContract:
    """Return the earliest contract of the code whose period ends after the first fixing."""
    match = _CODE.fullmatch(text)
    if match is None:
        expected = f"a contract of {', '.join(_RATE_PRODUCTS)}, as SR3H25"
        raise refused("contract", text, expected, "ruling 15")
    month = MONTH_LETTERS.index(match["month"]) + 1
    months = PRODUCTS[match["product"]].contract_months
    if month not in months:
        letters = "".join(MONTH_LETTERS[each - 1] for each in months)
        raise refused("contract", text, f"a contract month of {letters}", "ruling 15")
    modulus = 10 ** len(match["year"])
    for year in range(first.year - 1, min(first.year + _CENTURY, LAST_YEAR)):
        contract = FuturesContract(match["product"], year, month)
        if year % modulus == int(match["year"]) and reference_period(contract)[1] > first:
            return contract
    expected = f"a contract whose period ends after the first fixing, {first}"
    raise refused("contract", text, expected, "ruling 15")


def _to_the_cent(dollars: Fraction) -> Money:
    return money_from_decimal(_rounded(dollars, _CENT))


def _rounded(number: Fraction, step: Decimal) -> Decimal:
    # Half up, as exchanges round; the quotient has far more digits than the step.
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return exact.quantize(step, rounding=ROUND_HALF_UP)


FUTURES_CALCULATORS = (
    Calculator(
        name="conversion-factor",
        summary="Conversion factor of a note or bond for a Treasury future.",
        rule=(
            "n whole years and z months from the first day of the delivery month to maturity, z "
            "cut to quarters for ZN, TN, TWE, ZB, UB; factor = a (c/2 + C + d) - b with "
            "a = 1.03^(-v/6), b = (c/2)(6 - v)/6, C = 1.03^(-2n) if z < 7 else 1.03^(-2n-1), "
            "d = (c/0.06)(1 - C), v = z if z < 7, else 3 (quarters) or z - 6 (months); four "
            "decimals, half up. Notional coupon 8 % before the contracts of March 2000. Whether "
            "the contract accepts the security is not judged."
        ),
        source=_FACTOR_SOURCE,
        inputs=(
            _PRODUCT,
            Input("delivery_month", Kind.MONTH, "delivery month, YYYY-MM, quarterly"),
            TERMS[0],
            Input("maturity_date", Kind.DATE, "maturity date; first call date if callable"),
        ),
        compute=_conversion_factor,
    ),
    Calculator(
        name="invoice-price",
        summary="What the long pays for one contract at delivery.",
        rule=(
            "principal = futures price x conversion factor x dollars per point, to the cent, half "
            "up. With coupon, maturity date and delivery date also the accrued interest on the "
            "contract's face, to the cent, and the invoice amount, their sum."
        ),
        source=_DELIVERY_SOURCE,
        inputs=(
            _PRODUCT,
            _FUTURES_PRICE,
            _FACTOR,
            *(
                Input(
                    each.name,
                    each.kind,
                    each.meaning,
                    required=False,
                    minimum=each.minimum,
                    maximum=each.maximum,
                )
                for each in TERMS
            ),
            Input("delivery_date", Kind.DATE, "delivery date", required=False),
        ),
        compute=_invoice,
    ),
    Calculator(
        name="implied-repo",
        summary="Rate earned by buying a security and delivering it into a future.",
        rule=(
            "(F x CF + AI_delivery + coupons - (P + AI_settlement)) / ((P + AI_settlement) x d/360 "
            "- sum of coupon x d_coupon/360), simple, actual/360, per cent; d from settlement to "
            "delivery, d_coupon from the coupon to delivery."
        ),
        source=f"{_DELIVERY_SOURCE}; interim coupons inferred (standard)",
        inputs=(
            Input(
                "clean_price",
                Kind.DECIMAL,
                "spot price without accrued interest, per 100",
                above=Decimal(0),
                maximum=Decimal(1000),
            ),
            Input("settlement_date", Kind.DATE, "settlement date of the purchase"),
            Input("delivery_date", Kind.DATE, "delivery date, after settlement"),
            *TERMS,
            _FUTURES_PRICE,
            _FACTOR,
        ),
        compute=_implied_repo,
    ),
    Calculator(
        name="sofr-settlement",
        summary="Final settlement of SR3, SR1 and ZQ contracts from fixings.",
        rule=(
            "SR3: (360/D)(product of (1 + r_i d_i/360) - 1) over the reference quarter that starts "
            "in the contract's month, each rate simple until the next business day; SR1 and ZQ: "
            "mean over the calendar days of the month. price = 100 - rate, half up to 0.0001 (SR3) "
            "or 0.001 (SR1, ZQ). A business day without a rate is refused, or takes the rate of "
            "the business day before with fill = forward. A two- or one-digit year is the earliest "
            "whose period ends after the first fixing."
        ),
        source=(
            "CME rules 460 and 461, CBOT chapter 22; the grain of SR1 and half-up are inferred; "
            "rulings 15 and 33"
        ),
        inputs=(
            Input("contract", Kind.TEXT, "contract code, as SR3H25, SR1K25 or ZQK25"),
            Input(
                "fixings",
                Kind.LIST,
                "published rates: SOFR for SR3 and SR1, the effective fed funds rate for ZQ",
                inputs=(
                    Input("date", Kind.DATE, "business day that the rate applies to"),
                    Input(
                        "rate_pct",
                        Kind.DECIMAL,
                        "per cent a year",
                        minimum=Decimal(-20),
                        maximum=Decimal(100),
                    ),
                ),
            ),
            Input(
                "fill",
                Kind.TEXT,
                "forward: a business day without a rate takes the one before; default refuse",
                required=False,
                choices=tuple(MissingFixing),
            ),
        ),
        compute=_sofr_settlement,
    ),
)

"""Calculator of SPAN: scan risk and intercommodity credits of futures, one month a product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from crossmargin.basics.money import charge_from_dollars
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.cme.span.calculation import span_margin
from crossmargin.margin.cme.span.parameters import (
    CombinedCommodity,
    InterLeg,
    InterSpread,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    Side,
    SpanContract,
    SpanParameters,
    WfprMethod,
)
from crossmargin.margin.cme.span.results import FormedSpread, SpanResult
from crossmargin.margin.cme.span.risk_array import future_risk_array
from crossmargin.product.futures import PRODUCTS
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import Input, Kind, Values

_LABEL = "the parameters of the input"
_RULE = "SPAN: parameters"
# A calculation without a date or a month of its own; neither changes a figure.
_DAY, _PERIOD = date(2000, 1, 1), Period("200003")
_STEP = Fraction(1, 3)


def _by_product(name: str, meaning: str, minimum: Decimal | None = None) -> Input:
    return Input(
        name,
        Kind.OBJECT,
        meaning,
        inputs=tuple(
            Input(code, Kind.DECIMAL, f"of {code}", required=False, minimum=minimum)
            for code in PRODUCTS
        ),
    )


_SPREAD = (
    Input("priority", Kind.DECIMAL, "whole number, smallest first", minimum=Decimal(0)),
    Input(
        "credit_pct",
        Kind.DECIMAL,
        "credit, per cent of the weighted futures price risk",
        minimum=Decimal(0),
        maximum=Decimal(100),
    ),
    Input(
        "legs",
        Kind.LIST,
        "two legs or more, on both sides, each of another product",
        inputs=(
            Input("product", Kind.TEXT, "product of the leg", choices=tuple(PRODUCTS)),
            Input("ratio", Kind.DECIMAL, "deltas a spread", above=Decimal(0)),
            Input("side", Kind.TEXT, "market side", choices=tuple(Side)),
        ),
    ),
)
_PARAMETERS = (
    _by_product("price_scan_range", "US dollars a contract, by product", minimum=Decimal(0)),
    Input("inter_commodity", Kind.LIST, "intercommodity spreads", required=False, inputs=_SPREAD),
    Input(
        "wfpr_method",
        Kind.TEXT,
        "weighted futures price risk; default SCANRANGE_CAP",
        required=False,
        choices=tuple(WfprMethod),
    ),
)


def _compute(values: Values) -> Answer:
    parameters = _parameters(values)
    positions = values.group("positions")
    held = [
        (contract, Fraction(positions.decimal(contract.product.code)))
        for contract in parameters.contracts
        if contract.product.code in positions
    ]
    result = span_margin(parameters, held)
    return {
        "engine": result.engine,
        "scan_risk": _dollars(result.total("scan_risk")),
        "inter_commodity_credit": _dollars(result.total("inter_credit")),
        "requirement": _dollars(result.maintenance),
        "commodities": [*_commodities(result)],
        "spreads": [_spread(each) for each in result.spreads],
    }


def _parameters(values: Values) -> SpanParameters:
    given = values.group("parameters")
    ranges, held = given.group("price_scan_range"), values.group("positions")
    refusals = [
        Refusal(f"parameters.price_scan_range.{code}", "", "a price scan range: it is held", _RULE)
        for code in PRODUCTS
        if code in held and code not in ranges
    ]
    codes = [code for code in PRODUCTS if code in ranges]
    method = given.text("wfpr_method") if "wfpr_method" in given else WfprMethod.SCANRANGE_CAP
    rows = given.rows("inter_commodity") if "inter_commodity" in given else ()
    spreads = []
    for place, row in enumerate(rows):
        try:
            spreads.append(_inter_spread(row))
        except ValueError as error:
            where = f"parameters.inter_commodity[{place}]"
            refusals.append(Refusal(where, "a spread", f"one that can be: {error}", _RULE))
    for place, spread in enumerate(spreads):
        for leg in spread.legs:
            if leg.commodity not in codes:
                where = f"parameters.inter_commodity[{place}].legs"
                expected = "products with a price scan range"
                refusals.append(Refusal(where, leg.commodity, expected, _RULE))
    if refusals:
        raise RefusedError(*refusals)
    keys = {code: ProductKey("CME", code, ProductType.FUTURE) for code in codes}
    return SpanParameters(
        complex="INPUT",
        business_date=_DAY,
        commodities=tuple(
            CombinedCommodity(
                "CME", code, (ProductFamily(keys[code]),), wfpr_method=WfprMethod(method)
            )
            for code in codes
        ),
        contracts=tuple(_contract(keys[code], Fraction(ranges.decimal(code))) for code in codes),
        inter_spreads=tuple(spreads),
        label=_LABEL,
    )


def _contract(key: ProductKey, scan_range: Fraction) -> SpanContract:
    scan = ScanRange.symmetric(scan_range)
    # Thirds of the range are kept exact: the input names no step to round an array to.
    exact = _STEP / scan_range.denominator
    return SpanContract(key, _PERIOD, future_risk_array(scan, step=exact), Fraction(1), scan)


def _inter_spread(row: Values) -> InterSpread:
    priority = row.decimal("priority")
    if priority != int(priority):
        raise ValueError(f"its priority is a whole number, was {priority}")
    products = [leg.text("product") for leg in row.rows("legs")]
    if len(set(products)) < len(products):
        # One month a product: what is held of it is on one side.
        raise ValueError(f"each product on one leg, were {', '.join(products)}")
    legs = tuple(
        InterLeg(leg.text("product"), Fraction(leg.decimal("ratio")), Side(leg.text("side")))
        for leg in row.rows("legs")
    )
    return InterSpread(int(priority), Fraction(row.decimal("credit_pct")) / 100, legs)


def _commodities(result: SpanResult) -> Iterator[dict[str, object]]:
    for each in result.commodities:
        risk = each.price_risk
        yield {
            "product": each.code,
            "scan_risk": _dollars(each.scan_risk),
            "active_scenario": each.scan_tiers[0].active_scenario,
            "weighted_price_risk": _dollars(risk.weighted or Fraction(0)),
            "inter_commodity_credit": _dollars(each.inter_credit),
            "risk": _dollars(each.risk),
            "delta_left": _plain(each.deltas[0].left),
        }


def _spread(spread: FormedSpread) -> dict[str, object]:
    return {
        "priority": spread.priority,
        "count": _plain(spread.count),
        "credit": _dollars(spread.amount),
        "legs": [
            {
                "product": leg.commodity,
                "delta_used": _plain(leg.delta_used),
                "credit": _dollars(leg.credit),
            }
            for leg in spread.legs
        ],
    }


def _dollars(value: Fraction) -> str:
    return str(charge_from_dollars(value))


def _plain(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


SPAN_CALCULATOR = Calculator(
    name="span",
    summary="SPAN requirement of futures: scan risk less intercommodity credits.",
    rule=(
        "For each product L_s = sum of position x array value over 16 scenarios, a future's array "
        "being -/+ the price scan range x 0, 1/3, 2/3, 1; scan risk = the largest L_s, at least 0. "
        "Weighted futures price risk = (mean loss of the active scenario and its pair - mean loss "
        "of scenarios 1 and 2) / |net delta|, with SCANRANGE_CAP at most the price scan range. "
        "Spreads in order of priority, side A long, then side B long: as many as the smallest of "
        "remaining delta / ratio; credit of a leg = spreads x ratio x weighted price risk x rate. "
        "Requirement = sum of scan risk - credits, each product at least 0; up to the cent. "
        "Scenarios 15 and 16 are left out: they never exceed the others for a future as long as "
        "multiplier x cover fraction is at most 1."
    ),
    source=(
        "CME, SPAN risk arrays and record layouts; order of steps inferred; no equality with CME "
        "is claimed: the parameters are those of the input"
    ),
    inputs=(
        _by_product("positions", "contracts, signed, parts allowed, by product"),
        Input("parameters", Kind.OBJECT, "the parameter set", inputs=_PARAMETERS),
    ),
    compute=_compute,
)

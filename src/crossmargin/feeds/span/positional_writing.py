"""Write a parameter set in the expanded positional form, so that reading it gives it back.

What the columns cannot hold exactly is refused, every reason named, and nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from fractions import Fraction
from typing import TypeVar

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.span.layout import FILE_FORMAT
from crossmargin.feeds.span.records import RULE, Line, UnfitError
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    CombinedCommodity,
    DeliveryMethod,
    InterSpread,
    IntraSpread,
    Period,
    ProductFamily,
    ProductKey,
    ShortOptionMethod,
    SpanContract,
    SpanParameters,
    Tier,
    WfprMethod,
)

_T = TypeVar("_T")
_ZERO, _ONE = Fraction(0), Fraction(1)
_FIRST_HALF = 9
_LARGEST_EXPONENT = 9
_WFPR_CODES = {WfprMethod.NORMAL: "1", WfprMethod.SCANRANGE_CAP: "2", WfprMethod.SCANRANGE: "3"}


def positional_text(parameters: SpanParameters) -> str:
    """Return the file, one record a line, trailing blanks cut off.

    Raises
    ------
    RefusedError
        Naming everything that the columns cannot hold exactly.
    """
    lines: list[str] = []
    refusals: list[Refusal] = []
    for what, make in _parts(parameters):
        try:
            lines.extend(line.text for line in make)
        except UnfitError as error:
            refusals.append(Refusal(what, str(error), "a value that the columns hold", RULE))
    if refusals:
        raise RefusedError(*refusals)
    return "\n".join(lines) + "\n"


def _parts(parameters: SpanParameters) -> Iterator[tuple[str, Iterator[Line]]]:
    yield "header", _header(parameters)
    by_exchange: dict[str, list[CombinedCommodity]] = defaultdict(list)
    for commodity in parameters.commodities:
        by_exchange[commodity.exchange].append(commodity)
    series = _one_a_series(parameters.contracts)
    products = {contract.product for contract in parameters.contracts}
    for exchange, commodities in by_exchange.items():
        yield exchange, iter([Line("1").put(exchange=exchange)])
        for commodity in commodities:
            for family in commodity.families:
                yield str(family.key), _product(family, products)
        for commodity in commodities:
            yield f"combined commodity {commodity.code}", _commodity(commodity)
            keys = {family.key for family in commodity.families}
            for contract in series:
                if contract.product in keys:
                    yield contract.label, _array_parameters(contract)
    yield "groups", _groups(parameters.commodities)
    for spread in parameters.inter_spreads:
        yield f"intercommodity spread {spread.priority}", _inter_spread(parameters, spread)
    for contract in parameters.contracts:
        yield contract.label, _arrays(parameters, contract)


def _header(parameters: SpanParameters) -> Iterator[Line]:
    yield Line("0").put(
        complex=parameters.complex,
        business_date=f"{parameters.business_date:%Y%m%d}",
        settlement=parameters.settlement,
        file_format=FILE_FORMAT,
    )
    for each in parameters.conversions:
        yield Line("T").put(source=each.source, target=each.target, multiplier=each.multiplier)


def _product(family: ProductFamily, products: Set[ProductKey]) -> Iterator[Line]:
    if family.key not in products:
        # Its record would announce contracts that do not follow, as in a file that was cut off.
        raise UnfitError("it has no contracts")
    line = Line("P").put(
        exchange=family.key.exchange,
        product=family.key.code,
        type=family.key.type,
        name=family.name,
        settlement_decimals=_locator(family.settlement_decimals),
        strike_decimals=_locator(family.strike_decimals),
        alignment=family.price_alignment,
        currency=family.currency,
    )
    if family.contract_value_factor is not None:
        line.put(factor=family.contract_value_factor)
    yield line


def _locator(decimals: int) -> str:
    return f"{decimals:03d}"


def _commodity(commodity: CombinedCommodity) -> Iterator[Line]:
    if commodity.not_supported:
        raise UnfitError(f"it holds what is not calculated: {', '.join(commodity.not_supported)}")
    for some in _chunks(commodity.families, 6):
        line = Line("2").put(
            exchange=commodity.exchange,
            commodity=commodity.code,
            risk_exponent=commodity.risk_exponent,
            currency=commodity.currency,
            option_style="F" if commodity.futures_style_options else "P",
            cap_option_value="Y" if commodity.cap_option_value else "N",
        )
        for place, family in enumerate(some):
            line.put_group(
                "family",
                place,
                product=family.key.code,
                type=family.key.type,
                array_decimals=abs(family.array_decimals),
                array_sign="-" if family.array_decimals < 0 else "+",
            )
        yield line
    yield from _intra_tiers(commodity)
    yield from _scan_tiers(commodity)
    for spread in commodity.intra_spreads:
        yield _intra_spread(commodity, spread)
    yield from _delivery(commodity)


def _ratio_fields(ratios: AccountRatios, start: str) -> dict[str, Fraction]:
    return {
        f"{start}_member": ratios.member,
        f"{start}_hedger": ratios.hedger,
        f"{start}_speculator": ratios.speculator,
    }


def _intra_tiers(commodity: CombinedCommodity) -> Iterator[Line]:
    for some in _chunks(commodity.intra_tiers, 4) or [()]:
        line = Line("3").put(commodity=commodity.code, method="10")
        line.put(**_ratio_fields(commodity.initial_ratio, "initial"))
        yield _with_tiers(line, some)


def _scan_tiers(commodity: CombinedCommodity) -> Iterator[Line]:
    scan, inter = commodity.scan_tiers, commodity.inter_tiers
    if scan == inter:
        tables = [("21", scan)] if scan else [("01", ())]
    else:
        both = bool(scan and inter)
        tables = [("22" if both else "10", scan), ("23" if both else "20", inter)]
    for method, tiers in tables:
        for some in _chunks(tiers, 5) or ([()] if method == "01" else []):
            line = Line("S").put(
                commodity=commodity.code,
                method=method,
                tier_count=len(some),
                wfpr_method=_WFPR_CODES[commodity.wfpr_method],
            )
            yield _with_tiers(line, some)


def _with_tiers(line: Line, tiers: Sequence[Tier]) -> Line:
    for place, tier in enumerate(tiers):
        start, end = tier.start, tier.end
        line.put_group("tier", place, number=tier.number, start=start.month, end=end.month)
        line.put_group("tier days", place, start=start.text[6:], end=end.text[6:])
    return line


def _intra_spread(commodity: CombinedCommodity, spread: IntraSpread) -> Line:
    charge = spread.charge / Fraction(10) ** commodity.risk_exponent
    if not spread.by_tier:
        line = Line("E").put(commodity=commodity.code, priority=spread.priority, charge=charge)
        for place, leg in enumerate(spread.legs):
            if isinstance(leg.where, Period):
                month, rest = _yymm(leg.where), leg.where.text[6:]
                line.put_group("leg", place, month=month, rest=rest, ratio=leg.ratio, side=leg.side)
        return line
    line = Line("C").put(
        commodity=commodity.code,
        method="10",
        priority=spread.priority,
        leg_count=len(spread.legs),
        charge=charge,
    )
    for place, leg in enumerate(spread.legs):
        if isinstance(leg.where, int):
            line.put_group(
                "leg", place, leg=place + 1, tier=leg.where, ratio=leg.ratio, side=leg.side
            )
    return line


def _yymm(period: Period) -> str:
    century, rest = period.text[:2], period.text[2:6]
    if century != ("20" if int(rest[:2]) < 90 else "19"):  # noqa: PLR2004 - as the reader reads it
        raise UnfitError(f"month {period} does not fit YYMM")
    return rest


def _delivery(commodity: CombinedCommodity) -> Iterator[Line]:
    scale = Fraction(10) ** commodity.risk_exponent
    charge, minimum = commodity.delivery, commodity.short_option_minimum
    is_table = charge.method is DeliveryMethod.TABLE
    for some in _chunks(charge.months, 2) or [()]:
        line = Line("4").put(
            commodity=commodity.code,
            method=charge.method,
            minimum=minimum.rate / scale,
            minimum_method="1" if minimum.method is ShortOptionMethod.MAX else "2",
            **_ratio_fields(commodity.maintenance_adjustment, "adjustment"),
        )
        if charge.method is DeliveryMethod.BASIS:
            line.put(basis_product=charge.basis_product, basis_rate=charge.basis_rate / scale)
        for place, month in enumerate(some if is_table else ()):
            line.put_group(
                "month",
                place,
                number=place + 1,
                month=month.period.month,
                charge_spread=month.charge_spread / scale,
                charge_outright=month.charge_outright / scale,
            ).put_group("month day", place, day=month.period.text[6:])
        yield line


def _one_a_series(contracts: Sequence[SpanContract]) -> list[SpanContract]:
    first: dict[tuple[str, ...], SpanContract] = {}
    for contract in contracts:
        first.setdefault(contract.series, contract)
    return list(first.values())


def _array_parameters(contract: SpanContract) -> Iterator[Line]:
    scan, factor = contract.scan, contract.contract_value_factor
    if scan is None and factor is None and contract.delta_scaling_factor == 1:
        return
    option = contract.option
    line = Line("B").put(
        exchange=contract.product.exchange,
        product=contract.product.code,
        type=contract.product.type,
        month=contract.period.month,
        day=contract.period.text[6:],
        option_month=option.period.month if option else "",
        option_day=option.period.text[6:] if option else "",
        scaling=contract.delta_scaling_factor,
    )
    if factor is not None:
        line.put(factor=factor)
    if scan is not None:
        if scan.price_up != scan.price_down:
            raise UnfitError("an asymmetric price scan range has no columns: write the XML form")
        digits, exponent = _with_exponent(scan.price_up, 5)
        line.put(
            volatility_range=scan.volatility,
            price_range=digits,
            price_exponent=abs(exponent),
            price_sign="-" if exponent < 0 else "+",
            extreme_multiplier=scan.extreme_multiplier,
            cover_fraction=scan.cover_fraction,
        )
    yield line


def _with_exponent(value: Fraction, width: int) -> tuple[Fraction, int]:
    """Return whole digits and the power of ten that make the value, the power nearest to 0."""
    for exponent in sorted(range(-_LARGEST_EXPONENT, _LARGEST_EXPONENT + 1), key=abs):
        digits = value / Fraction(10) ** exponent
        if digits.denominator == 1 and digits < 10**width:
            return digits, exponent
    raise UnfitError(f"price scan range {value} has more than {width} digits")


def _groups(commodities: Sequence[CombinedCommodity]) -> Iterator[Line]:
    members: dict[str, list[str]] = defaultdict(list)
    for commodity in commodities:
        if commodity.group:
            members[commodity.group].append(commodity.code)
    for group, codes in members.items():
        for some in _chunks(codes, 10):
            line = Line("5").put(group=group)
            for place, code in enumerate(some):
                line.put_group("member", place, commodity=code)
            yield line


def _inter_spread(parameters: SpanParameters, spread: InterSpread) -> Iterator[Line]:
    if spread.scanning:
        raise UnfitError("a scanning-based spread is read but not written")
    scale = Fraction(1, 100) if spread.flat else Fraction(100)
    own = any(leg.credit is not None for leg in spread.legs)
    first = parameters.commodity_by_code[spread.legs[0].commodity]
    tiered = any(leg.tier for leg in spread.legs)
    line = Line("6").put(
        group=first.group,
        priority=spread.priority,
        credit=spread.credit * scale,
        method="20" if tiered else "10",
        credit_method="F" if spread.flat else "W",
        spread_group="S" if spread.super_spread else "",
        own_credits="Y" if own else "N",
    )
    for place, leg in enumerate(spread.legs):
        commodity = parameters.commodity_by_code[leg.commodity]
        line.put_group(
            "leg",
            place,
            exchange=commodity.exchange,
            required="Y" if leg.required else "N",
            commodity=leg.commodity,
            ratio=leg.ratio,
            side=leg.side,
        ).put_group("leg tier", place, tier=leg.tier)
        if own:
            credit = spread.credit if leg.credit is None else leg.credit
            line.put_group("leg credit", place, credit=credit * scale)
    yield line


def _arrays(parameters: SpanParameters, contract: SpanContract) -> Iterator[Line]:
    commodity = parameters.commodity_by_product[contract.product]
    family = next(each for each in commodity.families if each.key == contract.product)
    scale = Fraction(10) ** (commodity.risk_exponent - family.array_decimals)
    values = [loss / scale for loss in contract.losses]
    first, second = _identified("81", contract, family), _identified("82", contract, family)
    for place, value in enumerate(values):
        line, at = (first, place) if place < _FIRST_HALF else (second, place - _FIRST_HALF)
        line.put_group("value", at, value=abs(value), value_sign=_sign(value))
    second.put(delta=abs(contract.composite_delta), delta_sign=_sign(contract.composite_delta))
    price = contract.settlement_price
    if price is not None:
        if family.price_alignment not in ("", "0"):
            raise UnfitError(f"a decimal price with the alignment code {family.price_alignment!r}")
        digits = price * Fraction(10) ** family.settlement_decimals
        second.put(settlement_price=abs(digits), settlement_sign=_sign(digits))
    yield first
    yield second


def _identified(type_: str, contract: SpanContract, family: ProductFamily) -> Line:
    option = contract.option
    line = Line(type_).put(
        exchange=contract.product.exchange,
        product=contract.product.code,
        underlying=family.underlying,
        type=contract.product.type,
        month=contract.period.month,
        day=contract.period.text[6:],
    )
    if option is not None:
        strike = option.strike * Fraction(10) ** family.strike_decimals
        line.put(
            right=option.right,
            option_month=option.period.month,
            option_day=option.period.text[6:],
            strike=strike,
        )
    return line


def _sign(value: Fraction) -> str:
    return "-" if value < 0 else "+"


def _chunks(items: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]

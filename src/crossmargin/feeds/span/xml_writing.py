"""Write a parameter set in the XML form, so that reading it gives it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from xml.sax.saxutils import escape

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.span.records import UnfitError
from crossmargin.feeds.span.xml_names import (
    CONTRACT_ELEMENTS,
    FAMILY_ELEMENTS,
    FILE_FORMAT,
    UNDERLYING_TYPES,
)
from crossmargin.feeds.span.xml_tree import XML_RULE
from crossmargin.margin.cme.span.parameters import (
    CombinedCommodity,
    DeliveryMethod,
    InterSpread,
    IntraSpread,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    Settlement,
    SpanContract,
    SpanParameters,
    Tier,
)
from crossmargin.margin.cme.span.risk_array import PAIR, PAIRED_SCENARIOS

#: An element: name, and its text or its children.
Node = tuple[str, "str | list[Node]"]
_ACCOUNTS = (("member", "M"), ("hedger", "H"), ("speculator", "S"))
_INDENT = "\t"
Pair = tuple[Fraction, Fraction]


def xml_text(parameters: SpanParameters) -> str:
    """Return the file.

    Raises
    ------
    RefusedError
        Naming everything that the form cannot hold exactly.
    """
    try:
        root = _Writer(parameters).root()
    except UnfitError as error:
        raise RefusedError(
            Refusal("parameters", str(error), "a value that the XML form holds", XML_RULE)
        ) from None
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, 0)]
    return "\n".join(lines) + "\n"


def _lines(node: Node, depth: int) -> Iterator[str]:
    name, content = node
    if isinstance(content, str):
        yield f"{_INDENT * depth}<{name}>{escape(content)}</{name}>"
        return
    yield f"{_INDENT * depth}<{name}>"
    for child in content:
        yield from _lines(child, depth + 1)
    yield f"{_INDENT * depth}</{name}>"


def _number(value: Fraction | int) -> str:
    """Return the decimal that the number is exactly."""
    exact = Fraction(value)
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        raise UnfitError(f"{exact} is no decimal")
    places = 0
    while (exact * 10**places).denominator != 1:
        places += 1
    return str(Decimal(int(exact * 10**places)).scaleb(-places)) if places else str(int(exact))


class _Writer:
    def __init__(self, parameters: SpanParameters) -> None:
        self.parameters = parameters
        self.by_family: dict[ProductKey, list[SpanContract]] = defaultdict(list)
        for contract in parameters.contracts:
            self.by_family[contract.product].append(contract)
        keys = [family.key for each in parameters.commodities for family in each.families]
        self.identifiers = {key: str(place) for place, key in enumerate(sorted(keys), start=1)}
        self.extremes = {
            each.code: _extreme_pairs(each, self.by_family) for each in parameters.commodities
        }

    def root(self) -> Node:
        given = self.parameters
        point: list[Node] = [
            ("date", f"{given.business_date:%Y%m%d}"),
            ("isSetl", "1" if given.settlement is Settlement.SETTLEMENT else "0"),
            ("clearingOrg", self._complex()),
        ]
        currencies = sorted({each.currency for each in given.commodities} | {"USD"})
        definitions: list[Node] = [
            (
                "currencyDef",
                [("currency", each), ("symbol", each), ("name", each), ("decimalPos", "2")],
            )
            for each in currencies
        ]
        return (
            "spanFile",
            [("fileFormat", FILE_FORMAT), ("definitions", definitions), ("pointInTime", point)],
        )

    def _complex(self) -> list[Node]:
        given = self.parameters
        nodes: list[Node] = [("ec", given.complex), ("name", given.label)]
        for each in given.conversions:
            parts: list[Node] = [("fromCur", each.source), ("toCur", each.target)]
            nodes.append(("curConv", [*parts, ("factor", _number(each.multiplier))]))
        nodes.extend(_rate_definitions())
        exchanges = sorted({each.exchange for each in given.commodities})
        nodes.extend(("exchange", self._exchange(each)) for each in exchanges)
        nodes.extend(("ccDef", self._commodity(each)) for each in given.commodities)
        for name, is_super in (("superSpreads", True), ("interSpreads", False)):
            spreads = [s for s in given.inter_spreads if s.super_spread is is_super]
            if spreads:
                nodes.append((name, [_inter_spread(each) for each in spreads]))
        return nodes

    def _exchange(self, acronym: str) -> list[Node]:
        nodes: list[Node] = [("exch", acronym)]
        for type_, name in FAMILY_ELEMENTS.items():
            for commodity in self.parameters.commodities:
                for family in commodity.families:
                    key = family.key
                    if key.exchange == acronym and key.type == type_:
                        nodes.append((name, self._family(commodity, family)))
        return nodes

    def _family(self, commodity: CombinedCommodity, family: ProductFamily) -> list[Node]:
        key = family.key
        is_option = key.type.is_option
        nodes: list[Node] = [("pfId", self.identifiers[key]), ("pfCode", key.code)]
        if family.name:
            nodes.append(("name", family.name))
        nodes.append(("currency", family.currency))
        if family.contract_value_factor is not None:
            nodes.append(("cvf", _number(family.contract_value_factor)))
        nodes.append(("priceDl", str(family.settlement_decimals)))
        nodes.append(("priceFmt", family.price_alignment or "STD"))
        if is_option or family.strike_decimals:
            nodes.append(("strikeDl", str(family.strike_decimals)))
        futures_style = not is_option or commodity.futures_style_options
        nodes.append(("valueMeth", "FUT" if futures_style else "EQTY"))
        if is_option:
            return nodes + self._series(family, self.extremes[commodity.code])
        element = CONTRACT_ELEMENTS[key.type]
        for place, contract in enumerate(self.by_family[key], start=1):
            nodes.append((element, self._contract(contract, place, self.extremes[commodity.code])))
        return nodes

    def _contract(
        self, contract: SpanContract, place: int, extremes: Mapping[Pair, str]
    ) -> list[Node]:
        nodes: list[Node] = [("cId", str(place)), ("pe", contract.period.text)]
        if contract.settlement_price is not None:
            nodes.append(("p", _number(contract.settlement_price)))
        nodes.extend(_series_values(contract))
        nodes.extend(_scan_rate(contract.scan, extremes))
        return [*nodes, _array(contract)]

    def _series(self, family: ProductFamily, extremes: Mapping[Pair, str]) -> list[Node]:
        under = ProductKey(
            family.key.exchange,
            family.underlying or "NONE",
            ProductType(UNDERLYING_TYPES[family.key.type]),
        )
        if under not in self.identifiers:
            raise UnfitError(
                f"{family.key}: its underlying product {family.underlying!r} is not there"
            )
        nodes: list[Node] = [
            (
                "undPf",
                [
                    ("exch", under.exchange),
                    ("pfId", self.identifiers[under]),
                    ("pfCode", under.code),
                    ("s", "A"),
                    ("i", "1"),
                ],
            )
        ]
        by_series: dict[tuple[str, ...], list[SpanContract]] = defaultdict(list)
        for contract in self.by_family[family.key]:
            by_series[contract.series].append(contract)
        series = (self._one_series(under, some, extremes) for some in by_series.values())
        return [*nodes, *(("series", each) for each in series)]

    def _one_series(
        self, under: ProductKey, contracts: Sequence[SpanContract], extremes: Mapping[Pair, str]
    ) -> list[Node]:
        first = contracts[0]
        periods = [each.period for each in self.by_family[under]]
        if first.period not in periods or first.option is None:
            raise UnfitError(f"{first.label}: the contract that it is on is not there")
        place = str(periods.index(first.period) + 1)
        nodes: list[Node] = [("pe", first.option.period.text), *_series_values(first)]
        nodes.append(
            (
                "undC",
                [
                    ("exch", under.exchange),
                    ("pfId", self.identifiers[under]),
                    ("cId", place),
                    ("s", "A"),
                    ("i", "1"),
                ],
            )
        )
        nodes.extend(_scan_rate(first.scan, extremes))
        for number, contract in enumerate(contracts, start=1):
            terms = contract.option
            if terms is not None:
                parts: list[Node] = [("cId", str(number)), ("o", terms.right)]
                parts.append(("k", _number(terms.strike)))
                if contract.settlement_price is not None:
                    parts.append(("p", _number(contract.settlement_price)))
                nodes.append(("opt", [*parts, _array(contract)]))
        return nodes

    def _commodity(self, commodity: CombinedCommodity) -> list[Node]:
        if commodity.not_supported:
            raise UnfitError(f"{commodity.code}: {', '.join(commodity.not_supported)}")
        nodes: list[Node] = [("cc", commodity.code), ("name", commodity.name)]
        if commodity.group:
            nodes.append(("group", [("id", "1"), ("aVal", commodity.group)]))
        minimum, delivery = commodity.short_option_minimum, commodity.delivery
        nodes += [
            ("currency", commodity.currency),
            ("riskExponent", str(commodity.risk_exponent)),
            ("capAnov", "1" if commodity.cap_option_value else "0"),
            ("wfprMeth", commodity.wfpr_method),
            ("spotMeth", delivery.method or "00"),
            ("somMeth", minimum.method),
        ]
        nodes += [_point_definition(*each) for each in self.extremes[commodity.code].items()]
        nodes += [self._link(commodity, family) for family in commodity.families]
        nodes += _ratios(commodity)
        nodes += _tiers("scanTiers", commodity.scan_tiers)
        nodes += _tiers("intraTiers", commodity.intra_tiers)
        nodes += _tiers("interTiers", commodity.inter_tiers)
        if minimum.rate:
            nodes.append(("somTiers", [("tier", [("tn", "0"), _rate(minimum.rate)])]))
        nodes += [_intra_spread(commodity.code, each) for each in commodity.intra_spreads]
        for month in delivery.months:
            parts: list[Node] = [("r", "1"), ("pe", month.period.text)]
            parts.append(("sprd", _number(month.charge_spread)))
            nodes.append(("spotRate", [*parts, ("outr", _number(month.charge_outright))]))
        if delivery.method is DeliveryMethod.BASIS:
            nodes.append(("basisRates", [_rate(delivery.basis_rate)]))
        return nodes

    def _link(self, commodity: CombinedCommodity, family: ProductFamily) -> Node:
        key = family.key
        nodes: list[Node] = [("exch", key.exchange), ("pfId", self.identifiers[key])]
        nodes += [("pfCode", key.code), ("pfType", key.type), ("sc", "1")]
        delivery = commodity.delivery
        if delivery.method is DeliveryMethod.BASIS and delivery.basis_product == key.code:
            nodes.append(("applyBasisRisk", "1"))
        if family.array_decimals:
            nodes.append(("arrayPrecision", str(family.array_decimals)))
        return "pfLink", nodes


def _extreme_pairs(
    commodity: CombinedCommodity, by_family: Mapping[ProductKey, Sequence[SpanContract]]
) -> dict[Pair, str]:
    """Return the rate identifier of each pair of extreme multiplier and cover fraction."""
    pairs = {
        (each.scan.extreme_multiplier, each.scan.cover_fraction)
        for family in commodity.families
        for each in by_family[family.key]
        if each.scan is not None
    }
    return {pair: str(place) for place, pair in enumerate(sorted(pairs), start=1)}


def _rate_definitions() -> Iterator[Node]:
    for place, (_, code) in enumerate(_ACCOUNTS, start=1):
        for is_maintenance, identifier in ((True, place), (False, place + len(_ACCOUNTS))):
            yield (
                "pbRateDef",
                [
                    ("r", str(identifier)),
                    ("isCust", "1"),
                    ("acctType", code),
                    ("isM", "1" if is_maintenance else "0"),
                    ("pbc", "CORE"),
                ],
            )


def _ratios(commodity: CombinedCommodity) -> Iterator[Node]:
    for place, (account, _) in enumerate(_ACCOUNTS, start=1):
        for ratios, identifier in (
            (commodity.maintenance_adjustment, place),
            (commodity.initial_ratio, place + len(_ACCOUNTS)),
        ):
            value = _number(getattr(ratios, account))
            yield "adjRate", [("r", str(identifier)), ("baseR", str(place)), ("val", value)]


def _series_values(contract: SpanContract) -> Iterator[Node]:
    if contract.contract_value_factor is not None:
        yield "cvf", _number(contract.contract_value_factor)
    yield "sc", _number(contract.delta_scaling_factor)


def _scan_rate(scan: ScanRange | None, extremes: Mapping[Pair, str]) -> Iterator[Node]:
    if scan is None:
        return
    nodes: list[Node] = [("r", extremes[scan.extreme_multiplier, scan.cover_fraction])]
    nodes += [("priceScan", _number(scan.price_up)), ("volScan", _number(scan.volatility))]
    if scan.price_down != scan.price_up:
        nodes.append(("priceScanDown", _number(scan.price_down)))
    yield "scanRate", nodes


def _array(contract: SpanContract) -> Node:
    values: list[Node] = [("a", _number(loss)) for loss in contract.losses]
    return "ra", [("r", "1"), *values, ("d", _number(contract.composite_delta))]


def _point_definition(pair: Pair, identifier: str) -> Node:
    multiplier, cover = pair
    points: list[Node] = []
    moves = [(each.price, each.volatility, Fraction(1)) for each in PAIRED_SCENARIOS]
    moves += [(multiplier, 0, cover), (-multiplier, 0, cover)]
    for place, (price, volatility, weight) in enumerate(moves):
        move: list[Node] = [("mult", "1" if price >= 0 else "-1")]
        move += [("numerator", str(abs(price).numerator)), ("denominator", str(price.denominator))]
        parts: list[Node] = [("point", str(place + 1)), ("priceScanDef", move)]
        parts.append(("volScanDef", [("mult", str(volatility))]))
        parts.append(("weight", _number(weight)))
        points.append(("scanPointDef", [*parts, ("pairedPoint", str(PAIR[place] + 1))]))
    return "pointDef", [("r", identifier), *points]


def _rate(value: Fraction) -> Node:
    return "rate", [("r", "1"), ("val", _number(value))]


def _tiers(name: str, tiers: Sequence[Tier]) -> list[Node]:
    nodes: list[Node] = [
        ("tier", [("tn", str(each.number)), ("sPe", each.start.text), ("ePe", each.end.text)])
        for each in tiers
    ]
    return [(name, nodes)] if nodes else []


def _intra_spread(code: str, spread: IntraSpread) -> Node:
    nodes: list[Node] = [("spread", str(spread.priority)), ("chargeMeth", "F")]
    nodes.append(_rate(spread.charge))
    for leg in spread.legs:
        where: Node = ("tn", str(leg.where)) if spread.by_tier else ("pe", str(leg.where))
        parts: list[Node] = [("cc", code), where, ("rs", leg.side), ("i", _number(leg.ratio))]
        nodes.append(("tLeg" if spread.by_tier else "pLeg", parts))
    return "dSpread", nodes


def _inter_spread(spread: InterSpread) -> Node:
    if spread.scanning:
        raise UnfitError(f"scanning-based spread {spread.priority}: it is read but not written")
    nodes: list[Node] = [("spread", str(spread.priority))]
    nodes += [("chargeMeth", "F" if spread.flat else "W"), _rate(spread.credit)]
    for leg in spread.legs:
        parts: list[Node] = [("cc", leg.commodity), ("tn", str(leg.tier)), ("rs", leg.side)]
        parts.append(("i", _number(leg.ratio)))
        if leg.credit is not None:
            parts.append(_rate(leg.credit))
        nodes.append(("tLeg", parts))
    return "dSpread", nodes

"""Product families, contracts and risk arrays of the XML form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.feeds.span.drafts import CommodityDraft, period_of
from crossmargin.feeds.span.xml_names import CONTRACT_ELEMENTS, FAMILY_ELEMENTS
from crossmargin.feeds.span.xml_tree import Element
from crossmargin.margin.cme.span.parameters import (
    OptionRight,
    OptionTerms,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    SpanContract,
)

_ZERO, _ONE = Fraction(0), Fraction(1)
_ARRAY = 16
#: Multiplier and cover fraction of the extreme scenarios, by rate identifier.
Extremes = Mapping[str, tuple[Fraction, Fraction]]


@dataclass(slots=True)
class FamilyDraft:
    """A product family element, and where it stands."""

    element: Element
    family: ProductFamily
    futures_style: bool


@dataclass(slots=True)
class Products:
    """Product families of every exchange, by exchange and identifier, and links to commodities."""

    families: dict[tuple[str, str], FamilyDraft] = field(default_factory=dict)
    commodity_of: dict[ProductKey, tuple[str, Extremes, Fraction]] = field(default_factory=dict)

    def contracts(self, commodities: Mapping[str, CommodityDraft]) -> list[SpanContract]:
        """Return every contract, after noting those that no value can be."""
        found: list[SpanContract] = []
        for draft in self.families.values():
            link = self.commodity_of.get(draft.family.key)
            if link is None or link[0] not in commodities:
                expected = "a product that a pfLink of a ccDef links into a combined commodity"
                draft.element.fault(draft.family.key.code, expected)
                continue
            found.extend(_plain_contracts(draft, link[1], link[2]))
            found.extend(_options(self, draft, link[1], link[2]))
        return found

    def period_of_underlying(self, series: Element) -> Period:
        """Return the period of the contract that options of a series are on."""
        under = series.first("undC")
        if under is None:
            series.fault("series", "an element undC in it")
            return Period("000000")
        draft = self.families.get((under.get("exch"), under.get("pfId")))
        if draft is not None:
            name = CONTRACT_ELEMENTS.get(draft.family.key.type.value, "")
            for contract in draft.element.all(name):
                if contract.get("cId", "") == under.get("cId"):
                    return read_period(contract, "pe")
        under.fault(under.get("cId"), "the cId of a contract of the product pfId at exch")
        return Period("000000")


def read_period(parent: Element, name: str) -> Period:
    """Return the period in a child; two zeros for the day are none."""
    text = parent.get(name)
    try:
        return period_of(text[:6], text[6:])
    except ValueError as error:
        (parent.first(name) or parent).fault(text, f"a period code ({error})")
        return Period("000000")


def read_exchange(exchange: Element, products: Products) -> None:
    """Read the product families of an exchange."""
    acronym = exchange.get("exch")
    for type_, name in FAMILY_ELEMENTS.items():
        for element in exchange.all(name):
            draft = _family(element, acronym, ProductType(type_))
            if draft is None:
                continue
            key = acronym, element.get("pfId")
            if products.families.setdefault(key, draft) is not draft:
                element.fault(key[1], "an identifier pfId once an exchange")


def _family(element: Element, exchange: str, type_: ProductType) -> FamilyDraft | None:
    alignment = element.get("priceFmt", "STD")
    # A combination has several underlying products; only an option's one is read.
    under = element.first("undPf") if type_.is_option else None
    factor = element.number("cvf", _ZERO)
    try:
        family = ProductFamily(
            ProductKey(exchange, element.get("pfCode"), type_),
            name=element.get("name", ""),
            contract_value_factor=factor or None,
            settlement_decimals=element.whole("priceDl", 0),
            strike_decimals=element.whole("strikeDl", 0),
            price_alignment="" if alignment == "STD" else alignment,
            currency=element.get("currency", "USD"),
            underlying=under.get("pfCode", "") if under else "",
        )
    except ValueError as error:
        element.fault(element.get("pfCode"), f"a product family that can be ({error})")
        return None
    return FamilyDraft(element, family, type_.is_option and element.get("valueMeth", "") == "FUT")


def _scan(element: Element, extremes: Extremes) -> ScanRange | None:
    rate = element.first("scanRate")
    if rate is None or rate.first("priceScan") is None:
        return None
    up = rate.number("priceScan")
    multiplier, cover = extremes.get(rate.get("r", ""), extremes.get("", (_ZERO, _ZERO)))
    try:
        down = rate.number("priceScanDown", up)
        return ScanRange(up, down, rate.number("volScan", _ZERO), multiplier, cover)
    except ValueError as error:
        rate.fault(str(up), f"scan ranges that can be ({error})")
        return None


def _array(element: Element) -> tuple[tuple[Fraction, ...], Fraction]:
    array = element.first("ra")
    if array is None:
        element.fault(element.name, "a risk array ra in it")
        return (_ZERO,) * _ARRAY, _ZERO
    values = tuple(each.value() for each in array.all("a"))
    if len(values) != _ARRAY:
        array.fault(f"{len(values)} values", "16 elements a")
        values = (_ZERO,) * _ARRAY
    return values, array.number("d", element.number("d", _ZERO))


def _scaling(element: Element, default: Fraction) -> Fraction:
    return element.number("sc", default) or default


def _plain_contracts(
    draft: FamilyDraft, extremes: Extremes, scaling: Fraction
) -> Iterator[SpanContract]:
    name = CONTRACT_ELEMENTS.get(draft.family.key.type.value)
    for each in draft.element.all(name) if name else ():
        losses, delta = _array(each)
        try:
            yield SpanContract(
                draft.family.key,
                read_period(each, "pe") if each.first("pe") else Period("000000"),
                losses,
                delta,
                _scan(each, extremes),
                _scaling(each, scaling),
                settlement_price=each.number("p") if each.first("p") else None,
                contract_value_factor=each.number("cvf", _ZERO) or None,
            )
        except ValueError as error:
            each.fault(each.get("pe", ""), f"a contract that can be ({error})")


def _options(
    products: Products, draft: FamilyDraft, extremes: Extremes, scaling: Fraction
) -> Iterator[SpanContract]:
    for series in draft.element.all("series"):
        period = products.period_of_underlying(series)
        scan = _scan(series, extremes)
        # Once a series: a search among the children for each of its options would be a long one.
        option_period = read_period(series, "pe")
        scale, factor = _scaling(series, scaling), series.number("cvf", _ZERO)
        for each in series.all("opt"):
            losses, delta = _array(each)
            try:
                terms = OptionTerms(option_period, OptionRight(each.get("o")), each.number("k"))
                yield SpanContract(
                    draft.family.key,
                    period,
                    losses,
                    delta,
                    scan,
                    _scaling(each, scale),
                    terms,
                    each.number("p") if each.first("p") else None,
                    each.number("cvf", factor) or None,
                )
            except ValueError as error:
                each.fault(each.get("k", ""), f"an option that can be ({error})")

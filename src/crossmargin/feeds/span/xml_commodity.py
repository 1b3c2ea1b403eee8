"""Combined commodities and spreads of the XML form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from crossmargin.feeds.span.drafts import CommodityDraft
from crossmargin.feeds.span.xml_products import Extremes, Products, read_period
from crossmargin.feeds.span.xml_tree import Element, note_repeated
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    DeliveryMethod,
    DeliveryMonth,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    ShortOptionMethod,
    ShortOptionMinimum,
    Side,
    Tier,
    WfprMethod,
)

_E = TypeVar("_E", bound=StrEnum)
_ZERO, _ONE = Fraction(0), Fraction(1)
_EXTREME_POINT = 15
#: Kind of account, and whether maintenance or initial, by rate identifier.
Ratios = dict[str, tuple[str, bool]]


def read_commodity(
    element: Element, products: Products, ratios: Ratios, complex_: Element
) -> CommodityDraft:
    """Read a ccDef, and link the products that it names."""
    draft = CommodityDraft(
        element.line,
        "",
        element.get("cc"),
        currency=element.get("currency", "USD"),
        risk_exponent=element.whole("riskExponent", 0),
        cap_option_value=element.get("capAnov", "0") == "1",
    )
    group = element.first("group")
    draft.group = group.get("aVal") if group else ""
    draft.wfpr_method = _choice(element, "wfprMeth", WfprMethod, WfprMethod.NORMAL)
    _link_products(element, draft, products, _extremes(element, complex_))
    _read_tiers(element, draft)
    draft.intra_spreads.extend(_intra_spreads(element, draft))
    _read_delivery(element, draft)
    _read_minimum(element, draft)
    _read_ratios(element, draft, ratios)
    return draft


def _choice(element: Element, name: str, kind: type[_E], default: _E) -> _E:
    text = element.get(name, default.value)
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(each.value for each in kind)
        (element.first(name) or element).fault(text, f"one of {known}")
        return default


def _extremes(element: Element, complex_: Element) -> Extremes:
    """Return multiplier and cover fraction by rate identifier; under "" those of the first."""
    found: dict[str, tuple[Fraction, Fraction]] = {}
    note_repeated(element.all("pointDef"), "r")
    note_repeated(complex_.all("pointDef"), "r")
    for definition in (*element.all("pointDef"), *complex_.all("pointDef")):
        note_repeated(definition.all("scanPointDef"), "point")
        for point in definition.all("scanPointDef"):
            if point.whole("point") == _EXTREME_POINT:
                move = point.first("priceScanDef") or point
                size = abs(move.number("mult", _ONE) * move.number("numerator", _ONE))
                size /= move.number("denominator", _ONE) or _ONE
                pair = size, point.number("weight")
                found.setdefault(definition.get("r"), pair)
                found.setdefault("", pair)
    return found


def _link_products(
    element: Element, draft: CommodityDraft, products: Products, extremes: Extremes
) -> None:
    for link in element.all("pfLink"):
        there = products.families.get((link.get("exch"), link.get("pfId")))
        if there is None:
            link.fault(link.get("pfId"), "the pfId of a product family at exch")
            continue
        family = replace(there.family, array_decimals=link.whole("arrayPrecision", 0))
        draft.exchange = draft.exchange or family.key.exchange
        draft.families.append(family)
        draft.futures_style_options |= there.futures_style
        if link.get("applyBasisRisk", "0") == "1":
            draft.basis_product = family.key.code
        scaling = link.number("sc", _ONE) or _ONE
        if products.commodity_of.setdefault(family.key, (draft.code, extremes, scaling))[0] != (
            draft.code
        ):
            link.fault(family.key.code, "a product in one combined commodity")


def _read_tiers(element: Element, draft: CommodityDraft) -> None:
    for name, tiers in (
        ("intraTiers", draft.intra_tiers),
        ("scanTiers", draft.scan_tiers),
        ("interTiers", draft.inter_tiers),
    ):
        for table in element.all(name):
            for tier in table.all("tier"):
                tiers.extend(_tier(tier, draft))


def _tier(tier: Element, draft: CommodityDraft) -> Iterator[Tier]:
    number = tier.whole("tn")
    if number == 0:
        return  # the tier of everything, which is there without being said
    if tier.first("sPe") is None or tier.first("ePe") is None:
        draft.not_supported.append(f"tier {number} made of other tiers")
        return
    try:
        yield Tier(number, read_period(tier, "sPe"), read_period(tier, "ePe"))
    except ValueError as error:
        tier.fault(str(number), f"a tier that can be ({error})")


def _intra_spreads(element: Element, draft: CommodityDraft) -> Iterator[IntraSpread]:
    for spread in element.all("dSpread"):
        priority, method = spread.whole("spread"), spread.get("chargeMeth")
        others = {"rpLeg", "dSpread", "pmpsRate"} & {child.name for child in spread.children}
        if method != "F" or others:
            what = ", ".join(sorted(others)) or f"charge method {method}"
            draft.not_supported.append(f"intracommodity spread {priority} with {what}")
            continue
        try:
            yield IntraSpread(priority, _rate(spread), tuple(_intra_legs(spread)))
        except ValueError as error:
            spread.fault(str(priority), f"a spread that can be ({error})")


def _intra_legs(spread: Element) -> Iterator[IntraLeg]:
    for leg in spread.children:
        if leg.name == "tLeg":
            yield IntraLeg(leg.whole("tn"), leg.number("i"), _side(leg))
        elif leg.name == "pLeg":
            yield IntraLeg(read_period(leg, "pe"), leg.number("i"), _side(leg))


def _side(leg: Element) -> Side:
    side: Side = _choice(leg, "rs", Side, Side.A)
    if leg.first("rs") is None:
        leg.fault(leg.name, "an element rs in it")
    return side


def _rate(parent: Element) -> Fraction:
    rate = parent.first("rate")
    if rate is None:
        parent.fault(parent.name, "an element rate in it")
        return _ZERO
    return rate.number("val")


def _read_delivery(element: Element, draft: CommodityDraft) -> None:
    for rate in element.all("spotRate"):
        draft.delivery_method = DeliveryMethod.TABLE
        draft.delivery_months.append(
            DeliveryMonth(read_period(rate, "pe"), rate.number("sprd"), rate.number("outr"))
        )
    if draft.delivery_months and draft.basis_product:
        draft.not_supported.append("delivery months and a basis product together")
        draft.basis_product = ""
    elif draft.basis_product:
        draft.delivery_method = DeliveryMethod.BASIS
        rates = element.first("basisRates")
        draft.basis_rate = _rate(rates) if rates else _ZERO


def _read_minimum(element: Element, draft: CommodityDraft) -> None:
    method = _choice(element, "somMeth", ShortOptionMethod, ShortOptionMethod.GROSS)
    rates = [_rate(tier) for table in element.all("somTiers") for tier in table.all("tier")]
    if len(set(rates)) > 1:
        draft.not_supported.append("short option minimum rates by tier")
    draft.minimum = ShortOptionMinimum(rates[0] if rates else _ZERO, method)


def _read_ratios(element: Element, draft: CommodityDraft, ratios: Ratios) -> None:
    maintenance: dict[str, Fraction] = {}
    initial: dict[str, Fraction] = {}
    note_repeated(element.all("adjRate"), "r")
    for each in element.all("adjRate"):
        account, is_maintenance = ratios.get(each.get("r"), ("", False))
        if account:
            (maintenance if is_maintenance else initial)[account] = each.number("val")
    draft.adjustment = AccountRatios(**maintenance)
    draft.initial = AccountRatios(**initial)


def read_inter_spreads(complex_: Element) -> list[InterSpread]:
    """Read super-spreads and intercommodity spreads.

    Rates are ratios; a file in which a weighted rate is above one gives them in per cent.
    """
    drafts = [
        (spread, name == "superSpreads")
        for name in ("superSpreads", "interSpreads")
        for table in complex_.all(name)
        for spread in table.children
        if spread.name in ("dSpread", "sSpread")
    ]
    weighted = [
        rate.number("val")
        for spread, _ in drafts
        if spread.get("chargeMeth", "W") == "W"
        for holder in (spread, *spread.children)
        for rate in holder.all("rate")
    ]
    scale = Fraction(1, 100) if any(abs(rate) > 1 for rate in weighted) else _ONE
    found = []
    for spread, is_super in drafts:
        try:
            found.append(_inter_spread(spread, is_super, scale))
        except ValueError as error:
            spread.fault(spread.get("spread", ""), f"a spread that can be ({error})")
    return found


def _inter_spread(spread: Element, is_super: bool, scale: Fraction) -> InterSpread:
    scanning = spread.name == "sSpread"
    method = spread.get("chargeMeth", "W")
    if method not in ("F", "W"):
        spread.fault(method, "charge method W or F")
    flat = method == "F"
    scale = _ONE if flat else scale
    legs = [
        InterLeg(
            leg.get("cc"),
            leg.number("i", _ONE),
            Side.A if scanning else _side(leg),
            leg.whole("tn", 0),
            required=leg.get("isRequired", "1") == "1",
            credit=_rate(leg) * scale if leg.first("rate") else None,
        )
        for leg in spread.children
        if leg.name in ("tLeg", "sLeg")
    ]
    credit = spread.first("rate")
    return InterSpread(
        spread.whole("spread"),
        credit.number("val") * scale if credit else _ZERO,
        tuple(legs),
        flat=flat,
        super_spread=is_super,
        scanning=scanning,
    )

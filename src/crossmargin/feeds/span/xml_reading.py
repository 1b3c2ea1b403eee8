"""Read the XML form: elements into drafts, then the drafts into values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.drafts import CommodityDraft
from crossmargin.feeds.span.loaded import (
    Keeping,
    LoadedSpan,
    checked_parameters,
    counted,
    default_label,
)
from crossmargin.feeds.span.records import Faults
from crossmargin.feeds.span.xml_commodity import Ratios, read_commodity, read_inter_spreads
from crossmargin.feeds.span.xml_names import READ_CHILDREN
from crossmargin.feeds.span.xml_products import Products, read_exchange
from crossmargin.feeds.span.xml_tree import XML_RULE, Element, note_repeated, parse_xml
from crossmargin.margin.cme.span.parameters import (
    CombinedCommodity,
    CurrencyConversion,
    InterSpread,
    Settlement,
)

_ACCOUNTS: Mapping[str, str] = {
    **dict.fromkeys(("M", "MBR"), "member"),
    **dict.fromkeys(("H", "HEDGE", "NHRP"), "hedger"),
    **dict.fromkeys(("S", "SPEC", "HRP"), "speculator"),
}


def read_xml(content: bytes, *, file: str, label: str, sha256: str) -> LoadedSpan:
    """Read the bytes of an XML parameter file.

    Raises
    ------
    RefusedError
        With every fault, each with line and column.
    """
    faults = Faults(file, XML_RULE)
    root = parse_xml(content, faults)
    if root.name != "spanFile":
        root.fault(root.name, "the element spanFile around everything")
        raise RefusedError(*faults.all())
    point = _only(root, "pointInTime")
    complex_ = _only(point, "clearingOrg") if point else None
    if point is None or complex_ is None:
        raise RefusedError(*faults.all())
    keeping = Keeping()
    _keep_unread(root, keeping)
    drafts, products, spreads = _read_complex(complex_)
    contracts = products.contracts({draft.code: draft for draft in drafts})
    commodities = [draft.built(faults) for draft in drafts]
    business_date = _date(point)
    ec = complex_.get("ec")
    if faults.count or business_date is None:
        raise RefusedError(*faults.all())
    parameters = checked_parameters(
        faults,
        complex=ec,
        business_date=business_date,
        commodities=tuple(each for each in commodities if isinstance(each, CombinedCommodity)),
        contracts=tuple(contracts),
        inter_spreads=tuple(spreads),
        settlement=Settlement.SETTLEMENT
        if point.get("isSetl", "1") == "1"
        else Settlement.INTRADAY,
        conversions=tuple(_conversions(complex_)),
        label=label or default_label(ec, business_date, file),
    )
    return LoadedSpan(
        parameters=parameters,
        kept=tuple(keeping.records),
        kept_counts=dict(sorted(keeping.counts.items())),
        record_counts=counted(each.name for each in _everything(root)),
        form="xml",
        sha256=sha256,
    )


def _only(parent: Element, name: str) -> Element | None:
    found = list(parent.all(name))
    if len(found) != 1:
        parent.fault(parent.name, f"one element {name} in it, there are {len(found)}")
        return None
    return found[0]


def _date(point: Element) -> date | None:
    try:
        return datetime.strptime(point.get("date")[:8], "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        (point.first("date") or point).fault(point.get("date", ""), "a date as CCYYMMDD")
        return None


def _read_complex(complex_: Element) -> tuple[list[CommodityDraft], Products, list[InterSpread]]:
    products = Products()
    for exchange in complex_.all("exchange"):
        read_exchange(exchange, products)
    ratios = _ratios(complex_)
    drafts = []
    for each in complex_.all("ccDef"):
        try:
            drafts.append(read_commodity(each, products, ratios, complex_))
        except ValueError as error:
            each.fault(each.get("cc", ""), f"a combined commodity that can be ({error})")
    return drafts, products, read_inter_spreads(complex_)


def _ratios(complex_: Element) -> Ratios:
    """Return what each rate identifier stands for: a kind of account, maintenance or initial."""
    known: Ratios = {}
    note_repeated(complex_.all("pbRateDef"), "r")
    for each in complex_.all("pbRateDef"):
        account = _ACCOUNTS.get(each.get("acctType"))
        if account and each.get("isCust", "1") == "1":
            known[each.get("r")] = account, each.get("isM") == "1"
    return known


def _conversions(complex_: Element) -> Iterator[CurrencyConversion]:
    note_repeated(complex_.all("curConv"), "fromCur", "toCur")
    for each in complex_.all("curConv"):
        factor: Fraction = each.number("factor")
        yield CurrencyConversion(each.get("fromCur"), each.get("toCur"), factor)


def _keep_unread(element: Element, keeping: Keeping) -> None:
    known = READ_CHILDREN.get(element.name)
    if known is None:
        return
    for child in element.children:
        if child.name in known:
            _keep_unread(child, keeping)
        else:
            keeping.keep(child.line, f"{element.name}/{child.name}", child.text)


def _everything(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.name in READ_CHILDREN:
            yield child
            yield from _everything(child)

"""The SPAN requirement of one portfolio, in exact fractions.

Every customer is calculated alone (gross). The steps and their order stand in
``docs/methodology/span.md``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.cme.span.contracts import OptionRight, Period, SpanContract
from crossmargin.margin.cme.span.deltas import DeltaLedger
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.margin.cme.span.readings import (
    DEFAULT_READINGS,
    Account,
    DeliveryAfter,
    SpanReadings,
)
from crossmargin.margin.cme.span.results import (
    CommodityResult,
    FormedSpread,
    PeriodDelta,
    SpanResult,
    SpreadKind,
)
from crossmargin.margin.cme.span.scan import Position, scan_tiers
from crossmargin.margin.cme.span.spreading import CommodityBook, form_inter, form_intra
from crossmargin.margin.cme.span.spreads import (
    AccountRatios,
    DeliveryMethod,
    ShortOptionMethod,
)

_ZERO = Fraction(0)
_DOLLAR = "USD"


def span_margin(
    parameters: SpanParameters,
    positions: Iterable[Position],
    *,
    account: Account = Account.HEDGER,
    readings: SpanReadings = DEFAULT_READINGS,
) -> SpanResult:
    """Return the requirement of a portfolio with every component and every spread formed.

    Parameters
    ----------
    parameters : SpanParameters
    positions : iterable of (SpanContract, Fraction)
        Contracts of the set and signed quantities, parts of a contract allowed; several positions
        of one contract are netted.
    account : Account
        Whose ratios apply.
    readings : SpanReadings

    Raises
    ------
    RefusedError
        If a commodity held needs what is not calculated, an option has no price, a currency has no
        conversion to US dollars.
    """
    books = _books(parameters, positions, readings)
    _refuse_what_is_not_calculated(books, parameters)
    spreads: list[FormedSpread] = []
    supers, others = parameters.super_spreads, parameters.other_inter_spreads
    spreads.extend(form_inter(books, supers, SpreadKind.SUPER))
    for book in books.values():
        spreads.extend(form_intra(book))
    delivery = {code: _delivery_charge(book) for code, book in books.items()}
    spreads.extend(form_inter(books, others, SpreadKind.INTER))
    if readings.delivery_after is DeliveryAfter.INTER:
        delivery = {code: _delivery_charge(book) for code, book in books.items()}
    results = tuple(_result(book, delivery[code], account) for code, book in books.items())
    rates = _dollars_by_currency(parameters, {each.currency for each in results})
    return SpanResult(
        label=parameters.label,
        parameters_digest=parameters.digest,
        account=account,
        commodities=results,
        spreads=tuple(spreads),
        maintenance=_total(results, "maintenance", rates),
        initial=_total(results, "initial", rates),
        dollars_by_currency=tuple(sorted(rates.items())),
    )


def _books(
    parameters: SpanParameters, positions: Iterable[Position], readings: SpanReadings
) -> dict[str, CommodityBook]:
    net: dict[tuple[object, ...], Fraction] = defaultdict(Fraction)
    contracts: dict[tuple[object, ...], SpanContract] = {}
    for contract, quantity in positions:
        net[contract.key] += quantity
        contracts[contract.key] = contract
    held: dict[str, list[Position]] = defaultdict(list)
    for key in sorted(net):
        if net[key]:
            commodity = parameters.commodity_by_product[contracts[key].product]
            held[commodity.code].append((contracts[key], net[key]))
    books = {}
    for code in sorted(held):
        deltas: dict[Period, Fraction] = defaultdict(Fraction)
        for contract, quantity in held[code]:
            deltas[contract.period] += quantity * contract.delta
        commodity = parameters.commodity_by_code[code]
        books[code] = CommodityBook(commodity, held[code], readings, DeltaLedger(deltas))
    return books


def _refuse_what_is_not_calculated(
    books: dict[str, CommodityBook], parameters: SpanParameters
) -> None:
    refusals = [
        Refusal("combined commodity", code, f"one that is calculated: {text}", "SPAN: parameters")
        for code, book in books.items()
        for text in book.commodity.not_supported
    ]
    if refusals:
        raise RefusedError(*refusals)


def _delivery_charge(book: CommodityBook) -> Fraction:
    """Return the charge on what is in delivery: deltas used by spreads, and deltas left."""
    charge = book.commodity.delivery
    if charge.method is DeliveryMethod.TABLE:
        total = _ZERO
        for month in charge.months:
            left = abs(book.ledger.left.get(month.period, _ZERO))
            used = abs(book.ledger.held.get(month.period, _ZERO)) - left
            total += used * month.charge_spread + left * month.charge_outright
        return total
    if charge.method is DeliveryMethod.BASIS:
        spot = others = _ZERO
        for contract, quantity in book.positions:
            if contract.product.code == charge.basis_product:
                spot += quantity * contract.delta
            else:
                others += quantity * contract.delta
        return charge.basis_rate * (min(abs(spot), abs(others)) if spot * others < 0 else _ZERO)
    return _ZERO


def _short_option_minimum(book: CommodityBook) -> Fraction:
    shorts = dict.fromkeys(OptionRight, _ZERO)
    for contract, quantity in book.positions:
        if contract.option and quantity < 0:
            shorts[contract.option.right] -= quantity
    rule = book.commodity.short_option_minimum
    counted = max if rule.method is ShortOptionMethod.MAX else sum
    return rule.rate * Fraction(counted(shorts.values()))


@dataclass(frozen=True, slots=True)
class _OptionValues:
    long: Fraction = _ZERO
    short: Fraction = _ZERO


def _option_values(book: CommodityBook) -> _OptionValues:
    if book.commodity.futures_style_options:
        return _OptionValues()
    factors = {family.key: family.contract_value_factor for family in book.commodity.families}
    long = short = _ZERO
    refusals = []
    for contract, quantity in book.positions:
        if contract.option is None:
            continue
        factor = contract.contract_value_factor or factors[contract.product]
        if contract.settlement_price is None or factor is None:
            expected = "an option with a decimal settlement price and a contract value factor"
            refusals.append(Refusal("contract", contract.label, expected, "SPAN: option value"))
            continue
        value = quantity * contract.settlement_price * factor
        long, short = (long + value, short) if quantity > 0 else (long, short - value)
    if refusals:
        raise RefusedError(*refusals)
    return _OptionValues(long, short)


def _only_long_options(book: CommodityBook) -> bool:
    if book.commodity.futures_style_options:
        return False
    return all(contract.option and quantity > 0 for contract, quantity in book.positions)


def _result(book: CommodityBook, delivery: Fraction, account: Account) -> CommodityResult:
    commodity = book.commodity
    tiered = bool(commodity.scan_tiers)
    scans = scan_tiers(commodity, book.positions) if tiered else (book.price_risk(0).scan,)
    minimum = _short_option_minimum(book)
    values = _option_values(book)
    scanned = sum((tier.scan_risk for tier in scans), start=_ZERO)
    risk = max(scanned + book.intra_charge + delivery - book.inter_credit, minimum)
    if _only_long_options(book):
        risk = min(risk, values.long)
    maintenance = risk * _ratio(commodity.maintenance_adjustment, account)
    net_value = values.long - values.short
    return CommodityResult(
        code=commodity.code,
        name=commodity.name,
        currency=commodity.currency,
        scan_tiers=scans,
        price_risk=book.price_risk(0),
        intra_charge=book.intra_charge,
        delivery_charge=delivery,
        inter_credit=book.inter_credit,
        short_option_minimum=minimum,
        net_option_value=net_value,
        option_value_offset=min(net_value, risk) if commodity.cap_option_value else net_value,
        risk=risk,
        maintenance=maintenance,
        initial=maintenance * _ratio(commodity.initial_ratio, account),
        deltas=tuple(
            PeriodDelta(period, held, book.ledger.left[period])
            for period, held in book.ledger.held.items()
        ),
    )


def _ratio(ratios: AccountRatios, account: Account) -> Fraction:
    by_account = {
        Account.MEMBER: ratios.member,
        Account.HEDGER: ratios.hedger,
        Account.SPECULATOR: ratios.speculator,
    }
    return by_account[account]


def _dollars_by_currency(
    parameters: SpanParameters, currencies: Iterable[str]
) -> dict[str, Fraction]:
    known = {
        each.source: each.multiplier for each in parameters.conversions if each.target == _DOLLAR
    }
    rates, refusals = {_DOLLAR: Fraction(1)}, []
    for currency in sorted(currencies):
        if currency in known:
            rates[currency] = known[currency]
        elif currency != _DOLLAR:
            expected = "a conversion to USD in the file (type T, curConv)"
            refusals.append(Refusal("currency", currency, expected, "SPAN: currency conversion"))
    if refusals:
        raise RefusedError(*refusals)
    return rates


def _total(
    results: Iterable[CommodityResult], component: str, rates: dict[str, Fraction]
) -> Fraction:
    amounts = (
        (getattr(each, component) - each.option_value_offset) * rates[each.currency]
        for each in results
    )
    return max(_ZERO, sum(amounts, start=_ZERO))

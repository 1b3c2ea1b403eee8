"""The contracts that a margin day needs beside those held: fronts, the SOFR strip, equivalents."""

from __future__ import annotations

from datetime import date, timedelta

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.dates import add_months
from crossmargin.margin.cme.equivalents import (
    EquivalentRules,
    FuturesEquivalents,
    futures_equivalents,
)
from crossmargin.market.history import FloatArray
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.security_book import years_between
from crossmargin.pricing.street_dv01 import street_dv01s_per_100
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import (
    PRODUCTS,
    FuturesContract,
    ProductKind,
    first_delivery_day,
    reference_period,
)

_QUARTERLY_MONTHS = (3, 6, 9, 12)
_INTENTION_BUSINESS_DAYS = 2


def front_contracts(as_of: date, calendar: BusinessCalendar) -> tuple[FuturesContract, ...]:
    """Return the front contract of every Treasury product: the nearest not yet in delivery.

    A contract counts as in delivery from its first intention day, two business days before the
    first business day of its month.
    """
    year, month = as_of.year, as_of.month
    while True:
        if month in _QUARTERLY_MONTHS:
            probe = FuturesContract("ZN", year, month)
            intention = calendar.add_business_days(
                first_delivery_day(probe), -_INTENTION_BUSINESS_DAYS
            )
            if intention > as_of:
                break
        following = date(year, month, 28) + timedelta(days=4)
        year, month = following.year, following.month
    return tuple(
        FuturesContract(code, year, month)
        for code, product in PRODUCTS.items()
        if product.kind is ProductKind.TREASURY and product.delivers_in(year, month)
    )


def strip_contracts(
    as_of: date, calendar: BusinessCalendar, *, years: float
) -> tuple[FuturesContract, ...]:
    """Return the quarterly SOFR contracts from settlement on until they span some years."""
    settlement = calendar.next_business_day(as_of)
    strip: list[FuturesContract] = []
    quarter = date(as_of.year - 1, _QUARTERLY_MONTHS[-1], 1)
    end = settlement
    while years_between(settlement, end) < years:
        contract = FuturesContract("SR3", quarter.year, quarter.month)
        end = max(settlement, reference_period(contract)[1])
        if end > settlement:
            strip.append(contract)
        quarter = add_months(quarter, 3)
    return tuple(strip)


def day_equivalents(valuation: Valuation, rules: EquivalentRules) -> FuturesEquivalents:
    """Return every security of the day as futures-equivalents.

    Raises
    ------
    ValueError
        If the day was not prepared with the contracts of the SOFR strip, and the rules use it.
    """
    calendar = sifma_calendar()
    places = valuation.contract_index()
    front: dict[int, TreasuryFuture] = {}
    strip: dict[int, MoneyMarketFuture] = {}
    wanted = (
        *sorted(front_contracts(valuation.as_of, calendar), key=lambda c: places[c.code]),
        *strip_contracts(valuation.as_of, calendar, years=rules.strip_years),
    )
    for contract in wanted:
        if contract.code not in places:
            raise ValueError(f"the day was not prepared with {contract.code} of the SOFR strip")
        future = valuation.contracts[places[contract.code]]
        if isinstance(future, TreasuryFuture):
            front[places[contract.code]] = future
        else:
            strip[places[contract.code]] = future
    return futures_equivalents(
        valuation.book,
        front,
        security_dv01s(valuation),
        rules=rules,
        strip=strip,
        discount_factors=valuation.curve.discount_factors(valuation.book.flow_years),
    )


def security_dv01s(valuation: Valuation) -> FloatArray:
    """Return dollars per basis point of own yield of $100 of par, settled the next business day."""
    return street_dv01s_per_100(
        [price.security for price in valuation.book.prices],
        settlement=valuation.settlement,
        dirty_per_100=valuation.book.dirty,
    )

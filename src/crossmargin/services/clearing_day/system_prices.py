"""The exact prices that a day's positions are marked at, made from its prepared market.

FICC's system prices and CME's settlement prices are not public for the days looked at. Securities
take the price sheet of the day, quoted or derived (ruling 20). Futures have no quotes in 2026: they
take the model's price (ruling 17), rounded to the contract's tick. Every price carries its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.history import MarketData, PriceSheet, RateHistory
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.stir import (
    MissingFixing,
    flat_overnight_rate_pct,
    settlement_price,
    settlement_rate_pct,
)
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract, ProductKind, reference_period
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.margin_day import MarginDay
from crossmargin.settlement.prices import PriceSource, SettlementPrice, SystemPrice
from crossmargin.settlement.rules import OvernightRate, SettlementRules
from crossmargin.settlement.ticks import on_tick, settlement_tick_points

_SIX_PLACES = Decimal("0.000001")
_RATE_PLACES = Decimal("1e-12")
_PER_CENT = 100
#: What has no clean price in nominal dollars: an index ratio or floating coupons are missing.
_NOT_PRICED = (SecurityKind.TIPS, SecurityKind.FRN)


@dataclass(frozen=True, slots=True)
class PublishedRates:
    """Daily rates in per cent, exactly as published, and from when on they are assumed.

    Parameters
    ----------
    rates_pct : mapping of date to Decimal
    assumed_after : date
        The last day with a published rate.
    """

    rates_pct: Mapping[date, Decimal]
    assumed_after: date

    def on(self, day: date) -> Fraction:
        """Return the rate of a day, or the last one before it (ruling 33).

        Raises
        ------
        RefusedError
            If there is none yet.
        """
        if day in self.rates_pct:
            return Fraction(self.rates_pct[day])
        earlier = [each for each in self.rates_pct if each < day]
        if not earlier:
            raise RefusedError(
                Refusal("date", day.isoformat(), "a date with an overnight rate", "ruling 33")
            )
        return Fraction(self.rates_pct[max(earlier)])


@dataclass(frozen=True, slots=True)
class SystemPrices:
    """All prices of one day's marks.

    Parameters
    ----------
    as_of : date
    securities : mapping of CUSIP to SystemPrice
    contracts : mapping of contract code to SettlementPrice
    derived_from : date or None
        The sheet that derived security prices come from.
    simulated : bool
    """

    as_of: date
    securities: Mapping[str, SystemPrice] = field(repr=False)
    contracts: Mapping[str, SettlementPrice] = field(repr=False)
    derived_from: date | None = None
    simulated: bool = False


def system_prices(day: MarginDay, market: MarketData, rules: SettlementRules) -> SystemPrices:
    """Return the prices of a prepared day.

    Parameters
    ----------
    day : MarginDay
    market : MarketData
        The day's: the rates so far of contracts inside their reference period come from it.
    rules : SettlementRules
    """
    rates = {kind: published_rates(market, kind, rules) for kind in OvernightRate}
    contracts = (_settlement_price(future, day.as_of, rates) for future in day.valuation.contracts)
    return SystemPrices(
        as_of=day.as_of,
        securities=security_system_prices(day.prices),
        contracts={price.contract.code: price for price in contracts},
        derived_from=day.prices.derived_from,
        simulated=day.simulated,
    )


def security_system_prices(sheet: PriceSheet) -> dict[str, SystemPrice]:
    """Return the system price of every security of a sheet: sell, or buy where sell is 0."""
    source = PriceSource.DERIVED_SHEET if sheet.derived_from else PriceSource.QUOTED_SHEET
    found = {}
    for cusip, quote in sorted(sheet.prices.items()):
        clean = quote.sell_clean_per_100 or quote.buy_clean_per_100
        if clean and quote.security.kind not in _NOT_PRICED:
            exact = clean.quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN)
            found[cusip] = SystemPrice(quote.security, exact, source)
    return found


def final_settlement_price(
    contract: FuturesContract, market: MarketData, rules: SettlementRules
) -> SettlementPrice:
    """Return the final settlement price of a cash-settled contract from the rates of its period.

    Parameters
    ----------
    contract : FuturesContract
        SR3, SR1 or ZQ, past its reference period.
    market : MarketData
    rules : SettlementRules

    Raises
    ------
    RefusedError
        If no rate stands before the period.
    """
    rates = published_rates(market, _rate_of(contract), rules)
    _, end = reference_period(contract)
    price = settlement_price(
        contract, rates.rates_pct, calendar=sifma_calendar(), missing=MissingFixing.FORWARD
    )
    last = sifma_calendar().previous_business_day(end)
    made = PriceSource.PUBLISHED_RATES if last <= rates.assumed_after else PriceSource.ASSUMED_RATES
    return SettlementPrice(contract, price, made)


def published_rates(
    market: MarketData, kind: OvernightRate, rules: SettlementRules
) -> PublishedRates:
    """Return SOFR or the effective federal funds rate, the latter continued from the target.

    After the last published effective rate every business day of the target's history has its
    upper end less ``effective_under_upper_target_pct`` (ruling 19, assumed).
    """
    if kind is OvernightRate.SOFR:
        rates = _as_published(market.sofr)
        return PublishedRates(rates, max(rates, default=date.min))
    rates = _as_published(market.effective_fed_funds)
    last = max(rates, default=date.min)
    under = _decimal(rules.effective_under_upper_target_pct)
    assumed = {
        day: upper - under
        for day, upper in _as_published(market.fed_funds_target).items()
        if day > last
    }
    return PublishedRates({**rates, **assumed}, last)


def target_rate_pct(market: MarketData, day: date, rules: SettlementRules) -> Fraction:
    """Return the federal funds target of a day, the lower end of its range, in per cent.

    Raises
    ------
    RefusedError
        If no target is known yet.
    """
    upper = PublishedRates(_as_published(market.fed_funds_target), day).on(day)
    return upper - rules.target_band_width_pct


def _as_published(history: RateHistory) -> dict[date, Decimal]:
    # The shortest decimal that is the float read from the table: the digits that were published.
    days: list[date] = history.dates.astype(object).tolist()
    return {
        day: Decimal(repr(rate))
        for day, rate in zip(days, history.rates_pct.tolist(), strict=True)
        if not np.isnan(rate)
    }


def _settlement_price(
    future: TreasuryFuture | MoneyMarketFuture,
    as_of: date,
    rates: Mapping[OvernightRate, PublishedRates],
) -> SettlementPrice:
    contract = future.contract
    tick = settlement_tick_points(contract, as_of)
    if isinstance(future, TreasuryFuture):
        source = PriceSource.MODEL_PROXY if future.proxy_of else PriceSource.MODEL_DELIVERY
        return SettlementPrice(contract, on_tick(Fraction(future.price), tick), source)
    price = _PER_CENT - _forward_rate_pct(future, as_of, rates[_rate_of(contract)])
    return SettlementPrice(contract, on_tick(price, tick), PriceSource.MODEL_FORWARD)


def _forward_rate_pct(future: MoneyMarketFuture, as_of: date, rates: PublishedRates) -> Fraction:
    """Return the rate of the whole reference period: rates so far, then the model's forward."""
    calendar = sifma_calendar()
    start, end = reference_period(future.contract)
    ahead_from = max(start, calendar.next_business_day(as_of))
    forward = Decimal(future.rate * _PER_CENT).quantize(_RATE_PLACES, rounding=ROUND_HALF_EVEN)
    if ahead_from >= end:
        ahead: dict[date, Decimal] = {}
    elif future.contract.specification.kind is ProductKind.SOFR_3M:
        if start == ahead_from:
            # Nothing is fixed: the forward is the rate of the period.
            return Fraction(forward)
        days = calendar.business_days(ahead_from, end)
        counts = [
            (min(calendar.next_business_day(day), end) - day).days for day in days if day < end
        ]
        flat = flat_overnight_rate_pct(forward, counts)
        ahead = dict.fromkeys((day for day in days if day < end), flat)
    else:
        first = calendar.on_or_before(ahead_from)
        ahead = {day: forward for day in calendar.business_days(first, end) if day < end}
    known = {day: rate for day, rate in rates.rates_pct.items() if day < ahead_from}
    return settlement_rate_pct(
        future.contract, {**known, **ahead}, calendar=calendar, missing=MissingFixing.FORWARD
    )


def _rate_of(contract: FuturesContract) -> OvernightRate:
    is_fed_funds = contract.specification.kind is ProductKind.FED_FUNDS
    return OvernightRate.EFFECTIVE_FED_FUNDS if is_fed_funds else OvernightRate.SOFR


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)

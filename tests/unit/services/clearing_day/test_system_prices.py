"""Exact prices of a prepared day: on their tick, on six decimals, each with its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.market.history import MarketData, PriceSheet, RateHistory
from crossmargin.pricing.futures_value import MoneyMarketFuture
from crossmargin.pricing.stir import MissingFixing, settlement_price
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract, reference_period
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.clearing_day.system_prices import (
    final_settlement_price,
    published_rates,
    security_system_prices,
    system_prices,
    target_rate_pct,
)
from crossmargin.services.margin_day import MarginDay
from crossmargin.settlement.prices import PriceSource
from crossmargin.settlement.rules import OvernightRate, SettlementRules
from crossmargin.settlement.ticks import settlement_tick_points
from crossmargin.testing.builders import (
    AS_OF,
    SMALL_SHEET,
    note_or_bond,
    quoted,
    small_valuation,
)

RULES = SettlementRules.from_parameters(parameter_registry().set_of("settlement", AS_OF))


def history(rates: dict[date, float]) -> RateHistory:
    days = np.array(sorted(rates), dtype="datetime64[D]")
    return RateHistory(days, np.array([rates[day] for day in sorted(rates)]))


def test_every_price_of_a_day_is_exact_and_says_where_it_comes_from(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    prices = system_prices(simulated_day, simulated_market, RULES)
    assert prices.simulated
    assert prices.derived_from is None
    assert set(prices.contracts) == set(simulated_day.valuation.contract_index())
    for future in simulated_day.valuation.contracts:
        price = prices.contracts[future.contract.code]
        tick = settlement_tick_points(future.contract, AS_OF)
        assert price.price % tick == 0
        if isinstance(future, MoneyMarketFuture):
            assert price.source is PriceSource.MODEL_FORWARD
        else:
            assert abs(float(price.price) - future.price) <= float(tick) / 2
    for cusip, quote in simulated_day.prices.prices.items():
        if quote.security.kind in (SecurityKind.NOTE, SecurityKind.BOND):
            assert prices.securities[cusip].clean_price_per_100 == quote.sell_clean_per_100
            assert prices.securities[cusip].source is PriceSource.QUOTED_SHEET


def test_a_contract_of_a_later_period_settles_at_the_models_forward(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    prices = system_prices(simulated_day, simulated_market, RULES)
    ahead = [
        future
        for future in simulated_day.valuation.contracts
        if isinstance(future, MoneyMarketFuture) and future.remaining_share == 1.0
    ]
    assert ahead
    for future in ahead:
        tick = settlement_tick_points(future.contract, AS_OF)
        model = 100.0 - future.rate * 100.0
        assert abs(float(prices.contracts[future.contract.code].price) - model) <= float(tick) / 2


def test_a_contract_in_its_period_settles_at_rates_so_far_and_the_forward(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    # A market whose SOFR is 3 per cent on every day so far: SR3 compounds it, SR1 averages.
    calendar = sifma_calendar()
    days = calendar.business_days(date(2026, 2, 27), AS_OF)
    market = replace(simulated_market, sofr=history(dict.fromkeys(days, 3.0)))
    valuation = small_valuation([FuturesContract("SR3", 2026, 3), FuturesContract("SR1", 2026, 3)])
    prices = system_prices(replace(simulated_day, valuation=valuation), market, RULES)
    for future in valuation.contracts:
        assert isinstance(future, MoneyMarketFuture)
        start, end = reference_period(future.contract)
        total, left = (end - start).days, (end - date(2026, 3, 25)).days
        if future.compounded:
            realised = 1.0
            for day in calendar.business_days(start, AS_OF):
                realised *= 1.0 + 0.03 * (calendar.next_business_day(day) - day).days / 360.0
            growth = realised * (1.0 + future.rate * left / 360.0)
            rate = (growth - 1.0) * 360.0 / total
        else:
            rate = (0.03 * (total - left) + future.rate * left) / total
        tick = float(settlement_tick_points(future.contract, AS_OF))
        price = prices.contracts[future.contract.code]
        assert float(price.price) == pytest.approx(100.0 * (1.0 - rate), abs=tick / 2 + 1e-9)
        assert abs(float(price.price) - 100.0 * (1.0 - future.rate)) > 2 * tick


def test_derived_sheets_are_labelled_and_what_has_no_nominal_price_is_left_out() -> None:
    security = note_or_bond(9, maturity_date=date(2033, 2, 15))
    tips = replace(security, kind=SecurityKind.TIPS)
    unquoted = quoted(note_or_bond(8, maturity_date=date(2033, 2, 15)), "0")
    extra = {"T": quoted(tips, "99"), "U": unquoted}
    sheet = PriceSheet(AS_OF, {**SMALL_SHEET, **extra}, derived_from=date(2026, 3, 20))
    found = security_system_prices(sheet)
    assert set(found) == set(SMALL_SHEET)
    assert {price.source for price in found.values()} == {PriceSource.DERIVED_SHEET}


def test_the_effective_rate_is_continued_from_the_target_and_says_from_when(
    simulated_market: MarketData,
) -> None:
    market = replace(
        simulated_market,
        effective_fed_funds=history({date(2026, 4, 30): 3.64}),
        fed_funds_target=history({date(2026, 4, 30): 3.75, date(2026, 5, 1): 3.75}),
    )
    rates = published_rates(market, OvernightRate.EFFECTIVE_FED_FUNDS, RULES)
    assert rates.rates_pct == {
        date(2026, 4, 30): Decimal("3.64"),
        date(2026, 5, 1): Decimal("3.63"),
    }
    assert rates.assumed_after == date(2026, 4, 30)
    assert rates.on(date(2026, 5, 3)) == Fraction("3.63")
    assert target_rate_pct(market, date(2026, 5, 1), RULES) == Fraction("3.5")
    with pytest.raises(RefusedError, match="overnight rate"):
        rates.on(date(2026, 4, 29))


@pytest.mark.parametrize(
    ("last", "source"),
    [
        (date(2026, 5, 29), PriceSource.PUBLISHED_RATES),
        (date(2026, 5, 28), PriceSource.ASSUMED_RATES),
    ],
)
def test_a_final_settlement_says_whether_its_rates_were_published(
    simulated_market: MarketData, last: date, source: PriceSource
) -> None:
    days = sifma_calendar().business_days(date(2026, 4, 30), last)
    rates = {day: 3.6 + 0.01 * (day.day % 7) for day in days}
    rates = {day: round(rate, 2) for day, rate in rates.items()}
    target = dict.fromkeys(sifma_calendar().business_days(date(2026, 4, 30), AS_OF), 3.75)
    target[date(2026, 5, 29)] = 3.75
    market = replace(
        simulated_market, effective_fed_funds=history(rates), fed_funds_target=history(target)
    )
    contract = FuturesContract("ZQ", 2026, 5)
    final = final_settlement_price(contract, market, RULES)
    assert final.source is source
    fixings = {day: Decimal(str(rate)) for day, rate in rates.items()}
    fixings.setdefault(date(2026, 5, 29), Decimal("3.63"))
    assert final.price == settlement_price(
        contract, fixings, calendar=sifma_calendar(), missing=MissingFixing.REFUSE
    )

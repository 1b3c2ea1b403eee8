"""Derived prices: the last sheet's spreads on the curve of another day, and the one-year cliff."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from crossmargin.arrangement.eligibility import IneligibleCode
from crossmargin.basics.dates import add_months
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.factors import curve_points
from crossmargin.market.history import MarketData, PriceSheet, SecurityPrice
from crossmargin.pricing.security_book import SecurityBook, security_book, years_between
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.derived_prices import derived_price_sheet, with_derived_prices
from crossmargin.services.margin_positions import MarginRun, PositionsInput, margin_positions
from crossmargin.services.market_readings import fitted_curve
from crossmargin.testing.builders import AS_OF, position

SHEET_DATE = date(2026, 1, 20)


@pytest.fixture(scope="module")
def market(simulated_market: MarketData) -> MarketData:
    """The demo's market with its one sheet two months earlier, an FRN and an unquoted side."""
    prices = dict(simulated_market.price_sheets[AS_OF].prices)
    bill = next(p for p in prices.values() if p.security.kind is SecurityKind.BILL)
    late = max(
        (p for p in prices.values() if p.security.kind is SecurityKind.NOTE),
        key=lambda p: p.security.maturity_date,
    )
    floating = replace(late.security, kind=SecurityKind.FRN, coupon_pct=Decimal(0))
    prices[late.security.cusip.text] = SecurityPrice(floating, Decimal(100), Decimal("100.1"))
    bond = next(p for p in prices.values() if p.security.kind is SecurityKind.BOND)
    prices[bond.security.cusip.text] = SecurityPrice(
        bond.security, bond.buy_clean_per_100 or bond.sell_clean_per_100, Decimal(0)
    )
    prices[bill.security.cusip.text] = replace(
        bill,
        buy_clean_per_100=Decimal("99.5"),
        sell_clean_per_100=Decimal("99.5625"),
    )
    return replace(simulated_market, price_sheets={SHEET_DATE: PriceSheet(SHEET_DATE, prices)})


@pytest.fixture(scope="module")
def derived(market: MarketData) -> PriceSheet:
    return derived_price_sheet(market, AS_OF)


def book(market: MarketData, day: date, prices: Mapping[str, SecurityPrice]) -> SecurityBook:
    curve = fitted_curve(curve_points(market.par_yields), market.sofr, day)
    return security_book(day, sifma_calendar().next_business_day(day), curve, prices)


def test_its_own_sheet_comes_back(market: MarketData) -> None:
    again = derived_price_sheet(market, SHEET_DATE, source=SHEET_DATE)
    quoted = market.price_sheets[SHEET_DATE].prices
    left = [cusip for cusip, p in quoted.items() if p.security.maturity_date > SHEET_DATE]
    assert sorted(again.prices) == sorted(left)
    for cusip in left:
        for side in ("buy_clean_per_100", "sell_clean_per_100"):
            difference = getattr(again.prices[cusip], side) - getattr(quoted[cusip], side)
            assert abs(difference) <= Decimal("0.0000005")


def test_every_note_and_bond_keeps_its_spread(market: MarketData, derived: PriceSheet) -> None:
    then = book(market, SHEET_DATE, market.price_sheets[SHEET_DATE].prices)
    now = book(market, AS_OF, derived.prices)
    before = then.index()
    assert derived.price_date == AS_OF
    assert derived.derived_from == SHEET_DATE
    compared = 0
    for row, price in enumerate(now.prices):
        if now.remaining_years[row] > 0.5:
            spread = then.spreads[before[price.security.cusip.text]]
            assert now.spreads[row] == pytest.approx(spread, abs=2e-8)
            compared += 1
    assert compared > 100
    moved = [
        abs(p.sell_clean_per_100 - market.price_sheets[SHEET_DATE].prices[c].sell_clean_per_100)
        for c, p in derived.prices.items()
    ]
    assert max(moved) > 1


def test_a_bill_is_one_payment_at_its_spread(market: MarketData, derived: PriceSheet) -> None:
    source = market.price_sheets[SHEET_DATE].prices
    cusip = next(c for c, p in source.items() if p.sell_clean_per_100 == Decimal("99.5625"))
    maturity = source[cusip].security.maturity_date
    logs = []
    for day in (SHEET_DATE, AS_OF):
        curve = fitted_curve(curve_points(market.par_yields), market.sofr, day)
        years = years_between(sifma_calendar().next_business_day(day), maturity)
        logs.append((years, float(curve.rates_at(np.array([years]))[0])))
    (then_years, then_rate), (now_years, now_rate) = logs
    spread = -math.log(0.995625) / then_years - then_rate
    expected = 100 * math.exp(-(now_rate + spread) * now_years)
    price = derived.prices[cusip]
    assert float(price.sell_clean_per_100) == pytest.approx(expected, abs=1e-6)
    assert price.sell_clean_per_100 - price.buy_clean_per_100 == Decimal("0.0625")


def test_what_cannot_be_derived_stays_or_drops_out(market: MarketData, derived: PriceSheet) -> None:
    source = market.price_sheets[SHEET_DATE].prices
    gone = {cusip for cusip, p in source.items() if p.security.maturity_date <= AS_OF}
    assert set(derived.prices) == set(source) - gone
    floating = [c for c, p in source.items() if p.security.kind is SecurityKind.FRN]
    assert floating
    assert all(derived.prices[cusip] == source[cusip] for cusip in floating)
    one_sided = [c for c, p in source.items() if not p.sell_clean_per_100]
    assert one_sided
    for cusip in one_sided:
        assert derived.prices[cusip].sell_clean_per_100 == 0
        assert derived.prices[cusip].buy_clean_per_100 != source[cusip].buy_clean_per_100


def test_prices_are_whole_millionths(derived: PriceSheet) -> None:
    for price in derived.prices.values():
        assert price.sell_clean_per_100 * 1_000_000 % 1 == 0


def test_a_date_with_its_own_sheet_is_left_alone(simulated_market: MarketData) -> None:
    assert with_derived_prices(simulated_market, AS_OF) is simulated_market


def test_a_derived_sheet_is_never_a_source(market: MarketData) -> None:
    day = AS_OF - timedelta(days=7)
    once = with_derived_prices(market, day)
    assert once.digest == market.digest
    assert once.price_sheets[day].derived_from == SHEET_DATE
    assert with_derived_prices(once, AS_OF).price_sheets[AS_OF].derived_from == SHEET_DATE


@pytest.mark.parametrize(
    ("day", "rule"),
    [(date(2026, 1, 16), "ruling 20"), (date(2026, 3, 21), "ruling 33")],
)
def test_no_earlier_sheet_and_no_curve_are_refused(
    market: MarketData, day: date, rule: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        derived_price_sheet(market, day)
    assert [refusal.rule for refusal in caught.value.refusals] == [rule]


def margined(market: MarketData, day: date, cusip: str) -> MarginRun:
    line = position("HOLDER", cusip, 200_000_000)
    return margin_positions(
        PositionsInput("positions.csv", "0" * 64, 1, (line,), ()),
        with_derived_prices(market, day),
        parameter_sets(day),
        ThreadExecutor(workers=1),
        as_of=day,
    )


def test_a_note_leaves_the_account_when_it_has_a_year_to_run(market: MarketData) -> None:
    """On the day it matures no later than the same day a year on (ruling 13): the cliff."""
    days = [day.astype(date) for day in market.par_yields.dates]
    days = [day for day in days if SHEET_DATE < day <= AS_OF]
    ends = {
        price.security.maturity_date: cusip
        for cusip, price in market.price_sheets[SHEET_DATE].prices.items()
        if price.security.kind is SecurityKind.NOTE
    }
    before, after = next(
        (one, two)
        for one, two in pairwise(days)
        if any(one < _a_year_before(end) <= two for end in ends)
    )
    cusip = next(c for end, c in ends.items() if before < _a_year_before(end) <= after)
    inside, outside = (margined(market, day, cusip).result.customers[0] for day in (before, after))
    assert not inside.ineligible
    assert [reason.code for reason in outside.ineligible[0].reasons] == [
        IneligibleCode.SHORT_MATURITY
    ]
    assert inside.requirement.ficc.figures.three.securities.cents > 0
    assert inside.requirement.ficc.outside.cents == 0
    assert outside.requirement.ficc.figures.three.securities.cents == 0
    # From the simulation to the haircut of its bucket, of market value.
    assert outside.ficc.outside["haircut"] > 0
    assert outside.requirement.ficc.outside.cents > 0


def _a_year_before(day: date) -> date:
    return add_months(day, -12)

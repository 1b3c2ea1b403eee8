"""Full revaluation against QuantLib: the same zero rates, shifted, and the same spread.

QuantLib builds its own curves and discounts its own schedules; nothing of ours but zero rates at
payment dates and the spread goes in. Times are actual/365.25 on our side, so QuantLib's curve is
given rates rescaled to its own actual/365. Tolerance: 2e-6 dollars per $100. Ours are changes on
two grids (cash flows 2^-17, discount factors 2^-29), which may move a thirty-year bond by half a
step of each of sixty flows times the change of its discount factor (1.1e-6 here); without the
grids the two agree to 1e-9, which is tested first.
"""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its own documentation's name

from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.treasury import cash_flows_per_100
from crossmargin.testing.builders import (
    curve_of,
    note_or_bond,
    price_sheet,
    quoted,
    random_scenarios,
    small_valuation,
)

TOLERANCE_DOLLARS = 2e-6
UNROUNDED_TOLERANCE_DOLLARS = 1e-9
GRID = list(
    itertools.product(
        (
            date(2027, 4, 30),
            date(2028, 2, 29),
            date(2031, 3, 31),
            date(2036, 2, 15),
            date(2045, 11, 15),
            date(2056, 2, 15),
        ),
        ("0.375", "4.125", "6.25"),
    )
)
SCENARIOS = 10


def to_quantlib(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    prices = [
        quoted(
            note_or_bond(number, maturity_date=maturity, coupon_pct=coupon),
            f"{100 + (float(coupon) - 4.2) * min(16.0, (maturity.year - 2026) * 0.85):.4f}",
        )
        for number, (maturity, coupon) in enumerate(GRID, start=1)
    ]
    return small_valuation(
        [], prices=price_sheet(prices), curve=curve_of([0.036, 0.039, 0.044, 0.047])
    )


@pytest.fixture(scope="module")
def scenarios() -> ScenarioSet:
    return random_scenarios(SCENARIOS, seed=8, daily_bp=25.0)


def quantlib_bond(valuation: Valuation, row: int) -> ql.FixedRateBond:
    security = valuation.book.prices[row].security
    maturity = to_quantlib(security.maturity_date)
    schedule = ql.Schedule(
        to_quantlib(valuation.settlement) - ql.Period(1, ql.Years),
        maturity,
        ql.Period(ql.Semiannual),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        ql.Date.isEndOfMonth(maturity),
    )
    day_count = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    return ql.FixedRateBond(0, 100.0, schedule, [float(security.coupon_pct) / 100], day_count)


def quantlib_curve(
    valuation: Valuation, scenarios: ScenarioSet, scenario: int | None
) -> ql.YieldTermStructureHandle:
    """Return a curve with a node at every payment date: no interpolation is left to differ."""
    settlement = valuation.settlement
    days = sorted(
        {
            flow.date
            for price in valuation.book.prices
            for flow in cash_flows_per_100(price.security, after=settlement)
        }
    )
    years = np.array([(day - settlement).days / 365.25 for day in days])
    rates = np.interp(years, valuation.curve.knot_years, valuation.curve.rates)
    if scenario is not None:
        rates = rates + np.interp(years, scenarios.key_years, scenarios.key_rates[scenario])
    rates = rates * 365.0 / 365.25
    curve = ql.ZeroCurve(
        [to_quantlib(day) for day in (settlement, *days)],
        [float(rates[0]), *rates.tolist()],
        ql.Actual365Fixed(),
        ql.NullCalendar(),
        ql.Linear(),
        ql.Continuous,
    )
    return ql.YieldTermStructureHandle(curve)


def quantlib_dirty(
    valuation: Valuation, scenarios: ScenarioSet, row: int, scenario: int | None, spread: float
) -> float:
    quote = ql.QuoteHandle(ql.SimpleQuote(spread * 365.0 / 365.25))
    spreaded = ql.ZeroSpreadedTermStructure(
        quantlib_curve(valuation, scenarios, scenario), quote, ql.Continuous, ql.NoFrequency
    )
    bond = quantlib_bond(valuation, row)
    bond.setPricingEngine(ql.DiscountingBondEngine(ql.YieldTermStructureHandle(spreaded)))
    return float(bond.dirtyPrice())


@pytest.fixture(autouse=True)
def evaluation_date(valuation: Valuation) -> None:
    ql.Settings.instance().evaluationDate = to_quantlib(valuation.settlement)


def test_at_its_spread_each_bond_is_worth_its_quote(
    valuation: Valuation, scenarios: ScenarioSet
) -> None:
    assert valuation.settlement - valuation.as_of == timedelta(days=1)
    for row, (spread, dirty) in enumerate(
        zip(valuation.book.spreads, valuation.book.dirty, strict=True)
    ):
        theirs = quantlib_dirty(valuation, scenarios, row, None, float(spread))
        assert theirs == pytest.approx(dirty, abs=UNROUNDED_TOLERANCE_DOLLARS)


def test_revaluation_agrees_under_every_shifted_curve(
    valuation: Valuation, scenarios: ScenarioSet
) -> None:
    pnl = instrument_pnl(valuation, scenarios, repo_follows_front=1.0).securities
    assert np.abs(pnl).max() > 5.0
    for row, scenario in itertools.product(range(len(GRID)), range(SCENARIOS)):
        spread = float(valuation.book.spreads[row])
        moved = quantlib_dirty(valuation, scenarios, row, scenario, spread)
        change = moved - float(valuation.book.dirty[row])
        assert pnl[row, scenario] == pytest.approx(change, abs=TOLERANCE_DOLLARS)

"""FICC's charges outside the VaR Charge in a run: where they stand, and what is named missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.eligibility import EligibilityRules, recognise
from crossmargin.arrangement.reduction import reduced_by
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.ficc.charge_history import ChargeHistory, ChargeRow
from crossmargin.margin.ficc.higher_of import FiccCycle
from crossmargin.product.position import Account, PositionLine
from crossmargin.services.customer_books import customer_books
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import CustomerResult, margin_customers
from crossmargin.testing.builders import AS_OF, position

KEY = CustomerKey("BD-FCM", "A")
BILLION = Money(1_000_000_000_00)


@pytest.fixture(scope="module")
def note(simulated_day: MarginDay) -> str:
    future = next(f for f in simulated_day.valuation.contracts if f.contract.code == "ZNM26")
    return simulated_day.valuation.book.prices[future.cheapest_row].security.cusip.text


def margined(
    day: MarginDay,
    inputs: ChargeInputs,
    *lines: PositionLine,
    ficc: Mapping[str, str] | None = None,
) -> CustomerResult:
    # The charges' parameters are read from the day's sets; no model is prepared from them.
    parameters = day.parameters.changing({"ficc": ficc or {}}, reason="test")
    changed = replace(day, parameters=parameters)
    recognition = recognise(
        lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
    )
    books = customer_books(changed, recognition)
    return margin_customers(changed, books, ThreadExecutor(1), charges=inputs).customers[0]


def hedged(note: str) -> tuple[PositionLine, ...]:
    return position("A", note, 800_000_000), position("A", "ZNM6", -3_000)


def history(*rows: ChargeRow) -> ChargeInputs:
    return ChargeInputs(Cycle.EOD, {KEY: ChargeHistory.of(rows)})


def test_without_a_history_what_needs_one_is_named(simulated_day: MarginDay, note: str) -> None:
    result = margined(simulated_day, ChargeInputs(), *hedged(note))
    assert {each.name for each in result.not_computed} == {
        "portfolio_differential",
        "backtesting",
    }
    assert dict(result.requirement.ficc.add_ons) == {}
    at_noon = margined(simulated_day, ChargeInputs(Cycle.ITD), *hedged(note))
    assert "intraday_mark_to_market" in {each.name for each in at_noon.not_computed}


def test_a_customer_without_securities_misses_nothing(simulated_day: MarginDay) -> None:
    result = margined(simulated_day, ChargeInputs(), position("A", "ZNM6", -10))
    assert result.not_computed == ()


def test_a_special_charge_is_collected_unreduced_once(simulated_day: MarginDay, note: str) -> None:
    special = Money(777_777_77)
    row = ChargeRow(AS_OF, FiccCycle.SOD, special_charge=special)
    base = margined(simulated_day, ChargeInputs(), *hedged(note)).requirement
    charged = margined(simulated_day, history(row), *hedged(note)).requirement
    assert charged.ficc.add_ons["special_charge"] == special
    assert charged.requirement - base.requirement == special
    assert charged.standalone - base.standalone == special
    assert charged.ficc.saving == base.ficc.saving


def test_outside_the_account_it_is_charged_where_the_securities_are(
    simulated_day: MarginDay, note: str
) -> None:
    special = Money(777_777_77)
    inputs = history(ChargeRow(AS_OF, FiccCycle.SOD, special_charge=special))
    lines = (position("A", note, 800_000_000, account=Account.REGULAR),)
    base = margined(simulated_day, ChargeInputs(), *lines).requirement
    charged = margined(simulated_day, inputs, *lines).requirement
    assert charged.ficc.outside - base.ficc.outside == special
    assert charged.requirement - base.requirement == special


def test_the_higher_cycle_counts_less_the_same_reduction(
    simulated_day: MarginDay, note: str
) -> None:
    """FICC's example in small: a need above FICC's own, then the higher charge at both cycles."""
    base = margined(simulated_day, ChargeInputs(), *hedged(note)).requirement
    noon = Money(3 * base.ficc.figures.three.securities.cents)
    rows = (
        ChargeRow(
            date(2026, 3, 20),
            FiccCycle.SOD,
            liquidity_need=Money(100 * BILLION.cents),
            daily_liquidity_need=Money(80 * BILLION.cents),
        ),
        ChargeRow(AS_OF, FiccCycle.NOON, var_charge=noon),
    )
    on = {"higher_of": "large_indirect_participants"}
    charged = margined(simulated_day, history(*rows), *hedged(note), ficc=on).requirement
    reduction = charged.reduction.reduction
    assert reduction > 0
    expected = reduced_by(noon, reduction) - charged.reduction.ficc_requirement
    assert charged.ficc.higher_of == expected > ZERO
    assert charged.ficc.requirement == charged.ficc.reduced + expected
    assert charged.ficc.standalone == noon
    assert charged.ficc.split_cost == ZERO
    off = margined(simulated_day, history(*rows), *hedged(note)).requirement
    assert off.ficc.higher_of == ZERO
    lower = replace(rows[1], var_charge=Money(1_00))
    same = margined(simulated_day, history(rows[0], lower), *hedged(note), ficc=on).requirement
    assert same.ficc.higher_of == ZERO


def test_a_volatility_event_is_a_share_of_each_portfolios_own_charge(
    simulated_day: MarginDay, note: str
) -> None:
    # End-of-day positions are collected the next business day.
    event = {"volatility_events": "2026-03-25: 0.10"}
    lines = (*hedged(note), position("A", note, 100_000_000, account=Account.REGULAR))
    charged = margined(simulated_day, ChargeInputs(), *lines, ficc=event).requirement
    base = margined(simulated_day, ChargeInputs(), *lines).requirement
    xm = charged.ficc.add_ons["volatility_event"]
    assert xm.cents == -(-base.ficc.figures.three.securities.cents // 10)
    assert (charged.ficc.outside - base.ficc.outside).cents == -(-base.ficc.outside.cents // 10)


def test_a_position_of_many_days_volume_pays_the_liquidity_adjustment(
    simulated_day: MarginDay, note: str
) -> None:
    small = margined(simulated_day, ChargeInputs(), position("A", note, 1_000_000_000))
    assert "margin_liquidity_adjustment" not in small.requirement.ficc.add_ons
    huge = margined(simulated_day, ChargeInputs(), position("A", note, 900_000_000_000))
    adjustment = huge.requirement.ficc.add_ons["margin_liquidity_adjustment"]
    assert adjustment > ZERO
    assert huge.requirement.ficc.requirement == huge.requirement.ficc.reduced + adjustment
    without = margined(
        simulated_day,
        ChargeInputs(),
        position("A", note, 900_000_000_000),
        ficc={"segregated_margin_liquidity_adjustment": "does not apply"},
    )
    assert "margin_liquidity_adjustment" not in without.requirement.ficc.add_ons

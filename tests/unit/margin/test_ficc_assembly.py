"""One customer's add-ons: what applies, what is missing, and nothing from the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.applicability import (
    Applicability,
    Component,
    applicability,
)
from crossmargin.margin.ficc.assembly import AddOns, ficc_add_ons, twelve_month_coverage
from crossmargin.margin.ficc.charge_history import ChargeHistory, ChargeRow
from crossmargin.margin.ficc.higher_of import FiccCycle, HigherOf
from crossmargin.product.calendars import cme_calendar, sifma_calendar

AS_OF = date(2026, 3, 24)
DAY_BEFORE = date(2026, 3, 23)
PARAMETERS = bootstrap.parameter_sets(AS_OF).ficc
RULES = AddOnRules.from_parameters(PARAMETERS)
CALENDAR = sifma_calendar()
VAR = Money(1_000_000_000)
EVERY_DAY = CALENDAR.business_days(date(2025, 3, 25), DAY_BEFORE)


def assembled(history: ChargeHistory | None = None, **changes: Any) -> AddOns:
    inputs: dict[str, Any] = {
        "var_charge": VAR,
        "as_of": AS_OF,
        "cycle": FiccCycle.SOD,
        "rules": RULES,
        "margin_liquidity": Money(7),
        "ficc_calendar": CALENDAR,
        "markets_calendar": cme_calendar(),
        "history": history,
    }
    return ficc_add_ons(**{**inputs, **changes})


def missing(add_ons: AddOns) -> dict[str, str]:
    return {each.name: each.reason for each in add_ons.not_computed}


def outcomes(cycle: FiccCycle, losses: dict[date, int], *, charge: int = 1_000) -> list[ChargeRow]:
    return [
        ChargeRow(day, cycle, var_charge=Money(charge), realised_loss=Money(losses.get(day, 0)))
        for day in EVERY_DAY
    ]


def test_without_a_history_what_needs_one_is_named_and_nothing_is_zero_in_its_place():
    found = assembled(margin_liquidity=None)
    assert found.charges == {"holiday": ZERO, "volatility_event": ZERO,
                             "intraday_mark_to_market": ZERO, "special_charge": ZERO}  # fmt: skip
    assert list(missing(found)) == [
        "margin_liquidity_adjustment",
        "portfolio_differential",
        "backtesting",
    ]


@pytest.mark.parametrize(
    "component",
    [
        Component.INTRADAY_SUPPLEMENTAL_FUND_DEPOSIT,
        Component.BLACKOUT_PERIOD_EXPOSURE_ADJUSTMENT,
        Component.EXCESS_CAPITAL_PREMIUM,
    ],
)
def test_a_charge_without_a_formula_that_is_made_to_apply_is_named(component):
    """As ``--set ficc.segregated_excess_capital_premium=applies`` makes it: never zero silently."""
    changed = PARAMETERS.replacing({f"segregated_{component}": "applies"}, reason="test")
    found = assembled(rules=AddOnRules.from_parameters(changed))
    assert missing(found)[component] == "it has no formula here"
    assert component not in found.charges
    assert component not in missing(assembled())


def test_what_does_not_apply_is_neither_charged_nor_missing():
    rules = replace(RULES, applies=dict.fromkeys(Component, Applicability.DOES_NOT_APPLY))
    found = assembled(rules=rules)
    assert (found.charges, found.not_computed) == ({}, ())


def test_total_is_the_sum():
    found = assembled(special_charge=Money(500))
    assert found.charges["margin_liquidity_adjustment"] == Money(7)
    assert found.total == Money(507)


def test_differential_takes_the_newest_hundred_changes_of_the_cycle():
    days = EVERY_DAY[-100:]
    rows = [ChargeRow(day, FiccCycle.SOD, var_charge=VAR) for day in days]
    rows += [ChargeRow(day, FiccCycle.NOON, var_charge=Money(1)) for day in days]
    total = sum(Fraction(97, 100) ** n for n in range(100))
    found = assembled(ChargeHistory.of(rows), var_charge=VAR + Money(100_000))
    assert found.charges["portfolio_differential"] == Money(-(-Fraction(100_000) // total))
    short = assembled(ChargeHistory.of(rows[1:]))
    assert missing(short)["portfolio_differential"] == (
        "100 earlier SOD charges are needed, 99 were given"
    )


def test_backtesting_takes_the_larger_of_the_two_cycles():
    three = EVERY_DAY[10], EVERY_DAY[20], EVERY_DAY[30]
    sod = outcomes(FiccCycle.SOD, dict(zip(three, (1_100, 1_300, 1_200), strict=True)))
    noon = outcomes(FiccCycle.NOON, dict(zip(three, (1_150, 1_300, 1_200), strict=True)))
    assert assembled(ChargeHistory.of(sod)).charges["backtesting"] == Money(100)
    assert assembled(ChargeHistory.of([*sod, *noon])).charges["backtesting"] == Money(150)
    two = outcomes(FiccCycle.SOD, dict(zip(three[:2], (1_100, 1_300), strict=True)))
    assert assembled(ChargeHistory.of(two)).charges["backtesting"] == ZERO


def test_a_loss_counts_once_its_horizon_is_over_and_for_twelve_months():
    row = ChargeRow(date(2026, 3, 19), FiccCycle.SOD, var_charge=Money(1), realised_loss=Money(9))

    def counted(as_of: date) -> int:
        return twelve_month_coverage(
            ChargeHistory((row,)), FiccCycle.SOD, as_of=as_of, horizon_days=3, calendar=CALENDAR
        ).observations

    # Three business days after Thursday the 19th: Tuesday the 24th.
    assert counted(date(2026, 3, 23)) == 0
    assert counted(date(2026, 3, 24)) == 1
    assert counted(date(2027, 3, 18)) == 1
    assert counted(date(2027, 3, 19)) == 0


def test_nothing_later_than_the_date_and_cycle_is_used():
    rows = outcomes(FiccCycle.SOD, {EVERY_DAY[10]: 2_000, EVERY_DAY[20]: 2_000})
    later = ChargeRow(
        date(2026, 3, 25), FiccCycle.SOD, var_charge=Money(1), realised_loss=Money(999)
    )
    own = ChargeRow(AS_OF, FiccCycle.SOD, var_charge=Money(1), realised_loss=Money(999))
    assert assembled(ChargeHistory.of([*rows, own, later])) == assembled(ChargeHistory.of(rows))


@pytest.mark.parametrize(
    ("as_of", "cycle", "cents"),
    [
        # Collected on Friday before Columbus Day: Thursday's end of day, Friday noon.
        (date(2026, 10, 8), FiccCycle.SOD, 154_701_000),
        (date(2026, 10, 9), FiccCycle.NOON, 154_701_000),
        (date(2026, 10, 9), FiccCycle.SOD, 0),
        (date(2026, 10, 8), FiccCycle.NOON, 0),
    ],
)
def test_holiday_charge_goes_by_the_day_of_collection(as_of, cycle, cents):
    assert assembled(as_of=as_of, cycle=cycle).charges["holiday"] == Money(cents)


def test_an_event_is_charged_when_it_is_collected():
    parameters = PARAMETERS.replacing({"volatility_events": "2026-03-25: 0.10"}, reason="a test")
    rules = AddOnRules.from_parameters(parameters)
    assert assembled(rules=rules).charges["volatility_event"] == Money(100_000_000)
    assert assembled(rules=rules, cycle=FiccCycle.NOON).charges["volatility_event"] == ZERO


def test_an_adverse_mark_at_noon_needs_coverage_under_target():
    mark = ChargeRow(AS_OF, FiccCycle.NOON, mark_to_market=Money(400_000_000))
    three = {EVERY_DAY[n]: 2_000 for n in (10, 20, 30)}
    rows = outcomes(FiccCycle.SOD, three)

    def at_noon(*rows: ChargeRow) -> AddOns:
        return assembled(ChargeHistory.of(rows), cycle=FiccCycle.NOON)

    name = "intraday_mark_to_market"
    assert at_noon(mark, *rows).charges[name] == Money(400_000_000)
    assert at_noon(mark, *outcomes(FiccCycle.SOD, {})).charges[name] == ZERO
    assert "100 realised losses" in missing(at_noon(mark))[name]
    assert "mark to market at NOON of 2026-03-24" in missing(at_noon(*rows))[name]


def test_a_special_charge_is_the_declared_one_or_that_of_the_row():
    history = ChargeHistory((ChargeRow(AS_OF, FiccCycle.SOD, special_charge=Money(42)),))
    assert assembled(history).charges["special_charge"] == Money(42)
    assert assembled(history, special_charge=Money(5)).charges["special_charge"] == Money(5)
    assert assembled(history, cycle=FiccCycle.NOON).charges["special_charge"] == ZERO


NEED = {"liquidity_need": Money(100), "daily_liquidity_need": Money(80)}
NO_NEED = {"liquidity_need": Money(80), "daily_liquidity_need": Money(80)}


def higher(mode: HigherOf, *rows: ChargeRow, cycle: FiccCycle = FiccCycle.SOD) -> AddOns:
    return assembled(ChargeHistory.of(rows), rules=replace(RULES, higher_of=mode), cycle=cycle)


def test_higher_of_adds_what_the_other_cycle_has_more():
    noon = ChargeRow(AS_OF, FiccCycle.NOON, var_charge=VAR + Money(300))
    before = ChargeRow(DAY_BEFORE, FiccCycle.SOD, var_charge=VAR + Money(50))
    trigger = ChargeRow(date(2026, 3, 2), FiccCycle.NOON, **NEED)
    large = HigherOf.LARGE_INDIRECT_PARTICIPANTS
    rows = (noon, before, trigger)
    assert higher(large, *rows).charges["higher_of"] == Money(300)
    assert higher(large, *rows, cycle=FiccCycle.NOON).charges["higher_of"] == Money(50)
    assert higher(HigherOf.ALL, *rows).charges["higher_of"] == ZERO
    assert higher(HigherOf.ALL, *rows, cycle=FiccCycle.NOON).charges["higher_of"] == Money(50)
    assert "higher_of" not in higher(HigherOf.OFF, *rows).charges


def test_a_need_of_the_date_itself_counts_for_the_next_mornings_collection():
    noon = ChargeRow(AS_OF, FiccCycle.NOON, var_charge=VAR + Money(300))
    own = ChargeRow(AS_OF, FiccCycle.SOD, **NEED)
    large = HigherOf.LARGE_INDIRECT_PARTICIPANTS
    assert higher(large, noon, own).charges["higher_of"] == Money(300)
    assert higher(large, noon, replace(own, **NO_NEED)).charges["higher_of"] == ZERO


def test_higher_of_names_what_it_lacks():
    large = HigherOf.LARGE_INDIRECT_PARTICIPANTS
    own = ChargeRow(AS_OF, FiccCycle.SOD, **NEED)
    assert (
        missing(higher(large, own))["higher_of"] == "the VaR Charge of the cycle before is needed"
    )
    assert missing(higher(large))["higher_of"] == "liquidity needs are needed"
    rules = replace(RULES, higher_of=large)
    assert missing(assembled(rules=rules))["higher_of"] == "no charge history was given"


@pytest.mark.parametrize(
    ("day", "component", "expected"),
    [
        (AS_OF, Component.VAR_CHARGE, Applicability.APPLIES),
        (AS_OF, Component.BACKTESTING, Applicability.AS_APPLICABLE),
        (AS_OF, Component.EXCESS_CAPITAL_PREMIUM, Applicability.DOES_NOT_APPLY),
        (AS_OF, Component.BLACKOUT_PERIOD_EXPOSURE_ADJUSTMENT, Applicability.DOES_NOT_APPLY),
        (date(2025, 4, 21), Component.VOLATILITY_EVENT, Applicability.DOES_NOT_APPLY),
        (date(2025, 4, 22), Component.VOLATILITY_EVENT, Applicability.APPLIES),
        (date(2025, 9, 24), Component.INTRADAY_MARK_TO_MARKET, Applicability.DOES_NOT_APPLY),
        (AS_OF, Component.INTRADAY_MARK_TO_MARKET, Applicability.APPLIES),
    ],
)
def test_what_applies_is_dated_and_has_its_reason(day, component, expected):
    parameters = bootstrap.parameter_sets(day).ficc
    assert applicability(parameters)[component] is expected
    assert parameters.parameters[f"segregated_{component}"].source


def test_rows_out_of_order_or_twice_are_our_mistake():
    row = ChargeRow(AS_OF, FiccCycle.SOD)
    for rows in ((row, row), (row, ChargeRow(AS_OF, FiccCycle.NOON))):
        with pytest.raises(ValueError, match="in order of time"):
            ChargeHistory(rows)
    assert ChargeHistory.of(rows).rows == rows[::-1]

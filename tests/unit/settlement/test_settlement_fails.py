"""Fails: age, rate and charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.product.calendars import sifma_calendar
from crossmargin.settlement.fails import fail_of, fails_charge, fails_charge_rate_pct
from crossmargin.settlement.rules import SettlementRules

DAY = date(2026, 5, 11)
RULES = SettlementRules.from_parameters(parameter_registry().set_of("settlement", DAY))


@pytest.mark.parametrize(
    ("target", "rate"), [("0", "3"), ("0.25", "2.75"), ("2", "1"), ("3.5", "1"), ("-0.5", "3")]
)
def test_the_rate_is_three_per_cent_less_the_target_between_floor_and_ceiling(
    target: str, rate: str
) -> None:
    assert fails_charge_rate_pct(RULES, Fraction(target)) == Fraction(rate)


def test_without_the_floor_a_high_target_costs_nothing() -> None:
    rules = replace(RULES, fails_charge_floor_pct=Fraction(0))
    assert fails_charge_rate_pct(rules, Fraction("3.5")) == 0


def test_charges_cumulate_and_nothing_is_charged_before_the_due_date() -> None:
    def charge(through: date) -> Money:
        return fails_charge(
            Money(-10_000_000_00), rate_pct=Fraction(1), due=date(2026, 5, 22), through=through
        )

    # Over Memorial Day: four days of 277.78 a day.
    assert charge(date(2026, 5, 26)) == Money(-1_111_11)
    assert charge(date(2026, 5, 22)) == charge(date(2026, 5, 20)) == Money(0)


def test_a_fail_ages_in_calendar_and_business_days() -> None:
    fail = fail_of(
        "L1",
        due=date(2026, 5, 22),
        on=date(2026, 5, 27),
        delivers=True,
        calendar=sifma_calendar(),
    )
    assert (fail.age_calendar_days, fail.age_business_days) == (5, 2)
    with pytest.raises(ValueError, match="cannot fail"):
        fail_of("L1", due=DAY, on=date(2026, 5, 8), delivers=True, calendar=sifma_calendar())

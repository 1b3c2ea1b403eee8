"""Charges outside the VaR Charge: each worked by hand, and at its boundaries."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.margin.ficc.add_on_rules import volatility_events
from crossmargin.margin.ficc.add_ons import (
    Coverage,
    MarkToMarketThresholds,
    Outcome,
    backtesting_charge,
    customer_minimum_top_up,
    holiday_charge,
    holiday_days,
    intraday_mark_to_market,
    portfolio_differential,
    volatility_event_charge,
)
from crossmargin.product.calendars import cme_calendar, sifma_calendar

HALF = Fraction(1, 2)
TARGET = Fraction(99, 100)


def differential(cents: list[int], *, decay=HALF, observations=2, multiplier=Fraction(1)):
    return portfolio_differential(
        [Money(c) for c in cents], decay=decay, observations=observations, multiplier=multiplier
    )


def test_newest_increase_weighs_most():
    # Oldest first: increases 8 then 4; (4 + 8/2) / (1 + 1/2) = 16/3 cents, up.
    assert differential([100, 108, 112]) == Money(6)
    # Increases 4 then 8: (8 + 4/2) / 1.5 = 20/3.
    assert differential([100, 104, 112]) == Money(7)


def test_decreases_count_as_zero_and_older_charges_not_at_all():
    assert differential([100, 90, 80]) == ZERO
    assert differential([0, 1_000_000, 100, 103]) == Money(2)
    assert differential([900, 100, 103, 103]) == Money(1)


def test_multiplier_comes_before_rounding():
    assert differential([100, 108, 112], multiplier=Fraction(3, 2)) == Money(8)


def test_too_few_charges_are_no_charge_at_all():
    assert differential([100, 108]) is None


def test_a_hundred_equal_increases_are_that_increase():
    rising = [1_000 + 700 * n for n in range(101)]
    assert differential(rising, decay=Fraction(97, 100), observations=100) == Money(700)


@pytest.mark.parametrize("decay", [Fraction(0), Fraction(1)])
def test_a_decay_lies_between_zero_and_one(decay):
    with pytest.raises(ValueError, match="decay"):
        differential([1, 2, 3], decay=decay)


def coverage(count: int, *deficiencies: int) -> Coverage:
    day = date(2025, 10, 1)
    short = [Outcome(day, Money(1_000), Money(1_000 + cents)) for cents in deficiencies]
    covered = [Outcome(day, Money(1_000), Money(1_000))] * (count - len(deficiencies))
    return Coverage.of([*covered, *short])


@pytest.mark.parametrize(
    ("count", "deficiencies", "charge"),
    [
        (250, (50, 70), 0),
        (250, (50, 90, 70), 50),
        (250, (50, 90, 70, 60), 60),
        (300, (50, 90, 70), 0),  # exactly 99 %
        (299, (50, 90, 70), 50),
        (100, (50, 90), 0),  # under 99 %, no third
    ],
)
def test_third_largest_deficiency_under_target(count, deficiencies, charge):
    found = backtesting_charge(coverage(count, *deficiencies), target=TARGET, rank=3)
    assert found == Money(charge)


def test_a_loss_equal_to_the_charge_is_covered_and_no_outcome_has_no_ratio():
    assert coverage(4).deficiencies == ()
    assert coverage(4, 1).ratio == Fraction(3, 4)
    assert Coverage.of([]).ratio is None


@pytest.mark.parametrize(
    ("collected_on", "days"),
    [
        (date(2026, 10, 9), 1),  # Columbus Day
        (date(2026, 11, 10), 1),  # Veterans Day
        (date(2026, 10, 16), 0),  # a weekend
        (date(2026, 12, 24), 0),  # Christmas closes both
        (date(2026, 4, 2), 0),  # Good Friday of 2026: FICC is open
        (date(2027, 3, 25), 0),  # Good Friday of 2027 closes both
    ],
)
def test_days_on_which_ficc_is_shut_while_futures_trade(collected_on, days):
    assert holiday_days(collected_on, ficc=sifma_calendar(), markets=cme_calendar()) == days


@pytest.mark.parametrize(("extra", "cents"), [(0, 0), (1, 15_470_100), (9, 100_000_000)])
def test_holiday_charge_of_a_million(extra, cents):
    # sqrt(4/3) - 1 = 0.1547005..., the root up to a millionth; sqrt(12/3) - 1 = 1.
    charge = holiday_charge(Money(100_000_000), horizon_days=3, extra_days=extra)
    assert charge == Money(cents)


def test_volatility_event_is_a_share_up_to_the_cent():
    assert volatility_event_charge(Money(1_005), Fraction(1, 10)) == Money(101)
    assert volatility_event_charge(Money(1_005), Fraction(0)) == ZERO


def test_events_are_read_with_dates_and_shares():
    assert volatility_events("2026-11-04: 0.10, 2026-11-05: 0.05") == {
        date(2026, 11, 4): Fraction(1, 10),
        date(2026, 11, 5): Fraction(1, 20),
    }


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-04", "2026-11-31: 0.1", "2026-11-04: -0.1", "2026-11-04: 1, 2026-11-04: 1"],
)
def test_events_that_say_nothing_or_too_much_are_refused(text):
    with pytest.raises(ValueError, match="volatility_events"):
        volatility_events(text)


THRESHOLDS = MarkToMarketThresholds(Money(100_000_000), Fraction(3, 10), TARGET)


@pytest.mark.parametrize(
    ("adverse", "var", "covered", "charge"),
    [
        (300_000_001, 1_000_000_000, "0.98", 300_000_001),
        (300_000_000, 1_000_000_000, "0.98", 0),
        (100_000_001, 200_000_000, "0.98", 100_000_001),
        (100_000_000, 200_000_000, "0.98", 0),
        (300_000_001, 1_000_000_000, "0.99", 0),
        (-900_000_000, 1_000_000_000, "0.98", 0),
        (300_000_001, 1_000_000_000, None, None),
        (300_000_000, 1_000_000_000, None, 0),
    ],
)
def test_every_threshold_must_be_passed(adverse, var, covered, charge):
    found = intraday_mark_to_market(
        Money(adverse),
        var_charge=Money(var),
        coverage=None if covered is None else Fraction(covered),
        thresholds=THRESHOLDS,
    )
    assert found == (None if charge is None else Money(charge))


@pytest.mark.parametrize(("cents", "top_up"), [(0, 100), (99, 1), (100, 0), (101, 0)])
def test_minimum_adds_what_is_missing(cents, top_up):
    assert customer_minimum_top_up(Money(cents), Money(100)) == Money(top_up)

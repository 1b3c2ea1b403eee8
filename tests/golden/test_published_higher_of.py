"""The examples of SR-FICC-2026-003 (91 FR 5128): the need, the days, the charge at both cycles."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.money import Money
from crossmargin.margin.ficc.higher_of import (
    FiccCycle,
    HigherOf,
    collection_date,
    exceeds_daily_liquidity_need,
    higher_of_applies,
    higher_of_charges,
    higher_of_period,
)
from crossmargin.product.calendars import sifma_calendar

BILLION = 100_000_000_000
DAY_1 = date(2026, 3, 2)
LARGE = HigherOf.LARGE_INDIRECT_PARTICIPANTS


def test_a_need_of_100_billion_exceeds_one_of_80():
    for receive, exceeds in ((95, True), (75, False)):
        assert (
            exceeds_daily_liquidity_need(
                receive_obligations=Money(receive * BILLION),
                funds_only_settlement=Money(5 * BILLION),
                daily_liquidity_need=Money(80 * BILLION),
            )
            is exceeds
        )


def test_300_and_150_million_are_charged_300_at_both_cycles():
    both = higher_of_charges(
        start_of_day_var=Money(300 * BILLION // 1000),
        noon_var=Money(150 * BILLION // 1000),
        mode=LARGE,
        in_period=True,
    )
    assert (str(both.start_of_day), str(both.intraday)) == ("300000000.00", "300000000.00")


def test_25_business_days_are_day_2_to_day_26_where_the_example_prints_27():
    calendar = sifma_calendar()
    period = higher_of_period(DAY_1, calendar=calendar, business_days=25)
    day = {n: calendar.add_business_days(DAY_1, n - 1) for n in range(2, 28)}
    assert (period.first, period.last) == (day[2], day[26])
    assert [n for n in day if day[n] in period] == list(range(2, 27))
    assert DAY_1 not in period


@pytest.mark.parametrize("cycle", FiccCycle)
@pytest.mark.parametrize(
    ("mode", "collected_on", "applies"),
    [
        (LARGE, date(2026, 3, 2), False),
        (LARGE, date(2026, 3, 3), True),
        (LARGE, date(2026, 4, 6), True),
        (LARGE, date(2026, 4, 7), False),
        (HigherOf.OFF, date(2026, 3, 3), False),
    ],
)
def test_both_cycles_of_those_days_and_no_other(cycle, mode, collected_on, applies):
    found = higher_of_applies(
        mode,
        collected_on=collected_on,
        cycle=cycle,
        triggers=[DAY_1],
        calendar=sifma_calendar(),
        business_days=25,
    )
    assert found is applies


def test_todays_rule_for_omnibus_accounts_raises_the_intraday_charge_alone():
    both = higher_of_charges(
        start_of_day_var=Money(100), noon_var=Money(150), mode=HigherOf.ALL, in_period=False
    )
    assert (both.start_of_day, both.intraday) == (Money(100), Money(150))
    both = higher_of_charges(
        start_of_day_var=Money(300), noon_var=Money(150), mode=HigherOf.ALL, in_period=False
    )
    assert (both.start_of_day, both.intraday) == (Money(300), Money(300))


def test_off_and_out_of_the_period_each_cycle_is_its_own():
    for mode, in_period in ((HigherOf.OFF, True), (LARGE, False)):
        both = higher_of_charges(
            start_of_day_var=Money(300), noon_var=Money(150), mode=mode, in_period=in_period
        )
        assert (both.start_of_day, both.intraday) == (Money(300), Money(150))


def test_end_of_day_is_collected_the_next_business_day_and_noon_the_same():
    friday, monday = date(2026, 10, 9), date(2026, 10, 12)
    assert collection_date(friday, FiccCycle.NOON, sifma_calendar()) == friday
    # Columbus Day is no business day.
    assert collection_date(friday, FiccCycle.SOD, sifma_calendar()) == date(2026, 10, 13) != monday


def test_a_period_has_a_day():
    with pytest.raises(ValueError, match="business_days"):
        higher_of_period(DAY_1, calendar=sifma_calendar(), business_days=0)

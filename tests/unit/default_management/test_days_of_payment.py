"""Money and positions move on business days; the days before them are counted by the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.federal_days import federal_calendar
from crossmargin.default_management.case import run_case
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.payout import Event, Occasion, PayoutTerms
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.testing.failing_firms import (
    when_it_cannot_pay,
)

CME = ClearingOrganization.CME
BANKS = federal_calendar()
TERMS = PayoutTerms(
    Fraction(4, 5),
    30,
    365,
    1,
    BANKS,
    BANKS.joined_with(sifma_calendar()),
    TransferClock(7, ClockRoll.NONE),
)
HUNDRED = Money(100_00)


@pytest.mark.parametrize(
    ("failed_on", "transfer", "interim", "final"),
    [
        (date(2020, 3, 6), date(2020, 3, 9), date(2020, 4, 6), date(2021, 3, 8)),
        (date(2023, 3, 10), date(2023, 3, 13), date(2023, 4, 10), date(2024, 3, 11)),
        (date(2025, 4, 4), date(2025, 4, 7), date(2025, 5, 5), date(2026, 4, 6)),
        # The interim would be on Memorial Day, the final on a Sunday.
        (date(2026, 4, 25), date(2026, 4, 27), date(2026, 5, 26), date(2027, 4, 26)),
    ],
)
def test_a_firm_that_fails_at_the_last_cycle_of_a_week_pays_on_days_with_business(
    rules: DefaultRules, failed_on: date, transfer: date, interim: date, final: date
) -> None:
    customer = CustomerHoldings("A", {CME: Property(HUNDRED)}, Property(), {CME: HUNDRED}, False)
    other = replace(customer, customer_id="B")
    holdings = Holdings("F", failed_on, {"A": customer, "B": other}, ZERO, Money(1))
    late = Event(final + timedelta(days=2 * 7 - 1), Occasion.RECOVERY, "", Money(7), "on a weekend")
    case = run_case(
        holdings,
        when_it_cannot_pay(holdings, {}, proprietary_loss=Money(2)),
        {},
        closed_out=frozenset({"A"}),
        facts=TrusteeFacts(),
        events=(late,),
        rules=rules,
        sharing=None,
    )
    assert case.payout is not None
    on = {each.occasion: each.on for each in case.payout.rounds}
    assert (on[Occasion.TRANSFER], on[Occasion.INTERIM], on[Occasion.FINAL]) == (
        transfer,
        interim,
        final,
    )
    assert all(BANKS.is_business_day(each) for each in on.values())
    assert case.estate is not None
    assert case.estate.transferable.estimated_on == transfer - timedelta(days=1)


def test_what_is_paid_of_a_recovery_on_a_weekend_is_paid_on_the_next_business_day() -> None:
    assert TERMS.paid_on(date(2027, 9, 4)) == date(2027, 9, 7)  # a Saturday before Labor Day


@pytest.mark.parametrize(
    ("order_for_relief", "days", "moved"),
    [
        (date(2026, 5, 18), 7, date(2026, 5, 22)),  # the seventh day is Memorial Day
        (date(2026, 5, 16), 7, date(2026, 5, 22)),  # the seventh day is a Saturday
        (date(2026, 5, 18), 6, date(2026, 5, 22)),  # a Sunday, and Monday closed
        (date(2025, 4, 17), 1, date(2025, 4, 21)),  # Good Friday: open banks, closed markets
        (date(2026, 5, 18), 0, date(2026, 5, 18)),
    ],
)
def test_accounts_move_on_a_business_day_within_the_seven_calendar_days(
    order_for_relief: date, days: int, moved: date
) -> None:
    assert replace(TERMS, transfer_days=days).transfer_on(order_for_relief) == moved


def test_a_clock_that_rolls_lets_accounts_move_after_the_holiday() -> None:
    rolling = TransferClock(7, ClockRoll.NEXT_BUSINESS_DAY)
    terms = replace(TERMS, transfer_days=7, clock=rolling)
    assert terms.transfer_on(date(2026, 5, 18)) == date(2026, 5, 26)

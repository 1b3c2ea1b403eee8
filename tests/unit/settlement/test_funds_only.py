"""Funds-Only Settlement of one lot: signs, what accrues, what returns, what settles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization, Leg
from crossmargin.settlement.flows import FlowCycle, FlowKind, total_of
from crossmargin.settlement.funds_only import (
    PaidMark,
    contract_value,
    coupon_flows,
    delivered_on,
    forward_mark,
    mark_interest,
    mark_return,
    repo_interest,
    settlement_flows,
    system_value,
)
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import PriceSource, SystemPrice
from crossmargin.testing.builders import note_or_bond

CALENDAR = sifma_calendar()
NOTE = note_or_bond(4, maturity_date=date(2033, 11, 15), coupon_pct="4.5")
MONDAY, TUESDAY, FRIDAY = date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 15)
CASH = Lot(
    lot_id="L1",
    customer=CustomerKey("BD-FCM", "FUND"),
    clearing_organization=ClearingOrganization.FICC,
    account=Account.XM,
    instrument=NOTE.cusip.text,
    quantity=10_000_000,
    contract_amount=Money(10_400_000_00),
    taken_in=MONDAY,
    settlement_date=date(2026, 5, 13),
)
REPO = replace(
    CASH,
    lot_id="R1",
    leg=Leg.REPO,
    contract_amount=Money(10_000_000_00),
    settlement_date=MONDAY,
    end_date=date(2026, 6, 10),
    repo_rate_pct=Decimal("3.6"),
)


def at(clean: str) -> SystemPrice:
    return SystemPrice(NOTE, Decimal(clean), PriceSource.QUOTED_SHEET)


def mark(lot: Lot, clean: str, day: date = TUESDAY) -> Money:
    return forward_mark(lot, at(clean), cycle=FlowCycle.START_OF_DAY, day=day).amount


def test_a_long_gains_when_the_system_value_rises_and_a_short_is_its_mirror() -> None:
    assert mark(CASH, "102.35") - mark(CASH, "102.25") == Money(10_000_00)
    assert mark(replace(CASH, quantity=-10_000_000), "102.35") == -mark(CASH, "102.35")


def test_a_cash_obligation_is_valued_for_the_day_it_is_due() -> None:
    # 179 of 181 days of 2.25 from 15 November to 13 May: 222,513.81.
    assert delivered_on(CASH, TUESDAY) == date(2026, 5, 13)
    assert mark(CASH, "102.25") == Money((10_225_000 + 222_513 - 10_400_000) * 100 + 81)


def test_repo_interest_is_part_of_the_contract_value_and_ends_with_the_end_leg() -> None:
    # One day at 3.6 per cent of ten million is a thousand dollars.
    assert contract_value(REPO, through=TUESDAY) == Money(10_001_000_00)
    assert repo_interest(REPO, through=date(2026, 6, 10)) == Money(30_000_00)
    assert repo_interest(REPO, through=date(2026, 6, 12)) == Money(30_000_00)
    reverse = replace(REPO, quantity=-10_000_000, leg=Leg.REVERSE_REPO)
    assert contract_value(reverse, through=TUESDAY) == Money(-10_001_000_00)
    assert repo_interest(CASH, through=TUESDAY) == Money(0)


def test_a_mark_goes_back_with_interest_to_whoever_had_paid_it() -> None:
    paid = PaidMark("L1", Money(-1_000_000_00), date(2026, 5, 22), of_fail=False)
    day = date(2026, 5, 26)
    assert mark_return(paid, day=day).amount == Money(1_000_000_00)
    # Four days over Memorial Day at 3.6 per cent.
    assert mark_interest(paid, day=day, rate_pct=Fraction("3.6")).amount == Money(400_00)
    received = replace(paid, amount=Money(1_000_000_00))
    assert mark_interest(received, day=day, rate_pct=Fraction("3.6")).amount == Money(-400_00)


def test_intraday_pays_only_what_is_not_out_already() -> None:
    flow = forward_mark(
        CASH,
        at("102.35"),
        cycle=FlowCycle.INTRADAY,
        day=TUESDAY,
        outstanding=mark(CASH, "102.25"),
    )
    assert flow.amount == Money(10_000_00)


def test_settlement_pays_system_value_less_contract_value_once() -> None:
    (flow,) = settlement_flows(CASH, at("102.25"), day=date(2026, 5, 13))
    assert flow.kind is FlowKind.FICC_TRANSACTION_ADJUSTMENT
    assert flow.amount == mark(CASH, "102.25")


def test_an_end_leg_shows_its_interest_apart_and_both_make_its_last_mark() -> None:
    day = date(2026, 6, 10)
    flows = settlement_flows(REPO, at("102.25"), day=day)
    assert total_of(flows, FlowKind.FICC_REPO_INTEREST) == Money(-30_000_00)
    assert total_of(flows) == mark(REPO, "102.25", day)


@pytest.mark.parametrize(
    ("lot", "day", "coupon"),
    [
        # 15 May is a coupon date: 2.25 per 100 of ten million.
        (REPO, FRIDAY, 225_000_00),
        (replace(REPO, quantity=-10_000_000, leg=Leg.REVERSE_REPO), FRIDAY, -225_000_00),
        (replace(REPO, end_date=FRIDAY), FRIDAY, 225_000_00),
        (replace(REPO, settlement_date=FRIDAY), FRIDAY, 0),
        (REPO, date(2026, 5, 14), 0),
        (REPO, date(2026, 5, 18), 0),
        (replace(CASH, failed=True), FRIDAY, 225_000_00),
        (replace(CASH, settlement_date=FRIDAY), FRIDAY, 0),
        (replace(CASH, settlement_date=date(2026, 5, 18)), FRIDAY, 0),
        (replace(REPO, taken_in=FRIDAY), date(2026, 5, 18), 0),
    ],
)
def test_a_coupon_passes_to_the_long_whose_claim_is_older(lot: Lot, day: date, coupon: int) -> None:
    flows = coupon_flows(lot, NOTE, day=day, calendar=CALENDAR)
    assert total_of(flows) == Money(coupon)


def test_a_coupon_dated_on_a_weekend_passes_the_next_business_day() -> None:
    note = replace(NOTE, maturity_date=date(2033, 11, 16))
    assert coupon_flows(REPO, note, day=FRIDAY, calendar=CALENDAR) == ()
    (flow,) = coupon_flows(REPO, note, day=date(2026, 5, 18), calendar=CALENDAR)
    assert flow.amount == Money(225_000_00)


def test_a_coupon_neither_makes_nor_costs_its_holder_anything() -> None:
    # The dirty price falls by the coupon, which is passed on: clean alike, only repo interest runs.
    before = mark(REPO, "102.25", date(2026, 5, 14))
    after = mark(REPO, "102.25", FRIDAY)
    accrued = Fraction(225_000_00 * 180, 181)
    coupon = total_of(coupon_flows(REPO, NOTE, day=FRIDAY, calendar=CALENDAR))
    gained = (after + coupon - before).cents
    assert gained == 225_000_00 - round(accrued) - 1_000_00


def test_what_has_matured_is_worth_its_principal() -> None:
    value = system_value(CASH, at("99.9"), delivered=date(2033, 11, 15))
    assert value == Money(10_000_000_00)


def test_a_price_of_another_security_is_a_mistake() -> None:
    other = note_or_bond(5, maturity_date=date(2033, 11, 15))
    with pytest.raises(ValueError, match="the price is"):
        system_value(
            CASH,
            SystemPrice(other, Decimal(99), PriceSource.QUOTED_SHEET),
            delivered=TUESDAY,
        )

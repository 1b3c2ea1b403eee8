"""Delivery of Treasury futures: days around Memorial Day, alarms, invoices, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.settlement.delivery import (
    DeliveryStage,
    Tender,
    delivery,
    delivery_alarm,
    delivery_stage,
    first_intention_day,
    last_intention_day,
)
from crossmargin.settlement.flows import FlowKind
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.testing.builders import note_or_bond

ZN = FuturesContract("ZN", 2026, 6)
NOTE = note_or_bond(
    3, maturity_date=date(2033, 2, 15), coupon_pct="3.5", original_maturity_years=10
)
SHORT = Lot(
    lot_id="F1",
    customer=CustomerKey("BD-FCM", "FUND"),
    clearing_organization=ClearingOrganization.CME,
    account=Account.XM,
    instrument=ZN.code,
    quantity=-10,
    contract_amount=futures_value(ZN, 10, Decimal("110.5")),
    taken_in=date(2026, 5, 11),
    trade_price=Decimal("110.5"),
)
TENDER = Tender("F1", date(2026, 5, 28), NOTE.cusip)
PRICE = Decimal("110.515625")


def test_intention_days_count_business_days_across_memorial_day() -> None:
    assert first_intention_day(ZN) == date(2026, 5, 28)
    assert last_intention_day(ZN) == date(2026, 6, 26)
    # The two-year trades until the month's last business day and delivers three days later.
    assert last_intention_day(FuturesContract("ZT", 2026, 6)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("day", "stage", "left"),
    [
        (date(2026, 5, 20), DeliveryStage.APPROACHING, 5),
        (date(2026, 5, 22), DeliveryStage.APPROACHING, 3),
        (date(2026, 5, 27), DeliveryStage.APPROACHING, 1),
        (date(2026, 5, 28), DeliveryStage.INTENTIONS_OPEN, 0),
        (date(2026, 6, 17), DeliveryStage.INTENTIONS_OPEN, 0),
        (date(2026, 6, 18), DeliveryStage.TRADING_OVER, 0),
    ],
)
def test_an_open_position_raises_an_alarm_before_the_first_intention_day(
    day: date, stage: DeliveryStage, left: int
) -> None:
    alarm = delivery_alarm(SHORT, ZN, day, alarm_business_days=5)
    assert alarm is not None
    assert (alarm.stage, alarm.business_days_left) == (stage, left)


def test_far_from_delivery_there_is_no_alarm() -> None:
    day = date(2026, 5, 19)
    assert delivery_stage(ZN, day, alarm_business_days=5) is DeliveryStage.FAR
    assert delivery_alarm(SHORT, ZN, day, alarm_business_days=5) is None


def test_a_short_receives_the_invoice_and_a_long_pays_it_on_the_third_day() -> None:
    short = delivery(TENDER, SHORT, ZN, NOTE, settlement_price=PRICE)
    assert (short.notice_day, short.delivery_day) == (date(2026, 5, 29), date(2026, 6, 1))
    # Thirteen half-years at 3 per cent: 1.75 x 10.634955 + 68.0951 = 86.71.
    assert short.line.conversion_factor == Decimal("0.8671")
    assert short.par_dollars == -1_000_000
    # One contract: 110.515625 x 0.8671 x 1,000 and 106 of 181 days of 1,750.
    assert (short.principal, short.accrued) == (Money(10 * 95_828_10), Money(10 * 1_024_86))
    flow = short.invoice_flow()
    assert (flow.kind, flow.pays_on) == (FlowKind.FUTURES_DELIVERY_INVOICE, date(2026, 6, 1))
    long = delivery(TENDER, replace(SHORT, quantity=10), ZN, NOTE, settlement_price=PRICE)
    assert flow.amount == short.principal + short.accrued == -long.invoice_flow().amount


def test_every_reason_against_a_tender_is_named() -> None:
    other = note_or_bond(1, maturity_date=date(2028, 3, 31), original_maturity_years=2)
    tender = Tender("F2", date(2026, 5, 27), NOTE.cusip)
    with pytest.raises(RefusedError) as error:
        delivery(tender, SHORT, ZN, other, settlement_price=PRICE)
    fields = [refusal.field for refusal in error.value.refusals]
    assert fields == ["lot", "intention_day", "cusip", "cusip"]


def test_an_intention_day_is_a_business_day() -> None:
    with pytest.raises(RefusedError, match="business day"):
        delivery(
            replace(TENDER, intention_day=date(2026, 5, 30)),
            SHORT,
            ZN,
            NOTE,
            settlement_price=PRICE,
        )

"""Tenders of a day: what leaves into delivery, and everything that is refused at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.clearing_day.position_flows import Leaving
from crossmargin.services.clearing_day.tenders import cme_tenders
from crossmargin.settlement.delivery import Tender
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SettlementPrice
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


def test_a_tendered_lot_leaves_on_its_intention_day_and_pays_its_invoice_on_delivery_day() -> None:
    tender = Tender(SHORT.lot_id, date(2026, 5, 28), NOTE.cusip)
    settled = {ZN.code: SettlementPrice(ZN, Decimal("110.75"), PriceSource.MODEL_DELIVERY)}
    securities = {NOTE.cusip.text: NOTE}
    result = cme_tenders(
        [SHORT],
        tenders=[tender, replace(tender, intention_day=date(2026, 6, 2))],
        day=date(2026, 5, 28),
        settled=settled,
        securities=securities,
    )
    assert result.leaving == {SHORT.lot_id: Leaving.IN_DELIVERY}
    (delivery,) = result.deliveries
    assert delivery.settlement_price == Decimal("110.75")
    assert delivery.invoice_flow().pays_on == date(2026, 6, 1)
    assert delivery.invoice_flow().amount.cents > 0


def test_every_fault_of_every_tender_is_named() -> None:
    tenders = [
        Tender("NONE", date(2026, 5, 28), NOTE.cusip),
        Tender(SHORT.lot_id, date(2026, 5, 28), NOTE.cusip),
    ]
    with pytest.raises(RefusedError) as error:
        cme_tenders([SHORT], tenders=tenders, day=date(2026, 5, 28), settled={}, securities={})
    fields = [refusal.field for refusal in error.value.refusals]
    assert fields == ["lot", "instrument", "cusip"]

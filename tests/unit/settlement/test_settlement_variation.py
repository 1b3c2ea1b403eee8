"""Settlement variation: daily, intraday and final."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.settlement.flows import FlowCycle, FlowKind
from crossmargin.settlement.futures import final_settlement_day, is_cash_settled, variation
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SettlementPrice

DAY = date(2026, 5, 11)
ZN, ZQ = FuturesContract("ZN", 2026, 6), FuturesContract("ZQ", 2026, 5)


def lot(contract: FuturesContract, quantity: int, price: str) -> Lot:
    return Lot(
        lot_id="F1",
        customer=CustomerKey("BD-FCM", "FUND"),
        clearing_organization=ClearingOrganization.CME,
        account=Account.XM,
        instrument=contract.code,
        quantity=quantity,
        contract_amount=futures_value(contract, abs(quantity), Decimal(price)),
        taken_in=DAY,
        trade_price=Decimal(price),
    )


def at(contract: FuturesContract, price: str) -> SettlementPrice:
    return SettlementPrice(contract, Decimal(price), PriceSource.MODEL_DELIVERY)


def test_a_short_pays_when_the_price_rises() -> None:
    short = lot(ZN, -10, "110.5")
    flow = variation(
        short,
        at(ZN, "110.75"),
        marked=short.signed_contract,
        cycle=FlowCycle.END_OF_DAY,
        pays_on=date(2026, 5, 12),
    )
    assert (flow.kind, flow.amount) == (FlowKind.CME_SETTLEMENT_VARIATION, Money(-2_500_00))


def test_half_cents_do_not_add_up_over_days() -> None:
    one = lot(ZN, 1, "110.5")
    marked, paid = one.signed_contract, 0
    for price in ("110.515625", "110.531250", "110.546875", "110.562500"):
        flow = variation(one, at(ZN, price), marked=marked, cycle=FlowCycle.END_OF_DAY, pays_on=DAY)
        marked, paid = flow.of, paid + flow.amount.cents
    assert paid == 62_50


def test_final_settlement_is_counted_from_the_last_mark_and_has_its_own_kind() -> None:
    short = lot(ZQ, -250, "96.365")
    flow = variation(
        short,
        at(ZQ, "96.370"),
        marked=futures_value(ZQ, -250, Decimal("96.3675")),
        cycle=FlowCycle.START_OF_DAY,
        pays_on=date(2026, 6, 1),
        final=True,
    )
    assert flow.kind is FlowKind.FUTURES_FINAL_SETTLEMENT
    # 250 contracts x 0.0025 x $4,167 = $2,604.375, of values $100,390,843.125 and $100,393,447.50.
    assert flow.amount == Money(-2_604_38)


def test_cash_settled_contracts_end_the_business_day_after_their_last() -> None:
    assert final_settlement_day(ZQ) == date(2026, 6, 1)
    # The third Wednesday: the rate of the last day is published that morning.
    assert final_settlement_day(FuturesContract("SR3", 2026, 3)) == date(2026, 6, 17)
    assert not is_cash_settled(ZN)
    with pytest.raises(ValueError, match="delivered"):
        final_settlement_day(ZN)


def test_a_price_of_another_contract_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="ZQK26"):
        variation(
            lot(ZN, 1, "110"),
            at(ZQ, "96"),
            marked=Money(0),
            cycle=FlowCycle.INTRADAY,
            pays_on=DAY,
        )

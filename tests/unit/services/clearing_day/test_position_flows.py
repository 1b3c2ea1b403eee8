"""A day's flows of a set of lots: what returns, settles, fails, is marked, and is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, Leg
from crossmargin.services.clearing_day.position_flows import (
    FundsOnlyTerms,
    Leaving,
    cme_final_settlements,
    cme_marks,
    ficc_intraday,
    ficc_start_of_day,
)
from crossmargin.services.clearing_day.system_prices import SystemPrices
from crossmargin.settlement.delivery import DeliveryStage
from crossmargin.settlement.flows import FlowCycle, FlowKind, total_of
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SettlementPrice, SystemPrice
from crossmargin.settlement.rules import FailMarkInterest, SettlementRules
from crossmargin.testing.builders import note_or_bond

MONDAY, TUESDAY, WEDNESDAY = date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 13)
RULES = SettlementRules.from_parameters(parameter_registry().set_of("settlement", MONDAY))
NOTE = note_or_bond(1, maturity_date=date(2033, 2, 15), coupon_pct="0")
ZN, ZQ = FuturesContract("ZN", 2026, 6), FuturesContract("ZQ", 2026, 5)
TERMS = FundsOnlyTerms(
    rules=RULES,
    calendar=sifma_calendar(),
    overnight_rate_pct=lambda _: Fraction("3.6"),
    fails_rate_pct=lambda _: Fraction(1),
)
CASH = Lot(
    lot_id="L1",
    customer=CustomerKey("BD-FCM", "FUND"),
    clearing_organization=ClearingOrganization.FICC,
    account=Account.XM,
    instrument=NOTE.cusip.text,
    quantity=10_000_000,
    contract_amount=Money(9_900_000_00),
    taken_in=MONDAY,
    settlement_date=WEDNESDAY,
)


def prices(as_of: date, clean: str = "99.5", *, zn: str = "110.5") -> SystemPrices:
    security = SystemPrice(NOTE, Decimal(clean), PriceSource.QUOTED_SHEET)
    contracts = [
        SettlementPrice(ZN, Decimal(zn), PriceSource.MODEL_DELIVERY),
        SettlementPrice(ZQ, Decimal("96.3675"), PriceSource.MODEL_FORWARD),
    ]
    return SystemPrices(
        as_of, {NOTE.cusip.text: security}, {price.contract.code: price for price in contracts}
    )


def futures(contract: FuturesContract, quantity: int, price: str) -> Lot:
    return Lot(
        lot_id=f"F-{contract.code}",
        customer=CASH.customer,
        clearing_organization=ClearingOrganization.CME,
        account=Account.XM,
        instrument=contract.code,
        quantity=quantity,
        contract_amount=futures_value(contract, abs(quantity), Decimal(price)),
        taken_in=MONDAY,
        trade_price=Decimal(price),
    )


def test_kinds_of_flows_are_kinds_of_transfers() -> None:
    assert {kind.value for kind in FlowKind} <= {kind.value for kind in TransferKind}


def test_a_trade_from_novation_to_settlement_keeps_what_it_gained_once() -> None:
    noon = ficc_intraday(
        [CASH], day=MONDAY, prices=prices(MONDAY, "99.2"), outstanding=(), terms=TERMS
    )
    assert total_of(noon.flows) == Money(20_000_00)
    second = ficc_start_of_day(
        [CASH],
        day=TUESDAY,
        prices=prices(MONDAY, "99.5"),
        outstanding=noon.outstanding,
        terms=TERMS,
    )
    kinds = [(flow.kind, flow.amount) for flow in second.flows]
    assert kinds == [
        (FlowKind.FICC_FORWARD_MARK_RETURN, Money(-20_000_00)),
        (FlowKind.FICC_MARK_INTEREST, Money(-2_00)),
        (FlowKind.FICC_FORWARD_MARK, Money(50_000_00)),
    ]
    third = ficc_start_of_day(
        [CASH],
        day=WEDNESDAY,
        prices=prices(TUESDAY, "99.3"),
        outstanding=second.outstanding,
        terms=TERMS,
    )
    assert third.leaving == {"L1": Leaving.SETTLED}
    assert third.outstanding == ()
    paid = [*noon.flows, *second.flows, *third.flows]
    # 99.3 less 99 on ten million, and overnight interest on 20,000 and on 50,000 received.
    assert total_of(paid) == Money(30_000_00 - 2_00 - 5_00)
    assert total_of(third.flows, FlowKind.FICC_TRANSACTION_ADJUSTMENT) == Money(30_000_00)


def test_a_coupon_of_the_next_day_is_in_the_value_until_it_passes() -> None:
    before, dated = date(2026, 5, 14), date(2026, 5, 15)
    note = note_or_bond(2, maturity_date=date(2033, 5, 15), coupon_pct="4")
    repo = replace(
        CASH,
        instrument=note.cusip.text,
        leg=Leg.REPO,
        settlement_date=MONDAY,
        end_date=date(2026, 5, 29),
        repo_rate_pct=Decimal(0),
    )
    system = SystemPrice(note, Decimal("99.5"), PriceSource.QUOTED_SHEET)
    of_note = SystemPrices(WEDNESDAY, {note.cusip.text: system}, {})
    opened = ficc_start_of_day([repo], day=before, prices=of_note, outstanding=(), terms=TERMS)
    noon = ficc_intraday(
        [repo], day=before, prices=of_note, outstanding=opened.outstanding, terms=TERMS
    )
    assert total_of(noon.flows) == ZERO
    after = ficc_start_of_day(
        [repo], day=dated, prices=of_note, outstanding=noon.outstanding, terms=TERMS
    )
    assert total_of(after.flows, FlowKind.FICC_COUPON) == Money(200_000_00)


def test_a_fail_stays_is_marked_ages_and_the_one_that_does_not_deliver_pays() -> None:
    short = replace(CASH, lot_id="S1", quantity=-10_000_000, failed=True)
    result = ficc_start_of_day(
        [short, replace(CASH, failed=True)],
        day=date(2026, 5, 15),
        prices=prices(date(2026, 5, 14), "99"),
        outstanding=[PaidMark("S1", Money(-100), date(2026, 5, 14), of_fail=True)],
        terms=TERMS,
    )
    charges = {f.lot_id: f.amount for f in result.flows if f.kind is FlowKind.FICC_FAIL_CHARGE}
    # The second of two days since Wednesday, at 1 per cent of 9,900,000: 275 a day.
    assert charges == {"S1": Money(-275_00), "L1": Money(275_00)}
    assert [
        (f.lot_id, f.age_calendar_days, f.age_business_days, f.delivers) for f in result.fails
    ] == [
        ("S1", 2, 2, True),
        ("L1", 2, 2, False),
    ]
    assert result.leaving == {}
    assert total_of(result.flows, FlowKind.FICC_MARK_INTEREST) == Money(0)
    assert all(mark.of_fail for mark in result.outstanding)


def test_marks_of_fails_bear_interest_where_the_parameter_says_so() -> None:
    rules = replace(RULES, fail_mark_interest=FailMarkInterest.AS_FORWARD_MARKS)
    mark = PaidMark("GONE", Money(-1_000_000_00), MONDAY, of_fail=True)
    result = ficc_start_of_day(
        [],
        day=TUESDAY,
        prices=prices(MONDAY),
        outstanding=[mark],
        terms=replace(TERMS, rules=rules),
    )
    assert [flow.amount for flow in result.flows] == [Money(1_000_000_00), Money(100_00)]


def test_a_fail_settles_when_it_is_named_and_is_charged_until_then() -> None:
    result = ficc_start_of_day(
        [replace(CASH, failed=True)],
        day=date(2026, 5, 14),
        prices=prices(WEDNESDAY, "99.5"),
        outstanding=(),
        terms=TERMS,
        settling={"L1"},
    )
    assert result.leaving == {"L1": Leaving.SETTLED}
    assert result.fails == ()
    assert total_of(result.flows) == Money(50_000_00 + 275_00)


def test_a_fail_whose_security_matures_is_redeemed() -> None:
    note = replace(NOTE, maturity_date=date(2026, 5, 15), coupon_pct=Decimal(4))
    price = SystemPrice(note, Decimal("99.99"), PriceSource.QUOTED_SHEET)
    result = ficc_start_of_day(
        [replace(CASH, failed=True)],
        day=date(2026, 5, 15),
        prices=SystemPrices(date(2026, 5, 14), {note.cusip.text: price}, {}),
        outstanding=(),
        terms=TERMS,
    )
    assert result.leaving == {"L1": Leaving.REDEEMED}
    assert total_of(result.flows, FlowKind.FICC_COUPON) == Money(200_000_00)
    assert total_of(result.flows, FlowKind.FICC_TRANSACTION_ADJUSTMENT) == Money(100_000_00)


def test_every_lot_without_a_price_or_past_due_is_named() -> None:
    unpriced = replace(CASH, lot_id="L2", instrument="912810FT0")
    with pytest.raises(RefusedError) as error:
        ficc_start_of_day(
            [CASH, unpriced],
            day=WEDNESDAY,
            prices=prices(TUESDAY),
            outstanding=(),
            terms=TERMS,
            settling=(),
        )
    named = [refusal.value for refusal in error.value.refusals]
    assert named == ["912810FT0", "L1", "L2"]
    with pytest.raises(RefusedError, match="ZTM26"):
        cme_marks(
            [futures(FuturesContract("ZT", 2026, 6), 1, "104")],
            day=MONDAY,
            prices=prices(MONDAY),
            marked={},
            cycle=FlowCycle.END_OF_DAY,
            pays_on=TUESDAY,
            rules=RULES,
        )
    with pytest.raises(RefusedError, match="912810FT0"):
        ficc_intraday([unpriced], day=MONDAY, prices=prices(MONDAY), outstanding=(), terms=TERMS)


def test_variation_runs_from_the_trade_price_and_treasury_contracts_raise_alarms() -> None:
    lots = [CASH, futures(ZN, -10, "110.5"), futures(ZQ, -250, "96.365")]
    first = cme_marks(
        lots,
        day=date(2026, 5, 20),
        prices=prices(date(2026, 5, 20), zn="110.75"),
        marked={},
        cycle=FlowCycle.INTRADAY,
        pays_on=date(2026, 5, 20),
        rules=RULES,
    )
    assert [flow.amount for flow in first.flows] == [Money(-2_500_00), Money(-2_604_37)]
    again = cme_marks(
        lots,
        day=date(2026, 5, 20),
        prices=prices(date(2026, 5, 20), zn="110.5"),
        marked=first.marked,
        cycle=FlowCycle.END_OF_DAY,
        pays_on=date(2026, 5, 21),
        rules=RULES,
    )
    assert [flow.amount for flow in again.flows] == [Money(2_500_00), Money(0)]
    assert [(a.lot_id, a.stage) for a in again.alarms] == [("F-ZNM26", DeliveryStage.APPROACHING)]


def test_cash_settled_contracts_leave_the_day_after_their_last_trading_day() -> None:
    lots = [CASH, futures(ZN, 1, "110.5"), futures(ZQ, -250, "96.365")]

    def final(contract: FuturesContract) -> SettlementPrice:
        return SettlementPrice(contract, Decimal("96.370"), PriceSource.ASSUMED_RATES)

    marked = {"F-ZQK26": futures_value(ZQ, -250, Decimal("96.3675"))}
    before = cme_final_settlements(lots, day=date(2026, 5, 29), final_price=final, marked=marked)
    assert before.flows == ()
    result = cme_final_settlements(lots, day=date(2026, 6, 1), final_price=final, marked=marked)
    assert [(f.kind, f.amount, f.source) for f in result.flows] == [
        (FlowKind.FUTURES_FINAL_SETTLEMENT, Money(-2_604_38), PriceSource.ASSUMED_RATES)
    ]
    assert result.leaving == {"F-ZQK26": Leaving.FINALLY_SETTLED}


def test_after_the_last_trading_day_a_treasury_lot_keeps_its_mark_and_awaits_delivery() -> None:
    lot, day = futures(ZN, -10, "110.5"), date(2026, 6, 19)
    marked = {lot.lot_id: Money(-1_104_000_00)}
    result = cme_marks(
        [lot],
        day=date(2026, 6, 22),
        prices=SystemPrices(day, {}, {}),
        marked=marked,
        cycle=FlowCycle.END_OF_DAY,
        pays_on=date(2026, 6, 23),
        rules=RULES,
    )
    assert (result.flows, result.marked) == ((), marked)
    assert [alarm.stage for alarm in result.alarms] == [DeliveryStage.TRADING_OVER]


def test_a_cash_settled_lot_past_its_last_trading_day_is_refused() -> None:
    with pytest.raises(RefusedError, match="last trading day"):
        cme_marks(
            [futures(ZQ, 1, "96.365")],
            day=date(2026, 6, 1),
            prices=prices(date(2026, 6, 1)),
            marked={},
            cycle=FlowCycle.INTRADAY,
            pays_on=date(2026, 6, 1),
            rules=RULES,
        )


def test_a_repo_is_marked_to_its_end_and_leaves_with_its_interest() -> None:
    repo = replace(
        CASH,
        lot_id="R1",
        leg=Leg.REPO,
        settlement_date=MONDAY,
        end_date=WEDNESDAY,
        repo_rate_pct=Decimal("3.6"),
    )
    result = ficc_start_of_day(
        [repo], day=WEDNESDAY, prices=prices(TUESDAY, "99"), outstanding=(), terms=TERMS
    )
    assert [(f.kind, f.amount) for f in result.flows] == [
        (FlowKind.FICC_TRANSACTION_ADJUSTMENT, Money(0)),
        (FlowKind.FICC_REPO_INTEREST, Money(-1_980_00)),
    ]

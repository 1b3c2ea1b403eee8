"""Lots: what a line becomes, what stands in for what it lacks, and parts that lose no cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Leg, PositionLine
from crossmargin.settlement.lots import ContractBasis, LastPrices, Lot, lot_from_line
from crossmargin.settlement.prices import PriceSource, SettlementPrice, SystemPrice
from crossmargin.testing.builders import invented_cusip, note_or_bond, position

FRIDAY = date(2026, 5, 22)
NOTE = note_or_bond(3, maturity_date=date(2033, 2, 15), coupon_pct="3.5")
CUSIP = invented_cusip(3).text
PRICE = SystemPrice(NOTE, Decimal("96.5"), PriceSource.QUOTED_SHEET)
ZN = SettlementPrice(
    FuturesContract("ZN", 2026, 6), Decimal("110.515625"), PriceSource.MODEL_DELIVERY
)


def taken(line: PositionLine, last: LastPrices | None = None, **stated: object) -> Lot:
    return lot_from_line(
        line,
        lot_id="L1",
        taken_in=FRIDAY,
        calendar=sifma_calendar(),
        last=last or LastPrices(),
        **stated,  # type: ignore[arg-type]
    )


def repo(quantity: int) -> PositionLine:
    return replace(
        position("FUND", CUSIP, quantity),
        leg=Leg.REPO if quantity > 0 else Leg.REVERSE_REPO,
        settlement_date=FRIDAY,
        end_date=date(2026, 6, 22),
        repo_rate_pct=Decimal("3.7"),
        start_amount=Money(9_700_000_00),
    )


def test_cash_without_a_date_settles_the_next_business_day() -> None:
    lot = taken(position("FUND", CUSIP, 10_000_000), contract_amount=Money(9_740_000_00))
    assert lot.due == date(2026, 5, 26)
    assert lot.basis is ContractBasis.STATED
    assert lot.signed_contract == Money(9_740_000_00)


def test_the_last_system_price_stands_in_and_the_lot_says_assumed() -> None:
    lot = taken(position("FUND", CUSIP, -10_000_000), LastPrices(system_price=PRICE))
    # 96.5 and 100 of 181 days of 1.75: 9,650,000 + 96,685.08.
    assert lot.contract_amount == Money(9_746_685_08)
    assert lot.signed_contract == Money(-9_746_685_08)
    assert lot.basis is ContractBasis.ASSUMED


def test_a_repo_keeps_its_start_amount_rate_and_end() -> None:
    lot = taken(repo(10_000_000))
    assert (lot.contract_amount, lot.due) == (Money(9_700_000_00), date(2026, 6, 22))
    assert lot.basis is ContractBasis.STATED


def test_a_repo_without_a_rate_takes_the_overnight_rate_and_says_assumed() -> None:
    line = replace(repo(-10_000_000), repo_rate_pct=None)
    lot = taken(line, LastPrices(overnight_rate_pct=Decimal("3.62")))
    assert lot.repo_rate_pct == Decimal("3.62")
    assert lot.basis is ContractBasis.ASSUMED


def test_everything_that_is_lacking_is_refused_at_once() -> None:
    line = replace(repo(10_000_000), start_amount=None, repo_rate_pct=None, end_date=None)
    with pytest.raises(RefusedError) as error:
        taken(line)
    fields = [refusal.field for refusal in error.value.refusals]
    assert fields == ["start_amount", "repo_rate_pct", "end_date"]


def test_futures_take_the_trade_price_or_the_settlement_price() -> None:
    line = position("FUND", "ZNM6", -10)
    stated = taken(line, trade_price=Decimal("110.5"))
    assert (stated.instrument, stated.signed_contract) == ("ZNM26", Money(-1_105_000_00))
    assumed = taken(line, LastPrices(settlement_price=ZN))
    assert (assumed.trade_price, assumed.basis) == (ZN.price, ContractBasis.ASSUMED)
    with pytest.raises(RefusedError, match="ZNM26"):
        taken(line)


def test_parts_are_the_whole_to_the_cent() -> None:
    lot = taken(position("FUND", CUSIP, 300), contract_amount=Money(100_00))
    leaving, staying = lot.split(100, leaving_id="A", staying_id="B")
    assert (leaving.contract_amount, staying.contract_amount) == (Money(33_33), Money(66_67))
    assert (leaving.quantity, staying.quantity) == (100, 200)


@pytest.mark.parametrize("quantity", [0, 300, 400, -100])
def test_a_part_is_less_than_the_whole_and_of_its_sign(quantity: int) -> None:
    lot = taken(position("FUND", CUSIP, 300), contract_amount=Money(100_00))
    with pytest.raises(ValueError, match="has no part"):
        lot.split(quantity, leaving_id="A", staying_id="B")


def test_a_fail_after_its_adjustment_is_a_cash_obligation_at_the_settlement_value() -> None:
    lot = taken(repo(-10_000_000))
    failed = lot.failing_at(Money(-9_750_000_00), lot_id="L1F")
    assert (failed.leg, failed.due, failed.failed) == (Leg.CASH, lot.due, True)
    assert failed.signed_contract == Money(-9_750_000_00)
    with pytest.raises(ValueError, match="its sign"):
        lot.failing_at(Money(1), lot_id="L1F")


def test_a_lot_without_what_its_leg_needs_is_a_mistake() -> None:
    lot = taken(repo(10_000_000))
    with pytest.raises(ValueError, match="lacks"):
        replace(lot, repo_rate_pct=None)
    with pytest.raises(ValueError, match="lacks"):
        replace(taken(position("FUND", "ZNM6", 1), trade_price=Decimal(110)), trade_price=None)
    with pytest.raises(ValueError, match="quantity"):
        replace(lot, quantity=0)

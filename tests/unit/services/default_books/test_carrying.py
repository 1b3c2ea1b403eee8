"""Lots parted and carried on: quantities, amounts and marks add up, and no line is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.lot_register import Written, lot_record, read_register
from crossmargin.services.clearing_day.marks import Marks, last_marks, marks_record
from crossmargin.services.default_books.carrying import carry_lots, part_lots, positions_of
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot

DAY = date(2026, 5, 11)
WRITTEN = Written(DAY, datetime(2026, 5, 11, 22, tzinfo=UTC), "trustee")
NOTES = Lot(
    *("notes", CustomerKey("ONE", "A"), ClearingOrganization.FICC, Account.XM, "91282CMS7"),
    quantity=1_000_000,
    contract_amount=Money(998_123_45),
    taken_in=DAY,
    settlement_date=date(2026, 5, 12),
)
FUTURES = Lot(
    *("futures", CustomerKey("ONE", "A"), ClearingOrganization.CME, Account.XM, "ZNM26"),
    quantity=-7,
    contract_amount=Money(775_000_01),
    taken_in=DAY,
    trade_price=Decimal("110.71"),
)
MARKS = Marks(
    {"futures": Money(-775_123_47)}, (PaidMark("notes", Money(333_33), DAY, of_fail=False),)
)


def prepared(work, *lots: Lot) -> None:
    for lot in lots:
        work.records.add(lot_record(lot, WRITTEN))
    work.records.add(marks_record(MARKS, "marks/before", WRITTEN, bd_fcm="ONE"))


def marks_in_all(work) -> tuple[Money, Money]:
    found = [last_marks(work.records, name) for name in ("ONE", "TWO")]
    return (
        Money.total(value for each in found for value in each.futures.values()),
        Money.total(paid.amount for each in found for paid in each.outstanding),
    )


@given(par=st.integers(1, 10_000), contracts=st.integers(1, 7))
def test_parts_are_the_whole_in_quantity_amount_and_marks(par: int, contracts: int) -> None:
    lines = {"91282CMS7": par * 100, "ZNM26": -contracts}
    with MemoryBooks().work() as work:
        prepared(work, NOTES, FUTURES)
        parted = part_lots(work, (NOTES, FUTURES), lines, WRITTEN, name="move")
        carry_lots(work, parted.moving, "TWO", WRITTEN, name="move")
        assert positions_of(parted.moving) == lines
        both = (*parted.moving, *parted.staying)
        assert positions_of(both) == positions_of((NOTES, FUTURES))
        assert Money.total(each.contract_amount for each in both) == Money(998_123_45 + 775_000_01)
        assert marks_in_all(work) == (Money(-775_123_47), Money(333_33))
        live = [read_register(work.records, name).live() for name in ("ONE", "TWO")]
        assert positions_of(live[1]) == lines
        assert {each.lot_id for each in live[0]} == {each.lot_id for each in parted.staying}
        carried = last_marks(work.records, "TWO")
        assert {*carried.futures, *(e.lot_id for e in carried.outstanding)} == {
            each.lot_id for each in live[1]
        }


def test_lots_move_in_order_and_one_alone_is_parted() -> None:
    second = replace(NOTES, lot_id="second", quantity=500_000)
    with MemoryBooks().work() as work:
        prepared(work, NOTES, second)
        parted = part_lots(work, (NOTES, second), {"91282CMS7": 1_200_000}, WRITTEN, name="move")
    assert [each.lot_id for each in parted.moving] == ["notes", "second/move/moving"]
    assert [each.lot_id for each in parted.staying] == ["second/move/left"]


def test_a_line_of_a_long_and_a_short_moves_whole_or_not() -> None:
    short = replace(NOTES, lot_id="short", quantity=-400_000)
    lots = (NOTES, short)
    with MemoryBooks().work() as work:
        prepared(work, *lots)
        with pytest.raises(RefusedError, match="lots are of one sign"):
            part_lots(work, lots, {"91282CMS7": 100_000}, WRITTEN, name="move")
        whole = part_lots(work, lots, {"91282CMS7": 600_000}, WRITTEN, name="move")
    assert whole.moving == lots


def test_more_than_there_is_has_no_part() -> None:
    with MemoryBooks().work() as work:
        prepared(work, NOTES)
        for wrong in (1_000_100, -100):
            with pytest.raises(RefusedError):
                part_lots(work, (NOTES,), {"91282CMS7": wrong}, WRITTEN, name="move")


def test_outside_the_arrangement_regular_accounts_carry_it() -> None:
    with MemoryBooks().work() as work:
        prepared(work, NOTES, FUTURES)
        carry_lots(work, (NOTES, FUTURES), "TWO", WRITTEN, name="move", in_arrangement=False)
        carried = read_register(work.records, "TWO").live()
    assert {each.account for each in carried} == {Account.REGULAR}

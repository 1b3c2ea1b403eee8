"""The register looks at recent lots first, and answers as if it had looked at all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    LotRegister,
    Written,
    ended_record,
    lot_record,
    read_register,
)
from crossmargin.settlement.lots import Lot
from crossmargin.testing.clearing_days import EASTERN, FIRM

_CUSTOMER = CustomerKey(FIRM, "FUND")
_START = datetime(2026, 5, 11, 9, tzinfo=EASTERN)
#: When each lot was opened and, if so, ended, in hours from the start.
_HOURS = st.integers(0, 240)
_LOTS = st.lists(st.tuples(_HOURS, st.none() | _HOURS), max_size=8)


def lot(number: int) -> Lot:
    return Lot(
        f"lot/{number}",
        _CUSTOMER,
        ClearingOrganization.CME,
        Account.XM,
        "ZNM26",
        number + 1,
        Money(0),
        date(2026, 5, 11),
        trade_price=Decimal(110),
    )


def written(hours: int, *causes: str) -> Written:
    at = _START + timedelta(hours=hours)
    return Written(at.date(), at, "somebody", causes)


@given(_LOTS, _HOURS)
def test_recent_lots_are_enough(lots: list[tuple[int, int | None]], cutoff: int) -> None:
    books = MemoryBooks()
    events = []
    for number, (opened, ended) in enumerate(lots):
        record = lot_record(lot(number), written(opened, f"file/{number}"))
        events.append((opened, record))
        if ended is not None:
            subject = subject_of(_CUSTOMER)
            end = ended_record(f"lot/{number}", LotEnd.SETTLED, written(ended), subject=subject)
            events.append((max(opened, ended), end))
    with books.work() as work:
        for _, record in sorted(events, key=lambda event: event[0]):
            work.records.add(record)
            read_register(work.records, FIRM)
        found = read_register(work.records, FIRM)
    whole = LotRegister(found.opened, found.ended)
    assert found.live() == whole.live()
    at = dict.fromkeys(ClearingOrganization, _START + timedelta(hours=cutoff))
    assert found.live(at) == whole.live(at)
    for wanted in (whole.live(), tuple(each for each, _ in found.opened)):
        assert found.sources(wanted) == whole.sources(wanted)


def test_old_ends_leave_the_recent() -> None:
    books = MemoryBooks()
    with books.work() as work:
        for number in (0, 1):
            work.records.add(lot_record(lot(number), written(0)))
        subject = subject_of(_CUSTOMER)
        work.records.add(ended_record("lot/0", LotEnd.SETTLED, written(1), subject=subject))
        work.records.add(lot_record(lot(2), written(24 * 9)))
        assert read_register(work.records, FIRM).recent == (1, 2)


def test_a_register_does_not_change_with_what_is_written_later() -> None:
    books = MemoryBooks()
    with books.work() as work:
        work.records.add(lot_record(lot(0), written(0)))
        before = read_register(work.records, FIRM)
        kept = replace(before)
        end = ended_record("lot/0", LotEnd.SETTLED, written(1), subject=subject_of(_CUSTOMER))
        work.records.add(end)
        assert read_register(work.records, FIRM).live() == ()
        assert before == kept
        assert before.live() == (lot(0),)

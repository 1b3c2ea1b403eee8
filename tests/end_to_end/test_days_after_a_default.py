"""What a port or a default ends in the books, so that the days of the BD-FCM can go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CallIssued
from crossmargin.collateral.calls import CallStatus
from crossmargin.collateral.deadline import DueEvent
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of, write_event
from crossmargin.services.clearing_day.lot_register import Written, read_register
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.default_books.ending import end_accounts
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.clearing_days import EASTERN, desk_on, with_day_before
from crossmargin.testing.commands import outcome

WHOSE = CustomerKey("BD-FCM", "CURVE-FUND")
CALL = "call/by hand"


@pytest.fixture
def books(closed_day_books: str, simulation, tmp_path: Path) -> str:
    """Return books of a closed day with one call that nobody has paid."""
    address = str(tmp_path / "books.db")
    copy_books(closed_day_books, address)
    day = simulation.as_of
    at = datetime.combine(day, datetime.min.time(), EASTERN) + timedelta(hours=23, minutes=40)
    call = CallIssued(
        *(CALL, WHOSE, day, at, ClearingOrganization.FICC, Cycle.EOD.value, Money(1_00), "USD"),
        *(day + timedelta(days=1), DueEvent.FEDWIRE_FUNDS_CLOSE, at + timedelta(days=1)),
    )
    store = open_books(address)
    with store.work() as work:
        write_event(work, call, Written(day, at, "operations"))
        work.commit()
    store.close()
    return address


@pytest.fixture
def declared(books: str, simulation, tmp_path: Path) -> Iterator[Work]:
    """Return a work of books in which the customer was closed out."""
    file, day = tmp_path / "treatments.csv", simulation.as_of.isoformat()
    file.write_text(f"customer,ficc_result,cme_result,receiver\n{WHOSE.customer_id},,-30.01,\n")
    status, _, remarks = outcome(
        *("default", "books", str(file), "--books", books, "--declare", "--date", day),
        *("--at", f"{day}T23:45-04:00", "--actor", "trustee:t", "--approver", "risk"),
    )
    assert status == 0, remarks
    store = open_books(books)
    assert verify_books(store) == ()
    with store.work() as work:
        yield work
    store.close()


def required(work: Work, day) -> Required:
    return last_requirements(work.records, WHOSE.bd_fcm, until=day)[WHOSE]


def test_nothing_is_required_or_called_of_an_account_that_was_closed_out(
    books: str, declared: Work, simulation
) -> None:
    found = required(declared, simulation.as_of)
    assert (found.in_futures_account, found.standalone_ficc, found.ficc_outside) == (ZERO,) * 3
    (call,) = [e for e in calls_of(declared.records, WHOSE) if e.issued.event_id == CALL]
    assert call.status(call.issued.due_at + timedelta(days=1)) is CallStatus.CANCELLED


def test_no_mark_is_kept_of_lots_that_were_closed_out(declared: Work) -> None:
    marks = last_marks(declared.records, WHOSE.bd_fcm)
    assert (marks.futures, marks.outstanding) == ({}, ())


def test_the_next_morning_wires_no_margin_of_an_account_that_was_closed_out(
    books: str, declared: Work, simulation, simulated_market
) -> None:
    day = simulation.as_of
    following = day + timedelta(days=1)
    store = open_books(books)
    desk = desk_on(store, with_day_before(simulated_market, day), {})
    done = desk.run(
        following,
        until=datetime.combine(following, datetime.min.time(), EASTERN)
        + timedelta(hours=9, minutes=45),
    )
    with store.work() as work:
        wired = [e for e in work.ledger.transfers(first=following) if "MARGIN" in e.kind.value]
    store.close()
    assert done
    assert wired == []


def test_of_positions_that_stay_everything_stands_until_the_next_cycle(
    books: str, simulation
) -> None:
    day = simulation.as_of
    store = open_books(books)
    with store.work() as work:
        before = required(work, day)
        written = Written(day, before.at, "trustee", ("declared",))
        end_accounts(work, WHOSE.bd_fcm, [WHOSE.customer_id], written, name="port")
        assert required(work, day) == before
        assert before.in_futures_account > ZERO
        lots = read_register(work.records, WHOSE.bd_fcm).live()
        assert {lot.account for lot in lots} == {Account.XM}
        (call,) = [e for e in calls_of(work.records, WHOSE) if e.issued.event_id == CALL]
        assert call.outstanding == Money(1_00)
    store.close()

"""Property that is moved between FICC's places: held, in transit and owed agree on its day."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    CustodianRow,
    Direction,
    FileKind,
    PaymentRow,
    Segregation,
)
from crossmargin.services.clearing_day.moving import Move, move_property
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.testing.clearing_days import EASTERN, FIRM, arrived, opened_books

AT_FRBNY = "FRBNY_SEGREGATED_ACCOUNT/FUTURES///FRBNY"
AT_BANK = "SEGREGATED_BANK_ACCOUNT/FUTURES///BANK-ONE"
MOVED = 12_345
_KINDS = (
    AccountKind.SEGREGATED_BANK,
    AccountKind.CME_CUSTODY,
    AccountKind.FRBNY_SEGREGATED_ACCOUNT,
    AccountKind.SEGREGATED_BANK_ACCOUNT,
)


def _confirmed(day, clock, wires):
    rows = [
        PaymentRow(
            *(line, f"confirmed-{line}-{clock}", wire.record_id, FIRM, None, ""),
            *(wire.content["asset"], wire.content["amount"], Direction.OUT),
        )
        for line, wire in enumerate(wires, start=2)
    ]
    return arrived(day, clock, FileKind.PAYMENTS, rows, "confirmed")


def _statement(day, books):
    """Return what every place says that it holds: what is posted, transit apart."""
    with books.work() as work:
        held = [
            (Account.parsed(account_id), asset, balance)
            for kind in _KINDS
            for (account_id, asset), balance in work.ledger.balances(kind=kind).items()
        ]
    rows = [
        CustodianRow(
            *(line, account.custodian or "CME"),
            AccountScope.XM_ONLY if account.custodian == "BANK-ONE" else AccountScope.XM_AND_SCM,
            *(Segregation(account.segregation_class.value), str(asset), balance.posted_debit),
            balance.debits_pending - balance.credits_pending,
        )
        for line, (account, asset, balance) in enumerate(held, start=2)
        if balance.posted_debit
    ]
    return arrived(day, "23:10", FileKind.CUSTODIAN, rows)


@pytest.fixture(scope="module", params=[False, True], ids=["in transit", "confirmed"])
def moved(request, desk_of, day):
    """Return books of a closed day on which cash at FRBNY was moved to FICC's bank."""
    books = opened_books(MemoryBooks())
    desk_of(books).run(day, until=datetime.combine(day, time(15), EASTERN))
    with books.work() as work:
        sent = work.records.select(stream=WIRE, first=day)
        margin = [each for each in sent if str(each.content["purpose"]).startswith("MARGIN_TO")]
    files = [_confirmed(day, "15:10", margin)]
    desk_of(books, *files).run(day, until=datetime.combine(day, time(16), EASTERN))
    move = Move("M1", AT_FRBNY, AT_BANK, CASH, MOVED, "spread over two places")
    entry = Entry(datetime.combine(day, time(16, 5), EASTERN), "treasury", "control")
    with books.work() as work:
        wire_id = move_property(work, FIRM, move, entry)
        wire = work.records.get(wire_id)
        work.commit()
    if request.param:
        files.append(_confirmed(day, "16:40", [wire]))
    desk = desk_of(books, *files)
    desk.run(day, until=datetime.combine(day, time(22), EASTERN))
    desk_of(books, *files, _statement(day, books)).run(day)
    return books, desk, request.param


def test_the_custody_report_shows_it_at_both_places_in_transit_and_then_where_it_lies(moved, day):
    books, _, is_confirmed = moved
    with books.work() as work:
        report = report_document(work, FIRM, day, "custody")["document"]
        slice_ = report_document(work, FIRM, day, "custody-slice")["document"]
    assert [each for each in report["checks"] if not each["passed"]] == []
    assert slice_["ties"] is True
    waits = {(each["account_id"], each["amount"]) for each in report["in_transit"]}
    assert waits == (set() if is_confirmed else {("FRBNY", "-123.45"), ("BANK-ONE", "123.45")})
    lies = {each["location"]: each["amount"] for each in report["held"]}
    assert lies.get("BANK-ONE") == ("123.45" if is_confirmed else None)


def test_the_reconciliation_to_the_custodian_has_no_break_and_the_books_hold(moved, day):
    books, desk, _ = moved
    with books.work() as work:
        said = report_document(work, FIRM, day, "reconciliation")["document"]
    (custodian,) = [each for each in said["reconciliations"] if each["counterpart"] == "custodian"]
    assert custodian["compared"]
    assert custodian["breaks"] == []
    assert verify_books(books) == ()
    (wire,) = [
        each for each in desk.outbox.files[day]["wires.jsonl"] if each["purpose"] == "CUSTODY_MOVE"
    ]
    assert (wire["from"], wire["to"], wire["quantity"]) == ("FRBNY", "BANK-ONE", "123.45")
    assert wire["asset"] == str(Asset.parsed("CASH-USD"))

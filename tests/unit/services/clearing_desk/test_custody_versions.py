"""A custodian's statement that comes after the close makes the custody report anew, no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.money import ZERO, money_from_decimal
from crossmargin.reporting.custody_values import AccountScope
from crossmargin.services.book_reports.custody_versions import balances_at
from crossmargin.services.book_reports.reading import notices_of_day, report_document
from crossmargin.services.books.days import close_of
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import CustodianRow, FileKind, Segregation
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.testing.clearing_days import FIRM, RICH, arrived, opened_books, top_up

SECTIONS = ("owed", "in_transit")


@pytest.fixture(scope="module")
def corrected(run, desk_of, day):
    """Return books whose day was closed and then run again with two corrections and an order."""
    books = opened_books(MemoryBooks())
    run(books, RICH)
    row = CustodianRow(2, "FRBNY", AccountScope.XM_AND_SCM, Segregation.FUTURES, "CASH-USD", 500)
    first = arrived(day, "23:10", FileKind.CUSTODIAN, [row])
    second = replace(first, rows=(replace(row, quantity=700),), sha256="another")
    order = arrived(day, "23:15", FileKind.INSTRUCTIONS, [top_up(2, 100)])
    done = [desk_of(books, file, deposits=RICH).run(day) for file in (first, second, second, order)]
    return books, [[each for each in one if each.is_new] for one in done]


def test_each_statement_is_a_version_that_names_what_it_supersedes(corrected, day):
    books, _ = corrected
    with books.work() as work:
        closed = close_of(work.records, FIRM, day)
        found = [report_document(work, FIRM, day, "custody", version=n + 1) for n in range(3)]
        slices = [
            report_document(work, FIRM, day, "custody-slice", version=n + 1) for n in range(3)
        ]
        assert report_document(work, FIRM, day, "custody") == found[-1]
        assert balances_at(work.ledger, day, closed) == dict(work.ledger.balances())
    headers = [each["document"]["header"] for each in found]
    assert [each["supersedes"] for each in headers] == [
        None,
        headers[0]["report_id"],
        headers[1]["report_id"],
    ]
    assert {each["as_of"] for each in headers} == {closed.isoformat()}
    held = [each["document"]["held"] for each in found]
    assert [one["amount"] for row in held for one in row] == ["5.00", "7.00"]
    for section in SECTIONS:
        assert all(each["document"][section] == found[0]["document"][section] for each in found)
    compared = [each["document"]["compared_with"] for each in slices]
    assert compared == [each["report_id"] for each in headers]


def test_a_statement_is_taken_in_once_and_nothing_else_is_after_the_close(corrected, day):
    books, new = corrected
    assert [len(each) for each in new] == [1, 1, 0, 1]
    said = [each[0].record.content for each in new if each]
    assert [each["taken"] for each in said] == [1, 1, 0]
    assert "before the day was closed" in said[2]["refused"][0]["expected"]
    assert verify_books(books) == ()
    with books.work() as work:
        drafted = notices_of_day(work, FIRM, day)
        interest = report_document(work, FIRM, day, "residual-interest")
    assert money_from_decimal(interest["document"]["residual_interest_held"]) != ZERO
    assert interest["version"] == 1
    assert all(each["kind"] != "custody_shortfall" for each in drafted)

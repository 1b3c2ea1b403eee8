"""Property in a security that the day's sheet has no price of: it counts as nothing and is named.

A note that has matured is on no sheet any more, and may still lie in a customer's account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from crossmargin.feeds.defaults.receivers import read_receivers
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
    PaymentRow,
)
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.services.clearing_desk.backups import ask_backups
from crossmargin.testing.builders import note_or_bond
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    RICH,
    arrived,
    content_of,
    instruction,
    opened_books,
    payment,
)

RECEIVERS = Path(__file__).resolve().parents[4] / "docs" / "tutorial" / "receivers.toml"
GONE = note_or_bond(77, maturity_date=date(2020, 2, 15)).cusip.text
CALLING = ("itd", "eod", "eodxm")


def brought(name: str, reference: str = "") -> PaymentRow:
    return payment(name, f"SEC-{GONE}", 5_000, reference)


@pytest.fixture(scope="module")
def matured(desk_of, market, day):
    """A day with a matured note among the customer's property, its back-up asked too."""
    assert GONE not in market.price_sheets[day].prices
    order = instruction("out", Action.WITHDRAW, f"SEC-{GONE}", 2_000)
    books = opened_books(MemoryBooks())
    more = (
        arrived(day, "06:55", FileKind.PAYMENTS, [brought("note")], "note"),
        arrived(day, "13:10", FileKind.INSTRUCTIONS, [order], "out"),
    )
    desk = desk_of(books, *more)
    asked = partial(ask_backups, read_receivers(RECEIVERS))
    return books, replace(desk, ask_backups=asked).run(day)


def test_the_day_goes_on_and_every_run_that_calls_names_it(matured):
    books, done = matured
    named = [content_of(done, step).get("without_price") for step in CALLING]
    assert named == [[[f"{FIRM}/CURVE-FUND", GONE]]] * 3
    assert "stand ready" in content_of(done, "close")["backups"]
    assert verify_books(books) == ()


def test_it_counts_as_nothing(matured, run, day):
    _, done = matured
    _, without = run(opened_books(MemoryBooks()), RICH)
    for step in CALLING:
        assert content_of(done, step)["called"] == content_of(without, step)["called"]
        assert "without_price" not in content_of(without, step)


def test_the_statement_shows_it_at_nothing_and_what_goes_back_goes(matured, day):
    books, _ = matured
    with books.work() as work:
        said = report_document(work, FIRM, day, "statement/CURVE-FUND")["document"]
        sent = [e for e in work.records.select(stream=WIRE) if e.content["asset"] == f"SEC-{GONE}"]
    (line,) = [each for each in said["collateral"] if each["asset"] == f"SEC-{GONE}"]
    assert (line["market_value"], line["value"]) == ("0.00", "0.00")
    assert [each.content["amount"] for each in sent] == [2_000]


def test_brought_for_a_call_of_segregated_customer_margin_it_meets_nothing(run, day, lines):
    first = next(e for e in lines if e.clearing_organization is ClearingOrganization.FICC)
    outside = [replace(e, account=Account.REGULAR) if e is first else e for e in lines]
    before, books = opened_books(MemoryBooks()), opened_books(MemoryBooks())
    run(before, RICH, held=outside)
    with before.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
    paid = brought("note", call.issued.event_id)
    _, done = run(
        books, RICH, arrived(day, "13:00", FileKind.PAYMENTS, [paid], "note"), held=outside
    )
    assert content_of(done, "eod")["without_price"] == [[f"{FIRM}/CURVE-FUND", GONE]]
    assert content_of(done, "itd-ficc-due")["lacking_outside"]
    assert verify_books(books) == ()
    with books.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if not c.is_of_futures_account]
    assert (call.paid.cents, call.outstanding) == (0, call.issued.amount)

"""Balances of an instant, counted from the transfers, are those that the ledger then kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crossmargin.ledger.transfers import TransferState
from crossmargin.services.book_reports.custody_versions import balances_at
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.testing.books import AT, DAY, deposit, open_books

LATER = AT + timedelta(minutes=1)


@pytest.mark.parametrize("confirmed", [100, 60])
def test_what_waits_is_settled_whole_whatever_of_it_is_posted(confirmed: int) -> None:
    books = MemoryBooks()
    open_books(books)
    waits = deposit("d", "A", 100, state=TransferState.PENDING)
    with books.work() as work:
        work.ledger.post([waits])
        before = work.ledger.balances()
        settled = replace(
            waits,
            transfer_id="d/settled",
            group_id="d/settled",
            state=TransferState.POSTS_PENDING,
            pending_id="d",
            amount=confirmed,
            at=LATER,
        )
        (answer,) = work.ledger.post([settled])
        assert answer.posting.is_accepted
        assert balances_at(work.ledger, DAY, AT) == before
        assert balances_at(work.ledger, DAY, LATER) == work.ledger.balances()

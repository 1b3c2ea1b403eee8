"""Books after a closed day with margin at both clearing organizations, for tests of defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.market.history import MarketData
from crossmargin.product.position import PositionLine
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    ArrivedFile,
    CustodianRow,
    FileKind,
    Segregation,
)
from crossmargin.testing.clearing_days import EASTERN, arrived, day_files, desk_on, opened_books

_ON_ITS_WAY = (TransferKind.MARGIN_TO_CME, TransferKind.MARGIN_TO_FICC)


def closed_day(
    books: Books,
    market: MarketData,
    day: date,
    lines: Sequence[PositionLine],
    deposits: Mapping[str, int],
) -> Books:
    """Return empty books after one clearing day: what was wired has arrived before the close.

    Parameters
    ----------
    books : Books
    market : MarketData
        With prices of the business day before too.
    day : date
    lines : sequence of PositionLine
    deposits : mapping of customer to int
        Cents.
    """
    opened_books(books)
    files = day_files(day, lines, deposits)
    desk = desk_on(books, market, {day: files})
    desk.run(day, until=datetime.combine(day, time(22), EASTERN))
    with books.work() as work:
        sent = [
            each
            for kind in _ON_ITS_WAY
            for each in work.ledger.transfers(kind=kind)
            if each.state is TransferState.PENDING
        ]
        answers = work.ledger.post([_arrived(each) for each in sent])
        if not all(each.posting.is_accepted for each in answers):
            raise AssertionError(f"what was sent did not arrive: {answers}")
        statement = _statement(work.ledger.balances(kind=AccountKind.FRBNY_SEGREGATED_ACCOUNT), day)
        work.commit()
    replace(desk_on(books, market, {day: [*files, statement]}), models=desk.models).run(day)
    return books


def _arrived(sent: Transfer) -> Transfer:
    return replace(
        sent,
        transfer_id=f"{sent.transfer_id}/arrived",
        group_id=f"{sent.group_id}/arrived",
        state=TransferState.POSTS_PENDING,
        pending_id=sent.transfer_id,
    )


def _statement(balances: Mapping[tuple[str, Asset], Balance], day: date) -> ArrivedFile:
    """Return the statement of what lies at the Federal Reserve Bank of New York."""
    rows = []
    for line, ((account_id, asset), balance) in enumerate(balances.items(), start=2):
        account = Account.parsed(account_id)
        rows.append(
            CustodianRow(
                line,
                account.custodian,
                AccountScope.XM_AND_SCM,
                Segregation(account.segregation_class.value),
                str(asset),
                balance.posted_debit,
            )
        )
    return arrived(day, "23:10", FileKind.CUSTODIAN, rows)

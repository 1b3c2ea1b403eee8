"""Verify the books: the ledger from its transfers, lots against position accounts, the days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of
from crossmargin.ledger.declaration import DEFAULT_DECLARATION, declared_of
from crossmargin.ledger.transfers import Transfer
from crossmargin.ledger.verification import Check, Finding, LedgerImage, verify
from crossmargin.services.books.accounts import position_account, position_asset
from crossmargin.services.books.days import STEP, out_of_turn
from crossmargin.services.books.liens import register_of_liens
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.lot_register import read_register

_POSITIONS = (
    AccountKind.FICC_XM_POSITION,
    AccountKind.FICC_REGULAR_POSITION,
    AccountKind.CME_XM_POSITION,
    AccountKind.CME_REGULAR_POSITION,
)


def verify_books(books: Books) -> tuple[Finding, ...]:
    """Return everything in the books that does not hold."""
    with books.work() as work:
        return verify_work(work)


def verify_work(work: Work) -> tuple[Finding, ...]:
    """Return everything that does not hold in the books as a transaction sees them."""
    return (*verify(image_of(work)), *_positions(work), *_days(work))


def image_of(work: Work) -> LedgerImage:
    """Return the ledger as it stands, with the facts of its places and the register of liens."""
    transfers = work.ledger.transfers()
    return LedgerImage(
        work.ledger.accounts(),
        transfers,
        work.ledger.balances(),
        tuple(fact_of(each) for each in work.records.select(stream=CUSTODY_FACT)),
        register_of_liens(work),
        work.ledger.openings(),
        {
            each.record_id: declared
            for each in work.records.select(stream=DEFAULT_DECLARATION)
            if (declared := declared_of(each)) is not None
        },
        _come_to(work, transfers),
    )


def _come_to(work: Work, transfers: Iterable[Transfer]) -> date | None:
    """Return the latest business date on which a step was done or anything moved."""
    steps = (each.business_date for each in work.records.select(stream=STEP))
    moved = (each.business_date for each in transfers)
    return max((*steps, *moved), default=None)


def _positions(work: Work) -> tuple[Finding, ...]:
    """Compare the live lots with the position accounts."""
    bd_fcms = {account.bd_fcm for account in work.ledger.accounts() if account.customer_id}
    lots: dict[tuple[str, str], int] = defaultdict(int)
    for bd_fcm in sorted(bd_fcms):
        for lot in read_register(work.records, bd_fcm).live():
            account = position_account(lot.customer, lot.clearing_organization, lot.account)
            asset = position_asset(lot.clearing_organization, lot.instrument)
            lots[account.account_id, str(asset)] += lot.quantity
    carried = {
        (account_id, str(asset)): balance.posted_debit
        for kind in _POSITIONS
        for (account_id, asset), balance in work.ledger.balances(kind=kind).items()
    }
    return tuple(
        Finding(
            Check.POSITIONS_ARE_THE_LOTS,
            key[0],
            key[1],
            str(carried.get(key, 0)),
            str(lots.get(key, 0)),
        )
        for key in sorted({*lots, *carried})
        if carried.get(key, 0) != lots.get(key, 0)
    )


def _days(work: Work) -> tuple[Finding, ...]:
    """Return the days that were begun before the business day before them was closed."""
    return tuple(
        Finding(Check.DAYS_ARE_IN_ORDER, step.record_id, "", step.business_date.isoformat(), after)
        for step, after in out_of_turn(work.records.select(stream=STEP))
    )

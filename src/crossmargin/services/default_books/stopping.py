"""What stops when a default is declared: what is on its way, and settlements still due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.default_books.desk import DefaultDesk

_SETTLEMENTS = (
    (AccountKind.CME_SETTLEMENT, TransferKind.CME_SETTLEMENT_PAYMENT),
    (AccountKind.FICC_FUNDS_ONLY_SETTLEMENT, TransferKind.FICC_FUNDS_ONLY_PAYMENT),
)


def stop_payments(desk: DefaultDesk) -> None:
    """Void what is on its way and settle what both sides owe: the day's flows are facts."""
    void(desk, desk.waiting())
    settle_sides(desk)


def void(desk: DefaultDesk, waiting: Sequence[Transfer]) -> None:
    """Void transfers that are on their way."""
    entry = desk.entry
    desk.post_transfers(
        tuple(
            replace(
                each,
                transfer_id=f"{each.transfer_id}/stopped",
                group_id=f"{each.group_id}/stopped",
                state=TransferState.VOIDS_PENDING,
                pending_id=each.transfer_id,
                business_date=entry.business_date,
                at=entry.at,
                cause_id=entry.declaration_id,
            )
            for each in waiting
        )
    )


def settle_sides(desk: DefaultDesk, *, name: str = "", only: AccountKind | None = None) -> None:
    """Pay what both sides owe of settlements, or are owed.

    Parameters
    ----------
    desk : DefaultDesk
    name : str
        Of what is done, where more than a default may be on one day.
    only : AccountKind, optional
        The account of one side; both if left out.
    """
    entry = desk.entry
    bank = entry.bank_account.account_id
    for kind, payment in _SETTLEMENTS:
        own = of_bd_fcm(kind, entry.bd_fcm).account_id
        debit = desk.work.ledger.balance(own, CASH).posted_debit
        if debit and only in (None, kind):
            day = entry.business_date.isoformat()
            group = "/".join(filter(None, ("default", entry.bd_fcm, day, name, payment.value)))
            debited, credited = (bank, own) if debit > 0 else (own, bank)
            settlement = Transfer(
                transfer_id=group,
                group_id=group,
                kind=payment,
                debit_account_id=debited,
                credit_account_id=credited,
                asset=CASH,
                amount=abs(debit),
                business_date=entry.business_date,
                at=entry.at,
                cause_id=entry.declaration_id,
            )
            desk.post_transfers((settlement,))

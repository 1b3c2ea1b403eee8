"""Whose property lies where, and which of several places takes it or gives it.

A place takes property while every fact of it is in force. Of FICC's, the Federal Reserve Bank of
New York comes before a bank: the CFTC proposed order, section VIII(e)(vii)(1), permits both. What
lies where a fact has ended leaves first: it must leave anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import MOVED, Transfer, TransferState
from crossmargin.services.books.places import missing_at
from crossmargin.services.books.ports import Ledger, Records, Work

_FICC_PLACES = (AccountKind.FRBNY_SEGREGATED_ACCOUNT, AccountKind.SEGREGATED_BANK_ACCOUNT)


def ficc_places(ledger: Ledger) -> tuple[Account, ...]:
    """Return FICC's accounts of XM Customer Margin: at FRBNY, then at banks by name."""
    return tuple(
        each
        for kind in _FICC_PLACES
        for each in ledger.accounts(kind=kind)
        if each.segregation_class is SegregationClass.FUTURES
    )


def permitted_first(work: Work, places: Sequence[Account], on: date) -> list[Account]:
    """Return places in order of choice: those that lack no fact on a day before the others."""
    if len(places) == 1:
        return list(places)
    return sorted(places, key=lambda each: bool(missing_at(work, each, on)))


#: What of each asset lies at places for others than a BD-FCM's customers, by account, once read.
Others = dict[str, Mapping[Asset, int]]


def giving(
    work: Work,
    places: Sequence[Account],
    bd_fcm: str,
    asset: Asset,
    amount: int,
    *,
    on: date,
    others: Others | None = None,
) -> Account | None:
    """Return the place that an amount leaves: one that may keep nothing first.

    None where no single place has it.
    """
    leaving = sorted(places, key=lambda each: not missing_at(work, each, on))
    return next(
        (each for each in leaving if kept_for(work, each, bd_fcm, asset, others) >= amount), None
    )


def kept_for(
    work: Work, place: Account, bd_fcm: str, asset: Asset, others: Others | None = None
) -> int:
    """Return what lies at a place for a BD-FCM's customers, less what waits to leave it.

    A clearing organization's place serves every BD-FCM of the books: each one's part is what was
    moved for it, and all that is there but the others' parts.

    Parameters
    ----------
    work : Work
    place : Account
    bd_fcm : str
    asset : Asset
    others : Others, optional
        Kept by the caller for as long as nobody else's property moves: every transfer of a place
        is read once then, not for each amount.
    """
    free = _free(work.ledger.balance(place.account_id, asset))
    if place.bd_fcm:
        return free
    known = {} if others is None else others
    if place.account_id not in known:
        has_others = _has_others(work.ledger, bd_fcm)
        known[place.account_id] = _of_others(work, place, bd_fcm) if has_others else {}
    return free - known[place.account_id].get(asset, 0)


def _of_others(work: Work, place: Account, bd_fcm: str) -> Mapping[Asset, int]:
    """Return what lies at a place for others, less what waits to leave it, from every transfer."""
    kept: dict[Asset, int] = defaultdict(int)
    waiting: dict[str, Transfer] = {}
    for each in work.ledger.transfers(account_id=place.account_id):
        comes = each.debit_account_id == place.account_id
        if each.pending_id:
            waiting.pop(each.pending_id, None)
        if owner_of(work.records, each) == bd_fcm:
            continue
        if each.state in MOVED:
            kept[each.asset] += each.amount if comes else -each.amount
        elif each.state is TransferState.PENDING and not comes:
            waiting[each.transfer_id] = each
    for each in waiting.values():
        kept[each.asset] -= each.amount
    return kept


def owner_of(records: Records, transfer: Transfer) -> str:
    """Return the BD-FCM whose customers' property a transfer moved; empty where nobody says.

    Between two places of a clearing organization it is that of the record it follows from.
    """
    sides = (transfer.debit_account_id, transfer.credit_account_id)
    named = next((name for each in sides if (name := Account.parsed(each).bd_fcm)), "")
    if named:
        return named
    cause = records.get(transfer.cause_id)
    return "" if cause is None else cause.subject.split("/")[0]


def _free(balance: Balance) -> int:
    return balance.posted_debit - balance.credits_pending


def _has_others(ledger: Ledger, bd_fcm: str) -> bool:
    found = ledger.accounts(kind=AccountKind.RESIDUAL_INTEREST)
    return any(each.bd_fcm != bd_fcm for each in found)

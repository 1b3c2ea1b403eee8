"""Which part of what clearing organizations keep is whose: by BD-FCM, as of its latest close.

FICC's account at a place, and CME's, serve every BD-FCM of a store. A BD-FCM's day is run by
itself, so another's may stand at an earlier close: each one's part is that of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.ledger.chart import Account
from crossmargin.ledger.transfers import Transfer
from crossmargin.services.books.days import days_of
from crossmargin.services.books.ports import Ledger, Records


@dataclass(frozen=True, slots=True)
class Part:
    """One BD-FCM's part, up to an instant.

    Parameters
    ----------
    bd_fcm : str
        Empty for what a clearing organization moves between places of its own.
    business_date : date
        Of its latest close, or the day that is being closed.
    as_of : datetime
        That close: what the ledger has later is left out.
    """

    bd_fcm: str
    business_date: date
    as_of: datetime


def parts_of(records: Records, own: Part) -> dict[str, Part]:
    """Return every BD-FCM's part: that of the one whose day it is, and others' latest closes.

    A BD-FCM that has closed no day up to that one has none.
    """
    found = {"": Part("", own.business_date, own.as_of)}
    for bd_fcm, closed in days_of(records).closed.items():
        until = [day for day in closed if day <= own.business_date]
        if until:
            found[bd_fcm] = Part(bd_fcm, max(until), closed[max(until)])
    found[own.bd_fcm] = own
    return found


def moved_for(ledger: Ledger, account: Account, parts: Mapping[str, Part]) -> Iterator[Transfer]:
    """Yield the transfers of a place, each up to the close of the BD-FCM whose property it moved.

    Parameters
    ----------
    ledger : Ledger
    account : Account
        A clearing organization's, that serves every BD-FCM.
    parts : mapping of BD-FCM to Part
        What is of nobody among them is left out.
    """
    last = max(part.business_date for part in parts.values())
    for each in ledger.transfers(account_id=account.account_id, last=last):
        part = parts.get(_whose(each))
        if part and each.business_date <= part.business_date and each.at <= part.as_of:
            yield each


def _whose(transfer: Transfer) -> str:
    """Return the BD-FCM whose property a transfer moved: a place of FICC's or CME's has none."""
    sides = (transfer.debit_account_id, transfer.credit_account_id)
    return next((name for each in sides if (name := Account.parsed(each).bd_fcm)), "")

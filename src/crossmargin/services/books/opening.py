"""Opening the books of a BD-FCM: its accounts, where property is kept and the facts of each place.

Customers' accounts are opened by their own steps (participation), never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import Account, AccountKind, Holder, SegregationClass
from crossmargin.ledger.custody import (
    CUSTODY_FACT,
    CustodyFact,
    Fact,
    as_last_stated,
    fact_of,
    refusals_of_opening,
)
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.accounts import cme_custody, ficc_custody, of_bd_fcm
from crossmargin.services.books.approvals import Matter, check_two_people
from crossmargin.services.books.ports import Work

OPENING = "OPENING"
_RULE = "reference: books"
_OWN_KINDS = (
    AccountKind.CME_SETTLEMENT,
    AccountKind.FICC_FUNDS_ONLY_SETTLEMENT,
    AccountKind.SCM_FUNDS_ONLY_SETTLEMENT,
    AccountKind.RESIDUAL_INTEREST,
    AccountKind.HOUSE_BANK,
    AccountKind.HOUSE_RESIDUAL_INTEREST,
    AccountKind.HOUSE_EQUITY,
)
_OF_CLEARING_ORGANIZATIONS = (
    Account(AccountKind.FICC_NOVATION, SegregationClass.FUTURES, ""),
    Account(AccountKind.FICC_NOVATION, SegregationClass.SECURITIES, ""),
    Account(AccountKind.CME_CLEARED_TRADES, SegregationClass.FUTURES, ""),
)


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact of a place, before it is known which accounts it concerns."""

    fact: Fact
    value: str
    document_sha256: str
    first: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where property is kept.

    Parameters
    ----------
    kind : AccountKind
        One that is kept elsewhere.
    custodian : str
        Its name in the day's files.
    facts : tuple of StatedFact
    """

    kind: AccountKind
    custodian: str
    facts: tuple[StatedFact, ...]

    def accounts(self, bd_fcm: str) -> tuple[Account, ...]:
        """Return the accounts at the place: one for each class that it may hold."""
        if self.kind is AccountKind.FRBNY_SEGREGATED_ACCOUNT:
            return tuple(
                ficc_custody(self.custodian, each)
                for each in (SegregationClass.FUTURES, SegregationClass.SECURITIES)
            )
        if self.kind is AccountKind.SEGREGATED_BANK_ACCOUNT:
            return (ficc_custody(self.custodian),)
        return (of_bd_fcm(self.kind, bd_fcm, self.custodian),)


@dataclass(frozen=True, slots=True)
class BdFcmBooks:
    """What the books of a BD-FCM begin with.

    Parameters
    ----------
    bd_fcm : str
    opened : date
    capital : Money
        The firm's own cash at its own bank.
    places : tuple of Place
    """

    bd_fcm: str
    opened: date
    capital: Money
    places: tuple[Place, ...]


def open_bd_fcm(
    work: Work, books: BdFcmBooks, *, at: datetime, actor: str, approver: str, sha256: str
) -> str:
    """Open a BD-FCM's accounts and state the facts of its places; done again, nothing changes.

    Parameters
    ----------
    work : Work
    books : BdFcmBooks
    at : datetime
    actor, approver : str
        Who differ.
    sha256 : str
        Of the file that says so.

    Returns
    -------
    str
        Id of the record that everything follows from.

    Raises
    ------
    RefusedError
        If maker and checker are the same, a securities account at FICC is neither for XM Customer
        Margin nor for Segregated Customer Margin and lacks a consent, a fact of a place that
        serves others too is stated otherwise from that day, or the ledger refuses the capital.
    """
    check_two_people(actor, approver, Matter.MANUAL_ADJUSTMENT)
    record_id = f"opening/{books.bd_fcm}"
    content = {"sha256": sha256, "opened": books.opened.isoformat(), "capital": str(books.capital)}
    _refuse_other_securities_accounts(books)
    placed = [
        (place, account) for place in books.places for account in place.accounts(books.bd_fcm)
    ]
    stated = [(account, fact) for place, account in placed for fact in place.facts]
    if faults := conflicts_of(work, stated):
        raise RefusedError(*faults)
    work.records.add(
        Record(
            record_id=record_id,
            stream=OPENING,
            subject=books.bd_fcm,
            business_date=books.opened,
            at=at,
            actor=actor,
            approver=approver,
            content=content,
        )
    )
    own = [of_bd_fcm(kind, books.bd_fcm) for kind in _OWN_KINDS]
    every: Iterable[Account] = (
        *own,
        *_OF_CLEARING_ORGANIZATIONS,
        cme_custody(),
        *(account for _, account in placed),
    )
    known = {account.account_id for account in work.ledger.accounts()}
    for account in every:
        if account.account_id not in known:
            work.ledger.open_account(account, opened=books.opened, cause_id=record_id)
    for account, fact in stated:
        _state(work, account, fact, at=at, actor=actor, approver=approver, cause=record_id)
    _bring_capital(work, books, at=at, cause=record_id)
    return record_id


def _refuse_other_securities_accounts(books: BdFcmBooks) -> None:
    """Refuse a third kind of securities account at FICC without both Commissions' consents."""
    refusals = [
        refusal
        for place in books.places
        for account in place.accounts(books.bd_fcm)
        if account.terms.holder is Holder.FICC
        for refusal in refusals_of_opening(
            [stated_of(account, stated) for stated in place.facts], books.opened
        )
    ]
    if refusals:
        raise RefusedError(*refusals)


def facts_of(work: Work, account_id: str) -> tuple[CustodyFact, ...]:
    """Return the facts of an account as they stand, with their ends."""
    records = work.records.select(stream=CUSTODY_FACT, subject=account_id)
    return as_last_stated(fact_of(each) for each in records)


def conflicts_of(work: Work, stated: Sequence[tuple[Account, StatedFact]]) -> list[Refusal]:
    """Return which facts cannot stand beside one of the same kind from the same day.

    One that the books have, or that stands before it.
    """
    known = {
        (account.account_id, each.fact, each.first): (each.value, each.document_sha256)
        for account in dict.fromkeys(account for account, _ in stated)
        for each in facts_of(work, account.account_id)
    }
    faults = []
    for account, fact in stated:
        said = (fact.value, fact.document_sha256)
        before = known.setdefault((account.account_id, fact.fact, fact.first), said)
        if before != said:
            expected = f"{before[0]}, as it was stated from {fact.first} on"
            faults.append(Refusal(fact.fact.value, fact.value, expected, _RULE))
    return faults


def stated_of(account: Account, stated: StatedFact) -> CustodyFact:
    """Return a stated fact as that of an account."""
    return CustodyFact(
        account.account_id,
        stated.fact,
        stated.value,
        stated.document_sha256,
        stated.first,
        stated.last,
    )


def _state(
    work: Work,
    account: Account,
    stated: StatedFact,
    *,
    at: datetime,
    actor: str,
    approver: str,
    cause: str,
) -> None:
    fact = stated_of(account, stated)
    record_id = f"fact/{account.account_id}/{stated.fact.value}/{stated.first.isoformat()}"
    if work.records.get(record_id) is None:
        work.records.add(
            Record(
                record_id=record_id,
                stream=CUSTODY_FACT,
                subject=account.account_id,
                business_date=stated.first,
                at=at,
                actor=actor,
                approver=approver,
                causes=(cause,),
                content=fact.as_content(),
            )
        )


def _bring_capital(work: Work, books: BdFcmBooks, *, at: datetime, cause: str) -> None:
    if not books.capital.cents:
        return
    transfer_id = f"{cause}/capital"
    transfer = Transfer(
        transfer_id=transfer_id,
        group_id=transfer_id,
        kind=TransferKind.CAPITAL,
        debit_account_id=of_bd_fcm(AccountKind.HOUSE_BANK, books.bd_fcm).account_id,
        credit_account_id=of_bd_fcm(AccountKind.HOUSE_EQUITY, books.bd_fcm).account_id,
        asset=CASH,
        amount=books.capital.cents,
        business_date=books.opened,
        at=at,
        cause_id=cause,
    )
    (answer,) = work.ledger.post([transfer])
    if not answer.posting.is_accepted:
        raise RefusedError(Refusal("capital", str(books.capital), answer.posting.value, "ledger"))

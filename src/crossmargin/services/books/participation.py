"""Participation as use cases: facts, documents and steps are written, accounts opened and closed.

Each takes a work and writes into it; the caller commits. Done again with the same ids, nothing
changes; done otherwise under an id that is there, it is refused as a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import TypeVar

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.ledger.chart import AccountKind
from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.documents import (
    DOCUMENT,
    DOCUMENT_ENDED,
    Document,
    DocumentEnd,
    document_end_of,
    document_of,
    sha256_faults,
)
from crossmargin.participation.entities import (
    REGISTRATION,
    Lei,
    Registration,
    RegistrationKind,
    registration_content,
    registration_of,
    subject_faults,
)
from crossmargin.participation.order import refusals_of_step
from crossmargin.participation.programme import (
    PROGRAMME_FACT,
    ProgrammeFact,
    programme_fact_of,
)
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken, step_of
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.accounts import CUSTOMER_KINDS, SECURITIES_KINDS, of_customer
from crossmargin.services.books.approvals import Matter, check_two_people
from crossmargin.services.books.ports import Work

#: A customer's accounts that serve the arrangement alone, and are closed when it has left.
XM_KINDS = (
    AccountKind.FICC_XM_MARGIN,
    AccountKind.FICC_OWED_XM,
    AccountKind.FICC_XM_POSITION,
    AccountKind.CME_XM_POSITION,
)
_RULE = "participation"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """When and by whom something is entered.

    Parameters
    ----------
    at : datetime
        Business clock, with a zone; its date in New York is the business date.
    actor, approver : str
        Who differ.
    """

    at: datetime
    actor: str
    approver: str

    def record(
        self,
        record_id: str,
        stream: str,
        subject: str,
        content: Mapping[str, object],
        causes: Sequence[str] = (),
        *,
        matter: Matter = Matter.DOCUMENT,
    ) -> Record:
        """Return a record entered so.

        Raises
        ------
        RefusedError
            If maker and checker are not two, or in a role that may not, or names are none.
        """
        check_two_people(self.actor, self.approver, matter)
        if subject and (faults := subject_faults(subject)):
            raise RefusedError(*faults)
        return Record(
            record_id=record_id,
            stream=stream,
            subject=subject,
            business_date=eastern_date(self.at),
            at=self.at,
            actor=self.actor,
            approver=self.approver,
            content=content,
            causes=tuple(causes),
        )


def subject(customer: CustomerKey) -> str:
    """Return the subject of a customer's records."""
    return f"{customer.bd_fcm}/{customer.customer_id}"


def state_programme_fact(work: Work, fact: ProgrammeFact, entry: Entry) -> str:
    """Write what the arrangement rests on, or its end; return its record's id.

    What is there already is left as it is, whoever states it again.

    Raises
    ------
    RefusedError
        With everything that is wrong with it.
    """
    if faults := fact.faults():
        raise RefusedError(*faults)
    record_id = _with_end(f"programme/{fact.kind.value}/{fact.version}", fact.last)
    found = work.records.get(record_id)
    if found is None or dict(found.content) != fact.as_content():
        work.records.add(entry.record(record_id, PROGRAMME_FACT, "", fact.as_content()))
    return record_id


def register(
    work: Work,
    bd_fcm: str,
    kind: RegistrationKind,
    lei: Lei,
    *,
    first: date,
    last: date | None,
    entry: Entry,
) -> str:
    """Write a registration or membership of a BD-FCM, or its end; return its record's id.

    Raises
    ------
    RefusedError
        If it ends before it begins, or maker and checker are not two.
    """
    if last is not None and last < first:
        raise RefusedError(Refusal("last", last.isoformat(), f"no day before {first}", _RULE))
    record_id = _with_end(f"registration/{bd_fcm}/{kind.value}/{first.isoformat()}", last)
    content = registration_content(kind, lei, first, last)
    work.records.add(entry.record(record_id, REGISTRATION, bd_fcm, content))
    return record_id


def record_document(work: Work, document: Document, entry: Entry) -> str:
    """Write a document of a customer or a BD-FCM; return its record's id.

    Raises
    ------
    RefusedError
        With everything that the document lacks.
    """
    faults = document.faults()
    if document.signed_at > entry.at:
        faults.append(
            Refusal(
                "signed_at",
                document.signed_at.isoformat(),
                f"no later than its entry, {entry.at.isoformat()}",
                _RULE,
            )
        )
    if faults:
        raise RefusedError(*faults)
    record_id = (
        f"document/{document.subject}/{document.kind.value}/{document.signed_at.isoformat()}"
    )
    work.records.add(entry.record(record_id, DOCUMENT, document.subject, document.as_content()))
    return record_id


def end_document(work: Work, document_id: str, *, last: date, sha256: str, entry: Entry) -> str:
    """Write that a document ends; return the record's id.

    Raises
    ------
    RefusedError
        If there is no such document, or it ends before it begins.
    """
    faults = sha256_faults(sha256)
    found = work.records.get(document_id)
    if found is None or found.stream != DOCUMENT:
        faults.append(Refusal("document", document_id, "the id of a document", _RULE))
    elif last < document_of(found).first:
        expected = f"no day before {document_of(found).first}"
        faults.append(Refusal("last", last.isoformat(), expected, _RULE))
    if faults or found is None:
        raise RefusedError(*faults)
    record_id = _with_end(document_id, last)
    content = DocumentEnd(document_id, last, sha256, entry.at).as_content()
    record = entry.record(record_id, DOCUMENT_ENDED, found.subject, content, (document_id,))
    work.records.add(record)
    return record_id


def registrations_of(work: Work, bd_fcm: str) -> tuple[Registration, ...]:
    """Return a BD-FCM's registrations and memberships, as written."""
    records = work.records.select(stream=REGISTRATION, subject=bd_fcm)
    return tuple(_read(each, registration_of) for each in records)


def customer_file(work: Work, customer: CustomerKey, proprietary_share: Fraction) -> CustomerFile:
    """Return everything that is known of a customer.

    Raises
    ------
    RefusedError
        If a record does not say what its stream says.
    """
    own = subject(customer)
    records = work.records
    return CustomerFile(
        subject=own,
        steps=tuple(_read(r, step_of) for r in records.select(stream=CUSTOMER_STEP, subject=own)),
        documents=_documents(work, own),
        bd_fcm_documents=_documents(work, customer.bd_fcm),
        registrations=registrations_of(work, customer.bd_fcm),
        proprietary_share=proprietary_share,
        programme=tuple(_read(r, programme_fact_of) for r in records.select(stream=PROGRAMME_FACT)),
        document_ends=tuple(
            _read(each, document_end_of)
            for whose in (own, customer.bd_fcm)
            for each in records.select(stream=DOCUMENT_ENDED, subject=whose)
        ),
    )


def take_step(
    work: Work,
    customer: CustomerKey,
    taken: StepTaken,
    entry: Entry,
    *,
    proprietary_share: Fraction,
    record_id: str = "",
) -> str:
    """Take a step of a customer, or refuse it with every reason; return its record's id.

    A declaration that makes the account proprietary is written too: every verdict after it says no.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    taken : StepTaken
        With what it follows from; who and when is the entry's.
    entry : Entry
    proprietary_share : Fraction
        A ratio.
    record_id : str, optional
        The caller's id; made of customer, step and instant if left out.

    Raises
    ------
    RefusedError
        Naming every step that must come before, every gate that is not passed, and all that a
        leaving customer has and does not name.
    """
    step = taken.step
    record_id = record_id or f"step/{subject(customer)}/{step.value}/{entry.at.isoformat()}"
    record = entry.record(
        record_id,
        CUSTOMER_STEP,
        subject(customer),
        taken.as_content(),
        taken.causes,
        matter=Matter.PARTICIPATION,
    )
    if work.records.get(record_id) is None:
        file = customer_file(work, customer, proprietary_share)
        refusals = [
            *_unknown_causes(work, taken),
            *refusals_of_step(file, taken, entry.at),
            *_what_is_left(work, customer, taken),
        ]
        if refusals:
            raise RefusedError(*refusals)
    if work.records.add(record):
        if step is Step.ACCOUNTS_OPENED:
            _open_accounts(work, customer, record)
        elif step is Step.LEFT:
            _close_accounts(work, customer, record)
    return record_id


def what_remains(work: Work, customer: CustomerKey) -> tuple[str, ...]:
    """Return what a customer has in accounts of the arrangement alone, one line a balance.

    Each line is the kind of account, the asset, debits less credits posted, and what is in transit.
    """
    lines = []
    for kind in XM_KINDS:
        balances = work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        )
        for (_, asset), balance in balances.items():
            moving = balance.debits_pending + balance.credits_pending
            if balance.posted_debit or moving:
                line = f"{kind.value} {asset} {balance.posted_debit}"
                lines.append(f"{line} in transit {moving}" if moving else line)
    return tuple(lines)


def customers_of(work: Work, bd_fcm: str | None = None) -> tuple[CustomerKey, ...]:
    """Return every customer of whom a step was written, by name."""
    found = {
        CustomerKey(*record.subject.split("/", 1))
        for record in work.records.select(stream=CUSTOMER_STEP)
    }
    return tuple(sorted(each for each in found if bd_fcm in (None, each.bd_fcm)))


def _documents(work: Work, whose: str) -> tuple[Document, ...]:
    records = work.records.select(stream=DOCUMENT, subject=whose)
    return tuple(_read(each, document_of) for each in records)


def _read(record: Record, reader: Callable[[Record], _T]) -> _T:
    try:
        return reader(record)
    except ValueError as error:
        raise refused("record", record.record_id, str(error), _RULE) from error


def _unknown_causes(work: Work, taken: StepTaken) -> list[Refusal]:
    return [
        Refusal("evidence", each, "the id of a record", _RULE)
        for each in taken.causes
        if work.records.get(each) is None
    ]


def _what_is_left(work: Work, customer: CustomerKey, taken: StepTaken) -> list[Refusal]:
    """Return what stands against leaving: all that remains, or what it is said to be and is not."""
    if taken.step not in {Step.LEAVING, Step.LEFT}:
        return []
    there = set(what_remains(work, customer))
    said = set(taken.remains) if taken.step is Step.LEAVING else set()
    expected = "named as what remains" if taken.step is Step.LEAVING else "nothing left"
    return [
        *(Refusal("remains", each, expected, "ruling 23") for each in sorted(there - said)),
        *(Refusal("remains", each, "what is there", "ruling 23") for each in sorted(said - there)),
    ]


def _open_accounts(work: Work, customer: CustomerKey, step: Record) -> None:
    """Open what is not open yet: a futures account may have been there before."""
    open_already = set(
        work.ledger.accounts(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    )
    kinds: tuple[AccountKind, ...] = (*CUSTOMER_KINDS, *SECURITIES_KINDS)
    for kind in kinds:
        account = of_customer(kind, customer)
        if account not in open_already:
            work.ledger.open_account(account, opened=step.business_date, cause_id=step.record_id)


def _close_accounts(work: Work, customer: CustomerKey, step: Record) -> None:
    opened = set(work.ledger.accounts(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id))
    for kind in XM_KINDS:
        account = of_customer(kind, customer)
        if account in opened:
            work.ledger.close_account(
                account.account_id, closed=step.business_date, cause_id=step.record_id
            )


def _with_end(record_id: str, last: date | None) -> str:
    """Return the id under which an end is written: what has none keeps its own."""
    return record_id if last is None else f"{record_id}/until/{last.isoformat()}"

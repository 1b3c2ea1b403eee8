"""Participation as use cases: registrations, documents and steps are written, accounts opened.

Each takes a work and writes into it; the caller commits. Done again with the same ids, nothing
changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.participation.customer import (
    CUSTOMER_STEP,
    CustomerFile,
    Step,
    refusals_of_step,
)
from crossmargin.participation.documents import (
    DOCUMENT,
    Document,
    document_of,
)
from crossmargin.participation.entities import (
    REGISTRATION,
    Lei,
    RegistrationKind,
    registration_content,
    registration_of,
)
from crossmargin.participation.ownership import Owner, owners_content
from crossmargin.services.books.accounts import CUSTOMER_KINDS, SECURITIES_KINDS, of_customer
from crossmargin.services.books.approvals import check_two_people
from crossmargin.services.books.ports import Work


@dataclass(frozen=True, slots=True)
class Entry:
    """When and by whom something is entered.

    Parameters
    ----------
    at : datetime
        Business clock, with a zone; its date is the business date.
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
    ) -> Record:
        """Return a record entered so.

        Raises
        ------
        RefusedError
            If maker and checker are not two.
        """
        check_two_people(self.actor, self.approver)
        return Record(
            record_id=record_id,
            stream=stream,
            subject=subject,
            business_date=self.at.date(),
            at=self.at,
            actor=self.actor,
            approver=self.approver,
            content=content,
            causes=tuple(causes),
        )


def subject(customer: CustomerKey) -> str:
    """Return the subject of a customer's records."""
    return f"{customer.bd_fcm}/{customer.customer_id}"


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
    """Write a registration or membership of a BD-FCM; return its record's id."""
    record_id = f"registration/{bd_fcm}/{kind.value}/{first.isoformat()}"
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
                "participation",
            )
        )
    if faults:
        raise RefusedError(*faults)
    record_id = (
        f"document/{document.subject}/{document.kind.value}/{document.signed_at.isoformat()}"
    )
    work.records.add(entry.record(record_id, DOCUMENT, document.subject, document.as_content()))
    return record_id


def customer_file(work: Work, customer: CustomerKey, proprietary_share: Fraction) -> CustomerFile:
    """Return everything that is known of a customer."""
    own = subject(customer)
    return CustomerFile(
        subject=own,
        steps=work.records.select(stream=CUSTOMER_STEP, subject=own),
        documents=tuple(
            document_of(each) for each in work.records.select(stream=DOCUMENT, subject=own)
        ),
        bd_fcm_documents=tuple(
            document_of(each)
            for each in work.records.select(stream=DOCUMENT, subject=customer.bd_fcm)
        ),
        registrations=tuple(
            registration_of(each)
            for each in work.records.select(stream=REGISTRATION, subject=customer.bd_fcm)
        ),
        proprietary_share=proprietary_share,
    )


def take_step(
    work: Work,
    customer: CustomerKey,
    step: Step,
    entry: Entry,
    *,
    proprietary_share: Fraction,
    content: Mapping[str, object] | None = None,
    evidence: Sequence[str] = (),
) -> str:
    """Do a step of a customer, or refuse it with every reason; return its record's id.

    Raises
    ------
    RefusedError
        Naming every step that must come before and every gate that is not passed.
    """
    record_id = f"step/{subject(customer)}/{step.value}/{entry.at.isoformat()}"
    if work.records.get(record_id) is None:
        refusals = refusals_of_step(
            customer_file(work, customer, proprietary_share), step, entry.at
        )
        if step is Step.LEFT:
            refusals += what_remains(work, customer)
        if refusals:
            raise RefusedError(*refusals)
    said = {"step": step.value, **(content or {})}
    work.records.add(entry.record(record_id, CUSTOMER_STEP, subject(customer), said, evidence))
    if step is Step.ACCOUNTS_OPENED:
        _open_accounts(work, customer, entry.at.date(), record_id)
    return record_id


def declare(
    work: Work,
    customer: CustomerKey,
    owners: Iterable[Owner],
    entry: Entry,
    *,
    proprietary_share: Fraction,
    evidence: Sequence[str] = (),
) -> str:
    """Write who owns and controls a customer; done again, it is a change that asks the test again.

    The test itself is a gate: a proprietary account is named by every verdict after it.
    """
    return take_step(
        work,
        customer,
        Step.DECLARED,
        entry,
        proprietary_share=proprietary_share,
        content={"owners": owners_content(owners)},
        evidence=evidence,
    )


def what_remains(work: Work, customer: CustomerKey) -> list[Refusal]:
    """Return what a customer still has in the account: positions and property, each named."""
    refusals = []
    balances = work.ledger.balances(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    for (account_id, asset), balance in balances.items():
        moving = balance.debits_pending or balance.credits_pending
        if balance.posted_debit or moving:
            unit = "cents" if asset == CASH else asset.unit
            amount = f"{abs(balance.posted_debit)} {unit} of {asset}"
            refusals.append(Refusal(account_id, amount, "nothing left", "ruling 23"))
    return refusals


def customers_of(work: Work, bd_fcm: str | None = None) -> tuple[CustomerKey, ...]:
    """Return every customer of whom a step was written, by name."""
    found = {
        CustomerKey(*record.subject.split("/", 1))
        for record in work.records.select(stream=CUSTOMER_STEP)
    }
    return tuple(sorted(each for each in found if bd_fcm in (None, each.bd_fcm)))


def _open_accounts(work: Work, customer: CustomerKey, opened: date, cause_id: str) -> None:
    kinds: tuple[AccountKind, ...] = (*CUSTOMER_KINDS, *SECURITIES_KINDS)
    for kind in kinds:
        work.ledger.open_account(of_customer(kind, customer), opened=opened, cause_id=cause_id)

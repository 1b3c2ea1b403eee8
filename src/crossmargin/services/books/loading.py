"""Load a BD-FCM and its customers from a file: every step in its order, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.participation.customer import Step
from crossmargin.participation.documents import Document
from crossmargin.participation.entities import Lei, RegistrationKind
from crossmargin.participation.ownership import Owner
from crossmargin.services.books.participation import (
    Entry,
    declare,
    record_document,
    register,
    take_step,
)
from crossmargin.services.books.ports import Work


@dataclass(frozen=True, slots=True)
class StatedRegistration:
    """A registration as a file states it."""

    kind: RegistrationKind
    lei: Lei
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class StatedCustomer:
    """A customer as a file states it.

    Parameters
    ----------
    customer_id : str
    owners : tuple of Owner
    documents : tuple of Document
    steps : tuple of (Step, datetime)
        In order.
    """

    customer_id: str
    owners: tuple[Owner, ...]
    documents: tuple[Document, ...]
    steps: tuple[tuple[Step, datetime], ...]


@dataclass(frozen=True, slots=True)
class Participants:
    """A BD-FCM and its customers."""

    bd_fcm: str
    registrations: tuple[StatedRegistration, ...]
    documents: tuple[Document, ...]
    customers: tuple[StatedCustomer, ...]


def load_participants(
    work: Work,
    participants: Participants,
    *,
    actor: str,
    approver: str,
    proprietary_share: Fraction,
) -> Sequence[str]:
    """Write everything of a file into a work; return the ids of its customers.

    A document is entered at the instant at which it was signed, a step at its own.

    Raises
    ------
    RefusedError
        If a step or document is refused: with every reason.
    """

    def entry(at: datetime) -> Entry:
        return Entry(at, actor, approver)

    signed = [each.signed_at for each in participants.documents]
    for each in participants.registrations:
        register(
            work,
            participants.bd_fcm,
            each.kind,
            each.lei,
            first=each.first,
            last=each.last,
            entry=entry(min(signed)) if signed else entry(_first_step(participants)),
        )
    for document in participants.documents:
        record_document(work, document, entry(document.signed_at))
    for customer in participants.customers:
        key = CustomerKey(participants.bd_fcm, customer.customer_id)
        documents = [record_document(work, d, entry(d.signed_at)) for d in customer.documents]
        for step, at in customer.steps:
            if step is Step.DECLARED:
                declare(
                    work,
                    key,
                    customer.owners,
                    entry(at),
                    proprietary_share=proprietary_share,
                    evidence=documents,
                )
            else:
                take_step(
                    work,
                    key,
                    step,
                    entry(at),
                    proprietary_share=proprietary_share,
                    evidence=documents,
                )
    return [each.customer_id for each in participants.customers]


def _first_step(participants: Participants) -> datetime:
    return min(at for customer in participants.customers for _, at in customer.steps)

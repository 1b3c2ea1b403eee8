"""Load a BD-FCM and its customers from a file: each in one transaction, every step in its order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.participation.documents import Document
from crossmargin.participation.entities import Lei, RegistrationKind
from crossmargin.participation.programme import ProgrammeFact
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.services.books.days import done_at
from crossmargin.services.books.papers import (
    Entry,
    document_record_id,
    record_document,
    register,
    state_programme_fact,
)
from crossmargin.services.books.participation import take_steps
from crossmargin.services.books.ports import Books, ConflictingRecordError, Work


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
    documents : tuple of Document
    steps : tuple of (StepTaken, datetime)
        In order.
    """

    customer_id: str
    documents: tuple[Document, ...]
    steps: tuple[tuple[StepTaken, datetime], ...]


@dataclass(frozen=True, slots=True)
class Participants:
    """A BD-FCM and its customers.

    Parameters
    ----------
    bd_fcm : str
    entered_at : datetime or None
        When the firm and the programme were entered; None where the file states customers alone.
    programme : tuple of ProgrammeFact
    registrations : tuple of StatedRegistration
    documents : tuple of Document
        The BD-FCM's own.
    customers : tuple of StatedCustomer
    """

    bd_fcm: str
    entered_at: datetime | None
    programme: tuple[ProgrammeFact, ...]
    registrations: tuple[StatedRegistration, ...]
    documents: tuple[Document, ...]
    customers: tuple[StatedCustomer, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded and what was refused.

    Parameters
    ----------
    customers : tuple of str
        Ids of those who stand in the books as the file states.
    refusals : tuple of Refusal
        Every reason, the customer's id before each field.
    """

    customers: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def load_participants(
    books: Books,
    participants: Participants,
    *,
    actor: str,
    approver: str,
    proprietary_share: Fraction,
) -> Loaded:
    """Load the BD-FCM, then each customer: a customer who is refused keeps nobody else out.

    A document is entered at the instant at which it was signed, or at that of the latest
    step that is done if it was signed before; a step at its own instant.

    Raises
    ------
    RefusedError
        If something of the BD-FCM or the programme is refused: then nothing is loaded.
    ConflictingRecordError
        If something of these stands in the books and says something else.
    """
    with books.work() as work:
        _load_bd_fcm(work, participants, actor, approver)
        work.commit()
    loaded, refusals = [], list[Refusal]()
    for customer in participants.customers:
        name = customer.customer_id
        key = CustomerKey(participants.bd_fcm, name)
        try:
            with books.work() as work:
                _load_customer(work, key, customer, (actor, approver), proprietary_share)
                work.commit()
        except RefusedError as error:
            refusals += [replace(r, field=f"{name}: {r.field}") for r in error.refusals]
        except ConflictingRecordError as error:
            expected = "what the books have under that id"
            refusals.append(Refusal(name, str(error), expected, "participation"))
        else:
            loaded.append(name)
    return Loaded(tuple(loaded), tuple(refusals))


def _load_bd_fcm(work: Work, participants: Participants, actor: str, approver: str) -> None:
    if participants.entered_at is not None:
        entry = Entry(participants.entered_at, actor, approver)
        for fact in participants.programme:
            state_programme_fact(work, fact, entry)
        for each in participants.registrations:
            register(
                work,
                participants.bd_fcm,
                each.kind,
                each.lei,
                first=each.first,
                last=each.last,
                entry=entry,
            )
    for document in participants.documents:
        record_document(work, document, _entry_of(work, document, (actor, approver)))


def _entry_of(work: Work, document: Document, people: tuple[str, str]) -> Entry:
    """Return the entry of a document; one that stands in the books keeps its instant."""
    found = work.records.get(document_record_id(document))
    if found is not None:
        return Entry(found.at, *people)
    done = done_at(work.records, document.subject)
    signed = document.signed_at
    return Entry(signed if done is None else max(signed, done), *people)


def _load_customer(
    work: Work,
    key: CustomerKey,
    customer: StatedCustomer,
    people: tuple[str, str],
    proprietary_share: Fraction,
) -> None:
    documents = [
        record_document(work, each, _entry_of(work, each, people)) for each in customer.documents
    ]
    steps = [
        # A rehearsal has evidence of its own; papers are none.
        (
            replace(taken, causes=() if taken.step is Step.REHEARSED else tuple(documents)),
            Entry(at, *people),
        )
        for taken, at in customer.steps
    ]
    take_steps(work, key, steps, proprietary_share=proprietary_share)

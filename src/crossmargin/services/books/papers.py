"""Papers as use cases: facts of the programme, registrations, documents and their ends.

Each takes a work and writes into it; the caller commits. Done again, nothing changes; done
otherwise under an id that is there, it is refused as a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError, refused
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
from crossmargin.participation.programme import (
    PROGRAMME_FACT,
    ProgrammeFact,
    programme_fact_of,
)
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.approvals import Matter, faults_of_people
from crossmargin.services.books.days import faults_of_instant
from crossmargin.services.books.ports import Work

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
        work: Work,
        record_id: str,
        stream: str,
        subject: str,
        content: Mapping[str, object],
        *,
        causes: Sequence[str] = (),
        matter: Matter = Matter.DOCUMENT,
    ) -> Record:
        """Return a record entered so, to be written into the work.

        What was entered before may be entered again at the same instant, though steps after it are
        done by now.

        Raises
        ------
        RefusedError
            If maker and checker are not two, or in a role that may not, names are none, or a step
            that is done would have seen it.
        """
        faults = faults_of_people(self.actor, self.approver, matter)
        faults += subject_faults(subject) if subject else []
        if work.records.get(record_id) is None:
            faults += faults_of_instant(work.records, subject, self.at)
        if faults:
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
        work.records.add(entry.record(work, record_id, PROGRAMME_FACT, "", fact.as_content()))
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
    work.records.add(entry.record(work, record_id, REGISTRATION, bd_fcm, content))
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
    record_id = document_record_id(document)
    work.records.add(
        entry.record(work, record_id, DOCUMENT, document.subject, document.as_content())
    )
    return record_id


def document_record_id(document: Document) -> str:
    """Return the id of a document's record."""
    return f"document/{document.subject}/{document.kind.value}/{document.signed_at.isoformat()}"


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
    record = entry.record(
        work, record_id, DOCUMENT_ENDED, found.subject, content, causes=(document_id,)
    )
    work.records.add(record)
    return record_id


def registrations_of(work: Work, bd_fcm: str) -> tuple[Registration, ...]:
    """Return a BD-FCM's registrations and memberships, as written."""
    records = work.records.select(stream=REGISTRATION, subject=bd_fcm)
    return tuple(read_record(each, registration_of) for each in records)


def documents_of(work: Work, whose: str) -> tuple[Document, ...]:
    """Return the documents of a BD-FCM or a customer, as written."""
    records = work.records.select(stream=DOCUMENT, subject=whose)
    return tuple(read_record(each, document_of) for each in records)


def document_ends_of(work: Work, whose: str) -> tuple[DocumentEnd, ...]:
    """Return the ends of documents of a BD-FCM or a customer, as written."""
    records = work.records.select(stream=DOCUMENT_ENDED, subject=whose)
    return tuple(read_record(each, document_end_of) for each in records)


def programme_facts(work: Work) -> tuple[ProgrammeFact, ...]:
    """Return what the arrangement rests on, as written."""
    records = work.records.select(stream=PROGRAMME_FACT)
    return tuple(read_record(each, programme_fact_of) for each in records)


def read_record(record: Record, reader: Callable[[Record], _T]) -> _T:
    """Return what a record says.

    Raises
    ------
    RefusedError
        If it does not say what its stream says.
    """
    try:
        return reader(record)
    except ValueError as error:
        raise refused("record", record.record_id, str(error), _RULE) from error


def _with_end(record_id: str, last: date | None) -> str:
    """Return the id under which an end is written: what has none keeps its own."""
    return record_id if last is None else f"{record_id}/until/{last.isoformat()}"

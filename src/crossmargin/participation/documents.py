"""Documents: what each must hold, who gave and approved it, and when it is in force.

The agreement's text is not public; what it must acknowledge is in the CFTC's proposed order, 90 FR
58525, section VIII(c), and in the SEC application's conditions 2 and 9.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.participation.verdicts import eastern_date

#: Stream of the records of documents; the subject is a customer or a BD-FCM.
DOCUMENT = "DOCUMENT"
#: Stream of the records that end a document; the subject is the document's.
DOCUMENT_ENDED = "DOCUMENT_ENDED"
_SHA256_CHARACTERS = 64
_SHA256_OF_NOTHING = hashlib.sha256(b"").hexdigest()
_RULE = "90 FR 58525, VIII(c) and (e)"


class DocumentKind(StrEnum):
    """Every kind of document."""

    PARTICIPANT_AGREEMENT = "PARTICIPANT_AGREEMENT"
    SECURITY_INTEREST_TO_CME = "SECURITY_INTEREST_TO_CME"
    PARTICIPATION_AND_SUBORDINATION = "PARTICIPATION_AND_SUBORDINATION"
    DISCLOSURE = "DISCLOSURE"
    PLEDGE_TO_BD_FCM = "PLEDGE_TO_BD_FCM"
    OWNERSHIP_AND_CONTROL = "OWNERSHIP_AND_CONTROL"


#: Kinds that are the BD-FCM's own; all others are a customer's.
OF_BD_FCM = frozenset({DocumentKind.PARTICIPANT_AGREEMENT, DocumentKind.SECURITY_INTEREST_TO_CME})


class Acknowledgement(StrEnum):
    """What the participation and subordination agreement must acknowledge."""

    NO_SECURITIES_CUSTOMER_TREATMENT = "NO_SECURITIES_CUSTOMER_TREATMENT"
    SUBCHAPTER_IV_PROTECTION = "SUBCHAPTER_IV_PROTECTION"
    SUBORDINATION_OF_SECURITIES_CLAIMS = "SUBORDINATION_OF_SECURITIES_CLAIMS"


#: Who must have signed each kind.
PARTIES: Mapping[DocumentKind, frozenset[str]] = {
    DocumentKind.PARTICIPANT_AGREEMENT: frozenset({"BD_FCM", "CME", "FICC"}),
    DocumentKind.SECURITY_INTEREST_TO_CME: frozenset({"BD_FCM", "CME"}),
    DocumentKind.PARTICIPATION_AND_SUBORDINATION: frozenset({"CUSTOMER", "BD_FCM"}),
    DocumentKind.DISCLOSURE: frozenset({"CUSTOMER"}),
    DocumentKind.PLEDGE_TO_BD_FCM: frozenset({"CUSTOMER", "BD_FCM"}),
    DocumentKind.OWNERSHIP_AND_CONTROL: frozenset({"CUSTOMER"}),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document, as it was recorded.

    Parameters
    ----------
    kind : DocumentKind
    subject : str
        The customer or BD-FCM whose document it is.
    sha256 : str
        Of the file.
    parties : frozenset of str
        Who signed it, or to whom it was delivered.
    signed_at : datetime
        Signed, or delivered.
    first : date
    last : date or None
        In force, both counted; None while it has no end.
    acknowledgements : frozenset of Acknowledgement
    record_id : str
    recorded_at : datetime or None
        From when on it was known; None before it is recorded.
    carried_from : str
        Of what a port carried over, the record of the document at the BD-FCM that the customer came
        from; empty of the BD-FCM's own.
    """

    kind: DocumentKind
    subject: str
    sha256: str
    parties: frozenset[str]
    signed_at: datetime
    first: date
    last: date | None
    acknowledgements: frozenset[Acknowledgement]
    record_id: str = ""
    recorded_at: datetime | None = None
    carried_from: str = ""

    def is_in_force(self, at: datetime) -> bool:
        """Return whether it was signed and recorded by an instant and is in force on its date."""
        if self.recorded_at is None or self.recorded_at > at or self.signed_at > at:
            return False
        on = eastern_date(at)
        return self.first <= on and (self.last is None or on <= self.last)

    def faults(self) -> list[Refusal]:
        """Return everything that the document lacks."""
        faults = sha256_faults(self.sha256)
        if (self.kind in OF_BD_FCM) is ("/" in self.subject):
            expected = "a kind of document of whoever it stands under"
            faults.append(Refusal("kind", f"{self.kind} of {self.subject}", expected, _RULE))
        missing = PARTIES[self.kind] - self.parties
        if missing:
            expected = f"signed by {', '.join(sorted(PARTIES[self.kind]))}"
            faults.append(Refusal("parties", ", ".join(sorted(self.parties)), expected, _RULE))
        if self.kind is DocumentKind.PARTICIPATION_AND_SUBORDINATION:
            lacking = sorted(set(Acknowledgement) - self.acknowledgements)
            if lacking:
                given = ", ".join(sorted(self.acknowledgements)) or "none"
                expected = f"all three acknowledgements; lacking {', '.join(lacking)}"
                faults.append(Refusal("acknowledgements", given, expected, _RULE))
        if self.last is not None and self.last < self.first:
            faults.append(
                Refusal("last", self.last.isoformat(), f"no day before {self.first}", _RULE)
            )
        return faults

    def as_content(self) -> dict[str, object]:
        """Return what its record says."""
        return {
            "kind": self.kind.value,
            "sha256": self.sha256,
            "parties": sorted(self.parties),
            "signed_at": self.signed_at.isoformat(),
            "first": self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "acknowledgements": sorted(each.value for each in self.acknowledgements),
            **({"carried_from": self.carried_from} if self.carried_from else {}),
        }


def document_of(record: Record) -> Document:
    """Return the document that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    said = record.content
    try:
        last = said["last"]
        return Document(
            kind=DocumentKind(str(said["kind"])),
            subject=record.subject,
            sha256=str(said["sha256"]),
            parties=frozenset(_texts(said["parties"])),
            signed_at=datetime.fromisoformat(str(said["signed_at"])),
            first=date.fromisoformat(str(said["first"])),
            last=None if last is None else date.fromisoformat(str(last)),
            acknowledgements=frozenset(
                Acknowledgement(each) for each in _texts(said["acknowledgements"])
            ),
            record_id=record.record_id,
            recorded_at=record.at,
            carried_from=str(said.get("carried_from", "")),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a document, was {record!r}") from error


@dataclass(frozen=True, slots=True)
class DocumentEnd:
    """The end of a document that was in force: terminated, or replaced by another.

    Parameters
    ----------
    document_id : str
        The record of the document.
    last : date
        The last day on which it is in force.
    sha256 : str
        Of the notice.
    recorded_at : datetime
        From when on the end was known.
    """

    document_id: str
    last: date
    sha256: str
    recorded_at: datetime

    def is_over(self, at: datetime) -> bool:
        """Return whether the end was known at an instant and has come."""
        return self.recorded_at <= at and self.last < eastern_date(at)

    def as_content(self) -> dict[str, object]:
        """Return what its record says."""
        return {
            "document": self.document_id,
            "last": self.last.isoformat(),
            "sha256": self.sha256,
        }


def document_end_of(record: Record) -> DocumentEnd:
    """Return the end of a document that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    said = record.content
    try:
        return DocumentEnd(
            str(said["document"]),
            date.fromisoformat(str(said["last"])),
            str(said["sha256"]),
            record.at,
        )
    except KeyError as error:
        raise ValueError(f"expected the end of a document, was {record!r}") from error


def sha256_faults(sha256: str) -> list[Refusal]:
    """Return what is wrong with the digest of a paper, or nothing; an empty file is no paper."""
    if sha256 == _SHA256_OF_NOTHING:
        return [Refusal("sha256", sha256, "that of a file with something in it", _RULE)]
    if len(sha256) == _SHA256_CHARACTERS and _is_hex(sha256):
        return []
    return [Refusal("sha256", sha256, "the file's SHA-256", _RULE)]


def _texts(said: object) -> list[str]:
    if not isinstance(said, list | tuple):
        raise TypeError(f"expected a list, was {said!r}")
    return [str(each) for each in said]


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)

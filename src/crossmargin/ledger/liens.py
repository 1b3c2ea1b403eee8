"""The register of liens: what may secure what (CP-05). What must is checked on reading.

CFTC proposed order, 90 FR 58525: the BD-FCM grants CME a security interest in the value of each
customer's securities positions and margin at FICC (section VIII(e)(iii)); the customer pledges that
property to the BD-FCM (footnote 26); FICC grants none in it, nor in Segregated Customer Margin,
save that the BD-FCM may grant CME and FICC one to implement the programme ((e)(vi)); a bank has no
lien on what it keeps ((e)(vii)(4)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal

#: Stream of the records that state a lien; the subject is the BD-FCM.
LIEN = "LIEN"
_RULE = "CFTC proposed order, section VIII(e)(iii), (vi), (vii)(4), footnote 26; CP-05"


class Party(StrEnum):
    """Who grants a lien, or has it."""

    CUSTOMER = "CUSTOMER"
    BD_FCM = "BD_FCM"
    FICC = "FICC"
    CME = "CME"
    CUSTODIAN = "CUSTODIAN"
    OTHER = "OTHER"


class Property(StrEnum):
    """What a lien is on."""

    #: Securities positions and margin in a cross-margining account at FICC.
    XM_SECURITIES_CUSTOMER_PROPERTY = "XM_SECURITIES_CUSTOMER_PROPERTY"
    #: Margin of Item 15 of Rule 15c3-3a at FICC.
    SEGREGATED_CUSTOMER_MARGIN = "SEGREGATED_CUSTOMER_MARGIN"


_XM = Property.XM_SECURITIES_CUSTOMER_PROPERTY
#: Every lien that may be: who grants it, to whom, on what.
PERMITTED: Mapping[tuple[Party, Party, Property], str] = {
    (Party.CUSTOMER, Party.BD_FCM, _XM): "the customer's pledge to the BD-FCM",
    (Party.BD_FCM, Party.CME, _XM): "the BD-FCM's security interest to CME",
    (Party.BD_FCM, Party.FICC, _XM): "the BD-FCM's lien to FICC that implements the programme",
}


@dataclass(frozen=True, slots=True)
class Lien:
    """One lien.

    Parameters
    ----------
    lien_id : str
    bd_fcm : str
        Whose property at FICC it is on.
    customer_id : str
        Whose; empty where it is on that of all customers of the BD-FCM.
    granted_by, granted_to : Party
    on : Property
    document_sha256 : str
        Of the agreement.
    first : date
        From when on it is in force.
    last : date or None
        Until when, counted; None while it has no end.

    Raises
    ------
    ValueError
        If the document has no digest, a customer's own pledge names no customer, or the end is
        before the beginning.
    """

    lien_id: str
    bd_fcm: str
    customer_id: str
    granted_by: Party
    granted_to: Party
    on: Property
    document_sha256: str
    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if not self.document_sha256:
            raise ValueError(f"lien {self.lien_id} rests on a document: its digest is missing")
        if self.granted_by is Party.CUSTOMER and not self.customer_id:
            raise ValueError(f"lien {self.lien_id} is granted by a customer and names none")
        if self.last is not None and self.last < self.first:
            raise ValueError(f"lien {self.lien_id} ends on {self.last}, before {self.first}")

    def is_in_force(self, on: date) -> bool:
        """Return whether it holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)

    def as_content(self) -> dict[str, object]:
        """Return what a record of the lien says; the record's subject is the BD-FCM."""
        return {
            "lien_id": self.lien_id,
            "customer_id": self.customer_id,
            "granted_by": self.granted_by.value,
            "granted_to": self.granted_to.value,
            "on": self.on.value,
            "document_sha256": self.document_sha256,
            "first": self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }


def lien_of(record: Record) -> Lien:
    """Return the lien that a record states.

    Raises
    ------
    ValueError
        If it states none.
    """
    said = record.content
    try:
        last = said["last"]
        return Lien(
            str(said["lien_id"]),
            record.subject,
            str(said["customer_id"]),
            Party(str(said["granted_by"])),
            Party(str(said["granted_to"])),
            Property(str(said["on"])),
            str(said["document_sha256"]),
            date.fromisoformat(str(said["first"])),
            None if last is None else date.fromisoformat(str(last)),
        )
    except KeyError as error:
        raise ValueError(f"expected a lien, was {record!r}") from error


def refusals_of_lien(lien: Lien) -> tuple[Refusal, ...]:
    """Return why a lien may not be entered; nothing if it is one of the permitted."""
    if (lien.granted_by, lien.granted_to, lien.on) in PERMITTED:
        return ()
    was = f"{lien.granted_by.value} to {lien.granted_to.value} on {lien.on.value}"
    return (Refusal("lien", was, f"one of: {'; '.join(PERMITTED.values())}", _RULE),)

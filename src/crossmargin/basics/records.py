"""Records: facts that were written down, by whom, when, and from what they follow.

A record never changes. A correction is a further record; what holds is a fold over them. Whatever
is not a movement between accounts is one: a document, a step of a customer, a file received, a
requirement, a call, an approval, a step of the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from crossmargin.basics.digest import canonical_json, digest_of

#: What a record's content holds: nested mappings and sequences of these, never a float.
Content = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Record:
    """One fact.

    Parameters
    ----------
    record_id : str
        Chosen by whoever writes it; writing the same record again changes nothing.
    stream : str
        What kind of fact it is: each room names its own.
    subject : str
        Whom or what it is about: a customer, an account, a BD-FCM; empty for the programme.
    business_date : date
        The day it belongs to.
    at : datetime
        The instant of the business clock, with a zone.
    actor, approver : str
        Who did it, and who approved it where another must; empty if no approval is asked for.
    causes : tuple of str
        Ids of the records and transfers that it follows from.
    content : mapping
        Strings, whole numbers, None, and sequences and mappings of them.

    Raises
    ------
    ValueError
        If an id or stream is empty, or the instant has no zone.
    TypeError
        If the content holds a float or another thing that has no exact form.
    """

    record_id: str
    stream: str
    subject: str
    business_date: date
    at: datetime
    actor: str
    content: Content = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    approver: str = ""

    def __post_init__(self) -> None:
        if not (self.record_id and self.stream and self.actor):
            raise ValueError(f"a record has an id, a stream and an actor, was {self!r}")
        if self.at.tzinfo is None:
            raise ValueError(f"the instant of a record has a zone, was {self.at!r}")
        canonical_json(self.content)

    @property
    def digest(self) -> str:
        """SHA-256 of everything the record says, in hexadecimal."""
        return digest_of(self.as_document())

    def as_document(self) -> dict[str, object]:
        """Return the record as a JSON object."""
        return {
            "record_id": self.record_id,
            "stream": self.stream,
            "subject": self.subject,
            "business_date": self.business_date.isoformat(),
            "at": self.at.isoformat(),
            "actor": self.actor,
            "approver": self.approver,
            "causes": list(self.causes),
            "content": dict(self.content),
        }

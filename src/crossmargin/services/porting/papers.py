"""A customer's papers at a port: what is carried over, what stands in, what is still to be got.

Agreements that govern an account are the receiver's by operation of law, until the two enter into
a new one; not where they have one (17 CFR 190.07(b)(4)). Diligence, disclosures among it, may be
finished after the transfer, within a time (190.07(b)(3)); the steps by which the customer came to
take part are read as part of it, and both for a transfer under 17 CFR 1.17(a)(4) (inferred).
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.documents import OF_BD_FCM, Document, DocumentKind
from crossmargin.participation.steps import CameOver, Step
from crossmargin.participation.verdicts import eastern_date

#: Agreements: assigned by operation of law.
ASSIGNED = (DocumentKind.PARTICIPATION_AND_SUBORDINATION, DocumentKind.PLEDGE_TO_BD_FCM)
#: Diligence: the receiver's own within a time.
DILIGENCE = (DocumentKind.DISCLOSURE, DocumentKind.OWNERSHIP_AND_CONTROL)
#: Steps that count if they were taken at the BD-FCM that is left, and those that the port is.
_TAKEN_THERE = (Step.DECLARED, Step.CUSTOMER_OPTED_IN, Step.REHEARSED, Step.WENT_LIVE)
_OF_THE_PORT = (Step.BD_FCM_OPTED_IN, Step.ACCOUNTS_OPENED)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class ToObtain:
    """What a receiver must still get of its own.

    Parameters
    ----------
    what : str
        A kind of document, or a step.
    by : date or None
        The last day; None where no rule sets one: what was carried over governs until then.
    """

    what: str
    by: date | None

    def as_document(self) -> dict[str, str | None]:
        """Return it as a JSON object."""
        return {"what": self.what, "by": None if self.by is None else self.by.isoformat()}


@dataclass(frozen=True, slots=True)
class PortPapers:
    """What the books of the BD-FCM that a customer leaves have of its papers.

    Parameters
    ----------
    file : CustomerFile
        Of the customer there.
    at : datetime
        The instant of the port.
    months : int
        Within how many months of the transfer a receiver finishes its diligence.
    """

    file: CustomerFile
    at: datetime
    months: int

    @property
    def until(self) -> date:
        """The last day on which diligence may be finished."""
        return months_after(eastern_date(self.at), self.months)

    @property
    def carried(self) -> tuple[Document, ...]:
        """The customer's documents in force, one a kind: what a package carries."""
        found = (self.file.document(kind, self.at) for kind in (*ASSIGNED, *DILIGENCE))
        return tuple(each for each in found if each is not None)

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document of the customer in the books, whether it is in force or not."""
        return self.file.documents

    @property
    def missing(self) -> tuple[str, ...]:
        """Kinds of which none is in force, and access that is under a notice, in words."""
        own = self.file.subject.partition("/")[0]
        there = {each.kind for each in self.carried}
        lacking = [
            f"{kind.value}: none in force in the books of {own}"
            for kind in (*ASSIGNED, *DILIGENCE)
            if kind not in there
        ]
        if notice := self.file.suspension(self.at):
            lacking.append(f"access: kept out at {own} under criterion {notice.criterion}")
        elif not self.file.is_live(self.at):
            lacking.append(f"{Step.WENT_LIVE.value}: not done at {own}")
        return tuple(lacking)

    def brings(self, *, in_arrangement: bool) -> CameOver:
        """Return with what the customer comes to a receiver, beside the documents.

        Access that is under a notice, or was never given, does not come with a port.
        """
        if not in_arrangement:
            return CameOver(self.file.bd_fcm, (), self.until)
        taken = [
            step
            for step in _TAKEN_THERE
            if self.file.done(step, self.at) or self.file.stands_in(step, self.at)
        ]
        if self.file.suspension(self.at) or not self.file.is_live(self.at):
            taken = [step for step in taken if step is not Step.WENT_LIVE]
        steps = tuple(step for step in Step if step in {*taken, *_OF_THE_PORT})
        return CameOver(self.file.bd_fcm, steps, self.until)

    def as_carried(self, document: Document, receiver: str) -> Document:
        """Return a document as it stands at a receiver: from the day of the transfer on."""
        last = document.last
        if document.kind in DILIGENCE:
            last = self.until if last is None else min(last, self.until)
        return replace(
            document,
            subject=f"{receiver}/{self.file.subject.partition('/')[2]}",
            first=eastern_date(self.at),
            last=last,
            record_id="",
            recorded_at=None,
            carried_from=document.record_id,
        )

    def to_obtain(self, *, in_arrangement: bool) -> tuple[ToObtain, ...]:
        """Return what a receiver without papers of its own must get, and by when."""
        kinds = (*ASSIGNED, *DILIGENCE) if in_arrangement else DILIGENCE
        steps = self.brings(in_arrangement=in_arrangement).stands_for
        return (
            *(ToObtain(kind.value, self.until if kind in DILIGENCE else None) for kind in kinds),
            *(ToObtain(step.value, self.until) for step in steps),
        )


def still_to_obtain(file: CustomerFile, at: datetime) -> tuple[ToObtain, ...]:
    """Return what a receiver rests on a port for at an instant, and until when.

    Parameters
    ----------
    file : CustomerFile
        Of the customer at the receiver.
    at : datetime
    """
    documents = (file.document(kind, at) for kind in DocumentKind if kind not in OF_BD_FCM)
    over = {step: port for step in Step if (port := file.stands_in(step, at)) is not None}
    return (
        *(ToObtain(each.kind.value, each.last) for each in documents if each and each.carried_from),
        *(
            ToObtain(step.value, port.came_over.until)
            for step, port in over.items()
            if port.came_over is not None
        ),
    )


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, the last of the month where it has none.

    Examples
    --------
    >>> months_after(date(2026, 8, 31), 6)
    datetime.date(2027, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))

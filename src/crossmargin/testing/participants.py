"""A BD-FCM and customers that take part, invented, for tests that need some in the books."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.participation.documents import (
    OF_BD_FCM,
    PARTIES,
    Acknowledgement,
    Document,
    DocumentKind,
)
from crossmargin.participation.entities import Lei, RegistrationKind
from crossmargin.participation.ownership import Owner, Relation
from crossmargin.participation.programme import ProgrammeFact, ProgrammeFactKind
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.services.books.papers import (
    Entry,
    record_document,
    register,
    state_programme_fact,
)
from crossmargin.services.books.participation import take_step
from crossmargin.services.books.ports import Work

FIRM = "FCM-1"
FUND = CustomerKey(FIRM, "FUND-1")
TEN_PER_CENT = Fraction(1, 10)
FIRM_LEI = Lei("CROSSMARGINBDFCM0074")
UNRELATED = (Owner("OWNERS OF FUND-1", Fraction(1), Relation.NONE, controls=True),)
#: The way in, in order, each an hour after the other on the first day.
WAY_IN = (
    Step.APPLIED,
    Step.DECLARED,
    Step.CUSTOMER_OPTED_IN,
    Step.BD_FCM_OPTED_IN,
    Step.ACCOUNTS_OPENED,
    Step.REHEARSED,
    Step.WENT_LIVE,
)


def instant(clock: str, day: str = "2026-05-01") -> datetime:
    """Return an instant of a day of May, in New York."""
    return datetime.fromisoformat(f"{day}T{clock}-04:00")


def entered(at: datetime, actor: str = "ann", approver: str = "bob") -> Entry:
    """Return an entry by two people."""
    return Entry(at, actor, approver)


def digest(text: str) -> str:
    """Return the digest of a paper that does not exist."""
    return hashlib.sha256(text.encode()).hexdigest()


def paper(kind: DocumentKind, whose: str, signed_at: datetime) -> Document:
    """Return a document that lacks nothing."""
    acknowledged = kind is DocumentKind.PARTICIPATION_AND_SUBORDINATION
    return Document(
        kind=kind,
        subject=whose,
        sha256=digest(f"{kind} {whose}"),
        parties=PARTIES[kind],
        signed_at=signed_at,
        first=signed_at.date(),
        last=None,
        acknowledgements=frozenset(Acknowledgement) if acknowledged else frozenset(),
    )


def establish_firm(work: Work, *, without: Iterable[str] = ()) -> None:
    """Write the programme and the BD-FCM at 08:00, without what is named by its kind."""
    entry, left_out = entered(instant("08:00")), set(without)
    for fact in ProgrammeFactKind:
        if fact not in left_out:
            stated = ProgrammeFact(fact, "first", digest(fact), date(2026, 4, 20))
            state_programme_fact(work, stated, entry)
    for kind in RegistrationKind:
        if kind not in left_out:
            register(work, FIRM, kind, FIRM_LEI, first=date(2020, 1, 2), last=None, entry=entry)
    for document in sorted(OF_BD_FCM - left_out):
        record_document(work, paper(document, FIRM, instant("08:00")), entry)


def record_papers(work: Work, customer: CustomerKey = FUND, *, without: Iterable[str] = ()) -> None:
    """Write a customer's documents at 08:30, without what is named by its kind."""
    at = instant("08:30")
    for kind in DocumentKind:
        if kind not in OF_BD_FCM and kind not in set(without):
            record_document(work, paper(kind, subject_of(customer), at), entered(at))


def step(kind: Step, owners: tuple[Owner, ...] = UNRELATED) -> StepTaken:
    """Return a step with what it needs."""
    return StepTaken(
        kind,
        sha256=digest(kind) if kind is Step.REHEARSED else "",
        owners=owners if kind is Step.DECLARED else (),
    )


def instant_of(kind: Step) -> datetime:
    """Return when a step of the way in is taken: the first at 09:00."""
    return instant(f"{9 + WAY_IN.index(kind):02d}:00")


def bring_in(
    work: Work,
    customer: CustomerKey = FUND,
    *,
    until: Step = Step.WENT_LIVE,
    owners: tuple[Owner, ...] = UNRELATED,
) -> None:
    """Take a customer's steps up to one, that included; firm and papers must be there."""
    for kind in WAY_IN[: WAY_IN.index(until) + 1]:
        take_step(
            work,
            customer,
            step(kind, owners),
            entered(instant_of(kind)),
            proprietary_share=TEN_PER_CENT,
        )

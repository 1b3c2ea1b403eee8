"""The file of participants (TOML): the programme, a BD-FCM with its papers, and its customers.

It brings every customer through the steps that it states, as a firm would load them at once. A
paper is named by its ``sha256`` or by its ``file``, whose digest is then taken.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.participation.documents import Acknowledgement, Document, DocumentKind
from crossmargin.participation.entities import Lei, RegistrationKind
from crossmargin.participation.ownership import Owner, Relation
from crossmargin.participation.programme import ProgrammeFact, ProgrammeFactKind
from crossmargin.participation.steps import OF_THE_BOOKS, Step, StepTaken
from crossmargin.services.books.loading import Participants, StatedCustomer, StatedRegistration

_T = TypeVar("_T")
_RULE = "reference: participants"
_PAPER = ("sha256", "file")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def read_participants(path: Path) -> Participants:
    """Read a file of participants.

    Raises
    ------
    RefusedError
        With every fault and where it stands.
    """
    try:
        said = tomllib.loads(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused("file", path.name, f"a readable TOML file ({error})", _RULE) from error
    reading = _Reading(path)
    reading.know(
        said, "", "bd_fcm", "entered_at", "programme", "registration", "document", "customer"
    )
    bd_fcm = reading.of(said, "bd_fcm", "", name_of, "?")
    documents = reading.each(said, "document", lambda t, w: reading.document(t, bd_fcm, w))
    programme = reading.each(said, "programme", reading.fact)
    registrations = reading.each(said, "registration", reading.registration)
    entered = reading.of(said, "entered_at", "", _instant, _EPOCH, optional=True)
    if "entered_at" not in said and (programme or registrations):
        # Papers of the firm were signed when it was there.
        entered = min((each.signed_at for each in documents), default=_EPOCH)
        if not documents:
            reading.fault("entered_at", "nothing", "an instant, or a document of the BD-FCM")
    participants = Participants(
        bd_fcm=bd_fcm,
        entered_at=entered if programme or registrations else None,
        programme=programme,
        registrations=registrations,
        documents=documents,
        customers=reading.each(said, "customer", lambda t, w: reading.customer(t, bd_fcm, w)),
    )
    if reading.faults:
        raise RefusedError(*reading.faults)
    return participants


class _Reading:
    """Reads values, and notes every fault with its place; what is at fault becomes a stand-in."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, list[Refusal]()

    def fault(self, field: str, value: object, expected: str) -> None:
        self.faults.append(Refusal(field.strip(), str(value), expected, _RULE, self.path.name))

    def know(self, table: Mapping[str, Any], where: str, *names: str) -> None:
        for name in table:
            if name not in names:
                self.fault(f"{where} {name}", table[name], f"one of {', '.join(names)}")

    def of(
        self,
        table: Mapping[str, Any],
        name: str,
        where: str,
        read: Callable[[Any], _T],
        stand_in: _T,
        *,
        optional: bool = False,
    ) -> _T:
        if name not in table:
            if not optional:
                self.fault(f"{where} {name}", "nothing", "a value")
            return stand_in
        try:
            return read(table[name])
        except (ValueError, TypeError, ZeroDivisionError) as error:
            self.fault(f"{where} {name}", table[name], str(error))
            return stand_in

    def each(
        self,
        said: Mapping[str, Any],
        name: str,
        read: Callable[[Mapping[str, Any], str], _T],
        where: str = "",
    ) -> tuple[_T, ...]:
        found = said.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            self.fault(f"{where} {name}", found, f"tables [[{name}]]")
            return ()
        return tuple(read(t, f"{where} {name} {n}".strip()) for n, t in enumerate(found, start=1))

    def last(self, said: Mapping[str, Any], where: str) -> date | None:
        return self.of(said, "last", where, _day, None, optional=True)

    def paper(self, said: Mapping[str, Any], where: str) -> str:
        if ("file" in said) is ("sha256" in said):
            self.fault(f"{where} sha256", said.get("sha256", "nothing"), "sha256 or file")
            return ""
        if "sha256" in said:
            return self.of(said, "sha256", where, _text, "")
        name = self.of(said, "file", where, _text, "")
        try:
            return hashlib.sha256((self.path.parent / name).read_bytes()).hexdigest()
        except OSError as error:
            self.fault(f"{where} file", name, f"a readable file ({error.strerror})")
            return ""

    def fact(self, said: Mapping[str, Any], where: str) -> ProgrammeFact:
        self.know(said, where, "kind", "version", "first", "last", *_PAPER)
        return ProgrammeFact(
            self.of(said, "kind", where, ProgrammeFactKind, ProgrammeFactKind.CFTC_RELIEF),
            self.of(said, "version", where, _text, ""),
            self.paper(said, where),
            self.of(said, "first", where, _day, date.min),
            self.last(said, where),
        )

    def registration(self, said: Mapping[str, Any], where: str) -> StatedRegistration:
        self.know(said, where, "kind", "lei", "first", "last")
        none = Lei("00000000000000000098")
        return StatedRegistration(
            self.of(said, "kind", where, RegistrationKind, RegistrationKind.BROKER_DEALER),
            self.of(said, "lei", where, Lei, none),
            self.of(said, "first", where, _day, date.min),
            self.last(said, where),
        )

    def document(self, said: Mapping[str, Any], subject: str, where: str) -> Document:
        self.know(
            *(said, where, "kind", "parties", "signed_at", "first", "last", "acknowledgements"),
            *_PAPER,
        )
        return Document(
            kind=self.of(said, "kind", where, DocumentKind, DocumentKind.DISCLOSURE),
            subject=subject,
            sha256=self.paper(said, where),
            parties=self.of(said, "parties", where, lambda v: frozenset(_texts(v)), frozenset()),
            signed_at=self.of(said, "signed_at", where, _instant, _EPOCH),
            first=self.of(said, "first", where, _day, date.min),
            last=self.last(said, where),
            acknowledgements=self.of(
                said,
                "acknowledgements",
                where,
                lambda v: frozenset(map(Acknowledgement, _texts(v))),
                frozenset(),
                optional=True,
            ),
        )

    def customer(self, said: Mapping[str, Any], bd_fcm: str, where: str) -> StatedCustomer:
        self.know(said, where, "customer_id", "owner", "document", "steps", "digests")
        customer_id = self.of(said, "customer_id", where, name_of, "?")
        owners = self.each(said, "owner", self.owner, where)
        subject = f"{bd_fcm}/{customer_id}"
        steps, digests = said.get("steps", {}), said.get("digests", {})
        names = tuple(each for each in Step if each not in OF_THE_BOOKS)
        self.know(steps, f"{where} steps", *names)
        self.know(digests, f"{where} digests", *names)
        return StatedCustomer(
            customer_id=customer_id,
            documents=self.each(said, "document", lambda t, w: self.document(t, subject, w), where),
            steps=tuple(
                (
                    StepTaken(
                        step,
                        sha256=self.of(digests, step, f"{where} digests", _text, "", optional=True),
                        owners=owners if step is Step.DECLARED else (),
                    ),
                    self.of(steps, step, f"{where} steps", _instant, _EPOCH),
                )
                for step in names
                if step.value in steps
            ),
        )

    def owner(self, said: Mapping[str, Any], where: str) -> Owner:
        self.know(said, where, "name", "share", "relation", "controls", "firm_share")
        nothing = Fraction(0)
        return Owner(
            self.of(said, "name", where, _text, "?"),
            self.of(said, "share", where, share_of, nothing),
            self.of(said, "relation", where, Relation, Relation.NONE),
            self.of(said, "controls", where, _truth, stand_in=False, optional=True),
            self.of(said, "firm_share", where, share_of, nothing, optional=True),
        )


def name_of(value: object) -> str:
    """Return a name of a BD-FCM or a customer: ids are made of it, with slashes between.

    Raises
    ------
    ValueError
        If it is no text, or holds a slash.
    """
    text = _text(value)
    if "/" in text:
        raise ValueError("a name without a slash")
    return text


def share_of(value: object) -> Fraction:
    """Return a share, from text alone: a number of TOML may not be exact.

    Raises
    ------
    ValueError
        If it is no ratio from 0 to 1.
    """
    share = Fraction(value) if isinstance(value, str) else Fraction(-1)
    if not 0 <= share <= 1:
        raise ValueError("a ratio from 0 to 1 in quotes, such as '0.25' or '1/3'")
    return share


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("a list of texts")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _day(value: object) -> date:
    if type(value) is not date:
        raise ValueError("a date, such as 2026-05-01")
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("an instant with a zone, such as 2026-05-01T09:00:00-04:00")
    return value

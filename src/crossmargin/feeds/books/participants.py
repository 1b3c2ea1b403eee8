"""The file of participants: a BD-FCM with its registrations and documents, and its customers.

It brings every customer through the steps that it states, as a firm would load them at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.participation.customer import Step
from crossmargin.participation.documents import (
    OF_BD_FCM,
    Acknowledgement,
    Document,
    DocumentKind,
)
from crossmargin.participation.entities import Lei, RegistrationKind
from crossmargin.participation.ownership import Owner, Relation
from crossmargin.services.books.loading import Participants, StatedCustomer, StatedRegistration

_RULE = "reference: participants"


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
    reading = _Reading(path.name)
    bd_fcm = reading.of(said, "bd_fcm", "", _text)
    participants = Participants(
        bd_fcm=bd_fcm or "?",
        registrations=tuple(
            reading.registration(each, f"registration {n}")
            for n, each in enumerate(_tables(said, "registration"), start=1)
        ),
        documents=tuple(
            reading.document(each, bd_fcm or "?", f"document {n}")
            for n, each in enumerate(_tables(said, "document"), start=1)
        ),
        customers=tuple(
            reading.customer(each, bd_fcm or "?", f"customer {n}")
            for n, each in enumerate(_tables(said, "customer"), start=1)
        ),
    )
    if reading.faults:
        raise RefusedError(*reading.faults)
    return participants


class _Reading:
    """Reads values, and notes every fault with its place."""

    def __init__(self, file: str) -> None:
        self.file, self.faults = file, list[Refusal]()

    def of(self, table: Mapping[str, Any], name: str, where: str, read: Any) -> Any:
        """Return a value, or None after noting what was expected."""
        try:
            return read(table[name])
        except KeyError:
            self._fault(f"{where} {name}", "nothing", "a value")
        except (ValueError, TypeError) as error:
            self._fault(f"{where} {name}", table[name], str(error))
        return None

    def optional(self, table: Mapping[str, Any], name: str, where: str, read: Any) -> Any:
        return self.of(table, name, where, read) if name in table else None

    def registration(self, said: Mapping[str, Any], where: str) -> StatedRegistration:
        return StatedRegistration(
            self.of(said, "kind", where, RegistrationKind),
            self.of(said, "lei", where, Lei),
            self.of(said, "first", where, _day),
            self.optional(said, "last", where, _day),
        )

    def document(self, said: Mapping[str, Any], subject: str, where: str) -> Document:
        kind = self.of(said, "kind", where, DocumentKind)
        signed_at = self.of(said, "signed_at", where, _instant)
        parties = self.of(said, "parties", where, _texts) or []
        acknowledged = self.optional(said, "acknowledgements", where, _texts) or []
        if kind is not None and (kind in OF_BD_FCM) is ("/" in subject):
            self._fault(f"{where} kind", kind.value, "a document of whoever it stands under")
        return Document(
            kind=kind,
            subject=subject,
            sha256=self.of(said, "sha256", where, _text) or "",
            parties=frozenset(parties),
            signed_at=signed_at,
            first=self.of(said, "first", where, _day),
            last=self.optional(said, "last", where, _day),
            acknowledgements=frozenset(
                each
                for each in (
                    self.of({"acknowledgement": a}, "acknowledgement", where, Acknowledgement)
                    for a in acknowledged
                )
                if each is not None
            ),
        )

    def customer(self, said: Mapping[str, Any], bd_fcm: str, where: str) -> StatedCustomer:
        customer_id = self.of(said, "customer_id", where, _text) or "?"
        subject = f"{bd_fcm}/{customer_id}"
        steps = said.get("steps", {})
        return StatedCustomer(
            customer_id=customer_id,
            owners=tuple(
                self._owner(each, f"{where} owner {n}")
                for n, each in enumerate(_tables(said, "owner"), start=1)
            ),
            documents=tuple(
                self.document(each, subject, f"{where} document {n}")
                for n, each in enumerate(_tables(said, "document"), start=1)
            ),
            steps=tuple(
                (step, self.of(steps, step.value, f"{where} steps", _instant))
                for step in Step
                if step.value in steps
            ),
        )

    def _owner(self, said: Mapping[str, Any], where: str) -> Owner:
        share = self.of(said, "share", where, _share)
        return Owner(
            self.of(said, "name", where, _text) or "?",
            share if share is not None else Fraction(0),
            self.of(said, "relation", where, Relation) or Relation.NONE,
            bool(said.get("controls", False)),
        )

    def _fault(self, field: str, value: object, expected: str) -> None:
        self.faults.append(Refusal(field.strip(), str(value), expected, _RULE, self.file))


def _tables(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = said.get(name, [])
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or "/" in value:
        raise ValueError("a text without a slash")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("a list of texts")
    return value


def _day(value: object) -> date:
    if type(value) is not date:
        raise ValueError("a date, such as 2026-05-01")
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("an instant with a zone, such as 2026-05-01T09:00:00-04:00")
    return value


def _share(value: object) -> Fraction:
    if not isinstance(value, str):
        raise TypeError("a ratio in quotes, such as '0.25'")
    share = Fraction(value)
    if not 0 <= share <= 1:
        raise ValueError("a ratio from 0 to 1")
    return share

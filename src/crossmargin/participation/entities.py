"""Legal entities and BD-FCMs: four registrations or memberships of one entity, with dates.

An eligible BD-FCM is a broker-dealer, a futures commission merchant, a GSD Netting Member and a CME
clearing member, the same legal entity at both clearing organizations (CFTC proposed order, 90 FR
58525, section VIII(a)(ii)).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.participation.verdicts import Gate, Verdict, eastern_date

#: Stream of the records of registrations; the subject is the BD-FCM.
REGISTRATION = "REGISTRATION"
_LEI_LENGTH = 20
_NAMES_OF_A_CUSTOMER = 2
_CHECK_MODULUS = 97
_ORDER = "90 FR 58525, VIII(a)(ii)"


class RegistrationKind(StrEnum):
    """The four tests."""

    BROKER_DEALER = "BROKER_DEALER"
    FUTURES_COMMISSION_MERCHANT = "FUTURES_COMMISSION_MERCHANT"
    GSD_NETTING_MEMBER = "GSD_NETTING_MEMBER"
    CME_CLEARING_MEMBER = "CME_CLEARING_MEMBER"


@dataclass(frozen=True, slots=True, order=True)
class Lei:
    """A legal entity identifier whose check digits have been verified (ISO 17442, ISO 7064).

    Examples
    --------
    >>> Lei("549300BNMGNFKN6LAD22").text
    '549300BNMGNFKN6LAD22'
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) != _LEI_LENGTH or not self.text.isalnum() or not self.text.isascii():
            raise ValueError(f"an LEI has 20 letters and digits, was {self.text!r}")
        if self.text != self.text.upper() or _mod_97(self.text) != 1:
            raise ValueError(f"the check digits of the LEI do not match: {self.text!r}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration or membership.

    Parameters
    ----------
    kind : RegistrationKind
    lei : Lei
        Of the entity that is registered.
    first : date
    last : date or None
        Until when, counted; None while it has no end.
    record_id : str
    recorded_at : datetime
        From when on it was known.
    """

    kind: RegistrationKind
    lei: Lei
    first: date
    last: date | None
    record_id: str
    recorded_at: datetime

    def is_in_force(self, on: date) -> bool:
        """Return whether it holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)


def subject_faults(subject: str) -> list[Refusal]:
    """Return what is wrong with the subject of a record: a BD-FCM, or it and a customer.

    Examples
    --------
    >>> subject_faults("FCM-1"), subject_faults("FCM-1/FUND-1"), len(subject_faults("FCM-1/A/B"))
    ([], [], 1)
    """
    names = subject.split("/")
    if len(names) <= _NAMES_OF_A_CUSTOMER and all(name.strip() for name in names):
        return []
    return [Refusal("name", subject, "names of a BD-FCM and a customer without a slash", "books")]


def registration_content(
    kind: RegistrationKind, lei: Lei, first: date, last: date | None
) -> dict[str, object]:
    """Return what a record of a registration says."""
    return {
        "kind": kind.value,
        "lei": lei.text,
        "first": first.isoformat(),
        "last": None if last is None else last.isoformat(),
    }


def registration_of(record: Record) -> Registration:
    """Return the registration that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    said = record.content
    try:
        last = said["last"]
        return Registration(
            RegistrationKind(str(said["kind"])),
            Lei(str(said["lei"])),
            date.fromisoformat(str(said["first"])),
            None if last is None else date.fromisoformat(str(last)),
            record.record_id,
            record.at,
        )
    except KeyError as error:
        raise ValueError(f"expected a registration, was {record!r}") from error


def known_registrations(
    registrations: Iterable[Registration], at: datetime
) -> tuple[Registration, ...]:
    """Return what was known by an instant: of one kind and first day, what was written last."""
    known = {(each.kind, each.first): each for each in registrations if each.recorded_at <= at}
    return tuple(known.values())


def bd_fcm_verdict(bd_fcm: str, registrations: Iterable[Registration], at: datetime) -> Verdict:
    """Return whether a firm is an eligible BD-FCM at an instant, and the test that decided.

    Parameters
    ----------
    bd_fcm : str
    registrations : iterable of Registration
        As written; one that says an end takes the place of the one that said none.
    at : datetime
        What was written later is not looked at.
    """
    on = eastern_date(at)
    holding = [each for each in known_registrations(registrations, at) if each.is_in_force(on)]
    gates = []
    for kind in RegistrationKind:
        found = [each for each in holding if each.kind is kind]
        gates.append(
            Gate(
                kind.value,
                _ORDER,
                bool(found),
                tuple(each.record_id for each in found),
                "" if found else f"none in force on {on}",
            )
        )
    entities = sorted({each.lei.text for each in holding})
    one = len(entities) == 1
    gates.append(
        Gate(
            "SAME_LEGAL_ENTITY",
            _ORDER,
            one,
            tuple(each.record_id for each in holding),
            "" if one else f"registered are {', '.join(entities) or 'none'}",
        )
    )
    return Verdict(f"is {bd_fcm} an eligible BD-FCM on {on}", tuple(gates))


def _mod_97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % _CHECK_MODULUS

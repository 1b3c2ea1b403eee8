"""Maker and checker: whoever enters a thing does not approve it, and each in a role that may.

One rule for every wire, withdrawal, manual adjustment, document, parameter and step of a customer.
A person is named alone, ``a.smith``, or with a role before a colon, ``bd_fcm_operations:a.smith``;
the same person in two roles is one person. Which role may do what is assumed; a person without a
role is held to the first half of the rule alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.refusals import Refusal, RefusedError

RULE = "maker and checker"


class Role(StrEnum):
    """Everybody who may have to do with the books."""

    CUSTOMER = "customer"
    BD_FCM_RISK = "bd_fcm_risk"
    BD_FCM_OPERATIONS = "bd_fcm_operations"
    BD_FCM_COMPLIANCE = "bd_fcm_compliance"
    CLEARING_ORGANIZATION = "clearing_organization"
    REGULATOR = "regulator"
    TRUSTEE = "trustee"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Matter(StrEnum):
    """What needs two people."""

    WIRE = "WIRE"
    WITHDRAWAL = "WITHDRAWAL"
    MANUAL_ADJUSTMENT = "MANUAL_ADJUSTMENT"
    DOCUMENT = "DOCUMENT"
    PARAMETER = "PARAMETER"
    PARTICIPATION = "PARTICIPATION"
    STANDING = "STANDING"  # a customer's access, where the customer is not the one who invokes
    CLOSE_OUT = "CLOSE_OUT"
    POSITION = "POSITION"  # what is asked of a customer's positions and calls


_OPERATIONS, _RISK = Role.BD_FCM_OPERATIONS, Role.BD_FCM_RISK
_COMPLIANCE, _TRUSTEE = Role.BD_FCM_COMPLIANCE, Role.TRUSTEE
#: Who may enter each matter. A trustee acts for a BD-FCM that failed.
MAKERS: Mapping[Matter, frozenset[Role]] = {
    Matter.WIRE: frozenset({_OPERATIONS, _TRUSTEE}),
    Matter.WITHDRAWAL: frozenset({Role.CUSTOMER, _OPERATIONS, _TRUSTEE}),
    Matter.MANUAL_ADJUSTMENT: frozenset({_OPERATIONS, _RISK, _TRUSTEE}),
    Matter.DOCUMENT: frozenset({Role.CUSTOMER, _OPERATIONS, _COMPLIANCE, _TRUSTEE}),
    Matter.PARAMETER: frozenset({_RISK, _COMPLIANCE, Role.ADMINISTRATOR}),
    Matter.PARTICIPATION: frozenset({Role.CUSTOMER, _OPERATIONS, _RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.STANDING: frozenset({_OPERATIONS, _RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.CLOSE_OUT: frozenset({_OPERATIONS, _RISK, _TRUSTEE}),
    Matter.POSITION: frozenset({Role.CUSTOMER, _OPERATIONS, _TRUSTEE}),
}
#: Who may approve each; never a customer, whose own matter it would be.
CHECKERS: Mapping[Matter, frozenset[Role]] = {
    Matter.WIRE: frozenset({_OPERATIONS, _RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.WITHDRAWAL: frozenset({_OPERATIONS, _RISK, _TRUSTEE}),
    Matter.MANUAL_ADJUSTMENT: frozenset({_RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.DOCUMENT: frozenset({_OPERATIONS, _COMPLIANCE, _TRUSTEE}),
    Matter.PARAMETER: frozenset({_RISK, _COMPLIANCE}),
    Matter.PARTICIPATION: frozenset({_OPERATIONS, _RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.STANDING: frozenset({_OPERATIONS, _RISK, _COMPLIANCE, _TRUSTEE}),
    Matter.CLOSE_OUT: frozenset({_RISK, _TRUSTEE}),
    Matter.POSITION: frozenset({_OPERATIONS, _RISK, _TRUSTEE}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who enters or approves.

    Parameters
    ----------
    name : str
        In small letters, without spaces around: two spellings of one name are one person.
    role : str
        As written; empty if none was.
    """

    name: str
    role: str = ""

    @staticmethod
    def parsed(text: str) -> Person:
        """Return the person that ``NAME`` or ``ROLE:NAME`` names.

        Examples
        --------
        >>> Person.parsed("bd_fcm_risk:A.Smith ") == Person("a.smith", "bd_fcm_risk")
        True
        """
        role, _, name = text.rpartition(":")
        return Person(name.strip().casefold(), role.strip())


def check_two_people(
    actor: str,
    approver: str,
    matter: Matter | None = None,
    *,
    fields: tuple[str, str] = ("actor", "approver"),
) -> None:
    """Refuse what has no maker, no checker, the same person as both, or one in a wrong role.

    Parameters are those of :func:`faults_of_people`.

    Raises
    ------
    RefusedError
        With every reason.
    """
    if faults := faults_of_people(actor, approver, matter, fields=fields):
        raise RefusedError(*faults)


def faults_of_people(
    actor: str,
    approver: str,
    matter: Matter | None = None,
    *,
    fields: tuple[str, str] = ("actor", "approver"),
) -> list[Refusal]:
    """Return why maker and checker are not two people in roles that may.

    Parameters
    ----------
    actor, approver : str
        As :meth:`Person.parsed` reads them.
    matter : Matter, optional
        What is entered; without it roles must be known, and any may be.
    fields : tuple of str
        What refusals call maker and checker.
    """
    maker, checker = Person.parsed(actor), Person.parsed(approver)
    faults = []
    if not maker.name:
        faults.append(Refusal(fields[0], actor, "who entered it", RULE))
    if not checker.name or checker.name == maker.name:
        faults.append(Refusal(fields[1], approver, f"another than the maker, {actor}", RULE))
    every = frozenset(Role)
    faults += _role_faults(fields[0], maker, MAKERS[matter] if matter else every)
    faults += _role_faults(fields[1], checker, CHECKERS[matter] if matter else every)
    return faults


def faults_of_checker(approver: str, matter: Matter, *, field: str = "approver") -> list[Refusal]:
    """Return why somebody may not approve a matter beside the one that the people are there for."""
    return _role_faults(field, Person.parsed(approver), CHECKERS[matter])


def _role_faults(field: str, person: Person, permitted: frozenset[Role]) -> list[Refusal]:
    if not person.role or person.role in permitted:
        return []
    expected = f"a role among {', '.join(sorted(permitted))}"
    return [Refusal(field, f"{person.role}:{person.name}", expected, RULE)]

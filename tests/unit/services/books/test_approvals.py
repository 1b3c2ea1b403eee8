"""Maker and checker are two people, each in a role that may."""

from __future__ import annotations

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.services.books.approvals import CHECKERS, MAKERS, Matter, Role, check_two_people


def _fields(actor: str, approver: str, matter: Matter | None = None) -> list[str]:
    try:
        check_two_people(actor, approver, matter)
    except RefusedError as error:
        return [each.field for each in error.refusals]
    return []


@pytest.mark.parametrize(
    ("actor", "approver", "fields"),
    [
        ("ann", "bob", []),
        ("ann", "ann", ["approver"]),
        ("ann", " Ann", ["approver"]),
        ("bd_fcm_risk:ann", "bd_fcm_operations:ann", ["approver"]),
        ("bd_fcm_risk:ann", "ann", ["approver"]),
        ("", "bob", ["actor"]),
        ("bd_fcm_risk:", "bob", ["actor"]),
        ("ann", "", ["approver"]),
        ("ann", "bd_fcm_risk: ", ["approver"]),
        ("", "", ["actor", "approver"]),
        ("chief:ann", "king:bob", ["actor", "approver"]),
        ("chief:ann", "king:ann", ["approver", "actor", "approver"]),
    ],
)
def test_two_people_are_two(actor: str, approver: str, fields: list[str]) -> None:
    assert _fields(actor, approver) == fields


@pytest.mark.parametrize("matter", Matter)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_its_table_says(matter: Matter, role: Role) -> None:
    expected = [] if role in MAKERS[matter] else ["actor"]
    assert _fields(f"{role}:ann", "bob", matter) == expected
    expected = [] if role in CHECKERS[matter] else ["approver"]
    assert _fields("ann", f"{role}:bob", matter) == expected


def test_who_only_looks_on_neither_makes_nor_checks_and_no_customer_checks() -> None:
    every = {role for table in (MAKERS, CHECKERS) for roles in table.values() for role in roles}
    assert every.isdisjoint({Role.AUDITOR, Role.REGULATOR, Role.CLEARING_ORGANIZATION})
    assert all(Role.CUSTOMER not in roles for roles in CHECKERS.values())


def test_every_matter_has_its_makers_and_checkers() -> None:
    assert set(MAKERS) == set(CHECKERS) == set(Matter)
    assert all(MAKERS.values())
    assert all(CHECKERS.values())

"""Customer or proprietary account: the ownership and control declaration, judged.

Regulation 1.3 (17 CFR 1.3, proprietary account): an account of which the firm itself, its
affiliates, its owners of ten per cent or more, its officers, directors and those who manage its
customers' accounts, or their spouses and minor dependents of the same household hold ten per cent
or more is the firm's own. The list is recalled, so every row of it is a named relation, and the
threshold a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.participation.verdicts import Gate


class Relation(StrEnum):
    """What an owner or controller of the applicant is to the BD-FCM."""

    NONE = "NONE"
    THE_FIRM = "THE_FIRM"
    AFFILIATE = "AFFILIATE"
    OWNER_OF_THE_FIRM = "OWNER_OF_THE_FIRM"
    OFFICER_OR_DIRECTOR = "OFFICER_OR_DIRECTOR"
    MANAGES_CUSTOMER_ACCOUNTS = "MANAGES_CUSTOMER_ACCOUNTS"
    HOUSEHOLD_OF_ANY_OF_THESE = "HOUSEHOLD_OF_ANY_OF_THESE"


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner or controller of the applicant.

    Parameters
    ----------
    name : str
    share : Fraction
        Of the account, a ratio from 0 to 1.
    relation : Relation
    controls : bool
        Whether the owner controls the account's trading.
    """

    name: str
    share: Fraction
    relation: Relation
    controls: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"a share lies between 0 and 1, was {self.share}")


def proprietary_gate(
    owners: Iterable[Owner], *, threshold: Fraction, evidence: tuple[str, ...]
) -> Gate:
    """Return whether the applicant is a Customer, not a proprietary account.

    Parameters
    ----------
    owners : iterable of Owner
        All of them; shares sum to one at most.
    threshold : Fraction
        From which share on those related to the firm make the account proprietary, together.
    evidence : tuple of str
        Ids of the records of the declaration.
    """
    listed = list(owners)
    related = [owner for owner in listed if owner.relation is not Relation.NONE]
    share = sum((owner.share for owner in related), start=Fraction(0))
    total = sum((owner.share for owner in listed), start=Fraction(0))
    controls = [owner.name for owner in related if owner.controls]
    rule = "17 CFR 1.3, proprietary account"
    if not listed or total > 1:
        detail = "a declaration of every owner, with shares of at most one together"
        return Gate("IS_A_CUSTOMER", rule, passed=False, evidence=evidence, detail=detail)
    if share >= threshold:
        names = ", ".join(owner.name for owner in related)
        detail = f"related to the firm: {names}, together {float(share):.2%} of the account"
        return Gate("IS_A_CUSTOMER", rule, passed=False, evidence=evidence, detail=detail)
    if controls:
        detail = f"controlled by {', '.join(controls)}, related to the firm"
        return Gate("IS_A_CUSTOMER", rule, passed=False, evidence=evidence, detail=detail)
    return Gate("IS_A_CUSTOMER", rule, passed=True, evidence=evidence)


def owners_content(owners: Iterable[Owner]) -> list[dict[str, object]]:
    """Return owners as a record has them."""
    return [
        {
            "name": owner.name,
            "share": str(owner.share),
            "relation": owner.relation.value,
            "controls": "yes" if owner.controls else "no",
        }
        for owner in owners
    ]


def owners_of(content: object) -> tuple[Owner, ...]:
    """Return the owners that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    if not isinstance(content, list | tuple):
        raise ValueError(f"expected owners, was {content!r}")
    return tuple(_owner(each) for each in content)


def _owner(said: object) -> Owner:
    if not isinstance(said, Mapping):
        raise ValueError(f"expected an owner, was {said!r}")
    return Owner(
        str(said["name"]),
        Fraction(str(said["share"])),
        Relation(str(said["relation"])),
        said["controls"] == "yes",
    )

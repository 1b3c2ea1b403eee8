"""Customer or proprietary account: the ownership and control declaration, judged.

Regulation 1.3 (17 CFR 1.3, proprietary account): an account carried for the firm itself, its
general partners, officers, directors, owners of ten per cent or more, those who handle its
customers' trades, funds or records, their spouses and minor dependents of the same household, and
its affiliates, or of which ten per cent or more is theirs together, is the firm's own. The list is
recalled, so every row of it is a named relation and the threshold a parameter; the exception for
cooperatives of producers is not modelled.

A business affiliate is what controls the firm, is controlled by it, or is under common control with
it. An applicant that the firm, an affiliate, a general partner or an owner of the firm controls is
read as one (inferred); trading authority of an officer or employee alone makes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.refusals import Refusal
from crossmargin.participation.verdicts import Gate

_RULE = "17 CFR 1.3, proprietary account"
#: How an owner is written in one line.
OWNER_FORM = "NAME:SHARE:RELATION[:controls][:firm=SHARE]"
_OWNER_PARTS = 2  # share and relation after the name


class Relation(StrEnum):
    """What an owner or controller of the applicant is to the BD-FCM."""

    NONE = "NONE"
    THE_FIRM = "THE_FIRM"
    AFFILIATE = "AFFILIATE"
    GENERAL_PARTNER = "GENERAL_PARTNER"
    OWNER_OF_THE_FIRM = "OWNER_OF_THE_FIRM"
    OFFICER_OR_DIRECTOR = "OFFICER_OR_DIRECTOR"
    MANAGES_CUSTOMER_ACCOUNTS = "MANAGES_CUSTOMER_ACCOUNTS"
    HOUSEHOLD_OF_ANY_OF_THESE = "HOUSEHOLD_OF_ANY_OF_THESE"


#: Whose control makes the applicant an affiliate of the firm.
_MAKES_AN_AFFILIATE = frozenset(
    {
        Relation.THE_FIRM,
        Relation.AFFILIATE,
        Relation.GENERAL_PARTNER,
        Relation.OWNER_OF_THE_FIRM,
    }
)


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner or controller of the applicant.

    Parameters
    ----------
    name : str
        A legal or natural person; owners without relation to the firm may stand in one line.
    share : Fraction
        Of the account, a ratio from 0 to 1; 0 for who controls and owns nothing.
    relation : Relation
    controls : bool
        Whether the owner controls the applicant.
    firm_share : Fraction
        Of the firm's capital, a ratio from 0 to 1: from the threshold on, an owner of the firm.

    Raises
    ------
    ValueError
        If a share is none, or nobody is named.
    """

    name: str
    share: Fraction
    relation: Relation
    controls: bool = False
    firm_share: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("an owner has a name")
        for share in (self.share, self.firm_share):
            if not 0 <= share <= 1:
                raise ValueError(f"a share lies between 0 and 1, was {share}")

    @staticmethod
    def parsed(text: str) -> Owner:
        """Return the owner that ``NAME:SHARE:RELATION[:controls][:firm=SHARE]`` says.

        Raises
        ------
        ValueError
            If it says none.

        Examples
        --------
        >>> Owner.parsed("A DIRECTOR:1/20:OFFICER_OR_DIRECTOR:controls").controls
        True
        """
        name, *rest = text.strip().split(":")
        extras = dict(each.partition("=")[::2] for each in rest[2:])
        if len(rest) < _OWNER_PARTS or not extras.keys() <= {"controls", "firm"}:
            raise ValueError(f"expected {OWNER_FORM}, was {text!r}")
        try:
            share, firm_share = Fraction(rest[0]), Fraction(extras.get("firm", "0"))
        except ZeroDivisionError as error:
            raise ValueError(f"expected a ratio as share, was {text!r}") from error
        return Owner(name, share, Relation(rest[1]), "controls" in extras, firm_share)

    def relation_at(self, threshold: Fraction) -> Relation:
        """Return the relation, judged by the share of the firm where none is declared."""
        if self.relation is Relation.NONE and self.firm_share and self.firm_share >= threshold:
            return Relation.OWNER_OF_THE_FIRM
        return self.relation


def declaration_faults(owners: Iterable[Owner]) -> list[Refusal]:
    """Return why a declaration cannot be judged: everybody is named, so shares make one whole."""
    listed = list(owners)
    total = sum((owner.share for owner in listed), start=Fraction(0))
    if total == 1:
        return []
    return [
        Refusal(
            "owners",
            f"{len(listed)} with {_per_cent(total)} together",
            "every owner named or in a line of unrelated owners, 100 % together",
            _RULE,
        )
    ]


def proprietary_gate(
    owners: Iterable[Owner], *, threshold: Fraction, evidence: tuple[str, ...]
) -> Gate:
    """Return whether the applicant is a Customer, not a proprietary account.

    Parameters
    ----------
    owners : iterable of Owner
        All of them.
    threshold : Fraction
        From which share on, itself included, those related to the firm make the account
        proprietary, together; and from which share of the firm on somebody is its owner.
    evidence : tuple of str
        Ids of the records of the declaration.

    Examples
    --------
    >>> owners = (
    ...     Owner("A FUND", Fraction(9, 10), Relation.NONE),
    ...     Owner("A DIRECTOR", Fraction(1, 10), Relation.OFFICER_OR_DIRECTOR),
    ... )
    >>> proprietary_gate(owners, threshold=Fraction(1, 10), evidence=()).detail
    'related to the firm: A DIRECTOR, together 10 % of the account'
    """
    listed = list(owners)
    detail = _finding(listed, threshold)
    return Gate("IS_A_CUSTOMER", _RULE, passed=not detail, evidence=evidence, detail=detail)


def _finding(listed: list[Owner], threshold: Fraction) -> str:
    """Return what stands against a Customer, or nothing."""
    if declaration_faults(listed):
        return "no declaration of every owner"
    related = [each for each in listed if each.relation_at(threshold) is not Relation.NONE]
    share = sum((owner.share for owner in related), start=Fraction(0))
    if share and share >= threshold:
        names = ", ".join(owner.name for owner in related if owner.share)
        return f"related to the firm: {names}, together {_per_cent(share)} of the account"
    controlling = [
        owner.name
        for owner in related
        if owner.controls and owner.relation_at(threshold) in _MAKES_AN_AFFILIATE
    ]
    if controlling:
        return f"an affiliate of the firm: controlled by {', '.join(controlling)}"
    return ""


def _per_cent(share: Fraction) -> str:
    """Return a share in per cent, exactly if two decimals hold it, else as a fraction."""
    hundredths = share * 10_000
    if hundredths.denominator != 1:
        return str(share)
    whole, part = divmod(int(hundredths), 100)
    return f"{whole}.{part:02d} %" if part else f"{whole} %"


def owners_content(owners: Iterable[Owner]) -> list[dict[str, object]]:
    """Return owners as a record has them."""
    return [
        {
            "name": owner.name,
            "share": str(owner.share),
            "relation": owner.relation.value,
            "controls": "yes" if owner.controls else "no",
            "firm_share": str(owner.firm_share),
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
    try:
        return Owner(
            str(said["name"]),
            Fraction(str(said["share"])),
            Relation(str(said["relation"])),
            said["controls"] == "yes",
            Fraction(str(said["firm_share"])),
        )
    except KeyError as error:
        raise ValueError(f"expected an owner, was {said!r}") from error

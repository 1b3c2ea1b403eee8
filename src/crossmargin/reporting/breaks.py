"""Reconciliation: our books against the file of a custodian or clearing organization.

A break is one asset in one account on which the two sides differ. It keeps the date on which it was
opened and ages a business day at each reconciliation until the sides agree, whatever its size does
in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.ledger.assets import Asset

#: An account as the two sides name it, and the asset.
Place = tuple[str, Asset]


class BreakReason(StrEnum):
    """Why the sides differ, as far as the figures tell."""

    IN_TRANSIT = "in_transit"  # the difference is what is on its way
    NOT_IN_THEIR_FILE = "not_in_their_file"
    NOT_IN_OUR_BOOKS = "not_in_our_books"
    AMOUNTS_DIFFER = "amounts_differ"


@dataclass(frozen=True, slots=True)
class Break:
    """One difference.

    Parameters
    ----------
    account : str
    asset : Asset
    ours, theirs : int
        Whole units of the asset.
    reason : BreakReason
    opened : date
        The business date on which it was first seen.
    age_business_days : int
        0 on the day it was opened.
    """

    account: str
    asset: Asset
    ours: int
    theirs: int
    reason: BreakReason
    opened: date
    age_business_days: int

    @property
    def difference(self) -> int:
        """Theirs less ours, in whole units."""
        return self.theirs - self.ours

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape; amounts in whole units of the asset."""
        return {
            "account": self.account,
            "asset": str(self.asset),
            "unit": self.asset.unit,
            "ours": self.ours,
            "theirs": self.theirs,
            "difference": self.difference,
            "reason": self.reason.value,
            "opened": self.opened.isoformat(),
            "age_business_days": self.age_business_days,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one reconciliation found.

    Parameters
    ----------
    business_date : date
    counterpart : str
        Whose file it was.
    compared : int
        How many assets in accounts were compared.
    breaks : tuple of Break
        Sorted by account and asset.
    resolved : tuple of Break
        Breaks of the reconciliation before on which the sides agree now, as they were then.
    """

    business_date: date
    counterpart: str
    compared: int
    breaks: tuple[Break, ...]
    resolved: tuple[Break, ...]

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "business_date": self.business_date.isoformat(),
            "counterpart": self.counterpart,
            "compared": self.compared,
            "breaks": [each.as_document() for each in self.breaks],
            "resolved": [each.as_document() for each in self.resolved],
        }


def reconcile(
    ours: Mapping[Place, int],
    theirs: Mapping[Place, int],
    *,
    business_date: date,
    counterpart: str,
    in_transit: Mapping[Place, int],
    previous: Sequence[Break],
) -> Reconciliation:
    """Compare two sides.

    Parameters
    ----------
    ours, theirs : mapping of account and asset to int
        Whole units; what one side does not name counts as zero.
    business_date : date
    counterpart : str
    in_transit : mapping of account and asset to int
        By how much their figure will move once what is on its way has arrived: positive for what
        comes in, negative for what leaves.
    previous : sequence of Break
        The breaks of the same counterpart's reconciliation of the business day before.

    Raises
    ------
    ValueError
        If a previous break is not of an earlier date.
    """
    if late := [each for each in previous if each.opened >= business_date]:
        raise ValueError(f"breaks of before {business_date} are carried, were {late}")
    places = sorted({*ours, *theirs})
    older = {(each.account, each.asset): each for each in previous}
    breaks = tuple(
        _break(
            place,
            (ours.get(place), theirs.get(place)),
            in_transit.get(place, 0),
            business_date=business_date,
            older=older.get(place),
        )
        for place in places
        if ours.get(place, 0) != theirs.get(place, 0)
    )
    open_now = {(each.account, each.asset) for each in breaks}
    resolved = tuple(older[place] for place in sorted(older) if place not in open_now)
    return Reconciliation(business_date, counterpart, len(places), breaks, resolved)


def _break(
    place: Place,
    sides: tuple[int | None, int | None],
    in_transit: int,
    *,
    business_date: date,
    older: Break | None,
) -> Break:
    own, other = (side or 0 for side in sides)
    if in_transit and other + in_transit == own:
        reason = BreakReason.IN_TRANSIT
    elif sides[1] is None:
        reason = BreakReason.NOT_IN_THEIR_FILE
    elif sides[0] is None:
        reason = BreakReason.NOT_IN_OUR_BOOKS
    else:
        reason = BreakReason.AMOUNTS_DIFFER
    return Break(
        *place,
        ours=own,
        theirs=other,
        reason=reason,
        opened=business_date if older is None else older.opened,
        age_business_days=0 if older is None else older.age_business_days + 1,
    )

"""What the custody report is made of: accounts, holdings, entitlements, and one asset's coverage.

CFTC proposed order, 90 FR 58525, paragraph (j): cash and, by CUSIP, securities held in FICC's
accounts for Segregated Customer Margin or XM Customer Margin, and owed to BD-FCMs for customers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import Money
from crossmargin.ledger.assets import Asset, AssetKind


class LocationType(StrEnum):
    """Where (e)(vii) lets FICC keep margin."""

    FRBNY = "FRBNY"
    BANK = "BANK"


class AccountScope(StrEnum):
    """For whose margin an account is; both only at FRBNY."""

    XM_AND_SCM = "XM_AND_SCM"
    XM_ONLY = "XM_ONLY"
    SCM_ONLY = "SCM_ONLY"


class MarginClass(StrEnum):
    """Whose margin it is."""

    XM = "XM"
    SCM = "SCM"


class HeldFor(StrEnum):
    """What the custodian says an amount is held for."""

    XM = "XM"
    SCM = "SCM"
    XM_AND_SCM = "XM_AND_SCM"  # one balance for both, at FRBNY
    OTHER = "OTHER"  # what must not be there; it covers nobody


@dataclass(frozen=True, slots=True)
class CustodyAccount:
    """One account of FICC at a custodian.

    Parameters
    ----------
    location_type : LocationType
    location : str
        Name of the Federal Reserve Bank or bank.
    location_id : str
        Its LEI or ABA number; empty if not known.
    account_id, title : str
        As at the custodian; the title exactly.
    scope : AccountScope
    notice_document_id, contract_document_id : str
        The written notice kept by FICC and the contract that gives the custodian no lien; empty
        where none is in force.
    """

    location_type: LocationType
    location: str
    account_id: str
    title: str
    scope: AccountScope
    location_id: str = ""
    notice_document_id: str = ""
    contract_document_id: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset in one account, from the custodian's file.

    Parameters
    ----------
    account : CustodyAccount
    asset : Asset
    amount : int
        Whole units, not negative, without what is in transit.
    held_for : HeldFor
    market_value : Money, optional
        For information.

    Raises
    ------
    ValueError
        If the amount is negative.
    """

    account: CustodyAccount
    asset: Asset
    amount: int
    held_for: HeldFor
    market_value: Money | None = None

    def __post_init__(self) -> None:
        _check_amount(self.amount, self)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One asset that FICC owes a BD-FCM on one margin account.

    Parameters
    ----------
    bd_fcm, bd_fcm_lei : str
    margin_class : MarginClass
    margin_account_id : str
    asset : Asset
    amount : int
        Whole units, not negative; what is on its way back is owed until it has left.
    pending_return : int
        How much of it is to be returned.

    Raises
    ------
    ValueError
        If the amount is negative, or more is to be returned than is owed.
    """

    bd_fcm: str
    margin_class: MarginClass
    margin_account_id: str
    asset: Asset
    amount: int
    pending_return: int = 0
    bd_fcm_lei: str = ""

    def __post_init__(self) -> None:
        _check_amount(self.amount, self)
        if not 0 <= self.pending_return <= self.amount:
            raise ValueError(f"what is to be returned is owed, was {self!r}")


@dataclass(frozen=True, slots=True)
class InTransit:
    """One movement under way, shown once and apart: not in what is held.

    Parameters
    ----------
    reference : str
        The transfer; one row each.
    account_id : str
        FICC's account that it will reach or has left.
    asset : Asset
    amount : int
        Whole units: positive on its way in, negative on its way out.
    """

    reference: str
    account_id: str
    asset: Asset
    amount: int


class CoverageStatus(StrEnum):
    """Held against owed."""

    SURPLUS = "SURPLUS"
    OK = "OK"
    SHORTFALL = "SHORTFALL"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One asset's held against owed, in whole units.

    Parameters
    ----------
    held, owed : int
    split : tuple of (holder, amount)
        In a shortfall what each would get of the segregated accounts alone, sorted by holder; empty
        otherwise. Indicative: Article 8 reaches every interest that FICC holds in the asset.
    """

    held: int
    owed: int
    split: tuple[tuple[str, int], ...]

    @property
    def difference(self) -> int:
        """Held less owed."""
        return self.held - self.owed

    @property
    def status(self) -> CoverageStatus:
        """Whether what is held is enough."""
        if self.difference == 0:
            return CoverageStatus.OK
        return CoverageStatus.SURPLUS if self.difference > 0 else CoverageStatus.SHORTFALL

    @property
    def rate(self) -> Fraction:
        """min(1, held / owed); 1 where nothing is owed."""
        return min(Fraction(1), Fraction(self.held, self.owed)) if self.owed else Fraction(1)


class BreakCause(StrEnum):
    """Why an asset is short."""

    IN_TRANSIT = "in_transit"  # what is on its way in covers it
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class RowOfAsset:
    """One asset of the report's reconciliation.

    Parameters
    ----------
    asset : Asset
    coverage : Coverage
    owed_by_class : mapping of MarginClass to int
    on_its_way_in, on_its_way_out : int
        In transit, neither negative; in none of the other figures.
    break_cause : BreakCause, optional
        None unless short.
    break_opened : date, optional
    break_age_business_days : int
        0 on the day it was opened.
    """

    asset: Asset
    coverage: Coverage
    owed_by_class: Mapping[MarginClass, int]
    on_its_way_in: int
    on_its_way_out: int
    break_cause: BreakCause | None
    break_opened: date | None
    break_age_business_days: int


def coverage_of(held: int, claims: Mapping[str, int], *, units: Sequence[int]) -> Coverage:
    """Return one asset's coverage, with the indicative split of a shortfall.

    Parameters
    ----------
    held : int
    claims : mapping of holder to int
        What is owed to each, not negative.
    units : sequence of int
        Sizes in which the asset is shared out, the largest first, 1 last: the first that divides
        what is held and every claim is taken.

    Examples
    --------
    >>> coverage_of(95, {"BD1/XM": 60, "BD2/SCM": 40}, units=[100, 1]).split
    (('BD1/XM', 57), ('BD2/SCM', 38))
    """
    owed = sum(claims.values())
    if held >= owed:
        return Coverage(held, owed, ())
    unit = next(each for each in units if all(a % each == 0 for a in (held, *claims.values())))
    names = sorted(claims)
    shares = _largest_remainder(held // unit, [claims[name] // unit for name in names])
    return Coverage(
        held, owed, tuple((n, share * unit) for n, share in zip(names, shares, strict=True))
    )


def units_of(asset: Asset) -> tuple[int, ...]:
    """Return the sizes in which an asset is shared out: cents; par in $100, else in dollars."""
    return (1,) if asset.kind is AssetKind.CASH else (100, 1)


def totals_by_asset(rows: Iterable[tuple[Asset, int]]) -> dict[Asset, int]:
    """Return the sum of each asset, sorted by asset."""
    totals: dict[Asset, int] = {}
    for asset, amount in rows:
        totals[asset] = totals.get(asset, 0) + amount
    return dict(sorted(totals.items()))


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    # Of less than what is claimed: no share exceeds its claim, as each is its floor or one more.
    claimed = sum(weights)
    exact = [Fraction(total * weight, claimed) for weight in weights]
    shares = [math.floor(each) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _check_amount(amount: int, of: object) -> None:
    if type(amount) is not int or amount < 0:
        raise ValueError(f"an amount is a whole number, not negative, was {of!r}")

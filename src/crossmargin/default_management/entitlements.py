"""Security entitlements in a failure of FICC: by asset, under Article 8 of the NYUCC.

Each asset stands by itself: all interests in it that FICC holds, wherever they are, less claims
that are secured before (8-511(c)), are shared pro rata by all entitlement holders in that asset,
XM and segregated customer margin together (8-503(b); CFTC proposed order, footnotes 49 and 52).
What is left over in one asset never repairs another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.default_management.shares import whole_shares
from crossmargin.ledger.assets import Asset, AssetKind


class MarginClass(StrEnum):
    """The two kinds of securities account there may be (CFTC proposed order, (i)(1))."""

    XM = "XM"
    SCM = "SCM"


@dataclass(frozen=True, slots=True, order=True)
class EntitlementHolder:
    """A BD-FCM, for the customers of one kind of account.

    Examples
    --------
    >>> str(EntitlementHolder("BD1", MarginClass.XM))
    'BD1-XM'
    """

    bd_fcm: str
    margin_class: MarginClass

    def __str__(self) -> str:
        return f"{self.bd_fcm}-{self.margin_class.value}"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the holders of entitlements in one asset recover, in the units of the asset.

    Parameters
    ----------
    available : int
        All interests less prior secured claims, at least zero.
    rate : Fraction
        At most 1; 1 where nothing is claimed.
    exact : mapping of holder to Fraction
        rate x entitlement.
    payouts : mapping of holder to int
        Whole lots, at most the entitlement, in all at most what is available.
    surplus : int
        What is available beyond the entitlements.
    unsecured : mapping of holder to int
        Entitlement less payout: a claim on FICC for the gap (inferred).
    """

    available: int
    rate: Fraction
    exact: Mapping[str, Fraction]
    payouts: Mapping[str, int]
    surplus: int
    unsecured: Mapping[str, int]

    @property
    def undistributed(self) -> int:
        """What of the entitlements' part makes no whole lot: in nobody's hands, less than a lot."""
        return self.available - self.surplus - sum(self.payouts.values())


@dataclass(frozen=True, slots=True)
class AssetHeld:
    """One asset in FICC's hands.

    Parameters
    ----------
    asset : Asset
        A CUSIP in dollars of par, or cash in cents.
    interests : mapping of place to int
        Every interest that FICC holds in it, its own included, by place.
    prior_secured : int
        Claims on the asset that come before entitlement holders.
    entitlements : mapping of EntitlementHolder to int
    lost : int
        What of the interests is not there when it is looked for; at most all of them.

    Raises
    ------
    ValueError
        If an amount is negative, more is lost than there was, or the asset is a position: nobody's
        property yet.
    """

    asset: Asset
    interests: Mapping[str, int]
    prior_secured: int
    entitlements: Mapping[EntitlementHolder, int]
    lost: int = 0

    def __post_init__(self) -> None:
        if self.asset.kind not in {AssetKind.CASH, AssetKind.SECURITY}:
            raise ValueError(f"an entitlement is to cash or a security, was {self.asset}")
        amounts = (*self.interests.values(), self.prior_secured, *self.entitlements.values())
        if min(*amounts, self.lost, self.held) < 0:
            raise ValueError(f"amounts are not negative, was {self!r}")

    @property
    def held(self) -> int:
        """All interests less what of them is lost."""
        return sum(self.interests.values()) - self.lost


def recover(
    *, held: int, prior_secured: int, entitlements: Mapping[str, int], lot: int = 1
) -> Recovery:
    """Return what holders of entitlements in one asset recover.

    Parameters
    ----------
    held, prior_secured : int
        Units of the asset, not negative.
    entitlements : mapping of holder to int
    lot : int
        Payouts are multiples of it. What an entitlement has beyond a multiple, and what of the
        asset makes no lot, is not paid out in kind.

    Examples
    --------
    >>> found = recover(
    ...     held=90_000_000, prior_secured=0,
    ...     entitlements={"BD1-XM": 60_000_000, "BD2-SCM": 40_000_000}, lot=100)
    >>> dict(found.payouts), found.surplus
    ({'BD1-XM': 54000000, 'BD2-SCM': 36000000}, 0)
    """
    available = max(0, held - prior_secured)
    claimed = sum(entitlements.values())
    rate = min(Fraction(1), Fraction(available, claimed)) if claimed else Fraction(1)
    exact = {name: rate * amount for name, amount in entitlements.items()}
    # A lot that an odd entitlement lacks is no one's: rounding up must not pass the entitlement.
    lots = {name: min(exact[name] / lot, Fraction(entitlements[name] // lot)) for name in exact}
    payouts = {name: whole * lot for name, whole in whole_shares(lots).items()}
    return Recovery(
        available,
        rate,
        exact,
        payouts,
        max(0, available - claimed),
        {name: amount - payouts[name] for name, amount in entitlements.items()},
    )


def recoveries(assets: Iterable[AssetHeld], *, par_lot_dollars: int) -> dict[Asset, Recovery]:
    """Return what holders recover, asset by asset; no asset cures another.

    Parameters
    ----------
    assets : iterable of AssetHeld
        Each asset once, with every interest in it.
    par_lot_dollars : int
        Securities are paid out in multiples of it, cash in cents.

    Raises
    ------
    ValueError
        If an asset is there twice.
    """
    found: dict[Asset, Recovery] = {}
    for each in assets:
        if each.asset in found:
            raise ValueError(f"all interests in an asset stand together, was twice: {each.asset}")
        found[each.asset] = recover(
            held=each.held,
            prior_secured=each.prior_secured,
            entitlements={str(holder): amount for holder, amount in each.entitlements.items()},
            lot=par_lot_dollars if each.asset.kind is AssetKind.SECURITY else 1,
        )
    return found

"""What the failure of either clearing organization shares: losses, values, the customers' pool.

What is recovered there joins the futures customers' pool of each BD-FCM. As long as the BD-FCM
survives, each customer bears what was held for it (inferred: no source says who does); if the
BD-FCM fails too, the pool is shared by all its futures customers (17 CFR 190.08(c), 190.09).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.default_management.funded_balance import ClassProperty, funded_balances
from crossmargin.default_management.shares import no_less_than_zero, whole_shares
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.parameters.registry import ParameterSet


class InterestsInTransit(StrEnum):
    """Whether what is under way to or from a clearing organization's account is its interest."""

    COUNTED = "counted"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class CcpFailureRules:
    """What the failure of a clearing organization takes from the parameters.

    Parameters
    ----------
    par_lot_dollars : int
        Securities are shared out in multiples of it.
    in_transit : InterestsInTransit
    """

    par_lot_dollars: int
    in_transit: InterestsInTransit

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> CcpFailureRules:
        """Return the rules that ``default_management/parameters.toml`` holds for the day."""
        reading = parameters.choice("interests_in_transit", InterestsInTransit)
        return CcpFailureRules(parameters.whole("par_lot_dollars"), InterestsInTransit(reading))

    def as_document(self) -> dict[str, int | str]:
        """Return the rules by the names of their parameters."""
        return {
            "par_lot_dollars": self.par_lot_dollars,
            "interests_in_transit": self.in_transit.value,
        }


@dataclass(frozen=True, slots=True)
class HeldLoss:
    """What is not there when it is looked for.

    Parameters
    ----------
    what : str
        The text of an asset at FICC, such as ``SEC-912810FT0``; empty at CME, where property is
        shared by value.
    place : str
        Where; empty for anywhere.
    amount : int or Fraction
        Whole units, or as a Fraction the share of what is held there, rounded up to a unit.

    Raises
    ------
    ValueError
        If the amount is negative, or the share above 1.
    """

    what: str
    place: str
    amount: int | Fraction

    def __post_init__(self) -> None:
        is_share = isinstance(self.amount, Fraction)
        if self.amount < 0 or (is_share and self.amount > 1):
            raise ValueError(f"a loss is not negative, a share at most 1, was {self!r}")

    def of(self, held: int) -> int:
        """Return the loss in whole units of what is held.

        Examples
        --------
        >>> HeldLoss("CASH-USD", "FRBNY", Fraction(1, 3)).of(100), HeldLoss("CASH-USD", "", 7).of(9)
        (34, 7)
        """
        if isinstance(self.amount, Fraction):
            return math.ceil(self.amount * held)
        return self.amount


@dataclass(frozen=True, slots=True)
class CustomersPool:
    """One BD-FCM's futures customers, and their property elsewhere than where it failed.

    Parameters
    ----------
    claims : mapping of customer to Money
        Allowed net equity; a negative one counts as nothing.
    other_property : Money
        Customer property of the futures class that the failed clearing organization does not hold,
        residual interest included.
    unsettled : Money
        Due of settlements from the clearing organization that failed, which holds nothing for it:
        counted in what it owed, and not in what is recovered (inferred).

    Raises
    ------
    ValueError
        If an amount of property is negative.
    """

    claims: Mapping[str, Money]
    other_property: Money
    unsettled: Money = ZERO

    def __post_init__(self) -> None:
        if min(self.other_property, self.unsettled) < ZERO:
            raise ValueError(f"property is not negative, was {self!r}")


@dataclass(frozen=True, slots=True)
class PoolShares:
    """What one BD-FCM's futures customers are paid if the BD-FCM fails too.

    Parameters
    ----------
    bd_fcm : str
    claims : Money
    other_property, recovered : Money
        What there is elsewhere, and from the clearing organization that failed.
    rate, rate_without : Fraction
        Paid on every claim; and what would be, had the clearing organization paid in full.
    paid, paid_without : mapping of customer to Money
    left : Money
        Beyond all claims.
    """

    bd_fcm: str
    claims: Money
    other_property: Money
    recovered: Money
    rate: Fraction
    rate_without: Fraction
    paid: Mapping[str, Money]
    paid_without: Mapping[str, Money]
    left: Money


def shared_omnibus(
    bd_fcm: str, pool: CustomersPool, *, recovered: Money, in_full: Money
) -> PoolShares:
    """Return what a BD-FCM's futures customers are paid from one pool, and without the failure.

    Parameters
    ----------
    bd_fcm : str
    pool : CustomersPool
    recovered, in_full : Money
        From the clearing organization that failed, and what it owed of property.

    Examples
    --------
    >>> pool = CustomersPool({"A": Money(60_00), "B": Money(40_00)}, Money(50_00))
    >>> found = shared_omnibus("FCM", pool, recovered=Money(30_00), in_full=Money(50_00))
    >>> [str(each) for each in found.paid.values()], str(found.rate), str(found.rate_without)
    (['48.00', '32.00'], '4/5', '1')
    """
    claims = {name: pool.claims[name] for name in sorted(pool.claims)}
    with_failure, without = (
        funded_balances(claims, ClassProperty(ZERO, pool.other_property + from_ccp, ZERO, ZERO))
        for from_ccp in (recovered, in_full + pool.unsettled)
    )
    return PoolShares(
        bd_fcm,
        Money.total(map(no_less_than_zero, claims.values())),
        pool.other_property,
        recovered,
        with_failure.rate,
        without.rate,
        with_failure.in_cents,
        without.in_cents,
        with_failure.excess,
    )


#: Dollars that a dollar of par of a CUSIP is worth, accrued interest included.
Prices = Mapping[str, Fraction]


def values_of(
    asset: Asset, amounts: Mapping[str, int], prices: Prices
) -> Mapping[str, Money] | None:
    """Return what amounts of one asset are worth, or None where it has no price.

    Parameters
    ----------
    asset : Asset
    amounts : mapping of name to int
        Whole units, not negative.
    prices : mapping of CUSIP to Fraction

    Returns
    -------
    mapping of name to Money
        Together the exact value of all, rounded down to the cent.

    Examples
    --------
    >>> note = Asset(AssetKind.SECURITY, "912810FT0")
    >>> found = values_of(note, {"A": 100, "B": 100}, {"912810FT0": Fraction(99999, 100000)})
    >>> [str(each) for each in found.values()]
    ['100.00', '99.99']
    """
    if asset.kind is AssetKind.CASH:
        return {name: Money(amount) for name, amount in amounts.items()}
    price = prices.get(asset.code)
    if price is None:
        return None
    exact = {name: amount * price * CENTS_PER_DOLLAR for name, amount in amounts.items()}
    return {name: Money(cents) for name, cents in whole_shares(exact).items()}

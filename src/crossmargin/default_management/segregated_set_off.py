"""Set-off of one customer between the account classes and Segregated Customer Margin at FICC.

The order of the CFTC defines net equity as customer property less any indebtedness of the customer
to the debtor (90 FR 58525, III.B.2); SIPA's definition deducts it too (15 U.S.C. 78lll(11)(B),
recalled). Neither says which way across the two regimes: a choice, ``set_off_between_classes``.

What is set off pays the debt: the estate with the claim pays the estate with the debt what it would
have paid the customer, so that no other customer of the first is touched (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.net_equity import NetEquity, set_off
from crossmargin.default_management.shares import in_cents, no_less_than_zero, share_of


class SetOffBetweenClasses(StrEnum):
    """Which way a customer's debt in one estate is set off against its claim in the other."""

    BOTH = "both"
    FUTURES_EQUITY_ONLY = "futures_equity_only"
    NONE = "none"

    @property
    def against_equity(self) -> bool:
        """Whether a deficit at FICC is set off against equity of the account classes."""
        return self is not SetOffBetweenClasses.NONE

    @property
    def against_margin(self) -> bool:
        """Whether a debt to an account class is set off against the claim on margin at FICC."""
        return self is SetOffBetweenClasses.BOTH


@dataclass(frozen=True, slots=True)
class SegregatedSetOff:
    """One claimant's set-off between the account classes and Segregated Customer Margin.

    Parameters
    ----------
    against_margin : Money
        Debts set off against the claim on the margin.
    owed_to_classes : mapping of AccountClass to Money
        Of it, what is owed to each class; the rest are debts outside the accounts.
    against_equity : mapping of AccountClass to Money
        A deficit of the margin set off against equity of each class.
    deficit_left : Money
        Of the margin, where it is not set off: a debt to the estate.
    """

    against_margin: Money = ZERO
    owed_to_classes: Mapping[AccountClass, Money] = field(default_factory=dict)
    against_equity: Mapping[AccountClass, Money] = field(default_factory=dict)
    deficit_left: Money = ZERO


def segregated_set_off(
    reading: SetOffBetweenClasses,
    by_class: Mapping[AccountClass, Money],
    segregated: Money,
    after: NetEquity,
    *,
    owed_by_customer: Money,
    owed_to_customer: Money,
) -> SegregatedSetOff:
    """Return the set-off of one claimant.

    Parameters
    ----------
    reading : SetOffBetweenClasses
    by_class : mapping of AccountClass to Money
        Equity of step 2.
    segregated : Money
        Margin and result; negative for a deficit.
    after : NetEquity
        With the deficit among the debts, if the reading sets it off.
    owed_by_customer, owed_to_customer : Money
        Outside the accounts, the deficit left out.

    Notes
    -----
    Against the claim on the margin debts to the account classes come first, in proportion to them,
    then debts outside the accounts; against equity a deficit of the margin comes last (inferred).
    """
    deficit = no_less_than_zero(-segregated)
    if not reading.against_equity:
        return SegregatedSetOff(deficit_left=deficit)
    debts = {"owed_by_customer": owed_by_customer, "owed_to_customer": owed_to_customer}
    before = set_off(by_class, **debts).equity_dollars
    debts["owed_by_customer"] += deficit
    exact = set_off(by_class, **debts).equity_dollars
    against_equity = in_cents({each: before[each] - exact[each] for each in by_class})
    if not reading.against_margin:
        return SegregatedSetOff(against_equity=against_equity)
    against_margin = min(no_less_than_zero(segregated), after.owed_by_customer)
    negative = {each: no_less_than_zero(-equity) for each, equity in by_class.items()}
    to_classes = min(against_margin, Money.total(negative.values()))
    share = share_of(to_classes, Money.total(negative.values()))
    return SegregatedSetOff(
        against_margin,
        in_cents({each: owed.dollars * share for each, owed in negative.items()}),
        against_equity,
    )


class _Claim(Protocol):
    """What payments between the two estates need of a claim."""

    @property
    def is_public(self) -> bool: ...

    @property
    def set_off(self) -> SegregatedSetOff: ...

    @property
    def of_segregated_margin(self) -> Money: ...

    def of_class(self, account_class: AccountClass) -> Money: ...


_ByClass = Mapping[AccountClass, Mapping[str, Money]]


@dataclass(frozen=True, slots=True)
class SetOffPayments:
    """What the estate with a claim that was set off pays the estate with the debt.

    Parameters
    ----------
    to_classes, from_classes : mapping of AccountClass to mapping of claimant to Money
        Out of Segregated Customer Margin, and into it.
    """

    to_classes: _ByClass
    from_classes: _ByClass

    def to_class(self, account_class: AccountClass) -> Money:
        """Return what a class receives."""
        return Money.total(self.to_classes[account_class].values())

    def from_class(self, account_class: AccountClass) -> Money:
        """Return what a class pays."""
        return Money.total(self.from_classes[account_class].values())

    def net_of(self, account_class: AccountClass, names: Iterable[str]) -> Money:
        """Return what a class receives less what it pays, of some claimants' set-offs."""
        to, gone = self.to_classes[account_class], self.from_classes[account_class]
        return Money.total(to.get(name, ZERO) - gone.get(name, ZERO) for name in sorted(names))


def set_off_payments(
    claims: Mapping[str, _Claim], property_of: Mapping[AccountClass, Money], returned: Money
) -> SetOffPayments:
    """Return what the estates pay each other.

    Parameters
    ----------
    claims : mapping of claimant to Claim
    property_of : mapping of AccountClass to Money
        Before these payments; the common pool left out.
    returned : Money
        Segregated Customer Margin.

    Notes
    -----
    Each pays at the share that its own property pays, the claims that were set off among its
    claims; those of non-public customers after all public ones.
    """
    owed = {
        each: {name: one.set_off.owed_to_classes.get(each, ZERO) for name, one in claims.items()}
        for each in AccountClass
    }
    on_margin = [each.of_segregated_margin for each in claims.values()]
    on_margin += [amount for of in owed.values() for amount in of.values()]
    share = share_of(returned, Money.total(on_margin))
    to_classes = {
        each: in_cents({name: amount.dollars * share for name, amount in of.items()})
        for each, of in owed.items()
    }
    return SetOffPayments(
        to_classes,
        {each: _from_class(claims, each, property_of.get(each, ZERO)) for each in AccountClass},
    )


def _from_class(
    claims: Mapping[str, _Claim], account_class: AccountClass, held: Money
) -> dict[str, Money]:
    paid: dict[str, Money] = {}
    for is_public in (True, False):
        of = {name: each for name, each in claims.items() if each.is_public is is_public}
        gone = {
            name: each.set_off.against_equity.get(account_class, ZERO) for name, each in of.items()
        }
        claimed = Money.total(one.of_class(account_class) for one in of.values())
        claimed += Money.total(gone.values())
        share = share_of(held, claimed)
        paid |= in_cents({name: amount.dollars * share for name, amount in gone.items()})
        held = no_less_than_zero(held - claimed)
    return paid

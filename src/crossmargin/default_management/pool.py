"""What customer property pays on claims: allocation among classes, funded balances, transfers.

17 CFR 190.08(c) and 190.09: each class keeps its own property, the rest joins the common pool;
public claims before non-public ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.claims import Claim
from crossmargin.default_management.class_allocation import ClassAllocation, ClassEstate, allocate
from crossmargin.default_management.funded_balance import (
    ClassProperty,
    FundedBalances,
    funded_balances,
)
from crossmargin.default_management.shares import in_cents, share_of

Claims = Mapping[str, Claim]
Property = Mapping[AccountClass, Money]


def allocated(claims: Claims, property_of: Property, common_pool: Money) -> ClassAllocation:
    """Return the allocation of all customer property among the account classes.

    Parameters
    ----------
    claims : mapping of claimant to Claim
    property_of : mapping of AccountClass to Money
    common_pool : Money
    """
    estates: dict[str, ClassEstate] = {
        each: ClassEstate(
            _claimed(claims.values(), each, is_public=True),
            property_of.get(each, ZERO),
            _claimed(claims.values(), each, is_public=False),
        )
        for each in AccountClass
    }
    return allocate(estates, common_pool)


def _claimed(claims: Iterable[Claim], account_class: AccountClass, *, is_public: bool) -> Money:
    return Money.total(
        each.of_class(account_class) for each in claims if each.is_public is is_public
    )


def _of_class(claims: Claims, account_class: AccountClass, *, is_public: bool) -> dict[str, Money]:
    return {
        name: each.of_class(account_class)
        for name, each in claims.items()
        if each.is_public is is_public
    }


def paid_by_class(
    claims: Claims, allocation: ClassAllocation
) -> dict[AccountClass, dict[str, Money]]:
    """Return what each claimant is paid by class, public and not."""
    non_public = allocation.non_public_in_cents
    paid = {}
    for each, funded in funded_by_class(claims, allocation, moved=ZERO).items():
        theirs = _of_class(claims, each, is_public=False)
        share = share_of(non_public[each], Money.total(theirs.values()))
        exact = {name: claim.dollars * share for name, claim in theirs.items()}
        paid[each] = {**funded.in_cents, **in_cents(exact)}
    return paid


def funded_by_class(
    claims: Claims, allocation: ClassAllocation, *, moved: Money
) -> dict[AccountClass, FundedBalances]:
    """Return the funded balances of public customers by class.

    What moved of the futures class is no longer there, and step 4 added it back (B and D). What
    moved beyond the class's property is the trustee's to recover.
    """
    funds = allocation.public_in_cents
    gone = {AccountClass.FUTURES: min(moved, funds[AccountClass.FUTURES])}
    return {
        each: funded_balances(
            _of_class(claims, each, is_public=True),
            ClassProperty(
                letters_of_credit=ZERO,
                segregated=funds[each] - gone.get(each, ZERO),
                allocated=ZERO,
                added_back=gone.get(each, ZERO),
            ),
        )
        for each in AccountClass
    }

"""The failure of CME: member accounts by class, pro rata, then each BD-FCM's customers.

17 CFR 190.17 and 190.18. A member claims in separate capacities for its customers' account and its
house account, by account class (190.17(a)); net equity is after the clearing organization's own
loss allocation (190.17(b)); each pair of customer class and account class is an estate
(190.18(a)), with the property that is segregated for it (190.18(d)(1)). What a house estate has
beyond its claims helps public customers first, then other house estates; what a public estate has
beyond its claims likewise (190.18(c)); property of no estate rises from the lowest funded share up
(190.18(d)(2)), public customers first (inferred: (d)(2) says within customer classes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import (
    CustomersPool,
    HeldLoss,
    PoolShares,
    shared_omnibus,
)
from crossmargin.default_management.class_allocation import fill
from crossmargin.default_management.shares import no_less_than_zero, share_of, whole_shares

_RULE = "17 CFR 190.17, 190.18"


class MemberAccount(StrEnum):
    """In which capacity a member claims."""

    CUSTOMER = "CUSTOMER"
    HOUSE = "HOUSE"


@dataclass(frozen=True, slots=True, order=True)
class EstateOf:
    """One estate: customer class and account class.

    Examples
    --------
    >>> str(EstateOf(MemberAccount.CUSTOMER, AccountClass.FUTURES))
    'CUSTOMER-futures'
    """

    account: MemberAccount
    account_class: AccountClass

    def __str__(self) -> str:
        return f"{self.account.value}-{self.account_class.value}"


@dataclass(frozen=True, slots=True)
class ClaimAtCme:
    """What CME owes a member on one account, before its loss allocation.

    Parameters
    ----------
    bd_fcm : str
    estate : EstateOf
    customer_id : str
        Of the member's customer it is for; empty for the house, and for all together.
    amount : Money
        Margin at market value and what is due of settlements; negative is a debt.
    """

    bd_fcm: str
    estate: EstateOf
    customer_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class AllocatedLoss:
    """What CME's loss allocation takes from a member's account; not negative.

    Assessments that were not called or not paid are among it, on the house account
    (17 CFR 190.17(b)(1)(ii)).
    """

    bd_fcm: str
    estate: EstateOf
    amount: Money


@dataclass(frozen=True, slots=True)
class PropertyAtCme:
    """Property in CME's hands.

    Parameters
    ----------
    place : str
    estate : EstateOf or None
        For which it is segregated; None for what is of no estate, such as what is left of the
        guaranty fund (17 CFR 190.18(b)(1)(iii) and (iv)).
    amount : Money
        At market value, not negative.
    """

    place: str
    estate: EstateOf | None
    amount: Money


@dataclass(frozen=True, slots=True)
class CmePosition:
    """What CME holds and owes when it fails, and the pools that wait for it."""

    claims: tuple[ClaimAtCme, ...] = ()
    allocated: tuple[AllocatedLoss, ...] = ()
    held: tuple[PropertyAtCme, ...] = ()
    pools: Mapping[str, CustomersPool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EstateOutcome:
    """One estate.

    Parameters
    ----------
    estate : EstateOf
    net_equity, own_property, paid : Money
    rate : Fraction
        Paid of every claim.
    members : mapping of BD-FCM to Money
        What each is paid.
    """

    estate: EstateOf
    net_equity: Money
    own_property: Money
    paid: Money
    rate: Fraction
    members: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class MemberOutcome:
    """One account of one member.

    Parameters
    ----------
    bd_fcm : str
    estate : EstateOf
    claimed, allocated_loss, net_equity, paid : Money
        Net equity is the claim less the allocated loss, at least zero.
    owed_to_cme : Money
        Where the account is in debit after it.
    """

    bd_fcm: str
    estate: EstateOf
    claimed: Money
    allocated_loss: Money
    net_equity: Money
    paid: Money
    owed_to_cme: Money


@dataclass(frozen=True, slots=True)
class CustomerAtCme:
    """One customer, if its BD-FCM survives.

    Parameters
    ----------
    bd_fcm, customer_id : str
    account_class : AccountClass
    claimed : Money
        Negative where the customer owes.
    loss : Money
        Its part of what the account is not paid, pro rata to what each was owed (inferred).
    """

    bd_fcm: str
    account_class: AccountClass
    customer_id: str
    claimed: Money
    loss: Money

    @property
    def recovered(self) -> Money:
        """What is left of the claim."""
        return self.claimed - self.loss


@dataclass(frozen=True, slots=True)
class CmeFailure:
    """What the failure of CME leaves.

    Parameters
    ----------
    estates : tuple of EstateOutcome
    members : tuple of MemberOutcome
    customers : tuple of CustomerAtCme
    pools : tuple of PoolShares
    property_lost : Money
    left : Money
        After all claims of both customer classes.
    """

    estates: tuple[EstateOutcome, ...]
    members: tuple[MemberOutcome, ...]
    customers: tuple[CustomerAtCme, ...]
    pools: tuple[PoolShares, ...]
    property_lost: Money
    left: Money


def fail(position: CmePosition, *, losses: Sequence[HeldLoss] = ()) -> CmeFailure:
    """Return what the failure of CME leaves to each estate, member, customer and pool.

    Parameters
    ----------
    position : CmePosition
    losses : sequence of HeldLoss
        Taken from the property at a place, or from all, before anything is shared; at a place
        pro rata from what lies there for each estate.

    Raises
    ------
    RefusedError
        Naming every loss that is of nothing held or of more than is.
    """
    held, lost = _after_losses(position.held, losses)
    accounts = _accounts(position)
    net = {
        estate: {fcm: no_less_than_zero(amount) for (fcm, own), amount in accounts if own == estate}
        for estate in sorted({own for (_, own), _ in accounts} | {e for e in held if e})
    }
    totals = {str(estate): Money.total(each.values()) for estate, each in net.items()}
    filled = _filled(net, totals, held)
    estates = tuple(
        _estate(estate, net[estate], held.get(estate, ZERO), filled[str(estate)]) for estate in net
    )
    paid = {(fcm, e.estate): amount for e in estates for fcm, amount in e.members.items()}
    members = _members(position, paid)
    customers = _customers(position, paid)
    return CmeFailure(
        estates,
        members,
        customers,
        _pools(position, paid),
        lost,
        Money.total(held.values()) - Money.total(each.paid for each in estates),
    )


_Key = tuple[str, EstateOf]


def _accounts(position: CmePosition) -> list[tuple[_Key, Money]]:
    """Return every member account with its claim after the loss allocation."""
    totals = _claimed(position)
    for each in position.allocated:
        key = (each.bd_fcm, each.estate)
        totals[key] = totals.get(key, ZERO) - each.amount
    return sorted(totals.items())


def _claimed(position: CmePosition) -> dict[_Key, Money]:
    totals: dict[_Key, Money] = {}
    for each in position.claims:
        key = (each.bd_fcm, each.estate)
        totals[key] = totals.get(key, ZERO) + each.amount
    return totals


def _after_losses(
    held: Sequence[PropertyAtCme], losses: Sequence[HeldLoss]
) -> tuple[dict[EstateOf | None, Money], Money]:
    """Return property by estate after the losses, and what was lost."""
    left = {(each.place, each.estate): ZERO for each in held}
    for each in held:
        left[each.place, each.estate] += each.amount
    before = Money.total(left.values())
    refusals = []
    for loss in losses:
        here = {key: m for key, m in left.items() if loss.place in {"", key[0]} and m > ZERO}
        there = Money.total(here.values())
        lost = Money(loss.of(there.cents))
        if there == ZERO or lost > there:
            where = f" at {loss.place}" if loss.place else ""
            expected = f"at most {there} dollars, which is left there"
            refusals.append(Refusal("held_loss", f"{lost} dollars{where}", expected, _RULE))
            continue
        order = sorted(here, key=lambda key: (key[0], str(key[1])))
        parts = lost.split([here[key].cents for key in order])
        for key, part in zip(order, parts, strict=True):
            left[key] -= part
    if refusals:
        raise RefusedError(*refusals)
    totals: dict[EstateOf | None, Money] = {}
    for (_, estate), amount in left.items():
        totals[estate] = totals.get(estate, ZERO) + amount
    return totals, before - Money.total(totals.values())


def _filled(
    net: Mapping[EstateOf, Mapping[str, Money]],
    totals: Mapping[str, Money],
    held: Mapping[EstateOf | None, Money],
) -> dict[str, Fraction]:
    """Return in exact dollars what each estate has for its claims."""
    own = {str(estate): min(held.get(estate, ZERO), totals[str(estate)]) for estate in net}
    pool = Money.total(held.values()) - Money.total(own.values())
    filled: dict[str, Fraction] = {}
    for account in MemberAccount:  # public customers before the house
        names = [str(estate) for estate in net if estate.account is account]
        claims = {name: totals[name] for name in names}
        starts = {name: own[name] for name in names}
        filled |= fill(claims, starts, pool)
        lacking = Money.total(claims.values()) - Money.total(starts.values())
        pool -= min(pool, lacking)
    cents = whole_shares({name: dollars * CENTS_PER_DOLLAR for name, dollars in filled.items()})
    return {name: Fraction(amount, CENTS_PER_DOLLAR) for name, amount in cents.items()}


def _estate(
    estate: EstateOf, net: Mapping[str, Money], own: Money, filled: Fraction
) -> EstateOutcome:
    total, paid = Money.total(net.values()), Money(int(filled * CENTS_PER_DOLLAR))
    rate = share_of(paid, total)
    exact = {fcm: each.cents * rate for fcm, each in net.items()}
    members = {fcm: Money(cents) for fcm, cents in whole_shares(exact).items()}
    return EstateOutcome(estate, total, own, paid, rate, members)


def _members(position: CmePosition, paid: Mapping[_Key, Money]) -> tuple[MemberOutcome, ...]:
    claimed = _claimed(position)
    return tuple(
        MemberOutcome(
            bd_fcm,
            estate,
            claimed.get((bd_fcm, estate), ZERO),
            claimed.get((bd_fcm, estate), ZERO) - net,
            no_less_than_zero(net),
            paid[bd_fcm, estate],
            no_less_than_zero(-net),
        )
        for (bd_fcm, estate), net in _accounts(position)
    )


def _customers(position: CmePosition, paid: Mapping[_Key, Money]) -> tuple[CustomerAtCme, ...]:
    """Share what a customers' account is not paid among those whom it was owed to."""
    accounts: dict[_Key, dict[str, Money]] = {}
    for each in position.claims:
        if each.estate.account is MemberAccount.CUSTOMER:
            account = accounts.setdefault((each.bd_fcm, each.estate), {})
            account[each.customer_id] = account.get(each.customer_id, ZERO) + each.amount
    outcomes = []
    for (bd_fcm, estate), owed in sorted(accounts.items()):
        gap = no_less_than_zero(Money.total(owed.values())) - paid[bd_fcm, estate]
        weights = {name: no_less_than_zero(owed[name]).cents for name in sorted(owed)}
        total = sum(weights.values())
        exact = {name: Fraction(gap.cents * w, total or 1) for name, w in weights.items()}
        parts = whole_shares(exact)
        outcomes += [
            CustomerAtCme(bd_fcm, estate.account_class, name, owed[name], Money(parts[name]))
            for name in weights
        ]
    return tuple(outcomes)


def _pools(position: CmePosition, paid: Mapping[_Key, Money]) -> tuple[PoolShares, ...]:
    estate = EstateOf(MemberAccount.CUSTOMER, AccountClass.FUTURES)
    claimed = _claimed(position)
    return tuple(
        shared_omnibus(
            bd_fcm,
            position.pools[bd_fcm],
            recovered=paid.get((bd_fcm, estate), ZERO),
            in_full=no_less_than_zero(claimed.get((bd_fcm, estate), ZERO)),
        )
        for bd_fcm in sorted(position.pools)
    )

"""Allocation of property among account classes: water-filling on public claims (17 CFR 190.09(c)).

Property segregated for, traceable to or recovered for a class is that class's; FICC's XM margin is
the futures class's. What a class has left goes to the common pool, and the pool first to the class
with the lowest funded share until it equals the next, and so on, then pro rata until all public
claims are paid, then to non-public customers in the same manner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.shares import in_cents


@dataclass(frozen=True, slots=True)
class ClassEstate:
    """Claims and property of one account class; none negative.

    Parameters
    ----------
    public_net_equity, non_public_net_equity : Money
    own_property : Money
        Segregated for, traceable to or recovered for the class, what stands to non-public
        customers included: it begins in the public estate.
    """

    public_net_equity: Money
    own_property: Money
    non_public_net_equity: Money = ZERO

    def __post_init__(self) -> None:
        if min(self.public_net_equity, self.own_property, self.non_public_net_equity) < ZERO:
            raise ValueError(f"claims and property are not negative, was {self!r}")


@dataclass(frozen=True, slots=True)
class ClassAllocation:
    """What each class has for its claims.

    Parameters
    ----------
    public_dollars, non_public_dollars : mapping of class to Fraction
        Exact, at most the claims.
    rates : mapping of class to Fraction
        Funded share of public net equity; 1 where there is none.
    left_for_non_public : Money
        After all public claims.
    left : Money
        After all claims: 11 U.S.C. 726 and the general estate.
    """

    public_dollars: Mapping[str, Fraction]
    non_public_dollars: Mapping[str, Fraction]
    rates: Mapping[str, Fraction]
    left_for_non_public: Money
    left: Money

    @property
    def public_in_cents(self) -> dict[str, Money]:
        """What each class has for public claims, in whole cents."""
        return in_cents(self.public_dollars)

    @property
    def non_public_in_cents(self) -> dict[str, Money]:
        """What each class has for non-public claims, in whole cents."""
        return in_cents(self.non_public_dollars)


def allocate(estates: Mapping[str, ClassEstate], common_pool: Money) -> ClassAllocation:
    """Return the allocation of all property among the classes.

    Parameters
    ----------
    estates : mapping of class to ClassEstate
    common_pool : Money
        Property that is no one class's, not negative.

    Examples
    --------
    >>> found = allocate({
    ...     "futures": ClassEstate(Money(1000_00), Money(700_00)),
    ...     "cleared_swaps": ClassEstate(Money(500_00), Money(450_00)),
    ...     "foreign_futures": ClassEstate(Money(200_00), Money(100_00)),
    ... }, Money(150_00))
    >>> [str(amount) for amount in found.public_in_cents.values()]
    ['791.67', '450.00', '158.33']
    """
    if common_pool < ZERO:
        raise ValueError(f"the common pool is not negative, was {common_pool}")
    public = {name: each.public_net_equity for name, each in estates.items()}
    own = {name: min(each.own_property, each.public_net_equity) for name, each in estates.items()}
    kept = Money.total(own.values())
    pool = common_pool + Money.total(each.own_property for each in estates.values()) - kept
    public_filled = fill(public, own, pool)
    left_for_non_public = pool - min(pool, Money.total(public.values()) - kept)
    non_public = {name: each.non_public_net_equity for name, each in estates.items()}
    non_public_filled = fill(non_public, {}, left_for_non_public)
    wanted = Money.total(non_public.values())
    return ClassAllocation(
        public_filled,
        non_public_filled,
        {
            name: public_filled[name] / claim.dollars if claim > ZERO else Fraction(1)
            for name, claim in public.items()
        },
        left_for_non_public,
        left_for_non_public - min(left_for_non_public, wanted),
    )


def fill(claims: Mapping[str, Money], own: Mapping[str, Money], pool: Money) -> dict[str, Fraction]:
    """Return what each claim has after the pool was poured in from the lowest funded share up.

    Parameters
    ----------
    claims : mapping of name to Money
    own : mapping of name to Money
        What each has before, at most its claim; none where a name is missing.
    pool : Money

    Returns
    -------
    dict of name to Fraction
        In dollars: max(own, level x claim), the level at most 1 and such that the pool is used up.
    """
    starts = {
        name: Fraction(own.get(name, ZERO).cents, claim.cents)
        for name, claim in claims.items()
        if claim > ZERO
    }
    level = _level({name: claims[name].dollars for name in starts}, starts, pool.dollars)
    return {
        name: max(own.get(name, ZERO).dollars, level * claim.dollars)
        for name, claim in claims.items()
    }


def _level(
    claims: Mapping[str, Fraction], starts: Mapping[str, Fraction], pool: Fraction
) -> Fraction:
    """Return the share to which the pool lifts all that begin below it."""
    level, lifted = Fraction(0), Fraction(0)
    for name in sorted(starts, key=lambda each: starts[each]):
        needed = (starts[name] - level) * lifted
        if needed > pool:
            break
        pool -= needed
        level, lifted = starts[name], lifted + claims[name]
    return min(Fraction(1), level + pool / lifted) if lifted else level

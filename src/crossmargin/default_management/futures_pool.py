"""Who shares what of the futures class: one pool, or two where framework 1 is of record.

Under framework 1 each subclass has what its distribution gives; what the common pool adds goes to
both in proportion to what is still unpaid (inferred: 17 CFR 190.09 fills classes, not subclasses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.claims import Claim
from crossmargin.default_management.distribution import Compared, DistributionRule, Subclass
from crossmargin.default_management.shares import in_cents, share_of
from crossmargin.default_management.transfer_test import Obstacle, no_prejudice


@dataclass(frozen=True, slots=True)
class FuturesPool:
    """Public claimants of the futures class who share alike.

    Parameters
    ----------
    claims : mapping of claimant to Money
    available_dollars : Fraction
        At most the claims.
    """

    claims: Mapping[str, Money]
    available_dollars: Fraction

    @property
    def rate(self) -> Fraction:
        """What is paid on each claim; 1 where nothing is claimed."""
        claimed = Money.total(self.claims.values())
        return self.available_dollars / claimed.dollars if claimed > ZERO else Fraction(1)


@dataclass(frozen=True, slots=True)
class Transferable:
    """What share of its claim a claimant with open positions can move with, as estimated.

    Parameters
    ----------
    obstacles : tuple of Obstacle
        Against moving with the whole claim.
    shares : mapping of claimant to Fraction
        1 if nothing stands against it, else what the pool then pays.
    estimated_on : date or None
        At whose close; None for the outcome.
    """

    obstacles: tuple[Obstacle, ...]
    shares: Mapping[str, Fraction]
    estimated_on: date | None = None

    def moved(self, claims: Mapping[str, Claim], movers: Iterable[str]) -> dict[str, Money]:
        """Return what moves with each claimant, down to the cent."""
        return {
            name: Money(
                int(
                    claims[name].of_class(AccountClass.FUTURES).cents
                    * self.shares.get(name, Fraction(0))
                )
            )
            for name in movers
        }


def futures_pools(
    claims: Mapping[str, Claim], funds: Money, framework: Compared, rule: DistributionRule
) -> tuple[FuturesPool, ...]:
    """Return the pools of the futures class.

    Parameters
    ----------
    claims : mapping of claimant to Claim
    funds : Money
        For public claims of the class, the common pool's share among it.
    framework : Compared
    rule : DistributionRule
    """
    of_class = {
        name: each.of_class(AccountClass.FUTURES) for name, each in claims.items() if each.is_public
    }
    if rule is DistributionRule.POOLED:
        return (FuturesPool(of_class, funds.dollars),)
    own = framework.framework_one.exact_dollars
    by_subclass = {
        subclass: {
            name: claim
            for name, claim in of_class.items()
            if claims[name].participates is (subclass is Subclass.XM)
        }
        for subclass in Subclass
    }
    unpaid = {
        subclass: Money.total(of.values()).dollars - own[subclass]
        for subclass, of in by_subclass.items()
    }
    all_unpaid = _sum(unpaid)
    more = funds.dollars - _sum(own)
    share = more / all_unpaid if all_unpaid else Fraction(0)
    return tuple(
        FuturesPool(of, own[subclass] + unpaid[subclass] * share)
        for subclass, of in by_subclass.items()
    )


def as_allocated(claims: Mapping[str, Claim], funds: Money, own: Compared) -> Compared:
    """Return both distributions with all that the class has for public claims.

    Parameters
    ----------
    claims : mapping of claimant to Claim
    funds : Money
        For public claims of the class, the common pool's share among it.
    own : Compared
        Of the class's own property alone.
    """
    added = funds.dollars - _sum(own.pooled.exact_dollars)
    within = _sum(own.framework_one.exact_dollars) + added
    one_pool = _by_subclass(claims, funds, own, DistributionRule.POOLED)
    framework = _by_subclass(
        claims, Money(int(within * CENTS_PER_DOLLAR)), own, DistributionRule.FRAMEWORK_ONE
    )
    claimed = Money.total(
        each.of_class(AccountClass.FUTURES) for each in claims.values() if each.is_public
    )
    return Compared(
        replace(own.pooled, exact_dollars=one_pool),
        replace(own.framework_one, exact_dollars=framework),
        share_of(funds, claimed),
        own.treatment,
        framework[Subclass.NON_XM] - one_pool[Subclass.NON_XM],
    )


def _by_subclass(
    claims: Mapping[str, Claim], funds: Money, own: Compared, rule: DistributionRule
) -> dict[Subclass, Fraction]:
    found = dict.fromkeys(Subclass, Fraction(0))
    for pool in futures_pools(claims, funds, own, rule):
        for name, claim in pool.claims.items():
            subclass = Subclass.XM if claims[name].participates else Subclass.NON_XM
            found[subclass] += claim.dollars * pool.rate
    return found


def _sum(of: Mapping[Subclass, Fraction]) -> Fraction:
    return sum(of.values(), Fraction(0))


def paid_by_pools(pools: Sequence[FuturesPool]) -> dict[str, Money]:
    """Return what each public claimant is paid, in whole cents."""
    return in_cents(
        {
            name: claim.dollars * pool.rate
            for pool in pools
            for name, claim in sorted(pool.claims.items())
        }
    )


def transferable(pools: Sequence[FuturesPool], movers: Iterable[str]) -> Transferable:
    """Return with what share of its claim each could move: no prejudice within its pool."""
    names = set(movers)
    obstacles: list[Obstacle] = []
    shares: dict[str, Fraction] = {}
    for pool in pools:
        moving = {name: claim for name, claim in pool.claims.items() if name in names}
        test = no_prejudice(
            pool.claims,
            prior={},
            available=Money(int(pool.available_dollars * CENTS_PER_DOLLAR)),
            transfer=moving,
        )
        obstacles += [each for each in test.obstacles if each not in obstacles]
        rate = Fraction(1) if test.is_allowed else pool.rate
        shares.update(dict.fromkeys(sorted(moving), rate))
    return Transferable(tuple(obstacles), shares)

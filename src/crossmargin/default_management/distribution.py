"""Distribution between XM and other futures customers: one pool, and framework 1 beside it.

The CFTC's proposed order (90 FR 58525, III.D, footnote 55) does not impose the special distribution
of framework 1 (17 CFR part 190, Appendix B): XM and other futures customers rank equally in one
pool. Framework 1 is the counterfactual, and the difference is what it would move between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.shares import in_cents, no_less_than_zero, share_of


class Subclass(StrEnum):
    """The two parts of the futures class; several XM programmes are one."""

    NON_XM = "non_xm"
    XM = "xm"


class DistributionRule(StrEnum):
    """How XM and other futures customers are paid; the other is shown beside it."""

    POOLED = "pooled"
    FRAMEWORK_ONE = "framework_one"


class Treatment(StrEnum):
    """What framework 1 does."""

    NO_SHORTFALL = "no_shortfall"
    POOLED = "pooled"
    SEPARATE = "separate"


class LeftOver(StrEnum):
    """Where a pool goes that has more than its own customers claim, if pools are separate.

    Each subclass is satisfied *first* from its own pool, which lets the rest help the other
    (inferred); or the rest stays out.
    """

    HELPS_OTHER = "helps_other"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class SubclassFunds:
    """One subclass on the day; none negative.

    Parameters
    ----------
    funds : Money
        In segregation.
    requirement : Money
        Segregation requirement: required futures customer funds, targeted residual interest left
        out.
    claims : Money
        Allowed net equity. Equal to the requirement where nothing else is known (ruling 28).
    """

    funds: Money
    requirement: Money
    claims: Money

    def __post_init__(self) -> None:
        if min(self.funds, self.requirement, self.claims) < ZERO:
            raise ValueError(f"funds, requirement and claims are not negative, was {self!r}")

    @property
    def shortfall(self) -> Money:
        """The requirement less the funds, at least zero."""
        return no_less_than_zero(self.requirement - self.funds)

    @property
    def shortfall_share(self) -> Fraction:
        """The shortfall as a share of the requirement; zero where nothing is required."""
        return 1 - share_of(self.funds, self.requirement)


BothSubclasses = Mapping[Subclass, SubclassFunds]


@dataclass(frozen=True, slots=True)
class Distribution:
    """What the customers of each subclass are paid.

    Parameters
    ----------
    exact_dollars : mapping of Subclass to Fraction
        At most the claims.
    left : Money
        Property after the distribution: to the common pool (17 CFR 190.09(c)(1)(ii)).
    """

    exact_dollars: Mapping[Subclass, Fraction]
    left: Money

    @property
    def in_cents(self) -> dict[Subclass, Money]:
        """What is paid in whole cents."""
        return in_cents(self.exact_dollars)


@dataclass(frozen=True, slots=True)
class Compared:
    """The pooled distribution, framework 1, and what lies between.

    Parameters
    ----------
    pooled, framework_one : Distribution
    rate : Fraction
        What the pool pays on every claim.
    treatment : Treatment
        Of framework 1.
    shifted_dollars : Fraction
        What other futures customers are paid less by pooling than by framework 1: the loss that
        pooling moves to them from XM customers, negative if it moves the other way.
    """

    pooled: Distribution
    framework_one: Distribution
    rate: Fraction
    treatment: Treatment
    shifted_dollars: Fraction


def pooled_rate(both: BothSubclasses) -> Fraction:
    """Return what one pool pays on every claim: at most 1."""
    return share_of(
        Money.total(each.funds for each in both.values()),
        Money.total(each.claims for each in both.values()),
    )


def pooled(both: BothSubclasses) -> Distribution:
    """Return the distribution of one pool, pro rata to allowed net equity (ruling 28).

    Examples
    --------
    >>> short = {
    ...     Subclass.NON_XM: SubclassFunds(Money(150_00), Money(150_00), Money(150_00)),
    ...     Subclass.XM: SubclassFunds(Money(100_00), Money(150_00), Money(150_00)),
    ... }
    >>> [str(paid) for paid in pooled(short).in_cents.values()]
    ['125.00', '125.00']
    >>> [str(paid) for paid in framework_one(short).in_cents.values()]
    ['150.00', '100.00']
    """
    rate = pooled_rate(both)
    claims = Money.total(each.claims for each in both.values())
    funds = Money.total(each.funds for each in both.values())
    return Distribution(
        {name: each.claims.dollars * rate for name, each in both.items()},
        no_less_than_zero(funds - claims),
    )


def treatment_of(both: BothSubclasses) -> Treatment:
    """Return what framework 1 does with the two shortfalls.

    A shortfall of the other customers alone, or of both where theirs is no smaller a share of the
    requirement, is pooled; a shortfall of XM alone, or a larger share of it, keeps pools separate.
    """
    non_xm, xm = both[Subclass.NON_XM], both[Subclass.XM]
    if non_xm.shortfall == xm.shortfall == ZERO:
        return Treatment.NO_SHORTFALL
    if non_xm.shortfall > ZERO and non_xm.shortfall_share >= xm.shortfall_share:
        return Treatment.POOLED
    return Treatment.SEPARATE


def framework_one(
    both: BothSubclasses, *, left_over: LeftOver = LeftOver.HELPS_OTHER
) -> Distribution:
    """Return the distribution of framework 1.

    Parameters
    ----------
    both : mapping of Subclass to SubclassFunds
    left_over : LeftOver
        Acts where pools are separate. Where neither is short both are paid in full, from either
        pool if claims differ from requirements.
    """
    treatment = treatment_of(both)
    if treatment is Treatment.POOLED:
        return pooled(both)
    own = {name: min(each.funds, each.claims) for name, each in both.items()}
    left = {name: both[name].funds - paid for name, paid in own.items()}
    if treatment is Treatment.NO_SHORTFALL or left_over is LeftOver.HELPS_OTHER:
        for name, other in ((Subclass.NON_XM, Subclass.XM), (Subclass.XM, Subclass.NON_XM)):
            help_ = min(left[other], both[name].claims - own[name])
            own[name] += help_
            left[other] -= help_
    return Distribution(
        {name: paid.dollars for name, paid in own.items()}, Money.total(left.values())
    )


def compared(both: BothSubclasses, *, left_over: LeftOver = LeftOver.HELPS_OTHER) -> Compared:
    """Return both distributions and what pooling shifts to other futures customers."""
    one_pool, framework = pooled(both), framework_one(both, left_over=left_over)
    return Compared(
        one_pool,
        framework,
        pooled_rate(both),
        treatment_of(both),
        framework.exact_dollars[Subclass.NON_XM] - one_pool.exact_dollars[Subclass.NON_XM],
    )

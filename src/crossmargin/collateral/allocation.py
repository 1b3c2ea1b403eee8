"""One customer's property over the two clearing organizations.

Objective: both requirements met with the least cash, since cash also pays variation; securities go
where their haircut costs relatively less. Securities are ordered by value at FICC over value at
CME; those before a point of the order may go to FICC, those after it to CME. The shortage of cash
is convex in the point, so that the best one is found by looking at the ends of every security and
where either requirement is just met. No customer's property serves another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.collateral.value import PostableSecurity
from crossmargin.product.position import ClearingOrganization

_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME
_PAR_UNIT_DOLLARS = 100


@dataclass(frozen=True, slots=True)
class Placement:
    """What lies at one clearing organization.

    Parameters
    ----------
    cash : Money
    par_dollars : mapping of CUSIP to int
    """

    cash: Money = ZERO
    par_dollars: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a customer's property is to lie.

    Parameters
    ----------
    at : mapping of ClearingOrganization to Placement
    unmet : mapping of ClearingOrganization to Money
        What the property does not cover; zero where it does.
    """

    at: Mapping[ClearingOrganization, Placement]
    unmet: Mapping[ClearingOrganization, Money]

    @property
    def cash(self) -> Money:
        """Cash at both."""
        return Money.total(placement.cash for placement in self.at.values())


def value_of(
    placement: Placement, securities: Mapping[str, PostableSecurity], side: ClearingOrganization
) -> Money:
    """Return what a placement is worth at a clearing organization after haircuts."""
    return placement.cash + Money.total(
        securities[cusip].collateral_value(side, par)
        for cusip, par in placement.par_dollars.items()
    )


def allocate(
    required: Mapping[ClearingOrganization, Money],
    cash: Money,
    held: Sequence[tuple[PostableSecurity, int]],
    *,
    par_lot_dollars: int,
) -> Allocation:
    """Return where one customer's property is to lie.

    Parameters
    ----------
    required : mapping of ClearingOrganization to Money
        Not negative.
    cash : Money
        Not negative.
    held : sequence of (PostableSecurity, par in dollars)
        Each CUSIP once.
    par_lot_dollars : int
        Securities are placed in whole lots, the last part of a holding excepted.

    Returns
    -------
    Allocation
        Never more than is held. Cash that does not suffice goes to both in proportion to what they
        lack.

    Raises
    ------
    ValueError
        If an amount is negative.
    """
    if cash < ZERO or any(amount < ZERO for amount in required.values()):
        raise ValueError(f"amounts must not be negative: {required}, {cash}")
    ordered = sorted(held, key=lambda each: (-_advantage(each[0]), each[0].cusip))
    placed = min(
        (
            _placed(required, ordered, point, par_lot_dollars)
            for point in _points(required, ordered)
        ),
        key=lambda tried: (
            sum(_lacking(required, tried, dict(_by_cusip(ordered))).values()),
            sum(sum(pars.values()) for pars in tried.values()),
        ),
    )
    lacking = _lacking(required, placed, dict(_by_cusip(ordered)))
    sides = (_FICC, _CME)
    paid = [Money(lacking[side]) for side in sides]
    if cash < Money.total(paid):
        paid = cash.split([lacking[side] for side in sides])
    return Allocation(
        at={
            side: Placement(amount, placed[side]) for side, amount in zip(sides, paid, strict=True)
        },
        unmet={
            side: Money(lacking[side]) - amount for side, amount in zip(sides, paid, strict=True)
        },
    )


def _advantage(security: PostableSecurity) -> Fraction:
    """Return FICC's value over CME's: larger is relatively better at FICC."""
    ficc, cme = security.exact(_FICC), security.exact(_CME)
    if cme == 0:
        return Fraction(10**9) if ficc else Fraction(0)
    return ficc / cme


def _points(
    required: Mapping[ClearingOrganization, Money],
    ordered: Sequence[tuple[PostableSecurity, int]],
) -> list[tuple[int, int]]:
    """Return the points to look at: (securities wholly before it, par of the next one before it).

    Ends of securities, and where the requirement of a side is just met.
    """
    points = [(number, 0) for number in range(len(ordered) + 1)]
    for side in (_FICC, _CME):
        # FICC fills from the front of the order, CME from its back.
        numbers = range(len(ordered)) if side is _FICC else range(len(ordered) - 1, -1, -1)
        left = required[side].dollars
        for number in numbers:
            security, par = ordered[number]
            each = security.exact(side) / _PAR_UNIT_DOLLARS
            if each and left <= each * par:
                used = math.ceil(left / each)
                points.append((number, used if side is _FICC else par - used))
                break
            left -= each * par
    return points


def _placed(
    required: Mapping[ClearingOrganization, Money],
    ordered: Sequence[tuple[PostableSecurity, int]],
    point: tuple[int, int],
    lot: int,
) -> dict[ClearingOrganization, dict[str, int]]:
    """Place what each side needs of its part of the order, no more, in whole lots."""
    whole, part = point
    before = [(security, par) for security, par in ordered[:whole]]
    after = list(ordered[whole:])
    if after and part:
        security, par = after[0]
        first = min(par, -(-part // lot) * lot)
        before.append((security, first))
        after[0] = (security, par - first)
    return {
        _FICC: _filled(required[_FICC], before, _FICC, lot),
        _CME: _filled(required[_CME], list(reversed(after)), _CME, lot),
    }


def _filled(
    required: Money,
    available: Sequence[tuple[PostableSecurity, int]],
    side: ClearingOrganization,
    lot: int,
) -> dict[str, int]:
    left, placed = required.cents, {}
    for security, par in available:
        each = security.exact(side) / _PAR_UNIT_DOLLARS * CENTS_PER_DOLLAR
        if left <= 0 or not each or not par:
            continue
        used = min(par, -(-math.ceil(left / each) // lot) * lot)
        placed[security.cusip] = used
        left -= security.collateral_value(side, used).cents
    return placed


def _lacking(
    required: Mapping[ClearingOrganization, Money],
    placed: Mapping[ClearingOrganization, Mapping[str, int]],
    securities: Mapping[str, PostableSecurity],
) -> dict[ClearingOrganization, int]:
    return {
        side: max(
            0,
            required[side].cents
            - sum(securities[c].collateral_value(side, par).cents for c, par in pars.items()),
        )
        for side, pars in placed.items()
    }


def _by_cusip(
    ordered: Sequence[tuple[PostableSecurity, int]],
) -> list[tuple[str, PostableSecurity]]:
    return [(security.cusip, security) for security, _ in ordered]

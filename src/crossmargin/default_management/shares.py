"""From exact shares to whole units: the largest remainder, ties by name, no unit lost or made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money

_K = TypeVar("_K", bound=str)


def whole_shares(exact: Mapping[_K, Fraction]) -> dict[_K, int]:
    """Return whole units for exact ones: as many in all as are whole in the sum.

    Each share is its exact one rounded down or up, so none passes a limit in whole units that its
    exact one keeps. The units left after rounding down go to the largest remainders, ties to the
    first name in sorted order: in which order the shares are given decides nothing.

    Parameters
    ----------
    exact : mapping of name to Fraction
        Not negative.

    Raises
    ------
    ValueError
        If a share is negative.

    Examples
    --------
    >>> whole_shares({"B": Fraction(100, 3), "C": Fraction(100, 3), "A": Fraction(100, 3)})
    {'B': 33, 'C': 33, 'A': 34}
    """
    if any(share < 0 for share in exact.values()):
        raise ValueError(f"shares are not negative, was {dict(exact)!r}")
    whole = {name: math.floor(share) for name, share in exact.items()}
    left = math.floor(sum(exact.values(), start=Fraction(0))) - sum(whole.values())
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[:left]:
        whole[name] += 1
    return whole


def in_cents(exact_dollars: Mapping[_K, Fraction]) -> dict[_K, Money]:
    """Return exact shares in dollars as whole cents.

    Examples
    --------
    >>> [str(share) for share in in_cents({"A": Fraction(1, 3), "B": Fraction(2, 3)}).values()]
    ['0.33', '0.67']
    """
    cents = {name: share * CENTS_PER_DOLLAR for name, share in exact_dollars.items()}
    return {name: Money(share) for name, share in whole_shares(cents).items()}


def no_less_than_zero(amount: Money) -> Money:
    """Return the amount, or zero for a negative one: a customer in deficit has no claim.

    Examples
    --------
    >>> str(no_less_than_zero(Money(-40_00)))
    '0.00'
    """
    return max(amount, ZERO)


def share_of(part: Money, whole: Money) -> Fraction:
    """Return what share of the whole the part pays: at most 1, and 1 where nothing is claimed.

    Examples
    --------
    >>> share_of(Money(80), Money(100)), share_of(Money(0), Money(0))
    (Fraction(4, 5), Fraction(1, 1))
    """
    if whole <= ZERO:
        return Fraction(1)
    return min(Fraction(1), Fraction(part.cents, whole.cents))

"""Exact dollars to whole cents, and the cents of a part.

Half a cent goes to the even cent: a long and a short of the same size then always have opposite
amounts. A value is rounded once a lot and day; every flow is a difference of rounded values, so
that flows add up to the cent from intake to exit.
"""

from __future__ import annotations

from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, Money

#: Interest of the money market counts actual days over this year.
BANK_YEAR_DAYS = 360


def to_the_cent(dollars: Fraction) -> Money:
    """Return an exact figure in dollars to the cent, half to even.

    Examples
    --------
    >>> to_the_cent(Fraction(15625, 1000)), to_the_cent(Fraction(-15625, 1000))
    (Money(cents=1562), Money(cents=-1562))
    """
    return Money(round(dollars * CENTS_PER_DOLLAR))


def part_of(amount: Money, part: int, whole: int) -> Money:
    """Return the share of an amount that goes with a part, to the cent, half to even.

    What stays is the amount less this share, so that no cent is lost.

    Parameters
    ----------
    amount : Money
    part, whole : int
        Of one sign; the part is no larger than the whole.

    Raises
    ------
    ValueError
        If the part is none of the whole.

    Examples
    --------
    >>> part_of(Money(100), 1, 3)
    Money(cents=33)
    """
    if not 0 <= Fraction(part, whole) <= 1:
        raise ValueError(f"a part of {whole} was {part}")
    return to_the_cent(amount.dollars * Fraction(part, whole))


def interest(principal: Money, *, rate_pct: Fraction, days: int) -> Money:
    """Return simple interest, actual/360, to the cent.

    Parameters
    ----------
    principal : Money
    rate_pct : Fraction
        Per cent a year.
    days : int
        Calendar days, zero or more.

    Raises
    ------
    ValueError
        If days are negative.
    """
    if days < 0:
        raise ValueError(f"days must be zero or more, were {days}")
    return to_the_cent(principal.dollars * rate_pct * days / 100 / BANK_YEAR_DAYS)

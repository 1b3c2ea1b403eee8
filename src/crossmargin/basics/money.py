"""Money: whole cents, and the doors into it.

A risk figure is an exact :class:`~fractions.Fraction` of dollars until it becomes a charge; then it
goes through :func:`charge_from_dollars`, which rounds up to the cent. Nothing else makes money out
of a number that is not whole cents.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

CENTS_PER_DOLLAR = 100
#: No sum of money has more digits before its point than this and one.
LARGEST_DOLLARS_EXPONENT = 25


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of US dollars, held as whole cents.

    Examples
    --------
    >>> Money(1_00) + Money(50)
    Money(cents=150)
    >>> str(Money(-123_456))
    '-1234.56'
    """

    cents: int

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"cents must be an int, was {self.cents!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def __neg__(self) -> Money:
        return Money(-self.cents)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        dollars, cents = divmod(abs(self.cents), CENTS_PER_DOLLAR)
        return f"{sign}{dollars}.{cents:02d}"

    @property
    def dollars(self) -> Fraction:
        """The amount in dollars, exactly."""
        return Fraction(self.cents, CENTS_PER_DOLLAR)

    @staticmethod
    def total(amounts: Iterable[Money]) -> Money:
        """Return the sum of the amounts; zero for none."""
        return Money(sum(amount.cents for amount in amounts))

    def split(self, weights: list[int] | list[Fraction]) -> list[Money]:
        """Share the amount in proportion to the weights, losing no cent.

        Parameters
        ----------
        weights : list of int or Fraction
            Not negative, at least one positive.

        Returns
        -------
        list of Money
            One share a weight; they sum to the amount. Cents left after rounding down go to the
            largest remainders, ties by position.

        Raises
        ------
        ValueError
            If a weight is negative or none is positive.

        Examples
        --------
        >>> [m.cents for m in Money(100).split([1, 1, 1])]
        [34, 33, 33]
        """
        total_weight = sum(weights, start=Fraction(0))
        if any(weight < 0 for weight in weights) or total_weight == 0:
            raise ValueError(f"weights must not be negative and one must be positive: {weights}")
        exact = [Fraction(self.cents) * weight / total_weight for weight in weights]
        floors = [math.floor(share) for share in exact]
        left = self.cents - sum(floors)
        by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
        for index in by_remainder[:left]:
            floors[index] += 1
        return [Money(cents) for cents in floors]


ZERO = Money(0)


def charge_from_dollars(dollars: Fraction) -> Money:
    """Return the charge for an exact figure in dollars, rounded up to the cent.

    No noise is dropped: the figure is exact (ruling 3).

    Examples
    --------
    >>> charge_from_dollars(Fraction(3001, 3000))
    Money(cents=101)
    >>> charge_from_dollars(Fraction(1))
    Money(cents=100)
    """
    if not isinstance(dollars, Fraction):
        raise TypeError(f"a charge is made from a Fraction of dollars, was {dollars!r}")
    return Money(math.ceil(dollars * CENTS_PER_DOLLAR))


def money_from_decimal(text: str | Decimal | int) -> Money:
    """Return the money that a decimal string names, refusing parts of a cent.

    Raises
    ------
    ValueError
        If the text is no plain decimal or has parts of a cent.

    Examples
    --------
    >>> money_from_decimal("2001270380.43")
    Money(cents=200127038043)
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"expected dollars and cents as a decimal, was {text!r}") from None
    if not value.is_finite() or abs(value.adjusted()) > LARGEST_DOLLARS_EXPONENT:
        raise ValueError(f"expected dollars and cents as a decimal, was {text!r}")
    cents = value * CENTS_PER_DOLLAR
    if cents != cents.to_integral_value():
        raise ValueError(f"expected whole cents, was {text!r}")
    return Money(int(cents))

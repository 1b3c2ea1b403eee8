"""The value of property as collateral: one door from exact prices to whole cents, rounding down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.product.position import ClearingOrganization

_PAR_UNIT_DOLLARS = 100


@dataclass(frozen=True, slots=True)
class PostableSecurity:
    """One security on a day, as collateral.

    Parameters
    ----------
    cusip : str
    value_per_100 : Fraction
        Market value with accrued interest, dollars per $100 of par.
    haircuts : mapping of ClearingOrganization to Fraction
        Of those that take it; a ratio from 0 to 1.
    """

    cusip: str
    value_per_100: Fraction
    haircuts: Mapping[ClearingOrganization, Fraction]

    def market_value(self, par_dollars: int) -> Money:
        """Return the market value of a par amount, down to the cent."""
        return _down(self.value_per_100 * par_dollars / _PAR_UNIT_DOLLARS)

    def collateral_value(self, side: ClearingOrganization, par_dollars: int) -> Money:
        """Return the value after haircut at a clearing organization, down to the cent.

        Zero where it is not taken.

        Examples
        --------
        >>> note = PostableSecurity("91282CMS7", Fraction(101), {ClearingOrganization.CME:
        ...     Fraction(3, 100)})
        >>> str(note.collateral_value(ClearingOrganization.CME, 1000))
        '979.70'
        """
        return _down(self.exact(side) * par_dollars / _PAR_UNIT_DOLLARS)

    def exact(self, side: ClearingOrganization) -> Fraction:
        """Return the value after haircut per $100 of par; zero where it is not taken."""
        haircut = self.haircuts.get(side)
        return Fraction(0) if haircut is None else self.value_per_100 * (1 - haircut)

    @property
    def lowest_value_per_100(self) -> Fraction:
        """The value after the larger haircut of those that take it."""
        return min((self.exact(side) for side in self.haircuts), default=Fraction(0))


def _down(dollars: Fraction) -> Money:
    return Money(math.floor(dollars * CENTS_PER_DOLLAR))

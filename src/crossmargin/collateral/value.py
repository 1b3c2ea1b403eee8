"""Value of collateral: the one door from par and prices to what a CCP counts, in whole cents.

Market value is par at the full price (clean plus accrued), exactly. A CCP counts it after haircut,
security by security, rounded down to the cent; cash counts at its amount.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import TreasurySecurity

_PER_100 = 100
_RULE = "collateral value"


@dataclass(frozen=True, slots=True)
class PricedSecurity:
    """A security at an exact price.

    Parameters
    ----------
    security : TreasurySecurity
    clean_price_per_100, accrued_per_100 : Fraction
        Dollars per $100 of par (ruling 35: the sell price, interest accrued to the day).

    Raises
    ------
    ValueError
        If a price is negative.
    TypeError
        If it is no Fraction.
    """

    security: TreasurySecurity
    clean_price_per_100: Fraction
    accrued_per_100: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        for name in ("clean_price_per_100", "accrued_per_100"):
            price = getattr(self, name)
            if not isinstance(price, Fraction):
                raise TypeError(f"{name} must be a Fraction, was {price!r}")
            if price < 0:
                raise ValueError(f"{name} must not be negative, was {price}")

    @property
    def full_price_per_100(self) -> Fraction:
        """Clean price and accrued interest, in dollars per $100 of par."""
        return self.clean_price_per_100 + self.accrued_per_100


def value_after_haircut(par_dollars: int, full_price_per_100: Fraction, haircut: Fraction) -> Money:
    """Return what a CCP counts for par of one security, rounded down to the cent.

    Raises
    ------
    ValueError
        If par is negative or the haircut no ratio from 0 to 1.

    Examples
    --------
    >>> value_after_haircut(1_000, Fraction(9_999, 100), Fraction(45, 1_000))
    Money(cents=95490)
    """
    if type(par_dollars) is not int or par_dollars < 0:
        raise ValueError(f"par must be whole dollars, not negative, was {par_dollars!r}")
    if not 0 <= haircut <= 1:
        raise ValueError(f"a haircut is a ratio from 0 to 1, was {haircut}")
    dollars = par_dollars * full_price_per_100 / _PER_100 * (1 - haircut)
    return Money(math.floor(dollars * CENTS_PER_DOLLAR))


@dataclass(frozen=True, slots=True)
class CollateralValue:
    """What one CCP counts for cash and par.

    Parameters
    ----------
    cash : Money
    securities : mapping of Cusip to Money
        After haircut, by CUSIP.
    """

    cash: Money
    securities: Mapping[Cusip, Money]

    @property
    def total(self) -> Money:
        """Cash and securities."""
        return self.cash + Money.total(self.securities.values())


def collateral_value(
    ccp: ClearingOrganization,
    cash: Money,
    par_dollars: Mapping[Cusip, int],
    *,
    prices: Mapping[Cusip, PricedSecurity],
    tables: HaircutTables,
    as_of: date,
) -> CollateralValue:
    """Return what a CCP counts for what it holds of one customer.

    Raises
    ------
    RefusedError
        Naming every security without a price and every reason why one is not taken.
    """
    faults: list[Refusal] = []
    values: dict[Cusip, Money] = {}
    for cusip, par in sorted(par_dollars.items()):
        priced = prices.get(cusip)
        if priced is None:
            faults.append(Refusal("price", str(cusip), "a price of the day", _RULE))
            continue
        if reasons := tables.eligible(ccp, priced.security, as_of):
            faults += reasons
            continue
        haircut = tables.haircut(ccp, priced.security, as_of)
        values[cusip] = value_after_haircut(par, priced.full_price_per_100, haircut)
    if faults:
        raise RefusedError(*faults)
    return CollateralValue(cash, values)

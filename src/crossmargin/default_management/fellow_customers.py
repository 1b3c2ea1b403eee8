"""What a clearing organization takes of other customers' margin, and who bears it.

Which margin it may use is the parameter of each side (``cme_margin_reach``,
``ficc_margin_reach``). What it takes is property of the class: the claims on it stay, and the pool
pays less of all of them (17 CFR 190.08(c)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.funded_balance import (
    ClassProperty,
    FundedBalances,
    funded_balances,
)
from crossmargin.default_management.shares import no_less_than_zero
from crossmargin.default_management.sides import SideReturn


@dataclass(frozen=True, slots=True)
class FellowDraw:
    """What one clearing organization takes of other customers' margin.

    Parameters
    ----------
    taken : mapping of customer to Money
        Of whose margin there: in proportion to what of it is within reach.
    pays_for : mapping of customer to Money
        Whose deficits it pays: in proportion to what each lacks.
    """

    taken: Mapping[str, Money]
    pays_for: Mapping[str, Money]

    @property
    def total(self) -> Money:
        """All that is taken."""
        return Money.total(self.taken.values())


def fellow_draw(side: SideReturn) -> FellowDraw:
    """Return what a clearing organization takes of other customers' margin.

    Examples
    --------
    >>> from crossmargin.default_management.sides import AtSide, Reach
    >>> from crossmargin.product.position import ClearingOrganization
    >>> at = {"A": AtSide(Money(50_00), Money(-90_00)), "B": AtSide(Money(30_00), Money(0))}
    >>> cme = SideReturn(ClearingOrganization.CME, Reach.CUSTOMERS_TOGETHER, at)
    >>> str(fellow_draw(cme).taken["B"]), str(fellow_draw(cme).pays_for["A"])
    ('30.00', '30.00')
    """
    amount = side.from_fellow_customers
    names = sorted(side.customers)
    if amount == ZERO:
        return FellowDraw(dict.fromkeys(names, ZERO), dict.fromkeys(names, ZERO))
    within = [side.customers[name].within_reach.cents for name in names]
    lacking = [no_less_than_zero(-side.customers[name].balance).cents for name in names]
    return FellowDraw(
        dict(zip(names, amount.split(within), strict=True)),
        dict(zip(names, amount.split(lacking), strict=True)),
    )


def funded_without(claims: Mapping[str, Money], taken: Money) -> FundedBalances:
    """Return what the property of a class pays on its claims once so much of it was taken.

    Parameters
    ----------
    claims : mapping of customer to Money
        Together all that the class had.
    taken : Money
        At most that.
    """
    left = Money.total(claims.values()) - taken
    return funded_balances(claims, ClassProperty(ZERO, left, ZERO, ZERO))

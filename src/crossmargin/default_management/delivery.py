"""What a claimant is handed: its own securities by CUSIP as far as it is paid, the rest in cash."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import Money
from crossmargin.default_management.shares import share_of


@dataclass(frozen=True, slots=True)
class Margined:
    """Par of one security that a claimant put in.

    Parameters
    ----------
    par_dollars : int
        Positive.
    value : Money
        Market value, accrued interest included.
    """

    par_dollars: int
    value: Money


@dataclass(frozen=True, slots=True)
class Delivery:
    """What makes up a payment.

    Parameters
    ----------
    par_by_cusip : mapping of CUSIP to int
        Dollars of par; none of a security of which nothing is delivered.
    securities_value : Money
    cash : Money
    """

    par_by_cusip: Mapping[str, int]
    securities_value: Money
    cash: Money


def deliver(paid: Money, put_in: Mapping[str, Margined], lot_dollars: int) -> Delivery:
    """Return a payment in the securities that were put in, and cash.

    Parameters
    ----------
    paid : Money
        Not negative.
    put_in : mapping of CUSIP to Margined
    lot_dollars : int
        Par is delivered in multiples of it.

    Notes
    -----
    All of the securities if they are worth no more than the payment, else of each the same share,
    down to whole lots. What is not delivered is sold at the same value and paid in cash.

    Examples
    --------
    >>> note = {"912810FT0": Margined(1_000, Money(990_00))}
    >>> half = deliver(Money(500_00), note, 100)
    >>> dict(half.par_by_cusip), str(half.securities_value), str(half.cash)
    ({'912810FT0': 500}, '495.00', '5.00')
    """
    share = share_of(paid, Money.total(each.value for each in put_in.values()))
    par = {
        cusip: math.floor(each.par_dollars * share / lot_dollars) * lot_dollars
        for cusip, each in sorted(put_in.items())
    }
    value = Money.total(
        Money(math.floor(each.value.cents * Fraction(par[cusip], each.par_dollars)))
        for cusip, each in put_in.items()
    )
    return Delivery({cusip: amount for cusip, amount in par.items() if amount}, value, paid - value)

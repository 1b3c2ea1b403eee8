"""What may move with each customer: an equal share of every claim, and which property it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.porting.customers import Place, PropertyItem

_RULE = "17 CFR 190.07(d)(5), 11 U.S.C. 766(c)"


@dataclass(frozen=True, slots=True)
class Entitlements:
    """The share of its claim that everyone may have, and what is left of it to transfer.

    Parameters
    ----------
    rate : Fraction
        At most 1.
    by_customer : mapping of customer to Money
        Rate times claim, less prior distributions, rounded down; zero where nothing is left.
    """

    rate: Fraction
    by_customer: Mapping[str, Money]


def entitlements(
    claims: Mapping[str, Money], *, prior: Mapping[str, Money], available: Money
) -> Entitlements:
    """Return the largest share of all claims that the property pays, prior payments counted.

    With claims L, prior distributions D and property A, the rate is the largest p, at most 1, with
    sum max(0, p L - D) <= A: transfers of p L - D pass the no-prejudice test whoever is among
    them, because everyone who stays can be paid p L too.

    Parameters
    ----------
    claims : mapping of customer to Money
        Of the class's public customers; a negative one counts as zero.
    prior : mapping of customer to Money
    available : Money
        Property of the class not yet distributed.

    Raises
    ------
    RefusedError
        If the property or a prior distribution is negative.

    Examples
    --------
    >>> claims = {"A": Money(600_00), "B": Money(400_00)}
    >>> found = entitlements(claims, prior={}, available=Money(800_00))
    >>> found.rate, str(found.by_customer["A"])
    (Fraction(4, 5), '480.00')
    >>> entitlements(claims, prior={"B": Money(400_00)}, available=Money(300_00)).rate
    Fraction(1, 2)
    """
    given = {"available": available, **{f"prior.{name}": each for name, each in prior.items()}}
    faults = [
        Refusal(name, str(each), "an amount that is not negative", _RULE)
        for name, each in given.items()
        if each < ZERO
    ]
    if faults:
        raise RefusedError(*faults)
    positive = {name: claim for name, claim in claims.items() if claim > ZERO}
    paid = {name: prior.get(name, ZERO).cents for name in positive}
    rate = _rate({name: claim.cents for name, claim in positive.items()}, paid, available.cents)
    return Entitlements(
        rate,
        {
            name: Money(max(0, math.floor(rate * claim.cents) - prior.get(name, ZERO).cents))
            if claim > ZERO
            else ZERO
            for name, claim in claims.items()
        },
    )


def _rate(claims: Mapping[str, int], paid: Mapping[str, int], available: int) -> Fraction:
    """Return the rate: those already paid the least of their claim are lifted first."""
    behind_claims = behind_paid = 0
    for name in sorted(claims, key=lambda each: (Fraction(paid[each], claims[each]), each)):
        begins = Fraction(paid[name], claims[name])
        if behind_claims and begins * behind_claims - behind_paid >= available:
            break
        behind_claims += claims[name]
        behind_paid += paid[name]
    if not behind_claims:
        return Fraction(1)
    return min(Fraction(1), Fraction(available + behind_paid, behind_claims))


def property_in_kind(
    held: Iterable[PropertyItem], *, worth: Money, par_lot_dollars: int
) -> tuple[PropertyItem, ...]:
    """Return which property makes up a value: securities in whole lots first, the rest in cash.

    Cash is the customer's own by place (FICC, CME, BD-FCM), then what the class pays in its place:
    the sum is the value, to the cent. Order within a place is by CUSIP.

    Parameters
    ----------
    held : iterable of PropertyItem
    worth : Money
        Not negative.
    par_lot_dollars : int

    Examples
    --------
    >>> note = PropertyItem(Place.FICC, "912810FT0", 1_000, Money(990_00))
    >>> cash = PropertyItem(Place.CME, "", 0, Money(20_00))
    >>> for item in property_in_kind([cash, note], worth=Money(900_00), par_lot_dollars=100):
    ...     print(item.place, item.par, item.value)
    FICC 900 891.00
    CME 0 9.00
    """
    left = worth.cents
    moved = []
    order = list(Place)
    items = sorted(held, key=lambda each: (not each.cusip, order.index(each.place), each.cusip))
    for item in items:
        if not item.cusip:
            taken = min(left, item.value.cents)
            par = 0
        else:
            par, taken = _whole_lots(item, left, par_lot_dollars)
        if taken:
            moved.append(PropertyItem(item.place, item.cusip, par, Money(taken)))
            left -= taken
    if left:
        moved.append(PropertyItem(Place.POOL, "", 0, Money(left)))
    return tuple(moved)


def _whole_lots(item: PropertyItem, cents: int, lot: int) -> tuple[int, int]:
    """Return par and cents of as many lots as fit; all of the item moves as it is if it fits."""
    if item.value.cents <= cents:
        return item.par, item.value.cents
    lots = math.floor(Fraction(cents * item.par, item.value.cents * lot))
    par = lots * lot
    return par, math.floor(Fraction(item.value.cents * par, item.par))

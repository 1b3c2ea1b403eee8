"""What is held for each customer, and what its claim is where nobody says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.porting.customers import Place, PropertyItem
from crossmargin.services.customer_books import PAR_PER_UNIT, market_value_per_100
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.porting.inputs import HeldFile, HeldRow

_RULE = "reference: port"


def property_held(
    held: HeldFile, day: MarginDay, known: Sequence[str]
) -> dict[str, tuple[PropertyItem, ...]]:
    """Return what a file says is held, securities at the market value of the day.

    Parameters
    ----------
    held : HeldFile
    day : MarginDay
    known : sequence of str
        Customers that there are.

    Raises
    ------
    RefusedError
        Naming every row of somebody who is no customer, and every security without a price.
    """
    items: dict[str, list[PropertyItem]] = {}
    faults = []
    for row in held.rows:
        if row.customer_id not in known:
            expected = f"one of {', '.join(known)}"
            faults.append(_fault("customer_id", row.customer_id, expected, held, row))
        elif row.cusip and row.cusip not in day.prices.prices:
            expected = f"a security with a price on {day.as_of}"
            faults.append(_fault("asset", row.cusip, expected, held, row))
        else:
            items.setdefault(row.customer_id, []).append(_valued(row, day))
    if faults:
        raise RefusedError(*faults)
    return {name: _joined(each) for name, each in sorted(items.items())}


def assumed_property(claim: Money, *, at_ficc: Money, at_cme: Money) -> tuple[PropertyItem, ...]:
    """Return a claim as cash where nothing is said: each requirement there, the rest at the BD-FCM.

    Examples
    --------
    >>> held = assumed_property(Money(500_00), at_ficc=Money(300_00), at_cme=Money(100_00))
    >>> [(item.place.value, str(item.value)) for item in held]
    [('FICC', '300.00'), ('CME', '100.00'), ('BD_FCM', '100.00')]
    """
    left, items = claim, []
    for place, most in ((Place.FICC, at_ficc), (Place.CME, at_cme), (Place.BD_FCM, claim)):
        amount = min(left, most)
        left -= amount
        if amount > ZERO:
            items.append(PropertyItem(place, "", 0, amount))
    return tuple(items)


def left_of(
    held: Sequence[PropertyItem], moved: Sequence[PropertyItem]
) -> tuple[PropertyItem, ...]:
    """Return what is held once some of it has moved."""
    gone = {(each.place, each.cusip): each for each in moved}
    left = []
    for item in held:
        taken = gone.get((item.place, item.cusip))
        par = item.par - (taken.par if taken else 0)
        value = item.value - (taken.value if taken else ZERO)
        if par if item.cusip else value > ZERO:
            left.append(PropertyItem(item.place, item.cusip, par, value))
    return tuple(left)


def _valued(row: HeldRow, day: MarginDay) -> PropertyItem:
    if not row.cusip:
        return PropertyItem(row.place, "", 0, row.cash)
    dollars = market_value_per_100(day, row.cusip) * row.par / PAR_PER_UNIT
    return PropertyItem(
        row.place, row.cusip, row.par, Money(math.floor(dollars * CENTS_PER_DOLLAR))
    )


def _joined(items: Sequence[PropertyItem]) -> tuple[PropertyItem, ...]:
    """Return one item an asset and place."""
    joined: dict[tuple[Place, str], PropertyItem] = {}
    for each in items:
        key = (each.place, each.cusip)
        known = joined.get(key, PropertyItem(each.place, "", 0, ZERO))
        joined[key] = PropertyItem(
            each.place, each.cusip, each.par + known.par, each.value + known.value
        )
    return tuple(sorted(joined.values()))


def _fault(field: str, value: str, expected: str, held: HeldFile, row: HeldRow) -> Refusal:
    return Refusal(field, value, expected, _RULE, held.name, row.line)

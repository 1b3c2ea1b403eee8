"""Allocation of one customer's cash and bonds over the two CCPs.

The objective: meet both requirements; of the ways to do it, keep the most cash; of these, give up
the least value to haircuts; of these, move the least. ``allocation_keeps = value`` exchanges the
second and the third. What meets no requirement stays free: the customer's.

The best allocation in fractions of lots is exact (:mod:`.linear_program`). Whole lots are made of
it by rounding down, filling what is then missing and taking back what is then too much: so an
allocation is never worse than the best one by more than a lot at each CCP. What is placed now is
filled and trimmed as well, and stays if it is as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.lots import Lots, Place, whole_lots
from crossmargin.collateral.value import CollateralValue, PricedSecurity, collateral_value
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization

_RULE = "collateral allocation"


class Keeps(StrEnum):
    """What a customer keeps first."""

    CASH = "cash"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class AllocationRules:
    """How property is allocated.

    Parameters
    ----------
    par_lot_dollars : int
        Par moves in whole lots.
    keeps : Keeps
    """

    par_lot_dollars: int
    keeps: Keeps

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> AllocationRules:
        """Return the rules that ``collateral/parameters.toml`` holds for the day."""
        return AllocationRules(
            parameters.whole("par_lot_dollars"),
            Keeps(parameters.choice("allocation_keeps", list(Keeps))),
        )


@dataclass(frozen=True, slots=True)
class Property:
    """Cash and par at one place.

    Parameters
    ----------
    cash : Money
    par_dollars : mapping of Cusip to int

    Raises
    ------
    ValueError
        If anything is negative.
    """

    cash: Money = ZERO
    par_dollars: Mapping[Cusip, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.cash < ZERO or any(par < 0 for par in self.par_dollars.values()):
            raise ValueError(f"property is not negative, was {self}")

    def par(self, cusip: Cusip) -> int:
        """Return the par of a security, in dollars."""
        return self.par_dollars.get(cusip, 0)


@dataclass(frozen=True, slots=True)
class CustomerProperty:
    """Everything of one customer that may serve as margin, and where it is.

    Parameters
    ----------
    customer : CustomerKey
    free : Property
        At the BD-FCM.
    placed : mapping of ClearingOrganization to Property
    prices : mapping of Cusip to PricedSecurity
        Of everything held.
    """

    customer: CustomerKey
    free: Property
    placed: Mapping[ClearingOrganization, Property]
    prices: Mapping[Cusip, PricedSecurity]

    def at(self, ccp: ClearingOrganization) -> Property:
        """Return what is at a CCP."""
        return self.placed.get(ccp, Property())

    @property
    def cusips(self) -> tuple[Cusip, ...]:
        """Every security held anywhere, in order."""
        return tuple(
            sorted({c for each in (self.free, *self.placed.values()) for c in each.par_dollars})
        )


@dataclass(frozen=True, slots=True)
class Move:
    """Property to be moved; between the CCPs it goes by way of the BD-FCM.

    Parameters
    ----------
    cusip : Cusip, optional
        None: cash.
    amount : int
        Dollars of par, or cents.
    source, destination : ClearingOrganization, optional
        None: the BD-FCM.
    """

    cusip: Cusip | None
    amount: int
    source: ClearingOrganization | None
    destination: ClearingOrganization | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a customer's property is to be.

    Parameters
    ----------
    customer : CustomerKey
    placed : mapping of ClearingOrganization to Property
    free : Property
        What stays with the BD-FCM: the customer's.
    values : mapping of ClearingOrganization to CollateralValue
        What each CCP counts of it.
    requirements : mapping of ClearingOrganization to Money
    given_up_dollars : Fraction
        Market value that haircuts take, exact.
    moves : tuple of Move
        From where it is to where it is to be.
    """

    customer: CustomerKey
    placed: Mapping[ClearingOrganization, Property]
    free: Property
    values: Mapping[ClearingOrganization, CollateralValue]
    requirements: Mapping[ClearingOrganization, Money]
    given_up_dollars: Fraction
    moves: tuple[Move, ...]

    def deficit(self, ccp: ClearingOrganization) -> Money:
        """Return what of a CCP's requirement all the customer's property does not meet."""
        return max(ZERO, self.requirements[ccp] - self.values[ccp].total)

    def excess(self, ccp: ClearingOrganization) -> Money:
        """Return what a CCP counts beyond its requirement: the customer's."""
        return max(ZERO, self.values[ccp].total - self.requirements[ccp])


def allocate(
    held: CustomerProperty,
    requirements: Mapping[ClearingOrganization, Money],
    *,
    tables: HaircutTables,
    rules: AllocationRules,
    as_of: date,
) -> Allocation:
    """Return where one customer's property is to be.

    Par that is no whole lot, and what a CCP does not take, stays free or comes back.

    Parameters
    ----------
    held : CustomerProperty
        Of one customer: nobody else's property is looked at.
    requirements : mapping of ClearingOrganization to Money
        Of both CCPs; not negative.
    tables : HaircutTables
    rules : AllocationRules
    as_of : date

    Raises
    ------
    RefusedError
        Naming every security without a price and every requirement that is missing or negative.
    """
    faults = [
        Refusal("price", str(cusip), "a price of the day", _RULE)
        for cusip in held.cusips
        if cusip not in held.prices
    ]
    for ccp in ClearingOrganization:
        required = requirements.get(ccp)
        if required is None or required < ZERO:
            expected = "US dollars, not negative"
            faults.append(Refusal(f"{ccp}.requirement", str(required), expected, _RULE))
    if faults:
        raise RefusedError(*faults)
    lots = [_lots(held, cusip, tables, rules, as_of) for cusip in held.cusips]
    places = {ccp: Place(requirements[ccp], held.at(ccp).cash) for ccp in ClearingOrganization}
    cash = Money.total([held.free.cash, *(held.at(ccp).cash for ccp in ClearingOrganization)])
    found = whole_lots(lots, cash, places, keeps_cash=rules.keeps is Keeps.CASH)
    placed = {
        ccp: Property(
            found.cash[ccp],
            {
                each.cusip: found.lots[each.cusip, ccp] * rules.par_lot_dollars
                for each in lots
                if found.lots[each.cusip, ccp]
            },
        )
        for ccp in ClearingOrganization
    }
    return _allocation(held, placed, requirements, tables, as_of)


def _lots(
    held: CustomerProperty,
    cusip: Cusip,
    tables: HaircutTables,
    rules: AllocationRules,
    as_of: date,
) -> Lots:
    priced, lot = held.prices[cusip], rules.par_lot_dollars
    at_ccps = {ccp: held.at(ccp).par(cusip) for ccp in ClearingOrganization}
    return Lots(
        cusip=cusip,
        count=(held.free.par(cusip) + sum(at_ccps.values())) // lot,
        lot_cents=lot * priced.full_price_per_100 / 100 * CENTS_PER_DOLLAR,
        haircuts={
            ccp: tables.haircut(ccp, priced.security, as_of)
            for ccp in ClearingOrganization
            if not tables.eligible(ccp, priced.security, as_of)
        },
        placed={ccp: par // lot for ccp, par in at_ccps.items()},
    )


def _allocation(
    held: CustomerProperty,
    placed: Mapping[ClearingOrganization, Property],
    requirements: Mapping[ClearingOrganization, Money],
    tables: HaircutTables,
    as_of: date,
) -> Allocation:
    before: dict[ClearingOrganization | None, Property] = {None: held.free}
    before |= {ccp: held.at(ccp) for ccp in ClearingOrganization}
    free = Property(
        Money.total(each.cash for each in before.values())
        - Money.total(each.cash for each in placed.values()),
        {
            cusip: sum(each.par(cusip) for each in before.values())
            - sum(each.par(cusip) for each in placed.values())
            for cusip in held.cusips
        },
    )
    after: dict[ClearingOrganization | None, Property] = {None: free}
    after |= {ccp: each for ccp, each in placed.items()}  # noqa: C416 - widens the key
    values = {
        ccp: collateral_value(
            ccp,
            each.cash,
            each.par_dollars,
            prices=held.prices,
            tables=tables,
            as_of=as_of,
        )
        for ccp, each in placed.items()
    }
    given_up = sum(
        (
            Fraction(par)
            * held.prices[cusip].full_price_per_100
            / 100
            * tables.haircut(ccp, held.prices[cusip].security, as_of)
            for ccp, each in placed.items()
            for cusip, par in each.par_dollars.items()
        ),
        start=Fraction(0),
    )
    one, two = ({p: each.cash.cents for p, each in side.items()} for side in (before, after))
    moves = _moves(None, one, two)
    for cusip in held.cusips:
        one, two = ({p: each.par(cusip) for p, each in side.items()} for side in (before, after))
        moves += _moves(cusip, one, two)
    return Allocation(
        held.customer, placed, free, values, dict(requirements), given_up, tuple(moves)
    )


def _moves(
    cusip: Cusip | None,
    before: Mapping[ClearingOrganization | None, int],
    after: Mapping[ClearingOrganization | None, int],
) -> list[Move]:
    """Return the fewest moves that make one of the other: three places need at most two."""
    going = {place: before[place] - after[place] for place in before}
    moves = []
    for source, leaves in going.items():
        left = leaves
        for destination, change in going.items():
            amount = min(left, -change)
            if amount > 0:
                moves.append(Move(cusip, amount, source, destination))
                going[destination] += amount
                left -= amount
    return moves

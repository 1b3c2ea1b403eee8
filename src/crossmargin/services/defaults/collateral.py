"""Securities as margin at the clearing organizations: what they are worth, count, and deliver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.value import PricedSecurity, collateral_value
from crossmargin.default_management.case import Case
from crossmargin.default_management.claims import TrusteeFacts, claimant_of
from crossmargin.default_management.delivery import Delivery, Margined, deliver
from crossmargin.default_management.holdings import Property
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.customer_books import PAR_PER_UNIT, market_value_per_100
from crossmargin.services.margin_day import MarginDay

#: A customer, and the clearing organization where its securities lie.
Place = tuple[str, ClearingOrganization]


@dataclass(frozen=True, slots=True)
class Pledged:
    """One customer's securities at one clearing organization.

    Parameters
    ----------
    margined : mapping of CUSIP to Margined
        Par and market value.
    counted : mapping of CUSIP to Money
        After the clearing organization's haircut.
    """

    margined: Mapping[str, Margined]
    counted: Mapping[str, Money]

    def property_for(self, requirement: Money) -> Property:
        """Return what lies there if cash meets what the securities do not."""
        lacking = requirement - Money.total(self.counted.values())
        return Property(
            max(lacking, ZERO),
            {cusip: each.par_dollars for cusip, each in self.margined.items()},
            Money.total(each.value for each in self.margined.values()),
        )


def pledged_securities(
    day: MarginDay, par: Mapping[Place, Mapping[str, int]], tables: HaircutTables
) -> dict[Place, Pledged]:
    """Return securities at the prices of a day, with the haircuts of the day.

    Parameters
    ----------
    day : MarginDay
    par : mapping of Place to mapping of CUSIP to int
        Dollars of par.
    tables : HaircutTables

    Raises
    ------
    RefusedError
        Naming every security without a price, and every one that is not taken.
    """
    faults: list[Refusal] = []
    found = {}
    for (customer, organization), by_cusip in sorted(par.items()):
        try:
            found[customer, organization] = _pledged(day, organization, by_cusip, tables)
        except RefusedError as error:
            faults += error.refusals
    if faults:
        raise RefusedError(*faults)
    return found


def _pledged(
    day: MarginDay,
    organization: ClearingOrganization,
    by_cusip: Mapping[str, int],
    tables: HaircutTables,
) -> Pledged:
    known = day.prices.prices
    per_100 = {cusip: market_value_per_100(day, cusip) for cusip in by_cusip if cusip in known}
    counted = collateral_value(
        organization,
        ZERO,
        {Cusip(cusip): par for cusip, par in by_cusip.items()},
        prices={
            Cusip(cusip): PricedSecurity(known[cusip].security, price)
            for cusip, price in per_100.items()
        },
        tables=tables,
        as_of=day.as_of,
    )
    return Pledged(
        {
            cusip: Margined(par, _cents(par * per_100[cusip] / PAR_PER_UNIT))
            for cusip, par in sorted(by_cusip.items())
        },
        {cusip.text: value for cusip, value in counted.securities.items()},
    )


def _cents(dollars: Fraction) -> Money:
    """Return a market value, down to the cent."""
    return Money(math.floor(dollars * CENTS_PER_DOLLAR))


def deliveries(
    case: Case, pledged: Mapping[Place, Pledged], facts: TrusteeFacts, lot_dollars: int
) -> dict[str, Delivery]:
    """Return by claimant what its recovery is made of.

    Parameters
    ----------
    case : Case
    pledged : mapping of Place to Pledged
    facts : TrusteeFacts
    lot_dollars : int
        Of par.
    """
    put_in: dict[str, dict[str, Margined]] = {name: {} for name in case.recoveries}
    for (customer, _), each in pledged.items():
        of = put_in[claimant_of(facts.held_as(customer).capacity)]
        for cusip, more in each.margined.items():
            before = of.get(cusip, Margined(0, ZERO))
            of[cusip] = Margined(before.par_dollars + more.par_dollars, before.value + more.value)
    return {
        name: deliver(recovery.recovered, put_in[name], lot_dollars)
        for name, recovery in case.recoveries.items()
    }

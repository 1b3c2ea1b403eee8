"""What a seller holds and trades, day by day: lines of the customer, legs that pass, hedges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.default_management.liquidation.hedging import Legs, hedge_units
from crossmargin.default_management.liquidation.impact import Account
from crossmargin.default_management.liquidation.instruments import Instrument
from crossmargin.default_management.liquidation.schedule import Schedule, days_needed
from crossmargin.default_management.liquidation.terms import ImpactSharing, LiquidationTerms
from crossmargin.product.position import ClearingOrganization

_DAY_OF_FAILURE = 1


@dataclass(frozen=True, slots=True)
class Position:
    """Units of one line in a seller's hands.

    Parameters
    ----------
    account : Account
    label : str
    units : int
    schedule : Schedule
    is_hedge : bool
        Bought or sold on the day of the failure; else it was the customer's.
    enters : int
        The day after whose trades it is held: 0 what was held at the opening.
    leaves : int or None
        The day after whose move it passes to the other clearing organization.
    """

    account: Account
    label: str
    units: int
    schedule: Schedule
    is_hedge: bool = False
    enters: int = 0
    leaves: int | None = None

    @property
    def last_day(self) -> int:
        """The last day on which it is marked or traded."""
        return self.schedule.last_day if self.leaves is None else self.leaves

    def held_after(self, day: int) -> int:
        """Return the units that are held after a day's trades."""
        if day < self.enters or (self.leaves is not None and day >= self.leaves):
            return 0
        return self.schedule.held_after(self.units, day)

    def traded_on(self, day: int) -> int:
        """Return the signed units that are traded on a day; what passes is not traded."""
        passes = day == self.leaves or (day == self.enters and not self.is_hedge)
        return 0 if passes else self.held_after(day) - self.held_after(day - 1)


def positions_of(
    books: Mapping[str, Legs],
    instruments: Mapping[str, Instrument],
    hedges: Sequence[str],
    method: Method,
    terms: LiquidationTerms,
) -> list[Position]:
    """Return every position of a close-out.

    Parameters
    ----------
    books : mapping of customer to legs
        Signed units by label, by clearing organization.
    instruments : mapping of label to Instrument
    hedges : sequence of str
        See :func:`~crossmargin.default_management.liquidation.hedging.hedge_units`.
    method : Method
    terms : LiquidationTerms
    """
    if terms.sharing is ImpactSharing.PER_CUSTOMER:
        pools: list[Mapping[str, Legs]] = [{name: legs} for name, legs in books.items()]
    else:
        pools = [books]
    found: list[Position] = []
    for pool in pools:
        schedules = _schedules(pool, instruments, method, terms)
        for name, legs in pool.items():
            found += _of_customer(
                name,
                legs,
                schedules,
                method.buyer,
                lambda of: hedge_units(of, instruments, hedges, terms.hedge),
                apart=method is Method.SEPARATE,
            )
    return found


def _schedules(
    pool: Mapping[str, Legs],
    instruments: Mapping[str, Instrument],
    method: Method,
    terms: LiquidationTerms,
) -> dict[ClearingOrganization, Schedule]:
    """Return when each side's leg is sold: both at once, unless each sells its own."""
    sides = tuple(ClearingOrganization)
    first = terms.first_sale_day
    if method.buyer is not None:
        # Legs are together only once the other's has passed.
        first = max(first, _DAY_OF_FAILURE + 1)
    scopes = [(side,) for side in sides] if method is Method.SEPARATE else [sides]
    found = {}
    for scope in scopes:
        sold = [
            (instruments[label], units)
            for legs in pool.values()
            for side in scope
            for label, units in legs[side].items()
        ]
        days = days_needed(
            sold,
            at_least=terms.seller_days(method, method.buyer or scope[0]),
            largest_volume_share=terms.largest_volume_share,
        )
        found.update(dict.fromkeys(scope, Schedule(first, days)))
    return found


def _of_customer(
    name: str,
    legs: Legs,
    schedules: Mapping[ClearingOrganization, Schedule],
    buyer: ClearingOrganization | None,
    hedged: Callable[[Legs], Mapping[ClearingOrganization, Mapping[str, int]]],
    *,
    apart: bool,
) -> Iterable[Position]:
    for side, held in legs.items():
        own = Account(name, side)
        for label, units in held.items():
            if buyer in (None, side):
                yield Position(own, label, units, schedules[side])
                continue
            # Held and marked by its own side over the first day, then the buyer's.
            yield Position(own, label, units, schedules[side], leaves=_DAY_OF_FAILURE)
            bought = Account(name, buyer)
            yield Position(bought, label, units, schedules[side], enters=_DAY_OF_FAILURE)
    for scope in [{side: of} for side, of in legs.items()] if apart else [legs]:
        for side, contracts in hedged(scope).items():
            account = Account(name, buyer or side)
            for label, units in contracts.items():
                yield Position(
                    account, label, units, schedules[side], is_hedge=True, enters=_DAY_OF_FAILURE
                )

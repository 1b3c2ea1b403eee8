"""What a customer was charged and what happened then: the history that add-ons are computed from.

A row belongs to a customer, a business date and a cycle. The business date is that of positions
and prices; within a date noon comes before end of day (``SOD``, collected the next morning).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from crossmargin.basics.money import Money
from crossmargin.margin.ficc.higher_of import FiccCycle

_ORDER = {FiccCycle.NOON: 0, FiccCycle.SOD: 1}


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One cycle of one business date; what is None is not known.

    Parameters
    ----------
    business_date : date
    cycle : FiccCycle
    var_charge : Money, optional
        VaR Charge of the portfolio, before the higher-of rule.
    realised_loss : Money, optional
        Loss of that portfolio, frozen, over the horizon that follows; a gain is negative.
    mark_to_market : Money, optional
        Adverse change of the portfolio's value since the last collection; a gain is negative.
    liquidity_need : Money, optional
        Receive obligations and funds-only settlement amounts over all sponsors and agents.
    daily_liquidity_need : Money, optional
        FICC's, on that day.
    special_charge : Money, optional
        Declared by FICC for this collection.
    """

    business_date: date
    cycle: FiccCycle
    var_charge: Money | None = None
    realised_loss: Money | None = None
    mark_to_market: Money | None = None
    liquidity_need: Money | None = None
    daily_liquidity_need: Money | None = None
    special_charge: Money | None = None

    @property
    def place(self) -> tuple[date, int]:
        """Order in time."""
        return self.business_date, _ORDER[self.cycle]

    @property
    def triggers_higher_of(self) -> bool:
        """Whether the customer's liquidity need exceeded FICC's Daily Liquidity Need."""
        return (
            self.liquidity_need is not None
            and self.daily_liquidity_need is not None
            and self.liquidity_need > self.daily_liquidity_need
        )


@dataclass(frozen=True, slots=True)
class ChargeHistory:
    """One customer's rows in order of time, one a business date and cycle."""

    rows: tuple[ChargeRow, ...] = ()

    def __post_init__(self) -> None:
        places = [row.place for row in self.rows]
        if any(a >= b for a, b in pairwise(places)):
            raise ValueError("rows must be in order of time, one a business date and cycle")

    @staticmethod
    def of(rows: Iterable[ChargeRow]) -> ChargeHistory:
        """Return the history of rows in any order."""
        return ChargeHistory(tuple(sorted(rows, key=lambda row: row.place)))

    def at(self, business_date: date, cycle: FiccCycle) -> ChargeRow | None:
        """Return the row of a date and cycle."""
        place = ChargeRow(business_date, cycle).place
        return next((row for row in self.rows if row.place == place), None)

    def before(self, business_date: date, cycle: FiccCycle) -> ChargeHistory:
        """Return what came before a date and cycle."""
        place = ChargeRow(business_date, cycle).place
        return ChargeHistory(tuple(row for row in self.rows if row.place < place))

    def up_to(self, business_date: date, cycle: FiccCycle) -> ChargeHistory:
        """Return what came before a date and cycle, and its own row."""
        place = ChargeRow(business_date, cycle).place
        return ChargeHistory(tuple(row for row in self.rows if row.place <= place))

    def of_cycle(self, cycle: FiccCycle) -> tuple[ChargeRow, ...]:
        """Return the rows of one cycle."""
        return tuple(row for row in self.rows if row.cycle is cycle)

    def triggers(self) -> tuple[date, ...]:
        """Return the days on which the customer's liquidity need exceeded FICC's."""
        return tuple(sorted({row.business_date for row in self.rows if row.triggers_higher_of}))

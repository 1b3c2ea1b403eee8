r"""Charges on gross market value: the floor percentage and the bid-ask spread.

Both are sums over a CUSIP-netted book of a rate on the absolute market value of each position: a
tenth of its bucket's haircut for the floor, some tenths of a basis point for the bid-ask spread. A
Treasury future counts with the market value of its cheapest to deliver (face times forward over
conversion factor, which is the futures price), a money-market future with none (ruling 7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from crossmargin.margin.book import Block
from crossmargin.margin.exact import GRID_PER_DOLLAR, to_grid_up
from crossmargin.market.history import FloatArray
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation

_EXACT_MAX_DOLLARS = float(1 << 33)


@dataclass(frozen=True, slots=True)
class GrossCharge:
    """A charge per unit held, long or short.

    Parameters
    ----------
    securities, contracts : ndarray, shape (S,), (C,)
        Dollars per $100 of par and per contract, on the grid.
    """

    securities: FloatArray
    contracts: FloatArray

    def keeping(self, rows: Sequence[int], places: Sequence[int]) -> GrossCharge:
        """Return the charge of some of the securities and contracts."""
        return GrossCharge(self.securities[list(rows)], self.contracts[list(places)])

    def charges(self, block: Block) -> tuple[list[int], list[int]]:
        """Return each leg's charge in whole grid steps; quantities beyond float are exact too."""
        return (
            _charges(block.securities, self.securities),
            _charges(block.contracts, self.contracts),
        )

    def of_instruments(self, block: Block) -> list[Fraction]:
        """Return what each security, then each contract, of a block's first portfolio is charged.

        Exact dollars; they add up to the charge of both legs.
        """
        units = np.concatenate([block.securities[0], block.contracts[0]])
        per_unit = np.concatenate([self.securities, self.contracts]) * GRID_PER_DOLLAR
        return [
            Fraction(abs(int(quantity)) * int(steps), GRID_PER_DOLLAR)
            for quantity, steps in zip(units, per_unit, strict=True)
        ]


def gross_charge(valuation: Valuation, rate_at: Callable[[float], Fraction]) -> GrossCharge:
    """Return a charge per unit from a rate on market value by remaining maturity.

    Parameters
    ----------
    valuation : Valuation
    rate_at : callable
        Rate, a plain ratio, of a remaining maturity in years.
    """
    book = valuation.book
    rates = np.array([float(rate_at(years)) for years in book.remaining_years])
    contracts = np.zeros(len(valuation.contracts))
    for place, future in enumerate(valuation.contracts):
        if isinstance(future, TreasuryFuture):
            market_value = future.price * future.dollars_per_point
            contracts[place] = market_value * rates[future.cheapest_row]
    # Up to the grid: never collected short.
    return GrossCharge(to_grid_up(book.market_value * rates), to_grid_up(contracts))


def _charges(units: FloatArray, per_unit: FloatArray) -> list[int]:
    steps_per_unit = per_unit * GRID_PER_DOLLAR
    dollars = np.abs(units) @ per_unit
    if (dollars < _EXACT_MAX_DOLLARS).all():
        steps: list[int] = (dollars * GRID_PER_DOLLAR).astype(np.int64).tolist()
        return steps
    return [
        sum(abs(int(q)) * int(s) for q, s in zip(row, steps_per_unit, strict=True)) for row in units
    ]

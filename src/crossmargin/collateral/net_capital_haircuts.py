"""Haircuts of SEC Rule 15c3-1(c)(2)(vi) for securities of the United States.

They serve where a rule of the CFTC asks for them: a customer's deficit is offset by its own
readily marketable securities less these haircuts (17 CFR 1.32(b)). The schedule is recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.treasury import TreasurySecurity


@dataclass(frozen=True, slots=True)
class NetCapitalHaircuts:
    """The schedule by remaining maturity.

    Parameters
    ----------
    row_months : tuple of int
        Where each row begins, in calendar months of remaining maturity, ascending from 0: a
        maturity of exactly so many months belongs to the row that begins there.
    haircuts : tuple of Fraction
        Ratio of market value, by row.
    """

    row_months: tuple[int, ...]
    haircuts: tuple[Fraction, ...]

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> NetCapitalHaircuts:
        """Return the schedule that ``collateral/parameters.toml`` holds for the day."""
        months = parameters.ratios("net_capital_maturity_months")
        return NetCapitalHaircuts(
            tuple(int(month) for month in months), parameters.ratios("net_capital_haircuts")
        )

    def haircut(self, security: TreasurySecurity, as_of: date) -> Fraction:
        """Return the part of market value that does not count, as an exact ratio."""
        begun = [
            months <= 0 or add_months(as_of, months) <= security.maturity_date
            for months in self.row_months
        ]
        return self.haircuts[sum(begun) - 1]
